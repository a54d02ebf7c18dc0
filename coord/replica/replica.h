/* replica.h - one server's brain: consensus, state, watches, sessions and connections, behind one door.
 *
 * Pure: no sockets, files, threads, clock or entropy. Events go in by replica_step(); effects wait in queues until the shell
 * takes them: storage jobs, frames to peers, bytes to connections, a wake-up time. The shell is coordd's threads or the
 * simulator; both run this same code.
 *
 * The way of a write: frame -> conn.c admits it to the session's queue -> origin.c numbers and forwards it (C18) -> lead.c
 * stamps and proposes -> paxos -> drive.c makes persist jobs and messages -> committed -> apply.c -> replies and notifications
 * into the connections' output, which leave in one write per connection and turn.
 *
 * Bounds: no step applies more than REPLICA_APPLY_ENTRIES entries or walks more than a chunk; what is left goes on at once by
 * wake_at_ms = now. Queues: a connection with REPLICA_CONN_REQUESTS waiting requests or REPLICA_CONN_BYTES of them is
 * paused; one with REPLICA_OUTPUT_BYTES of unsent output gets nothing more executed. Aborts out of memory. One thread.
 */
#ifndef COORD_REPLICA_REPLICA_H
#define COORD_REPLICA_REPLICA_H

#include "base/buf.h"
#include "base/list.h"
#include "paxos/paxos.h"
#include "state/state.h"
#include "store/job.h"
#include "watch/watch.h"
#include "wire/peer.h"

#include <stdbool.h>
#include <stdint.h>

#define REPLICA_APPLY_ENTRIES 4096
#define REPLICA_CONN_REQUESTS 64
#define REPLICA_CONN_BYTES (1u << 20)
#define REPLICA_OUTPUT_BYTES (4u << 20)
#define REPLICA_OUTPUT_EVENTS_BYTES (64u << 20)
#define REPLICA_UNCOMMITTED_BYTES (16u << 20)
#define REPLICA_CACHE_BYTES (16u << 20)
#define REPLICA_PEER_WINDOW_BYTES (4u << 20)
#define REPLICA_PEER_URGENT_BYTES (1u << 20)
#define REPLICA_ENTROPY_BYTES 4096

/* What an operator may limit; 0: no limit. */
struct replica_limits {
    uint64_t node_data_bytes; /* a write with more is refused by -COORD_E_BAD_ARGUMENTS */
    uint64_t reply_bytes;     /* a read whose record is longer is, too */
    /* Waiting requests of all connections: from here on a connection with one waiting is not read further. */
    uint64_t requests, request_bytes;
};

struct replica_options {
    struct replica_limits limits;
    struct paxos_options paxos;
    uint32_t session_min_ms, session_max_ms; /* 2 and 20 ticks */
    uint64_t snap_count;                     /* entries between snapshots: 100000 */
    uint64_t snapshot_zxid;                  /* of the state handed to replica_new */
    uint64_t cluster;                        /* from the store; 0: not formed yet */
    uint64_t fresh_cluster;                  /* random: the id to form with */
    bool ttl_off;                            /* createTTL is answered with -6 */
    uint32_t reap_interval_ms,
        reap_per_minute;                  /* containers and TTL nodes: looked at each 60000, at most 10000 removed; 0: these */
    const char *super_digest;             /* "user:hash" of who may do everything, lent for good; NULL: nobody */
    const char *enforce_auth_schemes;     /* by commas: who has proven none of them gets -124, and is closed; NULL: all may */
    uint32_t read_only_after_ms;          /* without a leader for so long, reads are served to who asked for it; 0: never */
    uint32_t connect_timeout_ms;          /* 20000: a connection without a complete connect request */
    bool local_sessions, local_upgrading; /* local.c: new sessions are known here alone; one that wants an ephemeral node is
                                           * made known to all, else refused by -120 */
    struct settings settings;             /* as a leader this server has them written for all; the text is lent for good */
};

struct replica;

/* Takes the state. Aborts on nonsense in options. Effects wait already (wake-up; a lone server begins to form). */
struct replica *replica_new(const struct replica_options *options, const struct paxos_recovered *recovered, struct state *state,
                            uint64_t now_ms);
void replica_free(struct replica *r); /* jobs under way must be given back before */

enum replica_event_type {
    REPLICA_CONN_OPEN,  /* conn: a new id, never 0, never used again; bytes: the client's address as text, for ACLs of scheme ip
                         */
    REPLICA_CONN_FRAME, /* conn, bytes: one client frame without its length, borrowed during the step */
    REPLICA_CONN_CLOSED,  /* conn: the socket is gone; the id is forgotten */
    REPLICA_CONN_DRAINED, /* conn: the shell consumed output; sent when the output was above a limit, harmless otherwise */
    REPLICA_LINK,         /* peer, up: an authenticated link came up (both HELLOs exchanged) or broke */
    REPLICA_MESSAGE,      /* message: from a peer whose link is up; payload borrowed during the step */
    REPLICA_JOB_DONE,     /* job: back with the replica */
    REPLICA_HAND_OVER,    /* about to stop: pass the lead on */
};

struct replica_event {
    enum replica_event_type type;
    bool up;
    uint32_t peer;
    uint64_t conn;
    struct slice bytes;
    const struct peer_msg *message;
    struct job *job;
};

/* The clocks, read by the shell once a turn. mono_ms must not fall; wall_ms may jump. */
struct replica_now {
    uint64_t mono_ms;
    int64_t wall_ms;
};

/* Advance by a turn's events, in order; n may be 0 (the wake-up came). Then the effects wait in the queues below. */
void replica_step(struct replica *r, const struct replica_event *events, uint32_t n, const struct replica_now *now);

/* Jobs made since the last call, moved to the end of `to`; the shell gives each back by REPLICA_JOB_DONE. */
void replica_take_jobs(struct replica *r, enum job_lane lane, struct list *to);

/* Frames for a peer, ready to send; the shell consumes from the buffers what the link took. urgent (votes, heartbeats) goes
 * first, at frame boundaries. Cleared by the replica when the link goes down. */
struct replica_peer_output {
    struct buf urgent, bulk;
    bool corked; /* begin no frame of bulk yet; a later step says so */
};
struct replica_peer_output *replica_peer_output(struct replica *r, uint32_t peer); /* NULL: no such peer */

/* The next connection whose output, paused or close changed since it was last returned; 0: none. */
uint64_t replica_next_dirty(struct replica *r);

/* A connection as the shell sees it. NULL: unknown (closed). Valid until the connection is closed. */
struct replica_conn_io {
    struct buf output; /* bytes for the client, with their lengths; the shell consumes */
    bool paused;       /* read nothing more from it now */
    bool close;        /* send the output, then close and report REPLICA_CONN_CLOSED; no frames any more */
};
struct replica_conn_io *replica_conn_io(struct replica *r, uint64_t conn);

uint64_t replica_wake_at_ms(const struct replica *r); /* the next turn must come then at the latest */

/* Secret random bytes for session passwords: the shell tops the pool up to REPLICA_ENTROPY_BYTES before each step. */
size_t replica_entropy_wanted(const struct replica *r);
void replica_add_entropy(struct replica *r, const uint8_t *bytes, size_t size);

/* NULL, or why this server must stop (a storage job failed, or its digest differs from the quorum's): the shell ends the
 * process. */
const char *replica_failed(const struct replica *r);

/* True once a hand-over asked for is done or cannot be: the shell may stop. */
bool replica_handed_over(const struct replica *r);

/* A summary of figures: times in ms, in the resolution of a turn's clock, unless it is said otherwise. */
struct replica_summary {
    uint64_t min, max, total, count;
};

/* The same of times, and how they spread: a bucket a millisecond below 16, an eighth of its value wide up to 9 minutes. */
#define REPLICA_SPREAD_BUCKETS 137
struct replica_spread {
    struct replica_summary all;
    uint64_t count[REPLICA_SPREAD_BUCKETS];
};

/* The time that so many of a thousand took at most: the true one, or up to an eighth more. 0: nothing was counted. */
uint64_t replica_quantile(const struct replica_spread *s, uint32_t permille);

/* -1: none yet. */
struct replica_sizes {
    int64_t last, min, max;
};

/* What status reports show; plain copies. */
struct replica_stats {
    enum paxos_role role;
    bool established, serving, read_only, voter, snapshot_running;
    uint32_t epoch, leader, server;
    uint64_t applied, committed, last_logged, snapshot_zxid, digest;
    uint64_t cluster;        /* 0 until FORM is known chosen: compatible with any */
    const struct form *form; /* NULL until then; valid until the next step */
    uint64_t packets_received, packets_sent, connections, outstanding;
    uint64_t outstanding_bytes, throttled; /* of requests; how often their limit was reached */
    uint64_t bytes_received, bytes_sent;   /* of clients, with the frames' lengths */
    uint64_t reads, writes, syncs, watches_fired, commits, elections, snapshots_taken, snapshots_received, bad_packets;
    struct replica_summary latency; /* of all requests, from read to reply */
    /* Valid until the next step: of reads; of writes; from a write's stamp by the leader's wall clock to its apply by our own.
     */
    const struct replica_spread *read_latency, *write_latency, *propagation;
    struct replica_summary unavailable, snapshot_time; /* each time without a leader; each snapshot of our own */
    struct replica_summary watches_of[4];              /* how many heard of each event: created, deleted, changed, children */
    struct replica_sizes reply_sizes, proposal_sizes;  /* replies and events; entries, as a leader */
    uint64_t auth_failed, revalidated;                 /* proofs refused; connect requests for a session that there was */
    uint64_t dropped, sessionless_expired, closed_unserved; /* connections: left by the client without closeSession; without a
                                                             * connect request in time; closed for the lack of a leader */
    uint64_t connects, expired, proposals, snapshots_sent; /* connect requests; as a leader: sessions ended, entries proposed */
    uint64_t leading_ms;                                   /* how long this server has led; 0: it does not */
    uint64_t local_sessions;                               /* known here alone */
    uint64_t sessions_heard;                               /* of which the leader knows when they were last heard */
    uint64_t quota_refused, quota_passed; /* entries that met a hard limit of a quota; that passed a soft one */
    struct quota_excess quota_last;       /* the last of these; its path ends with a NUL, and is valid until the next step */
    uint64_t pending_syncs, synced_followers, followers, max_turn_entries;
    struct state_counts state;
    struct watch_counts watch;
};
void replica_stats(const struct replica *r, struct replica_stats *stats);

/* A connection's line for `stat` and `cons`. */
struct replica_conn_stats {
    uint64_t conn, session, received, sent;
    uint32_t queued, timeout_ms;
    uint64_t opened_ms, answered_ms; /* monotonic; answered_ms 0: nothing was answered yet */
    uint64_t last_zxid;              /* header zxid of the last reply */
    int32_t last_xid, last_op;       /* of the last request that was answered, last_xid if not below 0; last_op 0: none */
    uint64_t latency_last_ms, latency_min_ms, latency_max_ms, latency_total_ms, latency_count;
};

/* How often this server, as the leader, saw hard limits refuse a write: by the first component of the path, in no order; at
 * most REPLICA_REFUSALS of these are told apart. `*at` is 0 first. False at the end. */
#define REPLICA_REFUSALS 64
bool replica_refusals_next(const struct replica *r, uint32_t *at, struct slice *space, uint64_t *count);

/* The connection with the least id above `*at`, which becomes its id; 0 first. False at the end. A walk may take many turns:
 * what is there all the time is met once. */
bool replica_conn_next(const struct replica *r, uint64_t *at, struct replica_conn_stats *stats);

/* Begin to count anew: what `stats` counts of packets and latency; the same of each connection. */
void replica_reset_stats(struct replica *r);
void replica_reset_conns(struct replica *r);

/* The watches here, grouped by path or by session, at most `max` of them; what a session has on one path in several kinds comes
 * once. False: there are more. */
typedef void (*replica_watch_cb)(void *context, uint64_t session, struct slice path);
bool replica_watches(const struct replica *r, bool by_session, uint32_t max, replica_watch_cb each, void *context);

/* For the simulator and tests: look, do not touch. */
const struct paxos *replica_paxos(const struct replica *r);
const struct state *replica_state(const struct replica *r);
uint32_t replica_held_messages(const struct replica *r); /* that wait for the disk */

#endif
