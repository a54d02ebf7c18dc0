/* peer.c - messages between servers, to and from bytes: one loop over a table's fields each way.
 *
 * Encoding writes whole frames, because the split of a payload into fragments depends on the size of the fields before it.
 * Decoding takes the body of one frame and borrows its payload.
 */
#include "wire/peer.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "wire/peer_table.h"

#define FRAME_HEADER_BYTES 12 /* length, checksum */
#define BODY_HEADER_BYTES 4   /* type, flags, zero */
#define RUNS_HEADER_BYTES 12  /* floor, count */
#define RUN_BYTES 12

static size_t fields_size(const struct peer_table *table, const uint8_t *message)
{
    size_t size = 0;

    for (unsigned i = 0; i < table->count; i++) {
        const struct peer_field *f = &table->fields[i];
        if (f->kind == PEER_KIND_runs)
            size += RUNS_HEADER_BYTES + ((const struct runs *)(const void *)(message + f->offset))->count * RUN_BYTES;
        else
            size += f->kind == PEER_KIND_u32 ? 4 : 8;
    }
    return size;
}

static uint8_t *put_runs(uint8_t *to, const struct runs *r)
{
    COORD_ASSERT(runs_invalid(r) == NULL);
    put_le64(to, r->floor);
    put_le32(to + 8, r->count);
    to += RUNS_HEADER_BYTES;
    for (uint32_t i = 0; i < r->count; i++, to += RUN_BYTES) {
        put_le32(to, r->run[i].epoch);
        put_le32(to + 4, r->run[i].first);
        put_le32(to + 8, r->run[i].last);
    }
    return to;
}

static uint8_t *put_fields(uint8_t *to, const struct peer_table *table, const uint8_t *message)
{
    for (unsigned i = 0; i < table->count; i++) {
        const struct peer_field *f = &table->fields[i];
        const void *from = message + f->offset;

        switch ((enum peer_kind)f->kind) {
        case PEER_KIND_u32:
            put_le32(to, *(const uint32_t *)from);
            to += 4;
            break;
        case PEER_KIND_u64:
        case PEER_KIND_zxid:
        case PEER_KIND_hex:
            put_le64(to, *(const uint64_t *)from);
            to += 8;
            break;
        case PEER_KIND_runs:
            to = put_runs(to, from);
            break;
        }
    }
    return to;
}

static void append_frame(struct buf *b, const struct peer_msg *m, size_t head_size, struct slice payload, unsigned flags)
{
    size_t body_size = head_size + payload.size;
    uint8_t *frame = buf_reserve(b, FRAME_HEADER_BYTES + body_size);
    uint8_t *body = frame + FRAME_HEADER_BYTES;

    body[0] = (uint8_t)m->type;
    body[1] = (uint8_t)flags;
    put_le16(body + 2, 0);
    COORD_ASSERT(put_fields(body + BODY_HEADER_BYTES, peer_table(m->type), peer_fields(m)) == body + head_size);
    if (payload.size > 0)
        memcpy(body + head_size, payload.data, payload.size);
    put_le32(frame, (uint32_t)(body_size + FRAME_HEADER_BYTES - 4));
    put_le64(frame + 4, hash_bytes(body, body_size, PEER_FRAME_SEED));
    buf_commit(b, FRAME_HEADER_BYTES + body_size);
}

void peer_encode(struct buf *b, const struct peer_msg *m)
{
    const struct peer_table *table = peer_table(m->type);
    struct slice rest = m->payload;
    size_t head_size, room;

    COORD_ASSERT(table != NULL && (table->has_payload || rest.size == 0) && rest.size <= PEER_PAYLOAD_MAX);
    head_size = BODY_HEADER_BYTES + fields_size(table, peer_fields(m));
    room = PEER_FRAME_MAX - FRAME_HEADER_BYTES - head_size;
    while (rest.size > room) {
        append_frame(b, m, head_size, slice_make(rest.data, room), PEER_FLAG_MORE);
        rest = slice_make(rest.data + room, rest.size - room);
    }
    append_frame(b, m, head_size, rest, 0);
}

int peer_frame(struct slice in, size_t *frame_size, struct slice *body)
{
    size_t size;

    *frame_size = 0;
    if (in.size < 4)
        return 0;
    size = get_le32(in.data);
    if (size < FRAME_HEADER_BYTES - 4 + BODY_HEADER_BYTES || size > PEER_FRAME_MAX - 4)
        return -COORD_E_DAMAGED;
    if (in.size - 4 < size)
        return 0;
    *body = slice_make(in.data + FRAME_HEADER_BYTES, size - (FRAME_HEADER_BYTES - 4));
    if (hash_bytes(body->data, body->size, PEER_FRAME_SEED) != get_le64(in.data + 4))
        return -COORD_E_DAMAGED;
    *frame_size = size + 4;
    return 0;
}

/* The next size bytes; NULL when the body is too short. */
static const uint8_t *take(struct slice *s, size_t size)
{
    const uint8_t *at = s->data;

    if (s->size < size)
        return NULL;
    *s = slice_make(at + size, s->size - size);
    return at;
}

static bool take_runs(struct slice *s, struct runs *r)
{
    const uint8_t *at = take(s, RUNS_HEADER_BYTES);

    if (at == NULL || get_le32(at + 8) > RUNS_MAX)
        return false;
    r->floor = get_le64(at);
    r->count = get_le32(at + 8);
    at = take(s, r->count * RUN_BYTES);
    if (at == NULL)
        return false;
    for (uint32_t i = 0; i < r->count; i++, at += RUN_BYTES)
        r->run[i] = (struct run){get_le32(at), get_le32(at + 4), get_le32(at + 8)};
    return runs_invalid(r) == NULL;
}

static bool take_field(struct slice *s, enum peer_kind kind, void *to)
{
    const uint8_t *at;

    if (kind == PEER_KIND_runs)
        return take_runs(s, to);
    at = take(s, kind == PEER_KIND_u32 ? 4 : 8);
    if (at == NULL)
        return false;
    if (kind == PEER_KIND_u32)
        *(uint32_t *)to = get_le32(at);
    else
        *(uint64_t *)to = get_le64(at);
    return true;
}

int peer_decode(struct slice body, struct peer_msg *m, unsigned *flags)
{
    const uint8_t *head = take(&body, BODY_HEADER_BYTES);
    const struct peer_table *table = head != NULL ? peer_table(head[0]) : NULL;
    uint8_t *message = (uint8_t *)m + offsetof(struct peer_msg, hello);

    if (table == NULL || (head[1] & ~PEER_FLAG_MORE) != 0 || get_le16(head + 2) != 0)
        return -COORD_E_DAMAGED;
    memset(message, 0, table->struct_size);
    for (unsigned i = 0; i < table->count; i++)
        if (!take_field(&body, (enum peer_kind)table->fields[i].kind, message + table->fields[i].offset))
            return -COORD_E_DAMAGED;
    if (!table->has_payload && (body.size > 0 || head[1] != 0))
        return -COORD_E_DAMAGED;
    m->type = (enum peer_type)head[0];
    m->from = m->to = 0;
    m->payload = body;
    *flags = head[1];
    return 0;
}
