/* list.c - the watches as reports list them. Pure. */
#include "watch/table.h"

/* Of several kinds of watches that one watcher has on one path, only the first kind is listed. */
static bool listed(const struct watch_table *t, const struct watch *w)
{
    struct slice path = slice_make(w->path->text, w->path->size);

    for (uint32_t kind = 0; kind < w->kind; kind++)
        if (watch_has(t, (enum watch_kind)kind, path, w->watcher->id))
            return false;
    return true;
}

static bool list_one(const struct watch_table *t, const struct watch *w, uint32_t *left, watch_list_cb each, void *context)
{
    uint32_t cost = 1 + w->path->size / WATCH_LIST_COST_BYTES;

    if (*left < cost)
        return false;
    *left -= cost;
    if (listed(t, w))
        each(context, w->watcher->id, slice_make(w->path->text, w->path->size));
    return true;
}

bool watch_list_watcher(const struct watch_table *t, uint64_t id, uint32_t *left, watch_list_cb each, void *context)
{
    const struct watcher *watcher = map_get(&t->watchers, id);
    uint32_t at = watcher == NULL ? WATCH_NONE : watcher->first;

    for (; at != WATCH_NONE; at = watch_at(&t->pool, at)->own_next)
        if (!list_one(t, watch_at(&t->pool, at), left, each, context))
            return false;
    return true;
}

static bool list_path(const struct watch_table *t, const struct watch_path *path, uint32_t *left, watch_list_cb each,
                      void *context)
{
    for (unsigned kind = 0; kind < WATCH_KINDS; kind++)
        for (uint32_t at = path->first[kind]; at != WATCH_NONE; at = watch_at(&t->pool, at)->path_next)
            if (!list_one(t, watch_at(&t->pool, at), left, each, context))
                return false;
    return true;
}

bool watch_list_paths(const struct watch_table *t, uint32_t *left, watch_list_cb each, void *context)
{
    const struct watch_path *path;

    for (size_t at = 0; (path = map_next(&t->paths, &at)) != NULL;)
        for (; path != NULL; path = path->next)
            if (!list_path(t, path, left, each, context))
                return false;
    return true;
}
