/* op_get_all_children_number.c - getAllChildrenNumber: how many nodes there are below a node, children's children too. The tree
 * keeps the number, so the answer costs the same for any size. READ on the node. Pure. */
#include "base/bytes.h"
#include "state/internal.h"

static void get_all_children_number_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_path_request *q = request;
    uint32_t index = read_node(s, r, q->path);

    if (index == NODE_NONE)
        return;
    put_be32(buf_reserve(r->reply, 4), tree_below(&s->tree, index));
    buf_commit(r->reply, 4);
}

OP_DESC(op_get_all_children_number, ZK_PERM_READ, .opcode = ZK_OP_GET_ALL_CHILDREN_NUMBER, .name = "getAllChildrenNumber",
        .flags = OP_READ, .request = &jute_path_request, .read = get_all_children_number_read);
