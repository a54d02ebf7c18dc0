/* random.h - the parts of random_paxos: walks, link graphs, duels. Each prints what it finds and says whether all was well. */
#ifndef TESTS_SCRIPT_RANDOM_H
#define TESTS_SCRIPT_RANDOM_H

#include "oracle.h"
#include "world.h"

struct walk_report {
    uint64_t epochs, chosen, barriers;
};

bool walk_world(uint64_t seed, uint64_t steps, struct walk_report *report, bool verbose);

/* One world of n voters in which only the directed links of `graph` work (bit from * n + to); `broken_links`: links without
 * both directions break visibly. True when no voter has two-way links to a majority, or a leader came in time and stayed. */
bool graph_world(uint32_t n, uint64_t graph, uint64_t seed, bool broken_links, bool verbose);

/* P2: two candidates that preempt each other for 100 rounds, then fair timers. *timeouts: how long until a leader came. */
bool duel_world(uint64_t seed, uint32_t *timeouts, bool verbose);

void random_show(void *context, const char *line);

#endif
