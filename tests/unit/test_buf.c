/* test_buf.c - the growing buffer against a plain model of its content. */
#include "base/buf.h"
#include "base/rng.h"
#include "lib/runner.h"

TEST(buf, zero_initialised_is_empty)
{
    struct buf b = {0};

    CHECK_EQ_INT(buf_size(&b), 0);
    CHECK_EQ_INT(buf_slice(&b).size, 0);
    buf_clear(&b);
    buf_consume(&b, 0);
    buf_truncate(&b, 0);
    buf_append(&b, NULL, 0);
    buf_shrink(&b, 0);
    CHECK(b.data == NULL);
    buf_deinit(&b);
}

TEST(buf, append_consume_truncate)
{
    struct buf b = {0};

    buf_append(&b, "hello, world", 12);
    buf_consume(&b, 7);
    CHECK_EQ_BYTES(buf_bytes(&b), buf_size(&b), "world", 5);
    buf_truncate(&b, 2);
    CHECK_EQ_BYTES(buf_bytes(&b), buf_size(&b), "wo", 2);
    buf_consume(&b, 2);
    CHECK_EQ_INT(b.start, 0); /* an empty buffer starts again at the front */
    buf_deinit(&b);
    CHECK(b.data == NULL && b.capacity == 0);
}

TEST(buf, reserve_then_commit_less)
{
    struct buf b = {0};

    memcpy(buf_reserve(&b, 100), "abc", 3);
    CHECK_EQ_INT(buf_size(&b), 0);
    buf_commit(&b, 3);
    CHECK_EQ_BYTES(buf_bytes(&b), buf_size(&b), "abc", 3);
    buf_deinit(&b);
}

TEST(buf, shrink_frees_only_an_empty_buffer)
{
    struct buf b = {0};

    buf_reserve(&b, 100000);
    buf_append(&b, "x", 1);
    buf_shrink(&b, 1000);
    CHECK(b.capacity >= 100000);
    buf_consume(&b, 1);
    buf_shrink(&b, 1000);
    CHECK_EQ_INT(b.capacity, 1000);
    buf_deinit(&b);
}

TEST(buf, printf_appends_text_of_any_length)
{
    struct buf b = {0};

    buf_printf(&b, "%d,", 42);
    buf_printf(&b, "%0500d", 7);
    CHECK_EQ_INT(buf_size(&b), 503);
    CHECK_EQ_BYTES(buf_bytes(&b), 4, "42,0", 4);
    CHECK_EQ_INT(buf_bytes(&b)[502], '7');
    buf_deinit(&b);
}

TEST(buf, random_operations_agree_with_a_model)
{
    enum { MODEL_BYTES = 1 << 16 };
    static uint8_t model[MODEL_BYTES];
    size_t from = 0, to = 0;
    struct buf b = {0};
    struct rng r;

    rng_init(&r, 1);
    while (to + 300 < MODEL_BYTES) {
        uint8_t chunk[300];
        size_t size = (size_t)rng_below(&r, sizeof(chunk));
        for (size_t i = 0; i < size; i++)
            chunk[i] = (uint8_t)rng_next(&r);
        memcpy(model + to, chunk, size);
        to += size;
        buf_append(&b, chunk, size);
        size = (size_t)rng_below(&r, buf_size(&b) + 1);
        buf_consume(&b, size);
        from += size;
        if (!CHECK_EQ_BYTES(buf_bytes(&b), buf_size(&b), model + from, to - from, "at %zu", to))
            break;
    }
    CHECK(b.capacity <= 4096); /* a queue that stays short does not grow */
    buf_deinit(&b);
}

static void commit_too_much(void)
{
    struct buf b = {0};

    buf_reserve(&b, 10);
    buf_commit(&b, b.capacity + 1);
}

static void consume_too_much(void)
{
    struct buf b = {0};

    buf_append(&b, "ab", 2);
    buf_consume(&b, 3);
}

TEST(buf, misuse_is_asserted)
{
    CHECK(test_aborts(commit_too_much));
    CHECK(test_aborts(consume_too_much));
}
