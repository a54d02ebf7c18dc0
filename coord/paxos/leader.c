/* leader.c - phase 2 at the proposer: lead with the history, propose, count, roll over (C8, C9, C14).
 *
 * The leader may propose as soon as it has won: nothing counts below accepted = n, so entries pipelined behind an unchosen
 * history are chosen after it. Its own vote is its disk's: durable_last and durable_accepted.
 *
 * A forming leader counts FORM as the end of its history and sends no ACCEPT before: else a server could accept the epoch
 * with an empty log, and outrank the one that holds FORM but crashed before its `accepted` was durable (C15).
 */
#include "paxos/internal.h"

/* The greatest value that a quorum of the voters reaches. 0 without FORM: there is no quorum to speak of. */
uint64_t leader_quorum_value(const struct paxos *p, uint64_t (*value)(const struct paxos *p, const struct paxos_peer *peer))
{
    uint64_t values[PEER_MAX] = {0};
    uint32_t count = 0;

    if (!p->has_form)
        return 0;
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        uint64_t v = value(p, &p->peer[i]);
        uint32_t at = count;

        if (form_find(p, p->peer[i].id) == NULL)
            continue;
        for (; at > 0 && values[at - 1] < v; at--)
            values[at] = values[at - 1];
        values[at] = v;
        count++;
    }
    return count >= paxos_quorum(p) ? values[paxos_quorum(p) - 1] : 0;
}

static uint64_t vote(const struct paxos *p, const struct paxos_peer *peer)
{
    if (peer->id == p->options.self)
        return SEEDED(own_vote_early) ? runs_last(&p->log) : p->durable_accepted == p->epoch ? p->durable_last : 0;
    return (peer->accepted_epoch || SEEDED(rule_c8)) && voter_counts(p, peer->id, peer->incarnation) ? peer->matched : 0;
}

uint64_t paxos_current_vote(const struct paxos *p, uint32_t id)
{
    for (uint32_t i = 0; p->role == PAXOS_LEADING && !p->rolling && i < p->options.voter_count; i++) {
        const struct paxos_peer *peer = &p->peer[i];
        bool streams = peer->link_up && peer->progress == PROGRESS_STREAM && !peer->paused;

        if (peer->id == id && (i == p->self || streams))
            return vote(p, peer);
    }
    return 0;
}

void leader_begin(struct paxos *p, struct paxos_out *out)
{
    p->role = PAXOS_LEADING;
    p->rolling = false;
    p->leader = p->options.self;
    p->adopt_from = 0;
    p->adopt_snapshot = false;
    p->history_end = runs_last(&p->log);
    if (p->has_form)
        durable_accept(p, out, p->epoch);
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        struct paxos_peer *peer = &p->peer[i];

        if (i == p->self)
            continue;
        if (peer->promised_to_us && peer->promise_committed > p->committed && runs_hold(&p->log, peer->promise_committed))
            p->committed = peer->promise_committed; /* known chosen, and so in this history */
        progress_begin(p, out, peer);
    }
    heartbeat_begin(p);
}

uint64_t paxos_submit_zxid(const struct paxos *p, uint32_t *room)
{
    uint64_t last = runs_last(&p->log);
    uint32_t counter = zxid_epoch(last) == p->epoch ? zxid_counter(last) : 0;

    *room = 0;
    if (p->role != PAXOS_LEADING || p->rolling || counter >= p->options.counter_max)
        return 0;
    if (counter == 0 && p->log.count >= PAXOS_SHAPE_FULL && !p->established)
        return 0;
    *room = p->options.counter_max - counter;
    if (*room > PAXOS_ACCEPT_ENTRIES)
        *room = PAXOS_ACCEPT_ENTRIES;
    if (!p->has_form)
        *room = 1; /* FORM comes first, alone (C15) */
    return zxid_make(p->epoch, counter + 1);
}

void leader_submit(struct paxos *p, struct paxos_out *out, const struct paxos_event *event)
{
    uint32_t room;

    COORD_ASSERT(event->count >= 1 && event->first == paxos_submit_zxid(p, &room) && event->count <= room);
    COORD_ASSERT(p->has_form || (event->form != NULL && event->form_zxid == event->first));
    durable_append(p, out, event->first, event->count, PAXOS_FROM_EVENT);
    durable_form(p, event->first, event->first + (event->count - 1), event);
    if (p->accepted != p->epoch) { /* C15: FORM is the history */
        p->history_end = p->form_zxid;
        durable_accept(p, out, p->epoch);
    }
}

void leader_accepted(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_accepted *m)
{
    struct paxos_peer *peer = peer_find(p, from);

    if (p->role != PAXOS_LEADING || p->rolling || m->epoch != p->epoch || runs_invalid(&m->log) != NULL ||
        !runs_hold(&p->log, m->matched))
        return;
    if (m->incarnation != peer->incarnation) { /* another disk: what the former one held is no vote */
        peer->incarnation = m->incarnation;
        peer->accepted_epoch = false;
        peer->matched = 0;
    }
    if (m->mismatch)
        progress_mismatch(p, out, peer, m);
    else
        progress_acknowledged(p, peer, m);
}

void leader_advance(struct paxos *p, struct paxos_out *out)
{
    uint64_t chosen, last = runs_last(&p->log);

    if (p->role != PAXOS_LEADING || p->rolling || !p->has_form)
        return;
    chosen = leader_quorum_value(p, vote); /* C8 */
    if (chosen > p->committed)
        p->committed = chosen;
    if (!p->established && p->committed >= p->history_end) {
        p->established = true;
        p->backoff = 0;
        p->heartbeat_at_ms = p->now_ms; /* tell everybody now: what waits for a leader goes on */
    }
    if (!SEEDED(rule_c9) && p->established && p->committed == last && zxid_epoch(last) == p->epoch &&
        zxid_counter(last) >= p->options.counter_max && paxos_persist_room(p))
        candidate_start(p, out); /* C9 */
}

/* Pass the lead to the follower that holds most of the log; it prepares at once, and our promise to it ends our lead. */
void leader_hand_over(struct paxos *p, struct paxos_out *out)
{
    const struct paxos_peer *best = NULL;
    struct peer_msg *m;

    if (p->role != PAXOS_LEADING || p->rolling)
        return;
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        const struct paxos_peer *peer = &p->peer[i];
        if (i != p->self && peer->link_up && vote(p, peer) != 0 && (best == NULL || peer->matched > best->matched))
            best = peer;
    }
    if (best == NULL)
        return;
    m = send_now(p, out, best->id, PEER_HANDOVER);
    m->handover.epoch = p->epoch;
    m->handover.last = runs_last(&p->log);
}
