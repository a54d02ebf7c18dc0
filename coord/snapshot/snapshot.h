/* snapshot.h - the state at one zxid in a file: written in pieces, verified by reading it back, read in pieces.
 *
 * snapshot.<16 hex digits of the zxid>.lz4 is what the lz4 tool calls a .lz4 file: `lz4 -t` tests it and `lz4 -d` unpacks the
 * image (docs/image.md). Little-endian:
 *
 *    0  4 0x184D2A5C, the magic of a skippable frame      40 8 digest of the state
 *    4  4 64, its length                                  48 8 bytes of the image, unpacked
 *    8  8 "COORDSNP"                                      56 8 bytes of the LZ4 frame
 *   16  4 version, 1                                      64 8 XXH3 of bytes 8..63
 *   20  4 id of the server that wrote it                  72 - one LZ4 frame up to the end of the file: independent
 *   24  8 cluster id                                           blocks of 256 KiB, checksums of blocks and of content
 *   32  8 zxid
 *
 * A snapshot gets its name only after it was synced, read back from begin to end with every checksum, and found whole; until
 * then it is snapshot.tmp (own) or snapshot.in.tmp (from a peer). A crash leaves those behind; snapshot_clean removes them.
 * The reader tolerates nothing: any wrong bit and any byte too few or too many is -COORD_E_DAMAGED.
 * Threads: the one of lane SNAP, and the opening one before; remove and exists by lane WAL.
 */
#ifndef COORD_SNAPSHOT_SNAPSHOT_H
#define COORD_SNAPSHOT_SNAPSHOT_H

#include "base/buf.h"
#include "base/fs.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define SNAPSHOT_HEAD_BYTES 72
#define SNAPSHOT_BLOCK_BYTES (256u << 10)
#define SNAPSHOT_NAME_BYTES 40 /* room for a name */
#define SNAPSHOT_PATH_BYTES 4096

struct snapshot_meta {
    uint32_t server;
    uint64_t cluster, zxid, digest;
    uint64_t image_bytes, frame_bytes; /* known when the last piece was written */
};

void snapshot_head_encode(uint8_t to[SNAPSHOT_HEAD_BYTES], const struct snapshot_meta *m);
int snapshot_head_decode(struct slice from, struct snapshot_meta *m); /* 0, -COORD_E_DAMAGED, -COORD_E_FORMAT */

void snapshot_name(char to[SNAPSHOT_NAME_BYTES], uint64_t zxid);
bool snapshot_name_parse(const char *name, uint64_t *zxid);
void snapshot_path(char to[SNAPSHOT_PATH_BYTES], const char *dir, uint64_t zxid);

/* Writing. `dir` is borrowed until the writer is gone. */
struct snapshot_writer;
int snapshot_writer_open(struct fs *fs, const char *dir, const struct snapshot_meta *meta, struct snapshot_writer **writer);
int snapshot_writer_feed(struct snapshot_writer *w, struct slice image);
/* Finishes, verifies, names. *size: of the whole file. The writer is gone in any case; after an error so is the temporary file,
 * and only when all but the sync of the directory was done does a whole one stand under its name, until snapshot_clean. */
int snapshot_writer_commit(struct snapshot_writer *w, uint64_t *size);
void snapshot_writer_abort(struct snapshot_writer *w);

/* Receiving the bytes of a peer's file, in order. */
struct snapshot_receiver;
int snapshot_receiver_open(struct fs *fs, const char *dir, struct snapshot_receiver **receiver);
int snapshot_receiver_feed(struct snapshot_receiver *r, uint64_t offset, struct slice bytes);
/* As snapshot_writer_commit. DAMAGED too when it is not of `zxid`; FOREIGN when it is of another cluster (0: any). */
int snapshot_receiver_commit(struct snapshot_receiver *r, uint64_t zxid, uint64_t cluster, struct snapshot_meta *meta,
                             uint64_t *size);
void snapshot_receiver_abort(struct snapshot_receiver *r);

/* Reading. */
struct snapshot_reader;
int snapshot_reader_open(struct fs *fs, const char *path, struct snapshot_meta *meta, struct snapshot_reader **reader);
/* 1: *piece holds more of the image, valid until the next call; 0: that was all, and it is whole; or an error. */
int snapshot_reader_next(struct snapshot_reader *r, struct slice *piece);
void snapshot_reader_close(struct snapshot_reader *r);

/* Only the head, and that the file has the length it says. */
int snapshot_peek(struct fs *fs, const char *path, struct snapshot_meta *meta);
/* The whole file, every checksum. */
int snapshot_verify(struct fs *fs, const char *path, struct snapshot_meta *meta);

/* Remove what a crash left: temporary files, and finished snapshots that are not among the `count` zxids kept. */
int snapshot_clean(struct fs *fs, const char *dir, const uint64_t *kept, uint32_t count);

#endif
