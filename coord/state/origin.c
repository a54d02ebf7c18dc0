/* origin.c - the table of origins. Pure. */
#include "state/origin.h"

#include "base/alloc.h"

#include <string.h>

void origin_table_deinit(struct origin_table *t)
{
    coord_free(t->items);
    *t = (struct origin_table){0};
}

static uint32_t place_of(const struct origin_table *t, uint32_t server)
{
    uint32_t at = 0;

    while (at < t->count && t->items[at].server < server)
        at++;
    return at;
}

struct origin *origin_find(const struct origin_table *t, uint32_t server)
{
    uint32_t at = place_of(t, server);

    return at < t->count && t->items[at].server == server ? &t->items[at] : NULL;
}

bool origin_is_new(const struct origin_table *t, const struct origin *o)
{
    const struct origin *known = origin_find(t, o->server);

    return o->server != 0 && (known == NULL || known->incarnation != o->incarnation || known->boot < o->boot);
}

bool origin_is_next(const struct origin_table *t, const struct origin *o)
{
    const struct origin *known = origin_find(t, o->server);

    return known != NULL && known->incarnation == o->incarnation && known->boot == o->boot && known->number + 1 == o->number;
}

struct origin *origin_obtain(struct origin_table *t, uint32_t server)
{
    uint32_t at = place_of(t, server);

    if (at < t->count && t->items[at].server == server)
        return &t->items[at];
    if (t->count == t->capacity) {
        t->capacity = t->capacity == 0 ? 8 : t->capacity * 2;
        t->items = coord_realloc(t->items, t->capacity * sizeof(*t->items));
    }
    memmove(&t->items[at + 1], &t->items[at], (t->count - at) * sizeof(*t->items));
    t->count++;
    t->items[at] = (struct origin){.server = server};
    return &t->items[at];
}
