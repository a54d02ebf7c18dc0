/* intake.c - what becomes of a client's frame: an entry of the log, or a request that request.c runs in its turn.
 *
 * What comes before the connection is open is held. An error takes its turn too: replies leave in the order of the requests.
 */
#include "replica/internal.h"

/* A frame, understood. */
struct arrival {
    struct zk_request_header header;
    struct slice body; /* borrowed from the frame, as what is decoded */
    const struct op_desc *op;
    union op_request decoded;
};

static void hold(struct replica *r, struct conn *c, struct slice frame)
{
    struct request *q = request_new(r, c, REQUEST_HELD, 0, 0, frame.size);
    if (frame.size > 0)
        memcpy(q->bytes, frame.data, frame.size);
    request_enqueue(r, c, q);
}

static void answer_error(struct replica *r, struct conn *c, int32_t xid, int err, bool close_after)
{
    struct request *q = request_new(r, c, REQUEST_ERROR, xid, 0, 0);
    q->err = err;
    q->close_after = close_after;
    c->last_words = close_after;
    request_enqueue(r, c, q);
    request_run(r, c);
}

/* A write of a session that is known here alone, and is to stay so: true when it is answered without the log. An ephemeral node
 * wants a session that all know. */
static bool answered_locally(struct replica *r, struct conn *c, const struct arrival *a)
{
    if (c->local == NULL || (c->attach != 0 && !SEEDED(upgrade_twice)))
        return false;
    if (a->header.type == ZK_OP_CLOSE_SESSION) {
        struct request *q = request_new(r, c, REQUEST_ERROR, a->header.xid, a->header.type, 0);
        q->close_after = c->last_words = true;
        request_enqueue(r, c, q);
        request_run(r, c);
        return true;
    }
    if (!op_makes_ephemeral(a->op, &a->decoded))
        return false;
    if (r->options.local_upgrading) {
        request_number(r, c, local_upgrade(r, c));
        return false;
    }
    answer_error(r, c, a->header.xid, -COORD_E_EPHEMERAL_ON_LOCAL_SESSION, false);
    return true;
}

static void take_write(struct replica *r, struct conn *c, const struct arrival *a)
{
    if (answered_locally(r, c, a))
        return;
    struct entry e = {.kind = ENTRY_REQUEST,
                      .version =
                          c->local != NULL && c->attach == 0 ? ENTRY_VERSION_LOCAL : op_entry_version(a->op, &a->decoded),
                      .session = c->session,
                      .xid = a->header.xid,
                      .attach = c->attach,
                      .op = a->header.type,
                      .auth = buf_slice(&c->auth),
                      .body = a->body};
    struct request *q = request_new(r, c, REQUEST_WRITE, a->header.xid, a->header.type, entry_size(&e));
    origin_encode(r, q, &e);
    c->last_words = a->header.type == ZK_OP_CLOSE_SESSION;
    request_number(r, c, q);
}

/* To be decoded again when its turn comes. */
static struct request *copy(struct replica *r, struct conn *c, enum request_kind kind, const struct arrival *a)
{
    struct request *q = request_new(r, c, kind, a->header.xid, a->header.type, a->body.size);
    if (a->body.size > 0)
        memcpy(q->bytes, a->body.data, a->body.size);
    q->auth_size = (uint32_t)buf_size(&c->auth);
    return q;
}

static void take_copy(struct replica *r, struct conn *c, enum request_kind kind, const struct arrival *a)
{
    request_enqueue(r, c, copy(r, c, kind, a));
    request_run(r, c);
}

/* At once, without a copy, when nothing of the client waits. */
static void take_read(struct replica *r, struct conn *c, const struct arrival *a)
{
    bool look = op_looks(a->op, &a->decoded), now = (!look || r->looks_left > 0) && !request_stalled(c);
    if ((list_empty(&c->queue) || SEEDED(read_overtakes)) && now) {
        request_read(r, c, a->op, &a->decoded, a->header.xid, buf_size(&c->auth));
        conn_answered(r, c, a->header.xid, a->header.type, r->now.mono_ms);
        return;
    }
    c->looking += look;
    take_copy(r, c, look ? REQUEST_LOOK : REQUEST_READ, a);
}

static void take_sync(struct replica *r, struct conn *c, const struct arrival *a)
{
    struct request *q = copy(r, c, REQUEST_SYNC, a);
    request_enqueue(r, c, q);
    c->syncs++;
    r->stats.pending_syncs++;
    sync_request(r, q); /* its round is asked for now, not when it reaches the head */
    request_run(r, c);
}

static void take_set_watches(struct replica *r, struct conn *c, const struct arrival *a)
{
    struct request *q = copy(r, c, REQUEST_SET_WATCHES, a);
    if (!watches_decode(q)) {
        request_free(q);
        answer_error(r, c, a->header.xid, -COORD_E_MARSHALLING, false);
        return;
    }
    c->set_watches++;
    request_enqueue(r, c, q);
    request_run(r, c);
}

/* The ids count from now on; the reply leaves in its turn. */
static void take_auth(struct replica *r, struct conn *c, const struct arrival *a)
{
    struct request *q = request_new(r, c, REQUEST_AUTH, a->header.xid, ZK_OP_AUTH, 0);
    q->err = auth_add(r, c, &a->decoded.auth);
    c->last_words = q->err != 0;
    request_enqueue(r, c, q);
    request_run(r, c);
}

/* What the replica answers itself. */
static void take_own(struct replica *r, struct conn *c, const struct arrival *a)
{
    switch (a->header.type) {
    case ZK_OP_SYNC:
        take_sync(r, c, a);
        break;
    case ZK_OP_AUTH:
        take_auth(r, c, a);
        break;
    case ZK_OP_PING:
        take_copy(r, c, REQUEST_PING, a);
        break;
    case ZK_OP_SET_WATCHES:
    case ZK_OP_SET_WATCHES2:
        take_set_watches(r, c, a);
        break;
    default:
        take_copy(r, c, REQUEST_WATCH, a);
        break;
    }
}

/* The error of a well-formed request that is not even tried; 0: it is. */
static int refusal(const struct replica *r, const struct arrival *a)
{
    uint64_t data_limit = r->options.limits.node_data_bytes;
    int32_t type = a->header.type;
    if (r->options.ttl_off &&
        (type == ZK_OP_CREATE_TTL || (type == ZK_OP_MULTI && multi_holds(&a->decoded.multi, ZK_OP_CREATE_TTL))))
        return -COORD_E_UNIMPLEMENTED;
    return data_limit != 0 && op_data_size(a->op, &a->decoded) > data_limit ? -COORD_E_BAD_ARGUMENTS : 0;
}

static void take(struct replica *r, struct conn *c, const struct arrival *a)
{
    int err = a->op->flags & OP_REFUSED ? a->op->refusal : 0;
    if (err == 0 && c->read_only && read_only_refuses(r, c, &a->header, a->op))
        return;
    if (err == 0)
        err = refusal(r, a);
    if (err != 0)
        answer_error(r, c, a->header.xid, err, false);
    else if (a->op->flags & OP_WRITE)
        take_write(r, c, a);
    else if (a->op->flags & OP_READ)
        take_read(r, c, a);
    else
        take_own(r, c, a);
}

/* A client that sends is alive. */
static void heard(struct replica *r, struct conn *c)
{
    if (c->local != NULL)
        local_heard(r, c);
    if (c->read_only)
        c->heard_ms = r->now.mono_ms;
    else if (c->local == NULL)
        liveness_touch(r, c);
}

void intake_frame(struct replica *r, struct conn *c, struct slice frame)
{
    struct jute_cursor at = jute_cursor_make(frame);
    struct arrival a;
    if (c->state != CONN_OPEN) {
        hold(r, c, frame);
        return;
    }
    if (c->last_words)
        return;
    heard(r, c);
    if (jute_decode(&at, &jute_request_header, &a.header) < 0) {
        conn_close_bad(r, c);
        return;
    }
    a.body = slice_make(at.at, (size_t)(at.end - at.at));
    a.op = op_find(a.header.type);
    if (a.header.type != ZK_OP_AUTH && !auth_suffices(r, c))
        answer_error(r, c, a.header.xid, -COORD_E_AUTH_REQUIRED, true);
    else if (a.op == NULL)
        answer_error(r, c, a.header.xid, -COORD_E_UNIMPLEMENTED, true);
    else if (op_decode(a.op, a.body, &a.decoded) == 0)
        take(r, c, &a);
    else if (a.header.type == ZK_OP_AUTH) /* nobody's to say who it is any more */
        conn_close_bad(r, c);
    else
        answer_error(r, c, a.header.xid, -COORD_E_MARSHALLING, false);
}

void intake_opened(struct replica *r, struct conn *c)
{
    struct list held;
    list_init(&held);
    struct list *node;
    while ((node = list_pop_front(&c->queue)) != NULL) {
        struct request *q = LIST_ENTRY(node, struct request, queue_link);
        conn_counted(r, c, -1, -(int64_t)q->size);
        list_push_back(&held, &q->queue_link);
    }
    while ((node = list_pop_front(&held)) != NULL) {
        struct request *q = LIST_ENTRY(node, struct request, queue_link);
        if (c->state == CONN_OPEN)
            intake_frame(r, c, slice_make(q->bytes, q->size));
        request_free(q);
    }
}
