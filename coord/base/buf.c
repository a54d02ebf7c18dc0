/* buf.c - the growing buffer. Pure. */
#include "base/buf.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>

enum { BUF_CAPACITY_MIN = 64 };

void buf_deinit(struct buf *b)
{
    coord_free(b->data);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->start = b->end = 0;
}

void buf_shrink(struct buf *b, size_t keep_bytes)
{
    if (buf_size(b) == 0 && b->capacity > keep_bytes) {
        coord_free(b->data);
        *b = (struct buf){0};
        if (keep_bytes > 0) {
            b->data = coord_alloc(keep_bytes);
            b->capacity = keep_bytes;
        }
    }
}

uint8_t *buf_reserve(struct buf *b, size_t size)
{
    size_t used = b->end - b->start;
    size_t capacity = b->capacity;

    if (capacity > 0 && size <= capacity - b->end)
        return b->data + b->end;
    COORD_ASSERT(size <= SIZE_MAX / 4 && used <= SIZE_MAX / 4);
    /* Content moves to the front only when at least half of the memory is free then, so a byte moves O(1) times. */
    if (capacity == 0 || used + size > capacity / 2) {
        capacity = capacity < BUF_CAPACITY_MIN ? BUF_CAPACITY_MIN : capacity * 2;
        while (capacity < used + size)
            capacity *= 2;
    }
    if (capacity == b->capacity) {
        memmove(b->data, b->data + b->start, used);
    } else if (b->start == 0) {
        b->data = coord_realloc(b->data, capacity);
    } else {
        uint8_t *data = coord_alloc(capacity);
        memcpy(data, b->data + b->start, used);
        coord_free(b->data);
        b->data = data;
    }
    b->capacity = capacity;
    b->start = 0;
    b->end = used;
    return b->data + b->end;
}

void buf_commit(struct buf *b, size_t size)
{
    COORD_ASSERT(size <= b->capacity - b->end);
    b->end += size;
}

void buf_append(struct buf *b, const void *data, size_t size)
{
    if (size == 0)
        return;
    memcpy(buf_reserve(b, size), data, size);
    b->end += size;
}

void buf_consume(struct buf *b, size_t size)
{
    COORD_ASSERT(size <= buf_size(b));
    b->start += size;
    if (b->start == b->end)
        b->start = b->end = 0;
}

void buf_truncate(struct buf *b, size_t size)
{
    COORD_ASSERT(size <= buf_size(b));
    b->end = b->start + size;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    COORD_ASSERT(size >= 0);
    buf_reserve(b, (size_t)size + 1);
    va_start(args, format);
    vsnprintf((char *)b->data + b->end, (size_t)size + 1, format, args);
    va_end(args);
    b->end += (size_t)size;
}
