/* table.h - inside the watch table: paths, watchers, and the watches between them. Internal to coord/watch.
 *
 * A watch hangs in three lists: of its path (one queue per kind, so that notifications leave in the order of
 * registration), of its watcher (for watch_drop), and of its bucket, which finds (kind, path, watcher) again. Paths and
 * watchers exist while they have watches; a path whose last watch fired lies in the graveyard until the next call, because
 * notifications borrow its text.
 */
#ifndef COORD_WATCH_TABLE_H
#define COORD_WATCH_TABLE_H

#include "base/buckets.h"
#include "base/map.h"
#include "watch/pool.h"

enum { WATCH_KINDS = 2 };

struct watch_path {
    struct watch_path *next; /* of the same hash; of the graveyard */
    uint64_t hash;
    uint32_t size;
    uint32_t first[WATCH_KINDS], last[WATCH_KINDS];
    uint8_t text[];
};

struct watcher {
    uint64_t id;
    uint64_t fired; /* serial of the last deletion that it was told of */
    uint32_t first;
};

struct watch_table {
    struct watch_pool pool;
    struct buckets buckets;
    struct map paths;    /* hash -> chain of struct watch_path */
    struct map watchers; /* id -> struct watcher */
    struct watch_path *graveyard;
    struct watch_counts counts;
    uint64_t path_bytes; /* allocated for struct watch_path */
    uint64_t fire_serial;
    struct watch_notification *notifications;
    uint32_t notification_count, notification_capacity;
};

struct watch_path *watch_path_find(const struct watch_table *t, struct slice path);

/* Unlinks the watch everywhere and frees what it was the last of: the watcher at once, the path into the graveyard. */
void watch_unlink(struct watch_table *t, uint32_t index);

/* Frees the graveyard: the notifications' texts are over. */
void watch_bury(struct watch_table *t);

#endif
