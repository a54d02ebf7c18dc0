/* input.h - bytes from the server, cut into frames without copying.
 *
 * Space grows with what has arrived, never with what a length announces. Pure.
 */
#ifndef CLIENT_INPUT_H
#define CLIENT_INPUT_H

#include "base/slice.h"

struct input {
    uint8_t *bytes; /* zero-initialise */
    size_t start, end, capacity;
};

/* Where at least 1 and up to *space bytes may be written, or NULL out of memory. Frames taken before are invalid. */
uint8_t *input_reserve(struct input *in, size_t *space);
void input_commit(struct input *in, size_t size);

/* The next whole frame without its length, valid until input_reserve() or input_clear(). 1: *frame; 0: not there yet; -1: its
 * length is negative or above max, no frame will ever come. */
int input_frame(struct input *in, size_t max, struct slice *frame);

void input_clear(struct input *in); /* forgets the bytes and returns the memory */

#endif
