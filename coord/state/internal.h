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

#define CONFIG_PATH "/zookeeper/config"

/* What the apply under way reports: paths are offsets into `paths` until changes_finish. It holds the lists that it names. */
struct changes {
    struct change *items;
    uint32_t count, capacity;
    struct buf paths;
};

/* One change that a multi has made, and what it was before. */
struct undo_step {
    uint8_t kind; /* enum undo_kind */
    uint32_t index;
    int32_t version;
    uint64_t zxid; /* pzxid of the parent; mzxid of the node */
    int64_t mtime;
    int64_t since_ms; /* of a TTL node */
    struct value *value;
};

/* undo.c: only while a multi is applied. */
struct undo {
    bool on;
    struct undo_step *steps; /* in the order in which they were made */
    uint32_t count, capacity;
    uint64_t digest, ephemerals, data_bytes, value_memory; /* of the state before */
};

/* A container, or a node with a TTL. */
struct reap {
    uint32_t index;
    int64_t ttl_ms;   /* 0: a container */
    int64_t since_ms; /* TTL: cluster_ms of the last create or setData */
};

/* What a multi or multiRead has learnt of lists, which keep their ids while it runs: a long list is looked at once, and not for
 * each of thousands of operations. */
struct grants {
    bool on;
    struct map by_list; /* id of a list -> its grants to the one who asks, with GRANTS_KNOWN */
};
enum { GRANTS_KNOWN = 1 << 8 };

struct state {
    struct tree tree;
    uint32_t quotas; /* /zookeeper/quota */
    struct acl_table acls;
    struct session_table sessions;
    struct origin_table origins;
    struct form form;
    uint64_t form_zxid; /* 0: not formed */
    struct settings settings;
    uint64_t zxid;
    int64_t wall_ms, cluster_ms;
    uint64_t digest;
    uint64_t ephemerals, owners, data_bytes, value_memory; /* owners: sessions with ephemeral nodes; undone step by step */
    struct map reaps;                                      /* index -> struct reap */
    struct changes changes;
    struct buf scratch;               /* of the operation under way */
    struct grants *grants;            /* never NULL; a memory of reads too */
    struct quota_excess quota_excess; /* of the entry under way */
    uint64_t quota_counted;           /* nodes, in the entry under way */
    struct buf quota_path;
    struct undo undo;
    struct walk *walk; /* NULL: none under way */
    uint32_t walk_serial;
};

/* digest.c: the digest is the sum of these over all objects. */
uint64_t digest_node(const struct state *s, uint32_t index);
uint64_t digest_session(const struct session *session);
uint64_t digest_origin(const struct origin *origin);
uint64_t digest_form(const struct state *s);
uint64_t digest_settings(const struct state *s); /* 0 as long as all are off */

/* mutate.c */
void session_touch(struct state *s, struct session *session);
void session_settle(struct state *s, struct session *session);

struct node_creation {
    struct slice name;
    struct slice data;
    struct jute_vector acl;
    struct session *owner; /* ephemeral; NULL: none */
    bool container;
    int64_t ttl_ms; /* 0: none */
    uint64_t zxid;
    int64_t wall_ms;
};
uint32_t node_create(struct state *s, uint32_t parent, const struct node_creation *c);
void node_delete(struct state *s, uint32_t index, uint64_t zxid); /* a node without children */
void node_set_data(struct state *s, uint32_t index, struct slice data, uint64_t zxid, int64_t wall_ms);
void node_set_config(struct state *s, uint32_t index, struct slice data, uint64_t zxid,
                     int64_t wall_ms);                                       /* with version -1, as there */
void node_set_text(struct state *s, uint32_t index, struct slice text);      /* of a quota: no version, no zxid, no event */
void node_set_acl(struct state *s, uint32_t index, struct jute_vector list); /* not within a multi */
void session_close(struct state *s, struct session *session, uint64_t zxid); /* deletes its nodes, and frees it */

/* Hangs an ephemeral node behind the others of its owner. */
void owned_append(struct state *s, struct session *owner, uint32_t index);

/* Puts a value into a node that has none, and counts it. */
void node_fill(struct state *s, struct node *n, struct value *value);

/* The order in which a session's nodes go: as they were created, and those of one entry by their paths. What a multi creates,
 * and what an image brings, then goes in one order everywhere. */
struct owned {
    uint64_t czxid, path_hash;
    uint32_t index;
};
void owned_sort(struct owned *items, size_t count);

/* Hangs it where it was in its owner's list: nothing else changed there, or was undone. */
void owned_restore(struct state *s, uint32_t index);
void owned_remove(struct state *s, uint32_t index);

/* Its reference to its list, its value, not counted any more, and its place among the containers and TTL nodes. */
void node_drop_content(struct state *s, uint32_t index);

void changes_start(struct state *s);
void changes_finish(struct changes *c);
struct slice changes_last_path(const struct changes *c); /* valid until the next change */

/* undo.c: a multi is all or nothing. Between start and either end each change of the tree is noted (undo_note), and a
 * deleted node keeps its place in memory with all that it was. back: the tree, counts and digest are those at the start, and
 * the changes are not reported; so are the free slots, but for their order: what the start had to take anew stays a free slot.
 * keep: the deleted nodes go for good. A walk's old images need no undoing: they are of the state before the multi. */
enum undo_kind { UNDO_CREATE, UNDO_DELETE, UNDO_DATA };
void undo_start(struct state *s);
void undo_note(struct state *s, struct undo_step step); /* nothing happens when no multi is under way */
void undo_back(struct state *s);
void undo_keep(struct state *s);

/* quota.c: quota_init when the tree is there. Then a node of that path was created; so many nodes and bytes more are there.
 * What an operation would add is checked before: 0, -COORD_E_QUOTA_EXCEEDED, or -COORD_E_MARSHALLING where a quota cannot be
 * read; `name` is a further component of the path, or null. */
void quota_init(struct state *s);
void quota_created(struct state *s, uint32_t index, struct slice path);

/* Whether a node of this name may be created still in the entry under way: 0, or -COORD_E_BAD_ARGUMENTS when it is one whose
 * tree would be counted, and so much was counted already. One tree of any size always may. */
enum { QUOTA_COUNT_MAX = 1 << 16 };
int quota_countable(const struct state *s, struct slice parent, struct slice name);
void quota_moved(struct state *s, struct slice path, int64_t count, int64_t bytes);
int quota_check(struct state *s, struct slice path, struct slice name, int64_t count, int64_t bytes);

/* reap.c */
void reap_add(struct state *s, uint32_t index, int64_t ttl_ms,
              int64_t since_ms);                               /* makes a plain node a TTL node; 0: a container */
struct reap *reap_find(const struct state *s, uint32_t index); /* NULL: it is neither */
void reap_remove(struct state *s, uint32_t index);
void reap_deinit(struct state *s);
bool reap_due(const struct state *s, uint32_t index, int64_t cluster_ms);

/* What an image and the digest have of a node's owner, in ZooKeeper's form: the session of an ephemeral; bit 63 alone for a
 * container; 0xff in the top byte and the TTL; 0. And back: true for a container or TTL node, whose ttl_ms it is. */
uint64_t reap_owner(const struct state *s, uint32_t index);
bool reap_owner_decode(uint64_t owner, int64_t *ttl_ms);

/* walk.c: called before the object changes, dies, or is born. Nothing happens when no walk is under way. */
void walk_node_touched(struct state *s, uint32_t index);
void walk_node_born(struct state *s, uint32_t index);
void walk_session_touched(struct state *s, struct session *session);
void walk_session_born(struct state *s, struct session *session);

/* state.c */
struct state *state_new_empty(void);      /* a root of zeros without ACL: for the first tree and the loader */
bool grants_start(const struct state *s); /* false: it remembers already */
void grants_end(const struct state *s);
bool node_permits(const struct state *s, uint32_t index, int perms, struct slice auth); /* one of them */

/* Whether the version that a client asks for is that of the node, or of its ACL. */
static inline bool version_fits(int32_t asked, int32_t is)
{
    return asked == ZK_VERSION_ANY || asked == is;
}

void node_stat(const struct node *n, struct zk_stat *stat);

/* read.c: the node of a read, or NODE_NONE with r->err set; its data and its Stat, which may be those of a discovery node; and
 * its watch, if the request asks for one. */
uint32_t read_node(const struct state *s, struct read *r, struct slice path);
void read_data(const struct state *s, struct read *r, uint32_t index);
void read_stat(const struct state *s, struct read *r, uint32_t index);
void read_watch(struct read *r, const struct zk_path_watch_request *q, enum read_watch kind);

/* apply.c: the entry being applied, for the operations. */
struct session *apply_session(const struct state *s, const struct apply *a); /* NULL: the entry's session is a local one */
bool apply_is_local(const struct apply *a);

#endif
