/* acl.h - the lists of access rights that znodes share, by id. Pure.
 *
 * A list is kept in the protocol's own encoding, once for all nodes that have it. Only world:anyone entries are accepted so
 * far, so a list's meaning is one set of permissions. Ids are private to a state: neither digest nor image has them.
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

/* 0, or -COORD_E_INVALID_ACL: null, empty, malformed, or with another id than world:anyone. */
int acl_check(struct jute_vector list);

/* The id of a list that acl_check accepts, with a reference for the caller's node. */
uint32_t acl_take(struct acl_table *t, struct jute_vector list);
void acl_hold(struct acl_table *t, uint32_t id); /* one more reference */
void acl_give(struct acl_table *t, uint32_t id);

/* A list of one entry world:anyone, in wire form, in caller's space. */
#define ACL_WORLD_BYTES (4 + 4 + 5 + 4 + 6)
struct jute_vector acl_world(int32_t perms, uint8_t space[ACL_WORLD_BYTES]);

static inline const struct acl *acl_get(const struct acl_table *t, uint32_t id)
{
    return t->by_id[id];
}

#endif
