/* test_rng.c - the random generator: known values, bounds, and the seeded hash beside it. */
#include "base/hash.h"
#include "base/rng.h"
#include "lib/runner.h"

/* Simulator seeds must mean the same run for ever, so the sequence is fixed by literals. */
TEST(rng, sequence_of_a_seed_never_changes)
{
    static const uint64_t expected[] = {0x99ec5f36cb75f2b4, 0xbf6e1f784956452a, 0x1a5f849d4933e6e0, 0x6aa594f1262d2d2c};
    struct rng r;

    rng_init(&r, 0);
    for (size_t i = 0; i < COUNT(expected); i++)
        CHECK_EQ_INT(rng_next(&r), expected[i], "value %zu", i);
}

TEST(rng, below_and_between_stay_in_bounds_and_reach_them)
{
    struct rng r;
    unsigned counts[5] = {0};

    rng_init(&r, 3);
    for (int i = 0; i < 5000; i++) {
        uint64_t value = rng_between(&r, 10, 14);
        if (!CHECK(value >= 10 && value <= 14))
            return;
        counts[value - 10]++;
    }
    for (size_t i = 0; i < COUNT(counts); i++)
        CHECK(counts[i] > 800 && counts[i] < 1200, "%zu came %u times", i, counts[i]);
    CHECK_EQ_INT(rng_below(&r, 1), 0);
    CHECK_EQ_INT(rng_between(&r, UINT64_MAX, UINT64_MAX), -1);
    rng_between(&r, 0, UINT64_MAX);
    for (int i = 0; i < 100; i++)
        CHECK(rng_below(&r, (UINT64_MAX >> 1) + 2) <= (UINT64_MAX >> 1) + 1);
}

TEST(hash, value_depends_on_every_byte_and_on_the_seed)
{
    uint8_t bytes[300] = {0};
    uint64_t first = hash_bytes(bytes, sizeof(bytes), 0);

    CHECK_EQ_INT(hash_bytes("", 0, 0), 0x2d06800538d394c2); /* XXH3's published value */
    CHECK(hash_bytes(bytes, sizeof(bytes), 1) != first);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 1;
        CHECK(hash_bytes(bytes, sizeof(bytes), 0) != first, "byte %zu", i);
        bytes[i] = 0;
    }
    CHECK(hash_u64(1, 0) != hash_u64(2, 0));
}
