/* intern.h - byte strings by number: equal strings have equal numbers, from 0 in the order of their coming.
 *
 * The explorer keeps servers, messages, sets of messages and global states here, so a state is a few small numbers, and two
 * states are equal exactly when their bytes are. Strings are compared in full: a collision of hashes loses nothing.
 */
#ifndef TESTS_MODEL_INTERN_H
#define TESTS_MODEL_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern {
    uint8_t **chunk; /* the strings' memory; none moves */
    size_t chunk_count, chunk_used;
    const uint8_t **at; /* by number */
    uint32_t *size;
    uint32_t count, room;
    uint32_t *slot, slot_count; /* number + 1 */
};

void intern_init(struct intern *t);
void intern_deinit(struct intern *t);
uint32_t intern_add(struct intern *t, const void *bytes, size_t size, bool *is_new); /* is_new may be NULL */
size_t intern_bytes(const struct intern *t);                                         /* memory used, about */

/* Long runs of zeros, which are most of a struct paxos, take no space: packed into `to` (2 * size + 8 bytes); its size. */
size_t pack_zeros(uint8_t *to, const void *from, size_t size);
void unpack_zeros(void *to, size_t size, const uint8_t *packed, size_t packed_size);

#endif
