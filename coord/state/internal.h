/* internal.h - struct state, and the few ways in which it changes. Internal to coord/state.
 *
 * Every change of an object goes between a touch (its old form leaves the digest, and reaches a snapshot walk that was not
 * there yet) and a settle (its new form enters the digest). Nothing else writes to nodes, sessions and origins of a state in
 * use. mutate.c has the changes of the tree, which pair them; operations call only those.
 */
#ifndef COORD_STATE_INTERNAL_H
#define COORD_STATE_INTERNAL_H

#include "state/acl.h"
#include "state/origin.h"
#include "state/session.h"
#include "state/state.h"
#include "state/tree.h"

struct walk;

/* What the apply under way reports: paths are offsets into `paths` until changes_finish. */
struct changes {
    struct change *items;
    uint32_t count, capacity;
    struct buf paths;
};

struct state {
    struct tree tree;
    struct acl_table acls;
    struct session_table sessions;
    struct origin_table origins;
    struct form form;
    uint64_t form_zxid; /* 0: not formed */
    uint64_t zxid;
    int64_t wall_ms, cluster_ms;
    uint64_t digest;
    uint64_t ephemerals, data_bytes, value_memory;
    struct changes changes;
    struct walk *walk; /* NULL: none under way */
    uint32_t walk_serial;
};

/* digest.c: the digest is the sum of these over all objects. */
uint64_t digest_node(const struct state *s, const struct node *n);
uint64_t digest_session(const struct session *session);
uint64_t digest_origin(const struct origin *origin);
uint64_t digest_form(const struct state *s);

/* mutate.c */
void session_touch(struct state *s, struct session *session);
void session_settle(struct state *s, struct session *session);

struct node_creation {
    struct slice name;
    struct slice data;
    struct jute_vector acl;
    struct session *owner; /* NULL: persistent */
    uint64_t zxid;
    int64_t wall_ms;
};
uint32_t node_create(struct state *s, uint32_t parent, const struct node_creation *c);
void node_delete(struct state *s, uint32_t index, uint64_t zxid); /* a node without children */
void node_set_data(struct state *s, uint32_t index, struct slice data, uint64_t zxid, int64_t wall_ms);
void session_close(struct state *s, struct session *session, uint64_t zxid); /* deletes its nodes, and frees it */

/* Hangs an ephemeral node behind the others of its owner. */
void owned_append(struct state *s, struct session *owner, uint32_t index);

/* Puts a value into a node that has none, and counts it. */
void node_fill(struct state *s, struct node *n, struct value *value);

void changes_start(struct changes *c);
void changes_finish(struct changes *c);

/* walk.c: called before the object changes, dies, or is born. Nothing happens when no walk is under way. */
void walk_node_touched(struct state *s, uint32_t index);
void walk_node_born(struct state *s, uint32_t index);
void walk_session_touched(struct state *s, struct session *session);
void walk_session_born(struct state *s, struct session *session);

/* state.c */
struct state *state_new_empty(void); /* a root of zeros without ACL: for the first tree and the loader */
bool node_permits(const struct state *s, uint32_t index, int perm);
void node_stat(const struct node *n, struct zk_stat *stat);

/* read.c: the node of a read, or NODE_NONE with r->err set; and its watch, if the request asks for one. */
uint32_t read_node(const struct state *s, struct read *r, struct slice path);
void read_watch(struct read *r, const struct zk_path_watch_request *q, enum read_watch kind);

/* apply.c: the entry being applied, for the operations. */
struct session *apply_session(const struct state *s, const struct apply *a);

#endif
