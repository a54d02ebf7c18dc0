/* op_remove_recursive.c - Keeper's removeRecursive: a node and all below it, in one entry, or nothing. DELETE on the parent, on
 * the node, and on each below it. Pure.
 *
 * Its limit, and our own for what one entry may change, are judged by the number of nodes that the tree keeps, before anything
 * is looked at: a subtree that is too large costs nothing. The bytes of their paths, which every deletion is reported with, are
 * counted on the way: few nodes deep down may have gigabytes of them. What goes, goes from the lowest level up, each level in
 * the order of creation, so that on every server a watcher hears of the same deletions in the same order, children before
 * parents.
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
    uint32_t *path_size; /* of each node, while they are gathered */
    uint32_t size, count, levels;
    size_t path_bytes; /* of all, and of what the entry has changed before */
};

static void take(const struct state *s, struct subtree *t, uint32_t index, size_t path_size)
{
    const struct node *n = tree_node(&s->tree, index);

    COORD_ASSERT(t->count < t->size);
    t->path_size[t->count] = (uint32_t)path_size;
    t->path_bytes += path_size;
    t->nodes[t->count++] = (struct owned){n->czxid, n->path_hash, index};
}

static int take_children(const struct state *s, struct subtree *t, uint32_t at, struct slice auth)
{
    uint32_t index = t->nodes[at].index, child;
    struct children_walk w = children_after(&s->tree, index, SLICE_NULL);

    if (!node_permits(s, index, op_remove_recursive.perm, auth) && !SEEDED(subtree_unguarded))
        return -COORD_E_NO_AUTH;
    while ((child = children_next(&w)) != NODE_NONE)
        take(s, t, child, t->path_size[at] + (size_t)1 + tree_node(&s->tree, child)->name_size);
    return t->path_bytes > REMOVE_RECURSIVE_BYTES_MAX ? -COORD_E_NOT_EMPTY : 0;
}

static int gather(const struct state *s, struct subtree *t, uint32_t top, struct slice path, struct slice auth)
{
    uint32_t done = 0;

    t->path_bytes = buf_size(&s->changes.paths);
    take(s, t, top, path.size);
    while (done < t->count) {
        uint32_t end = t->count;

        t->start[t->levels++] = done;
        for (; done < end; done++)
            COORD_TRY(take_children(s, t, done, auth));
    }
    return 0;
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

static int remove_subtree(struct state *s, const struct apply *a, uint32_t top, struct slice path, uint32_t size)
{
    struct subtree t = {.nodes = coord_alloc(size * sizeof(*t.nodes)),
                        .start = coord_alloc(size * sizeof(*t.start)),
                        .path_size = coord_alloc(size * sizeof(*t.path_size)),
                        .size = size};
    bool alone = grants_start(s);
    int rc = gather(s, &t, top, path, a->entry->auth);

    if (alone)
        grants_end(s);
    if (rc == 0)
        remove_all(s, &t, a->entry->zxid);
    coord_free(t.nodes);
    coord_free(t.start);
    coord_free(t.path_size);
    return rc;
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
    return remove_subtree(s, a, top, q->path, (uint32_t)size);
}

static void remove_recursive_apply(struct state *s, struct apply *a, const void *request)
{
    a->err = remove_recursive(s, a, request);
}

OP_DESC(op_remove_recursive, ZK_PERM_DELETE, .opcode = ZK_OP_REMOVE_RECURSIVE, .name = "removeRecursive",
        .flags = OP_WRITE | OP_INNER, .entry_version = 2, .result_type = ZK_OP_REMOVE_RECURSIVE, .request = &jute_limit_request,
        .apply = remove_recursive_apply);
