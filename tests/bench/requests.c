/* requests.c - encoding of coordbench's frames with the server's own field tables. */
#include "bench/requests.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "wire/jute.h"
#include "wire/zk.h"

#include <stdio.h>

#define REPLY_HEADER_BYTES 16
#define MULTI_HEADER_BYTES 9
#define NEW_PATH "/coordbench/new/n"
#define CREATE_REPLY_BYTES (4 + (uint32_t)sizeof(NEW_PATH "0123456789") - 1)

static size_t frame_open(struct buf *b, int32_t xid, enum zk_op op)
{
    struct zk_request_header header = {.xid = xid, .type = op};
    size_t at = buf_size(b);

    buf_append(b, "\0\0\0", 4);
    jute_append(b, &jute_request_header, &header);
    return at;
}

static void frame_close(struct buf *b, size_t at)
{
    put_be32(buf_bytes(b) + at, (uint32_t)(buf_size(b) - at - 4));
}

static void append_create_record(struct buf *b, const char *path, struct slice data, int32_t flags)
{
    uint8_t acl_bytes[64];
    struct zk_acl anyone = {.perms = ZK_PERM_ALL, .scheme = SLICE_LITERAL("world"), .id = SLICE_LITERAL("anyone")};
    size_t acl_size = (size_t)(jute_encode(acl_bytes, &jute_acl, &anyone) - acl_bytes);
    struct zk_create_request create = {
        .path = slice_from_text(path), .data = data, .acl = {1, slice_make(acl_bytes, acl_size)}, .flags = flags};

    jute_append(b, &jute_create_request, &create);
}

static void append_create(struct buf *b, int32_t xid, const char *path, struct slice data, int32_t flags)
{
    size_t at = frame_open(b, xid, ZK_OP_CREATE);

    append_create_record(b, path, data, flags);
    frame_close(b, at);
}

static void append_multi(struct buf *b, struct slice data)
{
    struct zk_multi_header header = {.type = ZK_OP_CREATE, .err = -1}, end = {.type = -1, .done = true, .err = -1};
    size_t at = frame_open(b, 0, ZK_OP_MULTI);

    for (uint32_t i = 0; i < BENCH_MULTI_CREATES; i++) {
        jute_append(b, &jute_multi_header, &header);
        append_create_record(b, NEW_PATH, data, ZK_PERSISTENT_SEQUENTIAL);
    }
    jute_append(b, &jute_multi_header, &end);
    frame_close(b, at);
}

static void append_get(struct buf *b, const char *path)
{
    struct zk_path_watch_request get = {.path = slice_from_text(path), .watch = false};
    size_t at = frame_open(b, 0, ZK_OP_GET_DATA);

    jute_append(b, &jute_path_watch_request, &get);
    frame_close(b, at);
}

static void append_set(struct buf *b, const char *path, struct slice data)
{
    struct zk_set_data_request set = {.path = slice_from_text(path), .data = data, .version = ZK_VERSION_ANY};
    size_t at = frame_open(b, 0, ZK_OP_SET_DATA);

    jute_append(b, &jute_set_data_request, &set);
    frame_close(b, at);
}

/* Takes the buffer's memory. All of its `count` frames have one size. */
static struct bench_frames take(struct buf *b, uint32_t count, uint32_t reply_size)
{
    return (struct bench_frames){b->data, (uint32_t)(buf_size(b) / count), count, reply_size};
}

void bench_requests_init(struct bench_requests *r, const struct bench_options *o)
{
    struct buf get = {0}, set = {0}, create_key = {0}, create = {0}, multi = {0};
    uint8_t *value = coord_alloc(o->size);
    struct slice data = slice_make(value, o->size);
    uint32_t path_size = 0;
    char path[64];

    memset(value, 'v', o->size);
    for (uint32_t i = 0; i < o->keys; i++) {
        path_size = (uint32_t)snprintf(path, sizeof(path), "/coordbench/k%06u", i);
        append_get(&get, path);
        append_set(&set, path, data);
        append_create(&create_key, 0, path, data, ZK_PERSISTENT);
    }
    append_create(&create, 0, NEW_PATH, data, ZK_PERSISTENT_SEQUENTIAL);
    append_multi(&multi, data);
    r->get = take(&get, o->keys, REPLY_HEADER_BYTES + 4 + o->size + ZK_STAT_BYTES);
    r->set = take(&set, o->keys, REPLY_HEADER_BYTES + ZK_STAT_BYTES);
    r->create_key = take(&create_key, o->keys, REPLY_HEADER_BYTES + 4 + path_size);
    r->create = take(&create, 1, REPLY_HEADER_BYTES + CREATE_REPLY_BYTES);
    r->multi = take(&multi, 1,
                    REPLY_HEADER_BYTES + BENCH_MULTI_CREATES * (MULTI_HEADER_BYTES + CREATE_REPLY_BYTES) + MULTI_HEADER_BYTES);
    coord_free(value);
}

void bench_requests_deinit(struct bench_requests *r)
{
    coord_free(r->get.bytes);
    coord_free(r->set.bytes);
    coord_free(r->create_key.bytes);
    coord_free(r->create.bytes);
    coord_free(r->multi.bytes);
}

void bench_append_connect(struct buf *b, int32_t timeout_ms)
{
    static const uint8_t password[ZK_PASSWORD_BYTES];
    struct zk_connect_request connect = {.timeout = timeout_ms, .password = slice_make(password, sizeof(password))};
    size_t at = buf_size(b);

    buf_append(b, "\0\0\0", 4);
    jute_append(b, &jute_connect_request, &connect);
    buf_append(b, "\0", 1); /* not read-only */
    frame_close(b, at);
}

void bench_append_create(struct buf *b, int32_t xid, const char *path)
{
    append_create(b, xid, path, SLICE_LITERAL(""), ZK_PERSISTENT);
}

void bench_append_sync(struct buf *b, int32_t xid)
{
    struct zk_path_request sync = {.path = SLICE_LITERAL("/")};
    size_t at = frame_open(b, xid, ZK_OP_SYNC);

    jute_append(b, &jute_path_request, &sync);
    frame_close(b, at);
}

void bench_append_close(struct buf *b, int32_t xid)
{
    frame_close(b, frame_open(b, xid, ZK_OP_CLOSE_SESSION));
}
