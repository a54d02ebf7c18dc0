/* walk.h - random walks through a world that is too large to be explored: deep, where breadth-first is wide.
 *
 * A walk takes one random action after the other until nothing can happen any more or it is long enough; every step is judged
 * as in the exploration. What is likely is set by kinds of actions (walk.c), so that a network full of old messages does not
 * drown the rest. The same seed makes the same walks.
 */
#ifndef TESTS_MODEL_WALK_H
#define TESTS_MODEL_WALK_H

#include "model/space.h"

struct walk_options {
    uint64_t seed, walks_max, steps_max, states_max; /* steps_max: of one walk; states_max: distinct ones, of all */
    double seconds_max;
    bool progress;
};

/* r->states: distinct states seen; r->depth: of the longest walk. */
void walk_explore(struct world *w, const struct walk_options *options, struct space_result *r);

#endif
