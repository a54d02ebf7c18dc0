/* slice.h - bytes that belong to somebody else: pointer and length, borrowed.
 *
 * A slice never owns. Whoever hands one out says how long it is valid. A slice with data == NULL is the protocol's null,
 * which is not the same as an empty one.
 */
#ifndef COORD_BASE_SLICE_H
#define COORD_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data;
    size_t size;
};

#define SLICE_NULL ((struct slice){NULL, 0})
#define SLICE_LITERAL(text) ((struct slice){(const uint8_t *)(text), sizeof(text) - 1})

static inline struct slice slice_make(const void *data, size_t size)
{
    return (struct slice){(const uint8_t *)data, size};
}

static inline struct slice slice_from_text(const char *text)
{
    return slice_make(text, strlen(text));
}

static inline bool slice_is_null(struct slice s)
{
    return s.data == NULL;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).size, (const char *)(s).data

#endif
