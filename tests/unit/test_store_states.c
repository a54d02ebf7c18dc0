/* test_store_states.c - crash states at every I/O call, with crashes in the recovery, counted (crash_walk.h). */
#include "lib/runner.h"
#include "unit/crash_walk.h"

#include <stdio.h>

enum { WORKLOADS = 8, WORKLOADS_SLOW = 1, OPERATIONS = 10, STATES_MIN = 5000 };

TEST(store_states, every_call_of_random_workloads)
{
    struct crash_counts n = {0};
    bool slow = test_time_scale() > 1; /* under a sanitizer */

    for (uint64_t seed = 1; seed <= (slow ? WORKLOADS_SLOW : WORKLOADS); seed++) {
        const char *why = crash_walk(seed, OPERATIONS, &n);
        REQUIRE(why == NULL, "%s", why);
    }
    CHECK(n.states >= (slow ? STATES_MIN / 10 : STATES_MIN) && n.nested > n.states / 2 && n.ended > 0);
    printf(": %llu different crash states (%llu nested), %llu failed calls,", (unsigned long long)n.states,
           (unsigned long long)n.nested, (unsigned long long)n.errors);
}
