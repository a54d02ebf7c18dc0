/* fuzz_store.c - a start on a directory whose files were harmed, all kinds of them together. First byte:
 *
 * even   one of three good directories (an orderly stop of a server at work), and harm done to it: a byte of what, a byte of
 *        which file, and what it takes (below). The start is refused, again and again, or everything is there that was, and
 *        work goes on; a snapshot may turn out to be bad only when it is read.
 * odd    files as the input says: manifest and promise files raw or by fields, segments raw or with checksums made to hold,
 *        snapshots raw or packed. A start that is not refused reads back what it says, takes an append, and is found again.
 */
#include "base/assert.h"
#include "base/error.h"
#include "base/log.h"
#include "base/zxid.h"
#include "fuzz/fuzz.h"
#include "fuzz/good_dir.h"
#include "snapshot/snapshot.h"
#include "state/state.h"
#include "store/manifest.h"
#include "wal/promise.h"
#include "wal/segment.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 32, NAME_BYTES = 40, CONTENT_MAX = 1 << 20, SEGMENTS = 8, SNAPSHOTS = 3 };

/* ---- good directories ---- */

static struct world *good[GOOD_DIRS];

struct names {
    char name[NAMES_MAX][NAME_BYTES];
    uint32_t count;
};

static void note(void *context, const char *name)
{
    struct names *n = context;

    COORD_ASSERT(n->count < NAMES_MAX && strlen(name) < NAME_BYTES);
    strcpy(n->name[n->count++], name);
}

static void harm(struct world *w, const struct names *n, struct fuzz_in *in)
{
    uint32_t what = fuzz_u8(in) % 7;
    const char *name = n->name[fuzz_u8(in) % n->count], *other;
    struct buf content = {0};
    char path[64], to[64];
    uint32_t at;

    world_path(path, name);
    if (fs_read_file(world_fs(w), path, &content, CONTENT_MAX) < 0)
        return; /* it went before */
    at = fuzz_u16(in) % ((uint32_t)buf_size(&content) + 1);
    if (what == 0 && at < buf_size(&content)) {
        buf_bytes(&content)[at] ^= (uint8_t)fuzz_u8(in);
    } else if (what == 1 || what == 2) { /* overwritten, or cut there and something put behind */
        struct slice bytes = fuzz_take(in, fuzz_u8(in));
        size_t room = buf_size(&content) - at;
        if (what == 1 && bytes.size > 0)
            memcpy(buf_bytes(&content) + at, bytes.data, bytes.size < room ? bytes.size : room);
        if (what == 2) {
            buf_truncate(&content, at);
            buf_append(&content, bytes.data, bytes.size);
        }
    } else if (what == 3) { /* zeros */
        uint32_t size = fuzz_u16(in) % ((uint32_t)buf_size(&content) - at + 1);
        if (size > 0)
            memset(buf_bytes(&content) + at, 0, size);
    } else if (what == 4) {
        fs_remove(world_fs(w), path);
    } else if (what == 5) { /* another file's content */
        buf_clear(&content);
        world_path(path, n->name[at % n->count]);
        (void)fs_read_file(world_fs(w), path, &content, CONTENT_MAX);
    } else if (what == 6) { /* another name */
        other = n->name[at % n->count];
        world_path(to, other);
        fs_rename(world_fs(w), path, to);
    }
    if (what != 4 && what != 6)
        world_put(w, name, buf_slice(&content));
    buf_deinit(&content);
}

static bool snapshots_are_whole(struct world *w)
{
    struct manifest m;
    struct snapshot_meta meta;
    char path[SNAPSHOT_PATH_BYTES];

    if (manifest_read(world_fs(w), KIT_DIR, &m) != 0)
        return false;
    for (uint32_t i = 0; i < m.snapshot_count; i++) {
        snapshot_path(path, KIT_DIR, m.snapshot[i]);
        if (snapshot_verify(world_fs(w), path, &meta) != 0)
            return false;
    }
    return true;
}

static void note_coord(void *context, const char *name)
{
    bool *any = context;

    *any |= strcmp(name, "lock") != 0;
}

static void start_harmed(struct world *w, bool whole)
{
    bool stopped, any = false;
    const char *why, *text;
    int rc;

    fs_list(world_fs(w), KIT_DIR, note_coord, &any);
    why = world_start(w, &stopped);
    if (w->store == NULL) {
        rc = w->err;
        COORD_ASSERT(why[0] != '\0' && world_open(w, &text) == rc && text[0] != '\0');
    } else if (any && (why == NULL || whole)) { /* else nothing was left: a wiped disk starts as a new server */
        COORD_ASSERT(why == NULL && !w->recovered.fresh);
        COORD_ASSERT(world_append(w, false, 2, 80) && world_promise(w));
        world_crash(w, NULL, FAKE_FS_LOSE);
        COORD_ASSERT(world_start(w, &stopped) == NULL);
    }
}

static void harmed(unsigned kind, struct fuzz_in *in)
{
    struct names n = {.count = 0};
    struct world *w;

    if (good[kind] == NULL)
        good[kind] = good_dir(kind);
    w = world_clone(good[kind]);
    fs_list(world_fs(w), KIT_DIR, note, &n);
    while (in->left > 0)
        harm(w, &n, in);
    start_harmed(w, snapshots_are_whole(w));
    world_free(w);
}

/* ---- directories as the input says ---- */

static uint64_t small_zxid(struct fuzz_in *in)
{
    uint32_t epoch = fuzz_u8(in), counter = fuzz_u8(in);

    return zxid_make(epoch, counter);
}

static void lay_manifest(struct fs *fs, struct fuzz_in *in)
{
    struct buf bytes = {0};
    uint32_t how = fuzz_u8(in);
    struct manifest m;

    if (how % 8 == 0)
        return;
    if (how % 2 == 0) {
        fuzz_lay(fs, MANIFEST_NAME, fuzz_take(in, fuzz_u16(in)), 0);
        return;
    }
    memset(&m, 0, sizeof(m));
    m.server = 1;
    m.incarnation = fuzz_u8(in) % 4 == 3 ? 8 : 77;
    m.cluster = fuzz_u8(in) % 3 * 9;
    m.generation = fuzz_u8(in);
    m.state = (enum manifest_state)(how >> 4 == 1 ? MANIFEST_MAKING : MANIFEST_IN_USE);
    m.first_segment = fuzz_u8(in);
    m.base = small_zxid(in);
    m.snapshot_count = fuzz_u8(in) % (SNAPSHOTS + 1);
    for (uint32_t i = 0; i < m.snapshot_count; i++)
        m.snapshot[i] = small_zxid(in);
    manifest_encode(&bytes, &m);
    fuzz_lay(fs, MANIFEST_NAME, buf_slice(&bytes), 0);
    buf_deinit(&bytes);
}

static void lay_promise(struct fs *fs, const char *name, struct fuzz_in *in)
{
    uint8_t bytes[PROMISE_BYTES];
    uint32_t how = fuzz_u8(in), sequence, place;
    struct promise p;

    if (how % 8 == 0)
        return;
    if (how % 2 == 0) {
        fuzz_lay(fs, name, fuzz_take(in, fuzz_u16(in)), 0);
        return;
    }
    p = (struct promise){.server = 1, .boot = 1 + fuzz_u8(in) * 4};
    p.incarnation = fuzz_u8(in) % 4 == 3 ? 8 : 77;
    p.cluster = fuzz_u8(in) % 3 * 9;
    p.generation = fuzz_u8(in);
    p.promised_epoch = fuzz_u8(in);
    p.accepted = fuzz_u8(in);
    sequence = fuzz_u8(in);
    place = fuzz_u16(in);
    p.synced = how >> 4 == 0 ? 0 : position_make(sequence, place);
    p.synced_zxid = small_zxid(in);
    promise_encode(bytes, &p);
    fuzz_lay(fs, name, slice_make(bytes, sizeof(bytes)), 0);
}

static void lay_snapshot(struct fs *fs, struct fuzz_in *in)
{
    uint32_t how = fuzz_u8(in);
    struct snapshot_meta meta = {.server = 1, .cluster = how & 2 ? 9 : 0, .digest = fuzz_u8(in)};
    char name[SNAPSHOT_NAME_BYTES];
    struct snapshot_writer *w;
    struct slice bytes;
    uint64_t size;

    meta.zxid = small_zxid(in);
    bytes = fuzz_take(in, fuzz_u16(in));
    if (how & 1) {
        COORD_ASSERT(snapshot_writer_open(fs, FUZZ_DIR, &meta, &w) == 0 && snapshot_writer_feed(w, bytes) == 0 &&
                     snapshot_writer_commit(w, &size) == 0);
        return;
    }
    snapshot_name(name, meta.zxid);
    fuzz_lay(fs, name, bytes, 0);
}

static void read_back(struct store *s, const struct store_recovered *r, uint64_t base)
{
    const struct runs *log = &r->paxos.log;
    struct job load = {.type = JOB_LOAD, .zxid = r->snapshot_zxid};
    uint64_t at = runs_next(log, log->floor > base ? log->floor : base);
    struct buf got = {0};

    COORD_ASSERT(runs_invalid(log) == NULL);
    while (at != 0) {
        struct slice rest;
        struct entry e;
        buf_clear(&got);
        COORD_ASSERT(kit_read(s, at, runs_last(log), &got) == 0 && buf_size(&got) > 0);
        for (rest = buf_slice(&got); entry_next(&rest, &e) == 0; at = runs_next(log, at))
            COORD_ASSERT(e.zxid == at);
        COORD_ASSERT(rest.size == 0);
    }
    buf_deinit(&got);
    store_run(s, &load);
    COORD_ASSERT((load.err == 0) == (load.state != NULL));
    if (load.state != NULL)
        state_free(load.state);
}

static void start_laid(struct fs *fs)
{
    struct store_options options = kit_options();
    struct store_recovered r, again;
    struct manifest m;
    struct store *s;
    const char *text;
    int rc = store_open(fs, &options, &s, &r, &text);

    if (rc < 0) {
        COORD_ASSERT(text[0] != '\0');
        COORD_ASSERT(store_open(fs, &options, &s, &again, &text) == rc);
        return;
    }
    COORD_ASSERT(manifest_read(fs, KIT_DIR, &m) == 0);
    read_back(s, &r, m.base);
    uint64_t last = runs_last(&r.paxos.log), next = zxid_make(zxid_epoch(last) + 1, 1);
    if (zxid_epoch(last) < UINT32_MAX && runs_can_append(&r.paxos.log, next)) {
        COORD_ASSERT(kit_append(s, next, 2, 30, 1) == 0);
        last = next + 1;
    }
    COORD_ASSERT(kit_promise(s, r.paxos.promised.epoch + 1) == 0);
    store_close(s);
    COORD_ASSERT(store_open(fs, &options, &s, &again, &text) == 0);
    COORD_ASSERT(again.boot == r.boot + 1 && again.incarnation == r.incarnation && !again.fresh);
    COORD_ASSERT(runs_last(&again.paxos.log) == last && again.paxos.promised.epoch == r.paxos.promised.epoch + 1);
    COORD_ASSERT(again.paxos.accepted == r.paxos.accepted && again.snapshot_zxid == r.snapshot_zxid);
    read_back(s, &again, m.base);
    store_close(s);
}

static void laid(struct fuzz_in *in)
{
    struct fake_fs *fake = fake_fs_new();
    struct fs *fs = fake_fs_fs(fake);
    uint32_t first = 1, seal;

    fs_make_dir(fs, FUZZ_DIR);
    lay_manifest(fs, in);
    lay_promise(fs, "promise.0", in);
    lay_promise(fs, "promise.1", in);
    seal = fuzz_u8(in);
    first = fuzz_u8(in);
    for (uint32_t i = 0, count = fuzz_u8(in) % (SEGMENTS + 1); i < count; i++)
        fuzz_lay_segment(fs, first + i, fuzz_take(in, fuzz_u16(in)), (seal >> i & 1) != 0);
    for (uint32_t i = 0, count = fuzz_u8(in) % (SNAPSHOTS + 1); i < count; i++)
        lay_snapshot(fs, in);
    start_laid(fs);
    fake_fs_free(fake);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    uint32_t what = fuzz_u8(&in);

    log_set_level(LOG_LEVEL_ERROR + 1);
    if (what % 2 == 0)
        harmed(what / 2 % GOOD_DIRS, &in);
    else
        laid(&in);
    return 0;
}

/* The good directories live as long as the program. */
__attribute__((destructor)) static void free_good(void)
{
    for (unsigned i = 0; i < GOOD_DIRS; i++)
        if (good[i] != NULL)
            world_free(good[i]);
}
