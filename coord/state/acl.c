/* acl.c - the table of access lists. Pure. */
#include "state/acl.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

#include <string.h>

/* Reads the length-prefixed text at the front of *items; false when it is not `expected`. */
static bool take_text(struct slice *items, struct slice expected)
{
    if (items->size < 4 || get_be32(items->data) != expected.size || items->size - 4 < expected.size)
        return false;
    if (memcmp(items->data + 4, expected.data, expected.size) != 0)
        return false;
    *items = slice_make(items->data + 4 + expected.size, items->size - 4 - expected.size);
    return true;
}

/* The union of the permissions in *perms; false unless every item is world:anyone. */
static bool world_only(struct jute_vector list, int32_t *perms)
{
    struct slice items = list.items;

    *perms = 0;
    for (int32_t i = 0; i < list.count; i++) {
        if (items.size < 4)
            return false;
        *perms |= (int32_t)get_be32(items.data);
        items = slice_make(items.data + 4, items.size - 4);
        if (!take_text(&items, SLICE_LITERAL("world")) || !take_text(&items, SLICE_LITERAL("anyone")))
            return false;
    }
    return items.size == 0;
}

int acl_check(struct jute_vector list)
{
    int32_t perms;

    return list.count > 0 && world_only(list, &perms) ? 0 : -COORD_E_INVALID_ACL;
}

static uint32_t new_id(struct acl_table *t)
{
    if (t->free_count > 0)
        return t->free_ids[--t->free_count];
    if (t->count == t->capacity) {
        t->capacity = t->capacity == 0 ? 16 : t->capacity * 2;
        t->by_id = coord_realloc(t->by_id, t->capacity * sizeof(struct acl *));
    }
    return t->count++;
}

uint32_t acl_take(struct acl_table *t, struct jute_vector list)
{
    uint64_t hash = hash_bytes(list.items.data, list.items.size, 0);
    struct acl *chain = map_get(&t->by_hash, hash), *acl = chain;

    while (acl != NULL && !slice_equal(slice_make(acl->items, acl->size), list.items))
        acl = acl->next;
    if (acl == NULL) {
        acl = coord_alloc(sizeof(*acl) + list.items.size);
        *acl = (struct acl){
            .next = chain, .hash = hash, .id = new_id(t), .count = (uint32_t)list.count, .size = (uint32_t)list.items.size};
        COORD_ASSERT(world_only(list, &acl->perms));
        memcpy(acl->items, list.items.data, list.items.size);
        map_put(&t->by_hash, hash, acl);
        t->by_id[acl->id] = acl;
        t->bytes += sizeof(*acl) + acl->size;
    }
    acl->references++;
    return acl->id;
}

void acl_hold(struct acl_table *t, uint32_t id)
{
    t->by_id[id]->references++;
}

void acl_give(struct acl_table *t, uint32_t id)
{
    struct acl *acl = t->by_id[id], *chain, **at = &chain;

    if (--acl->references > 0)
        return;
    chain = map_get(&t->by_hash, acl->hash);
    while (*at != acl)
        at = &(*at)->next;
    *at = acl->next;
    if (chain != NULL)
        map_put(&t->by_hash, acl->hash, chain);
    else
        map_remove(&t->by_hash, acl->hash);
    if (t->free_count == t->free_capacity) {
        t->free_capacity = t->free_capacity == 0 ? 16 : t->free_capacity * 2;
        t->free_ids = coord_realloc(t->free_ids, t->free_capacity * sizeof(uint32_t));
    }
    t->free_ids[t->free_count++] = id;
    t->by_id[id] = NULL;
    t->bytes -= sizeof(*acl) + acl->size;
    coord_free(acl);
}

void acl_table_deinit(struct acl_table *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        coord_free(t->by_id[i]);
    coord_free(t->by_id);
    coord_free(t->free_ids);
    map_deinit(&t->by_hash);
    *t = (struct acl_table){0};
}

size_t acl_table_bytes(const struct acl_table *t)
{
    return t->bytes + t->capacity * sizeof(struct acl *) + t->free_capacity * sizeof(uint32_t) +
           t->by_hash.capacity * sizeof(struct map_slot);
}

struct jute_vector acl_world(int32_t perms, uint8_t space[ACL_WORLD_BYTES])
{
    put_be32(space, (uint32_t)perms);
    put_be32(space + 4, 5);
    memcpy(space + 8, "world", 5);
    put_be32(space + 13, 6);
    memcpy(space + 17, "anyone", 6);
    return (struct jute_vector){1, slice_make(space, ACL_WORLD_BYTES)};
}
