/* script.h - a run that a file describes, line by line, in place of the faults and workloads that a seed draws.
 *
 * Everything else is as in any run: the same servers, disks, links, clients and checkers, in virtual time. But nothing goes
 * wrong by chance: messages take the same time, disks one ms, and what is to be lost, late or cut the script says. When the
 * last line is done all is mended and started, and the world must come right as it must behind a seed's faults. docs/TESTING.md
 * has the verbs; a bad line makes coordsim print them.
 */
#ifndef TESTS_SIM_SCRIPT_H
#define TESTS_SIM_SCRIPT_H

#include "base/slice.h"
#include "sim/sim.h"

struct op;
struct client;
struct zk_reply_header;
struct jute_cursor;

/* NULL: it cannot be read, or has a bad line; stderr says which, and what would be right. */
struct script *script_load(const char *path);
void script_free(struct script *script);
void script_usage(void); /* the lines that a script may have, to stderr */
uint64_t script_seed(const struct script *script);

void script_preset(struct sim *s); /* what the line `cluster` says */
void script_run(struct sim *s);    /* the whole of it. An expectation that is not met does not return */

/* The last line on stdout: file, result, hash; after a failure the line of the script on stderr before. Not in other runs. */
void script_ended(struct sim *s, bool well);
void script_dying(void); /* the process got a signal: the same, and it is over. Returns in other runs */

/* From the world; nothing happens in other runs. */
bool script_takes(struct sim *s, const struct peer_msg *m, uint64_t link, struct slice frames); /* true: held back or lost */
void script_answered(struct sim *s, const struct client *c, const struct op *op, const struct zk_reply_header *h,
                     struct jute_cursor in);
void script_event(struct sim *s, const struct client *c, struct slice path);
bool script_draws(const struct sim *s, enum peer_type type); /* it wants a message of this type in the diagram now; 0: any */

#endif
