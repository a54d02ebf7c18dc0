/* session.c - the table of sessions. Pure. */
#include "state/session.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "state/tree.h"

#include <string.h>

enum { GAPS_MIN = 64 }; /* below, squeezing is not worth a pass */

static struct session_row *row_of(struct session_table *t, uint64_t id)
{
    return &t->rows[id >> 56];
}

/* The first place whose id is above `id`. */
static size_t place_above(const struct session_row *row, uint64_t id)
{
    size_t low = 0, high = row->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (row->places[middle].id > id)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void session_table_deinit(struct session_table *t)
{
    for (size_t i = 0; i < SESSION_ROWS; i++) {
        for (size_t k = 0; k < t->rows[i].count; k++)
            coord_free(t->rows[i].places[k].session);
        coord_free(t->rows[i].places);
    }
    map_deinit(&t->by_id);
    *t = (struct session_table){0};
}

struct session *session_find(const struct session_table *t, uint64_t id)
{
    return map_get(&t->by_id, id);
}

struct session *session_add(struct session_table *t, uint64_t id)
{
    struct session_row *row = row_of(t, id);
    struct session *s;
    size_t at;

    if (id == 0 || session_find(t, id) != NULL)
        return NULL;
    s = coord_alloc(sizeof(*s));
    *s = (struct session){.id = id, .first_owned = NODE_NONE};
    map_put(&t->by_id, id, s);
    if (row->count == row->capacity) {
        row->capacity = row->capacity == 0 ? 16 : row->capacity * 2;
        row->places = coord_realloc(row->places, row->capacity * sizeof(*row->places));
    }
    at = place_above(row, id);
    memmove(&row->places[at + 1], &row->places[at], (row->count - at) * sizeof(*row->places));
    row->places[at] = (struct session_place){id, s};
    row->count++;
    return s;
}

static void squeeze(struct session_row *row)
{
    size_t kept = 0;

    for (size_t i = 0; i < row->count; i++)
        if (row->places[i].session != NULL)
            row->places[kept++] = row->places[i];
    row->count = kept;
    row->gaps = 0;
}

void session_remove(struct session_table *t, struct session *s)
{
    struct session_row *row = row_of(t, s->id);
    struct session_place *place = &row->places[place_above(row, s->id) - 1];

    COORD_ASSERT(place->session == s && s->owned_count == 0);
    place->session = NULL;
    map_remove(&t->by_id, s->id);
    coord_free(s);
    if (++row->gaps >= GAPS_MIN && row->gaps > row->count / 2)
        squeeze(row);
}

struct session *session_after(const struct session_table *t, uint64_t id)
{
    for (size_t i = id >> 56; i < SESSION_ROWS; i++) {
        const struct session_row *row = &t->rows[i];

        for (size_t at = i == id >> 56 ? place_above(row, id) : 0; at < row->count; at++)
            if (row->places[at].session != NULL)
                return row->places[at].session;
    }
    return NULL;
}

size_t session_table_bytes(const struct session_table *t)
{
    size_t bytes = t->by_id.capacity * sizeof(struct map_slot) + t->by_id.count * sizeof(struct session);

    for (size_t i = 0; i < SESSION_ROWS; i++)
        bytes += t->rows[i].capacity * sizeof(struct session_place);
    return bytes;
}
