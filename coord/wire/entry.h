/* entry.h - one log entry: an envelope around the client's own request bytes (docs/formats.md).
 *
 * The same encoding stands in the log, in ACCEPT and ENTRIES, in the snapshot transfer's suffix and, with zxid and times 0, in
 * FORWARD: the leader stamps it in place. Little-endian:
 *
 *   offset size
 *     0     4   length of the whole entry, these four bytes included
 *     4     1   version: 1, or 2 for a request that servers of version 1 do not know
 *     5     1   kind (enum entry_kind)
 *     6     2   length of the authentication ids
 *     8     8   zxid                        stamped by the leader
 *    16     8   wall_ms                     stamped; never below its predecessor's: ctime, mtime
 *    24     8   cluster_ms                  stamped; advances only by leaders' monotonic clocks: TTL, expiry
 *    32    16   random bytes                stamped; the password of a new session
 *    48     8   session
 *    56     4   xid
 *    60     4   attach number of the session that the writer held; 0 of a REQUEST: the session is local to its server
 *    64     4   operation (enum zk_op) of a REQUEST; time-out in ms of SESSION_CREATE and SESSION_ATTACH
 *    68     4   origin: server id           origin 0: proposed by the leader for itself, not numbered
 *    72     8   origin: incarnation
 *    80     4   origin: boot count
 *    84     4   zero
 *    88     8   origin: number k (C18)
 *    96     -   authentication ids, then the body: the client's request record
 *
 * Pure. Decoding borrows.
 */
#ifndef COORD_WIRE_ENTRY_H
#define COORD_WIRE_ENTRY_H

#include "base/buf.h"
#include "base/slice.h"
#include "wire/zk.h"

#include <stdbool.h>
#include <stdint.h>

#define ENTRY_HEADER_BYTES 96
/* A server refuses what is newer than it, rather than go on with another state than the others, or than the one it had. */
#define ENTRY_VERSION_MAX 2
#define ENTRY_VERSION_LOCAL 2    /* of a local session's writes, which version 1 would refuse */
#define ENTRY_VERSION_SETTINGS 2 /* the first that knows ENTRY_SETTINGS */
#define ENTRY_RANDOM_BYTES 16
#define ENTRY_VERSION_OFFSET 4
#define ENTRY_KIND_OFFSET 5 /* places in an encoded entry, for those who look without decoding */
#define ENTRY_ZXID_OFFSET 8
#define ENTRY_NUMBER_OFFSET 88
#define ENTRY_BYTES_MAX (40u << 20) /* above jute.maxbuffer's upper limit of 32 MiB */

enum entry_kind {
    ENTRY_FORM = 1,    /* C15; body: struct form */
    ENTRY_NOOP = 2,    /* takes an origin's number that was abandoned (C18) */
    ENTRY_ORIGIN = 3,  /* a new boot or incarnation becomes an origin: number 1 of it follows; its own number is 0 */
    ENTRY_REQUEST = 4, /* a client's write; closeSession too */
    ENTRY_SESSION_CREATE = 5,
    ENTRY_SESSION_ATTACH = 6,   /* renewal or move: xid unused, attach = the number that the origin saw; body: password */
    ENTRY_SESSION_EXPIRE = 7,   /* by the leader; void if the attach number changed */
    ENTRY_ADMIT = 8,            /* C10, C17: not proposed yet */
    ENTRY_CONFIG = 9,           /* C10: not proposed yet */
    ENTRY_REAP = 10,            /* by the leader: a container or TTL node whose time has come; void if it has not. body: path */
    ENTRY_SETTINGS = 11,        /* by the leader, when they are not those of its own configuration. body: struct settings */
    ENTRY_SESSION_UPGRADE = 12, /* a local session becomes one of the state: its id; op: time-out; body: password */
    ENTRY_KIND_MAX = 12,
};

struct origin {
    uint32_t server; /* 0: none */
    uint32_t boot;
    uint64_t incarnation;
    uint64_t number;
};

struct entry {
    enum entry_kind kind;
    uint8_t version; /* of ENTRY_VERSION_MAX; 0 is encoded as 1 */
    uint64_t zxid;
    int64_t wall_ms, cluster_ms;
    uint8_t random[ENTRY_RANDOM_BYTES];
    uint64_t session;
    int32_t xid;
    uint32_t attach;
    int32_t op; /* or time-out */
    struct origin origin;
    struct slice auth; /* authentication ids, each u16 length + "scheme:id"; empty: none but world */
    struct slice body;
};

size_t entry_size(const struct entry *e);
void entry_append(struct buf *b, const struct entry *e);

/* The next entry of a run of encoded entries; *s advances past it. 0; 1 at the end; -COORD_E_DAMAGED when malformed: short,
 * longer than ENTRY_BYTES_MAX, unknown version or kind, non-zero reserved bytes, authentication ids that do not add up. */
int entry_next(struct slice *s, struct entry *e);

/* Walk authentication ids that entry_next has checked: false at the end. */
bool entry_next_auth(struct slice *auth, struct slice *id);

/* Stamp an encoded entry in place; `encoded` starts at its first byte. */
void entry_stamp(uint8_t *encoded, uint64_t zxid, int64_t wall_ms, int64_t cluster_ms,
                 const uint8_t random[ENTRY_RANDOM_BYTES]);

/* FORM's body: cluster id and the voters with their incarnations. Little-endian: u64 cluster, u32 count, u32 zero, then for
 * each voter u32 id, u32 zero, u64 incarnation. form_append asserts what form_decode checks. */
#define FORM_VOTERS_MAX 7
struct form {
    uint64_t cluster;
    uint32_t count;
    struct form_voter {
        uint32_t id;
        uint64_t incarnation;
    } voter[FORM_VOTERS_MAX]; /* count of them, 1 at least; rising ids from 1 */
};
void form_append(struct buf *b, const struct form *f);
int form_decode(struct slice body, struct form *f); /* 0 or -COORD_E_DAMAGED */

/* SETTINGS's body: what decides at apply, or is shown to clients, and so must be the same on all servers. Little-endian: u32
 * flags (bit 0: enforce_quota; others 0), u32 zero, then the text of /zookeeper/config. Decoding borrows. */
struct settings {
    bool enforce_quota;
    struct slice config;
};
uint32_t settings_flags(const struct settings *s);
void settings_append(struct buf *b, const struct settings *s);
int settings_decode(struct slice body, struct settings *s); /* 0 or -COORD_E_DAMAGED */

#endif
