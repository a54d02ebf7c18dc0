/* op_delete.c - delete: a node without children. DELETE on the parent. Pure. */
#include "base/error.h"
#include "state/internal.h"
#include "state/path.h"

static bool is_reserved(struct slice path)
{
    static const char *const reserved[] = {"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"};

    for (unsigned i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (slice_equal(path, slice_from_text(reserved[i])))
            return true;
    return false;
}

/* A malformed path is nowhere rather than bad, but for what path_split refuses (PROTOCOL section 11). */
static int delete_check(const struct state *s, const struct apply *a, const struct zk_delete_request *q, uint32_t *index)
{
    struct slice parent_path, name;
    const struct node *n;
    uint32_t parent;

    if (slice_is_null(q->path))
        return -COORD_E_MARSHALLING;
    if (!path_split(q->path, &parent_path, &name) || is_reserved(q->path))
        return -COORD_E_BAD_ARGUMENTS;
    parent = tree_find(&s->tree, parent_path);
    if (parent == NODE_NONE)
        return -COORD_E_NO_NODE;
    if (!node_permits(s, parent, op_delete.perm, a->entry->auth))
        return -COORD_E_NO_AUTH;
    *index = parent_path.size == 1 ? NODE_NONE : tree_child(&s->tree, parent, name); /* "//a" is not "/a" */
    if (*index == NODE_NONE)
        return -COORD_E_NO_NODE;
    n = tree_node(&s->tree, *index);
    if (q->version != ZK_VERSION_ANY && q->version != n->version)
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
