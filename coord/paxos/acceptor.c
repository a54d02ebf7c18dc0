/* acceptor.c - the acceptor's rules: promise, accept, match, commit (C1 to C5), and serving FETCH (C7).
 *
 * A server follows whoever it hears lead promised.epoch. An ACCEPT or HEARTBEAT of a higher epoch raises promised first; its
 * sender has won that epoch, so the process is not named and nobody can prepare that epoch here any more. What vouches for
 * durable state (PROMISE, ACCEPTED, a refusal) leaves by send_after only.
 */
#include "paxos/internal.h"

static void refuse(struct paxos *p, struct paxos_out *out, uint32_t to, uint32_t epoch, enum peer_type of)
{
    struct peer_msg *m = send_after(p, out, to, PEER_REFUSE);

    m->refuse.epoch = epoch;
    m->refuse.promised = p->promised.epoch;
    m->refuse.of_type = of;
}

void acceptor_new_epoch(struct paxos *p)
{
    p->matched = 0;
    p->leader_committed = 0;
    p->leader_established = false;
    if (p->role != PAXOS_LEADING) /* one that rolls over still leads with the history it has */
        p->history_end = 0;
}

/* `from` leads `epoch`, which is not below promised. False: that cannot be, and the message is to be dropped. */
static bool follow(struct paxos *p, struct paxos_out *out, uint32_t epoch, uint32_t from)
{
    bool own = p->role == PAXOS_LEADING || p->role == PAXOS_ADOPTING;

    if (own && epoch == p->epoch && !p->rolling)
        return false; /* C1: nobody else can have won it */
    if (epoch > p->promised.epoch || p->promised.server != from) {
        election_become_follower(p, out, 0);
        durable_promise(p, out, (struct paxos_promised){epoch, from, 0, 0});
        if (SEEDED(rule_c2))
            out->persist.set_promised = false;
    }
    p->leader = from;
    p->leader_heard_ms = p->now_ms;
    election_become_follower(p, out, random_timeout(p));
    return true;
}

/* C1. */
void acceptor_prepare(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_prepare *m)
{
    struct paxos_promised c = {m->epoch, from, m->boot, m->incarnation};
    bool same = c.epoch == p->promised.epoch && c.server == p->promised.server && c.boot == p->promised.boot &&
                c.incarnation == p->promised.incarnation;
    struct peer_msg *answer;

    if (m->epoch < p->promised.epoch || (m->epoch == p->promised.epoch && !same && !SEEDED(rule_c1)) ||
        (m->forming && !runs_empty(&p->log)) || /* C15: there is an ensemble already */
        (p->has_form && !voter_counts(p, from, m->incarnation))) {
        refuse(p, out, from, m->epoch, PEER_PREPARE);
        return;
    }
    if (!same) {
        election_become_follower(p, out, random_timeout(p));
        p->leader = 0;
        p->grace_ms = p->now_ms + p->options.heartbeat_ms;
        durable_promise(p, out, c);
    }
    answer = SEEDED(promise_sent_early) ? send_now(p, out, from, PEER_PROMISE) : send_after(p, out, from, PEER_PROMISE);
    answer->promise.epoch = m->epoch;
    answer->promise.incarnation = p->options.incarnation;
    answer->promise.boot = p->options.boot;
    answer->promise.accepted = p->accepted;
    answer->promise.committed = p->committed;
    answer->promise.log = p->log;
}

static uint64_t accept_end(const struct peer_accept *m)
{
    return m->count > 0 ? m->first + (m->count - 1) : m->prev;
}

/* The entries are one run of one epoch that follows prev, and entries behind history_end are the leader's own. */
static bool accept_is_sound(const struct peer_accept *m)
{
    if (m->epoch == 0 || zxid_epoch(m->prev) > m->epoch || zxid_epoch(m->history_end) > m->epoch)
        return false;
    if (m->count > 0) {
        bool same = m->prev != 0 && zxid_epoch(m->first) == zxid_epoch(m->prev);

        if (m->count - 1 > UINT32_MAX - zxid_counter(m->first) || zxid_epoch(m->first) > m->epoch)
            return false;
        if (same ? m->first != m->prev + 1 : zxid_epoch(m->first) <= zxid_epoch(m->prev) || zxid_counter(m->first) != 1)
            return false;
    }
    if (accept_end(m) <= m->history_end)
        return true;
    return zxid_epoch(accept_end(m)) == m->epoch &&
           (m->prev == m->history_end || zxid_epoch(m->prev) == m->epoch ||
            zxid_epoch(m->history_end) == m->epoch); /* FORM is history of its own epoch (C15) */
}

/* The last counter of this epoch that the log holds. */
static uint32_t held_of_epoch(const struct runs *log, uint32_t epoch)
{
    if (zxid_epoch(log->floor) > epoch)
        return UINT32_MAX;
    for (uint32_t i = 0; i < log->count; i++)
        if (log->run[i].epoch == epoch)
            return log->run[i].last;
    return zxid_epoch(log->floor) == epoch ? zxid_counter(log->floor) : 0;
}

/* C2: cut what conflicts behind prev, append what is missing. False: the message contradicts what is known chosen. */
static bool take_entries(struct paxos *p, struct paxos_out *out, const struct paxos_event *event)
{
    const struct peer_accept *m = &event->message->accept;
    uint32_t held = held_of_epoch(&p->log, zxid_epoch(m->first)), skip = 0;
    uint64_t at = m->prev, next;

    if (held >= zxid_counter(m->first)) {
        if (m->prev >= p->log.floor && runs_next(&p->log, m->prev) != m->first)
            return false; /* the same zxid behind another predecessor */
        skip = held - zxid_counter(m->first) < m->count ? held - zxid_counter(m->first) + 1 : m->count;
    }
    if (skip == m->count)
        return true;
    if (skip > 0)
        at = m->first + (skip - 1);
    next = m->first + skip;
    if (runs_last(&p->log) != at) {
        if (!durable_may_cut(p, at))
            return false;
        durable_cut(p, out, at);
    }
    if (!runs_can_append(&p->log, next))
        return false; /* the shape is full: nothing of it is chosen yet */
    durable_append(p, out, next, m->count - skip, PAXOS_FROM_EVENT);
    durable_form(p, next, accept_end(m), event);
    return true;
}

/* C4: never merely the end of the own log. */
static uint64_t matched(const struct paxos *p)
{
    return SEEDED(rule_c4) ? runs_last(&p->log) : p->matched;
}

/* C3: the log holds history_end, matched: what is behind it and not the leader's own goes, then accepted = n. */
static void cover_history(struct paxos *p, struct paxos_out *out)
{
    uint64_t end = p->history_end > p->log.floor ? p->history_end : p->log.floor;
    uint64_t next;

    if (p->accepted >= p->promised.epoch || (matched(p) < p->history_end && !SEEDED(rule_c3)))
        return;
    if (!p->has_form || p->form_zxid > end) /* every history begins with FORM (C15): this one has more than the message says */
        return;
    next = runs_next(&p->log, end);
    if (next != 0 && zxid_epoch(next) != p->promised.epoch) {
        if (!durable_may_cut(p, end) || p->matched > end)
            return; /* it contradicts what is chosen, or what the leader itself has sent */
        durable_cut(p, out, end);
    }
    durable_accept(p, out, p->promised.epoch);
}

static void learn_committed(struct paxos *p, uint64_t leader_committed)
{
    uint64_t known, mine = SEEDED(rule_c5) ? runs_last(&p->log) : p->matched;

    if (leader_committed > p->leader_committed)
        p->leader_committed = leader_committed;
    known = p->leader_committed < mine ? p->leader_committed : mine; /* C5 */
    if (known > p->committed && runs_hold(&p->log, known))
        p->committed = known;
}

static void answer_accept(struct paxos *p, struct paxos_out *out, uint32_t to, uint64_t prev, bool mismatch)
{
    struct peer_msg *answer =
        SEEDED(accepted_sent_early) ? send_now(p, out, to, PEER_ACCEPTED) : send_after(p, out, to, PEER_ACCEPTED);
    struct peer_accepted *a = &answer->accepted;

    a->epoch = p->promised.epoch;
    a->incarnation = p->options.incarnation;
    a->boot = p->options.boot;
    a->accepted = p->accepted;
    a->matched = matched(p);
    a->mismatch = mismatch;
    a->prev = prev;
    a->committed = p->committed;
    if (mismatch)
        a->log = p->log;
}

void acceptor_accept(struct paxos *p, struct paxos_out *out, const struct paxos_event *event)
{
    const struct peer_accept *m = &event->message->accept;
    uint32_t from = event->message->from;

    if (m->epoch < p->promised.epoch) {
        refuse(p, out, from, m->epoch, PEER_ACCEPT);
        return;
    }
    if (!accept_is_sound(m) || !follow(p, out, m->epoch, from))
        return;
    p->history_end = m->history_end;
    if (!runs_hold(&p->log, m->prev) && !SEEDED(gap_accepted)) {
        answer_accept(p, out, from, m->prev, true);
        return;
    }
    if (m->count > 0 && !take_entries(p, out, event))
        return;
    if (accept_end(m) > p->matched)
        p->matched = accept_end(m);
    cover_history(p, out);
    learn_committed(p, m->committed);
    answer_accept(p, out, from, m->prev, false);
}

void acceptor_heartbeat(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_heartbeat *m)
{
    struct peer_msg *answer;

    if (m->epoch < p->promised.epoch) { /* C13: refused, and no live leader */
        refuse(p, out, from, m->epoch, PEER_HEARTBEAT);
        return;
    }
    if (m->epoch == 0 || !follow(p, out, m->epoch, from))
        return;
    p->leader_established = m->established != 0;
    if (p->leader_established)
        p->backoff = 0;
    learn_committed(p, m->committed);
    answer = p->durable_promised == p->promised.epoch ? send_now(p, out, from, PEER_HEARTBEAT_ACK)
                                                      : send_after(p, out, from, PEER_HEARTBEAT_ACK);
    answer->heartbeat_ack.epoch = m->epoch;
    answer->heartbeat_ack.incarnation = p->options.incarnation;
    answer->heartbeat_ack.round = m->round;
}

void acceptor_commit(struct paxos *p, uint32_t from, const struct peer_commit *m)
{
    if (m->epoch == p->promised.epoch && from == p->leader)
        learn_committed(p, m->committed);
}

/* C7: only while promised = n, to the process it was promised to, and only if that promise was this incarnation's. */
void acceptor_fetch(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_fetch *m)
{
    struct peer_msg *answer;
    uint64_t first;

    if (m->epoch < p->promised.epoch) {
        refuse(p, out, from, m->epoch, PEER_FETCH);
        return;
    }
    if (m->epoch != p->promised.epoch || from != p->promised.server || p->promised.incarnation == 0 ||
        m->incarnation != p->options.incarnation)
        return;
    if (m->after < p->log.floor) {
        out->snapshot_to |= 1u << (uint32_t)(peer_find(p, from) - p->peer);
        return;
    }
    if (!runs_hold(&p->log, m->after) || (first = runs_next(&p->log, m->after)) == 0)
        return;
    answer = send_now(p, out, from, PEER_ENTRIES);
    answer->entries.epoch = m->epoch;
    answer->entries.prev = m->after;
    answer->entries.first = first;
    answer->entries.count = runs_span(&p->log, first, PAXOS_ACCEPT_ENTRIES) - zxid_counter(first) + 1;
    answer->entries.committed = p->committed;
    answer->entries.last = runs_last(&p->log);
}
