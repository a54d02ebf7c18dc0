/* test_segment.c - bytes of segments and records: golden, checked whole, tied to their place. */
#include "golden.h"
#include "lib/runner.h"
#include "unit/store_kit.h"

#include "base/error.h"
#include "base/hash.h"
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

TEST(segment, version_of_another_time_is_told_from_damage)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header h;

    segment_encode(bytes, &header);
    put_le32(bytes + 8, SEGMENT_VERSION + 1);
    CHECK_EQ_INT(segment_decode(slice_make(bytes, sizeof(bytes)), &h), -COORD_E_DAMAGED);
    put_le64(bytes + 56, hash_bytes(bytes, 56, 0x434f4f52444c4f47u));
    CHECK_EQ_INT(segment_decode(slice_make(bytes, sizeof(bytes)), &h), -COORD_E_FORMAT);
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

/* What no writer writes is no record, though its checksum holds. */
TEST(segment, records_that_make_no_sense_are_bad)
{
    enum { AT = 4096, OTHER = 9 };
    static const struct {
        uint32_t kind, count;
        size_t body;
        uint64_t synced, prev_end, prev_zxid, first, last; /* positions: offsets in the segment */
        enum record_status status;
    } rows[] = {
        {RECORD_ENTRIES, 1, 8, AT, AT, 5, 6, 6, RECORD_VALID},
        {RECORD_CUT, 0, 0, AT, AT, 5, 4, 4, RECORD_VALID},
        {RECORD_CUT, 0, 0, AT, AT, 5, 4, 2, RECORD_VALID}, /* to where no entry is */
        {RECORD_MARK, 0, 0, AT, AT, 5, 5, 5, RECORD_VALID},
        {RECORD_MARK, 0, 0, AT + 8, AT, 5, 5, 5, RECORD_BAD}, /* vouches for itself */
        {RECORD_MARK, 0, 0, AT, AT + 8, 5, 5, 5, RECORD_BAD}, /* its own predecessor */
        {RECORD_MARK, 1, 0, AT, AT, 5, 5, 5, RECORD_BAD},
        {RECORD_MARK, 0, 8, AT, AT, 5, 5, 5, RECORD_BAD},
        {RECORD_MARK, 0, 0, AT, AT, 5, 5, 6, RECORD_BAD},
        {RECORD_CUT, 1, 0, AT, AT, 5, 4, 4, RECORD_BAD},
        {RECORD_CUT, 0, 8, AT, AT, 5, 4, 4, RECORD_BAD},
        {RECORD_CUT, 0, 0, AT, AT, 5, 4, 5, RECORD_BAD}, /* keeps more than it says */
        {RECORD_ENTRIES, 0, 8, AT, AT, 5, 6, 6, RECORD_BAD},
        {RECORD_ENTRIES, 1, 0, AT, AT, 5, 6, 6, RECORD_BAD},
        {RECORD_ENTRIES, 1, 8, AT, AT, 5, 5, 6, RECORD_BAD}, /* an entry that was there */
        {RECORD_ENTRIES, 1, 8, AT, AT, 5, 6, 5, RECORD_BAD},
        {0, 0, 0, AT, AT, 5, 5, 5, RECORD_BAD},
        {OTHER, 0, 0, AT, AT, 5, 5, 5, RECORD_BAD},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t position = position_make(header.sequence, AT), key = segment_key(&header);
        uint8_t bytes[RECORD_HEADER_BYTES + 8] = {0};
        struct record back, r = {.kind = (enum record_kind)rows[i].kind,
                                 .count = rows[i].count,
                                 .position = position,
                                 .synced = position_make(header.sequence, rows[i].synced),
                                 .prev_end = position_make(header.sequence, rows[i].prev_end),
                                 .prev_zxid = rows[i].prev_zxid,
                                 .first = rows[i].first,
                                 .last = rows[i].last,
                                 .body = slice_make(bytes, rows[i].body)};
        record_encode(bytes, &r, key);
        CHECK(record_decode(slice_make(bytes, sizeof(bytes)), position, key, &back) == rows[i].status, "row %zu", i);
    }
}

TEST(segment, kinds_of_records_have_names)
{
    CHECK_EQ_STR(record_kind_name(RECORD_ENTRIES), "entries");
    CHECK_EQ_STR(record_kind_name(RECORD_CUT), "cut");
    CHECK_EQ_STR(record_kind_name(RECORD_MARK), "mark");
    CHECK_EQ_STR(record_kind_name((enum record_kind)9), "unknown");
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
    static const char *const others[] = {"log.0000001",  "log.000000001", "log.0000000G", "log.0000000A", "log.0000000g",
                                         "log.-0000001", "log.00000000",  "Log.00000001", "log",          ""};

    segment_name(name, 0xabc);
    CHECK_EQ_STR(name, "log.00000abc");
    CHECK(segment_name_parse(name, &sequence) && sequence == 0xabc);
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(!segment_name_parse(others[i], &sequence), "%s", others[i]);
    CHECK(spare_name_parse("spare.00000000", &sequence) && sequence == 0);
    CHECK(spare_name_parse("spare.0000001f", &sequence) && sequence == 31);
    CHECK(!spare_name_parse("spare.1f", &sequence) && !spare_name_parse("log.0000001f", &sequence));
}
