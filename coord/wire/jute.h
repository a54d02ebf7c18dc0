/* jute.h - the client protocol's codec: one small interpreter over the field tables of records.h.
 *
 * Big-endian, no padding, no tags. Decoding borrows from the input and allocates nothing. A cursor has a
 * sticky error: decode a whole record, check once at the end. Lengths are compared with what remains before any
 * arithmetic. Pure; shared with libcoord, so encoding writes into memory that the caller has sized by jute_size().
 */
#ifndef COORD_WIRE_JUTE_H
#define COORD_WIRE_JUTE_H

#include "base/buf.h"
#include "wire/records.h"

#include <stddef.h>

enum jute_kind { JUTE_I32, JUTE_I64, JUTE_U8, JUTE_BOOLEAN, JUTE_USTRING, JUTE_BUFFER, JUTE_USTRINGS, JUTE_ACLS };

struct jute_field {
    const char *name;
    uint16_t offset; /* in the struct */
    uint8_t kind;    /* enum jute_kind */
};

struct jute_record {
    const char *name;
    const struct jute_field *fields;
    uint16_t count;
    uint16_t struct_size;
};

#define RECORD_TABLE(name, LIST) extern const struct jute_record jute_##name;
JUTE_RECORDS(RECORD_TABLE)
#undef RECORD_TABLE

struct jute_cursor {
    const uint8_t *at, *end;
    bool failed; /* sticky */
};

static inline struct jute_cursor jute_cursor_make(struct slice s)
{
    return (struct jute_cursor){s.data, s.size > 0 ? s.data + s.size : s.data, false};
}

/* Decode one record at the cursor into *record. Returns 0, or -COORD_E_MARSHALLING: the cursor had failed before, input too
 * short, a length or count below -1, a vector's item malformed. *record is zero and null from the bad field on then. A boolean
 * that is neither 0 nor 1 is taken as true. */
int jute_decode(struct jute_cursor *c, const struct jute_record *table, void *record);

/* Bytes that encode makes of the record. Each slice and vector is below 2 GiB; a vector's count fits its items. */
size_t jute_size(const struct jute_record *table, const void *record);

/* Write jute_size() bytes at `to`; returns the end. */
uint8_t *jute_encode(uint8_t *to, const struct jute_record *table, const void *record);

/* Encode at the end of a buffer, print: in jute_buf.c, for the server; they abort when out of memory. */
void jute_append(struct buf *b, const struct jute_record *table, const void *record);

bool jute_equal(const struct jute_record *table, const void *a, const void *b);
void jute_print(struct buf *b, const struct jute_record *table, const void *record); /* name{field=value ...}, for people */

/* Walk a decoded vector: `struct jute_cursor c = jute_cursor_make(v.items); while (jute_next_ustring(&c, &path)) ...`.
 * False at the end. The items were checked when the record was decoded. */
bool jute_next_ustring(struct jute_cursor *c, struct slice *item);
bool jute_next_acl(struct jute_cursor *c, struct zk_acl *item);

/* The optional last byte of a connect request: 0 or 1, or -1 when it was not sent. */
int jute_decode_read_only(struct jute_cursor *c);

#endif
