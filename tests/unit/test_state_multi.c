/* test_state_multi.c - multi: one zxid, all or nothing, without a trace; multiRead. */
#include "base/alloc.h"
#include "lib/runner.h"
#include "state/acl.h"
#include "state_fixture.h"

#include <stdio.h>

#define ERR(name) (-COORD_E_##name)

static void add_create(struct world *w, int32_t op, const char *path, int32_t mode)
{
    uint8_t space[ACL_WORLD_BYTES];

    world_multi_add(w, op, &jute_create_request,
                    &(struct zk_create_request){slice_from_text(path), SLICE_LITERAL("data"), acl_world(31, space), mode});
}

static void add_delete(struct world *w, const char *path, int32_t version)
{
    world_multi_add(w, ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){slice_from_text(path), version});
}

static void add_set(struct world *w, const char *path, const char *data, int32_t version)
{
    world_multi_add(w, ZK_OP_SET_DATA, &jute_set_data_request,
                    &(struct zk_set_data_request){slice_from_text(path), slice_from_text(data), version});
}

static void add_check(struct world *w, const char *path, int32_t version)
{
    world_multi_add(w, ZK_OP_CHECK, &jute_check_request, &(struct zk_check_request){slice_from_text(path), version});
}

static void add_read(struct world *w, int32_t op, const char *path, bool watch)
{
    world_multi_add(w, op, &jute_path_watch_request, &(struct zk_path_watch_request){slice_from_text(path), watch});
}

TEST(state_multi, later_operations_see_earlier_ones_under_one_zxid)
{
    struct world w;

    world_init(&w);
    add_create(&w, ZK_OP_CREATE, "/a", 0);
    add_create(&w, ZK_OP_CREATE2, "/a/b", 0);
    add_set(&w, "/a", "x", 0);
    add_check(&w, "/a", 1);
    add_create(&w, ZK_OP_CREATE, "/a/s-", ZK_PERSISTENT_SEQUENTIAL);
    add_create(&w, ZK_OP_CREATE2, "/a/s-", ZK_EPHEMERAL_SEQUENTIAL);
    add_delete(&w, "/a/b", 0);
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "1:0=/a 15:0=/a/b 5:0=1 13:0 1:0=/a/s-0000000001 15:0=/a/s-0000000002 2:0");
    CHECK_EQ_STR(world_changes(&w), "+/a +/a/b =/a +/a/s-0000000001 +/a/s-0000000002 -/a/b");
    CHECK_EQ_STR(world_data(&w, "/a"), "x");
    CHECK_EQ_INT(world_exists(&w, "/a"), 0);
    CHECK(w.stat.czxid == (int64_t)w.e.zxid && w.stat.mzxid == w.stat.czxid && w.stat.pzxid == w.stat.czxid);
    CHECK_EQ_INT(w.stat.cversion, 4);
    CHECK_EQ_INT(world_exists(&w, "/a/s-0000000002"), 0);
    CHECK_EQ_INT((uint64_t)w.stat.ephemeral_owner, w.session);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* Section 5 in bytes. */
TEST(state_multi, replies_byte_by_byte)
{
    static const uint8_t good[] = {0, 0, 0, 1, 0, 0, 0,  0, 0, 0, 0, 0, 2,    '/',  'a',  0,    0, 0,    2,    0,    0,
                                   0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t bad[] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0,    0,    0,    0,
                                  0,    0xff, 0xff, 0xff, 0xff, 0,    0xff, 0xff, 0xff, 0x9b, 0xff, 0xff,
                                  0xff, 0x9b, 0xff, 0xff, 0xff, 0xff, 0,    0xff, 0xff, 0xff, 0xfe, 0xff,
                                  0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 1,    0xff, 0xff, 0xff, 0xff};
    static const uint8_t none[] = {0xff, 0xff, 0xff, 0xff, 1, 0xff, 0xff, 0xff, 0xff};
    struct world w;

    world_init(&w);
    world_create(&w, "/b", "", 0);
    add_create(&w, ZK_OP_CREATE, "/a", 0);
    add_delete(&w, "/b", -1);
    add_check(&w, "/a", 0);
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_BYTES(buf_bytes(&w.reply), buf_size(&w.reply), good, sizeof(good));
    add_check(&w, "/", -1);
    add_delete(&w, "/none", -1);
    add_delete(&w, "/a", -1);
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_BYTES(buf_bytes(&w.reply), buf_size(&w.reply), bad, sizeof(bad));
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_BYTES(buf_bytes(&w.reply), buf_size(&w.reply), none, sizeof(none));
    world_deinit(&w);
}

/* The listing in the tree's own order, which is no part of the state but should not tell of what was undone. */
static void listing(struct world *w, const char *path, struct buf *to)
{
    CHECK_EQ_INT(world_read(w, ZK_OP_GET_CHILDREN2, slice_from_text(path), false), 0);
    buf_append(to, buf_bytes(&w->reply), buf_size(&w->reply));
}

static void everything(struct world *w, struct buf *to)
{
    static const char *const paths[] = {"/", "/p", "/p/a", "/p/b", "/p/c", "/p/e1", "/p/e2"};
    struct state_session info;

    buf_clear(to);
    for (size_t i = 0; i < COUNT(paths); i++)
        listing(w, paths[i], to);
    CHECK(state_session(w->s, w->session, &info));
    buf_append(to, &info.ephemeral_count, sizeof(info.ephemeral_count));
}

static void grow(struct world *w)
{
    static const char *const paths[] = {"/p", "/p/a", "/p/b", "/p/c"};

    world_init(w);
    for (size_t i = 0; i < COUNT(paths); i++)
        world_create(w, paths[i], "0123456789", 0);
    world_create(w, "/p/e1", "", ZK_EPHEMERAL);
    world_create(w, "/p/e2", "", ZK_EPHEMERAL);
}

TEST(state_multi, a_failed_one_leaves_no_trace)
{
    struct state_counts before, after;
    struct buf was = {0}, is = {0};
    struct world w, twin; /* the twin fails without having done anything */

    grow(&w);
    grow(&twin);
    everything(&w, &was);
    state_counts(w.s, &before);
    for (unsigned variant = 0; variant < 8; variant++) {
        /* the first, the last, all, and one in the middle, so that each link of the lists is taken out and put back */
        if (variant & 1)
            add_delete(&w, "/p/a", -1);
        if (variant & 2)
            add_delete(&w, "/p/e2", 0);
        if (variant & 4) {
            add_delete(&w, "/p/c", -1);
            add_delete(&w, "/p/e1", -1);
            add_delete(&w, "/p/b", -1);
        }
        add_create(&w, ZK_OP_CREATE, "/p/new-", ZK_EPHEMERAL_SEQUENTIAL);
        add_create(&w, ZK_OP_CREATE, "/p/again", 0);
        add_create(&w, ZK_OP_CREATE, "/p/again/a-name-that-is-longer-than-inline", 0);
        add_set(&w, "/p", "a new value", 0);
        add_set(&w, "/p", "and another", 1);
        if (variant == 7) { /* the parent of all that was deleted, and all of it anew in slots that were just left */
            add_delete(&w, "/p/again/a-name-that-is-longer-than-inline", 0);
            add_delete(&w, "/p/again", 0);
            add_delete(&w, "/p/new-0000000005", 0);
            add_delete(&w, "/p", 2);
            add_create(&w, ZK_OP_CREATE, "/p", 0);
            add_create(&w, ZK_OP_CREATE, "/p/e1", ZK_EPHEMERAL);
            add_set(&w, "/p/e1", "x", 0);
        }
        add_check(&w, "/p", 77);
        CHECK_EQ_INT(world_multi(&w), 0);
        CHECK(strstr(world_results(&w), "-1:-103") != NULL, "%s", world_results(&w));
        CHECK_EQ_INT(w.a.change_count, 0);
        everything(&w, &is);
        CHECK(slice_equal(buf_slice(&was), buf_slice(&is)), "variant %u", variant);
        CHECK_EQ_INT(world_delete(&twin, "/none", -1), ERR(NO_NODE));
        CHECK(state_digest(w.s) == state_digest(twin.s) && state_digest(w.s) == state_digest_recompute(w.s));
        state_counts(w.s, &after);
        CHECK_EQ_INT(after.nodes, before.nodes);
        CHECK_EQ_INT(after.ephemerals, before.ephemerals);
        CHECK_EQ_INT(after.data_bytes, before.data_bytes);
        CHECK_EQ_INT(after.path_bytes, before.path_bytes);
    }
    CHECK_EQ_INT(world_create(&w, "/p/s-", "", ZK_PERSISTENT_SEQUENTIAL), 0);
    CHECK_EQ_STR(world_path(&w), "/p/s-0000000005");
    CHECK_EQ_INT(world_session_close(&w, w.session), 0);
    CHECK_EQ_STR(world_children(&w, "/p"), "a b c s-0000000005");
    buf_deinit(&was);
    buf_deinit(&is);
    world_deinit(&twin);
    world_deinit(&w);
}

TEST(state_multi, each_operation_fails_with_its_own_error)
{
    struct world w;

    world_init(&w);
    world_create(&w, "/a", "", 0);
    world_create(&w, "/a/b", "", 0);
    world_create_acl(&w, "/noread", "", 0, ZK_PERM_ALL & ~ZK_PERM_READ);
    static const struct {
        const char *path;
        int32_t version;
        int err;
    } checks[] = {
        {"/a", 0, 0},
        {"/a", -1, 0},
        {"/a", 1, ERR(BAD_VERSION)},
        {"/none", 1, ERR(NO_NODE)},
        {"/noread", 1, ERR(NO_AUTH)},
        {"/none/", 1, ERR(BAD_ARGUMENTS)},
        {"", -1, ERR(BAD_ARGUMENTS)},
    };
    for (size_t i = 0; i < COUNT(checks); i++) {
        char expected[32] = "13:0";

        add_check(&w, checks[i].path, checks[i].version);
        CHECK_EQ_INT(world_multi(&w), 0);
        if (checks[i].err != 0)
            snprintf(expected, sizeof(expected), "-1:%d", checks[i].err);
        CHECK_EQ_STR(world_results(&w), expected, "row %zu", i);
    }
    add_create(&w, ZK_OP_CREATE, "/x", 9); /* the mode is looked at with the operation */
    add_delete(&w, "/a/b", -1);
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:-8 -1:-2");
    add_delete(&w, "/a", -1);
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:-111");
    world_deinit(&w);
}

TEST(state_multi, what_cannot_be_decoded_fails_as_a_whole)
{
    struct world w;

    world_init(&w);
    add_create(&w, ZK_OP_CREATE, "/a", 0);
    add_read(&w, ZK_OP_GET_DATA, "/", false);
    CHECK_EQ_INT(world_multi(&w), ERR(MARSHALLING));
    world_multi_add(&w, ZK_OP_SYNC, &jute_path_request, &(struct zk_path_request){SLICE_LITERAL("/")});
    CHECK_EQ_INT(world_multi(&w), ERR(MARSHALLING));
    world_multi_add(&w, 4711, &jute_path_request, &(struct zk_path_request){SLICE_LITERAL("/")});
    CHECK_EQ_INT(world_multi(&w), ERR(MARSHALLING));
    world_multi_add(&w, ZK_OP_CREATE, &jute_path_request, &(struct zk_path_request){SLICE_LITERAL("/")});
    CHECK_EQ_INT(world_multi(&w), ERR(MARSHALLING));
    CHECK_EQ_INT(world_request(&w, ZK_OP_MULTI, NULL, NULL), ERR(MARSHALLING)); /* no end */
    add_create(&w, ZK_OP_CREATE, "/a", 0);
    CHECK_EQ_INT(world_multi_read(&w), ERR(MARSHALLING));
    CHECK_EQ_STR(world_children(&w, "/"), "zookeeper");
    world_deinit(&w);
}

TEST(state_multi, session_is_checked_for_all_of_it)
{
    struct world w;

    world_init(&w);
    w.attach = 0;
    add_create(&w, ZK_OP_CREATE, "/a", 0);
    CHECK_EQ_INT(world_multi(&w), ERR(SESSION_MOVED));
    w.session++;
    add_create(&w, ZK_OP_CREATE, "/a", 0);
    CHECK_EQ_INT(world_multi(&w), ERR(SESSION_EXPIRED));
    world_deinit(&w);
}

TEST(state_multi, count_is_bounded_and_memory_given_back)
{
    struct state_counts before, after;
    struct world w;

    world_init(&w);
    world_create(&w, "/a", "", 0);
    state_counts(w.s, &before);
    for (unsigned i = 0; i < MULTI_COUNT_MAX; i++)
        add_set(&w, "/a", "", -1);
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_INT(world_exists(&w, "/a"), 0);
    CHECK_EQ_INT(w.stat.version, MULTI_COUNT_MAX);
    state_counts(w.s, &after);
    CHECK(after.memory_bytes < before.memory_bytes + MULTI_COUNT_MAX * 40); /* the paths of the changes, no steps */
    for (unsigned i = 0; i <= MULTI_COUNT_MAX; i++)
        add_check(&w, "/a", -1);
    CHECK_EQ_INT(world_multi(&w), ERR(MARSHALLING));
    world_deinit(&w);
}

TEST(state_multi, reads_fail_one_by_one_and_arm_no_watch)
{
    struct world w;

    world_init(&w);
    world_create(&w, "/a", "value", 0);
    world_create(&w, "/a/b", "", 0);
    add_read(&w, ZK_OP_GET_DATA, "/a", true);
    add_read(&w, ZK_OP_GET_DATA, "/none", true);
    add_read(&w, ZK_OP_GET_CHILDREN, "/", true);
    CHECK_EQ_INT(world_multi_read(&w), 0);
    CHECK_EQ_STR(world_results(&w), "4:0=value -1:-101 8:0=2");
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    CHECK_EQ_INT(world_multi_read(&w), 0);
    CHECK_EQ_STR(world_results(&w), "");
    add_read(&w, ZK_OP_EXISTS, "/a", true); /* these two as in Keeper */
    add_read(&w, ZK_OP_EXISTS, "/none", true);
    add_read(&w, ZK_OP_GET_CHILDREN2, "/a", true);
    CHECK_EQ_INT(world_multi_read(&w), 0);
    CHECK_EQ_STR(world_results(&w), "3:0=0 -1:-101 12:0=1");
    CHECK_EQ_INT(w.r.watch, READ_WATCH_NONE);
    add_read(&w, ZK_OP_GET_ACL, "/a", false);
    CHECK_EQ_INT(world_multi_read(&w), ERR(MARSHALLING));
    world_deinit(&w);
}

TEST(state_multi, reads_together_are_bounded)
{
    static char data[1 << 20];
    struct world w;

    world_init(&w);
    memset(data, 'd', sizeof(data) - 1);
    world_create(&w, "/a", data, 0);
    for (unsigned i = 0; i < 15; i++)
        add_read(&w, ZK_OP_GET_DATA, "/a", false);
    CHECK_EQ_INT(world_multi_read(&w), 0);
    for (unsigned i = 0; i < 16; i++)
        add_read(&w, ZK_OP_GET_DATA, "/a", false);
    CHECK_EQ_INT(world_multi_read(&w), ERR(BAD_ARGUMENTS));
    world_deinit(&w);
}
