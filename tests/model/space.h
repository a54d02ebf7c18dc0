/* space.h - the states of all servers and the network, breadth first.
 *
 * The network is the set of distinct messages ever sent: each may be delivered at any time and as often as one likes, so loss,
 * delay, doubling and any order are all in it. A message that can never again have an effect worth exploring is taken out:
 * answers to a candidate or leader which is that no more, and questions that would only be refused to somebody who no
 * longer asks. As a refusal of a wrong epoch can only end a candidacy or a lead, not to deliver it loses no behaviour of the
 * others.
 *
 * A lean exploration goes deeper by losing more, all of it legally: HEARTBEATs (an ACCEPT or COMMIT says as much), refusals,
 * and answers that come again or say less than the one before.
 *
 * The first candidate is server A: any first run is one of A's with other names.
 */
#ifndef TESTS_MODEL_SPACE_H
#define TESTS_MODEL_SPACE_H

#include "model/judge.h"

struct space_options {
    uint32_t servers, epochs, writes, crashes, wipes; /* epochs: beyond the first */
    uint32_t persists;                                /* most that are on their way to one disk */
    bool nudges;                                      /* leaders ask anew where logs match */
    bool lean;
    uint64_t states_max, depth_max;
    double seconds_max;
    enum bug bug;
    bool progress; /* on stderr */
};

enum space_end { SPACE_COMPLETE, SPACE_STOPPED, SPACE_BROKEN };

struct space_result {
    enum space_end end;
    uint64_t states, steps, depth, servers, messages, server_steps, bytes;
    double seconds;
    const char *broken;
};

/* Explores, and prints the shortest way to what it finds broken. */
void space_explore(const struct space_options *options, struct space_result *result);

#endif
