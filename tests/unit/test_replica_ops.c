/* test_replica_ops.c - operations that ask more of a connection than a request and its reply. */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"
#include "state/acl.h"

#include <stdio.h>
#include <string.h>

static struct group g;
static struct client a, b;

static void begin(uint32_t servers)
{
    g.ttl_off = false;
    g.reap_per_minute = 0;
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

static void add_auth(struct client *c, const char *scheme, const char *proof)
{
    client_request(c, ZK_XID_AUTH, ZK_OP_AUTH, &jute_auth_packet,
                   &(struct zk_auth_packet){0, slice_from_text(scheme), proof == NULL ? SLICE_NULL : slice_from_text(proof)});
}

/* A list of one entry. */
static struct jute_vector list_of(int32_t perms, const char *scheme, const char *id)
{
    static struct buf list;

    buf_clear(&list);
    jute_append(&list, &jute_acl, &(struct zk_acl){perms, slice_from_text(scheme), slice_from_text(id)});
    return (struct jute_vector){1, buf_slice(&list)};
}

static void create_with(struct client *c, int32_t xid, const char *path, int32_t perms, const char *scheme, const char *id)
{
    client_request(c, xid, ZK_OP_CREATE, &jute_create_request,
                   &(struct zk_create_request){slice_from_text(path), SLICE_NULL, list_of(perms, scheme, id), 0});
}

static void set_acl(struct client *c, int32_t xid, const char *path, int32_t perms, const char *scheme, const char *id)
{
    client_request(c, xid, ZK_OP_SET_ACL, &jute_set_acl_request,
                   &(struct zk_set_acl_request){slice_from_text(path), list_of(perms, scheme, id), -1});
}

TEST(replica_ops, who_proved_an_id_may_what_it_may)
{
    struct reply reply;

    begin(3);
    client_open(&a, &g, group_leader(&g) % 3 + 1);
    client_open(&b, &g, group_leader(&g));
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    create_with(&a, 1, "/x", ZK_PERM_ALL, "auth", "");
    add_auth(&a, "digest", "me:secret");
    create_with(&a, 2, "/x", ZK_PERM_ALL, "auth", "");
    client_get(&a, 3, "/x", false);
    client_path(&a, 4, ZK_OP_GET_ACL, "/x");
    group_settle(&g);
    CHECK(client_reply(&a, &reply) && reply.xid == 1 && reply.err == -COORD_E_INVALID_ACL);
    CHECK(client_reply(&a, &reply) && reply.xid == ZK_XID_AUTH && reply.err == 0 && reply.zxid == 0 && reply.record.size == 0);
    CHECK_EQ_STR(client_replies(&a), "2:0 3:0 4:0");
    client_get(&b, 1, "/x", false);
    client_set(&b, 2, "/x", "v", -1);
    client_path(&b, 3, ZK_OP_GET_ACL, "/x");
    add_auth(&b, "digest", "me:wrong");
    client_get(&b, 4, "/x", false);
    add_auth(&b, "digest", "me:secret");
    client_get(&b, 5, "/x", false);
    client_set(&b, 6, "/x", "v", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:-102 2:-102 3:-102 -4:0 4:-102 -4:0 5:0 6:0");
    client_plain(&b, 7, ZK_OP_WHO_AM_I);
    client_request(&b, 8, ZK_OP_RECONFIG, &jute_reconfig_request,
                   &(struct zk_reconfig_request){.joining = slice_from_text("server.2=h:1:2;3"), .config_id = -1});
    client_plain(&b, 9, ZK_OP_RECONFIG); /* is decoded, though it will be refused */
    group_settle(&g);
    CHECK(client_reply(&b, &reply) && reply.xid == 7 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data, reply.record.size, "\0\0\0\2\0\0\0\6digest\0\0\0\2me\0\0\0\6digest\0\0\0\2me", 36);
    CHECK(client_reply(&b, &reply) && reply.xid == 8 && reply.err == -COORD_E_RECONFIG_DISABLED && reply.zxid > 0);
    CHECK(client_reply(&b, &reply) && reply.xid == 9 && reply.err == -COORD_E_MARSHALLING);
    end();
}

TEST(replica_ops, what_proves_nothing_closes_the_connection)
{
    static const struct {
        const char *scheme, *proof;
    } rows[] = {{"world", "anyone"},      {"auth", ""}, {"sasl", ""},    {"x509", ""},
                {"super", "super:admin"}, {"", ""},     {"digest", NULL}};

    begin(3);
    for (size_t i = 0; i < COUNT(rows); i++) {
        client_open(&a, &g, group_leader(&g) % 3 + 1);
        CHECK(client_connect(&a, 10000));
        client_set(&a, 1, "/", "v", -1); /* what came before is done and answered before */
        add_auth(&a, rows[i].scheme, rows[i].proof);
        client_set(&a, 2, "/", "v", -1);
        group_settle(&g);
        CHECK_EQ_STR(client_replies(&a), "1:0 -4:-115", "row %zu", i);
        CHECK(client_closed(&a), "row %zu", i);
        client_deinit(&a);
    }
    group_deinit(&g);
}

/* As ZooKeeper, which reads these packets before all others. */
TEST(replica_ops, an_auth_packet_that_cannot_be_read_closes_the_connection_without_a_word)
{
    begin(3);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_plain(&a, ZK_XID_AUTH, ZK_OP_AUTH); /* no body */
    client_set(&a, 2, "/", "v", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK(client_closed(&a));
    end();
}

TEST(replica_ops, a_connection_has_so_many_ids_at_most)
{
    char proof[64];
    struct reply reply;
    int32_t count = 0;

    begin(1);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    for (int i = 0; i < 300 && !client_closed(&a); i++) {
        snprintf(proof, sizeof(proof), "user-%03d:x", i % 150);
        add_auth(&a, "digest", i == 0 ? "" : proof);
        group_settle(&g);
        REQUIRE(client_reply(&a, &reply));
        count += reply.err == 0;
    }
    CHECK_EQ_INT(reply.err, -COORD_E_AUTH_FAILED);
    CHECK(client_closed(&a) && count > 80 && count < 120, "%d", count);
    client_deinit(&a);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    for (int i = 0; i < 300; i++) { /* the same ones again take no room */
        snprintf(proof, sizeof(proof), "user-%03d:x", i % 50);
        add_auth(&a, "digest", proof);
    }
    group_settle(&g);
    CHECK(!client_closed(&a));
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_ops, the_superuser_may_everything_and_an_address_what_its_network_may)
{
    begin(1);
    client_open_from(&a, &g, 1, "10.1.2.3");
    client_open_from(&b, &g, 1, "fe80::1");
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    create_with(&a, 1, "/net", ZK_PERM_ALL, "ip", "10.0.0.0/8");
    client_get(&a, 2, "/net", false);
    group_settle(&g);
    client_get(&b, 1, "/net", false);
    add_auth(&b, "ip", "10.1.2.3"); /* what a client says of its address counts nothing */
    client_get(&b, 2, "/net", false);
    add_auth(&b, "digest", "super:wrong");
    client_get(&b, 3, "/net", false);
    client_set(&b, 4, "/zookeeper/config", "x", -1);
    add_auth(&b, "digest", "super:admin");
    client_get(&b, 5, "/net", false);
    client_set(&b, 6, "/zookeeper/config", "x", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0");
    CHECK_EQ_STR(client_replies(&b), "1:-102 -4:0 2:-102 -4:0 3:-102 4:-102 -4:0 5:0 6:0");
    end();
}

/* A read that waits behind a write is judged by what its client had proven when it sent it. */
TEST(replica_ops, ids_count_from_where_they_stand)
{
    begin(3);
    client_open(&a, &g, group_leader(&g) % 3 + 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000));
    create_with(&a, 1, "/x", ZK_PERM_ALL, "digest", "me:016djjlksVQS5RgX3M7biBGyYwY=");
    client_get(&a, 2, "/x", false);
    add_auth(&a, "digest", "me:secret");
    client_get(&a, 3, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:-102 -4:0 3:0");
    end();
}

TEST(replica_ops, events_are_for_those_who_may_read)
{
    begin(3);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    add_auth(&a, "digest", "me:secret");
    client_create(&a, 1, "/x", "", 0);
    client_create(&a, 2, "/y", "", 0);
    group_settle(&g);
    for (struct client *c = &a;; c = &b) {
        client_get(c, 3, "/x", true);
        client_get(c, 4, "/y", true);
        client_get(c, 5, "/z", true);
        client_request(c, 6, ZK_OP_EXISTS, &jute_path_watch_request,
                       &(struct zk_path_watch_request){SLICE_LITERAL("/z"), true});
        if (c == &b)
            break;
    }
    group_settle(&g);
    client_replies(&a);
    client_replies(&b);
    set_acl(&a, 7, "/x", ZK_PERM_ALL, "auth", "");
    set_acl(&a, 8, "/y", ZK_PERM_ALL, "auth", "");
    client_set(&a, 9, "/x", "1", -1);
    client_delete(&a, 10, "/y", -1);
    create_with(&a, 11, "/z", ZK_PERM_ALL, "auth", "");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "7:0 8:0 event:3:/x 9:0 event:2:/y 10:0 event:1:/z 11:0");
    CHECK_EQ_STR(client_replies(&b), "");
    struct client back = b;
    client_open(&b, &g, 1); /* and no more by setWatches, when the session comes back */
    CHECK(client_resume(&b, &back, 0));
    client_request(
        &b, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES, &jute_set_watches_request,
        &(struct zk_set_watches_request){0, {1, SLICE_LITERAL("\0\0\0\2/x")}, {0, SLICE_LITERAL("")}, {0, SLICE_LITERAL("")}});
    add_auth(&b, "digest", "me:secret");
    client_request(
        &b, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES, &jute_set_watches_request,
        &(struct zk_set_watches_request){0, {1, SLICE_LITERAL("\0\0\0\2/x")}, {0, SLICE_LITERAL("")}, {0, SLICE_LITERAL("")}});
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "-8:0 -4:0 event:3:/x -8:0");
    client_deinit(&back);
    end();
}

static void create_ttl(struct client *c, int32_t xid, const char *path, int64_t ttl)
{
    client_request(c, xid, ZK_OP_CREATE_TTL, &jute_create_ttl_request,
                   &(struct zk_create_ttl_request){slice_from_text(path), SLICE_NULL, list_of(31, "world", "anyone"), 5, ttl});
}

static void create_container(struct client *c, int32_t xid, const char *path)
{
    client_request(c, xid, ZK_OP_CREATE_CONTAINER, &jute_create_request,
                   &(struct zk_create_request){slice_from_text(path), SLICE_NULL, list_of(31, "world", "anyone"), 4});
}

/* Passes time with a client that pings. */
static void pass(struct client *c, uint64_t ms)
{
    for (uint64_t at = 0; at < ms; at += 2000) {
        client_plain(c, ZK_XID_PING, ZK_OP_PING);
        group_pass(&g, 2000);
    }
}

static bool there(const char *path, uint32_t server)
{
    return state_stat(replica_state(g.member[server - 1].r), slice_from_text(path), NULL);
}

TEST(replica_ops, containers_and_ttl_nodes_go_when_their_time_has_come)
{
    begin(3);
    client_open(&a, &g, group_leader(&g) % 3 + 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000));
    create_container(&a, 1, "/c");
    client_create(&a, 2, "/c/x", "", 0);
    client_delete(&a, 3, "/c/x", -1);
    create_ttl(&a, 4, "/t", 30000);
    create_ttl(&a, 5, "/later", 90000);
    client_get(&a, 6, "/t", true);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0 5:0 6:0");
    pass(&a, 56000);
    CHECK(there("/c", 1) && there("/t", 1)); /* looked at each minute */
    client_replies(&a);
    pass(&a, 8000);
    for (uint32_t id = 1; id <= 3; id++)
        CHECK(!there("/c", id) && !there("/t", id) && there("/later", id), "server %u", id);
    CHECK(strstr(client_replies(&a), "event:2:/t") != NULL);
    CHECK_EQ_INT(group_leader(&g) == 0, 0);
    group_cut(&g, group_leader(&g)); /* the next leader goes on, by the ensemble's own clock */
    pass(&a, 70000);
    CHECK(!there("/later", a.server));
    end();
}

TEST(replica_ops, so_many_of_them_go_in_a_minute)
{
    char path[32];
    struct replica_stats stats;
    uint64_t before;

    g.ttl_off = false;
    g.snap_count = g.counter_max = 0;
    g.reap_per_minute = 10;
    group_init(&g, 1);
    REQUIRE(group_leader(&g) != 0);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000));
    for (int32_t i = 0; i < 25; i++) {
        snprintf(path, sizeof(path), "/t%d", i);
        create_ttl(&a, i + 1, path, 1);
    }
    group_settle(&g);
    replica_stats(g.member[0].r, &stats);
    before = stats.state.nodes;
    pass(&a, 64000);
    replica_stats(g.member[0].r, &stats);
    CHECK_EQ_INT(stats.state.nodes, before - 10);
    pass(&a, 60000);
    replica_stats(g.member[0].r, &stats);
    CHECK_EQ_INT(stats.state.nodes, before - 20);
    pass(&a, 120000);
    replica_stats(g.member[0].r, &stats);
    CHECK_EQ_INT(stats.state.nodes, before - 25);
    end();
}

TEST(replica_ops, ttl_nodes_can_be_switched_off)
{
    g.ttl_off = true;
    g.snap_count = g.counter_max = g.reap_per_minute = 0;
    group_init(&g, 1);
    REQUIRE(group_leader(&g) != 0);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000));
    create_ttl(&a, 1, "/t", 1);
    add_create("/x", 0);
    add(ZK_OP_CREATE_TTL, &jute_create_ttl_request,
        &(struct zk_create_ttl_request){SLICE_LITERAL("/t"), SLICE_NULL, list_of(31, "world", "anyone"), 5, 1});
    send_gathered(&a, 2, ZK_OP_MULTI);
    create_container(&a, 3, "/c");
    add_create("/x", 0);
    send_gathered(&a, 4, ZK_OP_MULTI);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:-6 2:-6 3:0 4:0");
    g.ttl_off = false;
    end();
}

/* xids wrap from 2^31 - 1 to 1; some clients count on below zero. They are the client's own matter; but
 * that of a ping's reply is always -2, as in ZooKeeper. */
TEST(replica_ops, an_xid_comes_back_as_it_was_sent)
{
    static const int32_t xids[] = {INT32_MAX - 1, INT32_MAX, 1, INT32_MIN, -3, 0};
    struct reply reply;
    struct client c;
    begin(1);
    client_open(&c, &g, 1);
    CHECK(client_connect(&c, 10000));
    client_create(&c, 7, "/x", "", 0);
    for (size_t i = 0; i < COUNT(xids); i++) {
        client_set(&c, xids[i], "/x", "y", (int32_t)i);
        client_get(&c, xids[i], "/x", false);
        client_path(&c, xids[i], ZK_OP_SYNC, "/x");
        client_plain(&c, xids[i], ZK_OP_PING);
        client_get(&c, xids[i], "/none", false);
    }
    group_settle(&g);
    CHECK(client_reply(&c, &reply) && reply.xid == 7);
    for (size_t i = 0; i < COUNT(xids) * 5; i++)
        CHECK(client_reply(&c, &reply) && reply.xid == (i % 5 == 3 ? (int32_t)ZK_XID_PING : xids[i / 5]) &&
                  reply.err == (i % 5 == 4 ? -COORD_E_NO_NODE : 0),
              "%zu", i);
    CHECK(!client_reply(&c, &reply));
    client_deinit(&c);
    group_deinit(&g);
}

static void send_auth(struct client *client, int32_t xid, const char *scheme, const char *proof)
{
    client_request(client, xid, ZK_OP_AUTH, &jute_auth_packet,
                   &(struct zk_auth_packet){0, slice_from_text(scheme), slice_from_text(proof)});
}

TEST(replica_ops, where_authentication_is_demanded_nothing_goes_before_it)
{
    static const struct {
        const char *schemes;
        bool proves;
        const char *replies;
    } rows[] = {{NULL, false, "-2:0 2:-101"},
                {"digest", false, "1:-124"},
                {"digest", true, "-4:0 -2:0 2:-101"},
                {"sasl, digest", true, "-4:0 -2:0 2:-101"},
                {"sasl,x509", true, "-4:0 1:-124"},
                {"digestx", true, "-4:0 1:-124"},
                {"", true, "-4:0 1:-124"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        g = (struct group){.enforce_auth_schemes = rows[i].schemes};
        group_init(&g, 1);
        REQUIRE(group_leader(&g) != 0);
        client_open(&a, &g, 1);
        client_open(&b, &g, 1);
        CHECK(client_connect(&a, 10000));
        if (rows[i].proves)
            send_auth(&a, ZK_XID_AUTH, "digest", "user:secret");
        client_plain(&a, 1, ZK_OP_PING);
        client_get(&a, 2, "/none", false);
        group_settle(&g);
        CHECK_EQ_STR(client_replies(&a), rows[i].replies, "row %zu", i);
        CHECK(client_closed(&a) == (strstr(rows[i].replies, "-124") != NULL), "row %zu", i);
        end();
    }
    g = (struct group){0};
}
