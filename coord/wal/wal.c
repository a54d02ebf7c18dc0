/* wal.c - the open log: appending, cutting, syncing. See wal.h.
 *
 * Records are built in one reused buffer and leave in one write; consecutive appends share a record until it is large or
 * must end. The hot path allocates nothing.
 */
#include "wal/wal_internal.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/seeded.h"
#include "base/zxid.h"

#include <stdarg.h>
#include <stdio.h>

#define WHY_BYTES 1024

int wal_fail(struct wal *w, int rc, const char *format, ...)
{
    char text[WHY_BYTES];
    va_list args;

    COORD_ASSERT(w->failed == 0); /* whoever goes on after an error stops at its begin */
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_printf(&w->why, "%s: %s", text, coord_error_text(rc));
    w->failed = rc;
    return rc;
}

void wal_path(const struct wal *w, char path[WAL_PATH_BYTES], uint32_t sequence)
{
    char name[SEGMENT_NAME_BYTES];

    segment_name(name, sequence);
    snprintf(path, WAL_PATH_BYTES, "%s/%s", w->dir, name);
}

static struct wal *wal_new(struct fs *fs, const struct wal_options *options)
{
    struct wal *w = coord_alloc_zero(1, sizeof(*w));

    COORD_ASSERT(options->segment_bytes >= 2 * record_size(0) + SEGMENT_HEADER_BYTES && options->segment_bytes <= UINT32_MAX);
    w->fs = fs;
    w->options = *options;
    w->dir = coord_strdup(options->dir);
    w->options.dir = w->dir;
    return w;
}

int wal_create(struct fs *fs, const struct wal_options *options, uint32_t first, struct buf *why)
{
    struct wal *w = wal_new(fs, options);
    int rc;

    w->current.sequence = first - 1;
    rc = wal_spare_ensure(w);
    if (rc < 0)
        buf_printf(why, "%s", wal_why(w));
    wal_close(w);
    return rc;
}

int wal_open(struct fs *fs, const struct wal_options *options, const struct wal_start *start, struct wal **wal,
             struct wal_found *found, struct buf *why)
{
    struct wal *w = wal_new(fs, options);
    int rc = wal_recover(w, start, found);

    if (rc < 0) {
        buf_printf(why, "%s", wal_why(w));
        wal_close(w);
        return rc;
    }
    *wal = w;
    return 0;
}

void wal_close(struct wal *w)
{
    if (w->read_file != NULL)
        fs_close(w->fs, w->read_file);
    if (w->current.file != NULL)
        fs_close(w->fs, w->current.file);
    wal_spare_close(w);
    coord_free(w->extents.extent);
    coord_free(w->segments);
    buf_deinit(&w->queue);
    buf_deinit(&w->read_buf);
    buf_deinit(&w->why);
    coord_free(w->dir);
    coord_free(w);
}

/* Writing. */

static int write_queue(struct wal *w)
{
    size_t size = buf_size(&w->queue);

    COORD_ASSERT(!w->open);
    if (size == 0)
        return 0;
    int rc = fs_write(w->fs, w->current.file, w->queue_offset, buf_bytes(&w->queue), size);
    if (rc < 0)
        return wal_fail(w, rc, "%s/log.%08x: write at offset %llu", w->dir, w->current.sequence,
                        (unsigned long long)w->queue_offset);
    w->queue_offset += size;
    buf_clear(&w->queue);
    buf_shrink(&w->queue, 2 * WAL_WRITE_BYTES);
    return 0;
}

static int sync_current(struct wal *w)
{
    COORD_TRY(write_queue(w));
    if (!w->dirty)
        return 0;
    int rc = fs_sync(w->fs, w->current.file);
    if (rc < 0 && !SEEDED(failed_sync_ignored))
        return wal_fail(w, rc, "%s/log.%08x: sync", w->dir, w->current.sequence);
    w->dirty = false;
    w->synced = w->prev_end;
    w->synced_zxid = runs_last(&w->runs);
    return 0;
}

/* The current segment was allocated only (the first one of a new log, or one made in haste), and one that is written through is
 * ready: syncs of that one are cheaper, so what is left of this one is left. */
static bool better_ahead(const struct wal *w)
{
    return !w->current.written && w->ahead_count > 0 && w->ahead[0].written;
}

/* Begin a record of a body that will be at least body_size bytes long; its header is reserved in the queue. */
static int record_open(struct wal *w, enum record_kind kind, uint64_t cluster, size_t body_size)
{
    COORD_ASSERT(!w->open);
    if (w->offset + record_size(body_size) > w->current.size || better_ahead(w)) {
        COORD_TRY(sync_current(w));
        COORD_TRY(wal_spare_next(w, record_size(body_size)));
    }
    w->open_at = buf_size(&w->queue);
    buf_reserve(&w->queue, RECORD_HEADER_BYTES + body_size + RECORD_ALIGN);
    buf_commit(&w->queue, RECORD_HEADER_BYTES);
    w->record = (struct record){
        .kind = kind,
        .boot = w->options.boot,
        .position = position_make(w->current.sequence, w->offset),
        .prev_end = w->prev_end,
        .synced = w->synced,
        .synced_zxid = w->synced_zxid,
        .prev_zxid = runs_last(&w->runs),
        .cluster = cluster,
    };
    w->open = true;
    w->dirty = true;
    return 0;
}

static size_t record_body_size(const struct wal *w)
{
    return buf_size(&w->queue) - w->open_at - RECORD_HEADER_BYTES;
}

static int record_close(struct wal *w)
{
    size_t body = record_body_size(w), size = record_size(body);

    w->record.body = slice_make(NULL, body);
    w->record.last = runs_last(&w->runs);
    buf_reserve(&w->queue, RECORD_ALIGN);
    buf_commit(&w->queue, size - RECORD_HEADER_BYTES - body);
    record_encode(buf_bytes(&w->queue) + w->open_at, &w->record, w->current.key);
    w->open = false;
    w->offset += size;
    w->prev_end = position_make(w->current.sequence, w->offset);
    w->vouched = w->record.synced;
    if (w->record.kind != RECORD_MARK)
        w->content_end = w->prev_end;
    if (w->record.kind == RECORD_ENTRIES)
        wal_track_record(w, w->record.first, w->record.last, w->record.position, w->prev_end);
    return buf_size(&w->queue) >= WAL_WRITE_BYTES ? write_queue(w) : 0;
}

static uint64_t batch_zxid(const struct batch *b, uint32_t i)
{
    return get_le64(b->bytes + b->offsets[i] + ENTRY_ZXID_AT);
}

/* Entries [from, to) join the open record. */
static void add_entries(struct wal *w, const struct batch *b, uint32_t from, uint32_t to)
{
    struct slice bytes = batch_slice(b, from, to);
    uint32_t run = from;

    if (w->record.count == 0)
        w->record.first = batch_zxid(b, from);
    w->record.count += to - from;
    buf_append(&w->queue, bytes.data, bytes.size);
    while (run < to) {
        uint64_t first = batch_zxid(b, run);
        uint32_t end = run + 1;
        if (zxid_epoch(first) == zxid_epoch(batch_zxid(b, to - 1)))
            end = to;
        else
            while (zxid_epoch(batch_zxid(b, end)) == zxid_epoch(first))
                end++;
        COORD_ASSERT(wal_track_can_append(w, first));
        wal_track_append(w, first, end - run);
        run = end;
    }
}

/* How many entries from `from` on fit into the open record. */
static uint32_t fitting(const struct wal *w, const struct batch *b, uint32_t from, uint32_t to)
{
    size_t body = record_body_size(w), room = (size_t)(w->current.size - w->offset);
    uint32_t i = from;

    while (i < to) {
        size_t grown = body + (b->offsets[i + 1] - b->offsets[from]);
        bool alone = w->record.count == 0 && i == from; /* room was made for the first one */
        if (!alone && (grown > WAL_RECORD_SPLIT_BYTES || record_size(grown) > room))
            break;
        i++;
    }
    return i - from;
}

int wal_append(struct wal *w, uint64_t cluster, const struct batch *b, uint32_t from, uint32_t to)
{
    COORD_ASSERT(from <= to && to <= b->count);
    if (w->failed != 0)
        return w->failed;
    while (from < to) {
        uint32_t count;
        if (w->open && w->record.cluster != cluster)
            COORD_TRY(record_close(w));
        if (!w->open)
            COORD_TRY(record_open(w, RECORD_ENTRIES, cluster, b->offsets[from + 1] - b->offsets[from]));
        count = fitting(w, b, from, to);
        if (count > 0)
            add_entries(w, b, from, from + count);
        from += count;
        if (from < to)
            COORD_TRY(record_close(w));
    }
    return 0;
}

int wal_cut(struct wal *w, uint64_t cluster, uint64_t zxid)
{
    if (w->failed != 0)
        return w->failed;
    if (w->open)
        COORD_TRY(record_close(w));
    COORD_ASSERT(zxid >= w->runs.floor);
    if (SEEDED(cut_not_stored))
        return wal_track_cut(w, zxid), 0;
    COORD_TRY(record_open(w, RECORD_CUT, cluster, 0));
    w->record.first = zxid;
    wal_track_cut(w, zxid);
    return record_close(w);
}

int wal_mark(struct wal *w, uint64_t cluster)
{
    COORD_TRY(wal_sync(w));
    if (w->vouched >= w->content_end)
        return 0;
    COORD_TRY(record_open(w, RECORD_MARK, cluster, 0));
    w->record.first = runs_last(&w->runs);
    return record_close(w);
}

int wal_sync(struct wal *w)
{
    if (w->failed != 0)
        return w->failed;
    if (w->open)
        COORD_TRY(record_close(w));
    return sync_current(w);
}

uint64_t wal_last(const struct wal *w)
{
    return runs_last(&w->runs);
}

uint64_t wal_base(const struct wal *w)
{
    return w->base;
}

uint64_t wal_synced(const struct wal *w)
{
    return w->synced;
}

uint64_t wal_synced_zxid(const struct wal *w)
{
    return w->synced_zxid;
}

const char *wal_why(const struct wal *w)
{
    return buf_size(&w->why) == 0 ? "" : (const char *)buf_bytes(&w->why);
}
