/* store.h - everything durable of one server: manifest, write-ahead log, promise files, snapshots; and store_run().
 *
 * store_run() is the same code on the server's threads and in the simulator. Files are described in docs/formats.md.
 * Threads: open and close by one thread; what belongs to lane WAL by one thread at a time, lane SNAP by another meanwhile.
 * Fail-stop: after an error that is not listed as harmless in job.h nothing of that lane is executed any more.
 *
 * A directory holds: manifest, promise.0, promise.1, lock, snapshot.<zxid>.lz4 (data_dir); log.<n>, spare.<n> (log_dir).
 * The log keeps what the oldest retained snapshot needs, and all of it until there are two snapshots, so that there are
 * always two ways to build the state; a log that begins with an installed snapshot has one until the next.
 */
#ifndef COORD_STORE_STORE_H
#define COORD_STORE_STORE_H

#include "base/fs.h"
#include "paxos/paxos.h"
#include "store/job.h"

#include <stdbool.h>
#include <stdint.h>

struct store_options {
    const char *data_dir;       /* snapshots, manifest, promise; made if absent */
    const char *log_dir;        /* segments; the same as data_dir when the configuration has no dataLogDir */
    uint32_t server;            /* own id; a directory of another id is refused (FOREIGN) */
    uint64_t segment_bytes;     /* 16 MiB; at least 4 KiB (tests); above 64 MiB is taken as 64 MiB */
    uint32_t segments_ahead;    /* 2 */
    uint32_t snap_retain;       /* 3; at least 2 */
    uint64_t fresh_incarnation; /* random: taken when the directory is empty */
    bool lone; /* the only voter: a damaged entry that was synced cannot come from a peer. Either way fatal for now */
};

struct store_recovered {
    bool fresh;                    /* the directory was empty */
    uint64_t incarnation, cluster; /* cluster 0: not known for good: no snapshot yet */
    uint32_t boot;                 /* already raised for this start, durably */
    uint64_t snapshot_zxid;        /* 0: none: JOB_LOAD of 0 gives the first state */
    uint64_t torn_bytes;           /* of the last batch, cut off: never acknowledged */
    struct paxos_recovered paxos;  /* form: as found in the log; one that stands in the snapshot comes with the loaded state */
};

struct store;

/* Opens, locks and recovers. On error *text (static storage of the store's making, valid until the next store_open) says what,
 * in which file, at which offset and zxid, and what to do. Errors: DAMAGED, MISSING, FOREIGN, FORMAT, LOCKED, NO_SPACE, IO. */
int store_open(struct fs *fs, const struct store_options *options, struct store **store, struct store_recovered *recovered,
               const char **text);
void store_close(struct store *s); /* syncs nothing: what was acknowledged is durable already */

/* Execute one job; fills err and the outs. */
void store_run(struct store *s, struct job *j);

/* Execute a list of lane-WAL jobs in order; neighbouring PERSISTs share one sync. The same results as store_run one by one. */
void store_run_wal(struct store *s, struct list *jobs);

/* Lane WAL, when nothing is queued for it: one bounded piece of preparing segments ahead, so that appends need not wait for it.
 * 1: there is more, call again when still idle; 0: nothing to do; or an error, as that of a failed job. Need not be called. */
int store_prepare(struct store *s);
bool store_is_prepared(const struct store *s); /* lane WAL: store_prepare has nothing to do */

/* Lane WAL: an entry of that many bytes can be appended without making a segment first. */
bool store_has_room(const struct store *s, size_t entry_bytes);

/* Lane WAL, after its last job: the promise files vouch for the whole log, so that an orderly stop leaves no end that a damaged
 * file could be taken for. 0 or an error, as that of a failed job. Need not be called. */
int store_finish(struct store *s);

/* Write a first log that holds FORM alone (C16, coordd --bootstrap); the directory must be empty or without any entry.
 * The own voter's incarnation in `form` is set to that of the directory. EXISTS: there are entries; else as store_open. */
int store_bootstrap(struct fs *fs, const struct store_options *options, struct form *form, const char **text);

/* The one in force when a lane-WAL or writing job or a LOAD failed: file and reason, for the last line of the log. */
const char *store_failure(const struct store *s);

#endif
