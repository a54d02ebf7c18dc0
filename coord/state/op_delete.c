/* op_delete.c - delete: a node without children; Keeper's tryRemove, which is content with what is gone, of another version, or
 * not empty. DELETE on the parent. Pure. */
#include "base/error.h"
#include "base/seeded.h"
#include "state/discovery.h"
#include "state/internal.h"
#include "state/path.h"

/* A malformed path is nowhere rather than bad, but for what path_split refuses. */
static int delete_check(const struct state *s, const struct apply *a, const struct zk_delete_request *q, uint32_t *index)
{
    struct slice parent_path, name;
    const struct node *n;
    uint32_t parent;

    if (slice_is_null(q->path))
        return -COORD_E_MARSHALLING;
    if (!path_split(q->path, &parent_path, &name) || path_reserved(q->path) || discovery_holds(s, q->path))
        return -COORD_E_BAD_ARGUMENTS;
    parent = tree_find(&s->tree, parent_path);
    if (parent == NODE_NONE)
        return -COORD_E_NO_NODE;
    *index = parent_path.size == 1 ? NODE_NONE : tree_child(&s->tree, parent, name); /* "//a" is not "/a" */
    if (!node_permits(s, SEEDED(right_of_node) && *index != NODE_NONE ? *index : parent, op_delete.perm, a->entry->auth))
        return -COORD_E_NO_AUTH;
    if (*index == NODE_NONE)
        return -COORD_E_NO_NODE;
    n = tree_node(&s->tree, *index);
    if (!version_fits(q->version, n->version))
        return -COORD_E_BAD_VERSION;
    return n->kind != NODE_EPHEMERAL && n->child_count > 0 ? -COORD_E_NOT_EMPTY : 0;
}

static void delete_apply(struct state *s, struct apply *a, const void *request)
{
    uint32_t index;

    a->err = delete_check(s, a, request, &index);
    if (a->err == 0)
        node_delete(s, index, a->entry->zxid);
}

OP_DESC(op_delete, ZK_PERM_DELETE, .opcode = ZK_OP_DELETE, .name = "delete", .flags = OP_WRITE | OP_INNER,
        .result_type = ZK_OP_DELETE, .request = &jute_delete_request, .apply = delete_apply);

static void try_remove_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_delete_request *q = request;

    if (!path_valid(q->path))
        a->err = -COORD_E_BAD_ARGUMENTS;
    else
        delete_apply(s, a, request);
    if (a->err == -COORD_E_NO_NODE || a->err == -COORD_E_BAD_VERSION || a->err == -COORD_E_NOT_EMPTY)
        a->err = 0;
}

OP_DESC(op_try_remove, ZK_PERM_DELETE, .opcode = ZK_OP_TRY_REMOVE, .name = "tryRemove", .flags = OP_WRITE | OP_INNER,
        .entry_version = 2, .result_type = ZK_OP_TRY_REMOVE, .request = &jute_delete_request, .apply = try_remove_apply);
