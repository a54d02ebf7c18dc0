/* set_watches.h - the packets that set all watches of a session anew on another server. Pure. */
#ifndef CLIENT_SET_WATCHES_H
#define CLIENT_SET_WATCHES_H

#include "request.h"

/* One packet's paths with their lengths: ZooKeeper's clients split here, so every server's request limit fits. */
#define SET_WATCHES_BYTES_MAX (128u << 10)

/* Append the packets to *to: none for an empty table. A single path longer than the limit has a packet of its own.
 * relative_zxid: what happened up to it was told. Returns how many packets, or -COORD_E_NO_MEMORY and then appends nothing. */
int set_watches_requests(const struct watches *t, int64_t relative_zxid, struct request_list *to);

#endif
