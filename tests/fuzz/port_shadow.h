/* port_shadow.h - a second state, fed with the log of the servers, beside which their answers are held.
 *
 * At every entry: an error has no effect, nor has a multi that fails, and is one that the tree before it allows; a success did
 * what it says. Now and then a snapshot of the shadow is taken while entries go on: what is loaded from it must be the state at
 * its beginning.
 */
#ifndef TESTS_FUZZ_PORT_SHADOW_H
#define TESTS_FUZZ_PORT_SHADOW_H

#include "unit/replica_fixture.h"

struct shadow {
    struct state *state;
    struct buf reply; /* of the last entry that was fed */
    uint64_t session; /* of it */
    int32_t xid, err;
    bool multi;                  /* it was one: several changes under one zxid */
    struct state_loader *loader; /* of a snapshot that is being taken; NULL: none is */
    uint64_t walk_digest;
};

void shadow_init(struct shadow *s);
void shadow_deinit(struct shadow *s);

/* Up to the zxid, from the log of the server that has applied it. */
void shadow_feed(struct shadow *s, const struct group *g, uint32_t server, uint64_t zxid);

void shadow_walk(struct shadow *s);     /* a snapshot begins, unless one does */
void shadow_walk_end(struct shadow *s); /* it ends now, if one is under way */

#endif
