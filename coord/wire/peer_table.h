/* peer_table.h - the field tables of the servers' messages, for the files that encode, decode and print them. Constant. */
#ifndef COORD_WIRE_PEER_TABLE_H
#define COORD_WIRE_PEER_TABLE_H

#include "wire/peer.h"

#include <stdbool.h>
#include <stddef.h>

enum peer_kind { PEER_KIND_u32, PEER_KIND_u64, PEER_KIND_zxid, PEER_KIND_hex, PEER_KIND_runs };

struct peer_field {
    const char *name;
    uint16_t offset; /* in the struct */
    uint8_t kind;    /* enum peer_kind */
};

struct peer_table {
    const char *name;
    const struct peer_field *fields;
    uint16_t count;
    uint16_t struct_size;
    bool has_payload;
};

/* NULL for an unknown type. */
const struct peer_table *peer_table(unsigned type);

/* The message's struct within its union. */
static inline const uint8_t *peer_fields(const struct peer_msg *m)
{
    return (const uint8_t *)m + offsetof(struct peer_msg, hello);
}

#endif
