/* wl_quota.c - a small tree under up to three quotas, one within another, which come, change and go while clients fill and
 * empty it, alone and in multis that often fail. Whether limits are enforced is the leaders' settings' business. */
#include "sim/wl.h"

#include <stdio.h>
#include <string.h>

#define NODES 4
#define HOME "/zookeeper/quota"

static const char *const tops[] = {"/u", "/u/a", "/u/b"};

static struct slice value(struct client *c)
{
    static const uint8_t bytes[120];
    uint64_t size = rng_below(&c->rng, chance(&c->rng, 200) ? sizeof(bytes) : 30);

    return chance(&c->rng, 50) ? SLICE_NULL : slice_make(bytes, (size_t)size);
}

static int number(struct client *c, int below, uint32_t none)
{
    int n = (int)rng_below(&c->rng, (uint64_t)below);

    return chance(&c->rng, none) ? -1 : n;
}

/* Of limits: as zkCli.sh writes them, or as versions before 3.7 did; seldom what nobody can read. */
static struct slice limits(struct client *c, char text[128])
{
    int count = number(c, 10, 500), bytes = number(c, 200, 500), hard = number(c, 12, 400), weight = number(c, 250, 400);
    uint32_t form = (uint32_t)rng_below(&c->rng, 100);

    if (form < 75)
        snprintf(text, 128, "count=%d,bytes=%d=;byteHardLimit=%d;countHardLimit=%d", count, bytes, weight, hard);
    else
        snprintf(text, 128, form < 97 ? "count=%d,bytes=%d" : "nonsense", count, bytes);
    return slice_from_text(text);
}

/* zkCli.sh makes one node after the other; here the two often come in a multi, of which both or none are. */
static void set_quota(struct sim *s, struct client *c, const char *top)
{
    char path[CLIENT_PATH_MAX], stats[CLIENT_PATH_MAX], text[128];
    bool together = chance(&c->rng, 500), counted = !chance(&c->rng, 100);
    struct slice said = limits(c, text);
    struct buf body = {0};

    wl_request(s, c, ZK_OP_CREATE, HOME "/u", ZK_PERSISTENT, false);
    snprintf(path, sizeof(path), HOME "%s", top);
    if (strcmp(top, "/u") != 0)
        wl_request(s, c, ZK_OP_CREATE, path, ZK_PERSISTENT, false);
    snprintf(path, sizeof(path), HOME "%s/zookeeper_limits", top);
    snprintf(stats, sizeof(stats), HOME "%s/zookeeper_stats", top);
    if (!together) {
        client_request(s, c, ZK_OP_CREATE, path, said, ZK_PERSISTENT, false);
        client_request(s, c, ZK_OP_CREATE2, stats, SLICE_NULL, ZK_PERSISTENT, false);
        return;
    }
    part_create(&body, ZK_OP_CREATE, path, said, ZK_PERSISTENT);
    if (counted)
        part_create(&body, ZK_OP_CREATE2, stats, slice_from_text("count=0,bytes=0"), ZK_PERSISTENT);
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, path, &body);
}

static void change_quota(struct sim *s, struct client *c, const char *top)
{
    char path[CLIENT_PATH_MAX], stats[CLIENT_PATH_MAX], text[128];
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100);
    struct slice said = limits(c, text);
    struct buf body = {0};

    snprintf(path, sizeof(path), HOME "%s/zookeeper_limits", top);
    snprintf(stats, sizeof(stats), HOME "%s/zookeeper_stats", top);
    if (dice < 50) {
        client_request(s, c, ZK_OP_SET_DATA, path, said, ZK_VERSION_ANY, false);
    } else if (dice < 58) { /* counting begins anew */
        wl_request(s, c, ZK_OP_DELETE, stats, ZK_VERSION_ANY, false);
        wl_request(s, c, ZK_OP_CREATE, stats, ZK_PERSISTENT, false);
    } else if (dice < 66) { /* from another number, or from none */
        client_request(s, c, ZK_OP_SET_DATA, stats, slice_from_text(dice < 64 ? "count=3,bytes=7" : "nonsense"), ZK_VERSION_ANY,
                       false);
    } else if (dice < 75) {
        wl_request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
        wl_request(s, c, ZK_OP_DELETE, stats, ZK_VERSION_ANY, false);
    } else {
        snprintf(path, sizeof(path), HOME "%s", top);
        part_remove_recursive(&body, path, 12);
        part_end(&body);
        client_send(s, c, ZK_OP_MULTI, path, &body);
    }
}

static void node_path(struct client *c, char path[CLIENT_PATH_MAX])
{
    const char *top = tops[rng_below(&c->rng, 3)];

    snprintf(path, CLIENT_PATH_MAX, "%s/%u", top, (uint32_t)rng_below(&c->rng, NODES));
}

/* A few changes, of which a later one may fail: by a quota, too. */
static void several(struct sim *s, struct client *c)
{
    uint32_t parts = (uint32_t)rng_between(&c->rng, 2, 4);
    char path[CLIENT_PATH_MAX];
    struct buf body = {0};

    while (parts-- > 0) {
        uint32_t dice = (uint32_t)rng_below(&c->rng, 100);
        struct slice data = value(c);
        node_path(c, path);
        if (dice < 25)
            part_create(&body, dice % 2 ? ZK_OP_CREATE : ZK_OP_CREATE2, "/u/a/s", data, ZK_PERSISTENT_SEQUENTIAL);
        else if (dice < 45)
            part_create(&body, ZK_OP_CREATE_IF_NOT_EXISTS, path, data, ZK_PERSISTENT);
        else if (dice < 70)
            part_set(&body, dice < 60 ? "/u" : path, data, ZK_VERSION_ANY);
        else if (dice < 85)
            part_try_remove(&body, path, ZK_VERSION_ANY);
        else
            part_delete(&body, path, ZK_VERSION_ANY);
    }
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, "/u", &body);
}

static void empty(struct sim *s, struct client *c)
{
    struct buf body = {0};

    part_remove_recursive(&body, tops[rng_between(&c->rng, 1, 2)], 60);
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, "/u", &body);
}

static void look(struct sim *s, struct client *c, const char *top)
{
    static const int32_t reads[] = {ZK_OP_GET_DATA, ZK_OP_EXISTS, ZK_OP_GET_CHILDREN2};
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100), read = (uint32_t)rng_below(&c->rng, 3);
    char path[CLIENT_PATH_MAX];

    if (dice < 60)
        snprintf(path, sizeof(path), HOME "%s/zookeeper_stats", top);
    else
        snprintf(path, sizeof(path), HOME "%s%s", top, dice < 80 ? "" : "/zookeeper_limits");
    if (dice % 10 == 0)
        wl_request(s, c, ZK_OP_SYNC, path, 0, false);
    wl_request(s, c, dice < 50 ? ZK_OP_GET_DATA : reads[read], path, 0, dice % 4 == 0);
}

void wl_quota_request(struct sim *s, struct client *c)
{
    static const int32_t modes[] = {ZK_PERSISTENT, ZK_PERSISTENT, ZK_EPHEMERAL, ZK_PERSISTENT_SEQUENTIAL,
                                    ZK_EPHEMERAL_SEQUENTIAL};
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100);
    const char *top = tops[rng_below(&c->rng, 3)];
    int32_t mode = modes[rng_below(&c->rng, 5)];
    struct slice data = value(c);
    char path[CLIENT_PATH_MAX];

    node_path(c, path);
    wl_root(s, c, "/u");
    if (c->xid < 3 || dice < 3) {
        wl_request(s, c, ZK_OP_CREATE, "/u/a", ZK_PERSISTENT, false);
        wl_request(s, c, ZK_OP_CREATE, "/u/b", ZK_PERSISTENT, false);
    }
    if (dice < 6)
        set_quota(s, c, top);
    else if (dice < 10)
        change_quota(s, c, top);
    else if (dice < 26)
        client_request(s, c, dice % 2 ? ZK_OP_CREATE : ZK_OP_CREATE2, path, data, mode, false);
    else if (dice < 42)
        client_request(s, c, ZK_OP_SET_DATA, dice < 37 ? path : top, data, ZK_VERSION_ANY, false);
    else if (dice < 54)
        wl_request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else if (dice < 70)
        several(s, c);
    else if (dice < 72)
        empty(s, c);
    else if (dice < 75)
        wl_request(s, c, ZK_OP_GET_CHILDREN2, top, 0, dice == 74);
    else
        look(s, c, top);
}
