/* election.c - who may try to lead, and when: time-outs, pre-vote, back-off (C13, C14).
 *
 *   FOLLOWER --time-out, or the leader's link broke--> PROBING --a quorum hears no leader--> PREPARING (candidate.c)
 *   any --a leader of an epoch not below promised, or a higher PREPARE--> FOLLOWER
 *
 * A probe is granted by whoever hears no live leader and is no candidate itself; one that is denied is answered again when
 * that changes. So that survivors rarely collide: after a broken link each waits a few milliseconds by its place, a server
 * that granted a probe yields once, and one that sees somebody better probe too lets it go first, once per attempt.
 */
#include "paxos/internal.h"

#define STAGGER_SLOT_MS 5
#define STAGGER_JITTER_MS 3

static bool may_be_candidate(const struct paxos *p)
{
    return p->has_form ? paxos_is_voter(p) : runs_empty(&p->log); /* C15, C17 */
}

/* C13: until when a live leader, or a candidate that is not to be disturbed, counts as heard. This server may be either. */
static uint64_t heard_until(const struct paxos *p)
{
    if (p->role != PAXOS_FOLLOWER && p->role != PAXOS_PROBING)
        return UINT64_MAX;
    return p->leader != 0 ? p->leader_heard_ms + p->options.election_min_ms : p->grace_ms;
}

static bool hears_leader(const struct paxos *p)
{
    return p->now_ms < heard_until(p);
}

void election_become_follower(struct paxos *p, struct paxos_out *out, uint64_t wait_ms)
{
    adopt_drop(p, out);
    if (p->leader == p->options.self)
        p->leader = 0;
    p->role = PAXOS_FOLLOWER;
    p->established = false;
    p->rolling = false;
    p->forming = false;
    p->prepare_ms = 0;
    p->yielded = false;
    p->deadline_ms = p->now_ms + wait_ms;
}

/* C14: the first waits are short, so that a collision costs little; they grow up to an election time-out. */
void election_give_up(struct paxos *p, struct paxos_out *out)
{
    uint64_t low = p->options.heartbeat_ms / 4, high = low + ((uint64_t)(p->options.heartbeat_ms / 2) << p->backoff);

    if (high < p->options.election_max_ms)
        p->backoff++;
    else
        high = p->options.election_max_ms;
    election_become_follower(p, out, rng_between(&p->rng, low, high));
    p->leader = 0;
}

void election_leader_gone(struct paxos *p)
{
    uint32_t n = p->options.voter_count, slot = 0;

    COORD_ASSERT(p->role == PAXOS_FOLLOWER); /* nobody else follows */
    for (uint32_t i = 0; i < n; i++)
        if (p->peer[i].id == p->leader)
            slot = (p->self + n - i - 1) % n;
    p->leader = 0;
    p->yielded = false;
    p->deadline_ms = p->now_ms + slot * STAGGER_SLOT_MS + rng_below(&p->rng, STAGGER_JITTER_MS + 1);
}

static void send_probe(struct paxos *p, struct paxos_out *out, const struct paxos_peer *peer)
{
    struct peer_msg *m;

    if (!peer->link_up || peer->probe_granted)
        return;
    m = send_now(p, out, peer->id, PEER_PROBE);
    m->probe.epoch = p->durable_promised;
    m->probe.attempt = p->attempt;
    m->probe.forming = !p->has_form;
    m->probe.last = runs_last(&p->log);
}

static void send_probes(struct paxos *p, struct paxos_out *out)
{
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        if (i != p->self)
            send_probe(p, out, &p->peer[i]);
    p->resend_ms = p->now_ms + 2 * (uint64_t)p->options.heartbeat_ms;
}

static bool is_granted(const struct paxos *p)
{
    uint32_t count = 1;

    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        const struct paxos_peer *peer = &p->peer[i];
        if (i == p->self || !peer->probe_granted)
            continue;
        if (p->has_form ? form_find(p, peer->id) != NULL : peer->probe_log_empty)
            count++;
    }
    return count >= paxos_quorum(p); /* C15: without FORM that is all configured voters */
}

static bool somebody_is_ahead(const struct paxos *p)
{
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        if (i != p->self && p->peer[i].probe_granted && p->peer[i].probe_last > runs_last(&p->log))
            return true;
    return p->rival;
}

static void evaluate(struct paxos *p, struct paxos_out *out)
{
    if ((!is_granted(p) && !SEEDED(rule_c13_pre_vote)) || p->prepare_ms != 0)
        return;
    if (!p->deferred && somebody_is_ahead(p)) {
        p->deferred = true;
        p->prepare_ms = p->now_ms + p->options.heartbeat_ms / 2;
        return;
    }
    candidate_start(p, out);
}

static void start_probing(struct paxos *p, struct paxos_out *out)
{
    p->role = PAXOS_PROBING;
    p->leader = 0;
    p->attempt++;
    p->rival = p->deferred = p->yielded = false;
    p->prepare_ms = 0;
    p->deadline_ms = p->now_ms + random_timeout(p);
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        p->peer[i].probe_granted = p->peer[i].probe_log_empty = false;
        p->peer[i].probe_last = 0;
    }
    send_probes(p, out);
    evaluate(p, out);
}

static void answer_probe(struct paxos *p, struct paxos_out *out, uint32_t to, uint64_t attempt, bool granted)
{
    struct peer_msg *m = send_now(p, out, to, PEER_PROBE_ANSWER);

    m->probe_answer.granted = granted;
    m->probe_answer.incarnation = p->options.incarnation;
    m->probe_answer.attempt = attempt;
    m->probe_answer.promised = p->durable_promised;
    m->probe_answer.log_empty = runs_empty(&p->log);
    m->probe_answer.last = runs_last(&p->log);
}

/* The better of two that probe at once: the longer log, then the lower id. */
static bool is_better(const struct paxos *p, uint32_t id, uint64_t last)
{
    return last != runs_last(&p->log) ? last > runs_last(&p->log) : id < p->options.self;
}

void election_probe(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_probe *m)
{
    struct paxos_peer *peer = peer_find(p, from);
    bool granted;

    if (from == p->leader && m->epoch >= p->promised.epoch) { /* our leader itself asks: it leads no more */
        p->leader = 0;
        p->deadline_ms = p->now_ms + p->options.heartbeat_ms + rng_below(&p->rng, p->options.heartbeat_ms + 1);
    }
    if (from == p->promised.server)
        p->grace_ms = 0;                                                               /* it failed with what we promised it */
    if ((m->forming && !runs_empty(&p->log)) || (p->has_form && !paxos_is_voter(p))) { /* C15, C17: no, for good */
        answer_probe(p, out, from, m->attempt, false);
        return;
    }
    granted = !hears_leader(p);
    peer->denied = !granted;
    peer->denied_attempt = m->attempt;
    answer_probe(p, out, from, m->attempt, granted);
    if (!granted || !is_better(p, from, m->last))
        return;
    if (p->role == PAXOS_PROBING) {
        p->rival = true;
    } else if (!p->yielded) {
        uint64_t until = p->now_ms + 2 * (uint64_t)p->options.heartbeat_ms + rng_below(&p->rng, p->options.heartbeat_ms + 1);
        p->yielded = true;
        if (p->deadline_ms < until)
            p->deadline_ms = until;
    }
}

void election_probe_answer(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_probe_answer *m)
{
    struct paxos_peer *peer = peer_find(p, from);

    if (p->role != PAXOS_PROBING || m->attempt != p->attempt)
        return;
    peer->probe_granted = m->granted != 0 && (!p->has_form || voter_counts(p, from, m->incarnation)); /* C17 */
    peer->probe_log_empty = m->log_empty != 0;
    peer->probe_last = m->last;
    evaluate(p, out);
}

void election_link(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer)
{
    if (!peer->link_up) {
        peer->denied = false;
        if (p->promised.server == peer->id)
            p->grace_ms = 0; /* there is nobody left not to disturb */
        if (p->leader == peer->id)
            election_leader_gone(p);
    } else if (p->role == PAXOS_PROBING) {
        send_probe(p, out, peer);
    }
}

/* The leader wants this server to lead: no probe, the others still hear that leader. */
void election_hand_over(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_handover *m)
{
    if (m->epoch == p->promised.epoch && from == p->leader && paxos_is_voter(p))
        candidate_start(p, out);
}

/* C13: whoever was denied is answered again once no leader is heard. */
static void grant_denied(struct paxos *p, struct paxos_out *out)
{
    if (hears_leader(p))
        return;
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        if (!p->peer[i].denied)
            continue;
        p->peer[i].denied = false;
        if (p->peer[i].link_up)
            answer_probe(p, out, p->peer[i].id, p->peer[i].denied_attempt, true);
    }
}

void election_tick(struct paxos *p, struct paxos_out *out)
{
    if (p->role == PAXOS_FOLLOWER && p->now_ms >= p->deadline_ms) {
        p->leader = 0;
        if (may_be_candidate(p))
            start_probing(p, out);
        else
            election_become_follower(p, out, random_timeout(p));
    } else if (p->role == PAXOS_PROBING) {
        if (p->prepare_ms != 0 && p->now_ms >= p->prepare_ms) {
            p->prepare_ms = 0;
            evaluate(p, out);
        }
        if (p->role == PAXOS_PROBING && p->now_ms >= p->deadline_ms)
            start_probing(p, out);
        else if (p->role == PAXOS_PROBING && p->now_ms >= p->resend_ms)
            send_probes(p, out);
    } else if (p->role == PAXOS_PREPARING || p->rolling) {
        if (p->now_ms >= p->deadline_ms)
            election_give_up(p, out);
        else if (p->now_ms >= p->resend_ms)
            candidate_resend(p, out);
    }
    grant_denied(p, out);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t election_wake(const struct paxos *p)
{
    uint64_t wake = p->deadline_ms;

    switch (p->role) {
    case PAXOS_FOLLOWER:
        break;
    case PAXOS_PROBING:
        wake = sooner(wake, p->resend_ms);
        if (p->prepare_ms != 0)
            wake = sooner(wake, p->prepare_ms);
        break;
    case PAXOS_PREPARING:
        return sooner(wake, p->resend_ms);
    case PAXOS_ADOPTING:
        return sooner(sooner(wake, p->resend_ms), p->heartbeat_at_ms);
    case PAXOS_LEADING:
        return p->rolling ? sooner(wake, p->resend_ms) : p->heartbeat_at_ms;
    }
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        if (p->peer[i].denied && hears_leader(p))
            return sooner(wake, heard_until(p));
    return wake;
}
