/* state.h - the replicated state machine: znodes, ACLs, sessions, origins. Pure and deterministic.
 *
 * Every replica that applies the same entries holds the same state, to the byte of its snapshot image and to its digest: no
 * clock, no random number, no configuration, no order of a hash table gets in. All that an apply needs stands in the entry.
 * Apply validates, mutates, and reports changes; a failed operation leaves no trace but its zxid, its session's and origin's
 * bookkeeping. Out of memory aborts. Not thread-safe; the core thread owns it, a load job builds one that nobody else sees.
 *
 * A znode costs at most 150 bytes besides its data: slabs of fixed nodes, name inline when short, children linked, ACL by id,
 * small values inline, no full path. Values are immutable, shared by reference with a snapshot walk under way.
 */
#ifndef COORD_STATE_STATE_H
#define COORD_STATE_STATE_H

#include "base/buf.h"
#include "base/slice.h"
#include "state/op.h"
#include "wire/change.h"
#include "wire/entry.h"
#include "wire/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state;

struct state *state_new(void); /* ZooKeeper's first tree, zxid 0 */
void state_free(struct state *s);

/* A quota's limit that an operation would pass. A hard one refuses it, a soft one does not. */
enum quota_kind { QUOTA_COUNT, QUOTA_BYTES };
struct quota_excess {
    bool noted, hard;
    enum quota_kind kind;
    int64_t value, limit;
    struct slice path; /* that the quota is on */
};

/* What one apply did. */
struct apply {
    /* in */
    const struct entry *entry;
    struct buf *reply; /* the reply's record is appended here when err is 0; may hold earlier content */
    /* out */
    bool skipped; /* C18: not the origin's next number, or the session's attach moved on for an expiry: no effect */
    int err;      /* 0 or the client's error code, negative. -COORD_E_SESSION_EXPIRED, -COORD_E_SESSION_MOVED too */
    const struct change *changes; /* in order; valid until the next apply */
    uint32_t change_count;
    uint64_t counted;                  /* nodes that were counted for a quota */
    uint64_t session;                  /* created, attached, closed or expired by this entry; 0 none */
    uint32_t attach;                   /* its attach number now */
    bool session_closed;               /* it is gone: its ephemerals were removed in this apply */
    const struct quota_excess *excess; /* the first one that was met, for the log; NULL: none. Valid until the next apply */
};

/* Apply one entry; its zxid must be above state_zxid(). Exactly once (C18): an entry with an origin is taken only if its
 * number is the last one + 1 of that origin's newest boot, else skipped. */
void state_apply(struct state *s, struct apply *a);

uint64_t state_zxid(const struct state *s);
uint64_t state_digest(const struct state *s);           /* kept incrementally: nodes, sessions, origins, form */
uint64_t state_digest_recompute(const struct state *s); /* from scratch, for checks */

/* A read. The watch to register, if the request asked for one and the answer allows it, is reported, not registered. */
enum read_watch { READ_WATCH_NONE, READ_WATCH_DATA, READ_WATCH_CHILD };
struct read {
    struct slice auth; /* authentication ids of the client, as in an entry */
    uint64_t session;  /* who asks */
    struct buf *reply; /* as in struct apply */
    int err;
    int perm;                /* the operation's, while it runs */
    uint64_t looks;          /* out: at children of whom the reply may say nothing: op_looks() */
    enum read_watch watch;   /* exists on a missing node: READ_WATCH_DATA with err NO_NODE */
    struct slice watch_path; /* borrowed from the request */
    struct slice data;       /* of a discovery node, in place of its node's; the operation's own */
};
void state_read(const struct state *s, const struct op_desc *op, const void *request, struct read *r);

/* For setWatches and tools: false when there is no such node. Any of the outs may be NULL. */
bool state_stat(const struct state *s, struct slice path, struct zk_stat *stat);

/* True when the ids may READ the node (missing: true). */
bool state_may_read(const struct state *s, struct slice path, struct slice auth);

/* True when the ids may hear of a change: of its node by change.acl, of its parent's children by change.parent_acl. Whatever
 * became of the nodes since; until the next apply. */
bool state_may_hear(const struct state *s, uint32_t acl, struct slice auth);

/* Sessions. */
struct state_session {
    uint64_t id;
    uint8_t password[ZK_PASSWORD_BYTES];
    uint32_t timeout_ms;
    uint32_t attach; /* rises with each attach: 1 when created */
    uint32_t server; /* the origin it is attached to */
    uint32_t ephemeral_count;
};
bool state_session(const struct state *s, uint64_t id, struct state_session *info);
bool state_session_next(const struct state *s, uint64_t *cursor, struct state_session *info); /* cursor 0 first; rising ids */

/* A session's ephemeral nodes in the order of creation: appends the path of the next one. `*at` is 0 first; the end (false)
 * comes early when the one before has gone since. */
bool state_owned_next(const struct state *s, uint64_t session, uint64_t *at, struct buf *path);

/* Last number applied of an origin's boot: 0 when the origin is not known with this incarnation and boot (propose
 * ENTRY_ORIGIN). */
bool state_origin_known(const struct state *s, uint32_t server, uint64_t incarnation, uint32_t boot);
bool state_origin(const struct state *s, uint32_t server, uint64_t *incarnation, uint32_t *boot,
                  uint64_t *number); /* the newest boot of a server; false: none yet */
uint64_t state_origin_number(const struct state *s, uint32_t server, uint64_t incarnation, uint32_t boot);

/* What the last SETTINGS entry said; its config is the data of /zookeeper/config, valid until the next apply. */
struct settings state_settings(const struct state *s);

/* The quotas below one first component of paths, summed as ZooKeeper's mntr does: a limit is the hard one where there is one;
 * -1 where there is none. */
struct state_quota {
    struct slice space;    /* that component; valid until the next apply */
    bool limited, counted; /* there are limits; there are stats */
    int64_t count_limit, bytes_limit, count, bytes;
};
/* The next one by name behind q->space, which is null first. Looks at *looks nodes at most, which counts down to 0: then it
 * ends early. */
bool state_quota_next(const struct state *s, uint32_t *looks, struct state_quota *q);

/* FORM as applied; NULL before. */
const struct form *state_form(const struct state *s, uint64_t *form_zxid);

/* The path of the next container or TTL node whose time has come at cluster_ms, for the leader to propose. Looks at *looks of
 * them at most, which counts down; *cursor is 0 for the first one, and after the last. False: none found. */
bool state_reap_next(const struct state *s, size_t *cursor, uint32_t *looks, int64_t cluster_ms, struct buf *path);

struct state_counts {
    uint64_t nodes, ephemerals, sessions, memory_bytes;
    uint64_t data_bytes, path_bytes; /* of the values; of the nodes' whole paths */
    uint64_t owners;                 /* sessions that own ephemeral nodes */
    int64_t wall_ms, cluster_ms;     /* of the last entry applied: the leader stamps never below them */
};
void state_counts(const struct state *s, struct state_counts *c);

/* Snapshot walk: the image of the state at the zxid of state_walk_start, while applies go on. One walk at a time; it is over
 * when state_walk_next returns false. Nodes and sessions that an apply is about to change before the walk reached them are
 * queued in their old form first.
 * The image is a stream of records (docs/image.md). Its order depends on the applies in between; as a set of records it is
 * the same on replicas that applied the same entries from the first one on (node numbers in it differ after a load). */
void state_walk_start(struct state *s);
bool state_walk_next(struct state *s, struct buf *to,
                     size_t about_bytes); /* appends up to about that much; false: that was the end */
void state_walk_stop(struct state *s);
size_t state_walk_backlog(const struct state *s); /* bytes of old images waiting */
bool state_walking(const struct state *s);

/* Build a state from an image, fed in pieces of any size. */
struct state_loader;
struct state_loader *state_loader_new(void);
int state_loader_feed(struct state_loader *l, struct slice piece); /* 0 or -COORD_E_DAMAGED */
int state_loader_finish(struct state_loader *l, struct state **s); /* takes the state; checks trailer and digest */
void state_loader_free(struct state_loader *l);

#endif
