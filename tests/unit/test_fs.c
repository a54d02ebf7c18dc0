/* test_fs.c - the contract of fs.h, on the real file system and on the fake one alike; then what only the real one does. */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/rng.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path in dir; valid for the next eight calls. */
static const char *in(const char *dir, const char *name)
{
    static struct buf paths[8];
    static unsigned next;
    struct buf *path = &paths[next++ % COUNT(paths)];

    buf_clear(path);
    buf_printf(path, "%s/%s%c", dir, name, '\0');
    return (const char *)buf_bytes(path);
}

/* Runs the claim on both implementations, in an empty directory each. */
static void on_both(void (*claim)(struct fs *fs, const char *dir))
{
    struct fake_fs *fake = fake_fs_new();

    CHECK_EQ_INT(fs_make_dir(fake_fs_fs(fake), "dir"), 0);
    claim(fake_fs_fs(fake), "dir");
    fake_fs_free(fake);
    claim(fs_posix(), test_tmpdir());
}

static void read_write_resize(struct fs *fs, const char *dir)
{
    struct fs_file *file;
    char bytes[16];

    CHECK_EQ_INT(fs_open(fs, in(dir, "a"), FS_READ, &file), -COORD_E_NO_ENTRY);
    CHECK_EQ_INT(fs_open(fs, in(dir, "nowhere/a"), FS_WRITE | FS_CREATE, &file), -COORD_E_NO_ENTRY);
    REQUIRE(fs_open(fs, in(dir, "a"), FS_READ | FS_WRITE | FS_CREATE | FS_EXCLUSIVE, &file) == 0);
    CHECK_EQ_INT(fs_read(fs, file, 0, bytes, sizeof(bytes)), 0);
    CHECK_EQ_INT(fs_write(fs, file, 3, "abc", 3), 0);
    CHECK_EQ_INT(fs_read(fs, file, 0, bytes, sizeof(bytes)), 6);
    CHECK_EQ_BYTES(bytes, 6, "\0\0\0abc", 6);
    CHECK_EQ_INT(fs_read(fs, file, 4, bytes, 1), 1);
    CHECK_EQ_INT(bytes[0], 'b');
    CHECK_EQ_INT(fs_read(fs, file, 100, bytes, sizeof(bytes)), 0);
    CHECK_EQ_INT(fs_allocate(fs, file, 4), 0);
    CHECK_EQ_INT(fs_size(fs, file), 6);
    CHECK_EQ_INT(fs_allocate(fs, file, 8), 0);
    CHECK_EQ_INT(fs_size(fs, file), 8);
    CHECK_EQ_INT(fs_truncate(fs, file, 4), 0);
    CHECK_EQ_INT(fs_truncate(fs, file, 5), 0);
    CHECK_EQ_INT(fs_sync(fs, file), 0);
    CHECK_EQ_INT(fs_read(fs, file, 0, bytes, sizeof(bytes)), 5);
    CHECK_EQ_BYTES(bytes, 5, "\0\0\0a\0", 5);
    fs_close(fs, file);
    CHECK_EQ_INT(fs_open(fs, in(dir, "a"), FS_WRITE | FS_CREATE | FS_EXCLUSIVE, &file), -COORD_E_EXISTS);
    REQUIRE(fs_open(fs, in(dir, "a"), FS_WRITE | FS_CREATE, &file) == 0);
    CHECK_EQ_INT(fs_size(fs, file), 5);
    fs_close(fs, file);
}

TEST(fs, read_write_resize)
{
    on_both(read_write_resize);
}

/* What a file of DIRECT_BYTES holds after writes that begin and end anywhere, against a copy kept here. */
enum { DIRECT_BYTES = 3 << 20 };

static uint8_t direct_is[DIRECT_BYTES], direct_wanted[DIRECT_BYTES];
static _Alignas(FS_BLOCK_BYTES) uint8_t direct_from[DIRECT_BYTES];

static void write_direct(struct fs *fs, struct fs_file *file, uint64_t offset, const uint8_t *from, size_t size)
{
    size_t end = (size_t)offset + size, padded = (end + FS_BLOCK_BYTES - 1) / FS_BLOCK_BYTES * FS_BLOCK_BYTES;

    memcpy(direct_wanted + offset, from, size);
    memset(direct_wanted + end, 0, padded - end);
    CHECK_EQ_INT(fs_write(fs, file, offset, from, size), 0);
}

static void check_direct(struct fs *fs, struct fs_file *file, const char *when)
{
    CHECK_EQ_INT(fs_size(fs, file), DIRECT_BYTES);
    CHECK_EQ_INT(fs_read(fs, file, 0, direct_is, DIRECT_BYTES), DIRECT_BYTES);
    CHECK(memcmp(direct_is, direct_wanted, DIRECT_BYTES) == 0, "%s", when);
}

static void writes_past_the_cache(struct fs *fs, const char *dir)
{
    struct rng rng;
    struct fs_file *file;
    uint64_t at = 0;

    rng_init(&rng, 1);
    for (size_t i = 0; i < DIRECT_BYTES; i++)
        direct_from[i] = (uint8_t)rng_next(&rng);
    REQUIRE(fs_open(fs, in(dir, "direct"), FS_READ | FS_WRITE | FS_CREATE | FS_DIRECT, &file) == 0);
    memset(direct_wanted, 0, DIRECT_BYTES);
    CHECK_EQ_INT(fs_allocate(fs, file, DIRECT_BYTES), 0);
    check_direct(fs, file, "allocated");
    write_direct(fs, file, 0, direct_from, DIRECT_BYTES / 2); /* whole blocks, as they are */
    check_direct(fs, file, "whole blocks");
    write_direct(fs, file, 0, direct_from + 5, 64);
    while (at < DIRECT_BYTES / 4) { /* a log: each behind the last */
        size_t size = (size_t)rng_between(&rng, 1, 9000);
        write_direct(fs, file, 64 + at, direct_from + 1, size);
        at += size;
    }
    CHECK_EQ_INT(fs_sync(fs, file), 0);
    check_direct(fs, file, "appended");
    write_direct(fs, file, 64 + at, direct_from + 3, 3 * DIRECT_BYTES / 8); /* more than is buffered */
    check_direct(fs, file, "a large one");
    CHECK_EQ_INT(fs_rename(fs, in(dir, "direct"), in(dir, "other")), 0);
    write_direct(fs, file, 12345, direct_from, 100); /* elsewhere */
    write_direct(fs, file, DIRECT_BYTES - 50, direct_from, 50);
    fs_close(fs, file);
    REQUIRE(fs_open(fs, in(dir, "other"), FS_READ | FS_WRITE | FS_DIRECT, &file) == 0);
    check_direct(fs, file, "opened again");
    write_direct(fs, file, 20000, direct_from, 10); /* what stands before it in its block is not known yet */
    CHECK_EQ_INT(fs_sync(fs, file), 0);
    check_direct(fs, file, "behind what stood there");
    fs_close(fs, file);
}

TEST(fs, writes_past_the_cache)
{
    on_both(writes_past_the_cache);
}

static void note_name(void *context, const char *name)
{
    buf_printf(context, "%s;", name);
}

static void names(struct fs *fs, const char *dir)
{
    struct fs_file *file;
    struct buf listed = {0};

    CHECK_EQ_INT(fs_make_dir(fs, in(dir, "x/y")), 0);
    CHECK_EQ_INT(fs_make_dir(fs, in(dir, "x/y")), 0);
    REQUIRE(fs_open(fs, in(dir, "x/a"), FS_WRITE | FS_CREATE, &file) == 0);
    CHECK_EQ_INT(fs_write(fs, file, 0, "abc", 3), 0);
    CHECK_EQ_INT(fs_rename(fs, in(dir, "x/b"), in(dir, "x/c")), -COORD_E_NO_ENTRY);
    CHECK_EQ_INT(fs_rename(fs, in(dir, "x/a"), in(dir, "x/b")), 0);
    CHECK_EQ_INT(fs_remove(fs, in(dir, "x/a")), -COORD_E_NO_ENTRY);
    CHECK_EQ_INT(fs_sync_dir(fs, in(dir, "x")), 0);
    CHECK_EQ_INT(fs_sync_dir(fs, in(dir, "z")), -COORD_E_NO_ENTRY);
    CHECK_EQ_INT(fs_list(fs, in(dir, "x"), note_name, &listed), 0);
    CHECK_EQ_INT(buf_size(&listed), 4);
    CHECK(memmem(buf_bytes(&listed), buf_size(&listed), "b;", 2) != NULL);
    CHECK(memmem(buf_bytes(&listed), buf_size(&listed), "y;", 2) != NULL);
    CHECK_EQ_INT(fs_list(fs, in(dir, "z"), note_name, &listed), -COORD_E_NO_ENTRY);
    CHECK_EQ_INT(fs_remove(fs, in(dir, "x/b")), 0);
    CHECK_EQ_INT(fs_size(fs, file), 3); /* still open, without a name */
    fs_close(fs, file);
    buf_deinit(&listed);
}

TEST(fs, names)
{
    on_both(names);
}

static void lock_is_exclusive(struct fs *fs, const char *dir)
{
    struct fs_file *lock, *second;

    REQUIRE(fs_lock(fs, in(dir, "lock"), &lock) == 0);
    CHECK_EQ_INT(fs_lock(fs, in(dir, "lock"), &second), -COORD_E_LOCKED);
    fs_close(fs, lock);
    REQUIRE(fs_lock(fs, in(dir, "lock"), &lock) == 0);
    fs_close(fs, lock);
}

TEST(fs, lock_is_exclusive_until_closed)
{
    on_both(lock_is_exclusive);
}

static void whole_files(struct fs *fs, const char *dir)
{
    struct buf read = {0}, large = {0};

    for (int i = 0; i < 50000; i++)
        buf_printf(&large, "%d,", i);
    buf_append(&read, "kept", 4);
    CHECK_EQ_INT(fs_read_file(fs, in(dir, "a"), &read, 100), -COORD_E_NO_ENTRY);
    CHECK_EQ_INT(fs_write_file_atomic(fs, dir, "a", SLICE_LITERAL("first")), 0);
    CHECK_EQ_INT(fs_write_file_atomic(fs, dir, "a", buf_slice(&large)), 0);
    CHECK_EQ_INT(fs_read_file(fs, in(dir, "a"), &read, buf_size(&large) - 1), -COORD_E_LIMIT);
    CHECK_EQ_BYTES(buf_bytes(&read), buf_size(&read), "kept", 4);
    CHECK_EQ_INT(fs_read_file(fs, in(dir, "a"), &read, buf_size(&large)), 0);
    buf_consume(&read, 4);
    CHECK_EQ_BYTES(buf_bytes(&read), buf_size(&read), buf_bytes(&large), buf_size(&large));
    CHECK_EQ_INT(fs_write_file_atomic(fs, dir, "a", SLICE_NULL), 0);
    buf_clear(&read);
    CHECK_EQ_INT(fs_read_file(fs, in(dir, "a"), &read, 0), 0);
    CHECK_EQ_INT(buf_size(&read), 0);
    buf_deinit(&read);
    buf_deinit(&large);
}

TEST(fs, whole_files)
{
    on_both(whole_files);
}

TEST(fs, failed_atomic_write_leaves_old_content_and_no_temporary_file)
{
    struct fake_fs *fake = fake_fs_new();
    struct fs *fs = fake_fs_fs(fake);
    struct buf content = {0};
    struct fs_file *file;
    static const unsigned calls[] = {FAKE_FS_CREATE, FAKE_FS_TRUNCATE, FAKE_FS_WRITE, FAKE_FS_SYNC, FAKE_FS_RENAME};

    CHECK_EQ_INT(fs_write_file_atomic(fs, ".", "a", SLICE_LITERAL("old")), 0);
    for (size_t i = 0; i < COUNT(calls); i++) {
        fake_fs_fail(fake, calls[i], 1, COORD_E_NO_SPACE);
        CHECK_EQ_INT(fs_write_file_atomic(fs, ".", "a", SLICE_LITERAL("new")), -COORD_E_NO_SPACE, "row %zu", i);
        buf_clear(&content);
        CHECK_EQ_INT(fs_read_file(fs, "./a", &content, 100), 0, "row %zu", i);
        CHECK_EQ_BYTES(buf_bytes(&content), buf_size(&content), "old", 3, "row %zu", i);
        CHECK_EQ_INT(fs_open(fs, "./a.tmp", FS_READ, &file), -COORD_E_NO_ENTRY, "row %zu", i);
    }
    fake_fs_free(fake);
    buf_deinit(&content);
}

TEST(posix_fs, make_dir_refuses_a_file_in_the_way_and_takes_odd_slashes)
{
    struct fs *fs = fs_posix();
    const char *dir = test_tmpdir();
    struct stat about;

    log_set_level(LOG_LEVEL_ERROR + 1); /* the refusals log their reason */
    CHECK_EQ_INT(fs_write_file_atomic(fs, dir, "file", SLICE_LITERAL("x")), 0);
    CHECK_EQ_INT(fs_make_dir(fs, in(dir, "file")), -COORD_E_IO);
    CHECK_EQ_INT(fs_make_dir(fs, in(dir, "file/under")), -COORD_E_IO);
    CHECK_EQ_INT(fs_make_dir(fs, ""), -COORD_E_IO);
    log_set_level(LOG_LEVEL_INFO);
    CHECK_EQ_INT(fs_make_dir(fs, in(dir, "a//b/")), 0);
    CHECK_EQ_INT(stat(in(dir, "a/b"), &about), 0);
    CHECK(S_ISDIR(about.st_mode));
    CHECK_EQ_INT(about.st_mode & 07, 0); /* nothing for others */
    CHECK_EQ_INT(fs_make_dir(fs, "/"), 0);
}

TEST(posix_fs, full_device_is_no_space)
{
    struct fs *fs = fs_posix();
    struct fs_file *file;

    if (!CHECK_EQ_INT(fs_open(fs, "/dev/full", FS_WRITE, &file), 0))
        return;
    log_set_level(LOG_LEVEL_ERROR + 1);
    CHECK_EQ_INT(fs_write(fs, file, 0, "a", 1), -COORD_E_NO_SPACE);
    log_set_level(LOG_LEVEL_INFO);
    fs_close(fs, file);
}
