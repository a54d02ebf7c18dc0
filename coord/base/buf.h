/* buf.h - an owned, growing run of bytes.
 *
 * Zero-initialised is a valid empty buffer: `struct buf b = {0};`. Append at the end, consume at the front; consuming is
 * O(1) until the space is wanted again. Growth doubles and aborts when out of memory (alloc.h). Not thread-safe.
 * Invariant: start <= end <= capacity.
 */
#ifndef COORD_BASE_BUF_H
#define COORD_BASE_BUF_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data;
    size_t start, end, capacity;
};

void buf_deinit(struct buf *b);                    /* frees, and leaves a valid empty buffer */
void buf_clear(struct buf *b);                     /* keeps the memory */
void buf_shrink(struct buf *b, size_t keep_bytes); /* frees memory beyond keep_bytes if the buffer is empty */
uint8_t *buf_reserve(struct buf *b, size_t size);  /* room for size bytes at the end; valid until the next call */
void buf_commit(struct buf *b, size_t size);       /* the first size bytes of the reserved room are content now */
void buf_append(struct buf *b, const void *data, size_t size);
void buf_consume(struct buf *b, size_t size);  /* drops size bytes at the front; size <= buf_size */
void buf_truncate(struct buf *b, size_t size); /* drops what is behind the first size bytes */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline size_t buf_size(const struct buf *b)
{
    return b->end - b->start;
}

static inline uint8_t *buf_bytes(const struct buf *b)
{
    return b->start == 0 ? b->data : b->data + b->start; /* no arithmetic on the NULL of an empty buffer */
}

/* Valid until the buffer changes. */
static inline struct slice buf_slice(const struct buf *b)
{
    return slice_make(buf_bytes(b), buf_size(b));
}

#endif
