/* fake_disk.h - what the fake file system keeps: files, names, and what of both would survive a power loss now.
 *
 * Each file has two contents: `now`, which programs read, and `durable`, which a power loss leaves. Between them stand the
 * pending operations in order; a sync applies them to `durable`. Names are kept in the same way: two tables, and pending
 * name operations that a sync of their directory applies. Everything is ordered by creation, so a run repeats exactly.
 * Internal to fake_fs.c; deterministic; not thread-safe.
 */
#ifndef TESTS_LIB_FAKE_DISK_H
#define TESTS_LIB_FAKE_DISK_H

#include "base/buf.h"
#include "base/list.h"
#include "base/rng.h"

#include <stdint.h>

enum pending_kind { PENDING_WRITE, PENDING_RESIZE, PENDING_GROW };

struct pending {
    struct list node;
    enum pending_kind kind;
    uint64_t offset; /* WRITE: where; RESIZE, GROW: the size */
    size_t size;     /* bytes of data, WRITE only */
    uint8_t data[];
};

struct disk_file {
    struct list node;   /* in disk.files */
    unsigned refs;      /* names, pending name operations and open handles */
    uint64_t id;        /* order of creation; finds the twin in a clone */
    uint64_t locked_by; /* the life (fake_fs) that holds the lock, 0: none */
    struct buf now, durable;
    struct list pending; /* struct pending */
    bool stale;          /* a failed sync left in `now` what is neither durable nor pending */
};

struct disk_name {
    struct list node;
    struct disk_file *file;
    char *path;
};

/* Name changes of one call, which happen together or not at all: `gone` disappears and `path` names `file`. */
struct pending_name {
    struct list node;
    struct disk_file *file; /* NULL: none is set */
    char *path;             /* NULL: none is set */
    char *gone;             /* NULL: none disappears */
};

struct disk {
    struct list files;         /* struct disk_file */
    struct list now, durable;  /* struct disk_name */
    struct list pending_names; /* struct pending_name */
    struct list dirs;          /* struct disk_name without a file; directories are durable at once */
    uint64_t next_id;
};

void disk_init(struct disk *d);
void disk_deinit(struct disk *d); /* no handle may hold a file */
void disk_copy(struct disk *to, const struct disk *from);

struct disk_file *disk_find(const struct disk *d, const char *path); /* borrowed; NULL: no such file */
struct disk_file *disk_create(struct disk *d, const char *path);     /* borrowed */
void disk_rename(struct disk *d, const char *from, const char *to);  /* from exists */
void disk_remove(struct disk *d, const char *path);                  /* exists */
bool disk_has_dir(const struct disk *d, const char *path);
void disk_add_dir(struct disk *d, const char *path);
void disk_sync_dir(struct disk *d, const char *path);

void disk_file_hold(struct disk_file *file);
void disk_file_drop(struct disk_file *file);
void disk_file_write(struct disk_file *file, uint64_t offset, const void *from, size_t size);
void disk_file_resize(struct disk_file *file, uint64_t size, bool only_grow);
void disk_file_sync(struct disk_file *file);
void disk_file_forget_pending(struct disk_file *file); /* what is pending will never become durable */

/* A sync fails: what was pending stays readable and will never become durable; with r some of it has, wholly or in part. */
void disk_file_fail_sync(struct disk_file *file, struct rng *r);

/* What a failed sync left readable is not there any more: files show what is durable, and what is pending since. */
void disk_evict(struct disk *d);

uint64_t disk_used(const struct disk *d); /* bytes of all files that have a name */

/* Only what is durable stays; with r, each pending operation may have reached the disk too, wholly or in part. */
void disk_lose_power(struct disk *d, struct rng *r);

/* The part of the path before the last slash, "." without one; the caller frees it with coord_free. */
char *disk_parent(const char *path);

#endif
