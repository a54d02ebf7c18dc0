/* value.h - the data of a znode: immutable, counted references, so that a snapshot walk can keep an old one. Pure.
 *
 * NULL is the protocol's null; the empty value is a constant of its own. Large values carry their hash, so that a
 * change of a stat field does not read the data again for the digest. References are not atomic: one state, one thread.
 */
#ifndef COORD_STATE_VALUE_H
#define COORD_STATE_VALUE_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct value {
    uint32_t references : 6, size : 26; /* one in the tree, one in the walk of a snapshot; below VALUE_SIZE_MAX */
    uint8_t bytes[];                    /* then the hash, when size > VALUE_HASHED */
};

enum { VALUE_HASHED = 512, VALUE_REFERENCES_MAX = (1 << 6) - 1, VALUE_SIZE_MAX = (1 << 26) - 1 };

struct value *value_new(struct slice data); /* copies; NULL for null data */
struct value *value_share(struct value *v);
void value_drop(struct value *v);
uint64_t value_hash(const struct value *v); /* null and empty differ */
size_t value_memory(const struct value *v); /* what the allocator takes for it */

static inline struct slice value_slice(const struct value *v)
{
    return v == NULL ? SLICE_NULL : slice_make(v->bytes, v->size);
}

static inline uint32_t value_size(const struct value *v)
{
    return v == NULL ? 0 : v->size;
}

#endif
