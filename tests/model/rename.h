/* rename.h - other names for the same servers: nodes, messages, sets of messages and ghosts, with server i called name[i].
 *
 * The core treats the three voters of FORM alike but for their ids in the pre-vote (who yields to whom), which the explorer
 * takes away (canon.c), and for the choice between two equal promises, which two servers cannot give at once where two are a
 * quorum (a PREPARE leaves behind the own promise, so the first that counts decides). That this is so is not only argued:
 * rename_check() computes every step that was explored again under every other name, and compares.
 */
#ifndef TESTS_MODEL_RENAME_H
#define TESTS_MODEL_RENAME_H

#include "model/judge.h"
#include "model/net.h"

#define RENAME_SERVERS_MAX 3 /* with more, ids decide between equal promises */
#define RENAME_NAMES_MAX 6

struct rename_table {
    uint32_t (*to)[RENAME_NAMES_MAX]; /* number + 1; 0 not computed yet */
    uint32_t room;
};

struct rename {
    struct machine *machine;
    struct net *net;
    struct intern *ghosts;
    uint32_t servers, name_count;
    uint8_t name[RENAME_NAMES_MAX][MODEL_SERVERS_MAX]; /* 0 is: as they are */
    struct rename_table nodes, messages, sets, of_ghosts;
};

void rename_init(struct rename *r, struct machine *machine, struct net *net, struct intern *ghosts);
void rename_deinit(struct rename *r);
uint32_t rename_node(struct rename *r, uint32_t node, uint32_t name);
uint32_t rename_message(struct rename *r, uint32_t message, uint32_t name);
uint32_t rename_set(struct rename *r, uint32_t set, uint32_t name);
uint32_t rename_ghost(struct rename *r, uint32_t ghost, uint32_t name);

/* The names under which these servers, this ghost and set are the smallest of all that differ in names only. */
uint32_t rename_choose(struct rename *r, const uint32_t *node, uint32_t ghost, uint32_t set);

/* Every step computed so far gives the same under all names; *steps: how many were compared. */
bool rename_check(struct rename *r, uint64_t *steps);

#endif
