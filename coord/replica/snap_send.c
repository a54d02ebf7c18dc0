/* snap_send.c - a snapshot file to a peer whose log ends behind ours: raw bytes in order, a window ahead of what it wrote. */
#include "replica/internal.h"

#define PIECE_BYTES (128u << 10)
#define WINDOW_BYTES (1u << 20)
#define STALL_HEARTBEATS 20 /* nothing acknowledged: send again from there */
#define GIVE_UP_HEARTBEATS 600

static void finish(struct replica *r, struct peer_part *peer, uint64_t zxid)
{
    peer->send.active = peer->send.wanted = false;
    drive_event(r, &(struct paxos_event){.type = PAXOS_SNAPSHOT_SENT, .peer = peer->id, .zxid = zxid}, NULL);
}

static void start(struct replica *r, struct peer_part *peer)
{
    struct snap_send *s = &peer->send;
    *s = (struct snap_send){.active = true,
                            .reading = s->reading,
                            .transfer = r->transfer_next++,
                            .zxid = r->take.durable_zxid,
                            .epoch = r->paxos.promised.epoch,
                            .progress_ms = r->now.mono_ms,
                            .poked_ms = r->now.mono_ms};
    r->stats.snapshots_sent++;
}

static void read_piece(struct replica *r, struct peer_part *peer)
{
    struct snap_send *s = &peer->send;
    struct job *j = job_new(JOB_SNAP_READ);
    j->peer = peer->id;
    j->tag = s->transfer;
    j->zxid = s->zxid;
    j->offset = s->sent;
    j->max_bytes = PIECE_BYTES;
    s->reading = true;
    drive_job(r, j);
}

static void run(struct replica *r, struct peer_part *peer)
{
    struct snap_send *s = &peer->send;
    uint64_t beat = r->options.paxos.heartbeat_ms;
    if (s->wanted && !s->active && r->take.durable_zxid != 0 && r->take.durable_zxid >= r->paxos.log.floor)
        start(r, peer);
    if (!s->active || s->reading)
        return;
    if (s->epoch != r->paxos.promised.epoch || r->now.mono_ms >= s->progress_ms + GIVE_UP_HEARTBEATS * beat) {
        finish(r, peer, 0);
        return;
    }
    bool all = s->size != 0 && s->sent >= s->size;
    uint64_t quiet_ms = s->poked_ms > s->progress_ms ? s->poked_ms : s->progress_ms;
    if (r->now.mono_ms >= quiet_ms + STALL_HEARTBEATS * beat && (all || s->sent > s->acked)) {
        s->poked_ms = r->now.mono_ms;
        s->sent = all && s->acked >= s->size ? s->size - 1 /* a byte that it has: it says again how far it is */ : s->acked;
        all = false;
    }
    if (!all && s->sent < s->acked + WINDOW_BYTES)
        read_piece(r, peer);
}

void snap_send_want(struct replica *r, struct peer_part *peer)
{
    peer->send.wanted = true;
    if (r->take.durable_zxid == 0)
        r->take.asked = true; /* none yet: taken first */
}

void snap_send_run(struct replica *r)
{
    for (uint32_t i = 0; i < r->peer_count; i++)
        run(r, &r->peers[i]);
}

void snap_send_stop(struct replica *r, struct peer_part *peer)
{
    if (peer->send.active || peer->send.wanted)
        finish(r, peer, 0);
}

void snap_send_read_done(struct replica *r, struct job *j)
{
    struct peer_part *peer = peer_part_find(r, j->peer);
    struct snap_send *s = &peer->send;
    s->reading = false;
    if (s->active && s->transfer == j->tag) {
        if (j->err < 0) {
            finish(r, peer, 0); /* removed by a newer one, or unreadable: consensus asks again */
        } else {
            struct peer_msg m = {.type = PEER_SNAPSHOT, .from = replica_self(r), .to = peer->id};
            s->size = j->size;
            m.snapshot.epoch = s->epoch;
            m.snapshot.transfer = s->transfer;
            m.snapshot.zxid = s->zxid;
            m.snapshot.size = j->size;
            m.snapshot.offset = j->offset;
            m.payload = buf_slice(&j->bytes);
            s->sent = j->offset + buf_size(&j->bytes);
            message_send(r, &m);
        }
    }
    job_free(j);
    run(r, peer);
}

void snap_send_ack(struct replica *r, const struct peer_msg *m)
{
    struct peer_part *peer = peer_part_find(r, m->from);
    struct snap_send *s = &peer->send;
    const struct peer_snapshot_ack *a = &m->snapshot_ack;
    if (!s->active || s->transfer != a->transfer || s->epoch != a->epoch)
        return;
    if (a->refused == SNAP_ACK_REFUSED) {
        finish(r, peer, 0);
    } else if (a->refused == SNAP_ACK_INSTALLED) {
        finish(r, peer, s->zxid);
    } else if (a->offset > s->acked || a->offset == s->size) {
        s->acked = a->offset;
        if (s->sent < s->acked)
            s->sent = s->acked;
        s->progress_ms = r->now.mono_ms;
        run(r, peer);
    }
}
