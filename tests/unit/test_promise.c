/* test_promise.c - the two promise files. */
#include "golden.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "wal/promise.h"

static const struct promise example = {.server = 3,
                                       .boot = 7,
                                       .incarnation = 0x1122334455667788,
                                       .cluster = 0xc0ffee,
                                       .generation = 9,
                                       .promised_epoch = 5,
                                       .promised_server = 2,
                                       .promised_boot = 4,
                                       .accepted = 3,
                                       .promised_incarnation = 0x99aabbccddeeff00,
                                       .synced = 0x100000200,
                                       .synced_zxid = 0x300000004};

TEST(promise, bytes_are_golden)
{
    uint8_t bytes[PROMISE_BYTES];

    promise_encode(bytes, &example);
    golden_check("log", "promise", slice_make(bytes, sizeof(bytes)));
}

TEST(promise, round_trip)
{
    struct fake_fs *f = fake_fs_new();
    struct promise p = example, back;
    uint8_t bytes[PROMISE_BYTES], bytes_back[PROMISE_BYTES];
    struct buf why = {0};
    uint32_t bad;

    fs_make_dir(fake_fs_fs(f), "d");
    for (int i = 0; i < 3; i++) {
        p.promised_epoch++;
        CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &p), 0);
        CHECK_EQ_INT(promise_read(fake_fs_fs(f), "d", &back, &bad, &why), 0);
        promise_encode(bytes, &p);
        promise_encode(bytes_back, &back);
        CHECK_EQ_BYTES(bytes_back, PROMISE_BYTES, bytes, PROMISE_BYTES);
        CHECK_EQ_INT(bad, 0);
    }
    buf_deinit(&why);
    fake_fs_free(f);
}

TEST(promise, version_of_another_time_is_refused)
{
    struct fake_fs *f = fake_fs_new();
    struct promise p = example, back;
    uint8_t bytes[PROMISE_BYTES];
    struct buf why = {0};
    uint32_t bad;

    fs_make_dir(fake_fs_fs(f), "d");
    CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &p), 0);
    promise_encode(bytes, &p);
    put_le32(bytes + 8, 2);
    put_le64(bytes + 120, hash_bytes(bytes, 120, 0x434f4f524450524dU));
    CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(f), "d", "promise.1", slice_make(bytes, sizeof(bytes))), 0);
    CHECK_EQ_INT(promise_read(fake_fs_fs(f), "d", &back, &bad, &why), -COORD_E_FORMAT);
    CHECK(buf_size(&why) > 0);
    buf_deinit(&why);
    fake_fs_free(f);
}

TEST(promise, write_is_refused_at_the_first_failure)
{
    for (uint64_t at = 1; at <= 4; at++) {
        struct fake_fs *f = fake_fs_new();
        struct promise p = example;
        fs_make_dir(fake_fs_fs(f), "d");
        CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &p), 0);
        fake_fs_fail(f, FAKE_FS_WRITE | FAKE_FS_SYNC, at, COORD_E_IO);
        CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &p), -COORD_E_IO, "call %lu", at);
        fake_fs_free(f);
    }
}
