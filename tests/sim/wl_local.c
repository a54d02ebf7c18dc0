/* wl_local.c - sessions that stay local for a while, and then want an ephemeral node while something happens to them: the
 * connection ends, the client is silent or closes, its server or the leader dies. On servers without local sessions they are
 * sessions like any. */
#include "sim/wl.h"

#include <stdio.h>

#include "sim/fault.h"
#include "sim/node.h"

#define KEYS 4

/* What may come between the wish for an ephemeral node and its answer. */
static void disturb(struct sim *s, struct client *c)
{
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100);
    const struct node *leader = node_leader(s);

    if (dice < 15)
        fault_crash_soon(s, c->server, &c->rng);
    else if (dice < 35 && leader != NULL)
        fault_crash_soon(s, leader->id, &c->rng);
    else if (dice < 65)
        wl_move(s, c);
    else if (dice < 75)
        client_vanish(s, c);
    else if (dice < 85)
        client_close_session(s, c);
}

static void want_ephemeral(struct sim *s, struct client *c, const char *path)
{
    bool twice = chance(&c->rng, 300), busy = !s->healed && chance(&c->rng, 250);
    uint32_t kind = (uint32_t)rng_below(&c->rng, 10);
    struct buf body = {0};

    if (kind < 7) {
        wl_request(s, c, kind % 2 ? ZK_OP_CREATE : ZK_OP_CREATE2, path, kind == 0 ? ZK_EPHEMERAL_SEQUENTIAL : ZK_EPHEMERAL,
                   false);
    } else { /* the second part may fail, and the session is known to all even so */
        part_create(&body, ZK_OP_CREATE, path, SLICE_NULL, ZK_EPHEMERAL);
        part_set(&body, "/s/p0", SLICE_NULL, kind == 7 ? 1 : ZK_VERSION_ANY);
        part_end(&body);
        client_send(s, c, ZK_OP_MULTI, path, &body);
    }
    if (twice)
        wl_request(s, c, ZK_OP_CREATE2, path, ZK_EPHEMERAL, false);
    if (busy)
        disturb(s, c);
}

void wl_local_request(struct sim *s, struct client *c)
{
    static const int32_t reads[] = {ZK_OP_EXISTS, ZK_OP_GET_DATA};
    char path[CLIENT_PATH_MAX], shared[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);

    wl_root(s, c, "/s");
    snprintf(path, sizeof(path), "/s/%u-%u", c->id, number);
    snprintf(shared, sizeof(shared), "/s/p%u", number);
    if (dice < 6)
        want_ephemeral(s, c, path);
    else if (dice < 16)
        wl_request(s, c, ZK_OP_SET_DATA, shared, ZK_VERSION_ANY, false);
    else if (dice < 22)
        wl_request(s, c, dice % 2 ? ZK_OP_CREATE : ZK_OP_CREATE2, shared, dice == 16 ? ZK_PERSISTENT_SEQUENTIAL : ZK_PERSISTENT,
                   false);
    else if (dice < 26)
        wl_request(s, c, ZK_OP_DELETE, dice == 22 ? path : shared, ZK_VERSION_ANY, false);
    else if (dice < 50)
        wl_request(s, c, reads[dice % 2], shared, 0, true);
    else if (dice < 70)
        wl_request(s, c, reads[dice % 2], path, 0, dice < 60);
    else if (dice < 78)
        wl_request(s, c, ZK_OP_GET_EPHEMERALS, "/", 0, false);
    else if (dice < 84)
        wl_request(s, c, ZK_OP_GET_CHILDREN2, "/s", 0, true);
    else if (dice < 90)
        wl_request(s, c, ZK_OP_SYNC, "/s", 0, false);
    else if (dice < 91 && !s->healed)
        client_close_session(s, c);
    else if (dice < 94 && !s->healed)
        wl_move(s, c);
    else if (dice < 95 && !s->healed)
        client_vanish(s, c);
}
