/* quota_text.c - see quota_text.h. Pure. */
#include "state/quota_text.h"

#include <inttypes.h>
#include <string.h>

static bool divides(uint8_t c)
{
    return c == ',' || c == ';';
}

/* Up to a byte of the kind asked for, or all; *text stands behind what was taken. */
static struct slice take_pair(struct slice *text)
{
    size_t size = 0;
    struct slice pair;

    while (size < text->size && !divides(text->data[size]))
        size++;
    pair = slice_make(text->data, size);
    while (size < text->size && divides(text->data[size]))
        size++;
    *text = slice_make(text->data + size, text->size - size);
    return pair;
}

/* The whole of it, which is not empty, with a sign or without. */
static bool parse_number(struct slice text, int64_t *number)
{
    bool minus = text.data[0] == '-';
    size_t at = minus || text.data[0] == '+';
    uint64_t most = (uint64_t)INT64_MAX + minus, value = 0;

    if (at == text.size)
        return false;
    for (; at < text.size; at++) {
        uint64_t digit = (uint64_t)text.data[at] - '0';

        if (digit > 9 || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = (int64_t)(minus ? 0 - value : value);
    return true;
}

/* The number stands between the first '=' and the next one; nothing there is -1, if anything but '=' follows. */
static bool parse_value(struct slice rest, int64_t *number)
{
    const uint8_t *end = memchr(rest.data, '=', rest.size);
    size_t size = end != NULL ? (size_t)(end - rest.data) : rest.size;

    if (size > 0)
        return parse_number(slice_make(rest.data, size), number);
    *number = -1;
    while (rest.size > 0 && rest.data[rest.size - 1] == '=')
        rest.size--;
    return rest.size > 0;
}

static bool parse_pair(struct slice pair, struct quota_figures *f)
{
    const uint8_t *equals = pair.size == 0 ? NULL : memchr(pair.data, '=', pair.size);
    struct slice key;
    int64_t number;

    if (equals == NULL)
        return false;
    key = slice_make(pair.data, (size_t)(equals - pair.data));
    if (!parse_value(slice_make(equals + 1, pair.size - key.size - 1), &number))
        return false;
    if (slice_equal(key, SLICE_LITERAL("count"))) {
        f->count = number;
    } else if (slice_equal(key, SLICE_LITERAL("bytes"))) {
        f->bytes = number;
    } else if (slice_equal(key, SLICE_LITERAL("byteHardLimit"))) {
        f->bytes_hard = number;
        f->has_bytes_hard = true;
    } else if (slice_equal(key, SLICE_LITERAL("countHardLimit"))) {
        f->count_hard = number;
        f->has_count_hard = true;
    }
    return true;
}

bool quota_parse(struct slice text, struct quota_figures *f)
{
    *f = (struct quota_figures){-1, -1, -1, -1, false, false};
    if (slice_is_null(text) || text.size > QUOTA_TEXT_MAX)
        return false;
    while (text.size > 0 && divides(text.data[text.size - 1]))
        text.size--;
    while (text.size > 0)
        if (!parse_pair(take_pair(&text), f))
            return false;
    return true;
}

void quota_print(struct buf *to, const struct quota_figures *f)
{
    buf_printf(to, "count=%" PRId64 ",bytes=%" PRId64 "%s", f->count, f->bytes,
               f->has_bytes_hard || f->has_count_hard ? "=" : "");
    if (f->has_bytes_hard)
        buf_printf(to, ";byteHardLimit=%" PRId64, f->bytes_hard);
    if (f->has_count_hard)
        buf_printf(to, ";countHardLimit=%" PRId64, f->count_hard);
}

void quota_add(int64_t *to, int64_t by)
{
    *to = (int64_t)((uint64_t)*to + (uint64_t)by);
}
