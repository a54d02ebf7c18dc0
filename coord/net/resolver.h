/* resolver.h - names to addresses, on a thread of its own: the system's resolver may block for seconds.
 *
 * The thread starts with the first question and serves them one by one. Answers arrive in a mailbox of the asker's loop.
 */
#ifndef COORD_NET_RESOLVER_H
#define COORD_NET_RESOLVER_H

#include "base/list.h"
#include "net/address.h"

struct resolve {
    struct list link;
    uint32_t tag; /* the asker's */
    char host[256];
    uint16_t port;
    int err; /* out: 0 or -COORD_E_RESOLVE */
    struct net_address address;
};

struct resolver;

struct resolver *resolver_new(void);
void resolver_free(struct resolver *r); /* questions under way are dropped; does not wait for a name server */
void resolver_ask(struct resolver *r, uint32_t tag, const char *host, uint16_t port);
int resolver_fd(const struct resolver *r);           /* readable when an answer waits */
struct resolve *resolver_answer(struct resolver *r); /* the next answer, to be freed by coord_free; NULL: none waits */

#endif
