/* table.h - inside the watch table: spots, watchers, and the watches between them. Internal to coord/watch.
 *
 * A spot is a path and a kind of watches. Most paths that are watched at all have one watcher, most watchers of the others
 * are many; so a lone watch lies in its spot, and only where there are several each is an item of its own, in a list in the
 * order of registration and in an index that finds (spot, watcher) again. Wherever a watch lies it has a seat, which says whose
 * it is and hangs in the list of all of its watcher's (for watch_drop). Spots and watchers exist while they have watches.
 */
#ifndef COORD_WATCH_TABLE_H
#define COORD_WATCH_TABLE_H

#include "base/buckets.h"
#include "base/map.h"
#include "base/slabs.h"
#include "watch/watch.h"

enum { WATCH_KINDS = WATCH_RECURSIVE + 1, SPOT_PATH_INLINE = 32 };
#define SPOT_PATH_MAX (1u << 29) /* above what any packet holds */

/* Where a watch is: the index of its struct watch, doubled; where it is alone that of its spot, doubled, and one. (Not with the
 * top bit as the mark: gcc 12.2 -O2 then leaves out the mask on one way through watch_unlink, see docs/decisions.md.) */
#define SEAT_NONE UINT32_MAX
#define SEAT_INDEX_MAX (SEAT_NONE >> 1) /* of indexes, exclusive */

struct seat {
    uint32_t watcher;
    uint32_t next, prev; /* seats of the same watcher's; SEAT_NONE at the ends */
};

/* 56 bytes. */
struct spot {
    uint32_t chain; /* of the bucket */
    uint32_t hash;  /* the path's, as far as buckets go */
    uint32_t size : 29, kind : 2, shared : 1;
    union {
        struct seat lone; /* unless shared */
        uint32_t first;   /* shared: a watch, the oldest; never none */
    };
    uint8_t path[SPOT_PATH_INLINE]; /* or, when longer, a pointer to an allocation */
};

/* One of several on a spot. 28 bytes. */
struct watch {
    struct seat seat;
    uint32_t spot;
    uint32_t next, prev; /* of the spot, a list by next and a ring by prev: the first one's is the last */
    uint32_t chain;      /* of the bucket */
};

struct watcher {
    uint64_t id;
    uint64_t fired; /* serial of the last event that it was told of */
    uint32_t first; /* seat */
    uint32_t self;
    uint32_t count : 31, leaving : 1; /* leaving: dropped, and hears nothing any more; count is of no use then */
    uint32_t next_leaving;
};

struct watch_table {
    struct slabs spots, watches, watchers;
    struct buckets by_path;   /* spots */
    struct buckets by_seat;   /* watches: (spot, watcher) */
    struct map by_id;         /* id -> struct watcher */
    uint32_t leaving;         /* first of the watchers that are; SLABS_NONE */
    uint32_t spot_count;      /* in by_path */
    uint32_t shared_count;    /* in by_seat */
    uint64_t recursive_count; /* watches of this kind: without any nobody looks at a change's ancestors */
    uint64_t long_path_bytes;
    struct watch_counts counts;
    uint64_t fire_serial;
    struct watch_notification *notifications;
    uint32_t notification_count, notification_capacity;
};

static inline struct spot *spot_at(const struct watch_table *t, uint32_t index)
{
    return slabs_at(&t->spots, index);
}

static inline struct watch *watch_at(const struct watch_table *t, uint32_t index)
{
    return slabs_at(&t->watches, index);
}

static inline struct watcher *watcher_at(const struct watch_table *t, uint32_t index)
{
    return slabs_at(&t->watchers, index);
}

static inline bool seat_is_lone(uint32_t seat)
{
    return (seat & 1) != 0;
}

static inline struct seat *seat_at(const struct watch_table *t, uint32_t seat)
{
    return seat_is_lone(seat) ? &spot_at(t, seat >> 1)->lone : &watch_at(t, seat >> 1)->seat;
}

static inline uint32_t seat_spot(const struct watch_table *t, uint32_t seat)
{
    return seat_is_lone(seat) ? seat >> 1 : watch_at(t, seat >> 1)->spot;
}

/* The watches of a spot, in order of registration: `for (at = spot_first(...); at != SEAT_NONE; at = spot_next(t, at))`. */
static inline uint32_t spot_first(const struct watch_table *t, uint32_t spot)
{
    return spot_at(t, spot)->shared ? spot_at(t, spot)->first << 1 : spot << 1 | 1;
}

static inline uint32_t spot_next(const struct watch_table *t, uint32_t seat)
{
    uint32_t next = seat_is_lone(seat) ? SLABS_NONE : watch_at(t, seat >> 1)->next;

    return next == SLABS_NONE ? SEAT_NONE : next << 1;
}

/* Takes the watch away, its spot with the last one there, and its watcher with the last of his, unless he is leaving. */
void watch_unlink(struct watch_table *t, uint32_t seat);

struct slice spot_path(const struct spot *s); /* valid while the spot is */

/* The spots of a path by kind, SLABS_NONE where there is none. */
struct spots {
    uint32_t of[WATCH_KINDS];
};
struct spots spots_find(const struct watch_table *t, struct slice path);

/* The one of these that there are whose kind is the lowest; SLABS_NONE: there is none. */
uint32_t spots_lowest(const struct spots *s);

/* Adds a spot, where `beside` has none; its watch, which must be alone there, is the caller's to fill in. */
uint32_t spot_take(struct watch_table *t, struct slice path, enum watch_kind kind, const struct spots *beside);

/* Frees a spot whose watches are gone. */
void spot_give(struct watch_table *t, uint32_t spot);

/* A walk over all above a path, from the root down, in as many steps as the path has bytes. Starts with the path and zeros. */
struct watch_above {
    struct slice path;
    bool root; /* was looked at */
    size_t at;
    uint64_t hash; /* of what is before `at` */
};
bool watch_above_next(const struct watch_table *t, struct watch_above *a, struct spots *found);

#endif
