/* heartbeat.c - rounds of heartbeats: check-quorum (C13), and barriers for syncs.
 *
 * Every heartbeat has a number, and answers count by it: hearing anything else from a server says nothing about being heard.
 * A round answered by a quorum proves that no later epoch had been won when it was sent, which is what a sync asks. One
 * round is out for all waiting syncs; those that arrive meanwhile share the next, which leaves as soon as that one is back.
 */
#include "paxos/internal.h"

static bool leads(const struct paxos *p)
{
    return (p->role == PAXOS_LEADING && !p->rolling) || p->role == PAXOS_ADOPTING;
}

void heartbeat_begin(struct paxos *p)
{
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        p->peer[i].round_acked = 0;
        p->peer[i].heard_at_ms = p->now_ms;
    }
    p->heartbeat_at_ms = p->now_ms; /* at once, by the tick of this step */
}

static uint64_t acked(const struct paxos *p, const struct paxos_peer *peer)
{
    return peer->id == p->options.self ? p->round_sent : peer->round_acked;
}

static void confirm(struct paxos *p)
{
    uint64_t round = leader_quorum_value(p, acked);

    if (round > p->round_confirmed)
        p->round_confirmed = round;
    if (p->round_wanted > p->round_sent && p->round_confirmed >= p->round_barrier)
        p->heartbeat_at_ms = p->now_ms;
}

static void send_round(struct paxos *p, struct paxos_out *out)
{
    p->round_sent++;
    if (p->round_wanted == p->round_sent)
        p->round_barrier = p->round_sent;
    p->heartbeat_at_ms = p->now_ms + p->options.heartbeat_ms;
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        struct peer_msg *m;

        if (i == p->self || !p->peer[i].link_up)
            continue;
        m = send_now(p, out, p->peer[i].id, PEER_HEARTBEAT);
        m->heartbeat.epoch = p->epoch;
        m->heartbeat.committed = p->committed;
        m->heartbeat.round = p->round_sent;
        m->heartbeat.established = p->established;
    }
    confirm(p); /* a lone server is its own quorum */
}

void heartbeat_ack(struct paxos *p, uint32_t from, const struct peer_heartbeat_ack *m)
{
    struct paxos_peer *peer = peer_find(p, from);

    if (!leads(p) || m->epoch != p->epoch || m->round > p->round_sent || m->round <= peer->round_acked)
        return;
    if (p->has_form && !voter_counts(p, from, m->incarnation))
        return; /* a wiped server has forgotten what it promised: its word proves nothing (C17) */
    peer->round_acked = m->round;
    peer->heard_at_ms = p->now_ms;
    confirm(p);
}

void heartbeat_barrier(struct paxos *p)
{
    if (p->role != PAXOS_LEADING || !p->established || p->round_wanted > p->round_sent)
        return;
    p->round_wanted = p->round_sent + 1;
    if (p->round_confirmed >= p->round_barrier)
        p->heartbeat_at_ms = p->now_ms;
}

uint64_t paxos_barrier_round(const struct paxos *p)
{
    return p->round_wanted;
}

static bool is_heard(const struct paxos *p)
{
    uint64_t patience = (p->options.election_min_ms + p->options.election_max_ms) / 2;
    uint32_t count = 1;

    for (uint32_t i = 0; i < p->options.voter_count; i++)
        if (i != p->self && p->now_ms < p->peer[i].heard_at_ms + patience &&
            (!p->has_form || form_find(p, p->peer[i].id) != NULL))
            count++;
    return count >= paxos_quorum(p);
}

void heartbeat_tick(struct paxos *p, struct paxos_out *out)
{
    if (!leads(p) || p->now_ms < p->heartbeat_at_ms)
        return;
    if (!is_heard(p) && !SEEDED(rule_c13_check_quorum)) { /* C13: check-quorum */
        election_become_follower(p, out, random_timeout(p));
        return;
    }
    if (p->role == PAXOS_LEADING)
        for (uint32_t i = 0; i < p->options.voter_count; i++)
            if (i != p->self)
                progress_heartbeat(p, &p->peer[i]);
    send_round(p, out);
}
