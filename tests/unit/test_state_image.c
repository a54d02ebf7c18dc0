/* test_state_image.c - the snapshot walk while applies go on, and the loader against anything that is not an image. */
#include "lib/runner.h"
#include "state/image.h"
#include "state/internal.h"
#include "state_fixture.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/rng.h"

#include <stdio.h>

/* Records of an image, sorted: images are equal as sets. */
static void sorted_records(struct slice image, struct buf *to)
{
    struct slice *records = coord_alloc_zero(image.size / IMAGE_PREFIX_BYTES + 1, sizeof(*records));
    size_t count = 0;

    while (image.size > 0) {
        size_t size = 4 + get_le32(image.data), at = count++;
        struct slice record = slice_make(image.data, size);

        for (; at > 0; at--) {
            size_t least = record.size < records[at - 1].size ? record.size : records[at - 1].size;
            int order = memcmp(record.data, records[at - 1].data, least);

            if (order > 0 || (order == 0 && record.size >= records[at - 1].size))
                break;
            records[at] = records[at - 1];
        }
        records[at] = record;
        image = slice_make(image.data + size, image.size - size);
    }
    for (size_t i = 0; i < count; i++)
        buf_append(to, records[i].data, records[i].size);
    coord_free(records);
}

static bool same_records(struct slice a, struct slice b)
{
    struct buf x = {0}, y = {0};
    bool same;

    sorted_records(a, &x);
    sorted_records(b, &y);
    same = slice_equal(buf_slice(&x), buf_slice(&y));
    buf_deinit(&x);
    buf_deinit(&y);
    return same;
}

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

/* Random work: creates, deletes, data, sessions. */
static void work(struct world *w, struct rng *r, unsigned steps)
{
    char path[64], data[1500];

    memset(data, 'v', sizeof(data));
    while (steps-- > 0) {
        unsigned a = (unsigned)rng_below(r, 12), b = (unsigned)rng_below(r, 12);
        size_t size = rng_below(r, 8) == 0 ? 1200 : rng_below(r, 30);
        uint64_t cursor = rng_next(r) % (state_zxid(w->s) + 1) | (uint64_t)WORLD_SERVER << 56;
        struct state_session info;

        snprintf(path, sizeof(path), rng_below(r, 3) == 0 ? "/n%u" : "/n%u/child-%u", a, b);
        data[size] = 0;
        switch (rng_below(r, 16)) {
        case 0:
            world_session_create(w);
            break;
        case 1:
            if (state_session_next(w->s, &cursor, &info))
                world_session_close(w, info.id);
            break;
        case 2:
            if (state_session_next(w->s, &cursor, &info)) {
                w->e.session = info.id;
                w->e.op = 0;
                w->e.body = slice_make(info.password, sizeof(info.password));
                world_apply(w, ENTRY_SESSION_ATTACH);
                if (info.id == w->session)
                    w->attach = w->a.attach;
            }
            break;
        case 3:
        case 4:
        case 5:
        case 6:
            world_delete(w, path, -1);
            break;
        case 7:
        case 8:
        case 9:
            world_set(w, path, data, -1);
            break;
        default:
            if (!state_session(w->s, w->session, NULL))
                world_session_create(w);
            world_create(w, path, data, (int32_t)rng_below(r, 4));
        }
        data[size] = 'v';
    }
}

/* Everything that a client can see is the same. */
static void check_same(struct state *a, struct state *b)
{
    struct state_counts x, y;
    struct state_session p, q;
    uint64_t at = 0, bt = 0;

    CHECK_EQ_INT(state_zxid(b), state_zxid(a));
    CHECK(state_digest(a) == state_digest(b));
    CHECK(state_digest_recompute(b) == state_digest(b));
    state_counts(a, &x);
    state_counts(b, &y);
    CHECK_EQ_INT(y.nodes, x.nodes);
    CHECK_EQ_INT(y.ephemerals, x.ephemerals);
    CHECK_EQ_INT(y.sessions, x.sessions);
    CHECK_EQ_INT(y.data_bytes, x.data_bytes);
    CHECK_EQ_INT(y.wall_ms, x.wall_ms);
    CHECK_EQ_INT(y.cluster_ms, x.cluster_ms);
    while (state_session_next(a, &at, &p)) {
        REQUIRE(state_session_next(b, &bt, &q));
        CHECK(memcmp(&p, &q, sizeof(p)) == 0);
    }
}

TEST(state_image, survives_the_round_trip)
{
    struct world w, loaded;
    struct buf image = {0};
    struct state_session info;

    grow(&w);
    world_image(w.s, 1, &image);
    loaded = w;
    loaded.reply = loaded.body = (struct buf){0};
    loaded.s = world_load(buf_slice(&image), SIZE_MAX);
    REQUIRE(loaded.s != NULL);
    check_same(w.s, loaded.s);
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
    check_same(s, loaded);
    state_free(loaded);
    state_free(s);
    buf_deinit(&image);
}

/* Golden bytes: version 1 stays readable and is written alike. */
TEST(state_image, header_origin_session_and_trailer_bytes)
{
    static const char expected[] = "\x31\0\0\0\1coordimg\1\0\0\0\2\0\0\0\5\0\0\0\3\0\0\0\7\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0"
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
    static const char expected[] = "\x5d\0\0\0\5\2\0\0\0\1\0\0\0"
                                   "\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0"
                                   "\x08\0\0\0\0\0\0\0\xfe\xff\xff\xff\0\0\0\0\x0a\0\0\0"
                                   "\1\0\0\0\3\0\0\0\2\0\0\0\3\0\0\0ACLnm";
    struct buf b = {0};
    struct image_node n = {.index = 2,
                           .parent = 1,
                           .czxid = 3,
                           .mzxid = 4,
                           .pzxid = 5,
                           .ctime = 6,
                           .mtime = 7,
                           .owner = 8,
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
    CHECK_EQ_INT(get_le32(buf_bytes(&b)), 0x5a);
    CHECK_EQ_INT(get_le32(buf_bytes(&b) + 5 + 80), UINT32_MAX);
    buf_deinit(&b);
}

/* The image is that of the start, whatever happens between the pieces, in each of its moments. */
TEST(state_image, walk_is_exact_while_applies_go_on)
{
    struct rng r;
    size_t backlog = 0;

    rng_init(&r, 17);
    for (unsigned round = 0; round < 60; round++) {
        struct buf image = {0}, expected = {0};
        struct world w;
        struct state *loaded;
        uint64_t zxid, digest;
        size_t piece = 1 + rng_below(&r, 3000);
        unsigned each = (unsigned)rng_below(&r, 12);

        world_init(&w);
        work(&w, &r, 400);
        world_image(w.s, 1 << 16, &expected);
        zxid = state_zxid(w.s);
        digest = state_digest(w.s);
        state_walk_start(w.s);
        work(&w, &r, each * 10);
        while (state_walk_next(w.s, &image, piece)) {
            CHECK(state_walking(w.s));
            work(&w, &r, each);
            backlog = state_walk_backlog(w.s) > backlog ? state_walk_backlog(w.s) : backlog;
        }
        CHECK(state_digest(w.s) == state_digest_recompute(w.s));
        REQUIRE(same_records(buf_slice(&image), buf_slice(&expected)), "round %u", round);
        loaded = world_load(buf_slice(&image), 1 + rng_below(&r, 5000));
        REQUIRE(loaded != NULL);
        CHECK(state_digest(loaded) == digest);
        CHECK_EQ_INT(state_zxid(loaded), zxid);
        state_free(loaded);
        world_deinit(&w);
        buf_deinit(&image);
        buf_deinit(&expected);
    }
    CHECK(backlog > 1200, "%zu", backlog);
}

TEST(state_image, a_stopped_walk_leaves_nothing_behind)
{
    struct world w;
    struct buf image = {0};
    struct rng r;
    struct state *loaded;

    rng_init(&r, 4);
    world_init(&w);
    for (unsigned i = 0; i < 20; i++) {
        work(&w, &r, 100);
        state_walk_start(w.s);
        work(&w, &r, 20);
        for (unsigned k = 0; k < i % 4; k++)
            state_walk_next(w.s, &image, 200);
        work(&w, &r, 20);
        state_walk_stop(w.s);
        CHECK_EQ_INT(state_walk_backlog(w.s), 0);
        buf_clear(&image);
    }
    world_image(w.s, 100, &image);
    loaded = world_load(buf_slice(&image), 64);
    REQUIRE(loaded != NULL);
    check_same(w.s, loaded);
    state_free(loaded);
    state_walk_start(w.s); /* and state_free ends one */
    work(&w, &r, 20);
    world_deinit(&w);
    buf_deinit(&image);
}

/* A loaded state goes on exactly like the one it was taken from. */
TEST(state_image, loaded_state_behaves_the_same)
{
    struct rng r;

    rng_init(&r, 23);
    for (unsigned round = 0; round < 20; round++) {
        struct buf image = {0}, again = {0};
        struct world w, loaded;
        struct rng same;

        world_init(&w);
        work(&w, &r, 500);
        world_image(w.s, 1000, &image);
        loaded = w;
        loaded.reply = loaded.body = (struct buf){0};
        loaded.s = world_load(buf_slice(&image), 777);
        REQUIRE(loaded.s != NULL);
        same = r;
        work(&w, &r, 500);
        work(&loaded, &same, 500);
        check_same(w.s, loaded.s);
        world_image(loaded.s, 1000, &again);
        world_deinit(&w);
        world_deinit(&loaded);
        buf_deinit(&image);
        buf_deinit(&again);
    }
}

/* Two replicas that applied the same entries write the same set of records. */
TEST(state_image, same_entries_same_image)
{
    struct world a, b;
    struct buf x = {0}, y = {0};
    struct rng r, same;

    rng_init(&r, 31);
    same = r;
    world_init(&a);
    world_init(&b);
    work(&a, &r, 3000);
    state_walk_start(b.s); /* a walk changes nothing */
    work(&b, &same, 3000);
    state_walk_stop(b.s);
    CHECK(state_digest(a.s) == state_digest(b.s));
    world_image(a.s, 100, &x);
    world_image(b.s, 100000, &y);
    CHECK(same_records(buf_slice(&x), buf_slice(&y)));
    world_deinit(&a);
    world_deinit(&b);
    buf_deinit(&x);
    buf_deinit(&y);
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
        {"new", 0, true},   {"zookeeper", 0, false}, /* there already */
        {"", 0, false},     {"..", 0, false},        {"a/b", 0, false},
        {"\xff", 0, false}, {"new", 4711, false}, /* no such session */
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
