/* table.h - inside the watch table: paths, watchers, and the watches between them. Internal to coord/watch.
 *
 * A watch hangs in three lists: of its path (one queue per kind, so that notifications leave in the order of
 * registration), of its watcher (for watch_drop), and of its bucket, which finds (kind, path, watcher) again. Paths and
 * watchers exist while they have watches.
 */
#ifndef COORD_WATCH_TABLE_H
#define COORD_WATCH_TABLE_H

#include "base/buckets.h"
#include "base/map.h"
#include "watch/pool.h"

enum { WATCH_KINDS = WATCH_RECURSIVE + 1 };

struct watch_path {
    struct watch_path *next; /* of the same hash */
    uint64_t hash;
    uint32_t size;
    uint32_t first[WATCH_KINDS];
    uint8_t text[];
};

struct watcher {
    uint64_t id;
    uint64_t fired; /* serial of the last event that it was told of */
    uint32_t first;
};

struct watch_table {
    struct watch_pool pool;
    struct buckets buckets;
    struct map paths;    /* hash -> chain of struct watch_path */
    struct map watchers; /* id -> struct watcher */
    struct watch_counts counts;
    uint64_t recursive;  /* watches of this kind: without any nobody looks at a change's ancestors */
    uint64_t path_bytes; /* allocated for struct watch_path */
    uint64_t fire_serial;
    struct watch_notification *notifications;
    uint32_t notification_count, notification_capacity;
};

struct watch_path *watch_path_find(const struct watch_table *t, struct slice path);

/* A walk over all above a path, from the root down, in as many steps as the path has bytes. Starts with the path and zeros. */
struct watch_above {
    struct slice path;
    bool root; /* was looked at */
    size_t at;
    uint64_t hash; /* of what is before `at` */
};
bool watch_above_next(const struct watch_table *t, struct watch_above *a,
                      struct watch_path **found); /* NULL: nobody watches it */

/* Unlinks the watch everywhere, and frees its watcher if it was its last. The path stays until watch_path_settle(). */
void watch_unlink(struct watch_table *t, uint32_t index);

/* Frees the path if it has no watch left. */
void watch_path_settle(struct watch_table *t, struct watch_path *path);

#endif
