/* fuzz_entry.c - runs of log entries as they stand in the log and in messages, and FORM's body. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "wire/batch.h"
#include "wire/entry.h"

static void one(const struct entry *e, struct slice encoded)
{
    struct buf b = {0};
    struct slice auth = e->auth, id;
    struct form form;

    COORD_ASSERT(entry_size(e) == encoded.size);
    entry_append(&b, e);
    COORD_ASSERT(slice_equal(buf_slice(&b), encoded));
    while (entry_next_auth(&auth, &id))
        COORD_ASSERT(id.data >= e->auth.data && id.data + id.size <= e->auth.data + e->auth.size);
    buf_clear(&b);
    if (form_decode(e->body, &form) == 0) {
        form_append(&b, &form);
        COORD_ASSERT(slice_equal(buf_slice(&b), e->body));
    }
    buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_make(data, size);
    struct batch *b = batch_new(rest);
    struct entry e;

    for (const uint8_t *start = rest.data; entry_next(&rest, &e) == 0; start = rest.data)
        one(&e, slice_make(start, (size_t)(rest.data - start)));
    for (uint32_t i = 0; b != NULL && i < b->count; i++) {
        rest = batch_slice(b, i, i + 1);
        COORD_ASSERT(entry_next(&rest, &e) == 0 && rest.size == 0 && batch_find(b, e.zxid) == i);
    }
    batch_unref(b);
    return 0;
}
