/* test_state_children.c - children in the order of their names: against a sorted list, in any order of coming and going. */
#include "base/rng.h"
#include "lib/runner.h"
#include "state/children.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMES = 700 };

struct family {
    struct tree t;
    uint32_t parent;
    uint32_t at[NAMES]; /* NODE_NONE: not there */
    char name[NAMES][40];
};

static void family_init(struct family *f)
{
    *f = (struct family){0};
    tree_init(&f->t);
    f->parent = tree_take(&f->t, SLICE_LITERAL("parent"));
    tree_link(&f->t, f->parent, NODE_ROOT);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(f->name[i], sizeof(f->name[i]), "n%03u%s", i, i % 3 == 0 ? "-with-a-name-longer-than-inline" : "");
        f->at[i] = NODE_NONE;
    }
}

static void family_deinit(struct family *f)
{
    tree_deinit(&f->t);
}

static void come(struct family *f, unsigned i)
{
    f->at[i] = tree_take(&f->t, slice_from_text(f->name[i]));
    tree_link(&f->t, f->at[i], f->parent);
}

static void go(struct family *f, unsigned i)
{
    tree_remove(&f->t, f->at[i]);
    f->at[i] = NODE_NONE;
}

/* The height of a subtree, which is balanced and measured right at each of its nodes. */
static uint32_t check_balanced(const struct tree *t, uint32_t index)
{
    const struct node *n;
    uint32_t left, right;

    if (index == NODE_NONE)
        return 0;
    n = tree_node(t, index);
    left = check_balanced(t, n->left);
    right = check_balanced(t, n->right);
    CHECK(left <= right + 1 && right <= left + 1, "%u and %u", left, right);
    CHECK_EQ_INT(n->height, (left > right ? left : right) + 1);
    return n->height;
}

/* All that are there behind name i, and nothing else. */
static void check_after(const struct family *f, unsigned first, struct slice after)
{
    struct children_walk w = children_after(&f->t, f->parent, after);

    for (unsigned i = first; i < NAMES; i++)
        if (f->at[i] != NODE_NONE)
            CHECK_EQ_INT(children_next(&w), f->at[i]);
    CHECK(children_next(&w) == NODE_NONE);
    CHECK(children_next(&w) == NODE_NONE);
}

static void check_family(const struct family *f)
{
    check_balanced(&f->t, tree_node(&f->t, f->parent)->children);
    check_after(f, 0, SLICE_NULL);
}

TEST(state_children, are_in_the_order_of_their_names_whatever_comes_and_goes)
{
    static struct family f;
    struct rng r;

    family_init(&f);
    rng_init(&r, 11);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)rng_below(&r, NAMES);
        bool fills = step % 5000 < 3500;

        if (f.at[i] == NODE_NONE && (fills || rng_below(&r, 4) == 0))
            come(&f, i);
        else if (f.at[i] != NODE_NONE && (!fills || rng_below(&r, 4) == 0))
            go(&f, i);
        if (step % 100 == 0) {
            check_family(&f);
            check_after(&f, i + 1, slice_from_text(f.name[i])); /* there or not */
        }
    }
    family_deinit(&f);
}

/* Rising, falling, and from both ends inwards: each a line without the balance. */
TEST(state_children, stay_balanced_in_the_worst_orders)
{
    static struct family f;

    for (unsigned order = 0; order < 3; order++) {
        family_init(&f);
        for (unsigned i = 0; i < NAMES; i++)
            come(&f, order == 0 ? i : order == 1 ? NAMES - 1 - i : i % 2 == 0 ? i / 2 : NAMES - 1 - i / 2);
        check_family(&f);
        CHECK(tree_node(&f.t, tree_node(&f.t, f.parent)->children)->height <= 13, "order %u", order); /* 1.44 * log2(700) */
        for (unsigned i = 0; i < NAMES; i++) {
            go(&f, order == 1 ? NAMES - 1 - i : i);
            if (i % 20 == 0)
                check_family(&f);
        }
        CHECK_EQ_INT(tree_node(&f.t, f.parent)->children, NODE_NONE);
        family_deinit(&f);
    }
}

/* The top goes, again and again: it has children on both sides, and the next in order is at any depth. */
TEST(state_children, lose_the_one_at_the_top)
{
    static struct family f;
    uint32_t top;

    family_init(&f);
    for (unsigned i = 0; i < NAMES; i++)
        come(&f, i);
    while ((top = tree_node(&f.t, f.parent)->children) != NODE_NONE) {
        unsigned i = (unsigned)atoi((const char *)tree_name(tree_node(&f.t, top)).data + 1);

        REQUIRE(f.at[i] == top);
        go(&f, i);
        check_family(&f);
    }
    family_deinit(&f);
}

/* Bytes are unsigned, and a name comes before those that go on where it ends. */
TEST(state_children, names_are_compared_byte_by_byte)
{
    static const char *const sorted[] = {"!", "A", "a", "a!", "aa", "ab", "b", "\x7f", "\xc3\xa4", "\xe2\x82\xac"};
    enum { COUNT = sizeof(sorted) / sizeof(sorted[0]) };
    struct children_walk w;
    struct tree t;
    uint32_t at;

    tree_init(&t);
    for (unsigned i = 0; i < COUNT; i++) {
        at = tree_take(&t, slice_from_text(sorted[(i * 7) % COUNT]));
        tree_link(&t, at, NODE_ROOT);
    }
    w = children_after(&t, NODE_ROOT, SLICE_NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        at = children_next(&w);
        REQUIRE(at != NODE_NONE);
        CHECK(slice_equal(tree_name(tree_node(&t, at)), slice_from_text(sorted[i])), "%u", i);
    }
    w = children_after(&t, NODE_ROOT, SLICE_LITERAL(""));
    CHECK(slice_equal(tree_name(tree_node(&t, children_next(&w))), slice_from_text("!")));
    w = children_after(&t, NODE_ROOT, SLICE_LITERAL("\xff"));
    CHECK(children_next(&w) == NODE_NONE);
    tree_deinit(&t);
}

TEST(state_children, an_ephemeral_node_has_none)
{
    struct children_walk w;
    struct tree t;
    uint32_t at;

    tree_init(&t);
    at = tree_take(&t, SLICE_LITERAL("e"));
    tree_link(&t, at, NODE_ROOT);
    tree_node(&t, at)->kind = NODE_EPHEMERAL;
    w = children_after(&t, at, SLICE_NULL);
    CHECK(children_next(&w) == NODE_NONE);
    tree_deinit(&t);
}
