/* test_state_errors.c - which error comes first, and which watch is armed. */
#include "lib/runner.h"
#include "state/acl.h"
#include "state_fixture.h"

#define ERR(name) (-COORD_E_##name)

/* /a (children b, ro: only READ, noread: all but READ), /e ephemeral. */
static void grow(struct world *w)
{
    world_init(w);
    world_create(w, "/a", "data", 0);
    world_create(w, "/a/b", "", 0);
    world_create(w, "/e", "", ZK_EPHEMERAL);
    world_create_acl(w, "/ro", "", 0, ZK_PERM_READ);
    world_create_acl(w, "/nocreate", "", 0, ZK_PERM_ALL & ~ZK_PERM_CREATE);
    world_create_acl(w, "/noread", "", 0, ZK_PERM_ALL & ~ZK_PERM_READ);
    world_create_acl(w, "/nodelete", "", 0, ZK_PERM_ALL & ~ZK_PERM_DELETE);
    world_create(w, "/nodelete/x", "", 0);
}

#define S(text)                                                                                                                \
    {                                                                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                                                                              \
    }

TEST(state_errors, create_error_precedence)
{
    static const uint8_t world_acl[] = {0,   0, 0, 31, 0, 0,   0,   5,   'w', 'o', 'r', 'l',
                                        'd', 0, 0, 0,  6, 'a', 'n', 'y', 'o', 'n', 'e'};
    static const uint8_t auth_acl[] = {0, 0, 0, 31, 0, 0, 0, 4, 'a', 'u', 't', 'h', 0, 0, 0, 0};
    static const uint8_t digest_acl[] = {0, 0, 0, 31, 0, 0, 0, 6, 'd', 'i', 'g', 'e', 's', 't', 0, 0, 0, 3, 'a', ':', 'b'};
    static const uint8_t bad_acl[] = {0, 0, 0, 31, 0, 0, 0, 6, 'd', 'i', 'g', 'e', 's', 't', 0, 0, 0, 3, 'a', 'b', ':'};
    static const uint8_t anyon_acl[] = {0, 0, 0, 31, 0, 0, 0, 5, 'w', 'o', 'r', 'l', 'd', 0, 0, 0, 5, 'a', 'n', 'y', 'o', 'n'};
    enum { GOOD, NULL_LIST, EMPTY_LIST, AUTH, DIGEST, ANYON, BAD_DIGEST };
    const struct jute_vector lists[] = {
        {1, slice_make(world_acl, sizeof(world_acl))},
        {-1, SLICE_NULL},
        {0, slice_make(world_acl, 0)},
        {1, slice_make(auth_acl, sizeof(auth_acl))},
        {1, slice_make(digest_acl, sizeof(digest_acl))},
        {1, slice_make(anyon_acl, sizeof(anyon_acl))},
        {1, slice_make(bad_acl, sizeof(bad_acl))},
    };
    static const struct {
        struct slice path;
        int32_t mode;
        int list, err;
    } rows[] = {
        {S("/a/new"), 0, GOOD, 0},
        {S("/a/container"), 4, GOOD, 0},
        {S("/e"), 7, NULL_LIST, ERR(BAD_ARGUMENTS)},
        {S("/x"), 5, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/x"), 6, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/x"), -1, GOOD, ERR(BAD_ARGUMENTS)},
        {S(""), 0, NULL_LIST, ERR(BAD_ARGUMENTS)},
        {S("abc"), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/\0"), 0, NULL_LIST, ERR(BAD_ARGUMENTS)},
        {{NULL, 0}, 0, NULL_LIST, ERR(MARSHALLING)},
        {S("/no/x"), 0, NULL_LIST, ERR(INVALID_ACL)},
        {S("/no/x"), 0, EMPTY_LIST, ERR(INVALID_ACL)},
        {S("/no/x"), 0, AUTH, ERR(INVALID_ACL)},
        {S("/no/x"), 0, DIGEST, ERR(NO_NODE)},
        {S("/no/x"), 0, BAD_DIGEST, ERR(INVALID_ACL)},
        {S("/a/x"), 0, ANYON, ERR(INVALID_ACL)},
        {S("/no/x"), 0, GOOD, ERR(NO_NODE)},
        {S("/no//x"), 0, GOOD, ERR(NO_NODE)},
        {S("/no/\1"), 0, GOOD, ERR(NO_NODE)},
        {S("/a//x"), 0, GOOD, ERR(NO_NODE)},
        {S("abc/x"), 0, GOOD, ERR(NO_NODE)},
        {S("/nocreate/\1"), 0, GOOD, ERR(NO_AUTH)},
        {S("/nocreate/x"), 0, GOOD, ERR(NO_AUTH)},
        {S("/ro/x"), 1, GOOD, ERR(NO_AUTH)},
        {S("/zookeeper/config/x"), 0, GOOD, ERR(NO_AUTH)},
        {S("//x"), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("//"), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("//"), 2, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/"), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/."), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/.."), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/\1"), 2, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/\xff"), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/\xf0\x9f\x98\x80"), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/e/\1"), 0, GOOD, ERR(BAD_ARGUMENTS)},
        {S("/a/b"), 0, GOOD, ERR(NODE_EXISTS)},
        {S("/"), 0, GOOD, ERR(NODE_EXISTS)},
        {S("/e"), 1, GOOD, ERR(NODE_EXISTS)},
        {S("/e/x"), 0, GOOD, ERR(NO_CHILDREN_FOR_EPHEMERALS)},
        {S("/e/x"), 3, GOOD, ERR(NO_CHILDREN_FOR_EPHEMERALS)},
        {S("/"), 2, GOOD, 0},
    };
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(rows); i++)
        for (int create2 = 0; create2 < 2; create2++) {
            struct zk_create_request q = {rows[i].path, SLICE_NULL, lists[rows[i].list], rows[i].mode};

            if (create2 && rows[i].err == 0)
                continue;
            CHECK_EQ_INT(world_request(&w, create2 ? ZK_OP_CREATE2 : ZK_OP_CREATE, &jute_create_request, &q), rows[i].err,
                         "row %zu", i);
        }
    CHECK_EQ_INT(world_exists(&w, "/a/container"), 0);
    CHECK_EQ_INT(w.stat.ephemeral_owner, 0);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_errors, delete_error_precedence)
{
    static const struct {
        struct slice path;
        int32_t version;
        int err;
    } rows[] = {
        {S(""), -1, ERR(BAD_ARGUMENTS)},
        {S("abc"), -1, ERR(BAD_ARGUMENTS)},
        {S("/a\0"), -1, ERR(BAD_ARGUMENTS)},
        {{NULL, 0}, -1, ERR(MARSHALLING)},
        {S("/"), 99, ERR(BAD_ARGUMENTS)},
        {S("/zookeeper"), -1, ERR(BAD_ARGUMENTS)},
        {S("/zookeeper/quota"), -1, ERR(BAD_ARGUMENTS)},
        {S("/zookeeper/config"), -1, ERR(BAD_ARGUMENTS)},
        {S("/no/x"), -1, ERR(NO_NODE)},
        {S("abc/d"), -1, ERR(NO_NODE)},
        {S("/a/b/"), -1, ERR(NO_NODE)},
        {S("/a/"), -1, ERR(NO_NODE)},
        {S("//a"), -1, ERR(NO_NODE)},
        {S("//"), -1, ERR(NO_NODE)},
        {S("/a//b"), -1, ERR(NO_NODE)},
        {S("/a/\1"), -1, ERR(NO_NODE)},
        {S("/a/\xff"), -1, ERR(NO_NODE)},
        {S("/nodelete/x"), 9, ERR(NO_AUTH)},
        {S("/nodelete/none"), -1, ERR(NO_AUTH)},
        {S("/a/none"), 9, ERR(NO_NODE)},
        {S("/a"), 9, ERR(BAD_VERSION)},
        {S("/a"), 0, ERR(NOT_EMPTY)},
        {S("/a"), -1, ERR(NOT_EMPTY)},
        {S("/a/b"), -2, ERR(BAD_VERSION)},
        {S("/a/b"), 0, 0},
        {S("/ro"), 0, 0}, /* DELETE is asked of the parent */
        {S("/e"), -1, 0},
    };
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zk_delete_request q = {rows[i].path, rows[i].version};

        CHECK_EQ_INT(world_request(&w, ZK_OP_DELETE, &jute_delete_request, &q), rows[i].err, "row %zu", i);
    }
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_errors, set_data_error_precedence)
{
    static const struct {
        struct slice path;
        int32_t version;
        int err;
    } rows[] = {
        {S(""), -1, ERR(BAD_ARGUMENTS)},
        {S("abc"), -1, ERR(BAD_ARGUMENTS)},
        {S("/no/"), -1, ERR(BAD_ARGUMENTS)},
        {S("/no/\1"), -1, ERR(BAD_ARGUMENTS)},
        {S("//a"), -1, ERR(BAD_ARGUMENTS)},
        {{NULL, 0}, -1, ERR(BAD_ARGUMENTS)},
        {S("/a/\xff"), 9, ERR(BAD_ARGUMENTS)},
        {S("/no"), 9, ERR(NO_NODE)},
        {S("/ro"), 9, ERR(NO_AUTH)},
        {S("/zookeeper/config"), -1, ERR(NO_AUTH)},
        {S("/a"), 9, ERR(BAD_VERSION)},
        {S("/a"), 0, 0},
        {S("/noread"), 0, 0},
    };
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zk_set_data_request q = {rows[i].path, SLICE_LITERAL("x"), rows[i].version};

        CHECK_EQ_INT(world_request(&w, ZK_OP_SET_DATA, &jute_set_data_request, &q), rows[i].err, "row %zu", i);
    }
    world_deinit(&w);
}

TEST(state_errors, read_errors_and_watches)
{
    static const struct {
        struct slice path;
        int exists, other;            /* errors */
        enum read_watch exists_watch; /* armed when asked for */
    } rows[] = {
        {S("/a"), 0, 0, READ_WATCH_DATA},
        {S(""), 0, 0, READ_WATCH_DATA},
        {S("/"), 0, 0, READ_WATCH_DATA},
        {S("/no"), ERR(NO_NODE), ERR(NO_NODE), READ_WATCH_DATA},
        {S("abc"), ERR(NO_NODE), ERR(NO_NODE), READ_WATCH_DATA},
        {S("a"), ERR(NO_NODE), ERR(NO_NODE), READ_WATCH_DATA},
        {S("/a/"), ERR(NO_NODE), ERR(NO_NODE), READ_WATCH_DATA},
        {S("//"), ERR(NO_NODE), ERR(NO_NODE), READ_WATCH_DATA},
        {S("/\xff"), ERR(NO_NODE), ERR(NO_NODE), READ_WATCH_DATA},
        {S("/a\0"), ERR(BAD_ARGUMENTS), ERR(NO_NODE), READ_WATCH_NONE},
        {S("/noread"), ERR(NO_AUTH), ERR(NO_AUTH), READ_WATCH_NONE},
        {{NULL, 0}, ERR(MARSHALLING), ERR(MARSHALLING), READ_WATCH_NONE},
    };
    static const int32_t others[] = {ZK_OP_GET_DATA, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2};
    struct world w;

    grow(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ_INT(world_read(&w, ZK_OP_EXISTS, rows[i].path, false), rows[i].exists, "row %zu", i);
        CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE, "row %zu", i);
        world_read(&w, ZK_OP_EXISTS, rows[i].path, true);
        CHECK_EQ_INT(w.r.watch, rows[i].exists_watch, "row %zu", i);
        CHECK(w.r.watch == READ_WATCH_NONE || slice_equal(w.r.watch_path, rows[i].path), "row %zu", i);
        for (size_t k = 0; k < COUNT(others); k++) {
            CHECK_EQ_INT(world_read(&w, others[k], rows[i].path, true), rows[i].other, "row %zu", i);
            CHECK_EQ_INT(w.r.watch,
                         rows[i].other != 0            ? READ_WATCH_NONE
                         : others[k] == ZK_OP_GET_DATA ? READ_WATCH_DATA
                                                       : READ_WATCH_CHILD,
                         "row %zu", i);
        }
    }
    CHECK(!state_may_read(w.s, SLICE_LITERAL("/noread"), SLICE_NULL));
    CHECK(state_may_read(w.s, SLICE_LITERAL("/ro"), SLICE_NULL));
    CHECK(state_may_read(w.s, SLICE_LITERAL("/no"), SLICE_NULL));
    world_deinit(&w);
}
