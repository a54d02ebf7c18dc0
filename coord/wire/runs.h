/* runs.h - the shape of a log: which zxids it holds, without their content.
 *
 * Counters are contiguous within an epoch, so a log is a short list of runs {epoch, first, last} in rising epochs. Everything
 * at or below `floor` is a committed prefix whose shape was forgotten (it was trimmed, or folded to stay short); it counts as
 * held. Two logs that hold the same zxid hold the same entries up to it (C2), so shapes are all that matching needs.
 * Invariants: 1. Epochs rise strictly, from 1. 2. A run begins with counter 1; the first run, where its epoch is the floor's,
 *                with the counter behind the floor. 3. first <= last. 4. count <= RUNS_MAX. 5. A floor is 0 or a zxid.
 * Runs behind count are kept zero, so equal shapes that these functions made are equal bytes. Pure, flat.
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

/* The counter of the last entry of the contiguous run that holds `first`, at most `limit` entries long (one epoch, as ACCEPT
 * carries). `first` is held behind the floor, limit >= 1. */
uint32_t runs_span(const struct runs *r, uint64_t first, uint32_t limit);

/* The greatest zxid that both logs hold for certain; both hold the same entries up to it. `committed` is any zxid that is known
 * to be committed (theirs, as a message says it; 0: none). It is the greatest of:
 *
 * 1. what both show: the last zxid that stands in a run of both;
 * 2. for each of the three zxids known to be committed (`committed` and the two floors) the lesser of both logs' reach towards
 *    it, since the way there is one sequence. A log that holds it reaches it. One that does not reaches the last entry that
 *    it shows of the same epoch (counters are contiguous), or else its own floor.
 *
 * So where one log ends below the other's floor, or leaves the committed way before it, only what lies at or below a zxid known
 * to be committed is certain: anything above may be part of the forgotten prefix, or not. Nothing greater than this is certain
 * in any case: some pair of logs of these shapes parts right there (the test goes through all small ones). Who knows two
 * committed zxids, its own too, takes the greater of two calls. */
uint64_t runs_match(const struct runs *mine, const struct runs *theirs, uint64_t committed);

/* NULL, or why the shape breaks an invariant: for messages and files. */
const char *runs_invalid(const struct runs *r);

#endif
