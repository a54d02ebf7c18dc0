/* wal_bench.h - a small log on the fake disk, for the tests of wal/. */
#ifndef TESTS_UNIT_WAL_BENCH_H
#define TESTS_UNIT_WAL_BENCH_H

#include "lib/fake_fs.h"
#include "unit/store_kit.h"
#include "wal/segment.h"
#include "wal/wal.h"

#define Z(epoch, counter) ((uint64_t)(epoch) << 32 | (counter))

struct bench {
    struct fake_fs *fake;
    struct wal_options options; /* of the next opening */
    struct wal_start start;
    struct wal_found found;
    struct wal *wal; /* NULL: the last opening was refused */
    struct buf why;  /* of that */
};

struct bench *bench_new(void); /* an empty log in "d", open, of segments of 4096 bytes */
struct bench *bench_new_sized(uint64_t segment_bytes, uint32_t segments_ahead);
void bench_free(struct bench *b);

/* The process ends and the next one opens the log; the result of wal_open. */
int bench_reopen(struct bench *b);

/* `count` entries of `size` bytes, of any size. The caller unrefs. */
struct batch *bench_batch(uint64_t first, uint32_t count, size_t size);

/* Appends `count` entries of `size` bytes; they need not be durable after it. The result of wal_append. */
int bench_append(struct bench *b, uint64_t first, uint32_t count, size_t size);

/* Reads, and returns the number of entries, or an error; their first and last zxid. */
int bench_read(struct bench *b, uint64_t from, uint64_t to, size_t max, uint64_t *first, uint64_t *last);

/* The text of the last refused opening. */
const char *bench_why(const struct bench *b);

/* Makes the file's content anew, durably. */
void bench_put(struct bench *b, const char *name, struct slice content);
struct buf bench_content(struct bench *b, const char *name);
bool bench_has(struct bench *b, const char *name);

#endif
