/* pipe.c - client connections; see pipe.h. */
#include "sim/pipe.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/map.h"
#include "sim/client.h"
#include "sim/sched.h"
#include "sim/trace.h"

struct pipe {
    uint64_t number, life; /* of the server's process that took it */
    uint32_t client;
    struct node *node;
    bool accepted;                       /* CONN_OPEN was told */
    bool server_gone;                    /* the server's end is closed */
    bool client_gone;                    /* the client's end is closed */
    bool stalled, ending;                /* ending: the server sent all and closed */
    uint64_t to_server_at, to_client_at; /* arrival of the last bytes each way */
    uint64_t slow_until;
    struct list waiting; /* struct packet: frames that a paused connection does not take */
    struct buf in;       /* bytes at the client, to cut into frames */
};

struct pipes {
    struct rng rng;
    uint64_t last;
    struct map by_number; /* struct pipe; all of the run */
};

enum packet_kind { PACKET_OPEN, PACKET_FRAME, PACKET_CLOSED, PACKET_REPLY, PACKET_END, PACKET_PUMP };

struct packet {
    struct list link;
    enum packet_kind kind;
    struct pipe *conn;
    struct buf bytes;
};

struct pipes *pipes_new(struct sim *s)
{
    struct pipes *c = coord_alloc_zero(1, sizeof(*c));

    sim_rng(s, &c->rng, "conns", 0);
    return c;
}

static void packet_free(struct sim *s, void *arg)
{
    struct packet *p = arg;

    (void)s;
    buf_deinit(&p->bytes);
    coord_free(p);
}

static void waiting_free(struct sim *s, struct pipe *c)
{
    for (struct list *link; (link = list_pop_front(&c->waiting)) != NULL;)
        packet_free(s, LIST_ENTRY(link, struct packet, link));
}

void pipes_free(struct sim *s)
{
    struct pipe *c;

    for (size_t at = 0; (c = map_next(&s->pipes->by_number, &at)) != NULL;) {
        waiting_free(s, c);
        buf_deinit(&c->in);
        coord_free(c);
    }
    map_deinit(&s->pipes->by_number);
    coord_free(s->pipes);
}

static void to_server(struct sim *s, void *arg);
static void to_client(struct sim *s, void *arg);

static void post(struct sim *s, struct pipe *c, enum packet_kind kind, struct slice bytes, uint64_t delay)
{
    struct packet *p = coord_alloc_zero(1, sizeof(*p));
    bool up = kind == PACKET_OPEN || kind == PACKET_FRAME || kind == PACKET_CLOSED;
    uint64_t at = s->now + delay, *last = up ? &c->to_server_at : &c->to_client_at;

    p->kind = kind;
    p->conn = c;
    list_init(&p->link);
    if (bytes.size > 0)
        buf_append(&p->bytes, bytes.data, bytes.size);
    if (kind != PACKET_PUMP)
        at = *last = at > *last ? at : *last;
    sched_at(s, at, up ? to_server : to_client, packet_free, p);
}

static uint64_t delay(struct sim *s)
{
    struct rng *rng = &s->pipes->rng;

    if (s->preset.steady)
        return s->preset.delay_max_ms;
    if (!s->healed && chance(rng, 10))
        return rng_below(rng, 150);
    return rng_below(rng, 1 + s->preset.delay_max_ms);
}

uint64_t pipe_open(struct sim *s, uint32_t client, uint32_t id)
{
    struct pipe *c = coord_alloc_zero(1, sizeof(*c));

    c->number = ++s->pipes->last;
    c->client = client;
    c->node = s->nodes[id - 1];
    list_init(&c->waiting);
    map_put(&s->pipes->by_number, c->number, c);
    post(s, c, PACKET_OPEN, SLICE_NULL, delay(s));
    return c->number;
}

uint64_t pipe_life(const struct sim *s, uint64_t conn)
{
    const struct pipe *c = map_get(&s->pipes->by_number, conn);

    return c->life;
}

void pipe_send(struct sim *s, uint64_t conn, struct slice frame)
{
    struct pipe *c = map_get(&s->pipes->by_number, conn);

    if (c->client_gone)
        return;
    post(s, c, PACKET_FRAME, frame, delay(s));
}

void pipe_close(struct sim *s, uint64_t conn)
{
    struct pipe *c = map_get(&s->pipes->by_number, conn);

    if (c->client_gone)
        return;
    c->client_gone = true;
    if (c->stalled && !c->server_gone) /* the server learns by its own time-outs, some day */
        post(s, c, PACKET_CLOSED, SLICE_NULL, rng_between(&s->pipes->rng, 500, 6000));
    else if (!c->server_gone)
        post(s, c, PACKET_CLOSED, SLICE_NULL,
             !s->preset.steady && chance(&s->pipes->rng, 150) ? rng_below(&s->pipes->rng, 2000) : delay(s));
}

void pipe_stall(struct sim *s, uint64_t conn)
{
    struct pipe *c = map_get(&s->pipes->by_number, conn);

    trace_line(s, conn, "conn %llu stalls", (unsigned long long)conn);
    c->stalled = true;
}

void pipe_stall_client(struct sim *s, uint32_t client)
{
    for (uint64_t number = 1; number <= s->pipes->last; number++) {
        struct pipe *c = map_get(&s->pipes->by_number, number);
        if (c->client == client && !c->client_gone)
            pipe_stall(s, number);
    }
}

void pipe_slow(struct sim *s, uint64_t conn, uint64_t ms)
{
    struct pipe *c = map_get(&s->pipes->by_number, conn);

    c->slow_until = s->now + ms;
    post(s, c, PACKET_PUMP, SLICE_NULL, ms);
}

/* The server's end. */

static void feed(struct sim *s, struct pipe *c)
{
    struct replica_conn_io *io = replica_conn_io(c->node->replica, c->number);

    for (struct list *link; (io == NULL || (!io->paused && !io->close)) && (link = list_pop_front(&c->waiting)) != NULL;) {
        struct packet *p = LIST_ENTRY(link, struct packet, link);
        node_conn(s, c->node, REPLICA_CONN_FRAME, c->number, buf_slice(&p->bytes));
        packet_free(s, p);
    }
}

static void server_close(struct sim *s, struct pipe *c)
{
    c->server_gone = true;
    waiting_free(s, c);
    node_conn(s, c->node, REPLICA_CONN_CLOSED, c->number, SLICE_NULL);
}

static void to_server(struct sim *s, void *arg)
{
    struct packet *p = arg;
    struct pipe *c = p->conn;

    if (c->server_gone || (c->stalled && p->kind != PACKET_CLOSED)) {
        packet_free(s, p);
        return;
    }
    if (p->kind == PACKET_OPEN) {
        if (!c->node->alive) {
            c->server_gone = true;
            post(s, c, PACKET_END, SLICE_NULL,
                 s->preset.steady || s->healed || chance(&s->pipes->rng, 900) ? delay(s) : 100000);
        } else {
            c->accepted = true;
            c->life = c->node->life;
            node_conn(s, c->node, REPLICA_CONN_OPEN, c->number, SLICE_NULL);
        }
        packet_free(s, p);
        return;
    }
    if (p->kind == PACKET_CLOSED) {
        server_close(s, c);
        packet_free(s, p);
        return;
    }
    list_push_back(&c->waiting, &p->link);
    feed(s, c);
}

/* Takes the output and looks at what the replica wants of the connection. */
static void pump(struct sim *s, struct pipe *c)
{
    struct replica_conn_io *io = c->server_gone ? NULL : replica_conn_io(c->node->replica, c->number);

    if (io == NULL)
        return;
    if (s->now >= c->slow_until && buf_size(&io->output) > 0) {
        if (!c->stalled)
            post(s, c, PACKET_REPLY, buf_slice(&io->output), delay(s));
        buf_clear(&io->output);
        node_conn(s, c->node, REPLICA_CONN_DRAINED, c->number, SLICE_NULL);
    }
    if (io->close && buf_size(&io->output) == 0) {
        trace_line(s, c->number, "n%u closes conn %llu", c->node->id, (unsigned long long)c->number);
        if (!c->stalled)
            post(s, c, PACKET_END, SLICE_NULL, delay(s));
        server_close(s, c);
        return;
    }
    feed(s, c);
}

void pipe_take(struct sim *s, struct node *n)
{
    for (uint64_t number; (number = replica_next_dirty(n->replica)) != 0;) {
        struct pipe *c = map_get(&s->pipes->by_number, number);
        if (c == NULL || c->node != n || c->life != n->life)
            sim_fail(s, "contract", "n%u speaks of conn %llu, which it does not have", n->id, (unsigned long long)number);
        pump(s, c);
    }
}

void pipe_process_died(struct sim *s, struct node *n)
{
    for (uint64_t number = 1; number <= s->pipes->last; number++) {
        struct pipe *c = map_get(&s->pipes->by_number, number);
        if (c->node != n || !c->accepted || c->server_gone)
            continue;
        c->server_gone = true;
        waiting_free(s, c);
        if (!c->stalled && (s->preset.steady || chance(&s->pipes->rng, 850)))
            post(s, c, PACKET_END, SLICE_NULL, delay(s));
    }
}

/* The client's end. */

static void to_client(struct sim *s, void *arg)
{
    struct packet *p = arg;
    struct pipe *c = p->conn;

    if (p->kind == PACKET_PUMP) {
        if (!c->server_gone && c->accepted)
            pump(s, c);
    } else if (c->client_gone || c->stalled) {
        /* nobody reads it */
    } else if (p->kind == PACKET_END) {
        c->client_gone = true;
        client_conn_lost(s, c->client, c->number);
    } else {
        buf_append(&c->in, buf_bytes(&p->bytes), buf_size(&p->bytes));
        while (!c->client_gone && buf_size(&c->in) >= 4 && buf_size(&c->in) - 4 >= get_be32(buf_bytes(&c->in))) {
            uint32_t size = get_be32(buf_bytes(&c->in));
            struct slice frame = slice_make(buf_bytes(&c->in) + 4, size);
            trace_line(s, hash_bytes(frame.data, frame.size, c->number), "c%u conn %llu reply of %u bytes", c->client,
                       (unsigned long long)c->number, size);
            client_frame(s, c->client, c->number, frame);
            buf_consume(&c->in, 4 + (size_t)size);
        }
    }
    packet_free(s, p);
}
