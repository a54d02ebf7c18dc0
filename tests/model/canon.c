/* canon.c - one form for servers that differ only in time, luck or what they no longer look at.
 *
 * What is set to one value, and why nothing is lost by it: the clock, deadlines and random numbers (the explorer decides when
 * a time-out fires); attempts, back-off, probes, who yields to whom (C13, C14: they only decide who tries when, and the
 * explorer lets anybody try at any time); epoch_seen (it chooses any epoch that C6 allows); numbers of heartbeat rounds
 * (check-quorum is a time-out; barriers are not explored); answers of a candidacy that is over, and a leader's view of
 * followers when it leads no more. Sequence numbers of persists count from the last one done.
 */
#include "model/node.h"

#include <string.h>

#define LATER_MS (MODEL_NOW_MS + 10000)

void canon_promised(struct paxos_promised *to, const struct paxos_promised *from)
{
    struct paxos_promised value = *from;

    memset(to, 0, sizeof(*to)); /* the padding too */
    to->epoch = value.epoch;
    to->server = value.server;
    to->boot = value.boot;
    to->incarnation = value.incarnation;
}

static void canon_peer(struct paxos *p, struct paxos_peer *peer)
{
    bool prepares = p->role == PAXOS_PREPARING, leads = p->role == PAXOS_LEADING;
    bool proposes = prepares || leads || p->role == PAXOS_ADOPTING;
    struct paxos_peer kept = *peer;

    memset(peer, 0, sizeof(*peer));
    peer->id = kept.id;
    peer->link_up = kept.link_up;
    peer->heard_at_ms = MODEL_NOW_MS;
    peer->sent_at_ms = MODEL_NOW_MS;
    peer->incarnation = proposes ? kept.incarnation : 0;
    if (proposes && !leads) {
        peer->promised_to_us = kept.promised_to_us;
        peer->refused = kept.refused;
        peer->promise_accepted = kept.promise_accepted;
        peer->promise_committed = kept.promise_committed;
        memcpy(&peer->promise_log, &kept.promise_log, sizeof(kept.promise_log));
    }
    if (leads) {
        peer->progress = kept.progress;
        peer->paused = kept.paused;
        peer->greeted = kept.greeted;
        peer->accepted_epoch = kept.accepted_epoch;
        peer->matched = kept.matched;
        peer->next_prev = kept.next_prev;
    }
}

static void canon_core(struct paxos *p)
{
    rng_init(&p->rng, 1);
    p->now_ms = MODEL_NOW_MS;
    canon_promised(&p->promised, &p->promised);
    for (uint32_t i = 0; i < p->flight_count; i++)
        p->flight[i].seq -= p->seq_done;
    memset(&p->flight[p->flight_count], 0, (PAXOS_FLIGHTS - p->flight_count) * sizeof(p->flight[0]));
    p->seq_issued -= p->seq_done;
    p->seq_done = 0;
    p->leader_heard_ms = p->prepare_ms = p->grace_ms = 0;
    p->leader_established = p->yielded = p->rival = p->deferred = false;
    p->epoch_seen = p->backoff = 0;
    p->deadline_ms = p->resend_ms = p->heartbeat_at_ms = LATER_MS;
    p->attempt = p->round_sent = p->round_wanted = p->round_confirmed = p->round_barrier = 0;
    if (p->role == PAXOS_FOLLOWER)
        p->epoch = 0;
    if (p->role != PAXOS_ADOPTING)
        p->adopt_base = 0;
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        canon_peer(p, &p->peer[i]);
}

static void canon_waiting(struct node *n, uint64_t done)
{
    memset(&n->waiting[n->waiting_count], 0, (MODEL_WAITING_MAX - n->waiting_count) * sizeof(n->waiting[0]));
    for (uint32_t i = 0; i < n->waiting_count; i++) {
        struct waiting one = n->waiting[i];
        uint32_t at = i;

        one.seq -= done;
        for (; at > 0 && (n->waiting[at - 1].seq > one.seq ||
                          (n->waiting[at - 1].seq == one.seq && n->waiting[at - 1].message > one.message));
             at--)
            n->waiting[at] = n->waiting[at - 1];
        n->waiting[at] = one;
    }
}

void canon_node(struct node *n)
{
    uint64_t done = n->core.seq_done;

    canon_core(&n->core);
    for (uint32_t i = 0; i < n->write_count; i++)
        n->write[i].seq -= done;
    memset(&n->write[n->write_count], 0, (MODEL_WRITES_MAX - n->write_count) * sizeof(n->write[0]));
    canon_waiting(n, done);
}

bool canon_drops(const struct peer_msg *m)
{
    return m->type == PEER_PROBE || m->type == PEER_PROBE_ANSWER || m->type == PEER_HEARTBEAT_ACK || m->type == PEER_HANDOVER;
}

void canon_message(struct peer_msg *m)
{
    if (m->type == PEER_HEARTBEAT) {
        m->heartbeat.round = 0;
        m->heartbeat.established = 0;
    }
}
