/* test_client_watches.c - watches of a session: set by answers, fired once, set anew on another server. */
#include "client_world.h"
#include "lib/runner.h"
#include "set_watches.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define EVENT(type, zxid, path) HEADER("ffffffff", zxid, NO_ERROR) type "00000003" path
#define CREATED "00000001"
#define DELETED "00000002"
#define CHANGED "00000003"
#define CHILDREN "00000004"
#define PATH_A                                                                                                                 \
    "00000002"                                                                                                                 \
    "2f61"
#define SET_WATCHES                                                                                                            \
    "fffffff8"                                                                                                                 \
    "00000065"
#define NONE "00000000"

/* Set a data watch on /a, an exist watch on /b, a child watch on /a; answers at zxid 9. */
static void set_three(struct world *w)
{
    world_get(w, "/a", "get", "data");
    world_exists(w, "/b", "exists", "exist");
    world_children(w, "/a", "ls", "child");
    CHECK_EQ_STR(world_output(w), "00000001"
                                  "00000004" PATH_A "01;"
                                  "00000002"
                                  "00000003"
                                  "00000002"
                                  "2f62"
                                  "01;"
                                  "00000003"
                                  "00000008" PATH_A "01;");
    world_frame(w, HEADER("00000001", "0000000000000009", NO_ERROR) "00000000" STAT);
    world_frame(w, HEADER("00000002", "0000000000000009", NO_NODE));
    world_frame(w, HEADER("00000003", "0000000000000009", NO_ERROR) NONE);
    CHECK_EQ_STR(world_events(w), "get ok zxid=9 data= stat;exists NO_NODE;ls ok zxid=9;");
}

TEST(watches, fire_once_by_their_kind)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_three(&w);
    world_frame(&w, EVENT(CHANGED, "000000000000000a", PATH_A));
    CHECK_EQ_STR(world_events(&w), "data watch NodeDataChanged /a zxid=10;");
    world_frame(&w, EVENT(CHANGED, "000000000000000b", PATH_A));
    CHECK_EQ_STR(world_events(&w), "");
    world_frame(&w, EVENT(CREATED, "ffffffffffffffff",
                          "00000002"
                          "2f62"));
    CHECK_EQ_STR(world_events(&w), "exist watch NodeCreated /b zxid=-1;");
    world_frame(&w, EVENT(CHILDREN, "000000000000000c", PATH_A));
    CHECK_EQ_STR(world_events(&w), "child watch NodeChildrenChanged /a zxid=12;");
    world_deinit(&w);
}

TEST(watches, a_deletion_tells_all_of_the_path_in_order)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_three(&w);
    world_exists(&w, "/a", "again", "second");
    world_output(&w);
    world_frame(&w, HEADER("00000004", "0000000000000009", NO_ERROR) STAT);
    world_frame(&w, EVENT(DELETED, "000000000000000a", PATH_A));
    CHECK_EQ_STR(world_events(&w), "again ok zxid=9 stat;data watch NodeDeleted /a zxid=10;second watch NodeDeleted /a zxid=10;"
                                   "child watch NodeDeleted /a zxid=10;");
    world_deinit(&w);
}

TEST(watches, none_is_set_by_a_failed_call)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    world_get(&w, "/a", "get", "data");
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_NODE));
    CHECK_EQ_STR(world_events(&w), "get NO_NODE;data watch NotWatching /a NO_NODE;");
    world_frame(&w, EVENT(CREATED, "000000000000000a", PATH_A));
    CHECK_EQ_STR(world_events(&w), "");
    world_deinit(&w);
}

TEST(watches, unknown_events_are_ignored)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_three(&w);
    world_frame(&w, EVENT("ffffffff", "000000000000000a", NONE));
    world_frame(&w, EVENT("00000063", "000000000000000a", PATH_A));
    CHECK_EQ_STR(world_events(&w), "");
    world_deinit(&w);
}

static void reconnect(struct world *w)
{
    session_lost(&w->s, "reset", w->now_ms);
    session_connected(&w->s, w->now_ms);
    world_output(w);
    world_frame(w, GREETING);
    CHECK_EQ_STR(world_events(w), "state reconnecting;state connected;");
}

TEST(watches, are_set_anew_before_any_request)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_three(&w);
    session_lost(&w.s, "reset", w.now_ms);
    CHECK_EQ_STR(world_events(&w), "state reconnecting;");
    world_get(&w, "/c", "get", NULL);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, GREETING);
    CHECK_EQ_STR(world_events(&w), "state connected;");
    CHECK_EQ_STR(world_output(&w), SET_WATCHES "0000000000000009"
                                               "00000001" PATH_A "00000001"
                                               "00000002"
                                               "2f62"
                                               "00000001" PATH_A ";00000004"
                                               "00000004"
                                               "00000002"
                                               "2f63"
                                               "00;");
    world_frame(&w, EVENT(CHILDREN, "ffffffffffffffff", PATH_A));
    world_frame(&w, HEADER("fffffff8", "000000000000000a", NO_ERROR));
    CHECK_EQ_STR(world_events(&w), "child watch NodeChildrenChanged /a zxid=-1;");
    world_frame(&w, EVENT(CHANGED, "000000000000000b", PATH_A));
    CHECK_EQ_STR(world_events(&w), "data watch NodeDataChanged /a zxid=11;");
    world_deinit(&w);
}

/* One change can raise two events. When the connection breaks between them, the second must not be lost. */
TEST(watches, the_rest_of_a_change_is_asked_for_again)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_three(&w);
    world_frame(&w, EVENT(CHANGED, "000000000000000a", PATH_A));
    CHECK_EQ_STR(world_events(&w), "data watch NodeDataChanged /a zxid=10;");
    session_lost(&w.s, "reset", w.now_ms);
    world_events(&w);
    session_connected(&w.s, w.now_ms);
    CHECK(strstr(world_output(&w), "00000000"
                                   "000000000000000a") == w.output); /* the greeting: what was seen */
    world_frame(&w, GREETING);
    world_events(&w);
    CHECK(strstr(world_output(&w), SET_WATCHES "0000000000000009") == w.output); /* what is known to be complete */
    world_deinit(&w);
}

/* Answers that come while watches are being set anew do not say that their events were all received. */
TEST(watches, nothing_is_complete_until_all_are_set_anew)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_three(&w);
    session_lost(&w.s, "reset", w.now_ms);
    world_events(&w);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, GREETING);
    world_events(&w);
    world_output(&w);
    world_frame(&w, HEADER("fffffffe", "0000000000000020", NO_ERROR));
    world_events(&w);
    session_lost(&w.s, "reset", w.now_ms);
    world_events(&w);
    session_connected(&w.s, w.now_ms);
    CHECK(strstr(world_output(&w), "00000000"
                                   "0000000000000020") == w.output);
    world_frame(&w, GREETING);
    world_events(&w);
    CHECK(strstr(world_output(&w), SET_WATCHES "0000000000000009") == w.output);
    world_deinit(&w);
}

TEST(watches, a_server_that_cannot_set_them_is_told_of)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_three(&w);
    reconnect(&w);
    world_output(&w);
    world_frame(&w, HEADER("fffffff8", "000000000000000a", "fffffffa"));
    world_events(&w);
    CHECK_EQ_INT(w.told_watches, 3);
    CHECK(strstr(w.events, "data watch NotWatching /a UNIMPLEMENTED;") != NULL);
    world_deinit(&w);
}

/* ---- Watches that stay ---- */

#define PATH_A_B                                                                                                               \
    "00000004"                                                                                                                 \
    "2f612f62"

/* A persistent and a recursive watch on /a, a recursive one on /, and a one-shot one on /a. */
static void set_staying(struct world *w)
{
    world_add_watch(w, "/a", false, "add", "persistent");
    world_add_watch(w, "/a", true, "add", "recursive");
    world_add_watch(w, "/", true, "add", "root");
    world_get(w, "/a", "get", "data");
    CHECK_EQ_STR(world_output(w), "00000001"
                                  "0000006a" PATH_A "00000000;"
                                  "00000002"
                                  "0000006a" PATH_A "00000001;"
                                  "00000003"
                                  "0000006a"
                                  "000000012f"
                                  "00000001;"
                                  "00000004"
                                  "00000004" PATH_A "01;");
    world_frame(w, HEADER("00000001", "0000000000000009", NO_ERROR) NONE);
    world_frame(w, HEADER("00000002", "0000000000000009", NO_ERROR) NONE);
    world_frame(w, HEADER("00000003", "0000000000000009", NO_ERROR) NONE);
    world_frame(w, HEADER("00000004", "0000000000000009", NO_ERROR) "00000000" STAT);
    CHECK_EQ_STR(world_events(w), "add ok zxid=9;add ok zxid=9;add ok zxid=9;get ok zxid=9 data= stat;");
}

TEST(watches, those_that_stay_hear_each_event_of_theirs)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_staying(&w);
    world_frame(&w, EVENT(CHANGED, "000000000000000a", PATH_A)); /* one event for all of them */
    CHECK_EQ_STR(world_events(&w), "data watch NodeDataChanged /a zxid=10;persistent watch NodeDataChanged /a zxid=10;"
                                   "recursive watch NodeDataChanged /a zxid=10;root watch NodeDataChanged /a zxid=10;");
    world_frame(&w, EVENT(CHILDREN, "000000000000000b", PATH_A));
    CHECK_EQ_STR(world_events(&w), "persistent watch NodeChildrenChanged /a zxid=11;");
    world_frame(&w, EVENT(CREATED, "000000000000000b", PATH_A_B));
    CHECK_EQ_STR(world_events(&w), "recursive watch NodeCreated /a/b zxid=11;root watch NodeCreated /a/b zxid=11;");
    world_frame(&w, EVENT(DELETED, "000000000000000c", PATH_A));
    CHECK_EQ_STR(world_events(&w), "persistent watch NodeDeleted /a zxid=12;recursive watch NodeDeleted /a zxid=12;"
                                   "root watch NodeDeleted /a zxid=12;");
    world_frame(&w, EVENT(CHANGED, "000000000000000d", "000000012f"));
    CHECK_EQ_STR(world_events(&w), "root watch NodeDataChanged / zxid=13;");
    world_frame(&w, EVENT(CHANGED, "000000000000000d", "0000000161")); /* no path at all */
    CHECK_EQ_STR(world_events(&w), "");
    world_frame(&w, EVENT("00000063", "000000000000000d", PATH_A));
    CHECK_EQ_STR(world_events(&w), "");
    session_abandon(&w.s);
    world_events(&w);
    CHECK(strstr(w.events, "persistent watch NotWatching /a CLOSING;") != NULL);
    CHECK(strstr(w.events, "recursive watch NotWatching /a CLOSING;") != NULL);
    CHECK(strstr(w.events, "root watch NotWatching / CLOSING;") != NULL);
    CHECK_EQ_INT(w.told_watches, 14);
    world_deinit(&w);
}

TEST(watches, those_that_stay_are_set_anew_by_set_watches2)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_staying(&w);
    world_remove(&w, "/", 5, "remove");
    world_output(&w);
    world_frame(&w, HEADER("00000005", "0000000000000009", NO_ERROR));
    CHECK_EQ_STR(world_events(&w), "remove ok zxid=9;root watch NotWatching / zxid=0;");
    session_lost(&w.s, "reset", w.now_ms);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, GREETING);
    CHECK_EQ_STR(world_events(&w), "state reconnecting;state connected;");
    CHECK_EQ_STR(world_output(&w), "fffffff8"
                                   "00000069"
                                   "0000000000000009"
                                   "00000001" PATH_A "00000000"
                                   "00000000"
                                   "00000001" PATH_A "00000001" PATH_A ";");
    world_frame(&w, HEADER("fffffff8", "000000000000000a", NO_ERROR));
    world_frame(&w, EVENT(CREATED, "000000000000000b", PATH_A_B));
    CHECK_EQ_STR(world_events(&w), "recursive watch NodeCreated /a/b zxid=11;");
    world_deinit(&w);
}

TEST(watches, removal_ends_those_of_its_type)
{
    static const struct {
        int32_t type;
        const char *told;
    } rows[] = {
        {COORD_WATCH_CHILDREN, "child watch NotWatching /a zxid=0;"},
        {COORD_WATCH_DATA, "data watch NotWatching /a zxid=0;"},
        {COORD_WATCH_ANY, "data watch NotWatching /a zxid=0;child watch NotWatching /a zxid=0;one watch NotWatching /a zxid=0;"
                          "two watch NotWatching /a zxid=0;recursive watch NotWatching /a zxid=0;"},
        {COORD_WATCH_PERSISTENT, "one watch NotWatching /a zxid=0;two watch NotWatching /a zxid=0;"},
        {COORD_WATCH_RECURSIVE, "recursive watch NotWatching /a zxid=0;"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        char expected[400];

        world_init(&w, 1);
        world_connect(&w);
        set_three(&w);
        world_add_watch(&w, "/a", false, "add", "one");
        world_add_watch(&w, "/a", false, "add", "two");
        world_add_watch(&w, "/a", true, "add", "recursive");
        world_output(&w);
        world_frame(&w, HEADER("00000004", "0000000000000009", NO_ERROR) NONE);
        world_frame(&w, HEADER("00000005", "0000000000000009", NO_ERROR) NONE);
        world_frame(&w, HEADER("00000006", "0000000000000009", NO_ERROR) NONE);
        world_events(&w);
        world_remove(&w, "/a", rows[i].type, "remove");
        world_remove(&w, "/a", rows[i].type, "again");
        world_output(&w);
        world_frame(&w, HEADER("00000007", "0000000000000009", NO_ERROR));
        world_frame(&w, HEADER("00000008", "0000000000000009", "ffffff87"));
        snprintf(expected, sizeof(expected), "remove ok zxid=9;%sagain NO_WATCHER;", rows[i].told);
        CHECK_EQ_STR(world_events(&w), expected, "type %d", (int)rows[i].type);
        world_deinit(&w);
    }
}

TEST(watches, one_that_the_server_refuses_ends_at_once)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    world_add_watch(&w, "/a", true, "add", "recursive");
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", "fffffffa"));
    CHECK_EQ_STR(world_events(&w), "add UNIMPLEMENTED;recursive watch NotWatching /a UNIMPLEMENTED;");
    world_frame(&w, EVENT(CHANGED, "000000000000000a", PATH_A));
    CHECK_EQ_STR(world_events(&w), "");
    world_deinit(&w);
}

/* An event that cannot be told for lack of memory must not be lost silently: the connection breaks. */
TEST(watches, without_memory_for_an_event_the_connection_breaks)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    set_staying(&w);
    for (unsigned n = 1;; n++) {
        alloc_fail_at(n);
        world_frame(&w, EVENT(CHANGED, "000000000000000a", PATH_A_B));
        if (!alloc_failed())
            break;
        alloc_fail_at(0);
        REQUIRE(n < 10);
        world_events(&w);
        CHECK(strstr(w.events, "state reconnecting;") != NULL, "allocation %u", n);
        session_connected(&w.s, w.now_ms);
        world_output(&w);
        world_frame(&w, GREETING);
        world_output(&w);
        world_events(&w);
    }
    alloc_fail_at(0);
    CHECK_EQ_STR(world_events(&w), "recursive watch NodeDataChanged /a/b zxid=10;root watch NodeDataChanged /a/b zxid=10;");
    world_deinit(&w);
}

union op_set_watches {
    struct zk_set_watches_request one; /* the front of the other */
    struct zk_set_watches2_request two;
};

/* Walk the packets: every path once, in its vector, none above the limit unless it is alone. */
TEST(set_watches, packets_are_split_at_the_limit)
{
    enum { COUNT_OF = 9000 };
    static bool seen[WATCH_KINDS][COUNT_OF];
    struct watches t;
    struct request_list packets = {0};
    struct request *r;
    int count, walked = 0, paths = 0;

    watches_init(&t);
    for (int i = 0; i < COUNT_OF; i++) {
        char path[64];
        for (int kind = 0; kind < WATCH_KINDS; kind++) {
            for (int twice = 0; twice < 2; twice++) {
                struct watch *w;
                snprintf(path, sizeof(path), "/a/long/enough/path/%d", i);
                w = watch_new(path, &(struct coord_watch){NULL, NULL});
                w->kind = (enum watch_kind)kind;
                watches_add(&t, w);
            }
        }
    }
    CHECK_EQ_INT(t.key_count, COUNT_OF * WATCH_KINDS);
    count = set_watches_requests(&t, 7, &packets);
    CHECK_EQ_INT(count, (int)(t.wire_bytes / SET_WATCHES_BYTES_MAX) + 1);
    for (; (r = request_pop(&packets)) != NULL; walked++) {
        struct jute_cursor c = jute_cursor_make(slice_make(r->frame + 12, r->size - 12));
        union op_set_watches record = {0};
        const struct jute_vector *vectors[] = {&record.two.data, &record.two.exist, &record.two.child, &record.two.persistent,
                                               &record.two.recursive};
        bool two = get_be32(r->frame + 8) == ZK_OP_SET_WATCHES2;
        CHECK_EQ_INT(jute_decode(&c, two ? &jute_set_watches2_request : &jute_set_watches_request, &record), 0);
        CHECK_EQ_INT(two, record.two.persistent.count + record.two.recursive.count > 0);
        CHECK(c.at == c.end);
        CHECK_EQ_INT(record.two.relative_zxid, 7);
        CHECK(r->size <= SET_WATCHES_BYTES_MAX + 64);
        for (int kind = 0; kind < WATCH_KINDS; kind++) {
            struct jute_cursor items = jute_cursor_make(vectors[kind]->items);
            struct slice path;
            int in_vector = 0;
            for (; jute_next_ustring(&items, &path); in_vector++, paths++) {
                char text[64] = "";
                int i = -1;
                REQUIRE(path.size < sizeof(text));
                memcpy(text, path.data, path.size); /* no NUL follows it in the frame */
                CHECK(sscanf(text, "/a/long/enough/path/%d", &i) == 1);
                if (i < 0 || i >= COUNT_OF || seen[kind][i])
                    CHECK(false, "path %d of kind %d", i, kind);
                else
                    seen[kind][i] = true;
            }
            CHECK_EQ_INT(in_vector, vectors[kind]->count);
        }
        request_free(r);
    }
    CHECK_EQ_INT(walked, count);
    CHECK_EQ_INT(paths, COUNT_OF * WATCH_KINDS);
    watches_deinit(&t);
}

TEST(set_watches, a_path_above_the_limit_has_a_packet_of_its_own)
{
    static char path[SET_WATCHES_BYTES_MAX + 2];
    struct watches t;
    struct request_list packets = {0};
    struct request *r;
    struct watch *w;

    watches_init(&t);
    CHECK_EQ_INT(set_watches_requests(&t, 7, &packets), 0);
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    for (int kind = 0; kind < 2; kind++) {
        w = watch_new(path, &(struct coord_watch){NULL, NULL});
        w->kind = (enum watch_kind)kind;
        watches_add(&t, w);
    }
    w = watch_new("/a", &(struct coord_watch){NULL, NULL});
    w->kind = WATCH_CHILD;
    watches_add(&t, w);
    CHECK_EQ_INT(set_watches_requests(&t, 7, &packets), 3);
    while ((r = request_pop(&packets)) != NULL)
        request_free(r);
    watches_deinit(&t);
}
