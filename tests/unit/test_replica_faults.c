/* test_replica_faults.c - servers that are lost, emptied, stopped or wrong, and disks that stand still: clients of the others
 * lose nothing. */
#include "unit/replica_fixture.h"

#include "lib/runner.h"

static struct group g;
static struct client a, b;

TEST(replica_faults, leader_lost_is_no_error_for_clients_of_the_others_and_nothing_is_done_twice)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = group_other(&g, leader);
    client_open(&a, &g, follower);
    CHECK(client_connect(&a, 20000));
    client_create(&a, 1, "/x", "", 0);
    for (int32_t i = 0; i < 30; i++) {
        client_set(&a, 2 + i, "/x", "v", i); /* conditional: a second application would fail the next one */
        if (i == 15)
            group_cut(&g, leader);
    }
    group_pass(&g, 5000);
    struct reply reply;
    for (int32_t xid = 1; xid <= 31; xid++)
        CHECK(client_reply(&a, &reply) && reply.xid == xid && reply.err == 0, "xid %d", xid);
    CHECK(!client_closed(&a));
    group_heal(&g, leader);
    group_pass(&g, 3000);
    CHECK_EQ_INT(state_zxid(replica_state(g.member[0].r)), state_zxid(replica_state(g.member[1].r)));
    CHECK(state_digest(replica_state(g.member[0].r)) == state_digest(replica_state(g.member[1].r)));
    CHECK(state_digest(replica_state(g.member[0].r)) == state_digest(replica_state(g.member[2].r)));
    client_deinit(&a);
    group_deinit(&g);
}

/* C9: until a quorum has promised it the next epoch is nobody's, and a heartbeat of it would make others follow (I5). */
TEST(replica_faults, rolling_over_says_nothing_of_an_epoch_that_is_not_won)
{
    g.snap_count = 0;
    g.counter_max = 6;
    group_init(&g, 3);
    uint32_t leader = group_leader(&g);
    REQUIRE(leader != 0);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 10000));
    for (int32_t xid = 1; xid <= 30; xid++)
        client_create(&a, xid, "/x", "v", 0);
    group_pass(&g, 500);
    struct reply reply;
    int32_t last = 0;
    while (client_reply(&a, &reply))
        last = reply.xid;
    CHECK_EQ_INT(last, 30);
    CHECK(replica_paxos(g.member[leader - 1].r)->epoch >= 5);
    CHECK_EQ_INT(group_leader(&g), leader);
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_faults, an_emptied_server_serves_and_is_never_counted)
{
    struct replica_stats stats;
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), emptied = group_other(&g, leader);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 20000));
    client_create(&a, 1, "/x", "v", 0);
    group_settle(&g);
    group_cut(&g, emptied);
    group_wipe(&g, emptied);
    group_heal(&g, emptied);
    group_pass(&g, 1000);
    CHECK_EQ_INT(group_leader(&g), leader);
    replica_stats(g.member[emptied - 1].r, &stats);
    CHECK(!stats.voter && stats.serving);
    client_open(&b, &g, emptied); /* an origin of writes, and of syncs */
    CHECK(client_connect(&b, 20000));
    client_set(&b, 1, "/x", "w", 0);
    client_path(&b, 2, ZK_OP_SYNC, "/x");
    client_get(&b, 3, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    CHECK_EQ_STR(client_replies(&b), "1:0 2:0 3:0");
    CHECK(state_digest(replica_state(g.member[emptied - 1].r)) == state_digest(replica_state(g.member[leader - 1].r)));

    uint32_t third = 6 - leader - emptied;
    group_cut(&g, third); /* the leader and the emptied one are no quorum */
    client_set(&a, 2, "/x", "y", -1);
    group_pass(&g, 3000);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK_EQ_INT(group_leader(&g), 0);
    group_heal(&g, third);
    CHECK(group_leader(&g) != 0);
    group_pass(&g, 3000);
    uint64_t zxid = state_zxid(replica_state(g.member[0].r));
    CHECK(state_zxid(replica_state(g.member[1].r)) == zxid && state_zxid(replica_state(g.member[2].r)) == zxid);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_faults, what_waits_for_a_stopped_server_has_a_bound)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g);
    g.stuck = group_other(&g, leader);
    for (int i = 0; i < 25000; i++) {
        g.now_ms += 50;
        group_settle(&g);
    }
    const struct replica_peer_output *out = replica_peer_output(g.member[leader - 1].r, g.stuck);
    CHECK(buf_size(&out->urgent) <= REPLICA_PEER_URGENT_BYTES + 200, "%zu", buf_size(&out->urgent));
    CHECK(buf_size(&out->bulk) <= 2 * REPLICA_PEER_WINDOW_BYTES + 200, "%zu", buf_size(&out->bulk));
    CHECK(buf_size(&out->urgent) > REPLICA_PEER_URGENT_BYTES / 2); /* it did come to that */
    g.stuck = 0;
    group_pass(&g, 5000);
    CHECK_EQ_INT(state_zxid(replica_state(g.member[0].r)), state_zxid(replica_state(g.member[1].r)));
    CHECK_EQ_INT(state_zxid(replica_state(g.member[0].r)), state_zxid(replica_state(g.member[2].r)));
    group_deinit(&g);
}

TEST(replica_faults, a_disk_that_stands_still_lets_nothing_pile_up)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    group_pass(&g, 100);
    g.hold_persists = true;
    client_create(&a, 1, "/x", "v", 0);
    group_pass(&g, 10000);
    for (uint32_t id = 1; id <= 3; id++)
        CHECK(replica_held_messages(g.member[id - 1].r) < 10, "%u", replica_held_messages(g.member[id - 1].r));
    group_release(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    client_deinit(&a);
    group_deinit(&g);
}

static uint32_t wrong; /* the server whose digests differ from all others' */

static bool speaks_wrong(struct peer_msg *m)
{
    if (m->type == PEER_HEARTBEAT && (m->from == wrong || m->to == wrong))
        m->heartbeat.digest ^= 1;
    if (m->type == PEER_HEARTBEAT_ACK && (m->from == wrong || m->to == wrong))
        m->heartbeat_ack.digest ^= 1;
    return false;
}

static bool given_up(uint32_t id)
{
    return replica_failed(g.member[id - 1].r) != NULL;
}

TEST(replica_faults, who_differs_from_the_others_stops_and_nobody_else)
{
    for (int leads = 0; leads < 2; leads++) {
        group_begin(&g, 3);
        uint32_t leader = group_leader(&g);
        client_open(&a, &g, leader);
        CHECK(client_connect(&a, 20000));
        client_create(&a, 1, "/x", "v", 0);
        group_pass(&g, 200);
        wrong = leads ? leader : group_other(&g, leader);
        g.lost = speaks_wrong;
        g.may_fail = true;
        for (int i = 0; i < 20 && !given_up(wrong); i++)
            group_pass(&g, 50);
        CHECK(given_up(wrong), "leads=%d", leads);
        group_cut(&g, wrong); /* its process ends */
        group_pass(&g, 3000);
        bool led = false;
        for (uint32_t id = 1; id <= 3; id++) {
            struct replica_stats stats;
            replica_stats(g.member[id - 1].r, &stats);
            CHECK(given_up(id) == (id == wrong), "leads=%d id=%u", leads, id);
            led = led || (id != wrong && stats.established);
        }
        CHECK(led);
        client_deinit(&a);
        group_deinit(&g);
    }
}
