/* adopt.c - a candidate takes over the history of another server (C7).
 *
 * It matches its log with the promised one by shape, and fetches what lies behind. What the other server knows chosen goes
 * straight into the own log: no cut can then remove anything that this server's `accepted` vouches for. The rest is staged
 * by the caller and enters the log only by winning, as if the candidate had sent itself ACCEPT with its history_end. A
 * candidate in this state holds a quorum of promises, so it sends heartbeats: the others wait for it.
 */
#include "paxos/internal.h"

#define SNAPSHOT_TIMEOUTS 30 /* election time-outs that a snapshot may take */

static void fetch(struct paxos *p, struct paxos_out *out)
{
    struct paxos_peer *source = peer_find(p, p->adopt_from);
    struct peer_msg *m = send_now(p, out, p->adopt_from, PEER_FETCH);

    m->fetch.epoch = p->epoch;
    m->fetch.incarnation = source->incarnation;
    m->fetch.after = p->staged_last != 0 ? p->staged_last : p->adopt_base;
    p->resend_ms = p->now_ms + (p->adopt_snapshot ? p->options.election_max_ms : 2 * p->options.heartbeat_ms);
}

static void expect_progress(struct paxos *p)
{
    p->deadline_ms = p->now_ms + (uint64_t)p->options.election_max_ms * (p->adopt_snapshot ? SNAPSHOT_TIMEOUTS : 1);
}

static void win(struct paxos *p, struct paxos_out *out, const struct runs *theirs)
{
    uint64_t base = p->adopt_base, last = runs_last(theirs);

    if (!durable_may_cut(p, base) || base < p->form_zxid) { /* it contradicts what is known chosen, or lacks FORM */
        election_give_up(p, out);
        return;
    }
    if (runs_last(&p->log) != base)
        durable_cut(p, out, base);
    while (base < last) {
        uint64_t first = runs_next(theirs, base);
        uint32_t span = runs_span(theirs, first, UINT32_MAX) - zxid_counter(first) + 1;

        durable_append(p, out, first, span, PAXOS_FROM_STAGED);
        base = first + (span - 1);
    }
    p->staged_last = 0;
    leader_begin(p, out);
}

static void go_on(struct paxos *p, struct paxos_out *out)
{
    const struct runs *theirs = &peer_find(p, p->adopt_from)->promise_log;
    uint64_t held = p->staged_last != 0 ? p->staged_last : p->adopt_base;

    if (held >= runs_last(theirs)) {
        win(p, out, theirs);
        return;
    }
    p->adopt_snapshot = held < theirs->floor;
    expect_progress(p);
    fetch(p, out);
}

void adopt_begin(struct paxos *p, struct paxos_out *out, struct paxos_peer *best)
{
    p->role = PAXOS_ADOPTING;
    p->leader = p->options.self;
    p->adopt_from = best->id;
    p->adopt_base = runs_match(&p->log, &best->promise_log, best->promise_committed);
    p->staged_last = 0;
    heartbeat_begin(p);
    go_on(p, out);
}

static bool entries_are_sound(const struct runs *theirs, const struct peer_entries *m)
{
    return m->count > 0 && m->prev >= theirs->floor && runs_next(theirs, m->prev) == m->first &&
           m->count - 1 <= runs_span(theirs, m->first, UINT32_MAX) - zxid_counter(m->first);
}

void adopt_entries(struct paxos *p, struct paxos_out *out, const struct paxos_event *event)
{
    const struct peer_entries *m = &event->message->entries;
    const struct runs *theirs;
    uint64_t last, held;

    if (p->role != PAXOS_ADOPTING || m->epoch != p->epoch || event->message->from != p->adopt_from)
        return;
    theirs = &peer_find(p, p->adopt_from)->promise_log;
    held = p->staged_last != 0 ? p->staged_last : p->adopt_base;
    if (m->prev != held || !entries_are_sound(theirs, m))
        return;
    last = m->first + (m->count - 1);
    if (p->staged_last == 0 && last <= m->committed && durable_may_cut(p, held)) {
        if (runs_last(&p->log) != held)
            durable_cut(p, out, held);
        if (!runs_can_append(&p->log, m->first)) {
            election_give_up(p, out);
            return;
        }
        durable_append(p, out, m->first, m->count, PAXOS_FROM_EVENT);
        durable_form(p, m->first, last, event);
        p->adopt_base = last;
        p->committed = last;
    } else {
        out->stage = true;
        out->drop_staged = p->staged_last == 0;
        out->stage_first = m->first;
        out->stage_last = last;
        p->staged_last = last;
    }
    go_on(p, out);
}

/* The snapshot is a chosen prefix: as good as entries that the other server knows chosen. */
void adopt_installed(struct paxos *p, struct paxos_out *out, uint64_t zxid)
{
    out->drop_staged = p->staged_last != 0;
    p->staged_last = 0;
    p->adopt_base = zxid;
    go_on(p, out);
}

/* The others hear a candidate and wait for it; another of them may have what this one cannot keep. */
void adopt_refused(struct paxos *p, struct paxos_out *out)
{
    if (p->role == PAXOS_ADOPTING && p->adopt_snapshot)
        election_give_up(p, out);
}

void adopt_tick(struct paxos *p, struct paxos_out *out)
{
    if (p->role != PAXOS_ADOPTING)
        return;
    if (p->now_ms >= p->deadline_ms)
        election_give_up(p, out);
    else if (p->now_ms >= p->resend_ms)
        fetch(p, out);
}

void adopt_drop(struct paxos *p, struct paxos_out *out)
{
    out->drop_staged = out->drop_staged || p->staged_last != 0;
    out->stage = false;
    p->staged_last = 0;
    p->adopt_from = 0;
    p->adopt_snapshot = false;
}
