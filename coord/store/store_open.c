/* store_open.c - a data directory is made, or checked and recovered. See store.h.
 *
 * Making: manifest "being made", first segment, promise files, manifest "in use". Until the last step nothing was promised or
 * stored, so a crash before it starts over, with the incarnation that the manifest names already.
 * Opening: manifest, promise files, log (wal/wal_recover.c), snapshots by name and head; then the boot count is raised,
 * durably, with the log's end as it was found, so from then on the promise files vouch for all that this start has seen.
 */
#include "store/store_internal.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/log.h"
#include "base/seeded.h"
#include "base/zxid.h"
#include "wal/segment.h"

#include <stdio.h>
#include <string.h>

#define FIRST_SEGMENT 1

/* What stands in a directory, by its names. */
struct names {
    bool manifest, coord, zookeeper;
};

static void note_name(void *context, const char *name)
{
    struct names *n = context;
    uint32_t sequence;
    uint64_t zxid;

    if (strcmp(name, MANIFEST_NAME) == 0)
        n->manifest = true;
    else if (strcmp(name, "version-2") == 0)
        n->zookeeper = true;
    else if (strcmp(name, "promise.0") == 0 || strcmp(name, "promise.1") == 0 || segment_name_parse(name, &sequence) ||
             snapshot_name_parse(name, &zxid))
        n->coord = true;
}

static int lock(struct store *s, const char *dir, const char *name, struct fs_file **file, struct buf *why)
{
    char path[SNAPSHOT_PATH_BYTES];
    int rc;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    rc = fs_lock(s->fs, path, file);
    if (rc < 0)
        *file = NULL;
    if (rc == -COORD_E_LOCKED)
        buf_printf(why, "%s: another coordd uses this directory", path);
    else if (rc < 0)
        buf_printf(why, "%s: %s", path, coord_error_text(rc));
    return rc;
}

/* Directories, locks, and whether there is a manifest (1), or nothing yet (0). */
static int enter(struct store *s, struct buf *why)
{
    struct names names = {false, false, false};
    bool two = strcmp(s->data_dir, s->log_dir) != 0;
    int rc = fs_make_dir(s->fs, s->data_dir);

    if (rc == 0 && two)
        rc = fs_make_dir(s->fs, s->log_dir);
    if (rc < 0) {
        buf_printf(why, "%s, %s: make directory: %s", s->data_dir, s->log_dir, coord_error_text(rc));
        return rc;
    }
    COORD_TRY(lock(s, s->data_dir, "lock", &s->data_lock, why));
    if (two)
        COORD_TRY(lock(s, s->log_dir, "log-lock", &s->log_lock, why));
    rc = fs_list(s->fs, s->data_dir, note_name, &names);
    if (rc == 0 && two)
        rc = fs_list(s->fs, s->log_dir, note_name, &names);
    if (rc < 0) {
        buf_printf(why, "%s, %s: list: %s", s->data_dir, s->log_dir, coord_error_text(rc));
        return rc;
    }
    if (names.manifest)
        return 1;
    if (names.coord && !SEEDED(start_empty)) {
        buf_printf(
            why, "%s/%s: is missing though other files of coord are there: put it back, or give this server an empty directory",
            s->data_dir, MANIFEST_NAME);
        return -COORD_E_MISSING;
    }
    if (names.zookeeper) {
        buf_printf(why,
                   "%s: holds ZooKeeper's data (version-2), which coord neither reads nor overwrites: set dataDir to an empty"
                   " directory, and copy the tree from a running ZooKeeper with a client of both",
                   s->data_dir);
        return -COORD_E_FORMAT;
    }
    return 0;
}

static struct wal_options wal_options(const struct store *s)
{
    return (struct wal_options){
        .dir = s->log_dir,
        .server = s->options.server,
        .incarnation = s->manifest.incarnation,
        .boot = s->promise.boot,
        .segment_bytes = s->options.segment_bytes,
        .segments_ahead = s->options.segments_ahead,
    };
}

static int write_manifest(struct store *s, struct buf *why)
{
    int rc = manifest_write(s->fs, s->data_dir, &s->manifest);

    if (rc < 0)
        buf_printf(why, "%s/%s: write: %s", s->data_dir, MANIFEST_NAME, coord_error_text(rc));
    return rc;
}

int store_write_promise(struct store *s)
{
    s->promise.cluster = atomic_load(&s->cluster);
    if (s->wal != NULL) {
        s->promise.synced = wal_synced(s->wal);
        s->promise.synced_zxid = wal_synced_zxid(s->wal);
    }
    return promise_write(s->fs, s->data_dir, &s->promise);
}

static int write_promise(struct store *s, struct buf *why)
{
    int rc = store_write_promise(s);

    if (rc < 0)
        buf_printf(why, "%s/promise.0, promise.1: write: %s", s->data_dir, coord_error_text(rc));
    return rc;
}

static int make(struct store *s, struct buf *why)
{
    struct wal_options options;

    s->promise = (struct promise){.server = s->options.server, .incarnation = s->manifest.incarnation, .boot = 1};
    options = wal_options(s);
    COORD_TRY(wal_create(s->fs, &options, FIRST_SEGMENT, why));
    COORD_TRY(write_promise(s, why));
    s->manifest.state = MANIFEST_IN_USE;
    return write_manifest(s, why);
}

static int make_first(struct store *s, struct buf *why)
{
    s->manifest = (struct manifest){
        .server = s->options.server,
        .incarnation = s->options.fresh_incarnation,
        .state = MANIFEST_MAKING,
        .first_segment = FIRST_SEGMENT,
    };
    COORD_TRY(write_manifest(s, why));
    return make(s, why);
}

static int check_manifest(struct store *s, struct buf *why)
{
    int rc = manifest_read(s->fs, s->data_dir, &s->manifest);

    if (rc < 0) {
        buf_printf(why, "%s/%s: %s", s->data_dir, MANIFEST_NAME, coord_error_text(rc));
        return rc;
    }
    if (s->manifest.server != s->options.server) {
        buf_printf(why, "%s/%s: the directory of server %u, this is server %u", s->data_dir, MANIFEST_NAME, s->manifest.server,
                   s->options.server);
        return -COORD_E_FOREIGN;
    }
    rc = fs_sync_dir(s->fs, s->data_dir); /* the process before may have died between its name and the sync */
    if (rc < 0)
        buf_printf(why, "%s: sync: %s", s->data_dir, coord_error_text(rc));
    return rc;
}

static int check_promise(struct store *s, bool fresh, struct buf *why)
{
    uint32_t bad;

    COORD_TRY(promise_read(s->fs, s->data_dir, &s->promise, &bad, why));
    if (bad > 0)
        LOG_WARN("store", "promise_healed", "dir=%s", log_quoted(s->data_dir));
    if (s->promise.server != s->options.server || s->promise.incarnation != s->manifest.incarnation ||
        (s->promise.cluster != 0 && s->manifest.cluster != 0 && s->promise.cluster != s->manifest.cluster)) {
        buf_printf(why, "%s/promise.%u: belongs to another server, incarnation or cluster than the manifest", s->data_dir,
                   1 - s->promise.write_first);
        return -COORD_E_FOREIGN;
    }
    if (fresh)
        return 0; /* made by this process: it is durable, and counts this start */
    int rc = promise_settle(s->fs, s->data_dir, &s->promise);
    if (rc < 0)
        buf_printf(why, "%s/promise.%u: write: %s", s->data_dir, 1 - s->promise.write_first, coord_error_text(rc));
    return rc;
}

static int check_snapshot(struct store *s, uint64_t zxid, struct buf *why)
{
    struct snapshot_meta meta;
    char path[SNAPSHOT_PATH_BYTES];
    int rc;

    snapshot_path(path, s->data_dir, zxid);
    rc = snapshot_peek(s->fs, path, &meta);
    if (rc == -COORD_E_NO_ENTRY)
        rc = -COORD_E_MISSING;
    if (SEEDED(missing_snapshot_is_empty) && rc == -COORD_E_MISSING)
        return 0;
    if (rc == 0 && meta.zxid != zxid)
        rc = -COORD_E_DAMAGED;
    if (rc == 0 && meta.cluster != s->manifest.cluster)
        rc = -COORD_E_FOREIGN;
    if (rc < 0)
        buf_printf(why, "%s: %s", path, coord_error_text(rc));
    return rc;
}

static uint64_t newest_snapshot(const struct store *s)
{
    return s->manifest.snapshot_count > 0 ? s->manifest.snapshot[s->manifest.snapshot_count - 1] : 0;
}

/* The snapshots are there, and the log leads on from the oldest without a gap. */
static int check_snapshots(struct store *s, const struct wal_found *log, struct buf *why)
{
    uint64_t newest = newest_snapshot(s);

    for (uint32_t i = 0; i < s->manifest.snapshot_count; i++)
        COORD_TRY(check_snapshot(s, s->manifest.snapshot[i], why));
    if (newest > runs_last(&log->log) || !runs_hold(&log->log, newest) ||
        (s->manifest.snapshot_count > 0 ? s->manifest.snapshot[0] : 0) < log->trimmed) {
        buf_printf(why,
                   "%s: the log holds what is behind " ZXID_FMT " up to " ZXID_FMT
                   ", which does not fit the snapshot of " ZXID_FMT,
                   s->log_dir, ZXID_ARG(log->trimmed), ZXID_ARG(runs_last(&log->log)), ZXID_ARG(newest));
        return -COORD_E_DAMAGED;
    }
    int rc = snapshot_clean(s->fs, s->data_dir, s->manifest.snapshot, s->manifest.snapshot_count);
    if (rc < 0)
        buf_printf(why, "%s: remove what is left of snapshots: %s", s->data_dir, coord_error_text(rc));
    return rc;
}

static int recover(struct store *s, bool fresh, struct store_recovered *out, struct buf *why)
{
    struct wal_options options;
    struct wal_start start;
    struct wal_found found;
    struct paxos_recovered *p;

    COORD_TRY(check_promise(s, fresh, why));
    if (!fresh)
        s->promise.boot++;
    atomic_store(&s->cluster, s->manifest.cluster);
    options = wal_options(s);
    start = (struct wal_start){
        .first = s->manifest.first_segment,
        .base = s->manifest.base,
        .cluster = s->manifest.cluster,
        .vouched = s->promise.synced,
        .vouched_zxid = s->promise.synced_zxid,
        .snapshot_zxid = newest_snapshot(s),
        .made = fresh,
    };
    COORD_TRY(wal_open(s->fs, &options, &start, &s->wal, &found, why));
    COORD_TRY(check_snapshots(s, &found, why));
    if (!fresh)
        COORD_TRY(write_promise(s, why));
    *out = (struct store_recovered){
        .incarnation = s->manifest.incarnation,
        .cluster = s->manifest.cluster,
        .boot = s->promise.boot,
        .snapshot_zxid = newest_snapshot(s),
        .torn_bytes = found.torn_bytes,
    };
    p = &out->paxos;
    p->promised = (struct paxos_promised){.epoch = s->promise.promised_epoch,
                                          .server = s->promise.promised_server,
                                          .boot = s->promise.promised_boot,
                                          .incarnation = s->promise.promised_incarnation};
    p->accepted = s->promise.accepted;
    /* The shape is folded at chosen entries only. */
    p->committed = found.log.floor > out->snapshot_zxid ? found.log.floor : out->snapshot_zxid;
    if (SEEDED(all_committed_at_start))
        p->committed = runs_last(&found.log);
    p->log = found.log;
    p->has_form = found.has_form;
    p->form_zxid = found.form_zxid;
    p->form = found.form;
    return 0;
}

static int open_dirs(struct store *s, struct store_recovered *out, struct buf *why)
{
    int found = enter(s, why);
    bool fresh = found == 0;

    COORD_TRY(found);
    if (fresh) {
        COORD_TRY(make_first(s, why));
    } else {
        COORD_TRY(check_manifest(s, why));
        fresh = s->manifest.state == MANIFEST_MAKING;
        if (fresh)
            COORD_TRY(make(s, why));
    }
    COORD_TRY(recover(s, fresh, out, why));
    out->fresh = fresh;
    return 0;
}

int store_open(struct fs *fs, const struct store_options *options, struct store **store, struct store_recovered *recovered,
               const char **text)
{
    static char last_text[STORE_TEXT_BYTES];
    struct store *s = coord_alloc_zero(1, sizeof(*s));
    struct buf why = {0};
    int rc;

    COORD_ASSERT(options->server != 0 && options->snap_retain >= 2 && options->segment_bytes >= 4096);
    s->fs = fs;
    s->options = *options;
    if (s->options.segment_bytes > RECORD_BODY_MAX)
        s->options.segment_bytes = RECORD_BODY_MAX; /* a start reads a segment at a time into memory */
    s->data_dir = coord_strdup(options->data_dir);
    s->log_dir = coord_strdup(options->log_dir);
    rc = open_dirs(s, recovered, &why);
    last_text[0] = '\0';
    *text = last_text;
    if (rc < 0) {
        const char *advice = rc != -COORD_E_DAMAGED ? ""
                             : options->lone        ? "; the only voter cannot get it from a peer: restore a backup"
                                             : "; empty this server's directories, and it takes part again without a vote";
        snprintf(last_text, sizeof(last_text), "%.*s%s", (int)buf_size(&why), (const char *)buf_bytes(&why), advice);
        store_close(s);
    } else {
        *store = s;
    }
    buf_deinit(&why);
    return rc;
}
