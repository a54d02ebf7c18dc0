/* lead.c - the leader's desk: takes forwards, stamps them, proposes; opens when consensus says so.
 *
 * The desk is open once the leader is established (C8) and has applied everything up to history_end: then the numbers of all
 * origins in its log are those of its state, and later ones are counted here as they are admitted (C18). Nothing is refused on
 * its merits: errors are found at apply. Of each origin exactly the next number is admitted; what else comes was sent twice.
 */
#include "replica/internal.h"

#define BATCH_BYTES (4u << 20)
#define WALK_BACKLOG_BYTES (64u << 20) /* old images waiting for a snapshot: credits go down above this */

uint32_t lead_credit(const struct replica *r)
{
    uint32_t share = REPLICA_UNCOMMITTED_BYTES / r->options.paxos.voter_count;
    return state_walk_backlog(r->state) > WALK_BACKLOG_BYTES ? share / 16 : share;
}

/* Before anything else of this lead, if all can read it: the servers' files may differ, what decides at apply may not. */
static void propose_settings(struct replica *r)
{
    const struct settings now = state_settings(r->state), *wanted = &r->options.settings;
    struct buf body = {0};
    if (r->entry_version < ENTRY_VERSION_SETTINGS)
        return;
    if (settings_flags(&now) == settings_flags(wanted) && slice_equal(now.config, wanted->config))
        return;
    settings_append(&body, wanted);
    lead_propose_own(r, &(struct entry){.kind = ENTRY_SETTINGS, .body = buf_slice(&body)});
    buf_deinit(&body);
}

/* In a rolling upgrade no entry is made that an older server cannot read: it would stand still from there on, and a quorum of
 * such would stop everybody. Who is not linked is not waited for, lest a dead server hold the others back. */
static bool versions_rise(struct replica *r)
{
    uint8_t before = r->entry_version, lowest = ENTRY_VERSION_MAX;
    uint32_t count = 1;
    for (uint32_t i = 0; i < r->peer_count; i++) {
        if (!r->peers[i].up)
            continue;
        count++;
        if (r->peers[i].entry_version < lowest)
            lowest = r->peers[i].entry_version;
    }
    if (count >= paxos_quorum(&r->paxos))
        replica_versions(r, lowest);
    return r->entry_version > before;
}

void lead_versions(struct replica *r)
{
    if (r->entry_version == ENTRY_VERSION_MAX || !versions_rise(r))
        return;
    propose_settings(r);
    message_heartbeats(r);
}

static void open_desk(struct replica *r)
{
    struct lead_part *l = &r->lead;
    struct state_counts counts;
    state_counts(r->state, &counts);
    l->open = true;
    l->epoch = r->paxos.promised.epoch;
    l->wall_ms = counts.wall_ms;
    l->cluster_ms = l->cluster_base_ms = counts.cluster_ms;
    l->mono_base_ms = r->now.mono_ms;
    l->opened_ms = SEEDED(expiry_not_restarted) ? 0 : r->now.mono_ms;
    l->since_ms = r->now.mono_ms;
    l->scan_cursor = 0;
    l->reap_cursor = 0;
    l->reap_at_ms = r->now.mono_ms + r->options.reap_interval_ms;
    map_deinit(&l->heard);
    for (uint32_t i = 0; i < r->peer_count; i++)
        r->peers[i].differs = r->peers[i].quiet = false; /* what an earlier lead knew is old */
    for (uint32_t id = 1; id < 128; id++) {
        struct lead_origin *o = &l->origin[id];
        o->known = state_origin(r->state, id, &o->incarnation, &o->boot, &o->number);
    }
    versions_rise(r);
    propose_settings(r);
    message_heartbeats(r);
}

void lead_close(struct replica *r)
{
    struct lead_part *l = &r->lead;
    l->open = false;
    buf_clear(&l->queue); /* their origins send them again */
    sync_lead_lost(r);
}

void lead_update(struct replica *r)
{
    if (r->lead.open || !replica_leads(r) || r->paxos.rolling || !r->paxos.established || state_form(r->state, NULL) == NULL)
        return;
    if (r->apply.applied >= r->paxos.history_end)
        open_desk(r);
}

static bool admit(struct lead_part *l, const struct entry *e)
{
    if (e->origin.server == 0 || e->origin.server > 127)
        return false;
    struct lead_origin *o = &l->origin[e->origin.server];
    bool same = o->known && o->incarnation == e->origin.incarnation;
    switch (e->kind) {
    case ENTRY_ORIGIN:
        if (same && e->origin.boot <= o->boot)
            return false;
        *o = (struct lead_origin){.known = true, .incarnation = e->origin.incarnation, .boot = e->origin.boot};
        return true;
    case ENTRY_REQUEST:
    case ENTRY_NOOP:
    case ENTRY_SESSION_CREATE:
    case ENTRY_SESSION_ATTACH:
    case ENTRY_SESSION_UPGRADE:
        if (!SEEDED(rule_c18) && (!same || e->origin.boot != o->boot || e->origin.number != o->number + 1))
            return false;
        o->number++;
        return true;
    default:
        return false; /* only a leader proposes the others */
    }
}

void lead_admit(struct replica *r, struct slice entries)
{
    struct lead_part *l = &r->lead;
    COORD_ASSERT(l->open);
    struct entry e;
    for (struct slice rest = entries;;) {
        const uint8_t *start = rest.data;
        int rc = entry_next(&rest, &e);
        if (rc < 0)
            r->stats.bad_packets++;
        if (rc != 0)
            return;
        if (e.kind == ENTRY_REQUEST) /* an attach counts when its password was right: apply.c */
            lead_heard(r, e.session);
        if (admit(l, &e))
            buf_append(&l->queue, start, (size_t)(rest.data - start));
    }
}

void lead_propose_own(struct replica *r, const struct entry *e)
{
    COORD_ASSERT(r->lead.open && e->origin.server == 0);
    entry_append(&r->lead.queue, e);
}

static int64_t cluster_now(const struct replica *r)
{
    return r->lead.cluster_base_ms + (int64_t)(r->now.mono_ms - r->lead.mono_base_ms);
}

static void stamp(struct replica *r, uint8_t *encoded, uint64_t zxid)
{
    struct lead_part *l = &r->lead;
    uint8_t random[ENTRY_RANDOM_BYTES] = {0};
    if (encoded[ENTRY_KIND_OFFSET] == ENTRY_SESSION_CREATE) {
        r->entropy_size -= sizeof(random);
        memcpy(random, r->entropy + r->entropy_size, sizeof(random));
        memset(r->entropy + r->entropy_size, 0, sizeof(random));
    }
    if (r->now.wall_ms > l->wall_ms)
        l->wall_ms = r->now.wall_ms;
    l->cluster_ms = cluster_now(r);
    figure_size(&r->stats.proposal_sizes, get_le32(encoded));
    entry_stamp(encoded, zxid, l->wall_ms, l->cluster_ms, random);
}

/* Stamp as many of the waiting entries as may be proposed at once; returns their bytes. */
static size_t stamp_some(struct replica *r, uint64_t first, uint32_t room, uint32_t *count)
{
    uint8_t *bytes = buf_bytes(&r->lead.queue);
    size_t size = 0, all = buf_size(&r->lead.queue);
    *count = 0;
    while (size < all && *count < room) {
        uint32_t length = get_le32(bytes + size);
        bool needs_entropy = bytes[size + ENTRY_KIND_OFFSET] == ENTRY_SESSION_CREATE;
        if ((size > 0 && size + length > BATCH_BYTES) || (needs_entropy && r->entropy_size < ENTRY_RANDOM_BYTES))
            break;
        stamp(r, bytes + size, first + *count);
        size += length;
        ++*count;
    }
    return size;
}

void lead_flush(struct replica *r)
{
    struct lead_part *l = &r->lead;
    while (l->open && buf_size(&l->queue) > 0) {
        uint32_t room, count;
        uint64_t first = paxos_submit_zxid(&r->paxos, &room);
        if (first == 0 || !paxos_persist_room(&r->paxos))
            return; /* an answer or a finished persist brings the next turn */
        size_t size = stamp_some(r, first, room, &count);
        if (count == 0) {
            r->again = true; /* the shell tops the entropy up before the next turn */
            return;
        }
        struct batch *b = batch_new(slice_make(buf_bytes(&l->queue), size));
        COORD_ASSERT(b != NULL && b->count == count);
        buf_consume(&l->queue, size);
        r->stats.proposals += count;
        drive_event(r, &(struct paxos_event){.type = PAXOS_SUBMIT, .first = first, .count = count}, b);
        batch_unref(b);
    }
}

void lead_form(struct replica *r)
{
    struct form form;
    uint32_t room;
    uint64_t zxid = paxos_submit_zxid(&r->paxos, &room);
    COORD_ASSERT(zxid != 0); /* consensus asks for it when it may be proposed */
    paxos_form(&r->paxos, &form);
    form.cluster = r->options.fresh_cluster;
    struct buf body = {0}, entry = {0};
    form_append(&body, &form);
    entry_append(&entry,
                 &(struct entry){.kind = ENTRY_FORM, .zxid = zxid, .wall_ms = r->now.wall_ms, .body = buf_slice(&body)});
    struct batch *b = batch_new(buf_slice(&entry));
    COORD_ASSERT(b != NULL);
    buf_deinit(&body);
    buf_deinit(&entry);
    struct paxos_event submit = {.type = PAXOS_SUBMIT, .first = zxid, .count = 1, .form = &form, .form_zxid = zxid};
    drive_event(r, &submit, b);
    batch_unref(b);
}

/* ---- who is alive: judged by the leader alone, with a full time-out from each new leader ---- */

void lead_heard(struct replica *r, uint64_t session)
{
    if (!state_session(r->state, session, NULL))
        return; /* a report behind its end: what is kept goes with the session */
    map_put(&r->lead.heard, session, (void *)(uintptr_t)(r->now.mono_ms + 1));
}

static uint64_t last_heard(const struct replica *r, uint64_t session)
{
    uint64_t stored = (uint64_t)(uintptr_t)map_get(&r->lead.heard, session);
    uint64_t from = r->lead.opened_ms > r->woke_ms ? r->lead.opened_ms : r->woke_ms;
    return stored > from ? stored - 1 : from;
}

#define SCAN_SESSIONS 4096   /* looked at in one go; the next goes on (liveness.c) */
#define SCAN_INTERVAL_MS 100 /* between two passes */

void lead_expire(struct replica *r)
{
    struct lead_part *l = &r->lead;
    if (r->now.mono_ms < l->scan_at_ms)
        return;
    struct state_session s;
    for (uint32_t i = 0; i < SCAN_SESSIONS; i++) {
        if (!state_session_next(r->state, &l->scan_cursor, &s)) {
            l->scan_cursor = 0;
            l->scan_at_ms = r->now.mono_ms + SCAN_INTERVAL_MS;
            return;
        }
        if (r->now.mono_ms < last_heard(r, s.id) + s.timeout_ms)
            continue;
        struct entry e = {.kind = ENTRY_SESSION_EXPIRE, .session = s.id, .attach = s.attach};
        lead_propose_own(r, &e);
        lead_heard(r, s.id); /* not proposed again before another time-out: this one is on its way */
    }
}

#define REAP_LOOKS 4096             /* in one go; the next goes on (liveness.c) */
#define REAP_QUEUE_BYTES (1u << 20) /* waits to be proposed: no more now */
#define MINUTE_MS 60000

/* One that is proposed again before the first entry is applied does no harm: the second is void. */
void lead_reap(struct replica *r)
{
    struct lead_part *l = &r->lead;
    uint32_t looks = REAP_LOOKS;
    if (r->now.mono_ms < l->reap_at_ms)
        return;
    if (r->now.mono_ms >= l->reap_minute_ms + MINUTE_MS) {
        l->reap_minute_ms = r->now.mono_ms;
        l->reap_count = 0;
    }
    while (l->reap_count < r->options.reap_per_minute && buf_size(&l->queue) < REAP_QUEUE_BYTES) {
        if (!state_reap_next(r->state, &l->reap_cursor, &looks, cluster_now(r), &r->scratch)) {
            if (l->reap_cursor == 0)
                l->reap_at_ms = r->now.mono_ms + r->options.reap_interval_ms;
            return;
        }
        lead_propose_own(r, &(struct entry){.kind = ENTRY_REAP, .body = buf_slice(&r->scratch)});
        l->reap_count++;
    }
}
