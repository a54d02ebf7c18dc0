/* entry.c - log entries to and from bytes; entry.h has the table of offsets. */
#include "wire/entry.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"

/* Offsets of the table in entry.h. */
enum {
    AT_LENGTH = 0,
    AT_VERSION = 4,
    AT_KIND = 5,
    AT_AUTH_LENGTH = 6,
    AT_ZXID = 8,
    AT_WALL_MS = 16,
    AT_CLUSTER_MS = 24,
    AT_RANDOM = 32,
    AT_SESSION = 48,
    AT_XID = 56,
    AT_ATTACH = 60,
    AT_OP = 64,
    AT_ORIGIN_SERVER = 68,
    AT_ORIGIN_INCARNATION = 72,
    AT_ORIGIN_BOOT = 80,
    AT_RESERVED = 84,
    AT_ORIGIN_NUMBER = 88,
};

size_t entry_size(const struct entry *e)
{
    return ENTRY_HEADER_BYTES + e->auth.size + e->body.size;
}

void entry_append(struct buf *b, const struct entry *e)
{
    size_t size = entry_size(e);
    uint8_t *to = buf_reserve(b, size);

    COORD_ASSERT(size <= ENTRY_BYTES_MAX && e->auth.size <= UINT16_MAX && e->version <= ENTRY_VERSION_MAX);
    put_le32(to + AT_LENGTH, (uint32_t)size);
    to[AT_VERSION] = e->version > 1 ? e->version : 1;
    to[AT_KIND] = (uint8_t)e->kind;
    put_le16(to + AT_AUTH_LENGTH, (uint16_t)e->auth.size);
    entry_stamp(to, e->zxid, e->wall_ms, e->cluster_ms, e->random);
    put_le64(to + AT_SESSION, e->session);
    put_le32(to + AT_XID, (uint32_t)e->xid);
    put_le32(to + AT_ATTACH, e->attach);
    put_le32(to + AT_OP, (uint32_t)e->op);
    put_le32(to + AT_ORIGIN_SERVER, e->origin.server);
    put_le64(to + AT_ORIGIN_INCARNATION, e->origin.incarnation);
    put_le32(to + AT_ORIGIN_BOOT, e->origin.boot);
    put_le32(to + AT_RESERVED, 0);
    put_le64(to + AT_ORIGIN_NUMBER, e->origin.number);
    if (e->auth.size > 0)
        memcpy(to + ENTRY_HEADER_BYTES, e->auth.data, e->auth.size);
    if (e->body.size > 0)
        memcpy(to + ENTRY_HEADER_BYTES + e->auth.size, e->body.data, e->body.size);
    buf_commit(b, size);
}

bool entry_next_auth(struct slice *auth, struct slice *id)
{
    size_t size;

    if (auth->size < 2)
        return false;
    size = get_le16(auth->data);
    if (size > auth->size - 2)
        return false;
    *id = slice_make(auth->data + 2, size);
    *auth = slice_make(auth->data + 2 + size, auth->size - 2 - size);
    return true;
}

static bool auth_adds_up(struct slice auth)
{
    struct slice id;

    while (entry_next_auth(&auth, &id))
        ;
    return auth.size == 0;
}

/* Length of the entry at the front of s, 0 when it is malformed. */
static size_t entry_length(struct slice s)
{
    const uint8_t *at = s.data;
    size_t size;

    if (s.size < ENTRY_HEADER_BYTES)
        return 0;
    size = get_le32(at + AT_LENGTH);
    if (size < ENTRY_HEADER_BYTES || size > ENTRY_BYTES_MAX || size > s.size)
        return 0;
    if (at[AT_VERSION] == 0 || at[AT_VERSION] > ENTRY_VERSION_MAX || at[AT_KIND] == 0 || at[AT_KIND] > ENTRY_KIND_MAX ||
        get_le32(at + AT_RESERVED) != 0)
        return 0;
    return get_le16(at + AT_AUTH_LENGTH) <= size - ENTRY_HEADER_BYTES ? size : 0;
}

int entry_next(struct slice *s, struct entry *e)
{
    const uint8_t *at = s->data;
    size_t size, auth_size;

    if (s->size == 0)
        return 1;
    size = entry_length(*s);
    if (size == 0)
        return -COORD_E_DAMAGED;
    auth_size = get_le16(at + AT_AUTH_LENGTH);
    e->auth = slice_make(at + ENTRY_HEADER_BYTES, auth_size);
    if (!auth_adds_up(e->auth))
        return -COORD_E_DAMAGED;
    e->body = slice_make(at + ENTRY_HEADER_BYTES + auth_size, size - ENTRY_HEADER_BYTES - auth_size);
    e->kind = (enum entry_kind)at[AT_KIND];
    e->version = at[AT_VERSION];
    e->zxid = get_le64(at + AT_ZXID);
    e->wall_ms = (int64_t)get_le64(at + AT_WALL_MS);
    e->cluster_ms = (int64_t)get_le64(at + AT_CLUSTER_MS);
    memcpy(e->random, at + AT_RANDOM, ENTRY_RANDOM_BYTES);
    e->session = get_le64(at + AT_SESSION);
    e->xid = (int32_t)get_le32(at + AT_XID);
    e->attach = get_le32(at + AT_ATTACH);
    e->op = (int32_t)get_le32(at + AT_OP);
    e->origin.server = get_le32(at + AT_ORIGIN_SERVER);
    e->origin.incarnation = get_le64(at + AT_ORIGIN_INCARNATION);
    e->origin.boot = get_le32(at + AT_ORIGIN_BOOT);
    e->origin.number = get_le64(at + AT_ORIGIN_NUMBER);
    *s = slice_make(at + size, s->size - size);
    return 0;
}

void entry_stamp(uint8_t *encoded, uint64_t zxid, int64_t wall_ms, int64_t cluster_ms, const uint8_t random[ENTRY_RANDOM_BYTES])
{
    put_le64(encoded + AT_ZXID, zxid);
    put_le64(encoded + AT_WALL_MS, (uint64_t)wall_ms);
    put_le64(encoded + AT_CLUSTER_MS, (uint64_t)cluster_ms);
    memcpy(encoded + AT_RANDOM, random, ENTRY_RANDOM_BYTES);
}
