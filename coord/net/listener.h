/* listener.h - a listening socket that hands out accepted ones.
 *
 * At most LISTENER_BUDGET connections a wake-up, so that a burst of them does not hold up those that are there. When the
 * process is out of descriptors or the owner says it is full, the listener sleeps (LISTENER_RETRY_MS, or until
 * listener_resume) instead of spinning on a readable socket. Core thread.
 */
#ifndef COORD_NET_LISTENER_H
#define COORD_NET_LISTENER_H

#include "net/address.h"

#include <event2/event.h>
#include <stdbool.h>

#define LISTENER_BUDGET 64
#define LISTENER_RETRY_MS 100

/* Takes the socket (non-blocking, close-on-exec). Returns false to make the listener sleep after this one. */
typedef bool (*listener_accept_cb)(void *context, int fd, const struct net_address *from);

struct listener;

/* Takes the socket. */
struct listener *listener_new(struct event_base *base, int fd, listener_accept_cb cb, void *context);
void listener_free(struct listener *l);
void listener_resume(struct listener *l); /* there is room again; harmless when it is awake or NULL */

#endif
