/* session.h - one connection of coordbench: its session, the requests in flight, the check of every reply.
 *
 * Set-up and end are blocking and simple; in between the socket is non-blocking and the loop in coordbench.c says when
 * it may be read or written. Whatever a server should not do ends the program with a message and exit code 1, so that no
 * figure comes from failed requests.
 */
#ifndef TESTS_BENCH_SESSION_H
#define TESTS_BENCH_SESSION_H

#include "base/buf.h"
#include "bench/histogram.h"
#include "bench/options.h"
#include "bench/requests.h"

#include <stdbool.h>

/* A request on its way: the ring of these is in the order of the xids. */
struct bench_flight {
    uint64_t sent_ns;
    uint32_t reply_size;
};

struct bench_session {
    const struct bench_options *options;
    const struct bench_requests *requests;
    const struct bench_server *server;
    struct bench_flight *flights; /* ring of options->outstanding */
    struct buf in, out;
    uint64_t random;
    uint64_t last_zxid;
    uint32_t in_flight;
    int32_t next_xid, expected_xid;
    int fd;
};

/* Connect to server, open a session and sync it; exits when it does not work. */
void bench_session_open(struct bench_session *s, const struct bench_options *o, const struct bench_requests *r,
                        uint32_t number);

/* Make the tree that the run works on: every key with a value of the asked size. Blocking; before the run. */
void bench_session_make_tree(struct bench_session *s);

/* Wait until this server has what other sessions wrote before. Blocking; before the run. */
void bench_session_sync(struct bench_session *s);

/* Read what has come and add each reply's latency to h (its count is the number of replies). False when nothing came. */
bool bench_session_read(struct bench_session *s, uint64_t now_ns, struct histogram *h);

/* Send requests until `outstanding` are in flight, as far as the socket takes them. True when bytes are left over: call again
 * (with bench_session_flush) when it can be written. */
bool bench_session_fill(struct bench_session *s, uint64_t now_ns);
bool bench_session_flush(struct bench_session *s);

/* Close the session and free. Nothing is in flight. */
void bench_session_close(struct bench_session *s);

#endif
