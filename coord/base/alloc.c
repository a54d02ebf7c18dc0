/* alloc.c - malloc that aborts instead of failing. Pure in effect: nothing but memory is touched until the abort. */
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory, size_t size)
{
    if (memory != NULL)
        return memory;
    fprintf(stderr, "out of memory: %zu bytes wanted\n", size);
    abort();
}

void *coord_alloc(size_t size)
{
    return checked(malloc(size == 0 ? 1 : size), size);
}

void *coord_alloc_zero(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    if (count > SIZE_MAX / size)
        return checked(NULL, SIZE_MAX);
    return checked(calloc(count, size), count * size);
}

void *coord_realloc(void *memory, size_t size)
{
    return checked(realloc(memory, size == 0 ? 1 : size), size);
}

void *coord_memdup(const void *memory, size_t size)
{
    void *copy = coord_alloc(size);
    if (size > 0)
        memcpy(copy, memory, size);
    return copy;
}

char *coord_strdup(const char *text)
{
    return coord_memdup(text, strlen(text) + 1);
}

void coord_free(void *memory)
{
    free(memory);
}
