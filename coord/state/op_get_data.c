/* op_get_data.c - getData: the value, null and empty kept apart, and the stat. READ on the node. Pure. */
#include "state/internal.h"

static void get_data_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_path_watch_request *q = request;
    uint32_t index = read_node(s, r, q->path);

    if (index == NODE_NONE)
        return;
    read_data(s, r, index);
    read_stat(s, r, index);
    read_watch(r, q, READ_WATCH_DATA);
}

OP_DESC(op_get_data, ZK_PERM_READ, .opcode = ZK_OP_GET_DATA, .name = "getData", .flags = OP_READ | OP_INNER,
        .result_type = ZK_OP_GET_DATA, .request = &jute_path_watch_request, .read = get_data_read);
