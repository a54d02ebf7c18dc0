/* op_list_recursive.c - Keeper's listRecursive: the paths of all below a node, level by level, up to a number of them. READ on
 * the node; what else may not be read is left out, with all below it. Pure.
 */
#include "base/error.h"
#include "state/children.h"
#include "state/internal.h"
#include "state/reply.h"

struct listing {
    const struct state *s;
    struct read *r;
    struct buf frontier; /* indexes of nodes told, in order */
    size_t start;        /* of the reply */
    uint32_t count, limit, looks;
};

static void tell(struct listing *l, uint32_t index)
{
    size_t at = reply_vector_start(l->r->reply);

    tree_append_path(&l->s->tree, index, l->r->reply);
    reply_vector_end(l->r->reply, at, (uint32_t)(buf_size(l->r->reply) - at - 4));
    buf_append(&l->frontier, &index, sizeof(index));
    l->count++;
}

/* False: it is complete, or too much. */
static bool tell_children(struct listing *l, uint32_t index)
{
    struct children_walk w = children_after(&l->s->tree, index, SLICE_NULL);
    uint32_t child;

    while ((child = children_next(&w)) != NODE_NONE) {
        if (l->count == l->limit)
            return false;
        if (l->looks++ == LIST_RECURSIVE_MAX || buf_size(l->r->reply) - l->start > LIST_BYTES_MAX) {
            l->r->err = -COORD_E_BAD_ARGUMENTS;
            return false;
        }
        if (node_permits(l->s, child, l->r->perm, l->r->auth))
            tell(l, child);
    }
    return true;
}

static void list_recursive_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_limit_request *q = request;
    struct listing l = {.s = s, .r = r, .start = buf_size(r->reply), .limit = (uint32_t)q->limit};
    uint32_t index = read_node(s, r, q->path);
    size_t start;

    if (index == NODE_NONE)
        return;
    start = reply_vector_start(r->reply);
    grants_start(s);
    while (tell_children(&l, index) && buf_size(&l.frontier) > 0) {
        memcpy(&index, buf_bytes(&l.frontier), sizeof(index));
        buf_consume(&l.frontier, sizeof(index));
    }
    grants_end(s);
    r->looks = l.looks;
    buf_deinit(&l.frontier);
    if (r->err != 0)
        buf_truncate(r->reply, l.start);
    else
        reply_vector_end(r->reply, start, l.count);
}

OP_DESC(op_list_recursive, ZK_PERM_READ, .opcode = ZK_OP_LIST_RECURSIVE, .name = "listRecursive", .flags = OP_READ,
        .request = &jute_limit_request, .read = list_recursive_read);
