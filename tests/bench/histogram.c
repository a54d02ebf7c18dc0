/* histogram.c - buckets of an HDR-like histogram: exact below 256, then 128 to each power of two. */
#include "bench/histogram.h"

static uint32_t bucket_of(uint64_t value)
{
    uint32_t shift;

    if (value >> (HISTOGRAM_SUB_BITS + 1) == 0)
        return (uint32_t)value;
    shift = 63 - (uint32_t)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return (shift << HISTOGRAM_SUB_BITS) + (uint32_t)(value >> shift);
}

/* The greatest value of a bucket. */
static uint64_t bucket_top(uint32_t bucket)
{
    uint32_t shift;

    if (bucket >> (HISTOGRAM_SUB_BITS + 1) == 0)
        return bucket;
    shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    return ((uint64_t)(bucket - (shift << HISTOGRAM_SUB_BITS)) << shift) + (((uint64_t)1 << shift) - 1);
}

void histogram_add(struct histogram *h, uint64_t value)
{
    h->buckets[bucket_of(value)]++;
    h->count++;
    if (value > h->max)
        h->max = value;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
    double wanted = (double)h->count * percent / 100.0;
    uint64_t seen = 0;

    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (h->buckets[i] > 0 && (double)seen >= wanted)
            return bucket_top(i) < h->max ? bucket_top(i) : h->max;
    }
    return h->max;
}
