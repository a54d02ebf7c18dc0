/* alloc.h - memory for the server: allocation that cannot fail.
 *
 * Out of memory in an apply would make replicas differ, so these functions print a line and abort instead of returning
 * NULL; the supervisor restarts the process and the log brings it back. libcoord, which lives in other people's
 * processes, does not use them: it calls malloc and returns COORD_E_NO_MEMORY. Thread-safe.
 */
#ifndef COORD_BASE_ALLOC_H
#define COORD_BASE_ALLOC_H

#include <stddef.h>

void *coord_alloc(size_t size);                    /* not zeroed; size 0 is allowed and gives a pointer to free */
void *coord_alloc_zero(size_t count, size_t size); /* zeroed; the product is checked for overflow */
void *coord_realloc(void *memory, size_t size);
void *coord_memdup(const void *memory, size_t size);
char *coord_strdup(const char *text);
void coord_free(void *memory); /* NULL is allowed */

#endif
