/* promise.h - what a server has promised, durable (C1, C3, C17): two files, promise.0 and promise.1, written alternately.
 *
 * A write puts the same content, under the next generation, first into one file and syncs it, then into the other and syncs
 * that; only then it is done. So at any crash one file is whole and holds either the old content or the new, and at rest
 * both hold the same: one that rots is healed from its twin without forgetting anything. When neither can be read, nothing
 * may be promised: the start is refused. Each file, 128 bytes, little-endian:
 *
 *    0 8 "COORDPRM"                        56 4 epoch promised
 *    8 4 version, 1                        60 4   to server
 *   12 4 server id                         64 4   in its boot
 *   16 8 incarnation                       68 4 accepted epoch
 *   24 4 boot count                        72 8   promised to incarnation
 *   28 4 zero                              80 8 synced position of the log (segment.h) when this was written
 *   32 8 cluster id, 0: tentative          88 8 last zxid of the log up to there
 *   40 8 generation, from 1                96 24 zero
 *   48 8 zero                             120 8 XXH3 of bytes 0..119
 *
 * Thread: the one of lane WAL.
 */
#ifndef COORD_WAL_PROMISE_H
#define COORD_WAL_PROMISE_H

#include "base/buf.h"
#include "base/fs.h"
#include "base/slice.h"

#include <stdint.h>

#define PROMISE_BYTES 128
#define PROMISE_FILES 2

struct promise {
    uint32_t server, boot;
    uint64_t incarnation, cluster, generation;
    uint32_t promised_epoch, promised_server, promised_boot, accepted;
    uint64_t promised_incarnation;
    uint64_t synced, synced_zxid;
    uint32_t write_first; /* not in the file: which one the next write begins with, never the only good one */
};

void promise_encode(uint8_t to[PROMISE_BYTES], const struct promise *p);
int promise_decode(struct slice from, struct promise *p); /* 0, -COORD_E_DAMAGED, -COORD_E_FORMAT */

/* The newest of the two. -COORD_E_DAMAGED when neither is whole, -COORD_E_MISSING when neither exists, -COORD_E_FORMAT, or
 * another error when none could be used and one could not be read; `why` says it then. *bad: how many of the two were not whole
 * (the next write heals). */
int promise_read(struct fs *fs, const char *dir, struct promise *p, uint32_t *bad, struct buf *why);

/* Store what promise_read gave once more where it was read, and sync: the process before may have died between the write and
 * its sync, or of the sync. Once, before the first write, which begins with the other file. */
int promise_settle(struct fs *fs, const char *dir, const struct promise *p);

/* Raises p->generation and makes p durable. After an error the process must end. */
int promise_write(struct fs *fs, const char *dir, struct promise *p);

#endif
