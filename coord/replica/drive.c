/* drive.c - between the pure consensus core and the rest: payloads to zxids, effects to jobs, messages and applies.
 *
 * paxos names entries by zxid only; here they get their bytes. What a persist appends comes from the event's batch or from the
 * staged history; what an ACCEPT or ENTRIES names comes from memory or, for a follower far behind, from a READ_LOG job.
 */
#include "replica/internal.h"

#define READ_BYTES (1u << 20) /* one READ_LOG for a follower */

struct peer_part *peer_part_find(struct replica *r, uint32_t id)
{
    for (uint32_t i = 0; i < r->peer_count; i++)
        if (r->peers[i].id == id)
            return &r->peers[i];
    return NULL;
}

struct replica_peer_output *replica_peer_output(struct replica *r, uint32_t peer)
{
    struct peer_part *part = peer_part_find(r, peer);
    return part == NULL ? NULL : &part->output;
}

void drive_job(struct replica *r, struct job *j)
{
    list_push_back(&r->jobs[job_lane(j->type)], &j->link);
}

static void add_piece(struct job *j, struct batch *b, uint32_t from, uint32_t to)
{
    j->pieces = coord_realloc(j->pieces, (j->piece_count + 1) * sizeof(*j->pieces));
    j->pieces[j->piece_count++] = (struct job_piece){batch_ref(b), from, to};
}

/* Batch entries [from, to) into the log and the job. */
static uint32_t append_range(struct replica *r, struct job *j, struct batch *b, uint32_t from, uint32_t to)
{
    log_append(r, b, from, to);
    add_piece(j, b, from, to);
    return to - from;
}

static void persist(struct replica *r, const struct paxos_persist *p, struct batch *batch)
{
    struct job *j = job_new(JOB_PERSIST);
    j->persist = *p;
    j->cluster = r->cluster;
    if (p->cut) {
        COORD_ASSERT(p->cut_after >= r->apply.applied); /* I13: no cut of an applied entry */
        log_cut_after(r, p->cut_after);
        runs_cut_after(&r->apply.boot_log, p->cut_after);
    }
    uint32_t appended = 0;
    if (p->append_count > 0 && p->append_source == PAXOS_FROM_EVENT) {
        COORD_ASSERT(batch != NULL);
        appended = append_range(r, j, batch, batch_find(batch, p->append_first), batch->count); /* what is before it is held */
    } else if (p->append_count > 0) {
        for (uint32_t i = 0; i < r->log.staged_count; i++) {
            struct log_slot *s = &r->log.staged[i];
            appended += append_range(r, j, s->batch, s->from, s->to);
        }
        log_drop_staged(r);
    }
    COORD_ASSERT(appended == p->append_count);
    r->mark_at_ms = 0;
    drive_job(r, j);
}

/* An answer that a later one makes useless, of one kind. */
static bool superseded(const struct peer_msg *a, const struct peer_msg *b)
{
    if (a->type != b->type || a->to != b->to)
        return false;
    if (a->type == PEER_ACCEPTED)
        return a->accepted.epoch == b->accepted.epoch && a->accepted.mismatch == b->accepted.mismatch; /* matched only rises */
    return a->type == PEER_HEARTBEAT_ACK && a->heartbeat_ack.epoch == b->heartbeat_ack.epoch &&
           a->heartbeat_ack.round <= b->heartbeat_ack.round;
}

static void hold(struct replica *r, const struct peer_msg *m, uint64_t seq)
{
    /* While the disk stands still the leader asks on: the newest answer says it all, so that few are held. */
    for (uint32_t i = r->held_count; i > 0 && r->held[i - 1].wait_seq == seq; i--) {
        if (superseded(&r->held[i - 1].message, m)) {
            r->held[i - 1].message = *m;
            return;
        }
    }
    if (r->held_count == r->held_capacity) {
        r->held_capacity = r->held_capacity == 0 ? 16 : 2 * r->held_capacity;
        r->held = coord_realloc(r->held, r->held_capacity * sizeof(*r->held));
    }
    r->held[r->held_count++] = (struct held_message){seq, *m};
}

/* Send what waited for persists that are done; of several ACCEPTED for one leader the last says it all (C4). */
static void release_held(struct replica *r)
{
    uint32_t n = 0;
    while (n < r->held_count && r->held[n].wait_seq <= r->paxos.seq_done)
        n++;
    for (uint32_t i = 0; i < n; i++)
        if (i + 1 == n || !superseded(&r->held[i].message, &r->held[i + 1].message))
            message_send(r, &r->held[i].message);
    r->held_count -= n;
    for (uint32_t i = 0; i < r->held_count; i++)
        r->held[i] = r->held[i + n];
}

static void effects(struct replica *r, struct batch *batch)
{
    struct paxos_out *out = &r->out;
    if (out->drop_staged)
        log_drop_staged(r);
    if (out->stage) {
        COORD_ASSERT(batch != NULL);
        uint32_t from = batch_find(batch, out->stage_first), to = batch_find(batch, out->stage_last);
        COORD_ASSERT(from <= to && to < batch->count);
        log_stage(r, batch, from, to + 1);
    }
    if (out->persist.seq != 0)
        persist(r, &out->persist, batch);
    for (uint32_t i = 0; i < out->now_count; i++)
        message_send(r, &out->send_now[i]);
    for (uint32_t i = 0; i < out->after_count; i++) {
        if (out->wait_seq == 0)
            message_send(r, &out->send_after_persist[i]);
        else
            hold(r, &out->send_after_persist[i], out->wait_seq);
    }
    if (out->commit_zxid > r->apply.commit)
        r->apply.commit = out->commit_zxid;
    for (uint32_t i = 0; out->snapshot_to != 0 && i < r->options.paxos.voter_count; i++)
        if (out->snapshot_to >> i & 1)
            snap_send_want(r, peer_part_find(r, r->options.paxos.voters[i]));
    r->paxos_wake_ms = out->wake_at_ms;
}

void drive_event(struct replica *r, struct paxos_event *event, struct batch *batch)
{
    uint32_t epoch = r->paxos.promised.epoch;
    bool led = replica_leads(r);
    event->now_ms = r->now.mono_ms;
    paxos_step(&r->paxos, event, &r->out);
    if (r->paxos.has_form)
        r->cluster = r->paxos.form.cluster; /* tentative until FORM is chosen; a truncation may bring another */
    effects(r, batch);
    if (led && (!replica_leads(r) || r->paxos.promised.epoch != epoch))
        lead_close(r);
    if (!led && replica_leads(r))
        r->stats.elections++;
    if (r->out.want_form)
        lead_form(r);
}

void drive_persisted(struct replica *r, uint64_t seq)
{
    drive_event(r, &(struct paxos_event){.type = PAXOS_PERSISTED, .seq = seq}, NULL);
    release_held(r);
}

/* An ACCEPT or ENTRIES gets its entries: from memory, as many as fit, else by a job. False: it leaves later or never. */
static bool attach(struct replica *r, struct peer_part *peer, struct peer_msg *m, uint64_t first, uint32_t *count)
{
    struct log_slot at;
    if (!log_find(r, first, &at)) {
        struct job *j = job_new(JOB_READ_LOG);
        j->peer = peer->id;
        j->zxid = first;
        j->last = first + *count - 1;
        j->max_bytes = READ_BYTES;
        peer->reading = true;
        peer->read_message = *m;
        drive_job(r, j);
        return false;
    }
    buf_clear(&r->scratch);
    uint32_t attached = 0;
    while (attached < *count && buf_size(&r->scratch) < READ_BYTES) {
        uint32_t take = at.to - at.from;
        if (take > *count - attached)
            take = *count - attached;
        while (take > 1 && batch_slice(at.batch, at.from, at.from + take).size > READ_BYTES)
            take /= 2;
        struct slice bytes = batch_slice(at.batch, at.from, at.from + take);
        buf_append(&r->scratch, bytes.data, bytes.size);
        attached += take;
        if (attached < *count) {
            bool found = log_find(r, first + attached, &at);
            COORD_ASSERT(found); /* what is behind an entry in memory is there too */
        }
    }
    *count = attached;
    m->payload = buf_slice(&r->scratch);
    return true;
}

/* Entries for a peer; see message.c for everything else. */
static void send_entries(struct replica *r, struct peer_part *peer, struct peer_msg *m)
{
    bool accept = m->type == PEER_ACCEPT;
    uint64_t first = accept ? m->accept.first : m->entries.first;
    uint32_t *count = accept ? &m->accept.count : &m->entries.count;
    uint32_t wanted = *count;
    if (peer->reading || buf_size(&peer->output.bulk) >= REPLICA_PEER_WINDOW_BYTES) {
        if (accept)
            paxos_unsent(&r->paxos, peer->id, first);
        return; /* lost, as messages may be: sent again when the peer acknowledges or fetches anew */
    }
    if (!attach(r, peer, m, first, count)) {
        if (accept)
            paxos_unsent(&r->paxos, peer->id, first + wanted);
        return;
    }
    if (accept && *count < wanted)
        paxos_unsent(&r->paxos, peer->id, first + *count);
    peer_encode(&peer->output.bulk, m);
    if (accept)
        commit_told(peer, m->accept.committed);
}

void drive_read_done(struct replica *r, struct job *j)
{
    struct peer_part *peer = peer_part_find(r, j->peer);
    struct batch *b = j->err == 0 ? batch_new(buf_slice(&j->bytes)) : NULL;
    if (j->err < 0 && j->err != -COORD_E_TRIMMED && j->err != -COORD_E_NO_ENTRY)
        replica_fail(r, "the log cannot be read");
    peer->reading = false;
    struct peer_msg *m = &peer->read_message;
    bool accept = m->type == PEER_ACCEPT;
    bool current = accept ? replica_leads(r) && m->accept.epoch == r->paxos.promised.epoch
                          : m->entries.epoch == r->paxos.promised.epoch; /* C7: served only while promised = n */
    if (b != NULL && peer->up && current) {
        uint32_t *count = accept ? &m->accept.count : &m->entries.count;
        uint64_t first = accept ? m->accept.first : m->entries.first;
        COORD_ASSERT(b->first == first && b->count <= *count);
        if (accept && b->count < *count)
            paxos_unsent(&r->paxos, peer->id, first + b->count);
        *count = b->count;
        m->payload = buf_slice(&j->bytes);
        peer_encode(&peer->output.bulk, m);
    } else if (accept && current) {
        paxos_unsent(&r->paxos, peer->id, m->accept.first);
    }
    batch_unref(b);
    job_free(j);
}

/* A peer that was stopped takes nothing while its link stays up: what would wait beyond these bounds is lost, as messages may
 * be, and sent again when it is wanted. */
static void put_urgent(struct peer_part *peer, const struct peer_msg *m)
{
    if (buf_size(&peer->output.urgent) < REPLICA_PEER_URGENT_BYTES)
        peer_encode(&peer->output.urgent, m);
}

void message_put_bulk(struct peer_part *peer, const struct peer_msg *m)
{
    if (buf_size(&peer->output.bulk) < 2 * REPLICA_PEER_WINDOW_BYTES) /* entries and forwards keep below the window itself */
        peer_encode(&peer->output.bulk, m);
}

void message_send(struct replica *r, struct peer_msg *m)
{
    struct peer_part *peer = peer_part_find(r, m->to);
    COORD_ASSERT(peer != NULL);
    if (!peer->up)
        return;
    switch (m->type) {
    case PEER_ACCEPT:
        if (m->accept.count > 0) {
            send_entries(r, peer, m);
            return;
        }
        message_put_bulk(peer, m);
        commit_told(peer, m->accept.committed);
        return;
    case PEER_ENTRIES: /* never empty */
        send_entries(r, peer, m);
        return;
    case PEER_HEARTBEAT:
        m->heartbeat.applied = r->apply.applied;
        m->heartbeat.digest = state_digest(r->state);
        m->heartbeat.credit = lead_credit(r);
        COORD_ASSERT(!r->lead.open || r->lead.epoch == m->heartbeat.epoch);
        m->heartbeat.established = r->lead.open ? r->entry_version : 0;
        put_urgent(peer, m);
        commit_told(peer, m->heartbeat.committed);
        return;
    case PEER_HEARTBEAT_ACK:
        m->heartbeat_ack.quiet = (r->conns.count == 0) | ENTRY_VERSION_MAX << PEER_QUIET_VERSION_SHIFT;
        m->heartbeat_ack.applied = r->apply.applied;
        m->heartbeat_ack.digest = state_digest(r->state);
        buf_clear(&r->scratch);
        liveness_report(r, &r->scratch);
        m->payload = buf_slice(&r->scratch);
        put_urgent(peer, m);
        return;
    case PEER_COMMIT:
        commit_send(r, peer, m);
        return;
    case PEER_ACCEPTED:
    case PEER_FORWARD:
    case PEER_SNAPSHOT:
        message_put_bulk(peer, m);
        return;
    default:
        put_urgent(peer, m);
    }
}
