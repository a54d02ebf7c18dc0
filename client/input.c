/* input.c - a buffer that is read from its front and filled at its end. Pure. */
#include "input.h"

#include "base/bytes.h"

#include <stdlib.h>

#define INPUT_BYTES_MIN (16u << 10)
#define INPUT_KEEP_BYTES (256u << 10) /* an empty buffer above this is given back */

uint8_t *input_reserve(struct input *in, size_t *space)
{
    if (in->start == in->end) {
        in->start = in->end = 0;
        if (in->capacity > INPUT_KEEP_BYTES)
            input_clear(in);
    }
    if (in->start > 0 && in->capacity - in->end < INPUT_BYTES_MIN) {
        memmove(in->bytes, in->bytes + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
    }
    if (in->capacity - in->end < INPUT_BYTES_MIN) {
        size_t capacity = in->capacity == 0 ? INPUT_BYTES_MIN : in->capacity * 2;
        uint8_t *bytes = realloc(in->bytes, capacity);
        if (bytes == NULL)
            return NULL;
        in->bytes = bytes;
        in->capacity = capacity;
    }
    *space = in->capacity - in->end;
    return in->bytes + in->end;
}

void input_commit(struct input *in, size_t size)
{
    in->end += size;
}

int input_frame(struct input *in, size_t max, struct slice *frame)
{
    size_t there = in->end - in->start, length;

    if (there < 4)
        return 0;
    length = get_be32(in->bytes + in->start); /* a negative one is above any max */
    if (length > max)
        return -1;
    if (there - 4 < length)
        return 0;
    *frame = slice_make(in->bytes + in->start + 4, length);
    in->start += 4 + length;
    return 1;
}

void input_clear(struct input *in)
{
    free(in->bytes);
    *in = (struct input){0};
}
