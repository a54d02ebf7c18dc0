/* test_jute.c - the client protocol's codec: packets of a real ZooKeeper, generated records, truncated and mutated bytes. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/rng.h"
#include "golden.h"
#include "lib/runner.h"
#include "wire/jute.h"
#include "wire/zk.h"

#include <stdlib.h>

#define TABLE_POINTER(name, LIST) &jute_##name,
static const struct jute_record *const tables[] = {JUTE_RECORDS(TABLE_POINTER)};

/* Room for any record. */
union any_record {
#define RECORD_MEMBER(name, LIST) struct zk_##name name;
    JUTE_RECORDS(RECORD_MEMBER)
};

static const struct jute_record *table_named(const char *name, size_t size)
{
    for (size_t i = 0; i < COUNT(tables); i++)
        if (strlen(tables[i]->name) == size && memcmp(tables[i]->name, name, size) == 0)
            return tables[i];
    REQUIRE(false, "no record %.*s", (int)size, name);
    return NULL;
}

/* Bytes in memory of exactly their size, so that the address sanitizer sees one byte too many. */
static struct slice exact_copy(const uint8_t *data, size_t size)
{
    return slice_make(coord_memdup(data, size), size);
}

static void free_copy(struct slice s)
{
    coord_free((void *)(uintptr_t)s.data);
}

/* Decodes the record, encodes it again at the end of `again`. */
static void recode(struct jute_cursor *c, const struct jute_record *table, struct buf *again)
{
    union any_record record;
    size_t before = buf_size(again);
    const uint8_t *start = c->at;

    if (!CHECK_EQ_INT(jute_decode(c, table, &record), 0, "%s", table->name))
        return;
    CHECK_EQ_INT(jute_size(table, &record), c->at - start, "%s", table->name);
    jute_append(again, table, &record);
    CHECK_EQ_INT(buf_size(again) - before, c->at - start, "%s", table->name);
    CHECK(jute_equal(table, &record, &record));
}

static void recode_read_only(struct jute_cursor *c, struct buf *again)
{
    int read_only = jute_decode_read_only(c);
    uint8_t byte = (uint8_t)read_only;

    if (CHECK(read_only == 0 || read_only == 1))
        buf_append(again, &byte, 1);
}

static void recode_packet(const char *comment, const char *words, struct slice bytes)
{
    struct jute_cursor c = jute_cursor_make(bytes);
    struct buf again = {0};

    for (const char *name = words + 1; *name != '\0';) {
        size_t size = strcspn(++name, ",");
        if (strncmp(name, "read_only", size) == 0) {
            recode_read_only(&c, &again);
        } else if (strncmp(name, "raw", size) == 0) {
            buf_append(&again, c.at, (size_t)(c.end - c.at));
            c.at = c.end;
        } else {
            recode(&c, table_named(name, size), &again);
        }
        name += size;
    }
    CHECK(!c.failed && c.at == c.end, "%s", comment);
    CHECK_EQ_INT(jute_decode_read_only(&c), -1, "%s", comment);
    CHECK_EQ_BYTES(buf_bytes(&again), buf_size(&again), bytes.data, bytes.size, "%s", comment);
    buf_deinit(&again);
}

TEST(jute, recodes_packets_of_zookeeper_to_the_same_bytes)
{
    CHECK(golden_each("zookeeper-3.8.0", recode_packet) > 70);
}

static int packets_checked;

static void check_values(const char *comment, const char *words, struct slice bytes)
{
    struct jute_cursor c = jute_cursor_make(bytes);
    struct zk_reply_header header;
    union any_record r;

    if (words[0] != '<' || strstr(words, "reply_header") == NULL)
        return;
    CHECK_EQ_INT(jute_decode(&c, &jute_reply_header, &header), 0);
    packets_checked++;
    if (strcmp(comment, "answer to create2: name beyond ASCII") == 0) {
        CHECK_EQ_INT(jute_decode(&c, &jute_create2_response, &r), 0);
        CHECK(slice_equal(r.create2_response.path, SLICE_LITERAL("/golden/\xc3\xbc\xe4\xb8\xad")));
        CHECK_EQ_INT(r.create2_response.czxid, header.zxid);
        CHECK_EQ_INT(r.create2_response.data_length, 2);
    } else if (strcmp(comment, "answer to getData: null data") == 0) {
        CHECK_EQ_INT(jute_decode(&c, &jute_get_data_response, &r), 0);
        CHECK(slice_is_null(r.get_data_response.data));
        CHECK(r.get_data_response.ephemeral_owner != 0);
    } else if (strcmp(comment, "answer to getData: empty data") == 0) {
        CHECK_EQ_INT(jute_decode(&c, &jute_get_data_response, &r), 0);
        CHECK(!slice_is_null(r.get_data_response.data) && r.get_data_response.data.size == 0);
    } else if (strcmp(comment, "answer to getChildren2") == 0) {
        CHECK_EQ_INT(jute_decode(&c, &jute_children2_response, &r), 0);
        CHECK_EQ_INT(r.children2_response.children.count, r.children2_response.num_children);
    } else if (strcmp(comment, "event: children changed") == 0) {
        CHECK_EQ_INT(header.xid, ZK_XID_NOTIFICATION);
        CHECK_EQ_INT(jute_decode(&c, &jute_watcher_event, &r), 0);
        CHECK_EQ_INT(r.watcher_event.type, ZK_EVENT_CHILDREN_CHANGED);
        CHECK_EQ_INT(r.watcher_event.state, ZK_STATE_SYNC_CONNECTED);
        CHECK(slice_equal(r.watcher_event.path, SLICE_LITERAL("/golden")));
    } else if (strcmp(comment, "answer to setData: bad version") == 0) {
        CHECK_EQ_INT(header.err, -COORD_E_BAD_VERSION);
    } else {
        packets_checked--;
    }
}

TEST(jute, reads_the_values_that_zookeeper_meant)
{
    packets_checked = 0;
    golden_each("zookeeper-3.8.0", check_values);
    CHECK_EQ_INT(packets_checked, 6);
}

/* Generated records. */
static uint8_t noise[4096];

static struct slice random_slice(struct rng *rng)
{
    uint64_t what = rng_below(rng, 16);
    uint64_t size = what < 2 ? 0 : rng_below(rng, what == 15 ? 3000 : 40);

    return what == 0 ? SLICE_NULL : slice_make(noise + rng_below(rng, 1000), size);
}

/* Its items live in `items` until the next record. */
static struct jute_vector random_vector(struct rng *rng, bool acls, struct buf *items)
{
    int32_t count = (int32_t)rng_below(rng, 5) - 1;
    size_t size, before = buf_size(items);

    for (int32_t i = 0; i < count; i++) {
        struct zk_acl acl = {(int32_t)rng_below(rng, 32), random_slice(rng), random_slice(rng)};
        struct zk_path_request string = {acl.id};
        jute_append(items, acls ? &jute_acl : &jute_path_request, acls ? (void *)&acl : (void *)&string);
    }
    size = buf_size(items) - before;
    return (struct jute_vector){count, count < 0 ? SLICE_NULL : slice_make(buf_bytes(items) + before, size)};
}

static void random_record(struct rng *rng, const struct jute_record *table, union any_record *r, struct buf *items)
{
    buf_clear(items);
    buf_reserve(items, 100000); /* does not move from here on */
    memset(r, 0, sizeof(*r));
    for (unsigned i = 0; i < table->count; i++) {
        void *to = (uint8_t *)r + table->fields[i].offset;
        switch ((enum jute_kind)table->fields[i].kind) {
        case JUTE_I32:
            *(int32_t *)to = (int32_t)rng_next(rng);
            break;
        case JUTE_I64:
            *(int64_t *)to = (int64_t)rng_next(rng);
            break;
        case JUTE_U8:
            *(uint8_t *)to = (uint8_t)rng_next(rng);
            break;
        case JUTE_BOOLEAN:
            *(bool *)to = rng_below(rng, 2) == 1;
            break;
        case JUTE_USTRING:
        case JUTE_BUFFER:
            *(struct slice *)to = random_slice(rng);
            break;
        case JUTE_USTRINGS:
        case JUTE_ACLS:
            *(struct jute_vector *)to = random_vector(rng, table->fields[i].kind == JUTE_ACLS, items);
            break;
        }
    }
}

TEST(jute, decode_undoes_encode_for_generated_records)
{
    struct rng rng;
    struct buf items = {0}, bytes = {0};

    rng_init(&rng, 1);
    for (int i = 0; i < 50000; i++) {
        const struct jute_record *table = tables[(size_t)i % COUNT(tables)];
        union any_record record, again;
        struct jute_cursor c;

        random_record(&rng, table, &record, &items);
        buf_clear(&bytes);
        jute_append(&bytes, table, &record);
        c = jute_cursor_make(buf_slice(&bytes));
        REQUIRE(jute_decode(&c, table, &again) == 0, "%s", table->name);
        REQUIRE(c.at == c.end, "%s", table->name);
        REQUIRE(jute_equal(table, &record, &again), "%s", table->name);
    }
    buf_deinit(&items);
    buf_deinit(&bytes);
}

TEST(jute, every_truncation_is_refused)
{
    struct rng rng;
    struct buf items = {0}, bytes = {0};

    rng_init(&rng, 2);
    for (int i = 0; i < 200; i++) {
        const struct jute_record *table = tables[(size_t)i % COUNT(tables)];
        union any_record record;

        random_record(&rng, table, &record, &items);
        buf_clear(&bytes);
        jute_append(&bytes, table, &record);
        for (size_t size = 0; size < buf_size(&bytes); size++) {
            struct slice cut = exact_copy(buf_bytes(&bytes), size);
            struct jute_cursor c = jute_cursor_make(cut);
            REQUIRE(jute_decode(&c, table, &record) == -COORD_E_MARSHALLING, "%s at %zu", table->name, size);
            REQUIRE(c.failed && jute_decode(&c, &jute_path_request, &record) < 0); /* sticky */
            free_copy(cut);
        }
    }
    buf_deinit(&items);
    buf_deinit(&bytes);
}

/* What was decoded stays within the input, encodes to as many bytes as were read, and its vectors have as many items as they
 * say. */
static void check_decoded(const struct jute_record *table, const union any_record *record, size_t size)
{
    REQUIRE(jute_size(table, record) == size, "%s", table->name);
    for (unsigned i = 0; i < table->count; i++) {
        const struct jute_vector *v = (const void *)((const uint8_t *)record + table->fields[i].offset);
        int32_t count = 0;
        struct slice item;
        struct zk_acl acl;

        if (table->fields[i].kind == JUTE_USTRINGS) {
            struct jute_cursor c = jute_cursor_make(v->items);
            for (; jute_next_ustring(&c, &item); count++)
                ;
            REQUIRE(!c.failed && count == (v->count < 0 ? 0 : v->count));
        } else if (table->fields[i].kind == JUTE_ACLS) {
            struct jute_cursor c = jute_cursor_make(v->items);
            for (; jute_next_acl(&c, &acl); count++)
                ;
            REQUIRE(!c.failed && count == (v->count < 0 ? 0 : v->count));
        }
    }
}

static void decode_any(const struct jute_record *table, const uint8_t *data, size_t size, struct buf *text)
{
    struct slice input = exact_copy(data, size);
    struct jute_cursor c = jute_cursor_make(input);
    union any_record record;
    int rc = jute_decode(&c, table, &record);

    REQUIRE(rc == 0 || rc == -COORD_E_MARSHALLING);
    REQUIRE(c.at >= input.data && c.at <= c.end);
    if (rc == 0)
        check_decoded(table, &record, (size_t)(c.at - input.data));
    buf_clear(text);
    jute_print(text, table, &record); /* a refused record is null from the bad field on */
    free_copy(input);
}

TEST(jute, random_and_mutated_bytes_are_read_within_bounds)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe};
    struct rng rng;
    struct buf items = {0}, bytes = {0}, text = {0};

    rng_init(&rng, 3);
    for (int i = 0; i < 100000; i++) {
        const struct jute_record *table = tables[rng_below(&rng, COUNT(tables))];
        union any_record record;
        uint64_t flips = rng_between(&rng, 1, 4);

        if (i % 4 == 0) {
            size_t at = rng_below(&rng, 2000);
            decode_any(table, noise + at, rng_below(&rng, 200), &text);
            continue;
        }
        random_record(&rng, table, &record, &items);
        buf_clear(&bytes);
        jute_append(&bytes, table, &record);
        for (uint64_t k = 0; k < flips && buf_size(&bytes) > 0; k++)
            buf_bytes(&bytes)[rng_below(&rng, buf_size(&bytes))] = edges[rng_below(&rng, COUNT(edges))];
        decode_any(table, buf_bytes(&bytes), buf_size(&bytes), &text);
    }
    buf_deinit(&items);
    buf_deinit(&bytes);
    buf_deinit(&text);
}

TEST(jute, lengths_and_counts_that_lie_are_refused)
{
    static const struct {
        const char *claim;
        const struct jute_record *table;
        struct slice bytes;
    } rows[] = {
        {"length below -1", &jute_path_request, {(const uint8_t *)"\xff\xff\xff\xfe", 4}},
        {"least length", &jute_path_request, {(const uint8_t *)"\x80\0\0\0", 4}},
        {"greatest length", &jute_path_request, {(const uint8_t *)"\x7f\xff\xff\xff/", 5}},
        {"one byte missing", &jute_path_request, {(const uint8_t *)"\0\0\0\2/", 5}},
        {"count below -1", &jute_children_response, {(const uint8_t *)"\xff\xff\xff\xfe", 4}},
        {"greatest count", &jute_children_response, {(const uint8_t *)"\x7f\xff\xff\xff\0\0\0\0", 8}},
        {"one item missing", &jute_children_response, {(const uint8_t *)"\0\0\0\2\0\0\0\0", 8}},
        {"item's length lies", &jute_children_response, {(const uint8_t *)"\0\0\0\1\0\0\0\1", 8}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jute_cursor c = jute_cursor_make(rows[i].bytes);
        union any_record record;
        CHECK_EQ_INT(jute_decode(&c, rows[i].table, &record), -COORD_E_MARSHALLING, "%s", rows[i].claim);
    }
}

TEST(jute, null_input_is_an_end)
{
    struct jute_cursor c = jute_cursor_make(SLICE_NULL);
    struct zk_path_request path;
    struct slice item;

    CHECK_EQ_INT(jute_decode_read_only(&c), -1);
    CHECK(!jute_next_ustring(&c, &item));
    CHECK(jute_decode(&c, &jute_path_request, &path) < 0);
    CHECK_EQ_INT(jute_decode_read_only(&c), -1);
}

TEST(jute, any_boolean_but_zero_is_true)
{
    struct jute_cursor c = jute_cursor_make(SLICE_LITERAL("\0\0\0\1/\x2a"));
    struct zk_path_watch_request r;

    CHECK_EQ_INT(jute_decode(&c, &jute_path_watch_request, &r), 0);
    CHECK(r.watch);
}

TEST(jute, null_and_empty_differ)
{
    struct zk_path_request null = {SLICE_NULL}, empty = {SLICE_LITERAL("")};

    CHECK(!jute_equal(&jute_path_request, &null, &empty));
    CHECK(jute_equal(&jute_path_request, &null, &null));
}

TEST(jute, print_is_for_people)
{
    struct buf b = {0}, items = {0};
    struct zk_acl world = {31, SLICE_LITERAL("world"), SLICE_LITERAL("anyone")};
    struct zk_create_request r = {SLICE_LITERAL("/a\n"), SLICE_NULL, {1, SLICE_NULL}, 3};

    jute_append(&items, &jute_acl, &world);
    r.acl.items = buf_slice(&items);
    jute_print(&b, &jute_create_request, &r);
    buf_append(&b, "", 1);
    CHECK_EQ_STR((const char *)buf_bytes(&b), "create_request{path=\"/a\\x0a\" data=null "
                                              "acl=[acl{perms=31 scheme=\"world\" id=\"anyone\"}] flags=3}");
    buf_deinit(&b);
    buf_deinit(&items);
}

__attribute__((constructor)) static void make_noise(void)
{
    struct rng rng;

    rng_init(&rng, 4);
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = i % 4 != 3 && rng_below(&rng, 2) == 0 ? 0 : (uint8_t)rng_below(&rng, i % 2 == 0 ? 256 : 24);
}

TEST(jute, records_that_differ_in_one_place_are_not_equal)
{
    static const uint8_t items[] = "\0\0\0\1a\0\0\0\1b";
    const struct jute_vector one = {1, {items, 5}}, other = {1, {items + 5, 5}}, two = {2, {items, 10}};
    const struct zk_children_response vectors[] = {{one}, {other}, {two}, {{-1, SLICE_NULL}}};
    const struct zk_path_request texts[] = {{SLICE_LITERAL("/a")}, {SLICE_LITERAL("/b")}, {SLICE_LITERAL("")}, {SLICE_NULL}};

    for (size_t i = 0; i < COUNT(vectors); i++)
        for (size_t k = 0; k < COUNT(vectors); k++) {
            CHECK_EQ_INT(jute_equal(&jute_children_response, &vectors[i], &vectors[k]), i == k, "vectors %zu %zu", i, k);
            CHECK_EQ_INT(jute_equal(&jute_path_request, &texts[i], &texts[k]), i == k, "texts %zu %zu", i, k);
        }
}

/* The error is sticky: behind an item that lies there is no other, however the bytes go on. */
TEST(jute, nothing_is_walked_behind_an_item_that_lies)
{
    struct jute_cursor c = jute_cursor_make(SLICE_LITERAL("\0\0\0\1a\0\0\0\7b\0\0\0\1c"));
    struct slice item;
    struct zk_acl acl;

    CHECK(jute_next_ustring(&c, &item) && slice_equal(item, SLICE_LITERAL("a")));
    for (int i = 0; i < 2; i++)
        CHECK(!jute_next_ustring(&c, &item));
    c = jute_cursor_make(SLICE_LITERAL("\0\0\0\37\0\0\0\7world"));
    for (int i = 0; i < 2; i++)
        CHECK(!jute_next_acl(&c, &acl));
}
