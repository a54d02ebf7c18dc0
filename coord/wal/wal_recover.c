/* wal_recover.c - from files to an open log: find its end, tell a torn last batch from damage, clear what is behind. See wal.h.
 *
 * One pass over the segments in order. As long as record follows record they are applied. At the first place where none
 * does the log has ended, and all that stands behind, in this segment and the later ones, is only asked for claims: a whole
 * record that says the log was durable beyond that place proves damage.
 * May be repeated any number of times, also after a crash in the middle: nothing that a next recovery needs is changed.
 */
#include "wal/wal_internal.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/zxid.h"

#include <stdio.h>
#include <stdlib.h>

#define SEGMENT_FILE_MAX ((uint64_t)RECORD_BODY_MAX + (1u << 20))
#define REWRITE_BYTES (1u << 20)

struct numbers {
    uint32_t *number;
    size_t count, capacity;
};

struct scan {
    struct wal *w;
    const struct wal_start *start;
    struct wal_found *found;
    struct numbers segments, spares; /* in the directory */
    bool leftover;                   /* segment.tmp is there */
    uint64_t end;                    /* position: the log reads back up to here */
    uint32_t boot;                   /* of the last record */
    uint64_t claimed;                /* the greatest claim of the records that make up the log and of the promise */
    uint64_t vouched, vouched_zxid;  /* the greatest claim of all */
    bool next_bad;                   /* the segment behind the end exists and does not begin with a whole record */
    bool more_in_tail;               /* something behind the end, in the same segment, begins like a record */
    uint64_t far;                    /* end of the farthest thing behind the end that begins like a record */
};

/* The directory. */

static void numbers_add(struct numbers *n, uint32_t number)
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
    struct scan *s = context;
    char as_segment[SEGMENT_NAME_BYTES];
    uint32_t number;

    if (segment_name_parse(name, &number)) {
        numbers_add(&s->segments, number);
    } else if (strncmp(name, "spare.", 6) == 0 && strlen(name) < sizeof(as_segment) - 4) {
        snprintf(as_segment, sizeof(as_segment), "log.%s", name + 6);
        if (segment_name_parse(as_segment, &number))
            numbers_add(&s->spares, number);
    } else if (strcmp(name, "segment.tmp") == 0) {
        s->leftover = true;
    }
}

/* The segments from the first one named on stand side by side. */
static int list_files(struct scan *s)
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

/* One segment. */

static int load(struct wal *w, uint32_t sequence, struct slice *content)
{
    struct fs_file *file;
    char path[WAL_PATH_BYTES];
    int64_t size;

    wal_path(w, path, sequence);
    int rc = fs_open(w->fs, path, FS_READ, &file);
    if (rc < 0)
        return wal_fail(w, rc, "%s: open", path);
    size = fs_size(w->fs, file);
    if (size >= 0 && (uint64_t)size > SEGMENT_FILE_MAX)
        size = -COORD_E_DAMAGED;
    buf_clear(&w->read_buf);
    if (size >= 0)
        size = fs_read(w->fs, file, 0, buf_reserve(&w->read_buf, (size_t)size), (size_t)size);
    fs_close(w->fs, file);
    if (size < 0)
        return wal_fail(w, (int)size, "%s: read", path);
    buf_commit(&w->read_buf, (size_t)size);
    *content = buf_slice(&w->read_buf);
    return 0;
}

static int check_header(struct wal *w, uint32_t sequence, struct slice content, uint64_t *key)
{
    struct segment_header h;
    int rc = segment_decode(content, &h);

    if (rc < 0)
        return wal_fail(w, rc, "%s/log.%08x: header of the segment, offset 0", w->dir, sequence);
    if (h.server != w->options.server || h.incarnation != w->options.incarnation)
        return wal_fail(w, -COORD_E_FOREIGN, "%s/log.%08x: a segment of server %u, not of this data directory", w->dir,
                        sequence, h.server);
    if (h.sequence != sequence)
        return wal_fail(w, -COORD_E_DAMAGED, "%s/log.%08x: holds segment %08x", w->dir, sequence, h.sequence);
    *key = segment_key(&h);
    return 0;
}

static int nonsense(struct scan *s, const struct record *r, const char *what)
{
    return wal_fail(s->w, -COORD_E_DAMAGED, "%s/log.%08x: record at offset %u behind entry " ZXID_FMT ": %s", s->w->dir,
                    position_sequence(r->position), position_offset(r->position), ZXID_ARG(runs_last(&s->w->runs)), what);
}

static int apply_entries(struct scan *s, const struct record *r)
{
    struct wal *w = s->w;
    struct slice rest = r->body;
    struct entry e = {.zxid = 0};
    uint32_t count = 0;
    int rc;

    while ((rc = entry_next(&rest, &e)) == 0) {
        if (!wal_track_can_append(w, e.zxid) || (count == 0 && e.zxid != r->first))
            return nonsense(s, r, "entries out of order");
        wal_track_append(w, e.zxid, 1);
        count++;
        if (e.kind != ENTRY_FORM)
            continue;
        if (form_decode(e.body, &s->found->form) < 0)
            return nonsense(s, r, "malformed FORM");
        s->found->has_form = true;
        s->found->form_zxid = e.zxid;
    }
    if (rc < 0 || count != r->count || e.zxid != r->last)
        return nonsense(s, r, "malformed entries");
    wal_track_record(w, r->first, r->last, r->position, r->position + record_size(r->body.size));
    return 0;
}

static int apply_cut(struct scan *s, const struct record *r)
{
    struct wal *w = s->w;

    if (r->first < w->runs.floor)
        return nonsense(s, r, "cuts what was chosen");
    wal_track_cut(w, r->first);
    if (runs_last(&w->runs) != r->last)
        return nonsense(s, r, "cut does not fit the log");
    if (s->found->has_form && s->found->form_zxid > r->first) {
        s->found->has_form = false;
        s->found->form = (struct form){0};
        s->found->form_zxid = 0;
    }
    return 0;
}

/* 1: the record continues the log; 0: it is whole, but left behind by an earlier life. */
static int continues(struct scan *s, const struct record *r)
{
    bool first = r->position == position_make(s->start->first, SEGMENT_HEADER_BYTES); /* its predecessor was trimmed */

    if (r->boot < s->boot || r->prev_zxid != runs_last(&s->w->runs) || (!first && r->prev_end != s->end))
        return 0;
    if (r->boot >= s->w->options.boot)
        return wal_fail(s->w, -COORD_E_DAMAGED, "%s: the log was written in boot %u, the promise files know of boot %u only",
                        s->w->dir, r->boot, s->w->options.boot - 1);
    return 1;
}

static int apply(struct scan *s, const struct record *r)
{
    if (s->w->segments[s->w->segment_count - 1].sequence != position_sequence(r->position))
        wal_track_segment(s->w, position_sequence(r->position));
    if (r->kind == RECORD_ENTRIES)
        COORD_TRY(apply_entries(s, r));
    else if (r->kind == RECORD_CUT)
        COORD_TRY(apply_cut(s, r));
    if (r->cluster != 0)
        s->found->cluster = r->cluster;
    if (r->synced > s->claimed)
        s->claimed = r->synced;
    s->boot = r->boot;
    s->end = r->position + record_size(r->body.size);
    return 0;
}

/* Ask all that begins like a record from `offset` on for its claim. */
static void hear_claims(struct scan *s, uint32_t sequence, struct slice content, uint64_t key, size_t offset)
{
    struct record r;

    for (; offset + RECORD_HEADER_BYTES <= content.size; offset += RECORD_ALIGN) {
        struct slice rest = slice_make(content.data + offset, content.size - offset);
        enum record_status status = record_decode(rest, position_make(sequence, offset), key, &r);
        if (status == RECORD_NONE)
            continue;
        s->far = position_make(sequence, offset + (status == RECORD_VALID ? record_size(r.body.size) : RECORD_HEADER_BYTES));
        if (status == RECORD_VALID && r.synced > s->vouched) {
            s->vouched = r.synced;
            s->vouched_zxid = r.synced_zxid;
        }
    }
}

/* 1: at least one record of it belongs to the log. */
static int scan_segment(struct scan *s, uint32_t sequence, bool reached)
{
    struct slice content;
    uint64_t key;
    size_t offset = SEGMENT_HEADER_BYTES;
    bool part = false;
    struct record r;

    COORD_TRY(load(s->w, sequence, &content));
    COORD_TRY(check_header(s->w, sequence, content, &key));
    if (reached && sequence != position_sequence(s->end))
        s->next_bad = record_decode(slice_make(content.data + offset, content.size - offset), position_make(sequence, offset),
                                    key, &r) != RECORD_VALID;
    while (reached) {
        struct slice rest = slice_make(content.data + offset, content.size - offset);
        if (record_decode(rest, position_make(sequence, offset), key, &r) != RECORD_VALID)
            break;
        int rc = continues(s, &r);
        COORD_TRY(rc);
        if (rc == 0)
            break;
        COORD_TRY(apply(s, &r));
        offset += record_size(r.body.size);
        part = true;
    }
    hear_claims(s, sequence, content, key, offset);
    if (part)
        s->next_bad = false;
    if (sequence == position_sequence(s->end))
        s->more_in_tail = s->far > s->end;
    return part;
}

static int judge(struct scan *s)
{
    struct wal *w = s->w;
    uint64_t place = s->end;

    if (s->next_bad && !s->more_in_tail)
        place = position_make(position_sequence(s->end) + 1, SEGMENT_HEADER_BYTES);
    if (s->vouched <= s->end) {
        if (s->far > s->end) {
            bool same = position_sequence(s->far) == position_sequence(s->end);
            s->found->torn_bytes = same ? s->far - s->end : position_offset(s->far) - SEGMENT_HEADER_BYTES;
            LOG_WARN("wal", "torn", "file=log.%08x offset=%u bytes=%llu last=" ZXID_FMT, position_sequence(s->end),
                     position_offset(s->end), (unsigned long long)s->found->torn_bytes, ZXID_ARG(runs_last(&w->runs)));
        }
        return 0;
    }
    return wal_fail(w, -COORD_E_DAMAGED,
                    "%s/log.%08x: record at offset %u behind entry " ZXID_FMT " cannot be read, but entries up to " ZXID_FMT
                    " were durable",
                    w->dir, position_sequence(place), position_offset(place), ZXID_ARG(runs_last(&w->runs)),
                    ZXID_ARG(s->vouched_zxid));
}

/* Clearing. */

/* What nobody vouches for is stored again from where it was read. */
static int store_again(struct scan *s)
{
    struct wal *w = s->w;

    if (s->claimed >= s->end)
        return 0;
    for (uint32_t sequence = position_sequence(s->claimed); sequence <= position_sequence(s->end); sequence++) {
        struct slice content;
        struct fs_file *file;
        char path[WAL_PATH_BYTES];
        COORD_TRY(load(w, sequence, &content));
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
static int clear_files(struct scan *s)
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
    if (rc == 0)
        rc = fs_sync_dir(w->fs, w->dir);
    return rc < 0 ? wal_fail(w, rc, "%s: clear", w->dir) : 0;
}

static int open_tail(struct scan *s)
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
    c->written = !s->start->made;
    got = fs_read(w->fs, c->file, 0, header, sizeof(header));
    if (got < 0)
        return wal_fail(w, (int)got, "%s: read", path);
    COORD_TRY(check_header(w, c->sequence, slice_make(header, (size_t)got), &c->key));
    w->offset = w->queue_offset = position_offset(s->end);
    w->prev_end = w->synced = w->vouched = w->content_end = s->end;
    w->synced_zxid = runs_last(&w->runs);
    w->extents.closed = true;
    return 0;
}

static int recover(struct scan *s)
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
        int rc = scan_segment(s, sequence, reached);
        COORD_TRY(rc);
        reached = reached && (rc == 1 || sequence == s->start->first);
    }
    COORD_TRY(judge(s));
    if (s->start->cluster != 0 && s->found->cluster != 0 && s->found->cluster != s->start->cluster)
        return wal_fail(w, -COORD_E_FOREIGN, "%s: the log is of cluster %016llx, not %016llx", w->dir,
                        (unsigned long long)s->found->cluster, (unsigned long long)s->start->cluster);
    COORD_TRY(store_again(s));
    COORD_TRY(clear_files(s));
    return open_tail(s);
}

int wal_recover(struct wal *w, const struct wal_start *start, struct wal_found *found)
{
    struct scan s = {.w = w, .start = start, .found = found, .claimed = start->vouched};
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
