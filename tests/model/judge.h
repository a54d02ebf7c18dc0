/* judge.h - what must be true of all servers together, whatever each of them believes.
 *
 * An entry is chosen at the earliest moment: when a quorum of FORM's voters, by their incarnation, has it durably with promised
 * = accepted = n. The history kept for that is part of a state, so that two states which differ only in what was once chosen
 * are two states. Checked after every step, for the server that made it:
 *
 *   agreement            what is chosen is one sequence
 *   one winner           an epoch is led by one process
 *   leader completeness  the history that n was won with holds all that was chosen in epochs below n, before or after
 *   accepted             a disk with promised = accepted = n holds n's history, and behind it entries of n only (C3)
 *   log matching         two disks that hold the same zxid hold the same entries up to it
 *   cuts                 no disk loses an entry chosen in an epoch below the one that cuts
 *   applied              what a server applies is chosen
 */
#ifndef TESTS_MODEL_JUDGE_H
#define TESTS_MODEL_JUDGE_H

#include "model/node.h"

struct ghost {
    uint8_t vote[MODEL_EPOCHS_MAX][MODEL_SERVERS_MAX]; /* the last zxid durable there with promised = accepted = epoch */
    uint8_t winner[MODEL_EPOCHS_MAX];                  /* index + 1; 0 nobody */
    struct shape history[MODEL_EPOCHS_MAX];            /* won with */
    struct shape chosen;
    uint8_t writes, crashes, wipes; /* done so far */
};

void judge_start(struct ghost *g, uint32_t servers);

/* Server `now->index` went from `before` to `now`; all: the servers as they are now. NULL, or what is broken. */
const char *judge_step(struct ghost *g, uint32_t servers, const struct summary *const all[], const struct summary *before,
                       const struct summary *now, const struct effects *effects);

#endif
