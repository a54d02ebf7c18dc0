/* assert.c - what a broken invariant prints before the process dies. */
#include "base/assert.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void coord_assert_fail(const char *expression, const char *file, int line)
{
    void *frames[64];
    int count = backtrace(frames, 64);

    fprintf(stderr, "assertion failed: %s (%s:%d)\n", expression, file, line);
    fflush(stderr);
    backtrace_symbols_fd(frames, count, STDERR_FILENO);
    abort();
}
