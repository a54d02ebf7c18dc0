/* store.c - jobs of lane WAL, the way into both lanes, and the end. See store.h and job.h. */
#include "store/store_internal.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/seeded.h"
#include "base/zxid.h"
#include "wal/segment.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int store_fail(struct store *s, enum job_lane lane, int rc, const char *format, ...)
{
    va_list args;

    COORD_ASSERT(store_failed(s, lane) == 0); /* a job of a lane that failed is not begun */
    va_start(args, format);
    vsnprintf(s->failure[lane], sizeof(s->failure[lane]), format, args);
    va_end(args);
    atomic_store_explicit(&s->failed[lane], rc, memory_order_release);
    return rc;
}

const char *store_failure(const struct store *s)
{
    for (int lane = 0; lane < STORE_LANES; lane++)
        if (atomic_load_explicit(&s->failed[lane], memory_order_acquire) != 0)
            return s->failure[lane];
    return atomic_load(&s->load_failed) ? s->load_failure : "";
}

void store_close(struct store *s)
{
    if (s->writer != NULL)
        snapshot_writer_abort(s->writer);
    if (s->receiver != NULL)
        snapshot_receiver_abort(s->receiver);
    if (s->wal != NULL)
        wal_close(s->wal);
    if (s->log_lock != NULL)
        fs_close(s->fs, s->log_lock);
    if (s->data_lock != NULL)
        fs_close(s->fs, s->data_lock);
    coord_free(s->data_dir);
    coord_free(s->log_dir);
    coord_free(s);
}

/* Lane WAL. */

static int wal_result(struct store *s, int rc)
{
    return rc < 0 ? store_fail(s, JOB_LANE_WAL, rc, "%s", wal_why(s->wal)) : rc;
}

static int make_promise(struct store *s)
{
    int rc = store_write_promise(s);

    return rc < 0 ? store_fail(s, JOB_LANE_WAL, rc, "%s/promise.0, promise.1: write: %s", s->data_dir, coord_error_text(rc))
                  : 0;
}

/* The promise files vouch for the log up to here: when it went on to another segment since, so that the loss of that one
 * shows even if nothing behind it is left. */
static int vouch_for_segment(struct store *s)
{
    bool same = position_sequence(wal_synced(s->wal)) == position_sequence(s->promise.synced);

    return same ? 0 : make_promise(s);
}

static int name_files(struct store *s)
{
    int rc = manifest_write(s->fs, s->data_dir, &s->manifest);

    return rc < 0 ? store_fail(s, JOB_LANE_WAL, rc, "%s/%s: write: %s", s->data_dir, MANIFEST_NAME, coord_error_text(rc)) : 0;
}

/* Until a snapshot names the cluster it is tentative and may change with a truncation (C15); then it is known for good. */
static int check_cluster(struct store *s, uint64_t cluster)
{
    uint64_t known = s->manifest.cluster;

    if (known == 0 || cluster == 0 || cluster == known)
        return 0;
    return store_fail(s, JOB_LANE_WAL, -COORD_E_FOREIGN, "%s: of cluster %016llx, not %016llx", s->data_dir,
                      (unsigned long long)known, (unsigned long long)cluster);
}

static int learn_cluster(struct store *s, uint64_t cluster)
{
    COORD_TRY(check_cluster(s, cluster));
    s->manifest.cluster = cluster;
    atomic_store(&s->cluster, cluster);
    return 0;
}

/* Appends may be queued behind it without a sync: the log is recovered as a prefix, so order is kept. A promise stands in
 * another file, so what goes before it is synced first, and it is durable before what follows is written. */
static int run_persist(struct store *s, const struct job *j)
{
    const struct paxos_persist *p = &j->persist;

    COORD_TRY(check_cluster(s, j->cluster));
    if (p->set_promised) {
        COORD_TRY(wal_result(s, wal_sync(s->wal)));
        s->promise.promised_epoch = p->promised.epoch;
        s->promise.promised_server = p->promised.server;
        s->promise.promised_boot = p->promised.boot;
        s->promise.promised_incarnation = p->promised.incarnation;
        COORD_TRY(make_promise(s));
    }
    if (p->cut)
        COORD_TRY(wal_result(s, wal_cut(s->wal, j->cluster, p->cut_after)));
    for (uint32_t i = 0; i < j->piece_count; i++)
        COORD_TRY(wal_result(s, wal_append(s->wal, j->cluster, j->pieces[i].batch, j->pieces[i].from, j->pieces[i].to)));
    if (p->set_accepted) {
        if (!SEEDED(epoch_before_history))
            COORD_TRY(wal_result(s, wal_sync(s->wal)));
        s->promise.accepted = p->accepted;
        COORD_TRY(make_promise(s));
    }
    return 0;
}

/* The head of a snapshot that is to be named. */
static int check_named(struct store *s, uint64_t zxid, struct snapshot_meta *meta)
{
    char path[SNAPSHOT_PATH_BYTES];
    int rc;

    snapshot_path(path, s->data_dir, zxid);
    rc = snapshot_peek(s->fs, path, meta);
    if (rc == -COORD_E_NO_ENTRY)
        rc = -COORD_E_MISSING;
    if (rc == 0 && meta->zxid != zxid)
        rc = -COORD_E_DAMAGED;
    return rc < 0 ? store_fail(s, JOB_LANE_WAL, rc, "%s: %s", path, coord_error_text(rc)) : 0;
}

static int remove_snapshots(struct store *s, const uint64_t *zxids, uint32_t count)
{
    char path[SNAPSHOT_PATH_BYTES];

    for (uint32_t i = 0; i < count; i++) {
        snapshot_path(path, s->data_dir, zxids[i]);
        int rc = fs_remove(s->fs, path);
        if (rc < 0 && rc != -COORD_E_NO_ENTRY)
            return store_fail(s, JOB_LANE_WAL, rc, "%s: remove: %s", path, coord_error_text(rc));
    }
    return 0;
}

static int run_trim(struct store *s, struct job *j)
{
    struct manifest *m = &s->manifest;
    uint64_t dropped[MANIFEST_SNAPSHOTS_MAX + 1];
    struct snapshot_meta meta;
    uint32_t count;

    COORD_TRY(check_named(s, j->zxid, &meta));
    COORD_TRY(learn_cluster(s, meta.cluster));
    count = manifest_add_snapshot(m, j->zxid, s->options.snap_retain, dropped);
    if (m->snapshot_count >= 2)
        wal_trim_point(s->wal, m->snapshot[SEEDED(trim_at_newest) ? m->snapshot_count - 1 : 0], &m->first_segment, &m->base);
    if (SEEDED(purge_before_naming))
        COORD_TRY(remove_snapshots(s, dropped, count));
    COORD_TRY(name_files(s));
    COORD_TRY(wal_result(s, wal_trim(s->wal, m->first_segment, m->base)));
    COORD_TRY(remove_snapshots(s, dropped, count));
    j->trimmed = wal_base(s->wal);
    return 0;
}

static int run_install(struct store *s, struct job *j)
{
    struct manifest *m = &s->manifest;
    uint64_t dropped[MANIFEST_SNAPSHOTS_MAX];
    uint32_t count = 0;
    struct snapshot_meta meta;

    COORD_TRY(check_named(s, j->zxid, &meta));
    COORD_TRY(learn_cluster(s, meta.cluster));
    COORD_TRY(wal_result(s, wal_reset_begin(s->wal, &m->first_segment)));
    for (uint32_t i = 0; i < m->snapshot_count; i++)
        if (m->snapshot[i] != j->zxid)
            dropped[count++] = m->snapshot[i];
    m->base = m->snapshot[0] = j->zxid;
    m->snapshot_count = 1;
    COORD_TRY(name_files(s));
    COORD_TRY(wal_result(s, wal_reset(s->wal, j->zxid)));
    COORD_TRY(remove_snapshots(s, dropped, count));
    j->trimmed = j->zxid;
    return 0;
}

static int run_read_log(struct store *s, struct job *j)
{
    int rc = wal_read(s->wal, j->zxid, j->last, j->max_bytes, &j->bytes);

    return rc == -COORD_E_TRIMMED || rc == -COORD_E_NO_ENTRY ? rc : wal_result(s, rc);
}

static int run_mark(struct store *s)
{
    COORD_TRY(wal_result(s, wal_mark(s->wal, s->manifest.cluster)));
    COORD_TRY(wal_result(s, wal_sync(s->wal)));
    return vouch_for_segment(s);
}

static int run_wal(struct store *s, struct job *j)
{
    if (store_failed(s, JOB_LANE_WAL) != 0)
        return store_failed(s, JOB_LANE_WAL);
    switch (j->type) {
    case JOB_PERSIST:
        return run_persist(s, j);
    case JOB_READ_LOG:
        return run_read_log(s, j);
    case JOB_MARK:
        return run_mark(s);
    case JOB_INSTALL:
        return run_install(s, j);
    case JOB_TRIM:
        return run_trim(s, j);
    default:
        break;
    }
    coord_assert_fail("job of lane WAL", __FILE__, __LINE__);
}

/* The PERSISTs from `from` up to `to` (not included) become durable, or have failed, together. */
static void settle(struct store *s, struct list *from, const struct list *to)
{
    int rc = store_failed(s, JOB_LANE_WAL);

    if (from == to)
        return;
    if (rc == 0 && !SEEDED(ack_before_sync))
        rc = wal_result(s, wal_sync(s->wal));
    for (struct list *node = from; node != to; node = node->next)
        LIST_ENTRY(node, struct job, link)->err = rc;
}

void store_run_wal(struct store *s, struct list *jobs)
{
    struct list *unsettled = jobs->next;

    LIST_EACH(node, jobs)
    {
        struct job *j = LIST_ENTRY(node, struct job, link);
        if (j->type == JOB_PERSIST) {
            (void)run_wal(s, j); /* its result comes with the sync */
            continue;
        }
        settle(s, unsettled, node);
        j->err = run_wal(s, j);
        unsettled = node->next;
    }
    settle(s, unsettled, jobs);
}

void store_run(struct store *s, struct job *j)
{
    if (job_lane(j->type) == JOB_LANE_SNAP) {
        store_run_snap(s, j);
        return;
    }
    j->err = run_wal(s, j);
    if (j->type == JOB_PERSIST && j->err == 0 && !SEEDED(ack_before_sync))
        j->err = wal_result(s, wal_sync(s->wal));
}

int store_prepare(struct store *s)
{
    int rc;

    if (store_failed(s, JOB_LANE_WAL) != 0)
        return store_failed(s, JOB_LANE_WAL);
    rc = wal_result(s, wal_prepare(s->wal));
    return rc == 0 ? vouch_for_segment(s) : rc;
}

bool store_is_prepared(const struct store *s)
{
    return wal_is_prepared(s->wal);
}

bool store_has_room(const struct store *s, size_t entry_bytes)
{
    return wal_has_room(s->wal, entry_bytes);
}

int store_finish(struct store *s)
{
    if (store_failed(s, JOB_LANE_WAL) != 0)
        return store_failed(s, JOB_LANE_WAL);
    return wal_synced(s->wal) == s->promise.synced ? 0 : make_promise(s);
}
