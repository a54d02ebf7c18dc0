/* ip.c - addresses from text. Pure. */
#include "state/ip.h"

#include <stdint.h>

enum { V4_BYTES = 4, V6_BYTES = 16, V6_GROUPS = 8, MAPPED_BYTES = V6_BYTES - V4_BYTES };

struct address {
    uint8_t bytes[V6_BYTES];
    unsigned size; /* 0: none */
};

/* A number of 1 to `digits` digits, at most max, at the front of *text; it is taken off. -1: none. */
static int32_t take_number(struct slice *text, unsigned base, unsigned digits, int32_t max)
{
    int32_t value = 0;
    unsigned count = 0;

    for (; text->size > 0; count++) {
        uint8_t c = text->data[0];
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : 99;

        if (digit >= (int32_t)base)
            break;
        value = value * (int32_t)base + digit;
        if (count == digits || value > max)
            return -1;
        *text = slice_make(text->data + 1, text->size - 1);
    }
    return count > 0 ? value : -1;
}

static bool take_character(struct slice *text, char c)
{
    if (text->size == 0 || text->data[0] != c)
        return false;
    *text = slice_make(text->data + 1, text->size - 1);
    return true;
}

static bool parse_v4(struct slice text, uint8_t to[V4_BYTES])
{
    for (unsigned i = 0; i < V4_BYTES; i++) {
        int32_t part;

        if (i > 0 && !take_character(&text, '.'))
            return false;
        if ((part = take_number(&text, 10, 3, 255)) < 0)
            return false;
        to[i] = (uint8_t)part;
    }
    return text.size == 0;
}

/* Groups of four hex digits; "::" once for as many groups of zeros as are missing; the last two may be an IPv4 address. */
static bool parse_v6(struct slice text, uint8_t to[V6_BYTES])
{
    unsigned count = 0, gap = V6_GROUPS + 1; /* bytes so far; where the zeros go, in groups */

    memset(to, 0, V6_BYTES);
    if (text.size >= 2 && text.data[0] == ':' && text.data[1] == ':') {
        gap = 0;
        text = slice_make(text.data + 2, text.size - 2);
    }
    while (text.size > 0) {
        struct slice group = text;
        int32_t value;

        if (count <= V6_BYTES - V4_BYTES && parse_v4(text, to + count)) {
            count += V4_BYTES;
            break;
        }
        value = take_number(&group, 16, 4, 0xffff);
        if (value < 0 || count == V6_BYTES)
            return false;
        to[count++] = (uint8_t)(value >> 8);
        to[count++] = (uint8_t)value;
        text = group;
        if (text.size == 0)
            break;
        if (!take_character(&text, ':'))
            return false;
        if (take_character(&text, ':')) {
            if (gap <= V6_GROUPS)
                return false;
            gap = count / 2;
        } else if (text.size == 0) {
            return false;
        }
    }
    if (gap > V6_GROUPS)
        return count == V6_BYTES;
    if (count == V6_BYTES)
        return false;
    memmove(to + V6_BYTES - (count - 2 * gap), to + 2 * gap, count - 2 * gap);
    memset(to + 2 * gap, 0, V6_BYTES - count);
    return true;
}

/* ::ffff:a.b.c.d is the IPv6 form of a.b.c.d; nobody comes by it, whatever socket took the connection (net/address.c). */
static bool is_mapped(const struct address *a)
{
    static const uint8_t head[MAPPED_BYTES] = {[MAPPED_BYTES - 2] = 0xff, 0xff};

    return a->size == V6_BYTES && memcmp(a->bytes, head, MAPPED_BYTES) == 0;
}

static void unmap(struct address *a)
{
    memmove(a->bytes, a->bytes + MAPPED_BYTES, V4_BYTES);
    a->size = V4_BYTES;
}

static struct address parse(struct slice text)
{
    struct address a = {.size = 0};

    if (text.size > 0 && memchr(text.data, ':', text.size) != NULL)
        a.size = parse_v6(text, a.bytes) ? V6_BYTES : 0;
    else
        a.size = parse_v4(text, a.bytes) ? V4_BYTES : 0;
    return a;
}

/* The address as it is written, and how many of its bits count. */
static bool parse_network(struct slice text, struct address *a, unsigned *bits)
{
    const uint8_t *slash = text.size > 0 ? memchr(text.data, '/', text.size) : NULL;
    struct slice rest;
    int32_t given;

    *a = parse(slash == NULL ? text : slice_make(text.data, (size_t)(slash - text.data)));
    *bits = a->size * 8;
    if (a->size == 0 || slash == NULL)
        return a->size > 0;
    rest = slice_make(slash + 1, (size_t)(text.data + text.size - slash) - 1);
    given = take_number(&rest, 10, 3, (int32_t)*bits);
    *bits = (unsigned)given;
    return given >= 0 && rest.size == 0;
}

/* The same of what it stands for: a network within ::ffff:0:0/96 is one of IPv4. */
static bool parse_expression(struct slice text, struct address *a, unsigned *bits)
{
    if (!parse_network(text, a, bits))
        return false;
    if (is_mapped(a) && *bits >= 8 * MAPPED_BYTES) {
        unmap(a);
        *bits -= 8 * MAPPED_BYTES;
    }
    return true;
}

bool ip_valid(struct slice expression)
{
    struct address a;
    unsigned bits;

    return parse_expression(expression, &a, &bits);
}

bool ip_matches(struct slice expression, struct slice address)
{
    struct address network, one = parse(address);
    unsigned bits, whole;

    if (is_mapped(&one))
        unmap(&one);
    if (!parse_expression(expression, &network, &bits) || one.size != network.size)
        return false;
    whole = bits / 8;
    if (memcmp(one.bytes, network.bytes, whole) != 0)
        return false;
    return bits % 8 == 0 || (one.bytes[whole] ^ network.bytes[whole]) >> (8 - bits % 8) == 0;
}
