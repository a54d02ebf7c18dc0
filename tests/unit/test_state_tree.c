/* test_state_tree.c - what needs a look inside: wrapping counters, the node index under growth, and the cost of a node. */
#include "lib/runner.h"
#include "state/children.h"
#include "state/internal.h"
#include "state_fixture.h"

#include "base/rng.h"

#include <stdio.h>

static struct node *node_of(struct world *w, const char *path)
{
    uint32_t index = tree_find(&w->s->tree, slice_from_text(path));

    REQUIRE(index != NODE_NONE);
    return tree_node(&w->s->tree, index);
}

/* As printf prints a signed int: at 2^31 the suffix turns negative. */
TEST(state_tree, sequence_suffix_of_any_counter)
{
    static const struct {
        uint32_t creates;
        const char *path;
    } rows[] = {
        {0, "/q/n0000000000"},           {9999999, "/q/n0009999999"},    {2147483647, "/q/n2147483647"},
        {2147483648, "/q/n-2147483648"}, {4294967295, "/q/n-000000001"},
    };
    struct world w;

    world_init(&w);
    world_create(&w, "/q", "", 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        node_of(&w, "/q")->creates = rows[i].creates;
        CHECK_EQ_INT(world_create(&w, "/q/n", "", ZK_PERSISTENT_SEQUENTIAL), 0, "row %zu", i);
        CHECK_EQ_STR(world_path(&w), rows[i].path, "row %zu", i);
    }
    CHECK_EQ_INT(node_of(&w, "/q")->creates, 0);
    CHECK_EQ_INT(world_exists(&w, "/q"), 0);
    CHECK_EQ_INT(w.stat.cversion, -5);
    world_deinit(&w);
}

/* Ids hold 56 bits of the zxid: after 2^24 epochs one may be in use still. */
TEST(state_tree, a_session_id_is_never_given_twice)
{
    struct world w;

    world_init(&w);
    w.s->zxid = (UINT64_C(1) << 56) + w.e.zxid - 1;
    w.e.op = WORLD_TIMEOUT_MS;
    CHECK_EQ_INT(world_apply(&w, ENTRY_SESSION_CREATE), -COORD_E_SYSTEM);
    CHECK_EQ_INT(w.a.session, 0);
    CHECK_EQ_INT(world_apply(&w, ENTRY_SESSION_CREATE), 0);
    CHECK(w.a.session != w.session);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_tree, data_version_skips_minus_one)
{
    struct world w;

    world_init(&w);
    world_create(&w, "/a", "", 0);
    node_of(&w, "/a")->version = INT32_MAX;
    CHECK_EQ_INT(world_set(&w, "/a", "", INT32_MAX), 0);
    CHECK_EQ_INT(w.stat.version, INT32_MIN);
    node_of(&w, "/a")->version = -2;
    CHECK_EQ_INT(world_set(&w, "/a", "", -2), 0);
    CHECK_EQ_INT(w.stat.version, 0);
    world_deinit(&w);
}

TEST(state_tree, names_of_any_length)
{
    static char path[40000];
    struct world w;

    world_init(&w);
    world_create(&w, "/d", "", 0);
    for (size_t size = 1; size < sizeof(path) - 4; size += size < 64 ? 1 : 4999) {
        memcpy(path, "/d/", 3);
        memset(path + 3, 'n', size);
        path[3 + size] = 0;
        CHECK_EQ_INT(world_create(&w, path, "", 0), 0, "size %zu", size);
        CHECK_EQ_INT(w.a.changes[0].path.size, size + 3);
        CHECK_EQ_INT(world_exists(&w, path), 0, "size %zu", size);
        if (size % 2 == 0)
            CHECK_EQ_INT(world_delete(&w, path, 0), 0, "size %zu", size);
    }
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* The bare tree against a table of what should be in it, over many growths of the index. */
TEST(state_tree, finds_what_is_there_and_nothing_else)
{
    enum { NODES = 3000 };
    static uint32_t at[NODES]; /* index of node i under its parent */
    struct tree t;
    struct rng r;
    struct buf path = {0};
    char name[32];

    tree_init(&t);
    rng_init(&r, 3);
    for (unsigned i = 0; i < NODES; i++)
        at[i] = NODE_NONE;
    for (unsigned step = 0; step < 40000; step++) {
        unsigned i = (unsigned)rng_below(&r, NODES), parent = i / 3;
        struct slice text =
            slice_make(name, (size_t)snprintf(name, sizeof(name), "node-%u%s", i % 3, i % 2 ? "" : "-longer-than-inline"));

        if (at[i] == NODE_NONE && (i < 3 || at[parent] != NODE_NONE)) {
            CHECK(tree_child(&t, i < 3 ? NODE_ROOT : at[parent], text) == NODE_NONE);
            at[i] = tree_take(&t, text);
            tree_link(&t, at[i], i < 3 ? NODE_ROOT : at[parent]);
        } else if (at[i] != NODE_NONE && tree_node(&t, at[i])->child_count == 0 && rng_below(&r, 4) == 0) {
            tree_remove(&t, at[i]);
            at[i] = NODE_NONE;
        } else if (at[i] != NODE_NONE) {
            buf_clear(&path);
            tree_append_path(&t, at[i], &path);
            CHECK_EQ_INT(tree_find(&t, buf_slice(&path)), at[i]);
            CHECK(slice_equal(tree_name(tree_node(&t, at[i])), text));
        }
    }
    for (unsigned i = 0; i < NODES; i++) {
        struct children_walk walk;
        uint32_t children = 0, at_child;

        if (at[i] == NODE_NONE)
            continue;
        walk = children_after(&t, at[i], SLICE_NULL);
        for (; (at_child = children_next(&walk)) != NODE_NONE; children++)
            CHECK_EQ_INT(tree_node(&t, at_child)->parent, at[i]);
        CHECK_EQ_INT(children, tree_node(&t, at[i])->child_count);
    }
    buf_deinit(&path);
    tree_deinit(&t);
}

/* The goal: at most 150 bytes besides its data, the allocator's share for the data included. */
TEST(state_tree, a_node_costs_at_most_150_bytes_besides_its_data)
{
    enum { NODES = 100000 };
    struct state_counts before, after;
    char path[64], data[257];
    struct world w;
    double each;

    CHECK_EQ_INT(sizeof(struct node), 120);
    world_init(&w);
    world_create(&w, "/service", "", 0);
    state_counts(w.s, &before);
    memset(data, 'd', sizeof(data));
    for (unsigned i = 0; i < NODES; i++) {
        snprintf(path, sizeof(path), "/service/member-%08u", i);
        data[i % 256] = 0;
        world_create(&w, path, data, 0);
        data[i % 256] = 'd';
    }
    state_counts(w.s, &after);
    CHECK_EQ_INT(after.nodes - before.nodes, NODES);
    each = (double)(after.memory_bytes - before.memory_bytes - (after.data_bytes - before.data_bytes)) / NODES;
    CHECK(each <= 150, "%.1f bytes", each);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

/* A list from a request is whole; one from an image need not be. */
TEST(state_tree, an_acl_list_that_ends_early_is_no_list)
{
    uint8_t space[2 * ACL_WORLD_BYTES] = {0};
    struct jute_vector two = {2, slice_make(space, sizeof(space))};

    acl_world(ZK_PERM_READ, space);
    acl_world(ZK_PERM_WRITE, space + ACL_WORLD_BYTES);
    CHECK(acl_plausible(two));
    for (size_t size = 0; size < sizeof(space); size++)
        CHECK(!acl_plausible((struct jute_vector){2, slice_make(space, size)}), "%zu bytes", size);
    CHECK(!acl_plausible((struct jute_vector){1, two.items}));
    CHECK(!acl_plausible((struct jute_vector){3, two.items}));
}

TEST(state_tree, acl_lists_are_shared_and_given_back)
{
    struct world w;
    char path[32];

    world_init(&w);
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "/n%d", i);
        CHECK_EQ_INT(world_create_acl(&w, path, "", 0, ZK_PERM_ALL | (i % 100) << 8), 0);
    }
    CHECK_EQ_INT(w.s->acls.by_hash.count, 101); /* with the read-only one of /zookeeper/config */
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "/n%d", i);
        CHECK_EQ_INT(world_delete(&w, path, -1), 0);
    }
    CHECK_EQ_INT(w.s->acls.by_hash.count, 3); /* the last one deleted: of whom may hear of it */
    CHECK_EQ_INT(world_delete(&w, "/none", -1), -COORD_E_NO_NODE);
    CHECK_EQ_INT(w.s->acls.by_hash.count, 2);
    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof(path), "/n%d", i);
        CHECK_EQ_INT(world_create_acl(&w, path, "", 0, i), 0);
    }
    CHECK(w.s->acls.count <= 101);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}
