/* test_state_hashes.c - what is found by a hash is told apart by its content: lists of access rights and nodes that share one.
 */
#include "lib/runner.h"
#include "state/internal.h"
#include "state_fixture.h"

#include "base/bytes.h"
#include "base/hash.h"

/* Two lists of two entries world:anyone each. Their permissions were searched for so that the lists have the same XXH3. */
#define FIRST_PERMS                                                                                                            \
    {                                                                                                                          \
        0x274acad6, 0xbd561b63                                                                                                 \
    } /* READ, WRITE, CREATE, ADMIN, and bits of no meaning */
#define SECOND_PERMS                                                                                                           \
    {                                                                                                                          \
        0xf709d9a2, 0x0895c2b8                                                                                                 \
    } /* WRITE, DELETE, ADMIN */

static struct jute_vector two_entries(const uint32_t perms[2], uint8_t space[2 * ACL_WORLD_BYTES])
{
    acl_world((int32_t)perms[0], space);
    acl_world((int32_t)perms[1], space + ACL_WORLD_BYTES);
    return (struct jute_vector){2, slice_make(space, 2 * ACL_WORLD_BYTES)};
}

static int create_with(struct world *w, const char *path, struct jute_vector acl)
{
    struct zk_create_request q = {slice_from_text(path), SLICE_LITERAL("data"), acl, 0};

    return world_request(w, ZK_OP_CREATE, &jute_create_request, &q);
}

TEST(state_hashes, lists_of_one_hash_keep_their_own_permissions)
{
    static const uint32_t first[] = FIRST_PERMS, second[] = SECOND_PERMS;
    uint8_t spaces[2][2 * ACL_WORLD_BYTES];
    struct jute_vector lists[] = {two_entries(first, spaces[0]), two_entries(second, spaces[1])};

    REQUIRE(hash_bytes(spaces[0], sizeof(spaces[0]), 0) == hash_bytes(spaces[1], sizeof(spaces[1]), 0));
    for (int order = 0; order < 2; order++) { /* which one goes first */
        struct world w;
        uint32_t lists_before;

        world_init(&w);
        lists_before = w.s->acls.count - w.s->acls.free_count;
        CHECK_EQ_INT(create_with(&w, "/first", lists[0]), 0);
        CHECK_EQ_INT(create_with(&w, "/second", lists[1]), 0);
        CHECK_EQ_INT(create_with(&w, "/second-too", lists[1]), 0);
        CHECK_EQ_INT(w.s->acls.count - w.s->acls.free_count, lists_before + 2);
        CHECK_EQ_STR(world_data(&w, "/first"), "data");
        CHECK_EQ_STR(world_data(&w, "/second"), "NO_AUTH");
        CHECK_EQ_STR(world_data(&w, "/second-too"), "NO_AUTH");
        CHECK_EQ_INT(world_delete(&w, order == 0 ? "/first" : "/second", -1), 0);
        CHECK_EQ_INT(world_delete(&w, order == 0 ? "/second" : "/second-too", -1), 0);
        CHECK_EQ_STR(world_data(&w, order == 0 ? "/second-too" : "/first"), order == 0 ? "NO_AUTH" : "data");
        CHECK_EQ_INT(create_with(&w, "/again", lists[order]), 0);
        CHECK_EQ_STR(world_data(&w, "/again"), order == 0 ? "data" : "NO_AUTH");
        CHECK_EQ_INT(w.s->acls.count - w.s->acls.free_count, lists_before + 2);
        CHECK(state_digest(w.s) == state_digest_recompute(w.s));
        world_deinit(&w);
    }
}

/* 32 bytes whose XXH3 with this seed depends on nothing but their number: each half begins with what the hash mixes it with, so
 * its product is zero, whatever the rest of the half is. */
static struct slice hollow_name(uint64_t seed, uint8_t fill, uint8_t space[32])
{
    static const uint64_t mixed_with[] = {UINT64_C(0xbe4ba423396cfeb8), UINT64_C(0xdb979083e96dd4de)};

    for (size_t half = 0; half < 2; half++) {
        put_le64(space + 16 * half, mixed_with[half] + seed);
        memset(space + 16 * half + 8, fill, 8);
    }
    return slice_make(space, 32);
}

TEST(state_hashes, nodes_of_one_hash_are_found_by_parent_and_name)
{
    enum { PARENTS = 2, NAMES = 3 };
    uint32_t parent[PARENTS], node[PARENTS][NAMES];
    uint8_t space[32];
    struct tree t;

    tree_init(&t);
    for (unsigned p = 0; p < PARENTS; p++) {
        parent[p] = tree_take(&t, p == 0 ? SLICE_LITERAL("p") : SLICE_LITERAL("q"));
        tree_link(&t, parent[p], NODE_ROOT);
        for (unsigned n = 0; n < NAMES; n++) {
            struct slice name = hollow_name(tree_node(&t, parent[p])->path_hash, (uint8_t)('a' + n), space);

            CHECK_EQ_INT(tree_child(&t, parent[p], name), NODE_NONE);
            node[p][n] = tree_take(&t, name);
            tree_link(&t, node[p][n], parent[p]);
            REQUIRE(tree_node(&t, node[p][n])->path_hash == tree_node(&t, node[0][0])->path_hash);
        }
    }
    tree_remove(&t, node[0][1]);
    for (unsigned p = 0; p < PARENTS; p++)
        for (unsigned n = 0; n < NAMES; n++) {
            struct slice name = hollow_name(tree_node(&t, parent[p])->path_hash, (uint8_t)('a' + n), space);

            CHECK_EQ_INT(tree_child(&t, parent[p], name), p == 0 && n == 1 ? NODE_NONE : node[p][n], "%u %u", p, n);
        }
    tree_deinit(&t);
}
