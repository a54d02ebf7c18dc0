/* items.c - the entries of the test world: a zxid and a short text, in growing arrays. */
#include "world.h"

#include "base/alloc.h"

#include <string.h>

void items_deinit(struct items *s)
{
    coord_free(s->at);
    memset(s, 0, sizeof(*s));
}

void items_clear(struct items *s)
{
    s->count = 0;
    s->floor = 0;
}

void items_add(struct items *s, const struct item *one)
{
    if (s->count == s->room) {
        s->room = s->room == 0 ? 8 : s->room * 2;
        s->at = coord_realloc(s->at, s->room * sizeof(*s->at));
    }
    s->at[s->count++] = *one;
}

void items_copy(struct items *to, const struct items *from, uint64_t first, uint64_t last)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (from->at[i].zxid >= first && from->at[i].zxid <= last)
            items_add(to, &from->at[i]);
}

void items_cut_after(struct items *s, uint64_t zxid)
{
    while (s->count > 0 && s->at[s->count - 1].zxid > zxid)
        s->count--;
}

void items_trim(struct items *s, uint64_t zxid)
{
    uint32_t drop = 0;

    if (zxid <= s->floor)
        return;
    while (drop < s->count && s->at[drop].zxid <= zxid)
        drop++;
    s->count -= drop;
    if (s->count > 0)
        memmove(s->at, s->at + drop, s->count * sizeof(*s->at));
    s->floor = zxid;
}

uint64_t items_last(const struct items *s)
{
    return s->count > 0 ? s->at[s->count - 1].zxid : s->floor;
}

const struct item *items_find(const struct items *s, uint64_t zxid)
{
    uint32_t low = 0, high = s->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->at[middle].zxid < zxid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->count && s->at[low].zxid == zxid ? &s->at[low] : NULL;
}

void items_shape(const struct items *s, uint64_t snapshot, struct runs *shape)
{
    memset(shape, 0, sizeof(*shape));
    shape->floor = s->floor;
    for (uint32_t i = 0; i < s->count; i++) {
        runs_append(shape, s->at[i].zxid, 1);
        if (shape->count > RUNS_MAX / 2 && s->at[i].zxid <= snapshot)
            runs_fold(shape, s->at[i].zxid);
    }
}
