/* conn.c - client connections: their life, their output, and how fast they are read. */
#include "replica/internal.h"

#define REPLY_HEADER_BYTES 20 /* frame length, xid, zxid, err */

void conn_open(struct replica *r, uint64_t id, struct slice address)
{
    struct conn *c = coord_alloc_zero(1, sizeof(*c));
    c->id = id;
    c->opened_ms = c->drained_ms = r->now.mono_ms;
    list_init(&c->queue);
    list_init(&c->dirty_link);
    list_init(&c->touched_link);
    list_init(&c->starved_link);
    list_init(&c->drowned_link);
    list_init(&c->arming_link);
    list_init(&c->looking_link);
    list_init(&c->throttled_link);
    list_init(&c->thirsty_link);
    auth_opened(c, address);
    COORD_ASSERT(map_put(&r->conns, id, c) == NULL);
    conn_row_add(&r->conn_row, c);
}

void conn_dirty(struct replica *r, struct conn *c)
{
    if (list_empty(&c->dirty_link))
        list_push_back(&r->dirty, &c->dirty_link);
}

struct conn *conn_of_session(const struct replica *r, uint64_t session)
{
    return map_get(&r->sessions, session);
}

static void unbind(struct replica *r, struct conn *c)
{
    if (c->session != 0)
        map_remove(&r->sessions, c->session);
    watch_drop(r->watch, c->id);
    list_remove(&c->touched_link);
}

void conn_bind_session(struct replica *r, struct conn *c, uint64_t session, uint32_t attach)
{
    struct conn *older = map_put(&r->sessions, session, c);
    COORD_ASSERT(older == NULL); /* the apply closed it (a renewal closes the session's other connection) */
    c->session = session;
    c->attach = attach;
}

/* Requests that were not submitted go; submitted writes stay bound to their numbers (C18), without anybody to answer. */
static void drop_queue(struct replica *r, struct conn *c)
{
    struct list *node;
    while ((node = list_pop_front(&c->queue)) != NULL) {
        struct request *q = LIST_ENTRY(node, struct request, queue_link);
        q->conn = NULL;
        if (list_empty(&q->pending_link))
            request_free(q);
    }
    r->stats.pending_syncs -= c->syncs;
    c->unsubmitted = c->syncs = c->set_watches = 0;
    list_remove(&c->starved_link);
    conn_counted(r, c, -(int64_t)c->queued, -(int64_t)c->queued_bytes);
    list_remove(&c->throttled_link);
}

void conn_close(struct replica *r, struct conn *c)
{
    if (c->state == CONN_CLOSING)
        return;
    if (c->state == CONN_CATCHING_UP)
        r->catching_up--;
    c->state = CONN_CLOSING;
    c->io.close = true;
    unbind(r, c);
    list_remove(&c->drowned_link);
    list_remove(&c->arming_link);
    list_remove(&c->looking_link);
    list_remove(&c->thirsty_link);
    c->local = NULL; /* the session lives on */
    drop_queue(r, c);
    coord_free((void *)(uintptr_t)c->held.data);
    c->held = SLICE_NULL;
    conn_dirty(r, c);
}

void conn_delete(struct conn *c)
{
    buf_deinit(&c->auth);
    buf_deinit(&c->io.output);
    coord_free(c);
}

void conn_close_bad(struct replica *r, struct conn *c)
{
    r->stats.bad_packets++;
    conn_close(r, c);
}

void conn_closed(struct replica *r, uint64_t id)
{
    struct conn *c = map_get(&r->conns, id);
    if (c == NULL)
        return;
    r->stats.dropped += c->state == CONN_OPEN;
    conn_close(r, c);
    map_remove(&r->conns, id);
    conn_row_remove(&r->conn_row, c);
    list_remove(&c->dirty_link);
    conn_delete(c);
}

void conn_close_all(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    while ((c = map_next(&r->conns, &at)) != NULL)
        conn_close(r, c);
}

void conn_pace(struct replica *r, struct conn *c)
{
    bool own = c->queued >= REPLICA_CONN_REQUESTS || c->queued_bytes >= REPLICA_CONN_BYTES;
    bool shared = r->throttled && c->queued > 0; /* one that waits for nothing may always ask */
    if (shared && list_empty(&c->throttled_link))
        list_push_back(&r->throttled_conns, &c->throttled_link);
    if ((own || shared) != c->io.paused) {
        c->io.paused = own || shared;
        conn_dirty(r, c);
    }
}

static void throttle(struct replica *r)
{
    const struct replica_limits *l = &r->options.limits;
    uint64_t requests = r->stats.outstanding, bytes = r->stats.outstanding_bytes;
    struct list *node;
    if (!r->throttled) {
        r->throttled = (l->requests != 0 && requests >= l->requests) || (l->request_bytes != 0 && bytes >= l->request_bytes);
        r->stats.throttled += r->throttled;
        return;
    }
    /* Well below, so that connections are not paused and woken for each request. */
    if ((l->requests != 0 && requests > l->requests / 4 * 3) || (l->request_bytes != 0 && bytes > l->request_bytes / 4 * 3))
        return;
    r->throttled = false;
    while ((node = list_pop_front(&r->throttled_conns)) != NULL)
        conn_pace(r, LIST_ENTRY(node, struct conn, throttled_link));
}

void conn_counted(struct replica *r, struct conn *c, int64_t requests, int64_t bytes)
{
    c->queued += (uint32_t)requests;
    c->queued_bytes += (uint32_t)bytes;
    r->stats.outstanding += (uint64_t)requests;
    r->stats.outstanding_bytes += (uint64_t)bytes;
    throttle(r);
    conn_pace(r, c);
}

void conn_frame(struct replica *r, uint64_t id, struct slice frame)
{
    struct conn *c = map_get(&r->conns, id);
    if (c == NULL || c->state == CONN_CLOSING)
        return;
    c->received++;
    r->stats.packets_received++;
    r->stats.bytes_received += 4 + frame.size;
    if (c->state == CONN_NEW)
        connect_frame(r, c, frame);
    else
        intake_frame(r, c, frame);
}

void conn_drained(struct replica *r, uint64_t id)
{
    struct conn *c = map_get(&r->conns, id);
    if (c == NULL || c->state == CONN_CLOSING)
        return;
    c->drained_ms = r->now.mono_ms;
    request_run(r, c);
}

/* Bytes that are sent to a client: what is done for each packet. */
static void conn_sent(struct replica *r, struct conn *c, size_t size)
{
    if (buf_size(&c->io.output) == 0)
        c->drained_ms = r->now.mono_ms;
    buf_commit(&c->io.output, size);
    c->sent++;
    r->stats.packets_sent++;
    r->stats.bytes_sent += size;
    figure_size(&r->stats.reply_sizes, size - 4); /* as there, without the frame's length */
    conn_dirty(r, c);
}

void conn_put(struct replica *r, struct conn *c, struct slice frame)
{
    memcpy(buf_reserve(&c->io.output, frame.size), frame.data, frame.size);
    conn_sent(r, c, frame.size);
}

void conn_reply(struct replica *r, struct conn *c, int32_t xid, int64_t zxid, int err, struct slice record)
{
    size_t body = err == 0 ? record.size : 0; /* an error carries the header alone */
    uint8_t *to = buf_reserve(&c->io.output, REPLY_HEADER_BYTES + body);
    put_be32(to, (uint32_t)(REPLY_HEADER_BYTES - 4 + body));
    put_be32(to + 4, (uint32_t)xid);
    put_be64(to + 8, (uint64_t)zxid);
    put_be32(to + 16, (uint32_t)err);
    if (body > 0)
        memcpy(to + REPLY_HEADER_BYTES, record.data, body);
    conn_sent(r, c, REPLY_HEADER_BYTES + body);
}

uint64_t replica_next_dirty(struct replica *r)
{
    struct list *node = list_pop_front(&r->dirty);
    return node == NULL ? 0 : LIST_ENTRY(node, struct conn, dirty_link)->id;
}

struct replica_conn_io *replica_conn_io(struct replica *r, uint64_t id)
{
    struct conn *c = map_get(&r->conns, id);
    return c == NULL ? NULL : &c->io;
}
