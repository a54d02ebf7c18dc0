/* candidate.c - phase 1: prepare an epoch, gather promises, choose the history to lead with (C6, C7, C9, C15).
 *
 * The same code serves a leader that rolls over to the next epoch (C9): it stays LEADING, with `rolling` set, and has
 * nothing unchosen, so its own history is always the best.
 */
#include "paxos/internal.h"

static void send_prepare(struct paxos *p, struct paxos_out *out, const struct paxos_peer *peer)
{
    struct peer_msg *m;

    if (!peer->link_up || peer->promised_to_us || peer->refused)
        return;
    m = send_after(p, out, peer->id, PEER_PREPARE); /* C6: behind our own promise */
    m->prepare.epoch = p->epoch;
    m->prepare.incarnation = p->options.incarnation;
    m->prepare.boot = p->options.boot;
    m->prepare.forming = p->forming;
}

void candidate_resend(struct paxos *p, struct paxos_out *out)
{
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        if (i != p->self)
            send_prepare(p, out, &p->peer[i]);
    p->resend_ms = p->now_ms + p->options.heartbeat_ms;
}

void candidate_start(struct paxos *p, struct paxos_out *out)
{
    uint32_t above = p->promised.epoch, last = zxid_epoch(runs_last(&p->log));
    bool rolling = p->role == PAXOS_LEADING; /* C9 */

    above = p->epoch_seen > above ? p->epoch_seen : above;
    above = last > above ? last : above;
    if (above == UINT32_MAX) { /* no epoch is left */
        election_become_follower(p, out, p->options.election_max_ms);
        return;
    }
    p->role = rolling ? PAXOS_LEADING : PAXOS_PREPARING;
    p->rolling = rolling;
    p->forming = !p->has_form;
    p->prepare_ms = 0;
    p->epoch = SEEDED(rule_c6) && above > 0 ? above : above + 1;
    p->leader = rolling ? p->options.self : 0;
    p->deadline_ms = p->now_ms + random_timeout(p);
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        p->peer[i].promised_to_us = p->peer[i].refused = false;
    durable_promise(p, out, (struct paxos_promised){p->epoch, p->options.self, p->options.boot, p->options.incarnation});
    candidate_resend(p, out);
}

void candidate_link(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer)
{
    if (p->role == PAXOS_PREPARING || p->rolling) {
        if (peer->link_up)
            send_prepare(p, out, peer);
    } else if (p->role == PAXOS_ADOPTING && !peer->link_up && peer->id == p->adopt_from) {
        election_give_up(p, out);
    }
}

void candidate_promise(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_promise *m)
{
    struct paxos_peer *peer = peer_find(p, from);

    if ((p->role != PAXOS_PREPARING && !p->rolling) || m->epoch != p->epoch || runs_invalid(&m->log) != NULL)
        return;
    peer->incarnation = m->incarnation;
    peer->promised_to_us = true;
    peer->promise_accepted = m->accepted;
    peer->promise_committed = m->committed;
    peer->promise_log = m->log;
    candidate_evaluate(p, out);
}

static bool promise_counts(const struct paxos *p, uint32_t i)
{
    return p->peer[i].promised_to_us && voter_counts(p, p->peer[i].id, p->peer[i].incarnation);
}

/* C15: all of them, each with an empty log; else it gives up. */
static void evaluate_forming(struct paxos *p, struct paxos_out *out)
{
    uint32_t count = 1;

    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        if (i == p->self || !p->peer[i].promised_to_us)
            continue;
        if (!runs_empty(&p->peer[i].promise_log)) {
            election_give_up(p, out);
            return;
        }
        count++;
    }
    if (count == p->options.voter_count)
        leader_begin(p, out);
}

/* C7: a quorum of promises, our own among them and durable; the history greatest by (accepted, last zxid). */
void candidate_evaluate(struct paxos *p, struct paxos_out *out)
{
    uint32_t count = 1, accepted = p->accepted;
    uint64_t last = runs_last(&p->log);
    struct paxos_peer *best = NULL;

    if ((p->role != PAXOS_PREPARING && !p->rolling) || p->durable_promised != p->epoch)
        return;
    if (p->forming) {
        evaluate_forming(p, out);
        return;
    }
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        struct paxos_peer *peer = &p->peer[i];
        uint64_t peer_last = runs_last(&peer->promise_log);

        if (i == p->self || !promise_counts(p, i))
            continue;
        count++;
        if (SEEDED(history_by_zxid))
            peer->promise_accepted = accepted;
        if (peer->promise_accepted > accepted || (peer->promise_accepted == accepted && peer_last > last)) {
            best = peer;
            accepted = peer->promise_accepted;
            last = peer_last;
        }
    }
    if (count < paxos_quorum(p))
        return;
    if (best == NULL || SEEDED(rule_c7))
        leader_begin(p, out);
    else if (p->rolling)
        election_give_up(p, out);
    else
        adopt_begin(p, out, best);
}

/* C14. A higher epoch ends the candidacy or the lead at once; an equal one only when no quorum is left. */
void candidate_refuse(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_refuse *m)
{
    bool candidate = p->role == PAXOS_PREPARING || p->rolling;
    uint32_t left = p->form.count;

    if (p->role == PAXOS_FOLLOWER || p->role == PAXOS_PROBING || m->epoch > p->epoch)
        return;
    if (m->promised > p->epoch && !SEEDED(rule_c14)) {
        election_give_up(p, out);
        return;
    }
    if (!candidate || m->epoch != p->epoch || m->of_type != PEER_PREPARE)
        return;
    peer_find(p, from)->refused = true;
    if (p->forming) {
        election_give_up(p, out);
        return;
    }
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        if (i != p->self && p->peer[i].refused && form_find(p, p->peer[i].id) != NULL)
            left--;
    if (left < paxos_quorum(p))
        election_give_up(p, out);
}
