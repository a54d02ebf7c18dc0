/* compare.c - explorations with and without reductions: compare.h. All in one world, so numbers stand for the same things. */
#include "model/compare.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t reduce;
} kinds[] = {{"none", 0},
             {"names", REDUCE_NAMES},
             {"answers", REDUCE_ANSWERS},
             {"fewer", REDUCE_FEWER},
             {"disks", REDUCE_DISKS},
             {"all", REDUCE_ALL},
             {"merged", REDUCE_ALL | MERGE}};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct exploration {
    struct space_result result;
    struct intern settled;
};

static bool has_finding(const struct space_result *r, const char *finding)
{
    for (uint32_t i = 0; i < r->finding_count; i++)
        if (strcmp(r->finding[i], finding) == 0)
            return true;
    return false;
}

static bool same_findings(const struct space_result *a, const struct space_result *b)
{
    for (uint32_t i = 0; i < a->finding_count; i++)
        if (!has_finding(b, a->finding[i]))
            return false;
    return a->finding_count == b->finding_count;
}

/* Every place of a is one of b, and with MERGE, where more may be reached than there is, not the other way round. */
static bool same_places(struct intern *a, struct intern *b, bool may_have_more)
{
    uint32_t before_a = a->count, before_b = b->count;

    for (uint32_t i = 0; i < before_a; i++)
        intern_add(b, a->at[i], a->size[i], NULL);
    return b->count == before_b && (may_have_more || before_a == before_b);
}

static bool same(struct exploration *plain, struct exploration *reduced, const struct scope *scope, uint32_t reduce)
{
    return same_findings(&plain->result, &reduced->result) &&
           (scope->bug != BUG_NONE || same_places(&plain->settled, &reduced->settled, (reduce & MERGE) != 0));
}

static void explore(struct world *w, const struct space_options *options, struct exploration *run)
{
    struct space_options o = *options;

    intern_init(&run->settled);
    o.go_on = true;
    o.settled = &run->settled;
    space_explore(w, &o, &run->result);
}

bool compare_reductions(const struct scope *scope, const struct space_options *options)
{
    static struct exploration run[KINDS];
    struct world w;
    uint64_t steps;
    bool ok = true;

    world_init(&w, scope);
    for (uint32_t i = 0; i < KINDS; i++) {
        struct space_result *r = &run[i].result;
        bool done, right;

        uint32_t compared;

        w.scope.reduce = kinds[i].reduce;
        explore(&w, options, &run[i]);
        compared = run[i].settled.count;
        done = r->states < options->states_max && r->seconds < options->seconds_max;
        right = done && same(&run[0], &run[i], scope, kinds[i].reduce);
        printf("%-8s %9llu states, %9llu places, %8u compared, %u faults: %s\n", kinds[i].name, (unsigned long long)r->states,
               (unsigned long long)r->places, compared, r->finding_count,
               right  ? "the same"
               : done ? "DIFFERENT"
                      : "NOT COMPLETED");
        for (uint32_t k = 0; k < r->finding_count && (i == 0 || !right); k++)
            printf("         %s\n", r->finding[k]);
        ok = ok && right;
    }
    if (!rename_check(&w.rename, &steps)) {
        printf("a step of a server depends on the names of the servers\n");
        ok = false;
    } else {
        printf("%llu steps of servers are the same under other names\n", (unsigned long long)steps);
    }
    for (uint32_t i = 0; i < KINDS; i++)
        intern_deinit(&run[i].settled);
    world_deinit(&w);
    return ok;
}
