/* fire.c - changes into notifications: the rows of PROTOCOL section 8. Pure. */
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
    if (watcher->fired == t->fire_serial && !SEEDED(watch_twice))
        return;
    watcher->fired = t->fire_serial;
    if (t->notification_count == t->notification_capacity) {
        t->notification_capacity = t->notification_capacity == 0 ? 64 : t->notification_capacity * 2;
        t->notifications = coord_realloc(t->notifications, t->notification_capacity * sizeof(*t->notifications));
    }
    t->notifications[t->notification_count++] = (struct watch_notification){watcher->id, e->type, e->path};
}

static void fire_once(struct watch_table *t, struct watch_path *path, enum watch_kind kind, const struct event *e)
{
    while (path->first[kind] != WATCH_NONE) {
        uint32_t index = path->first[kind];

        notify(t, watch_at(&t->pool, index)->watcher, e);
        watch_unlink(t, index);
    }
}

static void fire_staying(struct watch_table *t, const struct watch_path *path, enum watch_kind kind, const struct event *e)
{
    for (uint32_t at = path->first[kind]; at != WATCH_NONE; at = watch_at(&t->pool, at)->path_next)
        notify(t, watch_at(&t->pool, at)->watcher, e);
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
    struct watch_path *path = watch_path_find(t, e->path);
    struct watch_above above = {.path = e->path};

    t->fire_serial++;
    if (path != NULL) {
        fire_once(t, path, WATCH_DATA, e);
        if (e->type == ZK_EVENT_NODE_DELETED)
            fire_once(t, path, WATCH_CHILD, e);
        fire_staying(t, path, WATCH_PERSISTENT, e);
        fire_staying(t, path, WATCH_RECURSIVE, e);
        watch_path_settle(t, path);
    }
    if (t->recursive == 0 || (SEEDED(recursive_watch_lost) && e->type == ZK_EVENT_NODE_DELETED))
        return;
    while (watch_above_next(t, &above, &path))
        if (path != NULL && (!SEEDED(recursive_watch_shallow) || path->size == parent_of(e->path).size))
            fire_staying(t, path, WATCH_RECURSIVE, e);
}

static void fire_parent(struct watch_table *t, struct slice child)
{
    struct event e = {ZK_EVENT_CHILDREN_CHANGED, parent_of(child)};
    struct watch_path *path = slice_is_null(e.path) ? NULL : watch_path_find(t, e.path);

    if (path == NULL)
        return;
    t->fire_serial++;
    fire_once(t, path, WATCH_CHILD, &e);
    fire_staying(t, path, WATCH_PERSISTENT, &e);
    watch_path_settle(t, path);
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
