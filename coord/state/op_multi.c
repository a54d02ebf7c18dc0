/* op_multi.c - multi: several writes in one entry, all or none; multiRead: several reads of one state. Each operation in it
 * asks its own permission. Pure.
 *
 * A later operation sees what the earlier ones did, under the zxid of them all. When one fails, everything is taken back
 * (undo.c), and the answer names for each operation: 0 before it, its error, RUNTIME_INCONSISTENCY behind it; the reply itself
 * is no error. The reads of a multiRead fail one by one.
 */
#include "base/error.h"
#include "state/internal.h"

struct inner {
    const struct op_desc *op;
    union op_request request;
};

/* 1: one more; 0: that was the end; -COORD_E_MARSHALLING: cannot be decoded, or may not stand here. */
static int next(struct jute_cursor *c, unsigned kind, struct inner *inner)
{
    struct zk_multi_header h;

    COORD_TRY(jute_decode(c, &jute_multi_header, &h));
    if (h.done)
        return 0;
    inner->op = op_find_inner(h.type);
    if (inner->op == NULL || (inner->op->flags & kind) == 0)
        return -COORD_E_MARSHALLING;
    COORD_TRY(jute_decode(c, inner->op->request, &inner->request));
    return 1;
}

static int decode(struct jute_cursor *c, unsigned kind, struct multi_request *m)
{
    const uint8_t *start = c->at;
    struct inner inner;
    int rc;

    m->count = 0;
    m->looks = false;
    m->entry_version = 0;
    m->data_size_max = 0;
    while ((rc = next(c, kind, &inner)) > 0) {
        size_t size = op_data_size(inner.op, &inner.request);
        if (m->count++ == MULTI_COUNT_MAX)
            return -COORD_E_MARSHALLING;
        if (size > m->data_size_max)
            m->data_size_max = size;
        m->looks |= op_looks(inner.op, &inner.request);
        if (m->entry_version < inner.op->entry_version)
            m->entry_version = inner.op->entry_version;
    }
    m->operations = slice_make(start, (size_t)(c->at - start));
    return rc;
}

static int multi_decode(struct jute_cursor *c, void *request)
{
    return decode(c, OP_WRITE, request);
}

static int multi_read_decode(struct jute_cursor *c, void *request)
{
    return decode(c, OP_READ, request);
}

bool multi_holds(const struct multi_request *m, int32_t type)
{
    struct jute_cursor c = jute_cursor_make(m->operations);
    struct inner inner;

    while (next(&c, OP_READ | OP_WRITE, &inner) > 0)
        if (inner.op->opcode == type)
            return true;
    return false;
}

bool multi_makes_ephemeral(const struct multi_request *m)
{
    struct jute_cursor c = jute_cursor_make(m->operations);
    struct inner inner;

    while (next(&c, OP_WRITE, &inner) > 0)
        if (op_makes_ephemeral(inner.op, &inner.request))
            return true;
    return false;
}

static void put_header(struct buf *to, int32_t type, bool done, int err)
{
    jute_append(to, &jute_multi_header, &(struct zk_multi_header){type, done, err});
}

static void put_error(struct buf *to, int err)
{
    put_header(to, -1, false, err);
    jute_append(to, &jute_error_response, &(struct zk_error_response){err});
}

static void put_end(struct buf *to)
{
    put_header(to, -1, true, -1);
}

static void apply_one(struct state *s, struct apply *a, const struct inner *inner)
{
    put_header(a->reply, inner->op->result_type, false, 0);
    if (inner->op->precheck != NULL)
        a->err = inner->op->precheck(&inner->request);
    if (a->err == 0)
        inner->op->apply(s, a, &inner->request);
}

static void multi_apply(struct state *s, struct apply *a, const void *request)
{
    const struct multi_request *m = request;
    struct jute_cursor c = jute_cursor_make(m->operations);
    size_t start = buf_size(a->reply);
    struct inner inner;
    uint32_t done = 0;

    undo_start(s);
    grants_start(s);
    while (a->err == 0 && next(&c, OP_WRITE, &inner) > 0) {
        apply_one(s, a, &inner);
        done += a->err == 0;
    }
    grants_end(s);
    if (a->err == 0) {
        undo_keep(s);
    } else {
        undo_back(s);
        buf_truncate(a->reply, start);
        for (uint32_t i = 0; i < m->count; i++)
            put_error(a->reply, i < done ? 0 : i == done ? a->err : -COORD_E_RUNTIME_INCONSISTENCY);
        a->err = 0;
    }
    put_end(a->reply);
}

/* The watch that an operation asks for is not armed, as in ZooKeeper. */
static void read_one(const struct state *s, struct read *r, const struct inner *inner)
{
    size_t start = buf_size(r->reply);
    struct read one = {.auth = r->auth, .reply = r->reply};

    put_header(r->reply, inner->op->result_type, false, 0);
    state_read(s, inner->op, &inner->request, &one);
    if (one.err != 0) {
        buf_truncate(r->reply, start);
        put_error(r->reply, one.err);
    }
    r->looks += one.looks;
}

static bool too_much(const struct read *r, size_t start)
{
    return buf_size(r->reply) - start + r->looks * MULTI_READ_LOOK_BYTES > MULTI_READ_BYTES_MAX;
}

static void multi_read_read(const struct state *s, struct read *r, const void *request)
{
    const struct multi_request *m = request;
    struct jute_cursor c = jute_cursor_make(m->operations);
    size_t start = buf_size(r->reply);
    struct inner inner;

    grants_start(s);
    while (!too_much(r, start) && next(&c, OP_READ, &inner) > 0)
        read_one(s, r, &inner);
    grants_end(s);
    if (too_much(r, start)) {
        buf_truncate(r->reply, start);
        r->err = -COORD_E_BAD_ARGUMENTS;
        return;
    }
    put_end(r->reply);
}

OP_DESC(op_multi, OP_PERM_NONE, .opcode = ZK_OP_MULTI, .name = "multi", .flags = OP_WRITE, .decode = multi_decode,
        .apply = multi_apply);

OP_DESC(op_multi_read, OP_PERM_NONE, .opcode = ZK_OP_MULTI_READ, .name = "multiRead", .flags = OP_READ,
        .decode = multi_read_decode, .read = multi_read_read);
