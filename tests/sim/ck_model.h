/* ck_model.h - what the tree held at every zxid: the history of each node, for checking replies and watches.
 *
 * Fed by ck_log with each committed entry and what it changed. It knows by itself what a successful or failed operation says
 * about the tree before it (C7, C13), and it answers for any zxid: so a read, whose reply names the zxid that it ran at, is
 * checked against exactly that state (FAULTS 4.3), however old it is by now.
 */
#ifndef TESTS_SIM_CK_MODEL_H
#define TESTS_SIM_CK_MODEL_H

#include "sim/sim.h"
#include "state/state.h"

struct ck_model *ck_model_new(void);
void ck_model_free(struct sim *s);

/* One committed entry that was taken (not skipped), and what applying it gave. */
void ck_model_apply(struct sim *s, const struct entry *e, const struct apply *a);

/* A node as it was at a zxid. */
struct ck_node {
    bool exists;
    struct zk_stat stat; /* times are not kept: 0 */
    uint64_t data_hash;
};
void ck_model_at(const struct sim *s, const char *path, uint64_t zxid, struct ck_node *node);

/* Whether exactly these names were its children then. */
bool ck_model_children(const struct sim *s, const char *path, uint64_t zxid, const struct jute_vector *names);

/* The first change behind `after` up to `until` that fires a data watch (or a child watch) on the path: its zxid and event; 0:
 * none. */
uint64_t ck_model_fires(const struct sim *s, const char *path, bool child, uint64_t after, uint64_t until,
                        enum zk_event *event);

/* The event happened on the path at exactly this zxid. */
bool ck_model_happened(const struct sim *s, const char *path, enum zk_event event, uint64_t zxid);

/* All changes of the tree in order, by index; NULL: not yet so many. How many there were up to a zxid. */
struct ck_change {
    uint64_t zxid;
    const char *path;
};
const struct ck_change *ck_model_change(const struct sim *s, size_t index);
size_t ck_model_changes_until(const struct sim *s, uint64_t zxid);

uint64_t ck_data_hash(struct slice data); /* tells null from empty */

#endif
