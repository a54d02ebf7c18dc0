/* ck_track.h - the history of each node, inside ck_model: ck_model.c keeps it and answers, ck_rules.c writes it.
 *
 * Only grows, but for a multi that fails: what it wrote is taken back at once.
 */
#ifndef TESTS_SIM_CK_TRACK_H
#define TESTS_SIM_CK_TRACK_H

#include "base/map.h"
#include "sim/ck_model.h"

/* What the text of a node below /zookeeper/quota says; -1: nothing. */
struct ck_figures {
    int64_t count, bytes, count_hard, bytes_hard;
    bool readable;
};

/* One change of a node, and what it was from then on. */
struct version {
    uint64_t zxid, order; /* order: among all changes; of one zxid there may be several */
    uint64_t born;        /* order of its creation */
    uint64_t czxid, mzxid, data_hash, owner;
    int64_t ctime, mtime, ttl, since; /* ttl 0: none; since: cluster_ms of its creation or last data */
    uint64_t since_at;                /* the same in virtual time */
    struct ck_acl acl;
    struct ck_figures figures;
    enum zk_event event; /* CREATED, DELETED, DATA_CHANGED; 0: its list was set, or it counts for a quota */
    int32_t version, aversion, size;
    bool container;
};

/* A creation or deletion of a child. */
struct child_change {
    uint64_t zxid, order;
    uint64_t at;      /* in virtual time */
    uint32_t creates; /* of children since this node was created, this one included */
};

struct track {
    char *path;
    struct track *parent;
    uint64_t listed; /* the last listing that names it */
    struct version *versions;
    size_t count, capacity;
    struct track **children; /* every node that ever was one, in order of first creation */
    size_t child_count, child_capacity;
    struct child_change *child_changes;
    size_t change_count, change_capacity;
};

struct ck_model {
    struct map by_path;          /* struct track by hash of the path */
    struct track *root, *quotas; /* /zookeeper/quota */
    uint64_t listings;           /* looked at so far */
    uint64_t order;
    uint64_t now;         /* of the entry being judged, in virtual time */
    int64_t cluster_ms;   /* of the last entry */
    uint64_t config_hash; /* of the text of /zookeeper/config; 0: none */
    bool enforce_quota;
    struct ck_change *changes; /* of all nodes: what watches hear of */
    size_t change_count, change_capacity;
    struct track **pushed; /* of the entry being judged: whose history grew, in order */
    size_t pushed_count, pushed_capacity;
};

struct track *track_find(const struct ck_model *m, struct slice path); /* NULL: no node ever had this path */
struct track *track_make(struct ck_model *m, struct slice path);

const struct version *track_now(const struct track *t); /* NULL: it does not exist now; t may be NULL */
uint32_t track_creates(const struct track *t);          /* of children, since it was created */
int32_t track_children(const struct track *t);          /* that it has now */
uint64_t track_children_at(const struct track *t);      /* when its children changed last; 0: never */

/* The newest version; order and born are filled in. */
void track_push(struct ck_model *m, struct track *t, const struct version *v);

/* Takes back what was pushed behind the first `count` of m->pushed. */
void track_pop(struct ck_model *m, size_t count);

#endif
