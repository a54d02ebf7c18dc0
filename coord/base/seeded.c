/* seeded.c - which of the planted bugs is on; part of the build with --enable-seeded-bugs only. See seeded.h.
 *
 * The choice is made before main, so that no test program needs to know of it. An unknown name ends the program with status 2.
 */
#include "base/seeded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDED_NAME(name, model, text) #name,
static const char *const names[] = {"", SEEDED_BUGS(SEEDED_NAME)};

enum seeded_bug seeded_bug;

__attribute__((constructor)) static void choose(void)
{
    const char *wanted = getenv("COORD_SEEDED_BUG");

    if (wanted == NULL)
        return;
    for (int i = 0; i < SEEDED_COUNT; i++)
        if (strcmp(names[i], wanted) == 0) {
            seeded_bug = (enum seeded_bug)i;
            return;
        }
    fprintf(stderr, "COORD_SEEDED_BUG: no bug is called '%s'\n", wanted);
    exit(2);
}
