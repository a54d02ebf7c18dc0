/* state_model.h - a second, naive state machine: whole paths in an array, every rule of PROTOCOL written down once more.
 *
 * Shares no code with coord/state. Slow and simple; out of array space it aborts.
 */
#ifndef TESTS_UNIT_STATE_MODEL_H
#define TESTS_UNIT_STATE_MODEL_H

#include "base/slice.h"
#include "wire/records.h"

enum { MODEL_NODES = 400, MODEL_SESSIONS = 8, MODEL_PATH = 64, MODEL_DATA = 700 };

/* A list of access rights: so much for everybody, for the ids digest:me:hash, ip in 10.0.0.0/8, and for what the creator has
 * proven; 0: no such entry. NONE: not one entry. */
struct model_acl {
    int world, me, net, own;
};

enum { MODEL_ME = 1, MODEL_NET = 2, MODEL_SUPER = 4 }; /* who asks: bits */

struct model_node {
    char path[MODEL_PATH]; /* "" is no node; the root is "/" */
    size_t data_size;
    bool data_null;
    char data[MODEL_DATA];
    struct model_acl acl;
    uint32_t creates;
    bool container;
    int64_t ttl, since;  /* 0: none */
    struct zk_stat stat; /* num_children and cversion are worked out when asked for */
};

struct model {
    struct model_node nodes[MODEL_NODES];
    uint64_t sessions[MODEL_SESSIONS]; /* 0: none */
    unsigned who;                      /* asks next */
    bool enforce;                      /* limits of quotas */
    unsigned refused, counted;         /* by a quota; changes that one counted */
};

void model_init(struct model *m);
struct model_node *model_find(struct model *m, struct slice path); /* literal; "" is the root */
void model_stat(const struct model *m, const struct model_node *n, struct zk_stat *stat);

/* Each returns the error; `made` is the node created. Sessions are known to the model. */
int model_create(struct model *m, struct slice path, struct slice data, struct model_acl acl, int32_t mode, uint64_t session,
                 int64_t zxid, int64_t wall_ms, struct model_node **made);
bool model_reap(struct model *m, struct slice path, int64_t zxid, int64_t cluster_ms);
int model_delete(struct model *m, struct slice path, int32_t version, int64_t zxid);
int model_set(struct model *m, struct slice path, struct slice data, int32_t version, int64_t zxid, int64_t wall_ms);
void model_settings(struct model *m, bool enforce, struct slice config, int64_t zxid, int64_t wall_ms);
int model_set_acl(struct model *m, struct slice path, struct model_acl acl, int32_t version);
bool model_permits(const struct model *m, const struct model_node *n, int perms);
int model_check(struct model *m, struct slice path, int32_t version);
int model_check_not_exists(struct model *m, struct slice path, int32_t version);
int model_check_stat(struct model *m, struct slice path, int32_t version, const struct zk_stat *wanted);
int model_try_remove(struct model *m, struct slice path, int32_t version, int64_t zxid);
int model_remove_recursive(struct model *m, struct slice path, uint32_t limit, int64_t zxid);
unsigned model_below(const struct model *m, const struct model_node *above);
int model_read(struct model *m, struct slice path, bool exists, struct model_node **found);
void model_close(struct model *m, uint64_t session, int64_t zxid);

#endif
