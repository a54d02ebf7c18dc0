/* ck_durable.h - what each disk must hold, and that nothing leaves a server which its disk does not imply.
 *
 * A shadow of each disk, made of the jobs that ran: promised, accepted, and the log with its bytes. Checked: I5 (promised never
 * falls, over restarts too), I6 (nothing of an epoch below promised is accepted), I9 (a PROMISE or ACCEPTED that leaves is
 * implied by the shadow; and now and then the durable image of the disk, opened by the real store, is the shadow), recovery
 * gives back all that was durable. The shadow logs are also where ck_log finds the entries' bytes.
 */
#ifndef TESTS_SIM_CK_DURABLE_H
#define TESTS_SIM_CK_DURABLE_H

#include "sim/node.h"

struct shadow_entry {
    uint64_t zxid, hash;
    uint8_t *bytes;
    size_t size;
};

struct ck_durable *ck_durable_new(struct sim *s);
void ck_durable_free(struct sim *s);

void ck_durable_running(struct sim *s, struct node *n, const struct list *jobs); /* about to run together */
void ck_durable_ran(struct sim *s, struct node *n, const struct job *job);       /* one that succeeded */
void ck_durable_batch_ran(struct sim *s, struct node *n);                        /* all done, the process lives */

/* The store was opened: compares, and reads the log anew. False: the disk stopped meanwhile. */
bool ck_durable_start(struct sim *s, struct node *n, const struct store_recovered *recovered);

void ck_durable_leaves(struct sim *s, struct node *n, const struct peer_msg *m);

/* The disk is emptied. */
void ck_durable_wiped(struct sim *s, struct node *n);

/* The shadow log. */
uint64_t ck_durable_floor(const struct sim *s, uint32_t id); /* of the last snapshot installed: nothing below is known */
const struct shadow_entry *ck_durable_after(const struct sim *s, uint32_t id, uint64_t zxid); /* NULL: none */
bool ck_durable_holds(const struct sim *s, uint32_t id, uint64_t zxid, uint64_t hash);
bool ck_durable_votes(const struct sim *s, uint32_t id, uint64_t zxid, uint64_t hash); /* it counts for the entry (C8) */
/* Whether a quorum of others holds all that this disk holds behind zxid; and it forgets that. */
bool ck_durable_spare(const struct sim *s, uint32_t id, uint64_t zxid);
void ck_durable_rotted(struct sim *s, uint32_t id, uint64_t zxid);

void ck_durable_formed(struct sim *s, const struct form *form); /* committed */
bool ck_durable_outvoted(const struct sim *s, uint32_t id);     /* another incarnation of it has the vote (C17) */
uint32_t ck_durable_accepted(const struct sim *s, uint32_t id);
uint32_t ck_durable_promised(const struct sim *s, uint32_t id);
uint64_t ck_durable_last(const struct sim *s, uint32_t id);

/* The last entry that is chosen (C8): a quorum of the disks held it, in the log of the one epoch that they had accepted. */
uint64_t ck_durable_chosen(const struct sim *s);

#endif
