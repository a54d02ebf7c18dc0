/* stats.c - what status reports show. All of it is counted as it happens: the shell asks at every turn. */
#include "replica/internal.h"

void replica_reset_stats(struct replica *r)
{
    static const struct replica_summary none;
    static const struct replica_sizes no_sizes = {-1, -1, -1};
    static const struct replica_spread no_spread;
    struct replica_stats *s = &r->stats;
    s->packets_received = s->packets_sent = 0;
    s->latency = s->unavailable = s->snapshot_time = none;
    for (size_t i = 0; i < sizeof(s->watches_of) / sizeof(s->watches_of[0]); i++)
        s->watches_of[i] = none;
    s->reply_sizes = s->proposal_sizes = no_sizes;
    s->auth_failed = s->revalidated = s->dropped = s->sessionless_expired = s->closed_unserved = 0;
    r->read_latency = r->write_latency = r->propagation = no_spread;
}

void replica_stats(const struct replica *r, struct replica_stats *stats)
{
    *stats = r->stats;
    stats->role = r->paxos.role;
    stats->established = r->lead.open;
    stats->serving = replica_serving(r);
    stats->read_only = r->read_only;
    stats->voter = paxos_is_voter(&r->paxos);
    stats->snapshot_running = r->take.state != SNAP_IDLE;
    stats->epoch = r->paxos.promised.epoch;
    stats->leader = replica_leads(r) ? replica_self(r) : r->paxos.leader;
    stats->server = replica_self(r);
    stats->applied = r->apply.applied;
    stats->committed = r->paxos.committed;
    stats->last_logged = runs_last(&r->paxos.log);
    stats->snapshot_zxid = r->take.durable_zxid;
    stats->cluster = r->paxos.form_chosen ? r->cluster : 0; /* C15: tentative until FORM is chosen */
    stats->form = r->paxos.form_chosen ? &r->paxos.form : NULL;
    stats->digest = state_digest(r->state);
    stats->connections = r->conns.count;
    stats->leading_ms = r->lead.open ? r->now.mono_ms - r->lead.since_ms : 0;
    stats->sessions_heard = r->lead.heard.count;
    stats->local_sessions = local_count(r);
    stats->read_latency = &r->read_latency;
    stats->write_latency = &r->write_latency;
    stats->propagation = &r->propagation;
    for (uint32_t i = 0; replica_leads(r) && i < r->options.paxos.voter_count; i++) {
        const struct paxos_peer *p = &r->paxos.peer[i];
        if (p->id == replica_self(r) || !p->link_up)
            continue;
        stats->followers++;
        if (p->accepted_epoch && p->progress == PROGRESS_STREAM)
            stats->synced_followers++;
    }
    state_counts(r->state, &stats->state);
    watch_counts(r->watch, &stats->watch);
}

bool replica_refusals_next(const struct replica *r, uint32_t *at, struct slice *space, uint64_t *count)
{
    if (*at == r->refusals_count)
        return false;
    *space = buf_slice(&r->refusals[*at].space);
    *count = r->refusals[*at].count;
    ++*at;
    return true;
}
