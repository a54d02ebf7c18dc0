/* map.h - hash table from a 64-bit key to a pointer: open addressing, linear probing.
 *
 * Keys may be any value; hash what is longer first (hash.h) and compare in the entry. Iteration order follows the table,
 * so nothing that is replicated may depend on it. Zero-initialised is a valid empty map. Load stays at or below 3/4.
 * Values are not owned and never NULL. Not thread-safe.
 */
#ifndef COORD_BASE_MAP_H
#define COORD_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t key;
    void *value; /* NULL: empty */
};

struct map {
    struct map_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

void map_deinit(struct map *m);
void *map_get(const struct map *m, uint64_t key);        /* NULL when absent */
void *map_put(struct map *m, uint64_t key, void *value); /* the value replaced, or NULL */
void *map_remove(struct map *m, uint64_t key);           /* the value removed, or NULL */

/* Walk: `size_t at = 0; while ((v = map_next(m, &at)) != NULL)`. The map must not change during the walk. */
void *map_next(const struct map *m, size_t *at);

#endif
