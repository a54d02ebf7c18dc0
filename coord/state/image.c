/* image.c - encoding and decoding of image records. Pure.
 *
 * Bodies (bytes):
 *   HEADER   8 "coordimg", u32 version, u32 origins, u64 zxid, i64 wall_ms, i64 cluster_ms, u64 form zxid (0: not formed)
 *   FORM     as in the FORM entry
 *   ORIGIN   u32 server, u32 boot, u64 incarnation, u64 number
 *   SESSION  u64 id, 16 password, u32 time-out ms, u32 attach, u32 server, u32 length of the last result (0 in version 1)
 *   NODE     u32 index, u32 parent, u64 czxid, mzxid, pzxid, ctime, mtime, owner, i32 version, aversion, u32 creates,
 *            u32 ACL entries, u32 ACL bytes, u32 name bytes, u32 data bytes (0xffffffff: null), i64 since, then ACL, name, data
 *   SETTINGS as in the SETTINGS entry, without text
 *   TRAILER  u64 nodes, u64 sessions, u64 digest
 */
#include "state/image.h"

#include "base/bytes.h"

#include <string.h>

enum {
    HEADER_BYTES = 48,
    ORIGIN_BYTES = 24,
    SESSION_BYTES = 40,
    NODE_BYTES = 92,
    TRAILER_BYTES = 24,
};
#define DATA_NULL UINT32_MAX

static const char magic[8] = {'c', 'o', 'o', 'r', 'd', 'i', 'm', 'g'};

/* Room for a record with a body of `size`, of which the caller writes all; returns where the body starts. */
static uint8_t *start(struct buf *to, enum image_type type, size_t size)
{
    uint8_t *at = buf_reserve(to, IMAGE_PREFIX_BYTES + size);

    put_le32(at, (uint32_t)(1 + size));
    at[4] = (uint8_t)type;
    buf_commit(to, IMAGE_PREFIX_BYTES + size);
    return at + IMAGE_PREFIX_BYTES;
}

void image_append_header(struct buf *to, const struct image_header *h)
{
    uint8_t *at = start(to, IMAGE_HEADER, HEADER_BYTES);

    memcpy(at, magic, sizeof(magic));
    put_le32(at + 8, IMAGE_VERSION);
    put_le32(at + 12, h->origins);
    put_le64(at + 16, h->zxid);
    put_le64(at + 24, (uint64_t)h->wall_ms);
    put_le64(at + 32, (uint64_t)h->cluster_ms);
    put_le64(at + 40, h->form_zxid);
}

bool image_decode_header(struct slice body, struct image_header *h)
{
    const uint8_t *at = body.data;

    if (body.size != HEADER_BYTES || memcmp(at, magic, sizeof(magic)) != 0 || get_le32(at + 8) != IMAGE_VERSION)
        return false;
    *h = (struct image_header){
        .zxid = get_le64(at + 16),
        .wall_ms = (int64_t)get_le64(at + 24),
        .cluster_ms = (int64_t)get_le64(at + 32),
        .form_zxid = get_le64(at + 40),
        .origins = get_le32(at + 12),
    };
    return true;
}

void image_append_form(struct buf *to, const struct form *f)
{
    struct buf body = {0};

    form_append(&body, f);
    memcpy(start(to, IMAGE_FORM, buf_size(&body)), buf_bytes(&body), buf_size(&body));
    buf_deinit(&body);
}

void image_append_settings(struct buf *to, const struct settings *s)
{
    struct settings flags = {s->enforce_quota, SLICE_NULL};
    struct buf body = {0};

    settings_append(&body, &flags);
    memcpy(start(to, IMAGE_SETTINGS, buf_size(&body)), buf_bytes(&body), buf_size(&body));
    buf_deinit(&body);
}

void image_append_origin(struct buf *to, const struct origin *o)
{
    uint8_t *at = start(to, IMAGE_ORIGIN, ORIGIN_BYTES);

    put_le32(at, o->server);
    put_le32(at + 4, o->boot);
    put_le64(at + 8, o->incarnation);
    put_le64(at + 16, o->number);
}

bool image_decode_origin(struct slice body, struct origin *o)
{
    if (body.size != ORIGIN_BYTES)
        return false;
    *o = (struct origin){get_le32(body.data), get_le32(body.data + 4), get_le64(body.data + 8), get_le64(body.data + 16)};
    return o->server != 0;
}

void image_append_session(struct buf *to, const struct session *s)
{
    uint8_t *at = start(to, IMAGE_SESSION, SESSION_BYTES);

    put_le64(at, s->id);
    memcpy(at + 8, s->password, sizeof(s->password));
    put_le32(at + 24, s->timeout_ms);
    put_le32(at + 28, s->attach);
    put_le32(at + 32, s->server);
    put_le32(at + 36, 0);
}

bool image_decode_session(struct slice body, struct session *s)
{
    const uint8_t *at = body.data;

    if (body.size != SESSION_BYTES || get_le32(at + 36) != 0)
        return false;
    s->id = get_le64(at);
    memcpy(s->password, at + 8, sizeof(s->password));
    s->timeout_ms = get_le32(at + 24);
    s->attach = get_le32(at + 28);
    s->server = get_le32(at + 32);
    return true;
}

void image_append_node(struct buf *to, const struct image_node *n)
{
    size_t size = NODE_BYTES + n->acl.items.size + n->name.size;
    uint8_t *at = buf_reserve(to, IMAGE_PREFIX_BYTES + size);

    put_le32(at, (uint32_t)(1 + size + n->data.size));
    at[4] = IMAGE_NODE;
    buf_commit(to, IMAGE_PREFIX_BYTES + size);
    at += IMAGE_PREFIX_BYTES;
    put_le32(at, n->index);
    put_le32(at + 4, n->parent);
    put_le64(at + 8, n->czxid);
    put_le64(at + 16, n->mzxid);
    put_le64(at + 24, n->pzxid);
    put_le64(at + 32, (uint64_t)n->ctime);
    put_le64(at + 40, (uint64_t)n->mtime);
    put_le64(at + 48, n->owner);
    put_le32(at + 56, (uint32_t)n->version);
    put_le32(at + 60, (uint32_t)n->aversion);
    put_le32(at + 64, n->creates);
    put_le32(at + 68, (uint32_t)n->acl.count);
    put_le32(at + 72, (uint32_t)n->acl.items.size);
    put_le32(at + 76, (uint32_t)n->name.size);
    put_le32(at + 80, slice_is_null(n->data) ? DATA_NULL : (uint32_t)n->data.size);
    put_le64(at + 84, (uint64_t)n->since_ms);
    memcpy(at + NODE_BYTES, n->acl.items.data, n->acl.items.size);
    if (n->name.size > 0)
        memcpy(at + NODE_BYTES + n->acl.items.size, n->name.data, n->name.size);
}

bool image_decode_node(struct slice body, struct image_node *n)
{
    const uint8_t *at = body.data, *tail = body.data + NODE_BYTES;
    uint64_t acl_size, name_size, data_size;

    if (body.size < NODE_BYTES || get_le32(at + 68) > INT32_MAX)
        return false;
    acl_size = get_le32(at + 72);
    name_size = get_le32(at + 76);
    data_size = get_le32(at + 80) == DATA_NULL ? 0 : get_le32(at + 80);
    if (acl_size + name_size + data_size != body.size - NODE_BYTES)
        return false;
    *n = (struct image_node){
        .index = get_le32(at),
        .parent = get_le32(at + 4),
        .czxid = get_le64(at + 8),
        .mzxid = get_le64(at + 16),
        .pzxid = get_le64(at + 24),
        .ctime = (int64_t)get_le64(at + 32),
        .mtime = (int64_t)get_le64(at + 40),
        .owner = get_le64(at + 48),
        .version = (int32_t)get_le32(at + 56),
        .aversion = (int32_t)get_le32(at + 60),
        .creates = get_le32(at + 64),
        .since_ms = (int64_t)get_le64(at + 84),
        .acl = {(int32_t)get_le32(at + 68), slice_make(tail, acl_size)},
        .name = slice_make(tail + acl_size, name_size),
        .data = get_le32(at + 80) == DATA_NULL ? SLICE_NULL : slice_make(tail + acl_size + name_size, data_size),
    };
    return true;
}

void image_append_trailer(struct buf *to, const struct image_trailer *t)
{
    uint8_t *at = start(to, IMAGE_TRAILER, TRAILER_BYTES);

    put_le64(at, t->nodes);
    put_le64(at + 8, t->sessions);
    put_le64(at + 16, t->digest);
}

bool image_decode_trailer(struct slice body, struct image_trailer *t)
{
    if (body.size != TRAILER_BYTES)
        return false;
    *t = (struct image_trailer){get_le64(body.data), get_le64(body.data + 8), get_le64(body.data + 16)};
    return true;
}
