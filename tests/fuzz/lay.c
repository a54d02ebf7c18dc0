/* lay.c - files made of fuzz input; see fuzz.h. */
#include "base/assert.h"
#include "base/bytes.h"
#include "fuzz/fuzz.h"
#include "wal/segment.h"

#include <stdio.h>
#include <string.h>

void fuzz_fill(struct fuzz_in *in, void *to, size_t size)
{
    struct slice s = fuzz_take(in, size);

    memset(to, 0, size);
    if (s.size > 0)
        memcpy(to, s.data, s.size);
}

void fuzz_lay(struct fs *fs, const char *name, struct slice content, size_t padded_size)
{
    static const uint8_t zeros[FUZZ_SEGMENT_BYTES];
    struct fs_file *file;
    char path[128];

    snprintf(path, sizeof(path), FUZZ_DIR "/%s", name);
    COORD_ASSERT(padded_size <= sizeof(zeros));
    COORD_ASSERT(fs_open(fs, path, FS_WRITE | FS_CREATE, &file) == 0);
    if (padded_size > 0)
        COORD_ASSERT(fs_write(fs, file, 0, zeros, padded_size) == 0);
    if (content.size > 0)
        COORD_ASSERT(fs_write(fs, file, 0, content.data, content.size) == 0);
    COORD_ASSERT(fs_sync(fs, file) == 0);
    fs_close(fs, file);
}

static struct record record_raw(const uint8_t *at, uint32_t body)
{
    return (struct record){.body.size = body,
                           .position = get_le64(at + 16),
                           .prev_end = get_le64(at + 24),
                           .synced = get_le64(at + 32),
                           .synced_zxid = get_le64(at + 40),
                           .prev_zxid = get_le64(at + 48),
                           .first = get_le64(at + 56),
                           .last = get_le64(at + 64),
                           .cluster = get_le64(at + 72),
                           .boot = get_le32(at + 80),
                           .kind = (enum record_kind)(get_le32(at + 84) & 7),
                           .count = get_le32(at + 88)};
}

static void seal_segment(uint8_t *bytes)
{
    struct segment_header h = {.server = get_le32(bytes + 12),
                               .incarnation = get_le64(bytes + 16),
                               .sequence = get_le32(bytes + 24),
                               .generation = get_le32(bytes + 28),
                               .bytes = get_le64(bytes + 32)};
    size_t at = SEGMENT_HEADER_BYTES;

    segment_encode(bytes, &h);
    while (at + RECORD_HEADER_BYTES <= FUZZ_SEGMENT_BYTES && record_begins(bytes + at)) {
        uint32_t body = get_le32(bytes + at + 12);
        struct record r = record_raw(bytes + at, body);
        if (body > FUZZ_SEGMENT_BYTES || at + record_size(body) > FUZZ_SEGMENT_BYTES)
            break;
        record_encode(bytes + at, &r, segment_key(&h));
        at += record_size(body);
    }
}

void fuzz_lay_segment(struct fs *fs, uint32_t sequence, struct slice content, bool seal)
{
    uint8_t bytes[FUZZ_SEGMENT_BYTES] = {0};
    char name[SEGMENT_NAME_BYTES];

    if (content.size > 0)
        memcpy(bytes, content.data, content.size < sizeof(bytes) ? content.size : sizeof(bytes));
    if (seal)
        seal_segment(bytes);
    segment_name(name, sequence);
    fuzz_lay(fs, name, slice_make(bytes, sizeof(bytes)), 0);
}
