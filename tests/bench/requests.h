/* requests.h - the frames that coordbench sends, encoded once before the run.
 *
 * Each key has a get and a set frame, both of one length, in one block; a request is a copy of one with its xid written over.
 * All creates are one frame: a sequential node below /coordbench/new; and so are all multis, with BENCH_MULTI_CREATES of them.
 */
#ifndef TESTS_BENCH_REQUESTS_H
#define TESTS_BENCH_REQUESTS_H

#include "base/buf.h"
#include "bench/options.h"

#define BENCH_XID_OFFSET 4 /* behind the frame's length */

/* One kind of request: a frame per key (a single one for create), all of frame_size. */
struct bench_frames {
    uint8_t *bytes;
    uint32_t frame_size, count;
    uint32_t reply_size; /* of the whole reply without its length field */
};

struct bench_requests {
    struct bench_frames get, set, create_key, create, multi;
};

void bench_requests_init(struct bench_requests *r, const struct bench_options *o);
void bench_requests_deinit(struct bench_requests *r);

static inline const uint8_t *bench_frame(const struct bench_frames *f, uint32_t key)
{
    return f->bytes + (size_t)(key % f->count) * f->frame_size;
}

/* Frames of the set-up, appended to b. */
void bench_append_connect(struct buf *b, int32_t timeout_ms);
void bench_append_create(struct buf *b, int32_t xid, const char *path);
void bench_append_sync(struct buf *b, int32_t xid);
void bench_append_close(struct buf *b, int32_t xid);

#endif
