/* workload.c - the workloads but for register, which has a file of its own; see workload.h. */
#include "sim/workload.h"

#include "base/bytes.h"
#include "sim/pipe.h"
#include "sim/wl_register.h"

#include <stdio.h>

#define FLIGHT_MAX 12
#define LARGE_MAX 200000
#define KEYS 4

const char *const workload_names[WORKLOAD_COUNT] = {"register", "counter", "ephemeral", "lock",    "children",
                                                    "large",    "watch",   "session",   "snapshot"};

void workload_draw(struct sim *s, struct client *c)
{
    struct rng rng;
    uint32_t any;

    sim_rng(s, &rng, "workload", c->id);
    if (s->options.workloads == 0) {
        bool other = chance(&rng, 300);
        any = other ? (uint32_t)rng_below(&rng, WORKLOAD_COUNT) : WORKLOAD_REGISTER;
    } else {
        do {
            any = (uint32_t)rng_below(&rng, WORKLOAD_COUNT);
        } while ((s->options.workloads >> any & 1) == 0);
    }
    c->workload = any;
}

static void request(struct sim *s, struct client *c, int32_t opcode, const char *path, int32_t number, bool watch)
{
    watch = watch && c->watch_count + c->flight_count < CLIENT_WATCHES_MAX - 2;
    client_request(s, c, opcode, path, SLICE_NULL, number, watch);
}

/* The root of a workload, made by whoever comes; whatever is there already is there. */
static void root(struct sim *s, struct client *c, const char *path)
{
    if (c->xid == 0)
        request(s, c, ZK_OP_CREATE, path, ZK_PERSISTENT, false);
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
        request(s, c, ZK_OP_SYNC, "/n", 0, false);
    request(s, c, ZK_OP_GET_DATA, "/n", 0, more);
}

static void ephemeral_turn(struct sim *s, struct client *c)
{
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);

    root(s, c, "/o");
    snprintf(path, sizeof(path), "/o/%u", number);
    if (dice < 40)
        request(s, c, ZK_OP_CREATE2, path, ZK_EPHEMERAL, false);
    else if (dice < 50)
        request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else if (dice < 80)
        request(s, c, ZK_OP_EXISTS, path, 0, true);
    else if (dice < 98 || s->healed)
        request(s, c, ZK_OP_GET_CHILDREN2, "/o", 0, dice < 90);
    else
        client_close_session(s, c);
}

static void lock_turn(struct sim *s, struct client *c)
{
    bool release = chance(&c->rng, 150), sync = chance(&c->rng, 200);

    root(s, c, "/l");
    if (c->lock[0] == 0) {
        if (c->flight_count < 2)
            request(s, c, ZK_OP_CREATE, "/l/n-", ZK_EPHEMERAL_SEQUENTIAL, false);
        return;
    }
    if (sync)
        request(s, c, ZK_OP_SYNC, "/l", 0, false);
    request(s, c, ZK_OP_GET_CHILDREN, "/l", 0, true);
    if (!release)
        return;
    request(s, c, ZK_OP_DELETE, c->lock, ZK_VERSION_ANY, false);
    c->lock[0] = 0;
}

static void children_turn(struct sim *s, struct client *c)
{
    char path[CLIENT_PATH_MAX];
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100), number = (uint32_t)rng_below(&c->rng, 4000);

    root(s, c, "/k");
    snprintf(path, sizeof(path), "/k/%u", number);
    if (dice < 60)
        request(s, c, ZK_OP_CREATE, path, ZK_PERSISTENT, false);
    else if (dice < 80)
        request(s, c, ZK_OP_CREATE, "/k/s", ZK_PERSISTENT_SEQUENTIAL, false);
    else if (dice < 90)
        request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else if (dice < 96)
        request(s, c, ZK_OP_EXISTS, path, 0, true);
    else
        request(s, c, dice % 2 ? ZK_OP_GET_CHILDREN2 : ZK_OP_GET_CHILDREN, "/k", 0, dice == 97);
}

static void large_turn(struct sim *s, struct client *c)
{
    static uint8_t bytes[LARGE_MAX];
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);
    size_t size = 16 + rng_below(&c->rng, chance(&c->rng, 200) ? LARGE_MAX - 16 : 20000);

    root(s, c, "/v");
    snprintf(path, sizeof(path), "/v/%u", number);
    put_be64(bytes, c->session);
    put_be32(bytes + 8, (uint32_t)c->xid);
    if (dice < 5)
        client_request(s, c, ZK_OP_CREATE, path, slice_make(bytes, size), ZK_PERSISTENT, false);
    else if (dice < 12)
        client_request(s, c, ZK_OP_SET_DATA, path, slice_make(bytes, size), ZK_VERSION_ANY, false);
    else if (dice < 40)
        request(s, c, ZK_OP_GET_DATA, path, 0, true);
}

static void watch_turn(struct sim *s, struct client *c)
{
    static const int32_t reads[] = {ZK_OP_GET_DATA, ZK_OP_EXISTS, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2};
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);
    uint32_t read = (uint32_t)rng_below(&c->rng, 4);

    root(s, c, "/w");
    if (c->id % 2 == 0 && !c->stream.asked) {
        c->stream.asked = true;
        request(s, c, ZK_OP_ADD_WATCH, "/w", 0, false);
    }
    snprintf(path, sizeof(path), "/w/%u", number);
    if (dice < 50)
        request(s, c, reads[read], path, 0, true);
    else if (dice < 60)
        request(s, c, ZK_OP_GET_CHILDREN, "/w", 0, true);
    else if (dice < 80)
        request(s, c, ZK_OP_SET_DATA, path, ZK_VERSION_ANY, false);
    else
        request(s, c, dice < 91 ? ZK_OP_CREATE : ZK_OP_DELETE, path, dice < 91 ? ZK_PERSISTENT : ZK_VERSION_ANY, false);
}

/* To any server; the old connection may stand there for long. */
static void move(struct sim *s, struct client *c)
{
    if (chance(&c->rng, 500))
        pipe_stall(s, c->conn);
    client_move(s, c, 0);
}

static void session_turn(struct sim *s, struct client *c)
{
    char path[CLIENT_PATH_MAX];
    uint32_t number = (uint32_t)rng_below(&c->rng, KEYS), dice = (uint32_t)rng_below(&c->rng, 100);

    root(s, c, "/s");
    snprintf(path, sizeof(path), "/s/%u-%u", c->id, number);
    if (dice < 35)
        request(s, c, ZK_OP_CREATE2, path, ZK_EPHEMERAL, false);
    else if (dice < 75)
        request(s, c, dice % 2 ? ZK_OP_EXISTS : ZK_OP_GET_DATA, path, 0, dice < 50);
    else if (dice < 88 || s->healed)
        request(s, c, dice < 80 ? ZK_OP_DELETE : ZK_OP_SET_DATA, path, ZK_VERSION_ANY, false);
    else if (dice < 97)
        move(s, c);
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

    root(s, c, "/b");
    snprintf(path, sizeof(path), "/b/%u", number);
    put_be64(bytes, c->session);
    put_be32(bytes + 8, (uint32_t)c->xid);
    if (dice < 25)
        client_request(s, c, ZK_OP_CREATE, path, slice_make(bytes, size), ZK_PERSISTENT, false);
    else if (dice < 85)
        client_request(s, c, ZK_OP_SET_DATA, path, slice_make(bytes, size), ZK_VERSION_ANY, false);
    else if (dice < 90)
        request(s, c, ZK_OP_DELETE, path, ZK_VERSION_ANY, false);
    else
        request(s, c, ZK_OP_GET_DATA, path, 0, false);
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

/* Nobody else makes nodes of these names: all sessions that this client had before are over. */
void workload_owner(struct sim *s, const struct client *c, const char *path, uint64_t owner)
{
    char own[CLIENT_PATH_MAX];

    snprintf(own, sizeof(own), "/s/%u-", c->id);
    if (strncmp(path, own, strlen(own)) == 0 && owner != c->session)
        sim_fail(s, "C13", "c%u finds %s of session %llx, which is over", c->id, path, (unsigned long long)owner);
}

void workload_read(struct sim *s, struct client *c, const char *path, struct slice data, int32_t version)
{
    if (strcmp(path, "/n") != 0)
        return;
    c->counter = version;
    if (data.size != 4 || get_be32(data.data) != (uint32_t)version)
        sim_fail(s, "counter", "c%u counts to version %d, and the value is another", c->id, version);
}
