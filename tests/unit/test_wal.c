/* test_wal.c - the log through its own interface: what is read back, where it may begin, what files and syncs it takes. */
#include "lib/runner.h"
#include "unit/wal_bench.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/zxid.h"

#include <stdio.h>
#include <string.h>

static void append(struct bench *b, uint64_t first, uint32_t count, size_t size)
{
    CHECK_EQ_INT(bench_append(b, first, count, size), 0);
}

TEST(wal, read_keeps_its_bounds)
{
    struct bench *b = bench_new();
    uint64_t first, last;
    static const struct {
        uint64_t from, to;
        size_t max;
        int count;
        uint64_t last;
    } rows[] = {
        {Z(1, 1), Z(1, 1), 10000, 1, Z(1, 1)},
        {Z(1, 1), Z(9, 9), 1, 1, Z(1, 1)}, /* at least one */
        {Z(1, 1), Z(9, 9), 196 * 3, 3, Z(1, 3)},
        {Z(1, 1), Z(9, 9), 196 * 3 + 195, 3, Z(1, 3)},
        {Z(1, 39), Z(9, 9), 100000, 7, Z(3, 5)},
        {Z(1, 39), Z(3, 2), 100000, 4, Z(3, 2)},
        {Z(3, 5), Z(3, 5), 100000, 1, Z(3, 5)},
        {Z(1, 41), Z(9, 9), 100000, -COORD_E_NO_ENTRY, 0}, /* between two epochs */
        {Z(2, 1), Z(9, 9), 100000, -COORD_E_NO_ENTRY, 0},
        {Z(1, 5), Z(1, 4), 100000, -COORD_E_NO_ENTRY, 0},
        {Z(3, 6), Z(9, 9), 100000, -COORD_E_NO_ENTRY, 0},
        {0, Z(9, 9), 100000, -COORD_E_TRIMMED, 0},
    };

    append(b, Z(1, 1), 40, 100);
    append(b, Z(3, 1), 5, 100);
    for (int life = 0; life < 2; life++) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            int count = bench_read(b, rows[i].from, rows[i].to, rows[i].max, &first, &last);
            CHECK_EQ_INT(count, rows[i].count, "row %zu life %d", i, life);
            CHECK(count < 0 || (first == rows[i].from && last == rows[i].last), "row %zu life %d", i, life);
        }
        REQUIRE(bench_reopen(b) == 0);
    }
    bench_free(b);
}

TEST(wal, an_empty_log_has_no_entry)
{
    struct bench *b = bench_new();
    uint64_t first, last;

    CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), 1000, &first, &last), -COORD_E_NO_ENTRY);
    CHECK_EQ_INT(wal_last(b->wal), 0);
    b->start.cluster = 9; /* as the manifest knows it; no record says another */
    REQUIRE(bench_reopen(b) == 0);
    CHECK_EQ_INT(b->found.cluster, 0);
    CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), 1000, &first, &last), -COORD_E_NO_ENTRY);
    bench_free(b);
}

TEST(wal, cut_entries_are_never_read)
{
    struct bench *b = bench_new();
    uint64_t first, last;

    append(b, Z(1, 1), 5, 100);
    append(b, Z(2, 1), 9, 100);
    CHECK_EQ_INT(wal_cut(b->wal, 9, Z(1, 3)), 0);
    append(b, Z(1, 4), 4, 100); /* lower zxids than those that were cut */
    append(b, Z(3, 1), 2, 100);
    for (int life = 0; life < 2; life++) {
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), 100000, &first, &last), 9);
        CHECK(first == Z(1, 1) && last == Z(3, 2));
        CHECK_EQ_INT(bench_read(b, Z(1, 7), Z(9, 9), 100000, &first, &last), 3);
        CHECK_EQ_INT(bench_read(b, Z(2, 3), Z(9, 9), 100000, &first, &last), -COORD_E_NO_ENTRY);
        CHECK_EQ_INT(wal_last(b->wal), Z(3, 2));
        REQUIRE(bench_reopen(b) == 0);
    }
    CHECK(b->found.log.count == 2 && b->found.log.run[0].last == 7 && b->found.log.run[1].epoch == 3);
    bench_free(b);
}

/* The first segment of a new log is allocated only; one that is written through takes over, and the log reads on across. */
TEST(wal, written_segment_takes_over_from_an_allocated_one)
{
    struct bench *b = bench_new();
    uint64_t first, last;

    wal_close(b->wal);
    b->start.made = true;
    REQUIRE(wal_open(fake_fs_fs(b->fake), &b->options, &b->start, &b->wal, &b->found, &b->why) == 0);
    b->start.made = false;
    append(b, Z(1, 1), 1, 100);
    REQUIRE(wal_sync(b->wal) == 0);
    CHECK_EQ_INT(position_sequence(wal_synced(b->wal)), 1);
    while (wal_prepare(b->wal) == 1)
        ;
    for (uint32_t i = 2; i <= 3; i++) {
        append(b, Z(1, i), 1, 100);
        REQUIRE(wal_sync(b->wal) == 0);
        CHECK_EQ_INT(position_sequence(wal_synced(b->wal)), 2);
    }
    for (int life = 0; life < 2; life++) {
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), 100000, &first, &last), 3);
        REQUIRE(bench_reopen(b) == 0);
    }
    CHECK_EQ_INT(b->found.torn_bytes, 0);
    bench_free(b);
}

/* Whether an append would have to make a segment first, which takes long. */
TEST(wal, room_is_told)
{
    const size_t most = 4096 - SEGMENT_HEADER_BYTES - RECORD_HEADER_BYTES;
    struct bench *b = bench_new();

    CHECK(!wal_is_prepared(b->wal));
    CHECK(wal_has_room(b->wal, most) && !wal_has_room(b->wal, most + 1));
    append(b, Z(1, 1), 1, 8);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    CHECK(!wal_has_room(b->wal, most) && wal_has_room(b->wal, 8));
    CHECK_EQ_INT(wal_prepare(b->wal), 1);
    CHECK(!wal_is_prepared(b->wal) && wal_has_room(b->wal, most));
    CHECK_EQ_INT(wal_prepare(b->wal), 0);
    CHECK(wal_is_prepared(b->wal));
    bench_free(b);
}

/* One made in haste is no better than the one in use. */
TEST(wal, an_allocated_segment_does_not_take_over)
{
    struct bench *b = bench_new();
    uint32_t first;

    wal_close(b->wal);
    b->start.made = true;
    REQUIRE(wal_open(fake_fs_fs(b->fake), &b->options, &b->start, &b->wal, &b->found, &b->why) == 0);
    CHECK_EQ_INT(wal_reset_begin(b->wal, &first), 0);
    CHECK_EQ_INT(first, 2);
    append(b, Z(1, 1), 1, 100);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    CHECK_EQ_INT(position_sequence(wal_synced(b->wal)), 1);
    bench_free(b);
}

/* A segment is wanted while it is being filled with zeros: it is taken as it is. */
TEST(wal, a_segment_may_be_needed_before_it_is_filled)
{
    struct bench *b = bench_new_sized(1 << 20, 1);
    uint64_t first, last;

    CHECK_EQ_INT(wal_prepare(b->wal), 1);
    append(b, Z(1, 1), 1, 600000);
    append(b, Z(1, 2), 1, 600000);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    CHECK_EQ_INT(position_sequence(wal_synced(b->wal)), 2);
    CHECK(!bench_has(b, "segment.tmp"));
    for (int life = 0; life < 2; life++) {
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), SIZE_MAX, &first, &last), 2);
        REQUIRE(bench_reopen(b) == 0);
    }
    bench_free(b);
}

/* One pwrite and one sync for all that was queued, however many appends. */
TEST(wal, queued_appends_share_one_write_and_one_sync)
{
    struct bench *b = bench_new();
    uint64_t writes = fake_fs_calls(b->fake, FAKE_FS_WRITE), syncs = fake_fs_calls(b->fake, FAKE_FS_SYNC);

    for (uint32_t i = 0; i < 20; i++)
        append(b, Z(1, 1 + i), 1, 20);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    CHECK_EQ_INT(wal_sync(b->wal), 0); /* nothing new */
    CHECK_EQ_INT(fake_fs_calls(b->fake, FAKE_FS_WRITE) - writes, 1);
    CHECK_EQ_INT(fake_fs_calls(b->fake, FAKE_FS_SYNC) - syncs, 1);
    bench_free(b);
}

TEST(wal, large_entries_get_segments_of_their_own_size)
{
    struct bench *b = bench_new();
    uint64_t first, last;
    struct fs_file *file;

    append(b, Z(1, 1), 2, 50);
    append(b, Z(1, 3), 3, 20000);
    append(b, Z(1, 6), 2, 50);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(fs_open(fake_fs_fs(b->fake), "d/log.00000003", FS_READ, &file) == 0);
    CHECK(fs_size(fake_fs_fs(b->fake), file) >= (int64_t)(SEGMENT_HEADER_BYTES + record_size(20096)));
    CHECK(fs_size(fake_fs_fs(b->fake), file) < (int64_t)(SEGMENT_HEADER_BYTES + record_size(20096)) + FS_BLOCK_BYTES);
    CHECK_EQ_INT(fs_size(fake_fs_fs(b->fake), file) % FS_BLOCK_BYTES, 0);
    fs_close(fake_fs_fs(b->fake), file);
    for (int life = 0; life < 2; life++) {
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), 1000000, &first, &last), 7);
        CHECK_EQ_INT(last, Z(1, 7));
        REQUIRE(bench_reopen(b) == 0);
    }
    bench_free(b);
}

/* A batch that a follower gets may hold the end of one epoch and all of others. */
TEST(wal, a_batch_may_span_epochs)
{
    static const uint64_t zxids[] = {Z(1, 1), Z(1, 2), Z(3, 1), Z(3, 2), Z(3, 3), Z(4, 1)};
    struct bench *b = bench_new();
    struct buf encoded = {0};
    uint64_t first, last;

    for (size_t i = 0; i < COUNT(zxids); i++)
        kit_entry(&encoded, zxids[i], 10, 1);
    struct batch *batch = batch_new(buf_slice(&encoded));
    CHECK_EQ_INT(wal_append(b->wal, 9, batch, 0, COUNT(zxids)), 0);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    for (int life = 0; life < 2; life++) {
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), SIZE_MAX, &first, &last), COUNT(zxids));
        CHECK_EQ_INT(bench_read(b, Z(3, 2), Z(9, 9), SIZE_MAX, &first, &last), 3);
        CHECK_EQ_INT(bench_read(b, Z(1, 3), Z(9, 9), SIZE_MAX, &first, &last), -COORD_E_NO_ENTRY);
        CHECK_EQ_INT(bench_read(b, Z(1, 3), Z(2, 9), SIZE_MAX, &first, &last), -COORD_E_NO_ENTRY);
        CHECK_EQ_INT(wal_last(b->wal), Z(4, 1));
        REQUIRE(bench_reopen(b) == 0);
    }
    CHECK(b->found.log.count == 3 && b->found.log.run[1].epoch == 3 && b->found.log.run[1].last == 3);
    batch_unref(batch);
    buf_deinit(&encoded);
    bench_free(b);
}

/* The log may begin at a segment only where the entry before it is in the log still. */
TEST(wal, trim_point_never_stands_on_a_cut_entry)
{
    struct bench *b = bench_new();
    uint32_t first;
    uint64_t base;

    append(b, Z(1, 1), 4, 100);
    append(b, Z(2, 1), 20, 200); /* goes on in segment 2 */
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    CHECK_EQ_INT(wal_cut(b->wal, 9, Z(1, 4)), 0);
    append(b, Z(3, 1), 20, 200);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    for (int life = 0; life < 2; life++) {
        wal_trim_point(b->wal, Z(2, 30), &first, &base);
        CHECK(first == 1 && base == 0, "life %d: segment %u base " ZXID_FMT, life, first, ZXID_ARG(base));
        wal_trim_point(b->wal, Z(3, 20), &first, &base);
        CHECK(first > 2 && base >= Z(3, 1), "life %d: segment %u base " ZXID_FMT, life, first, ZXID_ARG(base));
        REQUIRE(bench_reopen(b) == 0);
    }
    CHECK_EQ_INT(wal_trim(b->wal, first, base), 0);
    b->start.first = first;
    b->start.base = base;
    REQUIRE(bench_reopen(b) == 0);
    CHECK(b->found.trimmed == base && b->found.log.floor == base && wal_last(b->wal) == Z(3, 20));
    bench_free(b);
}

/* What is left may hold no entry at all: only a mark in a segment of its own. */
TEST(wal, trim_of_all_entries)
{
    struct bench *b = bench_new();
    uint32_t first;
    uint64_t base, got_first, got_last;

    append(b, Z(1, 1), 1, 4096 - SEGMENT_HEADER_BYTES - RECORD_HEADER_BYTES - ENTRY_HEADER_BYTES);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    CHECK_EQ_INT(wal_mark(b->wal, 9), 0);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    wal_trim_point(b->wal, Z(1, 1), &first, &base);
    CHECK(first == 2 && base == Z(1, 1));
    CHECK_EQ_INT(wal_trim(b->wal, first, base), 0);
    b->start.first = first;
    b->start.base = base;
    for (int life = 0; life < 2; life++) {
        CHECK_EQ_INT(wal_last(b->wal), Z(1, 1));
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), 100, &got_first, &got_last), -COORD_E_TRIMMED);
        CHECK_EQ_INT(bench_read(b, Z(1, 2), Z(9, 9), 100, &got_first, &got_last), -COORD_E_NO_ENTRY);
        REQUIRE(bench_reopen(b) == 0, "%s", bench_why(b));
    }
    append(b, Z(1, 2), 1, 100);
    CHECK_EQ_INT(bench_read(b, Z(1, 2), Z(9, 9), 100, &got_first, &got_last), 1);
    bench_free(b);
}

static unsigned spares_of(struct bench *b, uint32_t below)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < below; i++) {
        char name[40];
        snprintf(name, sizeof(name), "spare.%08x", i);
        count += bench_has(b, name);
    }
    return count;
}

/* Trimmed segments are kept up to one more than there should be ahead; the others go. So do those of a size that is not wanted
 * any more, and what is not of coord is left alone. */
TEST(wal, spares_are_few_and_of_one_size)
{
    enum { SEGMENTS = 80, AHEAD = 12 };
    struct bench *b = bench_new_sized(4096, AHEAD);
    static const char *const others[] = {"spare.0000000z", "spare.0123456789012345678901234567890123456789", "log.txt",
                                         "spare"};
    uint32_t first;
    uint64_t base, got_first, got_last;

    for (size_t i = 0; i < COUNT(others); i++)
        bench_put(b, others[i], SLICE_LITERAL("x"));
    for (uint32_t i = 0; i < SEGMENTS; i++)
        append(b, Z(1, 1 + i), 1, 3000);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    for (int life = 0; life < 2; life++) { /* all of them are found again */
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), SIZE_MAX, &got_first, &got_last), SEGMENTS);
        REQUIRE(bench_reopen(b) == 0, "%s", bench_why(b));
    }
    wal_trim_point(b->wal, Z(1, SEGMENTS - 1), &first, &base);
    CHECK_EQ_INT(wal_trim(b->wal, first, base), 0);
    b->start.first = first;
    b->start.base = base;
    CHECK_EQ_INT(spares_of(b, 100), AHEAD + 1);
    b->options.segments_ahead = 3;
    REQUIRE(bench_reopen(b) == 0, "%s", bench_why(b));
    CHECK_EQ_INT(spares_of(b, 100), 3 + 1);
    b->options.segment_bytes = 8192;
    REQUIRE(bench_reopen(b) == 0, "%s", bench_why(b));
    CHECK_EQ_INT(spares_of(b, 100), 0);
    CHECK_EQ_INT(bench_read(b, base + 1, Z(9, 9), SIZE_MAX, &got_first, &got_last), 1);
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(bench_has(b, others[i]), "%s", others[i]);
    bench_free(b);
}

/* A spare file that cannot be removed is no reason to go on as if it were gone: its name might come up again. */
TEST(wal, a_spare_that_stays_stops_the_start)
{
    struct bench *b = bench_new();

    bench_put(b, "spare.00000001", SLICE_LITERAL("of another size"));
    fake_fs_fail(b->fake, FAKE_FS_REMOVE, 1, COORD_E_IO);
    CHECK_EQ_INT(bench_reopen(b), -COORD_E_IO);
    CHECK_EQ_STR(bench_why(b), "d/spare.00000001: remove: input/output error");
    CHECK_EQ_INT(bench_reopen(b), 0);
    bench_free(b);
}

/* Nothing but the first segment's name says that there was a log. */
TEST(wal, a_log_without_segments_is_missing)
{
    struct bench *b = bench_new();

    CHECK_EQ_INT(fs_remove(fake_fs_fs(b->fake), "d/log.00000001"), 0);
    CHECK_EQ_INT(bench_reopen(b), -COORD_E_MISSING);
    CHECK(strstr(bench_why(b), "d/log.00000001: put it back") != NULL, "%s", bench_why(b));
    bench_free(b);
}

/* A start reads a segment at a time into memory. No writer makes one above 65 MiB: it is named, not read. */
TEST(wal, a_segment_of_any_size_is_not_read)
{
    static const struct {
        uint64_t size;
        int rc;
        const char *text;
    } rows[] = {{65 << 20, 0, ""}, {(65 << 20) + 1, -COORD_E_DAMAGED, "log.00000001: read: file is damaged"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct wal_options options = {
            .dir = test_tmpdir(), .server = 1, .incarnation = 7, .boot = 1, .segment_bytes = 4096, .segments_ahead = 1};
        struct wal_start start = {.first = 1};
        struct wal_found found;
        struct buf why = {0};
        struct fs_file *file;
        struct wal *w = NULL;
        char path[300];

        REQUIRE(wal_create(fs_posix(), &options, 1, &why) == 0);
        snprintf(path, sizeof(path), "%s/log.00000001", options.dir);
        REQUIRE(fs_open(fs_posix(), path, FS_WRITE, &file) == 0);
        CHECK_EQ_INT(fs_truncate(fs_posix(), file, rows[i].size), 0); /* a hole */
        fs_close(fs_posix(), file);
        options.boot++;
        CHECK_EQ_INT(wal_open(fs_posix(), &options, &start, &w, &found, &why), rows[i].rc, "row %zu", i);
        buf_append(&why, "", 1);
        CHECK(strstr((const char *)buf_bytes(&why), rows[i].text) != NULL, "row %zu: %s", i, (const char *)buf_bytes(&why));
        if (w != NULL)
            wal_close(w);
        buf_deinit(&why);
    }
}

/* Trimmed segments come back under new numbers, with their old records in them; those never validate. */
TEST(wal, recycled_segments_hold_nothing)
{
    struct bench *b = bench_new();
    uint64_t creates = 0, first, last;

    for (uint32_t i = 0; i < 60; i++) {
        uint32_t segment;
        uint64_t base;
        append(b, Z(1, 1 + 2 * i), 2, 700);
        CHECK_EQ_INT(wal_sync(b->wal), 0);
        while (wal_prepare(b->wal) == 1)
            ;
        wal_trim_point(b->wal, Z(1, 2 * i), &segment, &base);
        CHECK_EQ_INT(wal_trim(b->wal, segment, base), 0);
        b->start.first = segment;
        b->start.base = base;
        if (i == 20)
            creates = fake_fs_calls(b->fake, FAKE_FS_CREATE);
        if (i % 7 == 3) {
            REQUIRE(bench_reopen(b) == 0, "%s", bench_why(b));
            CHECK_EQ_INT(b->found.torn_bytes, 0);
            CHECK_EQ_INT(wal_last(b->wal), Z(1, 2 * i + 2));
        }
    }
    CHECK_EQ_INT(fake_fs_calls(b->fake, FAKE_FS_CREATE), creates);
    CHECK_EQ_INT(bench_read(b, Z(1, 119), Z(1, 120), 10000, &first, &last), 2);
    bench_free(b);
}

/* Three records of one batch, of which the disk lost the second: the third neither proves damage nor comes back when the
 * second is written again. */
TEST(wal, what_a_torn_batch_left_does_not_come_back)
{
    struct bench *b = bench_new();
    size_t size = record_size(ENTRY_HEADER_BYTES + 100);

    for (uint32_t i = 0; i < 3; i++) {
        struct batch *batch = kit_batch(Z(1, 1 + i), 1, 100, 1);
        CHECK_EQ_INT(wal_append(b->wal, i, batch, 0, 1), 0); /* of another cluster: a record of its own */
        batch_unref(batch);
    }
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    fake_fs_flip(b->fake, "d/log.00000001", SEGMENT_HEADER_BYTES + size + 50, 1);
    REQUIRE(bench_reopen(b) == 0, "%s", bench_why(b));
    CHECK_EQ_INT(wal_last(b->wal), Z(1, 1));
    CHECK_EQ_INT(b->found.torn_bytes, 2 * size);
    struct batch *batch = kit_batch(Z(1, 2), 1, 100, 1);
    CHECK_EQ_INT(wal_append(b->wal, 1, batch, 0, 1), 0);
    batch_unref(batch);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(bench_reopen(b) == 0);
    CHECK_EQ_INT(wal_last(b->wal), Z(1, 2));
    bench_free(b);
}

TEST(wal, more_epochs_than_a_shape_holds)
{
    struct bench *b = bench_new();
    uint64_t first, last;

    for (uint32_t epoch = 1; epoch <= 3 * RUNS_MAX; epoch++) {
        append(b, Z(epoch, 1), 1, 10);
        append(b, Z(epoch, 2), 1, 10);
    }
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(bench_reopen(b) == 0);
    CHECK_EQ_INT(wal_last(b->wal), Z(3 * RUNS_MAX, 2));
    CHECK(runs_invalid(&b->found.log) == NULL && b->found.log.floor == Z(2 * RUNS_MAX, 2) && b->found.trimmed == 0);
    CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(999, 9), 1000000, &first, &last), 2 * 3 * RUNS_MAX);
    for (uint32_t counter = 3; counter <= 4; counter++) { /* none of the log's: there is nothing to fold up to */
        b->start.snapshot_zxid = counter == 3 ? Z(3 * RUNS_MAX - 5, 3) : Z(3 * RUNS_MAX, 3);
        REQUIRE(bench_reopen(b) == 0);
        CHECK_EQ_INT(b->found.log.floor, Z(2 * RUNS_MAX, 2));
    }
    b->start.snapshot_zxid = Z(3 * RUNS_MAX - 5, 2); /* a long shape is folded up to the snapshot */
    REQUIRE(bench_reopen(b) == 0);
    CHECK(b->found.log.floor == b->start.snapshot_zxid && b->found.log.count == 5);
    bench_free(b);
}

TEST(wal, form_is_found_and_goes_with_a_cut)
{
    struct bench *b = bench_new();
    struct form form = {.cluster = 0xabc, .count = 1, .voter = {{.id = 1, .incarnation = 7}}};
    struct buf body = {0}, encoded = {0};
    struct entry e = {.kind = ENTRY_FORM, .zxid = Z(1, 1)};
    struct batch *batch;

    form_append(&body, &form);
    e.body = buf_slice(&body);
    entry_append(&encoded, &e);
    batch = batch_new(buf_slice(&encoded));
    CHECK_EQ_INT(wal_append(b->wal, form.cluster, batch, 0, 1), 0);
    append(b, Z(1, 2), 3, 10);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(bench_reopen(b) == 0);
    CHECK(b->found.has_form && b->found.form_zxid == Z(1, 1) && b->found.form.cluster == 0xabc && b->found.form.count == 1);
    CHECK_EQ_INT(wal_cut(b->wal, form.cluster, Z(1, 1)), 0); /* behind it */
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(bench_reopen(b) == 0);
    CHECK(b->found.has_form && b->found.form_zxid == Z(1, 1) && wal_last(b->wal) == Z(1, 1));
    CHECK_EQ_INT(wal_cut(b->wal, 0, 0), 0);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(bench_reopen(b) == 0);
    CHECK(!b->found.has_form && runs_empty(&b->found.log));
    batch_unref(batch);
    buf_deinit(&body);
    buf_deinit(&encoded);
    bench_free(b);
}

TEST(wal, full_disk_is_told_with_the_file)
{
    struct bench *b = bench_new();
    int rc = 0;

    fake_fs_set_capacity(b->fake, 3 * 4096);
    for (uint32_t i = 0; i < 100 && rc == 0; i++) {
        struct batch *batch = kit_batch(Z(1, 1 + i), 1, 500, 1);
        rc = wal_append(b->wal, 9, batch, 0, 1);
        batch_unref(batch);
    }
    CHECK_EQ_INT(rc, -COORD_E_NO_SPACE);
    CHECK(strstr(wal_why(b->wal), "d/") != NULL, "%s", wal_why(b->wal));
    CHECK_EQ_INT(wal_sync(b->wal), -COORD_E_NO_SPACE); /* it stays failed */
    CHECK_EQ_INT(wal_prepare(b->wal), -COORD_E_NO_SPACE);
    bench_free(b);
}
