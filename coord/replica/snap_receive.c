/* snap_receive.c - a peer's snapshot replaces log and state of a server that is too far behind (C2, C7).
 *
 * Pieces are written in order; when all are there: verify, load into a second state, and make it the base of the log (INSTALL),
 * durably. From the moment INSTALL is queued until it is done no message that could move the log is taken (message.c). If the
 * log has come to hold the snapshot's zxid meanwhile, from another leader, the snapshot is not needed: installing it would drop
 * entries that this server has vouched for.
 */
#include "replica/internal.h"

#define SILENT_HEARTBEATS 100
#define RETRY_HEARTBEATS 40 /* after one that was refused */

static void send_ack(struct replica *r, struct peer_snapshot_ack ack, uint32_t to)
{
    struct peer_msg m = {.type = PEER_SNAPSHOT_ACK, .from = replica_self(r), .to = to};
    m.snapshot_ack = ack;
    message_send(r, &m);
}

static void answer(struct replica *r, enum snap_ack ack)
{
    const struct snap_receive *s = &r->receive;
    send_ack(r, (struct peer_snapshot_ack){.epoch = s->epoch, .transfer = s->transfer, .offset = s->written, .refused = ack},
             s->from);
}

/* A piece of a transfer that this server does not know. True: it holds what the snapshot would bring, and has said so (that it
 * was installed may have been lost on the way). */
static bool has_it_already(struct replica *r, const struct peer_snapshot *p, uint32_t from)
{
    if (paxos_snapshot_wanted(&r->paxos, p->zxid))
        return false;
    send_ack(r, (struct peer_snapshot_ack){p->epoch, p->transfer, p->size, SNAP_ACK_INSTALLED}, from);
    return true;
}

/* A candidate that needs it must not keep the others waiting. */
static void refused(struct replica *r)
{
    drive_event(r, &(struct paxos_event){.type = PAXOS_SNAPSHOT_REFUSED}, NULL);
}

static void queue_job(struct replica *r, enum job_type type)
{
    struct job *j = job_new(type);
    j->zxid = r->receive.zxid;
    j->tag = r->receive.transfer;
    j->size = r->receive.size;
    r->receive.jobs++;
    drive_job(r, j);
}

void snap_receive_piece(struct replica *r, const struct peer_msg *m)
{
    struct snap_receive *s = &r->receive;
    const struct peer_snapshot *p = &m->snapshot;
    bool same = s->active && s->from == m->from && s->transfer == p->transfer && s->epoch == p->epoch;
    if (p->epoch != r->paxos.promised.epoch || p->size == 0 || p->offset + m->payload.size > p->size)
        return;
    if (!same) {
        if (!s->finishing && has_it_already(r, p, m->from))
            return;
        if (snap_receive_refused(r)) { /* no word, or it would come again at once, and whole */
            refused(r);
            return;
        }
        if (p->offset != 0 && !s->active && !s->finishing) /* the rest of one that was given up here: from the start again */
            send_ack(r, (struct peer_snapshot_ack){p->epoch, p->transfer, 0, SNAP_ACK_REFUSED}, m->from);
        if (p->offset != 0 || s->jobs > 0 || s->finishing || r->take.state != SNAP_IDLE || r->take.jobs > 0)
            return; /* sent again when nothing is acknowledged */
        *s = (struct snap_receive){
            .active = true, .from = m->from, .epoch = p->epoch, .transfer = p->transfer, .zxid = p->zxid, .size = p->size};
    }
    s->progress_ms = r->now.mono_ms;
    if (s->finishing || p->offset != s->next) {
        answer(r, SNAP_ACK_PROGRESS);
        return;
    }
    struct job *j = job_new(JOB_SNAP_RECEIVE);
    j->zxid = s->zxid;
    j->tag = s->transfer;
    j->offset = p->offset;
    j->size = s->size;
    buf_append(&j->bytes, m->payload.data, m->payload.size);
    s->next += m->payload.size;
    s->jobs++;
    drive_job(r, j);
}

void snap_receive_stop(struct replica *r, uint32_t peer)
{
    if (r->receive.from == peer && !r->receive.finishing)
        r->receive.active = false;
}

bool snap_receive_busy(const struct replica *r)
{
    return r->receive.active || r->receive.finishing || r->receive.jobs > 0;
}

bool snap_receive_refused(const struct replica *r)
{
    return r->now.mono_ms < r->receive.not_before_ms;
}

void snap_receive_run(struct replica *r)
{
    if (r->receive.active &&
        r->now.mono_ms >= r->receive.progress_ms + SILENT_HEARTBEATS * (uint64_t)r->options.paxos.heartbeat_ms)
        snap_receive_stop(r, r->receive.from);
}

static void end(struct replica *r, enum snap_ack ack)
{
    answer(r, ack);
    r->receive.active = r->receive.finishing = r->receive.installing = false;
}

static void install(struct replica *r, struct state *state)
{
    struct snap_receive *s = &r->receive;
    uint64_t form_zxid;
    bool formed = state_form(state, &form_zxid) != NULL; /* every history begins with FORM (C15) */
    if (!formed || !paxos_snapshot_wanted(&r->paxos, s->zxid)) {
        state_free(state);
        end(r, formed ? SNAP_ACK_INSTALLED : SNAP_ACK_REFUSED);
        return;
    }
    s->installing = true;
    s->state = state;
    queue_job(r, JOB_INSTALL);
}

static void swap(struct replica *r)
{
    struct snap_receive *s = &r->receive;
    struct paxos_event ev = {.type = PAXOS_SNAPSHOT_INSTALLED, .zxid = s->zxid};
    conn_close_all(r); /* they come back, and setWatches tells them what they missed */
    snap_take_abort(r);
    apply_reset(r, s->state, s->zxid);
    s->state = NULL;
    ev.form = state_form(r->state, &ev.form_zxid);
    origin_drop_applied(r);
    r->take.durable_zxid = s->zxid;
    r->take.entries = 0;
    r->stats.snapshots_received++;
    drive_event(r, &ev, NULL);
    end(r, SNAP_ACK_INSTALLED);
    message_tell_links(r);
}

void snap_receive_done(struct replica *r, struct job *j)
{
    struct snap_receive *s = &r->receive;
    s->jobs--;
    if (j->err < 0 && !job_harmless(j->type, j->err)) {
        replica_fail(r, j->type == JOB_INSTALL ? "a received snapshot cannot be installed"
                                               : "a received snapshot cannot be stored");
    } else if (j->err < 0) {
        s->not_before_ms = r->now.mono_ms + RETRY_HEARTBEATS * (uint64_t)r->options.paxos.heartbeat_ms;
        end(r, SNAP_ACK_REFUSED);
        refused(r);
        connect_turn_away(r); /* what they wait for does not come here soon: let them try another server */
    } else if (j->type == JOB_SNAP_RECEIVE) {
        s->written = j->offset + buf_size(&j->bytes);
        answer(r, SNAP_ACK_PROGRESS);
        if (s->written == s->size && !s->finishing) {
            s->finishing = true;
            queue_job(r, JOB_SNAP_RECEIVED);
        }
    } else if (j->type == JOB_SNAP_RECEIVED) {
        queue_job(r, JOB_LOAD);
    } else if (j->type == JOB_LOAD) {
        struct state *state = j->state;
        j->state = NULL;
        install(r, state);
    } else {
        swap(r);
    }
    job_free(j);
}
