/* request.c - one queue per session: every operation takes effect in the order in which it was sent.
 *
 * intake.c brings the operations. One runs when it is at the head. A read runs at once; a write leaves the head when it is
 * applied here; a sync when its barrier is applied. Writes are numbered and forwarded when they are read in, ahead of the head,
 * so that a session can have many under way: each is applied only after everything before it ran, because the queue runs
 * between any two applies. Only a sync, a setWatches, a read that may take long, or a write without credit, keeps the writes
 * behind it back.
 */
#include "replica/internal.h"

struct request *request_new(struct replica *r, struct conn *c, enum request_kind kind, int32_t xid, int32_t op, size_t size)
{
    struct request *q = coord_alloc(sizeof(*q) + size);
    *q = (struct request){.conn = c, .kind = kind, .xid = xid, .op = op, .at_ms = r->now.mono_ms, .size = (uint32_t)size};
    list_init(&q->queue_link);
    list_init(&q->pending_link);
    list_init(&q->sync_link);
    return q;
}

void request_free(struct request *q)
{
    list_remove(&q->queue_link);
    list_remove(&q->pending_link);
    list_remove(&q->sync_link);
    coord_free(q->arming);
    coord_free(q);
}

void request_enqueue(struct replica *r, struct conn *c, struct request *q)
{
    list_push_back(&c->queue, &q->queue_link);
    conn_counted(r, c, 1, q->size);
}

static void dequeue(struct replica *r, struct conn *c, struct request *q)
{
    list_remove(&q->queue_link);
    conn_counted(r, c, -1, -(int64_t)q->size);
}

void request_read(struct replica *r, struct conn *c, const struct op_desc *op, const void *decoded, int32_t xid,
                  size_t auth_size)
{
    uint64_t limit = r->options.limits.reply_bytes;
    buf_clear(&r->reply);
    struct read read = {.auth = slice_make(buf_bytes(&c->auth), auth_size), .session = c->session, .reply = &r->reply};
    state_read(r->state, op, decoded, &read);
    if (limit != 0 && read.err == 0 && buf_size(&r->reply) > limit) {
        read.err = -COORD_E_BAD_ARGUMENTS;
        read.watch = READ_WATCH_NONE;
    }
    if (read.watch != READ_WATCH_NONE)
        watch_add(r->watch, read.watch == READ_WATCH_DATA ? WATCH_DATA : WATCH_CHILD, read.watch_path, c->id);
    conn_reply(r, c, xid, (int64_t)r->apply.applied, read.err, buf_slice(&r->reply));
    r->stats.reads++;
    r->looks_left -= (int64_t)read.looks;
}

/* Decode again what was checked when the frame was read in. */
static const struct op_desc *decode(const struct request *q, union op_request *decoded)
{
    const struct op_desc *op = op_find(q->op);
    int rc = op_decode(op, slice_make(q->bytes, q->size), decoded);
    COORD_ASSERT(rc == 0);
    return op;
}

static void answer_sync(struct replica *r, struct conn *c, const struct request *q)
{
    union op_request decoded;
    decode(q, &decoded);
    struct zk_path_response response = {.path = decoded.path.path};
    buf_clear(&r->reply);
    jute_append(&r->reply, &jute_path_response, &response);
    conn_reply(r, c, q->xid, (int64_t)r->apply.applied, 0, buf_slice(&r->reply));
    c->syncs--;
    r->stats.pending_syncs--;
    r->stats.syncs++;
}

bool request_stalled(const struct conn *c)
{
    return buf_size(&c->io.output) >= REPLICA_OUTPUT_BYTES;
}

static void try_submit(struct replica *r, struct conn *c, struct request *q)
{
    if (q->bytes[ENTRY_VERSION_OFFSET] > r->entry_version)
        return; /* it waits for replica_versions(), alone: a number would make all of this origin's later writes wait too */
    if (origin_has_credit(r, q->size)) {
        c->unsubmitted--;
        origin_submit(r, q);
        if (c->local != NULL)
            local_submitted(c, q);
    } else if (list_empty(&c->starved_link)) {
        list_push_back(&r->origin.starved, &c->starved_link);
    }
}

/* Many small requests may each look at many nodes: what is too much for a turn waits for the next. */
static bool may_look(struct replica *r, struct conn *c)
{
    if (r->looks_left <= 0 && list_empty(&c->looking_link))
        list_push_back(&r->looking, &c->looking_link);
    return r->looks_left > 0;
}

void request_run_looking(struct replica *r)
{
    struct list *node;
    while (r->looks_left > 0 && (node = list_pop_front(&r->looking)) != NULL)
        request_run(r, LIST_ENTRY(node, struct conn, looking_link));
}

/* Writes further back that may leave now. */
static void submit_waiting(struct replica *r, struct conn *c)
{
    if (c->unsubmitted == 0 || request_stalled(c))
        return;
    LIST_EACH(node, &c->queue)
    {
        struct request *q = LIST_ENTRY(node, struct request, queue_link);
        if (q->kind == REQUEST_SYNC || q->kind == REQUEST_SET_WATCHES || q->kind == REQUEST_LOOK)
            return;
        if (q->kind != REQUEST_WRITE || q->submitted)
            continue;
        try_submit(r, c, q);
        if (!q->submitted)
            return;
    }
}

/* As ZooKeeper has it in the header. */
static int64_t error_zxid(const struct replica *r, const struct request *q)
{
    if (q->err == -COORD_E_AUTH_REQUIRED)
        return 0;
    return q->close_after && q->op != ZK_OP_CLOSE_SESSION ? -1 : (int64_t)r->apply.applied;
}

/* Execute the head if it may run now; false: it waits. `forced`: a later write is about to be applied, so it must run. */
static bool run_head(struct replica *r, struct conn *c, struct request *q, bool forced)
{
    union op_request decoded;
    switch (q->kind) {
    case REQUEST_LOOK:
    case REQUEST_READ: {
        if (!forced && request_stalled(c))
            return false;
        if (!forced && q->kind == REQUEST_LOOK && !may_look(r, c))
            return false;
        const struct op_desc *op = decode(q, &decoded);
        request_read(r, c, op, &decoded, q->xid, q->auth_size);
        c->looking -= q->kind == REQUEST_LOOK;
        break;
    }
    case REQUEST_SYNC:
        if (!q->answered || (r->apply.applied < q->zxid && !SEEDED(sync_not_awaited)))
            return false;
        answer_sync(r, c, q);
        break;
    case REQUEST_PING:
        conn_reply(r, c, ZK_XID_PING, (int64_t)r->apply.applied, 0, SLICE_NULL); /* whatever xid it came with */
        break;
    case REQUEST_SET_WATCHES:
        if (!watches_set(r, c, q))
            return false;
        conn_reply(r, c, q->xid, (int64_t)r->apply.applied, 0, SLICE_NULL);
        c->set_watches--;
        break;
    case REQUEST_WATCH:
        decode(q, &decoded);
        watches_request(r, c, q, &decoded);
        break;
    case REQUEST_AUTH:
        conn_reply(r, c, q->xid, 0, q->err, SLICE_NULL);
        if (q->err != 0) {
            conn_close(r, c);
            return false;
        }
        break;
    case REQUEST_ERROR:
        conn_reply(r, c, q->xid, error_zxid(r, q), q->err, SLICE_NULL);
        if (q->op == ZK_OP_CLOSE_SESSION && c->local != NULL)
            local_end(r, c);
        if (q->close_after) {
            conn_close(r, c);
            return false;
        }
        break;
    case REQUEST_WRITE:
    case REQUEST_HELD:
        return false;
    }
    conn_answered(r, c, q->xid, q->op, q->at_ms);
    dequeue(r, c, q);
    request_free(q);
    return true;
}

void request_run(struct replica *r, struct conn *c)
{
    while (!list_empty(&c->queue) && run_head(r, c, LIST_ENTRY(c->queue.next, struct request, queue_link), false))
        ;
    if (c->state == CONN_OPEN)
        submit_waiting(r, c);
}

void request_number(struct replica *r, struct conn *c, struct request *q)
{
    c->unsubmitted++;
    request_enqueue(r, c, q);
    if (c->unsubmitted == 1 && c->syncs == 0 && c->set_watches == 0 && c->looking == 0 && !request_stalled(c))
        try_submit(r, c, q);
}

void request_applied(struct replica *r, struct request *q, const struct apply *a, struct slice record)
{
    struct conn *c = q->conn;
    if (c == NULL) {
        request_free(q);
        return;
    }
    dequeue(r, c, q);
    if (q->op == ZK_OP_CREATE_SESSION) {
        if (a->entry->kind == ENTRY_SESSION_CREATE)
            conn_answered(r, c, 0, q->op, q->at_ms);
        request_free(q);
        connect_done(r, c, a);
        return;
    }
    if (q->upgrade) {
        request_free(q);
        if (a->err != 0)
            conn_close(r, c); /* somebody has its id */
        else
            request_run(r, c);
        return;
    }
    r->stats.writes++;
    /* The entry that moved or ended a session has closed its connection: neither error reaches a client. */
    COORD_ASSERT(a->err != -COORD_E_SESSION_MOVED && a->err != -COORD_E_SESSION_EXPIRED);
    conn_reply(r, c, q->xid, (int64_t)a->entry->zxid, a->err, record);
    conn_answered(r, c, q->xid, q->op, q->at_ms);
    if (q->op == ZK_OP_CLOSE_SESSION)
        conn_close(r, c);
    request_free(q);
    if (c->state == CONN_OPEN)
        request_run(r, c);
}

void request_before_apply(struct replica *r, struct request *q)
{
    struct conn *c = q->conn;
    while (c != NULL && c->state == CONN_OPEN && c->queue.next != &q->queue_link) {
        bool ran = run_head(r, c, LIST_ENTRY(c->queue.next, struct request, queue_link), true);
        COORD_ASSERT(ran || c->state != CONN_OPEN); /* only what needs no waiting stands before a submitted write */
    }
}
