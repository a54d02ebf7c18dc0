/* segment.h - the bytes of the write-ahead log: segment files and the records in them.
 *
 * The log is append-only: a sequence of records in segment files log.<8 hex digits of the sequence number>, each record right
 * behind its predecessor or at the start of the next segment. A place in the log is a position: sequence << 32 | offset,
 * which only grows. Integers are little-endian.
 *
 *   segment header, 64 bytes            record header, 96 bytes, at a multiple of 8
 *    0  8 "COORDLOG"                     0  8 XXH3 of all that follows, padding included; seed: see below
 *    8  4 version, 1                     8  4 "CREC"
 *   12  4 server id                     12  4 length of the body without padding
 *   16  8 incarnation                   16  8 position of this record
 *   24  4 sequence number               24  8 position at which its predecessor ended
 *   28  4 generation: the boot count    32  8 synced position: the log before it was durable when this was written
 *         of when it was prepared       40  8 synced zxid: the last entry of that part
 *   32  8 bytes of the file, at least   48  8 last zxid of the log before this record
 *   40 16 zero                          56  8 first zxid (CUT: the zxid behind which all is void)
 *   56  8 XXH3 of bytes 0..55           64  8 last zxid of the log after this record
 *                                       72  8 cluster id, 0: not known
 *                                       80  4 boot count of the writer
 *                                       84  4 kind
 *                                       88  4 number of entries (0 but for ENTRIES)
 *                                       92  4 zero
 *                                       96  - body: whole entries (wire/entry.h), then zeros to a multiple of 8
 *
 * A record's checksum is seeded by position, generation and incarnation, so that what stands at a wrong place, in the wrong
 * file, or was left by an earlier use of a recycled segment never validates. A segment's name appears only once its header
 * and size are durable, so a bad header or a shorter file is damage. Golden files: tests/data. Pure.
 */
#ifndef COORD_WAL_SEGMENT_H
#define COORD_WAL_SEGMENT_H

#include "base/bytes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEGMENT_VERSION 1u
#define SEGMENT_HEADER_BYTES 64u
#define RECORD_HEADER_BYTES 96u
#define RECORD_ALIGN 8u
#define RECORD_BODY_MAX (64u << 20)
#define SEGMENT_NAME_BYTES 32 /* room for a name */

struct segment_header {
    uint32_t server, sequence, generation;
    uint64_t incarnation, bytes;
};

void segment_encode(uint8_t to[SEGMENT_HEADER_BYTES], const struct segment_header *h);

/* 0, -COORD_E_DAMAGED, or -COORD_E_FORMAT for a version of another time. */
int segment_decode(struct slice from, struct segment_header *h);

/* What the seeds of a segment's records have in common. */
uint64_t segment_key(const struct segment_header *h);

void segment_name(char to[SEGMENT_NAME_BYTES], uint32_t sequence);
bool segment_name_parse(const char *name, uint32_t *sequence); /* false: not the name of a segment */
bool spare_name_parse(const char *name, uint32_t *number);     /* spare.<8 hex digits>, from 0 */

static inline uint64_t position_make(uint32_t sequence, uint64_t offset)
{
    return (uint64_t)sequence << 32 | (uint32_t)offset;
}

static inline uint32_t position_sequence(uint64_t position)
{
    return (uint32_t)(position >> 32);
}

static inline uint32_t position_offset(uint64_t position)
{
    return (uint32_t)position;
}

enum record_kind {
    RECORD_ENTRIES = 1,
    RECORD_CUT = 2,  /* every entry behind `first` is void from here on */
    RECORD_MARK = 3, /* says nothing but what was synced */
};

struct record {
    enum record_kind kind;
    uint32_t count, boot;
    uint64_t position, prev_end, synced, synced_zxid, prev_zxid, first, last, cluster;
    struct slice body; /* borrowed */
};

/* Bytes of a record in the file, padding included. */
static inline size_t record_size(size_t body_size)
{
    return (RECORD_HEADER_BYTES + body_size + RECORD_ALIGN - 1) & ~(size_t)(RECORD_ALIGN - 1);
}

/* Write the header and the padding of a record whose body of r->body.size bytes stands at `at` + RECORD_HEADER_BYTES already;
 * room for record_size() bytes. r->body.data is not looked at. */
void record_encode(uint8_t *at, const struct record *r, uint64_t key);

#define RECORD_MAGIC 0x43455243u /* "CREC" */

/* Whether a record could begin here, of which RECORD_HEADER_BYTES are readable: for searching. */
static inline bool record_begins(const uint8_t *at)
{
    return get_le32(at + 8) == RECORD_MAGIC;
}

enum record_status {
    RECORD_VALID,
    RECORD_NONE, /* no record of this position starts here: zeros, or left from an earlier use */
    RECORD_BAD,  /* one does by its first bytes, but it is not whole */
};

/* The record at the front of `from`, which reaches to the end of the segment. Checks all that can be checked without its
 * neighbours; `r` is filled when VALID. */
enum record_status record_decode(struct slice from, uint64_t position, uint64_t key, struct record *r);

const char *record_kind_name(enum record_kind kind);

#endif
