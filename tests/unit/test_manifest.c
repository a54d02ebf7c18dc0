/* test_manifest.c - the manifest: bytes, and which snapshots stay. */
#include "golden.h"
#include "lib/runner.h"

#include "base/error.h"
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
