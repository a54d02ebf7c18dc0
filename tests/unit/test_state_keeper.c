/* test_state_keeper.c - ClickHouse Keeper's writes, 501 to 505: what they do, what they refuse, in bytes.
 */
#include "lib/runner.h"
#include "state/acl.h"
#include "state_fixture.h"

#include <stdio.h>

#define ERR(name) (-COORD_E_##name)

static int check_not_exists(struct world *w, const char *path, int32_t version)
{
    return world_request(w, ZK_OP_CHECK_NOT_EXISTS, &jute_check_request,
                         &(struct zk_check_request){slice_from_text(path), version});
}

static int create_if_not_exists(struct world *w, const char *path, const char *data, int32_t mode)
{
    uint8_t space[ACL_WORLD_BYTES];

    return world_request(
        w, ZK_OP_CREATE_IF_NOT_EXISTS, &jute_create_request,
        &(struct zk_create_request){slice_from_text(path), slice_from_text(data), acl_world(ZK_PERM_ALL, space), mode});
}

static int remove_recursive(struct world *w, const char *path, uint32_t limit)
{
    return world_request(w, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request,
                         &(struct zk_limit_request){slice_from_text(path), (int32_t)limit});
}

static int try_remove(struct world *w, const char *path, int32_t version)
{
    return world_request(w, ZK_OP_TRY_REMOVE, &jute_delete_request,
                         &(struct zk_delete_request){slice_from_text(path), version});
}

static void add_remove_recursive(struct world *w, const char *path, uint32_t limit)
{
    world_multi_add(w, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request,
                    &(struct zk_limit_request){slice_from_text(path), (int32_t)limit});
}

/* /a with b, which has c, d (ephemeral) and a container; dark: no READ; nodelete: no DELETE, with a child. */
static void grow(struct world *w)
{
    world_init(w);
    world_create(w, "/a", "data", 0);
    world_create(w, "/a/b", "", 0);
    world_create(w, "/a/b/c", "", 0);
    world_create(w, "/a/b/d", "", ZK_EPHEMERAL);
    world_create_container(w, "/a/b/box");
    world_create(w, "/a/b/box/e", "", ZK_EPHEMERAL);
    world_create_ttl(w, "/a/timed", 5, 1000);
    world_create_acl(w, "/dark", "", 0, ZK_PERM_ALL & ~ZK_PERM_READ);
    world_create_acl(w, "/nodelete", "", 0, ZK_PERM_ALL & ~ZK_PERM_DELETE);
    world_create(w, "/nodelete/x", "", 0);
}

/* A request's bytes, written down by hand, and its reply's. */
TEST(state_keeper, in_bytes)
{
    static const uint8_t check[] = {0, 0, 0, 2, '/', 'x', 0xff, 0xff, 0xff, 0xff};
    static const uint8_t create[] = {0, 0, 0,   2,   '/', 'n', 0,   0, 0, 1, 'v', 0,   0,   0,   1,   0,   0,   0, 31, 0, 0,
                                     0, 5, 'w', 'o', 'r', 'l', 'd', 0, 0, 0, 6,   'a', 'n', 'y', 'o', 'n', 'e', 0, 0,  0, 0};
    static const uint8_t remove[] = {0, 0, 0, 2, '/', 'n', 0xff, 0xff, 0xff, 0xff}; /* a limit of 2^32 - 1 */
    static const uint8_t stat[] = {
        0,    0,    0,    1,    '/',  0xff, 0xff, 0xff, 0xff, /* any version, then a Stat: czxid 0 */
        0,    0,    0,    0,    0,    0,    0,    0,          /* mzxid 0 */
        0,    0,    0,    0,    0,    0,    0,    0,          /* ctime, mtime any */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff, 0xff, /* version 0, cversion any */
        0,    0,    0,    0,                                                    /* aversion 0 */
        0,    0,    0,    0,    0,    0,    0,    0,                            /* ephemeralOwner 0 */
        0,    0,    0,    0,    0,    0,    0,    1,                            /* dataLength 0, numChildren 1 */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t created[] = {0, 0, 0, 2, '/', 'n'};
    static const struct {
        int32_t op;
        struct slice request, reply;
    } rows[] = {
        {501, {check, sizeof(check)}, {NULL, 0}},
        {502, {create, sizeof(create)}, {created, sizeof(created)}},
        {502, {create, sizeof(create)}, {created, sizeof(created)}},
        {503, {remove, sizeof(remove)}, {NULL, 0}},
        {504, {stat, sizeof(stat)}, {NULL, 0}},
        {505, {check, sizeof(check)}, {NULL, 0}},
    };
    struct world w;

    world_init(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        w.e.session = w.session;
        w.e.attach = w.attach;
        w.e.op = rows[i].op;
        w.e.body = rows[i].request;
        CHECK_EQ_INT(world_apply(&w, ENTRY_REQUEST), 0, "row %zu", i);
        CHECK(slice_equal(buf_slice(&w.reply), rows[i].reply), "row %zu", i);
        w.e.body.size--;
        CHECK_EQ_INT(world_apply(&w, ENTRY_REQUEST), ERR(MARSHALLING), "row %zu", i);
    }
    world_deinit(&w);
}

TEST(state_keeper, check_not_exists)
{
    static const struct {
        const char *path;
        int32_t version;
        int err;
    } rows[] = {
        {"/none", -1, 0},
        {"/none/x", 7, 0},
        {"/a", -1, ERR(NODE_EXISTS)},
        {"/a", 0, ERR(NODE_EXISTS)},
        {"/a", 1, 0},
        {"/dark", -1, ERR(NO_AUTH)},
        {"/dark", 7, ERR(NO_AUTH)},
        {"/", -1, ERR(NODE_EXISTS)},
        {"", -1, ERR(BAD_ARGUMENTS)},
        {"/a/", -1, ERR(BAD_ARGUMENTS)},
    };
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_EQ_INT(check_not_exists(&w, rows[i].path, rows[i].version), rows[i].err, "row %zu", i);
    CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_NOT_EXISTS, &jute_check_request, &(struct zk_check_request){SLICE_NULL, -1}),
                 ERR(BAD_ARGUMENTS));
    world_deinit(&w);
}

TEST(state_keeper, check_stat_field_by_field)
{
    struct zk_check_stat_request any = {SLICE_LITERAL("/a"), -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}, q;
    struct zk_stat is;
    struct world w;

    grow(&w);
    REQUIRE(world_exists(&w, "/a") == 0);
    is = w.stat;
    CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &any), 0);
    q = any;
    q.expected = 0;
    CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &q), 0);
    q.expected = 1;
    CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &q), ERR(BAD_VERSION));
#define FIELD(field)                                                                                                           \
    do {                                                                                                                       \
        q = any;                                                                                                               \
        q.field = is.field;                                                                                                    \
        CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &q), 0, #field);                            \
        q.field = is.field + 1;                                                                                                \
        CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &q), ERR(BAD_VERSION), #field);             \
    } while (0)
    FIELD(czxid);
    FIELD(mzxid);
    FIELD(ctime);
    FIELD(mtime);
    FIELD(version);
    FIELD(cversion);
    FIELD(aversion);
    FIELD(ephemeral_owner);
    FIELD(data_length);
    FIELD(num_children);
    FIELD(pzxid);
#undef FIELD
    q = any;
    q.path = SLICE_LITERAL("/none");
    CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &q), ERR(NO_NODE));
    q.path = SLICE_LITERAL("/dark");
    CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &q), ERR(NO_AUTH));
    q.path = SLICE_LITERAL("/a/");
    CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &q), ERR(BAD_ARGUMENTS));
    world_deinit(&w);
}

TEST(state_keeper, create_if_not_exists)
{
    struct world w;
    uint64_t digest;

    grow(&w);
    CHECK_EQ_INT(create_if_not_exists(&w, "/new", "first", 0), 0);
    CHECK_EQ_STR(world_path(&w), "/new");
    CHECK_EQ_STR(world_changes(&w), "+/new");
    digest = state_digest(w.s);
    CHECK_EQ_INT(create_if_not_exists(&w, "/new", "second", 0), 0);
    CHECK_EQ_STR(world_path(&w), "/new");
    CHECK_EQ_INT(w.a.change_count, 0);
    CHECK_EQ_STR(world_data(&w, "/new"), "first");
    CHECK_EQ_INT(create_if_not_exists(&w, "/", "", 0), 0);
    CHECK_EQ_STR(world_path(&w), "/");
    CHECK_EQ_INT(create_if_not_exists(&w, "/new", "", ZK_EPHEMERAL), 0);
    CHECK_EQ_INT(create_if_not_exists(&w, "/new", "", ZK_PERSISTENT_SEQUENTIAL), ERR(BAD_ARGUMENTS));
    CHECK_EQ_INT(create_if_not_exists(&w, "/none/x", "", 0), ERR(NO_NODE));
    CHECK_EQ_INT(create_if_not_exists(&w, "/new", "", 9), ERR(BAD_ARGUMENTS));
    CHECK_EQ_INT(create_if_not_exists(&w, "/zookeeper/config/x", "", 0), ERR(NO_AUTH));
    CHECK_EQ_INT(create_if_not_exists(&w, "/a/b/d/x", "", 0), ERR(NO_CHILDREN_FOR_EPHEMERALS));
    CHECK_EQ_INT(create_if_not_exists(&w, "new", "", 0), ERR(BAD_ARGUMENTS));
    CHECK(state_digest(w.s) == state_digest_recompute(w.s) && digest != state_digest(w.s)); /* the origin's number */
    world_deinit(&w);
}

TEST(state_keeper, try_remove_is_content_with_less)
{
    static const struct {
        const char *path;
        int32_t version;
        int err;
        const char *changes;
    } rows[] = {
        {"/none", -1, 0, ""},
        {"/none/x", -1, 0, ""},
        {"/a", -1, 0, ""},    /* not empty */
        {"/a/b/c", 1, 0, ""}, /* another version */
        {"/a/b/c", 0, 0, "-/a/b/c"},
        {"/a/b/c", 0, 0, ""},
        {"/a/b/d", -1, 0, "-/a/b/d"},
        {"/nodelete/x", -1, ERR(NO_AUTH), ""},
        {"/nodelete/none", -1, ERR(NO_AUTH), ""},
        {"/", -1, ERR(BAD_ARGUMENTS), ""},
        {"/zookeeper/config", -1, ERR(BAD_ARGUMENTS), ""},
        {"/a//b", -1, ERR(BAD_ARGUMENTS), ""},
        {"a", -1, ERR(BAD_ARGUMENTS), ""},
    };
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ_INT(try_remove(&w, rows[i].path, rows[i].version), rows[i].err, "row %zu", i);
        CHECK_EQ_STR(world_changes(&w), rows[i].changes, "row %zu", i);
    }
    world_deinit(&w);
}

/* Children before parents, and on a level in the order of creation. */
TEST(state_keeper, remove_recursive_takes_all_below)
{
    struct state_counts c;
    struct world w;

    grow(&w);
    CHECK_EQ_INT(remove_recursive(&w, "/a", 7), 0);
    CHECK_EQ_STR(world_changes(&w), "-/a/b/box/e -/a/b/c -/a/b/d -/a/b/box -/a/b -/a/timed -/a");
    CHECK_EQ_INT(world_exists(&w, "/a"), ERR(NO_NODE));
    CHECK_EQ_INT(world_exists(&w, "/"), 0);
    CHECK_EQ_INT(w.stat.cversion, 3); /* -1, three made, one gone; those below it are not its business */
    CHECK_EQ_INT(w.stat.pzxid, (int64_t)w.e.zxid);
    state_counts(w.s, &c);
    CHECK_EQ_INT(c.ephemerals, 0);
    CHECK_EQ_INT(c.nodes, 7);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    CHECK_EQ_INT(world_session_close(&w, w.session), 0);
    CHECK_EQ_INT(w.a.change_count, 0);
    world_deinit(&w);
}

TEST(state_keeper, remove_recursive_refuses)
{
    static const struct {
        const char *path;
        uint32_t limit;
        int err;
    } rows[] = {
        {"/none", 0, 0},
        {"/none/x", 0, 0},
        {"/a", 6, ERR(NOT_EMPTY)},
        {"/a", 0, ERR(NOT_EMPTY)},
        {"/a/b/c", 0, ERR(NOT_EMPTY)},
        {"/nodelete", 10, ERR(NO_AUTH)},   /* may be deleted, but not recursively: its own list */
        {"/nodelete", 1, ERR(NOT_EMPTY)},  /* the number comes first */
        {"/nodelete/x", 10, ERR(NO_AUTH)}, /* the parent's list */
        {"/nodelete/none", 10, ERR(NO_AUTH)},
        {"/", UINT32_MAX, ERR(BAD_ARGUMENTS)},
        {"/zookeeper", UINT32_MAX, ERR(BAD_ARGUMENTS)},
        {"/zookeeper/quota", UINT32_MAX, ERR(BAD_ARGUMENTS)},
        {"/zookeeper/config", UINT32_MAX, ERR(BAD_ARGUMENTS)},
        {"", 1, ERR(BAD_ARGUMENTS)},
        {"/a/", 1, ERR(BAD_ARGUMENTS)},
    };
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ_INT(remove_recursive(&w, rows[i].path, rows[i].limit), rows[i].err, "row %zu", i);
        CHECK_EQ_INT(w.a.change_count, 0, "row %zu", i);
    }
    CHECK_EQ_INT(world_request(&w, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request, &(struct zk_limit_request){SLICE_NULL, 1}),
                 ERR(BAD_ARGUMENTS));
    world_create(&w, "/zookeeper/quota/x", "", 0);
    CHECK_EQ_INT(remove_recursive(&w, "/zookeeper/quota/x", 1), 0); /* not the server's own */
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* A leaf deep below that may not go keeps all. */
TEST(state_keeper, remove_recursive_asks_for_each_node)
{
    struct world w;

    grow(&w);
    world_set_acl(&w, "/a/b/c", "23:world:anyone 31:digest:me:x", -1);
    CHECK_EQ_INT(remove_recursive(&w, "/a", 100), ERR(NO_AUTH));
    CHECK_EQ_INT(w.a.change_count, 0);
    w.auth = world_auth("digest:me:x");
    CHECK_EQ_INT(remove_recursive(&w, "/a", 100), 0);
    CHECK_EQ_INT(w.a.change_count, 7);
    w.auth = SLICE_NULL;
    CHECK_EQ_INT(remove_recursive(&w, "/nodelete", 100), ERR(NO_AUTH));
    w.auth = world_auth("super:");
    CHECK_EQ_INT(remove_recursive(&w, "/nodelete", 100), 0);
    world_deinit(&w);
}

TEST(state_keeper, a_multi_of_all_of_them)
{
    uint8_t space[ACL_WORLD_BYTES];
    struct zk_create_request create = {SLICE_LITERAL("/n"), SLICE_LITERAL("v"), acl_world(ZK_PERM_ALL, space), 0};
    struct zk_check_stat_request stat = {SLICE_LITERAL("/n"), 0, -1, -1, -1, -1, -1, -1, -1, -1, 1, 0, -1};
    struct world w;

    grow(&w);
    world_multi_add(&w, 501, &jute_check_request, &(struct zk_check_request){SLICE_LITERAL("/n"), -1});
    world_multi_add(&w, 502, &jute_create_request, &create);
    world_multi_add(&w, 502, &jute_create_request, &create);
    world_multi_add(&w, 504, &jute_check_stat_request, &stat);
    add_remove_recursive(&w, "/a", 7);
    world_multi_add(&w, 505, &jute_delete_request, &(struct zk_delete_request){SLICE_LITERAL("/a"), -1});
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "501:0 502:0=/n 502:0=/n 504:0 503:0 505:0");
    CHECK_EQ_STR(world_changes(&w), "+/n -/a/b/box/e -/a/b/c -/a/b/d -/a/b/box -/a/b -/a/timed -/a");
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* The whole subtree comes back: ephemerals to their session, containers and TTL nodes to their side table, in a snapshot too.
 */
TEST(state_keeper, a_failed_multi_brings_a_removed_subtree_back)
{
    struct state_counts before, after;
    struct buf image = {0}, again = {0};
    struct world w, same;

    grow(&w);
    grow(&same);
    state_counts(w.s, &before);
    add_remove_recursive(&w, "/a/b/box", 2);
    add_remove_recursive(&w, "/a", 100);
    world_multi_add(&w, ZK_OP_CHECK_NOT_EXISTS, &jute_check_request, &(struct zk_check_request){SLICE_LITERAL("/"), -1});
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:0 -1:0 -1:-110");
    CHECK_EQ_INT(w.a.change_count, 0);
    world_multi_add(&same, ZK_OP_CHECK_NOT_EXISTS, &jute_check_request, &(struct zk_check_request){SLICE_LITERAL("/"), -1});
    world_multi(&same);
    world_check_same(w.s, same.s);
    state_counts(w.s, &after);
    CHECK(after.nodes == before.nodes && after.ephemerals == before.ephemerals && after.data_bytes == before.data_bytes);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    CHECK_EQ_STR(world_children(&w, "/a/b"), "box c d");
    CHECK_EQ_INT(remove_recursive(&w, "/a", 7), 0);
    CHECK_EQ_INT(w.a.change_count, 7);
    world_image(w.s, 1000, &image);
    CHECK_EQ_INT(remove_recursive(&same, "/a", 7), 0);
    world_image(same.s, 1000, &again);
    CHECK(slice_equal(buf_slice(&image), buf_slice(&again)));
    buf_deinit(&image);
    buf_deinit(&again);
    world_deinit(&w);
    world_deinit(&same);
}

/* A snapshot walk under way has the subtree as it was. */
TEST(state_keeper, a_snapshot_under_way_keeps_the_subtree)
{
    struct buf image = {0};
    struct state *loaded;
    struct world w, same;

    grow(&w);
    grow(&same);
    state_walk_start(w.s);
    CHECK_EQ_INT(remove_recursive(&w, "/a", 7), 0);
    while (state_walk_next(w.s, &image, 100))
        ;
    loaded = world_load(buf_slice(&image), 64);
    REQUIRE(loaded != NULL);
    world_check_same(loaded, same.s);
    state_free(loaded);
    buf_deinit(&image);
    world_deinit(&w);
    world_deinit(&same);
}

static void grow_wide(struct world *w, unsigned children)
{
    char path[32];

    world_init(w);
    world_create(w, "/wide", "", 0);
    for (unsigned i = 0; i < children; i++) {
        snprintf(path, sizeof(path), "/wide/n%u", i);
        world_create(w, path, "", 0);
    }
}

/* What one entry may change is bounded, alone and in a multi. */
TEST(state_keeper, remove_recursive_has_a_limit_of_its_own)
{
    struct world w;

    grow_wide(&w, REMOVE_RECURSIVE_MAX);
    CHECK_EQ_INT(remove_recursive(&w, "/wide", UINT32_MAX), ERR(NOT_EMPTY));
    CHECK_EQ_INT(w.a.change_count, 0);
    world_multi_add(&w, ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){SLICE_LITERAL("/wide/n7"), -1});
    add_remove_recursive(&w, "/wide", UINT32_MAX); /* as many as may go, but one change before them */
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:0 -1:-111");
    CHECK_EQ_INT(world_delete(&w, "/wide/n7", -1), 0);
    CHECK_EQ_INT(remove_recursive(&w, "/wide", REMOVE_RECURSIVE_MAX - 1), ERR(NOT_EMPTY));
    CHECK_EQ_INT(remove_recursive(&w, "/wide", REMOVE_RECURSIVE_MAX), 0);
    CHECK_EQ_INT(w.a.change_count, REMOVE_RECURSIVE_MAX);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* A few nodes with long names above them: each change is reported with its whole path, so those are bounded too. */
TEST(state_keeper, remove_recursive_has_a_limit_of_bytes)
{
    enum { HALF = REMOVE_RECURSIVE_BYTES_MAX / 2 };
    static char path[HALF + 2]; /* with a child of one letter: together what may go */
    struct world w;

    world_init(&w);
    memset(path, 'n', HALF - 1);
    path[0] = '/';
    world_create(&w, path, "", 0);
    memcpy(path + HALF - 1, "/c", 3);
    REQUIRE(world_create(&w, path, "", 0) == 0);
    path[HALF - 1] = 0;
    world_create(&w, "/a", "", 0);
    world_multi_add(&w, ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){SLICE_LITERAL("/a"), -1});
    add_remove_recursive(&w, path, 2); /* what was changed before counts */
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:0 -1:-111");
    world_create(&w, "/a", "", 0);
    CHECK_EQ_INT(remove_recursive(&w, path, 2), 0);
    CHECK_EQ_INT(w.a.change_count, 2);
    world_create(&w, path, "", 0);
    path[HALF - 1] = '/';
    path[HALF] = 'c';
    path[HALF + 1] = 'c';
    REQUIRE(world_request(
                &w, ZK_OP_CREATE_IF_NOT_EXISTS, &jute_create_request,
                &(struct zk_create_request){slice_make(path, HALF + 2), SLICE_NULL, world_acl("31:world:anyone"), 0}) == 0);
    path[HALF - 1] = 0;
    CHECK_EQ_INT(remove_recursive(&w, path, 2), ERR(NOT_EMPTY));
    CHECK_EQ_INT(w.a.change_count, 0);
    CHECK_EQ_INT(world_exists(&w, path), 0);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* As deep as wide: a level each. */
TEST(state_keeper, remove_recursive_of_a_deep_line)
{
    enum { DEPTH = 1000 };
    static char path[2 * DEPTH + 1];
    struct world w;

    world_init(&w);
    for (unsigned i = 0; i < DEPTH; i++) {
        memcpy(path + 2 * (size_t)i, "/d", 3);
        REQUIRE(world_create(&w, path, "", 0) == 0);
    }
    CHECK_EQ_INT(remove_recursive(&w, "/d", DEPTH), 0);
    CHECK_EQ_INT(w.a.change_count, DEPTH);
    CHECK_EQ_INT(w.a.changes[0].path.size, 2 * DEPTH);
    CHECK_EQ_INT(w.a.changes[DEPTH - 1].path.size, 2);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* A quota's figures follow a subtree that goes, one that comes back, and a quota that goes itself. */
TEST(state_keeper, quotas_follow_a_recursive_removal)
{
    struct world w;

    grow(&w);
    world_create(&w, "/zookeeper/quota/a", "", 0);
    world_create(&w, "/zookeeper/quota/a/zookeeper_limits", "count=100,bytes=1000", 0);
    world_create(&w, "/zookeeper/quota/a/zookeeper_stats", "", 0);
    CHECK_EQ_STR(world_data(&w, "/zookeeper/quota/a/zookeeper_stats"), "count=7,bytes=4");
    add_remove_recursive(&w, "/a/b", 9);
    world_multi_add(&w, ZK_OP_CHECK, &jute_check_request, &(struct zk_check_request){SLICE_LITERAL("/none"), -1});
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:0 -1:-101");
    CHECK_EQ_STR(world_data(&w, "/zookeeper/quota/a/zookeeper_stats"), "count=7,bytes=4");
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    CHECK_EQ_INT(remove_recursive(&w, "/a/b", 5), 0);
    CHECK_EQ_STR(world_data(&w, "/zookeeper/quota/a/zookeeper_stats"), "count=2,bytes=4");
    CHECK_EQ_INT(remove_recursive(&w, "/zookeeper/quota/a", 3), 0);
    CHECK_EQ_STR(world_changes(&w),
                 "-/zookeeper/quota/a/zookeeper_limits -/zookeeper/quota/a/zookeeper_stats -/zookeeper/quota/a");
    CHECK_EQ_INT(remove_recursive(&w, "/a", 2), 0);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}
