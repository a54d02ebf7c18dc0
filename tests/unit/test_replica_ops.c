/* test_replica_ops.c - operations that ask more of a connection than a request and its reply. */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"
#include "state/acl.h"

static struct group g;
static struct client a, b;

static void begin(uint32_t servers)
{
    g.snap_count = g.counter_max = 0;
    group_init(&g, servers);
    REQUIRE(group_leader(&g) != 0);
}

static void end(void)
{
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

/* A multi or multiRead is gathered here. */
static struct buf gathered;

static void add(int32_t type, const struct jute_record *table, const void *record)
{
    jute_append(&gathered, &jute_multi_header, &(struct zk_multi_header){type, false, -1});
    jute_append(&gathered, table, record);
}

static void add_create(const char *path, int32_t mode)
{
    uint8_t space[ACL_WORLD_BYTES];

    add(ZK_OP_CREATE, &jute_create_request,
        &(struct zk_create_request){slice_from_text(path), SLICE_NULL, acl_world(31, space), mode});
}

static void add_delete(const char *path)
{
    add(ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){slice_from_text(path), -1});
}

static void add_read(const char *path)
{
    add(ZK_OP_GET_DATA, &jute_path_watch_request, &(struct zk_path_watch_request){slice_from_text(path), true});
}

static void send_gathered(struct client *c, int32_t xid, int32_t op)
{
    struct buf frame = {0};

    jute_append(&frame, &jute_request_header, &(struct zk_request_header){xid, op});
    buf_append(&frame, buf_bytes(&gathered), buf_size(&gathered));
    jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
    client_frame(c, buf_bytes(&frame), buf_size(&frame));
    buf_deinit(&frame);
    buf_deinit(&gathered);
}

TEST(replica_ops, multi_is_one_entry_and_its_events_come_before_its_reply)
{
    begin(3);
    client_open(&a, &g, group_leader(&g) % 3 + 1);
    client_open(&b, &g, group_leader(&g));
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_create(&a, 1, "/p", "", 0);
    client_get(&a, 2, "/p", true);
    add_create("/p/a", 0);
    add_create("/p/e-", ZK_EPHEMERAL_SEQUENTIAL);
    add_delete("/p/a");
    add(ZK_OP_SET_DATA, &jute_set_data_request, &(struct zk_set_data_request){SLICE_LITERAL("/p"), SLICE_LITERAL("x"), 0});
    send_gathered(&a, 3, ZK_OP_MULTI);
    group_settle(&g);
    uint64_t zxid = state_zxid(replica_state(g.member[0].r));
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 event:3:/p 3:0");
    client_get(&a, 4, "/p", true);
    add_delete("/p/e-0000000001");
    add(ZK_OP_SET_DATA, &jute_set_data_request, &(struct zk_set_data_request){SLICE_LITERAL("/p"), SLICE_LITERAL("x"), 0});
    send_gathered(&a, 5, ZK_OP_MULTI);
    client_path(&a, 6, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "4:0 5:0 6:0"); /* it failed: no event, and still no error of the whole */
    CHECK_EQ_INT(state_zxid(replica_state(g.member[0].r)), zxid + 1);
    client_plain(&a, 7, ZK_OP_CLOSE_SESSION);
    group_settle(&g);
    client_get(&b, 1, "/p/e-0000000001", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:-101");
    end();
}

TEST(replica_ops, multi_that_cannot_be_decoded_keeps_the_connection)
{
    begin(1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_plain(&a, 1, ZK_OP_MULTI);
    add_read("/");
    send_gathered(&a, 2, ZK_OP_MULTI);
    add_create("/x", 0);
    send_gathered(&a, 3, ZK_OP_MULTI_READ);
    add_read("/");
    add_read("/none");
    send_gathered(&a, 4, ZK_OP_MULTI_READ);
    client_set(&a, 5, "/", "x", -1); /* no watch was armed */
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:-5 2:-5 3:-5 4:0 5:0");
    end();
}

/* A multiRead behind a write waits for it, as every read. */
TEST(replica_ops, multi_read_keeps_its_place)
{
    struct reply reply;

    begin(3);
    client_open(&a, &g, group_leader(&g) % 3 + 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "v", 0);
    add_read("/x");
    send_gathered(&a, 2, ZK_OP_MULTI_READ);
    group_settle(&g);
    CHECK(client_reply(&a, &reply) && reply.xid == 1 && reply.err == 0);
    CHECK(client_reply(&a, &reply) && reply.xid == 2 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data, 14, "\0\0\0\4\0\0\0\0\0\0\0\0\1v", 14);
    end();
}

/* The session has moved: a multi closes the connection that it left, without a reply. */
TEST(replica_ops, multi_of_a_moved_session_gets_no_reply)
{
    begin(3);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    group_cut(&g, 1);
    add_create("/x", 0);
    send_gathered(&a, 1, ZK_OP_MULTI); /* waits for a leader */
    group_pass(&g, 2000);
    client_open(&b, &g, 2);
    CHECK(client_resume(&b, &a, 0));
    group_heal(&g, 1);
    group_pass(&g, 2000);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK(client_closed(&a));
    client_get(&b, 1, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:-101");
    end();
}
