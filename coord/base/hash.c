/* hash.c - the only file that knows libxxhash. Pure. */
#include "base/hash.h"

#include <xxhash.h>

uint64_t hash_bytes(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

uint64_t hash_u64(uint64_t value, uint64_t seed)
{
    return XXH3_64bits_withSeed(&value, sizeof(value), seed);
}
