/* test_sha1.c - the test vectors of the RFCs, and every length around a block's end. */
#include "base/sha1.h"
#include "lib/runner.h"

#include <stdio.h>

static const char *hex_of(struct slice data)
{
    static char text[2 * SHA1_BYTES + 1];
    uint8_t digest[SHA1_BYTES];

    sha1(data, digest);
    for (unsigned i = 0; i < SHA1_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return text;
}

/* RFC 3174, section 7.3, and the empty text. */
TEST(sha1, vectors)
{
    static uint8_t million[1000000];

    CHECK_EQ_STR(hex_of(SLICE_NULL), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK_EQ_STR(hex_of(SLICE_LITERAL("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK_EQ_STR(hex_of(SLICE_LITERAL("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
                 "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    memset(million, 'a', sizeof(million));
    CHECK_EQ_STR(hex_of(slice_make(million, sizeof(million))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

/* Made with sha1sum from printf 'x%.0s' {1..N}. */
TEST(sha1, lengths_around_a_block)
{
    static const struct {
        size_t size;
        const char *digest;
    } rows[] = {
        {1, "11f6ad8ec52a2984abaafd7c3b516503785c2072"},   {54, "31045e7bb077ff8d188a776b196b980388735dbb"},
        {55, "cef734ba81a024479e09eb5a75b6ddae62e6abf1"},  {56, "901305367c259952f4e7af8323f480d59f81335b"},
        {57, "025ecbd5d70f8fb3c5457cd96bab13fda305dc59"},  {63, "0ddc4e0cccd9a12850deb5abb0853a4425559fec"},
        {64, "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163"},  {65, "78c741ddc482e4cdf8c474a0876347a0905b6233"},
        {119, "4300320394f7ee239bcdce7d3b8bcee173a0cd5c"}, {120, "ceb2821639c4b6dcb10bce0e522ca2e608ce056d"},
        {127, "e463484d274607e1897d4099497cbf2aedcf8206"}, {128, "150fa3fbdc899bd0b8f95a9fb6027f564d953762"},
        {129, "2699b675922cc84a9b0dfd926eb7f8211c78693d"},
    };
    uint8_t text[200];

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_EQ_STR(hex_of(slice_make(text, rows[i].size)), rows[i].digest, "%zu bytes", rows[i].size);
}

/* RFC 4648, section 10. */
TEST(sha1, base64)
{
    static const char *const rows[] = {"", "f",    "fo",   "foo",  "foob",     "fooba",    "foobar",
                                       "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

    for (size_t i = 0; i < COUNT(rows) / 2; i++) {
        struct buf b = {0};

        base64_append(&b, slice_from_text(rows[i]));
        buf_append(&b, "", 1);
        CHECK_EQ_STR((const char *)buf_bytes(&b), rows[COUNT(rows) / 2 + i]);
        buf_deinit(&b);
    }
}
