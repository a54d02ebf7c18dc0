/* op_exists.c - exists: the stat, or NO_NODE with a watch for the creation. READ where the node exists. Pure. */
#include "base/error.h"
#include "state/internal.h"

static void exists_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_path_watch_request *q = request;
    uint32_t index;

    if (q->path.size > 0 && memchr(q->path.data, 0, q->path.size) != NULL) {
        r->err = -COORD_E_BAD_ARGUMENTS;
        return;
    }
    index = read_node(s, r, q->path);
    if (index != NODE_NONE)
        read_stat(s, r, index);
    if (r->err == 0 || r->err == -COORD_E_NO_NODE)
        read_watch(r, q, READ_WATCH_DATA);
}

OP_DESC(op_exists, ZK_PERM_READ, .opcode = ZK_OP_EXISTS, .name = "exists", .flags = OP_READ | OP_INNER,
        .result_type = ZK_OP_EXISTS, .request = &jute_path_watch_request, .read = exists_read);
