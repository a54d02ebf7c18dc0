/* wal_read.c - entries read back from the log's files, for followers far behind and for apply after a restart. See wal.h.
 *
 * The index leads to an extent, a stretch of records of about WAL_EXTENT_BYTES in one segment, which is read whole; each
 * record is checked before an entry of it leaves.
 */
#include "wal/wal_internal.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/zxid.h"

static int open_reader(struct wal *w, uint32_t sequence)
{
    char path[WAL_PATH_BYTES];

    if (w->read_file != NULL && w->read_sequence == sequence)
        return 0;
    if (w->read_file != NULL)
        fs_close(w->fs, w->read_file);
    w->read_file = NULL;
    wal_path(w, path, sequence);
    int rc = fs_open(w->fs, path, FS_READ, &w->read_file);
    if (rc < 0)
        return wal_fail(w, rc, "%s: open to read", path);
    w->read_sequence = sequence;
    return 0;
}

static int reader_key(struct wal *w, uint64_t *key)
{
    uint8_t header[SEGMENT_HEADER_BYTES];
    struct segment_header h;
    int64_t got = fs_read(w->fs, w->read_file, 0, header, sizeof(header));

    if (got >= 0)
        got = segment_decode(slice_make(header, (size_t)got), &h);
    if (got < 0)
        return wal_fail(w, (int)got, "%s/log.%08x: read header", w->dir, w->read_sequence);
    *key = segment_key(&h);
    return 0;
}

static int load_extent(struct wal *w, const struct wal_extent *x, uint64_t *key)
{
    size_t size = (size_t)(x->to - x->from);
    int64_t got;

    COORD_TRY(open_reader(w, position_sequence(x->from)));
    COORD_TRY(reader_key(w, key));
    buf_clear(&w->read_buf);
    got = fs_read(w->fs, w->read_file, position_offset(x->from), buf_reserve(&w->read_buf, size), size);
    if (got < 0)
        return wal_fail(w, (int)got, "%s/log.%08x: read at offset %u", w->dir, w->read_sequence, position_offset(x->from));
    buf_commit(&w->read_buf, (size_t)got);
    return 0;
}

struct want {
    uint64_t next, last; /* zxids: the least that may come, the greatest */
    size_t max_bytes, start_bytes;
    struct buf *to;
    bool full;
};

/* Entries of one record's body that are wanted and live. */
static void take_entries(struct want *want, struct slice body, uint64_t live_last)
{
    struct slice rest = body;
    const uint8_t *begin;
    struct entry e;

    while (begin = rest.data, entry_next(&rest, &e) == 0) {
        size_t have = buf_size(want->to) - want->start_bytes, size = entry_size(&e);
        if (e.zxid < want->next)
            continue;
        if (e.zxid > live_last || e.zxid > want->last)
            return;
        if (have > 0 && have + size > want->max_bytes) {
            want->full = true;
            return;
        }
        buf_append(want->to, begin, size);
        want->next = e.zxid + 1;
    }
}

static int read_extent(struct wal *w, const struct wal_extent *x, struct want *want)
{
    uint64_t key = 0;
    struct record r;

    COORD_TRY(load_extent(w, x, &key));
    for (uint64_t at = x->from; at < x->to && !want->full; at += record_size(r.body.size)) {
        size_t offset = (size_t)(at - x->from), got = buf_size(&w->read_buf);
        struct slice rest = offset < got ? slice_make(buf_bytes(&w->read_buf) + offset, got - offset) : SLICE_NULL;
        if (record_decode(rest, at, key, &r) != RECORD_VALID)
            return wal_fail(w, -COORD_E_DAMAGED, "%s/log.%08x: record at offset %u, wanted for entry " ZXID_FMT, w->dir,
                            position_sequence(at), position_offset(at), ZXID_ARG(want->next));
        if (r.kind == RECORD_ENTRIES && r.last >= want->next)
            take_entries(want, r.body, x->last);
    }
    return 0;
}

static int read_range(struct wal *w, const struct wal_extent *x, struct want *want)
{
    const struct wal_extent *end = w->extents.extent + w->extents.count;
    uint64_t first = want->next;

    COORD_TRY(read_extent(w, x, want));
    if (buf_size(want->to) == want->start_bytes || get_le64(buf_bytes(want->to) + want->start_bytes + ENTRY_ZXID_AT) != first)
        return -COORD_E_NO_ENTRY; /* between two epochs */
    for (x++; x < end && !want->full && x->first <= want->last; x++) {
        if (buf_size(want->to) - want->start_bytes >= want->max_bytes)
            break;
        COORD_TRY(read_extent(w, x, want));
    }
    return 0;
}

int wal_read(struct wal *w, uint64_t first, uint64_t last, size_t max_bytes, struct buf *to)
{
    struct want want = {first, last, max_bytes, buf_size(to), to, false};
    const struct wal_extent *x;
    int rc;

    COORD_TRY(wal_sync(w));
    if (first <= w->base)
        return -COORD_E_TRIMMED;
    x = wal_track_find(w, first);
    if (x == NULL || first > last)
        return -COORD_E_NO_ENTRY;
    rc = read_range(w, x, &want);
    if (rc < 0)
        buf_truncate(to, want.start_bytes);
    if (buf_size(&w->read_buf) > 4 * WAL_EXTENT_BYTES) {
        buf_clear(&w->read_buf);
        buf_shrink(&w->read_buf, 0);
    }
    return rc;
}
