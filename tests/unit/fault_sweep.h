/* fault_sweep.h - every call to the disk fails once, each in a run of its own, with each code that a disk has:
 *
 *     struct sweep s = {.may_pass = FAKE_FS_REMOVE};
 *     while (sweep_next(&s)) {
 *         struct fake_fs *f = ...;
 *         sweep_arm(&s, f);
 *         int rc = what_is_tested(f);
 *         sweep_told(&s, rc != 0);
 *         ... rc is 0 or -s.code ...
 *     }
 *
 * A call that fails without the run telling so fails the test, unless it is of a kind that something else may make up for.
 */
#ifndef TESTS_UNIT_FAULT_SWEEP_H
#define TESTS_UNIT_FAULT_SWEEP_H

#include "lib/fake_fs.h"

struct sweep {
    unsigned may_pass; /* kinds of calls (fake_fs.h) whose failure need not be told */
    int code;          /* COORD_E_IO or COORD_E_NO_SPACE: what fails gives -code */
    uint64_t at;       /* which call of the kinds under way, for messages */
    unsigned told;     /* runs so far that told a failure */

    /* Internal. */
    struct fake_fs *fake;
    unsigned round;
    uint64_t before;
    bool beyond; /* the last run had fewer calls */
};

bool sweep_next(struct sweep *s);
void sweep_arm(struct sweep *s, struct fake_fs *f);
void sweep_told(struct sweep *s, bool told); /* at the end of what may fail; disarms */

#endif
