/* origin.h - which servers' entries are taken, and up to which number (C18). Pure.
 *
 * Per server the newest incarnation and boot, and the last number taken of it. A few servers: an array by rising server.
 */
#ifndef COORD_STATE_ORIGIN_H
#define COORD_STATE_ORIGIN_H

#include "wire/entry.h"

#include <stdbool.h>
#include <stdint.h>

struct origin_table {
    struct origin *items; /* number: the last one taken */
    uint32_t count, capacity;
};

void origin_table_deinit(struct origin_table *t);
struct origin *origin_find(const struct origin_table *t, uint32_t server);

/* True when this boot is new to the table and may enter it: an unknown server, another incarnation, or a newer boot. */
bool origin_is_new(const struct origin_table *t, const struct origin *o);

/* True when o is of the origin's newest boot and its number the last one + 1. */
bool origin_is_next(const struct origin_table *t, const struct origin *o);

/* The server's place in the table, made if it had none. */
struct origin *origin_obtain(struct origin_table *t, uint32_t server);

#endif
