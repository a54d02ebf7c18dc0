/* test_promise.c - the two promise files. */
#include "golden.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "wal/promise.h"

#include <string.h>

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

/* Also the calls that only make the files. */
TEST(promise, write_is_refused_at_the_first_failure)
{
    for (int written = 0; written < 2; written++) {
        uint64_t calls = 1;
        for (uint64_t at = 1; at <= calls; at++) {
            struct fake_fs *f = fake_fs_new();
            struct promise p = example;
            uint64_t before;
            fs_make_dir(fake_fs_fs(f), "d");
            CHECK(written == 0 || promise_write(fake_fs_fs(f), "d", &p) == 0);
            before = fake_fs_calls(f, FAKE_FS_ANY);
            fake_fs_fail(f, FAKE_FS_ANY, at, COORD_E_IO);
            CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &p), -COORD_E_IO, "call %lu", at);
            p.write_first = 0;
            before = fake_fs_calls(f, FAKE_FS_ANY);
            CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &p), 0);
            calls = fake_fs_calls(f, FAKE_FS_ANY) - before;
            fake_fs_free(f);
        }
        CHECK(calls >= 8, "%lu", calls); /* open, size, write, sync, of two files */
    }
}

static void put_file(struct fake_fs *f, const char *path, struct slice content)
{
    struct fs_file *file;

    REQUIRE(fs_open(fake_fs_fs(f), path, FS_WRITE | FS_CREATE, &file) == 0);
    CHECK(fs_truncate(fake_fs_fs(f), file, 0) == 0 && fs_write(fake_fs_fs(f), file, 0, content.data, content.size) == 0);
    fs_close(fake_fs_fs(f), file);
}

/* What is in the two files, and what a start says to it. A file that the system does not let it read may be whole: that is told
 * as what it is, not as a promise that is lost, which would cost the server its vote. */
TEST(promise, either_file_will_do)
{
    enum fate { WHOLE, GONE, SHORT, LONG, UNREADABLE };
    static const struct {
        enum fate fates[PROMISE_FILES];
        int rc;
        uint32_t bad;
        const char *text;
    } rows[] = {
        {{WHOLE, WHOLE}, 0, 0, ""},
        {{WHOLE, GONE}, 0, 1, ""},
        {{SHORT, WHOLE}, 0, 1, ""},
        {{WHOLE, LONG}, 0, 1, ""},
        {{UNREADABLE, WHOLE}, 0, 1, ""},
        {{GONE, GONE}, -COORD_E_MISSING, 2, "is lost"},
        {{GONE, SHORT}, -COORD_E_DAMAGED, 2, "is lost"},
        {{LONG, GONE}, -COORD_E_DAMAGED, 2, "is lost"},
        {{SHORT, LONG}, -COORD_E_DAMAGED, 2, "is lost"},
        {{UNREADABLE, GONE}, -COORD_E_IO, 2, "d/promise.0 (input/output error) and promise.1 (no such file or directory)"},
        {{UNREADABLE, SHORT}, -COORD_E_IO, 2, "cannot be read"},
        {{SHORT, UNREADABLE}, -COORD_E_IO, 2, "cannot be read"},
    };
    static const char *const paths[] = {"d/promise.0", "d/promise.1"};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fake_fs *f = fake_fs_new();
        struct promise p = example, back;
        uint8_t bytes[PROMISE_BYTES + 1] = {0};
        struct buf why = {0};
        uint32_t bad;

        fs_make_dir(fake_fs_fs(f), "d");
        CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &p), 0);
        promise_encode(bytes, &p);
        for (uint64_t which = 0; which < PROMISE_FILES; which++) {
            enum fate fate = rows[i].fates[which];
            if (fate == GONE)
                CHECK_EQ_INT(fs_remove(fake_fs_fs(f), paths[which]), 0);
            if (fate == SHORT || fate == LONG)
                put_file(f, paths[which], slice_make(bytes, fate == SHORT ? PROMISE_BYTES - 1 : PROMISE_BYTES + 1));
        }
        for (uint64_t which = 0; which < PROMISE_FILES; which++)
            if (rows[i].fates[which] == UNREADABLE)
                fake_fs_fail(f, FAKE_FS_OPEN, which + 1, COORD_E_IO);
        CHECK_EQ_INT(promise_read(fake_fs_fs(f), "d", &back, &bad, &why), rows[i].rc, "row %zu", i);
        CHECK_EQ_INT(bad, rows[i].bad, "row %zu", i);
        buf_append(&why, "", 1);
        CHECK(strstr((const char *)buf_bytes(&why), rows[i].text) != NULL, "row %zu: %s", i, (const char *)buf_bytes(&why));
        if (rows[i].rc == 0) { /* the next write heals */
            CHECK_EQ_INT(back.promised_epoch, example.promised_epoch);
            CHECK_EQ_INT(promise_write(fake_fs_fs(f), "d", &back), 0);
            CHECK(promise_read(fake_fs_fs(f), "d", &back, &bad, &why) == 0 && bad == 0, "row %zu", i);
        }
        buf_deinit(&why);
        fake_fs_free(f);
    }
}
