/* explore.c - breadth-first exploration of the real consensus core in a small scope; options below, docs/TESTING.md explains.
 *
 * Exit code 0: nothing found; 1: something is broken, and the shortest way to it was printed; 2: wrong usage. With --bug it is
 * the other way round for 0 and 1.
 */
#include "model/compare.h"
#include "model/selftest.h"
#include "model/walk.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WALK_STEPS 200

static const char usage[] =
    "usage: explore [OPTION]...\n"
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
    "  --depth N     stop at so many steps from the start; steps of a walk\n"
    "  --without R   leave out a reduction: names, answers, fewer, disks (world.h) or all\n"
    "  --merge       one network for all states with the same servers: quicker, may find what is not there\n"
    "  --compare     explore without, with each and with all reductions: the results must be the same\n"
    "  --walks N     instead: N random walks of --depth steps (200, the most) through the scope, without reductions\n"
    "  --seed N      of the walks (1)\n"
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
    OPTION_WITHOUT,
    OPTION_MERGE,
    OPTION_COMPARE,
    OPTION_WALKS,
    OPTION_SEED,
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
                                             {"without", required_argument, NULL, OPTION_WITHOUT},
                                             {"merge", no_argument, NULL, OPTION_MERGE},
                                             {"compare", no_argument, NULL, OPTION_COMPARE},
                                             {"walks", required_argument, NULL, OPTION_WALKS},
                                             {"seed", required_argument, NULL, OPTION_SEED},
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

static uint32_t reduction_of(const char *name)
{
    static const struct {
        const char *name;
        uint32_t reduce;
    } all[] = {{"names", REDUCE_NAMES},
               {"answers", REDUCE_ANSWERS},
               {"fewer", REDUCE_FEWER},
               {"disks", REDUCE_DISKS},
               {"all", REDUCE_ALL}};

    for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].reduce;
    fprintf(stderr, "explore: no reduction %s\n", name);
    exit(2);
}

/* What is asked for. */
struct wish {
    struct scope scope;
    struct space_options space;
    struct walk_options walk; /* walks_max 0: none */
    bool compare;
};

static void parse(int argc, char **argv, struct wish *wish)
{
    struct scope *o = &wish->scope;
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
            wish->space.states_max = number(optarg, 1, 1000000000);
            break;
        case OPTION_MINUTES:
            wish->space.seconds_max = 60.0 * (double)number(optarg, 1, 100000);
            break;
        case OPTION_DEPTH:
            wish->space.depth_max = number(optarg, 1, 1000000);
            break;
        case OPTION_WITHOUT:
            o->reduce &= ~reduction_of(optarg);
            break;
        case OPTION_MERGE:
            o->reduce |= MERGE;
            break;
        case OPTION_COMPARE:
            wish->compare = true;
            break;
        case OPTION_WALKS:
            wish->walk.walks_max = number(optarg, 1, 1000000000);
            break;
        case OPTION_SEED:
            wish->walk.seed = number(optarg, 0, UINT64_MAX);
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

static void print_scope(const struct scope *o)
{
    printf("%u servers, %u epochs, %u writes, %u crashes, %u wipes, %u persists%s%s", o->servers, o->epochs + 1, o->writes,
           o->crashes, o->wipes, o->persists, o->nudges ? ", nudges" : "", o->lean ? ", lean" : "");
    if ((o->reduce & MERGE) != 0)
        printf(", merged");
    if ((o->reduce & REDUCE_ALL) != REDUCE_ALL)
        printf(", not all reductions");
    if (o->bug != BUG_NONE)
        printf(", bug %s", bug_name(o->bug));
}

static void print_result(const struct space_result *r)
{
    static const char *const ends[] = {"complete", "stopped", "BROKEN"};

    printf(": %s: %llu states, %llu places, depth %llu, %llu steps, %llu states of servers, %llu messages, %.1f s, %llu MB\n",
           ends[r->end], (unsigned long long)r->states, (unsigned long long)r->places, (unsigned long long)r->depth,
           (unsigned long long)r->steps, (unsigned long long)r->servers, (unsigned long long)r->messages, r->seconds,
           (unsigned long long)(r->bytes >> 20));
}

static void walk(struct wish *wish, struct world *w, struct space_result *r)
{
    struct walk_options *o = &wish->walk;

    o->steps_max = wish->space.depth_max < WALK_STEPS ? wish->space.depth_max : WALK_STEPS;
    o->states_max = wish->space.states_max;
    o->seconds_max = wish->space.seconds_max;
    o->progress = wish->space.progress;
    walk_explore(w, o, r);
}

int main(int argc, char **argv)
{
    struct wish wish = {
        .scope = {.servers = 3, .epochs = 2, .writes = 1, .persists = 2, .reduce = REDUCE_ALL},
        .space = {.states_max = 1000000000, .depth_max = 1000000, .seconds_max = 3600, .progress = isatty(STDERR_FILENO) != 0},
        .walk = {.seed = 1}};
    struct world w;
    struct space_result r;

    parse(argc, argv, &wish);
    if (wish.compare)
        return compare_reductions(&wish.scope, &wish.space) ? 0 : 1;
    if (wish.walk.walks_max > 0)
        wish.scope.reduce = 0;
    world_init(&w, &wish.scope);
    if (wish.walk.walks_max > 0)
        walk(&wish, &w, &r);
    else
        space_explore(&w, &wish.space, &r);
    print_scope(&wish.scope);
    if (wish.walk.walks_max > 0)
        printf(", random walks from seed %llu", (unsigned long long)wish.walk.seed);
    print_result(&r);
    world_deinit(&w);
    return (r.end == SPACE_BROKEN) == (wish.scope.bug == BUG_NONE) ? 1 : 0;
}
