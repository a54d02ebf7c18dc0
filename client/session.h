/* session.h - one session with the ensemble as a bare state machine: no sockets, no clock, no callbacks run.
 *
 *   WAITING ──retry_at──> DIALLING ──connected──> GREETING ──response──> UP        any of the last three, when lost:
 *      ^                                                                 │         the next server at once, or WAITING once
 *      └──────────────── all servers failed ────────<────────────────────┘         all failed; ENDED: expired or closed
 *
 * The shell around it keeps at most one connection, to server `server` of its list, while `attempt` is not 0; whenever
 * `attempt` differs from that of its connection, it drops that one and dials for the new number. It feeds in what happens
 * (connected, input, wrote, lost, time) and takes out bytes to send, and one event at a time of what to tell the program.
 * Time-outs: a ping after a third of the session time-out without sending; the server is given up after two thirds without
 * hearing, but not before it was asked for a third: a program that paused is not taken for a silent server. Each attempt to
 * connect has two thirds divided by the number of servers. Memory that runs out fails the request it is for, or breaks the
 * connection, which is then tried again. Pure.
 */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "base/rng.h"
#include "coord/client.h"
#include "input.h"
#include "reply.h"
#include "request.h"
#include "watches.h"

#define SESSION_ATTEMPT_MS_MIN 200
#define SESSION_BACKOFF_MS_MIN 50
#define SESSION_BACKOFF_MS_MAX 1000
#define SESSION_PROBLEM_BYTES 128

struct session_options {
    uint32_t server_count; /* at least 1 */
    uint32_t timeout_ms;
    uint64_t seed;
    int64_t session_id; /* 0: new */
    const uint8_t *password;
};

enum session_phase { SESSION_WAITING, SESSION_DIALLING, SESSION_GREETING, SESSION_UP, SESSION_ENDED };

struct session {
    /* For the shell to read. */
    uint64_t attempt; /* of the connection that is wanted; 0: none */
    uint32_t server;  /* index in its list */
    enum coord_state state;
    char problem[SESSION_PROBLEM_BYTES]; /* why the last connection or attempt failed */
    int64_t id, last_zxid;
    uint8_t password[COORD_PASSWORD_BYTES];
    uint32_t timeout_ms; /* asked for, then as granted */

    enum session_phase phase;
    uint32_t asked_timeout_ms;
    uint64_t now_ms;
    uint64_t attempts; /* ever made */
    struct rng rng;

    /* The servers, shuffled. */
    uint32_t *order;
    uint32_t server_count, order_at;
    uint32_t attempts_left; /* before a pause */
    uint32_t backoff_ms;
    uint64_t retry_at_ms, attempt_until_ms;

    /* Requests: waiting for a connection; going out on this one; sent; failed and not told yet. */
    struct request_list waiting, out, sent, failed;
    size_t out_done; /* bytes of the first of `out` already written */
    uint32_t request_count;
    size_t request_bytes;
    int32_t last_xid;
    struct request *ping;       /* made once; in `out` at times */
    struct request_list proofs; /* what each new connection begins with; copies go out */
    bool closing;               /* a closeSession is queued: nothing more is taken */
    uint64_t heard_at_ms, sent_at_ms;
    uint64_t asked_at_ms; /* when the first packet since then was queued, or one was still to be sent; 0: none */

    struct input input;
    struct watches watches;
    struct watch *fired, *fired_last; /* linked by `next`, to be told */
    uint32_t set_watches_unanswered, proofs_unanswered;
    int64_t watch_zxid; /* every event of a change up to here was received */

    /* What session_next() lent out. */
    struct request *told_request;
    struct watch *told_watch;
    struct reply reply;
    enum coord_state told_state;
};

enum session_event_type { SESSION_EVENT_REPLY, SESSION_EVENT_WATCH, SESSION_EVENT_STATE };

struct session_event {
    enum session_event_type type;
    coord_reply_cb reply_cb; /* may be NULL */
    coord_watch_cb watch_cb;
    void *arg;
    const struct coord_reply *reply;
    struct coord_event watch;
    enum coord_state state;
};

/* Begins in DIALLING. Returns 0 or -COORD_E_NO_MEMORY; then nothing is to be freed. Does not move afterwards. */
int session_init(struct session *s, const struct session_options *options, uint64_t now_ms);
void session_deinit(struct session *s); /* after session_abandon() and the last event, or in a test */

/* Take a request (see request.h) and its watch, of this kind. 0: it is the session's, and will be told of; or THROTTLED,
 * SESSION_EXPIRED, CLOSING, and it is still the caller's. One with opcode ZK_OP_CLOSE_SESSION is the last one taken. */
int session_submit(struct session *s, struct request *r, uint64_t now_ms);

/* Take an auth packet, for this connection and each later one, where it goes before all others. 0, or NO_MEMORY,
 * SESSION_EXPIRED, CLOSING, THROTTLED (COORD_REQUEST_BYTES_MAX of them), and it is still the caller's. A server that refuses
 * one ends the session's handle: state CLOSED, and what waits fails with AUTH_FAILED. */
int session_prove(struct session *s, struct request *r, uint64_t now_ms);

void session_connected(struct session *s, uint64_t now_ms);
/* The attempt failed or the connection broke; why, for people. */
void session_lost(struct session *s, const char *why, uint64_t now_ms);
/* Bytes to be sent: up to max pieces, valid until the next call but session_wrote(). Returns how many pieces. */
size_t session_output(const struct session *s, struct slice *pieces, size_t max);
void session_wrote(struct session *s, size_t size, uint64_t now_ms);
/* Where to put what was received, NULL: out of memory. */
uint8_t *session_input_reserve(struct session *s, size_t *space);
void session_input(struct session *s, size_t size, uint64_t now_ms);
void session_timer(struct session *s, uint64_t now_ms);
uint64_t session_wake_at_ms(const struct session *s); /* UINT64_MAX: never */

/* The next thing to tell, false: nothing. Call until false after each of the above, telling each before the next. What an
 * event points to is valid until the next session_next() or session_deinit(). */
bool session_next(struct session *s, struct session_event *event);
bool session_has_news(const struct session *s); /* something failed, fired or changed state: session_next() has it */

/* Fail everything with CLOSING and end; session_next() then has what is left to tell. */
void session_abandon(struct session *s);

#endif
