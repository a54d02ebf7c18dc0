/* spread.c - figures that are counted as they happen: sums, extremes, and how times spread. Pure. */
#include "replica/internal.h"

#define EXACT 16      /* below, a bucket a millisecond; from there on eight to each power of two */
#define EXACT_BITS 4  /* of EXACT */
#define EIGHTH_BITS 3 /* buckets to a power of two */

void figure_add(struct replica_summary *l, uint64_t value)
{
    if (l->count++ == 0 || value < l->min)
        l->min = value;
    if (value > l->max)
        l->max = value;
    l->total += value;
}

void figure_size(struct replica_sizes *s, size_t size)
{
    s->last = (int64_t)size;
    if (s->max < s->last)
        s->max = s->last;
    if (s->min < 0 || s->min > s->last)
        s->min = s->last;
}

static uint32_t bucket_of(uint64_t ms)
{
    uint32_t power, bucket;
    if (ms < EXACT)
        return (uint32_t)ms;
    power = 63 - (uint32_t)__builtin_clzll(ms);
    bucket = EXACT + ((power - EXACT_BITS) << EIGHTH_BITS) + (uint32_t)(ms >> (power - EIGHTH_BITS) & 7);
    return bucket < REPLICA_SPREAD_BUCKETS ? bucket : REPLICA_SPREAD_BUCKETS - 1;
}

/* The greatest time that the bucket has; of the last one there is none. */
static uint64_t greatest(uint32_t bucket)
{
    uint32_t above = bucket - EXACT, power = EXACT_BITS + (above >> EIGHTH_BITS);
    if (bucket < EXACT)
        return bucket;
    if (bucket == REPLICA_SPREAD_BUCKETS - 1)
        return UINT64_MAX;
    return ((UINT64_C(8) + (above & 7) + 1) << (power - EIGHTH_BITS)) - 1;
}

void spread_add(struct replica_spread *s, uint64_t ms)
{
    figure_add(&s->all, ms);
    s->count[bucket_of(ms)]++;
}

uint64_t replica_quantile(const struct replica_spread *s, uint32_t permille)
{
    uint64_t rank = (s->all.count * permille + 999) / 1000, seen = 0;
    for (uint32_t bucket = 0; bucket < REPLICA_SPREAD_BUCKETS && rank > 0; bucket++) {
        seen += s->count[bucket];
        if (seen >= rank) {
            uint64_t most = greatest(bucket);
            return most < s->all.max ? most : s->all.max;
        }
    }
    return 0;
}
