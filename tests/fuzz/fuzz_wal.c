/* fuzz_wal.c - recovery of the log from segments as the input has them: a byte of flags (1: checksums are made to hold,
 * 2: a promise file vouches for a place), one for that place, then segments, each u16 length and bytes. A log that is taken
 * can be read, appended to, and is found again. */
#include "base/assert.h"
#include "base/log.h"
#include "base/zxid.h"
#include "fuzz/fuzz.h"
#include "lib/fake_fs.h"
#include "unit/store_kit.h"
#include "wal/segment.h"
#include "wal/wal.h"

static void read_all(struct wal *w, const struct wal_found *f)
{
    struct buf got = {0};
    struct slice rest;
    struct entry e;
    uint64_t at = runs_next(&f->log, f->log.floor > f->trimmed ? f->log.floor : f->trimmed);

    if (at != 0) {
        COORD_ASSERT(wal_read(w, at, runs_last(&f->log), SIZE_MAX, &got) == 0);
        for (rest = buf_slice(&got); entry_next(&rest, &e) == 0; at = runs_next(&f->log, at))
            COORD_ASSERT(e.zxid == at);
        COORD_ASSERT(rest.size == 0 && at == 0);
    }
    buf_deinit(&got);
}

static void go_on(struct fs *fs, struct wal_options *o, const struct wal_start *start, struct wal *w, struct wal_found *f)
{
    uint64_t next = zxid_make(zxid_epoch(runs_last(&f->log)) + 1, 1);
    struct buf why = {0};

    if (runs_can_append(&f->log, next)) {
        struct batch *b = kit_batch(next, 2, 10, 1);
        COORD_ASSERT(wal_append(w, 9, b, 0, 2) == 0 && wal_sync(w) == 0);
        batch_unref(b);
        next++;
    } else {
        next = runs_last(&f->log);
    }
    wal_close(w);
    o->boot++;
    COORD_ASSERT(wal_open(fs, o, start, &w, f, &why) == 0 && wal_last(w) == next);
    read_all(w, f);
    wal_close(w);
    buf_deinit(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fake_fs *fake = fake_fs_new();
    struct fs *fs = fake_fs_fs(fake);
    uint32_t flags = fuzz_u8(&in), place = fuzz_u8(&in) * 8;
    struct wal_options o = {
        .dir = FUZZ_DIR, .server = 1, .incarnation = 7, .boot = 1000, .segment_bytes = FUZZ_SEGMENT_BYTES, .segments_ahead = 1};
    struct wal_start start = {.first = 1, .vouched = flags & 2 ? position_make(1, SEGMENT_HEADER_BYTES + place) : 0};
    struct wal_found found;
    struct buf why = {0};
    struct wal *w;

    log_set_level(LOG_LEVEL_ERROR + 1);
    fs_make_dir(fs, FUZZ_DIR);
    for (uint32_t i = 1; in.left > 0 && i < 5; i++)
        fuzz_lay_segment(fs, i, fuzz_take(&in, fuzz_u16(&in)), flags & 1);
    if (wal_open(fs, &o, &start, &w, &found, &why) == 0) {
        COORD_ASSERT(runs_invalid(&found.log) == NULL && wal_last(w) == runs_last(&found.log));
        COORD_ASSERT(wal_synced(w) >= start.vouched); /* what was durable once is there, or refused */
        read_all(w, &found);
        go_on(fs, &o, &start, w, &found);
    } else {
        COORD_ASSERT(buf_size(&why) > 0);
    }
    buf_deinit(&why);
    fake_fs_free(fake);
    return 0;
}
