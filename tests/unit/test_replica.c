/* test_replica.c - one server's brain, alone and in groups of three: requests are answered, in order, and not before they are
 * durable. Sessions, sync, watches, snapshots and faults have files of their own. */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"
#include "wire/jute.h"

static struct group g;
static struct client a, b;

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

TEST(replica, writes_through_a_follower_are_read_everywhere)
{
    group_begin(&g, 3);
    client_open(&a, &g, group_other(&g, group_leader(&g)));
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
    client_open(&a, &g, group_other(&g, group_leader(&g)));
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

TEST(replica, a_server_that_ends_takes_its_connections_with_it)
{
    group_begin(&g, 3);
    client_open_from(&a, &g, group_leader(&g), "10.1.2.3");
    CHECK(client_connect(&a, 40000));
    group_deinit(&g); /* the sanitizers would see what is left */
    buf_deinit(&a.in);
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
