/* seeds_dirs.c - harm to good directories, and those directories themselves, as fuzz_store takes them. */
#include "base/zxid.h"
#include "fuzz/good_dir.h"
#include "fuzz/seeds.h"
#include "store/manifest.h"
#include "wal/promise.h"
#include "wal/segment.h"

#include <stdio.h>

static struct buf b;

static struct buf file(struct world *w, const char *name)
{
    struct buf content = world_content(w, name);
    size_t size = buf_size(&content);

    while (size > 0 && buf_bytes(&content)[size - 1] == 0)
        size--;
    buf_truncate(&content, size);
    return content;
}

static void piece(struct world *w, const char *name)
{
    struct buf content = file(w, name);

    seed_piece(&b, buf_slice(&content));
    buf_deinit(&content);
}

static void promise_fields(unsigned accepted)
{
    static const unsigned fields[] = {0x11, 3, 0, 0, 5, 1, 0, 1, 64, 0, 0, 0};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        seed_u8(&b, i == 6 ? accepted : fields[i]);
}

static void manifest_fields(const struct manifest *m)
{
    const unsigned fields[] = {
        1, 0, (unsigned)(m->cluster / 9), 3, m->first_segment, zxid_epoch(m->base), zxid_counter(m->base)};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        seed_u8(&b, fields[i]);
    seed_u8(&b, m->snapshot_count);
    for (uint32_t i = 0; i < m->snapshot_count; i++) {
        seed_u8(&b, zxid_epoch(m->snapshot[i]));
        seed_u8(&b, zxid_counter(m->snapshot[i]));
    }
}

static void count_file(void *context, const char *name)
{
    uint32_t number;

    *(unsigned *)context += segment_name_parse(name, &number) ? 1 : 0;
}

/* fields: manifest and promise files by what stands in them; else as they are. */
static void save_dir(unsigned kind, bool fields)
{
    struct world *w = good_dir(kind);
    unsigned segments = 0;
    struct manifest m;
    char name[64];

    manifest_read(world_fs(w), KIT_DIR, &m);
    seed_u8(&b, 1);
    if (fields) {
        manifest_fields(&m);
        promise_fields(0);
        promise_fields(1);
    } else {
        const char *const files[] = {MANIFEST_NAME, "promise.0", "promise.1"};
        for (unsigned i = 0; i < 3; i++) {
            struct buf content = world_content(w, files[i]);
            seed_u8(&b, 2);
            seed_piece(&b, buf_slice(&content));
            buf_deinit(&content);
        }
    }
    fs_list(world_fs(w), KIT_DIR, count_file, &segments);
    segments = segments > 8 ? 8 : segments;
    seed_u8(&b, fields ? 255 : 0);
    seed_u8(&b, m.first_segment);
    seed_u8(&b, segments);
    for (uint32_t i = 0; i < segments; i++) {
        segment_name(name, m.first_segment + i);
        piece(w, name);
    }
    seed_u8(&b, m.snapshot_count);
    for (uint32_t i = 0; i < m.snapshot_count; i++) {
        seed_u8(&b, 0);
        seed_u8(&b, 0);
        seed_u8(&b, zxid_epoch(m.snapshot[i]));
        seed_u8(&b, zxid_counter(m.snapshot[i]));
        snprintf(name, sizeof(name), "snapshot.%016llx.lz4", (unsigned long long)m.snapshot[i]);
        piece(w, name);
    }
    snprintf(name, sizeof(name), "dir_%u_%s", kind, fields ? "fields" : "raw");
    seed_save("store", name, &b);
    world_free(w);
}

/* One harm of each kind to each of the first files. */
static void save_harm(unsigned kind, unsigned what)
{
    char name[64];

    for (unsigned i = 0; i < 10; i++) {
        seed_u8(&b, kind * 2);
        seed_u8(&b, what);
        seed_u8(&b, i);
        seed_u8(&b, 40 + 13 * i);
        seed_u8(&b, i % 3);
        seed_u8(&b, 4);
        seed_u8(&b, 1);
        seed_u8(&b, 2);
        seed_u8(&b, 3);
        seed_u8(&b, 4);
        snprintf(name, sizeof(name), "harm_%u_%u_file_%u", kind, what, i);
        seed_save("store", name, &b);
    }
}

void seeds_dirs(void)
{
    for (unsigned kind = 0; kind < GOOD_DIRS; kind++) {
        save_dir(kind, false);
        save_dir(kind, true);
    }
    for (unsigned what = 0; what < 7; what++)
        save_harm(2, what);
    buf_deinit(&b);
}
