/* link.h - the TCP connection of a handle: resolves, connects, tells when it can be read or written.
 *
 * Non-blocking but for names that need a resolver. An attempt tries the addresses of a name one after the other. Thread: that
 * of the event base.
 */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include "base/slice.h"
#include "servers.h"

#include <event2/event.h>
#include <stdbool.h>

enum link_event { LINK_CONNECTED, LINK_FAILED, LINK_READABLE, LINK_WRITABLE };

/* Told from the event loop only. The link may be closed or dialled anew inside. */
typedef void (*link_cb)(void *arg, enum link_event event);

struct link {
    struct event_base *base; /* set by link_init() */
    link_cb cb;
    void *arg;
    int fd;
    bool connected, writing;
    struct event *reader, *writer;
    struct addrinfo *addresses, *address; /* of the attempt; the next one to try */
    const char *problem;                  /* after LINK_FAILED or an error: why */
};

void link_init(struct link *l, struct event_base *base, link_cb cb, void *arg);
/* Begin to connect. 0: CONNECTED or FAILED will be told; -1: failed at once, see problem. */
int link_dial(struct link *l, const struct server *server);
void link_close(struct link *l); /* idempotent; nothing is told any more */

/* Send what the system takes at once; *sent bytes. When that is not all, WRITABLE will be told. A broken connection is told by
 * READABLE and the end found there, so that what the server sent before is read first. */
void link_send(struct link *l, const struct slice *pieces, size_t count, size_t *sent);
/* Bytes read; 0: nothing there now; -1: the connection ended, see problem. */
ptrdiff_t link_receive(struct link *l, void *to, size_t size);

#endif
