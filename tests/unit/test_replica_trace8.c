/* test_replica_trace8.c - trace 8 of the model check of the consensus rules: three ways in which forwarded writes were lost,
 * doubled or answered by another's result before writes were numbered by rule C18. */
#include "unit/replica_fixture.h"

#include "lib/runner.h"

static struct group g;
static struct client a, b;
static uint32_t forwards_to_lose;
static struct peer_msg taken;
static struct buf taken_payload;

static bool lose_forwards(struct peer_msg *m)
{
    if (m->type != PEER_FORWARD || forwards_to_lose == 0)
        return false;
    forwards_to_lose--;
    taken = *m;
    buf_clear(&taken_payload);
    buf_append(&taken_payload, m->payload.data, m->payload.size);
    return true;
}

static uint32_t begin(void)
{
    g = (struct group){0};
    group_init(&g, 3);
    g.lost = lose_forwards;
    forwards_to_lose = 0;
    uint32_t leader = group_leader(&g);
    REQUIRE(leader != 0);
    return leader;
}

static void end(void)
{
    group_deinit(&g);
    buf_deinit(&taken_payload);
}

static uint64_t nodes_of(uint32_t server)
{
    struct replica_stats stats;
    replica_stats(g.member[server - 1].r, &stats);
    return stats.state.nodes;
}

/* The forward that was lost arrives after all, from the server that sent it. */
static void arrive_late(uint32_t at)
{
    g.lies = true;
    taken.payload = buf_slice(&taken_payload);
    peer_encode(&g.member[at - 1].in[taken.from - 1], &taken);
    group_settle(&g);
}

/* (i) Numbers 1 and 2 are sent, only 2 arrives: taken at once, it would make 1 a double and break the session's order. */
TEST(replica_trace8, a_number_that_overtakes_waits_for_the_one_before_it)
{
    uint32_t leader = begin(), origin = leader % 3 + 1;
    client_open(&a, &g, origin);
    REQUIRE(client_connect(&a, 10000));
    uint64_t nodes = nodes_of(leader);
    forwards_to_lose = 1;
    client_create(&a, 1, "/s", "a", ZK_PERSISTENT_SEQUENTIAL);
    group_settle(&g);
    client_create(&a, 2, "/s", "b", ZK_PERSISTENT_SEQUENTIAL);
    group_settle(&g);
    CHECK_EQ_INT(nodes_of(leader), nodes);
    group_pass(&g, 1000);
    struct reply reply;
    CHECK(client_reply(&a, &reply) && reply.xid == 1 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data + 4, 12, "/s0000000000", 12);
    CHECK(client_reply(&a, &reply) && reply.xid == 2 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data + 4, 12, "/s0000000001", 12);
    arrive_late(leader);
    group_pass(&g, 100);
    CHECK_EQ_INT(nodes_of(leader), nodes + 2);
    client_deinit(&a);
    end();
}

/* (ii) The client of a forwarded write has gone and the epoch changes: the number stays bound to that write, and its late
 * forward changes nothing, neither for the write behind it nor for the client that waits for that one. */
TEST(replica_trace8, a_number_stays_bound_when_its_client_has_gone)
{
    uint32_t leader = begin(), origin = leader % 3 + 1;
    client_open(&a, &g, origin);
    REQUIRE(client_connect(&a, 20000));
    client_open(&b, &g, origin);
    REQUIRE(client_connect(&b, 20000));
    uint64_t nodes = nodes_of(origin);
    forwards_to_lose = 1;
    client_create(&a, 1, "/s", "a", ZK_PERSISTENT_SEQUENTIAL);
    group_settle(&g);
    client_deinit(&a);
    group_cut(&g, leader);
    client_create(&b, 7, "/s", "b", ZK_PERSISTENT_SEQUENTIAL);
    group_pass(&g, 5000);
    struct reply reply;
    CHECK(client_reply(&b, &reply) && reply.xid == 7 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data + 4, 12, "/s0000000001", 12); /* its own result: it came second */
    group_heal(&g, leader);
    group_pass(&g, 2000);
    for (uint32_t id = 1; id <= 3; id++)
        if (id != origin)
            arrive_late(id);
    group_pass(&g, 1000);
    for (uint32_t id = 1; id <= 3; id++)
        CHECK_EQ_INT(nodes_of(id), nodes + 2, "server %u", id);
    client_deinit(&b);
    end();
}

/* (iii) The origin starts anew while its old number 1 is in the leader's log, not chosen: its new number 1 is another one. */
TEST(replica_trace8, a_new_boot_counts_from_one_again)
{
    uint32_t leader = begin(), origin = leader % 3 + 1;
    client_open(&a, &g, origin);
    REQUIRE(client_connect(&a, 20000));
    uint64_t nodes = nodes_of(leader);
    g.hold_persists = true;
    client_create(&a, 1, "/s", "a", ZK_PERSISTENT_SEQUENTIAL);
    group_settle(&g);
    client_deinit(&a);
    group_cut(&g, origin);
    group_release(&g);
    group_wipe(&g, origin);
    group_heal(&g, origin);
    group_pass(&g, 2000);
    client_open(&b, &g, origin);
    REQUIRE(client_connect(&b, 20000));
    client_create(&b, 1, "/s", "b", ZK_PERSISTENT_SEQUENTIAL);
    group_pass(&g, 1000);
    struct reply reply;
    CHECK(client_reply(&b, &reply) && reply.xid == 1 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data + 4, 12, "/s0000000001", 12);
    for (uint32_t id = 1; id <= 3; id++)
        CHECK_EQ_INT(nodes_of(id), nodes + 2, "server %u", id);
    client_deinit(&b);
    end();
}
