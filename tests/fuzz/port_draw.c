/* port_draw.c - see port_draw.h. */
#include "fuzz/port_draw.h"

#include "base/alloc.h"

#include <string.h>

enum { OPS_MAX = 100, OPCODES_FROM = -20, OPCODES_TO = 80000, RECORD_BYTES_MAX = 512 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

uint32_t port_ops(const struct op_desc *const **ops)
{
    static const struct op_desc *all[OPS_MAX];
    static uint32_t count;

    for (int32_t code = OPCODES_FROM; count == 0 || (code > OPCODES_FROM && code < OPCODES_TO); code++) {
        const struct op_desc *op = op_find(code);
        if (op == NULL)
            op = op_find_inner(code);
        if (op != NULL && count < OPS_MAX)
            all[count++] = op;
    }
    *ops = all;
    return count;
}

static struct slice text(const char *const *pool, size_t count, struct fuzz_in *in)
{
    const char *one = pool[fuzz_u8(in) % count];

    return one == NULL ? SLICE_NULL : slice_from_text(one);
}

static struct slice draw_text(struct fuzz_in *in, const char *field)
{
    static const char *const paths[] = {"/a",
                                        "/a/b",
                                        "/a/b/c",
                                        "/b",
                                        "/b/x",
                                        "/a/e",
                                        "/",
                                        "/by",
                                        "/by/d",
                                        "/by/e",
                                        "/by/none",
                                        "/a-",
                                        "/a/s-",
                                        "/zookeeper/quota",
                                        "/zookeeper/quota/a",
                                        "/zookeeper/config",
                                        "/zookeeper/quota/a/zookeeper_limits",
                                        "/keeper",
                                        "/a/",
                                        "//",
                                        "",
                                        "a",
                                        "/a/../b",
                                        "/./a",
                                        "/\x01",
                                        "/\xff",
                                        NULL};
    static const char *const schemes[] = {"digest", "digest", "digest", "ip", "world", "auth", "super", "x", "", NULL};

    return strcmp(field, "scheme") == 0 ? text(schemes, COUNT(schemes), in) : text(paths, COUNT(paths), in);
}

static struct slice draw_buffer(struct fuzz_in *in, const char *field)
{
    static const char *const proofs[] = {"me:secret", "you:secret", "me", ":", "", "me:secret:more", NULL};
    static const uint8_t zeros[700];
    uint32_t how;

    if (strcmp(field, "auth") == 0)
        return text(proofs, COUNT(proofs), in);
    how = fuzz_u8(in);
    if (how % 8 == 0)
        return SLICE_NULL;
    if (how % 8 == 1)
        return fuzz_take(in, fuzz_u8(in));
    if (how % 8 == 2)
        return slice_from_text("count=1,bytes=10=;byteHardLimit=20;countHardLimit=2");
    return slice_make(zeros, how % 8 == 3 ? how * 2 : how % 8 - 3);
}

static int32_t draw_i32(struct fuzz_in *in)
{
    static const int32_t odd[] = {INT32_MIN, INT32_MAX, -1, 1 << 16, 1000, 31};
    uint32_t how = fuzz_u8(in);

    return how < 220 ? (int32_t)(how % 10) - 1 : odd[how % COUNT(odd)];
}

static int64_t draw_i64(struct fuzz_in *in)
{
    static const int64_t odd[] = {INT64_MIN, INT64_MAX, -1, 0, (INT64_C(1) << 40) - 1, INT64_C(1) << 40, 1, INT64_C(1) << 32};
    uint32_t how = fuzz_u8(in);

    return how < 128 ? (int64_t)how * 20 : odd[how % COUNT(odd)];
}

#define ACL_ALL "\0\0\0\x1f"
#define ACL_READ "\0\0\0\x01"
#define ACL_WORLD                                                                                                              \
    "\0\0\0\x05world\0\0\0\x06"                                                                                                \
    "anyone"
#define ACL_AUTH                                                                                                               \
    "\0\0\0\x04"                                                                                                               \
    "auth\0\0\0\0"
#define ACL_ME                                                                                                                 \
    "\0\0\0\x06"                                                                                                               \
    "digest\0\0\0\x1fme:AAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ACL_NET                                                                                                                \
    "\0\0\0\x02ip\0\0\0\x0a"                                                                                                   \
    "10.0.0.0/8"
#define ACL_ODD "\0\0\0\x03odd\0\0\0\x01x"
#define LIST(count, items)                                                                                                     \
    {                                                                                                                          \
        count,                                                                                                                 \
        {                                                                                                                      \
            (const uint8_t *)(items), sizeof(items) - 1                                                                        \
        }                                                                                                                      \
    }

static struct jute_vector draw_acls(struct fuzz_in *in)
{
    static const struct jute_vector lists[] = {
        LIST(1, ACL_ALL ACL_WORLD),
        LIST(1, ACL_ALL ACL_WORLD),
        LIST(1, ACL_READ ACL_WORLD),
        LIST(1, ACL_ALL ACL_AUTH),
        LIST(1, ACL_ALL ACL_ME),
        LIST(2, ACL_READ ACL_WORLD ACL_ALL ACL_AUTH),
        LIST(1, ACL_ALL ACL_NET),
        LIST(2, ACL_ALL ACL_NET ACL_ALL ACL_NET),
        LIST(1, ACL_ALL ACL_ODD),
        LIST(0, ""),
        {-1, {NULL, 0}},
    };

    return lists[fuzz_u8(in) % COUNT(lists)];
}

static struct jute_vector draw_texts(struct fuzz_in *in, struct buf *items)
{
    uint32_t how = fuzz_u8(in) % 6;
    struct jute_vector v = {how == 5 ? -1 : (int32_t)how, SLICE_NULL};

    for (uint32_t i = 0; i < how && how < 5; i++)
        jute_append(items, &jute_path_request, &(struct zk_path_request){draw_text(in, "path")});
    v.items = buf_slice(items);
    return v;
}

static void draw_field(struct fuzz_in *in, const struct jute_field *f, uint8_t *record, struct buf *items)
{
    void *to = record + f->offset;

    switch ((enum jute_kind)f->kind) {
    case JUTE_I32:
        *(int32_t *)to = draw_i32(in);
        break;
    case JUTE_I64:
        *(int64_t *)to = draw_i64(in);
        break;
    case JUTE_U8:
        *(uint8_t *)to = (uint8_t)(fuzz_u8(in) % 5);
        break;
    case JUTE_BOOLEAN:
        *(bool *)to = fuzz_u8(in) % 2 == 1;
        break;
    case JUTE_USTRING:
        *(struct slice *)to = draw_text(in, f->name);
        break;
    case JUTE_BUFFER:
        *(struct slice *)to = draw_buffer(in, f->name);
        break;
    case JUTE_USTRINGS:
        *(struct jute_vector *)to = draw_texts(in, items);
        break;
    case JUTE_ACLS:
        *(struct jute_vector *)to = draw_acls(in);
        break;
    }
}

static void draw_record(struct fuzz_in *in, const struct jute_record *table, struct buf *to)
{
    _Alignas(16) uint8_t record[RECORD_BYTES_MAX] = {0};
    struct buf items[16] = {{0}};

    for (uint16_t i = 0; i < table->count; i++)
        draw_field(in, &table->fields[i], record, &items[i % 16]);
    jute_append(to, table, record);
    for (size_t i = 0; i < COUNT(items); i++)
        buf_deinit(&items[i]);
}

/* Operations of the kind that may stand in it, now and then another. */
static void draw_parts(struct fuzz_in *in, unsigned kind, struct buf *to)
{
    const struct op_desc *const *ops;
    uint32_t count = port_ops(&ops), parts = fuzz_u8(in) % 7;

    for (; parts > 0; parts--) {
        uint32_t how = fuzz_u8(in), at = how % count;
        for (uint32_t i = 0; i < count && how < 250 && (ops[at]->flags & (kind | OP_INNER)) != (kind | OP_INNER); i++)
            at = (at + 1) % count;
        jute_append(to, &jute_multi_header, &(struct zk_multi_header){ops[at]->opcode, false, -1});
        if (ops[at]->request != NULL)
            draw_record(in, ops[at]->request, to);
    }
    jute_append(to, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
}

const struct op_desc *port_draw(struct fuzz_in *in, struct buf *to)
{
    const struct op_desc *const *ops;
    uint32_t count = port_ops(&ops);
    const struct op_desc *op = ops[fuzz_u8(in) % count];

    if (op->request != NULL)
        draw_record(in, op->request, to);
    else if (op->decode != NULL)
        draw_parts(in, op->flags & (OP_READ | OP_WRITE), to);
    return op;
}
