/* test_replica_keeper.c - ClickHouse Keeper's operations, and our own, through whole replicas: events, order, other servers. */
#include "unit/replica_fixture.h"

#include "base/bytes.h"
#include "base/error.h"
#include "lib/runner.h"
#include "state/acl.h"

#include <stdio.h>

static struct group g;
static struct client a, b;

/* a on another server than the leader, b on the leader; /p with x and y, y with z. */
static void begin(void)
{
    group_init(&g, 3);
    REQUIRE(group_leader(&g) != 0);
    client_open(&a, &g, group_leader(&g) % 3 + 1);
    client_open(&b, &g, group_leader(&g));
    REQUIRE(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_create(&b, 1, "/p", "", 0);
    client_create(&b, 2, "/p/x", "", 0);
    client_create(&b, 3, "/p/y", "", 0);
    client_create(&b, 4, "/p/y/z", "", ZK_EPHEMERAL);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0 2:0 3:0 4:0");
    client_path(&a, 1, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
}

static void end(void)
{
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

static void remove_recursive(struct client *c, int32_t xid, const char *path, uint32_t limit)
{
    client_request(c, xid, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request,
                   &(struct zk_limit_request){slice_from_text(path), (int32_t)limit});
}

static void list(struct client *c, int32_t xid, const char *path)
{
    client_request(c, xid, ZK_OP_FILTERED_LIST, &jute_filtered_list_request,
                   &(struct zk_filtered_list_request){slice_from_text(path), true, ZK_LIST_ALL});
}

/* Each node's own event and its parent's, children before parents, and before the reply; each watch once: that of /p's children
 * is used up by the first that goes. */
TEST(replica_keeper, a_recursive_removal_tells_every_watcher)
{
    begin();
    client_request(&a, 2, ZK_OP_ADD_WATCH, &jute_add_watch_request, &(struct zk_add_watch_request){SLICE_LITERAL("/p"), 1});
    client_get(&b, 5, "/p/y/z", true);
    list(&b, 6, "/p");
    list(&b, 7, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "2:0");
    CHECK_EQ_STR(client_replies(&b), "5:0 6:0 7:0");
    remove_recursive(&b, 8, "/p", 3);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "");
    CHECK_EQ_STR(client_replies(&b), "8:-111"); /* too many: no event, the watches stay */
    remove_recursive(&b, 9, "/p", 4);
    client_path(&a, 3, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "event:2:/p/y/z event:2:/p/x event:2:/p/y event:2:/p 3:0");
    CHECK_EQ_STR(client_replies(&b), "event:2:/p/y/z event:4:/p event:4:/ 9:0");
    end();
}

/* A child watch: not of what a child holds. */
TEST(replica_keeper, the_watch_of_a_filtered_list_is_a_child_watch)
{
    begin();
    client_request(&a, 2, ZK_OP_FILTERED_LIST_WITH_DATA, &jute_filtered_list_with_data_request,
                   &(struct zk_filtered_list_with_data_request){SLICE_LITERAL("/p"), true, ZK_LIST_ALL, true, true});
    list(&b, 5, "/p");
    client_set(&b, 6, "/p/x", "new", -1);
    client_set(&b, 7, "/p", "new", -1);
    client_create(&b, 8, "/p/y/new", "", 0);
    client_path(&a, 3, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "2:0 3:0");
    CHECK_EQ_STR(client_replies(&b), "5:0 6:0 7:0 8:0");
    client_create(&b, 9, "/p/new", "", 0);
    client_path(&a, 4, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "event:4:/p 4:0");
    CHECK_EQ_STR(client_replies(&b), "event:4:/p 9:0");
    end();
}

/* The conditions of a multi are judged where it stands among the writes; one that fails leaves no trace and tells nobody. */
TEST(replica_keeper, a_multi_with_keepers_operations)
{
    static const uint8_t failed[] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0,    0,    0,    0,
                                     0,    0xff, 0xff, 0xff, 0xff, 0,    0xff, 0xff, 0xff, 0x92, 0xff, 0xff,
                                     0xff, 0x92, 0xff, 0xff, 0xff, 0xff, 1,    0xff, 0xff, 0xff, 0xff};
    struct buf frame = {0};
    struct reply reply;

    begin();
    client_get(&b, 5, "/p/x", true);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "5:0");
    for (int32_t i = 0; i < 2; i++) {
        buf_clear(&frame);
        jute_append(&frame, &jute_request_header, &(struct zk_request_header){2 + i, ZK_OP_MULTI});
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_REMOVE_RECURSIVE, false, -1});
        jute_append(&frame, &jute_limit_request, &(struct zk_limit_request){SLICE_LITERAL("/p"), 4});
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_CHECK_NOT_EXISTS, false, -1});
        jute_append(&frame, &jute_check_request,
                    &(struct zk_check_request){i == 0 ? SLICE_LITERAL("/") : SLICE_LITERAL("/p"), -1});
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
        client_frame(&a, buf_bytes(&frame), buf_size(&frame));
        group_settle(&g);
        REQUIRE(client_reply(&a, &reply) && reply.xid == 2 + i && reply.err == 0);
        if (i == 0) {
            CHECK(slice_equal(reply.record, slice_make(failed, sizeof(failed))));
            CHECK_EQ_STR(client_replies(&b), "");
        }
    }
    CHECK_EQ_INT(get_be32(reply.record.data), 503);
    CHECK_EQ_INT(get_be32(reply.record.data + 9), 501);
    CHECK_EQ_INT(reply.record.size, 27);
    client_path(&b, 6, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "event:2:/p/x 6:0");
    buf_deinit(&frame);
    end();
}

/* Keeper's internal operation, and numbers beside ours, are as unknown as any. */
TEST(replica_keeper, what_is_not_for_clients_closes_the_connection)
{
    static const int32_t unknown[] = {499, 508, 997, ZK_OP_LIST_PAGE - 1, ZK_OP_LIST_PAGE + 1};

    for (size_t i = 0; i < COUNT(unknown); i++) {
        begin();
        client_plain(&a, 2, unknown[i]);
        group_settle(&g);
        CHECK_EQ_STR(client_replies(&a), "2:-6", "%d", unknown[i]);
        CHECK(client_closed(&a));
        end();
    }
}

/* A watch on a discovery node says nothing when its client comes back. */
TEST(replica_keeper, discovery_nodes_are_there_for_set_watches)
{
    static const uint8_t paths[] = "\0\0\0\x15/keeper/feature_flags";
    struct jute_vector none = {0, SLICE_LITERAL("")}, one = {1, slice_make(paths, sizeof(paths) - 1)};

    begin();
    client_request(&a, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES, &jute_set_watches_request,
                   &(struct zk_set_watches_request){1, one, none, one});
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "-8:0");
    end();
}

static struct slice list_of_ephemerals(struct buf *frame, int32_t xid)
{
    buf_clear(frame);
    jute_append(frame, &jute_request_header, &(struct zk_request_header){xid, ZK_OP_FILTERED_LIST});
    jute_append(frame, &jute_filtered_list_request,
                &(struct zk_filtered_list_request){SLICE_LITERAL("/p"), false, ZK_LIST_EPHEMERAL});
    return buf_slice(frame);
}

static uint32_t version_of_last(uint32_t server)
{
    struct slice s = buf_slice(&g.member[server - 1].log.entries);
    struct entry e = {.version = 0};

    while (entry_next(&s, &e) == 0)
        ;
    return e.version;
}

/* An operation that servers of version 1 would skip stands in an entry that they refuse, on whatever server it was asked for;
 * what they know does not. */
TEST(replica_keeper, an_older_server_refuses_what_it_would_misread)
{
    static const uint8_t stat[ZK_STAT_BYTES];
    static const struct {
        int32_t op;
        uint32_t version;
    } rows[] = {{ZK_OP_CREATE, 1},           {ZK_OP_CHECK_NOT_EXISTS, 2}, {ZK_OP_CREATE_IF_NOT_EXISTS, 2}, {ZK_OP_DELETE, 1},
                {ZK_OP_REMOVE_RECURSIVE, 2}, {ZK_OP_CHECK_STAT, 2},       {ZK_OP_TRY_REMOVE, 2},           {ZK_OP_CREATE2, 1},
                {ZK_OP_CREATE_CONTAINER, 1}, {ZK_OP_CHECK_NOT_EXISTS, 2}};
    uint8_t space[ACL_WORLD_BYTES];
    struct buf record = {0}, frame = {0};

    begin();
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int32_t within = 0; within < 2; within++) {
            buf_clear(&record);
            buf_clear(&frame);
            if (rows[i].op == ZK_OP_CREATE || rows[i].op == ZK_OP_CREATE2 || rows[i].op == ZK_OP_CREATE_IF_NOT_EXISTS ||
                rows[i].op == ZK_OP_CREATE_CONTAINER)
                jute_append(
                    &record, &jute_create_request,
                    &(struct zk_create_request){SLICE_LITERAL("/v"), SLICE_LITERAL(""), acl_world(ZK_PERM_ALL, space), 0});
            else
                jute_append(&record, &jute_check_request, &(struct zk_check_request){SLICE_LITERAL("/none"), -1});
            if (rows[i].op == ZK_OP_CHECK_STAT)
                buf_append(&record, stat, sizeof(stat));
            jute_append(&frame, &jute_request_header,
                        &(struct zk_request_header){2 + 2 * (int32_t)i + within, within ? ZK_OP_MULTI : rows[i].op});
            if (within) { /* the newest counts, wherever it stands */
                jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_CHECK, false, -1});
                jute_append(&frame, &jute_check_request, &(struct zk_check_request){SLICE_LITERAL("/"), -1});
                jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){rows[i].op, false, -1});
            }
            buf_append(&frame, buf_bytes(&record), buf_size(&record));
            if (within) {
                jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_CHECK, false, -1});
                jute_append(&frame, &jute_check_request, &(struct zk_check_request){SLICE_LITERAL("/"), -1});
                jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
            }
            client_frame(&a, buf_bytes(&frame), buf_size(&frame));
            group_settle(&g);
            group_pass(&g, 10); /* who has no clients gets it a little later */
            client_take(&a);
            for (uint32_t server = 1; server <= 3; server++)
                CHECK_EQ_INT(version_of_last(server), rows[i].version, "%d, server %u", rows[i].op, server);
        }
    }
    buf_deinit(&record);
    buf_deinit(&frame);
    end();
}

static uint64_t reads_of(const struct replica *r)
{
    struct replica_stats stats;

    replica_stats(r, &stats);
    return stats.reads;
}

/* Requests of a few bytes that look at many nodes: a turn has time for two of these. Who waits longest is next, the rest of its
 * queue waits behind, a write among it, and nobody is overtaken within a session. */
TEST(replica_keeper, lists_that_look_at_much_take_several_turns)
{
    enum { CHILDREN = 20000, ASKED = 5 }; /* each list looks at all, for the ACL and for the kind */
    struct replica_event events[ASKED + 3];
    struct buf frames[ASKED + 3] = {{0}};
    struct buf multi = {0};
    struct replica *r;
    uint32_t count = 0;
    uint64_t before;

    begin();
    r = g.member[b.server - 1].r;
    client_deinit(&a);
    client_open(&a, &g, b.server);
    REQUIRE(client_connect(&a, 10000));
    jute_append(&multi, &jute_request_header, &(struct zk_request_header){5, ZK_OP_MULTI});
    for (uint32_t i = 0; i < CHILDREN; i++) {
        uint8_t space[ACL_WORLD_BYTES];
        char path[16];
        snprintf(path, sizeof(path), "/p/n%u", i);
        jute_append(&multi, &jute_multi_header, &(struct zk_multi_header){ZK_OP_CREATE, false, -1});
        jute_append(&multi, &jute_create_request,
                    &(struct zk_create_request){slice_from_text(path), SLICE_LITERAL(""), acl_world(ZK_PERM_ALL, space), 0});
    }
    jute_append(&multi, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
    client_frame(&b, buf_bytes(&multi), buf_size(&multi));
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "5:0");
    for (int32_t xid = 1; xid <= ASKED; xid++, count++)
        events[count] = (struct replica_event){
            .type = REPLICA_CONN_FRAME, .conn = a.conn, .bytes = list_of_ephemerals(&frames[count], xid)};
    jute_append(&frames[count], &jute_request_header, &(struct zk_request_header){ASKED + 1, ZK_OP_DELETE});
    jute_append(&frames[count], &jute_delete_request, &(struct zk_delete_request){SLICE_LITERAL("/p/x"), -1});
    events[count] = (struct replica_event){.type = REPLICA_CONN_FRAME, .conn = a.conn, .bytes = buf_slice(&frames[count])};
    count++;
    events[count] =
        (struct replica_event){.type = REPLICA_CONN_FRAME, .conn = b.conn, .bytes = list_of_ephemerals(&frames[count], 6)};
    count++;
    before = reads_of(r);
    for (uint64_t turn = 1; turn <= 3; turn++) {
        struct replica_now now = {g.now_ms, 0};
        replica_step(r, events, turn == 1 ? count : 0, &now);
        CHECK_EQ_INT(reads_of(r) - before, 2 * turn);
        CHECK_EQ_INT(buf_size(&replica_conn_io(r, b.conn)->output) > 0, turn == 3);
        CHECK(turn == 3 || replica_wake_at_ms(r) == g.now_ms); /* it goes on at once */
    }
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0 5:0 6:0");
    CHECK_EQ_STR(client_replies(&b), "6:0");
    for (uint32_t i = 0; i < COUNT(frames); i++)
        buf_deinit(&frames[i]);
    buf_deinit(&multi);
    end();
}

TEST(replica_keeper, pages_go_on_on_another_server)
{
    struct zk_list_page_response page;
    struct jute_cursor c;
    struct reply reply;
    struct slice name = SLICE_NULL;

    begin();
    client_request(&b, 5, ZK_OP_LIST_PAGE, &jute_list_page_request,
                   &(struct zk_list_page_request){SLICE_LITERAL("/p"), SLICE_NULL, 1, 0});
    group_settle(&g);
    REQUIRE(client_reply(&b, &reply) && reply.err == 0);
    c = jute_cursor_make(reply.record);
    REQUIRE(jute_decode(&c, &jute_list_page_response, &page) == 0 && page.more && page.children.count == 1);
    client_request(&a, 2, ZK_OP_LIST_PAGE, &jute_list_page_request,
                   &(struct zk_list_page_request){SLICE_LITERAL("/p"), SLICE_LITERAL("x"), 1, 0});
    group_settle(&g);
    REQUIRE(client_reply(&a, &reply) && reply.err == 0);
    c = jute_cursor_make(reply.record);
    REQUIRE(jute_decode(&c, &jute_list_page_response, &page) == 0 && !page.more && page.children.count == 1);
    c = jute_cursor_make(page.children.items);
    CHECK(jute_next_ustring(&c, &name) && slice_equal(name, SLICE_LITERAL("y")));
    end();
}
