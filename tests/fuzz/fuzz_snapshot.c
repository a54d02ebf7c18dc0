/* fuzz_snapshot.c - a snapshot file: first byte 0: as it stands in the input; 1: behind a head of the right length and
 * checksum; 2: the same with the image in the input, packed by the writer. What verifies also reads, and is loaded or refused.
 */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "lib/fake_fs.h"
#include "snapshot/snapshot.h"
#include "state/state.h"

#define PATH FUZZ_DIR "/s"

static void lay(struct fs *fs, struct fuzz_in *in, uint32_t how)
{
    struct snapshot_meta meta = {.server = 1, .cluster = 2, .zxid = 3, .image_bytes = fuzz_u16(in)};
    struct buf file = {0};
    struct snapshot_writer *w;
    uint64_t size;

    if (how == 2) {
        COORD_ASSERT(snapshot_writer_open(fs, FUZZ_DIR, &meta, &w) == 0);
        COORD_ASSERT(snapshot_writer_feed(w, fuzz_take(in, in->left)) == 0 && snapshot_writer_commit(w, &size) == 0);
        COORD_ASSERT(fs_rename(fs, FUZZ_DIR "/snapshot.0000000000000003.lz4", PATH) == 0);
        return;
    }
    meta.frame_bytes = in->left;
    if (how == 1) {
        snapshot_head_encode(buf_reserve(&file, SNAPSHOT_HEAD_BYTES), &meta);
        buf_commit(&file, SNAPSHOT_HEAD_BYTES);
    }
    buf_append(&file, in->at, in->left);
    fuzz_lay(fs, "s", buf_slice(&file), 0);
    buf_deinit(&file);
}

static void load(struct fs *fs)
{
    struct state_loader *l = state_loader_new();
    struct snapshot_reader *r;
    struct snapshot_meta meta;
    struct state *s = NULL;
    struct slice piece;
    int rc, fed = 0;

    COORD_ASSERT(snapshot_reader_open(fs, PATH, &meta, &r) == 0);
    while ((rc = snapshot_reader_next(r, &piece)) == 1)
        fed = fed < 0 ? fed : state_loader_feed(l, piece);
    COORD_ASSERT(rc == 0);
    if (fed == 0 && state_loader_finish(l, &s) == 0)
        state_free(s);
    snapshot_reader_close(r);
    state_loader_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct fake_fs *fake = fake_fs_new();
    struct snapshot_meta meta;

    fs_make_dir(fake_fs_fs(fake), FUZZ_DIR);
    lay(fake_fs_fs(fake), &in, fuzz_u8(&in) % 3);
    snapshot_peek(fake_fs_fs(fake), PATH, &meta);
    if (snapshot_verify(fake_fs_fs(fake), PATH, &meta) == 0)
        load(fake_fs_fs(fake));
    fake_fs_free(fake);
    return 0;
}
