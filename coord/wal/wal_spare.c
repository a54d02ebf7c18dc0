/* wal_spare.c - segments before and after their use: prepared ahead, taken into use, set aside, prepared again.
 *
 *   segment.tmp   being filled with zeros; removed at the next start
 *   spare.<n>     trimmed, or prepared under an earlier boot; its content means nothing
 *   log.<n>       has a durable header of that number; empty until the log reaches it
 *
 * A file becomes log.<n> by: header written, synced, renamed, directory synced. So at any crash each name is right.
 */
#include "wal/wal_internal.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/seeded.h"

#include <stdio.h>

#define PREPARE_BYTES (256u << 10) /* one piece of work of wal_prepare: what comes meanwhile waits for it */

static _Alignas(FS_BLOCK_BYTES) uint8_t zeros[PREPARE_BYTES]; /* never written to */

static void spare_path(const struct wal *w, char path[WAL_PATH_BYTES], uint32_t number)
{
    snprintf(path, WAL_PATH_BYTES, "%s/spare.%08x", w->dir, number);
}

static void new_path(const struct wal *w, char path[WAL_PATH_BYTES])
{
    snprintf(path, WAL_PATH_BYTES, "%s/segment.tmp", w->dir);
}

static int open_new(struct wal *w)
{
    char path[WAL_PATH_BYTES];
    int rc;

    new_path(w, path);
    rc = fs_remove(w->fs, path); /* left by a failed start: the system may show a size that it never stored */
    if (rc == 0 || rc == -COORD_E_NO_ENTRY)
        rc = fs_open(w->fs, path, wal_open_flags(w->options.segment_bytes) | FS_CREATE, &w->zeroing);
    if (rc == 0)
        rc = fs_allocate(w->fs, w->zeroing, w->options.segment_bytes);
    w->zeroed = 0;
    return rc < 0 ? wal_fail(w, rc, "%s: preallocate %llu bytes", path, (unsigned long long)w->options.segment_bytes) : 0;
}

/* A file to make a segment of: a spare one, or a new one that may not be filled with zeros yet. */
static int take_file(struct wal *w, char path[WAL_PATH_BYTES], struct fs_file **file, bool *written)
{
    int rc;

    *written = w->zeroing == NULL || w->zeroed == w->options.segment_bytes;
    if (w->zeroing == NULL && w->spare_count > 0) {
        spare_path(w, path, w->spares[w->spare_count - 1]);
        rc = fs_open(w->fs, path, wal_open_flags(w->options.segment_bytes), file);
        if (rc < 0)
            return wal_fail(w, rc, "%s: open", path);
        w->spare_count--;
        return 0;
    }
    if (w->zeroing == NULL) {
        *written = false;
        COORD_TRY(open_new(w));
    }
    new_path(w, path);
    *file = w->zeroing;
    w->zeroing = NULL;
    return 0;
}

static int name_segment(struct wal *w, const char *path, struct fs_file *file, const struct segment_header *h)
{
    uint8_t header[SEGMENT_HEADER_BYTES];
    char name[WAL_PATH_BYTES];

    segment_encode(header, h);
    wal_path(w, name, h->sequence);
    COORD_TRY(fs_write(w->fs, file, 0, header, sizeof(header)));
    if (!SEEDED(segment_not_synced))
        COORD_TRY(fs_sync(w->fs, file));
    COORD_TRY(fs_rename(w->fs, path, name));
    return fs_sync_dir(w->fs, w->dir);
}

static int make_ready(struct wal *w)
{
    uint32_t before = w->ahead_count > 0 ? w->ahead[w->ahead_count - 1].sequence : w->current.sequence;
    struct segment_header h = {w->options.server, before + 1, w->options.boot, w->options.incarnation,
                               w->options.segment_bytes};
    struct fs_file *file;
    char path[WAL_PATH_BYTES];
    bool written;
    int rc;

    COORD_ASSERT(before < UINT32_MAX);
    COORD_TRY(take_file(w, path, &file, &written));
    rc = name_segment(w, path, file, &h);
    if (rc < 0) {
        fs_close(w->fs, file);
        return wal_fail(w, rc, "%s: prepare as segment %08x", path, h.sequence);
    }
    w->ahead = coord_realloc(w->ahead, (w->ahead_count + 1) * sizeof(w->ahead[0]));
    w->ahead[w->ahead_count++] = (struct wal_ready){h.sequence, file, w->options.segment_bytes, segment_key(&h), written};
    return 0;
}

int wal_spare_ensure(struct wal *w)
{
    return w->ahead_count > 0 ? 0 : make_ready(w);
}

static int fill_piece(struct wal *w)
{
    uint64_t left = w->options.segment_bytes - w->zeroed;
    size_t size = left < PREPARE_BYTES ? (size_t)left : PREPARE_BYTES;
    int rc = fs_write(w->fs, w->zeroing, w->zeroed, zeros, size);

    COORD_ASSERT(left > 0); /* one that is filled becomes a segment at once */
    w->zeroed += size;
    if (rc == 0)
        rc = fs_sync(w->fs, w->zeroing);
    return rc < 0 ? wal_fail(w, rc, "%s/segment.tmp: fill with zeros", w->dir) : 0;
}

bool wal_is_prepared(const struct wal *w)
{
    return w->ahead_count >= w->options.segments_ahead;
}

bool wal_has_room(const struct wal *w, size_t bytes)
{
    return w->ahead_count > 0 || w->offset + record_size(bytes) <= w->current.size;
}

int wal_prepare(struct wal *w)
{
    if (w->failed != 0)
        return w->failed;
    if (wal_is_prepared(w))
        return 0;
    if (w->zeroing == NULL && w->spare_count == 0)
        COORD_TRY(open_new(w));
    if (w->zeroing != NULL)
        COORD_TRY(fill_piece(w));
    if (w->zeroing == NULL || w->zeroed == w->options.segment_bytes)
        COORD_TRY(make_ready(w));
    return !wal_is_prepared(w);
}

int wal_spare_next(struct wal *w, size_t record_bytes)
{
    struct wal_ready *c = &w->current;

    COORD_ASSERT(buf_size(&w->queue) == 0);
    COORD_TRY(wal_spare_ensure(w));
    fs_close(w->fs, c->file);
    *c = w->ahead[0];
    w->ahead_count--;
    memmove(w->ahead, w->ahead + 1, w->ahead_count * sizeof(w->ahead[0]));
    if (SEGMENT_HEADER_BYTES + record_bytes > c->size) {
        uint64_t size = (SEGMENT_HEADER_BYTES + record_bytes + FS_BLOCK_BYTES - 1) / FS_BLOCK_BYTES * FS_BLOCK_BYTES;
        int rc = fs_allocate(w->fs, c->file, size);
        if (rc < 0)
            return wal_fail(w, rc, "%s/log.%08x: allocate %zu bytes for a large entry", w->dir, c->sequence, record_bytes);
        c->size = size;
    }
    w->offset = w->queue_offset = SEGMENT_HEADER_BYTES;
    wal_track_segment(w, c->sequence);
    return 0;
}

static void spare_add(struct wal *w, uint32_t number)
{
    if (w->spare_count == w->spare_capacity) {
        w->spare_capacity = w->spare_capacity == 0 ? 8 : w->spare_capacity * 2;
        w->spares = coord_realloc(w->spares, w->spare_capacity * sizeof(w->spares[0]));
    }
    w->spares[w->spare_count++] = number;
}

/* Whether a file is worth keeping: of the right size, and not too many of them. */
static bool worth_keeping(struct wal *w, const char *path)
{
    struct fs_file *file;
    int64_t size;

    if (w->spare_count > w->options.segments_ahead || fs_open(w->fs, path, FS_READ, &file) < 0)
        return false;
    size = fs_size(w->fs, file);
    fs_close(w->fs, file);
    return size >= 0 && (uint64_t)size == w->options.segment_bytes;
}

int wal_spare_set_aside(struct wal *w, uint32_t sequence)
{
    char path[WAL_PATH_BYTES], spare[WAL_PATH_BYTES];
    int rc;

    wal_path(w, path, sequence);
    if (worth_keeping(w, path)) {
        spare_path(w, spare, w->next_spare);
        rc = fs_rename(w->fs, path, spare);
        if (rc == 0)
            spare_add(w, w->next_spare++);
    } else {
        rc = fs_remove(w->fs, path);
    }
    return rc < 0 ? wal_fail(w, rc, "%s: set aside", path) : 0;
}

int wal_spare_found(struct wal *w, uint32_t number)
{
    char path[WAL_PATH_BYTES];

    if (number >= w->next_spare)
        w->next_spare = number + 1;
    spare_path(w, path, number);
    if (worth_keeping(w, path)) {
        spare_add(w, number);
        return 0;
    }
    int rc = fs_remove(w->fs, path);
    return rc < 0 ? wal_fail(w, rc, "%s: remove", path) : 0;
}

void wal_spare_close(struct wal *w)
{
    for (uint32_t i = 0; i < w->ahead_count; i++)
        fs_close(w->fs, w->ahead[i].file);
    if (w->zeroing != NULL)
        fs_close(w->fs, w->zeroing);
    coord_free(w->ahead);
    coord_free(w->spares);
}
