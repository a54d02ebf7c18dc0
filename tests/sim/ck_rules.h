/* ck_rules.h - an entry being judged: between ck_rules.c, which has ZooKeeper's operations, ck_rules_keeper.c, which has those
 * that ClickHouse Keeper added, and ck_rules_quota.c.
 *
 * An operation's rule returns the error; without one it has changed the tree of the model and answered.
 */
#ifndef TESTS_SIM_CK_RULES_H
#define TESTS_SIM_CK_RULES_H

#include "base/error.h"
#include "sim/ck_track.h"

struct deed {
    struct sim *s;
    const struct entry *e;
    const struct apply *a; /* what applying it gave */
    size_t start;          /* how many changes the model held before it */
    uint32_t who;          /* sent it */
    struct buf reply;      /* that it should have */
};

bool rule_permits(const struct deed *d, const struct version *v, int perms);
bool rule_version_fits(int32_t asked, int32_t is);
struct slice rule_parent(struct slice path);
const struct version *rule_node(const struct deed *d, struct slice path, struct track **t); /* NULL: it does not exist now */
void rule_put_path(struct deed *d, struct slice path);
void rule_push_deletion(struct deed *d, struct track *t);

int rule_create(struct deed *d, int32_t opcode, const struct zk_create_ttl_request *q);
int rule_delete(struct deed *d, const struct zk_delete_request *q);

/* Quotas. Whether one refuses so many more nodes and bytes there; what a node below /zookeeper/quota says from here on, before
 * it is pushed; what changed, after it was: before, size: of its data. */
int rule_quota_check(const struct deed *d, const char *path, int64_t count, int64_t bytes);
void rule_quota_read(struct version *v, const char *path, struct slice data);
void rule_quota_created(struct deed *d, struct track *t);
void rule_quota_deleted(struct deed *d, const struct track *t, int32_t size);
void rule_quota_set(struct deed *d, const struct track *t, int32_t before);

/* The rule of one of Keeper's operations. */
int rule_keeper(struct deed *d, int32_t opcode, const union op_request *q);

#endif
