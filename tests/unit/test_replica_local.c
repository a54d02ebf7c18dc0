/* test_replica_local.c - sessions that one server keeps to itself: no entry for them, writes that need none, and the way to
 * become one that all know. */
#include "lib/runner.h"
#include "replica_fixture.h"

#include "base/error.h"
#include "replica/internal.h"

#include <stdio.h>
#include <string.h>

static struct group g;
static struct client a, b;
static uint32_t leader, follower; /* ids; the clients are the follower's */

static void begin_group(struct group how)
{
    g = how;
    g.local_sessions = true;
    group_init(&g, 3);
    leader = group_leader(&g);
    REQUIRE(leader != 0);
    follower = group_other(&g, leader);
    group_pass(&g, 200);
    client_open(&a, &g, follower);
}

static void begin(bool upgrading)
{
    begin_group((struct group){.local_upgrading = upgrading, .read_only_after_ms = 1000});
    client_open(&b, &g, follower);
}

/* A snapshot is due every 20 entries; the second client is the leader's. */
static void begin_with_snapshots(void)
{
    begin_group((struct group){.local_upgrading = true, .snap_count = 20});
    client_open(&b, &g, leader);
}

/* The second client writes so much that who is cut off needs a snapshot. */
static void outgrow_the_log(void)
{
    for (int i = 0; i < 200; i++) {
        char path[16];
        snprintf(path, sizeof(path), "/%d", i);
        client_create(&b, i + 1, path, "x", 0);
        group_pass(&g, 5);
    }
}

static void end(void)
{
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

static struct replica *at(uint32_t id)
{
    return g.member[id - 1].r;
}

/* All servers have the same tree and sessions at the same zxid. */
static void check_equal(void)
{
    group_pass(&g, 200);
    for (uint32_t id = 1; id <= 3; id++) {
        CHECK_EQ_INT(group_stats(&g, id).applied, group_stats(&g, leader).applied);
        CHECK(group_stats(&g, id).digest == group_stats(&g, leader).digest, "server %u", id);
    }
}

/* The leader's entries do not arrive there; all else does. */
static bool entries_for_the_follower(struct peer_msg *m)
{
    return m->to == follower && m->type == PEER_ACCEPT;
}

/* A new connection of the server asks for the session of an earlier one. */
static bool resumes(uint32_t server, const struct client *earlier)
{
    struct client c;
    client_open(&c, &g, server);
    bool is = client_resume(&c, earlier, 0) && c.session == earlier->session;
    client_deinit(&c);
    return is;
}

static bool knows(uint32_t id, uint64_t session)
{
    return state_session(replica_state(at(id)), session, NULL);
}

TEST(replica_local, connecting_leaves_no_entry)
{
    begin(false);
    uint64_t before = group_stats(&g, leader).last_logged;
    REQUIRE(client_connect(&a, 10000));
    REQUIRE(client_connect(&b, 10000));
    CHECK(a.session >> 56 == follower && (a.session & SESSION_LOCAL) != 0 && a.session != b.session);
    CHECK(memcmp(a.password, b.password, 16) != 0);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 2);
    CHECK_EQ_INT(group_stats(&g, follower).state.sessions, 0);
    client_plain(&a, -2, ZK_OP_PING);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "-2:0");
    client_plain(&b, 1, ZK_OP_CLOSE_SESSION);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0");
    CHECK(client_closed(&b));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    group_pass(&g, 100);
    CHECK_EQ_INT(group_stats(&g, leader).last_logged, before);
    CHECK(!resumes(follower, &b)); /* by an entry, which finds nothing */
    end();
}

TEST(replica_local, reads_watches_and_writes_like_any)
{
    begin(false);
    REQUIRE(client_connect(&a, 10000));
    REQUIRE(client_connect(&b, 10000));
    client_create(&a, 1, "/a", "x", 0);
    client_create(&a, 2, "/a/s-", "x", ZK_PERSISTENT_SEQUENTIAL);
    client_get(&a, 3, "/a", true);
    client_path(&a, 4, ZK_OP_SYNC, "/");
    client_path(&a, 5, ZK_OP_GET_EPHEMERALS, "/");
    client_create(&a, 6, "/a", "x", 0);
    group_settle(&g);
    group_pass(&g, 100);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0 5:0 6:-110");
    client_set(&b, 1, "/a", "y", 0);
    client_delete(&b, 2, "/a/s-0000000000", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "event:3:/a");
    CHECK_EQ_STR(client_replies(&b), "1:0 2:0");
    check_equal();
    end();
}

TEST(replica_local, ephemeral_nodes_are_refused_in_their_turn)
{
    struct buf multi = {0};
    static const uint8_t open_acl[] = {0,   0, 0, ZK_PERM_ALL, 0, 0,   0,   5,   'w', 'o', 'r', 'l',
                                       'd', 0, 0, 0,           6, 'a', 'n', 'y', 'o', 'n', 'e'};
    struct zk_create_request record = {
        SLICE_LITERAL("/m"), SLICE_LITERAL(""), {1, slice_make(open_acl, sizeof(open_acl))}, ZK_PERSISTENT};
    uint8_t bytes[512];

    begin(false);
    REQUIRE(client_connect(&a, 10000));
    client_create(&a, 1, "/a", "x", 0);
    client_create(&a, 2, "/e", "x", ZK_EPHEMERAL);
    client_create(&a, 3, "bad", "x", ZK_EPHEMERAL_SEQUENTIAL);
    record.flags = ZK_EPHEMERAL;
    client_request(&a, 4, ZK_OP_CREATE2, &jute_create_request, &record);
    client_request(&a, 5, ZK_OP_CREATE_CONTAINER, &jute_create_request, &record); /* makes a container, whatever the mode */
    client_create(&a, 6, "/x", "x", 9);
    put_be32(bytes, 7);
    put_be32(bytes + 4, ZK_OP_MULTI);
    buf_append(&multi, bytes, 8);
    for (int i = 0; i < 2; i++) {
        record.path = i == 0 ? SLICE_LITERAL("/m1") : SLICE_LITERAL("/m2");
        record.flags = i == 0 ? ZK_PERSISTENT : ZK_EPHEMERAL;
        jute_append(&multi, &jute_multi_header, &(struct zk_multi_header){ZK_OP_CREATE, false, -1});
        jute_append(&multi, &jute_create_request, &record);
    }
    jute_append(&multi, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
    client_frame(&a, buf_bytes(&multi), buf_size(&multi));
    client_get(&a, 8, "/m1", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:-120 3:-120 4:-120 5:0 6:-8 7:-120 8:-101");
    buf_deinit(&multi);
    CHECK_EQ_INT(group_stats(&g, follower).state.ephemerals, 0);
    check_equal();
    end();
}

TEST(replica_local, comes_back_to_its_server_and_to_no_other)
{
    struct client wrong;
    begin(false);
    REQUIRE(client_connect(&a, 10000));
    struct client earlier = a;
    client_deinit(&a); /* without a word */
    client_open(&a, &g, follower);
    REQUIRE(client_resume(&a, &earlier, 0));
    CHECK_EQ_INT(a.session, earlier.session);
    client_open(&wrong, &g, follower);
    wrong.session = a.session;
    memset(wrong.password, 7, 16);
    CHECK(!client_resume(&wrong, &wrong, 0));
    CHECK(client_closed(&wrong));
    client_deinit(&wrong);
    CHECK(!client_closed(&a)); /* that harmed nobody */
    CHECK(!resumes(leader, &a));
    client_get(&a, 1, "/", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    CHECK(client_resume(&b, &a, 0)); /* the latest connection has it */
    CHECK(client_closed(&a));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    end();
}

TEST(replica_local, expires_by_the_clock_of_its_server)
{
    begin(false);
    uint64_t before = group_stats(&g, leader).last_logged;
    REQUIRE(client_connect(&a, 4000));
    REQUIRE(client_connect(&b, 4000));
    for (int i = 0; i < 6; i++) {
        group_pass(&g, 1000);
        client_plain(&b, -2, ZK_OP_PING);
    }
    CHECK(client_closed(&a));
    CHECK(!client_closed(&b));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    CHECK_EQ_INT(group_stats(&g, follower).expired, 1);
    CHECK_EQ_INT(group_stats(&g, leader).last_logged, before);
    CHECK(!resumes(follower, &a));
    end();
}

/* A server that stood still heard nobody: that is not the clients' fault. */
TEST(replica_local, gets_a_full_time_out_when_its_server_was_stopped)
{
    begin(false);
    REQUIRE(client_connect(&a, 4000));
    g.now_ms += 10000; /* no turn of anybody's */
    group_pass(&g, 100);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    group_pass(&g, 5000);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    end();
}

TEST(replica_local, the_next_connection_waits_for_writes_of_the_last)
{
    struct client c;
    begin(false);
    REQUIRE(client_connect(&a, 10000));
    g.hold_persists = true; /* nothing is chosen */
    client_create(&a, 1, "/late", "x", 0);
    group_settle(&g);
    client_open(&c, &g, follower);
    client_send_connect(&c, &a, 0);
    group_settle(&g);
    client_take(&c);
    CHECK(!c.answered);
    CHECK(client_closed(&a));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    group_release(&g);
    group_pass(&g, 200);
    client_take(&c);
    CHECK(c.answered && c.session == a.session);
    client_get(&c, 1, "/late", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&c), "1:0");
    client_deinit(&c);
    check_equal();
    end();
}

TEST(replica_local, a_session_with_writes_under_way_does_not_expire)
{
    begin(false);
    REQUIRE(client_connect(&a, 4000));
    g.hold_persists = true;
    client_create(&a, 1, "/late", "x", 0);
    group_settle(&g);
    client_deinit(&a);
    client_open(&a, &g, follower);
    for (int i = 0; i < 10; i++)
        group_pass(&g, 500);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    group_release(&g);
    group_pass(&g, 5000);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    end();
}

TEST(replica_local, an_ephemeral_node_makes_it_global)
{
    struct client c;
    begin(true);
    REQUIRE(client_connect(&a, 10000));
    client_create(&a, 1, "/a", "x", 0);
    client_get(&a, 2, "/a", true);
    client_create(&a, 3, "/e", "x", ZK_EPHEMERAL);
    client_create(&a, 4, "/f", "x", ZK_EPHEMERAL);
    client_path(&a, 5, ZK_OP_SYNC, "/"); /* a read behind it sees both */
    client_path(&a, 6, ZK_OP_GET_EPHEMERALS, "/");
    group_settle(&g);
    group_pass(&g, 100);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0 5:0 6:0");
    for (uint32_t id = 1; id <= 3; id++)
        CHECK(knows(id, a.session), "server %u", id);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    CHECK_EQ_INT(group_stats(&g, follower).state.ephemerals, 2);
    check_equal();
    client_open(&c, &g, leader);
    CHECK(client_resume(&c, &a, 0)); /* the same id and password are good anywhere now */
    CHECK_EQ_INT(c.session, a.session);
    CHECK(client_closed(&a));
    client_plain(&c, 1, ZK_OP_CLOSE_SESSION);
    group_settle(&g);
    group_pass(&g, 100);
    CHECK_EQ_INT(group_stats(&g, follower).state.ephemerals, 0);
    CHECK(!knows(leader, a.session));
    client_deinit(&c);
    check_equal();
    end();
}

TEST(replica_local, a_global_one_is_kept_and_expired_by_the_leader)
{
    begin(true);
    REQUIRE(client_connect(&a, 4000));
    REQUIRE(client_connect(&b, 4000));
    client_create(&a, 1, "/e", "x", ZK_EPHEMERAL);
    client_create(&b, 1, "/f", "x", ZK_EPHEMERAL);
    for (int i = 0; i < 8; i++) {
        group_pass(&g, 1000);
        client_plain(&b, -2, ZK_OP_PING);
    }
    group_settle(&g);
    CHECK(client_closed(&a));
    CHECK(!client_closed(&b));
    CHECK_EQ_INT(group_stats(&g, leader).state.ephemerals, 1);
    CHECK_EQ_INT(group_stats(&g, leader).state.sessions, 1);
    check_equal();
    end();
}

TEST(replica_local, closing_behind_an_upgrade_goes_through_the_log)
{
    begin(true);
    REQUIRE(client_connect(&a, 10000));
    client_create(&a, 1, "/e", "x", ZK_EPHEMERAL);
    client_plain(&a, 2, ZK_OP_CLOSE_SESSION);
    group_settle(&g);
    group_pass(&g, 100);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0");
    CHECK_EQ_INT(group_stats(&g, leader).state.sessions, 0);
    CHECK_EQ_INT(group_stats(&g, leader).state.ephemerals, 0);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    check_equal();
    end();
}

TEST(replica_local, comes_back_while_it_becomes_global)
{
    struct client c;
    begin(true);
    REQUIRE(client_connect(&a, 10000));
    g.hold_persists = true;
    client_create(&a, 1, "/e", "x", ZK_EPHEMERAL);
    group_settle(&g);
    client_open(&c, &g, follower);
    client_send_connect(&c, &a, 0); /* an ATTACH behind the UPGRADE */
    group_settle(&g);
    group_release(&g);
    group_pass(&g, 300);
    client_take(&c);
    CHECK(c.answered && c.session == a.session);
    CHECK(knows(leader, a.session));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    client_get(&c, 1, "/e", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&c), "1:0");
    client_deinit(&c);
    check_equal();
    end();
}

TEST(replica_local, without_a_leader_a_new_one_waits)
{
    struct client c;
    begin(false);
    uint32_t other = 6 - leader - follower;
    group_cut(&g, follower);
    group_pass(&g, 700);
    client_open(&c, &g, follower);
    client_send_connect(&c, NULL, 0);
    group_settle(&g);
    client_take(&c);
    CHECK(!c.answered);
    group_heal(&g, follower);
    group_pass(&g, 2000);
    client_take(&c);
    CHECK(c.answered && (c.session & SESSION_LOCAL) != 0);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    CHECK_EQ_INT(group_stats(&g, other).local_sessions, 0);
    client_deinit(&c);
    end();
}

TEST(replica_local, the_loss_of_a_leader_is_no_loss_of_sessions)
{
    begin(false);
    REQUIRE(client_connect(&a, 10000));
    client_create(&a, 1, "/a", "x", 0);
    group_settle(&g);
    group_cut(&g, leader);
    client_set(&a, 2, "/a", "y", 0);
    group_pass(&g, 3000);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0");
    group_heal(&g, leader);
    group_pass(&g, 1000);
    leader = group_leader(&g);
    check_equal();
    CHECK(!client_closed(&a));
    end();
}

TEST(replica_local, more_at_once_than_there_is_entropy_for)
{
    enum { MANY = 400 };
    static struct client crowd[MANY];
    begin(false);
    for (int i = 0; i < MANY; i++) {
        client_open(&crowd[i], &g, follower);
        client_send_connect(&crowd[i], NULL, 0);
    }
    group_settle(&g);
    group_pass(&g, 100);
    for (int i = 0; i < MANY; i++) {
        client_take(&crowd[i]);
        CHECK(crowd[i].answered && crowd[i].session != 0, "%d", i);
        client_deinit(&crowd[i]);
    }
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, MANY);
    end();
}

TEST(replica_local, a_restarted_server_knows_none_of_them)
{
    begin(true);
    REQUIRE(client_connect(&a, 10000));
    REQUIRE(client_connect(&b, 10000));
    client_create(&b, 1, "/e", "x", ZK_EPHEMERAL);
    group_settle(&g);
    struct client local = a, global = b;
    group_cut(&g, follower);
    group_restart(&g, follower);
    group_heal(&g, follower);
    group_pass(&g, 1000);
    CHECK(!resumes(follower, &local));
    CHECK(resumes(follower, &global));
    check_equal();
    end();
}

/* A snapshot brings neither it nor its entry: it has ended meanwhile. */
TEST(replica_local, one_that_became_global_and_ended_behind_a_snapshot_is_forgotten)
{
    begin_with_snapshots();
    REQUIRE(client_connect(&a, 40000));
    REQUIRE(client_connect(&b, 40000));
    g.lost = entries_for_the_follower;
    client_create(&a, 1, "/e", "x", ZK_EPHEMERAL);
    client_plain(&a, 2, ZK_OP_CLOSE_SESSION);
    group_settle(&g);
    group_pass(&g, 50);
    CHECK(!knows(leader, a.session));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    group_cut(&g, follower);
    outgrow_the_log();
    g.lost = NULL;
    group_heal(&g, follower);
    group_pass(&g, 2000);
    leader = group_leader(&g);
    CHECK(group_stats(&g, follower).snapshots_received > 0);
    CHECK(!knows(follower, a.session));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    CHECK_EQ_INT(group_stats(&g, leader).state.ephemerals, 0);
    check_equal();
    end();
}

/* They are looked at piece by piece. */
TEST(replica_local, thousands_expire)
{
    enum { MANY = 9000, FIRST = 100000 };
    struct zk_connect_request m = {.timeout = 4000};
    struct buf frame = {0};
    begin(false);
    jute_append(&frame, &jute_connect_request, &m);
    for (uint64_t i = 0; i < MANY; i++) {
        struct replica_event events[] = {{.type = REPLICA_CONN_OPEN, .conn = FIRST + i},
                                         {.type = REPLICA_CONN_FRAME, .conn = FIRST + i, .bytes = buf_slice(&frame)}};
        replica_step(at(follower), events, 2, &(struct replica_now){g.now_ms, 1700000000000});
        if (i % 100 == 99)
            group_settle(&g);
    }
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, MANY);
    group_pass(&g, 3500);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, MANY);
    group_pass(&g, 1000);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    CHECK_EQ_INT(group_stats(&g, follower).expired, MANY);
    buf_deinit(&frame);
    end();
}

/* Writes of a session go on though a snapshot replaces the state of its server. */
TEST(replica_local, survives_a_snapshot)
{
    begin_with_snapshots();
    REQUIRE(client_connect(&a, 40000));
    REQUIRE(client_connect(&b, 40000));
    group_cut(&g, follower);
    client_create(&a, 1, "/e", "x", ZK_EPHEMERAL); /* its UPGRADE waits with it */
    outgrow_the_log();
    group_heal(&g, follower);
    group_pass(&g, 2000);
    leader = group_leader(&g);
    CHECK(knows(leader, a.session));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 0);
    CHECK(resumes(follower, &a));
    check_equal();
    end();
}

TEST(replica_local, goes_on_reading_without_a_quorum_if_it_asked_to)
{
    struct buf frame = {0};
    struct client c;
    uint8_t flag = 1;
    begin(false);
    REQUIRE(client_connect(&a, 30000));
    group_cut(&g, follower);
    for (int i = 0; i < 100 && !group_stats(&g, follower).read_only; i++)
        group_pass(&g, 100);
    REQUIRE(group_stats(&g, follower).read_only);
    client_open(&c, &g, follower);
    jute_append(&frame, &jute_connect_request,
                &(struct zk_connect_request){0, 0, 10000, (int64_t)a.session, slice_make(a.password, 16)});
    buf_append(&frame, &flag, 1);
    client_frame(&c, buf_bytes(&frame), buf_size(&frame));
    group_settle(&g);
    const struct replica_conn_io *io = replica_conn_io(at(follower), c.conn);
    REQUIRE(io != NULL && buf_size(&io->output) == 4 + 37);
    CHECK(get_be64(buf_bytes(&io->output) + 12) == a.session && buf_bytes(&io->output)[40] == 1);
    group_heal(&g, follower);
    group_pass(&g, 3000);
    CHECK(client_closed(&c)); /* there is better now */
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    CHECK(resumes(follower, &a));
    buf_deinit(&frame);
    client_deinit(&c);
    end();
}

/* In one turn, so that the entropy runs out; some leave before there is more. */
TEST(replica_local, waits_for_entropy)
{
    enum { MANY = REPLICA_ENTROPY_BYTES / 24 + 30, FIRST = 100000 };
    struct zk_connect_request m = {.timeout = 10000};
    struct buf frame = {0};
    unsigned answered = 0;
    begin(false);
    jute_append(&frame, &jute_connect_request, &m);
    for (uint64_t i = 0; i < MANY; i++) {
        struct replica_event events[] = {{.type = REPLICA_CONN_OPEN, .conn = FIRST + i},
                                         {.type = REPLICA_CONN_FRAME, .conn = FIRST + i, .bytes = buf_slice(&frame)}};
        replica_step(at(follower), events, 2, &(struct replica_now){g.now_ms, 1700000000000});
    }
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, REPLICA_ENTROPY_BYTES / 24);
    CHECK_EQ_INT(replica_wake_at_ms(at(follower)), g.now_ms);
    replica_step(at(follower), &(struct replica_event){.type = REPLICA_CONN_CLOSED, .conn = FIRST + MANY - 1}, 1,
                 &(struct replica_now){g.now_ms, 1700000000000});
    group_pass(&g, 50);
    for (uint64_t i = 0; i < MANY; i++) {
        const struct replica_conn_io *io = replica_conn_io(at(follower), FIRST + i);
        answered += io != NULL && buf_size(&io->output) == 4 + 36;
    }
    CHECK_EQ_INT(answered, MANY - 1);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, MANY - 1);
    buf_deinit(&frame);
    end();
}

/* Who asks last has it, also when both had to wait. */
TEST(replica_local, of_two_that_wait_the_later_one_gets_it)
{
    struct client c, d;
    begin(false);
    REQUIRE(client_connect(&a, 10000));
    g.hold_persists = true;
    client_create(&a, 1, "/late", "x", 0);
    group_settle(&g);
    client_open(&c, &g, follower);
    client_send_connect(&c, &a, 0);
    client_open(&d, &g, follower);
    client_send_connect(&d, &a, 0);
    group_settle(&g);
    group_release(&g);
    group_pass(&g, 200);
    client_take(&d);
    CHECK(d.answered && d.session == a.session);
    CHECK(client_closed(&c) && !client_closed(&d));
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    client_deinit(&c);
    client_deinit(&d);
    end();
}

/* A sync keeps the writes behind it back: the UPGRADE too, and it goes in its turn. */
TEST(replica_local, an_upgrade_waits_behind_a_sync)
{
    begin(true);
    REQUIRE(client_connect(&a, 10000));
    client_create(&a, 1, "/a", "x", 0);
    client_path(&a, 2, ZK_OP_SYNC, "/");
    client_create(&a, 3, "/a/e", "x", ZK_EPHEMERAL);
    client_set(&a, 4, "/a", "y", 0);
    client_get(&a, 5, "/a/e", false);
    group_settle(&g);
    group_pass(&g, 100);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0 5:0");
    CHECK(knows(leader, a.session));
    check_equal();
    end();
}

/* What was not numbered goes with its connection: the session stays as it was. */
TEST(replica_local, an_upgrade_that_never_left_is_none)
{
    struct client c;
    begin(true);
    REQUIRE(client_connect(&a, 30000));
    group_cut(&g, follower);
    client_path(&a, 1, ZK_OP_SYNC, "/"); /* waits for a leader */
    client_create(&a, 2, "/e", "x", ZK_EPHEMERAL);
    group_settle(&g);
    client_open(&c, &g, follower);
    client_send_connect(&c, &a, 0);
    group_settle(&g);
    CHECK(client_closed(&a));
    group_heal(&g, follower);
    group_pass(&g, 2000);
    client_take(&c);
    CHECK(c.answered && c.session == a.session);
    CHECK_EQ_INT(group_stats(&g, follower).local_sessions, 1);
    CHECK(!knows(follower, a.session));
    client_create(&c, 1, "/e", "x", ZK_EPHEMERAL);
    group_settle(&g);
    group_pass(&g, 100);
    CHECK_EQ_STR(client_replies(&c), "1:0");
    CHECK(knows(follower, a.session));
    client_deinit(&c);
    end();
}
