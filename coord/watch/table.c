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

/* Behind the component that starts here, with its slash. */
static const uint8_t *component_end(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *slash = end - at < 2 ? NULL : memchr(at + 1, '/', (size_t)(end - at - 1));

    return slash != NULL ? slash : end;
}

/* paths: a chain per hash, so that a collision costs time only. A path's hash is made of that of the path above it and its own
 * last component, so that whoever looks at all above a path reads each byte once. */
static uint64_t path_hash(struct slice path)
{
    const uint8_t *at = path.data, *end = at + path.size, *next;
    uint64_t hash = 0;

    for (; at < end; at = next) {
        next = component_end(at, end);
        hash = hash_bytes(at, (size_t)(next - at), hash);
    }
    return hash;
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

bool watch_above_next(const struct watch_table *t, struct watch_above *a, struct watch_path **found)
{
    const uint8_t *at = a->path.data + a->at, *end = a->path.data + a->path.size, *next = component_end(at, end);

    if (a->path.size <= 1 || (next == end && a->root))
        return false;
    if (!a->root) {
        *found = watch_path_find(t, SLICE_LITERAL("/"));
        a->root = true;
        return true;
    }
    a->hash = hash_bytes(at, (size_t)(next - at), a->hash);
    a->at = (size_t)(next - a->path.data);
    *found = find_in_chain(map_get(&t->paths, a->hash), slice_make(a->path.data, a->at));
    return true;
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
        path->first[kind] = WATCH_NONE;
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
    t->counts.paths--;
    t->path_bytes -= sizeof(*path) + path->size;
    coord_free(path);
}

void watch_path_settle(struct watch_table *t, struct watch_path *path)
{
    for (unsigned kind = 0; kind < WATCH_KINDS; kind++)
        if (path->first[kind] != WATCH_NONE)
            return;
    path_retire(t, path);
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

/* WATCH_NONE when there is none. */
static uint32_t find(const struct watch_table *t, uint32_t kind, const struct watch_path *path, uint64_t id)
{
    uint32_t at = *buckets_head(&t->buckets, watch_hash(kind, path->hash, id));

    while (at != WATCH_NONE) {
        const struct watch *w = watch_at(&t->pool, at);

        if (w->path == path && w->watcher->id == id && w->kind == kind)
            break;
        at = w->chain;
    }
    return at;
}

/* A path's watches of one kind are a list by path_next and a ring by path_prev: the first one's is the last. */
static void path_append(struct watch_table *t, struct watch_path *path, uint32_t kind, uint32_t index)
{
    struct watch *w = watch_at(&t->pool, index), *first;

    w->path_next = WATCH_NONE;
    w->path_prev = index;
    if (path->first[kind] == WATCH_NONE) {
        path->first[kind] = index;
        return;
    }
    first = watch_at(&t->pool, path->first[kind]);
    w->path_prev = first->path_prev;
    watch_at(&t->pool, first->path_prev)->path_next = index;
    first->path_prev = index;
}

static void path_unlink(struct watch_table *t, uint32_t index)
{
    struct watch *w = watch_at(&t->pool, index);
    uint32_t *first = &w->path->first[w->kind];

    if (w->path_next != WATCH_NONE)
        watch_at(&t->pool, w->path_next)->path_prev = w->path_prev;
    else
        watch_at(&t->pool, *first)->path_prev = w->path_prev;
    if (*first == index)
        *first = w->path_next;
    else
        watch_at(&t->pool, w->path_prev)->path_next = w->path_next;
}

void watch_add(struct watch_table *t, enum watch_kind kind, struct slice text, uint64_t id)
{
    struct watch_path *path = path_obtain(t, text);
    struct watcher *watcher;
    uint32_t index;

    if (find(t, kind, path, id) != WATCH_NONE)
        return;
    watcher = watcher_obtain(t, id);
    index = watch_pool_take(&t->pool);
    *watch_at(&t->pool, index) =
        (struct watch){.path = path, .watcher = watcher, .own_next = watcher->first, .own_prev = WATCH_NONE, .kind = kind};
    path_append(t, path, kind, index);
    if (watcher->first != WATCH_NONE)
        watch_at(&t->pool, watcher->first)->own_prev = index;
    watcher->first = index;
    t->recursive += kind == WATCH_RECURSIVE;
    index_insert(t, index);
}

void watch_unlink(struct watch_table *t, uint32_t index)
{
    struct watch *w = watch_at(&t->pool, index);
    struct watcher *watcher = w->watcher;

    index_remove(t, index);
    t->recursive -= w->kind == WATCH_RECURSIVE;
    path_unlink(t, index);
    *(w->own_prev != WATCH_NONE ? &watch_at(&t->pool, w->own_prev)->own_next : &watcher->first) = w->own_next;
    if (w->own_next != WATCH_NONE)
        watch_at(&t->pool, w->own_next)->own_prev = w->own_prev;
    watch_pool_give(&t->pool, index);
    if (watcher->first == WATCH_NONE) {
        map_remove(&t->watchers, watcher->id);
        coord_free(watcher);
        t->counts.watchers--;
    }
}

static uint32_t look_up(const struct watch_table *t, enum watch_kind kind, struct slice text, uint64_t id)
{
    const struct watch_path *path = watch_path_find(t, text);

    return path == NULL ? WATCH_NONE : find(t, kind, path, id);
}

bool watch_has(const struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t watcher)
{
    return look_up(t, kind, path, watcher) != WATCH_NONE;
}

static void unlink_and_settle(struct watch_table *t, uint32_t index)
{
    struct watch_path *path = watch_at(&t->pool, index)->path;

    watch_unlink(t, index);
    watch_path_settle(t, path);
}

bool watch_remove(struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t watcher)
{
    uint32_t index = look_up(t, kind, path, watcher);

    if (index != WATCH_NONE)
        unlink_and_settle(t, index);
    return index != WATCH_NONE;
}

void watch_drop(struct watch_table *t, uint64_t id)
{
    struct watcher *watcher;

    while ((watcher = map_get(&t->watchers, id)) != NULL)
        unlink_and_settle(t, watcher->first);
}

void watch_counts(const struct watch_table *t, struct watch_counts *c)
{
    *c = t->counts;
    c->memory_bytes = watch_pool_bytes(&t->pool) + buckets_bytes(&t->buckets) + t->path_bytes +
                      t->paths.capacity * sizeof(struct map_slot) + t->watchers.capacity * sizeof(struct map_slot) +
                      t->counts.watchers * sizeof(struct watcher) + t->notification_capacity * sizeof(*t->notifications);
}
