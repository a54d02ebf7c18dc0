/* liveness.c - which sessions are alive: heard here, reported to the leader, who alone judges (lead.c). */
#include "replica/internal.h"

void liveness_touch(struct replica *r, struct conn *c)
{
    COORD_ASSERT(c->session != 0);
    if (list_empty(&c->touched_link))
        list_push_back(&r->touched, &c->touched_link);
}

void liveness_report(struct replica *r, struct buf *to)
{
    struct list *node;
    while ((node = list_pop_front(&r->touched)) != NULL)
        put_le64(buf_reserve(to, 8), LIST_ENTRY(node, struct conn, touched_link)->session), buf_commit(to, 8);
}

void liveness_heard(struct replica *r, struct slice ids)
{
    for (size_t at = 0; at + 8 <= ids.size; at += 8)
        lead_heard(r, get_le64(ids.data + at));
}

static void own_sessions(struct replica *r)
{
    struct list *node;
    while ((node = list_pop_front(&r->touched)) != NULL)
        lead_heard(r, LIST_ENTRY(node, struct conn, touched_link)->session);
}

/* Clients that should look for a better server: this one has had no leader for a third of their time-out; and clients that have
 * output waiting but read nothing for a session time-out. */
static void close_badly_served(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    uint64_t leaderless = r->leaderless_since_ms == 0 ? 0 : r->now.mono_ms - r->leaderless_since_ms;
    while ((c = map_next(&r->conns, &at)) != NULL) {
        if (c->state == CONN_CLOSING || c->timeout_ms == 0)
            continue;
        bool stuck = buf_size(&c->io.output) >= REPLICA_OUTPUT_BYTES && r->now.mono_ms >= c->drained_ms + c->timeout_ms;
        bool unserved = !c->read_only && leaderless > c->timeout_ms / 3;
        r->stats.closed_unserved += unserved;
        if (stuck || unserved)
            conn_close(r, c);
    }
}

void liveness_run(struct replica *r)
{
    /* Between two looks lie CHECK_INTERVAL_MS, however short the election time-out is. */
    if (r->now.mono_ms > r->awake_ms + CHECK_INTERVAL_MS + r->options.paxos.election_min_ms)
        r->woke_ms = r->now.mono_ms;
    r->awake_ms = r->now.mono_ms;
    if (r->lead.open) {
        own_sessions(r);
        lead_expire(r);
        lead_reap(r);
    }
    close_badly_served(r);
    read_only_expire(r);
    local_expire(r);
}
