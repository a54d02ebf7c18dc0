/* store_snap.c - jobs of lane SNAP: snapshots are written, sent, received, loaded. See job.h. */
#include "store/store_internal.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/seeded.h"
#include "base/zxid.h"
#include "state/state.h"

#include <stdio.h>

#define READ_BYTES (256u << 10)

static int fail(struct store *s, uint64_t zxid, const char *what, int rc)
{
    char path[SNAPSHOT_PATH_BYTES];

    snapshot_path(path, s->data_dir, zxid);
    return store_fail(s, JOB_LANE_SNAP, rc, "%s: %s: %s", path, what, coord_error_text(rc));
}

static uint64_t cluster_of(struct store *s, const struct job *j)
{
    return j->cluster != 0 ? j->cluster : atomic_load(&s->cluster);
}

/* Own snapshots. A full disk ends the one that is being written, and is told at its commit. */

static void drop_writer(struct store *s)
{
    if (s->writer != NULL)
        snapshot_writer_abort(s->writer);
    s->writer = NULL;
}

/* What a job has come to: harmless, or the end of the lane. */
static int judged(struct store *s, const struct job *j, const char *what, int rc)
{
    return rc == 0 || job_harmless(j->type, rc) ? rc : fail(s, j->zxid, what, rc);
}

static int writing(struct store *s, const struct job *j, int rc)
{
    if (rc == 0)
        return 0;
    drop_writer(s);
    s->writer_err = rc;
    return rc == -COORD_E_NO_SPACE ? 0 : fail(s, j->zxid, "write", rc);
}

static int run_begin(struct store *s, const struct job *j)
{
    struct snapshot_meta meta = {
        .server = s->options.server, .cluster = cluster_of(s, j), .zxid = j->zxid, .digest = j->digest};

    drop_writer(s);
    s->writer_err = 0;
    return writing(s, j, snapshot_writer_open(s->fs, s->data_dir, &meta, &s->writer));
}

static int run_chunk(struct store *s, const struct job *j)
{
    if (s->writer == NULL)
        return 0;
    return writing(s, j, snapshot_writer_feed(s->writer, buf_slice(&j->bytes)));
}

static int run_commit(struct store *s, struct job *j)
{
    int rc = s->writer_err;

    if (s->writer != NULL)
        rc = snapshot_writer_commit(s->writer, &j->size);
    else
        COORD_ASSERT(rc != 0); /* BEGIN comes first */
    s->writer = NULL;
    s->writer_err = 0;
    return judged(s, j, "finish", rc);
}

static int run_abort(struct store *s)
{
    drop_writer(s);
    s->writer_err = 0;
    return 0;
}

/* Sending. */

static int run_read(struct store *s, struct job *j)
{
    size_t want = j->max_bytes != 0 ? j->max_bytes : READ_BYTES;
    struct fs_file *file;
    char path[SNAPSHOT_PATH_BYTES];
    int64_t got;
    int rc;

    snapshot_path(path, s->data_dir, j->zxid);
    rc = fs_open(s->fs, path, FS_READ, &file);
    if (rc == -COORD_E_NO_ENTRY)
        return -COORD_E_TRIMMED;
    if (rc < 0)
        return rc;
    got = fs_size(s->fs, file);
    if (got >= 0) {
        j->size = (uint64_t)got;
        got = fs_read(s->fs, file, j->offset, buf_reserve(&j->bytes, want), want);
    }
    fs_close(s->fs, file);
    if (got < 0)
        return (int)got;
    buf_commit(&j->bytes, (size_t)got);
    return 0;
}

/* Receiving. */

static void drop_receiver(struct store *s)
{
    if (s->receiver != NULL)
        snapshot_receiver_abort(s->receiver);
    s->receiver = NULL;
}

static int run_receive(struct store *s, const struct job *j)
{
    int rc = 0;

    if (j->offset == 0) {
        drop_receiver(s);
        s->receiver_err = 0;
        rc = snapshot_receiver_open(s->fs, s->data_dir, &s->receiver);
    }
    if (rc == 0 && s->receiver == NULL && s->receiver_err == 0)
        rc = -COORD_E_INVALID; /* it did not begin at 0 */
    if (rc == 0 && s->receiver != NULL)
        rc = snapshot_receiver_feed(s->receiver, j->offset, buf_slice(&j->bytes));
    if (rc == 0)
        return 0;
    drop_receiver(s);
    s->receiver_err = rc;
    return rc == -COORD_E_NO_SPACE ? 0 : fail(s, j->zxid, "receive", rc);
}

static int run_received(struct store *s, struct job *j)
{
    struct snapshot_meta meta;
    int rc = s->receiver_err != 0 ? s->receiver_err : -COORD_E_DAMAGED; /* nothing came */

    if (s->receiver != NULL)
        rc = snapshot_receiver_commit(s->receiver, j->zxid, cluster_of(s, j), &meta, &j->size);
    s->receiver = NULL;
    s->receiver_err = 0;
    if (rc == -COORD_E_FORMAT)
        rc = -COORD_E_DAMAGED; /* of another version: of no use here */
    return judged(s, j, "receive", rc);
}

/* Loading. */

static int feed_all(struct snapshot_reader *reader, struct state_loader *loader, struct state **state)
{
    struct slice piece;
    int rc;

    while ((rc = snapshot_reader_next(reader, &piece)) == 1)
        COORD_TRY(state_loader_feed(loader, piece));
    COORD_TRY(rc);
    return state_loader_finish(loader, state);
}

static int load(struct store *s, uint64_t zxid, struct state **state)
{
    struct snapshot_reader *reader;
    struct snapshot_meta meta;
    struct state_loader *loader;
    char path[SNAPSHOT_PATH_BYTES];
    int rc;

    snapshot_path(path, s->data_dir, zxid);
    COORD_TRY(snapshot_reader_open(s->fs, path, &meta, &reader));
    loader = state_loader_new();
    rc = feed_all(reader, loader, state);
    state_loader_free(loader);
    snapshot_reader_close(reader);
    if (rc == 0 && (state_zxid(*state) != zxid || state_digest(*state) != meta.digest)) {
        state_free(*state);
        *state = NULL;
        rc = -COORD_E_DAMAGED;
    }
    return rc;
}

/* The lane goes on: one that came from a peer may be refused. */
static int load_failed(struct store *s, uint64_t zxid, int rc)
{
    char name[SNAPSHOT_NAME_BYTES];

    if (atomic_load(&s->load_failed))
        return rc;
    snapshot_name(name, zxid);
    snprintf(s->load_failure, sizeof(s->load_failure), "%.900s/%s: load: %s", s->data_dir, name, coord_error_text(rc));
    atomic_store(&s->load_failed, true);
    return rc;
}

static int run_load(struct store *s, struct job *j)
{
    int rc;

    if (j->zxid == 0) {
        j->state = state_new();
        return 0;
    }
    rc = load(s, j->zxid, &j->state);
    if (SEEDED(missing_snapshot_is_empty) && rc == -COORD_E_NO_ENTRY)
        return j->state = state_new(), 0;
    return rc < 0 ? load_failed(s, j->zxid, rc == -COORD_E_NO_ENTRY ? -COORD_E_MISSING : rc) : 0;
}

static int run(struct store *s, struct job *j)
{
    if (store_failed(s, JOB_LANE_SNAP) != 0)
        return store_failed(s, JOB_LANE_SNAP);
    switch (j->type) {
    case JOB_SNAP_BEGIN:
        return run_begin(s, j);
    case JOB_SNAP_CHUNK:
        return run_chunk(s, j);
    case JOB_SNAP_COMMIT:
        return run_commit(s, j);
    case JOB_SNAP_ABORT:
        return run_abort(s);
    case JOB_SNAP_READ:
        return run_read(s, j);
    case JOB_SNAP_RECEIVE:
        return run_receive(s, j);
    case JOB_SNAP_RECEIVED:
        return run_received(s, j);
    case JOB_LOAD:
        return run_load(s, j);
    default:
        break;
    }
    coord_assert_fail("job of lane SNAP", __FILE__, __LINE__);
}

void store_run_snap(struct store *s, struct job *j)
{
    j->err = run(s, j);
}
