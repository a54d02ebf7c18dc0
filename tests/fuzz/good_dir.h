/* good_dir.h - good data directories, for fuzz_store and its seeds. */
#ifndef TESTS_FUZZ_GOOD_DIR_H
#define TESTS_FUZZ_GOOD_DIR_H

#include "unit/world.h"

#define GOOD_DIRS 3

/* The disk of a server that was at work and stopped in order: 0: one segment; 1: with a snapshot; 2: trimmed, with two and with
 * segments ahead. Promise files vouch for all of the log, so no loss can pass for a torn end. The store is not open. */
struct world *good_dir(unsigned kind);

#endif
