/* reply.c - pieces of replies. Pure. */
#include "state/reply.h"

#include "base/bytes.h"
#include "state/children.h"
#include "state/internal.h"

#include <string.h>

void reply_text(struct buf *to, struct slice text)
{
    uint8_t *at = buf_reserve(to, 4 + text.size);

    put_be32(at, slice_is_null(text) ? UINT32_MAX : (uint32_t)text.size);
    if (text.size > 0)
        memcpy(at + 4, text.data, text.size);
    buf_commit(to, 4 + text.size);
}

void reply_stat(struct buf *to, const struct node *n)
{
    struct zk_stat stat;

    node_stat(n, &stat);
    jute_append(to, &jute_stat, &stat);
}

void reply_children(struct buf *to, const struct tree *t, uint32_t index)
{
    const struct node *n = tree_node(t, index);
    struct children_walk w = children_after(t, index, SLICE_NULL);
    uint32_t at;

    put_be32(buf_reserve(to, 4), n->kind == NODE_EPHEMERAL ? 0 : n->child_count);
    buf_commit(to, 4);
    while ((at = children_next(&w)) != NODE_NONE)
        reply_text(to, tree_name(tree_node(t, at)));
}

size_t reply_vector_start(struct buf *to)
{
    size_t start = buf_size(to);

    buf_reserve(to, 4);
    buf_commit(to, 4);
    return start;
}

void reply_vector_end(struct buf *to, size_t start, uint32_t count)
{
    put_be32(buf_bytes(to) + start, count);
}
