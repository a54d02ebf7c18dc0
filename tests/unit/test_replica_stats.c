/* test_replica_stats.c - the figures that a replica counts: how times spread, and what becomes of connections. */
#include "lib/runner.h"
#include "replica_fixture.h"

#include "replica/internal.h"

#include <string.h>

TEST(replica_stats, a_quantile_is_true_or_an_eighth_too_high)
{
    static const uint64_t values[] = {0, 1, 7, 15, 16, 17, 18, 31, 32, 33, 100, 999, 1000, 4095, 4096, 65535, 300000, 500000};

    for (size_t i = 0; i < COUNT(values); i++) {
        struct replica_spread s = {0};
        uint64_t told;

        spread_add(&s, values[i]);
        CHECK_EQ_INT(replica_quantile(&s, 500), values[i]); /* alone it is the greatest too */
        spread_add(&s, UINT64_C(1) << 40);
        told = replica_quantile(&s, 500);
        CHECK(told >= values[i] && told <= values[i] + values[i] / 8, "%llu: %llu", (unsigned long long)values[i],
              (unsigned long long)told);
        CHECK_EQ_INT(replica_quantile(&s, 501), UINT64_C(1) << 40);
    }
}

TEST(replica_stats, quantiles_rise_with_the_rank)
{
    struct replica_spread s = {0};

    CHECK_EQ_INT(replica_quantile(&s, 999), 0);
    for (uint64_t ms = 1; ms <= 1000; ms++)
        spread_add(&s, ms);
    CHECK(replica_quantile(&s, 500) >= 500 && replica_quantile(&s, 500) <= 562);
    CHECK(replica_quantile(&s, 950) >= 950 && replica_quantile(&s, 999) <= 1000);
    CHECK_EQ_INT(replica_quantile(&s, 1000), 1000);
    CHECK_EQ_INT(replica_quantile(&s, 1), 1);
    CHECK_EQ_INT(s.all.count, 1000);
    CHECK_EQ_INT(s.all.total, 500500);
    CHECK_EQ_INT(s.all.min, 1);
}

TEST(replica_stats, the_fate_of_connections_is_counted)
{
    struct group g = {0};
    struct client c, again, late, deaf;
    struct replica_stats s;
    struct zk_auth_packet wrong = {0, SLICE_LITERAL("none"), SLICE_LITERAL("x")};

    group_init(&g, 1);
    CHECK_EQ_INT(group_leader(&g), 1);
    client_open(&c, &g, 1);
    CHECK(client_connect(&c, 10000));
    client_create(&c, 1, "/a", "x", 0);
    client_get(&c, 2, "/a", true);
    client_set(&c, 3, "/a", "y", -1);
    group_settle(&g);
    replica_stats(g.member[0].r, &s);
    CHECK_EQ_INT(s.watches_of[2].count, 1);
    CHECK_EQ_INT(s.watches_of[2].max, 1);
    CHECK_EQ_INT(s.write_latency->all.count, 2);
    CHECK_EQ_INT(s.propagation->all.count, 2);
    CHECK_EQ_INT(s.unavailable.count, 1); /* until it had formed */
    CHECK(s.proposal_sizes.min > 0 && s.proposal_sizes.max >= s.proposal_sizes.last);
    CHECK_EQ_INT(s.reply_sizes.last, 16 + ZK_STAT_BYTES); /* of setData */
    CHECK_EQ_INT(s.revalidated + s.dropped + s.auth_failed + s.sessionless_expired, 0);

    client_open(&again, &g, 1);
    CHECK(client_resume(&again, &c, 0)); /* the replica closes the older one: its client did not leave it */
    replica_stats(g.member[0].r, &s);
    CHECK_EQ_INT(s.revalidated, 1);
    CHECK_EQ_INT(s.dropped, 0);
    client_deinit(&c);
    client_deinit(&again); /* without closeSession */
    client_open(&late, &g, 1);
    group_pass(&g, 21000);
    client_open(&deaf, &g, 1);
    CHECK(client_connect(&deaf, 10000));
    client_request(&deaf, ZK_XID_AUTH, ZK_OP_AUTH, &jute_auth_packet, &wrong);
    group_settle(&g);
    replica_stats(g.member[0].r, &s);
    CHECK_EQ_INT(s.sessionless_expired, 1);
    CHECK_EQ_INT(s.auth_failed, 1);
    CHECK_EQ_INT(s.dropped, 1);
    replica_reset_stats(g.member[0].r);
    replica_stats(g.member[0].r, &s);
    CHECK_EQ_INT(s.sessionless_expired + s.auth_failed + s.dropped + s.revalidated + s.watches_of[2].count, 0);
    CHECK_EQ_INT(s.reply_sizes.max, -1);
    CHECK_EQ_INT(s.write_latency->all.count + s.propagation->all.count + s.unavailable.count, 0);
    client_deinit(&late);
    client_deinit(&deaf);
    group_deinit(&g);
}
