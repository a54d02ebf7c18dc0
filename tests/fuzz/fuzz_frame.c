/* fuzz_frame.c - frames between servers. The first byte says whether frames are looked for, or what follows is a message's
 * body, which no checksum protects then. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "wire/peer.h"

static void message(struct slice body)
{
    struct peer_msg m;
    struct buf b = {0};
    struct slice again;
    unsigned flags;
    size_t size;

    if (peer_decode(body, &m, &flags) < 0)
        return;
    peer_print(&b, &m);
    buf_clear(&b);
    if (flags == 0 && body.size + 12 <= PEER_FRAME_MAX) {
        peer_encode(&b, &m);
        COORD_ASSERT(peer_frame(buf_slice(&b), &size, &again) == 0 && size == buf_size(&b));
        COORD_ASSERT(slice_equal(again, body));
    }
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct slice body;
    size_t frame;

    if (fuzz_u8(&in) % 2 == 0) {
        message(fuzz_take(&in, in.left));
        return 0;
    }
    while (in.left > 0 && peer_frame(slice_make(in.at, in.left), &frame, &body) == 0 && frame > 0) {
        COORD_ASSERT(frame <= in.left && frame <= PEER_FRAME_MAX);
        message(body);
        fuzz_take(&in, frame);
    }
    return 0;
}
