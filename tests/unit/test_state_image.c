/* test_state_image.c - the records of an image, the round trip, and the loader against anything that is not an image. */
#include "lib/runner.h"
#include "state/image.h"
#include "state/internal.h"
#include "state_fixture.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/rng.h"

#include <stdio.h>

/* A little of everything. */
static void grow(struct world *w)
{
    const struct form form = {.cluster = 99, .count = 2, .voter = {{1, 11}, {4, 44}}};
    struct buf body = {0};

    world_init(w);
    form_append(&body, &form);
    w->e.body = buf_slice(&body);
    world_apply(w, ENTRY_FORM);
    buf_deinit(&body);
    world_create(w, "/a", "data", 0);
    world_create(w, "/a/null", NULL, 0);
    world_create(w, "/a/b", "", 0);
    world_create(w, "/a/b/a-name-that-is-longer-than-what-is-inline", "x", 0);
    world_create(w, "/a/e", "eph", ZK_EPHEMERAL);
    world_create_acl(w, "/ro", "", 0, ZK_PERM_READ);
    world_session_create(w);
    world_create(w, "/a/seq-", "s", ZK_EPHEMERAL_SEQUENTIAL);
    world_set(w, "/a", "data2", 0);
    world_create(w, "/gone", "", 0);
    world_delete(w, "/gone", 0);
    world_create(w, "/zz", "", ZK_EPHEMERAL);
    world_create(w, "/0", "", ZK_EPHEMERAL);
}

TEST(state_image, survives_the_round_trip)
{
    struct world w, loaded;
    struct buf image = {0};
    struct state_session info;

    grow(&w);
    world_image(w.s, 1, &image);
    loaded = w;
    loaded.reply = loaded.body = loaded.multi = (struct buf){0};
    loaded.s = world_load(buf_slice(&image), SIZE_MAX);
    REQUIRE(loaded.s != NULL);
    world_check_same(w.s, loaded.s);
    CHECK_EQ_STR(world_data(&loaded, "/a"), "data2");
    CHECK_EQ_STR(world_data(&loaded, "/a/null"), "<null>");
    CHECK_EQ_STR(world_data(&loaded, "/a/b"), "");
    CHECK_EQ_STR(world_children(&loaded, "/a"), "b e null seq-0000000003");
    CHECK_EQ_INT(state_form(loaded.s, NULL)->voter[1].id, 4);
    CHECK(state_origin_known(loaded.s, WORLD_SERVER, WORLD_INCARNATION, WORLD_BOOT));
    REQUIRE(state_session(loaded.s, w.session, &info));
    CHECK_EQ_INT(info.ephemeral_count, 3);
    /* Ephemerals go in the order of their creation, which is not that of their slots. */
    CHECK_EQ_INT(world_session_close(&loaded, w.session), 0);
    CHECK_EQ_STR(world_changes(&loaded), "-/a/seq-0000000003 -/zz -/0");
    world_deinit(&loaded);
    world_deinit(&w);
    buf_deinit(&image);
}

TEST(state_image, of_the_first_tree)
{
    struct state *s = state_new(), *loaded;
    struct buf image = {0};

    world_image(s, 1 << 20, &image);
    CHECK(!state_walking(s));
    loaded = world_load(buf_slice(&image), 3);
    REQUIRE(loaded != NULL);
    world_check_same(s, loaded);
    state_free(loaded);
    state_free(s);
    buf_deinit(&image);
}

/* Golden bytes: version 1 stays readable and is written alike. */
TEST(state_image, header_origin_session_and_trailer_bytes)
{
    static const char expected[] = "\x31\0\0\0\1coordimg\2\0\0\0\2\0\0\0\5\0\0\0\3\0\0\0\7\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0"
                                   "\1\0\0\0\1\0\0\0"
                                   "\x19\0\0\0\3\3\0\0\0\2\0\0\0\4\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0"
                                   "\x29\0\0\0\4\6\0\0\0\0\0\0\3abcdefghijklmnop\xa0\x0f\0\0\1\0\0\0\3\0\0\0\0\0\0\0"
                                   "\x19\0\0\0\6\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0";
    const struct image_header header = {0x300000005, 7, 8, 0x100000001, 2};
    struct session session = {.id = 0x0300000000000006, .timeout_ms = 4000, .attach = 1, .server = 3};
    struct buf b = {0};

    memcpy(session.password, "abcdefghijklmnop", 16);
    image_append_header(&b, &header);
    image_append_origin(&b, &(struct origin){3, 2, 4, 5});
    image_append_session(&b, &session);
    image_append_trailer(&b, &(struct image_trailer){1, 2, 3});
    CHECK_EQ_BYTES(buf_bytes(&b), buf_size(&b), expected, sizeof(expected) - 1);
    buf_deinit(&b);
}

TEST(state_image, node_bytes)
{
    static const char expected[] = "\x65\0\0\0\5\2\0\0\0\1\0\0\0"
                                   "\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0"
                                   "\x08\0\0\0\0\0\0\0\xfe\xff\xff\xff\0\0\0\0\x0a\0\0\0"
                                   "\1\0\0\0\3\0\0\0\2\0\0\0\3\0\0\0\x09\0\0\0\0\0\0\0ACLnm";
    struct buf b = {0};
    struct image_node n = {.index = 2,
                           .parent = 1,
                           .czxid = 3,
                           .mzxid = 4,
                           .pzxid = 5,
                           .ctime = 6,
                           .mtime = 7,
                           .owner = 8,
                           .since_ms = 9,
                           .version = -2,
                           .creates = 10,
                           .acl = {1, SLICE_LITERAL("ACL")},
                           .name = SLICE_LITERAL("nm"),
                           .data = SLICE_LITERAL("dat")};

    image_append_node(&b, &n);
    CHECK_EQ_BYTES(buf_bytes(&b), buf_size(&b), expected, sizeof(expected) - 1);
    buf_append(&b, n.data.data, n.data.size);
    CHECK_EQ_INT(buf_size(&b), 4 + get_le32(buf_bytes(&b)));
    buf_clear(&b);
    n.data = SLICE_NULL;
    image_append_node(&b, &n);
    CHECK_EQ_INT(get_le32(buf_bytes(&b)), 0x62);
    CHECK_EQ_INT(get_le32(buf_bytes(&b) + 5 + 80), UINT32_MAX);
    buf_deinit(&b);
}

TEST(state_image, every_truncation_is_refused)
{
    struct world w;
    struct buf image = {0};

    grow(&w);
    world_image(w.s, 1 << 20, &image);
    for (size_t size = 0; size < buf_size(&image); size++) {
        struct state *s = world_load(slice_make(buf_bytes(&image), size), SIZE_MAX);

        CHECK(s == NULL, "size %zu", size);
        state_free(s);
    }
    buf_append(&image, "x", 1);
    CHECK(world_load(buf_slice(&image), SIZE_MAX) == NULL);
    world_deinit(&w);
    buf_deinit(&image);
}

TEST(state_image, a_loader_that_refused_goes_on_refusing)
{
    struct state *s = state_new(), *loaded = NULL;
    struct state_loader *l = state_loader_new();
    struct buf image = {0};

    world_image(s, 1 << 20, &image);
    CHECK_EQ_INT(state_loader_feed(l, SLICE_LITERAL("\0\0\0\0\0")), -COORD_E_DAMAGED);
    CHECK_EQ_INT(state_loader_feed(l, buf_slice(&image)), -COORD_E_DAMAGED);
    CHECK_EQ_INT(state_loader_finish(l, &loaded), -COORD_E_DAMAGED);
    state_loader_free(l);
    state_loader_free(NULL);
    CHECK(loaded == NULL);
    state_free(s);
    buf_deinit(&image);
}

/* Images whose counts and digest are right, and whose tree is none. */
TEST(state_image, forged_trees_are_refused)
{
    static const struct {
        const char *name;
        uint64_t owner;
        bool good;
    } rows[] = {
        {"new", 0, true},
        {"zookeeper", 0, false}, /* there already */
        {"", 0, false},
        {"..", 0, false},
        {"a/b", 0, false},
        {"\xff", 0, false},
        {"new", 4711, false}, /* no such session */
        {"new", UINT64_C(1) << 63 | 1, false},
        {"new", UINT64_C(0xff) << 56, false},
        {"new", UINT64_C(0xff) << 56 | UINT64_C(1) << 40, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct state *s = state_new(), *loaded;
        uint32_t index = tree_take(&s->tree, slice_from_text(rows[i].name));
        struct node *n = tree_node(&s->tree, index);
        uint8_t space[ACL_WORLD_BYTES];
        struct buf image = {0};

        n->acl = acl_take(&s->acls, acl_world(ZK_PERM_ALL, space));
        if (rows[i].owner != 0) {
            n->kind = NODE_EPHEMERAL;
            n->owner = rows[i].owner;
        }
        tree_link(&s->tree, index, NODE_ROOT);
        s->digest = state_digest_recompute(s);
        world_image(s, 1 << 20, &image);
        loaded = world_load(buf_slice(&image), SIZE_MAX);
        CHECK((loaded != NULL) == rows[i].good, "row %zu", i);
        state_free(loaded);
        state_free(s);
        buf_deinit(&image);
    }
}

/* Records that are well-formed, each for itself: a root, and what a row adds to it, with the counts and the digest of nothing.
 */
struct forged {
    struct buf image;
    uint8_t space[ACL_WORLD_BYTES];
    struct image_node root;
};

static void forged_start(struct forged *f)
{
    *f = (struct forged){.root = {.index = NODE_ROOT, .parent = NODE_NONE, .name = SLICE_LITERAL("")}};
    f->root.acl = acl_world(ZK_PERM_ALL, f->space);
    image_append_header(&f->image, &(struct image_header){5, 0, 0, 0, 0});
}

TEST(state_image, forged_records_are_refused_as_they_come)
{
    enum {
        GOOD,
        TWO_HEADERS,
        NAMED_ROOT,
        OWNED_ROOT,
        CONTAINER_ROOT,
        TIMED_ROOT,
        ROOT_BELOW,
        SECOND_ROOT,
        SESSION_ZERO,
        SESSION_TWICE,
        ROWS
    };

    for (int row = 0; row < ROWS; row++) {
        struct state_loader *l = state_loader_new();
        struct session session = {.id = row == SESSION_ZERO ? 0 : 0x0300000000000006, .timeout_ms = 4000, .attach = 1};
        struct forged f;

        forged_start(&f);
        if (row == TWO_HEADERS)
            image_append_header(&f.image, &(struct image_header){5, 0, 0, 0, 0});
        f.root.name = row == NAMED_ROOT ? SLICE_LITERAL("root") : f.root.name;
        f.root.owner = row == OWNED_ROOT ? session.id : row == CONTAINER_ROOT ? UINT64_C(1) << 63 : 0;
        f.root.since_ms = row == TIMED_ROOT ? 1 : 0;
        f.root.parent = row == ROOT_BELOW ? 1 : NODE_NONE;
        f.root.index = row == SECOND_ROOT ? 1 : NODE_ROOT;
        image_append_session(&f.image, &session);
        if (row == SESSION_TWICE)
            image_append_session(&f.image, &session);
        image_append_node(&f.image, &f.root);
        CHECK_EQ_INT(state_loader_feed(l, buf_slice(&f.image)), row == GOOD ? 0 : -COORD_E_DAMAGED, "row %d", row);
        state_loader_free(l);
        buf_deinit(&f.image);
    }
}

/* Nodes that one entry creates, a multi, have one czxid. Then their paths decide in which order they go when the
 * session closes, not the order in which they stand in the image: all replicas report the same. */
TEST(state_image, ephemerals_of_one_zxid_go_in_one_order)
{
    char orders[2][64];

    for (int order = 0; order < 2; order++) {
        struct world w, loaded;
        struct buf image = {0};

        world_init(&w);
        for (int i = 0; i < 2; i++) {
            uint8_t space[ACL_WORLD_BYTES];
            struct zk_create_request q = {i == order ? SLICE_LITERAL("/x") : SLICE_LITERAL("/y"), SLICE_NULL,
                                          acl_world(31, space), ZK_EPHEMERAL};

            world_multi_add(&w, ZK_OP_CREATE, &jute_create_request, &q);
        }
        CHECK_EQ_INT(world_multi(&w), 0);
        world_image(w.s, 1 << 20, &image);
        loaded = w;
        loaded.reply = loaded.body = loaded.multi = (struct buf){0};
        loaded.s = world_load(buf_slice(&image), SIZE_MAX);
        REQUIRE(loaded.s != NULL);
        CHECK_EQ_INT(world_session_close(&loaded, w.session), 0);
        snprintf(orders[order], sizeof(orders[order]), "%s", world_changes(&loaded));
        CHECK_EQ_INT(world_session_close(&w, w.session), 0);
        CHECK_EQ_STR(world_changes(&w), orders[order]);
        world_deinit(&loaded);
        world_deinit(&w);
        buf_deinit(&image);
    }
    CHECK(strlen(orders[0]) == strlen("-/x -/y"), "%s", orders[0]);
    CHECK_EQ_STR(orders[1], orders[0]);
}

/* Each byte changed: refused, or (where neither structure nor digest looks: clock, zxid) loaded into a sound state. */
TEST(state_image, every_flipped_byte_is_refused_or_harmless)
{
    struct world w;
    struct buf image = {0};
    unsigned loaded = 0;

    grow(&w);
    world_image(w.s, 1 << 20, &image);
    for (size_t i = 0; i < buf_size(&image); i++)
        for (unsigned flip = 1; flip < 256; flip = flip * 2 + 1) {
            struct state *s;

            buf_bytes(&image)[i] ^= (uint8_t)flip;
            s = world_load(buf_slice(&image), SIZE_MAX);
            if (s != NULL) {
                CHECK(state_digest(s) == state_digest(w.s) && state_digest_recompute(s) == state_digest(s), "byte %zu", i);
                loaded++;
                state_free(s);
            }
            buf_bytes(&image)[i] ^= (uint8_t)flip;
        }
    CHECK(loaded > 0 && loaded < 1000, "%u", loaded); /* zxid, two clocks; node numbers that nobody names */
    world_deinit(&w);
    buf_deinit(&image);
}

/* Garbage with a plausible shape: records dropped, doubled, swapped, spliced, and words overwritten. */
TEST(state_image, mutations_never_crash)
{
    struct world w;
    struct buf image = {0}, bad = {0};
    struct rng r;

    rng_init(&r, 99);
    grow(&w);
    world_image(w.s, 1 << 20, &image);
    for (unsigned round = 0; round < 4000; round++) {
        struct slice rest = buf_slice(&image);
        struct state *s;

        buf_clear(&bad);
        while (rest.size > 0) {
            size_t size = 4 + get_le32(rest.data);
            uint64_t what = rng_below(&r, 40);

            if (what != 0)
                buf_append(&bad, rest.data, size);
            if (what == 1)
                buf_append(&bad, rest.data, size);
            if (what == 2 && rest.size > size)
                rest = slice_make(rest.data + size, rest.size - size), size = 4 + get_le32(rest.data);
            if (what == 3)
                buf_append(&bad, buf_bytes(&image) + rng_below(&r, buf_size(&image)), 1);
            rest = slice_make(rest.data + size, rest.size - size);
        }
        for (uint64_t k = rng_below(&r, 4); k > 0 && buf_size(&bad) > 8; k--) {
            uint8_t *at = buf_bytes(&bad) + rng_below(&r, buf_size(&bad) - 4);

            put_le32(at, rng_below(&r, 2) == 0 ? (uint32_t)rng_below(&r, 20) : (uint32_t)rng_next(&r));
        }
        s = world_load(buf_slice(&bad), 1 + rng_below(&r, 600));
        CHECK(s == NULL || state_digest_recompute(s) == state_digest(s));
        state_free(s);
    }
    world_deinit(&w);
    buf_deinit(&image);
    buf_deinit(&bad);
}
