/* random.h - the parts of random_paxos: walks and duels. Each prints what it finds and says whether all was well. */
#ifndef TESTS_SCRIPT_RANDOM_H
#define TESTS_SCRIPT_RANDOM_H

#include "oracle.h"
#include "world.h"

struct walk_report {
    uint64_t epochs, chosen, barriers;
};

bool walk_world(uint64_t seed, uint64_t steps, struct walk_report *report, bool verbose);

/* P2: two candidates that preempt each other for 100 rounds, then fair timers. *timeouts: how long until a leader came. */
bool duel_world(uint64_t seed, uint32_t *timeouts, bool verbose);

#endif
