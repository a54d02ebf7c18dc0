/* op_check.c - check: the version of a node within a multi; changes nothing. READ on the node. Pure. */
#include "base/error.h"
#include "state/internal.h"
#include "state/path.h"

static void check_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_check_request *q = request;
    uint32_t index;

    if (!path_valid(q->path))
        a->err = -COORD_E_BAD_ARGUMENTS;
    else if ((index = tree_find(&s->tree, q->path)) == NODE_NONE)
        a->err = -COORD_E_NO_NODE;
    else if (!node_permits(s, index, op_check.perm, a->entry->auth))
        a->err = -COORD_E_NO_AUTH;
    else if (q->version != ZK_VERSION_ANY && q->version != tree_node(&s->tree, index)->version)
        a->err = -COORD_E_BAD_VERSION;
}

OP_DESC(op_check, ZK_PERM_READ, .opcode = ZK_OP_CHECK, .name = "check", .flags = OP_WRITE | OP_INNER | OP_NOT_ALONE,
        .result_type = ZK_OP_CHECK, .request = &jute_check_request, .apply = check_apply);
