/* table.c - adding, finding and dropping watches. Pure. */
#include "watch/table.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <string.h>

struct watch_table *watch_table_new(void)
{
    struct watch_table *t = coord_alloc_zero(1, sizeof(*t));

    watch_pool_init(&t->pool);
    buckets_init(&t->buckets);
    return t;
}

void watch_table_free(struct watch_table *t)
{
    struct watch_path *path;
    struct watcher *watcher;

    watch_bury(t);
    for (size_t at = 0; (path = map_next(&t->paths, &at)) != NULL;)
        for (struct watch_path *next; path != NULL; path = next) {
            next = path->next;
            coord_free(path);
        }
    for (size_t at = 0; (watcher = map_next(&t->watchers, &at)) != NULL;)
        coord_free(watcher);
    map_deinit(&t->paths);
    map_deinit(&t->watchers);
    buckets_deinit(&t->buckets);
    watch_pool_deinit(&t->pool);
    coord_free(t->notifications);
    coord_free(t);
}

/* paths: a chain per hash, so that a collision costs time only. */
static uint64_t path_hash(struct slice path)
{
    return hash_bytes(path.data, path.size, 0);
}

static struct watch_path *find_in_chain(struct watch_path *path, struct slice text)
{
    while (path != NULL && !slice_equal(slice_make(path->text, path->size), text))
        path = path->next;
    return path;
}

struct watch_path *watch_path_find(const struct watch_table *t, struct slice path)
{
    return t->paths.count == 0 ? NULL : find_in_chain(map_get(&t->paths, path_hash(path)), path);
}

static struct watch_path *path_obtain(struct watch_table *t, struct slice text)
{
    uint64_t hash = path_hash(text);
    struct watch_path *chain = map_get(&t->paths, hash);
    struct watch_path *path = find_in_chain(chain, text);

    if (path != NULL)
        return path;
    path = coord_alloc(sizeof(*path) + text.size);
    path->next = chain;
    path->hash = hash;
    path->size = (uint32_t)text.size;
    for (unsigned kind = 0; kind < WATCH_KINDS; kind++)
        path->first[kind] = path->last[kind] = WATCH_NONE;
    if (text.size > 0)
        memcpy(path->text, text.data, text.size);
    map_put(&t->paths, hash, path);
    t->counts.paths++;
    t->path_bytes += sizeof(*path) + text.size;
    return path;
}

static void path_retire(struct watch_table *t, struct watch_path *path)
{
    struct watch_path *chain = map_get(&t->paths, path->hash), **at = &chain;

    while (*at != path)
        at = &(*at)->next;
    *at = path->next;
    if (chain != NULL)
        map_put(&t->paths, path->hash, chain);
    else
        map_remove(&t->paths, path->hash);
    path->next = t->graveyard;
    t->graveyard = path;
    t->counts.paths--;
    t->path_bytes -= sizeof(*path) + path->size;
}

void watch_bury(struct watch_table *t)
{
    for (struct watch_path *next; t->graveyard != NULL; t->graveyard = next) {
        next = t->graveyard->next;
        coord_free(t->graveyard);
    }
    t->notification_count = 0;
}

static struct watcher *watcher_obtain(struct watch_table *t, uint64_t id)
{
    struct watcher *watcher = map_get(&t->watchers, id);

    if (watcher == NULL) {
        watcher = coord_alloc(sizeof(*watcher));
        *watcher = (struct watcher){.id = id, .first = WATCH_NONE};
        map_put(&t->watchers, id, watcher);
        t->counts.watchers++;
    }
    return watcher;
}

static uint64_t watch_hash(uint32_t kind, uint64_t hash, uint64_t id)
{
    return hash_u64(id, hash + kind);
}

static uint32_t *head_of(const struct watch_table *t, const struct watch *w)
{
    return buckets_head(&t->buckets, watch_hash(w->kind, w->path->hash, w->watcher->id));
}

static void index_insert(struct watch_table *t, uint32_t index)
{
    uint32_t *head = head_of(t, watch_at(&t->pool, index));

    watch_at(&t->pool, index)->chain = *head;
    *head = index;
    if (++t->counts.watches > t->buckets.count) {
        uint32_t *split = buckets_at(&t->buckets, buckets_split(&t->buckets));
        uint32_t at = *split;

        *split = WATCH_NONE;
        while (at != WATCH_NONE) {
            struct watch *w = watch_at(&t->pool, at);
            uint32_t next = w->chain;

            head = head_of(t, w);
            w->chain = *head;
            *head = at;
            at = next;
        }
    }
}

static void index_remove(struct watch_table *t, uint32_t index)
{
    uint32_t *at = head_of(t, watch_at(&t->pool, index));

    while (*at != index)
        at = &watch_at(&t->pool, *at)->chain;
    *at = watch_at(&t->pool, index)->chain;
    t->counts.watches--;
}

static bool exists(const struct watch_table *t, uint32_t kind, const struct watch_path *path, uint64_t id)
{
    uint32_t at = *buckets_head(&t->buckets, watch_hash(kind, path->hash, id));

    while (at != WATCH_NONE) {
        const struct watch *w = watch_at(&t->pool, at);

        if (w->path == path && w->watcher->id == id && w->kind == kind)
            return true;
        at = w->chain;
    }
    return false;
}

void watch_add(struct watch_table *t, enum watch_kind kind, struct slice text, uint64_t id)
{
    struct watch_path *path;
    struct watcher *watcher;
    struct watch *w;
    uint32_t index;

    path = path_obtain(t, text);
    watch_bury(t); /* not before: the text may be that of a notification */
    if (exists(t, kind, path, id))
        return;
    watcher = watcher_obtain(t, id);
    index = watch_pool_take(&t->pool);
    w = watch_at(&t->pool, index);
    *w = (struct watch){.path = path,
                        .watcher = watcher,
                        .path_next = WATCH_NONE,
                        .path_prev = path->last[kind],
                        .own_next = watcher->first,
                        .own_prev = WATCH_NONE,
                        .kind = kind};
    if (path->last[kind] != WATCH_NONE)
        watch_at(&t->pool, path->last[kind])->path_next = index;
    else
        path->first[kind] = index;
    path->last[kind] = index;
    if (watcher->first != WATCH_NONE)
        watch_at(&t->pool, watcher->first)->own_prev = index;
    watcher->first = index;
    index_insert(t, index);
}

void watch_unlink(struct watch_table *t, uint32_t index)
{
    struct watch *w = watch_at(&t->pool, index);
    struct watch_path *path = w->path;
    struct watcher *watcher = w->watcher;

    index_remove(t, index);
    *(w->path_prev != WATCH_NONE ? &watch_at(&t->pool, w->path_prev)->path_next : &path->first[w->kind]) = w->path_next;
    *(w->path_next != WATCH_NONE ? &watch_at(&t->pool, w->path_next)->path_prev : &path->last[w->kind]) = w->path_prev;
    *(w->own_prev != WATCH_NONE ? &watch_at(&t->pool, w->own_prev)->own_next : &watcher->first) = w->own_next;
    if (w->own_next != WATCH_NONE)
        watch_at(&t->pool, w->own_next)->own_prev = w->own_prev;
    watch_pool_give(&t->pool, index);
    if (path->first[WATCH_DATA] == WATCH_NONE && path->first[WATCH_CHILD] == WATCH_NONE)
        path_retire(t, path);
    if (watcher->first == WATCH_NONE) {
        map_remove(&t->watchers, watcher->id);
        coord_free(watcher);
        t->counts.watchers--;
    }
}

void watch_drop(struct watch_table *t, uint64_t id)
{
    struct watcher *watcher;

    watch_bury(t);
    while ((watcher = map_get(&t->watchers, id)) != NULL)
        watch_unlink(t, watcher->first);
    watch_bury(t);
}

void watch_counts(const struct watch_table *t, struct watch_counts *c)
{
    *c = t->counts;
    c->memory_bytes = watch_pool_bytes(&t->pool) + buckets_bytes(&t->buckets) + t->path_bytes +
                      t->paths.capacity * sizeof(struct map_slot) + t->watchers.capacity * sizeof(struct map_slot) +
                      t->counts.watchers * sizeof(struct watcher) + t->notification_capacity * sizeof(*t->notifications);
}
