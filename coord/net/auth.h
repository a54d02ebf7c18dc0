/* auth.h - how two servers prove to each other that they know the shared secret.
 *
 * Each end sends a HELLO with a fresh random nonce, then HELLO_AUTH with
 *
 *     HMAC-SHA256(secret, "coord peer 1" || role || HELLO sent || HELLO received)
 *
 * over both HELLOs as they stand on the wire (frame head included); role is 'D' at the end that dialled, 'A' at the other, so
 * that neither's proof serves as the other's. The nonces make each proof good for one connection, the ids and the cluster
 * in the HELLOs bind it to the pair. Without a secret the proof is zero: then HELLO_AUTH only says that the sender goes on.
 * What follows is not encrypted nor authenticated packet by packet.
 */
#ifndef COORD_NET_AUTH_H
#define COORD_NET_AUTH_H

#include "base/slice.h"
#include "wire/peer.h"

#include <stdbool.h>

/* The proof of the end that dialled (or not) and sent `sent`. */
void auth_prove(struct slice secret, bool dialled, struct slice sent, struct slice received, struct peer_hello_auth *proof);

/* Whether both proofs are equal, in a time that does not depend on where they differ. */
bool auth_equal(const struct peer_hello_auth *a, const struct peer_hello_auth *b);

#endif
