/* fuzz_files.c - promise files and manifest. First byte: 0 a promise file as it stands in the input, 1 the fields of two
 * promises, 2 a manifest as it stands there, 3 its fields: what can be read is written again and found. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "lib/fake_fs.h"
#include "store/manifest.h"
#include "wal/promise.h"

static void promises(struct fs *fs, struct fuzz_in *in, bool raw)
{
    uint8_t bytes[PROMISE_BYTES];
    struct promise p, again;
    uint32_t bad;
    struct buf why = {0};

    for (int i = 0; i < 2; i++) {
        fuzz_fill(in, &p, sizeof(p));
        promise_encode(bytes, &p);
        fuzz_lay(fs, i == 0 ? "promise.0" : "promise.1",
                 raw && i == 0 ? fuzz_take(in, in->left) : slice_make(bytes, sizeof(bytes)), 0);
    }
    if (promise_read(fs, FUZZ_DIR, &p, &bad, &why) == 0 && p.generation < UINT64_MAX) {
        COORD_ASSERT(promise_settle(fs, FUZZ_DIR, &p) == 0 && promise_write(fs, FUZZ_DIR, &p) == 0);
        COORD_ASSERT(promise_read(fs, FUZZ_DIR, &again, &bad, &why) == 0 && bad == 0 && again.generation == p.generation);
    }
    buf_deinit(&why);
}

static void manifests(struct fs *fs, struct fuzz_in *in, bool raw)
{
    struct manifest m;
    struct buf bytes = {0};
    uint64_t dropped[MANIFEST_SNAPSHOTS_MAX + 1];

    fuzz_fill(in, &m, raw ? 0 : sizeof(m));
    m.snapshot_count = raw ? 0 : m.snapshot_count % (MANIFEST_SNAPSHOTS_MAX + 1);
    manifest_encode(&bytes, &m);
    fuzz_lay(fs, MANIFEST_NAME, raw ? fuzz_take(in, in->left) : buf_slice(&bytes), 0);
    buf_deinit(&bytes);
    if (manifest_read(fs, FUZZ_DIR, &m) == 0 && m.generation < UINT64_MAX) {
        manifest_add_snapshot(&m, 1 + fuzz_u8(in), 2, dropped);
        COORD_ASSERT(manifest_write(fs, FUZZ_DIR, &m) == 0 && manifest_read(fs, FUZZ_DIR, &m) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fake_fs *fake = fake_fs_new();
    uint32_t what = fuzz_u8(&in);

    fs_make_dir(fake_fs_fs(fake), FUZZ_DIR);
    (what & 2 ? manifests : promises)(fake_fs_fs(fake), &in, what % 2 == 0);
    fake_fs_free(fake);
    return 0;
}
