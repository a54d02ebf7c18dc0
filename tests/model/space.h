/* space.h - breadth-first search over the states of a world.
 *
 * A state is known by its place (its servers and ghost, by number) and its set of messages. Equal states are found by comparing
 * all of their bytes; no hash stands for a state.
 */
#ifndef TESTS_MODEL_SPACE_H
#define TESTS_MODEL_SPACE_H

#include "model/world.h"

#define SPACE_FINDINGS_MAX 32

struct space_options {
    uint64_t states_max, depth_max;
    double seconds_max;
    bool progress;          /* on stderr */
    bool go_on;             /* behind what is broken, elsewhere */
    struct intern *settled; /* if not NULL: gets the places of all states that no reduction leaves out, by the smallest names */
};

enum space_end { SPACE_COMPLETE, SPACE_STOPPED, SPACE_BROKEN };

struct space_result {
    enum space_end end;
    uint64_t states, places, steps, depth, servers, messages, server_steps, bytes;
    double seconds;
    uint32_t finding_count;
    const char *finding[SPACE_FINDINGS_MAX]; /* each text once */
};

/* Explores. Without go_on it ends with the first that is broken, and prints the shortest way to it. */
void space_explore(struct world *w, const struct space_options *options, struct space_result *result);

double space_now(void); /* seconds */

/* Adds the text unless it is there. */
void space_finding(struct space_result *r, const char *broken);

#endif
