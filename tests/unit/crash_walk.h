/* crash_walk.h - one random workload on the store, ended at every I/O call, and every recovery ended at every I/O call.
 *
 * A workload is a start on a disk that an earlier life left, then random operations (world_random: promises, appends, cuts,
 * groups, marks, prepared segments, snapshots with trims, installs). It is played again and again:
 *
 *     crash    at each call that changes the disk, with what was not synced lost, kept, and at random kept, lost or torn piece
 *              by piece; then the recovery crashes at each of its own calls, in turn, and another recovery follows
 *     error    each call of any kind fails once with EIO, and each that changes the disk with ENOSPC: what failed must end the
 *              process with the exit code of that error, or be one of the harmless failures of job.h; then recovery, where the
 *              page cache still shows what was never synced, where it does not, and where power fails in it
 *     full     the disk has no more room: the same
 *
 * What must hold after each recovery: world.h. A state is a disk as a crash left it beside what was acknowledged; each is
 * recovered from once in a workload, so only those that differ are counted. Where the machine lives on (kept), what is not
 * durable yet makes a difference that is not looked at: these are all taken for different.
 */
#ifndef TESTS_UNIT_CRASH_WALK_H
#define TESTS_UNIT_CRASH_WALK_H

#include <stdint.h>

struct crash_counts {
    uint64_t workloads, calls;    /* calls at which a workload crashed */
    uint64_t crashes;             /* all, also those that left a state seen before */
    uint64_t states, nested;      /* nested: of the states, those that a crash in a recovery left */
    uint64_t errors, ended, full; /* failed calls; of them: that ended the process; disks that ran full */
};

/* Adds to *counts. NULL, or where it was and what is wrong; static storage. */
const char *crash_walk(uint64_t seed, unsigned operations, struct crash_counts *counts);

/* Where it is, for the last words of a program that dies in it. */
const char *crash_walk_place(void);

#endif
