/* slabs.c - growing by a slab at a time, so that no item waits for a copy of the others. Pure. */
#include "base/slabs.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <string.h>

void slabs_init(struct slabs *s, size_t item_size)
{
    COORD_ASSERT(item_size >= sizeof(s->free) && item_size <= UINT32_MAX / SLABS_ITEMS);
    *s = (struct slabs){.item_size = (uint32_t)item_size, .free = SLABS_NONE};
}

void slabs_deinit(struct slabs *s)
{
    for (uint32_t i = 0; i < s->slab_count; i++)
        coord_free(s->slabs[i]);
    coord_free(s->slabs);
    *s = (struct slabs){.free = SLABS_NONE};
}

uint32_t slabs_take(struct slabs *s)
{
    uint32_t index = s->free;

    if (index != SLABS_NONE) {
        memcpy(&s->free, slabs_at(s, index), sizeof(s->free));
        return index;
    }
    COORD_ASSERT(s->used < SLABS_NONE);
    if (s->used / SLABS_ITEMS == s->slab_count) {
        if (s->slab_count == s->slab_capacity) {
            s->slab_capacity = s->slab_capacity == 0 ? 4 : s->slab_capacity * 2;
            s->slabs = coord_realloc(s->slabs, s->slab_capacity * sizeof(*s->slabs));
        }
        s->slabs[s->slab_count++] = coord_alloc((size_t)SLABS_ITEMS * s->item_size);
    }
    return s->used++;
}

void slabs_give(struct slabs *s, uint32_t index)
{
    memcpy(slabs_at(s, index), &s->free, sizeof(s->free));
    s->free = index;
}

size_t slabs_bytes(const struct slabs *s)
{
    return s->slab_count * (size_t)SLABS_ITEMS * s->item_size + s->slab_capacity * sizeof(*s->slabs);
}
