/* ck_model.h - what the tree held at every zxid: the history of each node, for checking replies and watches.
 *
 * A state machine of its own, fed with each committed entry: ck_rules.c knows what each operation does to the tree, answers and
 * may (C6, C7, C13, C14, C15), and compares that with what applying the entry gave. It answers for any zxid: so a read, whose
 * reply names the zxid that it ran at, is checked against exactly that state, however old it is by now.
 */
#ifndef TESTS_SIM_CK_MODEL_H
#define TESTS_SIM_CK_MODEL_H

#include "sim/ck_acl.h"
#include "sim/sim.h"
#include "state/state.h"

struct ck_model *ck_model_new(void);
void ck_model_free(struct sim *s);

/* One committed entry, and what applying it gave, with the reply's record. Skipped ones are only of interest where the leader
 * judged what may have changed since. */
void ck_model_apply(struct sim *s, const struct entry *e, const struct apply *a);

/* The world is at rest since a while: nothing is left that should have been removed (C15). */
void ck_model_settled(struct sim *s);

/* A node as it was at a zxid. */
struct ck_node {
    bool exists;
    struct zk_stat stat;
    struct ck_acl acl;
    uint64_t data_hash;
};
void ck_model_at(const struct sim *s, const char *path, uint64_t zxid, struct ck_node *node);

/* Whether exactly these names were its children then. */
bool ck_model_children(const struct sim *s, const char *path, uint64_t zxid, const struct jute_vector *names);

/* Whether exactly these paths were the session's ephemeral nodes then. */
bool ck_model_ephemerals(const struct sim *s, uint64_t session, uint64_t zxid, const struct jute_vector *paths);

int32_t ck_model_descendants(const struct sim *s, const char *path, uint64_t zxid);

/* The first change behind `after` up to `until` that fires a data watch (or a child watch) on the path; zxid 0: none. */
struct ck_fired {
    uint64_t zxid;
    enum zk_event event;
    struct ck_acl acl; /* who may hear of it */
};
struct ck_fired ck_model_fires(const struct sim *s, const char *path, bool child, uint64_t after, uint64_t until);

/* The event happened on the path at exactly this zxid. */
bool ck_model_happened(const struct sim *s, const char *path, enum zk_event event, uint64_t zxid);

/* All changes of the tree in order, by index; NULL: not yet so many. How many there were up to a zxid. */
struct ck_change {
    uint64_t zxid;
    enum zk_event event; /* CREATED, DELETED or DATA_CHANGED */
    const char *path;
    struct ck_acl acl, parent_acl; /* at that moment; of what is deleted, the last */
};
const struct ck_change *ck_model_change(const struct sim *s, size_t index);
size_t ck_model_changes_until(const struct sim *s, uint64_t zxid);

uint64_t ck_data_hash(struct slice data); /* tells null from empty */

#endif
