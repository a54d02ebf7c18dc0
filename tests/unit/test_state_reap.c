/* test_state_reap.c - containers and TTL nodes: how they are made, and when they go. */
#include "lib/runner.h"
#include "state/acl.h"
#include "state_fixture.h"
#include "wire/entry.h"

#include <stdio.h>

#define ERR(name) (-COORD_E_##name)

TEST(state_reap, what_clients_see_of_them_is_a_plain_node)
{
    struct zk_stat stat;
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create_container(&w, "/c"), 0);
    CHECK_EQ_INT(buf_size(&w.reply), 4 + 2 + ZK_STAT_BYTES);
    CHECK_EQ_STR(world_changes(&w), "+/c");
    CHECK_EQ_INT(world_create_ttl(&w, "/t", ZK_PERSISTENT_TTL, 1000), 0);
    CHECK_EQ_INT(buf_size(&w.reply), 4 + 2 + ZK_STAT_BYTES);
    CHECK_EQ_INT(world_create_ttl(&w, "/t-", ZK_PERSISTENT_SEQUENTIAL_TTL, 1), 0);
    CHECK_EQ_STR(world_path(&w), "/t-0000000002");
    for (const char *const *path = (const char *const[]){"/c", "/t", NULL}; *path != NULL; path++) {
        CHECK(state_stat(w.s, slice_from_text(*path), &stat));
        CHECK_EQ_INT(stat.ephemeral_owner, 0);
        CHECK_EQ_INT(stat.version | stat.cversion | stat.num_children, 0);
        CHECK(stat.pzxid == stat.czxid && stat.mtime == stat.ctime);
    }
    CHECK_EQ_INT(world_create(&w, "/t/child", "", ZK_EPHEMERAL), 0);
    CHECK_EQ_INT(world_create_container(&w, "/t/deep"), 0);
    CHECK_EQ_INT(world_delete(&w, "/t", -1), ERR(NOT_EMPTY));
    CHECK_EQ_INT(world_set(&w, "/c", "x", 0), 0);
    CHECK_EQ_INT(world_delete(&w, "/c", 1), 0);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_reap, modes_and_ttls)
{
    static const struct {
        int32_t mode;
        int64_t ttl;
        int err;
    } rows[] = {
        {5, 1, 0},
        {6, ZK_TTL_MAX_MS, 0},
        {5, ZK_TTL_MAX_MS + 1, ERR(BAD_ARGUMENTS)},
        {5, 0, ERR(BAD_ARGUMENTS)},
        {5, -1, ERR(BAD_ARGUMENTS)},
        {6, INT64_MIN, ERR(BAD_ARGUMENTS)},
        {0, 5, ERR(BAD_ARGUMENTS)},
        {0, -1, ERR(BAD_ARGUMENTS)},
        {1, 5, ERR(BAD_ARGUMENTS)},
        {4, 5, ERR(BAD_ARGUMENTS)},
        {7, 5, ERR(BAD_ARGUMENTS)},
    };
    uint8_t space[ACL_WORLD_BYTES];
    struct world w;

    world_init(&w);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_EQ_INT(world_create_ttl(&w, "/t", rows[i].mode, rows[i].ttl), rows[i].err, "row %zu", i);
    for (int32_t mode = -1; mode < 8; mode++) { /* a container, whatever else is asked for; sequential as asked */
        struct zk_create_request q = {SLICE_LITERAL("/c/x"), SLICE_NULL, acl_world(31, space), mode};
        bool good = mode >= 0 && mode <= 4;

        CHECK_EQ_INT(world_create_container(&w, "/c"), 0);
        CHECK_EQ_INT(world_request(&w, ZK_OP_CREATE_CONTAINER, &jute_create_request, &q), good ? 0 : ERR(BAD_ARGUMENTS),
                     "mode %d", mode);
        if (good) {
            const char *path = mode == 2 || mode == 3 ? "/c/x0000000000" : "/c/x";

            CHECK_EQ_STR(world_path(&w), path, "mode %d", mode);
            CHECK_EQ_INT(world_exists(&w, path), 0);
            CHECK_EQ_INT(w.stat.ephemeral_owner, 0);
            CHECK_EQ_INT(world_delete(&w, path, -1), 0);
        }
        CHECK_EQ_INT(world_delete(&w, "/c", -1), 0);
    }
    CHECK_EQ_INT(world_create_ttl(&w, "/none/t", 5, 1), ERR(NO_NODE));
    CHECK_EQ_INT(world_create_ttl(&w, "/zookeeper/config/t", 5, 1), ERR(NO_AUTH));
    world_deinit(&w);
}

TEST(state_reap, a_container_goes_when_it_had_a_child_and_has_none)
{
    struct world w;

    world_init(&w);
    world_create_container(&w, "/c");
    w.late_ms = 1000000000;
    CHECK(!world_reap(&w, "/c")); /* never used: it stays, for however long */
    world_create(&w, "/c/a", "", 0);
    CHECK(!world_reap(&w, "/c"));
    world_delete(&w, "/c/a", -1);
    CHECK(world_reap(&w, "/c"));
    CHECK_EQ_STR(world_changes(&w), "-/c");
    CHECK_EQ_INT(world_exists(&w, "/"), 0);
    CHECK_EQ_INT(w.stat.pzxid, state_zxid(w.s));
    CHECK(!world_reap(&w, "/c")); /* the second entry of two */
    world_create(&w, "/c", "", 0);
    world_create(&w, "/c/a", "", 0);
    world_delete(&w, "/c/a", -1);
    CHECK(!world_reap(&w, "/c")); /* a plain node by now */
    CHECK(!world_reap(&w, "/") && !world_reap(&w, "/none"));
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_reap, a_ttl_runs_from_the_last_data)
{
    struct world w;

    world_init(&w);
    world_create_ttl(&w, "/t", 5, 100);
    w.late_ms = 99; /* and each entry one more */
    CHECK(!world_reap(&w, "/t"));
    CHECK_EQ_INT(world_set(&w, "/t", "x", 0), 0);
    w.late_ms = 198;
    CHECK(!world_reap(&w, "/t")); /* exactly its time */
    world_create(&w, "/t/a", "", 0);
    w.late_ms = 1000;
    CHECK(!world_reap(&w, "/t")); /* a child keeps it */
    world_set_acl(&w, "/t", "31:world:anyone", -1);
    world_delete(&w, "/t/a", -1);
    CHECK(world_reap(&w, "/t")); /* neither the list nor a child gave it time */
    CHECK(!world_reap(&w, "/t"));
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* In ZooKeeper's order of fields, and exactly at its end: one ms more than the TTL must have passed. */
TEST(state_reap, exactly_at_the_end)
{
    struct world w;

    world_init(&w);
    world_create_ttl(&w, "/t", 5, 2);
    CHECK(!world_reap(&w, "/t"));
    CHECK(!world_reap(&w, "/t"));
    CHECK(world_reap(&w, "/t"));
    world_deinit(&w);
}

TEST(state_reap, a_multi_that_fails_leaves_them_as_they_were)
{
    struct world w;

    world_init(&w);
    world_create_container(&w, "/c");
    world_create(&w, "/c/x", "", 0);
    world_delete(&w, "/c/x", -1);
    world_create_ttl(&w, "/t", 5, 100);
    w.late_ms = 1000;
    for (int fails = 1; fails >= 0; fails--) {
        uint8_t space[ACL_WORLD_BYTES];

        world_multi_add(&w, ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){SLICE_LITERAL("/c"), -1});
        world_multi_add(&w, ZK_OP_SET_DATA, &jute_set_data_request,
                        &(struct zk_set_data_request){SLICE_LITERAL("/t"), SLICE_LITERAL("x"), 0});
        world_multi_add(&w, ZK_OP_CREATE_CONTAINER, &jute_create_request,
                        &(struct zk_create_request){SLICE_LITERAL("/c"), SLICE_NULL, acl_world(31, space), 4});
        world_multi_add(&w, ZK_OP_CREATE_TTL, &jute_create_ttl_request,
                        &(struct zk_create_ttl_request){SLICE_LITERAL("/u"), SLICE_NULL, acl_world(31, space), 5, 10});
        if (fails)
            world_multi_add(&w, ZK_OP_CREATE_TTL, &jute_create_ttl_request,
                            &(struct zk_create_ttl_request){SLICE_LITERAL("/u"), SLICE_NULL, acl_world(31, space), 0, 10});
        CHECK_EQ_INT(world_multi(&w), 0);
        CHECK_EQ_STR(world_results(&w), fails ? "-1:0 -1:0 -1:0 -1:0 -1:-8" : "2:0 5:0=1 15:0=/c 15:0=/u");
        CHECK(state_digest(w.s) == state_digest_recompute(w.s));
        if (fails) {
            struct world was = w;
            struct buf image = {0};

            world_image(w.s, 1 << 20, &image); /* in a copy each goes as if nothing had been */
            was.reply = was.body = was.multi = (struct buf){0};
            was.s = world_load(buf_slice(&image), SIZE_MAX);
            REQUIRE(was.s != NULL);
            CHECK(world_reap(&was, "/c") && world_reap(&was, "/t") && !world_reap(&was, "/u"));
            world_deinit(&was);
            buf_deinit(&image);
        }
    }
    CHECK(!world_reap(&w, "/c") && !world_reap(&w, "/t")); /* made anew, written anew */
    w.late_ms = 2000;
    CHECK(world_reap(&w, "/u") && world_reap(&w, "/t"));
    world_deinit(&w);
}

TEST(state_reap, the_leader_finds_those_whose_time_has_come)
{
    struct buf path = {0};
    struct world w;
    char name[32];
    size_t cursor = 0;
    uint32_t looks = 1000, found = 0;

    world_init(&w);
    CHECK(!state_reap_next(w.s, &cursor, &looks, 0, &path));
    CHECK_EQ_INT(cursor, 0);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "/t%u", i);
        world_create_ttl(&w, name, 5, i % 2 == 0 ? 10 : 100000);
    }
    for (int turn = 0; turn < 1000; turn++) { /* three looks a turn */
        looks = 3;
        while (state_reap_next(w.s, &cursor, &looks, 10000, &path)) {
            found++;
            CHECK((buf_bytes(&path)[buf_size(&path) - 1] - '0') % 2 == 0, "%.*s", SLICE_ARG(buf_slice(&path)));
        }
        if (cursor == 0)
            break;
        CHECK_EQ_INT(looks, 0);
    }
    CHECK_EQ_INT(found, 50);
    buf_deinit(&path);
    world_deinit(&w);
}

TEST(state_reap, an_image_keeps_them)
{
    struct buf image = {0};
    struct world w, loaded;

    world_init(&w);
    world_create_container(&w, "/c");
    world_create(&w, "/c/x", "", 0);
    world_create_ttl(&w, "/t", 5, 100);
    world_create_ttl(&w, "/u", 5, 100);
    w.late_ms = 50;
    world_set(&w, "/u", "x", 0);
    world_delete(&w, "/c/x", -1);
    world_image(w.s, 100, &image);
    loaded = w;
    loaded.reply = loaded.body = loaded.multi = (struct buf){0};
    loaded.s = world_load(buf_slice(&image), 33);
    REQUIRE(loaded.s != NULL);
    world_check_same(w.s, loaded.s);
    w.late_ms = loaded.late_ms = 110;
    for (struct world *each = &w;; each = &loaded) {
        CHECK(world_reap(each, "/c") && world_reap(each, "/t") && !world_reap(each, "/u"));
        if (each == &loaded)
            break;
    }
    world_check_same(w.s, loaded.s);
    world_deinit(&w);
    world_deinit(&loaded);
    buf_deinit(&image);
}
