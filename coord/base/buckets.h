/* buckets.h - the heads of a hash table's chains, growing by one bucket at a time (linear hashing).
 *
 * For tables of millions of small items that name each other by 32-bit index: a bucket holds the index of its first item, the
 * items hold the rest of the chain. Growing splits one bucket, so that no insertion ever waits for the whole table; segments
 * are never moved. 4 bytes a bucket. Never shrinks. Not thread-safe.
 *
 * Use: chain the new item at *buckets_head(b, hash), then while count > b->count: chain each item of the chain that
 * buckets_split(b) gives out anew in the same way. The order of chains is the owner's.
 */
#ifndef COORD_BASE_BUCKETS_H
#define COORD_BASE_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

#define BUCKETS_NONE UINT32_MAX
enum { BUCKETS_SEGMENT = 1024 };

struct buckets {
    uint32_t **segments;
    uint32_t segment_count, segment_capacity;
    uint32_t count; /* buckets in use */
    uint32_t level; /* power of two: level <= count < 2 * level; buckets below count - level are split */
};

void buckets_init(struct buckets *b);
void buckets_deinit(struct buckets *b);

/* Adds a bucket, and empties the one that shares its items with it; returns what was chained there, BUCKETS_NONE if nothing. */
uint32_t buckets_split(struct buckets *b);

size_t buckets_bytes(const struct buckets *b);

static inline uint32_t *buckets_at(const struct buckets *b, uint32_t index)
{
    return &b->segments[index / BUCKETS_SEGMENT][index % BUCKETS_SEGMENT];
}

static inline uint32_t *buckets_head(const struct buckets *b, uint64_t hash)
{
    uint32_t index = (uint32_t)(hash & (2 * (uint64_t)b->level - 1));

    return buckets_at(b, index < b->count ? index : index - b->level);
}

#endif
