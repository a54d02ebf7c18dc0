/* test_replica_limits.c - what bounds a server: turns, credit, output, requests, persists, entropy. Each test goes over a limit
 * and shows that nothing is lost or out of order behind it. */
#include "unit/replica_fixture.h"

#include "lib/runner.h"
#include "wire/jute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct group g;
static struct client a, b;
static struct replica_limits limits; /* of the next group */

static uint32_t begin(uint32_t servers)
{
    g.snap_count = g.counter_max = 0;
    g.limits = limits;
    group_init(&g, servers);
    uint32_t leader = group_leader(&g);
    REQUIRE(leader != 0);
    return leader;
}

/* A value of so many bytes. */
static const char *value_of(size_t size)
{
    static char value[1200000];
    memset(value, 'v', sizeof(value));
    REQUIRE(size < sizeof(value));
    value[size] = '\0';
    return value;
}

/* "first..last all well" when exactly these replies wait, in order, without an error. */
static void expect_replies(struct client *c, int32_t first, int32_t last)
{
    struct reply reply;
    for (int32_t xid = first; xid <= last; xid++)
        if (!CHECK(client_reply(c, &reply) && reply.xid == xid && reply.err == 0, "xid %d", xid))
            return;
    CHECK(!client_reply(c, &reply));
}

static uint32_t kept_back; /* this server is not told what is chosen */

static bool nothing_is_chosen(struct peer_msg *m)
{
    if (m->to != kept_back)
        return false;
    if (m->type == PEER_ACCEPT)
        m->accept.committed = 0;
    if (m->type == PEER_HEARTBEAT)
        m->heartbeat.committed = m->heartbeat.applied = 0;
    return m->type == PEER_COMMIT;
}

/* Given a follower that has much on its disk, when it hears at once that all is chosen, then it applies it in several turns. */
TEST(replica_limits, a_turn_applies_a_bounded_number_of_entries)
{
    uint32_t leader = begin(3);
    kept_back = group_other(&g, leader);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", "", 0);
    group_settle(&g);
    g.lost = nothing_is_chosen;
    for (int32_t i = 0; i < 5000; i++) {
        client_set(&a, 2 + i, "/x", "v", i);
        if (i % 100 == 0)
            group_settle(&g);
    }
    group_settle(&g);
    expect_replies(&a, 1, 5001);
    uint64_t before = group_stats(&g, kept_back).applied;
    g.lost = NULL;
    group_pass(&g, 100);
    CHECK(group_stats(&g, kept_back).applied >= before + 5000);
    CHECK_EQ_INT(group_stats(&g, kept_back).max_turn_entries, REPLICA_APPLY_ENTRIES);
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, a_turn_applies_a_bounded_number_of_bytes)
{
    uint32_t leader = begin(3);
    kept_back = group_other(&g, leader);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", "", 0);
    group_settle(&g);
    g.lost = nothing_is_chosen;
    for (int32_t i = 0; i < 18; i++) { /* more than the cache of entries is meant to hold */
        client_set(&a, 2 + i, "/x", value_of(1000000), i);
        group_settle(&g);
    }
    expect_replies(&a, 1, 19);
    g.lost = NULL;
    group_pass(&g, 100);
    CHECK_EQ_INT(group_stats(&g, kept_back).applied, group_stats(&g, leader).applied);
    CHECK_EQ_INT(group_stats(&g, kept_back).max_turn_entries,
                 5); /* of a million bytes: the first that goes over 4 MiB is the last */
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, a_turn_makes_a_bounded_number_of_changes)
{
    for (int32_t nodes = 10; nodes <= 8300; nodes += 8290) {
        uint32_t leader = begin(3);
        kept_back = group_other(&g, leader);
        client_open(&a, &g, leader);
        client_open(&b, &g, leader);
        CHECK(client_connect(&a, 40000) && client_connect(&b, 40000));
        for (int32_t i = 1; i <= nodes; i++) {
            client_create(&a, i, "/e", "", ZK_EPHEMERAL | ZK_PERSISTENT_SEQUENTIAL);
            if (i % 100 == 0)
                group_settle(&g);
        }
        group_settle(&g);
        g.lost = nothing_is_chosen;
        client_plain(&a, nodes + 1, ZK_OP_CLOSE_SESSION);
        client_create(&b, 1, "/x", "", 0);
        group_settle(&g);
        expect_replies(&b, 1, 1);
        uint32_t unfinished = g.member[kept_back - 1].unfinished;
        g.lost = NULL;
        group_pass(&g, 100);
        CHECK_EQ_INT(group_stats(&g, kept_back).applied, group_stats(&g, leader).applied);
        CHECK_EQ_INT(group_stats(&g, kept_back).state.ephemerals, 0);
        CHECK_EQ_INT(g.member[kept_back - 1].unfinished - unfinished, nodes > 8192);
        client_deinit(&a);
        client_deinit(&b);
        group_deinit(&g);
    }
}

/* An origin without credit does not run a session's next write; what it has goes on when others are done. */
TEST(replica_limits, writes_beyond_the_credit_wait_and_keep_their_order)
{
    uint32_t leader = begin(3);
    client_open(&a, &g, group_other(&g, leader));
    client_open(&b, &g, group_other(&g, leader));
    CHECK(client_connect(&a, 40000) && client_connect(&b, 40000));
    client_create(&a, 1, "/x", "", 0);
    group_pass(&g, 100); /* the leader grants a third of 16 MiB */
    expect_replies(&a, 1, 1);
    g.hold_persists = true;
    for (int32_t i = 0; i < 9; i++)
        client_set(&a, 2 + i, "/x", value_of(1100000), i);
    client_path(&a, 11, ZK_OP_SYNC, "/x"); /* behind them all */
    client_set(&b, 1, "/x", value_of(1100000), -1);
    client_path(&b, 2, ZK_OP_SYNC, "/x");
    client_set(&b, 3, "/x", "v", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK_EQ_STR(client_replies(&b), "");
    group_release(&g);
    group_pass(&g, 200);
    expect_replies(&a, 2, 11);
    expect_replies(&b, 1, 3);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_limits, forwards_that_do_not_leave_wait_for_room)
{
    uint32_t leader = begin(3);
    client_open(&a, &g, group_other(&g, leader));
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", "", 0);
    group_pass(&g, 100);
    g.stuck = leader;
    for (int32_t i = 0; i < 5; i++)
        client_set(&a, 2 + i, "/x", value_of(1100000), i);
    const struct replica_peer_output *out = replica_peer_output(g.member[a.server - 1].r, leader);
    CHECK(buf_size(&out->bulk) > REPLICA_PEER_WINDOW_BYTES && buf_size(&out->bulk) < REPLICA_PEER_WINDOW_BYTES + 1200000, "%zu",
          buf_size(&out->bulk));
    g.stuck = 0;
    group_pass(&g, 1000);
    expect_replies(&a, 1, 6);
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, accepts_that_do_not_leave_are_sent_again)
{
    uint32_t leader = begin(3), stuck = group_other(&g, leader);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", "", 0);
    group_pass(&g, 100);
    g.stuck = stuck;
    for (int32_t i = 0; i < 6; i++) {
        client_set(&a, 2 + i, "/x", value_of(1100000), i);
        group_settle(&g);
    }
    expect_replies(&a, 1, 7); /* a quorum does without it */
    const struct replica_peer_output *out = replica_peer_output(g.member[leader - 1].r, stuck);
    CHECK(buf_size(&out->bulk) < REPLICA_PEER_WINDOW_BYTES + 1200000, "%zu", buf_size(&out->bulk));
    g.stuck = 0;
    group_pass(&g, 1000);
    CHECK_EQ_INT(group_stats(&g, stuck).applied, group_stats(&g, leader).applied);
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, a_connection_with_many_requests_or_bytes_is_paused)
{
    static const struct {
        int32_t requests;
        size_t size;
    } rows[] = {{REPLICA_CONN_REQUESTS, 1}, {2, 600000}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(1);
        client_open(&a, &g, 1);
        CHECK(client_connect(&a, 40000));
        client_create(&a, 1, "/x", "", 0);
        group_settle(&g);
        expect_replies(&a, 1, 1);
        const struct replica_conn_io *io = replica_conn_io(g.member[0].r, a.conn);
        g.hold_persists = true;
        for (int32_t n = 0; n < rows[i].requests; n++) {
            CHECK(!io->paused, "row %zu, %d", i, n);
            client_set(&a, 2 + n, "/x", value_of(rows[i].size), -1);
        }
        CHECK(io->paused, "row %zu", i);
        group_release(&g);
        CHECK(!io->paused, "row %zu", i);
        expect_replies(&a, 2, 1 + rows[i].requests);
        client_deinit(&a);
        group_deinit(&g);
    }
}

/* Five answers of a million bytes wait for the client of this connection, who reads nothing. */
static void fill_output(struct client *c)
{
    client_create(c, 1, "/x", value_of(1000000), 0);
    group_settle(&g);
    for (int32_t i = 2; i <= 6; i++)
        client_get(c, i, "/x", false);
    group_settle(&g);
}

static size_t output_of(const struct client *c)
{
    return buf_size(&replica_conn_io(g.member[c->server - 1].r, c->conn)->output);
}

static void set_watches(struct client *c)
{
    struct buf frame = {0};
    jute_append(&frame, &jute_request_header, &(struct zk_request_header){ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES});
    jute_append(&frame, &jute_set_watches_request, &(struct zk_set_watches_request){0});
    client_frame(c, buf_bytes(&frame), buf_size(&frame));
    buf_deinit(&frame);
}

/* Replies to writes are as long as their paths. */
TEST(replica_limits, no_write_is_executed_while_output_waits)
{
    enum { WRITES = 30, SIZE = 500000 };
    static char path[SIZE + 1];
    struct reply reply;
    begin(1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    memset(path, 'n', SIZE);
    path[0] = '/';
    for (int32_t xid = 1; xid <= WRITES; xid++) {
        path[1] = (char)('A' + xid);
        client_create(&a, xid, path, "", 0);
        group_settle(&g);
        CHECK(output_of(&a) < REPLICA_OUTPUT_BYTES + SIZE + 100, "%d", xid);
    }
    CHECK(output_of(&a) >= REPLICA_OUTPUT_BYTES);
    for (int32_t xid = 1; xid <= WRITES; xid++) {
        REQUIRE(client_reply(&a, &reply) && reply.xid == xid && reply.err == 0, "xid %d", xid);
        group_settle(&g);
    }
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, nothing_more_is_executed_while_output_waits)
{
    struct reply reply;
    begin(1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    fill_output(&a);
    size_t full = output_of(&a);
    CHECK(full > REPLICA_OUTPUT_BYTES);
    client_get(&a, 7, "/x", false);
    set_watches(&a);
    group_settle(&g);
    CHECK_EQ_INT(output_of(&a), full);
    for (int32_t xid = 1; xid <= 7; xid++)
        CHECK(client_reply(&a, &reply) && reply.xid == xid && reply.err == 0, "xid %d", xid);
    CHECK(client_reply(&a, &reply) && reply.xid == ZK_XID_SET_WATCHES);
    for (int32_t i = 8; i <= 12; i++)
        client_get(&a, i, "/x", false);
    set_watches(&a);
    CHECK_EQ_INT(output_of(&a), 5 * (20 + 4 + 1000000 + 68));
    for (int32_t xid = 8; xid <= 12; xid++)
        CHECK(client_reply(&a, &reply) && reply.xid == xid && reply.err == 0, "xid %d", xid);
    CHECK(client_reply(&a, &reply) && reply.xid == ZK_XID_SET_WATCHES);
    client_deinit(&a);
    group_deinit(&g);
}

/* Order within a session: what stands before a write that is applied now takes effect before it. */
TEST(replica_limits, a_read_before_a_write_runs_in_spite_of_a_full_output)
{
    struct reply reply;
    begin(1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    fill_output(&a);
    for (int32_t xid = 1; xid <= 6; xid++)
        CHECK(client_reply(&a, &reply) && reply.xid == xid);
    g.hold_persists = true;
    client_create(&a, 7, "/y", "", 0);
    for (int32_t xid = 8; xid <= 13; xid++) /* five fill the output */
        client_get(&a, xid, "/x", false);
    client_set(&a, 14, "/x", "new", -1); /* under way before that */
    set_watches(&a);                     /* keeps back what is behind it instead */
    client_set(&a, 15, "/x", "new", -1);
    group_release(&g);
    CHECK(output_of(&a) > 6 * 1000000);
    CHECK(client_reply(&a, &reply) && reply.xid == 7 && reply.err == 0);
    for (int32_t xid = 8; xid <= 13; xid++)
        CHECK(client_reply(&a, &reply) && reply.xid == xid && reply.record.size > 1000000);
    CHECK(client_reply(&a, &reply) && reply.xid == 14 && reply.err == 0);
    CHECK(client_reply(&a, &reply) && reply.xid == ZK_XID_SET_WATCHES);
    CHECK(!client_reply(&a, &reply));
    group_settle(&g);
    CHECK(client_reply(&a, &reply) && reply.xid == 15 && reply.err == 0);
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, who_reads_nothing_for_a_session_timeout_is_closed)
{
    begin(1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    fill_output(&a);
    for (int i = 0; i < 9; i++) {
        group_pass(&g, 1000);
        client_plain(&a, ZK_XID_PING, ZK_OP_PING); /* its session lives */
        client_plain(&b, ZK_XID_PING, ZK_OP_PING);
    }
    CHECK(!client_closed(&a));
    for (int i = 0; i < 3; i++) {
        group_pass(&g, 1000);
        client_plain(&b, ZK_XID_PING, ZK_OP_PING);
    }
    CHECK(client_closed(&a));
    CHECK(!client_closed(&b)); /* it reads nothing either, but little waits for it */
    CHECK_EQ_INT(group_stats(&g, 1).sessions_heard, 2);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

static uint32_t slow; /* its disk stands still */

static enum job_fate slow_disk(uint32_t id, struct job *j)
{
    return id == slow && j->type == JOB_PERSIST ? JOB_WAITS : JOB_RUNS;
}

/* The core keeps a record of each persist under way (PAXOS_FLIGHTS). A leader proposes no more meanwhile; random bytes for
 * passwords, and the size of a batch, bound what it proposes then. */
TEST(replica_limits, a_slow_disk_of_the_leader_holds_proposals_back)
{
    struct client many[300];
    begin(1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", "", 0);
    group_settle(&g);
    expect_replies(&a, 1, 1);
    slow = 1;
    g.fate = slow_disk;
    for (int32_t i = 0; i < PAXOS_FLIGHTS; i++) {
        client_set(&a, 2 + i, "/x", "v", i);
        group_settle(&g);
    }
    CHECK(!paxos_persist_room(replica_paxos(g.member[0].r)));
    for (int32_t i = 0; i < 6; i++)
        client_set(&a, 2 + PAXOS_FLIGHTS + i, "/x", value_of(1000000), PAXOS_FLIGHTS + i);
    for (size_t i = 0; i < COUNT(many); i++) {
        client_open(&many[i], &g, 1);
        client_send_connect(&many[i], NULL, 0);
    }
    group_settle(&g);
    CHECK_EQ_INT(replica_paxos(g.member[0].r)->flight_count, PAXOS_FLIGHTS);
    group_release(&g);
    expect_replies(&a, 2, PAXOS_FLIGHTS + 7);
    for (size_t i = 0; i < COUNT(many); i++) {
        client_take(&many[i]);
        CHECK(many[i].session != 0, "client %zu", i);
        client_deinit(&many[i]);
    }
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, a_follower_with_a_slow_disk_drops_what_it_cannot_note)
{
    uint32_t leader = begin(3);
    slow = group_other(&g, leader);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", "", 0);
    group_settle(&g);
    g.fate = slow_disk;
    for (int32_t i = 0; i < PAXOS_FLIGHTS + 50; i++) {
        client_set(&a, 2 + i, "/x", "v", i);
        group_settle(&g);
    }
    expect_replies(&a, 1, PAXOS_FLIGHTS + 51);
    CHECK_EQ_INT(replica_paxos(g.member[slow - 1].r)->flight_count, PAXOS_FLIGHTS);
    group_release(&g);
    group_pass(&g, 500);
    CHECK_EQ_INT(group_stats(&g, slow).applied, group_stats(&g, leader).applied);
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_limits, late_sessions_are_looked_for_in_pieces)
{
    enum { SESSIONS = 4200, PIECE = 4096 };
    struct client *c = calloc(SESSIONS, sizeof(*c));
    bool piecewise = false;
    REQUIRE(c != NULL);
    begin(1);
    for (int i = 0; i < SESSIONS; i++) {
        client_open(&c[i], &g, 1);
        CHECK(client_connect(&c[i], 4000));
    }
    CHECK_EQ_INT(group_stats(&g, 1).state.sessions, SESSIONS);
    for (int i = 0; i < 2000 && group_stats(&g, 1).state.sessions > 0; i++) {
        group_pass(&g, 5);
        piecewise = piecewise || group_stats(&g, 1).state.sessions == SESSIONS - PIECE;
    }
    CHECK_EQ_INT(group_stats(&g, 1).state.sessions, 0);
    CHECK(piecewise);
    for (int i = 0; i < SESSIONS; i++) {
        CHECK(client_closed(&c[i]));
        client_deinit(&c[i]);
    }
    free(c);
    group_deinit(&g);
}

/* As many events as one entry can cause, for a client that reads none: it is closed once, in the middle of them. */
TEST(replica_limits, events_of_one_entry_beyond_the_limit_close_the_connection)
{
    enum { NODES = 160 };
    static char path[450001];
    begin(1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 40000) && client_connect(&b, 40000));
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    for (int i = 0; i < NODES; i++) {
        struct buf frame = {0};
        path[1] = (char)('a' + i / 16);
        path[2] = (char)('a' + i % 16);
        client_create(&b, i + 1, path, "", ZK_EPHEMERAL);
        group_settle(&g);
        jute_append(&frame, &jute_request_header, &(struct zk_request_header){i + 1, ZK_OP_EXISTS});
        jute_append(&frame, &jute_path_watch_request, &(struct zk_path_watch_request){slice_from_text(path), true});
        client_frame(&a, buf_bytes(&frame), buf_size(&frame));
        buf_deinit(&frame);
        struct reply reply;
        while (client_reply(&a, &reply) || client_reply(&b, &reply))
            CHECK_EQ_INT(reply.err, 0);
    }
    CHECK_EQ_INT(group_stats(&g, 1).watch.watches, NODES);
    uint64_t fired = group_stats(&g, 1).watches_fired;
    client_plain(&b, NODES + 1, ZK_OP_CLOSE_SESSION);
    group_settle(&g);
    CHECK(client_closed(&a));
    CHECK(output_of(&a) > REPLICA_OUTPUT_EVENTS_BYTES && output_of(&a) < REPLICA_OUTPUT_EVENTS_BYTES + sizeof(path) + 100);
    CHECK(group_stats(&g, 1).watches_fired - fired < NODES);
    CHECK_EQ_INT(group_stats(&g, 1).watch.watches, 0);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_limits, more_syncs_than_fit_at_first_are_all_answered)
{
    uint32_t leader = begin(3);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    group_pass(&g, 200);
    for (uint64_t i = 1; i <= 40; i++) /* each with a question of its own, before the round is back */
        group_say(&g, group_other(&g, leader), leader,
                  (struct peer_msg){.type = PEER_SYNC, .sync = {replica_paxos(g.member[leader - 1].r)->epoch, i}});
    client_path(&a, 1, ZK_OP_SYNC, "/");
    group_settle(&g);
    expect_replies(&a, 1, 1);
    client_deinit(&a);
    group_deinit(&g);
}

static bool little_credit(struct peer_msg *m)
{
    if (m->type == PEER_HEARTBEAT)
        m->heartbeat.credit = 1000;
    return false;
}

/* One write of any size is always allowed: else it could never be done. */
TEST(replica_limits, a_write_larger_than_the_credit_goes_alone)
{
    uint32_t leader = begin(3);
    client_open(&a, &g, group_other(&g, leader));
    client_open(&b, &g, leader);
    CHECK(client_connect(&a, 40000) && client_connect(&b, 40000));
    client_create(&a, 1, "/x", "", 0);
    g.lost = little_credit;
    group_pass(&g, 200);
    g.stuck = leader;
    for (int32_t i = 0; i < 3; i++)
        client_set(&a, 2 + i, "/x", value_of(5000), i);
    const struct replica_peer_output *out = replica_peer_output(g.member[a.server - 1].r, leader);
    CHECK(buf_size(&out->bulk) > 5000 && buf_size(&out->bulk) < 10000);
    client_create(&b, 1, "/y", "", 0); /* what others write makes no room */
    group_settle(&g);
    CHECK(buf_size(&out->bulk) < 10000);
    g.stuck = 0;
    group_pass(&g, 200);
    expect_replies(&a, 1, 4);
    expect_replies(&b, 1, 1);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

/* Given clients that came while there was no leader, when there is one, then all their sessions are created though the
 * random bytes for passwords do not suffice for one turn. */
TEST(replica_limits, sessions_beyond_the_entropy_of_a_turn_are_created_in_the_next)
{
    struct client many[300];
    uint32_t leader = begin(3), follower = group_other(&g, leader);
    group_cut(&g, follower);
    for (size_t i = 0; i < COUNT(many); i++) {
        client_open(&many[i], &g, follower);
        client_send_connect(&many[i], NULL, 0);
    }
    group_heal(&g, follower);
    uint32_t unfinished = g.member[leader - 1].unfinished;
    group_pass(&g, 500);
    CHECK(g.member[leader - 1].unfinished > unfinished);
    for (size_t i = 0; i < COUNT(many); i++) {
        client_take(&many[i]);
        CHECK(many[i].session != 0, "client %zu", i);
        client_deinit(&many[i]);
    }
    group_deinit(&g);
}

static const struct replica_conn_io *io_of(const struct client *c)
{
    return replica_conn_io(g.member[c->server - 1].r, c->conn);
}

TEST(replica_limits, waiting_requests_of_all_connections_have_a_limit)
{
    static const struct replica_limits rows[] = {
        {.requests = 8}, {.request_bytes = 8 * 1100}, {.requests = 8, .request_bytes = 1 << 30}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        limits = rows[i];
        begin(1);
        client_open(&a, &g, 1);
        client_open(&b, &g, 1);
        CHECK(client_connect(&a, 40000) && client_connect(&b, 40000));
        client_create(&a, 1, "/x", "", 0);
        group_settle(&g);
        expect_replies(&a, 1, 1);
        g.hold_persists = true;
        for (int32_t n = 2; n <= 8; n++)
            client_set(&a, n, "/x", value_of(1000), -1);
        CHECK(!io_of(&a)->paused, "row %zu: 7 wait", i);
        client_set(&a, 9, "/x", value_of(1000), -1);
        CHECK(io_of(&a)->paused, "row %zu: 8 wait", i);
        CHECK(!io_of(&b)->paused, "row %zu: one that waits for nothing may ask", i);
        CHECK_EQ_INT(group_stats(&g, 1).throttled, 1);
        client_plain(&b, ZK_XID_PING, ZK_OP_PING);
        CHECK_EQ_STR(client_replies(&b), "-2:0", "row %zu", i);
        CHECK(!io_of(&b)->paused, "row %zu: it waits for nothing again", i);
        client_set(&b, 1, "/x", value_of(1000), -1);
        CHECK(io_of(&b)->paused, "row %zu", i);
        group_release(&g);
        CHECK(!io_of(&a)->paused && !io_of(&b)->paused, "row %zu", i);
        CHECK_EQ_INT(group_stats(&g, 1).outstanding + group_stats(&g, 1).outstanding_bytes, 0);
        expect_replies(&a, 2, 9);
        expect_replies(&b, 1, 1);
        client_deinit(&a);
        client_deinit(&b);
        group_deinit(&g);
    }
    limits = (struct replica_limits){0};
}

TEST(replica_limits, a_connection_that_ends_makes_room_for_the_others)
{
    limits = (struct replica_limits){.requests = 8};
    begin(1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 40000) && client_connect(&b, 40000));
    g.hold_persists = true;
    client_create(&b, 1, "/b", "", 0);
    for (int32_t n = 1; n <= 7; n++)
        client_create(&a, n, "/a", "", 0);
    client_create(&b, 2, "/b", "", 0);
    CHECK(io_of(&a)->paused && io_of(&b)->paused);
    replica_step(g.member[0].r, &(struct replica_event){.type = REPLICA_CONN_CLOSED, .conn = a.conn}, 1,
                 &(struct replica_now){g.now_ms, 0});
    CHECK(!io_of(&b)->paused);
    group_release(&g);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
    limits = (struct replica_limits){0};
}

static void send_multi(struct client *c, int32_t xid, const char *path, size_t size)
{
    struct buf frame = {0};
    jute_append(&frame, &jute_request_header, &(struct zk_request_header){xid, ZK_OP_MULTI});
    jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_SET_DATA, false, -1});
    jute_append(&frame, &jute_set_data_request, &(struct zk_set_data_request){slice_from_text(path), SLICE_NULL, -1});
    jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_SET_DATA, false, -1});
    jute_append(&frame, &jute_set_data_request,
                &(struct zk_set_data_request){slice_from_text(path), slice_make(value_of(size), size), -1});
    jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
    client_frame(c, buf_bytes(&frame), buf_size(&frame));
    buf_deinit(&frame);
}

TEST(replica_limits, node_data_and_replies_have_limits_of_their_own)
{
    limits = (struct replica_limits){.node_data_bytes = 100, .reply_bytes = 180};
    begin(1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", value_of(100), 0);
    client_create(&a, 2, "/y", value_of(101), 0);
    client_set(&a, 3, "/x", value_of(101), -1);
    client_set(&a, 4, "/x", value_of(100), -1);
    send_multi(&a, 5, "/x", 101);
    send_multi(&a, 6, "/x", 100);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:-8 3:-8 4:0 5:-8 6:0");
    client_get(&a, 7, "/x", false); /* 4 + 100 + 68 bytes */
    client_get(&a, 7, "/none", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "7:0 7:-101");
    for (int32_t n = 0; n < 30; n++) {
        char path[32];
        snprintf(path, sizeof(path), "/child-%02d", n);
        client_create(&a, 8 + n, path, "", 0);
    }
    group_settle(&g);
    expect_replies(&a, 8, 37);
    client_request(&a, 38, ZK_OP_GET_CHILDREN, &jute_path_watch_request,
                   &(struct zk_path_watch_request){SLICE_LITERAL("/"), true});
    client_create(&a, 39, "/one-more", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "38:-8 39:0"); /* and no event: what was not told is not watched */
    client_deinit(&a);
    group_deinit(&g);
    limits = (struct replica_limits){0};
}

TEST(replica_limits, a_connection_has_so_long_for_its_connect_request)
{
    begin(1);
    client_open(&a, &g, 1);
    group_pass(&g, 15000);
    client_open(&b, &g, 1);
    group_pass(&g, 4900);
    CHECK(!client_closed(&a));
    group_pass(&g, 1000);
    CHECK(client_closed(&a));
    CHECK(!client_closed(&b));
    CHECK(client_connect(&b, 40000));
    group_pass(&g, 30000);
    CHECK(!client_closed(&b), "it has a session");
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}
