/* format.c - head and names of snapshot files, and what is left over of them; see snapshot.h. */
#include "snapshot/snapshot.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define SKIPPABLE_MAGIC 0x184D2A5Cu
#define SNAPSHOT_MAGIC "COORDSNP"
#define SNAPSHOT_VERSION 1u
#define SNAPSHOT_SEED 0x434f4f5244534e50u
#define ZXID_DIGITS 16

enum { BODY_AT = 8, CHECKSUM_AT = 64 };

void snapshot_head_encode(uint8_t to[SNAPSHOT_HEAD_BYTES], const struct snapshot_meta *m)
{
    put_le32(to, SKIPPABLE_MAGIC);
    put_le32(to + 4, SNAPSHOT_HEAD_BYTES - BODY_AT);
    memcpy(to + BODY_AT, SNAPSHOT_MAGIC, 8);
    put_le32(to + 16, SNAPSHOT_VERSION);
    put_le32(to + 20, m->server);
    put_le64(to + 24, m->cluster);
    put_le64(to + 32, m->zxid);
    put_le64(to + 40, m->digest);
    put_le64(to + 48, m->image_bytes);
    put_le64(to + 56, m->frame_bytes);
    put_le64(to + CHECKSUM_AT, hash_bytes(to + BODY_AT, CHECKSUM_AT - BODY_AT, SNAPSHOT_SEED));
}

int snapshot_head_decode(struct slice from, struct snapshot_meta *m)
{
    const uint8_t *at = from.data;

    if (from.size < SNAPSHOT_HEAD_BYTES || get_le32(at) != SKIPPABLE_MAGIC ||
        get_le32(at + 4) != SNAPSHOT_HEAD_BYTES - BODY_AT || memcmp(at + BODY_AT, SNAPSHOT_MAGIC, 8) != 0)
        return -COORD_E_DAMAGED;
    if (get_le64(at + CHECKSUM_AT) != hash_bytes(at + BODY_AT, CHECKSUM_AT - BODY_AT, SNAPSHOT_SEED))
        return -COORD_E_DAMAGED;
    if (get_le32(at + 16) != SNAPSHOT_VERSION)
        return -COORD_E_FORMAT;
    *m = (struct snapshot_meta){
        .server = get_le32(at + 20),
        .cluster = get_le64(at + 24),
        .zxid = get_le64(at + 32),
        .digest = get_le64(at + 40),
        .image_bytes = get_le64(at + 48),
        .frame_bytes = get_le64(at + 56),
    };
    return 0;
}

void snapshot_name(char to[SNAPSHOT_NAME_BYTES], uint64_t zxid)
{
    snprintf(to, SNAPSHOT_NAME_BYTES, "snapshot.%016llx.lz4", (unsigned long long)zxid);
}

bool snapshot_name_parse(const char *name, uint64_t *zxid)
{
    char again[SNAPSHOT_NAME_BYTES];
    unsigned long long value;

    if (strlen(name) != strlen("snapshot.") + ZXID_DIGITS + strlen(".lz4") || sscanf(name, "snapshot.%16llx.lz4", &value) != 1)
        return false;
    snapshot_name(again, value);
    *zxid = value;
    return strcmp(name, again) == 0;
}

void snapshot_path(char to[SNAPSHOT_PATH_BYTES], const char *dir, uint64_t zxid)
{
    char name[SNAPSHOT_NAME_BYTES];

    snapshot_name(name, zxid);
    snprintf(to, SNAPSHOT_PATH_BYTES, "%s/%s", dir, name);
}

struct cleaning {
    const uint64_t *kept;
    uint32_t count;
    struct buf names; /* to remove, each with its zero byte */
};

static void note_name(void *context, const char *name)
{
    struct cleaning *c = context;
    uint64_t zxid;
    bool remove = strcmp(name, "snapshot.tmp") == 0 || strcmp(name, "snapshot.in.tmp") == 0;

    if (snapshot_name_parse(name, &zxid)) {
        remove = true;
        for (uint32_t i = 0; i < c->count; i++)
            remove = remove && c->kept[i] != zxid;
    }
    if (remove)
        buf_append(&c->names, name, strlen(name) + 1);
}

int snapshot_clean(struct fs *fs, const char *dir, const uint64_t *kept, uint32_t count)
{
    struct cleaning c = {.kept = kept, .count = count};
    int rc = fs_list(fs, dir, note_name, &c);

    while (rc == 0 && buf_size(&c.names) > 0) {
        char path[SNAPSHOT_PATH_BYTES];
        const char *name = (const char *)buf_bytes(&c.names);
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        rc = fs_remove(fs, path);
        buf_consume(&c.names, strlen(name) + 1);
    }
    buf_deinit(&c.names);
    return rc;
}
