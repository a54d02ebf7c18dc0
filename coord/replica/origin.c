/* origin.c - this server as an origin of writes: numbered, forwarded, sent again, taken back when applied (C18, C19).
 *
 * Numbers run from 1 and are contiguous; 0 is the entry that makes this boot an origin. A number stays bound to its request for
 * good. After a change of leader, or a broken link, everything pending is sent again in order: the leader admits only the next
 * number of its log and drops the rest, so sending twice is harmless and nothing needs to be known of what arrived.
 */
#include "replica/internal.h"

#define FORWARD_BYTES (128u << 10)   /* payload of one FORWARD, unless one entry is larger */
#define CREDIT_AT_START (256u << 10) /* until the first heartbeat grants one */

void origin_init(struct replica *r)
{
    list_init(&r->origin.pending);
    list_init(&r->origin.starved);
    r->origin.unsent = &r->origin.pending;
    r->origin.credit = CREDIT_AT_START;
    struct entry e = {.kind = ENTRY_ORIGIN};
    struct request *q = request_new(r, NULL, REQUEST_WRITE, 0, 0, entry_size(&e));
    origin_encode(r, q, &e);
    origin_submit(r, q);
}

void origin_encode(struct replica *r, struct request *q, const struct entry *e)
{
    struct entry mine = *e;
    mine.origin =
        (struct origin){.server = replica_self(r), .boot = r->options.paxos.boot, .incarnation = r->options.paxos.incarnation};
    buf_clear(&r->scratch);
    entry_append(&r->scratch, &mine);
    COORD_ASSERT(buf_size(&r->scratch) == q->size);
    memcpy(q->bytes, buf_bytes(&r->scratch), q->size);
}

bool origin_has_credit(const struct replica *r, size_t size)
{
    return r->origin.pending_bytes == 0 || r->origin.pending_bytes + size <= r->origin.credit;
}

void origin_submit(struct replica *r, struct request *q)
{
    struct origin_part *o = &r->origin;
    q->submitted = true;
    q->number = o->next_number++;
    put_le64(q->bytes + ENTRY_NUMBER_OFFSET, q->number);
    if (list_empty(&o->pending))
        o->progress_ms = r->now.mono_ms;
    list_push_back(&o->pending, &q->pending_link);
    o->pending_bytes += q->size;
    if (o->unsent == &o->pending)
        o->unsent = &q->pending_link;
}

void origin_resend(struct replica *r)
{
    r->origin.unsent = r->origin.pending.next;
    r->origin.progress_ms = r->now.mono_ms;
}

void origin_link_lost(struct replica *r, uint32_t peer)
{
    if (r->origin.leader == peer)
        r->origin.leader = 0; /* it becomes one anew: all is sent again */
}

static void forward(struct replica *r, uint32_t leader, uint32_t epoch)
{
    struct origin_part *o = &r->origin;
    const struct peer_part *peer = peer_part_find(r, leader);
    while (o->unsent != &o->pending && buf_size(&peer->output.bulk) < REPLICA_PEER_WINDOW_BYTES) {
        struct peer_msg m = {.type = PEER_FORWARD, .from = replica_self(r), .to = leader};
        m.forward.epoch = epoch;
        buf_clear(&r->scratch);
        while (o->unsent != &o->pending) {
            const struct request *q = LIST_ENTRY(o->unsent, struct request, pending_link);
            if (m.forward.count > 0 && buf_size(&r->scratch) + q->size > FORWARD_BYTES)
                break;
            buf_append(&r->scratch, q->bytes, q->size);
            m.forward.count++;
            o->unsent = o->unsent->next;
        }
        m.payload = buf_slice(&r->scratch);
        message_send(r, &m);
    }
}

void origin_ask(struct replica *r)
{
    struct peer_msg m = {.type = PEER_FORWARD, .from = replica_self(r), .to = r->paxos.leader};
    if (replica_leads(r) || !replica_serving(r) || !peer_part_find(r, r->paxos.leader)->up)
        return;
    m.forward.epoch = r->paxos.promised.epoch;
    message_send(r, &m);
}

void origin_pump(struct replica *r)
{
    struct origin_part *o = &r->origin;
    bool own = replica_leads(r);
    uint32_t leader = own ? replica_self(r) : r->paxos.leader, epoch = r->paxos.promised.epoch;
    if (!replica_serving(r))
        return;
    if (epoch != o->epoch || leader != o->leader) {
        o->epoch = epoch;
        o->leader = leader;
        origin_resend(r); /* C19 */
    }
    if (!own) {
        if (peer_part_find(r, leader)->up)
            forward(r, leader, epoch);
        return;
    }
    o->credit = lead_credit(r);
    while (o->unsent != &o->pending) {
        const struct request *q = LIST_ENTRY(o->unsent, struct request, pending_link);
        o->unsent = o->unsent->next;
        lead_admit(r, slice_make(q->bytes, q->size));
    }
}

struct request *origin_peek(const struct replica *r, uint64_t number)
{
    if (list_empty(&r->origin.pending))
        return NULL;
    struct request *q = LIST_ENTRY(r->origin.pending.next, struct request, pending_link);
    return q->number == number ? q : NULL;
}

void origin_take(struct replica *r, struct request *q)
{
    struct origin_part *o = &r->origin;
    if (o->unsent == &q->pending_link)
        o->unsent = q->pending_link.next;
    list_remove(&q->pending_link);
    o->pending_bytes -= q->size;
    o->progress_ms = r->now.mono_ms;
}

void origin_feed(struct replica *r)
{
    struct origin_part *o = &r->origin;
    while (!list_empty(&o->starved) && o->pending_bytes < o->credit) {
        struct conn *c = LIST_ENTRY(list_pop_front(&o->starved), struct conn, starved_link);
        request_run(r, c);
        if (!list_empty(&c->starved_link))
            return; /* it went back to the end: its next write is larger than what is left */
    }
}

void origin_drop_applied(struct replica *r)
{
    uint64_t incarnation = r->options.paxos.incarnation;
    uint32_t boot = r->options.paxos.boot;
    if (!state_origin_known(r->state, replica_self(r), incarnation, boot))
        return;
    uint64_t last = state_origin_number(r->state, replica_self(r), incarnation, boot);
    while (!list_empty(&r->origin.pending)) {
        struct request *q = LIST_ENTRY(r->origin.pending.next, struct request, pending_link);
        if (q->number > last)
            return;
        origin_take(r, q);
        COORD_ASSERT(q->conn == NULL); /* the connections were closed when the state was replaced */
        request_free(q);
    }
}
