/* fuzz_reply.c - libcoord's decoding of an answer's record: the first byte is the operation that it answers. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "reply.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    int32_t opcode = (int8_t)fuzz_u8(&in);
    struct jute_cursor c = jute_cursor_make(slice_make(in.at, in.left));
    struct reply reply;
    size_t bytes = 0;

    memset(&reply, 0, sizeof(reply));
    reply_decode(&reply, opcode, &c);
    COORD_ASSERT(reply.shown.error == 0 || reply.shown.error == -COORD_E_MARSHALLING);
    if (reply.shown.path != NULL)
        bytes += strlen(reply.shown.path);
    for (size_t i = 0; reply.shown.children != NULL && i < reply.shown.child_count; i++)
        bytes += strlen(reply.shown.children[i]);
    for (size_t i = 0; i < reply.shown.acl_count; i++)
        bytes += strlen(reply.shown.acl[i].scheme) + strlen(reply.shown.acl[i].id);
    for (size_t i = 0; i < reply.shown.data_size; i++)
        bytes += ((const uint8_t *)reply.shown.data)[i] & 1;
    COORD_ASSERT(bytes <= in.left && (reply.shown.error == 0 || bytes == 0));
    reply_release(&reply);
    return 0;
}
