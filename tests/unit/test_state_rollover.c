/* test_state_rollover.c - counters of a node at their ends: data and ACL versions, sequence suffixes, cversion. A node is put
 * there by hand: nobody makes 2^31 changes. */
#include "lib/runner.h"
#include "state/internal.h"
#include "state_fixture.h"

#include <string.h>

static struct world w;

static struct node *node_of(const char *path, uint32_t *index)
{
    *index = tree_find(&w.s->tree, slice_from_text(path));
    REQUIRE(*index != NODE_NONE);
    return tree_node(&w.s->tree, *index);
}

static void begin(void)
{
    world_init(&w);
    REQUIRE(world_create(&w, "/p", "x", ZK_PERSISTENT) == 0);
}

/* Counters of /p as after so many changes; the digest goes with them. */
static void put(int32_t version, int32_t aversion, uint32_t creates)
{
    uint32_t index;
    struct node *n = node_of("/p", &index);

    w.s->digest -= digest_node(w.s, index);
    n->version = version;
    n->aversion = aversion;
    n->creates = creates;
    w.s->digest += digest_node(w.s, index);
}

static void end(void)
{
    struct buf image = {0};
    struct state *loaded;

    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_image(w.s, 1000, &image);
    loaded = world_load(buf_slice(&image), 100);
    REQUIRE(loaded != NULL);
    world_check_same(w.s, loaded);
    state_free(loaded);
    buf_deinit(&image);
    world_deinit(&w);
}

TEST(state_rollover, a_data_version_goes_on_below_zero_and_never_is_any)
{
    static const struct {
        int32_t before, after;
    } rows[] = {{INT32_MAX - 1, INT32_MAX}, {INT32_MAX, INT32_MIN}, {INT32_MIN, INT32_MIN + 1}, {-3, -2}, {-2, 0}, {0, 1}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        put(rows[i].before, 0, 0);
        CHECK_EQ_INT(world_set(&w, "/p", "y", rows[i].before ^ 4), -COORD_E_BAD_VERSION, "row %zu", i);
        CHECK_EQ_INT(world_set(&w, "/p", "y", rows[i].before), 0, "row %zu", i);
        CHECK_EQ_INT(w.stat.version, rows[i].after, "row %zu", i);
        CHECK_EQ_INT(world_delete(&w, "/p", rows[i].after), 0, "row %zu", i);
        end();
    }
}

TEST(state_rollover, a_failed_multi_takes_a_version_back_over_the_end)
{
    begin();
    put(-2, 0, 0);
    for (int i = 0; i < 2; i++)
        world_multi_add(&w, ZK_OP_SET_DATA, &jute_set_data_request,
                        &(struct zk_set_data_request){SLICE_LITERAL("/p"), SLICE_NULL, i == 0 ? -2 : 7});
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:0 -1:-103");
    CHECK_EQ_INT(world_exists(&w, "/p"), 0);
    CHECK_EQ_INT(w.stat.version, -2);
    end();
}

TEST(state_rollover, sequence_suffixes_beyond_two_to_the_31_are_negative)
{
    static const struct {
        uint32_t creates;
        const char *first, *second;
    } rows[] = {{0, "/p/n0000000000", "/p/n0000000001"},
                {2147483646, "/p/n2147483646", "/p/n2147483647"},
                {2147483647, "/p/n2147483647", "/p/n-2147483648"},
                {2147483648, "/p/n-2147483648", "/p/n-2147483647"},
                {UINT32_MAX, "/p/n-000000001", "/p/n0000000000"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        put(0, 0, rows[i].creates);
        CHECK_EQ_INT(world_create(&w, "/p/n", "", ZK_PERSISTENT_SEQUENTIAL), 0, "row %zu", i);
        CHECK_EQ_STR(world_path(&w), rows[i].first, "row %zu", i);
        CHECK_EQ_INT(world_create(&w, "/p/n", "", ZK_EPHEMERAL_SEQUENTIAL), 0, "row %zu", i);
        CHECK_EQ_STR(world_path(&w), rows[i].second, "row %zu", i);
        end();
    }
}

TEST(state_rollover, a_suffix_that_comes_again_finds_the_old_node)
{
    begin();
    CHECK_EQ_INT(world_create(&w, "/p/n", "", ZK_PERSISTENT_SEQUENTIAL), 0);
    put(0, 0, UINT32_MAX);
    CHECK_EQ_INT(world_create(&w, "/p/n", "", ZK_PERSISTENT_SEQUENTIAL), 0);
    CHECK_EQ_INT(world_create(&w, "/p/n", "", ZK_PERSISTENT_SEQUENTIAL), -COORD_E_NODE_EXISTS);
    CHECK_EQ_STR(world_children(&w, "/p"), "n-000000001 n0000000000");
    end();
}

TEST(state_rollover, cversion_wraps_like_a_signed_int)
{
    begin();
    put(0, 0, 0x3fffffff);
    CHECK_EQ_INT(world_create(&w, "/p/a", "", ZK_PERSISTENT), 0);
    CHECK_EQ_INT(world_exists(&w, "/p"), 0);
    CHECK_EQ_INT(w.stat.cversion, INT32_MAX);
    CHECK_EQ_INT(world_delete(&w, "/p/a", -1), 0);
    CHECK_EQ_INT(world_exists(&w, "/p"), 0);
    CHECK_EQ_INT(w.stat.cversion, INT32_MIN);
    end();
}
