/* wal_scan.c - the records of the log, one segment after the other: which belong to it, and what those behind its end prove.
 *
 * As long as record follows record they are applied. At the first place where none does the log has ended, and all that
 * stands behind, in this segment and the later ones, is only asked for claims: a whole record that says the log was durable
 * beyond that place proves damage.
 */
#include "wal/wal_scan.h"

#include "base/error.h"
#include "base/log.h"
#include "base/seeded.h"
#include "base/zxid.h"

#define SEGMENT_FILE_MAX ((uint64_t)RECORD_BODY_MAX + (1u << 20))

int wal_scan_load(struct wal *w, uint32_t sequence, struct slice *content)
{
    struct fs_file *file;
    char path[WAL_PATH_BYTES];
    int64_t size;

    wal_path(w, path, sequence);
    int rc = fs_open(w->fs, path, FS_READ | FS_FRESH, &file);
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

int wal_scan_header(struct wal *w, uint32_t sequence, struct slice content, uint64_t size, uint64_t *key)
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
    if (size < h.bytes)
        return wal_fail(w, -COORD_E_DAMAGED, "%s/log.%08x: ends at offset %llu, of %llu bytes", w->dir, sequence,
                        (unsigned long long)size, (unsigned long long)h.bytes);
    *key = segment_key(&h);
    return 0;
}

static int nonsense(struct wal_scan *s, const struct record *r, const char *what)
{
    return wal_fail(s->w, -COORD_E_DAMAGED, "%s/log.%08x: record at offset %u behind entry " ZXID_FMT ": %s", s->w->dir,
                    position_sequence(r->position), position_offset(r->position), ZXID_ARG(runs_last(&s->w->runs)), what);
}

static int apply_entries(struct wal_scan *s, const struct record *r)
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

static int apply_cut(struct wal_scan *s, const struct record *r)
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
static int continues(struct wal_scan *s, const struct record *r)
{
    bool first = r->position == position_make(s->start->first, SEGMENT_HEADER_BYTES); /* its predecessor was trimmed */

    if (r->boot < s->boot || r->prev_zxid != runs_last(&s->w->runs) || (!first && r->prev_end != s->end))
        return 0;
    if (r->boot >= s->w->options.boot)
        return wal_fail(s->w, -COORD_E_DAMAGED, "%s: the log was written in boot %u, the promise files know of boot %u only",
                        s->w->dir, r->boot, s->w->options.boot - 1);
    return 1;
}

static int apply(struct wal_scan *s, const struct record *r)
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
static void hear_claims(struct wal_scan *s, uint32_t sequence, struct slice content, uint64_t key, size_t offset)
{
    struct record r;

    for (; offset + RECORD_HEADER_BYTES <= content.size; offset += RECORD_ALIGN) {
        struct slice rest = slice_make(content.data + offset, content.size - offset);
        enum record_status status;
        if (!record_begins(rest.data))
            continue;
        status = record_decode(rest, position_make(sequence, offset), key, &r);
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
int wal_scan_segment(struct wal_scan *s, uint32_t sequence, bool reached)
{
    struct slice content;
    uint64_t key;
    size_t offset = SEGMENT_HEADER_BYTES;
    bool part = false;
    struct record r;

    COORD_TRY(wal_scan_load(s->w, sequence, &content));
    COORD_TRY(wal_scan_header(s->w, sequence, content, content.size, &key));
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

int wal_scan_judge(struct wal_scan *s)
{
    struct wal *w = s->w;
    uint64_t place = s->end;

    if (s->next_bad && !s->more_in_tail)
        place = position_make(position_sequence(s->end) + 1, SEGMENT_HEADER_BYTES);
    if (s->vouched <= s->end || SEEDED(truncate_on_damage)) {
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
