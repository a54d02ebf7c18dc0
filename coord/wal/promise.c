/* promise.c - the two promise files; see promise.h. */
#include "wal/promise.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/seeded.h"

#include <stdio.h>
#include <string.h>

#define PROMISE_MAGIC "COORDPRM"
#define PROMISE_VERSION 1u
#define PROMISE_SEED 0x434f4f524450524du
#define PATH_BYTES 4096

void promise_encode(uint8_t to[PROMISE_BYTES], const struct promise *p)
{
    memset(to, 0, PROMISE_BYTES);
    memcpy(to, PROMISE_MAGIC, 8);
    put_le32(to + 8, PROMISE_VERSION);
    put_le32(to + 12, p->server);
    put_le64(to + 16, p->incarnation);
    put_le32(to + 24, p->boot);
    put_le64(to + 32, p->cluster);
    put_le64(to + 40, p->generation);
    put_le32(to + 56, p->promised_epoch);
    put_le32(to + 60, p->promised_server);
    put_le32(to + 64, p->promised_boot);
    put_le32(to + 68, p->accepted);
    put_le64(to + 72, p->promised_incarnation);
    put_le64(to + 80, p->synced);
    put_le64(to + 88, p->synced_zxid);
    put_le64(to + 120, hash_bytes(to, 120, PROMISE_SEED));
}

int promise_decode(struct slice from, struct promise *p)
{
    const uint8_t *at = from.data;

    if (from.size != PROMISE_BYTES || memcmp(at, PROMISE_MAGIC, 8) != 0)
        return -COORD_E_DAMAGED;
    if (get_le64(at + 120) != hash_bytes(at, 120, PROMISE_SEED))
        return -COORD_E_DAMAGED;
    if (get_le32(at + 8) != PROMISE_VERSION)
        return -COORD_E_FORMAT;
    *p = (struct promise){
        .server = get_le32(at + 12),
        .incarnation = get_le64(at + 16),
        .boot = get_le32(at + 24),
        .cluster = get_le64(at + 32),
        .generation = get_le64(at + 40),
        .promised_epoch = get_le32(at + 56),
        .promised_server = get_le32(at + 60),
        .promised_boot = get_le32(at + 64),
        .accepted = get_le32(at + 68),
        .promised_incarnation = get_le64(at + 72),
        .synced = get_le64(at + 80),
        .synced_zxid = get_le64(at + 88),
    };
    return 0;
}

static void promise_path(char path[PATH_BYTES], const char *dir, uint32_t which)
{
    snprintf(path, PATH_BYTES, "%s/promise.%u", dir, which);
}

static int read_one(struct fs *fs, const char *dir, uint32_t which, struct promise *p)
{
    struct buf content = {0};
    char path[PATH_BYTES];
    int rc;

    promise_path(path, dir, which);
    rc = fs_read_file(fs, path, &content, PROMISE_BYTES);
    if (rc == 0)
        rc = promise_decode(buf_slice(&content), p);
    else if (rc == -COORD_E_LIMIT)
        rc = -COORD_E_DAMAGED;
    buf_deinit(&content);
    return rc;
}

static bool lost(int rc)
{
    return rc == -COORD_E_NO_ENTRY || rc == -COORD_E_DAMAGED;
}

/* One that the system does not let us read may be whole: then nothing is lost, and the start can be tried again. */
static int neither_whole(const char *dir, const int rc[PROMISE_FILES], struct buf *why)
{
    buf_printf(why, "%s/promise.0 (%s) and promise.1 (%s): what this server promised %s, so it must not vote", dir,
               coord_error_text(rc[0]), coord_error_text(rc[1]), lost(rc[0]) && lost(rc[1]) ? "is lost" : "cannot be read");
    for (uint32_t i = 0; i < PROMISE_FILES; i++)
        if (!lost(rc[i]))
            return rc[i];
    return rc[0] == rc[1] && rc[0] == -COORD_E_NO_ENTRY ? -COORD_E_MISSING : -COORD_E_DAMAGED;
}

int promise_read(struct fs *fs, const char *dir, struct promise *p, uint32_t *bad, struct buf *why)
{
    struct promise found[PROMISE_FILES];
    int rc[PROMISE_FILES];
    uint32_t newest = PROMISE_FILES;

    *bad = 0;
    for (uint32_t i = 0; i < PROMISE_FILES; i++) {
        rc[i] = read_one(fs, dir, i, &found[i]);
        if (rc[i] == -COORD_E_FORMAT) {
            buf_printf(why, "%s/promise.%u: written by another version of coordd", dir, i);
            return rc[i];
        }
        if (rc[i] != 0)
            (*bad)++;
        else if (newest == PROMISE_FILES || found[i].generation > found[newest].generation)
            newest = i;
    }
    if (newest < PROMISE_FILES) {
        *p = found[newest];
        p->write_first = (newest + 1) % PROMISE_FILES;
        return 0;
    }
    return neither_whole(dir, rc, why);
}

static int write_one(struct fs *fs, const char *dir, uint32_t which, const uint8_t content[PROMISE_BYTES])
{
    struct fs_file *file;
    char path[PATH_BYTES];
    int64_t size;
    int rc;

    promise_path(path, dir, which);
    COORD_TRY(fs_open(fs, path, FS_WRITE | FS_CREATE, &file));
    size = fs_size(fs, file);
    rc = size < 0 ? (int)size : fs_write(fs, file, 0, content, PROMISE_BYTES);
    if (rc == 0 && size > PROMISE_BYTES)
        rc = fs_truncate(fs, file, PROMISE_BYTES);
    if (rc == 0 && !SEEDED(promise_not_synced))
        rc = fs_sync(fs, file);
    fs_close(fs, file);
    if (rc == 0 && size == 0) /* new, perhaps */
        rc = fs_sync_dir(fs, dir);
    return rc;
}

int promise_settle(struct fs *fs, const char *dir, const struct promise *p)
{
    uint8_t content[PROMISE_BYTES];

    promise_encode(content, p);
    return write_one(fs, dir, (p->write_first + 1) % PROMISE_FILES, content);
}

int promise_write(struct fs *fs, const char *dir, struct promise *p)
{
    uint8_t content[PROMISE_BYTES];

    p->generation++;
    promise_encode(content, p);
    COORD_TRY(write_one(fs, dir, p->write_first, content));
    p->write_first = (p->write_first + 1) % PROMISE_FILES;
    return write_one(fs, dir, p->write_first, content);
}
