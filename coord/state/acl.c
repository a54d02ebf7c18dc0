/* acl.c - the table of access lists. Pure. */
#include "state/acl.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "state/ip.h"
#include "wire/entry.h"

#include <string.h>

enum { SEEN = 2048 }; /* places for the entries of a list, above the number that ACL_BYTES_MAX allows */

static bool is_world(const struct zk_acl *item)
{
    return slice_equal(item->scheme, SLICE_LITERAL("world")) && slice_equal(item->id, SLICE_LITERAL("anyone"));
}

/* "user:hash" as Java's split(":") sees it: colons at the end do not count, and then there is exactly one. */
static bool digest_valid(struct slice id)
{
    const uint8_t *colon;

    while (id.size > 0 && id.data[id.size - 1] == ':')
        id.size--;
    colon = id.size > 0 ? memchr(id.data, ':', id.size) : NULL;
    return colon != NULL && memchr(colon + 1, ':', (size_t)(id.data + id.size - colon) - 1) == NULL;
}

static bool id_valid(const struct zk_acl *item)
{
    if (slice_equal(item->scheme, SLICE_LITERAL("digest")))
        return digest_valid(item->id);
    return slice_equal(item->scheme, SLICE_LITERAL("ip")) ? ip_valid(item->id) : is_world(item);
}

/* The entry's bytes came before: an equal one is dropped. The table holds where entries begin, plus one. */
static bool seen_before(uint16_t *seen, struct slice list, const uint8_t *start, const uint8_t *end)
{
    struct slice item = slice_make(start, (size_t)(end - start));
    size_t at = (size_t)(hash_bytes(item.data, item.size, 0) % SEEN);

    for (; seen[at] != 0; at = (at + 1) % SEEN) {
        const uint8_t *other = list.data + seen[at] - 1;

        if ((size_t)(list.data + list.size - other) >= item.size && memcmp(other, item.data, item.size) == 0)
            return true;
    }
    seen[at] = (uint16_t)(start - list.data + 1);
    return false;
}

struct slice acl_scheme(struct slice id, struct slice *rest)
{
    const uint8_t *colon = id.size > 0 ? memchr(id.data, ':', id.size) : NULL;
    size_t size = colon == NULL ? id.size : (size_t)(colon - id.data);

    *rest = colon == NULL ? SLICE_NULL : slice_make(colon + 1, id.size - size - 1);
    return slice_make(id.data, size);
}

/* All ids that the client has proven: its address, and what makes it the superuser, are none of these. */
static void append_own(struct buf *to, int32_t perms, struct slice auth, int32_t *count)
{
    struct slice id;

    while (entry_next_auth(&auth, &id)) {
        struct zk_acl own = {.perms = perms};

        own.scheme = acl_scheme(id, &own.id);
        if (!slice_equal(own.scheme, SLICE_LITERAL("digest")))
            continue;
        jute_append(to, &jute_acl, &own);
        ++*count;
    }
}

/* One entry of a list, into `to`. */
static bool fix_item(struct buf *to, const struct zk_acl *item, struct slice auth, int32_t *count)
{
    int32_t before = *count;

    if (slice_equal(item->scheme, SLICE_LITERAL("auth"))) {
        append_own(to, item->perms, auth, count);
        return *count > before;
    }
    if (slice_is_null(item->id) || !id_valid(item))
        return false;
    jute_append(to, &jute_acl, item);
    ++*count;
    return true;
}

int acl_fix(struct jute_vector list, struct slice auth, struct buf *to, struct jute_vector *fixed)
{
    struct jute_cursor c = jute_cursor_make(list.items);
    uint16_t seen[SEEN];
    struct zk_acl item;
    int32_t count = 0;

    if (list.count <= 0 || list.items.size > ACL_BYTES_MAX)
        return -COORD_E_INVALID_ACL;
    buf_clear(to);
    if (list.count > 1)
        memset(seen, 0, sizeof(seen));
    for (const uint8_t *start = c.at; jute_next_acl(&c, &item); start = c.at) {
        if (list.count > 1 && seen_before(seen, list.items, start, c.at))
            continue;
        if (!fix_item(to, &item, auth, &count) || buf_size(to) > ACL_BYTES_MAX)
            return -COORD_E_INVALID_ACL;
    }
    *fixed = (struct jute_vector){count, buf_slice(to)};
    return 0;
}

bool acl_plausible(struct jute_vector list)
{
    struct jute_cursor c = jute_cursor_make(list.items);
    struct zk_acl item;
    int32_t count = 0;

    if (list.items.size > ACL_BYTES_MAX)
        return false;
    for (; count < list.count && jute_next_acl(&c, &item); count++)
        if (slice_is_null(item.scheme) || slice_is_null(item.id) || !id_valid(&item))
            return false;
    return count > 0 && count == list.count && c.at == c.end;
}

static bool is_super(struct slice auth)
{
    struct slice id;

    while (entry_next_auth(&auth, &id))
        if (slice_equal(id, SLICE_LITERAL("super:")))
            return true;
    return false;
}

static bool item_names(const struct zk_acl *item, struct slice auth)
{
    struct slice id, rest;

    while (entry_next_auth(&auth, &id)) {
        if (!slice_equal(acl_scheme(id, &rest), item->scheme))
            continue;
        if (slice_equal(item->scheme, SLICE_LITERAL("ip")) ? ip_matches(item->id, rest) : slice_equal(item->id, rest))
            return true;
    }
    return false;
}

int acl_grants(const struct acl *acl, struct slice auth)
{
    struct jute_cursor c = jute_cursor_make(slice_make(acl->items, acl->size));
    int granted = acl->perms;
    struct zk_acl item;

    if (is_super(auth))
        return ZK_PERM_ALL;
    while (!acl->world_only && jute_next_acl(&c, &item))
        if ((item.perms & ~granted) != 0 && item_names(&item, auth))
            granted |= item.perms;
    return granted;
}

bool acl_permits(const struct acl *acl, int perms, struct slice auth)
{
    struct jute_cursor c = jute_cursor_make(slice_make(acl->items, acl->size));
    struct zk_acl item;

    if ((acl->perms & perms) != 0 || is_super(auth))
        return true;
    if (acl->world_only || auth.size == 0)
        return false;
    while (jute_next_acl(&c, &item))
        if ((item.perms & perms) != 0 && item_names(&item, auth))
            return true;
    return false;
}

/* What the list gives to everybody. */
static void sum_up(struct acl *acl)
{
    struct jute_cursor c = jute_cursor_make(slice_make(acl->items, acl->size));
    struct zk_acl item;

    acl->world_only = true;
    while (jute_next_acl(&c, &item)) {
        if (is_world(&item))
            acl->perms |= item.perms;
        else
            acl->world_only = false;
    }
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
        memcpy(acl->items, list.items.data, list.items.size);
        sum_up(acl);
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
