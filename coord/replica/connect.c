/* connect.c - the handshake: new sessions, and sessions that come back.
 *
 * Both are entries in the log, numbered like any write of this server: creating a session, and attaching one here. A session
 * that has seen more than this server has applied is held until the server has caught up, or is turned away.
 */
#include "replica/internal.h"

int32_t connect_clamp(const struct replica *r, int32_t asked)
{
    int32_t low = (int32_t)r->options.session_min_ms, high = (int32_t)r->options.session_max_ms;
    return asked < low ? low : asked > high ? high : asked;
}

static void submit_connect(struct replica *r, struct conn *c, const struct zk_connect_request *m)
{
    struct entry e = {
        .kind = m->session_id == 0 ? ENTRY_SESSION_CREATE : ENTRY_SESSION_ATTACH,
        .session = (uint64_t)m->session_id,
        .op = connect_clamp(r, m->timeout),
        .body = m->session_id == 0 ? SLICE_NULL : m->password,
    };
    struct request *q = request_new(r, c, REQUEST_WRITE, 0, ZK_OP_CREATE_SESSION, entry_size(&e));
    origin_encode(r, q, &e);
    c->timeout_ms = (uint32_t)e.op;
    c->state = CONN_CONNECTING;
    request_enqueue(r, c, q);
    origin_submit(r, q);
}

static void admit(struct replica *r, struct conn *c, const struct zk_connect_request *m)
{
    if (r->read_only)
        read_only_connect(r, c, m);
    else if (!r->options.local_sessions || (SEEDED(local_logged) && m->session_id == 0) || !local_connect(r, c, m))
        submit_connect(r, c, m);
}

void connect_frame(struct replica *r, struct conn *c, struct slice frame)
{
    struct jute_cursor at = jute_cursor_make(frame);
    struct zk_connect_request m;
    if (jute_decode(&at, &jute_connect_request, &m) < 0) {
        conn_close_bad(r, c);
        return;
    }
    r->stats.connects++;
    r->stats.revalidated += m.session_id != 0;
    int flag = jute_decode_read_only(&at);
    c->wants_read_only_byte = flag >= 0;
    c->asks_read_only = flag > 0;
    if (snap_receive_refused(r) && !r->read_only) { /* without an answer, as one that is late */
        conn_close(r, c);
        return;
    }
    if (m.last_zxid_seen > 0 && (uint64_t)m.last_zxid_seen > r->apply.applied) {
        c->held = slice_make(coord_memdup(frame.data, frame.size), frame.size);
        c->held_zxid = m.last_zxid_seen;
        c->state = CONN_CATCHING_UP;
        r->catching_up++;
        origin_ask(r);
        return;
    }
    admit(r, c, &m);
}

void connect_turn_away(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    while ((c = map_next(&r->conns, &at)) != NULL)
        if (c->state == CONN_CONNECTING || c->state == CONN_CATCHING_UP)
            conn_close(r, c);
}

void connect_caught_up(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    while ((c = map_next(&r->conns, &at)) != NULL) {
        bool late = r->now.mono_ms >= c->opened_ms + r->options.paxos.election_max_ms;
        if (c->state == CONN_NEW && r->now.mono_ms >= c->opened_ms + r->options.connect_timeout_ms) {
            r->stats.sessionless_expired++;
            conn_close(r, c);
        }
        if (c->state != CONN_CATCHING_UP)
            continue;
        if ((uint64_t)c->held_zxid <= r->apply.applied) {
            struct slice held = c->held;
            struct jute_cursor cursor = jute_cursor_make(held);
            struct zk_connect_request m;
            int rc = jute_decode(&cursor, &jute_connect_request, &m);
            COORD_ASSERT(rc == 0); /* it was decoded when it came */
            c->held = SLICE_NULL;
            r->catching_up--;
            admit(r, c, &m);
            coord_free((void *)(uintptr_t)held.data);
        } else if (late) {
            conn_close(r, c); /* without an answer, so that the client tries another server */
        }
    }
}

void connect_respond(struct replica *r, struct conn *c, uint32_t timeout_ms, uint64_t session, const uint8_t *password)
{
    struct zk_connect_response m = {
        .timeout = (int32_t)timeout_ms,
        .session_id = (int64_t)session,
        .password = slice_make(password, ZK_PASSWORD_BYTES),
    };
    size_t size = jute_size(&jute_connect_response, &m) + (c->wants_read_only_byte ? 1 : 0);
    uint8_t *to = buf_reserve(&c->io.output, 4 + size);
    put_be32(to, (uint32_t)size);
    uint8_t *end = jute_encode(to + 4, &jute_connect_response, &m);
    if (c->wants_read_only_byte)
        *end = c->read_only;
    buf_commit(&c->io.output, 4 + size);
    c->sent++;
    r->stats.packets_sent++;
    r->stats.bytes_sent += 4 + size;
    conn_dirty(r, c);
}

void connect_refuse(struct replica *r, struct conn *c)
{
    static const uint8_t no_password[ZK_PASSWORD_BYTES];
    connect_respond(r, c, 0, 0, no_password);
    conn_close(r, c);
}

void connect_done(struct replica *r, struct conn *c, const struct apply *a)
{
    COORD_ASSERT(c->state == CONN_CONNECTING);
    struct state_session session;
    if (a->entry->kind == ENTRY_NOOP) {
        local_done(r, c);
        return;
    }
    if (a->err != 0) {
        connect_refuse(r, c);
        return;
    }
    bool known = state_session(r->state, a->session, &session);
    COORD_ASSERT(known);
    conn_bind_session(r, c, a->session, a->attach);
    c->state = CONN_OPEN;
    c->timeout_ms = session.timeout_ms;
    connect_respond(r, c, session.timeout_ms, session.id, session.password);
    liveness_touch(r, c);
    intake_opened(r, c);
}
