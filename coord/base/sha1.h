/* sha1.h - SHA-1 (RFC 3174) and Base64 (RFC 4648), for the ids of the ACL scheme `digest`. Pure.
 *
 * Here because the protocol names them, not for security: nothing new should lean on SHA-1. What authenticates servers to each
 * other uses libcrypto (net/auth.c), which pure code cannot.
 */
#ifndef COORD_BASE_SHA1_H
#define COORD_BASE_SHA1_H

#include "base/buf.h"

#define SHA1_BYTES 20

void sha1(struct slice data, uint8_t digest[SHA1_BYTES]);

/* With padding. */
void base64_append(struct buf *to, struct slice data);

#endif
