/* ck_lead.c - who led which epoch; see ck_lead.h. */
#include "sim/ck_lead.h"

#include "base/alloc.h"
#include "base/map.h"
#include "sim/ck_log.h"
#include "sim/mermaid.h"
#include "sim/trace.h"

struct ck_lead {
    struct map leading;     /* epoch -> node: it won the promises */
    struct map established; /* epoch -> node */
    uint32_t epoch;
    uint64_t changes;
};

struct ck_lead *ck_lead_new(void)
{
    return coord_alloc_zero(1, sizeof(struct ck_lead));
}

void ck_lead_free(struct sim *s)
{
    map_deinit(&s->lead->leading);
    map_deinit(&s->lead->established);
    coord_free(s->lead);
}

uint32_t ck_lead_of(const struct sim *s, uint32_t epoch)
{
    const struct node *n = map_get(&s->lead->leading, epoch);

    return n != NULL ? n->id : 0;
}

uint32_t ck_lead_epoch(const struct sim *s)
{
    return s->lead->epoch;
}

uint64_t ck_lead_changes(const struct sim *s)
{
    return s->lead->changes;
}

void ck_lead_step(struct sim *s, struct node *n)
{
    const struct paxos *p = replica_paxos(n->replica);
    uint32_t epoch = p->promised.epoch;

    if ((p->role != PAXOS_LEADING && p->role != PAXOS_ADOPTING) || p->rolling) /* C9: rolling has not won the next one yet */
        return;
    struct node *other = map_put(&s->lead->leading, epoch, n);
    if (other == NULL)
        mermaid_note(s, n->id, "wins epoch %u: a quorum has promised", epoch);
    if (other != NULL && other != n)
        sim_fail(s, "I4", "n%u and n%u both won epoch %u", n->id, other->id, epoch);
    if (!p->established || map_put(&s->lead->established, epoch, n) != NULL)
        return;
    s->lead->changes++;
    if (epoch > s->lead->epoch)
        s->lead->epoch = epoch;
    trace_line(s, epoch, "n%u ESTABLISHED epoch=%u history_end=" ZXID_FMT, n->id, epoch, ZXID_ARG(p->history_end));
    mermaid_note(s, n->id, "established: knows the history of epoch %u chosen", epoch);
    uint64_t last = ck_log_last(s);
    /* One that is established late, from promises of long ago, need not hold what a later epoch has chosen meanwhile. */
    if (epoch == s->lead->epoch && zxid_epoch(last) < epoch && !runs_hold(&p->log, last))
        sim_fail(s, "I7", "n%u leads epoch %u without " ZXID_FMT ", which was committed", n->id, epoch, ZXID_ARG(last));
}

void ck_lead_leaves(struct sim *s, struct node *n, const struct peer_msg *m)
{
    uint32_t epoch = m->type == PEER_HEARTBEAT ? m->heartbeat.epoch
                     : m->type == PEER_ACCEPT  ? m->accept.epoch
                     : m->type == PEER_COMMIT  ? m->commit.epoch
                                               : 0;

    if (epoch == 0)
        return;
    /* Won and lost again within one turn: the message is all that shows it. */
    const struct paxos *p = replica_paxos(n->replica);
    bool preparing = p->epoch == epoch && (p->role == PAXOS_PREPARING || p->rolling);
    if (ck_lead_of(s, epoch) == 0 && !preparing && p->promised.epoch >= epoch)
        map_put(&s->lead->leading, epoch, n);
    if (ck_lead_of(s, epoch) != n->id)
        sim_fail(s, "I4", "n%u sends %s of epoch %u, which it has not won", n->id, peer_type_name(m->type), epoch);
}
