/* manifest.h - the file that names all others: what is not named does not count, and what is named must be there.
 *
 * One file, "manifest", replaced as a whole (temporary name, sync, rename, directory sync), so that trimming and installing
 * happen at one moment. Little-endian:
 *
 *    0 8 "COORDMAN"                     40 4 state: 1 being made, 2 in use
 *    8 4 version, 1                     44 4 sequence number of the first segment of the log
 *   12 4 server id                      48 8 zxid of the last entry before that segment
 *   16 8 incarnation                    56 4 number n of snapshots, at most 64
 *   24 8 cluster id, 0: tentative       60 4 zero
 *   32 8 generation, from 1             64 8n zxids of the snapshots, rising
 *                                          8 XXH3 of all before
 *
 * A directory whose manifest says "being made" holds nothing yet: making it starts over. Thread: the one of lane WAL.
 */
#ifndef COORD_STORE_MANIFEST_H
#define COORD_STORE_MANIFEST_H

#include "base/buf.h"
#include "base/fs.h"
#include "base/slice.h"

#include <stdint.h>

#define MANIFEST_NAME "manifest"
#define MANIFEST_SNAPSHOTS_MAX 64
#define MANIFEST_BYTES_MAX (64 + 8 * MANIFEST_SNAPSHOTS_MAX + 8)

enum manifest_state { MANIFEST_MAKING = 1, MANIFEST_IN_USE = 2 };

struct manifest {
    uint32_t server;
    uint64_t incarnation, cluster, generation;
    enum manifest_state state;
    uint32_t first_segment;
    uint64_t base;
    uint32_t snapshot_count;
    uint64_t snapshot[MANIFEST_SNAPSHOTS_MAX]; /* rising */
};

void manifest_encode(struct buf *to, const struct manifest *m);
int manifest_decode(struct slice from, struct manifest *m); /* 0, -COORD_E_DAMAGED, -COORD_E_FORMAT */

int manifest_read(struct fs *fs, const char *dir, struct manifest *m); /* also -COORD_E_NO_ENTRY, -COORD_E_IO */

/* Raises m->generation and makes m durable. */
int manifest_write(struct fs *fs, const char *dir, struct manifest *m);

/* Name one more snapshot and keep the newest `retain` (>= 1); the zxids that are no longer named go to dropped[], room for
 * MANIFEST_SNAPSHOTS_MAX + 1. Returns how many. A zxid that is named already changes nothing but the number kept. */
uint32_t manifest_add_snapshot(struct manifest *m, uint64_t zxid, uint32_t retain, uint64_t *dropped);

#endif
