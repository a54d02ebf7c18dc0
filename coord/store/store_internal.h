/* store_internal.h - what the files of store/ share. See store.h. */
#ifndef COORD_STORE_STORE_INTERNAL_H
#define COORD_STORE_STORE_INTERNAL_H

#include "snapshot/snapshot.h"
#include "store/manifest.h"
#include "store/store.h"
#include "wal/promise.h"
#include "wal/wal.h"

#include <stdatomic.h>

#define STORE_TEXT_BYTES 1024
#define STORE_LANES 2

struct store {
    struct fs *fs;
    struct store_options options; /* with copies of the directories' names */
    char *data_dir, *log_dir;
    struct fs_file *data_lock, *log_lock;

    /* Lane WAL. */
    struct manifest manifest;
    struct promise promise;
    struct wal *wal;

    /* Lane SNAP. */
    struct snapshot_writer *writer;
    struct snapshot_receiver *receiver;
    int writer_err, receiver_err; /* why there is none any more: told at the end */

    /* Both. */
    _Atomic uint64_t cluster; /* as in the manifest; set once, by lane WAL */

    /* Each lane its own: set once, text first. */
    _Atomic int failed[STORE_LANES];
    char failure[STORE_LANES][STORE_TEXT_BYTES];
    _Atomic bool load_failed; /* lane SNAP: the first LOAD that failed */
    char load_failure[STORE_TEXT_BYTES];
};

/* The lane ends here: keeps code and text, and returns rc. */
int store_fail(struct store *s, enum job_lane lane, int rc, const char *format, ...) __attribute__((format(printf, 4, 5)));

static inline int store_failed(struct store *s, enum job_lane lane)
{
    return atomic_load_explicit(&s->failed[lane], memory_order_acquire);
}

void store_run_snap(struct store *s, struct job *j);

/* Make `p` of s->promise durable with the log's present marks. */
int store_write_promise(struct store *s);

#endif
