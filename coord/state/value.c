/* value.c - reference-counted values. Pure. */
#include "state/value.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/hash.h"

#include <string.h>

enum { VALUE_SEED = 1, EMPTY_HASH = 2, NULL_HASH = 3 };

/* Shared by all states and threads: never counted, never written. */
static const struct value empty_value;

static struct value *empty(void)
{
    return (struct value *)(uintptr_t)&empty_value;
}

struct value *value_new(struct slice data)
{
    struct value *v;

    if (slice_is_null(data))
        return NULL;
    if (data.size == 0)
        return empty();
    COORD_ASSERT(data.size <= VALUE_SIZE_MAX); /* above what any packet holds */
    v = coord_alloc(sizeof(*v) + data.size + (data.size > VALUE_HASHED ? sizeof(uint64_t) : 0));
    v->references = 1;
    v->size = (uint32_t)data.size & VALUE_SIZE_MAX;
    memcpy(v->bytes, data.data, data.size);
    if (data.size > VALUE_HASHED) {
        uint64_t hash = hash_bytes(data.data, data.size, VALUE_SEED);
        memcpy(v->bytes + data.size, &hash, sizeof(hash));
    }
    return v;
}

struct value *value_share(struct value *v)
{
    if (value_size(v) > 0) {
        COORD_ASSERT(v->references < VALUE_REFERENCES_MAX);
        v->references++;
    }
    return v;
}

void value_drop(struct value *v)
{
    if (value_size(v) > 0 && --v->references == 0)
        coord_free(v);
}

uint64_t value_hash(const struct value *v)
{
    uint64_t hash;

    if (value_size(v) == 0)
        return v == NULL ? NULL_HASH : EMPTY_HASH;
    if (v->size <= VALUE_HASHED)
        return hash_bytes(v->bytes, v->size, VALUE_SEED);
    memcpy(&hash, v->bytes + v->size, sizeof(hash));
    return hash;
}

size_t value_memory(const struct value *v)
{
    size_t size = value_size(v);

    if (size == 0)
        return 0;
    size += sizeof(*v) + (size > VALUE_HASHED ? sizeof(uint64_t) : 0);
    return (size + 8 + 15) & ~(size_t)15;
}
