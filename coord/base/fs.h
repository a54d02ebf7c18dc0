/* fs.h - the file interface: everything that storage code may ask of a file system.
 *
 * Two implementations: posix_fs.c (the real one) and tests/lib/fake_fs.c (crashes, torn and lost writes, errors). Storage code
 * above it is pure (docs/architecture.md): it sees no descriptor and no errno. Paths are plain strings. All calls block.
 * Errors: -COORD_E_IO, -COORD_E_NO_SPACE, -COORD_E_NO_ENTRY, -COORD_E_EXISTS, -COORD_E_LOCKED. The real implementation
 * logs the system's reason with the path. After a failed write or sync a file must not be used again (fail-stop).
 * An fs may be used by several threads, one file by one thread at a time.
 */
#ifndef COORD_BASE_FS_H
#define COORD_BASE_FS_H

#include "base/seeded.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

#define FS_BLOCK_BYTES 4096u

struct fs_file; /* an open file; owned by its opener until fs_close */

enum fs_open_flags {
    FS_READ = 1,
    FS_WRITE = 2,
    FS_CREATE = 4,    /* make it if absent */
    FS_EXCLUSIVE = 8, /* with FS_CREATE: fail with EXISTS if present */
    /* With FS_WRITE: writes go past the system's cache where it can be done, for a log, whose syncs are cheaper then. Whether
     * or not, what lies behind the end of a write up to the next multiple of FS_BLOCK_BYTES is zero afterwards. */
    FS_DIRECT = 32,
    FS_FRESH = 16, /* read what the device holds: after a failed sync the system may still cache what never reached it */
};

struct fs;
typedef void (*fs_list_cb)(void *context, const char *name); /* name without the directory, valid during the call */

struct fs_ops {
    int (*open)(struct fs *fs, const char *path, unsigned flags, struct fs_file **file);
    void (*close)(struct fs *fs, struct fs_file *file);
    /* Reads up to size bytes at offset; returns how many (0 at the end) or an error. */
    int64_t (*read)(struct fs *fs, struct fs_file *file, uint64_t offset, void *to, size_t size);
    /* Writes all of it or fails. */
    int (*write)(struct fs *fs, struct fs_file *file, uint64_t offset, const void *from, size_t size);
    int (*sync)(struct fs *fs, struct fs_file *file); /* fdatasync: content and size are durable */
    int64_t (*size)(struct fs *fs, struct fs_file *file);
    int (*allocate)(struct fs *fs, struct fs_file *file, uint64_t size); /* reserve blocks and set the size to at least size */
    int (*truncate)(struct fs *fs, struct fs_file *file, uint64_t size);
    int (*rename)(struct fs *fs, const char *from, const char *to); /* atomic; durable after sync_dir */
    int (*remove)(struct fs *fs, const char *path);
    int (*make_dir)(struct fs *fs, const char *path); /* with its parents, durable; no error if it exists */
    int (*sync_dir)(struct fs *fs, const char *path);
    int (*list)(struct fs *fs, const char *path, fs_list_cb cb, void *context); /* in no order, without . and .. */
    int (*lock)(struct fs *fs, const char *path, struct fs_file **file);        /* exclusive until closed; LOCKED if held */
};

struct fs {
    const struct fs_ops *ops;
};

static inline int fs_open(struct fs *fs, const char *path, unsigned flags, struct fs_file **file)
{
    return fs->ops->open(fs, path, flags, file);
}
static inline void fs_close(struct fs *fs, struct fs_file *file)
{
    fs->ops->close(fs, file);
}
static inline int64_t fs_read(struct fs *fs, struct fs_file *file, uint64_t offset, void *to, size_t size)
{
    return fs->ops->read(fs, file, offset, to, size);
}
static inline int fs_write(struct fs *fs, struct fs_file *file, uint64_t offset, const void *from, size_t size)
{
    return fs->ops->write(fs, file, offset, from, size);
}
static inline int fs_sync(struct fs *fs, struct fs_file *file)
{
    return fs->ops->sync(fs, file);
}
static inline int64_t fs_size(struct fs *fs, struct fs_file *file)
{
    return fs->ops->size(fs, file);
}
static inline int fs_allocate(struct fs *fs, struct fs_file *file, uint64_t size)
{
    return fs->ops->allocate(fs, file, size);
}
static inline int fs_truncate(struct fs *fs, struct fs_file *file, uint64_t size)
{
    return fs->ops->truncate(fs, file, size);
}
static inline int fs_rename(struct fs *fs, const char *from, const char *to)
{
    return fs->ops->rename(fs, from, to);
}
static inline int fs_remove(struct fs *fs, const char *path)
{
    return fs->ops->remove(fs, path);
}
static inline int fs_make_dir(struct fs *fs, const char *path)
{
    return fs->ops->make_dir(fs, path);
}
static inline int fs_sync_dir(struct fs *fs, const char *path)
{
    return SEEDED(no_directory_sync) ? 0 : fs->ops->sync_dir(fs, path);
}
static inline int fs_list(struct fs *fs, const char *path, fs_list_cb cb, void *context)
{
    return fs->ops->list(fs, path, cb, context);
}
static inline int fs_lock(struct fs *fs, const char *path, struct fs_file **file)
{
    return fs->ops->lock(fs, path, file);
}

struct buf;

/* Read the whole file behind what `to` holds; -COORD_E_LIMIT above max bytes. On an error `to` is as before. */
int fs_read_file(struct fs *fs, const char *path, struct buf *to, size_t max);

/* Write a file so that after a crash either the old or the new content is there: temporary name (`name`.tmp), sync, rename,
 * sync_dir. After success the new content is durable. */
int fs_write_file_atomic(struct fs *fs, const char *dir, const char *name, struct slice content);

/* The real file system. Static storage, never freed. Defined in posix_fs.c. */
struct fs *fs_posix(void);

#endif
