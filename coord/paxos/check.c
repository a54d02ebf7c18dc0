/* check.c - what must hold in every state between two steps, whatever messages came. */
#include "paxos/internal.h"

static const char *check_log(const struct paxos *p)
{
    if (runs_invalid(&p->log) != NULL)
        return runs_invalid(&p->log);
    if (zxid_epoch(runs_last(&p->log)) > p->promised.epoch)
        return "the log holds an epoch above promised";
    if (p->accepted > p->promised.epoch)
        return "accepted above promised";
    if (p->log.floor > p->committed)
        return "the floor is not chosen";
    if (!runs_hold(&p->log, p->committed))
        return "committed is not in the log";
    if (!runs_hold(&p->log, p->matched))
        return "matched is not in the log";
    if (p->commit_zxid > p->committed || p->commit_zxid > p->durable_last)
        return "applied what is not chosen or not durable (C5)";
    if (!p->has_form && p->accepted != 0)
        return "accepted a history without FORM (C15)";
    if (p->has_form && (p->form.count == 0 || !runs_hold(&p->log, p->form_zxid)))
        return "FORM is not in the log";
    return NULL;
}

static const char *check_durable(const struct paxos *p)
{
    uint64_t seq = p->seq_done;

    if (p->durable_promised > p->promised.epoch || p->durable_accepted > p->accepted)
        return "more is durable than was issued";
    if (!runs_hold(&p->log, p->durable_last))
        return "durable_last is not in the log";
    if (p->flight_count != p->seq_issued - p->seq_done)
        return "persists in flight do not add up";
    for (uint32_t i = 0; i < p->flight_count; i++) {
        if (p->flight[i].seq != ++seq)
            return "persists are out of order";
        if (p->flight[i].last > runs_last(&p->log))
            return "a persist in flight is beyond the log";
    }
    return NULL;
}

static const char *check_proposer(const struct paxos *p)
{
    bool proposes = p->role == PAXOS_PREPARING || p->role == PAXOS_ADOPTING || p->role == PAXOS_LEADING;

    if (proposes && (p->promised.epoch != p->epoch || p->promised.server != p->options.self ||
                     p->promised.boot != p->options.boot || p->promised.incarnation != p->options.incarnation))
        return "a proposer has not promised to itself (C6)";
    if (proposes && p->has_form && !paxos_is_voter(p))
        return "a candidate that is no voter (C17)";
    if ((p->role == PAXOS_ADOPTING) != (p->adopt_from != 0))
        return "adopting from nobody";
    if (p->staged_last != 0 && p->role != PAXOS_ADOPTING)
        return "staged entries outside of a candidacy (C7)";
    if (p->rolling && p->role != PAXOS_LEADING)
        return "rolling without a lead (C9)";
    if (p->rolling && p->committed != runs_last(&p->log))
        return "rolling with entries that are not chosen (C9)";
    if (p->established && p->role != PAXOS_LEADING)
        return "established without a lead";
    if (p->role != PAXOS_LEADING)
        return p->leader == p->options.self && p->role != PAXOS_ADOPTING ? "follows itself" : NULL;
    if (!p->rolling && p->has_form && p->accepted != p->epoch)
        return "a leader has not accepted its own epoch";
    if (p->history_end > runs_last(&p->log) || (p->established && p->committed < p->history_end))
        return "established before its history is chosen (C8)";
    if (p->round_confirmed > p->round_sent)
        return "a round is confirmed that was not sent";
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        const struct paxos_peer *peer = &p->peer[i];
        if (i != p->self && (peer->matched > runs_last(&p->log) || peer->next_prev > runs_last(&p->log)))
            return "a follower is ahead of its leader";
    }
    return NULL;
}

const char *paxos_check(const struct paxos *p)
{
    const char *broken = check_log(p);

    if (broken == NULL)
        broken = check_durable(p);
    return broken != NULL ? broken : check_proposer(p);
}
