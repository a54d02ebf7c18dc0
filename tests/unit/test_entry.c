/* test_entry.c - log entries and FORM's body: golden bytes, round trips, stamping in place, damaged bytes. */
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/rng.h"
#include "golden.h"
#include "lib/runner.h"
#include "wire/entry.h"

#define AUTH SLICE_LITERAL("\x0c\0world:anyone\x0c\0ip:127.0.0.1")

static struct entry example(void)
{
    return (struct entry){
        .kind = ENTRY_REQUEST,
        .zxid = 0x0000000300000011,
        .wall_ms = 1700000000123,
        .cluster_ms = 86400000,
        .random = {0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xaf},
        .session = 0x0100000300000007,
        .xid = -8,
        .attach = 2,
        .op = ZK_OP_CREATE,
        .origin = {.server = 5, .boot = 9, .incarnation = 0x1122334455667788, .number = 42},
        .auth = AUTH,
        .body = SLICE_LITERAL("body"),
    };
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
    return a->kind == b->kind && a->zxid == b->zxid && a->wall_ms == b->wall_ms && a->cluster_ms == b->cluster_ms &&
           memcmp(a->random, b->random, ENTRY_RANDOM_BYTES) == 0 && a->session == b->session && a->xid == b->xid &&
           a->attach == b->attach && a->op == b->op && a->origin.server == b->origin.server &&
           a->origin.boot == b->origin.boot && a->origin.incarnation == b->origin.incarnation &&
           a->origin.number == b->origin.number && slice_equal(a->auth, b->auth) && slice_equal(a->body, b->body);
}

TEST(entry, bytes_are_golden)
{
    struct entry e = example(), bare = {.kind = ENTRY_NOOP}, again;
    struct buf b = {0};
    struct slice s;

    entry_append(&b, &e);
    golden_check("entry", "request", buf_slice(&b));
    CHECK_EQ_INT(entry_size(&e), buf_size(&b));
    s = buf_slice(&b);
    CHECK_EQ_INT(entry_next(&s, &again), 0);
    CHECK(same_entry(&e, &again));
    CHECK_EQ_INT(entry_next(&s, &again), 1);
    buf_clear(&b);
    entry_append(&b, &bare);
    golden_check("entry", "noop", buf_slice(&b));
    buf_deinit(&b);
}

TEST(entry, settings_are_golden)
{
    struct settings on = {true, SLICE_LITERAL("server.1=a:1:2:participant\nversion=0")}, off = {0}, again;
    struct buf b = {0};

    settings_append(&b, &on);
    golden_check("entry", "settings", buf_slice(&b));
    CHECK_EQ_INT(settings_decode(buf_slice(&b), &again), 0);
    CHECK(again.enforce_quota && slice_equal(again.config, on.config));
    CHECK(settings_flags(&on) == 1 && settings_flags(&off) == 0);
    buf_clear(&b);
    settings_append(&b, &off);
    CHECK_EQ_INT(settings_decode(buf_slice(&b), &again), 0);
    CHECK(!again.enforce_quota && again.config.size == 0);
    for (size_t at = 0; at < 8; at++) {
        buf_bytes(&b)[at] ^= at == 0 ? 2 : 1;
        CHECK_EQ_INT(settings_decode(buf_slice(&b), &again), -COORD_E_DAMAGED, "byte %zu", at);
        buf_bytes(&b)[at] ^= at == 0 ? 2 : 1;
        CHECK_EQ_INT(settings_decode(slice_make(buf_bytes(&b), at), &again), -COORD_E_DAMAGED, "%zu bytes", at);
    }
    buf_deinit(&b);
}

TEST(entry, stamp_changes_what_the_leader_gives_and_nothing_else)
{
    struct entry e = example(), stamped = example(), again;
    static const uint8_t random[ENTRY_RANDOM_BYTES] = {7};
    struct buf b = {0};
    struct slice s;

    e.zxid = 0;
    e.wall_ms = e.cluster_ms = 0;
    entry_append(&b, &e);
    memcpy(stamped.random, random, sizeof(random));
    entry_stamp(buf_bytes(&b), stamped.zxid, stamped.wall_ms, stamped.cluster_ms, random);
    s = buf_slice(&b);
    CHECK_EQ_INT(entry_next(&s, &again), 0);
    CHECK(same_entry(&again, &stamped));
    buf_deinit(&b);
}

/* Servers of version 1 refuse version 2: what they know goes by the one, what they would misread by the other. */
TEST(entry, versions)
{
    for (uint8_t version = 0; version <= ENTRY_VERSION_MAX; version++) {
        struct entry e = example(), again;
        struct buf b = {0};
        struct slice s;

        e.version = version;
        entry_append(&b, &e);
        CHECK_EQ_INT(buf_bytes(&b)[4], version < 2 ? 1 : version);
        s = buf_slice(&b);
        CHECK_EQ_INT(entry_next(&s, &again), 0);
        CHECK_EQ_INT(again.version, version < 2 ? 1 : version);
        buf_deinit(&b);
    }
}

TEST(entry, authentication_ids_are_walked)
{
    struct slice auth = AUTH, id;

    CHECK(entry_next_auth(&auth, &id) && slice_equal(id, SLICE_LITERAL("world:anyone")));
    CHECK(entry_next_auth(&auth, &id) && slice_equal(id, SLICE_LITERAL("ip:127.0.0.1")));
    CHECK(!entry_next_auth(&auth, &id));
}

static void append_too_large(void)
{
    static uint8_t body[ENTRY_BYTES_MAX];
    struct entry e = {.kind = ENTRY_REQUEST, .body = {body, sizeof(body) - ENTRY_HEADER_BYTES + 1}};
    struct buf b = {0};

    entry_append(&b, &e);
}

static void append_of_no_version(void)
{
    struct entry e = {.kind = ENTRY_REQUEST, .version = ENTRY_VERSION_MAX + 1};
    struct buf b = {0};

    entry_append(&b, &e);
}

static void form_without_voters(void)
{
    struct buf b = {0};
    struct form f = {.cluster = 1};

    form_append(&b, &f);
}

TEST(entry, misuse_asserts)
{
    CHECK(test_aborts(append_too_large));
    CHECK(test_aborts(append_of_no_version));
    CHECK(test_aborts(form_without_voters));
}

/* entry_next on a copy of exactly this size. */
static int next_of(const uint8_t *data, size_t size, struct entry *e)
{
    uint8_t *copy = coord_memdup(data, size);
    struct slice s = slice_make(copy, size);
    int rc = entry_next(&s, e);

    if (rc == 0) {
        REQUIRE(e->auth.data >= copy && e->body.data + e->body.size == s.data && s.data + s.size == copy + size);
        REQUIRE(e->kind >= 1 && e->kind <= ENTRY_KIND_MAX);
    }
    coord_free(copy);
    return rc;
}

TEST(entry, damaged_bytes_are_refused)
{
    static const struct {
        const char *claim;
        size_t offset;
        uint8_t byte;
    } rows[] = {
        {"length one less than a header", 0, ENTRY_HEADER_BYTES - 1},
        {"length beyond the end", 0, 0xff},
        {"length beyond the limit", 3, 0x7f},
        {"no version", 4, 0},
        {"a newer version", 4, ENTRY_VERSION_MAX + 1},
        {"no kind", 5, 0},
        {"unknown kind", 5, ENTRY_KIND_MAX + 1},
        {"ids longer than the entry", 7, 0x7f},
        {"ids that end within a length", 6, 29},
        {"reserved", 84, 1},
        {"reserved, last byte", 87, 1},
        {"an id longer than the ids", ENTRY_HEADER_BYTES, 0x1b},
    };
    struct entry e = example();
    struct buf b = {0};

    entry_append(&b, &e);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t before = buf_bytes(&b)[rows[i].offset];
        buf_bytes(&b)[rows[i].offset] = rows[i].byte;
        CHECK_EQ_INT(next_of(buf_bytes(&b), buf_size(&b), &e), -COORD_E_DAMAGED, "%s", rows[i].claim);
        buf_bytes(&b)[rows[i].offset] = before;
    }
    for (size_t size = 1; size < buf_size(&b); size++)
        CHECK_EQ_INT(next_of(buf_bytes(&b), size, &e), -COORD_E_DAMAGED, "cut at %zu", size);
    CHECK_EQ_INT(next_of(buf_bytes(&b), 0, &e), 1);
    CHECK_EQ_INT(next_of(buf_bytes(&b), buf_size(&b), &e), 0);
    buf_deinit(&b);
}

TEST(entry, random_and_mutated_bytes_are_read_within_bounds)
{
    struct entry e = example();
    struct rng rng;
    struct buf b = {0};

    rng_init(&rng, 5);
    entry_append(&b, &e);
    for (int i = 0; i < 100000; i++) {
        uint8_t bytes[200];
        size_t size = rng_below(&rng, sizeof(bytes));
        if (i % 4 == 0) {
            for (size_t k = 0; k < size; k++)
                bytes[k] = (uint8_t)rng_next(&rng);
        } else {
            size = buf_size(&b);
            memcpy(bytes, buf_bytes(&b), size);
            for (uint64_t flips = rng_between(&rng, 1, 3); flips > 0; flips--)
                bytes[rng_below(&rng, 4) == 0 ? rng_below(&rng, size) : rng_below(&rng, 8)] ^=
                    (uint8_t)(1u << rng_below(&rng, 8));
        }
        next_of(bytes, size, &e);
    }
    buf_deinit(&b);
}

static struct form three_voters(void)
{
    return (struct form){.cluster = 0xc0ffee, .count = 3, .voter = {{1, 0x11}, {2, 0x22}, {7, UINT64_MAX}}};
}

TEST(form, bytes_are_golden)
{
    struct form f = three_voters(), again;
    struct buf b = {0}, same = {0};

    form_append(&b, &f);
    golden_check("entry", "form", buf_slice(&b));
    CHECK_EQ_INT(form_decode(buf_slice(&b), &again), 0);
    form_append(&same, &again);
    CHECK_EQ_BYTES(buf_bytes(&same), buf_size(&same), buf_bytes(&b), buf_size(&b));
    buf_deinit(&same);
    buf_deinit(&b);
}

TEST(form, damaged_bodies_are_refused)
{
    static const struct {
        const char *claim;
        size_t offset;
        uint8_t byte;
    } rows[] = {
        {"no voters", 8, 0},
        {"fewer voters than bytes", 8, 2},
        {"more voters than bytes", 8, 4},
        {"more than the limit", 8, 8},
        {"reserved", 12, 1},
        {"voter 0", 16, 0},
        {"reserved of a voter", 20, 1},
        {"same voter twice", 32, 1},
        {"voters fall", 48, 1},
        {"count in its high byte", 11, 1},
    };
    struct form f = three_voters();
    struct buf b = {0};

    form_append(&b, &f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t before = buf_bytes(&b)[rows[i].offset];
        buf_bytes(&b)[rows[i].offset] = rows[i].byte;
        CHECK_EQ_INT(form_decode(buf_slice(&b), &f), -COORD_E_DAMAGED, "%s", rows[i].claim);
        buf_bytes(&b)[rows[i].offset] = before;
    }
    for (size_t size = 0; size < buf_size(&b); size++) {
        uint8_t *copy = coord_memdup(buf_bytes(&b), size);
        CHECK_EQ_INT(form_decode(slice_make(copy, size), &f), -COORD_E_DAMAGED, "cut at %zu", size);
        coord_free(copy);
    }
    buf_append(&b, "", 1);
    CHECK_EQ_INT(form_decode(buf_slice(&b), &f), -COORD_E_DAMAGED);
    buf_deinit(&b);
}

TEST(form, no_voters_at_all_are_refused)
{
    static const uint8_t nobody[16] = {9};
    struct form f;

    CHECK_EQ_INT(form_decode(slice_make(nobody, sizeof(nobody)), &f), -COORD_E_DAMAGED);
}
