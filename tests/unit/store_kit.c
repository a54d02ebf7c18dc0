/* store_kit.c - see store_kit.h. */
#include "unit/store_kit.h"

#include "base/error.h"
#include "base/zxid.h"

#include <stdio.h>
#include <string.h>

void kit_entry(struct buf *b, uint64_t zxid, size_t size, unsigned salt)
{
    static uint8_t body[100000];
    struct entry e = {.kind = ENTRY_NOOP, .zxid = zxid, .wall_ms = (int64_t)salt};

    for (size_t i = 0; i < size; i++)
        body[i] = (uint8_t)(zxid * 31 + salt * 7 + i);
    e.body = slice_make(body, size);
    entry_append(b, &e);
}

struct batch *kit_batch(uint64_t first, uint32_t count, size_t size, unsigned salt)
{
    struct buf encoded = {0};
    struct batch *b;

    for (uint32_t i = 0; i < count; i++)
        kit_entry(&encoded, first + i, size, salt);
    b = batch_new(buf_slice(&encoded));
    buf_deinit(&encoded);
    return b;
}

struct store_options kit_options(void)
{
    return (struct store_options){.data_dir = KIT_DIR,
                                  .log_dir = KIT_DIR,
                                  .server = 1,
                                  .segment_bytes = 4096,
                                  .segments_ahead = 2,
                                  .snap_retain = 2,
                                  .fresh_incarnation = 77};
}

static int run(struct store *s, struct job *j)
{
    store_run(s, j);
    return j->err;
}

int kit_append(struct store *s, uint64_t first, uint32_t count, size_t size, unsigned salt)
{
    struct job_piece piece = {kit_batch(first, count, size, salt), 0, count};
    struct job j = {.type = JOB_PERSIST, .pieces = &piece, .piece_count = 1};
    int rc = run(s, &j);

    batch_unref(piece.batch);
    return rc;
}

int kit_cut(struct store *s, uint64_t zxid)
{
    struct job j = {.type = JOB_PERSIST, .persist = {.cut = true, .cut_after = zxid}};

    return run(s, &j);
}

int kit_promise(struct store *s, uint32_t epoch)
{
    struct job j = {.type = JOB_PERSIST,
                    .persist = {.set_promised = true, .promised = {.epoch = epoch, .server = 2, .boot = 3, .incarnation = 4}}};

    return run(s, &j);
}

int kit_accepted(struct store *s, uint32_t epoch)
{
    struct job j = {.type = JOB_PERSIST, .persist = {.set_accepted = true, .accepted = epoch}};

    return run(s, &j);
}

int kit_mark(struct store *s)
{
    struct job j = {.type = JOB_MARK};

    return run(s, &j);
}

int kit_snapshot(struct store *s, uint64_t zxid)
{
    struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = zxid, .cluster = 9, .digest = zxid};
    struct job chunk = {.type = JOB_SNAP_CHUNK, .zxid = zxid}, commit = {.type = JOB_SNAP_COMMIT, .zxid = zxid};
    int rc = run(s, &begin);

    for (int i = 0; i < 3 && rc == 0; i++) {
        kit_entry(&chunk.bytes, zxid + (uint64_t)i, 1000, 5);
        rc = run(s, &chunk);
    }
    buf_deinit(&chunk.bytes);
    return rc == 0 ? run(s, &commit) : rc;
}

int kit_trim(struct store *s, uint64_t zxid, uint64_t *trimmed)
{
    struct job j = {.type = JOB_TRIM, .zxid = zxid};
    int rc = run(s, &j);

    *trimmed = j.trimmed;
    return rc;
}

int kit_install(struct store *s, uint64_t zxid)
{
    struct job j = {.type = JOB_INSTALL, .zxid = zxid};

    return run(s, &j);
}

int kit_read(struct store *s, uint64_t first, uint64_t last, struct buf *to)
{
    struct job j = {.type = JOB_READ_LOG, .zxid = first, .last = last, .max_bytes = 3000};
    int rc = run(s, &j);

    buf_append(to, buf_bytes(&j.bytes), buf_size(&j.bytes));
    buf_deinit(&j.bytes);
    return rc;
}

/* The model. */

void kit_model_append(struct kit_model *m, uint64_t first, uint32_t count, size_t size, unsigned salt)
{
    for (uint32_t i = 0; i < count; i++) {
        m->zxid[m->count] = first + i;
        m->salt[m->count] = salt;
        m->size[m->count++] = size;
    }
}

void kit_model_cut(struct kit_model *m, uint64_t zxid)
{
    while (m->count > 0 && m->zxid[m->count - 1] > zxid)
        m->count--;
}

void kit_model_drop(struct kit_model *m, uint64_t zxid)
{
    uint32_t gone = 0;

    while (gone < m->count && m->zxid[gone] <= zxid)
        gone++;
    m->count -= gone;
    memmove(m->zxid, m->zxid + gone, m->count * sizeof(m->zxid[0]));
    memmove(m->salt, m->salt + gone, m->count * sizeof(m->salt[0]));
    memmove(m->size, m->size + gone, m->count * sizeof(m->size[0]));
    m->base = zxid;
}

static char text[200];

static const char *differs(const char *what, uint64_t zxid)
{
    snprintf(text, sizeof(text), "%s " ZXID_FMT, what, ZXID_ARG(zxid));
    return text;
}

const char *kit_model_differs(const struct kit_model *m, struct store *s, const struct runs *log, uint64_t trimmed)
{
    uint64_t last = m->count > 0 ? m->zxid[m->count - 1] : m->base;
    struct buf expected = {0}, got = {0};
    const char *why = NULL;
    uint32_t i = 0;

    if (runs_last(log) != last)
        return differs("another last entry than", last);
    while (i < m->count && m->zxid[i] <= trimmed)
        i++;
    while (i < m->count && why == NULL) {
        uint64_t first = m->zxid[i];
        size_t at = 0;
        buf_clear(&got);
        if (kit_read(s, first, last, &got) != 0 || buf_size(&got) == 0)
            why = differs("cannot read", first);
        while (why == NULL && at < buf_size(&got)) {
            buf_clear(&expected);
            kit_entry(&expected, m->zxid[i], m->size[i], m->salt[i]);
            if (m->zxid[i] > log->floor && !runs_hold(log, m->zxid[i]))
                why = differs("not in the shape", m->zxid[i]);
            if (i == m->count || at + buf_size(&expected) > buf_size(&got) ||
                memcmp(buf_bytes(&got) + at, buf_bytes(&expected), buf_size(&expected)) != 0)
                why = differs("other content", m->zxid[i]);
            at += buf_size(&expected);
            i++;
        }
    }
    buf_deinit(&expected);
    buf_deinit(&got);
    return why;
}
