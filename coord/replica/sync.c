/* sync.c - the barrier: a read behind a sync sees every write completed anywhere before the sync was sent.
 *
 * A server asks the leader once for all its syncs that wait; those that come meanwhile share the next question. The leader
 * answers with what it had committed when the question came, once a quorum has confirmed, in a round of heartbeats sent after
 * that, that it still leads. One round serves all questions that wait for it.
 */
#include "replica/internal.h"

#define ASK_AGAIN_HEARTBEATS 10 /* a question or its answer may be lost */

void sync_request(struct replica *r, struct request *q)
{
    q->sync_id = r->sync.next_id;
    list_push_back(&r->sync.waiting, &q->sync_link);
}

static void ask(struct replica *r, uint32_t peer, uint64_t id)
{
    struct sync_part *s = &r->sync;
    drive_event(r, &(struct paxos_event){.type = PAXOS_BARRIER}, NULL);
    if (!r->lead.open)
        return;
    if (s->barrier_count == s->barrier_capacity) {
        s->barrier_capacity = s->barrier_capacity == 0 ? 16 : 2 * s->barrier_capacity;
        s->barriers = coord_realloc(s->barriers, s->barrier_capacity * sizeof(*s->barriers));
    }
    s->barriers[s->barrier_count++] = (struct sync_barrier){paxos_barrier_round(&r->paxos), r->paxos.committed, id, peer};
}

void sync_pump(struct replica *r)
{
    struct sync_part *s = &r->sync;
    if (list_empty(&s->waiting) || !replica_serving(r))
        return;
    uint32_t epoch = r->paxos.promised.epoch;
    bool lost =
        s->asked_id != 0 && (s->asked_epoch != epoch ||
                             r->now.mono_ms >= s->asked_ms + ASK_AGAIN_HEARTBEATS * (uint64_t)r->options.paxos.heartbeat_ms);
    if (s->asked_id != 0 && !lost)
        return;
    s->asked_id = s->next_id++;
    s->asked_epoch = epoch;
    s->asked_of = r->paxos.leader;
    s->asked_ms = r->now.mono_ms;
    if (replica_leads(r)) {
        ask(r, replica_self(r), s->asked_id);
        return;
    }
    struct peer_msg m = {.type = PEER_SYNC, .from = replica_self(r), .to = r->paxos.leader};
    m.sync.epoch = epoch;
    m.sync.id = s->asked_id;
    message_send(r, &m);
}

static void answered(struct replica *r, uint64_t id, uint64_t zxid)
{
    struct sync_part *s = &r->sync;
    if (s->asked_id == id)
        s->asked_id = 0;
    while (!list_empty(&s->waiting)) {
        struct request *q = LIST_ENTRY(s->waiting.next, struct request, sync_link);
        if (q->sync_id > id)
            break;
        list_remove(&q->sync_link);
        q->answered = true;
        q->zxid = zxid;
        list_push_back(&s->lagging, &q->sync_link);
    }
    sync_applied(r);
}

void sync_applied(struct replica *r)
{
    struct sync_part *s = &r->sync;
    while (!list_empty(&s->lagging)) {
        struct request *q = LIST_ENTRY(s->lagging.next, struct request, sync_link);
        if (q->zxid > r->apply.applied && !SEEDED(sync_not_awaited))
            return;
        list_remove(&q->sync_link);
        request_run(r, q->conn);
    }
}

void sync_on_message(struct replica *r, const struct peer_msg *m)
{
    if (r->lead.open && m->sync.epoch == r->lead.epoch)
        ask(r, m->from, m->sync.id);
}

void sync_on_answer(struct replica *r, const struct peer_msg *m)
{
    /* An answer of an earlier epoch holds as well: a quorum confirmed it after the question was sent. */
    if (m->sync_answer.id < r->sync.next_id)
        answered(r, m->sync_answer.id, m->sync_answer.zxid);
}

void sync_confirm(struct replica *r)
{
    struct sync_part *s = &r->sync;
    uint32_t n = 0;
    while (r->lead.open && n < s->barrier_count &&
           (s->barriers[n].round <= r->paxos.round_confirmed || SEEDED(sync_unconfirmed))) {
        struct sync_barrier b = s->barriers[n++];
        if (b.peer == replica_self(r)) {
            answered(r, b.id, b.zxid);
            continue;
        }
        struct peer_msg m = {.type = PEER_SYNC_ANSWER, .from = replica_self(r), .to = b.peer};
        m.sync_answer.epoch = r->lead.epoch;
        m.sync_answer.id = b.id;
        m.sync_answer.zxid = b.zxid;
        message_send(r, &m);
    }
    if (n > 0) {
        memmove(s->barriers, s->barriers + n, (s->barrier_count - n) * sizeof(*s->barriers));
        s->barrier_count -= n;
        sync_pump(r); /* those that came meanwhile */
    }
}

void sync_lead_lost(struct replica *r)
{
    r->sync.barrier_count = 0;
}

void sync_link_lost(struct replica *r, uint32_t peer)
{
    if (r->sync.asked_of == peer)
        r->sync.asked_epoch = 0; /* of no epoch: asked again */
}
