/* test_replica.c - one server's brain, alone and in groups of three: sessions, order, watches, exactly once, barriers. */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"
#include "wire/jute.h"

#include <string.h>

static struct group g;
static struct client a, b;

static uint32_t other_than(uint32_t id)
{
    return id % g.count + 1;
}

TEST(replica, lone_server_forms_and_serves)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "v", 0);
    client_get(&a, 2, "/x", false);
    group_settle(&g);
    struct reply reply;
    CHECK(client_reply(&a, &reply) && reply.xid == 1 && reply.err == 0);
    CHECK(client_reply(&a, &reply) && reply.xid == 2 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data, 5, "\0\0\0\1v", 5);
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica, session_id_names_its_origin)
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

TEST(replica, writes_through_a_follower_are_read_everywhere)
{
    group_begin(&g, 3);
    client_open(&a, &g, other_than(group_leader(&g)));
    CHECK(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "v", 0);
    client_set(&a, 2, "/x", "w", 0);
    client_set(&a, 3, "/x", "w", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:-103");
    for (uint32_t id = 1; id <= 3; id++) {
        client_open(&b, &g, id);
        CHECK(client_connect(&b, 10000));
        client_get(&b, 1, "/x", false);
        group_settle(&g);
        CHECK_EQ_STR(client_replies(&b), "1:0", "server %u", id);
        client_deinit(&b);
    }
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica, pipelined_reads_and_writes_take_effect_in_order)
{
    group_begin(&g, 3);
    client_open(&a, &g, other_than(group_leader(&g)));
    CHECK(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "0", 0);
    for (int32_t i = 1; i <= 20; i++) {
        char text[2] = {(char)('A' + i), 0};
        client_set(&a, 2 * i, "/x", text, i - 1);
        client_get(&a, 2 * i + 1, "/x", false);
    }
    group_settle(&g);
    struct reply reply;
    CHECK(client_reply(&a, &reply) && reply.xid == 1 && reply.err == 0);
    for (int32_t i = 1; i <= 20; i++) {
        CHECK(client_reply(&a, &reply) && reply.xid == 2 * i && reply.err == 0);
        CHECK(client_reply(&a, &reply) && reply.xid == 2 * i + 1 && reply.err == 0);
        CHECK_EQ_INT(reply.record.data[4], 'A' + i); /* each read sees the write before it and not the one behind it */
    }
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica, event_precedes_the_reply_that_shows_the_change)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "v", 0);
    client_get(&a, 2, "/x", true);
    client_set(&a, 3, "/x", "w", -1);
    client_set(&a, 4, "/x", "w", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 event:3:/x 3:0 4:0");
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica, get_ephemerals_is_of_the_session_that_asks)
{
    struct reply reply;
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_create(&a, 1, "/e", "", ZK_EPHEMERAL);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    client_path(&a, 2, ZK_OP_GET_EPHEMERALS, "/");
    client_path(&b, 1, ZK_OP_GET_EPHEMERALS, "/");
    client_path(&b, 2, ZK_OP_GET_ALL_CHILDREN_NUMBER, "/");
    group_settle(&g);
    REQUIRE(client_reply(&a, &reply) && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data, reply.record.size, "\0\0\0\1\0\0\0\2/e", 10);
    REQUIRE(client_reply(&b, &reply) && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data, reply.record.size, "\0\0\0\0", 4);
    REQUIRE(client_reply(&b, &reply) && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data, reply.record.size, "\0\0\0\4", 4);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica, close_removes_ephemerals_and_closes_behind_the_reply)
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

TEST(replica, late_session_expires_once_and_a_pinging_one_does_not)
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

TEST(replica, session_moves_and_its_old_connection_closes)
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

TEST(replica, wrong_password_and_unknown_session_are_told_expired)
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

TEST(replica, server_behind_the_client_turns_it_away_without_a_word)
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

TEST(replica, sync_waits_for_a_quorum_and_reads_behind_it_are_fresh)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = other_than(leader);
    client_open(&a, &g, leader);
    client_open(&b, &g, follower);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_create(&a, 1, "/x", "v", 0);
    client_path(&b, 1, ZK_OP_SYNC, "/x");
    client_get(&b, 2, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0 2:0");
    group_cut(&g, leader);
    client_path(&a, 2, ZK_OP_SYNC, "/x");
    group_pass(&g, 3000);
    CHECK_EQ_STR(client_replies(&a), "1:0"); /* deposed: it must never answer */
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica, leader_lost_is_no_error_for_clients_of_the_others_and_nothing_is_done_twice)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = other_than(leader);
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

TEST(replica, nothing_is_acknowledged_before_it_is_durable)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    g.hold_persists = true;
    client_create(&a, 1, "/x", "v", 0);
    group_pass(&g, 100);
    CHECK_EQ_STR(client_replies(&a), "");
    group_release(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    client_deinit(&a);
    group_deinit(&g);
}

/* Cuts a server off and writes so much that it needs a snapshot. */
static void leave_behind(uint32_t leader, uint32_t away)
{
    group_cut(&g, away);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 10000));
    for (int32_t i = 0; i < 100; i++) {
        char path[16];
        path[0] = '/';
        path[1] = (char)('a' + i / 10);
        path[2] = (char)('0' + i % 10);
        path[3] = '\0';
        client_create(&a, i + 1, path, "value", 0);
        group_settle(&g);
    }
    group_pass(&g, 1000);
    client_replies(&a);
}

TEST(replica, snapshot_that_found_no_space_is_not_tried_again_at_once)
{
    g.snap_count = 5;
    group_init(&g, 1);
    REQUIRE(group_leader(&g) == 1);
    g.member[0].log.full_count = 2;
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    for (int32_t i = 0; i < 30; i++) {
        client_create(&a, i + 1, "/s", "v", ZK_PERSISTENT_SEQUENTIAL);
        group_settle(&g);
    }
    CHECK_EQ_INT(g.member[0].log.refused, 1);
    group_pass(&g, 11000);
    CHECK_EQ_INT(g.member[0].log.refused, 2);
    group_pass(&g, 11000);
    CHECK(g.member[0].log.image_zxid > 0); /* space came */
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica, server_away_for_long_gets_a_snapshot)
{
    g.snap_count = 20;
    group_init(&g, 3);
    uint32_t leader = group_leader(&g), away = other_than(leader);
    leave_behind(leader, away);
    group_heal(&g, away);
    group_pass(&g, 5000);
    struct replica_stats stats;
    replica_stats(g.member[away - 1].r, &stats);
    CHECK_EQ_INT(stats.snapshots_received, 1);
    CHECK(state_digest(replica_state(g.member[away - 1].r)) == state_digest(replica_state(g.member[leader - 1].r)));
    client_deinit(&a);
    group_deinit(&g);
}

static uint32_t words_lost;

static bool first_last_word(struct peer_msg *m)
{
    return m->type == PEER_SNAPSHOT_ACK && m->snapshot_ack.refused == 2 && words_lost++ == 0; /* that it is installed */
}

TEST(replica, a_lost_last_word_of_a_snapshot_is_said_again)
{
    g.snap_count = 20;
    group_init(&g, 3);
    uint32_t leader = group_leader(&g), away = other_than(leader);
    leave_behind(leader, away);
    words_lost = 0;
    g.lost = first_last_word;
    group_heal(&g, away);
    group_pass(&g, 1000);
    client_set(&a, 500, "/a0", "v", -1);
    group_pass(&g, 2000);
    CHECK(words_lost >= 2);
    CHECK_EQ_INT(state_zxid(replica_state(g.member[away - 1].r)), state_zxid(replica_state(g.member[leader - 1].r)));
    g.lost = NULL;
    client_deinit(&a);
    group_deinit(&g);
}

/* A path of so many bytes that few of its events fill an output. */
static const char *long_path(char letter)
{
    static char path[500001];
    memset(path, letter, sizeof(path) - 1);
    path[0] = '/';
    return path;
}

static void exists_watch(struct client *c, int32_t xid, const char *path)
{
    struct buf frame = {0};
    jute_append(&frame, &jute_request_header, &(struct zk_request_header){xid, ZK_OP_EXISTS});
    jute_append(&frame, &jute_path_watch_request, &(struct zk_path_watch_request){slice_from_text(path), true});
    client_frame(c, buf_bytes(&frame), buf_size(&frame));
    buf_deinit(&frame);
}

static size_t output_of(const struct client *c)
{
    return buf_size(&replica_conn_io(g.member[c->server - 1].r, c->conn)->output);
}

TEST(replica, who_reads_no_events_is_closed_and_others_get_theirs)
{
    struct client writer;
    struct reply reply;
    int32_t xid = 0;
    group_begin(&g, 1);
    client_open(&writer, &g, 1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&writer, 10000) && client_connect(&a, 10000) && client_connect(&b, 10000));
    for (int i = 0; i < 140; i++) { /* all watches first: a full output holds requests back */
        char *path = (char *)(uintptr_t)long_path('x');
        path[1] = (char)('a' + i / 12);
        path[2] = (char)('a' + i % 12);
        exists_watch(&a, i + 1, path);
    }
    client_request(&a, 141, ZK_OP_ADD_WATCH, &jute_add_watch_request,
                   &(struct zk_add_watch_request){SLICE_LITERAL("/"), ZK_ADD_WATCH_PERSISTENT}); /* a second event for each */
    exists_watch(&b, 1, long_path('y'));
    client_replies(&b);
    for (int i = 0; i < 140 && !client_closed(&a); i++) {
        char *path = (char *)(uintptr_t)long_path('x');
        path[1] = (char)('a' + i / 12);
        path[2] = (char)('a' + i % 12);
        exists_watch(&b, 2, path); /* behind a's in the same firing */
        client_replies(&b);
        client_create(&writer, ++xid, path, "", 0);
        group_settle(&g);
        CHECK(client_reply(&writer, &reply) && reply.err == 0);
        CHECK(client_reply(&b, &reply) && reply.xid == ZK_XID_NOTIFICATION && reply.record.size == 12 + 500000);
        CHECK(reply.record.data[12 + 1] == path[1] && reply.record.data[12 + 2] == path[2]);
    }
    CHECK(client_closed(&a));
    CHECK(output_of(&a) > REPLICA_OUTPUT_EVENTS_BYTES);
    CHECK(!client_closed(&b));
    client_deinit(&writer);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

static const uint8_t no_read[] = {0, 0, 0, 30, 0, 0, 0, 5, 'w', 'o', 'r', 'l', 'd', 0, 0, 0, 6, 'a', 'n', 'y', 'o', 'n', 'e'};

TEST(replica, who_may_not_read_a_node_hears_nothing_of_it)
{
    struct buf frame = {0};
    uint8_t hidden[] = {0, 0, 0, 2, '/', 'h'};
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    exists_watch(&a, 1, "/h");
    exists_watch(&a, 2, "/i");
    struct zk_create_request c = {.path = slice_from_text("/h"), .acl = {1, slice_make(no_read, sizeof(no_read))}};
    jute_append(&frame, &jute_request_header, &(struct zk_request_header){1, ZK_OP_CREATE});
    jute_append(&frame, &jute_create_request, &c);
    client_frame(&b, buf_bytes(&frame), buf_size(&frame));
    client_create(&b, 2, "/i", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0 2:0");
    CHECK_EQ_STR(client_replies(&a), "1:-101 2:-101 event:1:/i");
    struct jute_vector list = {1, slice_make(hidden, sizeof(hidden))};
    struct zk_set_watches_request m = {.data = list, .exist = list, .child = list};
    buf_clear(&frame);
    jute_append(&frame, &jute_request_header, &(struct zk_request_header){ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES});
    jute_append(&frame, &jute_set_watches_request, &m);
    client_frame(&a, buf_bytes(&frame), buf_size(&frame));
    client_set(&b, 3, "/h", "x", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "3:0");
    CHECK_EQ_STR(client_replies(&a), "-8:0");
    buf_deinit(&frame);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica, what_is_kept_of_a_session_goes_with_it)
{
    struct replica_stats stats;
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = other_than(leader);
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

TEST(replica, a_server_that_stood_still_judges_nobody_late_for_it)
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
TEST(replica, sessions_expire_however_short_the_election_time_out)
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

TEST(replica, a_wrong_password_keeps_no_session_alive)
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

static bool forwards_and_syncs(struct peer_msg *m)
{
    return m->type == PEER_FORWARD || m->type == PEER_SYNC;
}

TEST(replica, what_was_lost_with_a_link_is_sent_again_as_soon_as_it_is_back)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = other_than(leader);
    client_open(&a, &g, follower);
    CHECK(client_connect(&a, 10000));
    g.lost = forwards_and_syncs;
    client_create(&a, 1, "/x", "v", 0);
    client_path(&a, 2, ZK_OP_SYNC, "/x");
    group_settle(&g);
    g.lost = NULL;
    group_cut(&g, follower);
    group_heal(&g, follower);
    group_pass(&g, 150); /* the next heartbeat names the leader again */
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0");
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica, an_emptied_server_serves_and_is_never_counted)
{
    struct replica_stats stats;
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), emptied = other_than(leader);
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

TEST(replica, what_waits_for_a_stopped_server_has_a_bound)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g);
    g.stuck = other_than(leader);
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

TEST(replica, a_disk_that_stands_still_lets_nothing_pile_up)
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

static bool answers_lost(struct peer_msg *m)
{
    return m->type == PEER_HEARTBEAT_ACK;
}

/* All answers are to the round before: what was asked since is not confirmed by them. */
static bool answers_late(struct peer_msg *m)
{
    if (m->type == PEER_HEARTBEAT_ACK)
        m->heartbeat_ack.round--;
    return false;
}

TEST(replica, sync_is_confirmed_by_answers_to_its_own_round_only)
{
    group_begin(&g, 3);
    client_open(&a, &g, group_leader(&g));
    CHECK(client_connect(&a, 10000));
    group_pass(&g, 200);
    g.lost = answers_lost;
    group_pass(&g, 60); /* a round without answers: those that come now are to it, and new */
    g.lost = answers_late;
    client_path(&a, 1, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "");
    g.lost = NULL;
    group_pass(&g, 100); /* the next round comes after it, too */
    CHECK_EQ_STR(client_replies(&a), "1:0");
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica, a_server_that_ends_takes_its_connections_with_it)
{
    group_begin(&g, 3);
    client_open_from(&a, &g, group_leader(&g), "10.1.2.3");
    CHECK(client_connect(&a, 40000));
    group_deinit(&g); /* the sanitizers would see what is left */
    buf_deinit(&a.in);
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

TEST(replica, who_differs_from_the_others_stops_and_nobody_else)
{
    for (int leads = 0; leads < 2; leads++) {
        group_begin(&g, 3);
        uint32_t leader = group_leader(&g);
        client_open(&a, &g, leader);
        CHECK(client_connect(&a, 20000));
        client_create(&a, 1, "/x", "v", 0);
        group_pass(&g, 200);
        wrong = leads ? leader : other_than(leader);
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

TEST(replica, bad_frames_get_their_error_or_close_one_connection)
{
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_plain(&a, 1, ZK_OP_GET_DATA); /* no body */
    client_plain(&a, 2, ZK_OP_SASL);     /* known, not built yet */
    client_plain(&a, 5, ZK_OP_PING);     /* as ZooKeeper: answered with the xid of all pings */
    client_plain(&a, 3, 4711);
    client_plain(&a, 4, ZK_OP_PING);
    group_settle(&g);
    struct reply reply;
    CHECK(client_reply(&a, &reply) && reply.xid == 1 && reply.err == -COORD_E_MARSHALLING);
    CHECK(client_reply(&a, &reply) && reply.xid == 2 && reply.err == -COORD_E_UNIMPLEMENTED);
    CHECK(client_reply(&a, &reply) && reply.xid == ZK_XID_PING && reply.err == 0 && reply.record.size == 0);
    CHECK(client_reply(&a, &reply) && reply.xid == 3 && reply.err == -COORD_E_UNIMPLEMENTED && reply.zxid == -1);
    CHECK(!client_reply(&a, &reply));
    CHECK(client_closed(&a));
    client_frame(&b, "\0\0\0", 3);
    group_settle(&g);
    CHECK(client_closed(&b));
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

/* C9: until a quorum has promised it the next epoch is nobody's, and a heartbeat of it would make others follow (I5). */
TEST(replica, rolling_over_says_nothing_of_an_epoch_that_is_not_won)
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

/* PROTOCOL section 3: the optional byte that newer clients send, and get back: this is no read-only server. */
TEST(replica, connect_response_has_the_read_only_byte_if_the_request_has)
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
