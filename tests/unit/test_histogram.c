/* test_histogram.c - the benchmark's histogram: percentiles against the sorted values themselves. */
#include "bench/histogram.h"

#include "base/rng.h"
#include "lib/runner.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

TEST(histogram, percentile_is_within_one_percent_of_the_sorted_value)
{
    static const double percents[] = {0.1, 50, 90, 99, 99.9};
    static struct histogram h;
    static uint64_t values[10000];
    struct rng rng;

    rng_init(&rng, 1);
    for (size_t i = 0; i < COUNT(values); i++) {
        values[i] = rng_next(&rng) >> rng_below(&rng, 50);
        histogram_add(&h, values[i]);
    }
    qsort(values, COUNT(values), sizeof(values[0]), compare);
    for (size_t i = 0; i < COUNT(percents); i++) {
        double exact = (double)values[(size_t)((double)COUNT(values) * percents[i] / 100) - 1];
        double found = (double)histogram_percentile(&h, percents[i]);
        CHECK(found >= exact && found <= exact * 1.01, "%g %%: %g, exactly %g", percents[i], found, exact);
    }
    CHECK(histogram_percentile(&h, 100) == values[COUNT(values) - 1]);
    CHECK(h.max == values[COUNT(values) - 1]);
}

TEST(histogram, small_values_are_exact_and_extremes_have_a_place)
{
    static struct histogram h;

    CHECK_EQ_INT(histogram_percentile(&h, 50), 0);
    for (uint64_t i = 0; i < 256; i++)
        histogram_add(&h, i);
    CHECK_EQ_INT(histogram_percentile(&h, 50), 127);
    CHECK_EQ_INT(histogram_percentile(&h, 100), 255);
    histogram_add(&h, UINT64_MAX);
    CHECK(histogram_percentile(&h, 100) == UINT64_MAX);
    CHECK(h.max == UINT64_MAX);
}
