/* explore.c - breadth-first exploration of the real consensus core in a small scope; options below, docs/TESTING.md explains.
 *
 * Exit code 0: nothing found; 1: something is broken, and the shortest way to it was printed; 2: wrong usage. With --bug it is
 * the other way round for 0 and 1.
 */
#include "model/selftest.h"
#include "model/space.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: explore [OPTION]...\n"
                            "Explores all behaviours of the consensus core in a small scope, breadth first.\n"
                            "  --servers N   voters, 1 to 5 (3)\n"
                            "  --epochs N    epochs beyond the first, 1 to 4 (2)\n"
                            "  --writes N    entries proposed at most (1)\n"
                            "  --crashes N   crashes with a restart at most (0)\n"
                            "  --wipes N     disks emptied at most (0)\n"
                            "  --persists N  persists under way to one disk at most, 1 to 3 (2)\n"
                            "  --nudges      leaders may ask anew at any time where a follower's log matches\n"
                            "  --lean        lose messages that only repeat others: fewer states, deeper\n"
                            "  --states N    stop at so many distinct states (1000000000)\n"
                            "  --minutes M   stop after so many minutes (60)\n"
                            "  --depth N     stop at so many steps from the start\n"
                            "  --bug NAME    with a fault planted on purpose: it must be found\n"
                            "  --bugs        the names of these faults\n"
                            "  --self-test   whether the invariants fire on states made by hand\n";

enum {
    OPTION_SERVERS = 1,
    OPTION_EPOCHS,
    OPTION_WRITES,
    OPTION_CRASHES,
    OPTION_WIPES,
    OPTION_PERSISTS,
    OPTION_NUDGES,
    OPTION_LEAN,
    OPTION_STATES,
    OPTION_MINUTES,
    OPTION_DEPTH,
    OPTION_BUG,
    OPTION_BUGS,
    OPTION_SELF_TEST,
    OPTION_HELP
};

static const struct option long_options[] = {{"servers", required_argument, NULL, OPTION_SERVERS},
                                             {"epochs", required_argument, NULL, OPTION_EPOCHS},
                                             {"writes", required_argument, NULL, OPTION_WRITES},
                                             {"crashes", required_argument, NULL, OPTION_CRASHES},
                                             {"wipes", required_argument, NULL, OPTION_WIPES},
                                             {"persists", required_argument, NULL, OPTION_PERSISTS},
                                             {"nudges", no_argument, NULL, OPTION_NUDGES},
                                             {"lean", no_argument, NULL, OPTION_LEAN},
                                             {"states", required_argument, NULL, OPTION_STATES},
                                             {"minutes", required_argument, NULL, OPTION_MINUTES},
                                             {"depth", required_argument, NULL, OPTION_DEPTH},
                                             {"bug", required_argument, NULL, OPTION_BUG},
                                             {"bugs", no_argument, NULL, OPTION_BUGS},
                                             {"self-test", no_argument, NULL, OPTION_SELF_TEST},
                                             {"help", no_argument, NULL, OPTION_HELP},
                                             {NULL, 0, NULL, 0}};

static uint64_t number(const char *text, uint64_t low, uint64_t high)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value < low || value > high) {
        fprintf(stderr, "explore: %s is no number from %llu to %llu\n", text, (unsigned long long)low,
                (unsigned long long)high);
        exit(2);
    }
    return value;
}

static enum bug bug_of(const char *name)
{
    for (uint32_t i = 1; i < BUG_COUNT; i++)
        if (strcmp(bug_name((enum bug)i), name) == 0)
            return (enum bug)i;
    fprintf(stderr, "explore: no bug %s; see --bugs\n", name);
    exit(2);
}

static void list_bugs(void)
{
    for (uint32_t i = 1; i < BUG_COUNT; i++)
        printf("%-18s %s\n", bug_name((enum bug)i), bug_rule((enum bug)i));
}

static void parse(int argc, char **argv, struct space_options *o)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_SERVERS:
            o->servers = (uint32_t)number(optarg, 1, MODEL_SERVERS_MAX);
            break;
        case OPTION_EPOCHS:
            o->epochs = (uint32_t)number(optarg, 1, MODEL_EPOCHS_MAX - 2);
            break;
        case OPTION_WRITES:
            o->writes = (uint32_t)number(optarg, 0, 12);
            break;
        case OPTION_CRASHES:
            o->crashes = (uint32_t)number(optarg, 0, 100);
            break;
        case OPTION_WIPES:
            o->wipes = (uint32_t)number(optarg, 0, 1);
            break;
        case OPTION_PERSISTS:
            o->persists = (uint32_t)number(optarg, 1, MODEL_WRITES_MAX - 1);
            break;
        case OPTION_NUDGES:
            o->nudges = true;
            break;
        case OPTION_LEAN:
            o->lean = true;
            break;
        case OPTION_STATES:
            o->states_max = number(optarg, 1, 1000000000);
            break;
        case OPTION_MINUTES:
            o->seconds_max = 60.0 * (double)number(optarg, 1, 100000);
            break;
        case OPTION_DEPTH:
            o->depth_max = number(optarg, 1, 1000000);
            break;
        case OPTION_BUG:
            o->bug = bug_of(optarg);
            break;
        case OPTION_BUGS:
            list_bugs();
            exit(0);
        case OPTION_SELF_TEST:
            exit(selftest_run());
        case OPTION_HELP:
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct space_options o = {.servers = 3,
                              .epochs = 2,
                              .writes = 1,
                              .persists = 2,
                              .states_max = 1000000000,
                              .depth_max = 1000000,
                              .seconds_max = 3600,
                              .progress = isatty(STDERR_FILENO) != 0};
    static const char *const ends[] = {"complete", "stopped", "BROKEN"};
    struct space_result r;

    parse(argc, argv, &o);
    space_explore(&o, &r);
    printf("%u servers, %u epochs, %u writes, %u crashes, %u wipes%s%s%s%s: %s: %llu states, depth %llu, %llu steps, %llu "
           "states of "
           "servers, %llu messages, %.1f s, %llu MB\n",
           o.servers, o.epochs + 1, o.writes, o.crashes, o.wipes, o.nudges ? ", nudges" : "", o.lean ? ", lean" : "",
           o.bug != BUG_NONE ? ", bug " : "", o.bug != BUG_NONE ? bug_name(o.bug) : "", ends[r.end],
           (unsigned long long)r.states, (unsigned long long)r.depth, (unsigned long long)r.steps,
           (unsigned long long)r.servers, (unsigned long long)r.messages, r.seconds, (unsigned long long)(r.bytes >> 20));
    return (r.end == SPACE_BROKEN) == (o.bug == BUG_NONE) ? 1 : 0;
}
