/* store_kit.h - what the tests of wal/, snapshot/ and store/ share: entries, batches, jobs, and what a log must hold. */
#ifndef TESTS_UNIT_STORE_KIT_H
#define TESTS_UNIT_STORE_KIT_H

#include "base/fs.h"
#include "store/store.h"
#include "wire/batch.h"

#include <stdint.h>

#define KIT_DIR "d"

/* An encoded NOOP of this zxid whose body of `size` bytes follows from zxid and salt. Appends to b. */
void kit_entry(struct buf *b, uint64_t zxid, size_t size, unsigned salt);

/* A batch of `count` such entries of one epoch. The caller unrefs. */
struct batch *kit_batch(uint64_t first, uint32_t count, size_t size, unsigned salt);

/* Options for a small store of server 1 in KIT_DIR. */
struct store_options kit_options(void);

/* Jobs, run at once; the result is their err. */
int kit_append(struct store *s, uint64_t first, uint32_t count, size_t size, unsigned salt);
int kit_cut(struct store *s, uint64_t zxid);
int kit_promise(struct store *s, uint32_t epoch);
int kit_accepted(struct store *s, uint32_t epoch);
int kit_mark(struct store *s);
int kit_snapshot(struct store *s, uint64_t zxid); /* of an image of arbitrary bytes: cannot be loaded */
int kit_trim(struct store *s, uint64_t zxid, uint64_t *trimmed);
int kit_install(struct store *s, uint64_t zxid);

/* The encoded entries first..last (of the log's own order) into *to; the job's err. */
int kit_read(struct store *s, uint64_t first, uint64_t last, struct buf *to);

/* An own copy of what a log holds: entry after entry. */
struct kit_model {
    uint64_t zxid[4096];
    unsigned salt[4096];
    size_t size[4096];
    uint32_t count;
    uint64_t base; /* dropped up to here */
};
void kit_model_append(struct kit_model *m, uint64_t first, uint32_t count, size_t size, unsigned salt);
void kit_model_cut(struct kit_model *m, uint64_t zxid);
void kit_model_drop(struct kit_model *m, uint64_t zxid); /* at or below; base = zxid */

/* NULL when the log reads back as the model says, its shape included; else what differs. Static storage. What was trimmed
 * from the log but stands in the model is not missed. */
const char *kit_model_differs(const struct kit_model *m, struct store *s, const struct runs *log, uint64_t trimmed);

#endif
