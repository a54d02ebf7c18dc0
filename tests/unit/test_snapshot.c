/* test_snapshot.c - snapshot files: round trips, every wrong bit and every wrong length refused, nothing half done is named. */
#include "golden.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"
#include "unit/fault_sweep.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "snapshot/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct snapshot_meta example = {
    .server = 3, .cluster = 0xc0ffee, .zxid = 0x200000005, .digest = 0x1122334455667788};

#define EXAMPLE_PATH "d/snapshot.0000000200000005.lz4"

static struct fake_fs *new_disk(void)
{
    struct fake_fs *f = fake_fs_new();

    fs_make_dir(fake_fs_fs(f), "d");
    return f;
}

/* Half compressible. */
static struct buf image_of(size_t size)
{
    struct buf b = {0};
    struct rng r;

    rng_init(&r, size);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(i % 128 < 64 ? i : rng_next(&r));
        buf_append(&b, &byte, 1);
    }
    return b;
}

static int write_image(struct fs *fs, const char *dir, struct slice image, size_t piece, uint64_t *size)
{
    struct snapshot_writer *w;

    COORD_TRY(snapshot_writer_open(fs, dir, &example, &w));
    while (image.size > 0) {
        size_t some = image.size < piece ? image.size : piece;
        int rc = snapshot_writer_feed(w, slice_make(image.data, some));
        if (rc < 0) {
            snapshot_writer_abort(w);
            return rc;
        }
        image = slice_make(image.data + some, image.size - some);
    }
    return snapshot_writer_commit(w, size);
}

static int read_image(struct fs *fs, const char *path, struct snapshot_meta *meta, struct buf *to)
{
    struct snapshot_reader *r;
    struct slice piece;
    int rc;

    COORD_TRY(snapshot_reader_open(fs, path, meta, &r));
    while ((rc = snapshot_reader_next(r, &piece)) == 1)
        buf_append(to, piece.data, piece.size);
    snapshot_reader_close(r);
    return rc;
}

TEST(snapshot, head_is_golden)
{
    uint8_t bytes[SNAPSHOT_HEAD_BYTES], bytes_back[SNAPSHOT_HEAD_BYTES];
    struct snapshot_meta m = example, back;

    m.image_bytes = 1000;
    m.frame_bytes = 300;
    snapshot_head_encode(bytes, &m);
    golden_check("snapshot", "head", slice_make(bytes, sizeof(bytes)));
    CHECK_EQ_INT(snapshot_head_decode(slice_make(bytes, sizeof(bytes)), &back), 0);
    snapshot_head_encode(bytes_back, &back);
    CHECK_EQ_BYTES(bytes_back, sizeof(bytes_back), bytes, sizeof(bytes));
}

static struct slice found_file;
static void keep_file(const char *comment, const char *words, struct slice bytes)
{
    (void)comment;
    if (strcmp(words, "file") == 0)
        found_file = slice_make(coord_memdup(bytes.data, bytes.size), bytes.size);
}

/* What an older coordd wrote is read for good, whatever this lz4 would write. */
TEST(snapshot, golden_file_is_read)
{
    struct fake_fs *f = new_disk();
    struct buf image = {0}, expected = image_of(1000);
    struct snapshot_meta meta;

    golden_each("snapshot", keep_file);
    REQUIRE(found_file.size > 0);
    CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(f), "d", "x", found_file), 0);
    CHECK_EQ_INT(read_image(fake_fs_fs(f), "d/x", &meta, &image), 0);
    CHECK_EQ_BYTES(buf_bytes(&image), buf_size(&image), buf_bytes(&expected), buf_size(&expected));
    CHECK(meta.zxid == example.zxid && meta.digest == example.digest && meta.cluster == example.cluster && meta.server == 3);
    coord_free((void *)(uintptr_t)found_file.data);
    buf_deinit(&image);
    buf_deinit(&expected);
    fake_fs_free(f);
}

TEST(snapshot, round_trips)
{
    static const struct {
        size_t size, piece;
    } rows[] = {{0, 1}, {1, 1}, {1000, 7}, {SNAPSHOT_BLOCK_BYTES, SNAPSHOT_BLOCK_BYTES}, {700001, 100000}, {700001, 13}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fake_fs *f = new_disk();
        struct buf image = image_of(rows[i].size), back = {0};
        struct snapshot_meta meta;
        uint64_t size;
        CHECK_EQ_INT(write_image(fake_fs_fs(f), "d", buf_slice(&image), rows[i].piece, &size), 0, "row %zu", i);
        CHECK_EQ_INT(read_image(fake_fs_fs(f), EXAMPLE_PATH, &meta, &back), 0, "row %zu", i);
        CHECK(slice_equal(buf_slice(&image), buf_slice(&back)), "row %zu", i);
        CHECK(meta.image_bytes == rows[i].size && meta.frame_bytes + SNAPSHOT_HEAD_BYTES == size);
        CHECK(meta.zxid == example.zxid && meta.digest == example.digest && meta.cluster == example.cluster);
        buf_deinit(&image);
        buf_deinit(&back);
        fake_fs_free(f);
    }
}

/* The lz4 tool tests and unpacks it. */
TEST(snapshot, is_a_file_of_the_lz4_tool)
{
    struct buf image = image_of(600000), unpacked = {0};
    const char *dir = test_tmpdir();
    char command[600], path[300];
    uint64_t size;

    CHECK_EQ_INT(write_image(fs_posix(), dir, buf_slice(&image), 50000, &size), 0);
    if (system("command -v lz4 >/dev/null 2>&1") == 0) {
        snprintf(command, sizeof(command), "cd %s && lz4 -tq *.lz4 2>/dev/null && lz4 -dqc *.lz4 > image", dir);
        CHECK_EQ_INT(system(command), 0);
        snprintf(path, sizeof(path), "%s/image", dir);
        CHECK_EQ_INT(fs_read_file(fs_posix(), path, &unpacked, 1 << 20), 0);
        CHECK(slice_equal(buf_slice(&image), buf_slice(&unpacked)));
    }
    buf_deinit(&image);
    buf_deinit(&unpacked);
}

TEST(snapshot, any_wrong_bit_is_damage)
{
    struct fake_fs *f = new_disk();
    struct buf image = image_of(3000);
    struct snapshot_meta meta;
    uint64_t size;

    CHECK_EQ_INT(write_image(fake_fs_fs(f), "d", buf_slice(&image), 1000, &size), 0);
    for (uint64_t bit = 0; bit < size * 8; bit++) {
        fake_fs_flip(f, EXAMPLE_PATH, bit / 8, (uint8_t)(1u << bit % 8));
        CHECK(snapshot_verify(fake_fs_fs(f), EXAMPLE_PATH, &meta) == -COORD_E_DAMAGED, "bit %lu", bit);
        fake_fs_flip(f, EXAMPLE_PATH, bit / 8, (uint8_t)(1u << bit % 8));
    }
    CHECK_EQ_INT(snapshot_verify(fake_fs_fs(f), EXAMPLE_PATH, &meta), 0);
    buf_deinit(&image);
    fake_fs_free(f);
}

TEST(snapshot, any_wrong_length_is_damage)
{
    struct fake_fs *f = new_disk();
    struct buf image = image_of(3000), whole = {0};
    struct snapshot_meta meta;
    uint64_t size;

    CHECK_EQ_INT(write_image(fake_fs_fs(f), "d", buf_slice(&image), 1000, &size), 0);
    CHECK_EQ_INT(fs_read_file(fake_fs_fs(f), EXAMPLE_PATH, &whole, 1 << 20), 0);
    buf_append(&whole, "xyz", 3);
    for (size_t length = 0; length <= size + 3; length++) {
        fs_remove(fake_fs_fs(f), "d/x");
        CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(f), "d", "x", slice_make(buf_bytes(&whole), length)), 0);
        CHECK_EQ_INT(snapshot_verify(fake_fs_fs(f), "d/x", &meta), length == size ? 0 : -COORD_E_DAMAGED, "length %zu", length);
    }
    buf_deinit(&image);
    buf_deinit(&whole);
    fake_fs_free(f);
}

static int receive(struct fs *fs, struct slice bytes, uint64_t zxid, uint64_t cluster)
{
    struct snapshot_receiver *r;
    struct snapshot_meta meta;
    uint64_t size;

    COORD_TRY(snapshot_receiver_open(fs, "d", &r));
    for (size_t at = 0; at < bytes.size; at += 100) {
        size_t some = bytes.size - at < 100 ? bytes.size - at : 100;
        int rc = snapshot_receiver_feed(r, at, slice_make(bytes.data + at, some));
        if (rc < 0) {
            snapshot_receiver_abort(r);
            return rc;
        }
    }
    return snapshot_receiver_commit(r, zxid, cluster, &meta, &size);
}

static void count_name(void *context, const char *name)
{
    (void)name;
    ++*(int *)context;
}

static int files_in(struct fs *fs)
{
    int count = 0;

    fs_list(fs, "d", count_name, &count);
    return count;
}

TEST(snapshot, received_is_checked_before_it_is_named)
{
    struct fake_fs *from = new_disk(), *to = new_disk();
    struct fs *fs = fake_fs_fs(to);
    struct buf image = image_of(5000), whole = {0};
    uint64_t size;

    CHECK_EQ_INT(write_image(fake_fs_fs(from), "d", buf_slice(&image), 1000, &size), 0);
    CHECK_EQ_INT(fs_read_file(fake_fs_fs(from), EXAMPLE_PATH, &whole, 1 << 20), 0);
    CHECK_EQ_INT(receive(fs, buf_slice(&whole), example.zxid + 1, example.cluster), -COORD_E_DAMAGED);
    CHECK_EQ_INT(receive(fs, buf_slice(&whole), example.zxid, example.cluster + 1), -COORD_E_FOREIGN);
    CHECK_EQ_INT(receive(fs, slice_make(buf_bytes(&whole), size - 1), example.zxid, 0), -COORD_E_DAMAGED);
    CHECK_EQ_INT(receive(fs, SLICE_NULL, example.zxid, 0), -COORD_E_DAMAGED);
    buf_bytes(&whole)[size / 2] ^= 1;
    CHECK_EQ_INT(receive(fs, buf_slice(&whole), example.zxid, 0), -COORD_E_DAMAGED);
    buf_bytes(&whole)[size / 2] ^= 1;
    CHECK_EQ_INT(files_in(fs), 0);
    CHECK_EQ_INT(receive(fs, buf_slice(&whole), example.zxid, 0), 0);
    CHECK_EQ_INT(files_in(fs), 1);
    buf_deinit(&image);
    buf_deinit(&whole);
    fake_fs_free(from);
    fake_fs_free(to);
}

/* A version of another time is whole: it is told from damage, and not read. */
TEST(snapshot, version_of_another_time_is_told_from_damage)
{
    struct fake_fs *f = new_disk();
    struct buf image = image_of(3000), whole = {0};
    struct snapshot_reader *r;
    struct snapshot_meta meta;
    uint64_t size;

    CHECK_EQ_INT(write_image(fake_fs_fs(f), "d", buf_slice(&image), 1000, &size), 0);
    CHECK_EQ_INT(fs_read_file(fake_fs_fs(f), EXAMPLE_PATH, &whole, 1 << 20), 0);
    put_le32(buf_bytes(&whole) + 16, 2);
    put_le64(buf_bytes(&whole) + 64, hash_bytes(buf_bytes(&whole) + 8, 56, 0x434f4f5244534e50u));
    CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(f), "d", "x", buf_slice(&whole)), 0);
    CHECK_EQ_INT(snapshot_peek(fake_fs_fs(f), "d/x", &meta), -COORD_E_FORMAT);
    CHECK_EQ_INT(snapshot_verify(fake_fs_fs(f), "d/x", &meta), -COORD_E_FORMAT);
    CHECK_EQ_INT(snapshot_reader_open(fake_fs_fs(f), "d/x", &meta, &r), -COORD_E_FORMAT);
    buf_deinit(&image);
    buf_deinit(&whole);
    fake_fs_free(f);
}

/* A good head, and a frame that is not the one it tells of. */
TEST(snapshot, head_and_frame_must_agree)
{
    static const struct {
        int frame, image; /* more than the head should say */
        int file;         /* bytes more than there should be */
        int rc;
    } rows[] = {
        {0, 0, 0, 0},
        {0, 1, 0, -COORD_E_DAMAGED},
        {0, -1, 0, -COORD_E_DAMAGED},
        {0, -2999, 0, -COORD_E_DAMAGED},
        {3, 0, 3, -COORD_E_DAMAGED},   /* bytes behind the frame */
        {-4, 0, -4, -COORD_E_DAMAGED}, /* no checksum of the content */
        {-8, 0, -8, -COORD_E_DAMAGED}, /* no end of the frame */
        {1, 0, 0, -COORD_E_DAMAGED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fake_fs *f = new_disk();
        struct buf image = image_of(3000), whole = {0};
        struct snapshot_meta meta;
        uint64_t size;

        CHECK_EQ_INT(write_image(fake_fs_fs(f), "d", buf_slice(&image), 1000, &size), 0);
        CHECK_EQ_INT(fs_read_file(fake_fs_fs(f), EXAMPLE_PATH, &whole, 1 << 20), 0);
        REQUIRE(snapshot_head_decode(buf_slice(&whole), &meta) == 0);
        meta.frame_bytes += (uint64_t)rows[i].frame;
        meta.image_bytes += (uint64_t)rows[i].image;
        snapshot_head_encode(buf_bytes(&whole), &meta);
        buf_append(&whole, "xyz", 3);
        buf_truncate(&whole, (size_t)((int64_t)size + rows[i].file));
        CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(f), "d", "x", buf_slice(&whole)), 0);
        CHECK_EQ_INT(snapshot_verify(fake_fs_fs(f), "d/x", &meta), rows[i].rc, "row %zu", i);
        buf_deinit(&image);
        buf_deinit(&whole);
        fake_fs_free(f);
    }
}

/* That the disk does not answer is no damage, and says nothing about the file. */
TEST(snapshot, a_read_that_fails_is_no_damage)
{
    struct fake_fs *f = new_disk();
    struct buf image = image_of(600000);
    struct snapshot_meta meta;
    uint64_t size, at;

    CHECK_EQ_INT(write_image(fake_fs_fs(f), "d", buf_slice(&image), 1000, &size), 0);
    for (int peek = 0; peek < 2; peek++) {
        int rc = -1;
        for (at = 1; rc != 0; at++) {
            fake_fs_fail(f, FAKE_FS_ANY, at, COORD_E_IO);
            rc = peek ? snapshot_peek(fake_fs_fs(f), EXAMPLE_PATH, &meta) : snapshot_verify(fake_fs_fs(f), EXAMPLE_PATH, &meta);
            CHECK(rc == 0 || rc == -COORD_E_IO, "call %lu: %d", at, rc);
        }
        CHECK_EQ_INT(at, peek ? 5 : 7); /* open, head, size; and two pieces; the loop goes one beyond the end */
        fake_fs_fail(f, FAKE_FS_ANY, 0, 0);
    }
    buf_deinit(&image);
    fake_fs_free(f);
}

/* Whatever call fails while a peer's snapshot comes in, it is told, and leaves a whole file or none; then it can come again. */
TEST(snapshot, receiving_fails_at_any_call)
{
    struct fake_fs *from = new_disk();
    struct buf image = image_of(5000), whole = {0};
    struct sweep s = {0};
    struct snapshot_meta meta;
    uint64_t size;

    CHECK_EQ_INT(write_image(fake_fs_fs(from), "d", buf_slice(&image), 1000, &size), 0);
    CHECK_EQ_INT(fs_read_file(fake_fs_fs(from), EXAMPLE_PATH, &whole, 1 << 20), 0);
    while (sweep_next(&s)) {
        struct fake_fs *f = new_disk();
        int rc;

        sweep_arm(&s, f);
        rc = receive(fake_fs_fs(f), buf_slice(&whole), example.zxid, example.cluster);
        sweep_told(&s, rc != 0);
        CHECK(rc == 0 || rc == -s.code, "call %lu: %d", s.at, rc);
        CHECK(files_in(fake_fs_fs(f)) == 0 || snapshot_verify(fake_fs_fs(f), EXAMPLE_PATH, &meta) == 0, "call %lu", s.at);
        CHECK(files_in(fake_fs_fs(f)) <= 1, "call %lu", s.at);
        CHECK_EQ_INT(receive(fake_fs_fs(f), buf_slice(&whole), example.zxid, example.cluster), 0);
        CHECK_EQ_INT(snapshot_verify(fake_fs_fs(f), EXAMPLE_PATH, &meta), 0);
        fake_fs_free(f);
    }
    CHECK(s.told > 60, "%u", s.told);
    buf_deinit(&image);
    buf_deinit(&whole);
    fake_fs_free(from);
}

/* A piece that does not follow the one before is refused; the transfer ends. */
TEST(snapshot, pieces_come_in_order)
{
    struct fake_fs *f = new_disk();
    struct snapshot_receiver *r;

    REQUIRE(snapshot_receiver_open(fake_fs_fs(f), "d", &r) == 0);
    CHECK_EQ_INT(snapshot_receiver_feed(r, 0, SLICE_LITERAL("1234")), 0);
    CHECK_EQ_INT(snapshot_receiver_feed(r, 3, SLICE_LITERAL("4567")), -COORD_E_INVALID);
    CHECK_EQ_INT(snapshot_receiver_feed(r, 5, SLICE_LITERAL("6789")), -COORD_E_INVALID);
    snapshot_receiver_abort(r);
    CHECK_EQ_INT(files_in(fake_fs_fs(f)), 0);
    fake_fs_free(f);
}

TEST(snapshot, names)
{
    static const char *const others[] = {"snapshot.000000020000000A.lz4", "snapshot.000000020000000g.lz4",
                                         "snapshot.+00000020000000a.lz4", "snapshot. 00000020000000a.lz4",
                                         "snapshot.0x00000200000005.lz4", "snapshot.xxxxxxxxxxxxxxxx.lz4",
                                         "snapshot.0000000200000005.lz5", "snapshot.0000000200000005.lz4.tmp",
                                         "snapshot.200000005.lz4",        "Snapshot.0000000200000005.lz4"};
    char name[SNAPSHOT_NAME_BYTES];
    uint64_t zxid;

    snapshot_name(name, 0x20000000a);
    CHECK_EQ_STR(name, "snapshot.000000020000000a.lz4");
    CHECK(snapshot_name_parse(name, &zxid) && zxid == 0x20000000a);
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK(!snapshot_name_parse(others[i], &zxid), "%s", others[i]);
}

/* Nothing compressible, and one byte short of a block: all of it is packed by the last call only. */
static struct buf image_packed_at_the_end(void)
{
    struct buf b = {0};
    struct rng r;

    rng_init(&r, 1);
    for (size_t i = 0; i < SNAPSHOT_BLOCK_BYTES - 1; i++) {
        uint8_t byte = (uint8_t)rng_next(&r);
        buf_append(&b, &byte, 1);
    }
    return b;
}

static void named_means_whole_and_durable(struct buf image)
{
    uint64_t size;
    bool done = false;

    for (uint64_t at = 1; !done; at++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct fake_fs *f = new_disk();
            struct snapshot_meta meta;
            struct rng r;
            rng_init(&r, seed * 100 + at);
            if (seed == 0)
                fake_fs_fail(f, FAKE_FS_ANY, at, COORD_E_NO_SPACE);
            else
                fake_fs_stop(f, FAKE_FS_CHANGES, at);
            done = write_image(fake_fs_fs(f), "d", buf_slice(&image), 100000, &size) == 0;
            fake_fs_crash(f, &r, FAKE_FS_RANDOM);
            int rc = snapshot_verify(fake_fs_fs(f), EXAMPLE_PATH, &meta);
            CHECK(rc == 0 || (!done && rc == -COORD_E_NO_ENTRY), "call %lu seed %lu: %d", at, seed, rc);
            CHECK_EQ_INT(snapshot_clean(fake_fs_fs(f), "d", NULL, 0), 0);
            CHECK_EQ_INT(files_in(fake_fs_fs(f)), 0);
            fake_fs_free(f);
        }
    }
    buf_deinit(&image);
}

/* A failure or a crash at any call leaves no named file that is not whole and durable. */
TEST(snapshot, named_means_whole_and_durable)
{
    named_means_whole_and_durable(image_of(600000));
    named_means_whole_and_durable(image_packed_at_the_end());
}

TEST(snapshot, clean_keeps_what_is_named)
{
    struct fake_fs *f = new_disk();
    static const char *const names[] = {
        "snapshot.tmp", "snapshot.in.tmp", "snapshot.0000000000000001.lz4", "snapshot.0000000000000002.lz4", "snapshot.2.lz4",
        "other"};
    uint64_t kept = 2;

    for (size_t i = 0; i < COUNT(names); i++)
        CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(f), "d", names[i], SLICE_LITERAL("x")), 0);
    CHECK_EQ_INT(snapshot_clean(fake_fs_fs(f), "d", &kept, 1), 0);
    CHECK_EQ_INT(files_in(fake_fs_fs(f)), 3);
    fake_fs_free(f);
}
