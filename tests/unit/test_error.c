/* test_error.c - codes, names and texts; bytes and allocation, the other small ground. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/zxid.h"
#include "lib/runner.h"

TEST(error, codes_of_either_sign_have_names_and_texts)
{
    static const struct {
        int code;
        const char *name, *text;
    } rows[] = {
        {0, "OK", "ok"},
        {COORD_E_NO_NODE, "NO_NODE", "no such node"},
        {-COORD_E_NO_NODE, "NO_NODE", "no such node"},
        {-101, "NO_NODE", "no such node"},
        {-4, "CONNECTION_LOSS", "connection lost"},
        {-COORD_E_NO_SPACE, "NO_SPACE", "no space left on the device"},
        {-COORD_E_ADDRESS_IN_USE, "ADDRESS_IN_USE", "address in use"},
        {-99, "UNKNOWN", "unknown error"},
        {INT32_MIN, "UNKNOWN", "unknown error"},
        {INT32_MAX, "UNKNOWN", "unknown error"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ_STR(coord_error_name(rows[i].code), rows[i].name, "row %zu", i);
        CHECK_EQ_STR(coord_error_text(rows[i].code), rows[i].text, "row %zu", i);
    }
}

static int tried(int code, bool *went_on)
{
    COORD_TRY(code);
    *went_on = true;
    return 0;
}

TEST(error, try_returns_failures_only)
{
    bool went_on = false;

    CHECK_EQ_INT(tried(-COORD_E_IO, &went_on), -COORD_E_IO);
    CHECK(!went_on);
    CHECK_EQ_INT(tried(5, &went_on), 0);
    CHECK(went_on);
}

TEST(bytes, order_and_alignment)
{
    uint8_t at[9];

    put_be32(at + 1, 0x01020304);
    CHECK_EQ_BYTES(at + 1, 4, "\1\2\3\4", 4);
    CHECK_EQ_INT(get_be32(at + 1), 0x01020304);
    put_le32(at + 1, 0x01020304);
    CHECK_EQ_BYTES(at + 1, 4, "\4\3\2\1", 4);
    CHECK_EQ_INT(get_le32(at + 1), 0x01020304);
    put_be64(at + 1, 0x0102030405060708);
    CHECK_EQ_BYTES(at + 1, 8, "\1\2\3\4\5\6\7\10", 8);
    CHECK_EQ_INT(get_be64(at + 1), 0x0102030405060708);
    put_le64(at + 1, 0x0102030405060708);
    CHECK_EQ_BYTES(at + 1, 8, "\10\7\6\5\4\3\2\1", 8);
    CHECK_EQ_INT(get_le64(at + 1), 0x0102030405060708);
    put_be16(at, 0x0102);
    CHECK_EQ_INT(get_le16(at), 0x0201);
    put_le16(at, 0x0102);
    CHECK_EQ_INT(get_be16(at), 0x0201);
}

TEST(zxid, parts)
{
    CHECK_EQ_INT(zxid_make(3, 17), 0x300000011);
    CHECK_EQ_INT(zxid_epoch(zxid_make(UINT32_MAX, 1)), UINT32_MAX);
    CHECK_EQ_INT(zxid_counter(zxid_make(1, ZXID_COUNTER_MAX)), UINT32_MAX);
}

TEST(alloc, empty_requests_give_memory_to_free)
{
    void *p = coord_alloc(0), *q = coord_alloc_zero(0, 100), *r = coord_memdup(NULL, 0);

    CHECK(p != NULL && q != NULL && r != NULL);
    p = coord_realloc(p, 0);
    CHECK(p != NULL);
    coord_free(p);
    coord_free(q);
    coord_free(r);
    coord_free(NULL);
}

static void ask_for_too_much(void)
{
    /* The product overflows to a small number. */
    coord_alloc_zero(SIZE_MAX / 4 + 2, 4);
}

static void assert_what_is_false(void)
{
    COORD_ASSERT(1 + 1 == 3);
}

TEST(alloc, out_of_memory_and_false_assertions_abort)
{
    CHECK(test_aborts(ask_for_too_much));
    CHECK(test_aborts(assert_what_is_false));
}
