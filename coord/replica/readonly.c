/* readonly.c - serving reads without a quorum, to clients that asked for it. Off unless an operator wants
 * it.
 *
 * A server that has had no leader for read_only_after_ms turns read-only: a connection whose request carries the flag is opened
 * here, with no entry in the log, and every other is closed without an answer, so that its client looks for a better server.
 * Such a connection reads what this server has applied, and is refused all else. When there is a leader again they are all
 * closed; their clients come back, and whoever had a real session still has it unless its time has passed, which the leader
 * alone judges.
 */
#include "replica/internal.h"

void read_only_begin(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    r->read_only = true;
    while ((c = map_next(&r->conns, &at)) != NULL)
        if (c->state == CONN_CONNECTING)
            conn_close(r, c); /* it waits for a leader: when it comes again it is told what there is */
}

void read_only_end(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    r->read_only = false;
    while ((c = map_next(&r->conns, &at)) != NULL)
        if (c->read_only)
            conn_close(r, c);
}

void read_only_expire(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    while (r->read_only && (c = map_next(&r->conns, &at)) != NULL)
        if (c->read_only && r->now.mono_ms >= c->heard_ms + c->timeout_ms)
            conn_close(r, c);
}

static void open(struct replica *r, struct conn *c, const struct state_session *session)
{
    struct conn *older = conn_of_session(r, session->id);
    if (older != NULL)
        conn_close(r, older);
    conn_bind_session(r, c, session->id, session->attach);
    c->read_only = true;
    c->state = CONN_OPEN;
    c->timeout_ms = session->timeout_ms;
    c->heard_ms = r->now.mono_ms;
    local_read_only(r, c);
    connect_respond(r, c, session->timeout_ms, session->id, session->password);
    intake_opened(r, c);
}

/* False when there is no entropy left in this turn. */
static bool local_session(struct replica *r, struct state_session *session)
{
    session->id = local_draw(r, session->password);
    return session->id != 0;
}

void read_only_connect(struct replica *r, struct conn *c, const struct zk_connect_request *m)
{
    struct state_session session = {0};
    uint64_t id = (uint64_t)m->session_id;
    bool known = id != 0 && (state_session(r->state, id, &session) || local_known(r, id, &session));
    bool made_up = (id & SESSION_LOCAL) != 0 && !r->options.local_sessions; /* else it may have become one of the log */
    bool refused = known ? !slice_equal(m->password, slice_make(session.password, ZK_PASSWORD_BYTES)) : made_up;
    if (c->asks_read_only && refused) {
        connect_refuse(r, c);
        return;
    }
    /* One that is not known here may have been made where there is a quorum: nobody may call it expired. */
    if (!c->asks_read_only || (id != 0 && !known) || (id == 0 && !local_session(r, &session))) {
        conn_close(r, c);
        return;
    }
    session.timeout_ms = (uint32_t)connect_clamp(r, m->timeout);
    open(r, c, &session);
}

static void answer(struct replica *r, struct conn *c, const struct zk_request_header *h, int err)
{
    struct request *q = request_new(r, c, REQUEST_ERROR, h->xid, h->type, 0);
    q->err = err;
    q->close_after = h->type == ZK_OP_CLOSE_SESSION;
    c->last_words = q->close_after;
    request_enqueue(r, c, q);
    request_run(r, c);
}

bool read_only_refuses(struct replica *r, struct conn *c, const struct zk_request_header *h, const struct op_desc *op)
{
    bool refused = op->flags & OP_WRITE || h->type == ZK_OP_SYNC;
    if (refused) /* a session of the log lives on: to end it takes an entry */
        answer(r, c, h, h->type == ZK_OP_CLOSE_SESSION ? 0 : -COORD_E_NOT_READ_ONLY);
    return refused;
}
