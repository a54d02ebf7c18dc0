/* pool.c - slabs of watches. Pure. */
#include "watch/pool.h"

#include "base/alloc.h"
#include "base/assert.h"

void watch_pool_init(struct watch_pool *p)
{
    *p = (struct watch_pool){.free = WATCH_NONE};
}

void watch_pool_deinit(struct watch_pool *p)
{
    for (uint32_t i = 0; i < p->slab_count; i++)
        coord_free(p->slabs[i]);
    coord_free(p->slabs);
    watch_pool_init(p);
}

uint32_t watch_pool_take(struct watch_pool *p)
{
    uint32_t index = p->free;

    if (index != WATCH_NONE) {
        p->free = watch_at(p, index)->chain;
        return index;
    }
    COORD_ASSERT(p->used < WATCH_NONE);
    if (p->used / WATCH_SLAB == p->slab_count) {
        if (p->slab_count == p->slab_capacity) {
            p->slab_capacity = p->slab_capacity == 0 ? 4 : p->slab_capacity * 2;
            p->slabs = coord_realloc(p->slabs, p->slab_capacity * sizeof(*p->slabs));
        }
        p->slabs[p->slab_count++] = coord_alloc(WATCH_SLAB * sizeof(struct watch));
    }
    return p->used++;
}

void watch_pool_give(struct watch_pool *p, uint32_t index)
{
    watch_at(p, index)->chain = p->free;
    p->free = index;
}

size_t watch_pool_bytes(const struct watch_pool *p)
{
    return p->slab_count * (size_t)WATCH_SLAB * sizeof(struct watch) + p->slab_capacity * sizeof(*p->slabs);
}
