/* quota_text.h - the text of zookeeper_limits and zookeeper_stats: "count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=10".
 * Pure.
 *
 * Pairs of key and number, divided by commas and semicolons; -1 and what is missing mean: none. The '=' behind the bytes keeps
 * readers of 3.5 from the keys behind it, which they do not know. Read as generously as ZooKeeper does, and printed as it
 * does: the hard limits only where they were given, keys of nobody's are dropped.
 */
#ifndef COORD_STATE_QUOTA_TEXT_H
#define COORD_STATE_QUOTA_TEXT_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct quota_figures {
    int64_t count, bytes, bytes_hard, count_hard;
    bool has_bytes_hard, has_count_hard; /* were in the text */
};
#define QUOTA_ZERO ((struct quota_figures){0, 0, -1, -1, false, false})

/* A longer one is malformed: it is read at each change that the quota counts. */
enum { QUOTA_TEXT_MAX = 4096 };

bool quota_parse(struct slice text, struct quota_figures *f); /* false: null or malformed */
void quota_print(struct buf *to, const struct quota_figures *f);

/* As numbers of 64 bits do in ZooKeeper: round the end. A client may have written any. */
void quota_add(int64_t *to, int64_t by);

#endif
