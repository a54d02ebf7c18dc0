/* test_replica_random.c - clients that come and go at any moment, over links and disks that come and go: nothing is used after
 * it was freed, nothing is left over, and at the end all servers hold the same. What clients are told is the simulator's to
 * check. */
#include "unit/replica_fixture.h"

#include "base/rng.h"
#include "lib/runner.h"

#include <stdio.h>
#include <string.h>

enum { SLOTS = 8, STEPS = 4000 };

static struct group g;
static struct rng rng;
static struct slot {
    struct client c;
    bool open;
    int32_t xid;
} slots[SLOTS];

static uint32_t any(uint32_t below)
{
    return (uint32_t)rng_below(&rng, below);
}

static void come(struct slot *s)
{
    struct client earlier = s->c;
    client_open(&s->c, &g, any(g.count) + 1);
    s->open = true;
    if (earlier.session != 0 && any(3) > 0)
        client_send_connect(&s->c, &earlier, any(2) ? 0 : (int64_t)state_zxid(replica_state(g.member[any(g.count)].r)));
    else
        client_send_connect(&s->c, NULL, 0);
}

static void go(struct slot *s)
{
    struct client c = s->c;
    client_deinit(&s->c);
    s->open = false;
    s->c.session = c.session;
    memcpy(s->c.password, c.password, sizeof(c.password));
}

static void ask(struct slot *s)
{
    char path[16];
    struct client *c = &s->c;
    int32_t xid = ++s->xid;
    snprintf(path, sizeof(path), "/n%u", any(6));
    switch (any(9)) {
    case 0:
        client_create(c, xid, path, "value", (int32_t)any(4));
        break;
    case 1:
        client_set(c, xid, path, "other value", any(2) ? -1 : (int32_t)any(5));
        break;
    case 2:
        client_path(c, xid, ZK_OP_SYNC, path);
        break;
    case 3:
        client_plain(c, ZK_XID_PING, ZK_OP_PING);
        break;
    case 4:
        client_delete(c, xid, path, -1);
        break;
    case 5:
        client_plain(c, xid, any(8) == 0 ? ZK_OP_CLOSE_SESSION : any(8) == 0 ? 4711 : ZK_OP_MULTI);
        break;
    default:
        client_get(c, xid, path, any(2));
        break;
    }
}

static void one_step(void)
{
    struct slot *s = &slots[any(SLOTS)];
    uint32_t dice = any(100);
    if (dice < 50) {
        for (uint32_t n = s->open ? any(6) : 0; n > 0; n--)
            ask(s);
    } else if (dice < 58 && !s->open) {
        come(s);
    } else if (dice < 62 && s->open) {
        go(s);
    } else if (dice < 64) {
        group_cut(&g, any(g.count) + 1);
    } else if (dice < 70) {
        group_heal(&g, any(g.count) + 1);
    } else if (dice < 72) {
        g.hold_persists = true;
    } else if (dice < 76) {
        group_release(&g);
    } else if (dice < 80) {
        group_pass(&g, any(300));
    } else if (dice < 90) {
        group_settle(&g);
    } else if (s->open) {
        client_take(&s->c);
    }
}

static void run(uint64_t seed)
{
    struct replica_stats stats;
    rng_init(&rng, seed);
    memset(slots, 0, sizeof(slots));
    g.snap_count = 20 + any(60);
    group_init(&g, 3);
    for (int i = 0; i < STEPS; i++)
        one_step();
    group_release(&g);
    for (uint32_t id = 1; id <= g.count; id++)
        group_heal(&g, id);
    group_pass(&g, 4000);
    for (uint32_t i = 0; i < SLOTS; i++)
        if (slots[i].open)
            go(&slots[i]);
    group_pass(&g, 45000); /* all sessions end */
    CHECK(group_leader(&g) != 0);
    for (uint32_t i = 0; i < g.count; i++) {
        replica_stats(g.member[i].r, &stats);
        CHECK_EQ_INT(stats.outstanding, 0, "seed %u", (unsigned)seed);
        CHECK_EQ_INT(stats.pending_syncs, 0);
        CHECK_EQ_INT(stats.connections, 0);
        CHECK_EQ_INT(stats.watch.watches, 0);
        CHECK_EQ_INT(stats.state.sessions, 0);
        CHECK_EQ_INT(stats.state.ephemerals, 0);
        CHECK(stats.digest == state_digest(replica_state(g.member[0].r)), "seed %u", (unsigned)seed);
    }
    group_deinit(&g);
}

TEST(replica_random, clients_come_and_go_at_any_moment)
{
    for (uint64_t seed = 1; seed <= 8; seed++)
        run(seed);
}
