/* test_replica_cork.c - followers that no quorum needs get many writes at once, and nobody waits for those that are needed. */
#include "unit/replica_fixture.h"

#include "base/alloc.h"
#include "lib/runner.h"

#include <stdio.h>
#include <string.h>

static struct group g;
static struct client a, b, *writer;
static uint32_t leader, relied, spare;
static uint32_t accepts[GROUP_MAX + 1], heartbeats[GROUP_MAX + 1]; /* to each server; ACCEPTs with entries */
static int32_t xid;

static bool counted(struct peer_msg *m)
{
    accepts[m->to] += m->type == PEER_ACCEPT && m->accept.count > 0;
    heartbeats[m->to] += m->type == PEER_HEARTBEAT;
    return false;
}

static uint64_t applied(uint32_t id)
{
    struct replica_stats stats;

    replica_stats(g.member[id - 1].r, &stats);
    return stats.applied;
}

static void forget(void)
{
    memset(accepts, 0, sizeof(accepts));
    memset(heartbeats, 0, sizeof(heartbeats));
}

static bool answered(int32_t number)
{
    char expected[32];

    snprintf(expected, sizeof(expected), "%d:0", number);
    return strcmp(client_replies(writer), expected) == 0;
}

/* A write, and how many milliseconds it waits for its answer; 100: it has none by then. */
static uint64_t write_ms(void)
{
    uint64_t from_ms = g.now_ms;

    client_set(writer, ++xid, "/", "v", -1);
    group_settle(&g);
    while (!answered(xid)) {
        if (g.now_ms >= from_ms + 100)
            return 100;
        group_pass(&g, 1);
    }
    return g.now_ms - from_ms;
}

static void write_many(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQ_INT(write_ms(), 0);
}

/* A client of the leader, and heartbeats that have told who is quiet. */
static void begin(uint32_t servers)
{
    g = (struct group){0};
    group_init(&g, servers);
    leader = group_leader(&g);
    REQUIRE(leader != 0);
    client_open(&a, &g, leader);
    REQUIRE(client_connect(&a, 40000));
    group_pass(&g, 200);
    xid = 0;
    writer = &a;
    g.lost = counted;
}

/* Of three: writes have shown whom the leader relies upon. No time has passed since the last one. */
static void begin_stream(void)
{
    begin(3);
    write_many(1);
    forget();
    write_many(2);
    relied = accepts[leader % 3 + 1] > 0 ? leader % 3 + 1 : (leader + 1) % 3 + 1;
    spare = 6 - leader - relied;
    REQUIRE(accepts[relied] == 2 && accepts[spare] == 0);
    forget();
}

static void end(void)
{
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_cork, a_server_that_no_quorum_needs_gets_many_writes_at_once)
{
    begin_stream();
    uint64_t before = applied(spare);
    write_many(18);
    CHECK_EQ_INT(accepts[relied], 18);
    CHECK_EQ_INT(accepts[spare], 0);
    CHECK_EQ_INT(applied(spare), before);
    group_pass(&g, 9);
    CHECK_EQ_INT(accepts[spare], 0);
    group_pass(&g, 1);
    CHECK_EQ_INT(accepts[spare], 20);
    CHECK_EQ_INT(applied(spare), applied(leader)); /* behind them the COMMIT that commit.c let go meanwhile */
    end();
}

TEST(replica_cork, writes_that_come_one_by_one_reach_everybody_at_once)
{
    begin(3);
    for (uint32_t i = 0; i < 5; i++) {
        forget();
        write_many(1);
        for (uint32_t id = 1; id <= 3; id++)
            CHECK_EQ_INT(accepts[id], id != leader, "to %u", id);
        group_pass(&g, 3);
    }
    end();
}

TEST(replica_cork, a_large_write_does_not_wait)
{
    begin_stream();
    char *value = coord_alloc_zero(1, 20001);
    memset(value, 'v', 20000);
    client_set(&a, ++xid, "/", value, -1);
    group_settle(&g);
    CHECK(answered(xid));
    CHECK_EQ_INT(accepts[spare], 3); /* with what waited before it */
    coord_free(value);
    end();
}

TEST(replica_cork, the_other_is_needed_at_once_when_a_link_breaks)
{
    begin_stream();
    group_cut(&g, relied);
    write_many(5);
    CHECK_EQ_INT(accepts[spare], 7);
    end();
}

TEST(replica_cork, a_write_waits_once_and_shortly_for_a_server_that_has_stopped)
{
    begin_stream();
    g.stuck = relied;
    CHECK_EQ_INT(write_ms(), 2);
    for (uint32_t i = 0; i < 200; i++) {
        write_many(1);
        group_pass(&g, 1);
    }
    /* It comes back, and the other one stops. */
    g.stuck = 0;
    group_pass(&g, 100);
    write_many(5);
    g.stuck = spare;
    uint64_t waited = write_ms();
    CHECK(waited <= 2, "%d ms", (int)waited);
    write_many(20);
    end();
}

static bool is_corked(uint32_t id)
{
    return replica_peer_output(g.member[leader - 1].r, id)->corked;
}

static uint32_t slow; /* whose disk is */

static enum job_fate persists_wait(uint32_t id, struct job *j)
{
    return id == slow && j->type == JOB_PERSIST ? JOB_WAITS : JOB_RUNS;
}

TEST(replica_cork, who_takes_the_place_of_one_that_has_stopped_gets_its_time)
{
    begin_stream();
    g.stuck = relied;
    client_set(&a, ++xid, "/", "v", -1);
    group_settle(&g);
    slow = spare;
    g.fate = persists_wait;
    group_pass(&g, 2);
    CHECK_EQ_INT(accepts[spare], 3);
    group_pass(&g, 1);
    client_plain(&a, ZK_XID_PING, ZK_OP_PING); /* the leader takes a turn, and has no answer of it yet */
    group_settle(&g);
    group_release(&g);
    client_replies(&a);
    write_many(1);
    CHECK(is_corked(relied)); /* so the other is relied upon */
    g.stuck = 0;
    end();
}

TEST(replica_cork, a_server_with_clients_that_has_stopped_is_not_waited_for_either)
{
    begin_stream();
    client_open(&b, &g, relied);
    CHECK(client_connect(&b, 40000));
    group_pass(&g, 100);
    write_many(3);
    g.stuck = relied;
    CHECK_EQ_INT(write_ms(), 2);
    for (uint32_t i = 0; i < 200; i++) {
        write_many(1);
        group_pass(&g, 1);
    }
    g.stuck = 0;
    client_deinit(&b);
    end();
}

/* All catch up between any two writes, so that nobody's log shows who is slow. */
static uint32_t waits_for(uint32_t id)
{
    uint32_t waits = 0;

    slow = id;
    for (uint32_t i = 0; i < 500; i++) {
        g.fate = persists_wait;
        uint64_t waited = write_ms();
        CHECK(waited <= 3, "%d ms", (int)waited);
        waits += waited > 0;
        group_release(&g);
        group_pass(&g, 1);
    }
    return waits;
}

TEST(replica_cork, a_disk_that_stalls_again_and_again_is_relied_upon_more_and_more_seldom)
{
    for (int own = 0; own < 2; own++) {
        begin_stream();
        client_open(&b, &g, relied); /* it has clients, so that it would go first */
        CHECK(client_connect(&b, 40000));
        group_pass(&g, 100);
        write_many(3);
        if (own) /* a server answers nobody before its own disk has the write */
            writer = &b;
        uint32_t waits = waits_for(own ? leader : relied);
        CHECK(waits >= 1 && waits <= 20, "%u waits", waits);
        client_deinit(&b);
        end();
    }
}

TEST(replica_cork, who_connects_there_sees_all_at_once)
{
    begin_stream();
    write_many(5);
    client_open(&b, &g, spare);
    CHECK(client_connect(&b, 40000)); /* no time passes */
    CHECK_EQ_INT(accepts[spare], 8);  /* the seven, and the session */
    CHECK_EQ_INT(applied(spare), applied(leader));
    write_many(1);
    CHECK_EQ_INT(applied(spare), applied(leader)); /* and it is not kept waiting from now on */
    client_deinit(&b);
    end();
}

TEST(replica_cork, who_comes_back_there_with_what_it_has_seen_is_not_held_up)
{
    struct reply reply;

    begin_stream();
    client_set(&a, ++xid, "/", "v", -1);
    group_settle(&g);
    CHECK(client_reply(&a, &reply));
    client_open(&b, &g, spare);
    CHECK(client_resume(&b, &a, reply.zxid)); /* no time passes */
    client_deinit(&b);
    end();
}

TEST(replica_cork, heartbeats_and_syncs_do_not_wait)
{
    begin_stream();
    client_path(&a, ++xid, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK(answered(xid));
    CHECK(heartbeats[spare] >= 1);
    CHECK_EQ_INT(accepts[spare], 0);
    end();
}

TEST(replica_cork, a_server_with_an_emptied_disk_is_never_relied_upon)
{
    begin_stream();
    group_cut(&g, relied);
    group_wipe(&g, relied);
    group_heal(&g, relied);
    group_pass(&g, 1000); /* it has all entries, and no vote */
    CHECK_EQ_INT(applied(relied), applied(leader));
    forget();
    write_many(20);
    CHECK_EQ_INT(accepts[spare], 20);
    end();
}

TEST(replica_cork, five_servers_send_at_once_to_as_many_as_a_quorum_needs)
{
    begin(5);
    write_many(1);
    forget();
    write_many(10);
    uint32_t sent = 0, first = 0;
    for (uint32_t id = 1; id <= 5; id++) {
        CHECK(accepts[id] == 0 || accepts[id] == 10);
        sent += accepts[id] == 10;
        if (accepts[id] == 10 && first == 0)
            first = id;
    }
    CHECK_EQ_INT(sent, 2);
    group_cut(&g, first);
    write_many(1);
    group_settle(&g);
    sent = 0;
    for (uint32_t id = 1; id <= 5; id++)
        sent += accepts[id] == 11 && id != first;
    CHECK_EQ_INT(sent, 2);
    end();
}

static uint32_t other_leader(void)
{
    uint32_t before = leader;

    leader = group_leader(&g);
    CHECK(leader != 0 && leader != before);
    return leader;
}

TEST(replica_cork, what_was_held_back_is_not_lost_with_its_leader)
{
    begin_stream();
    write_many(10);
    uint64_t last = applied(leader);
    client_deinit(&a);
    group_cut(&g, leader);
    group_pass(&g, 3000); /* it no longer holds itself for one */
    other_leader();
    group_pass(&g, 100);
    CHECK(applied(relied) >= last && applied(spare) >= last);
    client_open(&a, &g, spare);
    CHECK(client_connect(&a, 40000));
    client_get(&a, 1, "/", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    end();
}

TEST(replica_cork, a_leader_that_passes_the_lead_on_holds_nothing_back)
{
    begin_stream();
    write_many(10);
    uint64_t last = applied(leader);
    group_hand_over(&g, leader);
    for (uint32_t id = 1; id <= 3; id++) {
        CHECK(id == leader || !is_corked(id));
    }
    other_leader();
    group_pass(&g, 10);
    CHECK(applied(spare) >= last);
    end();
}
