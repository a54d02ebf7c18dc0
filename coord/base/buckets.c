/* buckets.c - linear hashing: bucket i of a level splits into i and level + i, in rising order. Pure. */
#include "base/buckets.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <string.h>

enum { BUCKETS_MIN = 16 };

static void add_segment(struct buckets *b)
{
    uint32_t *segment = coord_alloc(BUCKETS_SEGMENT * sizeof(*segment));

    memset(segment, 0xff, BUCKETS_SEGMENT * sizeof(*segment)); /* BUCKETS_NONE */
    if (b->segment_count == b->segment_capacity) {
        b->segment_capacity = b->segment_capacity == 0 ? 4 : b->segment_capacity * 2;
        b->segments = coord_realloc(b->segments, b->segment_capacity * sizeof(*b->segments));
    }
    b->segments[b->segment_count++] = segment;
}

void buckets_init(struct buckets *b)
{
    *b = (struct buckets){.count = BUCKETS_MIN, .level = BUCKETS_MIN};
    add_segment(b);
}

void buckets_deinit(struct buckets *b)
{
    for (uint32_t i = 0; i < b->segment_count; i++)
        coord_free(b->segments[i]);
    coord_free(b->segments);
    *b = (struct buckets){0};
}

uint32_t buckets_split(struct buckets *b)
{
    uint32_t *from = buckets_at(b, b->count - b->level), chain = *from;

    COORD_ASSERT(b->count < BUCKETS_NONE);
    if (b->count % BUCKETS_SEGMENT == 0)
        add_segment(b);
    b->count++;
    if (b->count / 2 == b->level && b->count % 2 == 0)
        b->level = b->count;
    *from = BUCKETS_NONE;
    return chain;
}

size_t buckets_bytes(const struct buckets *b)
{
    return b->segment_count * (size_t)BUCKETS_SEGMENT * sizeof(uint32_t) + b->segment_capacity * sizeof(*b->segments);
}
