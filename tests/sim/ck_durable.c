/* ck_durable.c - the shadow of each disk; see ck_durable.h. */
#include "sim/ck_durable.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/map.h"
#include "sim/ck_lead.h"
#include "sim/ck_log.h"
#include "sim/trace.h"

/* A disk that was emptied: what its server acknowledged counts on, if it had the vote. */
struct past {
    uint64_t incarnation;
    struct map ever;
};

struct shadow {
    struct paxos_promised promised;
    uint32_t accepted;
    uint64_t floor;
    struct shadow_entry *log;
    size_t count, capacity;
    struct map ever;        /* every zxid that was durable once */
    uint64_t may_cut_after; /* jobs under way may have cut what lies behind it when the process died within them */
    uint64_t incarnation;
    uint64_t vouched; /* up to here the log is that of the leader of `accepted` (C3) */
    struct past *past;
    size_t past_count;
};

struct ck_durable {
    struct rng rng;
    struct shadow shadow[PEER_MAX];
    uint64_t chosen;
    uint64_t voter[PEER_MAX]; /* whose incarnation has the vote, as FORM names it; 0: not formed */
};

struct ck_durable *ck_durable_new(struct sim *s)
{
    struct ck_durable *d = coord_alloc_zero(1, sizeof(*d));

    sim_rng(s, &d->rng, "durable", 0);
    for (int i = 0; i < PEER_MAX; i++)
        d->shadow[i].may_cut_after = UINT64_MAX;
    return d;
}

static struct shadow *shadow_of(const struct sim *s, uint32_t id)
{
    return &s->durable->shadow[id - 1];
}

static void cut_after(struct shadow *d, uint64_t zxid)
{
    while (d->count > 0 && d->log[d->count - 1].zxid > zxid)
        coord_free(d->log[--d->count].bytes);
}

static void append(struct shadow *d, struct slice encoded, uint64_t zxid)
{
    if (d->count == d->capacity) {
        d->capacity = d->capacity > 0 ? 2 * d->capacity : 64;
        d->log = coord_realloc(d->log, d->capacity * sizeof(*d->log));
    }
    d->log[d->count++] = (struct shadow_entry){zxid, hash_bytes(encoded.data, encoded.size, 0),
                                               coord_memdup(encoded.data, encoded.size), encoded.size};
    map_put(&d->ever, zxid, d);
}

void ck_durable_free(struct sim *s)
{
    for (uint32_t id = 1; id <= PEER_MAX; id++) {
        struct shadow *d = shadow_of(s, id);
        cut_after(d, 0);
        coord_free(d->log);
        map_deinit(&d->ever);
        for (size_t i = 0; i < d->past_count; i++)
            map_deinit(&d->past[i].ever);
        coord_free(d->past);
    }
    coord_free(s->durable);
}

static size_t find(const struct shadow *d, uint64_t zxid) /* the first at or above */
{
    size_t low = 0, high = d->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (d->log[middle].zxid < zxid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t last_of(const struct shadow *d)
{
    uint64_t last = d->count > 0 ? d->log[d->count - 1].zxid : 0;

    return last > d->floor ? last : d->floor;
}

uint64_t ck_durable_floor(const struct sim *s, uint32_t id)
{
    return shadow_of(s, id)->floor;
}

const struct shadow_entry *ck_durable_after(const struct sim *s, uint32_t id, uint64_t zxid)
{
    const struct shadow *d = shadow_of(s, id);
    size_t at = find(d, zxid + 1);

    return at < d->count ? &d->log[at] : NULL;
}

bool ck_durable_votes(const struct sim *s, uint32_t id, uint64_t zxid, uint64_t hash)
{
    const struct shadow *d = shadow_of(s, id);

    if (s->durable->voter[id - 1] == d->incarnation)
        return d->accepted >= zxid_epoch(zxid) && ck_durable_holds(s, id, zxid, hash);
    for (size_t i = 0; i < d->past_count; i++) /* what it acknowledged counts on, what its new disk holds does not */
        if (d->past[i].incarnation == s->durable->voter[id - 1])
            return map_get(&d->past[i].ever, zxid) != NULL;
    return false;
}

bool ck_durable_spare(const struct sim *s, uint32_t id, uint64_t zxid)
{
    const struct shadow *d = shadow_of(s, id);

    for (size_t i = find(d, zxid + 1); i < d->count; i++) {
        uint32_t holders = 0;
        for (uint32_t other = 1; other <= s->preset.nodes; other++)
            holders += other != id && ck_durable_votes(s, other, d->log[i].zxid, d->log[i].hash) ? 1 : 0;
        if (holders <= s->preset.nodes / 2)
            return false;
    }
    return true;
}

void ck_durable_rotted(struct sim *s, uint32_t id, uint64_t zxid)
{
    cut_after(shadow_of(s, id), zxid);
}

void ck_durable_formed(struct sim *s, const struct form *form)
{
    for (uint32_t i = 0; i < form->count; i++)
        s->durable->voter[form->voter[i].id - 1] = form->voter[i].incarnation;
}

bool ck_durable_outvoted(const struct sim *s, uint32_t id)
{
    uint64_t voter = s->durable->voter[id - 1];

    return voter != 0 && voter != shadow_of(s, id)->incarnation;
}

bool ck_durable_holds(const struct sim *s, uint32_t id, uint64_t zxid, uint64_t hash)
{
    const struct shadow *d = shadow_of(s, id);
    size_t at = find(d, zxid);

    return zxid <= d->floor || (at < d->count && d->log[at].zxid == zxid && d->log[at].hash == hash);
}

uint32_t ck_durable_accepted(const struct sim *s, uint32_t id)
{
    return shadow_of(s, id)->accepted;
}

uint32_t ck_durable_promised(const struct sim *s, uint32_t id)
{
    return shadow_of(s, id)->promised.epoch;
}

uint64_t ck_durable_last(const struct sim *s, uint32_t id)
{
    return last_of(shadow_of(s, id));
}

uint64_t ck_durable_chosen(const struct sim *s)
{
    return s->durable->chosen;
}

/* This disk has changed: what of its log do others vouch for with it, in the same epoch? */
static void choose(struct sim *s, uint32_t id)
{
    const struct shadow *d = shadow_of(s, id);

    for (uint32_t i = 1; i <= s->preset.nodes && !ck_durable_outvoted(s, id); i++) {
        uint64_t last = shadow_of(s, i)->vouched < d->vouched ? shadow_of(s, i)->vouched : d->vouched;
        uint32_t count = 0;
        for (uint32_t j = 1; j <= s->preset.nodes; j++) {
            const struct shadow *other = shadow_of(s, j);
            count += !ck_durable_outvoted(s, j) && other->accepted == d->accepted && other->vouched >= last;
        }
        if (count > s->preset.nodes / 2 && last > s->durable->chosen)
            s->durable->chosen = last;
    }
}

/* Jobs. */

void ck_durable_running(struct sim *s, struct node *n, const struct list *jobs)
{
    struct shadow *d = shadow_of(s, n->id);

    LIST_EACH(link, jobs)
    {
        const struct job *job = LIST_ENTRY(link, struct job, link);
        if (job->type == JOB_INSTALL)
            d->may_cut_after = 0;
        if (job->type == JOB_PERSIST && job->persist.cut && job->persist.cut_after < d->may_cut_after)
            d->may_cut_after = job->persist.cut_after;
    }
}

void ck_durable_batch_ran(struct sim *s, struct node *n)
{
    struct shadow *d = shadow_of(s, n->id);

    d->may_cut_after = UINT64_MAX;
    if (n->doomed || !chance(&s->durable->rng, 1000 / s->preset.image_check))
        return;
    /* I9 itself: a power loss now, and the real store's view of what is left. */
    struct fake_fs *image = fake_fs_clone(n->disk);
    struct store_options options = {.data_dir = "/data",
                                    .log_dir = s->options.seed % 2 ? "/data" : "/log",
                                    .server = n->id,
                                    .segment_bytes = s->preset.segment_bytes,
                                    .segments_ahead = s->preset.segments_ahead,
                                    .snap_retain = s->preset.snap_retain,
                                    .fresh_incarnation = 1};
    struct store_recovered recovered;
    struct store *store;
    const char *text = NULL;
    fake_fs_crash(image, &s->durable->rng, FAKE_FS_LOSE);
    int rc = store_open(fake_fs_fs(image), &options, &store, &recovered, &text);
    if (rc != 0)
        sim_fail(s, "I9", "n%u: the durable image cannot be opened: %s: %s", n->id, coord_error_name(rc), text ? text : "");
    const struct paxos_recovered *p = &recovered.paxos;
    if (p->promised.epoch != d->promised.epoch || p->promised.server != d->promised.server || p->accepted != d->accepted ||
        runs_last(&p->log) != last_of(d))
        sim_fail(s, "I9",
                 "n%u: the durable image says promised=%u to %u accepted=%u last=" ZXID_FMT
                 ", acknowledged were promised=%u to %u accepted=%u last=" ZXID_FMT,
                 n->id, p->promised.epoch, p->promised.server, p->accepted, ZXID_ARG(runs_last(&p->log)), d->promised.epoch,
                 d->promised.server, d->accepted, ZXID_ARG(last_of(d)));
    store_close(store);
    fake_fs_free(image);
}

static void append_pieces(struct sim *s, struct node *n, const struct job *job)
{
    const struct paxos_persist *p = &job->persist;
    struct shadow *d = shadow_of(s, n->id);
    uint32_t count = 0;

    for (uint32_t i = 0; i < job->piece_count; i++) {
        const struct job_piece *piece = &job->pieces[i];
        for (uint32_t at = piece->from; at < piece->to; at++, count++) {
            struct slice encoded = batch_slice(piece->batch, at, at + 1), rest = encoded;
            struct entry e;
            if (entry_next(&rest, &e) != 0)
                sim_fail(s, "contract", "n%u persists a malformed entry", n->id);
            if (e.zxid <= last_of(d) ||
                (zxid_epoch(e.zxid) == zxid_epoch(last_of(d)) ? e.zxid != last_of(d) + 1 : zxid_counter(e.zxid) != 1))
                sim_fail(s, "I8", "n%u appends " ZXID_FMT " behind " ZXID_FMT, n->id, ZXID_ARG(e.zxid), ZXID_ARG(last_of(d)));
            if (zxid_epoch(e.zxid) > d->promised.epoch)
                sim_fail(s, "I6", "n%u appends " ZXID_FMT " but promised %u", n->id, ZXID_ARG(e.zxid), d->promised.epoch);
            append(d, encoded, e.zxid);
        }
    }
    if (count != p->append_count || (count > 0 && last_of(d) != p->append_last))
        sim_fail(s, "contract", "n%u persists %u entries up to " ZXID_FMT " instead of %u up to " ZXID_FMT, n->id, count,
                 ZXID_ARG(last_of(d)), p->append_count, ZXID_ARG(p->append_last));
}

/* A leader that cuts an entry has an epoch no higher than the one that chose it, or the entry is not chosen. */
static void check_cut(struct sim *s, const struct node *n, uint64_t after)
{
    const struct shadow *d = shadow_of(s, n->id);

    if (after < state_zxid(replica_state(n->replica)))
        sim_fail(s, "I13", "n%u cuts behind " ZXID_FMT " and has applied " ZXID_FMT, n->id, ZXID_ARG(after),
                 ZXID_ARG(state_zxid(replica_state(n->replica))));
    for (size_t i = find(d, after + 1); i < d->count; i++) {
        const struct committed *c = ck_log_find(s, d->log[i].zxid);
        if (c != NULL && c->hash == d->log[i].hash && d->promised.epoch > c->epoch)
            sim_fail(s, "I13", "n%u cuts " ZXID_FMT " in epoch %u, chosen by %u", n->id, ZXID_ARG(c->zxid), d->promised.epoch,
                     c->epoch);
    }
}

void ck_durable_ran(struct sim *s, struct node *n, const struct job *job)
{
    struct shadow *d = shadow_of(s, n->id);
    const struct paxos_persist *p = &job->persist;

    if (job->type == JOB_INSTALL) {
        cut_after(d, 0);
        d->floor = d->vouched = job->zxid;
        return;
    }
    if (job->type != JOB_PERSIST)
        return;
    if (p->set_promised) {
        /* Who promised an epoch to one may follow another who has won it: there is only one who can. */
        if (p->promised.epoch < d->promised.epoch ||
            (p->promised.epoch == d->promised.epoch && p->promised.server != d->promised.server &&
             p->promised.server != ck_lead_of(s, p->promised.epoch)))
            sim_fail(s, "I5", "n%u promises %u to n%u after %u to n%u", n->id, p->promised.epoch, p->promised.server,
                     d->promised.epoch, d->promised.server);
        d->promised = p->promised;
    }
    if (p->cut) {
        if (p->cut_after < d->floor)
            sim_fail(s, "I13", "n%u cuts into its snapshot", n->id);
        check_cut(s, n, p->cut_after);
        cut_after(d, p->cut_after);
        d->vouched = d->vouched < p->cut_after ? d->vouched : p->cut_after;
    }
    append_pieces(s, n, job);
    if (p->set_accepted) {
        if (p->accepted != d->promised.epoch || p->accepted < d->accepted)
            sim_fail(s, "I6", "n%u accepts epoch %u, promised %u, accepted %u", n->id, p->accepted, d->promised.epoch,
                     d->accepted);
        d->accepted = p->accepted;
    }
    if (d->accepted == d->promised.epoch)
        d->vouched = last_of(d);
    choose(s, n->id);
}

/* Restarts. */

void ck_durable_wiped(struct sim *s, struct node *n)
{
    struct shadow *d = shadow_of(s, n->id);

    cut_after(d, 0);
    d->floor = 0;
    d->promised = (struct paxos_promised){0};
    d->accepted = 0;
    d->vouched = 0;
    d->past = coord_realloc(d->past, (d->past_count + 1) * sizeof(*d->past));
    d->past[d->past_count++] = (struct past){d->incarnation, d->ever};
    d->ever = (struct map){0};
    d->incarnation = 0;
}

/* The log as it stands on the disk, compared with the shadow where it must be the same. False: the disk stopped. */
static bool read_log(struct sim *s, struct node *n, const struct runs *log, struct shadow *fresh, const struct shadow *old)
{
    for (uint64_t zxid = runs_next(log, log->floor); zxid != 0;) {
        struct job *job = job_new(JOB_READ_LOG);
        job->zxid = zxid;
        job->last = runs_last(log);
        job->max_bytes = 1u << 16;
        store_run(n->store, job);
        if (job->err != 0) {
            if (!fake_fs_stopped(n->disk) && !n->doomed)
                sim_fail(s, "recovery", "n%u cannot read " ZXID_FMT " of its log: %s", n->id, ZXID_ARG(zxid),
                         coord_error_name(job->err));
            job_free(job);
            return false;
        }
        struct slice rest = buf_slice(&job->bytes), before = rest;
        for (struct entry e; entry_next(&rest, &e) == 0; before = rest) {
            struct slice encoded = slice_make(before.data, before.size - rest.size);
            size_t at = find(old, e.zxid);
            if (e.zxid != zxid)
                sim_fail(s, "recovery", "n%u: its log holds " ZXID_FMT " where " ZXID_FMT " was", n->id, ZXID_ARG(e.zxid),
                         ZXID_ARG(zxid));
            if (at < old->count && old->log[at].zxid == e.zxid &&
                old->log[at].hash != hash_bytes(encoded.data, encoded.size, 0))
                sim_fail(s, "recovery", "n%u: entry " ZXID_FMT " is another now", n->id, ZXID_ARG(e.zxid));
            append(fresh, encoded, e.zxid);
            zxid = runs_next(log, e.zxid);
        }
        job_free(job);
    }
    return true;
}

bool ck_durable_start(struct sim *s, struct node *n, const struct store_recovered *recovered)
{
    const struct paxos_recovered *p = &recovered->paxos;
    struct shadow *d = shadow_of(s, n->id), fresh = {.may_cut_after = UINT64_MAX};
    uint64_t must = last_of(d) < d->may_cut_after ? last_of(d) : d->may_cut_after;

    if (!read_log(s, n, &p->log, &fresh, d)) {
        cut_after(&fresh, 0);
        coord_free(fresh.log);
        map_deinit(&fresh.ever);
        return false;
    }
    map_deinit(&fresh.ever);
    if (p->promised.epoch < d->promised.epoch ||
        (p->promised.epoch == d->promised.epoch && p->promised.server != d->promised.server &&
         p->promised.server != ck_lead_of(s, p->promised.epoch)))
        sim_fail(s, "I5", "n%u: promised was %u to %u before the restart, and is %u to %u", n->id, d->promised.epoch,
                 d->promised.server, p->promised.epoch, p->promised.server);
    if (p->accepted < d->accepted)
        sim_fail(s, "recovery", "n%u: accepted was %u before the restart, and is %u", n->id, d->accepted, p->accepted);
    if (d->incarnation != 0 && d->incarnation != recovered->incarnation)
        sim_fail(s, "recovery", "n%u has another incarnation", n->id);
    /* Entries that were durable, and that no job under way cut: still there. */
    size_t kept = find(d, must + 1);
    if (kept > 0 && !runs_hold(&p->log, d->log[kept - 1].zxid))
        sim_fail(s, "recovery", "n%u: its log ends at " ZXID_FMT ", but " ZXID_FMT " was durable", n->id,
                 ZXID_ARG(runs_last(&p->log)), ZXID_ARG(d->log[kept - 1].zxid));
    /* What lies below the snapshot or was trimmed stays known from before. */
    uint64_t first = fresh.count > 0 ? fresh.log[0].zxid : UINT64_MAX;
    cut_after(d, first == UINT64_MAX ? p->log.floor : first - 1);
    if (p->log.floor > last_of(d))
        d->floor = p->log.floor; /* an INSTALL that finished, unheard */
    for (size_t i = 0; i < fresh.count; i++)
        if (fresh.log[i].zxid > d->floor)
            append(d, slice_make(fresh.log[i].bytes, fresh.log[i].size), fresh.log[i].zxid);
    cut_after(&fresh, 0);
    coord_free(fresh.log);
    d->promised = p->promised;
    d->accepted = p->accepted;
    d->incarnation = recovered->incarnation;
    if (d->accepted == d->promised.epoch || d->vouched > last_of(d))
        d->vouched = last_of(d);
    d->may_cut_after = UINT64_MAX;
    return true;
}

/* Messages. */

static void must_hold(struct sim *s, struct node *n, const struct peer_msg *m, uint64_t zxid)
{
    struct shadow *d = shadow_of(s, n->id);

    if (zxid > d->floor && map_get(&d->ever, zxid) == NULL)
        sim_fail(s, "I9", "n%u sends %s about " ZXID_FMT ", which never was durable", n->id, peer_type_name(m->type),
                 ZXID_ARG(zxid));
}

void ck_durable_leaves(struct sim *s, struct node *n, const struct peer_msg *m)
{
    struct shadow *d = shadow_of(s, n->id);

    if (m->type == PEER_PROMISE) {
        if (d->promised.epoch < m->promise.epoch ||
            (d->promised.epoch == m->promise.epoch && d->promised.server != m->to &&
             d->promised.server != ck_lead_of(s, m->promise.epoch))) /* meanwhile it may follow who won */
            sim_fail(s, "I9", "n%u promises %u to n%u, its disk says %u to %u", n->id, m->promise.epoch, m->to,
                     d->promised.epoch, d->promised.server);
        if (m->promise.accepted > d->accepted)
            sim_fail(s, "I9", "n%u says accepted=%u, its disk %u", n->id, m->promise.accepted, d->accepted);
        must_hold(s, n, m, runs_last(&m->promise.log));
    } else if (m->type == PEER_ACCEPTED) {
        if (d->promised.epoch < m->accepted.epoch || d->accepted < m->accepted.accepted)
            sim_fail(s, "I9", "n%u acknowledges epoch %u accepted=%u, its disk says promised=%u accepted=%u", n->id,
                     m->accepted.epoch, m->accepted.accepted, d->promised.epoch, d->accepted);
        must_hold(s, n, m, m->accepted.matched);
    } else if (m->type == PEER_PREPARE && d->promised.epoch < m->prepare.epoch) {
        sim_fail(s, "C6", "n%u prepares %u before its own promise is durable", n->id, m->prepare.epoch);
    }
}
