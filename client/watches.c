/* watches.c - a chained hash table of watches. Growth is an optimisation: without memory for it the chains get longer. Pure. */
#include "watches.h"

#include <stdlib.h>

static struct watch *make(struct slice path, coord_watch_cb cb, void *arg)
{
    struct watch *w = malloc(sizeof(*w) + path.size + 1);

    if (w == NULL)
        return NULL;
    *w = (struct watch){.cb = cb, .arg = arg, .path_size = path.size};
    if (path.size > 0)
        memcpy(w->path, path.data, path.size);
    w->path[path.size] = '\0';
    return w;
}

struct watch *watch_new(const char *path, const struct coord_watch *watch)
{
    return make(slice_from_text(path), watch->cb, watch->arg);
}

struct watch *watch_copy(const struct watch *w, struct slice path)
{
    return make(path, w->cb, w->arg);
}

void watch_free(struct watch *w)
{
    free(w);
}

void watches_init(struct watches *t)
{
    *t = (struct watches){.bucket_count = sizeof(t->few) / sizeof(t->few[0])};
    t->buckets = t->few;
}

void watches_deinit(struct watches *t)
{
    struct watch *w;

    while ((w = watches_take_any(t)) != NULL) {
        for (struct watch *next; w != NULL; w = next) {
            next = w->same;
            watch_free(w);
        }
    }
    if (t->buckets != t->few)
        free(t->buckets);
    watches_init(t);
}

/* FNV-1a: paths are the program's own, nobody attacks the table. */
static uint64_t hash_of(enum watch_kind kind, struct slice path)
{
    uint64_t hash = 14695981039346656037u + (uint64_t)kind;

    for (size_t i = 0; i < path.size; i++)
        hash = (hash ^ path.data[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

static void grow(struct watches *t)
{
    size_t count = t->bucket_count * 4;
    struct watch **buckets = calloc(count, sizeof(*buckets));

    if (buckets == NULL)
        return;
    for (size_t i = 0; i < t->bucket_count; i++) {
        for (struct watch *w = t->buckets[i], *next; w != NULL; w = next) {
            struct watch **bucket = &buckets[w->hash & (count - 1)];
            next = w->next;
            w->next = *bucket;
            *bucket = w;
        }
    }
    if (t->buckets != t->few)
        free(t->buckets);
    t->buckets = buckets;
    t->bucket_count = count;
}

/* The link that points to the key's first watch; to NULL when there is none. */
static struct watch **find(const struct watches *t, uint64_t hash, enum watch_kind kind, struct slice path)
{
    struct watch **at = &t->buckets[hash & (t->bucket_count - 1)];

    while (*at != NULL &&
           !((*at)->hash == hash && (*at)->kind == kind && slice_equal(slice_make((*at)->path, (*at)->path_size), path)))
        at = &(*at)->next;
    return at;
}

void watches_add(struct watches *t, struct watch *w)
{
    struct slice path = slice_make(w->path, w->path_size);
    struct watch **at;

    w->hash = hash_of(w->kind, path);
    w->next = w->same = NULL;
    w->last = w;
    if (t->key_count >= t->bucket_count)
        grow(t);
    at = find(t, w->hash, w->kind, path);
    if (*at == NULL) {
        *at = w;
        t->key_count++;
        t->recursive_count += w->kind == WATCH_RECURSIVE;
        t->wire_bytes += 4 + w->path_size;
        return;
    }
    (*at)->last->same = w;
    (*at)->last = w;
}

static struct watch *unlink_at(struct watches *t, struct watch **at)
{
    struct watch *w = *at;

    *at = w->next;
    w->next = NULL;
    t->key_count--;
    t->recursive_count -= w->kind == WATCH_RECURSIVE;
    t->wire_bytes -= 4 + w->path_size;
    return w;
}

struct watch *watches_take(struct watches *t, enum watch_kind kind, struct slice path)
{
    struct watch **at = find(t, hash_of(kind, path), kind, path);

    return *at != NULL ? unlink_at(t, at) : NULL;
}

const struct watch *watches_find(const struct watches *t, enum watch_kind kind, struct slice path)
{
    return *find(t, hash_of(kind, path), kind, path);
}

struct watch *watches_take_any(struct watches *t)
{
    if (t->key_count == 0)
        return NULL;
    for (size_t i = 0; i < t->bucket_count; i++)
        if (t->buckets[i] != NULL)
            return unlink_at(t, &t->buckets[i]);
    return NULL;
}
