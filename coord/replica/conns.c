/* conns.c - all connections in the order of their ids, and what reports say of them. */
#include "replica/internal.h"

enum { GAPS_MIN = 64 };

/* How many places have an id up to this one. */
static size_t places_up_to(const struct conn_row *row, uint64_t id)
{
    size_t low = 0, high = row->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (row->places[middle].id <= id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void conn_row_add(struct conn_row *row, struct conn *c)
{
    size_t at = places_up_to(row, c->id);
    if (row->count == row->capacity) {
        row->capacity = row->capacity == 0 ? 16 : row->capacity * 2;
        row->places = coord_realloc(row->places, row->capacity * sizeof(*row->places));
    }
    memmove(&row->places[at + 1], &row->places[at], (row->count - at) * sizeof(*row->places));
    row->places[at] = (struct conn_place){c->id, c};
    row->count++;
}

static void squeeze(struct conn_row *row)
{
    size_t kept = 0;
    for (size_t i = 0; i < row->count; i++)
        if (row->places[i].conn != NULL)
            row->places[kept++] = row->places[i];
    row->count = kept;
    row->gaps = 0;
}

void conn_row_remove(struct conn_row *row, const struct conn *c)
{
    struct conn_place *place = &row->places[places_up_to(row, c->id) - 1];
    COORD_ASSERT(place->conn == c);
    place->conn = NULL;
    if (++row->gaps >= GAPS_MIN && row->gaps > row->count / 2)
        squeeze(row);
}

struct conn *conn_row_after(const struct conn_row *row, uint64_t id)
{
    for (size_t at = places_up_to(row, id); at < row->count; at++)
        if (row->places[at].conn != NULL)
            return row->places[at].conn;
    return NULL;
}

void conn_answered(struct replica *r, struct conn *c, int32_t xid, int32_t op, uint64_t since_ms)
{
    uint64_t took = r->now.mono_ms - since_ms;
    const struct op_desc *known = op_find(op);
    if (op == ZK_OP_AUTH)
        return; /* no request, as ZooKeeper counts */
    figure_add(&r->stats.latency, took);
    if (known != NULL && known->flags & (OP_READ | OP_WRITE))
        spread_add(known->flags & OP_WRITE ? &r->write_latency : &r->read_latency, took);
    figure_add(&c->answered.latency, took);
    c->answered.at_ms = r->now.mono_ms;
    c->answered.zxid = r->apply.applied;
    c->answered.last_ms = took;
    if (xid >= 0) /* the others are no number of the client's */
        c->answered.xid = xid;
    c->answered.op = op;
}

struct listing {
    const struct replica *r;
    replica_watch_cb each;
    void *context;
};

static void list_watch(void *context, uint64_t watcher, struct slice path)
{
    const struct listing *l = context;
    const struct conn *c = map_get(&l->r->conns, watcher);
    COORD_ASSERT(c != NULL); /* else its watches were dropped */
    l->each(l->context, c->session, path);
}

bool replica_watches(const struct replica *r, bool by_session, uint32_t max, replica_watch_cb each, void *context)
{
    struct listing l = {r, each, context};
    uint32_t left = max;
    size_t at = 0;
    const struct conn *c;
    if (!by_session)
        return watch_list_paths(r->watch, &left, list_watch, &l);
    while ((c = map_next(&r->sessions, &at)) != NULL)
        if (!watch_list_watcher(r->watch, c->id, &left, list_watch, &l))
            return false;
    return true;
}

bool replica_conn_next(const struct replica *r, uint64_t *at, struct replica_conn_stats *stats)
{
    const struct conn *c = conn_row_after(&r->conn_row, *at);
    if (c == NULL)
        return false;
    *at = c->id;
    *stats = (struct replica_conn_stats){.conn = c->id,
                                         .session = c->session,
                                         .received = c->received,
                                         .sent = c->sent,
                                         .queued = c->queued,
                                         .timeout_ms = c->timeout_ms,
                                         .opened_ms = c->opened_ms,
                                         .answered_ms = c->answered.at_ms,
                                         .last_zxid = c->answered.zxid,
                                         .last_xid = c->answered.xid,
                                         .last_op = c->answered.op,
                                         .latency_last_ms = c->answered.last_ms,
                                         .latency_min_ms = c->answered.latency.min,
                                         .latency_max_ms = c->answered.latency.max,
                                         .latency_total_ms = c->answered.latency.total,
                                         .latency_count = c->answered.latency.count};
    return true;
}

void replica_reset_conns(struct replica *r)
{
    for (struct conn *c = conn_row_after(&r->conn_row, 0); c != NULL; c = conn_row_after(&r->conn_row, c->id)) {
        c->received = c->sent = 0;
        c->answered = (struct conn_answered){0};
    }
}
