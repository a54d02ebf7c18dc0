/* wal_recover.c - from files to an open log: which files, then their records (wal_scan.c), then what is behind the end is
 * cleared. See wal.h.
 *
 * May be repeated any number of times, also after a crash in the middle: nothing that a next recovery needs is changed.
 */
#include "wal/wal_scan.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#define REWRITE_BYTES (1u << 20)

/* The directory. */

static void numbers_add(struct wal_numbers *n, uint32_t number)
{
    if (n->count == n->capacity) {
        n->capacity = n->capacity == 0 ? 16 : n->capacity * 2;
        n->number = coord_realloc(n->number, n->capacity * sizeof(n->number[0]));
    }
    n->number[n->count++] = number;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void note_name(void *context, const char *name)
{
    struct wal_scan *s = context;
    uint32_t number;

    if (segment_name_parse(name, &number))
        numbers_add(&s->segments, number);
    else if (spare_name_parse(name, &number))
        numbers_add(&s->spares, number);
    else if (strcmp(name, "segment.tmp") == 0)
        s->leftover = true;
}

/* The segments from the first one named on stand side by side. */
static int list_files(struct wal_scan *s)
{
    struct wal *w = s->w;
    uint32_t expected = s->start->first;
    int rc = fs_list(w->fs, w->dir, note_name, s);

    if (rc < 0)
        return wal_fail(w, rc, "%s: list", w->dir);
    if (s->segments.count > 0)
        qsort(s->segments.number, s->segments.count, sizeof(uint32_t), compare_numbers);
    for (size_t i = 0; i < s->segments.count; i++) {
        if (s->segments.number[i] < s->start->first)
            continue;
        if (s->segments.number[i] != expected)
            break;
        expected++;
    }
    bool gap = s->segments.count > 0 && s->segments.number[s->segments.count - 1] >= expected;
    if (expected == s->start->first || gap || position_sequence(s->start->vouched) >= expected)
        return wal_fail(w, -COORD_E_MISSING, "%s/log.%08x: put it back, or give this server an empty directory", w->dir,
                        expected);
    return 0;
}

/* Clearing. */

/* What nobody vouches for is stored again from where it was read. */
static int store_again(struct wal_scan *s)
{
    struct wal *w = s->w;

    if (s->claimed >= s->end)
        return 0;
    for (uint32_t sequence = position_sequence(s->claimed); sequence <= position_sequence(s->end); sequence++) {
        struct slice content;
        struct fs_file *file;
        char path[WAL_PATH_BYTES];
        COORD_TRY(wal_scan_load(w, sequence, &content));
        size_t at = sequence == position_sequence(s->claimed) ? position_offset(s->claimed) : SEGMENT_HEADER_BYTES;
        size_t end = sequence == position_sequence(s->end) ? position_offset(s->end) : content.size;
        wal_path(w, path, sequence);
        int rc = fs_open(w->fs, path, FS_READ | FS_WRITE, &file);
        if (rc < 0)
            return wal_fail(w, rc, "%s: open", path);
        while (rc == 0 && at < end) {
            size_t size = end - at < REWRITE_BYTES ? end - at : REWRITE_BYTES;
            rc = fs_write(w->fs, file, at, content.data + at, size);
            at += size;
        }
        if (rc == 0)
            rc = fs_sync(w->fs, file);
        fs_close(w->fs, file);
        if (rc < 0)
            return wal_fail(w, rc, "%s: store the last batch again", path);
    }
    return 0;
}

/* Every file but the segments in use becomes a spare or goes. Those behind the log's end from the last on, each durably, so
 * that no crash leaves a gap between the names. */
static int clear_files(struct wal_scan *s)
{
    struct wal *w = s->w;
    uint32_t tail = position_sequence(s->end);
    int rc = 0;

    for (size_t i = 0; i < s->spares.count; i++)
        COORD_TRY(wal_spare_found(w, s->spares.number[i]));
    for (size_t i = s->segments.count; i > 0 && rc == 0; i--) {
        if (s->segments.number[i - 1] >= s->start->first && s->segments.number[i - 1] <= tail)
            continue;
        COORD_TRY(wal_spare_set_aside(w, s->segments.number[i - 1]));
        if (s->segments.number[i - 1] > tail)
            rc = fs_sync_dir(w->fs, w->dir);
    }
    if (rc == 0 && s->leftover) {
        char path[WAL_PATH_BYTES];
        snprintf(path, sizeof(path), "%s/segment.tmp", w->dir);
        rc = fs_remove(w->fs, path);
    }
    if (rc == 0 && !s->start->made)
        rc = fs_sync_dir(w->fs, w->dir);
    return rc < 0 ? wal_fail(w, rc, "%s: clear", w->dir) : 0;
}

static int open_tail(struct wal_scan *s)
{
    struct wal *w = s->w;
    struct wal_ready *c = &w->current;
    uint8_t header[SEGMENT_HEADER_BYTES];
    char path[WAL_PATH_BYTES];
    int64_t got;

    c->sequence = position_sequence(s->end);
    wal_path(w, path, c->sequence);
    int rc = fs_open(w->fs, path, FS_READ | FS_WRITE, &c->file);
    if (rc < 0)
        return wal_fail(w, rc, "%s: open", path);
    got = fs_size(w->fs, c->file);
    if (got < 0)
        return wal_fail(w, (int)got, "%s: size", path);
    c->size = (uint64_t)got;
    fs_close(w->fs, c->file);
    c->file = NULL;
    rc = fs_open(w->fs, path, wal_open_flags(c->size), &c->file);
    if (rc < 0)
        return wal_fail(w, rc, "%s: open", path);
    c->written = !s->start->made;
    got = fs_read(w->fs, c->file, 0, header, sizeof(header));
    if (got < 0)
        return wal_fail(w, (int)got, "%s: read", path);
    COORD_TRY(wal_scan_header(w, c->sequence, slice_make(header, (size_t)got), c->size, &c->key));
    w->offset = w->queue_offset = position_offset(s->end);
    w->prev_end = w->synced = w->vouched = w->content_end = s->end;
    w->synced_zxid = runs_last(&w->runs);
    w->extents.closed = true;
    return 0;
}

static int recover(struct wal_scan *s)
{
    struct wal *w = s->w;
    uint32_t sequence = s->start->first, last;
    bool reached = true;

    COORD_TRY(list_files(s));
    last = s->segments.number[s->segments.count - 1];
    wal_track_reset(w, s->start->base);
    wal_track_segment(w, sequence);
    s->end = position_make(sequence, SEGMENT_HEADER_BYTES);
    for (; !s->start->made && sequence <= last; sequence++) {
        int rc = wal_scan_segment(s, sequence, reached);
        COORD_TRY(rc);
        reached = reached && (rc == 1 || sequence == s->start->first);
    }
    COORD_TRY(wal_scan_judge(s));
    if (s->start->cluster != 0 && s->found->cluster != 0 && s->found->cluster != s->start->cluster)
        return wal_fail(w, -COORD_E_FOREIGN, "%s: the log is of cluster %016llx, not %016llx", w->dir,
                        (unsigned long long)s->found->cluster, (unsigned long long)s->start->cluster);
    COORD_TRY(store_again(s));
    COORD_TRY(clear_files(s));
    return open_tail(s);
}

int wal_recover(struct wal *w, const struct wal_start *start, struct wal_found *found)
{
    struct wal_scan s = {.w = w, .start = start, .found = found, .claimed = start->vouched};
    int rc;

    *found = (struct wal_found){.cluster = 0};
    s.vouched = start->vouched;
    s.vouched_zxid = start->vouched_zxid;
    if (s.claimed < position_make(start->first, SEGMENT_HEADER_BYTES))
        s.claimed = position_make(start->first, SEGMENT_HEADER_BYTES);
    rc = recover(&s);
    coord_free(s.segments.number);
    coord_free(s.spares.number);
    buf_clear(&w->read_buf);
    buf_shrink(&w->read_buf, 0);
    if (rc < 0)
        return rc;
    if (w->runs.count > RUNS_MAX / 2 && start->snapshot_zxid > w->runs.floor && start->snapshot_zxid <= runs_last(&w->runs) &&
        runs_hold(&w->runs, start->snapshot_zxid))
        runs_fold(&w->runs, start->snapshot_zxid);
    found->log = w->runs;
    found->trimmed = w->base;
    return 0;
}
