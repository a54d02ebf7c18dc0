/* status.h - what a server can say about itself, as plain data. Filled by the host from the replica, the listeners and the
 * machine; report.h turns it into text. Texts are borrowed for the time of the call.
 */
#ifndef COORD_REPORT_STATUS_H
#define COORD_REPORT_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum status_mode { STATUS_STANDALONE, STATUS_LEADER, STATUS_FOLLOWER, STATUS_LOOKING };

/* One client connection, a line of `stat`. */
struct status_client {
    char address[64]; /* "127.0.0.1:40312", "[::1]:40312" */
    uint64_t queued, received, sent;
};

struct status_server {
    uint32_t id;
    const char *host;
    uint16_t port;
    const char *client_address; /* NULL: not said */
    uint16_t client_port;       /* 0: not said */
};

struct status {
    const char *version;
    enum status_mode mode;
    bool serving; /* clients are answered: there is a leader and this server is not too far behind it */
    bool voter;

    uint64_t zxid, committed, snapshot_zxid, digest, cluster;
    uint32_t server, leader, epoch;
    uint64_t uptime_ms;

    uint64_t latency_min_ms, latency_max_ms;
    double latency_avg_ms;
    uint64_t received, sent, connections, outstanding;
    uint64_t nodes, ephemerals, sessions, watches, data_bytes;
    uint64_t files_open, files_max;
    uint64_t followers, synced_followers, pending_syncs; /* of a leader */

    uint64_t reads, writes, syncs, watches_fired, commits, elections, snapshots_taken, snapshots_received;
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
    const struct status_server *servers;
    uint32_t server_count;

    /* `stat`: the next connection; false at the end. */
    bool (*next_client)(void *context, struct status_client *client);
    void *context;
};

#endif
