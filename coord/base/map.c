/* map.c - open addressing with linear probing and backward-shift removal (no tombstones). Pure. */
#include "base/map.h"

#include "base/alloc.h"
#include "base/assert.h"

enum { MAP_CAPACITY_MIN = 16 };

/* A slot from any key: Fibonacci hashing over a mixed key, since keys are often small or differ in few bits only. */
static size_t home_of(const struct map *m, uint64_t key)
{
    key ^= key >> 32;
    key *= 0x9e3779b97f4a7c15u;
    key ^= key >> 29;
    key *= 0xbf58476d1ce4e5b9u;
    return (size_t)(key >> 32) & (m->capacity - 1);
}

/* The slot that holds the key, or the empty one where it belongs. The table has an empty slot always. */
static struct map_slot *find(const struct map *m, uint64_t key)
{
    size_t at = home_of(m, key);

    while (m->slots[at].value != NULL && m->slots[at].key != key)
        at = (at + 1) & (m->capacity - 1);
    return &m->slots[at];
}

static void grow(struct map *m)
{
    struct map old = *m;

    m->capacity = old.capacity == 0 ? MAP_CAPACITY_MIN : old.capacity * 2;
    m->slots = coord_alloc_zero(m->capacity, sizeof(*m->slots));
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].value != NULL)
            *find(m, old.slots[i].key) = old.slots[i];
    coord_free(old.slots);
}

void map_deinit(struct map *m)
{
    coord_free(m->slots);
    *m = (struct map){0};
}

void *map_get(const struct map *m, uint64_t key)
{
    return m->count == 0 ? NULL : find(m, key)->value;
}

void *map_put(struct map *m, uint64_t key, void *value)
{
    struct map_slot *slot;
    void *old;

    COORD_ASSERT(value != NULL);
    if (m->count + 1 > m->capacity / 4 * 3)
        grow(m);
    slot = find(m, key);
    old = slot->value;
    *slot = (struct map_slot){key, value};
    m->count += old == NULL;
    return old;
}

void *map_remove(struct map *m, uint64_t key)
{
    struct map_slot *slot;
    void *old;
    size_t hole, at, mask = m->capacity - 1;

    if (m->count == 0 || (slot = find(m, key))->value == NULL)
        return NULL;
    old = slot->value;
    /* Close the gap: whoever probed over the hole moves into it, so that probing never meets a false end. */
    hole = (size_t)(slot - m->slots);
    for (at = (hole + 1) & mask; m->slots[at].value != NULL; at = (at + 1) & mask) {
        size_t home = home_of(m, m->slots[at].key);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole] = (struct map_slot){0, NULL};
    m->count--;
    return old;
}

void *map_next(const struct map *m, size_t *at)
{
    while (*at < m->capacity) {
        void *value = m->slots[(*at)++].value;
        if (value != NULL)
            return value;
    }
    return NULL;
}
