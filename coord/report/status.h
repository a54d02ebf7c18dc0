/* status.h - what a server can say about itself, as plain data. Filled by the host from the replica, the listeners and the
 * machine; report.h turns it into text. Texts are borrowed for the time of the call.
 */
#ifndef COORD_REPORT_STATUS_H
#define COORD_REPORT_STATUS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum status_mode { STATUS_STANDALONE, STATUS_LEADER, STATUS_FOLLOWER, STATUS_LOOKING, STATUS_READ_ONLY };

/* One client connection, a line of `stat` and `cons`. */
struct status_client {
    char address[64]; /* "127.0.0.1:40312", "[::1]:40312" */
    bool asks;        /* a four-letter word, this one or another */
    uint64_t queued, received, sent;
    uint64_t session; /* 0: none yet */
    uint64_t timeout_ms, since_wall_ms, answered_ms, last_zxid;
    int32_t last_xid, last_op; /* last_op 0: nothing was answered yet */
    uint64_t latency_last_ms, latency_min_ms, latency_max_ms, latency_total_ms, latency_count;
};

struct status_session {
    uint64_t id;
    uint32_t timeout_ms, ephemerals;
};

struct status_summary { /* of times in ms, unless it is said otherwise */
    uint64_t min, max, total, count;
};

/* With the times that so many of a hundred or a thousand took at most. */
struct status_spread {
    struct status_summary all;
    uint64_t p50_ms, p95_ms, p99_ms, p999_ms;
};

struct status_sizes {
    int64_t last, min, max; /* -1: none yet */
};

/* A figure of the quotas below `space`, the first component of their paths. */
typedef void (*status_quota_cb)(void *context, struct slice space, const char *figure, int64_t value);
typedef void (*status_watch_cb)(void *context, uint64_t session, struct slice path);

/* What words look up while they print. In a walk `*at` is 0 first, and says where to go on, many turns later too. NULL
 * functions: there is nothing. */
struct status_lists {
    bool (*next_client)(void *context, uint64_t *at, struct status_client *client);
    bool (*next_session)(void *context, uint64_t *at, struct status_session *session);
    bool (*next_ephemeral)(void *context, uint64_t session, uint64_t *at, struct buf *path);
    /* In groups; at most `max`, else false. */
    bool (*watches)(void *context, bool by_session, uint32_t max, status_watch_cb each, void *each_context);
    void (*reset)(void *context, bool connections); /* else the server's own figures */
    void (*quotas)(void *context, status_quota_cb each, void *each_context);
    void *context;
};

struct status {
    const char *version;
    enum status_mode mode;
    bool serving; /* clients are answered: there is a leader and this server is not too far behind it */
    bool voter;

    uint64_t zxid, committed, snapshot_zxid, digest, cluster;
    uint32_t server, leader, epoch;
    uint64_t uptime_ms;

    struct status_summary latency;
    struct status_spread read_latency, write_latency, propagation;
    struct status_summary unavailable, snapshot_time, appends; /* times without a leader, of snapshots, of appends to the log */
    struct status_summary watches_of[4];                       /* how many heard of each: created, deleted, changed, children */
    struct status_sizes reply_sizes, proposal_sizes;
    uint64_t auth_failed, revalidated, dropped, sessionless_expired, closed_unserved;
    uint64_t received, sent, bytes_received, bytes_sent, connections, outstanding;
    uint64_t nodes, ephemerals, owners, sessions, local_sessions; /* owners: sessions with ephemeral nodes */
    uint64_t tree_bytes;                                          /* of all paths and data */
    uint64_t watches, watched_paths, watchers, watch_bytes;
    uint64_t files_open, files_max;
    uint64_t followers, synced_followers, pending_syncs; /* of a leader */
    uint64_t leading_ms;                                 /* since when it leads; 0: it does not */

    uint64_t reads, writes, syncs, watches_fired, commits, elections, snapshots_taken, snapshots_received;
    uint64_t throttled;                    /* times that the limit of all waiting requests was reached */
    uint64_t connects, expired, proposals; /* connect requests; sessions that this leader ended; entries that it proposed */
    uint64_t snapshots_sent;
    uint64_t bad_packets;           /* from clients: connections closed for one */
    uint64_t rejected;              /* client connections refused at a limit */
    uint64_t peer_bad_frames;       /* links closed for one */
    uint64_t peer_auth_failures;    /* wrong secret, id or cluster in a HELLO */
    uint64_t links_up, turn_max_us; /* longest turn of the core */

    /* `conf` */
    uint16_t client_port;
    const char *data_dir, *log_dir;
    uint64_t data_dir_bytes, log_dir_bytes;
    uint64_t tick_ms, address_connections_max, session_min_ms, session_max_ms, listen_backlog, init_limit, sync_limit;
    struct slice members; /* the server lines as in /zookeeper/config; none of a lone server */
    uint32_t server_count;
    uint16_t quorum_port, election_port;

    /* `envi` */
    const char *host_name, *os_name, *os_arch, *os_version, *user_name, *user_home, *user_dir;
    uint64_t memory_free_mb, memory_total_mb;

    struct status_lists lists;
};

#endif
