/* assert.h - invariants, checked in every build.
 *
 * COORD_ASSERT states what the program itself guarantees; input from clients, peers or disks is never asserted on.
 * A failure prints the expression, the place and a backtrace to stderr and aborts.
 */
#ifndef COORD_BASE_ASSERT_H
#define COORD_BASE_ASSERT_H

_Noreturn void coord_assert_fail(const char *expression, const char *file, int line);

#define COORD_ASSERT(expression) ((expression) ? (void)0 : coord_assert_fail(#expression, __FILE__, __LINE__))

#endif
