/* client.c - a client's session and connection; see client.h. */
#include "sim/client.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "sim/broken.h"
#include "sim/ck_acl.h"
#include "sim/ck_session.h"
#include "sim/mark.h"
#include "sim/mermaid.h"
#include "sim/pipe.h"
#include "sim/sched.h"
#include "sim/script.h"
#include "sim/trace.h"
#include "sim/workload.h"

static void tick(struct sim *s, void *arg);

static void tick_later(struct sim *s, struct client *c)
{
    sched_at(s, s->now + rng_between(&c->rng, 5, 30), tick, NULL, c);
}

struct client *client_new(struct sim *s, uint32_t id)
{
    struct client *c = coord_alloc_zero(1, sizeof(*c));

    c->id = id;
    sim_rng(s, &c->rng, "client", id);
    c->reader = chance(&c->rng, 250);
    list_init(&c->flight);
    workload_draw(s, c);
    tick_later(s, c);
    return c;
}

void client_op_free(struct op *op)
{
    buf_deinit(&op->body);
    coord_free(op);
}

static void flight_drop(struct client *c)
{
    for (struct list *link; (link = list_pop_front(&c->flight)) != NULL;) {
        struct op *op = LIST_ENTRY(link, struct op, link);
        if (!op->write)
            client_op_free(op);
        else if (!op->committed && !op->refused)
            c->write_lost = true;
    }
    c->flight_count = 0;
    c->last_write = NULL;
}

void client_free(struct sim *s, struct client *c)
{
    (void)s;
    flight_drop(c);
    coord_free(c);
}

/* Connecting. */

static void idle(struct sim *s, struct client *c, uint64_t ms)
{
    if (c->phase != CLIENT_IDLE)
        pipe_close(s, c->conn);
    broken_conn_over(s, c);
    flight_drop(c);
    client_watch_lost(c);
    c->phase = CLIENT_IDLE;
    c->next_at = s->now + ms;
}

static void session_over(struct sim *s, struct client *c)
{
    c->session = 0;
    c->closed = false;
    c->watch_count = 0;
    memset(c->stream, 0, sizeof(c->stream));
    c->lock[0] = 0;
    c->xid = 0;
    c->last_zxid = c->event_zxid = 0;
    idle(s, c, rng_below(&c->rng, 50));
}

void client_move(struct sim *s, struct client *c, uint32_t home)
{
    trace_line(s, home, "c%u is to be at n%u", c->id, home);
    c->home = home;
    idle(s, c, 0);
}

void client_vanish(struct sim *s, struct client *c)
{
    uint64_t ms = rng_below(&c->rng, 2 * (uint64_t)s->preset.session_max_ms);

    if (chance(&c->rng, 600))
        ms = c->timeout_ms + rng_below(&c->rng, 200);
    trace_line(s, ms, "c%u vanishes for %llu", c->id, (unsigned long long)ms);
    if (c->phase != CLIENT_IDLE && chance(&c->rng, 500))
        pipe_stall(s, c->conn);
    idle(s, c, ms);
}

void client_conn_lost(struct sim *s, uint32_t client, uint64_t conn)
{
    struct client *c = s->clients[client];

    if (c->phase == CLIENT_IDLE || c->conn != conn)
        return;
    trace_line(s, conn, "c%u lost conn %llu", c->id, (unsigned long long)conn);
    idle(s, c, rng_below(&c->rng, 40));
}

static void send_record(struct sim *s, struct client *c, const struct jute_record *table, const void *record, struct buf *head)
{
    if (table != NULL)
        jute_append(head, table, record);
    pipe_send(s, c->conn, buf_slice(head));
    c->sent_at = s->now;
    buf_deinit(head);
}

/* Where to look for its session: a local one mostly where it was made. */
static uint32_t server_draw(struct sim *s, struct client *c)
{
    if (c->home != 0)
        return c->home;
    if (ck_session_is_local(c->session) && chance(&c->rng, 600))
        return (uint32_t)(c->session >> 56);
    return (uint32_t)rng_between(&c->rng, 1, s->preset.nodes);
}

static uint32_t clamp(const struct preset *p, uint32_t timeout_ms)
{
    return timeout_ms < p->session_min_ms ? p->session_min_ms : timeout_ms;
}

static void connect(struct sim *s, struct client *c)
{
    struct buf frame = {0};
    struct zk_connect_request request = {
        .last_zxid_seen = (int64_t)c->last_zxid,
        .timeout = (int32_t)rng_between(&c->rng, s->preset.session_min_ms / 2, s->preset.session_max_ms),
        .session_id = (int64_t)c->session,
        .password = slice_make(c->password, ZK_PASSWORD_BYTES)};
    uint32_t id = server_draw(s, c), asked_ms = clamp(&s->preset, (uint32_t)request.timeout);

    c->phase = CLIENT_CONNECTING;
    c->since_at = c->heard_at = s->now;
    c->timeout_ms = (uint32_t)request.timeout;
    c->least_ms = c->session == 0 || asked_ms < c->least_ms ? asked_ms : c->least_ms;
    c->conn = pipe_open(s, c->id, id);
    c->server = id;
    trace_line(s, c->session, "c%u connects to n%u by conn %llu, session=%llx last=" ZXID_FMT, c->id, id,
               (unsigned long long)c->conn, (unsigned long long)c->session, ZXID_ARG(c->last_zxid));
    send_record(s, c, &jute_connect_request, &request, &frame);
}

static void prove(struct sim *s, struct client *c, uint32_t user)
{
    struct zk_auth_packet packet = {0, SLICE_LITERAL("digest"), ck_user_proof(user)};
    struct buf head = {0};

    jute_append(&head, &jute_request_header, &(struct zk_request_header){ZK_XID_AUTH, ZK_OP_AUTH});
    send_record(s, c, &jute_auth_packet, &packet, &head);
}

static void connected(struct sim *s, struct client *c, struct slice frame)
{
    struct jute_cursor in = jute_cursor_make(frame);
    struct zk_connect_response r;

    if (jute_decode(&in, &jute_connect_response, &r) != 0 || r.password.size != ZK_PASSWORD_BYTES)
        sim_fail(s, "protocol", "c%u got a malformed connect response", c->id);
    uint64_t session = (uint64_t)r.session_id;
    if (session == 0) {
        trace_line(s, c->session, "c%u session %llx is refused", c->id, (unsigned long long)c->session);
        if (c->session == 0)
            sim_fail(s, "protocol", "c%u was refused a new session", c->id);
        ck_session_expired(s, c);
        c->expired++;
        session_over(s, c);
        return;
    }
    if (c->session != 0 && session != c->session)
        sim_fail(s, "C12", "c%u asked for session %llx and got %llx", c->id, (unsigned long long)c->session,
                 (unsigned long long)session);
    ck_session_opened(s, c, session, r.password.data);
    if ((uint32_t)r.timeout < s->preset.session_min_ms || (uint32_t)r.timeout > s->preset.session_max_ms)
        sim_fail(s, "protocol", "c%u got a time-out of %d ms", c->id, r.timeout);
    trace_line(s, session, "c%u has session %llx timeout=%d", c->id, (unsigned long long)session, r.timeout);
    if (c->session != 0 && c->write_lost)
        mark(s, MARK_MOVED_PENDING);
    c->write_lost = false;
    c->sessions += c->session == 0 ? 1 : 0;
    c->session = session;
    memcpy(c->password, r.password.data, ZK_PASSWORD_BYTES);
    c->timeout_ms = (uint32_t)r.timeout;
    c->least_ms = c->timeout_ms;
    c->phase = CLIENT_CONNECTED;
    c->vouched_at = c->since_at;
    c->since_at = s->now;
    for (uint32_t user = 0; user < CK_USERS; user++)
        if (c->who >> user & 1)
            prove(s, c, user);
    if (c->watch_count > 0 || client_stream_any(c)) {
        struct buf head = {0};
        int32_t opcode = client_stream_any(c) ? ZK_OP_SET_WATCHES2 : ZK_OP_SET_WATCHES;
        jute_append(&head, &jute_request_header, &(struct zk_request_header){ZK_XID_SET_WATCHES, opcode});
        c->watches_since = c->last_zxid;
        client_watch_request(c, &head);
        send_record(s, c, NULL, NULL, &head);
    }
}

/* Requests. */

static struct op *op_send(struct sim *s, struct client *c, int32_t opcode, const char *path, struct buf *body)
{
    struct op *op = coord_alloc_zero(1, sizeof(*op));
    struct buf frame = {0};

    op->xid = ++c->xid;
    op->opcode = opcode;
    snprintf(op->path, sizeof(op->path), "%s", path);
    op->session = c->session;
    op->conn = c->conn;
    op->lower = s->completed;
    op->at = s->now;
    op->who = c->who;
    op->body_hash = hash_bytes(buf_bytes(body), buf_size(body), 0);
    op->hopeless = ck_session_refuses(s, c->session, opcode, buf_slice(body));
    list_push_back(&c->flight, &op->link);
    c->flight_count++;
    trace_line(s, op->body_hash, "c%u sends xid=%d op=%d %s", c->id, op->xid, opcode, path);
    jute_append(&frame, &jute_request_header, &(struct zk_request_header){op->xid, opcode});
    buf_append(&frame, buf_bytes(body), buf_size(body));
    send_record(s, c, NULL, NULL, &frame);
    if (opcode == ZK_OP_MULTI_READ)
        op->body = *body;
    else
        buf_deinit(body);
    *body = (struct buf){0};
    return op;
}

/* What the checkers are to know of a write. */
static struct op *sent(struct sim *s, struct client *c, struct op *op)
{
    if ((op_find(op->opcode)->flags & OP_WRITE) == 0 || op->hopeless)
        return op;
    client_write_sent(s, c, op);
    broken_sent(s, c, op);
    return op;
}

struct op *client_send(struct sim *s, struct client *c, int32_t opcode, const char *path, struct buf *body)
{
    struct op *op = op_send(s, c, opcode, path, body);

    mermaid_request(s, c, op, SLICE_NULL);
    return sent(s, c, op);
}

static const uint8_t acl_open[] = {0, 0, 0, 31, 0, 0, 0, 5, 'w', 'o', 'r', 'l', 'd', 0, 0, 0, 6, 'a', 'n', 'y', 'o', 'n', 'e'};

void client_request(struct sim *s, struct client *c, int32_t opcode, const char *path, struct slice data, int32_t number,
                    bool watch)
{
    struct buf body = {0};
    struct slice p = slice_from_text(path);

    switch (opcode) {
    case ZK_OP_CREATE:
    case ZK_OP_CREATE2:
        jute_append(
            &body, &jute_create_request,
            &(struct zk_create_request){p, data, {.count = 1, .items = slice_make(acl_open, sizeof(acl_open))}, number});
        break;
    case ZK_OP_DELETE:
        jute_append(&body, &jute_delete_request, &(struct zk_delete_request){p, number});
        break;
    case ZK_OP_SET_DATA:
        jute_append(&body, &jute_set_data_request, &(struct zk_set_data_request){p, data, number});
        break;
    case ZK_OP_ADD_WATCH:
        jute_append(&body, &jute_add_watch_request, &(struct zk_add_watch_request){p, number});
        break;
    case ZK_OP_REMOVE_WATCHES:
        jute_append(&body, &jute_watcher_type_request, &(struct zk_watcher_type_request){p, number});
        break;
    case ZK_OP_SYNC:
    case ZK_OP_GET_ACL:
    case ZK_OP_GET_EPHEMERALS:
    case ZK_OP_GET_ALL_CHILDREN_NUMBER:
        jute_append(&body, &jute_path_request, &(struct zk_path_request){p});
        break;
    default:
        jute_append(&body, &jute_path_watch_request, &(struct zk_path_watch_request){p, watch});
        break;
    }
    struct op *op = op_send(s, c, opcode, path, &body);
    op->watch = watch;
    op->number = number;
    mermaid_request(s, c, op, data);
    op->sequential = (opcode == ZK_OP_CREATE || opcode == ZK_OP_CREATE2) && (number & 2);
    sent(s, c, op);
}

void client_close_session(struct sim *s, struct client *c)
{
    struct buf none = {0};

    struct op *op = op_send(s, c, ZK_OP_CLOSE_SESSION, "", &none);
    mermaid_request(s, c, op, SLICE_NULL);
    client_write_sent(s, c, op);
    c->closed = true;
    c->phase = CLIENT_CLOSING;
}

static void ping(struct sim *s, struct client *c)
{
    struct buf head = {0};

    send_record(s, c, &jute_request_header, &(struct zk_request_header){ZK_XID_PING, ZK_OP_PING}, &head);
}

static void tick(struct sim *s, void *arg)
{
    struct client *c = arg;

    if (c->phase == CLIENT_IDLE) {
        if (s->now >= c->next_at && (c->home != 0 || s->healed || s->options.script == NULL))
            connect(s, c);
    } else if (s->now - c->heard_at > c->timeout_ms * 2 / 3) {
        trace_line(s, c->conn, "c%u gives up on conn %llu", c->id, (unsigned long long)c->conn);
        idle(s, c, 0);
    } else if (c->phase == CLIENT_CONNECTED) {
        if (!s->quiet && s->options.script == NULL)
            workload_turn(s, c);
        if (c->phase == CLIENT_CONNECTED && s->now - c->sent_at > c->timeout_ms / 3)
            ping(s, c);
    }
    tick_later(s, c);
}

/* What comes in. */

static void answered(struct sim *s, struct client *c, const struct zk_reply_header *h, struct jute_cursor *in)
{
    struct list *link = list_pop_front(&c->flight);

    if (link == NULL)
        sim_fail(s, "C1", "c%u got a reply to xid %d and waits for none", c->id, h->xid);
    struct op *op = LIST_ENTRY(link, struct op, link);
    c->flight_count--;
    if (op->xid != h->xid)
        sim_fail(s, "C1", "c%u got the reply to xid %d before that to %d", c->id, h->xid, op->xid);
    c->vouched_at = op->at;
    bool write = op->write, over = op->opcode == ZK_OP_CLOSE_SESSION || h->err == -COORD_E_SESSION_EXPIRED;
    script_answered(s, c, op, h, *in);
    client_reply(s, c, op, h, in);
    c->replies++;
    if (!write)
        client_op_free(op);
    if (over)
        session_over(s, c);
}

void client_frame(struct sim *s, uint32_t client, uint64_t conn, struct slice frame)
{
    struct client *c = s->clients[client];
    struct zk_reply_header h;

    if (c->conn != conn || c->phase == CLIENT_IDLE || !broken_frame(s, c, &frame))
        return;
    struct jute_cursor in = jute_cursor_make(frame);
    c->heard_at = s->now;
    if (c->phase == CLIENT_CONNECTING) {
        connected(s, c, frame);
        return;
    }
    if (jute_decode(&in, &jute_reply_header, &h) != 0)
        sim_fail(s, "protocol", "c%u got a malformed reply", c->id);
    trace_line(s, (uint64_t)(uint32_t)h.xid << 32 | (uint32_t)h.err, "c%u xid=%d zxid=" ZXID_FMT " err=%d", c->id, h.xid,
               ZXID_ARG((uint64_t)h.zxid), h.err);
    mermaid_reply(s, c, &h, in);
    if (h.xid == ZK_XID_NOTIFICATION) {
        struct zk_watcher_event e;
        if (jute_decode(&in, &jute_watcher_event, &e) != 0)
            sim_fail(s, "protocol", "c%u got a malformed event", c->id);
        client_watch_event(s, c, &h, &e);
        script_event(s, c, e.path);
        return;
    }
    if (h.zxid < 0)
        sim_fail(s, "C2", "c%u got zxid %lld in the reply to xid %d", c->id, (long long)h.zxid, h.xid);
    if (h.xid == ZK_XID_AUTH) {
        if (h.err != 0 || h.zxid != 0)
            sim_fail(s, "protocol", "c%u: an auth packet was answered with %d", c->id, h.err);
    } else if (h.xid == ZK_XID_PING) {
        client_shown(s, c, (uint64_t)h.zxid);
    } else if (h.xid == ZK_XID_SET_WATCHES) {
        client_watch_restored(s, c, (uint64_t)h.zxid);
        client_shown(s, c, (uint64_t)h.zxid);
    } else {
        answered(s, c, &h, &in);
    }
}

void client_expired(struct sim *s, uint64_t session)
{
    for (uint32_t i = 0; s->healed && i < s->preset.clients; i++) {
        struct client *c = s->clients[i];
        /* While things went wrong the leader's clock may have run fast, and the connection may be to a dead process. */
        uint64_t since = c->since_at > s->preset.fault_ms ? c->since_at : s->preset.fault_ms;
        if (c->session == session && c->phase == CLIENT_CONNECTED && s->now - since > 2 * (uint64_t)c->timeout_ms)
            sim_fail(s, "C12", "session %llx of c%u expired while it was connected", (unsigned long long)session, c->id);
    }
}
