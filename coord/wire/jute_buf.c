/* jute_buf.c - what the codec does with a growing buffer: append an encoded record, print one for people.
 *
 * Apart from jute.c because a buffer's growth aborts when out of memory, which libcoord must not.
 */
#include "base/assert.h"
#include "wire/jute.h"

#include <inttypes.h>

#define PRINT_BYTES_MAX 64 /* of one value */

void jute_append(struct buf *b, const struct jute_record *table, const void *record)
{
    size_t size = jute_size(table, record);
    uint8_t *to = buf_reserve(b, size);

    COORD_ASSERT(jute_encode(to, table, record) == to + size);
    buf_commit(b, size);
}

static void print_bytes(struct buf *b, struct slice s)
{
    size_t shown = s.size < PRINT_BYTES_MAX ? s.size : PRINT_BYTES_MAX;

    if (slice_is_null(s)) {
        buf_printf(b, "null");
        return;
    }
    buf_printf(b, "\"");
    for (size_t i = 0; i < shown; i++) {
        uint8_t byte = s.data[i];
        if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
            buf_printf(b, "\\x%02x", byte);
        else
            buf_append(b, &byte, 1);
    }
    buf_printf(b, "\"");
    if (shown < s.size)
        buf_printf(b, "...(%zu bytes)", s.size);
}

static void print_ustrings(struct buf *b, const struct jute_vector *v)
{
    struct jute_cursor c = jute_cursor_make(v->items);
    const char *separator = "";
    struct slice item;

    if (v->count < 0) {
        buf_printf(b, "null");
        return;
    }
    buf_printf(b, "[");
    for (; jute_next_ustring(&c, &item); separator = " ") {
        buf_printf(b, "%s", separator);
        print_bytes(b, item);
    }
    buf_printf(b, "]");
}

static void print_acls(struct buf *b, const struct jute_vector *v)
{
    struct jute_cursor c = jute_cursor_make(v->items);
    const char *separator = "";
    struct zk_acl item;

    if (v->count < 0) {
        buf_printf(b, "null");
        return;
    }
    buf_printf(b, "[");
    for (; jute_next_acl(&c, &item); separator = " ") {
        buf_printf(b, "%s", separator);
        jute_print(b, &jute_acl, &item);
    }
    buf_printf(b, "]");
}

static void print_field(struct buf *b, const struct jute_field *f, const void *from)
{
    switch ((enum jute_kind)f->kind) {
    case JUTE_I32:
        buf_printf(b, "%" PRId32, *(const int32_t *)from);
        break;
    case JUTE_I64:
        buf_printf(b, "%" PRId64, *(const int64_t *)from);
        break;
    case JUTE_U8:
        buf_printf(b, "%u", *(const uint8_t *)from);
        break;
    case JUTE_BOOLEAN:
        buf_printf(b, "%s", *(const bool *)from ? "true" : "false");
        break;
    case JUTE_USTRING:
    case JUTE_BUFFER:
        print_bytes(b, *(const struct slice *)from);
        break;
    case JUTE_USTRINGS:
        print_ustrings(b, from);
        break;
    case JUTE_ACLS:
        print_acls(b, from);
        break;
    }
}

void jute_print(struct buf *b, const struct jute_record *table, const void *record)
{
    buf_printf(b, "%s{", table->name);
    for (unsigned i = 0; i < table->count; i++) {
        const struct jute_field *f = &table->fields[i];
        buf_printf(b, "%s%s=", i > 0 ? " " : "", f->name);
        print_field(b, f, (const uint8_t *)record + f->offset);
    }
    buf_printf(b, "}");
}
