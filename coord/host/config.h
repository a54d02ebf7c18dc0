/* config.h - what a server is told: keys of a file in ZooKeeper's zoo.cfg syntax, and the command line on top.
 *
 * The syntax is that of Java properties: `key=value` (or `key: value`), '#' and '!' begin a comment line, a backslash at the
 * end of a line goes on in the next one, the last of two equal keys wins. All keys stand in one table (config_keys.c), which is
 * the parser, the text of --help and the list in coord.conf(5). Beside them: `server.N=...` (config_server.c), also from the
 * file that dynamicConfigFile names, and the file `myid` in dataDir.
 *
 * Life: config_init, then config_read (not without FILE), then options of the command line, then config_finish, which judges
 * what several keys say together. Problems and notices are lines of text, collected, so that one look shows all of them.
 * Impure (reads files), main thread.
 */
#ifndef COORD_HOST_CONFIG_H
#define COORD_HOST_CONFIG_H

#include "base/buf.h"
#include "wire/peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_FILE_BYTES_MAX (1u << 20)
#define CONFIG_ID_MAX 127 /* a session id has its origin in seven bits */

/* One `server.N` line. */
struct config_server {
    uint32_t id;
    char *host;                   /* without brackets */
    uint16_t port, election_port; /* election_port 0: not said; config_finish finds one then */
    char *client_address;         /* NULL: not said */
    uint16_t client_port;         /* 0: not said */
};

struct config {
    /* Keys, as the table names them. Texts are owned; NULL: not set. */
    char *data_dir, *log_dir, *client_address, *peer_secret_file, *dynamic_file, *four_letter_words, *log_level, *super_digest,
        *auth_schemes;
    uint64_t client_port, tick_ms, init_limit, sync_limit, session_min_ms, session_max_ms;
    uint64_t address_connections_max, connections_max, snap_count, segment_kib, snap_retain, packet_max_bytes, listen_backlog;
    uint64_t node_data_max_bytes, reply_max_bytes, requests_max, requests_throttle, requests_max_bytes;
    uint64_t connect_timeout_ms;
    uint64_t heartbeat_ms, election_min_ms, election_max_ms;
    uint64_t reap_interval_ms, reap_per_minute;
    bool client_keepalive, listen_on_all, ttl_nodes, read_only, enforce_auth, enforce_quota, local_sessions, local_upgrading;
    bool client_port_given; /* by --client-port: what the server line says of clients does not count */
    bool client_port_read;  /* in the file: the server line may not say another one */

    struct config_server servers[PEER_MAX]; /* rising ids; none: a lone server */
    uint32_t server_count;
    bool server_refused; /* a server line was: nothing is said of how many there are */
    uint32_t id;         /* 0: not known yet */

    struct buf problems, notices; /* lines, each with its newline */
};

void config_init(struct config *c); /* the defaults of the table */
void config_deinit(struct config *c);

/* Read a file on top of what is there. 0, or -COORD_E_INVALID when it added problems (also when it cannot be read). */
int config_read(struct config *c, const char *path);

/* One line `server.<id_text>=<value>`; `where` ("FILE:LINE") heads problems. */
void config_server_line(struct config *c, const char *where, const char *id_text, const char *value);

/* Settle what depends on several keys: the id (given, or myid, or the only server), client address and port of the own server
 * line, session limits from ticks, log directory, ranges of one key against another. 0 or -COORD_E_INVALID. */
int config_finish(struct config *c);

/* True when no other server votes. */
bool config_lone(const struct config *c);
const struct config_server *config_self(const struct config *c); /* NULL: there is no server line */

/* The server lines of a finished configuration as clients read them in /zookeeper/config; nothing for a lone server, as in
 * ZooKeeper. */
void config_members(const struct config *c, struct buf *to);

void config_problem(struct config *c, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_notice(struct config *c, const char *where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The table. */
enum config_type { CONFIG_UINT, CONFIG_BOOL, CONFIG_TEXT };
enum config_kind {
    CONFIG_HONOURED,
    CONFIG_ACCEPTED, /* a key of ZooKeeper's without meaning here: a notice, nothing else */
    CONFIG_DEMAND,   /* CONFIG_ACCEPTED with a value that demands nothing, CONFIG_REFUSED with any other */
    CONFIG_REFUSED,  /* one that asks for what does not exist here and must not be ignored */
};
struct config_key {
    const char *name; /* "ssl.*": all that begin with "ssl." */
    enum config_kind kind;
    enum config_type type;
    uint64_t min, max;        /* CONFIG_UINT */
    const char *default_text; /* as it would stand in the file; NULL: none, or it is derived (see help) */
    const char *help;         /* what it does; of others: why it has no meaning here, or why it is refused */
    size_t offset;            /* of its field in struct config */
    bool minus_one;           /* CONFIG_UINT: -1 stands for "not set" */
    const char *harmless;     /* CONFIG_DEMAND: the values that demand nothing, by commas, in any case */
};
const struct config_key *config_keys(size_t *count);
const struct config_key *config_key_find(const char *name);

bool config_refuses(const struct config_key *key, const char *value); /* by its kind alone */

/* Parse and keep a value; the reason in static storage when it cannot be, else NULL. */
const char *config_set(struct config *c, const struct config_key *key, const char *value);

/* The known name with the fewest edits to this one; NULL when none is near. Static storage. */
const char *config_nearest(const char *name);

/* The table as text: for --help, as the roff of coord.conf(5), and as the table in docs/compat.md. */
void config_help_text(struct buf *to);
void config_help_roff(struct buf *to);
void config_help_compat(struct buf *to);

#endif
