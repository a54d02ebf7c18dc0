/* slabs.h - items of one size by 32-bit index, in slabs that never move, with a list of the free ones.
 *
 * For tables of millions of small items that name each other by index. Indexes are dense, freed ones are used again, last freed
 * first; memory is never given back before the end. A pointer to an item holds as long as the item. Not thread-safe.
 */
#ifndef COORD_BASE_SLABS_H
#define COORD_BASE_SLABS_H

#include <stddef.h>
#include <stdint.h>

#define SLABS_NONE UINT32_MAX
enum { SLABS_ITEMS = 1024 };

struct slabs {
    uint8_t **slabs;
    uint32_t slab_count, slab_capacity;
    uint32_t item_size;
    uint32_t used; /* indexes below this were handed out at some time */
    uint32_t free; /* first of the free list */
};

/* item_size: at least 4, and a multiple of the item's alignment. */
void slabs_init(struct slabs *s, size_t item_size);
void slabs_deinit(struct slabs *s);

/* The item's content is undefined. */
uint32_t slabs_take(struct slabs *s);

/* The item's first four bytes are the free list's from here on. */
void slabs_give(struct slabs *s, uint32_t index);

size_t slabs_bytes(const struct slabs *s);

static inline void *slabs_at(const struct slabs *s, uint32_t index)
{
    return s->slabs[index / SLABS_ITEMS] + (size_t)(index % SLABS_ITEMS) * s->item_size;
}

#endif
