/* test_manifest.c - the manifest: bytes, and which snapshots stay. */
#include "golden.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/manifest.h"

#include <string.h>

TEST(manifest, bytes_are_golden)
{
    struct manifest m = {.server = 3,
                         .incarnation = 0x1122334455667788,
                         .cluster = 0xc0ffee,
                         .generation = 9,
                         .state = MANIFEST_IN_USE,
                         .first_segment = 0x1a2b,
                         .base = 0x200000005,
                         .snapshot_count = 2,
                         .snapshot = {0x200000006, 0x300000001}};
    struct manifest back;
    struct buf b = {0}, b_back = {0};

    manifest_encode(&b, &m);
    golden_check("log", "manifest", buf_slice(&b));
    CHECK_EQ_INT(manifest_decode(buf_slice(&b), &back), 0);
    manifest_encode(&b_back, &back);
    CHECK_EQ_BYTES(buf_bytes(&b_back), buf_size(&b_back), buf_bytes(&b), buf_size(&b));
    for (size_t size = 0; size < buf_size(&b); size++)
        CHECK_EQ_INT(manifest_decode(slice_make(buf_bytes(&b), size), &back), -COORD_E_DAMAGED);
    buf_deinit(&b);
    buf_deinit(&b_back);
}

static void seal(struct buf *b)
{
    size_t size = buf_size(b);

    put_le64(buf_bytes(b) + size - 8, hash_bytes(buf_bytes(b), size - 8, 0x434f4f52444d414eu));
}

/* What no coordd writes, behind a checksum that holds. */
TEST(manifest, fields_that_cannot_be_are_damage)
{
    enum { VERSION_AT = 8, STATE_AT = 40, COUNT_AT = 56, FIRST_AT = 64, SECOND_AT = 72 };
    static const struct {
        size_t at;
        uint32_t value;
        int rc;
    } rows[] = {
        {VERSION_AT, 1, 0},
        {VERSION_AT, 2, -COORD_E_FORMAT},
        {STATE_AT, MANIFEST_MAKING, 0},
        {STATE_AT, 0, -COORD_E_DAMAGED},
        {STATE_AT, 3, -COORD_E_DAMAGED},
        {COUNT_AT, 1, -COORD_E_DAMAGED},
        {COUNT_AT, 3, -COORD_E_DAMAGED},
        {COUNT_AT, 65, -COORD_E_DAMAGED},
        {COUNT_AT, UINT32_MAX, -COORD_E_DAMAGED},
        {FIRST_AT, 0, -COORD_E_DAMAGED}, /* the zxid of nothing */
        {FIRST_AT, 6, 0},
        {FIRST_AT, 7, -COORD_E_DAMAGED}, /* twice the same */
        {SECOND_AT, 4, -COORD_E_DAMAGED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct manifest m = {
            .server = 3, .state = MANIFEST_IN_USE, .first_segment = 1, .snapshot_count = 2, .snapshot = {5, 7}};
        struct buf b = {0};
        manifest_encode(&b, &m);
        put_le32(buf_bytes(&b) + rows[i].at, rows[i].value);
        seal(&b);
        CHECK_EQ_INT(manifest_decode(buf_slice(&b), &m), rows[i].rc, "row %zu", i);
        buf_deinit(&b);
    }
}

/* As many as fit are read; a longer file is damage, and is not read into memory. */
TEST(manifest, most_snapshots_and_longest_file)
{
    struct fake_fs *f = fake_fs_new();
    struct manifest m = {.server = 3, .state = MANIFEST_IN_USE, .first_segment = 1}, back;
    uint64_t dropped[MANIFEST_SNAPSHOTS_MAX + 1];
    struct buf b = {0};

    fs_make_dir(fake_fs_fs(f), "d");
    for (uint64_t zxid = 1; zxid <= 100; zxid++)
        CHECK_EQ_INT(manifest_add_snapshot(&m, zxid, 1000, dropped), zxid > MANIFEST_SNAPSHOTS_MAX);
    CHECK(m.snapshot_count == MANIFEST_SNAPSHOTS_MAX && m.snapshot[0] == 100 - MANIFEST_SNAPSHOTS_MAX + 1);
    CHECK_EQ_INT(manifest_write(fake_fs_fs(f), "d", &m), 0);
    CHECK_EQ_INT(manifest_read(fake_fs_fs(f), "d", &back), 0);
    CHECK(memcmp(m.snapshot, back.snapshot, sizeof(m.snapshot)) == 0);
    manifest_encode(&b, &m);
    buf_append(&b, "12345678", 8);
    seal(&b);
    CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(f), "d", MANIFEST_NAME, buf_slice(&b)), 0);
    CHECK_EQ_INT(manifest_read(fake_fs_fs(f), "d", &back), -COORD_E_DAMAGED);
    buf_deinit(&b);
    fake_fs_free(f);
}

TEST(manifest, newest_snapshots_stay)
{
    static const struct {
        uint64_t before[4];
        uint32_t count;
        uint64_t add;
        uint32_t retain;
        uint64_t after[4], dropped[4];
        uint32_t after_count, dropped_count;
    } rows[] = {
        {{0}, 0, 5, 2, {5}, {0}, 1, 0},
        {{5}, 1, 7, 2, {5, 7}, {0}, 2, 0},
        {{5, 7}, 2, 9, 2, {7, 9}, {5}, 2, 1},
        {{5, 7}, 2, 7, 2, {5, 7}, {0}, 2, 0}, /* named already */
        {{5, 7}, 2, 6, 3, {5, 6, 7}, {0}, 3, 0},
        {{5, 7, 9}, 3, 11, 2, {9, 11}, {5, 7}, 2, 2}, /* fewer are wanted than before */
        {{5, 7}, 2, 3, 2, {5, 7}, {3}, 2, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct manifest m = {.snapshot_count = rows[i].count};
        uint64_t dropped[MANIFEST_SNAPSHOTS_MAX + 1];
        memcpy(m.snapshot, rows[i].before, sizeof(rows[i].before));
        CHECK_EQ_INT(manifest_add_snapshot(&m, rows[i].add, rows[i].retain, dropped), rows[i].dropped_count, "row %zu", i);
        CHECK_EQ_INT(m.snapshot_count, rows[i].after_count, "row %zu", i);
        CHECK(memcmp(m.snapshot, rows[i].after, 8 * m.snapshot_count) == 0, "row %zu", i);
        CHECK(memcmp(dropped, rows[i].dropped, 8 * rows[i].dropped_count) == 0, "row %zu", i);
    }
}
