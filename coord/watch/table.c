/* table.c - adding, finding and dropping watches. Pure. */
#include "watch/table.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/hash.h"

struct watch_table *watch_table_new(void)
{
    struct watch_table *t = coord_alloc_zero(1, sizeof(*t));

    slabs_init(&t->spots, sizeof(struct spot));
    slabs_init(&t->watches, sizeof(struct watch));
    slabs_init(&t->watchers, sizeof(struct watcher));
    buckets_init(&t->by_path);
    buckets_init(&t->by_seat);
    t->leaving = SLABS_NONE;
    return t;
}

void watch_table_free(struct watch_table *t)
{
    for (uint32_t bucket = 0; bucket < t->by_path.count; bucket++)
        while (*buckets_at(&t->by_path, bucket) != BUCKETS_NONE)
            spot_give(t, *buckets_at(&t->by_path, bucket));
    map_deinit(&t->by_id);
    buckets_deinit(&t->by_path);
    buckets_deinit(&t->by_seat);
    slabs_deinit(&t->spots);
    slabs_deinit(&t->watches);
    slabs_deinit(&t->watchers);
    coord_free(t->notifications);
    coord_free(t);
}

/* The watcher's list. */

static struct watcher *watcher_obtain(struct watch_table *t, uint64_t id)
{
    struct watcher *watcher = map_get(&t->by_id, id);
    uint32_t index;

    if (watcher == NULL) {
        index = slabs_take(&t->watchers);
        watcher = watcher_at(t, index);
        *watcher = (struct watcher){.id = id, .first = SEAT_NONE, .self = index};
        map_put(&t->by_id, id, watcher);
        t->counts.watchers++;
    }
    return watcher;
}

static void own_link(struct watch_table *t, uint32_t seat, struct watcher *watcher)
{
    *seat_at(t, seat) = (struct seat){.watcher = watcher->self, .next = watcher->first, .prev = SEAT_NONE};
    if (watcher->first != SEAT_NONE)
        seat_at(t, watcher->first)->prev = seat;
    watcher->first = seat;
    watcher->count++;
    t->counts.watches++;
}

/* Those beside a seat in its watcher's list see `next` behind them, `prev` before them. */
static void own_join(struct watch_table *t, const struct seat *s, uint32_t next, uint32_t prev)
{
    *(s->prev != SEAT_NONE ? &seat_at(t, s->prev)->next : &watcher_at(t, s->watcher)->first) = next;
    if (s->next != SEAT_NONE)
        seat_at(t, s->next)->prev = prev;
}

/* Frees the watcher with his last. */
static void own_unlink(struct watch_table *t, const struct seat *s)
{
    struct watcher *watcher = watcher_at(t, s->watcher);

    own_join(t, s, s->next, s->prev);
    if (watcher->leaving)
        return;
    watcher->count--;
    t->counts.watches--;
    if (watcher->first != SEAT_NONE)
        return;
    map_remove(&t->by_id, watcher->id);
    slabs_give(&t->watchers, watcher->self);
    t->counts.watchers--;
}

/* The index of watches that share their spot. */

static uint32_t *index_head(const struct watch_table *t, uint32_t spot, uint32_t watcher)
{
    return buckets_head(&t->by_seat, hash_u64(((uint64_t)spot << 32) | watcher, 0));
}

static void index_chain(struct watch_table *t, uint32_t index)
{
    struct watch *w = watch_at(t, index);
    uint32_t *head = index_head(t, w->spot, w->seat.watcher);

    w->chain = *head;
    *head = index;
}

static void index_insert(struct watch_table *t, uint32_t index)
{
    index_chain(t, index);
    if (++t->shared_count > t->by_seat.count)
        for (uint32_t at = buckets_split(&t->by_seat), next; at != BUCKETS_NONE; at = next) {
            next = watch_at(t, at)->chain;
            index_chain(t, at);
        }
}

static void index_remove(struct watch_table *t, uint32_t index)
{
    uint32_t *at = index_head(t, watch_at(t, index)->spot, watch_at(t, index)->seat.watcher);

    while (*at != index)
        at = &watch_at(t, *at)->chain;
    *at = watch_at(t, index)->chain;
    t->shared_count--;
}

/* The seat of a watcher on a spot; SEAT_NONE when there is none. */
static uint32_t find(const struct watch_table *t, uint32_t spot, const struct watcher *watcher)
{
    uint32_t at;

    if (!spot_at(t, spot)->shared)
        return spot_at(t, spot)->lone.watcher == watcher->self ? spot_first(t, spot) : SEAT_NONE;
    at = *index_head(t, spot, watcher->self);
    while (at != BUCKETS_NONE && (watch_at(t, at)->spot != spot || watch_at(t, at)->seat.watcher != watcher->self))
        at = watch_at(t, at)->chain;
    return at == BUCKETS_NONE ? SEAT_NONE : at << 1;
}

static uint32_t look_up(const struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t id)
{
    const struct watcher *watcher = map_get(&t->by_id, id);
    struct spots spots;

    if (watcher == NULL)
        return SEAT_NONE;
    spots = spots_find(t, path);
    return spots.of[kind] == SLABS_NONE ? SEAT_NONE : find(t, spots.of[kind], watcher);
}

/* The spot's list. */

static uint32_t take_watch(struct watch_table *t, uint32_t spot)
{
    uint32_t index = slabs_take(&t->watches);

    COORD_ASSERT(index < SEAT_INDEX_MAX);
    *watch_at(t, index) = (struct watch){.spot = spot, .next = SLABS_NONE, .prev = index};
    return index;
}

/* The lone watch becomes the first of several. */
static void share(struct watch_table *t, uint32_t spot)
{
    uint32_t index = take_watch(t, spot);
    struct spot *s = spot_at(t, spot);

    watch_at(t, index)->seat = s->lone;
    own_join(t, &s->lone, index << 1, index << 1);
    s->shared = 1;
    s->first = index;
    index_insert(t, index);
}

static void append(struct watch_table *t, uint32_t spot, struct watcher *watcher)
{
    uint32_t index = take_watch(t, spot);
    struct watch *w = watch_at(t, index), *first = watch_at(t, spot_at(t, spot)->first);

    w->prev = first->prev;
    watch_at(t, first->prev)->next = index;
    first->prev = index;
    own_link(t, index << 1, watcher);
    index_insert(t, index);
}

/* False when it was the only one. */
static bool detach(struct watch_table *t, uint32_t index)
{
    struct watch *w = watch_at(t, index);
    struct spot *s = spot_at(t, w->spot);

    if (w->next == SLABS_NONE && s->first == index)
        return false;
    watch_at(t, w->next != SLABS_NONE ? w->next : s->first)->prev = w->prev;
    if (s->first == index)
        s->first = w->next;
    else
        watch_at(t, w->prev)->next = w->next;
    return true;
}

void watch_add(struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t id)
{
    struct spots spots = spots_find(t, path);
    struct watcher *watcher = watcher_obtain(t, id);
    uint32_t spot = spots.of[kind];

    if (spot == SLABS_NONE) {
        own_link(t, spot_first(t, spot_take(t, path, kind, &spots)), watcher);
    } else {
        if (find(t, spot, watcher) != SEAT_NONE)
            return;
        if (!spot_at(t, spot)->shared)
            share(t, spot);
        append(t, spot, watcher);
    }
    t->recursive_count += kind == WATCH_RECURSIVE;
}

void watch_unlink(struct watch_table *t, uint32_t seat)
{
    uint32_t spot = seat_spot(t, seat);
    bool last = true;

    t->recursive_count -= spot_at(t, spot)->kind == WATCH_RECURSIVE;
    if (!seat_is_lone(seat)) {
        index_remove(t, seat >> 1);
        last = !detach(t, seat >> 1);
    }
    own_unlink(t, seat_at(t, seat));
    if (!seat_is_lone(seat))
        slabs_give(&t->watches, seat >> 1);
    if (last)
        spot_give(t, spot);
}

bool watch_has(const struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t watcher)
{
    return look_up(t, kind, path, watcher) != SEAT_NONE;
}

bool watch_remove(struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t watcher)
{
    uint32_t seat = look_up(t, kind, path, watcher);

    if (seat != SEAT_NONE)
        watch_unlink(t, seat);
    return seat != SEAT_NONE;
}

void watch_drop(struct watch_table *t, uint64_t id)
{
    struct watcher *watcher = map_remove(&t->by_id, id);

    if (watcher == NULL)
        return;
    t->counts.watchers--;
    t->counts.watches -= watcher->count;
    watcher->leaving = 1;
    watcher->next_leaving = t->leaving;
    t->leaving = watcher->self;
}

bool watch_sweep(struct watch_table *t, uint32_t limit)
{
    for (; t->leaving != SLABS_NONE && limit > 0; limit--) {
        struct watcher *watcher = watcher_at(t, t->leaving);

        if (watcher->first != SEAT_NONE) {
            watch_unlink(t, watcher->first);
        } else {
            t->leaving = watcher->next_leaving;
            slabs_give(&t->watchers, watcher->self);
        }
    }
    return t->leaving != SLABS_NONE;
}

void watch_counts(const struct watch_table *t, struct watch_counts *c)
{
    *c = t->counts;
    c->memory_bytes = slabs_bytes(&t->spots) + slabs_bytes(&t->watches) + slabs_bytes(&t->watchers) +
                      buckets_bytes(&t->by_path) + buckets_bytes(&t->by_seat) + t->by_id.capacity * sizeof(struct map_slot) +
                      t->long_path_bytes + t->notification_capacity * sizeof(*t->notifications);
}
