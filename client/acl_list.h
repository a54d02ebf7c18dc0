/* acl_list.h - a list of rights in wire form. Pure. */
#ifndef CLIENT_ACL_LIST_H
#define CLIENT_ACL_LIST_H

#include "coord/client.h"
#include "wire/records.h"

/* Encode the entries: *to is valid while *owned, which the caller frees. 0; BAD_ARGUMENTS (no list, a text missing, larger than
 * COORD_REQUEST_BYTES_MAX) or NO_MEMORY, and then *owned is NULL. */
int acl_list_encode(const struct coord_acl *acl, size_t count, struct jute_vector *to, uint8_t **owned);

#endif
