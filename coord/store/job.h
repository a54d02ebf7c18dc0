/* job.h - storage work as plain data: what the replica asks for, what it gets back.
 *
 * The replica makes jobs and owns them; the executor (threads in coordd, the simulator's scheduler in tests) passes each to
 * store_run() and gives it back by the event "job done", with err and the results filled in. Jobs of one lane run one at a
 * time in the order given; the two lanes run in parallel. A job borrows its batches and slices until it is done. Any negative
 * err but for those named below, which job_harmless() knows, ends the process (fail-stop).
 */
#ifndef COORD_STORE_JOB_H
#define COORD_STORE_JOB_H

#include "base/buf.h"
#include "base/list.h"
#include "paxos/paxos.h"
#include "wire/batch.h"

#include <stdbool.h>
#include <stdint.h>

enum job_lane { JOB_LANE_WAL, JOB_LANE_SNAP };

enum job_type {
    /* lane WAL */
    JOB_PERSIST,  /* one paxos_persist: promised, cut, append, sync, accepted */
    JOB_READ_LOG, /* entries from a zxid on, for followers far behind and for apply after a restart */
    JOB_MARK,     /* after 50 ms idle: an empty record that vouches for the last batch */
    JOB_INSTALL,  /* a received, verified snapshot becomes the base: the whole log is dropped (floor = zxid) */
    JOB_TRIM,     /* a verified snapshot at zxid exists: name it in the manifest, drop older ones but those retained, and
                     the segments that the oldest one retained does not need. trimmed: what is gone from the log now */
    /* lane SNAP */
    JOB_SNAP_BEGIN,    /* start to write a snapshot of zxid */
    JOB_SNAP_CHUNK,    /* the next piece of the image */
    JOB_SNAP_COMMIT,   /* finish, sync, re-read and verify, rename. NO_SPACE: given up, the log just grows; told here when
                          BEGIN or a CHUNK met it, though they may tell it themselves */
    JOB_SNAP_ABORT,    /* drop what was written; never fails */
    JOB_SNAP_READ,     /* raw bytes of a finished snapshot file, to send. TRIMMED when it was removed meanwhile */
    JOB_SNAP_RECEIVE,  /* raw bytes of a peer's snapshot file at offset (in order from 0) */
    JOB_SNAP_RECEIVED, /* all came: sync, verify, rename. DAMAGED, FOREIGN (of another cluster), NO_SPACE (told here when a
                          RECEIVE met it, though that may tell it itself): discarded, and refused to its sender */
    JOB_LOAD,          /* build a state from the snapshot of zxid, in `state`; zxid 0: the empty first state. Given to an
                          executor it is of a received snapshot, of which DAMAGED is refused; at the start all errors end it */
};

struct state;

struct job_piece {
    struct batch *batch; /* a reference, held until the job is done */
    uint32_t from, to;   /* its entries [from, to) */
};

struct job {
    struct list link;
    enum job_type type;
    int err;
    uint64_t zxid; /* INSTALL, TRIM, SNAP_*, LOAD, READ_LOG: the first entry wanted */

    /* PERSIST: everything queued for the wal thread at once shares one sync (store_run_wal). */
    struct paxos_persist persist;
    struct job_piece *pieces;
    uint32_t piece_count;
    uint32_t took_us; /* out, by who runs it: the append with its sync, in the first of those that shared one; else 0 */
    uint64_t cluster; /* stands in every record; 0 before FORM is known. SNAP_BEGIN, RECEIVED: 0: as known here */

    /* READ_LOG: in: zxid, last (inclusive bound), max_bytes; out: bytes of whole encoded entries, at least one. TRIMMED if zxid
     * is gone; NO_ENTRY if it is not there (cut meanwhile). */
    uint64_t last;
    uint32_t max_bytes; /* SNAP_READ too; 0: 256 KiB */

    /* SNAP_CHUNK, SNAP_RECEIVE: in bytes. READ_LOG, SNAP_READ: out bytes. Owned by the job. */
    struct buf bytes;
    uint64_t offset; /* SNAP_READ, SNAP_RECEIVE */
    uint64_t size;   /* SNAP_COMMIT, SNAP_READ, SNAP_RECEIVED: out: size of the whole file. SNAP_RECEIVE: in: the same */
    uint64_t digest; /* SNAP_BEGIN: state_digest at zxid, kept in the metadata and checked by LOAD */

    uint64_t trimmed;    /* TRIM: out */
    struct state *state; /* LOAD: out, owned by whoever takes the job back */

    /* For the replica's own use; store does not look at them. */
    uint32_t peer;
    uint64_t tag;
};

enum job_lane job_lane(enum job_type type);
bool job_harmless(enum job_type type, int err); /* of a failed job: the process and the lane go on */
const char *job_type_name(enum job_type type);
struct job *job_new(enum job_type type);
void job_free(struct job *j); /* its bytes, pieces (with their references) and state too; core thread only */

#endif
