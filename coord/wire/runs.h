/* runs.h - the shape of a log: which zxids it holds, without their content.
 *
 * Counters are contiguous within an epoch, so a log is a short list of runs {epoch, first, last} in rising epochs. Everything
 * at or below `floor` is a committed prefix whose shape was forgotten (it was trimmed, or folded to stay short); it counts as
 * held. Two logs that hold the same zxid hold the same entries up to it (C2), so shapes are all that matching needs.
 * Invariants: epochs rise strictly; first <= last; the first run lies behind floor; count <= RUNS_MAX. Pure, flat.
 */
#ifndef COORD_WIRE_RUNS_H
#define COORD_WIRE_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#define RUNS_MAX 64

struct run {
    uint32_t epoch, first, last;
};

struct runs {
    uint64_t floor;
    uint32_t count;
    struct run run[RUNS_MAX];
};

uint64_t runs_last(const struct runs *r);                  /* the last zxid; floor when empty */
bool runs_empty(const struct runs *r);                     /* nothing ever: floor 0 and no run */
bool runs_hold(const struct runs *r, uint64_t zxid);       /* zxid <= floor counts as held; zxid 0 is always held */
bool runs_can_append(const struct runs *r, uint64_t zxid); /* follows the last without a gap, and a run is free for it */
void runs_append(struct runs *r, uint64_t first,
                 uint32_t count);                   /* entries first..first+count-1 of one epoch; asserts can_append */
void runs_cut_after(struct runs *r, uint64_t zxid); /* keeps what is <= zxid; zxid >= floor */
void runs_fold(struct runs *r, uint64_t zxid);      /* forgets the shape at or below zxid: floor = zxid; zxid <= last, held */
void runs_reset(struct runs *r, uint64_t floor);    /* nothing but a floor: after a snapshot was installed */
uint64_t runs_next(const struct runs *r, uint64_t zxid);        /* the entry after zxid; 0 when there is none. zxid >= floor */
uint64_t runs_count_after(const struct runs *r, uint64_t zxid); /* number of entries behind zxid; zxid >= floor */

/* The last entry of the contiguous run that holds `first` and is at most `limit` entries long (one epoch, as ACCEPT carries).
 */
uint32_t runs_span(const struct runs *r, uint64_t first, uint32_t limit);

/* The greatest zxid that both hold for certain. A log whose runs end below the other's floor is matched at its own
 * `committed` only, which the caller passes (0 when unknown); floors themselves are committed. */
uint64_t runs_match(const struct runs *mine, const struct runs *theirs, uint64_t their_committed);

/* NULL, or why the shape breaks an invariant: for messages and files. */
const char *runs_invalid(const struct runs *r);

#endif
