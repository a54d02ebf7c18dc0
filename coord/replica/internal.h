/* internal.h - the replica's parts, as its own files see them. Nothing outside coord/replica includes this.
 *
 * Data flows one way within a turn: conn, connect, request -> origin -> lead -> drive (paxos) -> log, jobs, messages -> apply
 * -> conn. Each part owns its struct below and is changed by its own file only.
 */
#ifndef COORD_REPLICA_INTERNAL_H
#define COORD_REPLICA_INTERNAL_H

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/map.h"
#include "base/seeded.h"
#include "base/zxid.h"
#include "replica/replica.h"
#include "state/acl.h"
#include "state/session.h"
#include "wire/batch.h"
#include "wire/jute.h"

/* ---- conn.c, connect.c, intake.c, request.c, watches.c: clients ---- */

enum conn_state {
    CONN_NEW,         /* waits for the connect request */
    CONN_CATCHING_UP, /* asked for a session that has seen more than this server: held until it has caught up, or closed */
    CONN_CONNECTING,  /* its create or attach entry is under way */
    CONN_OPEN,
    CONN_CLOSING, /* nothing is executed any more; the shell sends what is there and closes */
};

struct conn {
    struct replica_conn_io io;
    uint64_t id;
    enum conn_state state;
    struct list dirty_link, touched_link, starved_link, drowned_link, arming_link, looking_link, throttled_link;
    bool wants_read_only_byte, asks_read_only;
    bool read_only;    /* opened without a leader: readonly.c */
    uint64_t heard_ms; /* of a read-only one: its last request */
    bool last_words;   /* what follows is not read: closeSession or an unknown operation was sent */
    uint64_t session;
    uint32_t attach, timeout_ms;
    struct list queue; /* struct request, in the order sent */
    uint32_t queued, queued_bytes;
    uint32_t unsubmitted;                 /* writes that wait for credit */
    uint32_t syncs, set_watches, looking; /* these requests keep later writes back */
    uint64_t opened_ms;
    uint64_t drained_ms; /* when the client last took output, or had none waiting */
    uint64_t received, sent;
    struct buf auth;       /* ids, as in an entry: auth.c */
    struct conn_answered { /* what `cons` shows of its requests */
        struct replica_summary latency;
        uint64_t at_ms, zxid, last_ms;
        int32_t xid, op;
    } answered;
    struct slice held; /* CATCHING_UP: the connect request, owned */
    int64_t held_zxid;
    struct local_session *local; /* of an open one: its session is known here alone; NULL: it is not */
    uint64_t local_asked;        /* CONNECTING: the local session asked for; 0: a new one */
    struct list thirsty_link;
};

enum request_kind {
    REQUEST_READ,
    REQUEST_LOOK, /* a read for which a turn may have no time: op_looks() */
    REQUEST_WRITE,
    REQUEST_SYNC,
    REQUEST_PING,
    REQUEST_SET_WATCHES,
    REQUEST_WATCH, /* addWatch, checkWatches, removeWatches */
    REQUEST_AUTH,  /* done when it was read in; only its reply keeps the order */
    REQUEST_ERROR,
    REQUEST_HELD, /* a whole frame that came before the connection was open */
};

/* One client request, from its frame to its reply. A write holds its encoded entry and stays in the origin's list until it is
 * applied, also when its connection has gone (conn NULL): a number stays bound to its request for good (C18). */
struct request {
    struct list queue_link, pending_link; /* empty lists when not queued, not pending */
    struct conn *conn;
    enum request_kind kind;
    bool submitted, answered; /* answered: a sync whose zxid is known */
    bool upgrade;             /* a write that makes its local session global; nobody is told */
    bool close_after;         /* REQUEST_ERROR: header zxid -1, and the connection closes behind the reply */
    int32_t xid, op, err;
    uint32_t auth_size; /* read: so much of the connection's ids counted when it came */
    uint64_t number;    /* write: k */
    uint64_t zxid;      /* sync: the barrier */
    uint64_t sync_id;
    uint64_t at_ms;
    struct list sync_link;
    struct arming *arming; /* setWatches: how far it is; owned */
    uint32_t size;
    uint8_t bytes[]; /* read: the record; write: the encoded entry */
};

void conn_open(struct replica *r, uint64_t id, struct slice address);
void conn_frame(struct replica *r, uint64_t id, struct slice frame);
void conn_closed(struct replica *r, uint64_t id);
void conn_delete(struct conn *c); /* what is in no queue and no table any more */
void conn_drained(struct replica *r, uint64_t id);
void conn_dirty(struct replica *r, struct conn *c);
void conn_close(struct replica *r, struct conn *c);     /* as soon as its output is sent */
void conn_close_bad(struct replica *r, struct conn *c); /* it sent what cannot be read */
void conn_close_all(struct replica *r);                 /* a snapshot replaced the state */
struct conn *conn_of_session(const struct replica *r, uint64_t session);
void conn_bind_session(struct replica *r, struct conn *c, uint64_t session, uint32_t attach);
void conn_reply(struct replica *r, struct conn *c, int32_t xid, int64_t zxid, int err, struct slice record);
void conn_put(struct replica *r, struct conn *c, struct slice frame);                  /* whole, with its length */
void conn_pace(struct replica *r, struct conn *c);                                     /* set or clear io.paused */
void conn_counted(struct replica *r, struct conn *c, int64_t requests, int64_t bytes); /* its queue has so many more */
void conn_answered(struct replica *r, struct conn *c, int32_t xid, int32_t op, uint64_t since_ms); /* behind the reply */

/* conns.c: the connections in the order of their ids. */
struct conn_row {
    struct conn_place {
        uint64_t id;
        struct conn *conn; /* NULL: gone */
    } * places;
    size_t count, capacity, gaps;
};
void conn_row_add(struct conn_row *row, struct conn *c);
void conn_row_remove(struct conn_row *row, const struct conn *c);
struct conn *conn_row_after(const struct conn_row *row, uint64_t id); /* the one with the least id above; NULL: none */

void connect_frame(struct replica *r, struct conn *c, struct slice frame);
void connect_respond(struct replica *r, struct conn *c, uint32_t timeout_ms, uint64_t session, const uint8_t *password);
void connect_refuse(struct replica *r, struct conn *c);        /* there is no such session, or not with this password */
int32_t connect_clamp(const struct replica *r, int32_t asked); /* to the time-outs that are allowed */
void connect_turn_away(struct replica *r); /* closes those without a session that wait for what is applied */
void connect_caught_up(struct replica *r); /* looks at the held ones: applied moved on, or time passed */
void connect_done(struct replica *r, struct conn *c, const struct apply *a);

void intake_frame(struct replica *r, struct conn *c, struct slice frame);
void intake_opened(struct replica *r, struct conn *c); /* the frames that were held */

struct request *request_new(struct replica *r, struct conn *c, enum request_kind kind, int32_t xid, int32_t op, size_t size);
void request_free(struct request *q); /* out of all lists */
void request_enqueue(struct replica *r, struct conn *c, struct request *q);
void request_number(struct replica *r, struct conn *c,
                    struct request *q); /* a write: queued, and on its way if it may leave now */
void request_read(struct replica *r, struct conn *c, const struct op_desc *op, const void *decoded, int32_t xid,
                  size_t auth_size);
/* Its client does not read: nothing more of it is executed until it does. */
bool request_stalled(const struct conn *c);
void request_run(struct replica *r, struct conn *c); /* execute what the head of the queue allows */
void request_run_looking(struct replica *r);         /* those that the last turn had no time for */
#define REQUEST_TURN_LOOKS 65536                     /* nodes that such reads look at in one turn; one of them is never split */
void request_before_apply(struct replica *r, struct request *q); /* what was sent before this write runs now at the latest */
void request_applied(struct replica *r, struct request *q, const struct apply *a,
                     struct slice record); /* our write came back */

/* ---- readonly.c ---- */

void read_only_begin(struct replica *r);
void read_only_end(struct replica *r);
void read_only_expire(struct replica *r); /* clients that fell silent */
void read_only_connect(struct replica *r, struct conn *c, const struct zk_connect_request *m);
/* True: it is answered, being no read. */
bool read_only_refuses(struct replica *r, struct conn *c, const struct zk_request_header *h, const struct op_desc *op);

/* ---- watches.c ---- */

#define WATCHES_TURN_DROPS 4096 /* watches of closed connections that are taken out in one turn */
#define WATCHES_TURN_PATHS 4096 /* paths of setWatches that are looked at in one turn; a long one counts for several */
#define WATCHES_TURN_PIECE 256

void watches_fire(struct replica *r, const struct apply *a); /* tells who waited for what it changed, and may READ it */
bool watches_decode(struct request *q);                      /* setWatches, once it is enqueued; false: malformed */
bool watches_set(struct replica *r, struct conn *c, struct request *q); /* false: not all of it, for now */
void watches_run(struct replica *r);                                    /* what earlier turns have left */
void watches_request(struct replica *r, struct conn *c, const struct request *q, const union op_request *m);

/* ---- auth.c ---- */

void auth_opened(struct conn *c, struct slice address);
int auth_add(struct replica *r, struct conn *c, const struct zk_auth_packet *m); /* 0 or -COORD_E_AUTH_FAILED */
bool auth_suffices(const struct replica *r, const struct conn *c);               /* it has an id that the options demand */

/* ---- origin.c: this server's numbered writes (C18, C19) ---- */

struct origin_part {
    struct list pending;  /* struct request, by number: not applied yet */
    struct list starved;  /* connections with a write that waits for credit */
    struct list *unsent;  /* the first pending that the present leader was not sent; &pending: all were */
    uint64_t next_number; /* of the next write; 0 is the ORIGIN entry itself */
    size_t pending_bytes;
    uint32_t credit;        /* bytes that may be pending, as the leader grants */
    uint32_t epoch, leader; /* to whom `unsent` refers */
    uint64_t progress_ms;   /* when an own write was last applied or all was sent anew */
};

void origin_init(struct replica *r);
void origin_encode(struct replica *r, struct request *q, const struct entry *e); /* into q->bytes, as this origin's */
void origin_submit(struct replica *r, struct request *q);                        /* number it and make it pending */
void origin_feed(struct replica *r); /* there may be credit again for starved connections */
bool origin_has_credit(const struct replica *r, size_t size);
void origin_pump(struct replica *r);   /* forward what the leader has not been sent */
void origin_resend(struct replica *r); /* nothing moves: send all anew */

/* A FORWARD of nothing: somebody waits here for what the leader may be holding back (commit.c). */
void origin_ask(struct replica *r);

void origin_link_lost(struct replica *r, uint32_t peer);               /* what was on its way to it may be lost */
struct request *origin_peek(const struct replica *r, uint64_t number); /* the oldest pending, if it has this number */
void origin_take(struct replica *r, struct request *q);                /* it was applied: no longer pending */
void origin_drop_applied(struct replica *r);                           /* after a snapshot: forget what it holds already */

/* ---- lead.c: the leader's desk ---- */

struct lead_origin {
    uint64_t incarnation, number; /* the last number in the log */
    uint32_t boot;
    bool known;
};

struct lead_part {
    bool open; /* established, and everything up to history_end is applied: takes forwards, syncs, sessions */
    uint32_t epoch;
    struct buf queue;               /* encoded entries, admitted, not proposed yet */
    struct lead_origin origin[128]; /* by server id, 1..127 */
    int64_t wall_ms, cluster_ms;    /* of the last entry stamped */
    int64_t cluster_base_ms;
    uint64_t mono_base_ms;
    struct map heard;   /* session -> monotonic ms + 1 when last heard */
    uint64_t opened_ms; /* nobody is late before a full time-out from here */
    uint64_t since_ms;  /* when the desk was opened */
    uint64_t scan_cursor, scan_at_ms;
    size_t reap_cursor;
    uint64_t reap_at_ms;     /* the next look at containers and TTL nodes */
    uint64_t reap_minute_ms; /* since when reap_count counts */
    uint32_t reap_count;
};

void lead_update(struct replica *r); /* open or close the desk as consensus says */
void lead_close(struct replica *r);
void lead_versions(struct replica *r);                           /* a follower has said which entries it reads */
void lead_admit(struct replica *r, struct slice entries);        /* forwards of an origin, own ones too */
void lead_propose_own(struct replica *r, const struct entry *e); /* an entry without an origin: expiry */
void lead_flush(struct replica *r);                              /* stamp and propose what waits */
void lead_form(struct replica *r);                               /* C15 */
void lead_heard(struct replica *r, uint64_t session);
void lead_reap(struct replica *r);   /* looks for containers and TTL nodes whose time has come; the desk is open */
void lead_expire(struct replica *r); /* look for sessions that are late; the desk is open */
uint32_t lead_credit(const struct replica *r);

/* ---- sync.c ---- */

struct sync_barrier {
    uint64_t round, zxid, id;
    uint32_t peer; /* who asked; own id: this server's own syncs */
};

struct sync_part {
    struct list waiting; /* requests by sync_link, in order of sync_id */
    struct list lagging; /* answered, but this server has not applied as much yet; in order of zxid */
    uint64_t next_id;    /* that a sync arriving now gets */
    uint64_t asked_id;   /* outstanding, 0 none */
    uint32_t asked_epoch, asked_of;
    uint64_t asked_ms;
    struct sync_barrier *barriers; /* leader: asked of paxos, rounds rising */
    uint32_t barrier_count, barrier_capacity;
};

void sync_request(struct replica *r, struct request *q);
void sync_pump(struct replica *r);
void sync_applied(struct replica *r); /* applied moved on */
void sync_on_message(struct replica *r, const struct peer_msg *m);
void sync_on_answer(struct replica *r, const struct peer_msg *m);
void sync_confirm(struct replica *r); /* leader: rounds that are confirmed now */
void sync_lead_lost(struct replica *r);
void sync_link_lost(struct replica *r, uint32_t peer);

/* ---- log.c: entries in memory ---- */

struct log_slot {
    struct batch *batch;
    uint32_t from, to;
};

struct log_part {
    struct log_slot *slots; /* ring, by rising zxid */
    uint32_t head, count, capacity;
    size_t bytes;
    struct log_slot *staged; /* a history being adopted (C7) */
    uint32_t staged_count, staged_capacity;
};

void log_deinit(struct replica *r);
void log_append(struct replica *r, struct batch *b, uint32_t from, uint32_t to);
void log_cut_after(struct replica *r, uint64_t zxid);
void log_reset(struct replica *r);
void log_shrink(struct replica *r); /* drop what is applied and durable beyond REPLICA_CACHE_BYTES */
bool log_find(const struct replica *r, uint64_t zxid, struct log_slot *at); /* at->from is the entry; at->to the slot's end */
void log_first_after(const struct replica *r, uint64_t zxid, struct log_slot *at); /* an entry behind zxid is in memory */
void log_stage(struct replica *r, struct batch *b, uint32_t from, uint32_t to);
void log_drop_staged(struct replica *r);

/* ---- drive.c, message.c: consensus and peers ---- */

struct held_message {
    uint64_t wait_seq;
    struct peer_msg message;
};

struct peer_part {
    uint32_t id;
    bool up, told_up; /* told_up: what the core knows; behind only while a snapshot is being installed */
    struct replica_peer_output output;
    bool reading;          /* a READ_LOG for it is under way; read_message waits for the bytes */
    bool differs;          /* leader: its digest is not ours at the same zxid */
    uint8_t entry_version; /* the newest that it reads, as it said on this link; 0: it has not */
    /* commit.c */
    bool quiet;             /* it has no clients */
    uint64_t commit_due_ms; /* a COMMIT waits until then; 0: none */
    struct peer_commit commit;
    struct peer_msg read_message;
    /* snap_send.c */
    struct snap_send {
        bool active, reading, wanted;
        uint64_t transfer, zxid, size, sent, acked;
        uint64_t progress_ms, poked_ms; /* when something new was acknowledged; when it was last asked for */
        uint32_t epoch;
    } send;
};

struct peer_part *peer_part_find(struct replica *r, uint32_t id);
void drive_event(struct replica *r, struct paxos_event *event,
                 struct batch *batch); /* batch: of a message or submit; borrowed */
void drive_persisted(struct replica *r, uint64_t seq);
void drive_read_done(struct replica *r, struct job *j);
void drive_job(struct replica *r, struct job *j);         /* queue it for the shell */
void message_send(struct replica *r, struct peer_msg *m); /* encode into the peer's output */
void message_receive(struct replica *r, const struct peer_msg *m);
void message_link(struct replica *r, uint32_t peer, bool up);
void message_tell_links(struct replica *r);
void message_heartbeats(struct replica *r); /* leader: tell all at once that the desk is open */

void message_put_bulk(struct peer_part *peer, const struct peer_msg *m); /* lost beyond the bounds of its output */

/* ---- commit.c ---- */

void commit_send(struct replica *r, struct peer_part *peer, const struct peer_msg *m); /* now, or held back */
void commit_told(struct peer_part *peer, uint64_t committed); /* something else that leaves for it says so */
void commit_loud(struct peer_part *peer);                     /* it has clients */
void commit_run(struct replica *r);
uint64_t commit_wake_at_ms(const struct replica *r); /* UINT64_MAX: nothing is held back */

/* ---- cork.c ---- */

struct cork_voter {
    bool corked, quiet;
    uint64_t vote;                       /* paxos_current_vote() */
    uint64_t since_ms;                   /* corked: when it was */
    uint64_t last_ms;                    /* when bulk last waited for it */
    uint64_t doubted_until_ms, doubt_ms; /* not relied upon until then; for how long the last time */
};

struct cork_part {
    bool leads;
    uint64_t zxid, zxid_ms;            /* the end of the log then, when all before it was chosen */
    struct cork_voter voter[PEER_MAX]; /* of peers[i]; behind them this server's own */
};

void cork_run(struct replica *r);
uint64_t cork_wake_at_ms(const struct replica *r); /* UINT64_MAX: nothing is corked */

/* ---- apply.c ---- */

struct digest_at {
    uint64_t zxid, digest;
};
#define DIGEST_RING 1024

struct apply_part {
    struct apply_turn { /* done in this turn */
        uint32_t entries, changes, bytes;
    } turn;
    uint64_t commit; /* may be applied up to here */
    uint64_t applied;
    struct runs boot_log; /* entries found on the disk at the start that are not applied yet: read by jobs */
    struct job *replay;   /* a READ_LOG whose bytes are being applied */
    struct slice replay_rest;
    bool reading;
    struct digest_at ring[DIGEST_RING];
    struct digest_at claim; /* the leader's, to be compared once applied reaches it */
    uint32_t claim_epoch;   /* of the leader whose claims count */
    uint64_t differs_ms;    /* since when they differ; 0: they do not */
};

void apply_run(struct replica *r);
void apply_read_done(struct replica *r, struct job *j);
void apply_check_digest(struct replica *r, uint32_t epoch, uint64_t zxid, uint64_t digest); /* follower: as its leader says */
void apply_check_follower(struct replica *r, struct peer_part *peer, uint64_t zxid, uint64_t digest); /* leader */
void apply_judge(struct replica *r); /* stops a server that has differed for long enough */
void apply_reset(struct replica *r, struct state *state, uint64_t zxid);

/* ---- snap_take.c, snap_receive.c, snap_send.c ---- */

enum snap_take_state { SNAP_IDLE, SNAP_WALKING, SNAP_COMMITTING };

struct snap_take {
    enum snap_take_state state;
    uint64_t zxid; /* of the one being taken */
    uint64_t begun_ms;
    uint32_t jobs;          /* chunks under way */
    uint64_t entries;       /* applied since the last one */
    uint64_t durable_zxid;  /* the newest verified one on the disk */
    uint64_t not_before_ms; /* no space: not tried again before */
    bool asked;             /* a follower needs one and there is none */
};

/* SNAPSHOT_ACK's `refused`. */
enum snap_ack { SNAP_ACK_PROGRESS = 0, SNAP_ACK_REFUSED = 1, SNAP_ACK_INSTALLED = 2 };

struct snap_receive {
    struct state *state; /* loaded, to be installed */
    bool active, installing, finishing;
    uint32_t from, epoch;
    uint64_t transfer, zxid, size, next, written;
    uint64_t progress_ms, not_before_ms; /* not_before_ms: one was refused; no other is begun before */
    uint32_t jobs;
};

void snap_take_run(struct replica *r);
void snap_take_done(struct replica *r, struct job *j);
void snap_take_abort(struct replica *r);                        /* the state is about to be replaced */
void snap_send_want(struct replica *r, struct peer_part *peer); /* consensus says it needs one; begun by the next run */
void snap_send_run(struct replica *r);
void snap_send_ack(struct replica *r, const struct peer_msg *m);
void snap_send_read_done(struct replica *r, struct job *j);
void snap_send_stop(struct replica *r, struct peer_part *peer);
void snap_receive_piece(struct replica *r, const struct peer_msg *m);
void snap_receive_stop(struct replica *r, uint32_t peer); /* its link broke: what it was sending will not be finished */
bool snap_receive_busy(const struct replica *r);          /* one comes in, or jobs of one that came are under way */
bool snap_receive_refused(const struct replica *r);       /* a short while ago: it lacks what only a snapshot brings */
void snap_receive_run(struct replica *r);                 /* give up on a sender that fell silent */
void snap_receive_done(struct replica *r, struct job *j);

/* ---- local.c ---- */

struct local_part {
    struct map by_id;    /* id -> struct local_session */
    struct list all;     /* of them, who was looked at last at the end */
    struct list thirsty; /* connections that wait for entropy */
    uint64_t scan_at_ms;
    uint64_t scan_left; /* of all, in this pass */
};

/* A connect request when there are local sessions; false: it is the log's business. */
bool local_connect(struct replica *r, struct conn *c, const struct zk_connect_request *m);
void local_done(struct replica *r, struct conn *c); /* its turn has come */
void local_feed(struct replica *r);                 /* there may be entropy for those who wait */
/* An id that nobody has here, and a password: 0 when there is not enough entropy (or, once in ages, it is taken). */
uint64_t local_draw(struct replica *r, uint8_t password[ZK_PASSWORD_BYTES]);
bool local_known(const struct replica *r, uint64_t id, struct state_session *session);
void local_read_only(struct replica *r, struct conn *c); /* one was opened: by a local session, perhaps */
/* The four of a connection that has a local session. */
void local_heard(const struct replica *r, const struct conn *c);
void local_submitted(struct conn *c, const struct request *q);    /* a write of it got its number */
struct request *local_upgrade(struct replica *r, struct conn *c); /* to be queued ahead of what needs it */
void local_end(struct replica *r, struct conn *c);                /* closeSession */
void local_upgraded(struct replica *r, uint64_t id);              /* UPGRADE was applied */
void local_expire(struct replica *r);
uint64_t local_count(const struct replica *r);
void local_deinit(struct replica *r);

/* ---- spread.c ---- */

void figure_add(struct replica_summary *l, uint64_t value);
void figure_size(struct replica_sizes *s, size_t size);
void spread_add(struct replica_spread *s, uint64_t ms);

/* ---- liveness.c ---- */

#define CHECK_INTERVAL_MS 50 /* how often late sessions, stuck forwards and held connections are looked at */

void liveness_touch(struct replica *r, struct conn *c);
void liveness_report(struct replica *r, struct buf *to);  /* follower: ids of sessions heard since the last report */
void liveness_heard(struct replica *r, struct slice ids); /* leader: a follower's report */
void liveness_run(struct replica *r);                     /* expiry, and clients that should look for a better server */

/* ---- the whole ---- */

struct replica {
    struct replica_options options;
    struct replica_now now;
    struct paxos paxos;
    struct paxos_out out;
    struct state *state;
    struct watch_table *watch;
    struct map conns, sessions; /* conn id -> conn; session id -> conn */
    struct conn_row conn_row;
    struct list dirty, touched;
    struct list drowned;         /* connections with REPLICA_OUTPUT_EVENTS_BYTES of events, to be closed */
    bool throttled;              /* the limits of all waiting requests were reached, and they are not well below yet */
    struct list throttled_conns; /* paused for that alone */
    struct list arming;          /* connections whose setWatches goes on in the next turn */
    int64_t arming_left;         /* of WATCHES_TURN_PATHS */
    struct list looking;         /* connections whose REQUEST_LOOK waits for the next turn */
    int64_t looks_left;          /* of REQUEST_TURN_LOOKS */
    uint32_t catching_up;        /* connections in CONN_CATCHING_UP */
    struct origin_part origin;
    struct lead_part lead;
    struct sync_part sync;
    struct log_part log;
    struct apply_part apply;
    struct snap_take take;
    struct snap_receive receive;
    struct local_part local;
    struct peer_part peers[PEER_MAX];
    uint32_t peer_count;
    uint8_t entry_version; /* no newer entries are made: all servers read these */
    struct cork_part cork;
    struct held_message *held; /* send_after_persist, in order of wait_seq */
    uint32_t held_count, held_capacity;
    struct list jobs[2];    /* by lane, for the shell */
    uint64_t persisted_seq; /* done, not told to paxos yet */
    uint64_t mark_at_ms;    /* when to write the idle mark; 0: not due */
    uint64_t paxos_wake_ms, check_at_ms;
    bool again; /* work is left for the next turn at once */
    uint64_t cluster, transfer_next;
    uint8_t entropy[REPLICA_ENTROPY_BYTES];
    size_t entropy_size;
    bool read_only;               /* there was no leader for options.read_only_after_ms */
    uint64_t leaderless_since_ms; /* 0: there is a leader that serves */
    uint64_t awake_ms;            /* the last look at who is alive */
    uint64_t woke_ms;      /* this server was stopped until then, and heard nobody: no session is late before a full time-out */
    uint64_t hand_over_ms; /* 0: not asked to */
    const char *failed;
    struct buf scratch, reply, event;
    struct buf quota_path; /* of stats.quota_last */
    struct refusals {      /* of quotas */
        struct buf space;
        uint64_t count;
    } refusals[REPLICA_REFUSALS];
    uint32_t refusals_count;
    struct replica_stats stats; /* counters only; the rest is filled when asked */
    struct replica_spread read_latency, write_latency, propagation;
};

bool replica_serving(const struct replica *r);
void replica_versions(struct replica *r, uint8_t entry_version); /* all servers read these entries */
void replica_fail(struct replica *r, const char *why);           /* static text; the first one stays */

static inline bool replica_leads(const struct replica *r)
{
    return r->paxos.role == PAXOS_LEADING;
}

static inline uint32_t replica_self(const struct replica *r)
{
    return r->options.paxos.self;
}

#endif
