/* settings.c - the body of the entry that says by which settings all servers go. */
#include "base/bytes.h"
#include "base/error.h"
#include "wire/entry.h"

#define SETTINGS_HEADER_BYTES 8
#define ENFORCE_QUOTA 1u

uint32_t settings_flags(const struct settings *s)
{
    return s->enforce_quota ? ENFORCE_QUOTA : 0;
}

void settings_append(struct buf *b, const struct settings *s)
{
    uint8_t *at = buf_reserve(b, SETTINGS_HEADER_BYTES);

    put_le32(at, settings_flags(s));
    put_le32(at + 4, 0);
    buf_commit(b, SETTINGS_HEADER_BYTES);
    buf_append(b, s->config.data, s->config.size);
}

int settings_decode(struct slice body, struct settings *s)
{
    if (body.size < SETTINGS_HEADER_BYTES || (get_le32(body.data) & ~ENFORCE_QUOTA) != 0 || get_le32(body.data + 4) != 0)
        return -COORD_E_DAMAGED;
    s->enforce_quota = (get_le32(body.data) & ENFORCE_QUOTA) != 0;
    s->config = slice_make(body.data + SETTINGS_HEADER_BYTES, body.size - SETTINGS_HEADER_BYTES);
    return 0;
}
