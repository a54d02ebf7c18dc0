/* test_peer.c - messages between servers: golden frames of every type, fragments, damaged frames and bodies. */
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/zxid.h"
#include "golden.h"
#include "lib/runner.h"
#include "wire/entry.h"
#include "wire/peer.h"
#include "wire/peer_table.h"

#define FRAME_HEADER_BYTES 12

/* A message of the type whose fields count up, with runs and a payload where it has them. */
static struct peer_msg example(enum peer_type type)
{
    const struct peer_table *table = peer_table(type);
    struct peer_msg m;
    uint64_t value = 0x0000000100000001;

    memset(&m, 0, sizeof(m));
    m.type = type;
    for (unsigned i = 0; i < table->count; i++, value += 0x0101010101010101) {
        uint8_t *to = (uint8_t *)&m + offsetof(struct peer_msg, hello) + table->fields[i].offset;
        if (table->fields[i].kind == PEER_KIND_runs)
            *(struct runs *)(void *)to = (struct runs){zxid_make(1, 5), 3, {{1, 6, 9}, {3, 1, 2}, {4, 1, 1}}};
        else if (table->fields[i].kind == PEER_KIND_u32)
            *(uint32_t *)(void *)to = (uint32_t)value;
        else
            *(uint64_t *)(void *)to = value;
    }
    if (table->has_payload)
        m.payload = SLICE_LITERAL("payload");
    return m;
}

static bool same_message(const struct peer_msg *a, const struct peer_msg *b)
{
    return a->type == b->type && memcmp(peer_fields(a), peer_fields(b), peer_table(a->type)->struct_size) == 0 &&
           slice_equal(a->payload, b->payload);
}

static struct slice behind(struct slice s, size_t size)
{
    return slice_make(s.data + size, s.size - size);
}

TEST(peer, frames_are_golden)
{
    for (unsigned type = 1; type <= PEER_TYPE_MAX; type++) {
        struct peer_msg m = example((enum peer_type)type), again;
        struct buf b = {0};
        struct slice body;
        size_t frame_size;
        unsigned flags = 99;

        memset(&again, 0xee, sizeof(again));
        peer_encode(&b, &m);
        golden_check("peer", peer_type_name(m.type), buf_slice(&b));
        CHECK_EQ_INT(peer_frame(buf_slice(&b), &frame_size, &body), 0);
        CHECK_EQ_INT(frame_size, buf_size(&b));
        CHECK_EQ_INT(peer_decode(body, &again, &flags), 0, "%s", peer_type_name(m.type));
        CHECK_EQ_INT(flags, 0);
        CHECK(same_message(&m, &again), "%s", peer_type_name(m.type));
        CHECK(again.from == 0 && again.to == 0);
        buf_deinit(&b);
    }
}

TEST(peer, a_frame_is_awaited_until_it_is_whole)
{
    struct peer_msg m = example(PEER_ACCEPTED);
    struct buf b = {0};
    struct slice body;
    size_t frame_size;

    peer_encode(&b, &m);
    for (size_t size = 0; size < buf_size(&b); size++) {
        uint8_t *copy = coord_memdup(buf_bytes(&b), size);
        CHECK_EQ_INT(peer_frame(slice_make(copy, size), &frame_size, &body), 0, "at %zu", size);
        CHECK_EQ_INT(frame_size, 0, "at %zu", size);
        coord_free(copy);
    }
    buf_deinit(&b);
}

TEST(peer, each_flipped_bit_of_a_frame_is_found)
{
    struct peer_msg m = example(PEER_ACCEPT);
    struct buf b = {0};

    peer_encode(&b, &m);
    for (size_t bit = 0; bit < buf_size(&b) * 8; bit++) {
        struct slice body;
        size_t frame_size = 99;
        int rc;
        buf_bytes(&b)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        rc = peer_frame(buf_slice(&b), &frame_size, &body);
        CHECK(rc == -COORD_E_DAMAGED || (bit < 32 && rc == 0 && frame_size == 0), "bit %zu", bit); /* or it waits for more */
        buf_bytes(&b)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_deinit(&b);
}

TEST(peer, a_length_out_of_range_is_refused_before_the_frame_comes)
{
    static const struct {
        uint32_t length;
        int rc;
    } rows[] = {{0, -COORD_E_DAMAGED},
                {11, -COORD_E_DAMAGED},
                {12, 0},
                {PEER_FRAME_MAX - 4, 0},
                {PEER_FRAME_MAX - 3, -COORD_E_DAMAGED},
                {UINT32_MAX, -COORD_E_DAMAGED}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t length[4];
        struct slice body;
        size_t frame_size;
        put_le32(length, rows[i].length);
        CHECK_EQ_INT(peer_frame(slice_make(length, 4), &frame_size, &body), rows[i].rc, "row %zu", i);
    }
}

/* Decodes all frames, joins their payloads; the number of frames. */
static unsigned join(struct slice in, const struct peer_msg *m, struct buf *joined)
{
    unsigned frames = 0, flags = PEER_FLAG_MORE;

    for (; in.size > 0; frames++) {
        struct slice body;
        struct peer_msg part;
        size_t frame_size;
        REQUIRE(flags == PEER_FLAG_MORE);
        REQUIRE(peer_frame(in, &frame_size, &body) == 0 && frame_size > 0 && frame_size <= PEER_FRAME_MAX);
        REQUIRE(peer_decode(body, &part, &flags) == 0);
        buf_append(joined, part.payload.data, part.payload.size);
        part.payload = m->payload;
        CHECK(same_message(&part, m));
        in = behind(in, frame_size);
    }
    CHECK_EQ_INT(flags, 0);
    return frames;
}

TEST(peer, a_large_payload_leaves_in_fragments)
{
    const size_t room = PEER_FRAME_MAX - FRAME_HEADER_BYTES - 4 - 40; /* an ACCEPT's fields are 40 bytes */
    const struct {
        size_t size;
        unsigned frames;
    } rows[] = {{0, 1}, {room, 1}, {room + 1, 2}, {2 * room, 2}, {2 * room + 1, 3}, {1 << 20, 5}};
    uint8_t *payload = coord_alloc(1 << 20);
    struct rng rng;

    rng_init(&rng, 7);
    for (size_t i = 0; i < 1 << 20; i++)
        payload[i] = (uint8_t)rng_next(&rng);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer_msg m = example(PEER_ACCEPT);
        struct buf b = {0}, joined = {0};
        m.payload = slice_make(payload, rows[i].size);
        peer_encode(&b, &m);
        CHECK_EQ_INT(join(buf_slice(&b), &m, &joined), rows[i].frames, "row %zu", i);
        CHECK(slice_equal(buf_slice(&joined), m.payload), "row %zu", i);
        buf_deinit(&b);
        buf_deinit(&joined);
    }
    coord_free(payload);
}

TEST(peer, any_legal_entry_fits_a_message)
{
    CHECK(PEER_PAYLOAD_MAX >= ENTRY_BYTES_MAX);
}

/* The body of the example's frame. */
static struct slice body_of(struct buf *b, enum peer_type type)
{
    struct peer_msg m = example(type);

    peer_encode(b, &m);
    return behind(buf_slice(b), FRAME_HEADER_BYTES);
}

static int decode_copy(struct slice body, struct peer_msg *m)
{
    uint8_t *copy = coord_memdup(body.data, body.size);
    unsigned flags;
    int rc = peer_decode(slice_make(copy, body.size), m, &flags);

    if (rc == 0)
        REQUIRE(m->payload.size == 0 || (m->payload.data >= copy && m->payload.data + m->payload.size == copy + body.size));
    coord_free(copy);
    return rc;
}

TEST(peer, bodies_that_break_the_format_are_refused)
{
    static const struct {
        const char *claim;
        enum peer_type type;
        size_t offset; /* in the body */
        uint8_t byte;
    } rows[] = {
        {"type 0", PEER_SYNC, 0, 0},
        {"unknown type", PEER_SYNC, 0, PEER_TYPE_MAX + 1},
        {"type 255", PEER_SYNC, 0, 255},
        {"unknown flag", PEER_ACCEPT, 1, 2},
        {"a fragment of what has no payload", PEER_SYNC, 1, PEER_FLAG_MORE},
        {"reserved", PEER_SYNC, 2, 1},
        {"reserved, second byte", PEER_SYNC, 3, 1},
        {"too many runs", PEER_PROMISE, 4 + 28 + 8, RUNS_MAX + 1},
        {"more runs than bytes", PEER_PROMISE, 4 + 28 + 8, 4},
        {"fewer runs than bytes", PEER_PROMISE, 4 + 28 + 8, 2},
        {"runs that do not rise", PEER_PROMISE, 4 + 28 + 12 + 12, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = {0};
        struct slice body = body_of(&b, rows[i].type);
        struct peer_msg m;
        CHECK_EQ_INT(decode_copy(body, &m), 0, "%s", rows[i].claim);
        buf_bytes(&b)[FRAME_HEADER_BYTES + rows[i].offset] = rows[i].byte;
        CHECK_EQ_INT(decode_copy(body, &m), -COORD_E_DAMAGED, "%s", rows[i].claim);
        buf_deinit(&b);
    }
}

TEST(peer, every_truncated_body_is_refused)
{
    for (unsigned type = 1; type <= PEER_TYPE_MAX; type++) {
        struct buf b = {0};
        struct slice body = body_of(&b, (enum peer_type)type);
        size_t payload_size = peer_table(type)->has_payload ? strlen("payload") : 0;
        struct peer_msg m;

        for (size_t size = 0; size < body.size - payload_size; size++)
            CHECK_EQ_INT(decode_copy(slice_make(body.data, size), &m), -COORD_E_DAMAGED, "%s at %zu", peer_table(type)->name,
                         size);
        if (payload_size == 0) {
            buf_append(&b, "x", 1);
            body = behind(buf_slice(&b), FRAME_HEADER_BYTES);
            CHECK_EQ_INT(decode_copy(body, &m), -COORD_E_DAMAGED, "%s and a byte", peer_table(type)->name);
        }
        buf_deinit(&b);
    }
}

TEST(peer, random_and_mutated_bodies_are_read_within_bounds)
{
    struct rng rng;
    struct buf b = {0}, text = {0};

    rng_init(&rng, 8);
    for (int i = 0; i < 100000; i++) {
        struct peer_msg m;
        struct slice body;

        buf_clear(&b);
        body = body_of(&b, (enum peer_type)rng_between(&rng, 1, PEER_TYPE_MAX));
        for (uint64_t flips = rng_between(&rng, 1, 4); flips > 0; flips--)
            buf_bytes(&b)[FRAME_HEADER_BYTES + rng_below(&rng, body.size)] = (uint8_t)rng_next(&rng);
        if (i % 4 == 0)
            body.size = rng_below(&rng, body.size);
        if (decode_copy(body, &m) < 0)
            continue;
        m.payload = SLICE_NULL;
        buf_clear(&text);
        peer_print(&text, &m);
        buf_clear(&text);
        peer_encode(&text, &m); /* what was decoded is well-formed */
    }
    buf_deinit(&b);
    buf_deinit(&text);
}

static void payload_where_none_belongs(void)
{
    struct peer_msg m = example(PEER_SYNC);
    struct buf b = {0};

    m.payload = SLICE_LITERAL("x");
    peer_encode(&b, &m);
}

static void invalid_runs(void)
{
    struct peer_msg m = example(PEER_PROMISE);
    struct buf b = {0};

    m.promise.log.run[1].epoch = 1;
    peer_encode(&b, &m);
}

TEST(peer, misuse_asserts)
{
    CHECK(test_aborts(payload_where_none_belongs));
    CHECK(test_aborts(invalid_runs));
}

TEST(peer, print_is_one_line)
{
    static const struct {
        struct peer_msg m;
        const char *text;
    } rows[] = {
        {{.type = PEER_ACCEPT,
          .accept = {.epoch = 2, .prev = 0x100000005, .first = 0x200000001, .count = 3, .committed = 0x100000004},
          .payload = {(const uint8_t *)"xyz", 3}},
         "accept epoch=2 prev=1.5 first=2.1 count=3 committed=1.4 history_end=0.0 payload=3"},
        {{.type = PEER_PROMISE,
          .promise = {.epoch = 4, .incarnation = 0xab, .boot = 2, .accepted = 3, .log = {0x100000005, 1, {{2, 1, 7}}}}},
         "promise epoch=4 incarnation=00000000000000ab boot=2 accepted=3 committed=0.0 log=[floor=1.5 2.1-7]"},
        {{.type = PEER_ACCEPTED, .accepted = {.log = {0, 2, {{1, 1, 2}, {2, 1, 1}}}}},
         "accepted epoch=0 incarnation=0000000000000000 boot=0 accepted=0 matched=0.0 mismatch=0 prev=0.0 committed=0.0 "
         "log=[1.1-2 2.1-1]"},
        {{.type = PEER_PROMISE}, "promise epoch=0 incarnation=0000000000000000 boot=0 accepted=0 committed=0.0 log=[]"},
        {{.type = PEER_SYNC, .sync = {.epoch = 1, .id = 1000000000000}}, "sync epoch=1 id=1000000000000"},
        {{.type = (enum peer_type)99}, "unknown"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = {0};
        peer_print(&b, &rows[i].m);
        buf_append(&b, "", 1);
        CHECK_EQ_STR((const char *)buf_bytes(&b), rows[i].text, "row %zu", i);
        buf_deinit(&b);
    }
    CHECK_EQ_STR(peer_type_name(PEER_SNAPSHOT_ACK), "snapshot_ack");
}
