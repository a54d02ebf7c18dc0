/* watch.h - who waits for what on this server. Local, not replicated, pure.
 *
 * One-shot data watches (getData, exists) and child watches (getChildren); persistent ones, which are both and stay, and
 * recursive ones, which hear what is created, deleted and set at their path and anywhere below. Knows paths and watcher ids
 * only: no socket, no tree. Firing turns changes into notifications in the order in which clients must see them: for each
 * change the node's own event, then the parent's NodeChildrenChanged. Of each event a watcher hears once, however many watches
 * it has there; all its one-shot ones among them are used up. A change costs two lookups, and one for each ancestor only while
 * there are recursive watches. Goal: below 64 bytes per watch, its path included if that is short. Not thread-safe.
 */
#ifndef COORD_WATCH_WATCH_H
#define COORD_WATCH_WATCH_H

#include "base/slice.h"
#include "wire/change.h"
#include "wire/zk.h"

#include <stdbool.h>
#include <stdint.h>

enum watch_kind { WATCH_DATA, WATCH_CHILD, WATCH_PERSISTENT, WATCH_RECURSIVE };

struct watch_table;

struct watch_notification {
    uint64_t watcher;
    enum zk_event event;
    struct slice path; /* borrowed from the change */
};

struct watch_table *watch_table_new(void);
void watch_table_free(struct watch_table *t);

/* Idempotent per (kind, path, watcher). */
void watch_add(struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t watcher);

bool watch_has(const struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t watcher);

/* False when there was none. */
bool watch_remove(struct watch_table *t, enum watch_kind kind, struct slice path, uint64_t watcher);

/* Drop all of one watcher: its connection closed. It hears of nothing from here on, and its watches count no more, however many
 * they are; but what they take, and their paths' count, is given back by watch_sweep(), so many of them at a time. True: there
 * are more. */
void watch_drop(struct watch_table *t, uint64_t watcher);
bool watch_sweep(struct watch_table *t, uint32_t limit);

/* Remove the one-shot watches that these changes fire and return the notifications, valid until the next watch_fire() and as
 * long as the changes' paths are. */
const struct watch_notification *watch_fire(struct watch_table *t, const struct change *changes, uint32_t count,
                                            uint32_t *notification_count);

/* For reports: the watches of one watcher, or of all paths, path by path; what a watcher has on one path in several kinds comes
 * once. Each takes one of `*left`, a long path one more per WATCH_LIST_COST_BYTES; false when it does not suffice. */
#define WATCH_LIST_COST_BYTES 128
typedef void (*watch_list_cb)(void *context, uint64_t watcher, struct slice path);
bool watch_list_watcher(const struct watch_table *t, uint64_t watcher, uint32_t *left, watch_list_cb each, void *context);
bool watch_list_paths(const struct watch_table *t, uint32_t *left, watch_list_cb each, void *context);

struct watch_counts {
    uint64_t watches, paths, watchers;
    uint64_t memory_bytes; /* without the allocator's own */
};
void watch_counts(const struct watch_table *t, struct watch_counts *c);

#endif
