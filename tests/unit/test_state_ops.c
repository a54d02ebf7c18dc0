/* test_state_ops.c - each operation: what it does and what it answers. */
#include "base/bytes.h"
#include "lib/runner.h"
#include "state/acl.h"
#include "state_fixture.h"

#define ERR(name) (-COORD_E_##name)

TEST(state, first_tree)
{
    struct state *s = state_new();
    struct zk_stat stat;
    struct state_counts c;

    CHECK_EQ_INT(state_zxid(s), 0);
    CHECK(state_form(s, NULL) == NULL);
    REQUIRE(state_stat(s, SLICE_LITERAL("/"), &stat));
    CHECK_EQ_INT(stat.cversion, -1);
    CHECK_EQ_INT(stat.num_children, 1);
    REQUIRE(state_stat(s, SLICE_LITERAL("/zookeeper"), &stat));
    CHECK_EQ_INT(stat.cversion, -2);
    CHECK_EQ_INT(stat.num_children, 2);
    CHECK_EQ_INT(stat.czxid | stat.mzxid | stat.pzxid | stat.ctime | stat.mtime | stat.version | stat.aversion, 0);
    CHECK(state_stat(s, SLICE_LITERAL("/zookeeper/quota"), NULL));
    CHECK(state_stat(s, SLICE_LITERAL("/zookeeper/config"), &stat) && stat.aversion == -1);
    state_counts(s, &c);
    CHECK_EQ_INT(c.nodes, 4);
    CHECK_EQ_INT(c.sessions + c.ephemerals + c.data_bytes, 0);
    CHECK(state_digest(s) == state_digest_recompute(s));
    state_free(s);
}

TEST(state, create_gives_the_stat_of_a_new_node)
{
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/a", "hello", ZK_PERSISTENT), 0);
    CHECK_EQ_STR(world_path(&w), "/a");
    CHECK_EQ_STR(world_changes(&w), "+/a");
    CHECK_EQ_INT(w.stat.czxid, w.e.zxid);
    CHECK_EQ_INT(w.stat.mzxid, w.e.zxid);
    CHECK_EQ_INT(w.stat.pzxid, w.e.zxid);
    CHECK_EQ_INT(w.stat.ctime, w.e.wall_ms);
    CHECK_EQ_INT(w.stat.mtime, w.e.wall_ms);
    CHECK_EQ_INT(w.stat.version | w.stat.cversion | w.stat.aversion | w.stat.num_children, 0);
    CHECK_EQ_INT(w.stat.ephemeral_owner, 0);
    CHECK_EQ_INT(w.stat.data_length, 5);
    CHECK_EQ_STR(world_data(&w, "/a"), "hello");
    CHECK_EQ_INT(world_exists(&w, "/"), 0);
    CHECK_EQ_INT(w.stat.cversion, 0);
    CHECK_EQ_INT(w.stat.pzxid, w.e.zxid);
    CHECK_EQ_INT(w.stat.mzxid, 0);
    CHECK_EQ_STR(world_children(&w, "/"), "a zookeeper");
    world_deinit(&w);
}

/* create (1) answers the path alone. */
TEST(state, stat_of_a_path)
{
    struct zk_stat stat;
    struct world w;

    world_init(&w);
    world_create(&w, "/a", "four", 0);
    CHECK(state_stat(w.s, SLICE_LITERAL("/a"), &stat) && stat.data_length == 4 && stat.czxid == (int64_t)w.e.zxid);
    CHECK(state_stat(w.s, SLICE_LITERAL("/a"), NULL));
    CHECK(!state_stat(w.s, SLICE_LITERAL("/b"), &stat));
    world_deinit(&w);
}

TEST(state, create_answers_the_path)
{
    uint8_t space[ACL_WORLD_BYTES];
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_request(&w, ZK_OP_CREATE, &jute_create_request,
                               &(struct zk_create_request){SLICE_LITERAL("/s-"), SLICE_NULL, acl_world(31, space), 2}),
                 0);
    CHECK_EQ_BYTES(buf_bytes(&w.reply), buf_size(&w.reply), "\0\0\0\x0d/s-0000000000", 17);
    world_deinit(&w);
}

TEST(state, null_and_empty_data_are_kept_apart)
{
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/null", NULL, 0), 0);
    CHECK_EQ_INT(world_create(&w, "/empty", "", 0), 0);
    CHECK_EQ_STR(world_data(&w, "/null"), "<null>");
    CHECK_EQ_STR(world_data(&w, "/empty"), "");
    CHECK_EQ_INT(world_set(&w, "/empty", NULL, -1), 0);
    CHECK_EQ_STR(world_data(&w, "/empty"), "<null>");
    CHECK_EQ_INT(w.stat.data_length, 0);
    CHECK_EQ_INT(world_set(&w, "/null", "", -1), 0);
    CHECK_EQ_STR(world_data(&w, "/null"), "");
    world_deinit(&w);
}

TEST(state, sequence_counts_all_creates_of_the_parent)
{
    struct world w;

    world_init(&w);
    world_create(&w, "/q", "", 0);
    CHECK_EQ_INT(world_create(&w, "/q/plain", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/q/n-", "", ZK_PERSISTENT_SEQUENTIAL), 0);
    CHECK_EQ_STR(world_path(&w), "/q/n-0000000001");
    CHECK_EQ_INT(world_delete(&w, "/q/n-0000000001", -1), 0);
    CHECK_EQ_INT(world_create(&w, "/q/", "", ZK_EPHEMERAL_SEQUENTIAL), 0);
    CHECK_EQ_STR(world_path(&w), "/q/0000000002");
    CHECK_EQ_STR(world_changes(&w), "+/q/0000000002");
    CHECK_EQ_INT(world_create(&w, "/q/.", "", ZK_PERSISTENT_SEQUENTIAL), 0);
    CHECK_EQ_STR(world_path(&w), "/q/.0000000003");
    CHECK_EQ_INT(world_create(&w, "/q/n-", "", ZK_PERSISTENT_SEQUENTIAL), 0);
    CHECK_EQ_INT(world_create(&w, "/q/n-0000000005", "", 0), 0);
    CHECK_EQ_INT(world_exists(&w, "/q"), 0);
    CHECK_EQ_INT(w.stat.cversion, 7); /* six creates, one delete */
    CHECK_EQ_INT(w.stat.num_children, 5);
    world_deinit(&w);
}

TEST(state, set_data_counts_versions_and_leaves_the_parent_alone)
{
    struct world w;
    int64_t pzxid;

    world_init(&w);
    world_create(&w, "/a", "1", 0);
    pzxid = (int64_t)w.e.zxid;
    CHECK_EQ_INT(world_set(&w, "/a", "22", 0), 0);
    CHECK_EQ_STR(world_changes(&w), "=/a");
    CHECK_EQ_INT(w.stat.version, 1);
    CHECK_EQ_INT(w.stat.mzxid, w.e.zxid);
    CHECK_EQ_INT(w.stat.mtime, w.e.wall_ms);
    CHECK_EQ_INT(w.stat.czxid, pzxid);
    CHECK_EQ_INT(w.stat.pzxid, pzxid);
    CHECK_EQ_INT(w.stat.data_length, 2);
    CHECK_EQ_INT(world_set(&w, "/a", "3", 0), ERR(BAD_VERSION));
    CHECK_EQ_STR(world_changes(&w), "");
    CHECK_EQ_INT(world_set(&w, "/a", "3", -1), 0);
    CHECK_EQ_INT(w.stat.version, 2);
    CHECK_EQ_INT(world_exists(&w, "/"), 0);
    CHECK_EQ_INT(w.stat.pzxid, pzxid);
    CHECK_EQ_INT(world_set(&w, "/", "root", 0), 0);
    CHECK_EQ_STR(world_data(&w, ""), "root");
    world_deinit(&w);
}

TEST(state, delete_counts_in_the_parent)
{
    struct world w;

    world_init(&w);
    world_create(&w, "/a", "", 0);
    world_create(&w, "/a/b", "", 0);
    CHECK_EQ_INT(world_delete(&w, "/a/b", 0), 0);
    CHECK_EQ_STR(world_changes(&w), "-/a/b");
    CHECK_EQ_INT(buf_size(&w.reply), 0);
    CHECK_EQ_INT(world_exists(&w, "/a/b"), ERR(NO_NODE));
    CHECK_EQ_INT(world_exists(&w, "/a"), 0);
    CHECK_EQ_INT(w.stat.cversion, 2);
    CHECK_EQ_INT(w.stat.pzxid, w.e.zxid);
    CHECK_EQ_INT(w.stat.num_children, 0);
    CHECK_EQ_INT(world_delete(&w, "/a", -1), 0);
    CHECK_EQ_STR(world_children(&w, "/"), "zookeeper");
    world_deinit(&w);
}

TEST(state, get_children_answers_names_and_get_children2_the_stat_too)
{
    struct zk_children_response names;
    struct jute_cursor c;
    struct world w;

    world_init(&w);
    world_create(&w, "/a", "", 0);
    world_create(&w, "/a/b", "", 0);
    world_create(&w, "/e", "", ZK_EPHEMERAL);
    CHECK_EQ_INT(world_read(&w, ZK_OP_GET_CHILDREN, slice_from_text("/a"), false), 0);
    c = jute_cursor_make(buf_slice(&w.reply));
    REQUIRE(jute_decode(&c, &jute_children_response, &names) == 0 && c.at == c.end);
    CHECK_EQ_INT(names.children.count, 1);
    CHECK_EQ_STR(world_children(&w, "/a"), "b");
    CHECK_EQ_STR(world_children(&w, "/e"), "");
    CHECK_EQ_STR(world_children(&w, "/"), "a e zookeeper");
    world_deinit(&w);
}

static int all_children_number(struct world *w, const char *path)
{
    int rc = world_read(w, ZK_OP_GET_ALL_CHILDREN_NUMBER, slice_from_text(path), false);

    return rc != 0 ? rc : (int)get_be32(buf_bytes(&w->reply));
}

TEST(state, get_all_children_number_counts_at_any_depth)
{
    struct world w;
    struct buf image = {0};

    world_init(&w);
    CHECK_EQ_INT(all_children_number(&w, "/"), 3);
    CHECK_EQ_INT(all_children_number(&w, ""), 3);
    CHECK_EQ_INT(all_children_number(&w, "/zookeeper"), 2);
    world_create(&w, "/a", "", ZK_PERSISTENT);
    world_create(&w, "/a/b", "", ZK_PERSISTENT);
    world_create(&w, "/a/b/c", "", ZK_EPHEMERAL);
    world_create(&w, "/a/b/d", "", ZK_PERSISTENT);
    world_create(&w, "/ab", "", ZK_PERSISTENT); /* begins like /a, and is not below it */
    CHECK_EQ_INT(all_children_number(&w, "/a"), 3);
    CHECK_EQ_INT(all_children_number(&w, "/a/b"), 2);
    CHECK_EQ_INT(all_children_number(&w, "/a/b/c"), 0);
    CHECK_EQ_INT(all_children_number(&w, "/"), 8);
    world_image(w.s, 1000, &image);
    state_free(w.s);
    w.s = world_load(buf_slice(&image), 77);
    REQUIRE(w.s != NULL);
    CHECK_EQ_INT(all_children_number(&w, "/a"), 3);
    CHECK_EQ_INT(all_children_number(&w, "/"), 8);
    world_delete(&w, "/a/b/d", -1);
    CHECK_EQ_INT(all_children_number(&w, "/a"), 2);
    world_session_close(&w, w.session);
    CHECK_EQ_INT(all_children_number(&w, "/a"), 1);
    CHECK_EQ_INT(all_children_number(&w, "/"), 6);
    CHECK_EQ_INT(all_children_number(&w, "/none"), ERR(NO_NODE));
    CHECK_EQ_INT(all_children_number(&w, "/a/"), ERR(NO_NODE));
    CHECK_EQ_INT(world_read(&w, ZK_OP_GET_ALL_CHILDREN_NUMBER, SLICE_NULL, false), ERR(MARSHALLING));
    world_session_create(&w);
    world_create_acl(&w, "/shut", "", ZK_PERSISTENT, ZK_PERM_ALL - ZK_PERM_READ);
    world_create(&w, "/shut/x", "", ZK_PERSISTENT);
    CHECK_EQ_INT(all_children_number(&w, "/shut"), ERR(NO_AUTH));
    CHECK_EQ_INT(all_children_number(&w, "/"), 8); /* a number tells no names */
    buf_deinit(&image);
    world_deinit(&w);
}

TEST(state, get_ephemerals_answers_the_sessions_own)
{
    static const struct {
        const char *prefix, *paths; /* NULL: null */
    } rows[] = {
        {"", "/e1 /e2 /s/e3"},
        {"/", "/e1 /e2 /s/e3"},
        {NULL, "/e1 /e2 /s/e3"},
        {" ", "/e1 /e2 /s/e3"},
        {"\t/ ", "/e1 /e2 /s/e3"},
        {"/e", "/e1 /e2"},
        {"/e1", "/e1"},
        {"/e11", ""},
        {"/s", "/s/e3"},
        {"/s/", "/s/e3"},
        {"e", ""},
        {" /e", ""},
        {"/e ", ""},
        {"/s/e3/", ""},
    };
    struct world w;
    uint64_t mine;

    world_init(&w);
    mine = w.session;
    world_create(&w, "/s", "", ZK_PERSISTENT);
    world_create(&w, "/e1", "", ZK_EPHEMERAL);
    world_create(&w, "/gone", "", ZK_EPHEMERAL);
    world_create(&w, "/e2", "", ZK_EPHEMERAL);
    world_create_acl(&w, "/s/e3", "", ZK_EPHEMERAL, ZK_PERM_WRITE);
    world_delete(&w, "/gone", -1);
    world_session_create(&w);
    CHECK_EQ_INT(world_read(&w, ZK_OP_GET_EPHEMERALS, SLICE_LITERAL("/"), false), 0);
    CHECK_EQ_BYTES(buf_bytes(&w.reply), buf_size(&w.reply), "\0\0\0\0", 4);
    world_create(&w, "/e3", "", ZK_EPHEMERAL);
    w.session = mine;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice prefix = rows[i].prefix == NULL ? SLICE_NULL : slice_from_text(rows[i].prefix);
        struct zk_children_response got;
        struct jute_cursor c;
        struct slice path;
        struct buf paths = {0};

        REQUIRE(world_read(&w, ZK_OP_GET_EPHEMERALS, prefix, false) == 0, "row %zu", i);
        c = jute_cursor_make(buf_slice(&w.reply));
        REQUIRE(jute_decode(&c, &jute_children_response, &got) == 0 && c.at == c.end, "row %zu", i);
        c = jute_cursor_make(got.children.items);
        while (jute_next_ustring(&c, &path))
            buf_printf(&paths, "%s%.*s", buf_size(&paths) > 0 ? " " : "", SLICE_ARG(path));
        buf_append(&paths, "", 1);
        CHECK_EQ_STR((const char *)buf_bytes(&paths), rows[i].paths, "row %zu", i);
        buf_deinit(&paths);
    }
    world_session_close(&w, mine);
    CHECK_EQ_INT(world_read(&w, ZK_OP_GET_EPHEMERALS, SLICE_LITERAL("/"), false), ERR(SESSION_EXPIRED));
    world_deinit(&w);
}

TEST(state, op_table)
{
    CHECK(op_find(ZK_OP_CHECK) == NULL);
    CHECK(op_find(ZK_OP_DELETE_CONTAINER) == NULL);
    CHECK(op_find(ZK_OP_CREATE_SESSION) == NULL);
    CHECK(op_find(ZK_OP_NOTIFY) == NULL);
    CHECK(op_find(-12) == NULL && op_find(10) == NULL && op_find(499) == NULL && op_find(508) == NULL &&
          op_find(INT32_MIN) == NULL);
    CHECK(op_find(INT32_MAX) == NULL && op_find(108) == NULL);
    CHECK_EQ_INT(op_find(ZK_OP_LIST_PAGE)->opcode, ZK_OP_LIST_PAGE);
    CHECK(op_find(ZK_OP_LIST_PAGE - 1) == NULL && op_find(ZK_OP_LIST_PAGE + 1) == NULL && op_find(997) == NULL);
    for (int32_t opcode = -20; opcode < 600; opcode++) {
        const struct op_desc *op = op_find(opcode);

        if (op == NULL)
            continue;
        CHECK_EQ_INT(op->opcode, opcode);
        CHECK(op->perm == OP_PERM_NONE || (op->perm > 0 && op->perm <= ZK_PERM_ALL), "%s", op->name);
        CHECK((op->refusal != 0) == (op->flags == OP_REFUSED), "%s", op->name);
        CHECK((op->apply != NULL) == ((op->flags & OP_WRITE) != 0), "%s", op->name);
        CHECK((op->read != NULL) == ((op->flags & OP_READ) != 0), "%s", op->name);
    }
    CHECK_EQ_INT(op_find(ZK_OP_SASL)->flags, OP_REFUSED);
    CHECK(op_find_inner(ZK_OP_CHECK) == &op_check && op_find_inner(ZK_OP_MULTI) == NULL && op_find_inner(507) == NULL);
    CHECK_EQ_INT(op_find(ZK_OP_SYNC)->flags, OP_REPLICA);
    CHECK_EQ_INT(op_find(ZK_OP_CLOSE_SESSION)->flags, OP_WRITE);
}

/* What must not be in the log is answered all the same. */
TEST(state, requests_that_should_not_be_in_the_log)
{
    static const int32_t ops[] = {ZK_OP_EXISTS, ZK_OP_MULTI_READ, ZK_OP_CHECK, ZK_OP_PING, 4711};
    struct world w;
    uint64_t digest;

    world_init(&w);
    for (size_t i = 0; i < COUNT(ops); i++)
        CHECK_EQ_INT(world_request(&w, ops[i], NULL, NULL), ERR(UNIMPLEMENTED));
    CHECK_EQ_INT(world_request(&w, ZK_OP_CREATE, NULL, NULL), ERR(MARSHALLING));
    CHECK_EQ_INT(world_request(&w, ZK_OP_SET_DATA, &jute_path_request, &(struct zk_path_request){SLICE_LITERAL("/")}),
                 ERR(MARSHALLING));
    digest = state_digest(w.s);
    w.e.body = SLICE_NULL;
    CHECK_EQ_INT(world_apply(&w, ENTRY_ADMIT), 0);
    CHECK(w.a.skipped);
    w.number--; /* not taken */
    CHECK(state_digest(w.s) == digest);
    world_deinit(&w);
}
