/* coord/client.h - libcoord, the C client library of coord; it speaks to any server of ZooKeeper's client protocol.
 *
 * A handle is one session with the ensemble: it connects to one of the servers given, keeps the session alive, moves to
 * another server when one is lost, and sets its watches anew there. Two ways to use it:
 *   blocking      options.base is NULL: coord_get() and its like send, wait and return the answer. While the program does not
 *                 call into the library nothing moves, pings included: whoever pauses for longer than a third of the session
 *                 time-out calls coord_run() meanwhile.
 *   asynchronous  options.base is your libevent event_base: coord_get_async() and its like return at once and the callback
 *                 runs from your event loop. They may also be used on a blocking handle, where callbacks run inside the
 *                 blocking calls and coord_run().
 *
 * Threads:   a handle, and the event_base it runs on, belong to one thread at a time. Different handles are independent:
 *            the library has no global state. It installs no signal handlers, raises no SIGPIPE and prints nothing.
 * Callbacks: run exactly once for each call that returned 0, never inside the call itself, and not at all for a call that
 *            returned an error. A callback may make asynchronous calls and may free its handle; blocking calls made inside a
 *            callback return -COORD_E_INVALID_STATE. What a callback is shown is valid until it returns.
 * Errors:    0 or a negative code of enum coord_error, as in -COORD_E_NO_NODE. Memory that runs out is -COORD_E_NO_MEMORY.
 * Order:     the requests of one handle take effect, and are answered, in the order of their calls.
 * Lost connection: what was requested on a connection that breaks ends with -COORD_E_CONNECTION_LOSS; a write may then have
 *            taken effect or not. What is requested while there is no connection waits for one, for options.timeout_ms at most,
 *            and then ends with -COORD_E_OPERATION_TIMEOUT: it was never sent and never takes effect.
 * Strings are UTF-8 and NUL-terminated; values are any bytes. Times are in milliseconds.
 */
#ifndef COORD_CLIENT_H
#define COORD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Functions return the negative of these; the numbers are ZooKeeper's. */
enum coord_error {
    COORD_OK = 0,
    COORD_E_SYSTEM = 1,
    COORD_E_RUNTIME_INCONSISTENCY = 2,
    COORD_E_DATA_INCONSISTENCY = 3,
    COORD_E_CONNECTION_LOSS = 4, /* the connection broke: whether a write took effect is unknown */
    COORD_E_MARSHALLING = 5,     /* a request or an answer could not be decoded */
    COORD_E_UNIMPLEMENTED = 6,
    COORD_E_OPERATION_TIMEOUT = 7, /* no server was reached in time: the request was not sent */
    COORD_E_BAD_ARGUMENTS = 8,     /* also: path malformed */
    COORD_E_INVALID_STATE = 9,     /* blocking call in a callback or on a handle with a base of yours */
    COORD_E_NO_MEMORY = 10,
    COORD_E_NO_NODE = 101,
    COORD_E_NO_AUTH = 102,
    COORD_E_BAD_VERSION = 103,
    COORD_E_NO_CHILDREN_FOR_EPHEMERALS = 108,
    COORD_E_NODE_EXISTS = 110,
    COORD_E_NOT_EMPTY = 111,
    COORD_E_SESSION_EXPIRED = 112,
    COORD_E_INVALID_ACL = 114,
    COORD_E_AUTH_FAILED = 115,
    COORD_E_CLOSING = 116, /* the handle is closed, being closed or freed */
    COORD_E_SESSION_MOVED = 118,
    COORD_E_NOT_READ_ONLY = 119,
    COORD_E_EPHEMERAL_ON_LOCAL_SESSION = 120, /* the server keeps sessions to itself, and may not make this one known */
    COORD_E_NO_WATCHER = 121,                 /* no such watch is set */
    COORD_E_AUTH_REQUIRED = 124, /* the server serves only who has proven an id: coord_add_auth() before anything else */
    COORD_E_QUOTA_EXCEEDED = 125,
    COORD_E_THROTTLED = 127, /* too many requests wait: COORD_REQUESTS_MAX, COORD_REQUEST_BYTES_MAX */
};

/* A sentence for people, "no such node", and the name in the list, "NO_NODE"; of a code of either sign, never NULL. */
const char *coord_error_text(int code);
const char *coord_error_name(int code);

#define COORD_REQUESTS_MAX 65536           /* requests of one handle that were not answered yet */
#define COORD_REQUEST_BYTES_MAX (64 << 20) /* and their bytes. Servers refuse single requests above their own limit, 1 MiB */
#define COORD_REPLY_BYTES_MAX (256 << 20)  /* a longer answer breaks the connection */
#define COORD_MULTI_MAX 65536              /* operations in one multi */
#define COORD_TTL_MS_MAX ((INT64_C(1) << 40) - 1)
#define COORD_PASSWORD_BYTES 16
#define COORD_VERSION_ANY (-1)

/* What is known of a node besides its value; the fields are ZooKeeper's. Times are in milliseconds since 1970. */
struct coord_stat {
    int64_t czxid, mzxid, pzxid; /* zxid of the creation, of the last change of the value, of the last change of the children */
    int64_t ctime_ms, mtime_ms;
    int32_t version, cversion, aversion; /* changes of the value, of the children, of the ACL */
    int32_t data_length, num_children;
    int64_t ephemeral_owner; /* session id, 0 unless ephemeral */
};

/* ---- The handle ---- */

struct coord_client;
struct event_base;

enum coord_state {
    COORD_STATE_CONNECTING,   /* no session yet */
    COORD_STATE_CONNECTED,    /* a server answers for the session */
    COORD_STATE_RECONNECTING, /* the session may live on: looking for a server */
    COORD_STATE_EXPIRED,      /* final: the session and its ephemeral nodes are gone. Free the handle, make another */
    COORD_STATE_CLOSED,       /* final: coord_close(), or being freed */
};

/* Told each change of state but the first. Requests that a lost connection fails are told before it. */
typedef void (*coord_state_cb)(struct coord_client *client, enum coord_state state, void *arg);

/* Zero-initialise, then set what is wanted. */
struct coord_options {
    /* "host:port,host:port". IPv6 in brackets; port 2181 when left out. The order is shuffled. Names are resolved at every
     * attempt to connect, by getaddrinfo(), which can block for the resolver's time-outs; numeric addresses never block. */
    const char *servers;
    uint32_t timeout_ms; /* session time-out asked for, 0: 10,000. The server may grant another */
    struct event_base *base;
    coord_state_cb state_cb; /* may be NULL */
    void *state_arg;
    int64_t session_id; /* resume this session, 0: begin a new one */
    uint8_t password[COORD_PASSWORD_BYTES];
};

/* Make a handle and begin to connect. The options, with all they point to but base and state_arg, may go afterwards; base must
 * outlive the handle. On success *client is to be given to coord_client_free(). Errors: BAD_ARGUMENTS (server list), NO_MEMORY.
 */
int coord_client_new(struct coord_client **client, const struct coord_options *options);

/* Free it (NULL is fine). All callbacks that are still owed run before it returns, with -COORD_E_CLOSING and
 * COORD_EVENT_NOT_WATCHING. Without coord_close() before, the session lives on until it times out, and can be resumed. Called
 * in a callback of this handle, all this happens when that callback returns. */
void coord_client_free(struct coord_client *client);

enum coord_state coord_client_state(const struct coord_client *client);
int64_t coord_client_session_id(const struct coord_client *client); /* 0 before the first connection */
/* COORD_PASSWORD_BYTES bytes, valid as long as the handle, changed by a new connection at most. */
const uint8_t *coord_client_password(const struct coord_client *client);
uint32_t coord_client_timeout_ms(const struct coord_client *client); /* as granted; as asked for before the first connection */
int64_t coord_client_last_zxid(const struct coord_client *client);   /* the newest that a server has told this handle of */
/* "host:port" connected to or being tried, and why the last attempt or connection failed ("Connection refused"), "" if none
 * did. Never NULL, valid until the next call with this handle. */
const char *coord_client_server(const struct coord_client *client);
const char *coord_client_problem(const struct coord_client *client);

/* ---- Watches ---- */

enum coord_event_type {
    COORD_EVENT_NOT_WATCHING = -2, /* there is no watch (any more): event.error says why */
    COORD_EVENT_CREATED = 1,
    COORD_EVENT_DELETED = 2,
    COORD_EVENT_DATA_CHANGED = 3,
    COORD_EVENT_CHILDREN_CHANGED = 4,
};

struct coord_event {
    enum coord_event_type type;
    int error; /* of NOT_WATCHING: the error of the call, or SESSION_EXPIRED or CLOSING when the session ended, 0 when it was
                * removed; else 0 */
    const char *path; /* as given to the call that set the watch; told to a recursive one: of the node that changed */
    int64_t zxid;     /* of the change; -1 when the server does not say */
};

/* The name ZooKeeper has for it, "NodeDataChanged"; "NotWatching". Never NULL. */
const char *coord_event_name(enum coord_event_type type);

typedef void (*coord_watch_cb)(struct coord_client *client, const struct coord_event *event, void *arg);

/* A watch fires once: at the first change after the answer that set it, before any answer that shows this change. Set by get
 * and exists it tells changes of the value, deletion and (exists of a missing node) creation; set by children, changes of the
 * list of children and deletion. It survives a change of server. get and children of a missing node set none. Like all
 * callbacks it runs exactly once: if no watch came about, with NOT_WATCHING directly after the call's answer. */
struct coord_watch {
    coord_watch_cb cb;
    void *arg;
};

/* Watches that stay, set by coord_add_watch(). A persistent one tells all that happens to the node: its creation, its deletion,
 * changes of its value and of the list of its children. A recursive one tells creation, deletion and changes of the value of
 * the node and of everything below it; there are no changes of lists, a created or deleted child says as much. The node need
 * not exist, and no right is asked for: a server leaves out what its client may not read. Such a watch runs its callback for
 * each event, and once more at its end, with NOT_WATCHING. It is set anew on another server, but what happened between two
 * connections is not told: who must not miss it reads again when the state is CONNECTED. */
enum coord_watch_type {
    COORD_WATCH_CHILDREN = 1, /* set by children */
    COORD_WATCH_DATA = 2,     /* set by get and exists */
    COORD_WATCH_ANY = 3,      /* in coord_check_watches() and coord_remove_watches() */
    COORD_WATCH_PERSISTENT = 4,
    COORD_WATCH_RECURSIVE = 5,
};

/* ---- Rights ---- */

enum coord_perm {
    COORD_PERM_READ = 1,   /* the value and the children's names; events */
    COORD_PERM_WRITE = 2,  /* the value */
    COORD_PERM_CREATE = 4, /* children */
    COORD_PERM_DELETE = 8, /* children */
    COORD_PERM_ADMIN = 16, /* the list itself */
    COORD_PERM_ALL = 31,
};

/* One entry of a node's list: what it permits to whom. Schemes: world with the id anyone; digest with user:HASH; ip with an
 * address or ADDRESS/BITS; in calls auth with any id, which stands for all digests that this handle has proven. */
struct coord_acl {
    int32_t perms;
    const char *scheme, *id;
};

/* Prove an id, from now on and on every later connection, before anything else there: calls that follow are judged with it.
 * Scheme digest takes user:password, of any bytes. Returns at once: 0, or BAD_ARGUMENTS, NO_MEMORY, SESSION_EXPIRED, CLOSING,
 * THROTTLED. A server that does not accept it (a scheme that it does not know) ends the handle: what waits, or is waited for,
 * ends with -COORD_E_AUTH_FAILED, the state is CLOSED, and the session times out. A server may also serve nobody who has not
 * proven an id: then the first answer is -COORD_E_AUTH_REQUIRED, and the handle ends with that error in the same way. May be
 * called in callbacks. */
int coord_add_auth(struct coord_client *client, const char *scheme, const void *proof, size_t proof_size);

/* ---- Asynchronous calls ---- */

/* Of one operation in a multi. */
struct coord_result {
    int error;                     /* 0, or negative, and then the rest is empty */
    const char *path;              /* create: of the new node; else NULL */
    const void *data;              /* get: as in struct coord_reply */
    size_t data_size;              /* in bytes */
    const char *const *children;   /* children: child_count names and a NULL; else NULL */
    size_t child_count;            /* of them */
    const struct coord_stat *stat; /* create, set, get; NULL where the server does not tell it (create on ZooKeeper 3.8) */
};

struct coord_reply {
    int error;                     /* 0, or negative, and then the rest is empty, but for a multi's results */
    int64_t zxid;                  /* the server's newest when it answered; of a write, its own. 0 when no server answered */
    const char *path;              /* create: of the new node; sync; else NULL */
    const void *data;              /* get: the value. NULL is the null value, which is not the same as an empty one */
    size_t data_size;              /* in bytes */
    const char *const *children;   /* children: names without the parent's path, in no order; ephemerals: paths */
    size_t child_count;            /* of them; count_below: its answer */
    bool more;                     /* children_page: there are names behind the last one */
    const struct coord_acl *acl;   /* get_acl; who_am_i: schemes and ids, with perms 0 */
    size_t acl_count;              /* of its entries */
    const struct coord_stat *stat; /* get_acl, set_acl, get, set, exists, children_page, and create and children if asked for */
    const struct coord_result *results; /* multi: one for each operation, in their order; NULL where no server judged them */
    size_t result_count;                /* of them: coord_multi_count() */
};

typedef void (*coord_reply_cb)(struct coord_client *client, const struct coord_reply *reply, void *arg);

/* The modes are ZooKeeper's. Sequential: ten digits, rising, are appended to the path. Ephemeral: goes with the session.
 * Container: goes some time after its last child. TTL: goes once it has no children and its value was not set for so long;
 * ZooKeeper's servers must be told to permit it, else UNIMPLEMENTED. */
enum coord_create_mode {
    COORD_PERSISTENT = 0,
    COORD_EPHEMERAL = 1,
    COORD_PERSISTENT_SEQUENTIAL = 2,
    COORD_EPHEMERAL_SEQUENTIAL = 3,
    COORD_CONTAINER = 4,
    COORD_PERSISTENT_TTL = 5,
    COORD_PERSISTENT_SEQUENTIAL_TTL = 6,
};

/* What a node is to be. Zero-initialise, then set what is wanted; it and what it points to may go after the call. */
struct coord_create_options {
    enum coord_create_mode mode;
    int64_t ttl_ms;              /* of the TTL modes: 1 to COORD_TTL_MS_MAX; else 0 */
    const struct coord_acl *acl; /* acl_count entries; none: world:anyone may do all */
    size_t acl_count;
};

/* Each queues one request and returns 0, or an error and then does nothing: BAD_ARGUMENTS (path NULL), NO_MEMORY, THROTTLED,
 * SESSION_EXPIRED, CLOSING. Paths and data are copied. cb and watch may be NULL. data may be NULL for the null value. version:
 * the node's version must be this, or COORD_VERSION_ANY. stat: ask for the node's stat too.
 * coord_create_async() makes nodes with the ACL world:anyone, all permissions, and none with a ttl. */
int coord_create_async(struct coord_client *client, const char *path, const void *data, size_t data_size,
                       enum coord_create_mode mode, bool stat, coord_reply_cb cb, void *arg);
/* With everything that can be chosen; how NULL: as zeros. */
int coord_create_with_async(struct coord_client *client, const char *path, const void *data, size_t data_size,
                            const struct coord_create_options *how, bool stat, coord_reply_cb cb, void *arg);
int coord_delete_async(struct coord_client *client, const char *path, int32_t version, coord_reply_cb cb, void *arg);
int coord_exists_async(struct coord_client *client, const char *path, const struct coord_watch *watch, coord_reply_cb cb,
                       void *arg);
int coord_get_async(struct coord_client *client, const char *path, const struct coord_watch *watch, coord_reply_cb cb,
                    void *arg);
int coord_set_async(struct coord_client *client, const char *path, const void *data, size_t data_size, int32_t version,
                    coord_reply_cb cb, void *arg);
int coord_children_async(struct coord_client *client, const char *path, bool stat, const struct coord_watch *watch,
                         coord_reply_cb cb, void *arg);
/* The children in pieces, for a node that has very many: the first names behind `after` (NULL: behind none), sorted byte by
 * byte. `after` need not be there any more: whoever asks on behind the last name of each answer while reply->more is told of
 * every child that is there throughout, once, also across servers. At most count names, of at most bytes bytes with 4 for each,
 * but one at least; 0: as many as the server gives, 10,000 and 1 MiB. No watch. Only servers of coord know it, and others break
 * the connection: see COORD_OPERATIONS_PATH. */
int coord_children_page_async(struct coord_client *client, const char *path, const char *after, uint32_t count, uint32_t bytes,
                              coord_reply_cb cb, void *arg);
/* A path to coord_get(): where it is there and "listPage" is among the words of its value, the servers know pages. */
#define COORD_OPERATIONS_PATH "/keeper/coord"
/* When it is answered, reads that follow see every write completed anywhere before it was sent. */
int coord_sync_async(struct coord_client *client, const char *path, coord_reply_cb cb, void *arg);
/* Set a watch that stays (above): type is PERSISTENT or RECURSIVE, watch is not NULL. */
int coord_add_watch_async(struct coord_client *client, const char *path, enum coord_watch_type type,
                          const struct coord_watch *watch, coord_reply_cb cb, void *arg);
/* Whether the server has a watch of this handle, of this type, on this path: 0 or NO_WATCHER. remove: it has no more of them,
 * and each, were it several of the handle, is told NOT_WATCHING behind the answer. Servers of ZooKeeper before 3.9 refuse the
 * types PERSISTENT and RECURSIVE with MARSHALLING, and know them as DATA, CHILDREN and ANY. */
int coord_check_watches_async(struct coord_client *client, const char *path, enum coord_watch_type type, coord_reply_cb cb,
                              void *arg);
int coord_remove_watches_async(struct coord_client *client, const char *path, enum coord_watch_type type, coord_reply_cb cb,
                               void *arg);
/* The paths of the session's own ephemeral nodes that begin with this text; "/": all. */
int coord_ephemerals_async(struct coord_client *client, const char *prefix, coord_reply_cb cb, void *arg);
/* How many nodes there are below this one, at any depth. */
int coord_count_below_async(struct coord_client *client, const char *path, coord_reply_cb cb, void *arg);
/* Who the server takes this handle for: its address as ip, and what it has proven. ZooKeeper's servers know it from 3.7 on. */
int coord_who_am_i_async(struct coord_client *client, coord_reply_cb cb, void *arg);

/* The list of a node: READ or ADMIN is asked; without ADMIN the hashes of digests are shown as an x. */
int coord_get_acl_async(struct coord_client *client, const char *path, coord_reply_cb cb, void *arg);
/* version: of the list, which stat.aversion counts, or COORD_VERSION_ANY. */
int coord_set_acl_async(struct coord_client *client, const char *path, const struct coord_acl *acl, size_t acl_count,
                        int32_t version, coord_reply_cb cb, void *arg);

/* ---- Several operations at once ----
 *
 * A multi of writes takes effect as a whole or not at all, under one zxid; later operations see what earlier ones did. A multi
 * of reads shows one state; each read succeeds or fails for itself. The two do not mix.
 *
 * It is built operation by operation, belongs to the caller throughout, and may be changed, sent again or freed as soon as a
 * call that sends it has returned. */
struct coord_multi;

/* An empty one, to be given to coord_multi_free(): 0, or NO_MEMORY. */
int coord_multi_new(struct coord_multi **multi);
void coord_multi_free(struct coord_multi *multi);  /* NULL is fine */
void coord_multi_clear(struct coord_multi *multi); /* takes all operations out */
size_t coord_multi_count(const struct coord_multi *multi);

/* Each appends one operation: 0, or an error, and then it is as it was: BAD_ARGUMENTS (path NULL, a read among writes or a
 * write among reads, COORD_MULTI_MAX, more than COORD_REQUEST_BYTES_MAX in all, and what the call for it alone would refuse),
 * NO_MEMORY. Paths, data and lists are copied. check: the node exists and has this version, or any. */
int coord_multi_create(struct coord_multi *multi, const char *path, const void *data, size_t data_size,
                       const struct coord_create_options *how);
int coord_multi_delete(struct coord_multi *multi, const char *path, int32_t version);
int coord_multi_set(struct coord_multi *multi, const char *path, const void *data, size_t data_size, int32_t version);
int coord_multi_check(struct coord_multi *multi, const char *path, int32_t version);
int coord_multi_get(struct coord_multi *multi, const char *path);
int coord_multi_children(struct coord_multi *multi, const char *path);

/* Send it. Of writes, reply->error is 0 or that of the operation that made the whole fail, and then nothing was done; its
 * result has the error, those before it have 0, those behind it RUNTIME_INCONSISTENCY. Of reads, reply->error is 0 and each
 * result has its own. Where the whole was refused or lost, as with CONNECTION_LOSS, reply->results is NULL. Servers of
 * ZooKeeper before 3.6 know no multi of reads. */
int coord_multi_async(struct coord_client *client, const struct coord_multi *multi, coord_reply_cb cb, void *arg);

/* End the session once all earlier requests are answered; its ephemeral nodes go at once. No further request is taken. The
 * state is CLOSED when it is answered, whatever the answer; an error means that the server may only find out by time-out. */
int coord_close_async(struct coord_client *client, coord_reply_cb cb, void *arg);

/* ---- Blocking calls ----
 *
 * As above, and wait for the answer, the error of which they return. Besides, -COORD_E_INVALID_STATE: see the top. The results
 * may be NULL if they are not wanted, and are set only on success. What comes by `void **`, `char **` or `char ***` belongs to
 * the caller: one free() each. */

/* Wait until connected: 0, or OPERATION_TIMEOUT after timeout_ms, SESSION_EXPIRED, CLOSING. Not needed before other calls. */
int coord_connect(struct coord_client *client, uint32_t timeout_ms);
/* Let callbacks run and the session live for at most timeout_ms; returns as soon as any callback has run. 0: only what is due.
 * Returns 0, or SESSION_EXPIRED or CLOSING in these states, when nothing is left to run. */
int coord_run(struct coord_client *client, uint32_t timeout_ms);

int coord_create(struct coord_client *client, const char *path, const void *data, size_t data_size, enum coord_create_mode mode,
                 char **created, struct coord_stat *stat);
int coord_create_with(struct coord_client *client, const char *path, const void *data, size_t data_size,
                      const struct coord_create_options *how, char **created, struct coord_stat *stat);
int coord_delete(struct coord_client *client, const char *path, int32_t version);
int coord_exists(struct coord_client *client, const char *path, const struct coord_watch *watch, struct coord_stat *stat);
/* *data: the value and a NUL byte behind it that data_size does not count; also for the null value, with size 0. */
int coord_get(struct coord_client *client, const char *path, const struct coord_watch *watch, void **data, size_t *data_size,
              struct coord_stat *stat);
int coord_set(struct coord_client *client, const char *path, const void *data, size_t data_size, int32_t version,
              struct coord_stat *stat);
/* *children: child_count names and a NULL; one block. */
int coord_children(struct coord_client *client, const char *path, const struct coord_watch *watch, char ***children,
                   size_t *child_count, struct coord_stat *stat);
int coord_children_page(struct coord_client *client, const char *path, const char *after, uint32_t count, uint32_t bytes,
                        char ***children, size_t *child_count, bool *more, struct coord_stat *stat);
int coord_add_watch(struct coord_client *client, const char *path, enum coord_watch_type type, const struct coord_watch *watch);
int coord_check_watches(struct coord_client *client, const char *path, enum coord_watch_type type);
int coord_remove_watches(struct coord_client *client, const char *path, enum coord_watch_type type);
/* *paths: as the names of coord_children(). */
int coord_ephemerals(struct coord_client *client, const char *prefix, char ***paths, size_t *count);
int coord_count_below(struct coord_client *client, const char *path, size_t *count);
/* *ids: as *acl of coord_get_acl(), with perms 0. */
int coord_who_am_i(struct coord_client *client, struct coord_acl **ids, size_t *count);
/* *results: one for each operation, with all that they point to; one block, to be freed. It is set whatever is returned: NULL
 * where there are no results, as said above. */
int coord_multi(struct coord_client *client, const struct coord_multi *multi, struct coord_result **results, size_t *count);
/* *acl: acl_count entries with their texts; one block, to be freed. */
int coord_get_acl(struct coord_client *client, const char *path, struct coord_acl **acl, size_t *acl_count,
                  struct coord_stat *stat);
int coord_set_acl(struct coord_client *client, const char *path, const struct coord_acl *acl, size_t acl_count, int32_t version,
                  struct coord_stat *stat);
int coord_sync(struct coord_client *client, const char *path);
int coord_close(struct coord_client *client);

#ifdef __cplusplus
}
#endif

#endif
