/* wal.h - the durable, ordered log of entries: appended, cut, read back, trimmed at its begin.
 *
 * Thread:     one at a time, of lane WAL.
 * Invariants: 1. The files hold a sequence of records (segment.h) that is only ever appended to. A cut is a record too, so
 *                whatever prefix of the records a crash leaves is a state the log was in: a cut that was synced is never
 *                undone, and an append behind a cut never stands without it.
 *             2. After wal_sync() all that was appended before survives power loss.
 *             3. A record says up to which position the log was durable when it was written (`synced`); so do the promise
 *                files. Such a claim vouches for all before it.
 * Recovery:   the records that follow each other without a fault from the begin are the log. If anything behind the first
 *             fault, or the promise files, vouches for the place of the fault, it is damage: -COORD_E_DAMAGED with file,
 *             offset and zxid. If not, it is the torn last batch, which was never acknowledged: it is cut off. A batch of
 *             several writes may have lost an early one and kept a later: the later one does not vouch for the earlier.
 *             What is kept of the last, not vouched for batch is written again and synced before the log is used, since
 *             after a failed sync the system may show it without ever having stored it. Records carry the boot count and
 *             it never falls along the log, so what a torn batch left behind the end never becomes part of the log again.
 *             The files behind the last segment are set aside and prepared anew under the new boot count.
 * Segments:   prepared ahead (wal_prepare) by writing zeros once, so that a later sync finds blocks and size in place;
 *             without one at hand a new one is allocated only, and left when one that is written is ready. A record that does
 * not fit into what is left opens the next segment; one larger than a segment makes its own larger. Trimmed ones become spares,
 * spare.<8 hex>, and are prepared again under a new number. Appending leans on the disk to leave alone the bytes of a sector
 *             that a write does not change (power-safe overwrite).
 * Does not:   know which snapshot allows a trim, name files in the manifest, or go on after an error (fail-stop).
 */
#ifndef COORD_WAL_WAL_H
#define COORD_WAL_WAL_H

#include "base/buf.h"
#include "base/fs.h"
#include "wire/batch.h"
#include "wire/entry.h"
#include "wire/runs.h"

#include <stdbool.h>
#include <stdint.h>

struct wal_options {
    const char *dir; /* copied */
    uint32_t server;
    uint64_t incarnation;
    uint32_t boot; /* of this start: above all that stand in the log */
    uint64_t segment_bytes;
    uint32_t segments_ahead;
};

/* Where the log begins (manifest) and what is known of it from elsewhere (promise files). */
struct wal_start {
    uint32_t first;         /* sequence number of the first segment */
    uint64_t base;          /* zxid of the last entry before it */
    uint64_t cluster;       /* for good; 0: not known yet */
    uint64_t vouched;       /* position up to which the log was durable, 0: nothing known */
    uint64_t vouched_zxid;  /* the last entry there, for messages */
    uint64_t snapshot_zxid; /* chosen: a long shape may be folded up to there */
    bool made;              /* by wal_create just now: there is nothing to read */
};

struct wal_found {
    struct runs log;
    uint64_t trimmed; /* entries at or below are not in the log */
    uint64_t cluster; /* of the last record that names one */
    uint64_t torn_bytes;
    bool has_form; /* a FORM entry stands in the log */
    uint64_t form_zxid;
    struct form form;
};

struct wal;

/* Make the first segment of a new log, which holds nothing. */
int wal_create(struct fs *fs, const struct wal_options *options, uint32_t first, struct buf *why);

/* Recover. Errors with text in `why`: DAMAGED, MISSING, FOREIGN, FORMAT, NO_SPACE, IO. */
int wal_open(struct fs *fs, const struct wal_options *options, const struct wal_start *start, struct wal **wal,
             struct wal_found *found, struct buf *why);
void wal_close(struct wal *w);

/* What follows returns 0 or an error. Unless it is called harmless, an error is for good: every later call gives it again and
 * touches no file. */

/* Queue entries [from, to) of the batch, copying them. They follow the log without a gap. */
int wal_append(struct wal *w, uint64_t cluster, const struct batch *b, uint32_t from, uint32_t to);

/* Queue: every entry behind zxid is void. */
int wal_cut(struct wal *w, uint64_t cluster, uint64_t zxid);

/* Queue a record that vouches for what is synced; nothing when that is said already. */
int wal_mark(struct wal *w, uint64_t cluster);

/* Write what is queued, and sync. Does nothing when nothing was queued since. */
int wal_sync(struct wal *w);

/* One piece of preparing segments ahead, bounded in time: 1: there is more to do; 0: all is prepared. */
int wal_prepare(struct wal *w);
bool wal_is_prepared(const struct wal *w); /* there is nothing to prepare */

/* Entries of that size fit into the current segment, or the next one is ready. */
bool wal_has_room(const struct wal *w, size_t bytes);

/* Append whole encoded entries from first on to `to`: at least one, then up to `last` (inclusive) and about max_bytes.
 * What is queued is written first. Harmless errors: -COORD_E_TRIMMED, -COORD_E_NO_ENTRY. */
int wal_read(struct wal *w, uint64_t first, uint64_t last, size_t max_bytes, struct buf *to);

/* How far the begin of the log may move when all up to zxid is in every snapshot kept: the first segment that stays and the
 * last zxid before it. */
void wal_trim_point(const struct wal *w, uint64_t zxid, uint32_t *first, uint64_t *base);

/* The manifest names `first` now: the segments before it go. */
int wal_trim(struct wal *w, uint32_t first, uint64_t base);

/* For a log that begins anew behind an installed snapshot: the empty segment that will be its first. Then the manifest names
 * it, then wal_reset makes it so. */
int wal_reset_begin(struct wal *w, uint32_t *first);
int wal_reset(struct wal *w, uint64_t base);

uint64_t wal_last(const struct wal *w);
uint64_t wal_base(const struct wal *w);   /* entries at or below are not in the log */
uint64_t wal_synced(const struct wal *w); /* position: all before it is durable */
uint64_t wal_synced_zxid(const struct wal *w);
const char *wal_why(const struct wal *w); /* after an error: file and reason; "" else */

#endif
