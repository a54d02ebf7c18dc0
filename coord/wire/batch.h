/* batch.h - an immutable run of encoded entries with a count of borrowers.
 *
 * The core owns batches; jobs and frames borrow them (batch_ref) and their completion gives them back (batch_unref). The count
 * is plain: only the core thread touches it; other threads only read the bytes. Entries have rising zxids; they may span
 * epochs.
 */
#ifndef COORD_WIRE_BATCH_H
#define COORD_WIRE_BATCH_H

#include "base/slice.h"

#include <stdint.h>

struct batch {
    uint32_t refs;
    uint32_t count;       /* entries, >= 1 */
    uint64_t first, last; /* zxids */
    size_t size;          /* bytes of all entries */
    uint32_t *offsets;    /* count + 1: entry i is bytes[offsets[i] .. offsets[i+1]) */
    uint8_t *bytes;
};

/* Copies a run of encoded, stamped, well-formed entries (size < 4 GiB) into a batch with one reference.
 * NULL when the run is empty or malformed, its zxids do not rise, counters within an epoch have a gap, or an epoch
 * that begins in it does not begin with counter 1. */
struct batch *batch_new(struct slice entries);
struct batch *batch_ref(struct batch *b); /* the same batch */
void batch_unref(struct batch *b);        /* NULL is allowed */

/* Index of the entry with this zxid; count when it is not in the batch. O(1) in a batch of one epoch, else O(log count). */
uint32_t batch_find(const struct batch *b, uint64_t zxid);

/* Bytes of entries [from, to). */
static inline struct slice batch_slice(const struct batch *b, uint32_t from, uint32_t to)
{
    return slice_make(b->bytes + b->offsets[from], b->offsets[to] - b->offsets[from]);
}

#endif
