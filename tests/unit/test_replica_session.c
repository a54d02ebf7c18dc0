/* test_replica_session.c - sessions through servers' doors: they begin, move, expire and end, and strangers do them no harm. */
#include "unit/replica_fixture.h"

#include "lib/runner.h"
#include "wire/jute.h"

static struct group g;
static struct client a, b;

TEST(replica_session, session_id_names_its_origin)
{
    group_begin(&g, 3);
    for (uint32_t id = 1; id <= 3; id++) {
        client_open(&a, &g, id);
        CHECK(client_connect(&a, 10000));
        CHECK_EQ_INT(a.session >> 56, id);
        client_deinit(&a);
    }
    group_deinit(&g);
}

TEST(replica_session, close_removes_ephemerals_and_closes_behind_the_reply)
{
    group_begin(&g, 3);
    client_open(&a, &g, 1);
    client_open(&b, &g, 2);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_create(&a, 1, "/e", "", ZK_EPHEMERAL);
    group_settle(&g);
    client_get(&b, 1, "/e", true);
    client_plain(&a, 2, ZK_OP_CLOSE_SESSION);
    client_create(&a, 3, "/never", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0");
    CHECK(client_closed(&a));
    CHECK_EQ_STR(client_replies(&b), "1:0 event:2:/e");
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_session, late_session_expires_once_and_a_pinging_one_does_not)
{
    group_begin(&g, 3);
    client_open(&a, &g, 1);
    client_open(&b, &g, 2);
    CHECK(client_connect(&a, 4000) && client_connect(&b, 4000));
    client_create(&a, 1, "/e", "", ZK_EPHEMERAL);
    for (int i = 0; i < 6; i++) {
        group_pass(&g, 1000);
        client_plain(&b, ZK_XID_PING, ZK_OP_PING);
    }
    CHECK(client_closed(&a));
    CHECK(!client_closed(&b));
    client_replies(&b);
    client_get(&b, 1, "/e", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:-101");
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_session, session_moves_and_its_old_connection_closes)
{
    group_begin(&g, 3);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_open(&b, &g, 2);
    CHECK(client_resume(&b, &a, 0));
    CHECK(b.session == a.session);
    CHECK(client_closed(&a));
    client_create(&b, 1, "/x", "v", ZK_EPHEMERAL);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0");
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_session, wrong_password_and_unknown_session_are_told_expired)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    a.password[3] ^= 1;
    client_open(&b, &g, 1);
    CHECK(!client_resume(&b, &a, 0));
    CHECK(client_closed(&b));
    CHECK(!client_closed(&a)); /* a stranger does not cut a session's connection */
    client_deinit(&b);
    a.session = 12345;
    client_open(&b, &g, 1);
    CHECK(!client_resume(&b, &a, 0));
    CHECK(client_closed(&b));
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_session, server_behind_the_client_turns_it_away_without_a_word)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_open(&b, &g, 1);
    CHECK(!client_resume(&b, &a, INT64_C(99) << 32));
    CHECK(!client_closed(&b)); /* it might catch up */
    group_pass(&g, 1000);
    CHECK(client_closed(&b));
    CHECK_EQ_INT(buf_size(&b.in), 0);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_session, what_is_kept_of_a_session_goes_with_it)
{
    struct replica_stats stats;
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = group_other(&g, leader);
    for (int i = 0; i < 20; i++) {
        client_open(&a, &g, i % 2 ? leader : follower);
        CHECK(client_connect(&a, 10000));
        client_plain(&a, ZK_XID_PING, ZK_OP_PING);
        client_plain(&a, 1, ZK_OP_CLOSE_SESSION);
        group_settle(&g);
        CHECK(client_closed(&a));
        client_open(&b, &g, follower); /* a session that is no more */
        CHECK(!client_resume(&b, &a, 0));
        client_deinit(&a);
        client_deinit(&b);
        group_pass(&g, 100); /* reports of who was heard come behind the end */
    }
    replica_stats(g.member[leader - 1].r, &stats);
    CHECK_EQ_INT(stats.sessions_heard, 0);
    group_deinit(&g);
}

TEST(replica_session, a_server_that_stood_still_judges_nobody_late_for_it)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 4000));
    group_pass(&g, 500);
    g.now_ms += 30000; /* stopped; what the client sent meanwhile comes in only now, and not all in the first turn */
    group_settle(&g);
    group_pass(&g, 200);
    CHECK(!client_closed(&a));
    client_plain(&a, ZK_XID_PING, ZK_OP_PING);
    group_pass(&g, 3000);
    CHECK(!client_closed(&a));
    group_pass(&g, 2000);
    CHECK(client_closed(&a)); /* this time it was the client */
    client_deinit(&a);
    group_deinit(&g);
}

/* One that is shorter than the time between two looks at the sessions makes no look a late one. */
TEST(replica_session, sessions_expire_however_short_the_election_time_out)
{
    g.election_min_ms = 30;
    group_begin(&g, 3);
    client_open(&a, &g, group_leader(&g));
    CHECK(client_connect(&a, 4000));
    group_pass(&g, 5000);
    CHECK(client_closed(&a));
    client_deinit(&a);
    group_deinit(&g);
    g.election_min_ms = 0;
}

TEST(replica_session, a_wrong_password_keeps_no_session_alive)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 4000));
    a.password[0] ^= 1;
    for (int i = 0; i < 5; i++) {
        client_open(&b, &g, 1);
        CHECK(!client_resume(&b, &a, 0));
        client_deinit(&b);
        group_pass(&g, 1000);
    }
    CHECK(client_closed(&a));
    client_deinit(&a);
    group_deinit(&g);
}

/* The optional byte that newer clients send, and get back: this is no read-only server. */
TEST(replica_session, connect_response_has_the_read_only_byte_if_the_request_has)
{
    static const uint8_t no_password[16];
    group_begin(&g, 1);
    for (size_t more = 0; more < 2; more++) {
        struct buf frame = {0};
        jute_append(&frame, &jute_connect_request,
                    &(struct zk_connect_request){.timeout = 10000, .password = slice_make(no_password, 16)});
        buf_append(&frame, "", more);
        client_open(&a, &g, 1);
        client_frame(&a, buf_bytes(&frame), buf_size(&frame));
        group_settle(&g);
        const struct buf *output = &replica_conn_io(g.member[0].r, a.conn)->output;
        CHECK_EQ_INT(buf_size(output), 4 + 4 + 4 + 8 + 4 + 16 + more);
        CHECK_EQ_INT(buf_bytes(output)[3], buf_size(output) - 4);
        CHECK(more == 0 || buf_bytes(output)[buf_size(output) - 1] == 0);
        buf_deinit(&frame);
        client_deinit(&a);
    }
    group_deinit(&g);
}
