/* acl.h - the lists of access rights that znodes share, by id. Pure.
 *
 * A list is kept in the protocol's own encoding, once for all nodes that have it. Schemes: world:anyone; digest:user:hash; ip
 * with an address or a network. `auth` in a request stands for the ids that the client has proven, and is in no list. Whose ids
 * hold "super:" is permitted everything. Ids of lists are private to a state: neither digest nor image has them.
 */
#ifndef COORD_STATE_ACL_H
#define COORD_STATE_ACL_H

#include "base/map.h"
#include "base/slice.h"
#include "wire/jute.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acl {
    struct acl *next; /* of the same hash */
    uint64_t hash;
    uint32_t id;
    uint32_t references; /* nodes */
    int32_t perms;       /* of world:anyone */
    bool world_only;     /* nobody else is named */
    uint32_t count;
    uint32_t size;
    uint8_t items[]; /* ACL records in wire form */
};

struct acl_table {
    struct map by_hash;
    struct acl **by_id; /* NULL: free */
    uint32_t count, capacity;
    uint32_t *free_ids;
    uint32_t free_count, free_capacity;
    uint64_t bytes;
};

void acl_table_deinit(struct acl_table *t);
size_t acl_table_bytes(const struct acl_table *t);

#define ACL_BYTES_MAX (16u << 10) /* of a list, as asked for and as kept */

/* What a node gets that is made or changed by a client with these ids (as in an entry) and this list: `auth` replaced, equal
 * entries dropped. Borrows from `to`, which is overwritten. 0, or -COORD_E_INVALID_ACL: null, empty or too long; an unknown
 * scheme or a malformed id; auth of a client without ids. */
int acl_fix(struct jute_vector list, struct slice auth, struct buf *to, struct jute_vector *fixed);

/* True for what acl_fix can make. */
bool acl_plausible(struct jute_vector list);

/* All that is given to everybody or to one of these ids. */
int acl_grants(const struct acl *acl, struct slice auth);

/* True when one of the permissions is given to everybody or to one of these ids. */
bool acl_permits(const struct acl *acl, int perms, struct slice auth);

/* The id of a plausible list, with a reference for the caller's node. */
uint32_t acl_take(struct acl_table *t, struct jute_vector list);
void acl_hold(struct acl_table *t, uint32_t id); /* one more reference */
void acl_give(struct acl_table *t, uint32_t id);

/* "scheme:id" of an authenticated client in its two halves; also "user:hash". Without a colon the rest is null. */
struct slice acl_scheme(struct slice id, struct slice *rest);

/* A list of one entry world:anyone, in wire form, in caller's space. */
#define ACL_WORLD_BYTES (4 + 4 + 5 + 4 + 6)
struct jute_vector acl_world(int32_t perms, uint8_t space[ACL_WORLD_BYTES]);

static inline const struct acl *acl_get(const struct acl_table *t, uint32_t id)
{
    return t->by_id[id];
}

#endif
