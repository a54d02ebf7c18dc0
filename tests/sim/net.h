/* net.h - links and messages between servers.
 *
 * A link joins two servers while both processes live and both directions work; each end hears of it by its own up and down,
 * down sometimes long after the other process died. Each link has a number; a message belongs to the link it was sent on.
 *
 * Two natures, by the seed. Like TCP: ordered, nothing is lost while the link stands; what runs into a cut direction is gone
 * with all behind it, and the link breaks later. Datagrams: each message for itself is lost, doubled, delayed past others,
 * and now and then delivered on a later link, or once more a long time after.
 */
#ifndef TESTS_SIM_NET_H
#define TESTS_SIM_NET_H

#include "sim/node.h"

struct net *net_new(struct sim *s);
void net_free(struct sim *s);

void net_process_started(struct sim *s, uint32_t id);
void net_process_died(struct sim *s, uint32_t id);

/* Takes the frames that the node's replica has for its peers, as far as the links take them. */
void net_take(struct sim *s, struct node *n);

/* Messages from `from` to `to` vanish, or no longer. */
void net_cut(struct sim *s, uint32_t from, uint32_t to, bool cut);
void net_heal(struct sim *s);                          /* nothing is cut */
void net_break(struct sim *s, uint32_t a, uint32_t b); /* the connection breaks; it is dialled again */

/* Messages from `from` to `to` wait, and come later: clogs are counted. */
void net_clog(struct sim *s, uint32_t from, uint32_t to, bool clog);

/* A bit of the next message from `from` to `to` flips: its frame is refused and the link closed. */
void net_damage(struct sim *s, uint32_t from, uint32_t to);

/* Copies of messages of any time before arrive once more, on the links that stand now. Datagrams only. */
void net_replay(struct sim *s, uint32_t count);

/* Sends frames on the link of that number, which a script held back. False: it does not stand any more. */
bool net_release(struct sim *s, uint32_t from, uint32_t to, uint64_t link, struct slice frames);

/* From now on messages are neither lost nor late. */
void net_calm(struct sim *s);

#endif
