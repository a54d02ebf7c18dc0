/* peers_private.h - what link*.c and peers.c share; not for other folders. */
#ifndef COORD_NET_PEERS_PRIVATE_H
#define COORD_NET_PEERS_PRIVATE_H

#include "net/link.h"
#include "net/listener.h"
#include "net/resolver.h"

struct peer {
    uint32_t id;
    const char *host;
    uint16_t port;
    struct link *up;   /* NULL: none */
    struct link *dial; /* one of ours that is not up yet */
    bool resolving;
    uint64_t dial_at_ms;
    uint32_t backoff_ms;
    const char *refusal; /* the reason logged last; static storage */
};

struct peers {
    struct event_base *base;
    struct inbox *inbox;
    peers_output_cb output;
    void *context;
    struct peers_options options;
    uint64_t cluster, now_ms;
    struct peer peer[PEER_MAX];
    uint32_t peer_count;
    uint32_t accepted_count; /* incoming streams that are not up */
    struct list links, ended;
    struct listener *listener;
    struct resolver *resolver;
    struct event *resolved;
    struct rng rng;
    struct peers_stats stats;
    const char *stranger_refusal; /* as in struct peer, for ids that are no peer's */
};

struct peer *peers_find(struct peers *p, uint32_t id); /* NULL: none */

/* What links tell. */
void peers_link_refused(struct peers *p, struct link *l, uint32_t id, const char *reason); /* counts, logs; ends the link */
bool peers_link_may_answer(struct peers *p, struct link *l); /* an incoming HELLO is valid: false ends it, ours goes on */
void peers_link_up(struct peers *p, struct link *l);
void peers_link_ended(struct peers *p, struct link *l);

#endif
