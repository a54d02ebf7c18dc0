/* manifest.c - see manifest.h. */
#include "store/manifest.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define MANIFEST_MAGIC "COORDMAN"
#define MANIFEST_VERSION 1u
#define MANIFEST_SEED 0x434f4f52444d414eu
#define HEAD_BYTES 64
#define PATH_BYTES 4096

void manifest_encode(struct buf *to, const struct manifest *m)
{
    size_t list = 8 * (size_t)m->snapshot_count, size = HEAD_BYTES + list + 8;
    uint8_t *at = buf_reserve(to, size);

    COORD_ASSERT(m->snapshot_count <= MANIFEST_SNAPSHOTS_MAX);
    memset(at, 0, size);
    memcpy(at, MANIFEST_MAGIC, 8);
    put_le32(at + 8, MANIFEST_VERSION);
    put_le32(at + 12, m->server);
    put_le64(at + 16, m->incarnation);
    put_le64(at + 24, m->cluster);
    put_le64(at + 32, m->generation);
    put_le32(at + 40, (uint32_t)m->state);
    put_le32(at + 44, m->first_segment);
    put_le64(at + 48, m->base);
    put_le32(at + 56, m->snapshot_count);
    for (uint32_t i = 0; i < m->snapshot_count; i++)
        put_le64(at + HEAD_BYTES + 8 * i, m->snapshot[i]);
    put_le64(at + size - 8, hash_bytes(at, size - 8, MANIFEST_SEED));
    buf_commit(to, size);
}

static int decode_fields(const uint8_t *at, struct manifest *m)
{
    *m = (struct manifest){
        .server = get_le32(at + 12),
        .incarnation = get_le64(at + 16),
        .cluster = get_le64(at + 24),
        .generation = get_le64(at + 32),
        .state = (enum manifest_state)get_le32(at + 40),
        .first_segment = get_le32(at + 44),
        .base = get_le64(at + 48),
        .snapshot_count = get_le32(at + 56),
    };
    for (uint32_t i = 0; i < m->snapshot_count; i++) {
        m->snapshot[i] = get_le64(at + HEAD_BYTES + 8 * i);
        if (m->snapshot[i] <= (i == 0 ? 0 : m->snapshot[i - 1]))
            return -COORD_E_DAMAGED;
    }
    return m->state == MANIFEST_MAKING || m->state == MANIFEST_IN_USE ? 0 : -COORD_E_DAMAGED;
}

int manifest_decode(struct slice from, struct manifest *m)
{
    const uint8_t *at = from.data;
    uint32_t count;

    if (from.size < HEAD_BYTES + 8 || from.size > MANIFEST_BYTES_MAX || memcmp(at, MANIFEST_MAGIC, 8) != 0)
        return -COORD_E_DAMAGED;
    if (get_le64(at + from.size - 8) != hash_bytes(at, from.size - 8, MANIFEST_SEED))
        return -COORD_E_DAMAGED;
    if (get_le32(at + 8) != MANIFEST_VERSION)
        return -COORD_E_FORMAT;
    count = get_le32(at + 56);
    if (count > MANIFEST_SNAPSHOTS_MAX || from.size != HEAD_BYTES + 8 * (size_t)count + 8)
        return -COORD_E_DAMAGED;
    return decode_fields(at, m);
}

int manifest_read(struct fs *fs, const char *dir, struct manifest *m)
{
    struct buf content = {0};
    char path[PATH_BYTES];
    int rc;

    snprintf(path, sizeof(path), "%s/%s", dir, MANIFEST_NAME);
    rc = fs_read_file(fs, path, &content, MANIFEST_BYTES_MAX);
    if (rc == 0)
        rc = manifest_decode(buf_slice(&content), m);
    else if (rc == -COORD_E_LIMIT)
        rc = -COORD_E_DAMAGED;
    buf_deinit(&content);
    return rc;
}

int manifest_write(struct fs *fs, const char *dir, struct manifest *m)
{
    struct buf content = {0};
    int rc;

    m->generation++;
    manifest_encode(&content, m);
    rc = fs_write_file_atomic(fs, dir, MANIFEST_NAME, buf_slice(&content));
    buf_deinit(&content);
    return rc;
}

uint32_t manifest_add_snapshot(struct manifest *m, uint64_t zxid, uint32_t retain, uint64_t *dropped)
{
    uint64_t all[MANIFEST_SNAPSHOTS_MAX + 1];
    uint32_t count = 0, from = 0, drop;

    COORD_ASSERT(retain >= 1);
    if (retain > MANIFEST_SNAPSHOTS_MAX)
        retain = MANIFEST_SNAPSHOTS_MAX;
    while (from < m->snapshot_count && m->snapshot[from] < zxid)
        all[count++] = m->snapshot[from++];
    all[count++] = zxid;
    if (from < m->snapshot_count && m->snapshot[from] == zxid)
        from++;
    while (from < m->snapshot_count)
        all[count++] = m->snapshot[from++];
    drop = count > retain ? count - retain : 0;
    memcpy(dropped, all, drop * sizeof(all[0]));
    m->snapshot_count = count - drop;
    memcpy(m->snapshot, all + drop, m->snapshot_count * sizeof(all[0]));
    return drop;
}
