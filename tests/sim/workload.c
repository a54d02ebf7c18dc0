/* workload.c - the workloads that have no file of their own; see workload.h. */
#include "sim/workload.h"

#include "base/bytes.h"
#include "sim/ck_session.h"
#include "sim/pipe.h"
#include "sim/wl.h"

#include <stdio.h>

#define FLIGHT_MAX 12
#define LARGE_MAX 200000
#define KEYS 4

const char *const workload_names[WORKLOAD_COUNT] = {"register", "counter", "ephemeral", "lock",     "children",
                                                    "large",    "watch",   "session",   "snapshot", "multi",
                                                    "acl",      "reap",    "recursive", "local",    "quota"};

/* The workloads for what few seeds have. */
static uint32_t draw_rare(const struct sim *s, const struct client *c, uint32_t usual)
{
    struct rng rng, seed;

    sim_rng(s, &seed, "rare workload", SIM_CLIENTS_MAX);
    sim_rng(s, &rng, "rare workload", c->id);
    bool quotas = chance(&seed, 150), rare = chance(&rng, 500);
    if (rare && s->preset.local != 0)
        return WORKLOAD_LOCAL;
    return rare && quotas ? WORKLOAD_QUOTA : usual;
}

void workload_draw(struct sim *s, struct client *c)
{
    struct rng rng;
    uint32_t any;

    sim_rng(s, &rng, "workload", c->id);
    if (s->options.workloads == 0) {
        bool other = chance(&rng, 450);
        any = other ? (uint32_t)rng_below(&rng, WORKLOAD_LOCAL) : WORKLOAD_REGISTER;
        any = draw_rare(s, c, any);
    } else {
        do {
            any = (uint32_t)rng_below(&rng, WORKLOAD_COUNT);
        } while ((s->options.workloads >> any & 1) == 0);
    }
    c->workload = any;
    if (any == WORKLOAD_ACL)
        wl_acl_draw(c, &rng);
    for (uint32_t i = 0; i < WL_ACCOUNTS; i++)
        c->account[i] = -1;
}

void wl_request(struct sim *s, struct client *c, int32_t opcode, const char *path, int32_t number, bool watch)
{
    client_request(s, c, opcode, path, SLICE_NULL, number, watch && client_watch_room(c));
}

void wl_root(struct sim *s, struct client *c, const char *path)
{
    if (c->xid == 0)
        wl_request(s, c, ZK_OP_CREATE, path, ZK_PERSISTENT, false);
}

static void counter_turn(struct sim *s, struct client *c)
{
    uint8_t number[4];
    bool sync = chance(&c->rng, 300), more = chance(&c->rng, 200);

    put_be32(number, 0);
    if (c->xid == 0)
        client_request(s, c, ZK_OP_CREATE, "/n", slice_make(number, 4), ZK_PERSISTENT, false);
    put_be32(number, (uint32_t)c->counter + 1);
    client_request(s, c, ZK_OP_SET_DATA, "/n", slice_make(number, 4), c->counter, false);
    if (sync)
        wl_request(s, c, ZK_OP_SYNC, "/n", 0, false);
    wl_request(s, c, ZK_OP_GET_DATA, "/n", 0, more);
}

static void ephemeral_turn(struct sim *s, struct client *c)
{
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);

    wl_root(s, c, "/o");
    snprintf(path, sizeof(path), "/o/%u", number);
    if (dice < 40)
        wl_request(s, c, ZK_OP_CREATE2, path, ZK_EPHEMERAL, false);
    else if (dice < 50)
        wl_request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else if (dice < 80)
        wl_request(s, c, ZK_OP_EXISTS, path, 0, true);
    else if (dice < 98 || s->healed)
        wl_request(s, c, ZK_OP_GET_CHILDREN2, "/o", 0, dice < 90);
    else
        client_close_session(s, c);
}

static void lock_turn(struct sim *s, struct client *c)
{
    bool release = chance(&c->rng, 150), sync = chance(&c->rng, 200);

    wl_root(s, c, "/l");
    if (c->lock[0] == 0) {
        if (c->flight_count < 2)
            wl_request(s, c, ZK_OP_CREATE, "/l/n-", ZK_EPHEMERAL_SEQUENTIAL, false);
        return;
    }
    if (sync)
        wl_request(s, c, ZK_OP_SYNC, "/l", 0, false);
    wl_request(s, c, ZK_OP_GET_CHILDREN, "/l", 0, true);
    if (!release)
        return;
    wl_request(s, c, ZK_OP_DELETE, c->lock, ZK_VERSION_ANY, false);
    c->lock[0] = 0;
}

static void children_turn(struct sim *s, struct client *c)
{
    char path[CLIENT_PATH_MAX];
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100), number = (uint32_t)rng_below(&c->rng, 4000);

    wl_root(s, c, "/k");
    snprintf(path, sizeof(path), "/k/%u", number);
    if (dice < 60)
        wl_request(s, c, ZK_OP_CREATE, path, ZK_PERSISTENT, false);
    else if (dice < 80)
        wl_request(s, c, ZK_OP_CREATE, "/k/s", ZK_PERSISTENT_SEQUENTIAL, false);
    else if (dice < 90)
        wl_request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else if (dice < 96)
        wl_request(s, c, ZK_OP_EXISTS, path, 0, true);
    else
        wl_request(s, c, dice % 2 ? ZK_OP_GET_CHILDREN2 : ZK_OP_GET_CHILDREN, "/k", 0, dice == 97);
}

static void large_turn(struct sim *s, struct client *c)
{
    static uint8_t bytes[LARGE_MAX];
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);
    size_t size = 16 + rng_below(&c->rng, chance(&c->rng, 200) ? LARGE_MAX - 16 : 20000);

    wl_root(s, c, "/v");
    snprintf(path, sizeof(path), "/v/%u", number);
    put_be64(bytes, c->session);
    put_be32(bytes + 8, (uint32_t)c->xid);
    if (dice < 5)
        client_request(s, c, ZK_OP_CREATE, path, slice_make(bytes, size), ZK_PERSISTENT, false);
    else if (dice < 12)
        client_request(s, c, ZK_OP_SET_DATA, path, slice_make(bytes, size), ZK_VERSION_ANY, false);
    else if (dice < 40)
        wl_request(s, c, ZK_OP_GET_DATA, path, 0, true);
}

static void watch_turn(struct sim *s, struct client *c)
{
    static const int32_t reads[] = {ZK_OP_GET_DATA, ZK_OP_EXISTS, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2};
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);
    uint32_t read = (uint32_t)rng_below(&c->rng, 4);

    wl_root(s, c, "/w");
    if (c->id % 2 == 0)
        client_stream_ask(s, c, "/w", true);
    snprintf(path, sizeof(path), "/w/%u", number);
    if (dice < 50)
        wl_request(s, c, reads[read], path, 0, true);
    else if (dice < 60)
        wl_request(s, c, ZK_OP_GET_CHILDREN, "/w", 0, true);
    else if (dice < 80)
        wl_request(s, c, ZK_OP_SET_DATA, path, ZK_VERSION_ANY, false);
    else
        wl_request(s, c, dice < 91 ? ZK_OP_CREATE : ZK_OP_DELETE, path, dice < 91 ? ZK_PERSISTENT : ZK_VERSION_ANY, false);
}

void wl_move(struct sim *s, struct client *c)
{
    if (chance(&c->rng, 500))
        pipe_stall(s, c->conn);
    client_move(s, c, 0);
}

static void session_turn(struct sim *s, struct client *c)
{
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);

    wl_root(s, c, "/s");
    snprintf(path, sizeof(path), "/s/%u-%u", c->id, number);
    if (dice < 35)
        wl_request(s, c, ZK_OP_CREATE2, path, ZK_EPHEMERAL, false);
    else if (dice < 75)
        wl_request(s, c, dice % 2 ? ZK_OP_EXISTS : ZK_OP_GET_DATA, path, 0, dice < 50);
    else if (dice < 88 || s->healed)
        wl_request(s, c, dice < 80 ? ZK_OP_DELETE : ZK_OP_SET_DATA, path, ZK_VERSION_ANY, false);
    else if (dice < 97)
        wl_move(s, c);
    else if (dice < 98)
        client_vanish(s, c);
    else
        client_close_session(s, c);
}

static void snapshot_turn(struct sim *s, struct client *c)
{
    static uint8_t bytes[2000];
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, 50), dice = (uint32_t)rng_below(&c->rng, 100);
    size_t size = 16 + rng_below(&c->rng, sizeof(bytes) - 16);

    wl_root(s, c, "/b");
    snprintf(path, sizeof(path), "/b/%u", number);
    put_be64(bytes, c->session);
    put_be32(bytes + 8, (uint32_t)c->xid);
    if (dice < 25)
        client_request(s, c, ZK_OP_CREATE, path, slice_make(bytes, size), ZK_PERSISTENT, false);
    else if (dice < 85)
        client_request(s, c, ZK_OP_SET_DATA, path, slice_make(bytes, size), ZK_VERSION_ANY, false);
    else if (dice < 90)
        wl_request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else
        wl_request(s, c, ZK_OP_GET_DATA, path, 0, false);
}

void workload_turn(struct sim *s, struct client *c)
{
    static void (*const turns[WORKLOAD_COUNT])(struct sim *, struct client *) = {
        [WORKLOAD_REGISTER] = wl_register_request,
        [WORKLOAD_COUNTER] = counter_turn,
        [WORKLOAD_EPHEMERAL] = ephemeral_turn,
        [WORKLOAD_LOCK] = lock_turn,
        [WORKLOAD_CHILDREN] = children_turn,
        [WORKLOAD_LARGE] = large_turn,
        [WORKLOAD_WATCH] = watch_turn,
        [WORKLOAD_SESSION] = session_turn,
        [WORKLOAD_SNAPSHOT] = snapshot_turn,
        [WORKLOAD_MULTI] = wl_multi_request,
        [WORKLOAD_ACL] = wl_acl_request,
        [WORKLOAD_REAP] = wl_reap_request,
        [WORKLOAD_RECURSIVE] = wl_recursive_request,
        [WORKLOAD_LOCAL] = wl_local_request,
        [WORKLOAD_QUOTA] = wl_quota_request,
    };
    uint32_t most = (uint32_t)rng_below(&c->rng, 4);

    if (!s->healed && chance(&c->rng, 3)) {
        client_close_session(s, c);
        return;
    }
    if (!s->healed && chance(&c->rng, 3)) {
        client_vanish(s, c);
        return;
    }
    while (most-- > 0 && c->flight_count < FLIGHT_MAX && c->phase == CLIENT_CONNECTED)
        turns[c->workload](s, c);
}

void workload_created(struct client *c, const char *path)
{
    if (strncmp(path, "/l/n-", 5) == 0)
        snprintf(c->lock, sizeof(c->lock), "%s", path);
}

static void note_version(struct client *c, const char *path, int32_t version)
{
    if (path[0] == '/' && path[1] == 'r' && path[2] == '/' && path[3] >= '0' && path[3] < '8')
        c->version[path[3] - '0'] = version;
}

/* Nobody else makes nodes of these names: all sessions that this client had before are over. A local session begins without an
 * entry, so its server may not know yet. */
static bool may_own(const struct sim *s, const struct client *c, uint64_t owner)
{
    if (owner == c->session || ck_session_is_orphan(s, owner))
        return true;
    return ck_session_is_local(c->session) && ck_session_lived(s, owner, c->last_zxid);
}

void workload_stat(struct sim *s, struct client *c, const char *path, int32_t version, uint64_t owner)
{
    char own[CLIENT_PATH_MAX];

    note_version(c, path, version);
    snprintf(own, sizeof(own), "/s/%u-", c->id);
    if (strncmp(path, own, strlen(own)) == 0 && !may_own(s, c, owner))
        sim_fail(s, "C13", "c%u finds %s of session %llx, which is over", c->id, path, (unsigned long long)owner);
}

void workload_written(struct client *c, const struct op *op, struct jute_cursor in)
{
    struct zk_stat stat;

    if (op->opcode == ZK_OP_SET_DATA && jute_decode(&in, &jute_stat, &stat) == 0)
        note_version(c, op->path, stat.version);
    else if (op->opcode == ZK_OP_CREATE)
        note_version(c, op->path, 0);
}

void workload_read(struct sim *s, struct client *c, const char *path, struct slice data, int32_t version)
{
    wl_multi_account(c, path, data, version);
    if (strcmp(path, "/n") != 0)
        return;
    c->counter = version;
    if (data.size != 4 || get_be32(data.data) != (uint32_t)version)
        sim_fail(s, "counter", "c%u counts to version %d, and the value is another", c->id, version);
}

void workload_multi_read(struct sim *s, const struct client *c, const struct op *op, struct jute_cursor in)
{
    if (strcmp(op->path, "/m") == 0)
        wl_multi_sum(s, c, op, in);
}
