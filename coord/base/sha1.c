/* sha1.c - SHA-1 and Base64. Pure. */
#include "base/sha1.h"

#include "base/bytes.h"

#include <string.h>

enum { BLOCK = 64, WORDS = 80 };

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

/* RFC 3174, section 6.1; the letters are its own. */
static void take_block(uint32_t h[5], const uint8_t block[BLOCK])
{
    static const uint32_t k[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[WORDS], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (unsigned t = 0; t < WORDS; t++) {
        uint32_t f, next;

        w[t] = t < 16 ? get_be32(block + 4 * t) : rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
        if (t < 20)
            f = (b & c) | (~b & d);
        else if (t < 40 || t >= 60)
            f = b ^ c ^ d;
        else
            f = (b & c) | (b & d) | (c & d);
        next = rotate(a, 5) + f + e + w[t] + k[t / 20];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void sha1(struct slice data, uint8_t digest[SHA1_BYTES])
{
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t last[2 * BLOCK] = {0};
    size_t whole = data.size / BLOCK * BLOCK, rest = data.size - whole;
    size_t padded = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;

    for (size_t at = 0; at < whole; at += BLOCK)
        take_block(h, data.data + at);
    if (rest > 0)
        memcpy(last, data.data + whole, rest);
    last[rest] = 0x80;
    put_be64(last + padded - 8, (uint64_t)data.size * 8);
    for (size_t at = 0; at < padded; at += BLOCK)
        take_block(h, last + at);
    for (unsigned i = 0; i < 5; i++)
        put_be32(digest + 4 * i, h[i]);
}

void base64_append(struct buf *to, struct slice data)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < data.size; i += 3) {
        size_t left = data.size - i;
        uint32_t bits =
            (uint32_t)data.data[i] << 16 | (left > 1 ? (uint32_t)data.data[i + 1] << 8 : 0) | (left > 2 ? data.data[i + 2] : 0);
        char text[4] = {letters[bits >> 18], letters[bits >> 12 & 63], left > 1 ? letters[bits >> 6 & 63] : '=',
                        left > 2 ? letters[bits & 63] : '='};

        buf_append(to, text, sizeof(text));
    }
}
