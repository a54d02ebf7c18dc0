/* net.h - the network of a world: the set of distinct messages ever sent, as a number.
 *
 * Each message may be delivered at any time and as often as one likes, so loss, delay, doubling and any order are all in it. A
 * message that can never again have an effect worth exploring is taken out: answers to a candidate or leader which is that no
 * more, and questions that would only be refused to somebody who no longer asks. As a refusal of a wrong epoch can only end a
 * candidacy or a lead, not to deliver it loses no behaviour of the others.
 *
 * A lean network goes deeper by losing more, all of it legally: HEARTBEATs (an ACCEPT or COMMIT says as much), refusals,
 * and answers that come again or say less than the one before. What is complete with it is complete for such a network only.
 */
#ifndef TESTS_MODEL_NET_H
#define TESTS_MODEL_NET_H

#include "model/node.h"

#define NET_SET_MAX 1024

/* What decides whether a message can still matter. */
struct mail {
    uint8_t type, from, to; /* indices */
    bool says_accepted;     /* an ACCEPTED without a mismatch, of a server that has accepted the epoch */
    uint32_t epoch;
    uint64_t matched;
};

struct net {
    const struct machine *machine;
    struct intern sets;
    struct mail *mail;
    uint32_t mail_count, mail_room;
    uint64_t *mark; /* of each set: a bit for each of its messages, or for several */
    uint32_t mark_room;
};

void net_init(struct net *n, const struct machine *machine);
void net_deinit(struct net *n);
const struct mail *net_mail(struct net *n, uint32_t message);
uint32_t net_size(const struct net *n, uint32_t set);
const uint32_t *net_messages(const struct net *n, uint32_t set);           /* rising; until the next call that adds a set */
uint32_t net_add(struct net *n, const uint32_t *messages, uint32_t count); /* rising */
bool net_has(const struct net *n, uint32_t set, uint32_t message);
bool net_holds(const struct net *n, uint32_t set, uint32_t part); /* every message of `part` is in `set` */
uint32_t net_union(struct net *n, uint32_t a, uint32_t b);
uint32_t net_elections(struct net *n, uint32_t set); /* of it what is neither an ACCEPT, its answer, nor tells what is chosen */

struct net_view {
    const struct summary *const *all; /* the servers as they are now */
    bool may_crash, may_wipe, lean;
};

/* The set, what was sent added, what cannot matter any more taken out. */
uint32_t net_next(struct net *n, uint32_t set, const uint32_t *sent, uint32_t sent_count, const struct net_view *view);

#endif
