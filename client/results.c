/* results.c - see results.h: results, stats, pointers to names, and bytes, in this order, so that each is aligned. */
#include "results.h"

#include <stdlib.h>
#include <string.h>

struct room {
    struct coord_stat *stats;
    const char **names;
    char *bytes;
};

static char *put(struct room *room, const void *bytes, size_t size)
{
    char *to = room->bytes;

    if (size > 0)
        memcpy(to, bytes, size);
    to[size] = '\0';
    room->bytes += size + 1;
    return to;
}

static void copy_one(struct coord_result *to, const struct coord_result *from, struct room *room)
{
    *to = *from;
    if (from->path != NULL)
        to->path = put(room, from->path, strlen(from->path));
    if (from->data != NULL)
        to->data = put(room, from->data, from->data_size);
    if (from->stat != NULL) {
        *room->stats = *from->stat;
        to->stat = room->stats++;
    }
    if (from->children != NULL) {
        to->children = room->names;
        for (size_t i = 0; i < from->child_count; i++)
            *room->names++ = put(room, from->children[i], strlen(from->children[i]));
        *room->names++ = NULL;
    }
}

struct coord_result *results_copy(const struct coord_result *results, size_t count)
{
    size_t stats = 0, names = 0, bytes = 1;
    struct coord_result *copy;
    struct room room;

    for (size_t i = 0; i < count; i++) {
        const struct coord_result *r = &results[i];
        stats += r->stat != NULL;
        names += r->children != NULL ? r->child_count + 1 : 0;
        bytes += (r->path != NULL ? strlen(r->path) + 1 : 0) + (r->data != NULL ? r->data_size + 1 : 0);
        for (size_t k = 0; k < r->child_count; k++)
            bytes += strlen(r->children[k]) + 1;
    }
    copy = malloc(count * sizeof(*copy) + stats * sizeof(*room.stats) + names * sizeof(*room.names) + bytes);
    if (copy == NULL)
        return NULL;
    room.stats = (struct coord_stat *)(copy + count);
    room.names = (const char **)(room.stats + stats);
    room.bytes = (char *)(room.names + names);
    for (size_t i = 0; i < count; i++)
        copy_one(&copy[i], &results[i], &room);
    return copy;
}
