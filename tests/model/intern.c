/* intern.c - a table of byte strings with open addressing, and the packing of what is mostly zero. */
#include "model/intern.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/hash.h"

#include <string.h>

#define CHUNK_BYTES ((size_t)1 << 20)
#define WORD sizeof(uint64_t)

void intern_init(struct intern *t)
{
    memset(t, 0, sizeof(*t));
    t->slot_count = 1u << 10;
    t->slot = coord_alloc_zero(t->slot_count, sizeof(*t->slot));
}

void intern_deinit(struct intern *t)
{
    for (size_t i = 0; i < t->chunk_count; i++)
        coord_free(t->chunk[i]);
    coord_free(t->chunk);
    coord_free(t->at);
    coord_free(t->size);
    coord_free(t->slot);
    memset(t, 0, sizeof(*t));
}

size_t intern_bytes(const struct intern *t)
{
    return t->chunk_count * CHUNK_BYTES + t->room * (sizeof(*t->at) + sizeof(*t->size)) + t->slot_count * sizeof(*t->slot);
}

static uint32_t *find(const struct intern *t, const void *bytes, size_t size)
{
    uint32_t at = (uint32_t)hash_bytes(bytes, size, 0) & (t->slot_count - 1);

    while (t->slot[at] != 0) {
        uint32_t n = t->slot[at] - 1;
        if (t->size[n] == size && memcmp(t->at[n], bytes, size) == 0)
            break;
        at = (at + 1) & (t->slot_count - 1);
    }
    return &t->slot[at];
}

static void grow_slots(struct intern *t)
{
    coord_free(t->slot);
    t->slot_count *= 2;
    t->slot = coord_alloc_zero(t->slot_count, sizeof(*t->slot));
    for (uint32_t i = 0; i < t->count; i++)
        *find(t, t->at[i], t->size[i]) = i + 1;
}

static const uint8_t *store(struct intern *t, const void *bytes, size_t size)
{
    uint8_t *at;

    COORD_ASSERT(size <= CHUNK_BYTES);
    if (t->chunk_count == 0 || t->chunk_used + size > CHUNK_BYTES) {
        t->chunk = coord_realloc(t->chunk, (t->chunk_count + 1) * sizeof(*t->chunk));
        t->chunk[t->chunk_count++] = coord_alloc(CHUNK_BYTES);
        t->chunk_used = 0;
    }
    at = t->chunk[t->chunk_count - 1] + t->chunk_used;
    memcpy(at, bytes, size);
    t->chunk_used += (size + WORD - 1) / WORD * WORD;
    return at;
}

uint32_t intern_add(struct intern *t, const void *bytes, size_t size, bool *is_new)
{
    uint32_t *slot = find(t, bytes, size);

    if (is_new != NULL)
        *is_new = *slot == 0;
    if (*slot != 0)
        return *slot - 1;
    if (t->count == t->room) {
        t->room = t->room == 0 ? 256 : t->room * 2;
        t->at = coord_realloc(t->at, t->room * sizeof(*t->at));
        t->size = coord_realloc(t->size, t->room * sizeof(*t->size));
    }
    t->at[t->count] = store(t, bytes, size);
    t->size[t->count] = (uint32_t)size;
    *slot = ++t->count;
    if (t->count > t->slot_count / 2)
        grow_slots(t);
    return t->count - 1;
}

static uint64_t word_at(const uint8_t *from, size_t size, size_t word)
{
    uint64_t value = 0;
    size_t at = word * WORD;

    memcpy(&value, from + at, size - at < WORD ? size - at : WORD);
    return value;
}

/* Pairs of u16: words of zeros, words as they are, and these. */
size_t pack_zeros(uint8_t *to, const void *from, size_t size)
{
    size_t words = (size + WORD - 1) / WORD, at = 0, used = 0;

    while (at < words) {
        uint16_t pair[2] = {0, 0};
        size_t begin;

        for (; at < words && pair[0] < UINT16_MAX && word_at(from, size, at) == 0; at++)
            pair[0]++;
        begin = used + sizeof(pair);
        for (; at < words && pair[1] < UINT16_MAX; at++) {
            uint64_t value = word_at(from, size, at);
            if (value == 0)
                break;
            memcpy(to + begin + pair[1]++ * WORD, &value, WORD);
        }
        memcpy(to + used, pair, sizeof(pair));
        used = begin + pair[1] * WORD;
    }
    return used;
}

void unpack_zeros(void *to, size_t size, const uint8_t *packed, size_t packed_size)
{
    size_t at = 0, used = 0;

    memset(to, 0, size);
    while (used < packed_size) {
        uint16_t pair[2];
        size_t bytes;

        memcpy(pair, packed + used, sizeof(pair));
        used += sizeof(pair);
        at += pair[0] * WORD;
        bytes = pair[1] * WORD;
        if (bytes > 0)
            memcpy((uint8_t *)to + at, packed + used, bytes < size - at ? bytes : size - at);
        at += bytes;
        used += bytes;
    }
}
