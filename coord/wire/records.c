/* records.c - the field tables of the client protocol, made from the lists of records.h.
 *
 * Constant data only, so that a table costs no start-up and libcoord shares it.
 */
#include "wire/jute.h"

#include <stddef.h>

#define KIND_i32 JUTE_I32
#define KIND_i64 JUTE_I64
#define KIND_u8 JUTE_U8
#define KIND_boolean JUTE_BOOLEAN
#define KIND_ustring JUTE_USTRING
#define KIND_buffer JUTE_BUFFER
#define KIND_ustrings JUTE_USTRINGS
#define KIND_acls JUTE_ACLS

#define TABLE_FIELD(S, kind, field) {#field, (uint16_t)offsetof(struct S, field), KIND_##kind},
#define TABLE_DEFINE(record, LIST)                                                                                             \
    static const struct jute_field record##_fields[] = {LIST(TABLE_FIELD, zk_##record)};                                       \
    const struct jute_record jute_##record = {#record, record##_fields, sizeof(record##_fields) / sizeof(record##_fields[0]),  \
                                              (uint16_t)sizeof(struct zk_##record)};

JUTE_RECORDS(TABLE_DEFINE)
