/* wal_track.c - what the log holds, in memory: its shape, a sparse index, and where it could begin. Pure.
 *
 * The same functions run when records are written and when they are recovered, so both always agree.
 */
#include "wal/wal_internal.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/zxid.h"

/* The shape may be full of epochs that consensus has long forgotten. It has room for one more in its own copy of the shape,
 * which forgets chosen entries only, so the oldest run here is chosen as a whole. */
static void make_room(struct wal *w, uint64_t zxid)
{
    struct runs *r = &w->runs;

    if (r->count == RUNS_MAX && zxid_epoch(zxid) != r->run[RUNS_MAX - 1].epoch)
        runs_fold(r, zxid_make(r->run[0].epoch, r->run[0].last));
}

bool wal_track_can_append(const struct wal *w, uint64_t zxid)
{
    uint64_t last = runs_last(&w->runs);

    if (last != 0 && zxid_epoch(zxid) == zxid_epoch(last))
        return zxid == last + 1;
    return zxid_epoch(zxid) > zxid_epoch(last) && zxid_counter(zxid) == 1;
}

void wal_track_append(struct wal *w, uint64_t first, uint32_t count)
{
    make_room(w, first);
    runs_append(&w->runs, first, count);
}

void wal_track_record(struct wal *w, uint64_t first, uint64_t last, uint64_t from, uint64_t to)
{
    struct wal_extents *x = &w->extents;
    struct wal_extent *end = x->count > 0 ? &x->extent[x->count - 1] : NULL;

    if (end != NULL && !x->closed && position_sequence(end->from) == position_sequence(from) &&
        to - end->from <= WAL_EXTENT_BYTES) {
        COORD_ASSERT(first > end->last);
        end->last = last;
        end->to = to;
        return;
    }
    if (x->count == x->capacity) {
        x->capacity = x->capacity == 0 ? 64 : x->capacity * 2;
        x->extent = coord_realloc(x->extent, x->capacity * sizeof(x->extent[0]));
    }
    x->extent[x->count++] = (struct wal_extent){first, last, from, to};
    x->closed = false;
}

void wal_track_cut(struct wal *w, uint64_t zxid)
{
    struct wal_extents *x = &w->extents;

    runs_cut_after(&w->runs, zxid);
    while (x->count > 0 && x->extent[x->count - 1].first > zxid)
        x->count--;
    if (x->count > 0 && x->extent[x->count - 1].last > zxid)
        x->extent[x->count - 1].last = zxid;
    x->closed = true;
    COORD_ASSERT(w->segments[0].start_zxid <= zxid); /* the log begins at or below its floor */
    for (size_t i = w->segment_count - 1; w->segments[i].start_zxid > zxid; i--)
        w->segments[i].start_void = true;
}

void wal_track_segment(struct wal *w, uint32_t sequence)
{
    if (w->segment_count == w->segment_capacity) {
        w->segment_capacity = w->segment_capacity == 0 ? 16 : w->segment_capacity * 2;
        w->segments = coord_realloc(w->segments, w->segment_capacity * sizeof(w->segments[0]));
    }
    w->segments[w->segment_count++] = (struct wal_segment){.sequence = sequence, .start_zxid = runs_last(&w->runs)};
}

void wal_track_drop_before(struct wal *w, uint32_t sequence)
{
    struct wal_extents *x = &w->extents;
    size_t gone = 0;

    while (gone < x->count && position_sequence(x->extent[gone].from) < sequence)
        gone++;
    x->count -= gone;
    if (gone > 0 && x->count > 0)
        memmove(x->extent, x->extent + gone, x->count * sizeof(x->extent[0]));
    COORD_ASSERT(sequence <= w->segments[w->segment_count - 1].sequence);
    for (gone = 0; w->segments[gone].sequence < sequence;)
        gone++;
    w->segment_count -= gone;
    memmove(w->segments, w->segments + gone, w->segment_count * sizeof(w->segments[0]));
}

void wal_track_reset(struct wal *w, uint64_t base)
{
    w->base = base;
    w->extents.count = 0;
    w->extents.closed = true;
    w->segment_count = 0;
    runs_reset(&w->runs, base);
}

const struct wal_extent *wal_track_find(const struct wal *w, uint64_t zxid)
{
    size_t low = 0, high = w->extents.count;

    while (low < high) { /* the first extent that begins behind zxid */
        size_t middle = low + (high - low) / 2;
        if (w->extents.extent[middle].first <= zxid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || zxid > w->extents.extent[low - 1].last)
        return NULL;
    return &w->extents.extent[low - 1];
}
