/* peers.h - the links to the other servers: one for each, dialled by both ends, kept alive, authenticated.
 *
 * Both servers of a pair dial. When both dials meet, the one of the server with the higher id stays: the higher id closes an
 * incoming stream while its own dial is connected; the lower id drops its own dial when a HELLO comes in. A link that is up
 * is replaced only by a newer one of the same server: the peer restarted, or lost its end; the replica hears "down" and "up".
 * While it is up, another data directory under the same id is refused, else the two would push each other out for ever. A
 * dial that fails is tried again after PEERS_BACKOFF_MIN_MS, doubling to PEERS_BACKOFF_MAX_MS, with jitter; names are resolved
 * at each attempt, on another thread. Peers that are refused (wrong secret, id, cluster or version) are counted, and logged
 * once per change of the reason. Core thread.
 */
#ifndef COORD_NET_PEERS_H
#define COORD_NET_PEERS_H

#include "base/rng.h"
#include "net/address.h"
#include "net/inbox.h"

#include <event2/event.h>

#define PEERS_BACKOFF_MIN_MS 10
#define PEERS_BACKOFF_MAX_MS 250
#define PEERS_HANDSHAKE_MS 2000 /* from a dial's or accept's begin until the link is up */
#define PEERS_FRAME_MS 3000     /* from a frame's first byte to its last: PEER_FRAME_MAX at 87 KB/s */
#define PEERS_ACCEPTED_MAX 32   /* incoming streams before their HELLO */

struct peers_server {
    uint32_t id;
    const char *host; /* lives as long as the peers */
    uint16_t port;
};

struct peers_options {
    uint32_t self, boot;
    uint64_t incarnation;
    struct slice secret; /* empty: none; lives as long as the peers */
    struct peers_server servers[PEER_MAX];
    uint32_t server_count; /* all of the ensemble; self is skipped */
    uint64_t seed;
};

struct peers_stats {
    uint64_t links_up, bad_frames, auth_failures;
};

/* What the HELLO of a peer said whose link is up. */
struct peers_identity {
    uint64_t incarnation, cluster;
    uint32_t boot;
};

struct peers;

/* The frames that wait for a peer; NULL: none. Whoever answers clears them when the link goes down. */
typedef struct replica_peer_output *(*peers_output_cb)(void *context, uint32_t peer);

struct peers *peers_new(struct event_base *base, struct inbox *inbox, peers_output_cb output, void *context,
                        const struct peers_options *options, uint64_t cluster);
void peers_free(struct peers *p);
void peers_listen(struct peers *p, int fd);                /* takes a listening socket */
void peers_set_cluster(struct peers *p, uint64_t cluster); /* it is known now; links to another are closed */
void peers_after_step(struct peers *p, uint64_t now_ms);   /* sends output; may add events for the next turn */
uint64_t peers_run(struct peers *p, uint64_t now_ms);      /* dials and time-outs that are due; returns when the next are */
bool peers_identity(struct peers *p, uint32_t id, struct peers_identity *identity); /* false: no link */
void peers_stats(const struct peers *p, struct peers_stats *stats);

#endif
