/* op_get_ephemerals.c - getEphemerals: the paths of the asking session's own ephemeral nodes that begin with a text. They are
 * its own, so no permission is asked. Pure. */
#include "base/bytes.h"
#include "base/error.h"
#include "state/internal.h"
#include "state/reply.h"

#include <string.h>

/* As Java's String.trim(). */
static struct slice trim(struct slice text)
{
    while (text.size > 0 && text.data[0] <= ' ')
        text = slice_make(text.data + 1, text.size - 1);
    while (text.size > 0 && text.data[text.size - 1] <= ' ')
        text.size--;
    return text;
}

static void append_path(const struct tree *t, uint32_t index, struct buf *to)
{
    size_t at = buf_size(to);

    put_be32(buf_reserve(to, 4), 0);
    buf_commit(to, 4);
    tree_append_path(t, index, to);
    put_be32(buf_bytes(to) + at, (uint32_t)(buf_size(to) - at - 4));
}

static void get_ephemerals_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_path_request *q = request;
    const struct session *session = session_find(&s->sessions, r->session);
    struct slice trimmed = trim(q->path);
    bool all = trimmed.size == 0 || (trimmed.size == 1 && trimmed.data[0] == '/');
    size_t start = buf_size(r->reply);
    uint32_t count = 0;

    if (session == NULL && (r->session & SESSION_LOCAL) == 0) {
        r->err = -COORD_E_SESSION_EXPIRED;
        return;
    }
    put_be32(buf_reserve(r->reply, 4), 0);
    buf_commit(r->reply, 4);
    for (uint32_t at = session != NULL ? session->first_owned : NODE_NONE; at != NODE_NONE;
         at = tree_node(&s->tree, at)->owned_next) {
        size_t before = buf_size(r->reply);

        append_path(&s->tree, at, r->reply);
        if (all || (buf_size(r->reply) - before - 4 >= q->path.size &&
                    memcmp(buf_bytes(r->reply) + before + 4, q->path.data, q->path.size) == 0))
            count++;
        else
            buf_truncate(r->reply, before);
    }
    put_be32(buf_bytes(r->reply) + start, count);
}

OP_DESC(op_get_ephemerals, OP_PERM_NONE, .opcode = ZK_OP_GET_EPHEMERALS, .name = "getEphemerals", .flags = OP_READ,
        .request = &jute_path_request, .read = get_ephemerals_read);
