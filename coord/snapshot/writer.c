/* writer.c - a snapshot is written: head, LZ4 frame, sync, read back, name. See snapshot.h. */
#include "snapshot/publish.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/seeded.h"

#include <lz4frame.h>
#include <stdio.h>

struct snapshot_writer {
    struct fs *fs;
    const char *dir;
    struct snapshot_meta meta;
    struct fs_file *file;
    LZ4F_compressionContext_t lz4;
    LZ4F_preferences_t preferences;
    struct buf out; /* packed, not written yet */
    uint64_t offset;
};

static int flush(struct snapshot_writer *w)
{
    int rc = fs_write(w->fs, w->file, w->offset, buf_bytes(&w->out), buf_size(&w->out));

    w->offset += buf_size(&w->out);
    buf_clear(&w->out);
    return rc;
}

/* size: what a call of LZ4F left behind the content of w->out. */
static int packed(struct snapshot_writer *w, size_t size)
{
    /* coverage: with room as LZ4F_compressBound says, liblz4 fails only when malloc does */
    if (LZ4F_isError(size))
        return -COORD_E_NO_MEMORY;
    buf_commit(&w->out, size);
    return buf_size(&w->out) >= SNAPSHOT_BLOCK_BYTES ? flush(w) : 0;
}

static int begin(struct snapshot_writer *w)
{
    uint8_t head[SNAPSHOT_HEAD_BYTES] = {0}; /* the true one comes last: an unfinished file is never taken for a snapshot */
    char path[SNAPSHOT_PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", w->dir, SNAPSHOT_OWN_TMP);
    COORD_TRY(fs_open(w->fs, path, FS_READ | FS_WRITE | FS_CREATE, &w->file));
    COORD_TRY(fs_truncate(w->fs, w->file, 0));
    buf_append(&w->out, head, sizeof(head));
    /* coverage: liblz4 fails to make a context only when malloc does */
    if (LZ4F_isError(LZ4F_createCompressionContext(&w->lz4, LZ4F_VERSION)))
        return -COORD_E_NO_MEMORY;
    return packed(
        w, LZ4F_compressBegin(w->lz4, buf_reserve(&w->out, LZ4F_HEADER_SIZE_MAX), LZ4F_HEADER_SIZE_MAX, &w->preferences));
}

int snapshot_writer_open(struct fs *fs, const char *dir, const struct snapshot_meta *meta, struct snapshot_writer **writer)
{
    struct snapshot_writer *w = coord_alloc_zero(1, sizeof(*w));
    int rc;

    w->fs = fs;
    w->dir = dir;
    w->meta = *meta;
    w->meta.image_bytes = w->meta.frame_bytes = 0;
    w->preferences.frameInfo.blockSizeID = LZ4F_max256KB;
    w->preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    w->preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    w->preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
    rc = begin(w);
    if (rc < 0) {
        snapshot_writer_abort(w);
        return rc;
    }
    *writer = w;
    return 0;
}

int snapshot_writer_feed(struct snapshot_writer *w, struct slice image)
{
    while (image.size > 0) {
        size_t size = image.size < SNAPSHOT_BLOCK_BYTES ? image.size : SNAPSHOT_BLOCK_BYTES;
        size_t bound = LZ4F_compressBound(size, &w->preferences);
        COORD_TRY(packed(w, LZ4F_compressUpdate(w->lz4, buf_reserve(&w->out, bound), bound, image.data, size, NULL)));
        w->meta.image_bytes += size;
        image = slice_make(image.data + size, image.size - size);
    }
    return 0;
}

static int finish(struct snapshot_writer *w)
{
    size_t bound = LZ4F_compressBound(0, &w->preferences);
    uint8_t head[SNAPSHOT_HEAD_BYTES];

    COORD_TRY(packed(w, LZ4F_compressEnd(w->lz4, buf_reserve(&w->out, bound), bound, NULL)));
    COORD_TRY(flush(w));
    w->meta.frame_bytes = w->offset - SNAPSHOT_HEAD_BYTES;
    snapshot_head_encode(head, &w->meta);
    COORD_TRY(fs_write(w->fs, w->file, 0, head, sizeof(head)));
    return SEEDED(snapshot_not_synced) ? 0 : fs_sync(w->fs, w->file);
}

/* Frees all but the file on disk. */
static void writer_free(struct snapshot_writer *w)
{
    if (w->file != NULL)
        fs_close(w->fs, w->file);
    LZ4F_freeCompressionContext(w->lz4);
    buf_deinit(&w->out);
    coord_free(w);
}

int snapshot_writer_commit(struct snapshot_writer *w, uint64_t *size)
{
    struct snapshot_meta meta;
    int rc = finish(w);

    if (rc == 0)
        rc = snapshot_publish(w->fs, w->dir, SNAPSHOT_OWN_TMP, w->meta.zxid, w->meta.cluster, &meta);
    else
        snapshot_discard(w->fs, w->dir, SNAPSHOT_OWN_TMP);
    *size = w->offset;
    writer_free(w);
    return rc;
}

void snapshot_writer_abort(struct snapshot_writer *w)
{
    snapshot_discard(w->fs, w->dir, SNAPSHOT_OWN_TMP);
    writer_free(w);
}
