/* form.c - the body of the entry that forms an ensemble (C15). */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "wire/entry.h"

#define FORM_HEADER_BYTES 16
#define FORM_VOTER_BYTES 16

static bool form_valid(const struct form *f)
{
    uint32_t before = 0;

    if (f->count < 1)
        return false;
    for (uint32_t i = 0; i < f->count; before = f->voter[i++].id)
        if (f->voter[i].id <= before)
            return false;
    return true;
}

void form_append(struct buf *b, const struct form *f)
{
    uint8_t *at;

    COORD_ASSERT(f->count <= FORM_VOTERS_MAX && form_valid(f));
    at = buf_reserve(b, FORM_HEADER_BYTES + f->count * FORM_VOTER_BYTES);
    put_le64(at, f->cluster);
    put_le32(at + 8, f->count);
    put_le32(at + 12, 0);
    for (uint32_t i = 0; i < f->count; i++) {
        uint8_t *voter = at + FORM_HEADER_BYTES + i * FORM_VOTER_BYTES;
        put_le32(voter, f->voter[i].id);
        put_le32(voter + 4, 0);
        put_le64(voter + 8, f->voter[i].incarnation);
    }
    buf_commit(b, FORM_HEADER_BYTES + f->count * FORM_VOTER_BYTES);
}

int form_decode(struct slice body, struct form *f)
{
    *f = (struct form){0};
    if (body.size < FORM_HEADER_BYTES || get_le32(body.data + 12) != 0)
        return -COORD_E_DAMAGED;
    f->cluster = get_le64(body.data);
    f->count = get_le32(body.data + 8);
    if (f->count > FORM_VOTERS_MAX || body.size != FORM_HEADER_BYTES + f->count * FORM_VOTER_BYTES)
        return -COORD_E_DAMAGED;
    for (uint32_t i = 0; i < f->count; i++) {
        const uint8_t *voter = body.data + FORM_HEADER_BYTES + i * FORM_VOTER_BYTES;
        if (get_le32(voter + 4) != 0)
            return -COORD_E_DAMAGED;
        f->voter[i].id = get_le32(voter);
        f->voter[i].incarnation = get_le64(voter + 8);
    }
    return form_valid(f) ? 0 : -COORD_E_DAMAGED;
}
