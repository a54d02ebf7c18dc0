/* fuzz_reply.c - libcoord's decoding of an answer's record: the first byte is the operation that it answers. The results of a
 * multi are copied too, as the blocking call does. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "reply.h"
#include "results.h"
#include "wire/zk.h"

#include <stdlib.h>
#include <string.h>

/* All bytes that they point to, each read. */
static size_t result_bytes(const struct coord_result *results, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        const struct coord_result *r = &results[i];
        bytes += r->path != NULL ? strlen(r->path) : 0;
        for (size_t k = 0; k < r->data_size; k++)
            bytes += ((const uint8_t *)r->data)[k] & 1;
        for (size_t k = 0; k < r->child_count; k++)
            bytes += strlen(r->children[k]);
        COORD_ASSERT(r->children == NULL || r->children[r->child_count] == NULL);
        COORD_ASSERT(r->error <= 0 && (r->error == 0 || (r->path == NULL && r->stat == NULL && r->data == NULL)));
        bytes += r->stat != NULL ? (size_t)(r->stat->num_children & 1) : 0;
    }
    return bytes;
}

static void check_copy(const struct coord_result *results, size_t count, size_t bytes)
{
    struct coord_result *copy;

    if (results == NULL)
        return;
    copy = results_copy(results, count);
    COORD_ASSERT(copy != NULL && result_bytes(copy, count) == bytes);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    int32_t opcode = (int8_t)fuzz_u8(&in);
    if (opcode == (int8_t)(ZK_OP_LIST_PAGE & 0xff)) /* the only one that does not fit */
        opcode = ZK_OP_LIST_PAGE;
    struct jute_cursor c = jute_cursor_make(slice_make(in.at, in.left));
    struct reply reply;
    size_t bytes = 0;

    memset(&reply, 0, sizeof(reply));
    reply_decode(&reply, opcode, &c);
    COORD_ASSERT(reply.shown.error == 0 || reply.shown.error == -COORD_E_MARSHALLING || reply.shown.results != NULL);
    if (reply.shown.path != NULL)
        bytes += strlen(reply.shown.path);
    for (size_t i = 0; reply.shown.children != NULL && i < reply.shown.child_count; i++)
        bytes += strlen(reply.shown.children[i]);
    for (size_t i = 0; i < reply.shown.acl_count; i++)
        bytes += strlen(reply.shown.acl[i].scheme) + strlen(reply.shown.acl[i].id);
    for (size_t i = 0; i < reply.shown.data_size; i++)
        bytes += ((const uint8_t *)reply.shown.data)[i] & 1;
    bytes += result_bytes(reply.shown.results, reply.shown.result_count);
    check_copy(reply.shown.results, reply.shown.result_count, bytes);
    COORD_ASSERT(bytes <= in.left && (reply.shown.error == 0 || reply.shown.results != NULL || bytes == 0));
    reply_release(&reply);
    return 0;
}
