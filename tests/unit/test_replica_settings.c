/* test_replica_settings.c - settings that are the same on all servers, whatever their files say: the leader's, by an entry. */
#include "lib/runner.h"
#include "replica_fixture.h"

#include <stdio.h>

static struct group g;
static struct client a, b;
static uint32_t older, newer_sent; /* servers of an older version, a bit each; how often one was sent what it cannot read */

static void begin(void)
{
    static const struct settings none[GROUP_MAX];

    memcpy(g.settings, none, sizeof(none));
    g.snap_count = g.counter_max = g.reap_per_minute = 0;
}

static uint32_t settings_entries(uint32_t id)
{
    struct slice rest = buf_slice(&g.member[id - 1].log.entries);
    uint32_t count = 0;
    struct entry e;

    while (entry_next(&rest, &e) == 0)
        count += e.kind == ENTRY_SETTINGS;
    return count;
}

static bool all_go_by(const struct settings *wanted, uint32_t except)
{
    bool good = true;

    for (uint32_t id = 1; id <= g.count; id++) {
        const struct settings now = state_settings(replica_state(g.member[id - 1].r));

        good =
            good && (id == except || (now.enforce_quota == wanted->enforce_quota && slice_equal(now.config, wanted->config)));
    }
    return good;
}

/* A quota of one node on /q, through this server. */
static void make_quota(uint32_t server)
{
    client_open(&a, &g, server);
    REQUIRE(client_connect(&a, 20000));
    client_create(&a, 1, "/q", "", 0);
    client_create(&a, 2, "/zookeeper/quota/q", "", 0);
    client_create(&a, 3, "/zookeeper/quota/q/zookeeper_limits", "countHardLimit=1", 0);
    client_create(&a, 4, "/zookeeper/quota/q/zookeeper_stats", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0");
}

TEST(replica_settings, the_leaders_hold_for_all)
{
    begin();
    for (uint32_t i = 0; i < 3; i++)
        g.settings[i] = (struct settings){i % 2 == 0, SLICE_LITERAL("lines")};
    g.settings[0].config = SLICE_LITERAL("other lines");
    group_init(&g, 3);
    uint32_t first = group_leader(&g);
    REQUIRE(first != 0);
    group_pass(&g, 200);
    CHECK(all_go_by(&g.settings[first - 1], 0));
    make_quota(first % 3 + 1);
    client_create(&a, 5, "/q/1", "", 0);
    client_get(&a, 6, "/zookeeper/config", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), g.settings[first - 1].enforce_quota ? "5:-125 6:0" : "5:0 6:0");
    group_cut(&g, first);
    group_pass(&g, 5000);
    uint32_t second = group_leader(&g);
    REQUIRE(second != 0 && second != first);
    group_pass(&g, 200);
    CHECK(all_go_by(&g.settings[second - 1], first));
    CHECK(settings_entries(second) >= 1);
    client_create(&a, 7, "/q/2", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), g.settings[second - 1].enforce_quota ? "7:-125" : "7:0");
    group_heal(&g, first);
    group_pass(&g, 3000);
    CHECK(all_go_by(&g.settings[group_leader(&g) - 1], 0));
    CHECK(state_digest(replica_state(g.member[0].r)) == state_digest(replica_state(g.member[1].r)));
    CHECK(state_digest(replica_state(g.member[0].r)) == state_digest(replica_state(g.member[2].r)));
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_settings, are_written_once_and_not_where_they_hold)
{
    begin();
    group_init(&g, 1);
    REQUIRE(group_leader(&g) == 1);
    CHECK_EQ_INT(settings_entries(1), 0);
    group_deinit(&g);
    g.settings[0] = (struct settings){true, SLICE_LITERAL("lines")};
    group_init(&g, 1);
    REQUIRE(group_leader(&g) == 1);
    group_pass(&g, 100);
    CHECK_EQ_INT(settings_entries(1), 1);
    for (int i = 0; i < 2; i++) {
        group_restart(&g, 1);
        REQUIRE(group_leader(&g) == 1);
        group_pass(&g, 100);
        CHECK_EQ_INT(settings_entries(1), 1);
        CHECK(all_go_by(&g.settings[0], 0));
    }
    g.settings[0] = (struct settings){false, SLICE_NULL}; /* its file was changed */
    group_restart(&g, 1);
    REQUIRE(group_leader(&g) == 1);
    group_pass(&g, 100);
    CHECK_EQ_INT(settings_entries(1), 2);
    CHECK(all_go_by(&g.settings[0], 0));
    group_deinit(&g);
}

/* What an older server sees of messages, and the others of its own. */
static bool as_if_older(struct peer_msg *m)
{
    struct slice rest = m->payload;
    struct entry e;

    if (m->type == PEER_HEARTBEAT_ACK && older >> m->from & 1)
        m->heartbeat_ack.quiet &= 1;
    if (older >> m->to & 1 && (m->type == PEER_ACCEPT || m->type == PEER_FORWARD))
        while (entry_next(&rest, &e) == 0)
            newer_sent += e.kind == ENTRY_SETTINGS || e.version > 1;
    return false;
}

static void try_remove(struct client *c, int32_t xid)
{
    client_request(c, xid, ZK_OP_TRY_REMOVE, &jute_delete_request, &(struct zk_delete_request){SLICE_LITERAL("/none"), -1});
}

/* The process of a server ends and one of this version starts. */
static void upgrade(uint32_t id)
{
    older &= ~(1u << id);
    group_restart(&g, id);
    group_pass(&g, 100);
    group_heal(&g, id);
    group_pass(&g, 1000);
}

TEST(replica_settings, in_a_rolling_upgrade_no_older_server_is_sent_what_it_cannot_read)
{
    struct client c;

    begin();
    for (uint32_t i = 0; i < 3; i++)
        g.settings[i].config = SLICE_LITERAL("lines");
    older = ~0u;
    newer_sent = 0;
    group_init(&g, 3);
    g.lost = as_if_older;
    uint32_t leader = group_leader(&g), first = leader % 3 + 1, second = first % 3 + 1;
    REQUIRE(leader != 0);
    older &= ~(1u << leader);
    client_open(&a, &g, leader);
    client_open(&b, &g, leader);
    client_open(&c, &g, first);
    REQUIRE(client_connect(&a, 40000) && client_connect(&b, 40000) && client_connect(&c, 40000));
    try_remove(&c, 1);
    try_remove(&a, 1); /* it waits, and what its session asks for behind it; nobody else does */
    client_set(&a, 2, "/", "a", -1);
    client_set(&b, 1, "/", "b", -1);
    group_pass(&g, 200);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK_EQ_STR(client_replies(&b), "1:0");
    CHECK_EQ_STR(client_replies(&c), "");
    client_deinit(&c);
    upgrade(first);
    client_set(&b, 2, "/", "b", -1);
    group_pass(&g, 200);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK_EQ_STR(client_replies(&b), "2:0");
    CHECK_EQ_INT(settings_entries(leader), 0);
    CHECK_EQ_INT(newer_sent, 0);
    upgrade(second);
    client_set(&b, 3, "/", "b", -1);
    group_pass(&g, 200);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0");
    CHECK_EQ_STR(client_replies(&b), "3:0");
    CHECK_EQ_INT(settings_entries(leader), 1);
    CHECK(all_go_by(&g.settings[leader - 1], 0));
    CHECK_EQ_INT(newer_sent, 0);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
    g = (struct group){0};
}

/* Nothing else is written meanwhile: that all can read it is reason enough to go on. */
TEST(replica_settings, what_waited_for_an_older_server_leaves_by_itself)
{
    begin();
    older = ~0u;
    group_init(&g, 3);
    g.lost = as_if_older;
    uint32_t leader = group_leader(&g);
    REQUIRE(leader != 0);
    client_open(&a, &g, leader);
    client_open(&b, &g, leader % 3 + 1);
    REQUIRE(client_connect(&a, 40000) && client_connect(&b, 40000));
    try_remove(&a, 1);
    try_remove(&b, 1);
    group_pass(&g, 500);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK_EQ_STR(client_replies(&b), "");
    older = 0;
    group_pass(&g, 500);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    CHECK_EQ_STR(client_replies(&b), "1:0");
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
    g = (struct group){0};
}

TEST(replica_settings, what_met_a_limit_is_in_the_figures)
{
    struct replica_stats stats;
    struct slice space;
    uint64_t count;
    uint32_t at = 0;

    begin();
    g.settings[0].enforce_quota = true;
    group_init(&g, 1);
    REQUIRE(group_leader(&g) == 1);
    make_quota(1);
    replica_stats(g.member[0].r, &stats);
    CHECK(stats.quota_refused == 0 && stats.quota_passed == 0);
    client_create(&a, 5, "/q/1", "", 0);
    client_create(&a, 6, "/q/2", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "5:-125 6:-125");
    replica_stats(g.member[0].r, &stats);
    CHECK_EQ_INT(stats.quota_refused, 2);
    CHECK(stats.quota_last.hard && stats.quota_last.kind == QUOTA_COUNT && stats.quota_last.value == 2);
    CHECK_EQ_STR((const char *)stats.quota_last.path.data, "/q");
    CHECK(replica_refusals_next(g.member[0].r, &at, &space, &count));
    CHECK(slice_equal(space, SLICE_LITERAL("q")) && count == 2 && !replica_refusals_next(g.member[0].r, &at, &space, &count));
    client_set(&a, 7, "/zookeeper/quota/q/zookeeper_limits", "bytes=3", -1);
    client_create(&a, 8, "/q/1", "1234", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "7:0 8:0");
    replica_stats(g.member[0].r, &stats);
    CHECK(stats.quota_refused == 2 && stats.quota_passed == 1);
    CHECK(!stats.quota_last.hard && stats.quota_last.kind == QUOTA_BYTES && stats.quota_last.limit == 3);
    client_deinit(&a);
    g.settings[0].enforce_quota = false;
    group_deinit(&g);
}

TEST(replica_settings, refusals_of_so_many_names_are_told_apart)
{
    struct slice space;
    uint64_t count, all = 0;
    uint32_t at = 0, names = 0;
    char path[64];

    begin();
    g.settings[0].enforce_quota = true;
    group_init(&g, 1);
    REQUIRE(group_leader(&g) == 1);
    client_open(&a, &g, 1);
    REQUIRE(client_connect(&a, 20000));
    for (int i = 0; i <= REPLICA_REFUSALS; i++) {
        snprintf(path, sizeof(path), "/zookeeper/quota/q%d", i);
        client_create(&a, 1, path, "", 0);
        snprintf(path, sizeof(path), "/zookeeper/quota/q%d/deep", i);
        client_create(&a, 2, path, "", 0);
        snprintf(path, sizeof(path), "/zookeeper/quota/q%d/deep/zookeeper_limits", i);
        client_create(&a, 3, path, "countHardLimit=0", 0);
        snprintf(path, sizeof(path), "/zookeeper/quota/q%d/deep/zookeeper_stats", i);
        client_create(&a, 4, path, "", 0);
        snprintf(path, sizeof(path), "/q%d", i);
        client_create(&a, 5, path, "", 0);
        snprintf(path, sizeof(path), "/q%d/deep", i);
        client_create(&a, 6, path, "", 0);
        group_settle(&g);
        CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0 5:0 6:-125");
    }
    for (; replica_refusals_next(g.member[0].r, &at, &space, &count); names++)
        all += count;
    CHECK(names == REPLICA_REFUSALS && all == REPLICA_REFUSALS, "%u names, %u refusals", names, (unsigned)all);
    client_deinit(&a);
    g.settings[0].enforce_quota = false;
    group_deinit(&g);
}
