/* peer_table.c - the tables, made from the list of peer.h. */
#include "wire/peer_table.h"

#include <stddef.h>

#define PAYLOAD_TYPES                                                                                                          \
    (1u << PEER_ACCEPT | 1u << PEER_HEARTBEAT_ACK | 1u << PEER_ENTRIES | 1u << PEER_FORWARD | 1u << PEER_SNAPSHOT)

#define M(kind, field) {#field, (uint16_t)offsetof(self, field), PEER_KIND_##kind},
#define TABLE_CASE(message, MESSAGE, list)                                                                                     \
    case PEER_##MESSAGE: {                                                                                                     \
        typedef struct peer_##message self;                                                                                    \
        static const struct peer_field fields[] = {list};                                                                      \
        static const struct peer_table table = {#message, fields, sizeof(fields) / sizeof(fields[0]), (uint16_t)sizeof(self),  \
                                                (PAYLOAD_TYPES & 1u << PEER_##MESSAGE) != 0};                                  \
        return &table;                                                                                                         \
    }

const struct peer_table *peer_table(unsigned type)
{
    switch ((enum peer_type)type) {
        PEER_MESSAGES(TABLE_CASE)
    }
    return NULL;
}

const char *peer_type_name(enum peer_type type)
{
    const struct peer_table *table = peer_table(type);

    return table != NULL ? table->name : "unknown";
}
