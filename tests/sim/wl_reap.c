/* wl_reap.c - containers and nodes with a time to live: filled, emptied, used again when their time has nearly come. */
#include "sim/wl.h"

#include <stdio.h>

#define NODES 4

void wl_reap_request(struct sim *s, struct client *c)
{
    uint32_t number = (uint32_t)rng_below(&c->rng, NODES), dice = (uint32_t)rng_below(&c->rng, 100);
    int64_t ttl = (int64_t)rng_between(&c->rng, 1, !s->healed && chance(&c->rng, 300) ? 5000 : 700);
    char container[CLIENT_PATH_MAX], timed[CLIENT_PATH_MAX], below[CLIENT_PATH_MAX];

    snprintf(container, sizeof(container), "/c/k%u", number);
    snprintf(timed, sizeof(timed), "/c/t%u", number);
    snprintf(below, sizeof(below), "/c/%c%u/%u", dice % 3 ? 'k' : 't', number, dice % 2);
    wl_root(s, c, "/c");
    if (dice < 12)
        wl_create(s, c, ZK_OP_CREATE_CONTAINER, container, ZK_CONTAINER, &CK_ACL_OPEN);
    else if (dice < 27)
        wl_create_ttl(s, c, timed, ZK_PERSISTENT_TTL, ttl);
    else if (dice < 30)
        wl_create_ttl(s, c, dice == 27 ? below : "/c/s", ZK_PERSISTENT_SEQUENTIAL_TTL, ttl);
    else if (dice < 50)
        wl_request(s, c, ZK_OP_CREATE, below, dice % 2 ? ZK_EPHEMERAL : ZK_PERSISTENT, false);
    else if (dice < 65)
        wl_request(s, c, ZK_OP_DELETE, below, ZK_VERSION_ANY, false);
    else if (dice < 80)
        wl_request(s, c, ZK_OP_SET_DATA, dice % 5 ? timed : container, ZK_VERSION_ANY, false);
    else if (dice < 85)
        wl_request(s, c, ZK_OP_GET_ALL_CHILDREN_NUMBER, "/c", 0, false);
    else if (dice < 95)
        wl_request(s, c, ZK_OP_EXISTS, dice % 2 ? timed : container, 0, true);
    else
        wl_request(s, c, ZK_OP_GET_CHILDREN2, "/c", 0, true);
}
