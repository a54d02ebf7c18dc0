/* fuzz_jute.c - every record of the client protocol: what is decoded encodes to the same again. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "wire/jute.h"

static const struct jute_record *const tables[] = {
#define TABLE(name, LIST) &jute_##name,
    JUTE_RECORDS(TABLE)
#undef TABLE
};

union any {
#define MEMBER(name, LIST) struct zk_##name name;
    JUTE_RECORDS(MEMBER)
#undef MEMBER
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct jute_record *table = tables[size == 0 ? 0 : data[0] % (sizeof(tables) / sizeof(tables[0]))];
    struct jute_cursor c = jute_cursor_make(size == 0 ? SLICE_NULL : slice_make(data + 1, size - 1));
    union any first, second;

    while (c.at < c.end && jute_decode(&c, table, &first) == 0) {
        struct buf b = {0};
        jute_append(&b, table, &first);
        COORD_ASSERT(buf_size(&b) == jute_size(table, &first));
        struct jute_cursor again = jute_cursor_make(buf_slice(&b));
        COORD_ASSERT(jute_decode(&again, table, &second) == 0 && again.at == again.end);
        COORD_ASSERT(jute_equal(table, &first, &second));
        jute_print(&b, table, &first);
        buf_deinit(&b);
    }
    jute_decode_read_only(&c);
    return 0;
}
