/* test_map.c - the hash table against an array of all keys. */
#include "base/map.h"
#include "base/rng.h"
#include "lib/runner.h"

TEST(map, zero_initialised_is_empty)
{
    struct map m = {0};
    size_t at = 0;

    CHECK(map_get(&m, 0) == NULL);
    CHECK(map_remove(&m, 0) == NULL);
    CHECK(map_next(&m, &at) == NULL);
    map_deinit(&m);
}

TEST(map, put_replaces_and_returns_the_old_value)
{
    struct map m = {0};
    int a, b;

    CHECK(map_put(&m, 0, &a) == NULL);
    CHECK(map_put(&m, UINT64_MAX, &b) == NULL);
    CHECK(map_put(&m, 0, &b) == &a);
    CHECK_EQ_INT(m.count, 2);
    CHECK(map_get(&m, 0) == &b);
    CHECK(map_remove(&m, 0) == &b);
    CHECK(map_get(&m, 0) == NULL);
    CHECK(map_get(&m, UINT64_MAX) == &b);
    map_deinit(&m);
}

/* Few keys over small tables make long probe runs that wrap around, which is what removal must repair. */
TEST(map, random_operations_agree_with_a_model)
{
    enum { KEYS = 64 };
    static int values[KEYS];
    bool present[KEYS] = {false};
    struct map m = {0};
    struct rng r;

    rng_init(&r, 2);
    for (int step = 0; step < 20000; step++) {
        size_t i = (size_t)rng_below(&r, KEYS), walked = 0, at = 0, expected = 0;
        if (rng_below(&r, 2) == 0) {
            CHECK(map_put(&m, i << 40, &values[i]) == (present[i] ? &values[i] : NULL), "step %d", step);
            present[i] = true;
        } else {
            CHECK(map_remove(&m, i << 40) == (present[i] ? &values[i] : NULL), "step %d", step);
            present[i] = false;
        }
        for (size_t k = 0; k < KEYS; k++) {
            expected += present[k];
            if (!CHECK(map_get(&m, k << 40) == (present[k] ? &values[k] : NULL), "step %d key %zu", step, k))
                return;
        }
        while (map_next(&m, &at) != NULL)
            walked++;
        if (!CHECK_EQ_INT(walked, expected) || !CHECK_EQ_INT(m.count, expected))
            return;
    }
    map_deinit(&m);
}

TEST(map, grows_with_many_keys)
{
    static int values[10000];
    struct map m = {0};

    for (size_t i = 0; i < COUNT(values); i++)
        map_put(&m, i, &values[i]);
    for (size_t i = 0; i < COUNT(values); i++)
        CHECK(map_get(&m, i) == &values[i], "key %zu", i);
    CHECK(m.count * 4 <= m.capacity * 3);
    map_deinit(&m);
}
