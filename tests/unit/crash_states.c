/* crash_states.c - a program that goes through workloads of crash_walk.h.
 *
 *     crash_states --seeds A..B [--operations N]      these
 *     crash_states --minutes M [--operations N]       seeds that nobody ran before, for so long (it may be a fraction)
 *
 * The last line says what was done; exit status 1 when something was wrong, and the line before says where: a workload has one
 * seed and one number of operations, and repeats exactly.
 */
#include "base/clock.h"
#include "unit/crash_walk.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asked {
    unsigned long long from, to; /* seeds */
    unsigned operations;
    uint64_t until_ms; /* 0: all seeds */
};

static bool parse(int argc, char **argv, struct asked *a)
{
    *a = (struct asked){1, 0, 24, 0};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seeds") == 0 && sscanf(argv[i + 1], "%llu..%llu", &a->from, &a->to) == 2) {
            continue;
        } else if (strcmp(argv[i], "--operations") == 0 && atoi(argv[i + 1]) > 0) {
            a->operations = (unsigned)atoi(argv[i + 1]);
        } else if (strcmp(argv[i], "--minutes") == 0 && strtod(argv[i + 1], NULL) > 0) {
            a->from = (uint64_t)clock_wall_ms() << 22 | ((uint64_t)getpid() & 255) << 14; /* several at once */
            a->to = UINT64_MAX;
            a->until_ms = clock_mono_ms() + (uint64_t)(strtod(argv[i + 1], NULL) * 60000);
        } else {
            return false;
        }
    }
    return argc % 2 == 1 && a->to >= a->from;
}

static void on_abort(int number)
{
    signal(number, SIG_DFL);
    printf("died: %s\n", crash_walk_place());
    fflush(stdout);
    raise(number);
}

int main(int argc, char **argv)
{
    struct crash_counts n = {0};
    const char *why = NULL;
    struct asked a;

    if (!parse(argc, argv, &a)) {
        fprintf(stderr, "usage: %s --seeds A..B | --minutes M [--operations N]\n", argv[0]);
        return 2;
    }
    signal(SIGABRT, on_abort);
    for (unsigned long long seed = a.from; seed <= a.to && why == NULL; seed++) {
        if (a.until_ms != 0 && clock_mono_ms() >= a.until_ms)
            break;
        why = crash_walk(seed, a.operations, &n);
    }
    if (why != NULL)
        printf("FAILED %s\n", why);
    printf("%llu workloads, crashes at %llu calls: %llu crash states (%llu nested) of %llu crashes; %llu failed calls, "
           "%llu of which ended it; %llu full disks; %d failed\n",
           (unsigned long long)n.workloads, (unsigned long long)n.calls, (unsigned long long)n.states,
           (unsigned long long)n.nested, (unsigned long long)n.crashes, (unsigned long long)n.errors,
           (unsigned long long)n.ended, (unsigned long long)n.full, why != NULL);
    return why != NULL;
}
