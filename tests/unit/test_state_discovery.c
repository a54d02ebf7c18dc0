/* test_state_discovery.c - the paths by which a client finds out what there is beyond ZooKeeper (docs/compat.md). */
#include "lib/runner.h"
#include "state/discovery.h"
#include "state_fixture.h"

#define ERR(name) (-COORD_E_##name)

static const char *const paths[] = {"/keeper/api_version", "/keeper/feature_flags", "/keeper/config", "/keeper/coord"};

TEST(state_discovery, reads_see_what_no_list_has)
{
    struct world w;

    world_init(&w);
    CHECK_EQ_STR(world_data(&w, "/keeper/api_version"), "3");
    CHECK_EQ_STR(world_data(&w, "/keeper/coord"), "listPage");
    CHECK_EQ_STR(world_data(&w, "/keeper/config"), world_data(&w, "/zookeeper/config"));
    for (size_t i = 0; i < COUNT(paths); i++) {
        CHECK_EQ_INT(world_exists(&w, paths[i]), 0, "%s", paths[i]);
        CHECK_EQ_INT(w.stat.czxid | w.stat.mzxid | w.stat.ephemeral_owner | w.stat.num_children | w.stat.version, 0);
        CHECK_EQ_STR(world_children(&w, paths[i]), "");
        CHECK_EQ_STR(world_get_acl(&w, paths[i]), "1:world:anyone");
        CHECK(state_stat(w.s, slice_from_text(paths[i]), NULL)); /* setWatches does not call it deleted */
        CHECK_EQ_INT(world_read(&w, ZK_OP_GET_ALL_CHILDREN_NUMBER, slice_from_text(paths[i]), false), 0);
        CHECK_EQ_INT(world_read(&w, ZK_OP_GET_DATA, slice_from_text(paths[i]), true), 0);
        CHECK_EQ_INT(w.r.watch, READ_WATCH_DATA);
    }
    CHECK_EQ_INT(world_exists(&w, "/keeper/api_version"), 0);
    CHECK_EQ_INT(w.stat.data_length, 1);
    CHECK_EQ_INT(world_exists(&w, "/keeper"), ERR(NO_NODE)); /* so that who makes it makes it */
    CHECK_EQ_INT(world_exists(&w, "/keeper/"), ERR(NO_NODE));
    CHECK_EQ_INT(world_exists(&w, "/keeper/api_versio"), ERR(NO_NODE));
    CHECK_EQ_INT(world_exists(&w, "/keeper/api_version/x"), ERR(NO_NODE));
    CHECK_EQ_INT(world_exists(&w, "/keeper/availability_zone"), ERR(NO_NODE));
    CHECK_EQ_STR(world_children(&w, "/"), "zookeeper");
    world_deinit(&w);
}

/* Bit i is 0x80 >> i % 8 of byte i / 8: 0 filtered list, 1 multiRead, 2 checkNotExists, 3 createIfNotExists, 4 removeRecursive,
 * not 5 (watches in a multiRead), 6 checkStat, 7 persistent watches, 8 create with Stat, 9 tryRemove, 10 lists with data. */
TEST(state_discovery, feature_flags_are_those_of_what_is_built)
{
    static const uint8_t expected[] = {0, 0, 0, 2, 0xfb, 0xe0};
    static const int32_t ops[] = {ZK_OP_FILTERED_LIST,
                                  ZK_OP_MULTI_READ,
                                  ZK_OP_CHECK_NOT_EXISTS,
                                  ZK_OP_CREATE_IF_NOT_EXISTS,
                                  ZK_OP_REMOVE_RECURSIVE,
                                  0,
                                  ZK_OP_CHECK_STAT,
                                  ZK_OP_ADD_WATCH,
                                  ZK_OP_CREATE2,
                                  ZK_OP_TRY_REMOVE,
                                  ZK_OP_FILTERED_LIST_WITH_DATA};
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_read(&w, ZK_OP_GET_DATA, SLICE_LITERAL("/keeper/feature_flags"), false), 0);
    REQUIRE(buf_size(&w.reply) == sizeof(expected) + ZK_STAT_BYTES);
    CHECK(memcmp(buf_bytes(&w.reply), expected, sizeof(expected)) == 0);
    for (unsigned i = 0; i < COUNT(ops); i++) {
        const struct op_desc *op = op_find(ops[i]);
        bool built = op != NULL && (op->flags & OP_REFUSED) == 0;

        CHECK_EQ_INT((expected[4 + i / 8] & 0x80 >> i % 8) != 0, built, "bit %u", i);
    }
    world_deinit(&w);
}

TEST(state_discovery, writes_are_refused)
{
    struct world w;
    uint64_t nodes;
    struct state_counts c;

    world_init(&w);
    w.auth = world_auth("super:");
    state_counts(w.s, &c);
    nodes = c.nodes;
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct slice path = slice_from_text(paths[i]);

        CHECK_EQ_INT(world_create(&w, paths[i], "", 0), ERR(BAD_ARGUMENTS), "%s", paths[i]);
        CHECK_EQ_INT(world_set(&w, paths[i], "", -1), ERR(BAD_ARGUMENTS), "%s", paths[i]);
        CHECK_EQ_INT(world_delete(&w, paths[i], -1), ERR(BAD_ARGUMENTS), "%s", paths[i]);
        CHECK_EQ_INT(world_set_acl(&w, paths[i], "31:world:anyone", -1), ERR(BAD_ARGUMENTS), "%s", paths[i]);
        CHECK_EQ_INT(world_request(&w, ZK_OP_TRY_REMOVE, &jute_delete_request, &(struct zk_delete_request){path, -1}),
                     ERR(BAD_ARGUMENTS));
        CHECK_EQ_INT(world_request(&w, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request, &(struct zk_limit_request){path, 9}),
                     ERR(BAD_ARGUMENTS));
        CHECK_EQ_INT(world_request(&w, ZK_OP_CHECK_NOT_EXISTS, &jute_check_request, &(struct zk_check_request){path, -1}),
                     ERR(BAD_ARGUMENTS));
        world_multi_add(&w, ZK_OP_CHECK, &jute_check_request, &(struct zk_check_request){path, -1});
        CHECK_EQ_INT(world_multi(&w), 0);
        CHECK_EQ_STR(world_results(&w), "-1:-8");
    }
    CHECK_EQ_INT(world_create(&w, "/keeper/else", "", 0), ERR(NO_NODE));
    state_counts(w.s, &c);
    CHECK_EQ_INT(c.nodes, nodes);
    world_deinit(&w);
}

/* A tree that has /keeper, made here or long before, is its owner's alone; so it is again when it goes. */
TEST(state_discovery, a_node_of_that_name_hides_them)
{
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/keeper", "mine", 0), 0);
    CHECK_EQ_STR(world_children(&w, "/"), "keeper zookeeper");
    for (size_t i = 0; i < COUNT(paths); i++) {
        CHECK_EQ_INT(world_exists(&w, paths[i]), ERR(NO_NODE), "%s", paths[i]);
        CHECK_EQ_INT(world_delete(&w, paths[i], -1), ERR(NO_NODE), "%s", paths[i]);
        CHECK(!discovery_holds(w.s, slice_from_text(paths[i])));
        CHECK_EQ_INT(world_create(&w, paths[i], "of a user", 0), 0, "%s", paths[i]);
        CHECK_EQ_STR(world_data(&w, paths[i]), "of a user");
        CHECK_EQ_INT(world_set(&w, paths[i], "set", 0), 0);
        CHECK_EQ_INT(w.stat.version, 1);
    }
    CHECK_EQ_STR(world_children(&w, "/keeper"), "api_version config coord feature_flags");
    CHECK_EQ_INT(
        world_request(&w, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request, &(struct zk_limit_request){SLICE_LITERAL("/keeper"), 5}),
        0);
    CHECK_EQ_STR(world_data(&w, "/keeper/api_version"), "3");
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* One list says who may read them. */
TEST(state_discovery, the_acl_is_that_of_the_config)
{
    struct world w;

    world_init(&w);
    w.auth = world_auth("super:");
    CHECK_EQ_INT(world_set_acl(&w, "/zookeeper/config", "1:digest:me:x", -1), 0);
    w.auth = SLICE_NULL;
    CHECK_EQ_INT(world_exists(&w, "/keeper/coord"), ERR(NO_AUTH));
    CHECK(!state_may_read(w.s, SLICE_LITERAL("/keeper/coord"), SLICE_NULL));
    CHECK_EQ_INT(world_set(&w, "/keeper/coord", "", -1), ERR(BAD_ARGUMENTS));
    w.auth = world_auth("digest:me:x");
    CHECK_EQ_STR(world_data(&w, "/keeper/coord"), "listPage");
    world_deinit(&w);
}
