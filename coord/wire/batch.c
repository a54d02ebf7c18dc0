/* batch.c - batches: one allocation holds the struct, the offsets and the bytes. */
#include "wire/batch.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/zxid.h"
#include "wire/entry.h"

#define ZXID_OFFSET 8 /* in an encoded entry */

static bool follows(uint64_t zxid, uint64_t before)
{
    if (zxid_epoch(zxid) == zxid_epoch(before))
        return zxid == before + 1;
    return zxid_epoch(zxid) > zxid_epoch(before) && zxid_counter(zxid) == 1;
}

/* The number of entries; 0 when the run is empty or anything is wrong with it. */
static uint32_t count_entries(struct slice entries)
{
    struct entry e;
    uint64_t before = 0;
    uint32_t count = 0;
    int rc;

    if (entries.size > UINT32_MAX) /* coverage: would take 4 GiB of entries */
        return 0;
    for (; (rc = entry_next(&entries, &e)) == 0; count++, before = e.zxid) {
        bool valid = zxid_epoch(e.zxid) > 0 && zxid_counter(e.zxid) > 0;
        if (!valid || (count > 0 && !follows(e.zxid, before)))
            return 0;
    }
    return rc == 1 ? count : 0;
}

static uint64_t zxid_at(const struct batch *b, uint32_t i)
{
    return get_le64(b->bytes + b->offsets[i] + ZXID_OFFSET);
}

struct batch *batch_new(struct slice entries)
{
    uint32_t count = count_entries(entries), at = 0;
    size_t offsets_size = ((size_t)count + 1) * sizeof(uint32_t);
    struct batch *b;

    if (count == 0)
        return NULL;
    b = coord_alloc(sizeof(*b) + offsets_size + entries.size);
    b->refs = 1;
    b->count = count;
    b->size = entries.size;
    b->offsets = (uint32_t *)(void *)(b + 1);
    b->bytes = (uint8_t *)(b + 1) + offsets_size;
    memcpy(b->bytes, entries.data, entries.size);
    for (uint32_t i = 0; i < count; i++) {
        b->offsets[i] = at;
        at += get_le32(b->bytes + at);
    }
    b->offsets[count] = at;
    b->first = zxid_at(b, 0);
    b->last = zxid_at(b, count - 1);
    return b;
}

struct batch *batch_ref(struct batch *b)
{
    COORD_ASSERT(b->refs > 0 && b->refs < UINT32_MAX);
    b->refs++;
    return b;
}

void batch_unref(struct batch *b)
{
    if (b == NULL)
        return;
    COORD_ASSERT(b->refs > 0);
    if (--b->refs == 0)
        coord_free(b);
}

uint32_t batch_find(const struct batch *b, uint64_t zxid)
{
    uint32_t low = 0, high = b->count;

    if (zxid < b->first || zxid > b->last)
        return b->count;
    if (zxid_epoch(b->first) == zxid_epoch(b->last))
        return (uint32_t)(zxid - b->first);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zxid_at(b, middle) < zxid)
            low = middle + 1;
        else
            high = middle;
    }
    return zxid_at(b, low) == zxid ? low : b->count; /* the last entry is at or above zxid */
}
