/* wal_trim.c - moving the begin of the log: behind a snapshot, or to nothing but a snapshot. See wal.h.
 *
 * The manifest is written in between, by the store: first it is decided where the log will begin, then that is named, then
 * what stood before goes. A crash after the naming leaves files that the next start sets aside.
 */
#include "wal/wal_internal.h"

#include "base/assert.h"
#include "base/error.h"

void wal_trim_point(const struct wal *w, uint64_t zxid, uint32_t *first, uint64_t *base)
{
    *first = w->segments[0].sequence;
    *base = w->base;
    for (size_t i = 1; i < w->segment_count; i++)
        if (!w->segments[i].start_void && w->segments[i].start_zxid <= zxid) {
            COORD_ASSERT(w->segments[i].start_zxid >= *base); /* what lies above a later one was cut */
            *first = w->segments[i].sequence;
            *base = w->segments[i].start_zxid;
        }
}

static void close_reader(struct wal *w)
{
    if (w->read_file != NULL)
        fs_close(w->fs, w->read_file);
    w->read_file = NULL;
}

/* A spare is used again only once its old name is gone for good: no file ever has two names. */
static int sync_names(struct wal *w)
{
    int rc = fs_sync_dir(w->fs, w->dir);

    return rc < 0 ? wal_fail(w, rc, "%s: sync", w->dir) : 0;
}

int wal_trim(struct wal *w, uint32_t first, uint64_t base)
{
    if (w->failed != 0)
        return w->failed;
    close_reader(w);
    COORD_ASSERT(first <= w->current.sequence);
    for (size_t i = 0; w->segments[i].sequence < first; i++)
        COORD_TRY(wal_spare_set_aside(w, w->segments[i].sequence));
    COORD_TRY(sync_names(w));
    wal_track_drop_before(w, first);
    if (w->base < base)
        w->base = base;
    if (w->runs.floor < base)
        runs_fold(&w->runs, base);
    return 0;
}

int wal_reset_begin(struct wal *w, uint32_t *first)
{
    COORD_TRY(wal_sync(w));
    COORD_TRY(wal_spare_ensure(w));
    *first = w->ahead[0].sequence;
    return 0;
}

int wal_reset(struct wal *w, uint64_t base)
{
    size_t count = w->segment_count;
    int rc;

    if (w->failed != 0)
        return w->failed;
    close_reader(w);
    for (size_t i = 0; i < count; i++)
        COORD_TRY(wal_spare_set_aside(w, w->segments[i].sequence));
    COORD_TRY(sync_names(w));
    wal_track_reset(w, base);
    rc = wal_spare_next(w, 0);
    COORD_ASSERT(rc == 0); /* wal_reset_begin has it ready */
    w->prev_end = position_make(w->current.sequence, w->offset);
    w->synced = w->vouched = w->content_end = w->prev_end;
    w->synced_zxid = base;
    return 0;
}
