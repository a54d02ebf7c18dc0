/* spot.c - paths and kinds that are watched: finding them, and what is above a path. Pure. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/hash.h"
#include "watch/table.h"

#include <string.h>

/* Behind the component that starts here, with its slash. */
static const uint8_t *component_end(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *slash = end - at < 2 ? NULL : memchr(at + 1, '/', (size_t)(end - at - 1));

    return slash != NULL ? slash : end;
}

/* A path's hash is made of that of the path above it and its own last component, so that whoever looks at all above a path
 * reads each byte once. */
static uint64_t path_hash(struct slice path)
{
    const uint8_t *at = path.data, *end = at + path.size, *next;
    uint64_t hash = 0;

    for (; at < end; at = next) {
        next = component_end(at, end);
        hash = hash_bytes(at, (size_t)(next - at), hash);
    }
    return hash;
}

struct slice spot_path(const struct spot *s)
{
    const uint8_t *text = s->path;

    if (s->size > SPOT_PATH_INLINE)
        memcpy(&text, s->path, sizeof(text));
    return slice_make(text, s->size);
}

/* Buckets are of the hash's lower half, which spots keep. */
static uint32_t *head_of(const struct watch_table *t, uint32_t hash)
{
    return buckets_head(&t->by_path, hash);
}

static struct spots find(const struct watch_table *t, uint64_t hash, struct slice path)
{
    struct spots found;

    for (unsigned kind = 0; kind < WATCH_KINDS; kind++)
        found.of[kind] = SLABS_NONE;
    for (uint32_t at = *head_of(t, (uint32_t)hash); at != BUCKETS_NONE; at = spot_at(t, at)->chain) {
        const struct spot *s = spot_at(t, at);

        if (s->hash == (uint32_t)hash && slice_equal(spot_path(s), path))
            found.of[s->kind] = at;
    }
    return found;
}

struct spots spots_find(const struct watch_table *t, struct slice path)
{
    return find(t, path_hash(path), path);
}

uint32_t spots_lowest(const struct spots *s)
{
    unsigned kind = 0;

    while (kind < WATCH_KINDS - 1 && s->of[kind] == SLABS_NONE)
        kind++;
    return s->of[kind];
}

bool watch_above_next(const struct watch_table *t, struct watch_above *a, struct spots *found)
{
    const uint8_t *at = a->path.data + a->at, *end = a->path.data + a->path.size, *next = component_end(at, end);

    if (a->path.size <= 1 || (next == end && a->root))
        return false;
    if (!a->root) {
        *found = spots_find(t, SLICE_LITERAL("/"));
        a->root = true;
        return true;
    }
    a->hash = hash_bytes(at, (size_t)(next - at), a->hash);
    a->at = (size_t)(next - a->path.data);
    *found = find(t, a->hash, slice_make(a->path.data, a->at));
    return true;
}

static void chain(struct watch_table *t, uint32_t index)
{
    struct spot *s = spot_at(t, index);
    uint32_t *head = head_of(t, s->hash);

    s->chain = *head;
    *head = index;
}

uint32_t spot_take(struct watch_table *t, struct slice path, enum watch_kind kind, const struct spots *beside)
{
    uint32_t index = slabs_take(&t->spots);
    struct spot *s = spot_at(t, index);

    COORD_ASSERT(index < SEAT_INDEX_MAX && path.size < SPOT_PATH_MAX && beside->of[kind] == SLABS_NONE);
    *s = (struct spot){.hash = (uint32_t)path_hash(path), .size = (uint32_t)path.size & (SPOT_PATH_MAX - 1), .kind = kind & 3u};
    if (path.size > SPOT_PATH_INLINE) {
        uint8_t *text = coord_memdup(path.data, path.size);

        memcpy(s->path, &text, sizeof(text));
        t->long_path_bytes += path.size;
    } else if (path.size > 0) {
        memcpy(s->path, path.data, path.size);
    }
    t->counts.paths += spots_lowest(beside) == SLABS_NONE;
    chain(t, index);
    if (++t->spot_count > t->by_path.count)
        for (uint32_t at = buckets_split(&t->by_path), next; at != BUCKETS_NONE; at = next) {
            next = spot_at(t, at)->chain;
            chain(t, at);
        }
    return index;
}

void spot_give(struct watch_table *t, uint32_t index)
{
    struct slice path = spot_path(spot_at(t, index));
    uint32_t hash = spot_at(t, index)->hash, *at = head_of(t, hash);
    struct spots left;

    while (*at != index)
        at = &spot_at(t, *at)->chain;
    *at = spot_at(t, index)->chain;
    t->spot_count--;
    left = find(t, hash, path);
    t->counts.paths -= spots_lowest(&left) == SLABS_NONE;
    if (path.size > SPOT_PATH_INLINE) {
        uint8_t *text;

        memcpy(&text, spot_at(t, index)->path, sizeof(text));
        coord_free(text);
        t->long_path_bytes -= path.size;
    }
    slabs_give(&t->spots, index);
}
