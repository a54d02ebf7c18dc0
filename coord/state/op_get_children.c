/* op_get_children.c - getChildren and getChildren2: names, sorted; 2 adds the stat. READ on the node. Pure. */
#include "state/internal.h"
#include "state/reply.h"

static uint32_t children(const struct state *s, struct read *r, const struct zk_path_watch_request *q)
{
    uint32_t index = read_node(s, r, q->path);

    if (index != NODE_NONE) {
        reply_children(r->reply, &s->tree, index);
        read_watch(r, q, READ_WATCH_CHILD);
    }
    return index;
}

static void get_children_read(const struct state *s, struct read *r, const void *request)
{
    children(s, r, request);
}

static void get_children2_read(const struct state *s, struct read *r, const void *request)
{
    uint32_t index = children(s, r, request);

    if (index != NODE_NONE)
        read_stat(s, r, index);
}

OP_DESC(op_get_children, ZK_PERM_READ, .opcode = ZK_OP_GET_CHILDREN, .name = "getChildren", .flags = OP_READ | OP_INNER,
        .result_type = ZK_OP_GET_CHILDREN, .request = &jute_path_watch_request, .read = get_children_read);

OP_DESC(op_get_children2, ZK_PERM_READ, .opcode = ZK_OP_GET_CHILDREN2, .name = "getChildren2", .flags = OP_READ | OP_INNER,
        .result_type = ZK_OP_GET_CHILDREN2, .request = &jute_path_watch_request, .read = get_children2_read);
