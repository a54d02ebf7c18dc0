/* test_wal.c - the log through its own interface: what is read back, where it may begin, what files and syncs it takes. */
#include "lib/fake_fs.h"
#include "lib/runner.h"
#include "unit/store_kit.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/zxid.h"
#include "wal/segment.h"
#include "wal/wal.h"

#include <string.h>

#define Z(epoch, counter) ((uint64_t)(epoch) << 32 | (counter))

struct bench {
    struct fake_fs *fake;
    struct wal_options options;
    struct wal_start start;
    struct wal_found found;
    struct wal *wal;
    struct buf why;
};

static struct bench *bench_new(void)
{
    struct bench *b = coord_alloc_zero(1, sizeof(*b));

    log_set_level(LOG_LEVEL_ERROR); /* torn batches are told with a line */
    b->fake = fake_fs_new();
    b->options =
        (struct wal_options){.dir = "d", .server = 1, .incarnation = 7, .boot = 1, .segment_bytes = 4096, .segments_ahead = 2};
    b->start = (struct wal_start){.first = 1};
    fs_make_dir(fake_fs_fs(b->fake), "d");
    REQUIRE(wal_create(fake_fs_fs(b->fake), &b->options, 1, &b->why) == 0);
    REQUIRE(wal_open(fake_fs_fs(b->fake), &b->options, &b->start, &b->wal, &b->found, &b->why) == 0);
    return b;
}

static int reopen(struct bench *b)
{
    wal_close(b->wal);
    b->wal = NULL;
    b->options.boot++;
    return wal_open(fake_fs_fs(b->fake), &b->options, &b->start, &b->wal, &b->found, &b->why);
}

static void bench_free(struct bench *b)
{
    if (b->wal != NULL)
        wal_close(b->wal);
    buf_deinit(&b->why);
    fake_fs_free(b->fake);
    coord_free(b);
}

static void append(struct bench *b, uint64_t first, uint32_t count, size_t size)
{
    struct batch *batch = kit_batch(first, count, size, 1);

    CHECK_EQ_INT(wal_append(b->wal, 9, batch, 0, count), 0);
    batch_unref(batch);
}

/* Reads, and returns the number of entries; their first and last zxid. */
static int read_range(struct bench *b, uint64_t from, uint64_t to, size_t max, uint64_t *first, uint64_t *last)
{
    struct buf got = {0};
    struct entry e;
    int rc = wal_read(b->wal, from, to, max, &got), count = 0;
    struct slice rest = buf_slice(&got);

    *first = *last = 0;
    while (rc == 0 && entry_next(&rest, &e) == 0) {
        *first = count++ == 0 ? e.zxid : *first;
        *last = e.zxid;
    }
    buf_deinit(&got);
    return rc < 0 ? rc : count;
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
        {Z(3, 6), Z(9, 9), 100000, -COORD_E_NO_ENTRY, 0},
        {0, Z(9, 9), 100000, -COORD_E_TRIMMED, 0},
    };

    append(b, Z(1, 1), 40, 100);
    append(b, Z(3, 1), 5, 100);
    for (int life = 0; life < 2; life++) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            int count = read_range(b, rows[i].from, rows[i].to, rows[i].max, &first, &last);
            CHECK_EQ_INT(count, rows[i].count, "row %zu life %d", i, life);
            CHECK(count < 0 || (first == rows[i].from && last == rows[i].last), "row %zu life %d", i, life);
        }
        REQUIRE(reopen(b) == 0);
    }
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
        CHECK_EQ_INT(read_range(b, Z(1, 1), Z(9, 9), 100000, &first, &last), 9);
        CHECK(first == Z(1, 1) && last == Z(3, 2));
        CHECK_EQ_INT(read_range(b, Z(1, 7), Z(9, 9), 100000, &first, &last), 3);
        CHECK_EQ_INT(read_range(b, Z(2, 3), Z(9, 9), 100000, &first, &last), -COORD_E_NO_ENTRY);
        CHECK_EQ_INT(wal_last(b->wal), Z(3, 2));
        REQUIRE(reopen(b) == 0);
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
        CHECK_EQ_INT(read_range(b, Z(1, 1), Z(9, 9), 100000, &first, &last), 3);
        REQUIRE(reopen(b) == 0);
    }
    CHECK_EQ_INT(b->found.torn_bytes, 0);
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
    CHECK_EQ_INT(fs_size(fake_fs_fs(b->fake), file), SEGMENT_HEADER_BYTES + record_size(20096));
    fs_close(fake_fs_fs(b->fake), file);
    for (int life = 0; life < 2; life++) {
        CHECK_EQ_INT(read_range(b, Z(1, 1), Z(9, 9), 1000000, &first, &last), 7);
        CHECK_EQ_INT(last, Z(1, 7));
        REQUIRE(reopen(b) == 0);
    }
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
        REQUIRE(reopen(b) == 0);
    }
    CHECK_EQ_INT(wal_trim(b->wal, first, base), 0);
    b->start.first = first;
    b->start.base = base;
    REQUIRE(reopen(b) == 0);
    CHECK(b->found.trimmed == base && b->found.log.floor == base && wal_last(b->wal) == Z(3, 20));
    bench_free(b);
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
            REQUIRE(reopen(b) == 0, "%s", (const char *)buf_bytes(&b->why));
            CHECK_EQ_INT(b->found.torn_bytes, 0);
            CHECK_EQ_INT(wal_last(b->wal), Z(1, 2 * i + 2));
        }
    }
    CHECK_EQ_INT(fake_fs_calls(b->fake, FAKE_FS_CREATE), creates);
    CHECK_EQ_INT(read_range(b, Z(1, 119), Z(1, 120), 10000, &first, &last), 2);
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
    REQUIRE(reopen(b) == 0, "%s", (const char *)buf_bytes(&b->why));
    CHECK_EQ_INT(wal_last(b->wal), Z(1, 1));
    CHECK_EQ_INT(b->found.torn_bytes, 2 * size);
    struct batch *batch = kit_batch(Z(1, 2), 1, 100, 1);
    CHECK_EQ_INT(wal_append(b->wal, 1, batch, 0, 1), 0);
    batch_unref(batch);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(reopen(b) == 0);
    CHECK_EQ_INT(wal_last(b->wal), Z(1, 2));
    bench_free(b);
}

TEST(wal, more_epochs_than_a_shape_holds)
{
    struct bench *b = bench_new();
    uint64_t first, last;

    for (uint32_t epoch = 1; epoch <= 3 * RUNS_MAX; epoch++)
        append(b, Z(epoch, 1), 1, 10);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(reopen(b) == 0);
    CHECK_EQ_INT(wal_last(b->wal), Z(3 * RUNS_MAX, 1));
    CHECK(runs_invalid(&b->found.log) == NULL && b->found.log.floor == Z(2 * RUNS_MAX, 1) && b->found.trimmed == 0);
    CHECK_EQ_INT(read_range(b, Z(1, 1), Z(999, 9), 1000000, &first, &last), 3 * RUNS_MAX);
    b->start.snapshot_zxid = Z(3 * RUNS_MAX - 5, 1); /* a long shape is folded up to the snapshot */
    REQUIRE(reopen(b) == 0);
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
    REQUIRE(reopen(b) == 0);
    CHECK(b->found.has_form && b->found.form_zxid == Z(1, 1) && b->found.form.cluster == 0xabc && b->found.form.count == 1);
    CHECK_EQ_INT(wal_cut(b->wal, 0, 0), 0);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    REQUIRE(reopen(b) == 0);
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
