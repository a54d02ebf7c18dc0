/* compare.h - the reductions, tested: a scope is explored without any, with each of them, and with all, and the results
 * compared.
 *
 * Compared are: what is broken (all of it, not the first only), and without a bug also the places (servers side by side, and
 * what was chosen) of all states in which no disk waits as REDUCE_DISKS has it; names do not count. With MERGE there may be
 * more places, not fewer. Last, every step of every server is computed under all names.
 */
#ifndef TESTS_MODEL_COMPARE_H
#define TESTS_MODEL_COMPARE_H

#include "model/space.h"

/* Prints a line each; false: they differ, or a scope was not completed. */
bool compare_reductions(const struct scope *scope, const struct space_options *options);

#endif
