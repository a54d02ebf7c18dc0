/* op_set_data.c - setData: path, node, permission, quota, version, in this order. WRITE on the node. Pure. */
#include "base/error.h"
#include "base/seeded.h"
#include "state/discovery.h"
#include "state/internal.h"
#include "state/path.h"
#include "state/reply.h"

static int set_data_check(struct state *s, const struct apply *a, const struct zk_set_data_request *q, uint32_t *index)
{
    if (!path_valid(q->path) || discovery_holds(s, q->path))
        return -COORD_E_BAD_ARGUMENTS;
    *index = tree_find(&s->tree, q->path);
    if (*index == NODE_NONE)
        return -COORD_E_NO_NODE;
    if (!node_permits(s, *index, op_set_data.perm, a->entry->auth))
        return -COORD_E_NO_AUTH;
    COORD_TRY(quota_check(s, q->path, SLICE_NULL, 0,
                          (int64_t)q->data.size - (int64_t)value_size(tree_node(&s->tree, *index)->value)));
    if (!SEEDED(version_not_checked) && !version_fits(q->version, tree_node(&s->tree, *index)->version))
        return -COORD_E_BAD_VERSION;
    return 0;
}

static void set_data_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_set_data_request *q = request;
    uint32_t index;

    a->err = set_data_check(s, a, q, &index);
    if (a->err == 0) {
        node_set_data(s, index, q->data, a->entry->zxid, a->entry->wall_ms);
        reply_stat(a->reply, tree_node(&s->tree, index));
    }
}

OP_DESC(op_set_data, ZK_PERM_WRITE, .opcode = ZK_OP_SET_DATA, .name = "setData", .flags = OP_WRITE | OP_INNER,
        .result_type = ZK_OP_SET_DATA, .request = &jute_set_data_request, .apply = set_data_apply);
