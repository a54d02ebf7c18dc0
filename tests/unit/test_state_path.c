/* test_state_path.c - which paths are allowed. */
#include "lib/runner.h"
#include "state/path.h"

#define S(text)                                                                                                                \
    {                                                                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                                                                              \
    }

TEST(path, validity_as_tabled)
{
    static const struct {
        struct slice path;
        bool valid;
    } rows[] = {
        {S("/"), true},
        {S("/a"), true},
        {S("/a/b"), true},
        {S("/zookeeper/quota"), true},
        {S("/a b/c~!"), true},
        {S("/..."), true},
        {S("/.a"), true},
        {S("/a."), true},
        {S("/a.."), true},
        {S("/..a/.b"), true},
        {S(""), false},
        {S("a"), false},
        {S("a/b"), false},
        {S("/a/"), false},
        {S("//"), false},
        {S("//a"), false},
        {S("/a//b"), false},
        {S("/."), false},
        {S("/.."), false},
        {S("/./a"), false},
        {S("/a/../b"), false},
        {S("/a/."), false},
        {S("/a/.."), false},
        {S("/a\0b"), false},
        {S("\0"), false},
        {S("/a\1"), false},
        {S("/a\x1f"), false},
        {S("/\x20"), true},
        {S("/\x7e"), true},
        {S("/\x7f"), false},
        {S("/\xc2\x80"), false},                         /* U+0080 */
        {S("/\xc2\x9f"), false},                         /* U+009F */
        {S("/\xc2\xa0"), true},                          /* U+00A0 */
        {S("/\xc3\xa9t\xc3\xa9"), true},                 /* U+00E9 */
        {S("/\xdf\xbf"), true},                          /* U+07FF */
        {S("/\xe0\xa0\x80"), true},                      /* U+0800 */
        {S("/\xe6\xbc\xa2\xe5\xad\x97/\xd0\xb6"), true}, /* U+6F22 U+5B57, U+0436 */
        {S("/\xed\x9f\xbf"), true},                      /* U+D7FF */
        {S("/\xed\xa0\x80"), false},                     /* U+D800 */
        {S("/\xed\xbf\xbf"), false},                     /* U+DFFF */
        {S("/\xee\x80\x80"), false},                     /* U+E000 */
        {S("/\xef\xa3\xbf"), false},                     /* U+F8FF */
        {S("/\xef\xa4\x80"), true},                      /* U+F900 */
        {S("/\xef\xbf\xaf"), true},                      /* U+FFEF */
        {S("/\xef\xbf\xb0"), false},                     /* U+FFF0 */
        {S("/\xef\xbf\xbd"), false},                     /* U+FFFD */
        {S("/\xef\xbf\xbf"), false},                     /* U+FFFF */
        {S("/\xf0\x9f\x98\x80"), false},                 /* U+1F600: beyond the basic plane */
        {S("/\xf4\x90\x80\x80"), false},                 /* beyond Unicode */
        {S("/\x80"), false},                             /* continuation alone */
        {S("/\xbf/a"), false},
        {S("/\xc0\xaf"), false}, /* overlong "/" */
        {S("/\xc1\xbf"), false},
        {S("/\xe0\x9f\xbf"), false}, /* overlong U+07FF */
        {S("/\xf0\x80\x80\xaf"), false},
        {S("/\xc3"), false}, /* cut short */
        {S("/\xe6\xbc"), false},
        {S("/\xe6"), false},
        {S("/\xc3/a"), false},
        {S("/\xe6\xbc/"), false},
        {S("/a\xc3(b"), false},
        {S("/\xe2\x28\xa1"), false},
        {S("/\xe2\x82\x28"), false},
        {S("/\xfe"), false},
        {S("/\xff"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK(path_valid(rows[i].path) == rows[i].valid, "row %zu: %.*s", i, SLICE_ARG(rows[i].path));
    CHECK(!path_valid(SLICE_NULL));
}

/* Every code point up to U+10FFFF, encoded as UTF-8 would. */
TEST(path, every_code_point)
{
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        uint8_t text[8] = {'/'};
        size_t size = 1;
        bool valid = !(code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0 ||
                       code == '.' || code == '/');

        if (code < 0x80) {
            text[size++] = (uint8_t)code;
        } else if (code < 0x800) {
            text[size++] = (uint8_t)(0xc0 | code >> 6);
            text[size++] = (uint8_t)(0x80 | (code & 0x3f));
        } else if (code < 0x10000) {
            text[size++] = (uint8_t)(0xe0 | code >> 12);
            text[size++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
            text[size++] = (uint8_t)(0x80 | (code & 0x3f));
        } else {
            text[size++] = (uint8_t)(0xf0 | code >> 18);
            text[size++] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
            text[size++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
            text[size++] = (uint8_t)(0x80 | (code & 0x3f));
        }
        if (path_valid(slice_make(text, size)) != valid)
            CHECK(false, "U+%04X", code);
    }
}

TEST(path, split_at_the_last_slash)
{
    static const struct {
        struct slice path;
        bool good;
        const char *parent, *name;
    } rows[] = {
        {S("/a"), true, "", "a"},   {S("/a/b"), true, "/a", "b"}, {S("/"), true, "", ""},         {S("a/b"), true, "a", "b"},
        {S("//a"), true, "/", "a"}, {S("/a/"), true, "/a", ""},   {S("/a//b"), true, "/a/", "b"}, {S(""), false, "", ""},
        {S("abc"), false, "", ""},  {S("/a\0"), false, "", ""},   {S("/\0/a"), false, "", ""},
    };
    struct slice parent, name;

    for (size_t i = 0; i < COUNT(rows); i++) {
        bool good = path_split(rows[i].path, &parent, &name);

        CHECK(good == rows[i].good, "row %zu", i);
        if (good) {
            CHECK(slice_equal(parent, slice_from_text(rows[i].parent)), "row %zu", i);
            CHECK(slice_equal(name, slice_from_text(rows[i].name)), "row %zu", i);
        }
    }
    CHECK(!path_split(SLICE_NULL, &parent, &name));
}
