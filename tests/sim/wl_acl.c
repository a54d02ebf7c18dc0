/* wl_acl.c - a few nodes whose rights change all the time, and users who try what they may not: on the node, through its
 * parent, in multis, and by watching. */
#include "sim/wl.h"

#include <stdio.h>

#define NODES 4

void wl_acl_draw(struct client *c, struct rng *rng)
{
    uint32_t user = (uint32_t)rng_below(rng, CK_USERS + 1);

    c->who = user < CK_USERS ? 1u << user : 0;
}

/* Somebody may always change it again, so that not all is locked for good. */
static struct ck_acl any_acl(struct client *c)
{
    struct ck_acl acl = {.world = (uint8_t)rng_below(&c->rng, ZK_PERM_ALL + 1)};

    if (chance(&c->rng, 500))
        acl.world &= ZK_PERM_READ;
    for (uint32_t i = 0; i < CK_USERS; i++)
        acl.user[i] = (uint8_t)(chance(&c->rng, 400) ? rng_below(&c->rng, ZK_PERM_ALL + 1) : 0);
    acl.user[rng_below(&c->rng, CK_USERS)] = ZK_PERM_ALL;
    return acl;
}

static void several(struct sim *s, struct client *c, const char *path, const char *below)
{
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100);
    struct buf body = {0};

    if (dice < 40) {
        part_read(&body, ZK_OP_GET_DATA, path);
        part_read(&body, ZK_OP_GET_CHILDREN, path);
        part_read(&body, ZK_OP_GET_DATA, "/a");
        part_end(&body);
        client_send(s, c, ZK_OP_MULTI_READ, "/a", &body);
        return;
    }
    part_set(&body, "/a", SLICE_NULL, ZK_VERSION_ANY);
    if (dice < 60)
        part_check(&body, path, ZK_VERSION_ANY);
    else if (dice < 68)
        part_remove_recursive(&body, path, 3);
    else if (dice < 80)
        part_set(&body, path, SLICE_NULL, ZK_VERSION_ANY);
    else
        part_create(&body, ZK_OP_CREATE, below, SLICE_NULL, ZK_PERSISTENT);
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, "/a", &body);
}

void wl_acl_request(struct sim *s, struct client *c)
{
    static const int32_t reads[] = {ZK_OP_GET_DATA, ZK_OP_EXISTS, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2, ZK_OP_GET_ACL};
    uint32_t number = (uint32_t)rng_below(&c->rng, NODES), dice = (uint32_t)rng_below(&c->rng, 100);
    uint32_t read = (uint32_t)rng_below(&c->rng, 5);
    int32_t version = (int32_t)rng_between(&c->rng, 0, 4) - 1;
    char path[CLIENT_PATH_MAX], below[CLIENT_PATH_MAX];
    struct ck_acl acl = any_acl(c);

    snprintf(path, sizeof(path), "/a/%u", number);
    snprintf(below, sizeof(below), "/a/%u/k", number);
    wl_root(s, c, "/a");
    if (dice < 3)
        client_stream_ask(s, c, dice == 0 ? path : "/a", dice != 0);
    if (dice < 12)
        wl_create(s, c, dice % 2 ? ZK_OP_CREATE : ZK_OP_CREATE2, path, ZK_PERSISTENT, &acl);
    else if (dice < 18)
        wl_create(s, c, ZK_OP_CREATE2, below, ZK_EPHEMERAL, &acl);
    else if (dice < 36)
        wl_set_acl(s, c, path, &acl, version);
    else if (dice < 44)
        wl_request(s, c, ZK_OP_SET_DATA, path, ZK_VERSION_ANY, false);
    else if (dice < 50)
        wl_request(s, c, ZK_OP_DELETE, dice % 2 ? below : path, ZK_VERSION_ANY, false);
    else if (dice < 60)
        several(s, c, path, below);
    else if (dice < 70) {
        wl_request(s, c, ZK_OP_SYNC, path, 0, false);
        wl_request(s, c, reads[read], path, 0, false);
    } else {
        wl_request(s, c, reads[read], dice % 4 ? path : below, 0, reads[read] != ZK_OP_GET_ACL && dice % 3 == 0);
    }
}
