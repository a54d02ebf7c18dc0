/* fuzz_image.c - the state loader on a raw image, fed in pieces of the first byte's size. What it takes walks out to an image
 * of the same state. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "state/state.h"

static struct state *load(struct slice image, size_t piece)
{
    struct state_loader *l = state_loader_new();
    struct state *s = NULL;
    int rc = 0;

    for (size_t at = 0; at < image.size && rc == 0; at += piece)
        rc = state_loader_feed(l, slice_make(image.data + at, image.size - at < piece ? image.size - at : piece));
    if (rc == 0 && state_loader_finish(l, &s) < 0)
        s = NULL;
    state_loader_free(l);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    size_t piece = fuzz_u8(&in) + 1;
    struct state *s = load(slice_make(in.at, in.left), piece), *again;
    struct buf image = {0};

    if (s != NULL) {
        COORD_ASSERT(state_digest(s) == state_digest_recompute(s));
        state_walk_start(s);
        while (state_walk_next(s, &image, 1000))
            ;
        again = load(buf_slice(&image), 4096);
        COORD_ASSERT(again != NULL && state_digest(again) == state_digest(s) && state_zxid(again) == state_zxid(s));
        state_free(again);
        state_free(s);
    }
    buf_deinit(&image);
    return 0;
}
