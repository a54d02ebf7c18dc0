/* test_wal_errors.c - calls to the disk that fail under the log: who tells, what the text says, and that nothing goes on. */
#include "lib/runner.h"
#include "unit/fault_sweep.h"
#include "unit/wal_bench.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* What can be asked of an open log; each gives its result. */
static int do_append(struct bench *b)
{
    return bench_append(b, Z(9, 1), 1, 50);
}

static int do_append_large(struct bench *b)
{
    return bench_append(b, Z(9, 1), 2, 1 << 20);
}

static int do_append_of_another_cluster(struct bench *b)
{
    struct batch *batch = bench_batch(Z(9, 1), 1, 50);
    int rc = wal_append(b->wal, 10, batch, 0, 1);

    batch_unref(batch);
    return rc;
}

static int do_cut(struct bench *b)
{
    return wal_cut(b->wal, 9, Z(1, 1));
}

static int do_mark(struct bench *b)
{
    return wal_mark(b->wal, 9);
}

static int do_sync(struct bench *b)
{
    return wal_sync(b->wal);
}

static int do_read(struct bench *b)
{
    uint64_t first, last;

    return bench_read(b, Z(1, 1), Z(9, 9), 1000, &first, &last);
}

static int do_prepare(struct bench *b)
{
    return wal_prepare(b->wal);
}

static int do_trim(struct bench *b)
{
    return wal_trim(b->wal, 1, 0);
}

static int do_reset_begin(struct bench *b)
{
    uint32_t first;

    return wal_reset_begin(b->wal, &first);
}

static int do_reset(struct bench *b)
{
    return wal_reset(b->wal, Z(9, 1));
}

TEST(wal_errors, an_error_is_for_good)
{
    static int (*const all[])(struct bench *) = {do_append,  do_cut,  do_mark,        do_sync, do_read,
                                                 do_prepare, do_trim, do_reset_begin, do_reset};
    struct bench *b = bench_new();
    uint64_t calls;

    CHECK_EQ_STR(wal_why(b->wal), "");
    CHECK_EQ_INT(bench_append(b, Z(1, 1), 1, 50), 0);
    fake_fs_fail(b->fake, FAKE_FS_SYNC, 1, COORD_E_IO);
    CHECK_EQ_INT(wal_sync(b->wal), -COORD_E_IO);
    CHECK_EQ_STR(wal_why(b->wal), "d/log.00000001: sync: input/output error");
    calls = fake_fs_calls(b->fake, FAKE_FS_ANY);
    for (size_t i = 0; i < COUNT(all); i++)
        CHECK_EQ_INT(all[i](b), -COORD_E_IO, "row %zu", i);
    CHECK_EQ_INT(fake_fs_calls(b->fake, FAKE_FS_ANY), calls);
    CHECK_EQ_STR(wal_why(b->wal), "d/log.00000001: sync: input/output error");
    bench_free(b);
}

/* More than a megabyte does not wait for a sync: whatever comes next writes it, and tells when that fails. */
TEST(wal_errors, whoever_writes_tells_that_it_failed)
{
    static const struct {
        int (*what)(struct bench *);
        int rc; /* without a fault */
    } rows[] = {
        {do_append_large, 0}, {do_append_of_another_cluster, 0}, {do_cut, 0}, {do_mark, 0}, {do_sync, 0}, {do_read, 1},
        {do_reset_begin, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        for (int fault = 0; fault < 2; fault++) {
            struct bench *b = bench_new_sized(16 << 20, 1);
            uint64_t writes = fake_fs_calls(b->fake, FAKE_FS_WRITE);

            CHECK_EQ_INT(bench_append(b, Z(1, 1), 1, 3 << 19), 0);
            CHECK_EQ_INT(fake_fs_calls(b->fake, FAKE_FS_WRITE), writes); /* others may join the record */
            if (fault == 1)
                fake_fs_fail(b->fake, FAKE_FS_WRITE, 1, COORD_E_NO_SPACE);
            CHECK_EQ_INT(rows[i].what(b), fault == 1 ? -COORD_E_NO_SPACE : rows[i].rc, "row %zu", i);
            CHECK(fake_fs_calls(b->fake, FAKE_FS_WRITE) > writes, "row %zu", i);
            if (fault == 1)
                CHECK_EQ_STR(wal_why(b->wal), "d/log.00000001: write at offset 64: no space left on the device", "row %zu", i);
            bench_free(b);
        }
}

/* Idleness at the end of a segment: there is no room to vouch for what it holds, and none is made. */
TEST(wal_errors, a_mark_on_a_full_disk_is_told)
{
    struct bench *b = bench_new();

    CHECK_EQ_INT(bench_append(b, Z(1, 1), 1, 4096 - SEGMENT_HEADER_BYTES - RECORD_HEADER_BYTES - ENTRY_HEADER_BYTES), 0);
    CHECK_EQ_INT(wal_sync(b->wal), 0);
    fake_fs_set_capacity(b->fake, 4096);
    CHECK_EQ_INT(wal_mark(b->wal, 9), -COORD_E_NO_SPACE);
    CHECK_EQ_STR(wal_why(b->wal), "d/segment.tmp: preallocate 4096 bytes: no space left on the device");
    bench_free(b);
}

/* Ten stretches of 64 kB in one segment, and an own segment for the last entry. */
static struct bench *long_log(void)
{
    struct bench *b = bench_new_sized(1 << 20, 1);

    for (uint32_t i = 0; i < 40; i++)
        CHECK(bench_append(b, Z(1, 1 + i), 1, 16000) == 0 && wal_sync(b->wal) == 0);
    CHECK(bench_append(b, Z(1, 41), 1, 600000) == 0 && wal_sync(b->wal) == 0);
    return b;
}

TEST(wal_errors, a_read_that_fails_gives_nothing)
{
    int rc = -COORD_E_IO;
    uint64_t first, last, n;

    for (n = 1; rc < 0; n++) {
        struct bench *b = long_log();

        fake_fs_fail(b->fake, FAKE_FS_OPEN | FAKE_FS_READ, n, COORD_E_IO);
        rc = bench_read(b, Z(1, 1), Z(9, 9), SIZE_MAX, &first, &last);
        CHECK(rc == -COORD_E_IO || rc == 41, "call %lu: %d", n, rc);
        CHECK(rc > 0 ||
                  (strstr(wal_why(b->wal), "d/log.0000000") != NULL && strstr(wal_why(b->wal), "input/output error") != NULL),
              "call %lu: %s", n, wal_why(b->wal));
        bench_free(b);
    }
    CHECK(n > 10, "%lu", n);
}

/* Rot and lost bytes far behind the first entry that was asked for. */
TEST(wal_errors, a_read_that_meets_damage_gives_nothing)
{
    const size_t record = record_size(ENTRY_HEADER_BYTES + 16000);
    const struct {
        const char *file;
        size_t flip, size; /* 0: no flip, the whole file */
    } rows[] = {{"log.00000001", 400000, 0},
                {"log.00000001", 0, 400000},
                {"log.00000001", 0, SEGMENT_HEADER_BYTES + 25 * record},
                {"log.00000002", 400000, 0},
                {"log.00000002", 0, 400000}};
    uint64_t first, last;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench *b = long_log();
        struct buf content = bench_content(b, rows[i].file);
        char file[40];

        if (rows[i].flip != 0)
            buf_bytes(&content)[rows[i].flip] ^= 1;
        bench_put(b, rows[i].file, slice_make(buf_bytes(&content), rows[i].size != 0 ? rows[i].size : buf_size(&content)));
        snprintf(file, sizeof(file), "d/%s: record at offset", rows[i].file);
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), SIZE_MAX, &first, &last), -COORD_E_DAMAGED, "row %zu", i);
        CHECK(strstr(wal_why(b->wal), file) != NULL && strstr(wal_why(b->wal), "wanted for entry 1.") != NULL, "row %zu: %s", i,
              wal_why(b->wal));
        buf_deinit(&content);
        bench_free(b);
    }
}

/* A spare file that was there cannot be used: the segment ahead is not made of anything else in silence. */
TEST(wal_errors, a_spare_that_cannot_be_opened_is_named)
{
    struct bench *b = bench_new();
    uint32_t first;
    uint64_t base;

    for (uint32_t i = 0; i < 3; i++)
        CHECK(bench_append(b, Z(1, 1 + i), 1, 3000) == 0 && wal_sync(b->wal) == 0);
    wal_trim_point(b->wal, Z(1, 2), &first, &base);
    CHECK_EQ_INT(wal_trim(b->wal, first, base), 0);
    fake_fs_fail(b->fake, FAKE_FS_OPEN, 1, COORD_E_IO);
    CHECK_EQ_INT(wal_prepare(b->wal), -COORD_E_IO);
    CHECK_EQ_STR(wal_why(b->wal), "d/spare.00000001: open: input/output error");
    bench_free(b);
}

/* The segment's header is lost while the log is open: its records cannot be told from older ones. */
TEST(wal_errors, a_read_without_header_is_damage)
{
    struct bench *b = long_log();
    uint64_t first, last;

    bench_put(b, "log.00000001", SLICE_LITERAL("short"));
    CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(1, 1), SIZE_MAX, &first, &last), -COORD_E_DAMAGED);
    CHECK_EQ_STR(wal_why(b->wal), "d/log.00000001: read header: file is damaged");
    bench_free(b);
}

/* All that a crash may leave: a segment being filled, spares of a right and a wrong size, prepared segments behind the end, a
 * last batch over two segments that nobody vouches for. */
static struct bench *crashed_log(void)
{
    struct bench *b = bench_new();
    struct buf spare = {0};

    CHECK(bench_append(b, Z(1, 1), 2, 700) == 0 && wal_sync(b->wal) == 0);
    while (wal_prepare(b->wal) == 1)
        ;
    CHECK(bench_append(b, Z(1, 3), 2, 700) == 0 && bench_append(b, Z(1, 5), 2, 700) == 0 && wal_sync(b->wal) == 0);
    wal_close(b->wal);
    b->wal = NULL;
    memset(buf_reserve(&spare, 4096), 0, 4096);
    buf_commit(&spare, 4096);
    bench_put(b, "spare.00000005", buf_slice(&spare));
    bench_put(b, "spare.00000003", buf_slice(&spare));
    bench_put(b, "spare.00000004", SLICE_LITERAL("of another size"));
    bench_put(b, "segment.tmp", SLICE_LITERAL("half"));
    buf_deinit(&spare);
    return b;
}

TEST(wal_errors, a_start_names_the_call_that_failed_and_can_be_repeated)
{
    struct sweep s = {.may_pass = FAKE_FS_OPEN | FAKE_FS_SIZE}; /* a spare that cannot be looked at is done without */
    uint64_t first, last;

    while (sweep_next(&s)) {
        struct bench *b = crashed_log();

        sweep_arm(&s, b->fake);
        int rc = bench_reopen(b);
        sweep_told(&s, rc < 0);
        if (rc < 0) {
            CHECK_EQ_INT(rc, -s.code, "call %lu", s.at);
            CHECK(strncmp(bench_why(b), "d", 1) == 0 && strstr(bench_why(b), coord_error_text(s.code)) != NULL, "call %lu: %s",
                  s.at, bench_why(b));
        }
        fake_fs_crash(b->fake, NULL, s.at % 3 == 0 ? FAKE_FS_LOSE : FAKE_FS_KEEP);
        REQUIRE(bench_reopen(b) == 0, "call %lu: %s", s.at, bench_why(b));
        CHECK_EQ_INT(bench_read(b, Z(1, 1), Z(9, 9), SIZE_MAX, &first, &last), 6, "call %lu", s.at);
        CHECK(!bench_has(b, "segment.tmp") && !bench_has(b, "spare.00000004"), "call %lu", s.at);
        bench_free(b);
    }
    CHECK(s.told > 40, "%u", s.told);
}

/* A sync fails while the first segment is made, and the machine lives on: what it shows of the file is not taken for stored. */
TEST(wal_errors, first_segment_after_a_failed_sync)
{
    struct wal_options options = {
        .dir = "d", .server = 1, .incarnation = 1, .boot = 1, .segment_bytes = 16384, .segments_ahead = 1};

    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct fake_fs *f = fake_fs_new();
        struct fs *fs = fake_fs_fs(f);
        struct fs_file *file;
        struct buf why = {0};
        REQUIRE(fs_make_dir(fs, "d") == 0);
        fake_fs_fail(f, FAKE_FS_SYNC | FAKE_FS_SYNC_DIR, nth, COORD_E_IO);
        CHECK_EQ_INT(wal_create(fs, &options, 1, &why), -COORD_E_IO);
        fake_fs_crash(f, NULL, FAKE_FS_KEEP);
        REQUIRE(wal_create(fs, &options, 1, &why) == 0);
        fake_fs_crash(f, NULL, FAKE_FS_LOSE);
        REQUIRE(fs_open(fs, "d/log.00000001", FS_READ, &file) == 0);
        CHECK_EQ_INT(fs_size(fs, file), 16384);
        fs_close(fs, file);
        buf_deinit(&why);
        fake_fs_free(f);
    }
}
