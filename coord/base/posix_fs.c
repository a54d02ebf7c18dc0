/* posix_fs.c - the file interface over the system's calls. Impure; stateless, so any thread may use it.
 *
 * Every failure that is not an answer (no such file, exists, locked) is logged with the call, the path and the system's
 * reason, since the code that goes up no longer knows them. Interrupted calls are repeated; short writes are continued.
 */
#include "base/fs.h"

#include "base/alloc.h"
#include "base/direct.h"
#include "base/error.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct posix_file {
    int fd;
    bool pads;             /* FS_DIRECT */
    struct direct *direct; /* NULL: it cannot be done here */
    char path[];           /* for log lines */
};

static struct posix_file *posix(struct fs_file *file)
{
    return (struct posix_file *)(void *)file;
}

/* Turns errno into a code. */
static int failed(const char *call, const char *path, int reason)
{
    if (reason == ENOENT)
        return -COORD_E_NO_ENTRY;
    if (reason == EEXIST)
        return -COORD_E_EXISTS;
    if (reason == EWOULDBLOCK)
        return -COORD_E_LOCKED;
    LOG_ERROR("fs", "failed", "call=%s path=%s reason=%s", call, log_quoted(path), log_quoted(strerror(reason)));
    return reason == ENOSPC || reason == EDQUOT || reason == EFBIG ? -COORD_E_NO_SPACE : -COORD_E_IO;
}

static int open_fd(const char *path, int flags, struct fs_file **file)
{
    struct posix_file *opened;
    size_t path_size = strlen(path) + 1;
    int fd;

    do
        fd = open(path, flags | O_CLOEXEC, 0640);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return failed("open", path, errno);
    opened = coord_alloc(sizeof(*opened) + path_size);
    *opened = (struct posix_file){.fd = fd};
    memcpy(opened->path, path, path_size);
    *file = (struct fs_file *)(void *)opened;
    return 0;
}

static int posix_open(struct fs *fs, const char *path, unsigned flags, struct fs_file **file)
{
    int how = flags & FS_WRITE ? (flags & FS_READ ? O_RDWR : O_WRONLY) : O_RDONLY;

    (void)fs;
    how |= flags & FS_CREATE ? O_CREAT : 0;
    how |= flags & FS_EXCLUSIVE ? O_EXCL : 0;
    COORD_TRY(open_fd(path, how, file));
    if (flags & FS_DIRECT) {
        posix(*file)->pads = true;
        posix(*file)->direct = direct_open(path, posix(*file)->fd);
    }
    if (flags & FS_FRESH) /* drops clean pages only; a file system that keeps them is as good as its cache */
        posix_fadvise(posix(*file)->fd, 0, 0, POSIX_FADV_DONTNEED);
    return 0;
}

static void posix_close(struct fs *fs, struct fs_file *file)
{
    (void)fs;
    direct_close(posix(file)->direct);
    close(posix(file)->fd); /* what had to be durable was synced before */
    coord_free(file);
}

static int64_t posix_read(struct fs *fs, struct fs_file *file, uint64_t offset, void *to, size_t size)
{
    size_t done = 0;

    (void)fs;
    while (done < size) {
        ssize_t got = pread(posix(file)->fd, (char *)to + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed("read", posix(file)->path, errno);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

static int write_all(struct posix_file *file, uint64_t offset, const void *from, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t wrote = pwrite(file->fd, (const char *)from + done, size - done, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return failed("write", file->path, errno);
        done += (size_t)wrote;
    }
    return 0;
}

static int posix_write(struct fs *fs, struct fs_file *file, uint64_t offset, const void *from, size_t size)
{
    static const uint8_t zeros[FS_BLOCK_BYTES];
    struct posix_file *f = posix(file);
    size_t behind = (size_t)((offset + size) % FS_BLOCK_BYTES);

    (void)fs;
    if (f->direct != NULL) {
        int reason = direct_write(f->direct, offset, from, size);
        if (reason != EINVAL)
            return reason == 0 ? 0 : failed("write", f->path, reason);
        direct_close(f->direct);
        f->direct = NULL;
    }
    COORD_TRY(write_all(f, offset, from, size));
    return f->pads && behind > 0 ? write_all(f, offset + size, zeros, FS_BLOCK_BYTES - behind) : 0;
}

static int posix_sync(struct fs *fs, struct fs_file *file)
{
    (void)fs;
    /* Not repeated, not even when interrupted: after a failed sync the kernel may have dropped the pages. */
    return fdatasync(posix(file)->fd) == 0 ? 0 : failed("fdatasync", posix(file)->path, errno);
}

static int64_t posix_size(struct fs *fs, struct fs_file *file)
{
    struct stat about;

    (void)fs;
    if (fstat(posix(file)->fd, &about) < 0)
        return failed("fstat", posix(file)->path, errno);
    return about.st_size;
}

static int posix_allocate(struct fs *fs, struct fs_file *file, uint64_t size)
{
    int reason;

    (void)fs;
    if (size == 0)
        return 0;
    do
        reason = posix_fallocate(posix(file)->fd, 0, (off_t)size);
    while (reason == EINTR);
    return reason == 0 ? 0 : failed("fallocate", posix(file)->path, reason);
}

static int posix_truncate(struct fs *fs, struct fs_file *file, uint64_t size)
{
    (void)fs;
    while (ftruncate(posix(file)->fd, (off_t)size) < 0)
        if (errno != EINTR)
            return failed("ftruncate", posix(file)->path, errno);
    return 0;
}

static int posix_rename(struct fs *fs, const char *from, const char *to)
{
    (void)fs;
    return rename(from, to) == 0 ? 0 : failed("rename", from, errno);
}

static int posix_remove(struct fs *fs, const char *path)
{
    (void)fs;
    return unlink(path) == 0 ? 0 : failed("unlink", path, errno);
}

static int posix_sync_dir(struct fs *fs, const char *path)
{
    struct fs_file *dir;
    int rc = 0;

    COORD_TRY(open_fd(path, O_RDONLY | O_DIRECTORY, &dir));
    if (fsync(posix(dir)->fd) < 0)
        rc = failed("fsync", path, errno);
    posix_close(fs, dir);
    return rc;
}

/* A new directory's name is made durable at once by a sync of its parent: what is put into it later leans on it. */
static int make_one_dir(struct fs *fs, char *path)
{
    char *slash;
    int rc;

    if (mkdir(path, 0750) < 0) {
        struct stat about;
        int reason = errno;
        if (reason != EEXIST)
            return failed("mkdir", path, reason);
        if (stat(path, &about) == 0 && !S_ISDIR(about.st_mode))
            return failed("mkdir", path, ENOTDIR);
        return 0;
    }
    slash = strrchr(path, '/');
    if (slash == NULL)
        return posix_sync_dir(fs, ".");
    if (slash == path)
        return posix_sync_dir(fs, "/");
    *slash = '\0';
    rc = posix_sync_dir(fs, path);
    *slash = '/';
    return rc;
}

static int posix_make_dir(struct fs *fs, const char *path)
{
    char part[PATH_MAX];
    size_t size = strlen(path);

    if (size == 0 || size >= sizeof(part))
        return failed("mkdir", path, ENAMETOOLONG);
    memcpy(part, path, size + 1);
    while (size > 1 && part[size - 1] == '/')
        part[--size] = '\0';
    for (char *at = part + 1; *at != '\0'; at++) {
        if (*at != '/' || at[-1] == '/')
            continue;
        *at = '\0';
        COORD_TRY(make_one_dir(fs, part));
        *at = '/';
    }
    return make_one_dir(fs, part);
}

static int posix_list(struct fs *fs, const char *path, fs_list_cb cb, void *context)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int rc = 0;

    (void)fs;
    if (dir == NULL)
        return failed("opendir", path, errno);
    while (errno = 0, (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            cb(context, entry->d_name);
    if (errno != 0)
        rc = failed("readdir", path, errno);
    closedir(dir);
    return rc;
}

static int posix_lock(struct fs *fs, const char *path, struct fs_file **file)
{
    COORD_TRY(open_fd(path, O_RDWR | O_CREAT, file));
    while (flock(posix(*file)->fd, LOCK_EX | LOCK_NB) < 0) {
        int reason = errno;
        if (reason == EINTR)
            continue;
        posix_close(fs, *file);
        return failed("flock", path, reason);
    }
    return 0;
}

struct fs *fs_posix(void)
{
    static const struct fs_ops ops = {
        .open = posix_open,
        .close = posix_close,
        .read = posix_read,
        .write = posix_write,
        .sync = posix_sync,
        .size = posix_size,
        .allocate = posix_allocate,
        .truncate = posix_truncate,
        .rename = posix_rename,
        .remove = posix_remove,
        .make_dir = posix_make_dir,
        .sync_dir = posix_sync_dir,
        .list = posix_list,
        .lock = posix_lock,
    };
    static struct fs posix_fs = {&ops};

    return &posix_fs;
}
