/* conn.h - one client connection, shared by conn.c (its bytes) and clients.c (all of them); not for other folders. */
#ifndef COORD_NET_CONN_H
#define COORD_NET_CONN_H

#include "base/list.h"
#include "base/map.h"
#include "net/address.h"
#include "net/clients.h"
#include "net/event.h"
#include "net/listener.h"

#define CONN_STUCK_MS 10000 /* an answer or a last reply of which nothing was taken for so long: closed */
#define CONN_WARM_MS 1000   /* a buffer not used for so long is given back */

enum conn_state { CONN_FIRST, CONN_OPEN, CONN_ANSWERING, CONN_GONE };

struct conn {
    struct clients *clients;
    struct event event;             /* interests: those of `wants` */
    struct buf in;                  /* the begin of a frame that has not come whole */
    size_t in_used;                 /* of it: frames that the events of this turn borrow */
    struct buf answer;              /* to a four-letter word */
    const struct report_word *word; /* whose answer is not printed to its end */
    struct report_place place;
    struct replica_conn_io *io; /* NULL until the replica has something for it */
    struct list link;           /* in clients.touched or clients.gone, else alone */
    struct list warm;           /* in clients.warm while it holds memory of buffers, else alone */
    uint64_t id, address_key, active_ms;
    int fd;
    enum conn_state state;
    short wants;
    char address[NET_ADDRESS_TEXT]; /* of the client, for ACLs */
};

struct clients {
    struct event_base *base;
    struct inbox *inbox;
    struct replica *replica;
    struct clients_options options;
    struct clients_stats stats;
    struct listener *listener;
    struct map by_id, by_address;
    struct list touched, gone, warm;
    uint32_t pieces_left; /* of CLIENTS_PIECES */
    uint64_t last_id, now_ms, swept_ms, refused_log_ms;
};

struct conn *conn_new(struct clients *c, int fd, uint64_t address_key, const struct net_address *from);
void conn_free(struct conn *conn);

/* The socket is closed now; the replica is told (unless it was), the connection waits in clients.gone. */
void conn_end(struct conn *conn);

/* Send what the replica has for it, pause or go on reading, close when that is wanted. */
void conn_flush(struct conn *conn);

/* Remember that it holds buffers. */
void conn_warm(struct conn *conn);

/* Called by conn_end: the place of its address is free again. */
void clients_forget(struct conn *conn);

#endif
