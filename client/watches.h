/* watches.h - the watches of one session: who wants to hear of which path, by kind.
 *
 * A watch is allocated when it is asked for, so that the answer that sets it needs no memory. All watches of one kind and
 * path hang together: the server knows of them as one. Pure.
 */
#ifndef CLIENT_WATCHES_H
#define CLIENT_WATCHES_H

#include "base/slice.h"
#include "coord/client.h"

/* In the order of a setWatches2 packet; those from WATCH_PERSISTENT on stay when they fire. */
enum watch_kind { WATCH_DATA, WATCH_EXIST, WATCH_CHILD, WATCH_PERSISTENT, WATCH_RECURSIVE, WATCH_KINDS };

struct watch {
    struct watch *next; /* of another kind or path in the table; the next one in a list of fired ones */
    struct watch *same; /* further watches of this kind and path */
    struct watch *last; /* of those, kept in the first */
    enum watch_kind kind;
    enum coord_event_type type; /* once fired */
    int error;
    int64_t zxid;
    coord_watch_cb cb;
    void *arg;
    size_t path_size;
    uint64_t hash;
    char path[]; /* NUL-terminated */
};

struct watch *watch_new(const char *path, const struct coord_watch *watch); /* NULL out of memory. The kind is set later */
/* What an event of this path is told by, to a watch that stays. NULL out of memory. */
struct watch *watch_copy(const struct watch *w, struct slice path);
void watch_free(struct watch *w); /* NULL is fine */

/* Zero-initialise, then watches_init(); does not move. */
struct watches {
    struct watch **buckets;
    size_t bucket_count, key_count; /* keys: distinct pairs of kind and path */
    size_t recursive_count;         /* keys of this kind: without any nobody looks at an event's ancestors */
    size_t wire_bytes;              /* of all keys' paths with their lengths */
    struct watch *few[16];          /* the buckets at first */
};

void watches_init(struct watches *t);
void watches_deinit(struct watches *t); /* frees what is still in it */
void watches_add(struct watches *t, struct watch *w);
/* Remove all of one kind and path: a list linked by `same`, oldest first, or NULL. It is the caller's. */
struct watch *watches_take(struct watches *t, enum watch_kind kind, struct slice path);
/* The first of one kind and path, or NULL; it stays in the table. */
const struct watch *watches_find(const struct watches *t, enum watch_kind kind, struct slice path);
struct watch *watches_take_any(struct watches *t); /* some kind and path's list; NULL: the table is empty */

#endif
