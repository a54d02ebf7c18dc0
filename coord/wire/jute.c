/* jute.c - the interpreter of field tables: decode, size, encode, compare.
 *
 * One loop over the fields per call, one switch per field. Neither allocates nor asserts, so libcoord links it too; what
 * needs a growing buffer is in jute_buf.c. Every read goes through take(), the one place that compares a length with what
 * remains.
 */
#include "wire/jute.h"

#include "base/bytes.h"
#include "base/error.h"

#define USTRING_BYTES_MIN 4 /* the length */
#define ACL_BYTES_MIN 12    /* permissions and two lengths */

/* The next size bytes, or NULL and the sticky error. */
static const uint8_t *take(struct jute_cursor *c, size_t size)
{
    const uint8_t *at = c->at;

    if (c->failed || (size_t)(c->end - at) < size) {
        c->failed = true;
        return NULL;
    }
    c->at = at + size;
    return at;
}

static int32_t take_i32(struct jute_cursor *c)
{
    const uint8_t *at = take(c, 4);
    return at != NULL ? (int32_t)get_be32(at) : 0;
}

static int64_t take_i64(struct jute_cursor *c)
{
    const uint8_t *at = take(c, 8);
    return at != NULL ? (int64_t)get_be64(at) : 0;
}

static uint8_t take_u8(struct jute_cursor *c)
{
    const uint8_t *at = take(c, 1);
    return at != NULL ? *at : 0;
}

static struct slice take_bytes(struct jute_cursor *c)
{
    int32_t size = take_i32(c);
    const uint8_t *at;

    if (c->failed || size == -1)
        return SLICE_NULL;
    if (size < -1) {
        c->failed = true;
        return SLICE_NULL;
    }
    at = take(c, (size_t)size);
    return at != NULL ? slice_make(at, (size_t)size) : SLICE_NULL;
}

static void skip_item(struct jute_cursor *c, enum jute_kind kind)
{
    if (kind == JUTE_ACLS) {
        (void)take(c, 4);
        (void)take_bytes(c);
    }
    (void)take_bytes(c);
}

/* Checks every item, so that walking the vector later cannot fail. The count is bounded by what remains before the loop. */
static struct jute_vector take_vector(struct jute_cursor *c, enum jute_kind kind)
{
    const struct jute_vector null_vector = {-1, SLICE_NULL};
    size_t item_bytes_min = kind == JUTE_ACLS ? ACL_BYTES_MIN : USTRING_BYTES_MIN;
    int32_t count = take_i32(c);
    const uint8_t *items = c->at;

    if (c->failed || count == -1)
        return null_vector;
    if (count < -1 || (size_t)count > (size_t)(c->end - c->at) / item_bytes_min) {
        c->failed = true;
        return null_vector;
    }
    for (int32_t i = 0; i < count && !c->failed; i++)
        skip_item(c, kind);
    if (c->failed)
        return null_vector;
    return (struct jute_vector){count, slice_make(items, (size_t)(c->at - items))};
}

int jute_decode(struct jute_cursor *c, const struct jute_record *table, void *record)
{
    const struct jute_field *end = table->fields + table->count;

    for (const struct jute_field *f = table->fields; f < end; f++) {
        void *to = (uint8_t *)record + f->offset;

        switch ((enum jute_kind)f->kind) {
        case JUTE_I32:
            *(int32_t *)to = take_i32(c);
            break;
        case JUTE_I64:
            *(int64_t *)to = take_i64(c);
            break;
        case JUTE_U8:
            *(uint8_t *)to = take_u8(c);
            break;
        case JUTE_BOOLEAN:
            *(bool *)to = take_u8(c) != 0;
            break;
        case JUTE_USTRING:
        case JUTE_BUFFER:
            *(struct slice *)to = take_bytes(c);
            break;
        case JUTE_USTRINGS:
        case JUTE_ACLS:
            *(struct jute_vector *)to = take_vector(c, (enum jute_kind)f->kind);
            break;
        }
    }
    return c->failed ? -COORD_E_MARSHALLING : 0;
}

size_t jute_size(const struct jute_record *table, const void *record)
{
    const struct jute_field *end = table->fields + table->count;
    size_t size = 0;

    for (const struct jute_field *f = table->fields; f < end; f++) {
        const void *from = (const uint8_t *)record + f->offset;

        switch ((enum jute_kind)f->kind) {
        case JUTE_I32:
            size += 4;
            break;
        case JUTE_I64:
            size += 8;
            break;
        case JUTE_U8:
        case JUTE_BOOLEAN:
            size += 1;
            break;
        case JUTE_USTRING:
        case JUTE_BUFFER:
            size += 4 + ((const struct slice *)from)->size;
            break;
        case JUTE_USTRINGS:
        case JUTE_ACLS:
            size += 4 + ((const struct jute_vector *)from)->items.size;
            break;
        }
    }
    return size;
}

static uint8_t *put_bytes(uint8_t *to, uint32_t head, struct slice s)
{
    put_be32(to, head);
    if (s.size > 0)
        memcpy(to + 4, s.data, s.size);
    return to + 4 + s.size;
}

uint8_t *jute_encode(uint8_t *to, const struct jute_record *table, const void *record)
{
    const struct jute_field *end = table->fields + table->count;

    for (const struct jute_field *f = table->fields; f < end; f++) {
        const void *from = (const uint8_t *)record + f->offset;

        switch ((enum jute_kind)f->kind) {
        case JUTE_I32:
            put_be32(to, (uint32_t) * (const int32_t *)from);
            to += 4;
            break;
        case JUTE_I64:
            put_be64(to, (uint64_t) * (const int64_t *)from);
            to += 8;
            break;
        case JUTE_U8:
            *to++ = *(const uint8_t *)from;
            break;
        case JUTE_BOOLEAN:
            *to++ = *(const bool *)from ? 1 : 0;
            break;
        case JUTE_USTRING:
        case JUTE_BUFFER: {
            const struct slice *s = from;
            to = put_bytes(to, s->data == NULL ? UINT32_MAX : (uint32_t)s->size, *s);
            break;
        }
        case JUTE_USTRINGS:
        case JUTE_ACLS: {
            const struct jute_vector *v = from;
            to = put_bytes(to, (uint32_t)v->count, v->items);
            break;
        }
        }
    }
    return to;
}

/* Null and empty differ. */
static bool same_slice(struct slice a, struct slice b)
{
    return slice_is_null(a) == slice_is_null(b) && slice_equal(a, b);
}

static bool same_field(const struct jute_field *f, const void *a, const void *b)
{
    const void *x = (const uint8_t *)a + f->offset, *y = (const uint8_t *)b + f->offset;

    switch ((enum jute_kind)f->kind) {
    case JUTE_I32:
        return *(const int32_t *)x == *(const int32_t *)y;
    case JUTE_I64:
        return *(const int64_t *)x == *(const int64_t *)y;
    case JUTE_U8:
        return *(const uint8_t *)x == *(const uint8_t *)y;
    case JUTE_BOOLEAN:
        return *(const bool *)x == *(const bool *)y;
    case JUTE_USTRING:
    case JUTE_BUFFER:
        return same_slice(*(const struct slice *)x, *(const struct slice *)y);
    case JUTE_USTRINGS:
    case JUTE_ACLS:
        return ((const struct jute_vector *)x)->count == ((const struct jute_vector *)y)->count &&
               slice_equal(((const struct jute_vector *)x)->items, ((const struct jute_vector *)y)->items);
    }
    return false;
}

bool jute_equal(const struct jute_record *table, const void *a, const void *b)
{
    for (unsigned i = 0; i < table->count; i++)
        if (!same_field(&table->fields[i], a, b))
            return false;
    return true;
}

bool jute_next_ustring(struct jute_cursor *c, struct slice *item)
{
    if (c->failed || c->at == c->end)
        return false;
    *item = take_bytes(c);
    return !c->failed;
}

bool jute_next_acl(struct jute_cursor *c, struct zk_acl *item)
{
    if (c->failed || c->at == c->end)
        return false;
    return jute_decode(c, &jute_acl, item) == 0;
}

int jute_decode_read_only(struct jute_cursor *c)
{
    if (c->failed || c->at == c->end)
        return -1;
    return take_u8(c) != 0 ? 1 : 0;
}
