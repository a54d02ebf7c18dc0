/* wal_bench.c - see wal_bench.h. */
#include "unit/wal_bench.h"

#include "base/alloc.h"
#include "base/log.h"
#include "lib/runner.h"

#include <stdio.h>
#include <string.h>

struct bench *bench_new_sized(uint64_t segment_bytes, uint32_t segments_ahead)
{
    struct bench *b = coord_alloc_zero(1, sizeof(*b));

    log_set_level(LOG_LEVEL_ERROR); /* torn batches are told with a line */
    b->fake = fake_fs_new();
    b->options = (struct wal_options){
        .dir = "d", .server = 1, .incarnation = 7, .boot = 1, .segment_bytes = segment_bytes, .segments_ahead = segments_ahead};
    b->start = (struct wal_start){.first = 1};
    fs_make_dir(fake_fs_fs(b->fake), "d");
    REQUIRE(wal_create(fake_fs_fs(b->fake), &b->options, 1, &b->why) == 0);
    REQUIRE(wal_open(fake_fs_fs(b->fake), &b->options, &b->start, &b->wal, &b->found, &b->why) == 0);
    return b;
}

struct bench *bench_new(void)
{
    return bench_new_sized(4096, 2);
}

int bench_reopen(struct bench *b)
{
    if (b->wal != NULL)
        wal_close(b->wal);
    b->wal = NULL;
    b->options.boot++;
    buf_clear(&b->why);
    return wal_open(fake_fs_fs(b->fake), &b->options, &b->start, &b->wal, &b->found, &b->why);
}

void bench_free(struct bench *b)
{
    if (b->wal != NULL)
        wal_close(b->wal);
    buf_deinit(&b->why);
    fake_fs_free(b->fake);
    coord_free(b);
}

struct batch *bench_batch(uint64_t first, uint32_t count, size_t size)
{
    struct entry e = {.kind = ENTRY_NOOP};
    uint8_t *body = coord_alloc(size);
    struct buf encoded = {0};
    struct batch *batch;

    memset(body, (int)(first & 0xff), size);
    e.body = slice_make(body, size);
    for (uint32_t i = 0; i < count; i++) {
        e.zxid = first + i;
        entry_append(&encoded, &e);
    }
    batch = batch_new(buf_slice(&encoded));
    buf_deinit(&encoded);
    coord_free(body);
    return batch;
}

int bench_append(struct bench *b, uint64_t first, uint32_t count, size_t size)
{
    struct batch *batch = bench_batch(first, count, size);
    int rc = wal_append(b->wal, 9, batch, 0, count);

    batch_unref(batch);
    return rc;
}

int bench_read(struct bench *b, uint64_t from, uint64_t to, size_t max, uint64_t *first, uint64_t *last)
{
    struct buf got = {0};
    struct entry e;
    int rc = wal_read(b->wal, from, to, max, &got), count = 0;
    struct slice rest = buf_slice(&got);

    CHECK(rc == 0 || rest.size == 0);
    *first = *last = 0;
    while (rc == 0 && entry_next(&rest, &e) == 0) {
        *first = count++ == 0 ? e.zxid : *first;
        *last = e.zxid;
    }
    buf_deinit(&got);
    return rc < 0 ? rc : count;
}

const char *bench_why(const struct bench *b)
{
    return buf_size(&b->why) == 0 ? "" : (const char *)buf_bytes(&b->why);
}

static const char *path_of(const char *name)
{
    static char path[200];

    snprintf(path, sizeof(path), "d/%s", name);
    return path;
}

void bench_put(struct bench *b, const char *name, struct slice content)
{
    struct fs *fs = fake_fs_fs(b->fake);
    struct fs_file *file;

    REQUIRE(fs_open(fs, path_of(name), FS_WRITE | FS_CREATE, &file) == 0);
    CHECK(fs_truncate(fs, file, 0) == 0 && fs_write(fs, file, 0, content.data, content.size) == 0 && fs_sync(fs, file) == 0 &&
          fs_sync_dir(fs, "d") == 0);
    fs_close(fs, file);
}

struct buf bench_content(struct bench *b, const char *name)
{
    struct buf content = {0};

    CHECK_EQ_INT(fs_read_file(fake_fs_fs(b->fake), path_of(name), &content, 1 << 24), 0, "%s", name);
    return content;
}

bool bench_has(struct bench *b, const char *name)
{
    struct fs_file *file;

    if (fs_open(fake_fs_fs(b->fake), path_of(name), FS_READ, &file) != 0)
        return false;
    fs_close(fake_fs_fs(b->fake), file);
    return true;
}
