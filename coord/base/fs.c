/* fs.c - whole files over the file interface; works on any implementation of it. */
#include "base/fs.h"

#include "base/buf.h"
#include "base/error.h"

enum { READ_STEP_BYTES = 64 * 1024 };

static int read_all(struct fs *fs, struct fs_file *file, struct buf *to, size_t max)
{
    uint64_t offset = 0;

    for (;;) {
        int64_t got = fs_read(fs, file, offset, buf_reserve(to, READ_STEP_BYTES), READ_STEP_BYTES);
        if (got <= 0)
            return (int)got;
        offset += (uint64_t)got;
        if (offset > max)
            return -COORD_E_LIMIT;
        buf_commit(to, (size_t)got);
    }
}

int fs_read_file(struct fs *fs, const char *path, struct buf *to, size_t max)
{
    struct fs_file *file;
    size_t size_before = buf_size(to);
    int rc;

    COORD_TRY(fs_open(fs, path, FS_READ | FS_FRESH, &file));
    rc = read_all(fs, file, to, max);
    fs_close(fs, file);
    if (rc < 0)
        buf_truncate(to, size_before);
    return rc;
}

static int write_durably(struct fs *fs, const char *path, struct slice content)
{
    struct fs_file *file;
    int rc;

    COORD_TRY(fs_open(fs, path, FS_WRITE | FS_CREATE, &file));
    rc = fs_truncate(fs, file, 0); /* a crash may have left one of this name */
    if (rc == 0)
        rc = fs_write(fs, file, 0, content.data, content.size);
    if (rc == 0)
        rc = fs_sync(fs, file);
    fs_close(fs, file);
    return rc;
}

int fs_write_file_atomic(struct fs *fs, const char *dir, const char *name, struct slice content)
{
    struct buf path = {0}, temporary = {0};
    const char *temporary_path;
    int rc;

    buf_printf(&path, "%s/%s%c", dir, name, '\0');
    buf_printf(&temporary, "%s/%s.tmp%c", dir, name, '\0');
    temporary_path = (const char *)buf_bytes(&temporary);
    rc = write_durably(fs, temporary_path, content);
    if (rc == 0)
        rc = fs_rename(fs, temporary_path, (const char *)buf_bytes(&path));
    if (rc < 0)
        (void)fs_remove(fs, temporary_path); /* the first error is the one to report */
    else
        rc = fs_sync_dir(fs, dir);
    buf_deinit(&path);
    buf_deinit(&temporary);
    return rc;
}
