/* op_remove_recursive.c - Keeper's removeRecursive: a node and all below it, in one entry, or nothing. DELETE on the parent, on
 * the node, and on each below it. Pure.
 *
 * Its limit, and our own for what one entry may change, are judged by the number of nodes that the tree keeps, before anything
 * is looked at: a subtree that is too large costs nothing. What goes, goes from the lowest level up, each level in the order of
 * creation, so that on every server a watcher hears of the same deletions in the same order, children before parents.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/seeded.h"
#include "state/children.h"
#include "state/discovery.h"
#include "state/internal.h"
#include "state/path.h"

/* Its nodes level by level: level i begins at start[i]. */
struct subtree {
    struct owned *nodes;
    uint32_t *start;
    uint32_t count, levels;
};

static void take(const struct state *s, struct subtree *t, uint32_t index)
{
    const struct node *n = tree_node(&s->tree, index);

    t->nodes[t->count++] = (struct owned){n->czxid, n->path_hash, index};
}

static bool take_children(const struct state *s, struct subtree *t, uint32_t index, struct slice auth)
{
    struct children_walk w = children_after(&s->tree, index, SLICE_NULL);
    uint32_t child;

    if (!node_permits(s, index, op_remove_recursive.perm, auth) && !SEEDED(subtree_unguarded))
        return false;
    while ((child = children_next(&w)) != NODE_NONE)
        take(s, t, child);
    return true;
}

/* False: one of them may not be deleted. */
static bool gather(const struct state *s, struct subtree *t, uint32_t top, struct slice auth)
{
    uint32_t done = 0;

    take(s, t, top);
    while (done < t->count) {
        uint32_t end = t->count;

        t->start[t->levels++] = done;
        for (; done < end; done++)
            if (!take_children(s, t, t->nodes[done].index, auth))
                return false;
    }
    return true;
}

static void remove_all(struct state *s, struct subtree *t, uint64_t zxid)
{
    uint32_t end = t->count;

    while (t->levels > 0) {
        uint32_t start = t->start[--t->levels];

        owned_sort(t->nodes + start, end - start);
        for (uint32_t i = start; i < end; i++)
            node_delete(s, t->nodes[i].index, zxid);
        end = start;
    }
}

static int remove_subtree(struct state *s, const struct apply *a, uint32_t top, uint32_t size)
{
    struct subtree t = {.nodes = coord_alloc(size * sizeof(*t.nodes)), .start = coord_alloc(size * sizeof(*t.start))};
    bool alone = grants_start(s), permitted = gather(s, &t, top, a->entry->auth);

    if (alone)
        grants_end(s);
    if (permitted)
        remove_all(s, &t, a->entry->zxid);
    coord_free(t.nodes);
    coord_free(t.start);
    return permitted ? 0 : -COORD_E_NO_AUTH;
}

static int remove_recursive(struct state *s, const struct apply *a, const struct zk_limit_request *q)
{
    struct slice parent_path, name;
    uint32_t parent, top;
    uint64_t size;

    if (!path_valid(q->path) || path_reserved(q->path) || discovery_holds(s, q->path))
        return -COORD_E_BAD_ARGUMENTS;
    COORD_ASSERT(path_split(q->path, &parent_path, &name));
    parent = tree_find(&s->tree, parent_path);
    if (parent == NODE_NONE)
        return 0;
    if (!node_permits(s, parent, op_remove_recursive.perm, a->entry->auth))
        return -COORD_E_NO_AUTH;
    top = tree_child(&s->tree, parent, name);
    if (top == NODE_NONE)
        return 0;
    size = (uint64_t)tree_below(&s->tree, top) + 1;
    if (size > (uint32_t)q->limit || s->changes.count + size > REMOVE_RECURSIVE_MAX)
        return -COORD_E_NOT_EMPTY;
    return remove_subtree(s, a, top, (uint32_t)size);
}

static void remove_recursive_apply(struct state *s, struct apply *a, const void *request)
{
    a->err = remove_recursive(s, a, request);
}

OP_DESC(op_remove_recursive, ZK_PERM_DELETE, .opcode = ZK_OP_REMOVE_RECURSIVE, .name = "removeRecursive",
        .flags = OP_WRITE | OP_INNER, .result_type = ZK_OP_REMOVE_RECURSIVE, .request = &jute_limit_request,
        .apply = remove_recursive_apply);
