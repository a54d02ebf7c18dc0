/* fake_fs.c - the file interface over fake_disk: open files, and the faults that a test arms. */
#include "lib/fake_fs.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/error.h"
#include "lib/fake_disk.h"

#include <string.h>

enum { CALL_KINDS = 14 };

/* Goes off at the call of one of its kinds that brings `left` to 0. */
struct countdown {
    unsigned calls;
    uint64_t left; /* 0: not armed */
};

struct fake_fs {
    struct fs fs; /* first: what the code under test holds */
    struct disk disk;
    uint64_t life; /* 1, and one more at each crash; tells files of an earlier life */
    uint64_t capacity;
    uint64_t counts[CALL_KINDS];
    struct countdown fail, stop;
    int fail_code;
    bool stopped, paused;
    bool by_chance; /* failed syncs, by rng */
    struct rng rng;
};

struct fake_file {
    struct disk_file *file;
    uint64_t life;
    unsigned flags;
    bool holds_lock;
};

static struct fake_fs *fake(struct fs *fs)
{
    return (struct fake_fs *)(void *)fs;
}

static struct fake_file *opened(struct fs_file *file)
{
    return (struct fake_file *)(void *)file;
}

static bool goes_off(struct countdown *c, enum fake_fs_call call)
{
    return c->left > 0 && (c->calls & call) != 0 && --c->left == 0;
}

/* Every call begins here: it is counted, and an armed fault answers instead of it. */
static int begin(struct fake_fs *f, enum fake_fs_call call)
{
    if (f->paused)
        return f->stopped ? -COORD_E_STOPPED : 0;
    f->counts[__builtin_ctz(call)]++;
    if (goes_off(&f->stop, call))
        f->stopped = true;
    if (f->stopped)
        return -COORD_E_STOPPED;
    return goes_off(&f->fail, call) ? -f->fail_code : 0;
}

static int begin_on(struct fake_fs *f, struct fs_file *file, enum fake_fs_call call)
{
    int rc = begin(f, call);

    return opened(file)->life == f->life ? rc : -COORD_E_STOPPED;
}

static bool fits(const struct fake_fs *f, const struct disk_file *file, uint64_t size)
{
    uint64_t had = buf_size(&file->now);

    return size <= had || disk_used(&f->disk) - had + size <= f->capacity;
}

static struct fs_file *file_handle(struct fake_fs *f, struct disk_file *file, unsigned flags)
{
    struct fake_file *handle = coord_alloc(sizeof(*handle));

    disk_file_hold(file);
    *handle = (struct fake_file){.file = file, .life = f->life, .flags = flags};
    return (struct fs_file *)(void *)handle;
}

static int find_or_create(struct fake_fs *f, const char *path, unsigned flags, enum fake_fs_call call, struct disk_file **file)
{
    char *parent;
    bool has_parent;

    *file = disk_find(&f->disk, path);
    if (*file != NULL || (flags & FS_CREATE) == 0) {
        COORD_TRY(begin(f, call));
        if (*file == NULL)
            return -COORD_E_NO_ENTRY;
        return flags & FS_EXCLUSIVE ? -COORD_E_EXISTS : 0;
    }
    COORD_TRY(begin(f, FAKE_FS_CREATE));
    parent = disk_parent(path);
    has_parent = disk_has_dir(&f->disk, parent);
    coord_free(parent);
    if (!has_parent)
        return -COORD_E_NO_ENTRY;
    *file = disk_create(&f->disk, path);
    return 0;
}

static int fake_open(struct fs *fs, const char *path, unsigned flags, struct fs_file **file)
{
    struct disk_file *found;

    COORD_TRY(find_or_create(fake(fs), path, flags, FAKE_FS_OPEN, &found));
    *file = file_handle(fake(fs), found, flags);
    return 0;
}

static int fake_lock(struct fs *fs, const char *path, struct fs_file **file)
{
    struct fake_fs *f = fake(fs);
    struct disk_file *found;

    COORD_TRY(find_or_create(f, path, FS_CREATE, FAKE_FS_LOCK, &found));
    if (found->locked_by == f->life)
        return -COORD_E_LOCKED;
    found->locked_by = f->life;
    *file = file_handle(f, found, FS_READ | FS_WRITE);
    opened(*file)->holds_lock = true;
    return 0;
}

static void fake_close(struct fs *fs, struct fs_file *file)
{
    struct fake_file *handle = opened(file);

    (void)fs;
    if (handle->holds_lock && handle->file->locked_by == handle->life)
        handle->file->locked_by = 0;
    disk_file_drop(handle->file);
    coord_free(handle);
}

static int64_t fake_read(struct fs *fs, struct fs_file *file, uint64_t offset, void *to, size_t size)
{
    const struct buf *content = &opened(file)->file->now;

    COORD_TRY(begin_on(fake(fs), file, FAKE_FS_READ));
    COORD_ASSERT(opened(file)->flags & FS_READ);
    if (offset >= buf_size(content))
        return 0;
    if (size > buf_size(content) - offset)
        size = buf_size(content) - (size_t)offset;
    if (size > 0)
        memcpy(to, buf_bytes(content) + offset, size);
    return (int64_t)size;
}

static int fake_write(struct fs *fs, struct fs_file *file, uint64_t offset, const void *from, size_t size)
{
    static const uint8_t zeros[FS_BLOCK_BYTES];
    int rc = begin_on(fake(fs), file, FAKE_FS_WRITE);
    uint64_t end = offset + size;
    size_t behind = opened(file)->flags & FS_DIRECT ? (size_t)(end % FS_BLOCK_BYTES) : 0;
    size_t padding = behind > 0 ? FS_BLOCK_BYTES - behind : 0;

    if (rc == -COORD_E_STOPPED)
        return rc;
    COORD_ASSERT(opened(file)->flags & FS_WRITE);
    if (!fits(fake(fs), opened(file)->file, end + padding))
        return -COORD_E_NO_SPACE;
    disk_file_write(opened(file)->file, offset, from, rc == 0 ? size : size / 2);
    if (rc == 0 && padding > 0)
        disk_file_write(opened(file)->file, end, zeros, padding);
    return rc;
}

static int fake_sync(struct fs *fs, struct fs_file *file)
{
    int rc = begin_on(fake(fs), file, FAKE_FS_SYNC);

    if (rc == 0)
        disk_file_sync(opened(file)->file);
    else if (rc != -COORD_E_STOPPED)
        disk_file_fail_sync(opened(file)->file, fake(fs)->by_chance ? &fake(fs)->rng : NULL);
    return rc;
}

static int64_t fake_size(struct fs *fs, struct fs_file *file)
{
    COORD_TRY(begin_on(fake(fs), file, FAKE_FS_SIZE));
    return (int64_t)buf_size(&opened(file)->file->now);
}

static int resize(struct fs *fs, struct fs_file *file, enum fake_fs_call call, uint64_t size)
{
    COORD_TRY(begin_on(fake(fs), file, call));
    COORD_ASSERT(opened(file)->flags & FS_WRITE);
    if (!fits(fake(fs), opened(file)->file, size))
        return -COORD_E_NO_SPACE;
    disk_file_resize(opened(file)->file, size, call == FAKE_FS_ALLOCATE);
    return 0;
}

static int fake_allocate(struct fs *fs, struct fs_file *file, uint64_t size)
{
    return resize(fs, file, FAKE_FS_ALLOCATE, size);
}

static int fake_truncate(struct fs *fs, struct fs_file *file, uint64_t size)
{
    return resize(fs, file, FAKE_FS_TRUNCATE, size);
}

static int fake_rename(struct fs *fs, const char *from, const char *to)
{
    struct disk *d = &fake(fs)->disk;
    char *from_dir = disk_parent(from), *to_dir = disk_parent(to);
    bool one_dir = strcmp(from_dir, to_dir) == 0;

    coord_free(from_dir);
    coord_free(to_dir);
    COORD_ASSERT(one_dir);
    COORD_TRY(begin(fake(fs), FAKE_FS_RENAME));
    if (disk_find(d, from) == NULL)
        return -COORD_E_NO_ENTRY;
    if (strcmp(from, to) != 0)
        disk_rename(d, from, to);
    return 0;
}

static int fake_remove(struct fs *fs, const char *path)
{
    COORD_TRY(begin(fake(fs), FAKE_FS_REMOVE));
    if (disk_find(&fake(fs)->disk, path) == NULL)
        return -COORD_E_NO_ENTRY;
    disk_remove(&fake(fs)->disk, path);
    return 0;
}

static int fake_make_dir(struct fs *fs, const char *path)
{
    COORD_TRY(begin(fake(fs), FAKE_FS_MAKE_DIR));
    disk_add_dir(&fake(fs)->disk, path);
    return 0;
}

static int fake_sync_dir(struct fs *fs, const char *path)
{
    COORD_TRY(begin(fake(fs), FAKE_FS_SYNC_DIR));
    if (!disk_has_dir(&fake(fs)->disk, path))
        return -COORD_E_NO_ENTRY;
    disk_sync_dir(&fake(fs)->disk, path);
    return 0;
}

/* Names of one table that lie directly in the directory. The callback must not change the directory. */
static void list_names(const struct list *names, const char *dir, fs_list_cb cb, void *context)
{
    for (struct list *node = names->next; node != names; node = node->next) {
        const char *path = LIST_ENTRY(node, struct disk_name, node)->path;
        const char *slash = strrchr(path, '/');
        char *parent = disk_parent(path);
        if (strcmp(parent, dir) == 0)
            cb(context, slash == NULL ? path : slash + 1);
        coord_free(parent);
    }
}

static int fake_list(struct fs *fs, const char *path, fs_list_cb cb, void *context)
{
    COORD_TRY(begin(fake(fs), FAKE_FS_LIST));
    if (!disk_has_dir(&fake(fs)->disk, path))
        return -COORD_E_NO_ENTRY;
    list_names(&fake(fs)->disk.dirs, path, cb, context);
    list_names(&fake(fs)->disk.now, path, cb, context);
    return 0;
}

static struct fake_fs *fake_new(void)
{
    static const struct fs_ops ops = {
        .open = fake_open,
        .close = fake_close,
        .read = fake_read,
        .write = fake_write,
        .sync = fake_sync,
        .size = fake_size,
        .allocate = fake_allocate,
        .truncate = fake_truncate,
        .rename = fake_rename,
        .remove = fake_remove,
        .make_dir = fake_make_dir,
        .sync_dir = fake_sync_dir,
        .list = fake_list,
        .lock = fake_lock,
    };
    struct fake_fs *f = coord_alloc_zero(1, sizeof(*f));

    f->fs.ops = &ops;
    f->life = 1;
    f->capacity = UINT64_MAX;
    return f;
}

struct fake_fs *fake_fs_new(void)
{
    struct fake_fs *f = fake_new();

    disk_init(&f->disk);
    return f;
}

struct fake_fs *fake_fs_clone(const struct fake_fs *original)
{
    struct fake_fs *f = fake_new();

    f->capacity = original->capacity;
    disk_copy(&f->disk, &original->disk);
    return f;
}

void fake_fs_free(struct fake_fs *f)
{
    disk_deinit(&f->disk);
    coord_free(f);
}

struct fs *fake_fs_fs(struct fake_fs *f)
{
    return &f->fs;
}

void fake_fs_crash(struct fake_fs *f, struct rng *r, enum fake_fs_crash mode)
{
    COORD_ASSERT(mode != FAKE_FS_RANDOM || r != NULL);
    if (mode == FAKE_FS_EVICT)
        disk_evict(&f->disk);
    else if (mode != FAKE_FS_KEEP)
        disk_lose_power(&f->disk, mode == FAKE_FS_RANDOM ? r : NULL);
    f->life++; /* which also ends the locks and the files of the life before */
    f->fail = f->stop = (struct countdown){0};
    f->stopped = false;
}

void fake_fs_fail(struct fake_fs *f, unsigned calls, uint64_t n, int code)
{
    f->fail = (struct countdown){calls, n};
    f->fail_code = code;
}

bool fake_fs_failed(const struct fake_fs *f)
{
    return f->fail.calls != 0 && f->fail.left == 0;
}

void fake_fs_stop(struct fake_fs *f, unsigned calls, uint64_t n)
{
    f->stop = (struct countdown){calls, n};
}

bool fake_fs_stopped(const struct fake_fs *f)
{
    return f->stopped;
}

bool fake_fs_armed(const struct fake_fs *f)
{
    return f->fail.left > 0 || f->stop.left > 0;
}

void fake_fs_sync_by_chance(struct fake_fs *f, uint64_t seed)
{
    f->by_chance = true;
    rng_init(&f->rng, seed);
}

bool fake_fs_stale(const struct fake_fs *f)
{
    LIST_EACH(node, &f->disk.files)
    if (LIST_ENTRY(node, struct disk_file, node)->stale)
        return true;
    return false;
}

uint64_t fake_fs_used(const struct fake_fs *f)
{
    return disk_used(&f->disk);
}

uint64_t fake_fs_calls(const struct fake_fs *f, unsigned calls)
{
    uint64_t sum = 0;

    for (int i = 0; i < CALL_KINDS; i++)
        if (calls & 1u << i)
            sum += f->counts[i];
    return sum;
}

void fake_fs_pause(struct fake_fs *f, bool paused)
{
    f->paused = paused;
}

void fake_fs_set_capacity(struct fake_fs *f, uint64_t bytes)
{
    f->capacity = bytes;
}

void fake_fs_flip(struct fake_fs *f, const char *path, uint64_t offset, uint8_t mask)
{
    struct disk_file *file = disk_find(&f->disk, path);

    COORD_ASSERT(file != NULL && offset < buf_size(&file->now));
    buf_bytes(&file->now)[offset] ^= mask;
    if (offset < buf_size(&file->durable))
        buf_bytes(&file->durable)[offset] ^= mask;
}
