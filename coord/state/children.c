/* children.c - an AVL tree by name. Pure. */
#include "state/children.h"

#include "base/assert.h"

#include <string.h>

/* The links from the parent's on down to one child. */
struct way {
    uint32_t *link[CHILDREN_DEPTH_MAX];
    uint32_t depth;
};

static int compare(struct slice a, struct slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    return order != 0 || a.size == b.size ? order : a.size < b.size ? -1 : 1;
}

static uint32_t height(const struct tree *t, uint32_t index)
{
    return index == NODE_NONE ? 0 : tree_node(t, index)->height;
}

static void measure(struct tree *t, uint32_t index)
{
    struct node *n = tree_node(t, index);
    uint32_t left = height(t, n->left), right = height(t, n->right);

    n->height = ((left > right ? left : right) + 1) & NODE_HEIGHT_MASK;
}

static void rotate_right(struct tree *t, uint32_t *link)
{
    uint32_t top = *link, up = tree_node(t, top)->left;

    tree_node(t, top)->left = tree_node(t, up)->right;
    tree_node(t, up)->right = top;
    *link = up;
    measure(t, top);
    measure(t, up);
}

static void rotate_left(struct tree *t, uint32_t *link)
{
    uint32_t top = *link, up = tree_node(t, top)->right;

    tree_node(t, top)->right = tree_node(t, up)->left;
    tree_node(t, up)->left = top;
    *link = up;
    measure(t, top);
    measure(t, up);
}

/* False: it is as high as it was, so nothing changes for what is above. */
static bool balance(struct tree *t, uint32_t *link)
{
    struct node *n = tree_node(t, *link);
    uint32_t before = n->height, left = height(t, n->left), right = height(t, n->right);

    if (left > right + 1) {
        const struct node *l = tree_node(t, n->left);

        if (height(t, l->left) < height(t, l->right))
            rotate_left(t, &n->left);
        rotate_right(t, link);
    } else if (right > left + 1) {
        const struct node *r = tree_node(t, n->right);

        if (height(t, r->right) < height(t, r->left))
            rotate_right(t, &n->right);
        rotate_left(t, link);
    } else {
        measure(t, *link);
    }
    return tree_node(t, *link)->height != before;
}

static void balance_up(struct tree *t, struct way *w)
{
    while (w->depth > 0 && balance(t, w->link[--w->depth]))
        ;
}

static void step(struct way *w, uint32_t *link)
{
    COORD_ASSERT(w->depth < CHILDREN_DEPTH_MAX);
    w->link[w->depth++] = link;
}

void children_insert(struct tree *t, uint32_t parent, uint32_t index)
{
    struct node *n = tree_node(t, index);
    uint32_t *link = &tree_node(t, parent)->children;
    struct way w = {.depth = 0};

    while (*link != NODE_NONE) {
        struct node *at = tree_node(t, *link);

        step(&w, link);
        link = compare(tree_name(n), tree_name(at)) < 0 ? &at->left : &at->right;
    }
    *link = index;
    n->left = n->right = NODE_NONE;
    n->height = 1;
    balance_up(t, &w);
}

/* Puts the next one in order, which is below it on the right, into its place. */
static void replace(struct tree *t, uint32_t *link, struct way *w)
{
    struct node *n = tree_node(t, *link), *next;
    uint32_t *at = &n->right, index, place = w->depth;

    step(w, link);
    while (tree_node(t, *at)->left != NODE_NONE) {
        step(w, at);
        at = &tree_node(t, *at)->left;
    }
    index = *at;
    next = tree_node(t, index);
    *at = next->right;
    next->left = n->left;
    next->right = n->right;
    next->height = n->height;
    *link = index;
    if (w->depth > place + 1)
        w->link[place + 1] = &next->right;
}

void children_remove(struct tree *t, uint32_t parent, uint32_t index)
{
    struct node *n = tree_node(t, index);
    uint32_t *link = &tree_node(t, parent)->children;
    struct way w = {.depth = 0};

    while (*link != index) {
        struct node *at = tree_node(t, *link);

        step(&w, link);
        link = compare(tree_name(n), tree_name(at)) < 0 ? &at->left : &at->right;
    }
    if (n->left != NODE_NONE && n->right != NODE_NONE)
        replace(t, link, &w);
    else
        *link = n->left != NODE_NONE ? n->left : n->right;
    balance_up(t, &w);
}

static void push(struct children_walk *w, uint32_t index)
{
    COORD_ASSERT(w->depth < CHILDREN_DEPTH_MAX);
    w->above[w->depth++] = index;
}

struct children_walk children_after(const struct tree *t, uint32_t parent, struct slice name)
{
    const struct node *p = tree_node(t, parent);
    struct children_walk w = {.tree = t};
    uint32_t at = p->kind == NODE_EPHEMERAL ? NODE_NONE : p->children;

    while (at != NODE_NONE) {
        const struct node *n = tree_node(t, at);

        if (slice_is_null(name) || compare(name, tree_name(n)) < 0) {
            push(&w, at);
            at = n->left;
        } else {
            at = n->right;
        }
    }
    return w;
}

uint32_t children_next(struct children_walk *w)
{
    uint32_t index;

    if (w->depth == 0)
        return NODE_NONE;
    index = w->above[--w->depth];
    for (uint32_t at = tree_node(w->tree, index)->right; at != NODE_NONE; at = tree_node(w->tree, at)->left)
        push(w, at);
    return index;
}
