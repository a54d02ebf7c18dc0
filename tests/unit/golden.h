/* golden.h - bytes that must never change, from tests/data/golden/NAME.hex.
 *
 * A file holds comment lines (#) and lines of words of which the last is bytes in hex. The directory is GOLDEN_DIR, which the
 * build sets.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include "base/slice.h"

/* Calls fn for each line of bytes: the comment line before it, the words before the hex, the bytes (valid during the call, in
 * memory of exactly their size). Fails the test when the file is missing or a line is malformed. Returns the number of lines.
 */
int golden_each(const char *name, void (*fn)(const char *comment, const char *words, struct slice bytes));

/* Checks that the file's line with these words holds these bytes. The failure shows the line as it would have to be: a wanted
 * change of a format raises its version, and puts that line there. */
void golden_check(const char *name, const char *words, struct slice bytes);

#endif
