/* test_watch.c - who hears what of a change, and what the table costs. */
#include "lib/runner.h"
#include "watch/watch.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/rng.h"

#include <stdio.h>

static const char *const event_name[] = {"", "created", "deleted", "data", "children"};

/* Fires "+/a" (created), "-/a" (deleted), "=/a" (data), several separated by blanks, and gives "1:created:/a ...". */
static const char *fire(struct watch_table *t, const char *text)
{
    static char out[4096];
    struct change changes[16];
    const struct watch_notification *n;
    uint32_t count = 0;
    size_t used = 0;

    while (*text != 0) {
        size_t size = strcspn(text, " ");

        changes[count].kind = *text == '+' ? CHANGE_CREATED : *text == '-' ? CHANGE_DELETED : CHANGE_DATA;
        changes[count++].path = slice_make(text + 1, size - 1);
        text += size + (text[size] == ' ');
    }
    n = watch_fire(t, changes, count, &count);
    out[0] = 0;
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%d:%s:%.*s", i == 0 ? "" : " ", (int)n[i].watcher,
                                 event_name[n[i].event], SLICE_ARG(n[i].path));
    return out;
}

static void add(struct watch_table *t, enum watch_kind kind, const char *path, uint64_t watcher)
{
    watch_add(t, kind, slice_from_text(path), watcher);
}

static void drop(struct watch_table *t, uint64_t watcher)
{
    watch_drop(t, watcher);
    while (watch_sweep(t, 1))
        ;
}

static uint64_t watches(const struct watch_table *t)
{
    struct watch_counts c;

    watch_counts(t, &c);
    return c.watches;
}

TEST(watch, each_change_fires_its_rows)
{
    static const struct {
        const char *changes, *notifications;
        unsigned left; /* of the eight watches */
    } rows[] = {
        {"+/a/b", "1:created:/a/b 2:children:/a", 6},
        {"-/a/b", "1:deleted:/a/b 2:children:/a", 5}, /* 1 has a data and a child watch on it: once */
        {"=/a/b", "1:data:/a/b", 7},
        {"+/a", "3:created:/a 4:children:/", 6},
        {"-/a", "3:deleted:/a 2:deleted:/a 4:children:/", 5},
        {"=/a", "3:data:/a", 7},
        {"=/", "5:data:/", 7},
        {"=/ab", "", 8},
        {"+/a/bc", "2:children:/a", 7},
        {"+/a/b/c", "1:children:/a/b", 7},
        {"-/x -/y", "4:children:/", 7},
        {"=/a/b =/a/b", "1:data:/a/b", 7},
        {"-/a/b -/a", "1:deleted:/a/b 2:children:/a 3:deleted:/a 4:children:/", 3},
        {"+/q -/q", "6:created:/q 4:children:/", 6},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct watch_table *t = watch_table_new();

        add(t, WATCH_DATA, "/a/b", 1);
        add(t, WATCH_CHILD, "/a/b", 1);
        add(t, WATCH_CHILD, "/a", 2);
        add(t, WATCH_DATA, "/a", 3);
        add(t, WATCH_CHILD, "/", 4);
        add(t, WATCH_DATA, "/", 5);
        add(t, WATCH_DATA, "/q", 6);
        add(t, WATCH_CHILD, "/zz", 7);
        CHECK_EQ_STR(fire(t, rows[i].changes), rows[i].notifications, "row %zu", i);
        CHECK_EQ_INT(watches(t), rows[i].left, "row %zu", i);
        watch_table_free(t);
    }
}

TEST(watch, fires_once_and_in_order_of_registration)
{
    struct watch_table *t = watch_table_new();

    add(t, WATCH_DATA, "/a", 3);
    add(t, WATCH_DATA, "/a", 1);
    add(t, WATCH_DATA, "/a", 2);
    add(t, WATCH_DATA, "/a", 1);
    CHECK_EQ_INT(watches(t), 3);
    CHECK_EQ_STR(fire(t, "=/a"), "3:data:/a 1:data:/a 2:data:/a");
    CHECK_EQ_STR(fire(t, "=/a"), "");
    add(t, WATCH_DATA, "/a", 1);
    CHECK_EQ_STR(fire(t, "-/a"), "1:deleted:/a");
    CHECK_EQ_INT(watches(t), 0);
    watch_table_free(t);
}

TEST(watch, a_deletion_is_told_once_per_deletion)
{
    struct watch_table *t = watch_table_new();

    add(t, WATCH_DATA, "/a", 1);
    add(t, WATCH_CHILD, "/a", 1);
    add(t, WATCH_CHILD, "/a", 2);
    add(t, WATCH_DATA, "/b", 1);
    CHECK_EQ_STR(fire(t, "-/a -/b"), "1:deleted:/a 2:deleted:/a 1:deleted:/b");
    watch_table_free(t);
}

TEST(watch, a_notification_can_be_armed_again_by_its_own_path)
{
    struct watch_table *t = watch_table_new();
    struct change change = {.kind = CHANGE_DATA, .path = SLICE_LITERAL("/long/enough/to/be/somewhere")};
    const struct watch_notification *n;
    uint32_t count;

    watch_add(t, WATCH_DATA, change.path, 9);
    n = watch_fire(t, &change, 1, &count);
    REQUIRE(count == 1);
    watch_add(t, WATCH_DATA, n->path, 9);
    CHECK_EQ_STR(fire(t, "=/long/enough/to/be/somewhere"), "9:data:/long/enough/to/be/somewhere");
    watch_table_free(t);
}

TEST(watch, drop_takes_all_of_one_watcher_only)
{
    struct watch_table *t = watch_table_new();
    struct watch_counts c;

    for (uint64_t watcher = 1; watcher <= 3; watcher++) {
        add(t, WATCH_DATA, "/a", watcher);
        add(t, WATCH_CHILD, "/a", watcher);
        add(t, WATCH_DATA, "/b", watcher);
    }
    add(t, WATCH_DATA, "/only-2", 2);
    drop(t, 2);
    drop(t, 77);
    watch_counts(t, &c);
    CHECK_EQ_INT(c.watches, 6);
    CHECK_EQ_INT(c.paths, 2);
    CHECK_EQ_INT(c.watchers, 2);
    CHECK_EQ_STR(fire(t, "-/a"), "1:deleted:/a 3:deleted:/a");
    CHECK_EQ_STR(fire(t, "=/b =/only-2"), "1:data:/b 3:data:/b");
    watch_table_free(t);
}

static void note_listed(void *context, uint64_t watcher, struct slice path)
{
    buf_printf(context, "%llu:%.*s ", (unsigned long long)watcher, SLICE_ARG(path));
}

/* However many there are, nobody waits for them to go. */
TEST(watch, who_leaves_hears_nothing_while_he_is_swept_out)
{
    struct watch_table *t = watch_table_new();
    struct buf listed = {0};
    struct watch_counts c;
    uint32_t left = 1000;
    char path[64];

    for (unsigned i = 0; i < 100; i++) {
        snprintf(path, sizeof(path), "/mine/%u", i);
        add(t, i & 3, path, 1);
        add(t, i & 3, "/ours", 1);
    }
    add(t, WATCH_DATA, "/mine/0", 2);
    add(t, WATCH_RECURSIVE, "/", 1);
    add(t, WATCH_RECURSIVE, "/", 3);
    watch_drop(t, 1);
    watch_drop(t, 1);
    watch_counts(t, &c);
    CHECK(c.watches == 2 && c.watchers == 2);
    CHECK(!watch_has(t, WATCH_DATA, slice_from_text("/mine/4"), 1) && watch_has(t, WATCH_DATA, slice_from_text("/mine/0"), 2));
    CHECK(watch_list_paths(t, &left, note_listed, &listed));
    CHECK_EQ_BYTES(buf_bytes(&listed), buf_size(&listed), "3:/ 2:/mine/0 ", 14);
    CHECK_EQ_STR(fire(t, "=/mine/0 =/mine/4 -/ours"), "2:data:/mine/0 3:data:/mine/0 3:data:/mine/4 3:deleted:/ours");
    add(t, WATCH_DATA, "/mine/8", 1); /* as if somebody came by that number */
    CHECK(watch_sweep(t, 10));
    CHECK(watch_sweep(t, 0));
    watch_drop(t, 3);
    while (watch_sweep(t, 7))
        ;
    watch_counts(t, &c);
    CHECK(c.watches == 1 && c.watchers == 1 && c.paths == 1);
    CHECK_EQ_STR(fire(t, "=/mine/8"), "1:data:/mine/8");
    watch_drop(t, 1);
    buf_deinit(&listed);
    watch_table_free(t); /* with somebody who is still there */
}

TEST(watch, notifications_have_no_limit)
{
    enum { WATCHERS_MANY = 1000 };
    struct watch_table *t = watch_table_new();
    struct change change = {.kind = CHANGE_DATA, .path = SLICE_LITERAL("/a")};
    const struct watch_notification *n;
    uint32_t count;

    for (uint64_t watcher = 1; watcher <= WATCHERS_MANY; watcher++)
        add(t, WATCH_DATA, "/a", watcher);
    n = watch_fire(t, &change, 1, &count);
    REQUIRE(count == WATCHERS_MANY);
    for (uint32_t i = 0; i < count; i++)
        CHECK(n[i].watcher == i + 1 && n[i].event == ZK_EVENT_DATA_CHANGED && slice_equal(n[i].path, change.path), "%u", i);
    CHECK_EQ_INT(watches(t), 0);
    watch_table_free(t);
}

/* getData("") reads the root, and its watch stands on "", which no change names. */
TEST(watch, of_the_empty_path_never_fires)
{
    struct watch_table *t = watch_table_new();

    watch_add(t, WATCH_DATA, SLICE_LITERAL(""), 1);
    watch_add(t, WATCH_CHILD, SLICE_NULL, 1);
    CHECK_EQ_INT(watches(t), 2);
    CHECK_EQ_STR(fire(t, "=/ +/a -/a"), "");
    drop(t, 1);
    CHECK_EQ_INT(watches(t), 0);
    watch_table_free(t);
}

/* The pairs were searched for: each has one XXH3. */
TEST(watch, paths_of_one_hash_have_their_own_watches)
{
    static const char *const pairs[][2] = {{"/RFOx", "/F-Am-2y"}, {"/ytf1", "/L1YClNl"}};

    for (size_t i = 0; i < COUNT(pairs); i++)
        for (int first = 0; first < 2; first++) { /* the one that goes first: the newer or the older of the two */
            struct watch_table *t = watch_table_new();
            const char *one = pairs[i][first], *other = pairs[i][1 - first];
            char change[32], expected[32];
            struct watch_counts c;

            REQUIRE(hash_bytes(one, strlen(one), 0) == hash_bytes(other, strlen(other), 0));
            add(t, WATCH_DATA, pairs[i][0], 1);
            add(t, WATCH_DATA, pairs[i][1], 1);
            add(t, WATCH_DATA, other, 2);
            watch_counts(t, &c);
            CHECK(c.watches == 3 && c.paths == 2);
            snprintf(change, sizeof(change), "=%s", one);
            snprintf(expected, sizeof(expected), "1:data:%s", one);
            CHECK_EQ_STR(fire(t, change), expected);
            CHECK_EQ_STR(fire(t, change), "");
            add(t, WATCH_DATA, one, 1);
            drop(t, 2);
            CHECK_EQ_STR(fire(t, change), expected);
            snprintf(change, sizeof(change), "-%s", other);
            snprintf(expected, sizeof(expected), "1:deleted:%s", other);
            CHECK_EQ_STR(fire(t, change), expected);
            watch_counts(t, &c);
            CHECK_EQ_INT(c.paths + c.watches, 0);
            watch_table_free(t);
        }
}

TEST(watch, persistent_and_recursive_ones_stay_and_hear_their_rows)
{
    static const struct {
        const char *changes, *notifications;
    } rows[] = {
        {"+/a", "3:created:/a 1:created:/a 4:created:/a"},
        {"=/a", "3:data:/a 1:data:/a 4:data:/a"},
        {"-/a", "3:deleted:/a 1:deleted:/a 4:deleted:/a"},
        {"+/a/b", "2:created:/a/b 4:created:/a/b 1:created:/a/b 3:children:/a"}, /* no NodeChildrenChanged for 1 and 4 */
        {"-/a/b", "2:deleted:/a/b 4:deleted:/a/b 1:deleted:/a/b 3:children:/a"},
        {"=/a/b/c/d", "4:data:/a/b/c/d 1:data:/a/b/c/d"},
        {"+/a/b/c -/a/b/c",
         "4:created:/a/b/c 1:created:/a/b/c 2:children:/a/b 4:deleted:/a/b/c 1:deleted:/a/b/c 2:children:/a/b"},
        {"=/ab", "4:data:/ab"},
        {"=/", "4:data:/"},
    };
    struct watch_table *t = watch_table_new();

    add(t, WATCH_RECURSIVE, "/a", 1);
    add(t, WATCH_PERSISTENT, "/a/b", 2);
    add(t, WATCH_PERSISTENT, "/a", 3);
    add(t, WATCH_RECURSIVE, "/", 4);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNT(rows); i++) {
            CHECK_EQ_STR(fire(t, rows[i].changes), rows[i].notifications, "row %zu", i);
            CHECK_EQ_INT(watches(t), 4, "row %zu", i);
        }
    watch_table_free(t);
}

/* Whatever stands there as a path: only what is above a change, as a path, hears of it. As deep as a packet makes it. */
TEST(watch, recursive_ones_hear_what_is_below_at_any_depth)
{
    static const char *const others[] = {"", "a", "//", "/a/", "/a//b", "/b/a", "a/b", "/a/bb"};
    enum { DEPTH = 100000 };
    struct watch_table *t = watch_table_new();
    struct slice deep, whole;
    struct change change;
    struct buf path = {0};
    uint32_t count;

    for (size_t i = 0; i < COUNT(others); i++)
        add(t, WATCH_RECURSIVE, others[i], 7);
    CHECK_EQ_STR(fire(t, "+/a/b/c =/c -/"), "");
    add(t, WATCH_RECURSIVE, "/", 1);
    add(t, WATCH_RECURSIVE, "/d/d", 2);
    for (int i = 0; i < DEPTH; i++)
        buf_append(&path, "/d", 2);
    whole = buf_slice(&path);
    deep = slice_make(whole.data, whole.size - 2);
    watch_add(t, WATCH_RECURSIVE, deep, 3);
    change = (struct change){.kind = CHANGE_DATA, .path = whole};
    for (int i = 0; i < 20; i++) { /* each byte is read once, or this takes minutes */
        const struct watch_notification *n = watch_fire(t, &change, 1, &count);

        REQUIRE(count == 3 && n[0].watcher == 1 && n[1].watcher == 2 && n[2].watcher == 3);
    }
    change.path = slice_make(whole.data, whole.size - 4);
    watch_fire(t, &change, 1, &count);
    CHECK_EQ_INT(count, 2);
    buf_deinit(&path);
    watch_table_free(t);
}

/* As ZooKeeper 3.9: there is one event, and the one-shot watches of its kind are used up with it. */
TEST(watch, who_has_several_kinds_hears_each_event_once)
{
    static const struct {
        const char *changes, *notifications;
        bool data, child; /* left on /a */
    } rows[] = {
        {"=/a", "1:data:/a", false, true},
        {"+/a", "1:created:/a", false, true},
        {"-/a", "1:deleted:/a", false, false},
        {"+/a/b", "1:created:/a/b 1:children:/a", true, false},
        {"-/a/b", "1:deleted:/a/b 1:children:/a", true, false},
        {"=/a/b", "1:data:/a/b", true, true},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct watch_table *t = watch_table_new();

        add(t, WATCH_DATA, "/a", 1);
        add(t, WATCH_CHILD, "/a", 1);
        add(t, WATCH_PERSISTENT, "/a", 1);
        add(t, WATCH_RECURSIVE, "/a", 1);
        add(t, WATCH_RECURSIVE, "/", 1);
        CHECK_EQ_STR(fire(t, rows[i].changes), rows[i].notifications, "row %zu", i);
        CHECK(watch_has(t, WATCH_DATA, slice_from_text("/a"), 1) == rows[i].data, "row %zu", i);
        CHECK(watch_has(t, WATCH_CHILD, slice_from_text("/a"), 1) == rows[i].child, "row %zu", i);
        CHECK(watch_has(t, WATCH_PERSISTENT, slice_from_text("/a"), 1), "row %zu", i);
        CHECK(watch_has(t, WATCH_RECURSIVE, slice_from_text("/a"), 1), "row %zu", i);
        CHECK(watch_has(t, WATCH_RECURSIVE, slice_from_text("/"), 1), "row %zu", i);
        watch_table_free(t);
    }
}

TEST(watch, remove_takes_one_and_says_whether_it_was_there)
{
    static const enum watch_kind kinds[] = {WATCH_DATA, WATCH_CHILD, WATCH_PERSISTENT, WATCH_RECURSIVE};
    struct slice path = SLICE_LITERAL("/a");
    struct watch_table *t = watch_table_new();

    CHECK(!watch_remove(t, WATCH_DATA, path, 1) && !watch_has(t, WATCH_DATA, path, 1));
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (uint64_t watcher = 1; watcher <= 3; watcher++)
            watch_add(t, kinds[i], path, watcher);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        CHECK(watch_remove(t, kinds[i], path, 2), "kind %zu", i);
        CHECK(!watch_remove(t, kinds[i], path, 2) && !watch_has(t, kinds[i], path, 2), "kind %zu", i);
        CHECK(watch_has(t, kinds[i], path, 1) && watch_has(t, kinds[i], path, 3), "kind %zu", i);
    }
    CHECK_EQ_STR(fire(t, "-/a"), "1:deleted:/a 3:deleted:/a");
    CHECK(watch_remove(t, WATCH_RECURSIVE, path, 1) && watch_remove(t, WATCH_RECURSIVE, path, 3));
    CHECK_EQ_STR(fire(t, "+/a/b"), "1:children:/a 3:children:/a");
    drop(t, 1);
    drop(t, 3);
    CHECK_EQ_INT(watches(t), 0);
    CHECK_EQ_STR(fire(t, "-/a"), "");
    watch_table_free(t);
}

/* Against arrays: what is armed, and in which order it was armed. */
enum { PATHS = 12, WATCHERS = 9, KINDS = 4 };
struct model {
    uint64_t armed[KINDS][PATHS][WATCHERS]; /* 0, or the time of registration */
    bool told[WATCHERS];                    /* of the event under way */
    struct buf out;
};
static const char *const model_path[PATHS] = {"/",    "/a",  "/b",    "/a/a",   "/a/b",   "/b/a",
                                              "/b/b", "/aa", "/aa/a", "/a/a/a", "/a/a/b", "/b/b/b"};
static const int model_parent[PATHS] = {-1, 0, 0, 1, 1, 2, 2, 0, 7, 3, 3, 6};

/* Who has this kind of watch on `at` hears the event of `path`, in the order of registration. */
static void model_tell(struct model *m, unsigned kind, int at, const char *event, int path)
{
    uint64_t after = 0;

    for (;;) {
        int best = -1;

        for (int w = 0; w < WATCHERS; w++)
            if (m->armed[kind][at][w] > after && (best < 0 || m->armed[kind][at][w] < m->armed[kind][at][best]))
                best = w;
        if (best < 0)
            return;
        after = m->armed[kind][at][best];
        if (kind == WATCH_DATA || kind == WATCH_CHILD)
            m->armed[kind][at][best] = 0;
        if (!m->told[best])
            buf_printf(&m->out, "%s%d:%s:%s", buf_size(&m->out) == 0 ? "" : " ", best, event, model_path[path]);
        m->told[best] = true;
    }
}

static const char *model_fire(struct model *m, char what, int path)
{
    const char *event = what == '+' ? "created" : what == '-' ? "deleted" : "data";
    int parent = model_parent[path], above[PATHS];
    unsigned count = 0;

    buf_clear(&m->out);
    memset(m->told, 0, sizeof(m->told));
    model_tell(m, WATCH_DATA, path, event, path);
    if (what == '-')
        model_tell(m, WATCH_CHILD, path, event, path);
    model_tell(m, WATCH_PERSISTENT, path, event, path);
    model_tell(m, WATCH_RECURSIVE, path, event, path);
    for (int at = parent; at >= 0; at = model_parent[at])
        above[count++] = at;
    while (count > 0)
        model_tell(m, WATCH_RECURSIVE, above[--count], event, path);
    memset(m->told, 0, sizeof(m->told));
    if (what != '=' && parent >= 0) {
        model_tell(m, WATCH_CHILD, parent, "children", parent);
        model_tell(m, WATCH_PERSISTENT, parent, "children", parent);
    }
    buf_append(&m->out, "", 1);
    return (const char *)buf_bytes(&m->out);
}

TEST(watch, agrees_with_a_naive_model)
{
    struct watch_table *t = watch_table_new();
    struct model m = {0};
    struct rng r;
    uint64_t now = 0, armed = 0;

    rng_init(&r, 5);
    for (unsigned step = 0; step < 100000; step++) {
        int path = (int)rng_below(&r, PATHS);
        unsigned kind = (unsigned)rng_below(&r, KINDS), watcher = (unsigned)rng_below(&r, WATCHERS);
        uint64_t what = rng_below(&r, 24), *at = &m.armed[kind][path][watcher];

        if (what < 12) {
            add(t, kind, model_path[path], watcher);
            if (*at == 0)
                *at = ++now;
        } else if (what < 16) {
            REQUIRE(watch_has(t, kind, slice_from_text(model_path[path]), watcher) == (*at != 0), "step %u", step);
            REQUIRE(watch_remove(t, kind, slice_from_text(model_path[path]), watcher) == (*at != 0), "step %u", step);
            *at = 0;
        } else if (what == 16) {
            drop(t, watcher);
            for (unsigned k = 0; k < KINDS; k++)
                for (int p = 0; p < PATHS; p++)
                    m.armed[k][p][watcher] = 0;
        } else {
            char text[32];

            snprintf(text, sizeof(text), "%c%s", "+-="[what % 3], model_path[path]);
            const char *expected = model_fire(&m, *text, path);
            REQUIRE(strcmp(fire(t, text), expected) == 0, "step %u", step);
        }
    }
    for (size_t i = 0; i < sizeof(m.armed) / sizeof(uint64_t); i++)
        armed += ((const uint64_t *)m.armed)[i] != 0;
    CHECK_EQ_INT(watches(t), armed);
    buf_deinit(&m.out);
    watch_table_free(t);
}

/* Bytes a watch: `watchers` have one on each of `paths` paths of up to 32 bytes, the same ones or everybody his own. */
static double cost(unsigned watchers, unsigned paths, bool own)
{
    struct watch_table *t = watch_table_new();
    struct watch_counts empty, full;
    char path[64];

    watch_counts(t, &empty);
    for (unsigned watcher = 0; watcher < watchers; watcher++)
        for (unsigned i = 0; i < paths; i++) {
            snprintf(path, sizeof(path), "/the-service/node-%04u/part-%04u", own ? watcher : 0, i);
            add(t, i & 3, path, watcher);
        }
    watch_counts(t, &full);
    CHECK_EQ_INT(full.watches, watchers * paths);
    CHECK_EQ_INT(full.paths, own ? watchers * paths : paths);
    watch_table_free(t);
    return (double)(full.memory_bytes - empty.memory_bytes) / (double)full.watches;
}

TEST(watch, costs_below_64_bytes_with_its_path)
{
    double shared = cost(1000, 100, false), own = cost(1000, 100, true);

    CHECK(shared < 40, "%.1f bytes", shared);
    CHECK(own < 64, "%.1f bytes", own);
}

/* One, two, three, two, one, none on a spot; a path too long to lie in it; and again. */
TEST(watch, is_found_alone_and_among_others)
{
    static const char *const paths[] = {"/a", "/a/path/that/is/longer/than/thirty-two/bytes"};
    struct watch_table *t = watch_table_new();
    struct watch_counts c;

    for (unsigned round = 0; round < 2; round++)
        for (size_t p = 0; p < COUNT(paths); p++) {
            struct slice path = slice_from_text(paths[p]);

            for (uint64_t watcher = 1; watcher <= 3; watcher++) {
                watch_add(t, WATCH_DATA, path, watcher);
                watch_add(t, WATCH_DATA, path, watcher);
                CHECK(!watch_has(t, WATCH_CHILD, path, watcher) && !watch_has(t, WATCH_DATA, path, watcher + 1));
                for (uint64_t w = 1; w <= watcher; w++)
                    CHECK(watch_has(t, WATCH_DATA, path, w));
            }
            CHECK(watch_remove(t, WATCH_DATA, path, 1) && watch_remove(t, WATCH_DATA, path, 3));
            CHECK(!watch_has(t, WATCH_DATA, path, 1) && watch_has(t, WATCH_DATA, path, 2));
            watch_counts(t, &c);
            CHECK(c.watches == 1 && c.paths == 1 && c.watchers == 1);
            watch_add(t, WATCH_CHILD, path, 1);
            watch_counts(t, &c);
            CHECK(c.watches == 2 && c.paths == 1 && c.watchers == 2);
            CHECK(watch_remove(t, WATCH_DATA, path, 2) && watch_remove(t, WATCH_CHILD, path, 1));
            watch_counts(t, &c);
            CHECK(c.watches == 0 && c.paths == 0 && c.watchers == 0);
        }
    watch_table_free(t);
}

TEST(watch, memory_is_used_again)
{
    struct watch_table *t = watch_table_new();
    struct watch_counts first, last;
    char path[32];

    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 2000; i++) {
            snprintf(path, sizeof(path), "/p%u-%u", round, i);
            add(t, WATCH_DATA, path, i % 7);
        }
        if (round == 0)
            watch_counts(t, &first);
        for (uint64_t watcher = 0; watcher < 7; watcher++)
            drop(t, watcher);
    }
    watch_counts(t, &last);
    CHECK_EQ_INT(last.watches + last.paths + last.watchers, 0);
    CHECK(last.memory_bytes <= first.memory_bytes);
    watch_table_free(t);
}

TEST(watch, lists_a_path_once_for_each_watcher)
{
    struct watch_table *t = watch_table_new();
    struct buf out = {0};
    uint32_t left = 100;

    add(t, WATCH_CHILD, "/a", 1);
    add(t, WATCH_DATA, "/a", 1);
    add(t, WATCH_RECURSIVE, "/a", 1);
    add(t, WATCH_PERSISTENT, "/a", 2);
    CHECK(watch_list_watcher(t, 1, &left, note_listed, &out));
    CHECK(watch_list_watcher(t, 2, &left, note_listed, &out));
    CHECK(watch_list_watcher(t, 3, &left, note_listed, &out));
    CHECK_EQ_BYTES(buf_bytes(&out), buf_size(&out), "1:/a 2:/a ", 10);
    CHECK_EQ_INT(left, 96);
    buf_clear(&out);
    CHECK(watch_list_paths(t, &left, note_listed, &out));
    CHECK_EQ_BYTES(buf_bytes(&out), buf_size(&out), "1:/a 2:/a ", 10);
    buf_deinit(&out);
    watch_table_free(t);
}

TEST(watch, a_list_ends_at_its_bound)
{
    struct watch_table *t = watch_table_new();
    struct buf out = {0};
    char path[2 * WATCH_LIST_COST_BYTES + 1];
    uint32_t left = 1;

    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    add(t, WATCH_DATA, "/a", 1);
    add(t, WATCH_DATA, "/b", 1);
    CHECK(!watch_list_paths(t, &left, note_listed, &out));
    CHECK_EQ_INT(buf_size(&out), 5);
    left = 1;
    CHECK(!watch_list_watcher(t, 1, &left, note_listed, &out));
    left = 2;
    CHECK(watch_list_watcher(t, 1, &left, note_listed, &out));
    add(t, WATCH_DATA, path, 2);
    left = 2;
    CHECK(!watch_list_watcher(t, 2, &left, note_listed, &out));
    left = 3;
    CHECK(watch_list_watcher(t, 2, &left, note_listed, &out));
    buf_deinit(&out);
    watch_table_free(t);
}
