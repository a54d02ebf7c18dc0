/* direct.c - see direct.h. */
#include "base/direct.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = FS_BLOCK_BYTES, BUFFER = 128 * BLOCK };

#define NO_BLOCK UINT64_MAX

struct direct {
    int fd;         /* opened for writing past the cache */
    int plain;      /* the caller's: reads */
    uint8_t *bytes; /* BUFFER, aligned; made by the first write that needs it */
    uint64_t block; /* offset of the block that stands first in `bytes`, as it is in the file; or NO_BLOCK */
};

struct direct *direct_open(const char *path, int fd)
{
    struct direct *d;
    int past;

    do
        past = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
    while (past < 0 && errno == EINTR);
    if (past < 0)
        return NULL;
    d = coord_alloc_zero(1, sizeof(*d));
    d->fd = past;
    d->plain = fd;
    d->block = NO_BLOCK;
    return d;
}

void direct_close(struct direct *d)
{
    if (d == NULL)
        return;
    close(d->fd);
    free(d->bytes);
    coord_free(d);
}

static int write_blocks(const struct direct *d, uint64_t offset, const uint8_t *from, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t wrote = pwrite(d->fd, from + done, size - done, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return errno;
        if (wrote == 0 || wrote % BLOCK != 0)
            return EIO; /* a regular file takes all of it, but for a full disk, which comes as an error next */
        done += (size_t)wrote;
    }
    return 0;
}

/* The block at `offset` stands first in `bytes`; what the file does not have is zero. */
static int load(struct direct *d, uint64_t offset)
{
    size_t done = 0;

    if (d->block == offset)
        return 0;
    d->block = NO_BLOCK;
    while (done < BLOCK) {
        ssize_t got = pread(d->plain, d->bytes + done, BLOCK - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    memset(d->bytes + done, 0, BLOCK - done);
    d->block = offset;
    return 0;
}

/* As much as fits into `bytes` behind what stands before it in its block. */
static int write_piece(struct direct *d, uint64_t offset, const uint8_t *from, size_t size)
{
    size_t before = offset % BLOCK, end = before + size, whole = end / BLOCK * BLOCK;
    size_t padded = whole == end ? whole : whole + BLOCK;
    uint64_t first = offset - before;
    int rc;

    if (before > 0 && (rc = load(d, first)) != 0)
        return rc;
    memcpy(d->bytes + before, from, size);
    memset(d->bytes + end, 0, padded - end);
    d->block = NO_BLOCK;
    rc = write_blocks(d, first, d->bytes, padded);
    if (rc != 0 || whole == end)
        return rc;
    memmove(d->bytes, d->bytes + whole, BLOCK);
    d->block = first + whole;
    return 0;
}

static bool is_aligned(uint64_t offset, const void *from, size_t size)
{
    return offset % BLOCK == 0 && (uintptr_t)from % BLOCK == 0 && size % BLOCK == 0;
}

int direct_write(struct direct *d, uint64_t offset, const void *from, size_t size)
{
    const uint8_t *at = from;

    if (is_aligned(offset, from, size)) {
        d->block = NO_BLOCK;
        return write_blocks(d, offset, from, size);
    }
    if (d->bytes == NULL) {
        d->bytes = aligned_alloc(BLOCK, BUFFER);
        COORD_ASSERT(d->bytes != NULL);
    }
    while (size > 0) {
        size_t room = BUFFER - offset % BLOCK, piece = size < room ? size : room;
        int rc = write_piece(d, offset, at, piece);

        if (rc != 0)
            return rc;
        offset += piece;
        at += piece;
        size -= piece;
    }
    return 0;
}
