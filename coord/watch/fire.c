/* fire.c - changes into notifications: who hears what of a change. Pure. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/seeded.h"
#include "watch/table.h"

/* What is told, and of which path. */
struct event {
    enum zk_event type;
    struct slice path;
};

static void notify(struct watch_table *t, struct watcher *watcher, const struct event *e)
{
    if (watcher->leaving || (watcher->fired == t->fire_serial && !SEEDED(watch_twice)))
        return;
    watcher->fired = t->fire_serial;
    if (t->notification_count == t->notification_capacity) {
        t->notification_capacity = t->notification_capacity == 0 ? 64 : t->notification_capacity * 2;
        t->notifications = coord_realloc(t->notifications, t->notification_capacity * sizeof(*t->notifications));
    }
    t->notifications[t->notification_count++] = (struct watch_notification){watcher->id, e->type, e->path};
}

static void fire_staying(struct watch_table *t, uint32_t spot, const struct event *e)
{
    if (spot != SLABS_NONE)
        for (uint32_t at = spot_first(t, spot); at != SEAT_NONE; at = spot_next(t, at))
            notify(t, watcher_at(t, seat_at(t, at)->watcher), e);
}

/* The spot is gone with the last. */
static void fire_once(struct watch_table *t, uint32_t spot, const struct event *e)
{
    uint32_t at = spot == SLABS_NONE ? SEAT_NONE : spot_first(t, spot);

    for (uint32_t next; at != SEAT_NONE; at = next) {
        next = spot_next(t, at);
        notify(t, watcher_at(t, seat_at(t, at)->watcher), e);
        watch_unlink(t, at);
    }
}

/* Of "/a/b" it is "/a", of "/a" it is "/"; the root has none: null. */
static struct slice parent_of(struct slice path)
{
    size_t size = path.size;

    COORD_ASSERT(size > 0 && path.data[0] == '/');
    if (size == 1)
        return SLICE_NULL;
    while (path.data[size - 1] != '/')
        size--;
    return slice_make(path.data, size > 1 ? size - 1 : 1);
}

/* The node's own event. */
static void fire_node(struct watch_table *t, const struct event *e)
{
    struct spots here = spots_find(t, e->path), there;
    struct watch_above above = {.path = e->path};

    t->fire_serial++;
    fire_once(t, here.of[WATCH_DATA], e);
    if (e->type == ZK_EVENT_NODE_DELETED)
        fire_once(t, here.of[WATCH_CHILD], e);
    fire_staying(t, here.of[WATCH_PERSISTENT], e);
    fire_staying(t, here.of[WATCH_RECURSIVE], e);
    if (t->recursive_count == 0 || (SEEDED(recursive_watch_lost) && e->type == ZK_EVENT_NODE_DELETED))
        return;
    while (watch_above_next(t, &above, &there))
        if (!SEEDED(recursive_watch_shallow) || (above.at == 0 ? 1 : above.at) == parent_of(e->path).size)
            fire_staying(t, there.of[WATCH_RECURSIVE], e);
}

static void fire_parent(struct watch_table *t, struct slice child)
{
    struct event e = {ZK_EVENT_CHILDREN_CHANGED, parent_of(child)};
    struct spots there;

    if (slice_is_null(e.path))
        return;
    there = spots_find(t, e.path);
    t->fire_serial++;
    fire_once(t, there.of[WATCH_CHILD], &e);
    fire_staying(t, there.of[WATCH_PERSISTENT], &e);
}

const struct watch_notification *watch_fire(struct watch_table *t, const struct change *changes, uint32_t count,
                                            uint32_t *notification_count)
{
    t->notification_count = 0;
    for (uint32_t i = 0; i < count && t->counts.watches > 0; i++) {
        switch (changes[i].kind) { /* coverage: a change has one of these kinds */
        case CHANGE_CREATED:
            fire_node(t, &(struct event){ZK_EVENT_NODE_CREATED, changes[i].path});
            fire_parent(t, changes[i].path);
            break;
        case CHANGE_DELETED:
            fire_node(t, &(struct event){ZK_EVENT_NODE_DELETED, changes[i].path});
            if (!SEEDED(child_watch_lost))
                fire_parent(t, changes[i].path);
            break;
        case CHANGE_DATA:
            fire_node(t, &(struct event){ZK_EVENT_DATA_CHANGED, changes[i].path});
            break;
        }
    }
    *notification_count = t->notification_count;
    return t->notifications;
}
