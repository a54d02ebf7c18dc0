/* read.c - reads: what all of them do. Pure. */
#include "base/assert.h"
#include "base/error.h"
#include "state/discovery.h"
#include "state/internal.h"
#include "state/reply.h"

uint32_t read_node(const struct state *s, struct read *r, struct slice path)
{
    uint32_t index = NODE_NONE;

    if (slice_is_null(path))
        r->err = -COORD_E_MARSHALLING;
    else if ((index = tree_find(&s->tree, path)) == NODE_NONE && (index = discovery_find(s, path, &r->data)) == NODE_NONE)
        r->err = -COORD_E_NO_NODE;
    else if (!node_permits(s, index, r->perm, r->auth))
        r->err = -COORD_E_NO_AUTH;
    return r->err == 0 ? index : NODE_NONE;
}

void read_data(const struct state *s, struct read *r, uint32_t index)
{
    reply_text(r->reply, slice_is_null(r->data) ? value_slice(tree_node(&s->tree, index)->value) : r->data);
}

void read_stat(const struct state *s, struct read *r, uint32_t index)
{
    struct zk_stat stat;

    node_stat(tree_node(&s->tree, index), &stat);
    if (!slice_is_null(r->data))
        stat.data_length = (int32_t)r->data.size;
    jute_append(r->reply, &jute_stat, &stat);
}

void read_watch(struct read *r, const struct zk_path_watch_request *q, enum read_watch kind)
{
    if (q->watch) {
        r->watch = kind;
        r->watch_path = q->path;
    }
}

void state_read(const struct state *s, const struct op_desc *op, const void *request, struct read *r)
{
    COORD_ASSERT((op->flags & OP_READ) != 0);
    r->err = 0;
    r->perm = op->perm;
    r->looks = 0;
    r->watch = READ_WATCH_NONE;
    r->watch_path = SLICE_NULL;
    r->data = SLICE_NULL;
    op->read(s, r, request);
}
