/* oracle.h - what must be true of all servers together, judged from their disks and not from what they believe.
 *
 * An entry is chosen at the earliest moment: when a quorum of FORM's voters, by incarnation, hold it durably with promised =
 * accepted = n. From that alone: I1 agreement and I2 prefix (one chosen sequence, commits lie in it), I3 (a zxid is issued
 * once), I4 (one winner per epoch), I5 and I6 (promised never falls, no vote below it), I7 (a winner's log has all that is
 * chosen), I9 (a vote that leaves is on the disk), I10 (nothing is committed before it is chosen).
 */
#ifndef TESTS_SCRIPT_ORACLE_H
#define TESTS_SCRIPT_ORACLE_H

#include "world.h"

struct oracle;

struct oracle *oracle_new(void);
void oracle_free(struct oracle *o);
bool oracle_knows(struct world *w, uint64_t zxid);                                    /* it was issued */
void oracle_issued(struct world *w, const struct item *one);                          /* I3 */
void oracle_disk(struct world *w, const struct server *s);                            /* after each part of a persist */
void oracle_sends(struct world *w, const struct server *s, const struct peer_msg *m); /* at the moment it leaves */
void oracle_step(struct world *w, const struct server *s, uint64_t committed_before); /* after each step of a core */
void oracle_wiped(struct world *w, const struct server *s);
uint64_t oracle_chosen(const struct world *w); /* the last chosen zxid */
uint64_t oracle_known(const struct world *w);  /* the last zxid that any server has committed */

#endif
