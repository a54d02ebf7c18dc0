/* test_fs.c - the contract of fs.h, on the real file system and on the fake one alike; then what only the real one does. */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/log.h"
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
