/* test_replica_watches.c - watches through a server's door: who hears what, in which order, and what is bounded. */
#include "unit/replica_fixture.h"

#include "base/bytes.h"
#include "lib/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct group g;
static struct client a, b;

static void begin(uint32_t servers)
{
    g.snap_count = g.counter_max = 0;
    group_init(&g, servers);
    REQUIRE(group_leader(&g) != 0);
}

static void begin_two(void)
{
    begin(1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
}

static void end_two(void)
{
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

static void add_watch(struct client *c, int32_t xid, const char *path, int32_t mode)
{
    client_request(c, xid, ZK_OP_ADD_WATCH, &jute_add_watch_request,
                   &(struct zk_add_watch_request){path == NULL ? SLICE_NULL : slice_from_text(path), mode});
}

static void of_type(struct client *c, int32_t xid, int32_t op, const char *path, int32_t type)
{
    client_request(c, xid, op, &jute_watcher_type_request,
                   &(struct zk_watcher_type_request){path == NULL ? SLICE_NULL : slice_from_text(path), type});
}

/* exists, getData, getChildren with a watch */
static void watch(struct client *c, int32_t xid, int32_t op, const char *path)
{
    client_request(c, xid, op, &jute_path_watch_request, &(struct zk_path_watch_request){slice_from_text(path), true});
}

static void create_with(struct client *c, int32_t xid, const char *path, uint8_t perms)
{
    uint8_t list[] = {0, 0, 0, perms, 0, 0, 0, 5, 'w', 'o', 'r', 'l', 'd', 0, 0, 0, 6, 'a', 'n', 'y', 'o', 'n', 'e'};
    client_request(c, xid, ZK_OP_CREATE, &jute_create_request,
                   &(struct zk_create_request){.path = slice_from_text(path), .acl = {1, slice_make(list, sizeof(list))}});
}

static uint64_t watches_on(uint32_t server)
{
    struct replica_stats stats;
    replica_stats(g.member[server - 1].r, &stats);
    return stats.watch.watches;
}

/* "/a /b" as a vector; the text lives until the next call for the same place. */
static struct jute_vector list(int place, const char *paths)
{
    static struct buf text[5];
    struct buf *to = &text[place];
    struct jute_vector v = {0, SLICE_NULL};
    buf_clear(to);
    while (*paths != 0) {
        size_t size = strcspn(paths, " ");
        uint8_t *at = buf_reserve(to, 4 + size);
        put_be32(at, (uint32_t)size);
        memcpy(at + 4, paths, size);
        buf_commit(to, 4 + size);
        v.count++;
        paths += size + (paths[size] == ' ');
    }
    v.items = buf_slice(to);
    return v;
}

TEST(replica_watches, persistent_ones_stay_and_events_precede_the_replies)
{
    begin_two();
    client_create(&a, 1, "/x", "", 0);
    group_settle(&g);
    add_watch(&a, 2, "/x", ZK_ADD_WATCH_PERSISTENT);
    add_watch(&b, 1, "/", ZK_ADD_WATCH_RECURSIVE);
    client_set(&a, 3, "/x", "1", -1);
    client_create(&a, 4, "/x/y", "", 0);
    client_set(&a, 5, "/x/y", "2", -1);
    client_delete(&a, 6, "/x/y", -1);
    client_delete(&a, 7, "/x", -1);
    client_create(&a, 8, "/x", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 event:3:/x 3:0 event:4:/x 4:0 5:0 event:4:/x 6:0 event:2:/x 7:0 event:1:/x 8:0");
    CHECK_EQ_STR(client_replies(&b), "1:0 event:3:/x event:1:/x/y event:3:/x/y event:2:/x/y event:2:/x event:1:/x");
    CHECK_EQ_INT(watches_on(1), 2);
    end_two();
}

TEST(replica_watches, add_watch_answers_with_four_bytes_of_zero)
{
    struct reply reply;
    begin_two();
    add_watch(&a, 1, "/nowhere", ZK_ADD_WATCH_RECURSIVE);
    group_settle(&g);
    REQUIRE(client_reply(&a, &reply));
    CHECK(reply.xid == 1 && reply.err == 0);
    CHECK_EQ_BYTES(reply.record.data, reply.record.size, "\0\0\0\0", 4);
    add_watch(&a, 2, "/nowhere", 2);
    add_watch(&a, 3, "/nowhere", -1);
    add_watch(&a, 4, NULL, ZK_ADD_WATCH_PERSISTENT);
    add_watch(&a, 5, "no path", ZK_ADD_WATCH_PERSISTENT);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "2:-5 3:-5 4:-5 5:0");
    CHECK_EQ_INT(watches_on(1), 2);
    end_two();
}

TEST(replica_watches, check_and_remove_know_each_type)
{
    begin_two();
    client_create(&a, 1, "/x", "", 0);
    watch(&a, 2, ZK_OP_GET_DATA, "/x");
    watch(&a, 3, ZK_OP_GET_CHILDREN, "/x");
    add_watch(&a, 4, "/x", ZK_ADD_WATCH_PERSISTENT);
    add_watch(&a, 5, "/x", ZK_ADD_WATCH_RECURSIVE);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 4:0 5:0");
    for (int32_t type = 0; type <= 6; type++) {
        of_type(&a, 10 * type + 1, ZK_OP_CHECK_WATCHES, "/x", type);
        of_type(&a, 10 * type + 2, ZK_OP_CHECK_WATCHES, "/y", type);
        of_type(&b, 10 * type + 1, ZK_OP_CHECK_WATCHES, "/x", type); /* those of others are not its own */
    }
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:-5 2:-5 11:0 12:-121 21:0 22:-121 31:0 32:-121 41:0 42:-121 51:0 52:-121 61:-5 62:-5");
    CHECK_EQ_STR(client_replies(&b), "1:-5 11:-121 21:-121 31:-121 41:-121 51:-121 61:-5");
    for (int32_t type = 1; type <= 5; type++) {
        if (type == ZK_WATCHER_ANY)
            continue;
        of_type(&a, 10 * type + 1, ZK_OP_REMOVE_WATCHES, "/x", type);
        of_type(&a, 10 * type + 2, ZK_OP_REMOVE_WATCHES, "/x", type);
        group_settle(&g);
        CHECK_EQ_INT(watches_on(1), type < ZK_WATCHER_ANY ? 4 - type : 5 - type);
    }
    CHECK_EQ_STR(client_replies(&a), "11:0 12:-121 21:0 22:-121 41:0 42:-121 51:0 52:-121");
    of_type(&a, 1, ZK_OP_REMOVE_WATCHES, "/x", ZK_WATCHER_ANY);
    of_type(&a, 2, ZK_OP_REMOVE_WATCHES, NULL, ZK_WATCHER_ANY);
    add_watch(&a, 3, "/x", ZK_ADD_WATCH_PERSISTENT);
    watch(&a, 4, ZK_OP_EXISTS, "/x");
    of_type(&a, 5, ZK_OP_REMOVE_WATCHES, "/x", ZK_WATCHER_ANY);
    client_set(&a, 6, "/x", "", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:-121 2:-121 3:0 4:0 5:0 6:0");
    CHECK_EQ_INT(watches_on(1), 0);
    end_two();
}

TEST(replica_watches, they_go_with_their_connection)
{
    begin_two();
    add_watch(&a, 1, "/x", ZK_ADD_WATCH_PERSISTENT);
    add_watch(&a, 2, "/x", ZK_ADD_WATCH_RECURSIVE);
    add_watch(&b, 1, "/x", ZK_ADD_WATCH_RECURSIVE);
    group_settle(&g);
    CHECK_EQ_INT(watches_on(1), 3);
    client_deinit(&a);
    CHECK_EQ_INT(watches_on(1), 1);
    client_create(&b, 2, "/x", "", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0 event:1:/x 2:0");
    client_deinit(&b);
    CHECK_EQ_INT(watches_on(1), 0);
    group_deinit(&g);
}

TEST(replica_watches, sessions_on_every_server_hear_of_every_change)
{
    struct client watcher[3];
    begin(3);
    for (uint32_t id = 1; id <= 3; id++) {
        client_open(&watcher[id - 1], &g, id);
        CHECK(client_connect(&watcher[id - 1], 10000));
        add_watch(&watcher[id - 1], 1, "/x", ZK_ADD_WATCH_RECURSIVE);
    }
    client_open(&a, &g, group_leader(&g));
    CHECK(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "", 0);
    client_create(&a, 2, "/x/e", "", ZK_EPHEMERAL);
    client_create(&a, 3, "/x/f", "", ZK_EPHEMERAL);
    client_plain(&a, 4, ZK_OP_CLOSE_SESSION);
    group_pass(&g, 100);
    for (uint32_t id = 1; id <= 3; id++) {
        CHECK_EQ_STR(client_replies(&watcher[id - 1]), "1:0 event:1:/x event:1:/x/e event:1:/x/f event:2:/x/e event:2:/x/f",
                     "server %u", id);
        client_deinit(&watcher[id - 1]);
    }
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_watches, set_watches2_tells_what_was_missed_and_arms_the_rest_on_another_server)
{
    begin(3);
    client_open(&a, &g, 1);
    client_open(&b, &g, 3);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_create(&b, 1, "/same", "", 0);
    client_create(&b, 2, "/set", "", 0);
    client_create(&b, 3, "/parent", "", 0);
    client_create(&b, 4, "/gone", "", 0);
    group_pass(&g, 100);
    int64_t since = (int64_t)state_zxid(replica_state(g.member[0].r));
    client_set(&b, 5, "/set", "x", -1);
    client_create(&b, 6, "/parent/child", "", 0);
    client_delete(&b, 7, "/gone", -1);
    client_create(&b, 8, "/made", "", 0);
    group_pass(&g, 100);
    client_replies(&b);
    struct client again;
    client_open(&again, &g, 2);
    CHECK(client_resume(&again, &a, since));
    client_request(&again, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request,
                   &(struct zk_set_watches2_request){since, list(0, "/same /set /gone"), list(1, "/made /none"),
                                                     list(2, "/parent /same /gone"), list(3, "/set /nowhere"),
                                                     list(4, "/parent")});
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&again), "event:3:/set event:2:/gone event:1:/made event:4:/parent event:2:/gone -8:0");
    CHECK_EQ_INT(watches_on(2), 6);
    client_set(&b, 9, "/same", "x", -1);
    client_create(&b, 10, "/same/child", "", 0);
    client_create(&b, 11, "/none", "", 0);
    client_set(&b, 12, "/set", "x", -1);
    client_create(&b, 13, "/nowhere", "", 0);
    client_set(&b, 14, "/parent/child", "x", -1);
    client_set(&b, 15, "/same", "x", -1);
    group_pass(&g, 100);
    CHECK_EQ_STR(client_replies(&again),
                 "event:3:/same event:4:/same event:1:/none event:3:/set event:1:/nowhere event:3:/parent/child");
    client_deinit(&again);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_watches, null_lists_are_malformed)
{
    begin_two();
    for (int null = 0; null < 5; null++) {
        struct zk_set_watches2_request m = {.relative_zxid = 0};
        struct jute_vector *lists[] = {&m.data, &m.exist, &m.child, &m.persistent, &m.recursive};
        lists[null]->count = -1;
        client_request(&a, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request, &m);
        client_request(&a, 7, ZK_OP_SET_WATCHES, &jute_set_watches_request, &m);
        group_settle(&g);
        CHECK_EQ_STR(client_replies(&a), null < 3 ? "-8:-5 7:-5" : "-8:-5 7:0", "list %d", null);
    }
    end_two();
}

/* The right is looked at when an event is told, as the lists were when the change happened. */
TEST(replica_watches, who_may_not_read_hears_nothing_whatever_the_kind)
{
    enum { ALL = ZK_PERM_ALL, NO_READ = ZK_PERM_ALL - ZK_PERM_READ };
    begin_two();
    create_with(&b, 1, "/open", ALL);
    create_with(&b, 2, "/shut", NO_READ);
    group_settle(&g);
    client_replies(&b);
    add_watch(&a, 1, "/", ZK_ADD_WATCH_RECURSIVE);
    add_watch(&a, 2, "/open", ZK_ADD_WATCH_PERSISTENT);
    add_watch(&a, 3, "/shut", ZK_ADD_WATCH_PERSISTENT);
    create_with(&b, 1, "/open/shut", NO_READ);
    client_set(&b, 2, "/open/shut", "x", -1);
    client_delete(&b, 3, "/open/shut", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0 2:0 3:0");
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0 3:0 event:4:/open event:4:/open"); /* the names of its children it may know */
    create_with(&b, 4, "/shut/open", ALL);
    client_set(&b, 5, "/shut/open", "x", -1);
    client_delete(&b, 6, "/shut/open", -1);
    client_delete(&b, 7, "/shut", -1);
    client_delete(&b, 8, "/open", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "4:0 5:0 6:0 7:0 8:0");
    CHECK_EQ_STR(client_replies(&a), "event:1:/shut/open event:3:/shut/open event:2:/shut/open event:2:/open");
    end_two();
}

/* The list of "auth" becomes the creator's id; a deleted node's counts too. */
TEST(replica_watches, a_recursive_watch_hears_of_what_its_clients_ids_may_read)
{
    static const uint8_t own[] = {0, 0, 0, 31, 0, 0, 0, 4, 'a', 'u', 't', 'h', 0, 0, 0, 0};
    const struct zk_auth_packet proof = {0, SLICE_LITERAL("digest"), SLICE_LITERAL("me:secret")};
    struct client c;
    begin_two();
    client_open(&c, &g, 1);
    CHECK(client_connect(&c, 10000));
    client_request(&a, ZK_XID_AUTH, ZK_OP_AUTH, &jute_auth_packet, &proof);
    client_request(&c, ZK_XID_AUTH, ZK_OP_AUTH, &jute_auth_packet, &proof);
    add_watch(&a, 1, "/", ZK_ADD_WATCH_RECURSIVE);
    add_watch(&b, 1, "/", ZK_ADD_WATCH_RECURSIVE);
    client_request(&c, 1, ZK_OP_CREATE, &jute_create_request,
                   &(struct zk_create_request){.path = SLICE_LITERAL("/own"), .acl = {1, slice_make(own, sizeof(own))}});
    client_set(&c, 2, "/own", "x", -1);
    client_create(&c, 3, "/own/open", "", 0);
    client_delete(&c, 4, "/own/open", -1);
    client_delete(&c, 5, "/own", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&c), "-4:0 1:0 2:0 3:0 4:0 5:0");
    CHECK_EQ_STR(client_replies(&a), "-4:0 1:0 event:1:/own event:3:/own event:1:/own/open event:2:/own/open event:2:/own");
    CHECK_EQ_STR(client_replies(&b), "1:0 event:1:/own/open event:2:/own/open");
    client_deinit(&c);
    end_two();
}

static size_t output_of(const struct client *c)
{
    return buf_size(&replica_conn_io(g.member[c->server - 1].r, c->conn)->output);
}

/* So many paths of one kind, as one frame. */
static struct jute_vector many(struct buf *to, uint32_t count, const char *path)
{
    size_t size = strlen(path);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *at = buf_reserve(to, 4 + size);
        put_be32(at, (uint32_t)size);
        memcpy(at + 4, path, size);
        buf_commit(to, 4 + size);
    }
    return (struct jute_vector){(int32_t)count, buf_slice(to)};
}

TEST(replica_watches, events_of_a_set_watches_wait_for_the_client_to_read)
{
    enum { EVENTS = 300000 };
    struct buf paths = {0};
    struct reply reply;
    begin_two();
    client_request(&a, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES, &jute_set_watches_request,
                   &(struct zk_set_watches_request){.exist = many(&paths, EVENTS, "/")});
    client_create(&a, 1, "/behind", "", 0);
    client_get(&a, 2, "/behind", false);
    group_settle(&g);
    CHECK(output_of(&a) >= REPLICA_OUTPUT_BYTES && output_of(&a) < REPLICA_OUTPUT_BYTES + 1000);
    group_pass(&g, 1000);
    CHECK(output_of(&a) < REPLICA_OUTPUT_BYTES + 1000 && !client_closed(&a));
    client_get(&b, 1, "/behind", false); /* others are served meanwhile, and see no write from behind it */
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:-101");
    for (uint32_t i = 0; i < EVENTS; i++) {
        if (!client_reply(&a, &reply)) { /* the rest of a turn */
            group_settle(&g);
            REQUIRE(client_reply(&a, &reply), "event %u", i);
        }
        REQUIRE(reply.xid == ZK_XID_NOTIFICATION && reply.zxid == -1, "event %u", i);
    }
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "-8:0 1:0 2:0");
    buf_deinit(&paths);
    end_two();
}

TEST(replica_watches, a_huge_set_watches_takes_several_turns_and_keeps_its_place)
{
    struct buf paths = {0};
    struct replica *r;
    uint32_t turns = 1;
    begin_two();
    r = g.member[0].r;
    for (uint32_t i = 0; i < 20000; i++) {
        char path[16];
        snprintf(path, sizeof(path), "/n%05u", i);
        many(&paths, 1, path);
    }
    client_request(&a, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request,
                   &(struct zk_set_watches2_request){.persistent = {20000, buf_slice(&paths)}});
    CHECK_EQ_INT(watches_on(1), 4096);
    add_watch(&a, 1, "/q", ZK_ADD_WATCH_PERSISTENT); /* each a turn of its own */
    client_create(&a, 2, "/n19999", "", 0);
    CHECK_EQ_INT(watches_on(1), 3 * 4096);
    for (struct replica_now now = {g.now_ms, 0}; watches_on(1) < 20001 && turns < 100; turns++) {
        uint64_t before = watches_on(1);
        CHECK_EQ_INT(replica_wake_at_ms(r), g.now_ms); /* it goes on at once */
        replica_step(r, NULL, 0, &now);
        CHECK(watches_on(1) - before <= 4097, "%llu in a turn", (unsigned long long)(watches_on(1) - before));
    }
    CHECK_EQ_INT(turns, 3);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "-8:0 1:0 event:1:/n19999 2:0");
    buf_deinit(&paths);
    end_two();
}

TEST(replica_watches, one_who_leaves_amid_a_huge_set_watches_leaves_nothing)
{
    struct buf paths = {0};
    begin_two();
    for (uint32_t i = 0; i < 20000; i++) {
        char path[16];
        snprintf(path, sizeof(path), "/n%05u", i);
        many(&paths, 1, path);
    }
    client_request(&a, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request,
                   &(struct zk_set_watches2_request){.recursive = {20000, buf_slice(&paths)}});
    client_request(&b, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request,
                   &(struct zk_set_watches2_request){.recursive = {20000, buf_slice(&paths)}});
    CHECK(watches_on(1) < 20000);
    client_deinit(&a);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "-8:0");
    CHECK_EQ_INT(watches_on(1), 20000);
    client_deinit(&b);
    CHECK_EQ_INT(watches_on(1), 0);
    buf_deinit(&paths);
    group_deinit(&g);
}

TEST(replica_watches, several_packets_in_flight_are_answered_in_order)
{
    begin_two();
    client_create(&b, 1, "/here", "", 0);
    group_settle(&g);
    for (int i = 0; i < 10; i++)
        client_request(&a, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request,
                       &(struct zk_set_watches2_request){0, list(0, i % 2 ? "/none" : ""), list(1, i % 2 ? "" : "/here"),
                                                         list(2, ""), list(3, ""), list(4, "/")});
    client_set(&a, 1, "/here", "x", -1);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "event:1:/here -8:0 event:2:/none -8:0 event:1:/here -8:0 event:2:/none -8:0 "
                                     "event:1:/here -8:0 event:2:/none -8:0 event:1:/here -8:0 event:2:/none -8:0 "
                                     "event:1:/here -8:0 event:2:/none -8:0 event:3:/here 1:0");
    end_two();
}

TEST(replica_watches, a_thousand_recursive_watchers_hear_each_change_once)
{
    enum { WATCHERS = 1000 };
    struct client *watcher = calloc(WATCHERS, sizeof(*watcher));
    REQUIRE(watcher != NULL);
    begin(1);
    for (int i = 0; i < WATCHERS; i++) {
        client_open(&watcher[i], &g, 1);
        CHECK(client_connect(&watcher[i], 10000));
        add_watch(&watcher[i], 1, i % 2 ? "/" : "/x", ZK_ADD_WATCH_RECURSIVE);
    }
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "", 0);
    client_create(&a, 2, "/x/y", "", 0);
    client_delete(&a, 3, "/x/y", -1);
    group_settle(&g);
    for (int i = 0; i < WATCHERS; i++) {
        CHECK_EQ_STR(client_replies(&watcher[i]), "1:0 event:1:/x event:1:/x/y event:2:/x/y", "watcher %d", i);
        client_deinit(&watcher[i]);
    }
    client_deinit(&a);
    group_deinit(&g);
    free(watcher);
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
    client_request(c, xid, ZK_OP_EXISTS, &jute_path_watch_request,
                   &(struct zk_path_watch_request){slice_from_text(path), true});
}

static const uint8_t no_read[] = {0, 0, 0, 30, 0, 0, 0, 5, 'w', 'o', 'r', 'l', 'd', 0, 0, 0, 6, 'a', 'n', 'y', 'o', 'n', 'e'};

TEST(replica_watches, event_precedes_the_reply_that_shows_the_change)
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

TEST(replica_watches, who_reads_no_events_is_closed_and_others_get_theirs)
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

TEST(replica_watches, who_may_not_read_a_node_hears_nothing_of_it)
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
