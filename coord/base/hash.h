/* hash.h - XXH3 (libxxhash) behind a name of ours: 64 bits, seeded. For checksums and tables, not against attackers. Pure. */
#ifndef COORD_BASE_HASH_H
#define COORD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t size, uint64_t seed);
uint64_t hash_u64(uint64_t value, uint64_t seed);

#endif
