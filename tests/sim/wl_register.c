/* wl_register.c - the register workload; see wl.h. */
#include "sim/wl.h"

#include <stdio.h>

#include "base/bytes.h"

#define KEYS 5
#define VALUE_MAX 40000

static struct slice value(struct sim *s, struct client *c)
{
    static uint8_t bytes[VALUE_MAX];
    size_t size = 16 + rng_below(&c->rng, chance(&c->rng, 20) ? s->preset.value_max : 200);

    put_be64(bytes, c->session);
    put_be32(bytes + 8, (uint32_t)c->xid);
    put_be32(bytes + 12, c->id);
    return chance(&c->rng, 10) ? SLICE_NULL : slice_make(bytes, size);
}

void wl_register_request(struct sim *s, struct client *c)
{
    char key[CLIENT_PATH_MAX], own[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);
    bool coin = chance(&c->rng, 500); /* one number a statement: the order of arguments is the compiler's */
    bool watch = chance(&c->rng, 300) && client_watch_room(c);
    struct slice none = SLICE_NULL;

    snprintf(key, sizeof(key), "/r/%u", number);
    snprintf(own, sizeof(own), "/e/c%u-%u", c->id, number);
    if (c->reader && c->xid > 0 && (dice < 30 || (dice >= 56 && dice < 65) || (dice >= 75 && dice < 86)))
        dice = dice % 2 ? 70 : 40; /* sync and read, or read, in place of a write */
    if (c->xid == 0) {             /* a new session: whatever is there already, is there */
        client_request(s, c, ZK_OP_CREATE, "/r", none, ZK_PERSISTENT, false);
        client_request(s, c, ZK_OP_CREATE, "/e", none, ZK_PERSISTENT, false);
        client_request(s, c, ZK_OP_CREATE, "/q", none, ZK_PERSISTENT, false);
    }
    if (dice < 22)
        client_request(s, c, ZK_OP_SET_DATA, key, value(s, c), ZK_VERSION_ANY, false);
    else if (dice < 30)
        client_request(s, c, ZK_OP_SET_DATA, key, value(s, c), c->version[number], false);
    else if (dice < 50)
        client_request(s, c, ZK_OP_GET_DATA, key, none, 0, watch);
    else if (dice < 56)
        client_request(s, c, ZK_OP_EXISTS, key, none, 0, watch);
    else if (dice < 62)
        client_request(s, c, coin ? ZK_OP_CREATE : ZK_OP_CREATE2, key, value(s, c), ZK_PERSISTENT, false);
    else if (dice < 65)
        client_request(s, c, ZK_OP_DELETE, key, none, coin ? ZK_VERSION_ANY : c->version[number], false);
    else if (dice < 75) {
        client_request(s, c, ZK_OP_SYNC, key, none, 0, false);
        client_request(s, c, ZK_OP_GET_DATA, key, none, 0, watch);
    } else if (dice < 80)
        client_request(s, c, ZK_OP_CREATE, own, value(s, c), ZK_EPHEMERAL, false);
    else if (dice < 83)
        client_request(s, c, ZK_OP_DELETE, own, none, ZK_VERSION_ANY, false);
    else if (dice < 86)
        client_request(s, c, ZK_OP_CREATE2, "/q/s", value(s, c), ZK_EPHEMERAL_SEQUENTIAL, false);
    else if (dice < 93)
        client_request(s, c, coin ? ZK_OP_GET_CHILDREN : ZK_OP_GET_CHILDREN2,
                       dice < 88  ? key
                       : dice % 2 ? "/e"
                                  : "/r",
                       none, 0, watch);
    else
        client_request(s, c, ZK_OP_GET_DATA, own, none, 0, watch);
}
