/* ck_log.c - the committed sequence; see ck_log.h. */
#include "sim/ck_log.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "sim/ck_durable.h"
#include "sim/ck_lead.h"
#include "sim/ck_model.h"
#include "sim/ck_session.h"
#include "sim/client.h"
#include "sim/mark.h"
#include "sim/mermaid.h"
#include "sim/trace.h"
#include "store/manifest.h"

struct ck_log {
    struct rng rng;
    struct committed *entries;
    size_t count, capacity;
    struct state *state; /* fed with the sequence alone */
    struct buf reply;
    size_t applied[PEER_MAX]; /* how many entries each process has applied */
};

struct ck_log *ck_log_new(struct sim *s)
{
    struct ck_log *log = coord_alloc_zero(1, sizeof(*log));

    sim_rng(s, &log->rng, "log", 0);
    log->state = state_new();
    return log;
}

void ck_log_free(struct sim *s)
{
    state_free(s->log->state);
    buf_deinit(&s->log->reply);
    coord_free(s->log->entries);
    coord_free(s->log);
}

uint64_t ck_log_last(const struct sim *s)
{
    return s->log->count > 0 ? s->log->entries[s->log->count - 1].zxid : 0;
}

uint64_t ck_log_count(const struct sim *s)
{
    return s->log->count;
}

const struct state *ck_log_state(const struct sim *s)
{
    return s->log->state;
}

static size_t count_until(const struct ck_log *log, uint64_t zxid)
{
    size_t low = 0, high = log->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (log->entries[middle].zxid <= zxid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct committed *ck_log_find(const struct sim *s, uint64_t zxid)
{
    size_t count = count_until(s->log, zxid);

    return count > 0 && s->log->entries[count - 1].zxid == zxid ? &s->log->entries[count - 1] : NULL;
}

static void check_quorum(struct sim *s, const struct shadow_entry *e)
{
    uint32_t holders = 0;

    for (uint32_t id = 1; id <= s->preset.nodes; id++)
        holders += ck_durable_votes(s, id, e->zxid, e->hash) ? 1 : 0;
    if (holders <= s->preset.nodes / 2)
        sim_fail(s, "I10", "entry " ZXID_FMT " is applied, but durable on %u of %u", ZXID_ARG(e->zxid), holders,
                 s->preset.nodes);
}

static void extend(struct sim *s, struct node *n, const struct shadow_entry *se)
{
    struct ck_log *log = s->log;
    struct slice encoded = slice_make(se->bytes, se->size);
    struct entry e;

    struct form form;

    if (entry_next(&encoded, &e) != 0 || (e.kind == ENTRY_FORM && form_decode(e.body, &form) != 0))
        sim_fail(s, "I3", "n%u applied a malformed entry", n->id);
    if (e.kind == ENTRY_FORM)
        ck_durable_formed(s, &form);
    check_quorum(s, se);
    if (log->count == log->capacity) {
        log->capacity = log->capacity > 0 ? 2 * log->capacity : 256;
        log->entries = coord_realloc(log->entries, log->capacity * sizeof(*log->entries));
    }
    struct state_session session = {.attach = 0};
    state_session(log->state, e.session, &session);
    buf_clear(&log->reply);
    struct apply a = {.entry = &e, .reply = &log->reply};
    state_apply(log->state, &a);
    log->entries[log->count++] = (struct committed){.zxid = se->zxid,
                                                    .hash = se->hash,
                                                    .epoch = ck_lead_epoch(s),
                                                    .digest = state_digest(log->state),
                                                    .session = e.session,
                                                    .reply_hash = hash_bytes(buf_bytes(&log->reply), buf_size(&log->reply), 1),
                                                    .xid = e.xid,
                                                    .err = a.err,
                                                    .skipped = a.skipped};
    trace_line(s, se->hash, "COMMITTED " ZXID_FMT " kind=%d op=%d session=%llx xid=%d err=%d%s by n%u", ZXID_ARG(e.zxid),
               (int)e.kind, e.op, (unsigned long long)e.session, e.xid, a.err, a.skipped ? " SKIPPED" : "", n->id);
    mermaid_note(s, n->id, "knows " ZXID_FMT " chosen, applies it", ZXID_ARG(e.zxid));
    if (a.skipped && e.kind == ENTRY_SESSION_EXPIRE)
        mark(s, MARK_EXPIRY_VOID);
    ck_session_entry(s, &e, &a);
    ck_model_apply(s, &e, &a);
    if (a.skipped)
        return;
    if (e.kind == ENTRY_SESSION_EXPIRE && a.err == 0 && a.change_count > 0)
        mark(s, MARK_EXPIRED);
    if (e.kind == ENTRY_REQUEST)
        client_committed(s, &e, a.err);
    if (e.kind != ENTRY_SESSION_EXPIRE || a.err != 0)
        return;
    if (session.attach != e.attach)
        sim_fail(s, "C12", "session %llx was judged at attach %u and expired at %u", (unsigned long long)e.session, e.attach,
                 session.attach);
    client_expired(s, e.session);
}

static void check_digest(struct sim *s, struct node *n)
{
    const struct ck_log *log = s->log;
    size_t count = log->applied[n->id - 1];
    const struct state *state = replica_state(n->replica);

    if (count == 0)
        return;
    if (state_digest(state) != log->entries[count - 1].digest)
        sim_fail(s, "I15", "n%u: digest %llx at " ZXID_FMT ", the sequence gives %llx", n->id,
                 (unsigned long long)state_digest(state), ZXID_ARG(state_zxid(state)),
                 (unsigned long long)log->entries[count - 1].digest);
    if (chance(&s->log->rng, 2) && state_digest(state) != state_digest_recompute(state))
        sim_fail(s, "I15", "n%u: digest %llx is not that of its nodes, %llx", n->id, (unsigned long long)state_digest(state),
                 (unsigned long long)state_digest_recompute(state));
}

void ck_log_published(struct sim *s, struct node *n, uint64_t zxid)
{
    const struct committed *entry = ck_log_find(s, zxid);

    if (zxid != 0 && entry == NULL)
        sim_fail(s, "I16", "n%u has a snapshot of " ZXID_FMT ", which nobody committed", n->id, ZXID_ARG(zxid));
    if (zxid == 0 || n->doomed || !chance(&s->log->rng, 250))
        return;
    struct job *job = job_new(JOB_LOAD);
    job->zxid = zxid;
    store_run(n->store, job);
    if (job->err != 0)
        sim_fail(s, "I16", "n%u cannot load its snapshot of " ZXID_FMT ": %s", n->id, ZXID_ARG(zxid),
                 coord_error_name(job->err));
    if (state_zxid(job->state) != zxid || state_digest_recompute(job->state) != entry->digest)
        sim_fail(s, "I16", "n%u: its snapshot of " ZXID_FMT " is not the state there", n->id, ZXID_ARG(zxid));
    job_free(job);
}

void ck_log_trimmed(struct sim *s, struct node *n)
{
    struct manifest m;

    if (n->doomed)
        return;
    int rc = manifest_read(fake_fs_fs(n->disk), "/data", &m);
    if (rc != 0)
        sim_fail(s, "I16", "n%u has no manifest: %s", n->id, coord_error_name(rc));
    if (m.base > 0 && (m.snapshot_count == 0 || m.base > m.snapshot[0]))
        sim_fail(s, "I16", "n%u: the log begins behind " ZXID_FMT ", the oldest snapshot is of " ZXID_FMT, n->id,
                 ZXID_ARG(m.base), ZXID_ARG(m.snapshot_count > 0 ? m.snapshot[0] : 0));
}

/* The process holds the state at zxid without having applied its way there. */
static void jump(struct sim *s, struct node *n, uint64_t zxid)
{
    size_t count = count_until(s->log, zxid);

    if (zxid != 0 && (count == 0 || s->log->entries[count - 1].zxid != zxid))
        sim_fail(s, "I2", "n%u has a snapshot at " ZXID_FMT ", which nobody committed", n->id, ZXID_ARG(zxid));
    s->log->applied[n->id - 1] = count;
}

void ck_log_start(struct sim *s, struct node *n)
{
    jump(s, n, state_zxid(replica_state(n->replica)));
    check_digest(s, n);
}

void ck_log_step(struct sim *s, struct node *n)
{
    struct ck_log *log = s->log;
    size_t *applied = &log->applied[n->id - 1];
    uint64_t to = state_zxid(replica_state(n->replica)), at = *applied > 0 ? log->entries[*applied - 1].zxid : 0;
    const char *why = paxos_check(replica_paxos(n->replica));

    if (why != NULL)
        sim_fail(s, "paxos", "n%u: %s", n->id, why);
    if (to == at)
        return;
    if (to < at)
        sim_fail(s, "I2", "n%u went back from " ZXID_FMT " to " ZXID_FMT, n->id, ZXID_ARG(at), ZXID_ARG(to));
    uint64_t floor = ck_durable_floor(s, n->id);
    if (floor > at) {                 /* a peer's snapshot was installed */
        at = floor < to ? floor : to; /* below it: applied what the process held, before it hears of the snapshot */
        trace_line(s, at, "n%u has the state of " ZXID_FMT, n->id, ZXID_ARG(at));
        jump(s, n, at);
    }
    while (at != to) {
        const struct shadow_entry *e = ck_durable_after(s, n->id, at);
        if (e == NULL || e->zxid > to)
            sim_fail(s, "I12", "n%u applied up to " ZXID_FMT ", its disk holds nothing behind " ZXID_FMT, n->id, ZXID_ARG(to),
                     ZXID_ARG(at));
        if (*applied == log->count)
            extend(s, n, e);
        else if (log->entries[*applied].zxid != e->zxid || log->entries[*applied].hash != e->hash)
            sim_fail(s, "I1", "n%u applied " ZXID_FMT " (%llx) as entry %zu, which is " ZXID_FMT " (%llx)", n->id,
                     ZXID_ARG(e->zxid), (unsigned long long)e->hash, *applied, ZXID_ARG(log->entries[*applied].zxid),
                     (unsigned long long)log->entries[*applied].hash);
        at = e->zxid;
        (*applied)++;
    }
    check_digest(s, n);
}
