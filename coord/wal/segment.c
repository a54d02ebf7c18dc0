/* segment.c - encoding and checking of segment and record headers; see segment.h. Pure. */
#include "wal/segment.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define SEGMENT_MAGIC "COORDLOG"
#define SEGMENT_SEED 0x434f4f52444c4f47u
#define SEQUENCE_DIGITS 8

enum {
    CHECKSUM_AT = 0,
    MAGIC_AT = 8,
    LENGTH_AT = 12,
    POSITION_AT = 16,
    PREV_END_AT = 24,
    SYNCED_AT = 32,
    SYNCED_ZXID_AT = 40,
    PREV_ZXID_AT = 48,
    FIRST_AT = 56,
    LAST_AT = 64,
    CLUSTER_AT = 72,
    BOOT_AT = 80,
    KIND_AT = 84,
    COUNT_AT = 88,
    ZERO_AT = 92,
};

void segment_encode(uint8_t to[SEGMENT_HEADER_BYTES], const struct segment_header *h)
{
    memset(to, 0, SEGMENT_HEADER_BYTES);
    memcpy(to, SEGMENT_MAGIC, 8);
    put_le32(to + 8, SEGMENT_VERSION);
    put_le32(to + 12, h->server);
    put_le64(to + 16, h->incarnation);
    put_le32(to + 24, h->sequence);
    put_le32(to + 28, h->generation);
    put_le64(to + 32, h->bytes);
    put_le64(to + 56, hash_bytes(to, 56, SEGMENT_SEED));
}

int segment_decode(struct slice from, struct segment_header *h)
{
    const uint8_t *at = from.data;

    if (from.size < SEGMENT_HEADER_BYTES || memcmp(at, SEGMENT_MAGIC, 8) != 0)
        return -COORD_E_DAMAGED;
    if (get_le64(at + 56) != hash_bytes(at, 56, SEGMENT_SEED))
        return -COORD_E_DAMAGED;
    if (get_le32(at + 8) != SEGMENT_VERSION)
        return -COORD_E_FORMAT;
    h->server = get_le32(at + 12);
    h->incarnation = get_le64(at + 16);
    h->sequence = get_le32(at + 24);
    h->generation = get_le32(at + 28);
    h->bytes = get_le64(at + 32);
    return 0;
}

uint64_t segment_key(const struct segment_header *h)
{
    return hash_u64(h->incarnation, position_make(h->generation, h->server));
}

void segment_name(char to[SEGMENT_NAME_BYTES], uint32_t sequence)
{
    snprintf(to, SEGMENT_NAME_BYTES, "log.%08x", sequence);
}

static bool numbered_name_parse(const char *name, const char *word, uint32_t *number)
{
    size_t size = strlen(word);
    uint32_t value = 0;

    if (strncmp(name, word, size) != 0 || strlen(name) != size + SEQUENCE_DIGITS)
        return false;
    for (const char *c = name + size; *c != '\0'; c++) {
        if (*c >= '0' && *c <= '9')
            value = value << 4 | (uint32_t)(*c - '0');
        else if (*c >= 'a' && *c <= 'f')
            value = value << 4 | (uint32_t)(*c - 'a' + 10);
        else
            return false;
    }
    *number = value;
    return true;
}

bool segment_name_parse(const char *name, uint32_t *sequence)
{
    return numbered_name_parse(name, "log.", sequence) && *sequence != 0;
}

bool spare_name_parse(const char *name, uint32_t *number)
{
    return numbered_name_parse(name, "spare.", number);
}

static uint64_t checksum(const uint8_t *at, size_t size, uint64_t position, uint64_t key)
{
    return hash_bytes(at + MAGIC_AT, size - MAGIC_AT, hash_u64(position, key));
}

void record_encode(uint8_t *at, const struct record *r, uint64_t key)
{
    size_t size = record_size(r->body.size), used = RECORD_HEADER_BYTES + r->body.size;

    COORD_ASSERT(r->body.size <= RECORD_BODY_MAX);
    put_le32(at + MAGIC_AT, RECORD_MAGIC);
    put_le32(at + LENGTH_AT, (uint32_t)r->body.size);
    put_le64(at + POSITION_AT, r->position);
    put_le64(at + PREV_END_AT, r->prev_end);
    put_le64(at + SYNCED_AT, r->synced);
    put_le64(at + SYNCED_ZXID_AT, r->synced_zxid);
    put_le64(at + PREV_ZXID_AT, r->prev_zxid);
    put_le64(at + FIRST_AT, r->first);
    put_le64(at + LAST_AT, r->last);
    put_le64(at + CLUSTER_AT, r->cluster);
    put_le32(at + BOOT_AT, r->boot);
    put_le32(at + KIND_AT, (uint32_t)r->kind);
    put_le32(at + COUNT_AT, r->count);
    put_le32(at + ZERO_AT, 0);
    memset(at + used, 0, size - used);
    put_le64(at + CHECKSUM_AT, checksum(at, size, r->position, key));
}

/* What a writer never writes, though the checksum holds. */
static bool sensible(const struct record *r)
{
    if (r->synced > r->position || r->prev_end > r->position)
        return false;
    switch (r->kind) {
    case RECORD_ENTRIES:
        return r->count > 0 && r->body.size > 0 && r->first > r->prev_zxid && r->last >= r->first;
    case RECORD_CUT:
        return r->count == 0 && r->body.size == 0 && r->last <= r->first;
    case RECORD_MARK:
        return r->count == 0 && r->body.size == 0 && r->last == r->prev_zxid;
    }
    return false;
}

enum record_status record_decode(struct slice from, uint64_t position, uint64_t key, struct record *r)
{
    const uint8_t *at = from.data;
    uint32_t length;

    if (from.size < RECORD_HEADER_BYTES || get_le32(at + MAGIC_AT) != RECORD_MAGIC || get_le64(at + POSITION_AT) != position)
        return RECORD_NONE;
    length = get_le32(at + LENGTH_AT);
    if (length > RECORD_BODY_MAX || record_size(length) > from.size)
        return RECORD_BAD;
    if (get_le64(at + CHECKSUM_AT) != checksum(at, record_size(length), position, key))
        return RECORD_BAD;
    *r = (struct record){
        .kind = (enum record_kind)get_le32(at + KIND_AT),
        .count = get_le32(at + COUNT_AT),
        .boot = get_le32(at + BOOT_AT),
        .position = position,
        .prev_end = get_le64(at + PREV_END_AT),
        .synced = get_le64(at + SYNCED_AT),
        .synced_zxid = get_le64(at + SYNCED_ZXID_AT),
        .prev_zxid = get_le64(at + PREV_ZXID_AT),
        .first = get_le64(at + FIRST_AT),
        .last = get_le64(at + LAST_AT),
        .cluster = get_le64(at + CLUSTER_AT),
        .body = slice_make(at + RECORD_HEADER_BYTES, length),
    };
    return sensible(r) ? RECORD_VALID : RECORD_BAD;
}

const char *record_kind_name(enum record_kind kind)
{
    switch (kind) {
    case RECORD_ENTRIES:
        return "entries";
    case RECORD_CUT:
        return "cut";
    case RECORD_MARK:
        return "mark";
    }
    return "unknown";
}
