/* seeds_disk.c - segments, promise files and manifests. */
#include "base/zxid.h"
#include "fuzz/fuzz.h"
#include "fuzz/seeds.h"
#include "lib/fake_fs.h"
#include "store/manifest.h"
#include "unit/store_kit.h"
#include "wal/promise.h"
#include "wal/segment.h"
#include "wal/wal.h"

#include <stdio.h>
#include <string.h>

static void append(struct wal *w, uint32_t epoch, uint32_t first, uint32_t count, size_t size)
{
    struct batch *b = kit_batch(zxid_make(epoch, first), count, size, epoch);

    wal_append(w, 9, b, 0, count);
    wal_sync(w);
    batch_unref(b);
}

static void save_log(struct fs *fs, unsigned flags, unsigned place, const char *name)
{
    struct buf b = {0}, file = {0};
    char path[64], segment[SEGMENT_NAME_BYTES];

    seed_u8(&b, flags);
    seed_u8(&b, place);
    for (uint32_t i = 1; i < 4; i++) {
        segment_name(segment, i);
        snprintf(path, sizeof(path), FUZZ_DIR "/%s", segment);
        buf_clear(&file);
        if (fs_read_file(fs, path, &file, 1u << 20) < 0)
            break;
        size_t size = buf_size(&file);
        while (size > 0 && buf_bytes(&file)[size - 1] == 0)
            size--;
        seed_piece(&b, slice_make(buf_bytes(&file), size));
    }
    seed_save("wal", name, &b);
    buf_deinit(&file);
    buf_deinit(&b);
}

/* Five logs, each saved as it is and so that the target makes the checksums. */
static void save_wal(unsigned kind)
{
    struct fake_fs *fake = fake_fs_new();
    struct fs *fs = fake_fs_fs(fake);
    struct wal_options o = {
        .dir = FUZZ_DIR, .server = 1, .incarnation = 7, .boot = 1, .segment_bytes = FUZZ_SEGMENT_BYTES, .segments_ahead = 1};
    struct wal_start start = {.first = 1, .made = true};
    struct wal_found found;
    struct buf why = {0};
    struct wal *w;
    char name[64];

    fs_make_dir(fs, FUZZ_DIR);
    if (wal_create(fs, &o, 1, &why) < 0 || wal_open(fs, &o, &start, &w, &found, &why) < 0)
        return;
    if (kind > 0)
        append(w, 1, 1, 3, 20);
    if (kind > 1)
        append(w, 1, 4, 2, 100);
    if (kind == 2)
        wal_mark(w, 9);
    if (kind > 2) {
        wal_cut(w, 9, zxid_make(1, 4));
        append(w, 2, 1, 2, 0);
    }
    if (kind > 3)
        append(w, 3, 1, 20, 100);
    wal_sync(w);
    wal_close(w);
    for (unsigned flags = 0; flags < 4; flags++) {
        snprintf(name, sizeof(name), "log_%u_flags_%u", kind, flags);
        save_log(fs, flags, kind * 10, name);
    }
    buf_deinit(&why);
    fake_fs_free(fake);
}

void seeds_disk(void)
{
    struct promise p = {
        .server = 1, .boot = 2, .incarnation = 7, .cluster = 9, .generation = 3, .promised_epoch = 4, .accepted = 3};
    struct manifest m = {.server = 1,
                         .incarnation = 7,
                         .generation = 5,
                         .state = MANIFEST_IN_USE,
                         .first_segment = 2,
                         .snapshot_count = 2,
                         .snapshot = {5, 9}};
    uint8_t bytes[PROMISE_BYTES];
    struct buf b = {0};

    for (unsigned kind = 0; kind < 5; kind++)
        save_wal(kind);
    promise_encode(bytes, &p);
    seed_u8(&b, 0);
    buf_append(&b, &p, sizeof(p));
    buf_append(&b, bytes, sizeof(bytes));
    seed_save("files", "promise_raw", &b);
    seed_u8(&b, 1);
    buf_append(&b, &p, sizeof(p));
    p.generation++;
    buf_append(&b, &p, sizeof(p));
    seed_save("files", "promise_fields", &b);
    seed_u8(&b, 2);
    manifest_encode(&b, &m);
    seed_save("files", "manifest_raw", &b);
    seed_u8(&b, 3);
    buf_append(&b, &m, sizeof(m));
    seed_save("files", "manifest_fields", &b);
    buf_deinit(&b);
}
