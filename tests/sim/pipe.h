/* pipe.h - connections between clients and servers, like TCP: ordered, never lossy while they stand, and they break.
 *
 * The two ends see different things: a client whose server died hears of it soon, or never (then its own time-outs help it);
 * a server learns late that a client is gone. A stalled connection moves nothing more in either direction, and nobody is told.
 */
#ifndef TESTS_SIM_PIPE_H
#define TESTS_SIM_PIPE_H

#include "base/slice.h"
#include "sim/node.h"

struct pipes *pipes_new(struct sim *s);
void pipes_free(struct sim *s);

/* Client `client` dials server `id`. Frames go in and out by pipe_send and client_frame; the number is never used again.
 * A server that is not there is reported by client_conn_lost, or by silence. */
uint64_t pipe_open(struct sim *s, uint32_t client, uint32_t id);
uint64_t pipe_life(const struct sim *s, uint64_t conn);           /* of the process that took it (node.h) */
void pipe_send(struct sim *s, uint64_t conn, struct slice frame); /* without its length; ignored when the conn is gone */
void pipe_close(struct sim *s, uint64_t conn);                    /* by the client */
void pipe_stall(struct sim *s, uint64_t conn);
void pipe_slow(struct sim *s, uint64_t conn, uint64_t ms); /* the client reads nothing for a while */
void pipe_stall_client(struct sim *s, uint32_t client);    /* all of a client's connections */

/* The node's replica has news: output, pauses, closings. */
void pipe_take(struct sim *s, struct node *n);
void pipe_process_died(struct sim *s, struct node *n);

#endif
