/* progress.c - how the leader brings one follower along.
 *
 *   PROBE     an empty ACCEPT asks whether the follower holds next_prev; its answer, or the shape of its log that comes
 *             with a mismatch, says where the logs match: one round whatever the logs look like
 *   STREAM    entries behind next_prev leave up to a window, without waiting
 *   SNAPSHOT  the match lies below what our log still shows: the caller sends a snapshot, and we probe behind it
 *
 * A message that was lost shows as silence for two heartbeats or as a mismatch: back to PROBE, which resends nothing that
 * arrived. `matched` counts towards what is chosen (C4, C8) and is lowered only when the follower itself says so.
 */
#include "paxos/internal.h"

#define ACCEPTS_PER_STEP 3

void progress_probe(struct paxos *p, struct paxos_peer *peer)
{
    bool known = peer->accepted_epoch && peer->matched >= p->log.floor;

    peer->progress = PROGRESS_PROBE;
    peer->paused = false;
    peer->next_prev = known ? peer->matched : runs_last(&p->log);
}

static void stream(struct paxos *p, struct paxos_peer *peer, uint64_t behind)
{
    peer->progress = PROGRESS_STREAM;
    peer->paused = false;
    peer->greeted = peer->accepted_epoch;
    peer->next_prev = behind;
    peer->sent_at_ms = p->now_ms;
}

static void resume(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer, uint64_t match)
{
    if (match >= p->log.floor) {
        stream(p, peer, match);
    } else {
        peer->progress = PROGRESS_SNAPSHOT;
        peer->next_prev = p->log.floor;
        out->snapshot_to |= 1u << (uint32_t)(peer - p->peer);
    }
}

void progress_begin(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer)
{
    peer->accepted_epoch = false;
    peer->matched = 0;
    if (peer->promised_to_us && peer->link_up)
        resume(p, out, peer, runs_match(&p->log, &peer->promise_log, peer->promise_committed));
    else
        progress_probe(p, peer);
}

void progress_acknowledged(struct paxos *p, struct paxos_peer *peer, const struct peer_accepted *m)
{
    if (m->matched > peer->matched)
        peer->matched = m->matched;
    peer->accepted_epoch = peer->accepted_epoch || m->accepted == p->epoch;
    if (peer->progress == PROGRESS_SNAPSHOT)
        return;
    if (peer->progress == PROGRESS_PROBE && peer->matched >= p->log.floor)
        stream(p, peer, peer->matched);
    peer->sent_at_ms = p->now_ms;
    peer->paused = false;
    if (peer->next_prev < peer->matched)
        peer->next_prev = peer->matched;
}

void progress_mismatch(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer, const struct peer_accepted *m)
{
    uint64_t match = runs_match(&p->log, &m->log, m->committed);

    if (peer->progress == PROGRESS_PROBE && m->prev == peer->next_prev) {
        if (peer->matched > match)
            peer->matched = match;
        resume(p, out, peer, match);
    } else if (peer->progress == PROGRESS_STREAM) {
        progress_probe(p, peer); /* something was lost; the other answers of its kind then find no probe of theirs */
        if (match >= p->log.floor)
            peer->next_prev = match;
    }
}

void progress_snapshot_sent(struct paxos *p, struct paxos_peer *peer, uint64_t zxid)
{
    if (p->role != PAXOS_LEADING || peer->progress != PROGRESS_SNAPSHOT)
        return;
    progress_probe(p, peer);
    if (zxid != 0 && zxid >= p->log.floor && runs_hold(&p->log, zxid))
        peer->next_prev = zxid;
}

void progress_heartbeat(struct paxos *p, struct paxos_peer *peer)
{
    bool waits = peer->progress == PROGRESS_PROBE || peer->next_prev > peer->matched || !peer->accepted_epoch;
    uint64_t patience = (peer->progress == PROGRESS_PROBE ? 1 : 2) * (uint64_t)p->options.heartbeat_ms;

    if (peer->progress == PROGRESS_SNAPSHOT)
        return;
    if (peer->progress == PROGRESS_STREAM)
        peer->paused = false;
    if (!waits || p->now_ms < peer->sent_at_ms + patience)
        return;
    progress_probe(p, peer);
}

static void send_accept(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer, uint64_t first, uint32_t count)
{
    struct peer_msg *m = send_now(p, out, peer->id, PEER_ACCEPT);

    m->accept.epoch = p->epoch;
    m->accept.prev = peer->next_prev;
    m->accept.first = first;
    m->accept.count = count;
    m->accept.committed = p->committed;
    m->accept.history_end = p->history_end;
    if (peer->next_prev <= peer->matched)
        peer->sent_at_ms = p->now_ms; /* nothing was under way */
    if (count > 0)
        peer->next_prev = first + (count - 1);
}

static bool window_is_full(const struct paxos *p, const struct paxos_peer *peer)
{
    uint64_t matched = peer->matched > p->log.floor ? peer->matched : p->log.floor;

    return peer->next_prev > matched &&
           runs_count_after(&p->log, matched) - runs_count_after(&p->log, peer->next_prev) >= PAXOS_WINDOW_ENTRIES;
}

static uint32_t pump_stream(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer)
{
    uint32_t sent = 0;
    uint64_t first;

    while (sent < ACCEPTS_PER_STEP && !window_is_full(p, peer) && (first = runs_next(&p->log, peer->next_prev)) != 0) {
        send_accept(p, out, peer, first, runs_span(&p->log, first, PAXOS_ACCEPT_ENTRIES) - zxid_counter(first) + 1);
        sent++;
    }
    if (sent == 0 && !peer->greeted) {
        send_accept(p, out, peer, 0, 0);
        sent++;
    }
    peer->greeted = true;
    return sent;
}

void progress_pump(struct paxos *p, struct paxos_out *out, bool committed_rose)
{
    if (p->role != PAXOS_LEADING || p->rolling || !p->has_form)
        return;
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        struct paxos_peer *peer = &p->peer[i];
        uint32_t sent = 0;

        if (i == p->self || !peer->link_up)
            continue;
        if (peer->progress != PROGRESS_SNAPSHOT && peer->next_prev < p->log.floor)
            progress_probe(p, peer); /* folded or trimmed meanwhile */
        if (peer->progress == PROGRESS_STREAM && !peer->paused) {
            sent = pump_stream(p, out, peer);
        } else if (peer->progress == PROGRESS_PROBE && !peer->paused) {
            peer->sent_at_ms = p->now_ms;
            send_accept(p, out, peer, 0, 0);
            peer->paused = true;
        }
        if (committed_rose && sent == 0 && peer->progress == PROGRESS_STREAM) {
            struct peer_msg *m = send_now(p, out, peer->id, PEER_COMMIT);
            m->commit.epoch = p->epoch;
            m->commit.committed = p->committed;
        }
    }
}

/* The zxid before an entry of the log. */
static uint64_t before(const struct runs *log, uint64_t zxid)
{
    uint64_t previous = log->floor;

    for (uint32_t i = 0; i < log->count && zxid_make(log->run[i].epoch, log->run[i].first) < zxid; i++) {
        uint64_t last = zxid_make(log->run[i].epoch, log->run[i].last);
        previous = last < zxid ? last : zxid - 1;
    }
    return previous;
}

void paxos_unsent(struct paxos *p, uint32_t id, uint64_t first_unsent)
{
    struct paxos_peer *peer = peer_find(p, id);

    if (p->role != PAXOS_LEADING || peer == NULL || peer->progress != PROGRESS_STREAM || first_unsent <= p->log.floor ||
        peer->next_prev < first_unsent)
        return;
    peer->next_prev = before(&p->log, first_unsent);
    peer->paused = true;
}
