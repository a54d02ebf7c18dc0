/* peer.h - the messages between servers.
 *
 * A frame is: u32 length of what follows, u64 XXH3 of what follows the checksum (seeded by the cluster-independent constant
 * PEER_FRAME_SEED), then the message: u8 type, u8 flags, u16 zero, then the fields of its type in the order of its list below,
 * little-endian, runs as u64 floor + u32 count + triples of u32, then the payload up to the end. Frames are at most
 * PEER_FRAME_MAX bytes, all of it counted; a message whose payload does not fit leaves in fragments (PEER_FLAG_MORE on all but
 * the last) which the link joins, up to PEER_PAYLOAD_MAX bytes. Frames of other types may come between them, none of the same.
 * Direction-less and idempotent: messages may be lost, doubled and reordered. docs/formats.md has a table for each.
 * Pure. Decoding borrows the payload.
 */
#ifndef COORD_WIRE_PEER_H
#define COORD_WIRE_PEER_H

#include "base/buf.h"
#include "base/slice.h"
#include "wire/runs.h"

#include <stdint.h>

#define PEER_FRAME_MAX (256u << 10)
#define PEER_PAYLOAD_MAX (40u << 20)    /* of a whole message: one entry of any legal size (ENTRY_BYTES_MAX) */
#define PEER_FRAME_SEED 0x636f6f7264ull /* "coord" */
#define PEER_FORMAT_VERSION 1u

/* A HEARTBEAT_ACK's `quiet` is two things, as servers that knew the first alone take any value but 0 for true: bit 0, and from
 * here on the newest version of entries that its sender reads. */
#define PEER_QUIET_VERSION_SHIFT 8
#define PEER_MAX 7 /* voters of an ensemble */

enum peer_type {
    PEER_HELLO = 1,
    PEER_HELLO_AUTH, /* answer to the challenge: HMAC */
    PEER_PROBE,      /* C13 */
    PEER_PROBE_ANSWER,
    PEER_PREPARE,  /* C1 */
    PEER_PROMISE,  /* only after persist */
    PEER_REFUSE,   /* "promised is higher": to a PREPARE, ACCEPT, HEARTBEAT or FETCH of a lower epoch */
    PEER_ACCEPT,   /* C2; payload: entries */
    PEER_ACCEPTED, /* C4; only after persist */
    PEER_COMMIT,   /* the leader's committed, between heartbeats; no answer */
    PEER_HEARTBEAT,
    PEER_HEARTBEAT_ACK, /* payload: ids of sessions heard, u64 each */
    PEER_FETCH,         /* C7 */
    PEER_ENTRIES,       /* answer to FETCH; payload: entries */
    PEER_FORWARD,       /* C18; payload: entries with zxid 0 */
    PEER_SYNC,
    PEER_SYNC_ANSWER,
    PEER_HANDOVER, /* the leader asks the receiver to take the lead */
    PEER_SNAPSHOT, /* payload: bytes of the snapshot file at offset */
    PEER_SNAPSHOT_ACK,
    PEER_TYPE_MAX = PEER_SNAPSHOT_ACK
};

/* X(struct name, enum suffix, fields). Kinds: u32, u64, zxid and hex (u64 that print otherwise), runs (struct runs).
 * Every message names the sender's view; the link adds who sent it. `incarnation` and `boot` are the sender's. */
#define PEER_MESSAGES(X)                                                                                                       \
    X(hello, HELLO,                                                                                                            \
      M(u32, version) M(u32, server) M(u32, to) M(hex, cluster) M(hex, incarnation) M(u32, boot) M(hex, nonce0) M(hex, nonce1) \
          M(u32, authenticate))                                                                                                \
    X(hello_auth, HELLO_AUTH, M(hex, mac0) M(hex, mac1) M(hex, mac2) M(hex, mac3))                                             \
    X(probe, PROBE, M(u32, epoch) M(u64, attempt) M(u32, forming) M(zxid, last))                                               \
    X(probe_answer, PROBE_ANSWER,                                                                                              \
      M(u32, granted) M(hex, incarnation) M(u64, attempt) M(u32, promised) M(u32, log_empty) M(zxid, last))                    \
    X(prepare, PREPARE, M(u32, epoch) M(hex, incarnation) M(u32, boot) M(u32, forming))                                        \
    X(promise, PROMISE, M(u32, epoch) M(hex, incarnation) M(u32, boot) M(u32, accepted) M(zxid, committed) M(runs, log))       \
    X(refuse, REFUSE, M(u32, epoch) M(u32, promised) M(u32, of_type))                                                          \
    X(accept, ACCEPT, M(u32, epoch) M(zxid, prev) M(zxid, first) M(u32, count) M(zxid, committed) M(zxid, history_end))        \
    X(accepted, ACCEPTED,                                                                                                      \
      M(u32, epoch) M(hex, incarnation) M(u32, boot) M(u32, accepted) M(zxid, matched) M(u32, mismatch) M(zxid, prev)          \
          M(zxid, committed) M(runs, log))                                                                                     \
    X(commit, COMMIT, M(u32, epoch) M(zxid, committed))                                                                        \
    X(heartbeat, HEARTBEAT,                                                                                                    \
      M(u32, epoch) M(zxid, committed) M(u64, round) M(zxid, applied) M(hex, digest) M(u32, credit) M(u32, established))       \
    X(heartbeat_ack, HEARTBEAT_ACK,                                                                                            \
      M(u32, epoch) M(hex, incarnation) M(u64, round) M(zxid, applied) M(hex, digest) M(u32, quiet))                           \
    X(fetch, FETCH, M(u32, epoch) M(hex, incarnation) M(zxid, after))                                                          \
    X(entries, ENTRIES, M(u32, epoch) M(zxid, prev) M(zxid, first) M(u32, count) M(zxid, committed) M(zxid, last))             \
    X(forward, FORWARD, M(u32, epoch) M(u32, count))                                                                           \
    X(sync, SYNC, M(u32, epoch) M(u64, id))                                                                                    \
    X(sync_answer, SYNC_ANSWER, M(u32, epoch) M(u64, id) M(zxid, zxid))                                                        \
    X(handover, HANDOVER, M(u32, epoch) M(zxid, last))                                                                         \
    X(snapshot, SNAPSHOT, M(u32, epoch) M(u64, transfer) M(zxid, zxid) M(u64, size) M(u64, offset))                            \
    X(snapshot_ack, SNAPSHOT_ACK, M(u32, epoch) M(u64, transfer) M(u64, offset) M(u32, refused))

typedef uint32_t peer_u32;
typedef uint64_t peer_u64, peer_zxid, peer_hex;
typedef struct runs peer_runs;

#define M(kind, name) peer_##kind name;
#define PEER_STRUCT(name, NAME, fields)                                                                                        \
    struct peer_##name {                                                                                                       \
        fields                                                                                                                 \
    };
PEER_MESSAGES(PEER_STRUCT)
#undef PEER_STRUCT
#undef M

/* A decoded message. `from` and `to` are server ids, known to the link, not on the wire. */
struct peer_msg {
    enum peer_type type;
    uint32_t from, to;
    union {
#define PEER_MEMBER(name, NAME, fields) struct peer_##name name;
        PEER_MESSAGES(PEER_MEMBER)
#undef PEER_MEMBER
    };
    struct slice payload; /* borrowed; empty in what paxos sends: the replica attaches entries by zxid */
};

#define PEER_FLAG_MORE 1u

/* Append one message as frames (several when fragments are needed). Asserts that it is well-formed: runs valid, a payload only
 * where the type has one, and at most PEER_PAYLOAD_MAX. */
void peer_encode(struct buf *b, const struct peer_msg *m);

/* The frame at the front of `in`: *frame_size is its whole size, 0 when more bytes are needed. Checks length (as soon as it is
 * there) and checksum. 0 or -COORD_E_DAMAGED (close the link). The message's bytes, from its type on, are in *body then. */
int peer_frame(struct slice in, size_t *frame_size, struct slice *body);

/* Decode one message body. 0 or -COORD_E_DAMAGED: short, unknown type, invalid runs, non-zero reserved bytes, payload of a
 * message that has none. The unused part of runs is zero, from and to are 0, the link sets them. *flags gets PEER_FLAG_*:
 * fragments carry the same fields, the link joins their payloads. */
int peer_decode(struct slice body, struct peer_msg *m, unsigned *flags);

/* The message as text for transcripts: "accept epoch=2 prev=1.5 first=2.1 count=3 ...". */
void peer_print(struct buf *b, const struct peer_msg *m);
const char *peer_type_name(enum peer_type type); /* "accept"; "unknown" */

#endif
