/* wl_recursive.c - a small tree that grows and dies at all depths, one by one and in multis, under several watches that stay;
 * clients change servers often. */
#include "sim/wl.h"

#include <stdio.h>

static void cut_down(struct sim *s, struct client *c, const char *path, int32_t limit)
{
    struct buf body = {0};

    jute_append(&body, &jute_limit_request, &(struct zk_limit_request){slice_from_text(path), limit});
    client_send(s, c, ZK_OP_REMOVE_RECURSIVE, path, &body);
}

static void any_path(struct client *c, char path[CLIENT_PATH_MAX])
{
    uint32_t depth = (uint32_t)rng_between(&c->rng, 1, 3), bits = (uint32_t)rng_below(&c->rng, 8);
    size_t size = (size_t)snprintf(path, CLIENT_PATH_MAX, "/t");

    for (uint32_t i = 0; i < depth; i++)
        size += (size_t)snprintf(path + size, CLIENT_PATH_MAX - size, "/%u", bits >> i & 1);
}

/* Most of them succeed. */
static void grow_and_cut(struct sim *s, struct client *c)
{
    struct buf body = {0};

    part_create(&body, ZK_OP_CREATE, "/t/m", SLICE_NULL, ZK_PERSISTENT);
    part_create(&body, ZK_OP_CREATE2, "/t/m/1", SLICE_NULL, ZK_PERSISTENT);
    part_set(&body, "/t/m/1", SLICE_LITERAL("v"), 0);
    part_delete(&body, "/t/m/1", 1);
    part_delete(&body, "/t/m", ZK_VERSION_ANY);
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, "/t", &body);
}

void wl_recursive_request(struct sim *s, struct client *c)
{
    static const char *const watched[] = {"/t", "/t/0", "/t/1/0", "/t/m"};
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100), number = (uint32_t)rng_below(&c->rng, 4);
    bool recursive = chance(&c->rng, 600);
    char path[CLIENT_PATH_MAX];

    wl_root(s, c, "/t");
    any_path(c, path);
    if (dice < 12)
        client_stream_ask(s, c, watched[number], recursive);
    else if (dice < 16)
        wl_request(s, c, ZK_OP_REMOVE_WATCHES, watched[number], recursive ? ZK_WATCHER_RECURSIVE : ZK_WATCHER_PERSISTENT,
                   false);
    else if (dice < 45)
        wl_request(s, c, ZK_OP_CREATE, path, dice < 20 ? ZK_EPHEMERAL : ZK_PERSISTENT, false);
    else if (dice < 58)
        wl_request(s, c, ZK_OP_SET_DATA, path, ZK_VERSION_ANY, false);
    else if (dice < 75)
        wl_request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else if (dice < 77)
        cut_down(s, c, path, 1 + (int32_t)number * 2);
    else if (dice < 80)
        grow_and_cut(s, c);
    else if (dice < 90)
        wl_request(s, c, dice % 2 ? ZK_OP_GET_DATA : ZK_OP_GET_CHILDREN, path, 0, true);
    else if (dice < 94)
        wl_request(s, c, dice % 2 ? ZK_OP_GET_EPHEMERALS : ZK_OP_GET_ALL_CHILDREN_NUMBER, "/t", 0, false);
    else if (!s->healed)
        wl_move(s, c);
}
