/* ip.h - the ids of the ACL scheme `ip`: an address, or a network as ADDRESS/BITS, of IPv4 or IPv6. Pure.
 *
 * ::ffff:a.b.c.d is a.b.c.d, and ::ffff:a.b.c.d/(96 + N) is a.b.c.d/N, as id and as the client's address.
 */
#ifndef COORD_STATE_IP_H
#define COORD_STATE_IP_H

#include "base/slice.h"

#include <stdbool.h>

/* True when it is one of the two. */
bool ip_valid(struct slice expression);

/* True when the address is that of the expression, or in its network. An IPv4 address is in no wider network
 * of IPv6, not in ::/0 either. */
bool ip_matches(struct slice expression, struct slice address);

#endif
