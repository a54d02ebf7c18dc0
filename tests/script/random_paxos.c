/* random_paxos.c - random tests of the consensus core: `random_paxos [--seed N] [--steps N] [--only walk|graph|duel] [-v]`.
 *
 * Walks share the steps out over worlds of 20,000 steps each; the graphs are all 64 directed ones of three servers and a
 * sample of the undirected and directed ones of five (link_graphs.c has all of them). A failure names its seed: run it again
 * with --seed, and -v to see it.
 */
#include "link_graph.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLD_STEPS 20000

static uint32_t run_walks(uint64_t seed, uint64_t steps, bool verbose)
{
    struct walk_report report = {0};
    uint32_t failed = 0, worlds = 0;

    for (uint64_t done = 0; done < steps && failed < 5; done += WORLD_STEPS, worlds++)
        failed += !walk_world(seed + worlds, steps - done < WORLD_STEPS ? steps - done : WORLD_STEPS, &report, verbose);
    printf("walks: %u worlds, %llu steps, %llu entries, %llu epochs, %llu syncs, %u failed\n", worlds,
           (unsigned long long)steps, (unsigned long long)report.chosen, (unsigned long long)report.epochs,
           (unsigned long long)report.barriers, failed);
    return failed;
}

static uint32_t run_graph(struct graph_case c, bool verbose)
{
    struct graph_report report;

    return graph_world(&c, &report, verbose) ? 0 : 1;
}

static uint32_t run_graphs(uint64_t seed, uint32_t sample, bool verbose)
{
    struct graph_case three = {.n = 3, .timeouts = 20}, five = {.n = 5, .timeouts = 20};
    uint32_t failed = 0, worlds = 0;
    struct rng rng;

    rng_init(&rng, seed);
    for (uint32_t bits = 0; bits < 64; bits++, worlds += 2) {
        three.links = graph_directed(3, bits);
        three.seed = seed + bits;
        three.behind = (uint32_t)rng_between(&rng, 1, 3);
        three.broken = false;
        failed += run_graph(three, verbose);
        three.broken = true;
        failed += run_graph(three, verbose);
    }
    for (uint32_t i = 0; i < sample; i++, worlds += 2) {
        five.links = graph_undirected(5, rng_below(&rng, 1024));
        five.seed = seed + i;
        five.behind = (uint32_t)rng_between(&rng, 1, 5);
        five.broken = i % 2 != 0;
        failed += run_graph(five, verbose);
        five.links = rng_next(&rng);
        five.links |= rng_next(&rng);
        five.broken = false;
        failed += run_graph(five, verbose);
    }
    printf("graphs: %u worlds, %u failed\n", worlds, failed);
    return failed;
}

static uint32_t run_duels(uint64_t seed, uint32_t worlds, bool verbose)
{
    uint32_t failed = 0, slowest = 0;

    for (uint32_t i = 0; i < worlds; i++) {
        uint32_t timeouts = 0;
        failed += !duel_world(seed + i, &timeouts, verbose);
        slowest = timeouts > slowest ? timeouts : slowest;
    }
    printf("duels: %u worlds, slowest %u election time-outs, %u failed\n", worlds, slowest, failed);
    return failed;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, steps = 1000000;
    const char *only = "";
    bool verbose = false;
    uint32_t failed = 0, sample;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--steps") == 0 && i + 1 < argc)
            steps = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (strcmp(argv[i], "-v") == 0)
            verbose = true;
        else
            return fprintf(stderr, "usage: random_paxos [--seed N] [--steps N] [--only walk|graph|duel] [-v]\n"), 2;
    }
    sample = (uint32_t)(steps / 20000 < 200 ? steps / 20000 : 200);
    if (only[0] == '\0' || strcmp(only, "walk") == 0)
        failed += run_walks(seed, steps, verbose);
    if (only[0] == '\0' || strcmp(only, "graph") == 0)
        failed += run_graphs(seed, sample, verbose);
    if (only[0] == '\0' || strcmp(only, "duel") == 0)
        failed += run_duels(seed, sample, verbose);
    return failed == 0 ? 0 : 1;
}
