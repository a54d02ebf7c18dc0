/* shape.h - a log in a few bytes: how many entries of each epoch it holds. Nothing is trimmed in the explored worlds. */
#ifndef TESTS_MODEL_SHAPE_H
#define TESTS_MODEL_SHAPE_H

#include "wire/runs.h"

#include <stdbool.h>
#include <stdint.h>

#define MODEL_EPOCHS_MAX 6 /* epochs are 1..5 */

struct shape {
    uint8_t count[MODEL_EPOCHS_MAX];
};

uint64_t shape_last(const struct shape *s); /* 0: empty */
bool shape_holds(const struct shape *s, uint64_t zxid);
struct shape shape_up_to(const struct shape *s, uint64_t zxid);
bool shape_is_prefix(const struct shape *a, const struct shape *b);     /* every entry of a, and b may go on behind */
uint64_t shape_next(const struct shape *target, const struct shape *s); /* the first entry of target behind s; 0 */
bool shape_append(struct shape *s, uint64_t zxid);                      /* false: a gap, or not rising */
bool shape_from_runs(struct shape *s, const struct runs *r);            /* false: it has no such form */
void shape_to_runs(const struct shape *s, struct runs *r);

#endif
