/* list.c - the watches as reports list them. Pure. */
#include "watch/table.h"

/* Of several kinds of watches that one watcher has on one path, only the first kind is listed. */
static bool listed(const struct watch_table *t, const struct spot *s, uint64_t id)
{
    for (unsigned kind = 0; kind < s->kind; kind++)
        if (watch_has(t, (enum watch_kind)kind, spot_path(s), id))
            return false;
    return true;
}

static bool list_one(const struct watch_table *t, uint32_t seat, uint32_t *left, watch_list_cb each, void *context)
{
    const struct spot *s = spot_at(t, seat_spot(t, seat));
    const struct watcher *watcher = watcher_at(t, seat_at(t, seat)->watcher);
    uint32_t cost = 1 + s->size / WATCH_LIST_COST_BYTES;

    if (*left < cost)
        return false;
    *left -= cost;
    if (!watcher->leaving && listed(t, s, watcher->id))
        each(context, watcher->id, spot_path(s));
    return true;
}

bool watch_list_watcher(const struct watch_table *t, uint64_t id, uint32_t *left, watch_list_cb each, void *context)
{
    const struct watcher *watcher = map_get(&t->by_id, id);
    uint32_t seat = watcher == NULL ? SEAT_NONE : watcher->first;

    for (; seat != SEAT_NONE; seat = seat_at(t, seat)->next)
        if (!list_one(t, seat, left, each, context))
            return false;
    return true;
}

static bool list_path(const struct watch_table *t, const struct spots *spots, uint32_t *left, watch_list_cb each, void *context)
{
    for (unsigned kind = 0; kind < WATCH_KINDS; kind++) {
        uint32_t seat = spots->of[kind] == SLABS_NONE ? SEAT_NONE : spot_first(t, spots->of[kind]);

        for (; seat != SEAT_NONE; seat = spot_next(t, seat))
            if (!list_one(t, seat, left, each, context))
                return false;
    }
    return true;
}

/* All kinds of a path when its lowest is met. */
bool watch_list_paths(const struct watch_table *t, uint32_t *left, watch_list_cb each, void *context)
{
    for (uint32_t bucket = 0; bucket < t->by_path.count; bucket++)
        for (uint32_t at = *buckets_at(&t->by_path, bucket); at != BUCKETS_NONE; at = spot_at(t, at)->chain) {
            struct spots spots = spots_find(t, spot_path(spot_at(t, at)));

            if (spots_lowest(&spots) == at && !list_path(t, &spots, left, each, context))
                return false;
        }
    return true;
}
