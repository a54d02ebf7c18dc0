/* test_state_lists.c - lists beyond ZooKeeper's: Keeper's 500, 506 and 507, and our own in pages. */
#include "base/bytes.h"
#include "lib/runner.h"
#include "state_fixture.h"

#include <stdio.h>

#define ERR(name) (-COORD_E_##name)

/* /a with e (ephemeral), p and q; p has data, and a child. */
static void grow(struct world *w)
{
    world_init(w);
    world_create(w, "/a", "", 0);
    world_create(w, "/a/q", "", 0);
    world_create(w, "/a/e", "mine", ZK_EPHEMERAL);
    world_create(w, "/a/p", "data", 0);
    world_create(w, "/a/p/c", "", 0);
}

static int read(struct world *w, int32_t op, const struct jute_record *table, const void *record)
{
    const struct op_desc *desc = op_find(op);
    union op_request request;

    buf_clear(&w->reply);
    buf_clear(&w->body);
    jute_append(&w->body, table, record);
    REQUIRE(op_decode(desc, buf_slice(&w->body), &request) == 0);
    w->r = (struct read){.auth = w->auth, .session = w->session, .reply = &w->reply};
    state_read(w->s, desc, &request, &w->r);
    CHECK(w->r.err == 0 || buf_size(&w->reply) == 0);
    return w->r.err;
}

static int filtered(struct world *w, const char *path, uint8_t kind)
{
    return read(w, ZK_OP_FILTERED_LIST, &jute_filtered_list_request,
                &(struct zk_filtered_list_request){slice_from_text(path), true, kind});
}

static int with_data(struct world *w, const char *path, uint8_t kind, bool stat, bool data)
{
    return read(w, ZK_OP_FILTERED_LIST_WITH_DATA, &jute_filtered_list_with_data_request,
                &(struct zk_filtered_list_with_data_request){slice_from_text(path), true, kind, stat, data});
}

static int recursive(struct world *w, const char *path, uint32_t limit)
{
    return read(w, ZK_OP_LIST_RECURSIVE, &jute_limit_request,
                &(struct zk_limit_request){slice_from_text(path), (int32_t)limit});
}

static int page(struct world *w, const char *path, const char *after, int32_t count, int32_t bytes)
{
    return read(w, ZK_OP_LIST_PAGE, &jute_list_page_request,
                &(struct zk_list_page_request){slice_from_text(path), after == NULL ? SLICE_NULL : slice_from_text(after),
                                               count, bytes});
}

/* The vector of strings at the cursor, joined by blanks. Static buffer. */
static const char *strings(struct jute_cursor *c)
{
    static char text[1000];
    struct zk_children_response g;
    struct jute_cursor at;
    struct slice item;
    size_t used = 0;

    REQUIRE(jute_decode(c, &jute_children_response, &g) == 0);
    at = jute_cursor_make(g.children.items);
    text[0] = 0;
    while (jute_next_ustring(&at, &item) && used < sizeof(text) - 100)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s", used > 0 ? " " : "", SLICE_ARG(item));
    return text;
}

static const char *names(struct world *w)
{
    struct jute_cursor c = jute_cursor_make(buf_slice(&w->reply));

    return strings(&c);
}

TEST(state_lists, by_kind)
{
    struct jute_cursor c;
    struct world w;

    grow(&w);
    CHECK_EQ_INT(filtered(&w, "/a", ZK_LIST_ALL), 0);
    CHECK_EQ_STR(names(&w), "e p q");
    CHECK(w.r.watch == READ_WATCH_CHILD && slice_equal(w.r.watch_path, SLICE_LITERAL("/a")));
    CHECK_EQ_INT(filtered(&w, "/a", ZK_LIST_PERSISTENT), 0);
    CHECK_EQ_STR(names(&w), "p q");
    CHECK_EQ_INT(filtered(&w, "/a", ZK_LIST_EPHEMERAL), 0);
    c = jute_cursor_make(buf_slice(&w.reply));
    CHECK_EQ_STR(strings(&c), "e");
    REQUIRE(jute_decode(&c, &jute_stat, &w.stat) == 0 && c.at == c.end);
    CHECK_EQ_INT(w.stat.num_children, 3); /* the node's own */
    CHECK_EQ_INT(filtered(&w, "/a/e", ZK_LIST_ALL), 0);
    CHECK_EQ_STR(names(&w), "");
    CHECK_EQ_INT(filtered(&w, "/a", 3), ERR(BAD_ARGUMENTS));
    CHECK_EQ_INT(filtered(&w, "/none", 0), ERR(NO_NODE));
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    CHECK_EQ_INT(read(&w, ZK_OP_FILTERED_LIST, &jute_filtered_list_request,
                      &(struct zk_filtered_list_request){SLICE_LITERAL("/a"), false, 0}),
                 0);
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    world_deinit(&w);
}

/* Whatever tells more than a name asks for READ on each child. */
TEST(state_lists, what_tells_of_children_asks_for_them)
{
    struct world w;

    grow(&w);
    CHECK_EQ_INT(world_set_acl(&w, "/a/q", "30:world:anyone 1:digest:me:x", -1), 0);
    CHECK_EQ_INT(filtered(&w, "/a", ZK_LIST_ALL), 0);
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_ALL, false, false), 0);
    CHECK_EQ_INT(filtered(&w, "/a", ZK_LIST_PERSISTENT), ERR(NO_AUTH));
    CHECK_EQ_INT(filtered(&w, "/a", ZK_LIST_EPHEMERAL), ERR(NO_AUTH));
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_ALL, true, false), ERR(NO_AUTH));
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_ALL, false, true), ERR(NO_AUTH));
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    CHECK_EQ_INT(recursive(&w, "/", 100), 0);
    CHECK_EQ_STR(names(&w), "/a /zookeeper /a/e /a/p /zookeeper/config /zookeeper/quota /a/p/c");
    w.auth = world_auth("digest:me:x");
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_PERSISTENT, true, true), 0);
    CHECK_EQ_INT(world_set_acl(&w, "/a", "30:world:anyone", -1), 0);
    CHECK_EQ_INT(filtered(&w, "/a", ZK_LIST_ALL), ERR(NO_AUTH));
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_ALL, false, false), ERR(NO_AUTH));
    CHECK_EQ_INT(recursive(&w, "/a", 1), ERR(NO_AUTH));
    CHECK_EQ_INT(page(&w, "/a", NULL, 1, 0), ERR(NO_AUTH));
    world_deinit(&w);
}

/* names, the node's Stat, Stats, data; what was not asked for is empty. */
TEST(state_lists, with_stats_and_data)
{
    struct jute_cursor c;
    struct zk_stat stat;
    struct world w;

    grow(&w);
    world_create(&w, "/a/r", NULL, 0);
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_PERSISTENT, true, true), 0);
    CHECK_EQ_INT(w.r.watch, READ_WATCH_CHILD);
    c = jute_cursor_make(buf_slice(&w.reply));
    CHECK_EQ_STR(strings(&c), "p q r");
    REQUIRE(jute_decode(&c, &jute_stat, &w.stat) == 0);
    CHECK_EQ_INT(w.stat.num_children, 4);
    CHECK_EQ_INT(get_be32(c.at), 3);
    c.at += 4;
    for (unsigned i = 0; i < 3; i++) {
        static const char *const of[] = {"/a/p", "/a/q", "/a/r"};

        REQUIRE(jute_decode(&c, &jute_stat, &w.stat) == 0 && state_stat(w.s, slice_from_text(of[i]), &stat));
        CHECK(jute_equal(&jute_stat, &w.stat, &stat), "%s", of[i]);
    }
    {
        static const uint8_t data[] = {0, 0, 0, 3, 0, 0, 0, 4, 'd', 'a', 't', 'a', 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};

        CHECK(slice_equal(slice_make(c.at, (size_t)(c.end - c.at)), slice_make(data, sizeof(data)))); /* null stays null */
    }
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_EPHEMERAL, false, true), 0);
    c = jute_cursor_make(buf_slice(&w.reply));
    CHECK_EQ_STR(strings(&c), "e");
    REQUIRE(jute_decode(&c, &jute_stat, &w.stat) == 0);
    CHECK(slice_equal(slice_make(c.at, (size_t)(c.end - c.at)), SLICE_LITERAL("\0\0\0\0\0\0\0\1\0\0\0\4mine")));
    CHECK_EQ_INT(with_data(&w, "/a", ZK_LIST_EPHEMERAL, true, false), 0);
    CHECK_EQ_INT(get_be32(buf_bytes(&w.reply) + buf_size(&w.reply) - 4), 0);
    CHECK_EQ_INT(buf_size(&w.reply), 4 + 5 + ZK_STAT_BYTES + 4 + ZK_STAT_BYTES + 4);
    CHECK_EQ_INT(with_data(&w, "/a", 200, true, true), ERR(BAD_ARGUMENTS));
    world_deinit(&w);
}

/* The request of each, by hand. */
TEST(state_lists, requests_in_bytes)
{
    static const uint8_t list[] = {0, 0, 0, 2, '/', 'a', 1, 2};
    static const uint8_t more[] = {0, 0, 0, 2, '/', 'a', 0, 1, 1, 0};
    static const uint8_t all[] = {0, 0, 0, 2, '/', 'a', 0x80, 0, 0, 2};
    static const uint8_t one_page[] = {0, 0, 0, 2, '/', 'a', 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0, 0, 1, 0};
    union op_request q;

    CHECK_EQ_INT(op_decode(op_find(500), slice_make(list, sizeof(list)), &q), 0);
    CHECK(q.filtered_list.watch && q.filtered_list.kind == 2);
    CHECK_EQ_INT(op_decode(op_find(506), slice_make(more, sizeof(more)), &q), 0);
    CHECK(!q.filtered_list_with_data.watch && q.filtered_list_with_data.kind == 1 && q.filtered_list_with_data.with_stat &&
          !q.filtered_list_with_data.with_data);
    CHECK_EQ_INT(op_decode(op_find(507), slice_make(all, sizeof(all)), &q), 0);
    CHECK_EQ_INT((uint32_t)q.limit.limit, 0x80000002);
    CHECK_EQ_INT(op_decode(op_find(ZK_OP_LIST_PAGE), slice_make(one_page, sizeof(one_page)), &q), 0);
    CHECK(slice_is_null(q.list_page.after) && q.list_page.count == 2 && q.list_page.bytes == 256);
}

TEST(state_lists, of_a_subtree)
{
    struct world w;

    grow(&w);
    CHECK_EQ_INT(recursive(&w, "/a", UINT32_MAX), 0);
    CHECK_EQ_STR(names(&w), "/a/e /a/p /a/q /a/p/c"); /* level by level, without the node itself */
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    CHECK_EQ_INT(recursive(&w, "/a", 3), 0);
    CHECK_EQ_STR(names(&w), "/a/e /a/p /a/q");
    CHECK_EQ_INT(recursive(&w, "/a", 0), 0);
    CHECK_EQ_STR(names(&w), "");
    CHECK_EQ_INT(recursive(&w, "/a/p/c", 9), 0);
    CHECK_EQ_STR(names(&w), "");
    CHECK_EQ_INT(recursive(&w, "/none", 9), ERR(NO_NODE));
    CHECK_EQ_INT(world_set_acl(&w, "/a/p", "30:world:anyone", -1), 0);
    CHECK_EQ_INT(recursive(&w, "/a", 9), 0);
    CHECK_EQ_STR(names(&w), "/a/e /a/q"); /* what may not be read, and what is below it */
    CHECK_EQ_INT(recursive(&w, "/a", 2), 0);
    CHECK_EQ_STR(names(&w), "/a/e /a/q");
    world_deinit(&w);
}

/* In a multiRead 500 shows as getChildren2, as in Keeper. 507 and our own have no place there. */
TEST(state_lists, in_a_multi_read)
{
    struct world w;

    grow(&w);
    world_multi_add(&w, 500, &jute_filtered_list_request, &(struct zk_filtered_list_request){SLICE_LITERAL("/a"), true, 1});
    world_multi_add(&w, 500, &jute_filtered_list_request, &(struct zk_filtered_list_request){SLICE_LITERAL("/a"), true, 9});
    CHECK_EQ_INT(world_multi_read(&w), 0);
    CHECK_EQ_STR(world_results(&w), "12:0=2 -1:-8");
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    world_multi_add(&w, 506, &jute_filtered_list_with_data_request,
                    &(struct zk_filtered_list_with_data_request){SLICE_LITERAL("/a/p"), true, 0, false, true});
    CHECK_EQ_INT(world_multi_read(&w), 0);
    CHECK_EQ_INT(get_be32(buf_bytes(&w.reply)), 506);
    CHECK_EQ_INT(buf_size(&w.reply), 9 + 4 + 5 + ZK_STAT_BYTES + 4 + 4 + 4 + 9);
    world_multi_add(&w, 507, &jute_limit_request, &(struct zk_limit_request){SLICE_LITERAL("/a"), 9});
    CHECK_EQ_INT(world_multi_read(&w), ERR(MARSHALLING));
    world_multi_add(&w, ZK_OP_LIST_PAGE, &jute_list_page_request,
                    &(struct zk_list_page_request){SLICE_LITERAL("/a"), SLICE_NULL, 9, 9});
    CHECK_EQ_INT(world_multi_read(&w), ERR(MARSHALLING));
    world_deinit(&w);
}

/* Lists that say nothing of the many children they look at: a small request must not ask for hours. */
TEST(state_lists, in_a_multi_read_are_bounded)
{
    enum { CHILDREN = 10000, ASKED = MULTI_READ_BYTES_MAX / MULTI_READ_LOOK_BYTES / CHILDREN };
    static const struct {
        uint8_t kind;
        bool stat;
        uint32_t asked;
        int err;
    } rows[] = {
        {ZK_LIST_EPHEMERAL, false, ASKED / 2, 0}, /* each child is looked at for its ACL, and for its kind */
        {ZK_LIST_EPHEMERAL, false, ASKED / 2 + 1, ERR(BAD_ARGUMENTS)},
        {ZK_LIST_EPHEMERAL, true, ASKED / 3 + 1, ERR(BAD_ARGUMENTS)}, /* once more for the Stats */
        {ZK_LIST_ALL, false, ASKED, 0},
    };
    struct world w;
    char path[16];

    world_init(&w);
    world_create(&w, "/a", "", 0);
    for (unsigned i = 0; i < CHILDREN; i++) {
        snprintf(path, sizeof(path), "/a/%u", i);
        world_create(&w, path, "", 0);
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (uint32_t asked = 0; asked < rows[i].asked; asked++)
            world_multi_add(
                &w, 506, &jute_filtered_list_with_data_request,
                &(struct zk_filtered_list_with_data_request){SLICE_LITERAL("/a"), false, rows[i].kind, rows[i].stat, false});
        CHECK_EQ_INT(world_multi_read(&w), rows[i].err, "row %zu", i);
        CHECK(rows[i].err == 0 || buf_size(&w.reply) == 0, "row %zu", i);
    }
    world_deinit(&w);
}

TEST(state_lists, with_data_are_bounded)
{
    static char data[1 << 20];
    struct world w;
    char path[16];

    world_init(&w);
    memset(data, 'd', sizeof(data) - 1);
    world_create(&w, "/a", "", 0);
    for (unsigned i = 0; i < 17; i++) {
        snprintf(path, sizeof(path), "/a/%u", i);
        world_create(&w, path, data, 0);
        if (i == 14)
            CHECK_EQ_INT(with_data(&w, "/a", 0, true, true), 0);
    }
    CHECK_EQ_INT(with_data(&w, "/a", 0, true, true), ERR(BAD_ARGUMENTS));
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    CHECK_EQ_INT(with_data(&w, "/a", 0, true, false), 0);
    world_deinit(&w);
}

/* 70,000 nodes: more than one turn has time for, unless fewer are asked for. */
TEST(state_lists, of_a_subtree_are_bounded)
{
    struct world w;
    char path[16];

    world_init(&w);
    for (unsigned i = 0; i < 70000; i++) {
        if (i % 100 == 0) {
            snprintf(path, sizeof(path), "/%u", i / 100);
            world_create(&w, path, "", 0);
        }
        snprintf(path, sizeof(path), "/%u/%u", i / 100, i % 100);
        world_create(&w, path, "", 0);
    }
    CHECK_EQ_INT(recursive(&w, "/", LIST_RECURSIVE_MAX + 1), ERR(BAD_ARGUMENTS));
    CHECK_EQ_INT(recursive(&w, "/", LIST_RECURSIVE_MAX), 0);
    CHECK_EQ_INT(get_be32(buf_bytes(&w.reply)), LIST_RECURSIVE_MAX);
    world_deinit(&w);
}

/* Long paths: the bytes end it before the number does. */
TEST(state_lists, of_a_subtree_are_bounded_in_bytes)
{
    enum { NAME = 1000, CHILDREN = 17000 };
    char path[2 + NAME + 8];
    struct world w;

    world_init(&w);
    path[0] = '/';
    memset(path + 1, 'n', NAME);
    path[1 + NAME] = 0;
    world_create(&w, path, "", 0);
    for (unsigned i = 0; i < CHILDREN; i++) {
        snprintf(path + 1 + NAME, sizeof(path) - 1 - NAME, "/%u", i);
        world_create(&w, path, "", 0);
    }
    path[1 + NAME] = 0;
    CHECK_EQ_INT(recursive(&w, path, LIST_RECURSIVE_MAX), ERR(BAD_ARGUMENTS));
    CHECK_EQ_INT(recursive(&w, path, CHILDREN - 1000), 0);
    CHECK(buf_size(&w.reply) <= LIST_BYTES_MAX);
    world_deinit(&w);
}

/* The whole reply in bytes: names, Stat, whether there are more. */
TEST(state_lists, a_page_in_bytes)
{
    static const uint8_t head[] = {0, 0, 0, 2, 0, 0, 0, 1, 'e', 0, 0, 0, 1, 'p'};
    struct world w;
    struct zk_stat stat;
    struct zk_list_page_response g;
    struct jute_cursor c;

    grow(&w);
    CHECK_EQ_INT(page(&w, "/a", NULL, 2, 0), 0);
    REQUIRE(buf_size(&w.reply) == sizeof(head) + ZK_STAT_BYTES + 1);
    CHECK(memcmp(buf_bytes(&w.reply), head, sizeof(head)) == 0);
    c = jute_cursor_make(buf_slice(&w.reply));
    REQUIRE(jute_decode(&c, &jute_list_page_response, &g) == 0 && c.at == c.end);
    CHECK(g.more && g.children.count == 2 && g.num_children == 3);
    REQUIRE(state_stat(w.s, SLICE_LITERAL("/a"), &stat));
    CHECK(g.pzxid == stat.pzxid && g.cversion == stat.cversion);
    CHECK_EQ_INT(page(&w, "/a", "p", 2, 0), 0);
    CHECK_EQ_STR(names(&w), "q");
    CHECK_EQ_INT(buf_bytes(&w.reply)[buf_size(&w.reply) - 1], 0);
    world_deinit(&w);
}

static const struct {
    const char *after;
    int32_t count, bytes;
    const char *names;
    bool more;
} pages[] = {
    {NULL, 0, 0, "e p q", false},
    {"", -1, -1, "e p q", false},
    {NULL, 3, 0, "e p q", false},
    {NULL, 1, 0, "e", true},
    {"e", 1, 0, "p", true},
    {"q", 1, 0, "", false},
    {"f", 9, 0, "p q", false}, /* whoever f was */
    {"zzz", 9, 0, "", false},
    {"p/", 9, 0, "q", false},
    {NULL, 9, 10, "e p", true},
    {NULL, 9, 9, "e", true},
    {NULL, 9, 1, "e", true}, /* one at least */
    {NULL, INT32_MAX, INT32_MAX, "e p q", false},
};

TEST(state_lists, pages)
{
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(pages); i++) {
        CHECK_EQ_INT(page(&w, "/a", pages[i].after, pages[i].count, pages[i].bytes), 0);
        CHECK_EQ_STR(names(&w), pages[i].names, "row %zu", i);
        CHECK_EQ_INT(buf_bytes(&w.reply)[buf_size(&w.reply) - 1], pages[i].more, "row %zu", i);
    }
    CHECK_EQ_INT(page(&w, "/none", NULL, 0, 0), ERR(NO_NODE));
    CHECK_EQ_INT(page(&w, "/a/e", NULL, 0, 0), 0);
    CHECK_EQ_STR(names(&w), "");
    world_deinit(&w);
}

/* While pages are read, the last name told goes, others come and go before and behind: each that stays is named once. */
TEST(state_lists, pages_while_children_come_and_go)
{
    enum { CHILDREN = 3000, STEP = 70 };
    static unsigned told[CHILDREN];
    char path[48], after[32] = "";
    struct world w;
    bool more = true;
    unsigned round = 0;

    memset(told, 0, sizeof(told));
    world_init(&w);
    world_create(&w, "/a", "", 0);
    for (unsigned i = 0; i < CHILDREN; i++) {
        snprintf(path, sizeof(path), "/a/n%04u", (i * 7) % CHILDREN);
        world_create(&w, path, "", 0);
    }
    for (; more; round++) {
        struct zk_list_page_response g;
        struct jute_cursor c;
        struct slice name;
        unsigned last = 0;

        REQUIRE(page(&w, "/a", after, STEP, 0) == 0);
        c = jute_cursor_make(buf_slice(&w.reply));
        REQUIRE(jute_decode(&c, &jute_list_page_response, &g) == 0);
        more = g.more;
        c = jute_cursor_make(g.children.items);
        while (jute_next_ustring(&c, &name)) {
            snprintf(after, sizeof(after), "%.*s", SLICE_ARG(name));
            if (sscanf(after, "n%4u", &last) == 1)
                told[last]++;
        }
        snprintf(path, sizeof(path), "/a/%s", after);
        CHECK_EQ_INT(world_delete(&w, path, -1), 0); /* the very one that the next page goes on behind */
        snprintf(path, sizeof(path), "/a/m%04u", round);
        CHECK_EQ_INT(world_create(&w, path, "", 0), 0); /* before all */
        if (last + 5 < CHILDREN) {
            snprintf(path, sizeof(path), "/a/n%04u", last + 5);
            CHECK_EQ_INT(world_delete(&w, path, -1), 0);
            told[last + 5]++; /* gone before it was told */
        }
    }
    for (unsigned i = 0; i < CHILDREN; i++)
        CHECK_EQ_INT(told[i], 1, "child %u", i);
    CHECK_EQ_INT(round, CHILDREN / (STEP + 1) + 1); /* 70 told and one gone each time */
    world_deinit(&w);
}

/* A loaded state has the same pages, whatever the order in which its nodes came. */
TEST(state_lists, pages_of_another_server)
{
    struct buf image = {0};
    struct state *own;
    struct world w;

    grow(&w);
    world_image(w.s, 100, &image);
    own = w.s;
    w.s = world_load(buf_slice(&image), 50);
    REQUIRE(w.s != NULL);
    CHECK_EQ_INT(page(&w, "/a", "e", 1, 0), 0);
    CHECK_EQ_STR(names(&w), "p");
    state_free(own);
    buf_deinit(&image);
    world_deinit(&w);
}
