/* test_client_input.c - frames out of a stream cut anywhere. */
#include "input.h"
#include "lib/runner.h"

#include "base/bytes.h"

#include <stdlib.h>

static void feed(struct input *in, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t space = 0;
        uint8_t *to = input_reserve(in, &space);
        REQUIRE(to != NULL && space > 0);
        space = space < size ? space : size;
        memcpy(to, bytes, space);
        input_commit(in, space);
        bytes += space;
        size -= space;
    }
}

TEST(input, frames_of_any_size_come_out_whole)
{
    static const size_t sizes[] = {0, 1, 4, 100, 16 << 10, (16 << 10) + 1, 300 << 10, 5, 0, 1 << 20, 3};
    static const size_t steps[] = {1, 3, 1000, 70000};

    for (size_t s = 0; s < COUNT(steps); s++) {
        struct input in = {0};
        for (size_t i = 0; i < COUNT(sizes); i++) {
            size_t size = 4 + sizes[i], step = steps[s] == 1 && size > 1000 ? 777 : steps[s];
            uint8_t *bytes = malloc(size);
            struct slice frame = SLICE_NULL;
            memset(bytes, (int)i, size);
            put_be32(bytes, (uint32_t)sizes[i]);
            for (size_t at = 0; at < size; at += step) {
                CHECK_EQ_INT(input_frame(&in, 1 << 20, &frame), 0);
                feed(&in, bytes + at, step < size - at ? step : size - at);
            }
            CHECK_EQ_INT(input_frame(&in, 1 << 20, &frame), 1, "row %zu", i);
            CHECK_EQ_INT(frame.size, sizes[i]);
            CHECK(frame.size == 0 || (frame.data[0] == (uint8_t)i && frame.data[frame.size - 1] == (uint8_t)i));
            free(bytes);
        }
        input_clear(&in);
    }
}

TEST(input, lengths_are_judged_before_memory_is_spent)
{
    static const struct {
        uint8_t bytes[4];
        int rc;
    } rows[] = {{{0xff, 0xff, 0xff, 0xff}, -1}, {{0x80, 0, 0, 0}, -1}, {{0, 0x10, 0, 1}, -1}, {{0, 0x10, 0, 0}, 0}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct input in = {0};
        struct slice frame;
        feed(&in, rows[i].bytes, 4);
        CHECK_EQ_INT(input_frame(&in, 1 << 20, &frame), rows[i].rc, "row %zu", i);
        CHECK(in.capacity < 64 << 10);
        input_clear(&in);
    }
}
