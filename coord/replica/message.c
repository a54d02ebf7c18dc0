/* message.c - what peers say: checked, given its meaning, handed to the part that it concerns. A message that makes no sense is
 * dropped and counted; links may lose messages, so dropping is always safe. */
#include "replica/internal.h"

/* The entries of an ACCEPT or ENTRIES as a batch; NULL and false when they are not what the message says. */
static bool read_entries(struct replica *r, const struct peer_msg *m, uint64_t first, uint32_t count, struct batch **batch)
{
    *batch = NULL;
    if (count == 0)
        return m->payload.size == 0;
    *batch = batch_new(m->payload);
    if (*batch != NULL && (*batch)->first == first && (*batch)->count == count && (*batch)->last == first + count - 1)
        return true;
    r->stats.bad_packets++;
    batch_unref(*batch);
    *batch = NULL;
    return false;
}

/* A FORM among the entries: consensus must know it with the entry (C15). */
static bool find_form(const struct batch *b, struct form *form, uint64_t *zxid)
{
    for (uint32_t i = 0; b != NULL && i < b->count; i++) {
        struct slice s = batch_slice(b, i, i + 1);
        struct entry e;
        if (s.data[ENTRY_KIND_OFFSET] != ENTRY_FORM)
            continue;
        int rc = entry_next(&s, &e);
        COORD_ASSERT(rc == 0); /* batch_new checked it */
        if (form_decode(e.body, form) == 0) {
            *zxid = e.zxid;
            return true;
        }
    }
    return false;
}

static void to_paxos(struct replica *r, const struct peer_msg *m)
{
    struct paxos_event ev = {.type = PAXOS_MESSAGE, .message = m};
    struct batch *batch = NULL;
    struct form form;
    if (m->type == PEER_ACCEPT && !read_entries(r, m, m->accept.first, m->accept.count, &batch))
        return;
    if (m->type == PEER_ENTRIES && !read_entries(r, m, m->entries.first, m->entries.count, &batch))
        return;
    if (find_form(batch, &form, &ev.form_zxid))
        ev.form = &form;
    drive_event(r, &ev, batch);
    batch_unref(batch);
}

void message_receive(struct replica *r, const struct peer_msg *m)
{
    struct peer_part *peer = peer_part_find(r, m->from);
    if (peer == NULL)
        return;
    switch (m->type) {
    case PEER_FORWARD:
        commit_loud(peer);
        if (r->lead.open && m->forward.epoch == r->lead.epoch)
            lead_admit(r, m->payload);
        return;
    case PEER_SYNC:
        sync_on_message(r, m);
        return;
    case PEER_SYNC_ANSWER:
        sync_on_answer(r, m);
        return;
    case PEER_SNAPSHOT:
        snap_receive_piece(r, m);
        return;
    case PEER_SNAPSHOT_ACK:
        snap_send_ack(r, m);
        return;
    default:
        break;
    }
    /* While a snapshot becomes the base of the log nothing may be persisted (paxos_snapshot_wanted), so the core hears nothing.
     */
    if (r->receive.installing)
        return;
    /* The core keeps a record of each persist under way; a message that may need one more waits to be sent again. */
    if (!paxos_persist_room(&r->paxos))
        return;
    to_paxos(r, m);
    if (m->type == PEER_HEARTBEAT && m->heartbeat.epoch == r->paxos.promised.epoch && m->from == r->paxos.leader) {
        r->origin.credit = m->heartbeat.credit;
        apply_check_digest(r, m->heartbeat.epoch, m->heartbeat.applied, m->heartbeat.digest);
        replica_versions(r,
                         m->heartbeat.established < ENTRY_VERSION_MAX ? (uint8_t)m->heartbeat.established : ENTRY_VERSION_MAX);
    }
    if (m->type == PEER_HEARTBEAT_ACK)
        peer->entry_version = (uint8_t)(m->heartbeat_ack.quiet >> PEER_QUIET_VERSION_SHIFT);
    if (m->type == PEER_HEARTBEAT_ACK && r->lead.open && m->heartbeat_ack.epoch == r->lead.epoch) {
        liveness_heard(r, m->payload);
        if (m->heartbeat_ack.quiet & 1)
            peer->quiet = true;
        else
            commit_loud(peer);
        apply_check_follower(r, peer, m->heartbeat_ack.applied, m->heartbeat_ack.digest);
        lead_versions(r);
    }
}

void message_link(struct replica *r, uint32_t id, bool up)
{
    struct peer_part *peer = peer_part_find(r, id);
    if (peer == NULL || peer->up == up)
        return;
    peer->up = up;
    if (!up) {
        peer->quiet = false; /* until it says so again */
        peer->entry_version = 0;
        peer->commit_due_ms = 0;
        buf_clear(&peer->output.urgent);
        buf_clear(&peer->output.bulk);
        snap_send_stop(r, peer);
        snap_receive_stop(r, id);
        origin_link_lost(r, id);
        sync_link_lost(r, id);
    }
    message_tell_links(r);
}

void message_tell_links(struct replica *r)
{
    for (uint32_t i = 0; i < r->peer_count && !r->receive.installing; i++) {
        struct peer_part *peer = &r->peers[i];
        if (peer->told_up == peer->up)
            continue;
        peer->told_up = peer->up;
        drive_event(r, &(struct paxos_event){.type = PAXOS_LINK, .peer = peer->id, .up = peer->up}, NULL);
    }
}

/* The desk has opened: followers forward from now on, without waiting for the next beat. The round is an old one, so that
 * check-quorum and barriers count nothing twice. */
void message_heartbeats(struct replica *r)
{
    for (uint32_t i = 0; i < r->peer_count; i++) {
        struct peer_msg m = {.type = PEER_HEARTBEAT, .from = replica_self(r), .to = r->peers[i].id};
        m.heartbeat.epoch = r->paxos.promised.epoch;
        m.heartbeat.committed = r->paxos.committed;
        m.heartbeat.round = r->paxos.round_confirmed;
        message_send(r, &m);
    }
}
