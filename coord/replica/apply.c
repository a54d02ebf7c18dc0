/* apply.c - what is chosen takes effect: state, watches, replies (C5, C18).
 *
 * Entries come from memory; those that were on the disk at the start, and are not applied yet, by READ_LOG jobs. Between any
 * two applies the queues of the sessions run, so that each operation sees exactly what its place in its session allows. A
 * change's events are queued before any reply that shows the change.
 */
#include "replica/internal.h"

#define REPLAY_BYTES (4u << 20) /* one READ_LOG */
#define DIFFERS_HEARTBEATS 10   /* for which a follower differs from its leader before it stops */
/* Applied in one turn, with REPLICA_APPLY_ENTRIES: keeps a turn below 10 ms. One entry is never split. */
#define TURN_BYTES (4u << 20)
#define TURN_CHANGES 8192 /* of znodes, and events of them: an expiry may remove many */
#define COUNTED_CHANGE 16 /* nodes that are counted cost as much as a change */

static bool turn_is_full(const struct apply_part *p)
{
    return p->turn.entries >= REPLICA_APPLY_ENTRIES || p->turn.changes >= TURN_CHANGES || p->turn.bytes > TURN_BYTES;
}

/* What the entry did to its session, for the connection that holds it here. */
static void session_effects(struct replica *r, const struct apply *a, const struct request *own)
{
    if (a->session == 0)
        return;
    COORD_ASSERT(a->err == 0 && !a->skipped);
    struct conn *c = conn_of_session(r, a->session);
    if (a->session_closed) {
        map_remove(&r->lead.heard, a->session);
        if (r->lead.open && a->entry->kind == ENTRY_SESSION_EXPIRE)
            r->stats.expired++;
        if (c != NULL && own == NULL)
            conn_close(r, c); /* expired, or closed through another server; who asked for it here gets a reply first */
        return;
    }
    if (r->lead.open)
        lead_heard(r, a->session);
    if (a->entry->kind == ENTRY_SESSION_UPGRADE)
        local_upgraded(r, a->session);
    else if (c != NULL)
        conn_close(r, c); /* attached anew, here or elsewhere: the older connection can write no more */
}

static void count_refusal(struct replica *r, struct slice path)
{
    const uint8_t *end = memchr(path.data + 1, '/', path.size - 1);
    struct slice space = slice_make(path.data + 1, (end != NULL ? (size_t)(end - path.data) : path.size) - 1);
    uint32_t at = 0;

    while (at < r->refusals_count && !slice_equal(buf_slice(&r->refusals[at].space), space))
        at++;
    if (at == REPLICA_REFUSALS)
        return;
    if (at == r->refusals_count) {
        buf_append(&r->refusals[at].space, space.data, space.size);
        r->refusals_count++;
    }
    r->refusals[at].count++;
}

/* For the log of the host. */
static void note_excess(struct replica *r, const struct quota_excess *excess)
{
    buf_clear(&r->quota_path);
    buf_append(&r->quota_path, excess->path.data, excess->path.size);
    buf_append(&r->quota_path, "", 1);
    r->stats.quota_last = *excess;
    r->stats.quota_last.path = slice_make(buf_bytes(&r->quota_path), excess->path.size);
    if (excess->hard && r->lead.open)
        count_refusal(r, excess->path);
    if (excess->hard)
        r->stats.quota_refused++;
    else
        r->stats.quota_passed++;
}

static bool is_own(const struct replica *r, const struct entry *e)
{
    return e->origin.server == replica_self(r) && e->origin.incarnation == r->options.paxos.incarnation &&
           e->origin.boot == r->options.paxos.boot;
}

static void apply_entry(struct replica *r, const struct entry *e)
{
    struct request *own = is_own(r, e) ? origin_peek(r, e->origin.number) : NULL;
    if (own != NULL)
        request_before_apply(r, own);
    buf_clear(&r->reply);
    struct apply a = {.entry = e, .reply = &r->reply};
    state_apply(r->state, &a);
    r->apply.turn.changes += (uint32_t)(a.counted / COUNTED_CHANGE);
    r->apply.applied = e->zxid;
    replica_versions(r, e->kind == ENTRY_SETTINGS ? ENTRY_VERSION_SETTINGS : e->version);
    r->apply.ring[e->zxid % DIGEST_RING] = (struct digest_at){e->zxid, state_digest(r->state)};
    r->take.entries++;
    r->stats.commits++;
    r->apply.turn.entries++;
    r->apply.turn.bytes += (uint32_t)entry_size(e);
    if (a.excess != NULL)
        note_excess(r, a.excess);
    if (!SEEDED(watch_after_reply))
        watches_fire(r, &a);
    session_effects(r, &a, own);
    if (own != NULL && !a.skipped) {
        origin_take(r, own);
        request_applied(r, own, &a, buf_slice(&r->reply));
    }
    if (SEEDED(watch_after_reply))
        watches_fire(r, &a);
}

static void read_ahead(struct replica *r, uint64_t first)
{
    struct job *j = job_new(JOB_READ_LOG);
    j->zxid = first;
    j->last = r->apply.commit < runs_last(&r->apply.boot_log) ? r->apply.commit : runs_last(&r->apply.boot_log);
    j->max_bytes = REPLAY_BYTES;
    r->apply.reading = true;
    drive_job(r, j);
}

void apply_read_done(struct replica *r, struct job *j)
{
    struct apply_part *p = &r->apply;
    p->reading = false;
    COORD_ASSERT(p->replay == NULL);
    if (j->err == 0 && runs_last(&p->boot_log) > p->applied) {
        p->replay = j;
        p->replay_rest = buf_slice(&j->bytes);
        return;
    }
    if (j->err < 0 && j->err != -COORD_E_NO_ENTRY && j->err != -COORD_E_TRIMMED)
        replica_fail(r, "the log cannot be read");
    job_free(j); /* cut or replaced by a snapshot meanwhile: asked for again if it is still wanted */
}

static void drop_replay(struct replica *r)
{
    if (r->apply.replay != NULL)
        job_free(r->apply.replay);
    r->apply.replay = NULL;
}

/* From what a job read: the next entry behind `applied`, up to what was chosen when it was asked for. */
static void apply_replay(struct replica *r)
{
    struct entry e;
    int rc = entry_next(&r->apply.replay_rest, &e);
    if (rc < 0)
        replica_fail(r, "the log holds an entry that cannot be decoded");
    if (rc != 0) {
        drop_replay(r);
        return;
    }
    COORD_ASSERT(e.zxid > r->apply.applied && e.zxid <= r->apply.commit && runs_hold(&r->apply.boot_log, e.zxid));
    apply_entry(r, &e);
}

static void apply_cached(struct replica *r)
{
    struct log_slot at;
    log_first_after(r, r->apply.applied, &at);
    struct batch *b = batch_ref(at.batch); /* the log may let go of it while we use it */
    for (uint32_t i = at.from; i < at.to && !turn_is_full(&r->apply); i++) {
        struct slice s = batch_slice(b, i, i + 1);
        struct entry e;
        int rc = entry_next(&s, &e);
        COORD_ASSERT(rc == 0); /* batch_new checked it */
        if (e.zxid > r->apply.commit)
            break;
        apply_entry(r, &e);
        if (e.kind == ENTRY_REQUEST && replica_serving(r)) /* two clocks: what comes out below 0 is 0 */
            spread_add(&r->propagation, r->now.wall_ms > e.wall_ms ? (uint64_t)(r->now.wall_ms - e.wall_ms) : 0);
    }
    batch_unref(b);
}

void apply_run(struct replica *r)
{
    struct apply_part *p = &r->apply;
    uint64_t before = p->applied;
    p->turn = (struct apply_turn){0};
    while (p->applied < p->commit && r->failed == NULL) {
        if (turn_is_full(p)) {
            r->again = true;
            break;
        }
        if (p->replay != NULL) {
            apply_replay(r);
        } else if (runs_last(&p->boot_log) > p->applied) {
            if (!p->reading)
                read_ahead(r, runs_next(&p->boot_log, p->applied));
            break;
        } else {
            apply_cached(r);
        }
    }
    if (p->applied == before)
        return;
    if (p->turn.entries > r->stats.max_turn_entries)
        r->stats.max_turn_entries = p->turn.entries;
    if (p->claim.zxid != 0 && p->claim.zxid <= p->applied)
        apply_check_digest(r, p->claim_epoch, p->claim.zxid, p->claim.digest);
    sync_applied(r);
    if (r->catching_up > 0)
        connect_caught_up(r);
}

/* Who disagrees with the quorum at the same zxid stops, rather than serve what is wrong. The leader says its
 * digest at a zxid with each heartbeat, and the followers say theirs in answer. One that differs from the leader's may stand
 * for a wrong leader too: so the follower waits for a few heartbeats, in which a leader that differs from a quorum stops
 * itself, and judges anew under the next one. */
void apply_check_digest(struct replica *r, uint32_t epoch, uint64_t zxid, uint64_t digest)
{
    struct apply_part *p = &r->apply;
    if (epoch != p->claim_epoch) { /* another leader */
        p->claim_epoch = epoch;
        p->claim.zxid = p->differs_ms = 0;
    }
    if (zxid == 0)
        return; /* nothing applied there yet */
    if (zxid > p->applied) {
        if (p->claim.zxid == 0 || p->claim.zxid <= p->applied)
            p->claim = (struct digest_at){zxid, digest};
        return;
    }
    if (p->claim.zxid == zxid)
        p->claim.zxid = 0;
    struct digest_at mine = p->ring[zxid % DIGEST_RING];
    if (mine.zxid != zxid || mine.digest == digest)
        return;
    if (p->differs_ms == 0)
        p->differs_ms = r->now.mono_ms;
}

void apply_judge(struct replica *r)
{
    const struct apply_part *p = &r->apply;
    if (p->differs_ms != 0 && !replica_leads(r) && r->paxos.leader != 0 && r->paxos.promised.epoch == p->claim_epoch &&
        r->now.mono_ms >= p->differs_ms + DIFFERS_HEARTBEATS * (uint64_t)r->options.paxos.heartbeat_ms)
        replica_fail(r, "the state differs from the leader's at the same zxid");
}

void apply_check_follower(struct replica *r, struct peer_part *peer, uint64_t zxid, uint64_t digest)
{
    struct digest_at mine = r->apply.ring[zxid % DIGEST_RING];
    uint32_t count = 0;
    if (zxid == 0 || mine.zxid != zxid)
        return;
    peer->differs = mine.digest != digest;
    for (uint32_t i = 0; i < r->peer_count; i++)
        count += r->peers[i].differs;
    if (count >= paxos_quorum(&r->paxos))
        replica_fail(r, "the state differs from that of a quorum at the same zxid");
}

void apply_reset(struct replica *r, struct state *state, uint64_t zxid)
{
    COORD_ASSERT(state_zxid(state) == zxid);
    state_free(r->state);
    r->state = state;
    r->apply.applied = zxid;
    COORD_ASSERT(zxid > r->apply.commit); /* paxos_snapshot_wanted(), and nothing was chosen since */
    r->apply.commit = zxid;
    runs_reset(&r->apply.boot_log, zxid);
    drop_replay(r);
    log_reset(r);
}
