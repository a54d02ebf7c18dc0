/* test_segment.c - bytes of segments and records: golden, checked whole, tied to their place. */
#include "golden.h"
#include "lib/runner.h"
#include "unit/store_kit.h"

#include "base/error.h"
#include "base/zxid.h"
#include "wal/segment.h"

#include <string.h>

static const struct segment_header header = {
    .server = 3, .sequence = 0x1a2b, .generation = 5, .incarnation = 0x1122334455667788, .bytes = 1u << 24};

static struct buf record_of(enum record_kind kind, uint64_t position, uint32_t entries)
{
    struct buf b = {0}, body = {0};
    struct record r = {.kind = kind,
                       .count = entries,
                       .boot = 5,
                       .position = position,
                       .prev_end = position - 8,
                       .synced = position - 16,
                       .synced_zxid = zxid_make(2, 1),
                       .prev_zxid = zxid_make(2, 3),
                       .first = zxid_make(2, 4),
                       .last = zxid_make(2, 3 + entries),
                       .cluster = 0xc0ffee};

    for (uint32_t i = 0; i < entries; i++)
        kit_entry(&body, r.first + i, 3, 1);
    r.body = buf_slice(&body);
    if (kind == RECORD_CUT)
        r.first = r.last = zxid_make(2, 1);
    if (kind == RECORD_MARK)
        r.first = r.last;
    buf_reserve(&b, record_size(r.body.size));
    buf_commit(&b, record_size(r.body.size));
    if (entries > 0)
        memcpy(buf_bytes(&b) + RECORD_HEADER_BYTES, r.body.data, r.body.size);
    record_encode(buf_bytes(&b), &r, segment_key(&header));
    buf_deinit(&body);
    return b;
}

TEST(segment, bytes_are_golden)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    static const struct {
        enum record_kind kind;
        uint32_t entries;
        const char *words;
    } rows[] = {{RECORD_ENTRIES, 2, "entries"}, {RECORD_CUT, 0, "cut"}, {RECORD_MARK, 0, "mark"}};

    segment_encode(bytes, &header);
    golden_check("log", "segment", slice_make(bytes, sizeof(bytes)));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = record_of(rows[i].kind, position_make(header.sequence, 4096), rows[i].entries);
        golden_check("log", rows[i].words, buf_slice(&b));
        buf_deinit(&b);
    }
}

TEST(segment, header_round_trip_and_flips)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header h;

    segment_encode(bytes, &header);
    CHECK_EQ_INT(segment_decode(slice_make(bytes, sizeof(bytes)), &h), 0);
    CHECK(h.server == 3 && h.sequence == 0x1a2b && h.generation == 5 && h.incarnation == header.incarnation &&
          h.bytes == header.bytes);
    for (size_t i = 0; i < sizeof(bytes) * 8; i++) {
        bytes[i / 8] = (uint8_t)(bytes[i / 8] ^ 1u << i % 8);
        CHECK_EQ_INT(segment_decode(slice_make(bytes, sizeof(bytes)), &h), -COORD_E_DAMAGED, "bit %zu", i);
        bytes[i / 8] = (uint8_t)(bytes[i / 8] ^ 1u << i % 8);
    }
    CHECK_EQ_INT(segment_decode(slice_make(bytes, sizeof(bytes) - 1), &h), -COORD_E_DAMAGED);
}

TEST(segment, record_round_trip_and_flips)
{
    uint64_t position = position_make(header.sequence, 4096), key = segment_key(&header);
    struct buf b = record_of(RECORD_ENTRIES, position, 2);
    struct record r;

    REQUIRE(record_decode(buf_slice(&b), position, key, &r) == RECORD_VALID);
    CHECK(r.kind == RECORD_ENTRIES && r.count == 2 && r.boot == 5 && r.cluster == 0xc0ffee && r.prev_end == position - 8);
    CHECK(r.first == zxid_make(2, 4) && r.last == zxid_make(2, 5) && r.synced == position - 16);
    for (size_t i = 0; i < buf_size(&b) * 8; i++) {
        buf_bytes(&b)[i / 8] = (uint8_t)(buf_bytes(&b)[i / 8] ^ 1u << i % 8);
        CHECK(record_decode(buf_slice(&b), position, key, &r) != RECORD_VALID, "bit %zu", i);
        buf_bytes(&b)[i / 8] = (uint8_t)(buf_bytes(&b)[i / 8] ^ 1u << i % 8);
    }
    for (size_t size = 0; size < buf_size(&b); size++)
        CHECK(record_decode(slice_make(buf_bytes(&b), size), position, key, &r) != RECORD_VALID, "size %zu", size);
    buf_deinit(&b);
}

/* The same bytes at another offset, in another segment, of another generation or server are nothing. */
TEST(segment, record_is_tied_to_its_place)
{
    uint64_t position = position_make(header.sequence, 4096);
    struct buf b = record_of(RECORD_CUT, position, 0);
    struct segment_header h = header;
    struct record r;

    CHECK(record_decode(buf_slice(&b), position, segment_key(&h), &r) == RECORD_VALID);
    CHECK(record_decode(buf_slice(&b), position + 8, segment_key(&h), &r) == RECORD_NONE);
    h.generation++;
    CHECK(record_decode(buf_slice(&b), position, segment_key(&h), &r) == RECORD_BAD);
    h = header;
    h.server++;
    CHECK(record_decode(buf_slice(&b), position, segment_key(&h), &r) == RECORD_BAD);
    h = header;
    h.incarnation++;
    CHECK(record_decode(buf_slice(&b), position, segment_key(&h), &r) == RECORD_BAD);
    buf_deinit(&b);
}

TEST(segment, names)
{
    char name[SEGMENT_NAME_BYTES];
    uint32_t sequence;
    static const char *const others[] = {"log.0000001",  "log.000000001", "log.0000000G", "log.0000000A",
                                         "log.00000000", "Log.00000001",  "log",          ""};

    segment_name(name, 0xabc);
    CHECK_EQ_STR(name, "log.00000abc");
    CHECK(segment_name_parse(name, &sequence) && sequence == 0xabc);
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(!segment_name_parse(others[i], &sequence), "%s", others[i]);
}
