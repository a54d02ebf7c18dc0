/* test_store_damage.c - segments that rot or are torn: named or cut, never served. */
#include "lib/runner.h"
#include "unit/world.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/zxid.h"
#include "wal/promise.h"
#include "wal/segment.h"

#include <stdio.h>
#include <string.h>

struct place {
    uint32_t sequence;
    size_t from, to; /* offsets */
};

/* The records of the log, in order; returns how many. */
static size_t find_records(struct world *w, struct place *places, size_t room)
{
    size_t count = 0;

    for (uint32_t sequence = 1; sequence <= 3; sequence++) {
        char name[SEGMENT_NAME_BYTES];
        struct segment_header h;
        struct record r;
        segment_name(name, sequence);
        struct buf b = world_content(w, name);
        REQUIRE(segment_decode(buf_slice(&b), &h) == 0);
        for (size_t at = SEGMENT_HEADER_BYTES; at < buf_size(&b); at += record_size(r.body.size)) {
            struct slice rest = slice_make(buf_bytes(&b) + at, buf_size(&b) - at);
            if (record_decode(rest, position_make(sequence, at), segment_key(&h), &r) != RECORD_VALID)
                break;
            REQUIRE(count < room);
            places[count++] = (struct place){sequence, at, at + record_size(r.body.size)};
        }
        buf_deinit(&b);
    }
    return count;
}

/* The log without its last append: what is left when the torn last record is cut. */
static void forget_last_append(struct world *w, uint32_t entries)
{
    w->settled.log.count -= entries;
}

static void check_flip(struct world *w, uint32_t sequence, size_t offset, bool vouched)
{
    struct world *c = world_clone(w);
    char name[SEGMENT_NAME_BYTES], path[64];
    const char *text;

    segment_name(name, sequence);
    world_path(path, name);
    fake_fs_flip(c->fake, path, offset, (uint8_t)(1u << offset % 8));
    if (vouched) {
        CHECK_EQ_INT(world_open(c, &text), -COORD_E_DAMAGED, "%s offset %zu", name, offset);
        CHECK(strstr(text, name) != NULL, "%s offset %zu: %s", name, offset, text);
    } else {
        bool stopped;
        forget_last_append(c, 1);
        const char *why = world_start(c, &stopped);
        CHECK(why == NULL, "%s offset %zu: %s", name, offset, why);
    }
    world_free(c);
}

TEST(store_damage, every_byte_of_every_record)
{
    struct world *w = world_some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));

    REQUIRE(count >= 12);
    for (size_t i = 0; i < count; i++)
        for (size_t at = places[i].from; at < places[i].to; at++)
            check_flip(w, places[i].sequence, at, i + 1 < count);
    for (uint32_t sequence = 1; sequence <= 3; sequence++)
        for (size_t at = 0; at < SEGMENT_HEADER_BYTES; at++)
            check_flip(w, sequence, at, true);
    world_free(w);
}

TEST(store_damage, the_text_says_where)
{
    struct world *w = world_some_log();
    struct place places[64];
    const char *text;
    char offset[40];

    find_records(w, places, COUNT(places));
    fake_fs_flip(w->fake, KIT_DIR "/log.00000001", places[2].from + 50, 1);
    CHECK_EQ_INT(world_open(w, &text), -COORD_E_DAMAGED);
    snprintf(offset, sizeof(offset), "offset %zu behind entry 1.4", places[2].from);
    CHECK(strstr(text, "log.00000001") != NULL && strstr(text, offset) != NULL, "%s", text);
    world_free(w);
}

/* What is behind the last record, or between a segment's last record and its end, is nobody's. */
TEST(store_damage, unused_bytes_do_not_matter)
{
    struct world *w = world_some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));

    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || places[i + 1].sequence != places[i].sequence)
            for (size_t at = places[i].to; at < 4096; at += 13) {
                struct world *c = world_clone(w);
                char name[SEGMENT_NAME_BYTES], path[64];
                bool stopped;
                segment_name(name, places[i].sequence);
                world_path(path, name);
                fake_fs_flip(c->fake, path, at, 0xff);
                const char *why = world_start(c, &stopped);
                CHECK(why == NULL, "%s offset %zu: %s", name, at, why);
                world_free(c);
            }
    world_free(w);
}

/* The last append is 3 entries of one record; it ends at every byte of it. `old`: what stood there before. */
static void torn_tails(uint8_t old)
{
    struct world *w = world_some_log();
    struct place places[64];
    struct buf full;
    size_t count = find_records(w, places, COUNT(places));
    struct place last = places[count - 1];

    REQUIRE(last.sequence == 3);
    full = world_content(w, "log.00000003");
    forget_last_append(w, 1);
    for (size_t size = last.from; size < last.to; size++) {
        struct world *c = world_clone(w);
        struct buf torn = {0};
        bool stopped, same = true;
        buf_append(&torn, buf_bytes(&full), buf_size(&full));
        memset(buf_bytes(&torn) + size, old, last.to - size);
        for (size_t i = size; i < last.to; i++)
            same = same && buf_bytes(&full)[i] == old; /* padding */
        world_put(c, "log.00000003", buf_slice(&torn));
        if (!same) {
            const char *why = world_start(c, &stopped);
            CHECK(why == NULL, "size %zu: %s", size - last.from, why);
            CHECK(why != NULL || size < last.from + 24 || c->recovered.torn_bytes >= RECORD_HEADER_BYTES);
            CHECK(why != NULL || (world_append(c, true, 1, 60) && world_append(c, false, 1, 60)));
            world_crash(c, NULL, FAKE_FS_LOSE);
            why = world_start(c, &stopped);
            CHECK(why == NULL, "size %zu, then: %s", size - last.from, why);
        }
        buf_deinit(&torn);
        world_free(c);
    }
    buf_deinit(&full);
    world_free(w);
}

TEST(store_damage, torn_tail_at_every_byte)
{
    torn_tails(0);
    torn_tails(0xa5);
}

TEST(store_damage, promise_vouches_for_what_it_saw)
{
    struct world *w = world_some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));
    bool stopped;
    const char *text;

    REQUIRE(world_start(w, &stopped) == NULL); /* its promise files vouch for the last record too */
    world_crash(w, NULL, FAKE_FS_LOSE);
    fake_fs_flip(w->fake, KIT_DIR "/log.00000003", places[count - 1].from + 40, 4);
    CHECK_EQ_INT(world_open(w, &text), -COORD_E_DAMAGED);
    world_free(w);
}

TEST(store_damage, mark_vouches_after_idleness)
{
    struct world *w = world_some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));
    bool stopped;
    const char *text;

    REQUIRE(world_start(w, &stopped) == NULL);
    CHECK(world_append(w, false, 1, 10) && world_mark(w));
    uint64_t writes = fake_fs_calls(w->fake, FAKE_FS_WRITE);
    CHECK(world_mark(w));
    CHECK_EQ_INT(fake_fs_calls(w->fake, FAKE_FS_WRITE), writes); /* nothing new to vouch for */
    world_crash(w, NULL, FAKE_FS_LOSE);
    fake_fs_flip(w->fake, KIT_DIR "/log.00000003", places[count - 1].to + 100, 4);
    CHECK_EQ_INT(world_open(w, &text), -COORD_E_DAMAGED);
    world_free(w);
}

/* One that rots while the server runs is found when it is read. */
TEST(store_damage, an_orderly_stop_vouches_for_the_whole_log)
{
    struct world *w = world_some_log();
    struct place places[32];
    char name[SEGMENT_NAME_BYTES];
    const char *text;
    bool stopped;

    REQUIRE(world_start(w, &stopped) == NULL);
    CHECK(world_append(w, false, 1, 50));
    CHECK_EQ_INT(store_finish(w->store), 0);
    world_crash(w, NULL, FAKE_FS_LOSE);
    struct place last = places[find_records(w, places, COUNT(places)) - 1];
    segment_name(name, last.sequence);
    struct buf b = world_content(w, name);
    memset(buf_bytes(&b) + last.from, 0, last.to - last.from);
    world_put(w, name, buf_slice(&b));
    CHECK_EQ_INT(world_open(w, &text), -COORD_E_DAMAGED, "%s", text);
    buf_deinit(&b);
    world_free(w);
}

TEST(store_damage, read_of_a_rotten_record_fails)
{
    struct world *w = world_some_log();
    struct place places[64];
    struct buf got = {0};
    bool stopped;

    find_records(w, places, COUNT(places));
    REQUIRE(world_start(w, &stopped) == NULL);
    fake_fs_flip(w->fake, KIT_DIR "/log.00000001", places[1].from + 200, 1);
    CHECK_EQ_INT(kit_read(w->store, zxid_make(1, 1), zxid_make(1, 9), &got), -COORD_E_DAMAGED);
    CHECK(strstr(store_failure(w->store), "log.00000001") != NULL && strstr(store_failure(w->store), "offset") != NULL, "%s",
          store_failure(w->store));
    CHECK_EQ_INT(buf_size(&got), 0);
    buf_deinit(&got);
    world_free(w);
}
