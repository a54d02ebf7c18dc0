/* fire.c - changes into notifications: the rows of PROTOCOL section 8 for data, exists and child watches. Pure. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/seeded.h"
#include "watch/table.h"

static void notify(struct watch_table *t, uint64_t watcher, enum zk_event event, const struct watch_path *path)
{
    if (t->notification_count == t->notification_capacity) {
        t->notification_capacity = t->notification_capacity == 0 ? 64 : t->notification_capacity * 2;
        t->notifications = coord_realloc(t->notifications, t->notification_capacity * sizeof(*t->notifications));
    }
    t->notifications[t->notification_count++] = (struct watch_notification){watcher, event, slice_make(path->text, path->size)};
}

/* One-shot: each watch of the kind goes with its notification. */
static void fire_kind(struct watch_table *t, struct slice text, enum watch_kind kind, enum zk_event event)
{
    struct watch_path *path = watch_path_find(t, text);

    /* The path itself lives on until the next call, also when its last watch is gone. */
    while (path != NULL && path->first[kind] != WATCH_NONE) {
        uint32_t index = path->first[kind];

        notify(t, watch_at(&t->pool, index)->watcher->id, event, path);
        watch_unlink(t, index);
    }
}

/* Data and child watches both hear NodeDeleted, a watcher that has both hears it once. */
static void fire_deleted(struct watch_table *t, struct slice text)
{
    struct watch_path *path = watch_path_find(t, text);
    uint64_t serial = ++t->fire_serial;

    for (unsigned kind = 0; path != NULL && kind < WATCH_KINDS; kind++)
        while (path->first[kind] != WATCH_NONE) {
            uint32_t index = path->first[kind];
            struct watcher *watcher = watch_at(&t->pool, index)->watcher;

            if (watcher->fired != serial || SEEDED(watch_twice)) {
                watcher->fired = serial;
                notify(t, watcher->id, ZK_EVENT_NODE_DELETED, path);
            }
            watch_unlink(t, index);
        }
}

static void fire_parent(struct watch_table *t, struct slice text)
{
    size_t size = text.size;

    COORD_ASSERT(size > 0 && text.data[0] == '/');
    while (text.data[size - 1] != '/')
        size--;
    if (size > 1)
        size--; /* the slash; that of "/x" is the root itself */
    if (text.size > 1)
        fire_kind(t, slice_make(text.data, size), WATCH_CHILD, ZK_EVENT_CHILDREN_CHANGED);
}

const struct watch_notification *watch_fire(struct watch_table *t, const struct change *changes, uint32_t count,
                                            uint32_t *notification_count)
{
    watch_bury(t);
    for (uint32_t i = 0; i < count && t->counts.watches > 0; i++) {
        switch (changes[i].kind) { /* coverage: a change has one of these kinds */
        case CHANGE_CREATED:
            fire_kind(t, changes[i].path, WATCH_DATA, ZK_EVENT_NODE_CREATED);
            fire_parent(t, changes[i].path);
            break;
        case CHANGE_DELETED:
            fire_deleted(t, changes[i].path);
            if (!SEEDED(child_watch_lost))
                fire_parent(t, changes[i].path);
            break;
        case CHANGE_DATA:
            fire_kind(t, changes[i].path, WATCH_DATA, ZK_EVENT_DATA_CHANGED);
            break;
        }
    }
    *notification_count = t->notification_count;
    return t->notifications;
}
