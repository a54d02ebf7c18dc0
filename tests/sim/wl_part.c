/* wl_part.c - requests as records, and the parts of a multi; see wl.h. */
#include "sim/wl.h"

static void header(struct buf *body, int32_t opcode, bool done)
{
    jute_append(body, &jute_multi_header, &(struct zk_multi_header){opcode, done, -1});
}

static void append_create(struct buf *body, int32_t opcode, const char *path, struct slice data, int32_t flags, int64_t ttl,
                          const struct ck_acl *acl, uint32_t own)
{
    struct zk_create_ttl_request q = {.path = slice_from_text(path), .data = data, .flags = flags, .ttl = ttl};
    struct buf items = {0};

    ck_acl_append(&items, &q.acl, acl, own);
    if (opcode == ZK_OP_CREATE_TTL)
        jute_append(body, &jute_create_ttl_request, &q);
    else
        jute_append(body, &jute_create_request, &(struct zk_create_request){q.path, q.data, q.acl, q.flags});
    buf_deinit(&items);
}

void part_create(struct buf *body, int32_t opcode, const char *path, struct slice data, int32_t flags)
{
    header(body, opcode, false);
    append_create(body, opcode, path, data, flags, 0, &CK_ACL_OPEN, 0);
}

void part_create_ttl(struct buf *body, const char *path, int32_t flags, int64_t ttl)
{
    header(body, ZK_OP_CREATE_TTL, false);
    append_create(body, ZK_OP_CREATE_TTL, path, SLICE_NULL, flags, ttl, &CK_ACL_OPEN, 0);
}

void part_delete(struct buf *body, const char *path, int32_t version)
{
    header(body, ZK_OP_DELETE, false);
    jute_append(body, &jute_delete_request, &(struct zk_delete_request){slice_from_text(path), version});
}

void part_set(struct buf *body, const char *path, struct slice data, int32_t version)
{
    header(body, ZK_OP_SET_DATA, false);
    jute_append(body, &jute_set_data_request, &(struct zk_set_data_request){slice_from_text(path), data, version});
}

void part_check(struct buf *body, const char *path, int32_t version)
{
    header(body, ZK_OP_CHECK, false);
    jute_append(body, &jute_check_request, &(struct zk_check_request){slice_from_text(path), version});
}

void part_check_not_exists(struct buf *body, const char *path, int32_t version)
{
    header(body, ZK_OP_CHECK_NOT_EXISTS, false);
    jute_append(body, &jute_check_request, &(struct zk_check_request){slice_from_text(path), version});
}

void part_check_stat(struct buf *body, const char *path, int32_t version, int32_t children)
{
    struct zk_check_stat_request q = {.path = slice_from_text(path),
                                      .expected = -1,
                                      .czxid = -1,
                                      .mzxid = -1,
                                      .ctime = -1,
                                      .mtime = -1,
                                      .version = version,
                                      .cversion = -1,
                                      .aversion = -1,
                                      .ephemeral_owner = -1,
                                      .data_length = -1,
                                      .num_children = children,
                                      .pzxid = -1};

    header(body, ZK_OP_CHECK_STAT, false);
    jute_append(body, &jute_check_stat_request, &q);
}

void part_try_remove(struct buf *body, const char *path, int32_t version)
{
    header(body, ZK_OP_TRY_REMOVE, false);
    jute_append(body, &jute_delete_request, &(struct zk_delete_request){slice_from_text(path), version});
}

void part_remove_recursive(struct buf *body, const char *path, int32_t limit)
{
    header(body, ZK_OP_REMOVE_RECURSIVE, false);
    jute_append(body, &jute_limit_request, &(struct zk_limit_request){slice_from_text(path), limit});
}

void part_read(struct buf *body, int32_t opcode, const char *path)
{
    header(body, opcode, false);
    jute_append(body, &jute_path_watch_request, &(struct zk_path_watch_request){slice_from_text(path), false});
}

void part_end(struct buf *body)
{
    header(body, -1, true);
}

void wl_create(struct sim *s, struct client *c, int32_t opcode, const char *path, int32_t flags, const struct ck_acl *acl)
{
    struct buf body = {0};

    append_create(&body, opcode, path, SLICE_NULL, flags, 0, acl, c->who);
    client_send(s, c, opcode, path, &body);
}

void wl_create_ttl(struct sim *s, struct client *c, const char *path, int32_t flags, int64_t ttl)
{
    struct buf body = {0};

    append_create(&body, ZK_OP_CREATE_TTL, path, SLICE_NULL, flags, ttl, &CK_ACL_OPEN, 0);
    client_send(s, c, ZK_OP_CREATE_TTL, path, &body);
}

void wl_set_acl(struct sim *s, struct client *c, const char *path, const struct ck_acl *acl, int32_t version)
{
    struct zk_set_acl_request q = {.path = slice_from_text(path), .version = version};
    struct buf body = {0}, items = {0};

    ck_acl_append(&items, &q.acl, acl, c->who);
    jute_append(&body, &jute_set_acl_request, &q);
    client_send(s, c, ZK_OP_SET_ACL, path, &body);
    buf_deinit(&items);
}
