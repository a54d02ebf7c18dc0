/* client.h - a client: its session, its requests in flight, its watches, and the promises that it holds its servers to.
 *
 * It speaks the wire protocol: connects, pings, pipelines, gives up on a silent server and moves on with its session, sets its
 * watches anew, closes or leaves its session to expire. Checked at each reply and event: C1 replies in the order of the
 * requests, C2 zxids never fall, C4 each read is the state at the zxid it names, each write is later than all that were
 * complete before it, a sync is not behind any of them, C5 a result is that of the committed entry, C8 a watch fires once,
 * C9 before any reply that shows the change, C11, C14 nobody reads or hears of what he may not.
 *
 * What clients are told of sessions is ck_session.c's.
 *
 * client.c has the session and the connection, client_reply.c the checks of replies, client_read.c those of reads,
 * client_watch.c the one-shot watches, client_stream.c those that stay, client_write.c what became of each write.
 */
#ifndef TESTS_SIM_CLIENT_H
#define TESTS_SIM_CLIENT_H

#include "base/list.h"
#include "sim/sim.h"
#include "wire/entry.h"
#include "wire/jute.h"

#define CLIENT_PATH_MAX 64
#define CLIENT_WATCHES_MAX 24
#define CLIENT_STREAMS_MAX 3

/* A request. Writes are kept for the whole run, others until they are answered or lost. */
struct op {
    struct list link; /* in flight */
    int32_t xid, opcode;
    char path[CLIENT_PATH_MAX];
    bool watch, sequential, write;
    bool hopeless; /* a write that its local session is refused by its server, without an entry */
    uint64_t session, conn;
    uint64_t lower; /* s->completed when it was sent */
    uint64_t at;    /* when it was sent */
    uint64_t body_hash;
    uint32_t who;      /* the users that its connection has proven */
    int32_t number;    /* client_request's */
    struct buf body;   /* of a multiRead: what it asks */
    struct op *before; /* the write before it on the same connection */
    /* Of writes: */
    bool committed, refused; /* an entry of it was taken; refused: as moved or expired */
    bool answered;
};

enum client_phase { CLIENT_IDLE, CLIENT_CONNECTING, CLIENT_CONNECTED, CLIENT_CLOSING };

struct client_watch {
    char path[CLIENT_PATH_MAX];
    bool child, exist; /* exist: set where no node was */
    bool pending;      /* the connection is a new one, and setWatches has no answer yet */
    uint64_t zxid;     /* no change up to here is still to be told */
};

/* A watch that stays: on a node and its children, or recursive. */
struct client_stream {
    char path[CLIENT_PATH_MAX];
    bool recursive;
    bool asked, armed; /* asked: its place is taken */
    bool pending;      /* as above */
    size_t next;       /* of the model's changes: those before it were told, or are none of it */
};

struct client {
    uint32_t id;
    struct rng rng;
    uint32_t who; /* the users that it proves on each connection, first of all */
    bool reader;  /* no write of its own ever stands before its reads */
    enum client_phase phase;
    uint64_t next_at; /* IDLE: when to connect */
    uint32_t home;    /* scripts: to this server; 0: to none until all is mended, then to any */
    uint32_t server;  /* of the connection */
    uint64_t conn, since_at, heard_at, sent_at;
    uint64_t session;
    uint8_t password[ZK_PASSWORD_BYTES];
    uint32_t timeout_ms;
    uint32_t least_ms;   /* the least time-out that any process may think it has */
    uint64_t vouched_at; /* its process has heard of it since then */
    bool closed;         /* closeSession was sent */
    int32_t xid;
    uint64_t last_zxid;
    struct list flight; /* struct op */
    uint32_t flight_count;
    bool write_lost;       /* with the last connection went writes that may still take effect */
    struct op *last_write; /* on this connection */
    struct client_watch watch[CLIENT_WATCHES_MAX];
    uint32_t watch_count;
    struct client_stream stream[CLIENT_STREAMS_MAX];
    uint64_t event_zxid;        /* of the last event */
    uint64_t watches_since;     /* relative zxid of the setWatches under way */
    int32_t version[8];         /* of the keys, as last heard */
    uint32_t workload;          /* enum workload */
    int32_t counter;            /* the counter, as last read */
    int32_t balance[8];         /* of the accounts, as last read */
    int32_t account[8];         /* their versions; -1: not known */
    char lock[CLIENT_PATH_MAX]; /* its place in the queue for the lock; empty: none */
    uint64_t replies, sessions, expired;
};

struct client *client_new(struct sim *s, uint32_t id);
void client_free(struct sim *s, struct client *c);
void client_write_free_all(struct sim *s);

/* Requests, on a connected client. data: for create and setData; number: flags or version. */
void client_request(struct sim *s, struct client *c, int32_t opcode, const char *path, struct slice data, int32_t number,
                    bool watch);
struct op *client_send(struct sim *s, struct client *c, int32_t opcode, const char *path, struct buf *body); /* empties it */
void client_close_session(struct sim *s, struct client *c);
void client_move(struct sim *s, struct client *c, uint32_t home); /* leaves its connection; see home */
void client_vanish(struct sim *s, struct client *c); /* says nothing for a while, often about as long as its session lasts */

/* From the connection. */
void client_frame(struct sim *s, uint32_t client, uint64_t conn, struct slice frame);
void client_conn_lost(struct sim *s, uint32_t client, uint64_t conn);

/* From the committed sequence. */
void client_committed(struct sim *s, const struct entry *e, int err);
void client_expired(struct sim *s, uint64_t session);

/* Between the files of the client. */
void client_reply(struct sim *s, struct client *c, struct op *op, const struct zk_reply_header *h, struct jute_cursor *in);
void client_read_reply(struct sim *s, struct client *c, const struct op *op, const struct zk_reply_header *h,
                       struct jute_cursor *in);
void client_expect_stat(struct sim *s, struct client *c, const struct op *op, uint64_t zxid, const struct zk_stat *got,
                        const struct zk_stat *want);
void client_decode(struct sim *s, struct client *c, const struct op *op, struct jute_cursor *in,
                   const struct jute_record *table, void *record);
void client_op_free(struct op *op);
void client_shown(struct sim *s, struct client *c, uint64_t zxid); /* a reply with this zxid came: C2, C9 */
void client_watch_set(struct sim *s, struct client *c, const char *path, bool child, bool exist, uint64_t zxid);
void client_watch_event(struct sim *s, struct client *c, const struct zk_reply_header *h, const struct zk_watcher_event *e);
void client_watch_settled(struct sim *s, struct client *c);  /* the world is at rest: no event is still to come */
void client_watch_lost(struct client *c);                    /* the connection: all are pending */
void client_watch_request(struct client *c, struct buf *to); /* the setWatches record */
void client_watch_restored(struct sim *s, struct client *c, uint64_t zxid);
void client_watch_unheard(struct sim *s, struct client *c, uint64_t until); /* used up by what it may not hear of */
bool client_watch_room(const struct client *c);                             /* for one more */
struct client_stream *client_stream_find(struct client *c, const char *path, bool recursive); /* NULL: not asked for */
void client_stream_ask(struct sim *s, struct client *c, const char *path, bool recursive);    /* unless there is no place */
void client_stream_set(struct sim *s, struct client *c, const char *path, bool recursive, uint64_t zxid); /* was answered */
void client_stream_removed(struct sim *s, struct client *c, const struct op *op, int err); /* removeWatches was answered */
bool client_stream_any(const struct client *c);
bool client_stream_event(struct sim *s, struct client *c, const char *path, const struct zk_reply_header *h,
                         const struct zk_watcher_event *e); /* true: it was the next one of a stream */
void client_stream_shown(struct sim *s, struct client *c, uint64_t zxid);
void client_stream_lost(struct client *c);
void client_stream_restored(struct sim *s, struct client *c, uint64_t zxid);
void client_write_sent(struct sim *s, struct client *c, struct op *op);
/* False: it is the end of a local session, of which the log knows nothing. */
bool client_write_answered(struct sim *s, struct client *c, struct op *op, const struct zk_reply_header *h);

#endif
