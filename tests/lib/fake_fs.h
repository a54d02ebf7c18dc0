/* fake_fs.h - a file system in memory for crash tests and the simulator: deterministic, and as hostile as fs.h allows.
 *
 * What a power loss does (fake_fs_crash): content that was not synced since is kept, lost or torn, each write on its own, so
 * a later one may survive an earlier; creations, renames and removals that no sync_dir followed are kept or lost, each on
 * its own; a file whose name is lost is gone, synced or not. Directories (make_dir) are durable at once, as on the real one.
 * A failed write leaves the first half of its bytes. A failed sync leaves what was pending readable, but it never becomes
 * durable, also not by a later sync that succeeds (as Linux does); after fake_fs_sync_by_chance some of it is durable.
 *
 * Renames stay within a directory. Paths are compared as they are written. Not thread-safe.
 */
#ifndef TESTS_LIB_FAKE_FS_H
#define TESTS_LIB_FAKE_FS_H

#include "base/fs.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

struct fake_fs;

/* Kinds of calls, to count and to select; close is none of them. */
enum fake_fs_call {
    FAKE_FS_OPEN = 1,
    FAKE_FS_CREATE = 2, /* an open or lock that makes the file */
    FAKE_FS_READ = 4,
    FAKE_FS_WRITE = 8,
    FAKE_FS_SYNC = 16,
    FAKE_FS_SIZE = 32,
    FAKE_FS_ALLOCATE = 64,
    FAKE_FS_TRUNCATE = 128,
    FAKE_FS_RENAME = 256,
    FAKE_FS_REMOVE = 512,
    FAKE_FS_MAKE_DIR = 1024,
    FAKE_FS_SYNC_DIR = 2048,
    FAKE_FS_LIST = 4096,
    FAKE_FS_LOCK = 8192,

    FAKE_FS_ANY = 16383,
    /* Those that change the disk: a crash before any other call leaves the same as one before the next of these. */
    FAKE_FS_CHANGES = FAKE_FS_CREATE | FAKE_FS_WRITE | FAKE_FS_SYNC | FAKE_FS_ALLOCATE | FAKE_FS_TRUNCATE | FAKE_FS_RENAME |
                      FAKE_FS_REMOVE | FAKE_FS_MAKE_DIR | FAKE_FS_SYNC_DIR,
};

enum fake_fs_crash {
    FAKE_FS_KEEP,   /* the process died, the machine lives: all that was written is there, and still not durable */
    FAKE_FS_EVICT,  /* the same, but the system has dropped from its memory what a failed sync left there unstored */
    FAKE_FS_LOSE,   /* power loss: nothing that was not synced is there */
    FAKE_FS_RANDOM, /* power loss: each unsynced operation is kept, lost or (writes) torn at any byte */
};

struct fake_fs *fake_fs_new(void);
void fake_fs_free(struct fake_fs *f); /* every file must be closed */
struct fs *fake_fs_fs(struct fake_fs *f);

/* A copy of the disk with all that is pending; open files, locks, armed faults and counts are not copied. */
struct fake_fs *fake_fs_clone(const struct fake_fs *f);

/* The crash and the restart of the process or the machine: the disk is as the mode says, armed faults and locks are gone, and
 * calls work again. Files opened before can only be closed: any other call on them gives -COORD_E_STOPPED. r only for RANDOM.
 */
void fake_fs_crash(struct fake_fs *f, struct rng *r, enum fake_fs_crash mode);

/* The n-th call from now (n >= 1) of a kind in `calls` does nothing (write, sync: see above) and gives -code. Once. */
void fake_fs_fail(struct fake_fs *f, unsigned calls, uint64_t n, int code);
bool fake_fs_failed(const struct fake_fs *f); /* that call came, since the last crash */

/* From the n-th call from now of a kind in `calls` on, every call does nothing and gives -COORD_E_STOPPED: the process is dead
 * and does not know it. Until fake_fs_crash, which decides what is left. n = 1: the next one is the first to fail. */
void fake_fs_stop(struct fake_fs *f, unsigned calls, uint64_t n);
bool fake_fs_stopped(const struct fake_fs *f);

/* Calls so far of the kinds in `calls`, failed ones included. */
uint64_t fake_fs_calls(const struct fake_fs *f, unsigned calls);

/* While paused, calls are not counted and no armed fault goes off: for a test that looks at the disk in the middle of a run. */
void fake_fs_pause(struct fake_fs *f, bool paused);

/* Whether a fault is armed that has not gone off. */
bool fake_fs_armed(const struct fake_fs *f);

/* From now on a sync that fails has stored of each pending write all, nothing, or a part. */
void fake_fs_sync_by_chance(struct fake_fs *f, uint64_t seed);

/* Whether a file shows what a failed sync left unstored. */
bool fake_fs_stale(const struct fake_fs *f);

uint64_t fake_fs_used(const struct fake_fs *f); /* bytes of all files */

/* From now on growth of files beyond `bytes` in all gives -COORD_E_NO_SPACE; a write that does not fit changes nothing. */
void fake_fs_set_capacity(struct fake_fs *f, uint64_t bytes);

/* Bit rot: xors one byte, durable and readable alike. Asserts that the file exists and is longer than offset. */
void fake_fs_flip(struct fake_fs *f, const char *path, uint64_t offset, uint8_t mask);

#endif
