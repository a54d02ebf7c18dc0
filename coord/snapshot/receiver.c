/* receiver.c - a peer's snapshot file arrives in pieces; and how any snapshot gets its name. See snapshot.h. */
#include "snapshot/publish.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>

struct snapshot_receiver {
    struct fs *fs;
    const char *dir;
    struct fs_file *file;
    uint64_t offset;
};

void snapshot_discard(struct fs *fs, const char *dir, const char *temporary)
{
    char path[SNAPSHOT_PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", dir, temporary);
    (void)fs_remove(fs, path);
}

static int publish(struct fs *fs, const char *dir, const char *temporary, uint64_t zxid, uint64_t cluster,
                   struct snapshot_meta *meta)
{
    char from[SNAPSHOT_PATH_BYTES], to[SNAPSHOT_PATH_BYTES];

    snprintf(from, sizeof(from), "%s/%s", dir, temporary);
    snapshot_path(to, dir, zxid);
    COORD_TRY(snapshot_verify(fs, from, meta));
    if (meta->zxid != zxid)
        return -COORD_E_DAMAGED;
    if (cluster != 0 && meta->cluster != cluster)
        return -COORD_E_FOREIGN;
    COORD_TRY(fs_rename(fs, from, to));
    return fs_sync_dir(fs, dir);
}

int snapshot_publish(struct fs *fs, const char *dir, const char *temporary, uint64_t zxid, uint64_t cluster,
                     struct snapshot_meta *meta)
{
    int rc = publish(fs, dir, temporary, zxid, cluster, meta);

    if (rc < 0)
        snapshot_discard(fs, dir, temporary);
    return rc;
}

int snapshot_receiver_open(struct fs *fs, const char *dir, struct snapshot_receiver **receiver)
{
    struct snapshot_receiver *r = coord_alloc_zero(1, sizeof(*r));
    char path[SNAPSHOT_PATH_BYTES];
    int rc;

    r->fs = fs;
    r->dir = dir;
    snprintf(path, sizeof(path), "%s/%s", dir, SNAPSHOT_IN_TMP);
    rc = fs_open(fs, path, FS_READ | FS_WRITE | FS_CREATE, &r->file);
    if (rc == 0)
        rc = fs_truncate(fs, r->file, 0);
    if (rc < 0) {
        snapshot_receiver_abort(r);
        return rc;
    }
    *receiver = r;
    return 0;
}

int snapshot_receiver_feed(struct snapshot_receiver *r, uint64_t offset, struct slice bytes)
{
    if (offset != r->offset)
        return -COORD_E_INVALID;
    r->offset += bytes.size;
    return fs_write(r->fs, r->file, offset, bytes.data, bytes.size);
}

static void receiver_free(struct snapshot_receiver *r)
{
    if (r->file != NULL)
        fs_close(r->fs, r->file);
    coord_free(r);
}

int snapshot_receiver_commit(struct snapshot_receiver *r, uint64_t zxid, uint64_t cluster, struct snapshot_meta *meta,
                             uint64_t *size)
{
    int rc = fs_sync(r->fs, r->file);

    if (rc == 0)
        rc = snapshot_publish(r->fs, r->dir, SNAPSHOT_IN_TMP, zxid, cluster, meta);
    else
        snapshot_discard(r->fs, r->dir, SNAPSHOT_IN_TMP);
    *size = r->offset;
    receiver_free(r);
    return rc;
}

void snapshot_receiver_abort(struct snapshot_receiver *r)
{
    snapshot_discard(r->fs, r->dir, SNAPSHOT_IN_TMP);
    receiver_free(r);
}
