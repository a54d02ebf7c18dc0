/* pool.h - watches by 32-bit index: slabs that never move, with a free list. Internal to the watch table. */
#ifndef COORD_WATCH_POOL_H
#define COORD_WATCH_POOL_H

#include "watch/watch.h"

#include <stddef.h>

#define WATCH_NONE UINT32_MAX
enum { WATCH_SLAB = 1024 };

/* One (kind, path, watcher). 40 bytes. */
struct watch {
    struct watch_path *path;
    struct watcher *watcher;
    uint32_t path_next, path_prev; /* of the path and kind, in order of registration; the first one's prev is the last */
    uint32_t own_next, own_prev;   /* of the watcher */
    uint32_t chain;                /* of the bucket; of the free list */
    uint32_t kind;
};

struct watch_pool {
    struct watch **slabs;
    uint32_t slab_count, slab_capacity;
    uint32_t used; /* indexes handed out so far */
    uint32_t free; /* first of the free list */
};

static inline struct watch *watch_at(const struct watch_pool *p, uint32_t index)
{
    return &p->slabs[index / WATCH_SLAB][index % WATCH_SLAB];
}

void watch_pool_init(struct watch_pool *p);
void watch_pool_deinit(struct watch_pool *p);
uint32_t watch_pool_take(struct watch_pool *p); /* content undefined */
void watch_pool_give(struct watch_pool *p, uint32_t index);
size_t watch_pool_bytes(const struct watch_pool *p);

#endif
