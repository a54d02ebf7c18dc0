/* reader.c - a snapshot is read: head, then the image in pieces, with every checksum on the way. See snapshot.h. */
#include "snapshot/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"

#include <lz4frame.h>

struct snapshot_reader {
    struct fs *fs;
    struct fs_file *file;
    struct snapshot_meta meta;
    LZ4F_decompressionContext_t lz4;
    uint8_t *packed, *image; /* SNAPSHOT_BLOCK_BYTES each */
    size_t packed_at, packed_size;
    uint64_t offset; /* in the file: behind what is in `packed` */
    uint64_t unpacked;
    bool ended; /* the frame did */
};

static int read_head(struct snapshot_reader *r)
{
    uint8_t head[SNAPSHOT_HEAD_BYTES];
    int64_t got = fs_read(r->fs, r->file, 0, head, sizeof(head)), size;

    if (got < 0)
        return (int)got;
    COORD_TRY(snapshot_head_decode(slice_make(head, (size_t)got), &r->meta));
    size = fs_size(r->fs, r->file);
    if (size < 0)
        return (int)size;
    r->offset = SNAPSHOT_HEAD_BYTES;
    return (uint64_t)size - SNAPSHOT_HEAD_BYTES == r->meta.frame_bytes ? 0 : -COORD_E_DAMAGED;
}

int snapshot_reader_open(struct fs *fs, const char *path, struct snapshot_meta *meta, struct snapshot_reader **reader)
{
    struct snapshot_reader *r = coord_alloc_zero(1, sizeof(*r));
    int rc;

    r->fs = fs;
    rc = fs_open(fs, path, FS_READ | FS_FRESH, &r->file); /* verification asks what the disk has */
    if (rc == 0)
        rc = read_head(r);
    /* coverage: liblz4 fails to make a context only when malloc does */
    if (rc == 0 && LZ4F_isError(LZ4F_createDecompressionContext(&r->lz4, LZ4F_VERSION)))
        rc = -COORD_E_NO_MEMORY;
    if (rc < 0) {
        snapshot_reader_close(r);
        return rc;
    }
    r->packed = coord_alloc(SNAPSHOT_BLOCK_BYTES);
    r->image = coord_alloc(SNAPSHOT_BLOCK_BYTES);
    *meta = r->meta;
    *reader = r;
    return 0;
}

void snapshot_reader_close(struct snapshot_reader *r)
{
    if (r->file != NULL)
        fs_close(r->fs, r->file);
    LZ4F_freeDecompressionContext(r->lz4);
    coord_free(r->packed);
    coord_free(r->image);
    coord_free(r);
}

static int fill(struct snapshot_reader *r)
{
    int64_t got = fs_read(r->fs, r->file, r->offset, r->packed, SNAPSHOT_BLOCK_BYTES);

    if (got <= 0)
        return got < 0 ? (int)got : -COORD_E_DAMAGED; /* the file ends before the frame */
    r->packed_at = 0;
    r->packed_size = (size_t)got;
    r->offset += (uint64_t)got;
    return 0;
}

static int check_end(const struct snapshot_reader *r)
{
    uint64_t used = r->offset - (r->packed_size - r->packed_at) - SNAPSHOT_HEAD_BYTES;

    return used == r->meta.frame_bytes && r->unpacked == r->meta.image_bytes ? 0 : -COORD_E_DAMAGED;
}

int snapshot_reader_next(struct snapshot_reader *r, struct slice *piece)
{
    while (!r->ended) {
        size_t got = SNAPSHOT_BLOCK_BYTES, used, hint;
        if (r->packed_at == r->packed_size)
            COORD_TRY(fill(r));
        used = r->packed_size - r->packed_at;
        hint = LZ4F_decompress(r->lz4, r->image, &got, r->packed + r->packed_at, &used, NULL);
        if (LZ4F_isError(hint))
            return -COORD_E_DAMAGED;
        r->packed_at += used;
        r->unpacked += got;
        r->ended = hint == 0;
        if (r->unpacked > r->meta.image_bytes)
            return -COORD_E_DAMAGED;
        if (got > 0) {
            *piece = slice_make(r->image, got);
            return 1;
        }
    }
    return check_end(r);
}

int snapshot_peek(struct fs *fs, const char *path, struct snapshot_meta *meta)
{
    struct snapshot_reader r = {.fs = fs};
    int rc = fs_open(fs, path, FS_READ, &r.file);

    if (rc < 0)
        return rc;
    rc = read_head(&r);
    fs_close(fs, r.file);
    *meta = r.meta;
    return rc;
}

int snapshot_verify(struct fs *fs, const char *path, struct snapshot_meta *meta)
{
    struct snapshot_reader *r;
    struct slice piece;
    int rc;

    COORD_TRY(snapshot_reader_open(fs, path, meta, &r));
    do
        rc = snapshot_reader_next(r, &piece);
    while (rc == 1);
    snapshot_reader_close(r);
    return rc;
}
