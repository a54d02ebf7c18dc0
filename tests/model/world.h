/* world.h - all servers, the network and what was chosen, as one state; what may happen in it, and what comes of it.
 *
 * Reductions. Each may be left out (struct scope); `explore --compare` shows on a scope that both can complete that they find
 * the same servers side by side and the same faults.
 *
 * REDUCE_NAMES: two states that differ only in which server has which name are one. rename.h says why that may be.
 *
 * REDUCE_ANSWERS: a delivery that leaves its receiver as it was, and only sends, is done at once. The network only grows (but
 * for what can have no effect), so whatever could happen without these messages can still happen with them.
 *
 * REDUCE_FEWER: of two states with the same servers and ghost, where the network of one has all messages of the other and more,
 * the other is not explored. All that can happen in it can happen in this one, as a delivery needs nothing of the network but
 * the message.
 *
 * REDUCE_DISKS: while a disk must be written only that is done, where nothing else can come of waiting. That is so
 * (a) for a server that does not lead and takes no more messages until then (`persists` are under way): its disk, a crash and a
 * wipe are all that it can do, now and after whatever the others do;
 * (b) for a part of a persist that is not its last, when no crash or wipe is left: the core does not hear of it, no message
 * waits for it, and what the core does meanwhile is written behind it.
 * Steps of different servers commute, since they meet in the network only. So each order of events that is left out differs
 * from one that is explored in the order of steps that do not know of each other; it has the same writes, crashes and wipes, so
 * both are within the scope. The judge sees votes earlier, never later: what it holds against a vote it holds both ways
 * (judge.c), but for `applied`; who applies without having heard of that vote can do so also before its persist was begun.
 *
 * MERGE is not a reduction but more than can happen: states with the same servers and ghost, whose networks differ only in
 * ACCEPTs, their answers and what is told to be chosen, share one network with the messages of them all. Whatever can happen
 * in one of them can happen in it (as for REDUCE_FEWER), so what is complete and finds nothing has proved that there is
 * nothing. What it finds may need messages that no one network ever had, and must be found again without.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include "model/judge.h"
#include "model/net.h"
#include "model/rename.h"

#define WORLD_ACTIONS_MAX 1200
#define WORLD_ANSWERS_MAX 1024

enum reduction { REDUCE_NAMES = 1, REDUCE_ANSWERS = 2, REDUCE_FEWER = 4, REDUCE_DISKS = 8, REDUCE_ALL = 15, MERGE = 16 };

struct scope {
    uint32_t servers, epochs, writes, crashes, wipes; /* epochs: beyond the first */
    uint32_t persists;                                /* most that are on their way to one disk */
    bool nudges;                                      /* leaders ask anew where logs match */
    bool lean;                                        /* net.h */
    uint32_t reduce;                                  /* enum reduction */
    enum bug bug;
};

struct state {
    uint32_t node[MODEL_SERVERS_MAX], ghost, set;
};

struct action {
    enum event_type type;
    uint32_t index, argument;
};

struct world {
    struct scope scope;
    struct machine machine;
    struct net net;
    struct intern ghosts;
    struct rename rename;
};

/* How a step came about. */
struct passage {
    const char *broken;    /* NULL: nothing; else there is no next state */
    uint32_t answer_count; /* messages delivered behind the action (REDUCE_ANSWERS) */
    uint32_t answer[WORLD_ANSWERS_MAX];
    uint32_t name; /* of rename.h, which the servers then got */
};

void world_init(struct world *w, const struct scope *scope);
void world_deinit(struct world *w);
void world_start(struct world *w, struct state *state);
uint32_t world_actions(struct world *w, const struct state *state, struct action *actions); /* how many */

/* False: nothing changes, and nothing is broken. */
bool world_step(struct world *w, const struct state *state, const struct action *action, struct state *next,
                struct passage *how);

/* No disk waits as REDUCE_DISKS has it: states that are found with and without reductions. */
bool world_is_settled(const struct world *w, const struct state *state);

size_t world_bytes(const struct world *w); /* memory used, about */

#endif
