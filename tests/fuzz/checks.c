/* checks.c - the checks of tests/lib/runner.h for fuzz targets that use the fixtures of the unit tests: one that does not hold
 * ends the program by an abort, as an assertion does. */
#include "lib/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool test_check(bool holds, bool fatal, struct test_place at, const char *what, const char *format, ...)
{
    va_list arguments;

    (void)fatal;
    if (holds)
        return true;
    fprintf(stderr, "%s:%u: %s", at.file, at.line, what);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}
