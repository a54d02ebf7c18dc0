/* histogram.h - latencies counted in buckets of constant relative width. Pure.
 *
 * Like an HDR histogram: a value's bucket is its highest bit and the 7 bits below it, so a percentile is wrong by less than
 * 1 % over the whole range from 1 ns to centuries, adding costs a few instructions and never allocates. The greatest value
 * is kept exactly.
 */
#ifndef TESTS_BENCH_HISTOGRAM_H
#define TESTS_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/* Zero-initialised is empty. */
struct histogram {
    uint64_t count, max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t value);

/* The least upper end of a bucket that at least `percent` of the values do not exceed; 0 when empty. */
uint64_t histogram_percentile(const struct histogram *h, double percent);

#endif
