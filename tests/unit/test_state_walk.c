/* test_state_walk.c - the snapshot walk while applies go on: exact at its start, and nothing of it stays behind. */
#include "lib/runner.h"
#include "state/acl.h"
#include "state/image.h"
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

/* Creates, a deletion and new data at once; half of them fail at the end. */
static void multi(struct world *w, struct rng *r, const char *path, const char *data)
{
    uint8_t space[ACL_WORLD_BYTES];
    char other[64];

    snprintf(other, sizeof(other), "/n%u/child-%u", (unsigned)rng_below(r, 12), (unsigned)rng_below(r, 12));
    if (rng_below(r, 2) == 0)
        world_multi_add(w, ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){slice_from_text(path), -1});
    if (rng_below(r, 2) == 0)
        world_multi_add(w, ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){slice_from_text(other), -1});
    if (rng_below(r, 2) == 0)
        world_multi_add(w, ZK_OP_SET_DATA, &jute_set_data_request,
                        &(struct zk_set_data_request){slice_from_text("/"), slice_from_text(data), -1});
    for (unsigned i = (unsigned)rng_below(r, 4); i > 0; i--)
        world_multi_add(
            w, ZK_OP_CREATE, &jute_create_request,
            &(struct zk_create_request){slice_from_text(path), SLICE_NULL, acl_world(31, space), 2 + (int32_t)rng_below(r, 2)});
    if (rng_below(r, 2) == 0)
        world_multi_add(w, ZK_OP_CHECK, &jute_check_request, &(struct zk_check_request){slice_from_text("/"), 1 << 30});
    world_multi(w);
}

/* Random work: creates, deletes, data, sessions, and several of them at once. */
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
        switch (rng_below(r, 22)) {
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
        case 16:
        case 17:
        case 18:
            multi(w, r, path, data);
            break;
        case 19:
            world_create_container(w, path);
            break;
        case 20:
            world_create_ttl(w, path, 5, 1 + (int64_t)rng_below(r, 100));
            break;
        case 21:
            world_reap(w, path);
            break;
        default:
            if (!state_session(w->s, w->session, NULL))
                world_session_create(w);
            world_create(w, path, data, (int32_t)rng_below(r, 4));
        }
        data[size] = 'v';
    }
}

/* The image is that of the start, whatever happens between the pieces, in each of its moments. */
TEST(state_walk, walk_is_exact_while_applies_go_on)
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

/* Slots that stand empty make no record; a piece ends before too many of them were passed, so that no turn takes long. */
TEST(state_walk, a_piece_passes_a_bounded_number_of_empty_slots)
{
    enum { NODES = 70000 };
    struct world w;
    struct buf image = {0};
    unsigned pieces = 1;
    char path[32];

    world_init(&w);
    for (unsigned i = 0; i < NODES; i++) {
        snprintf(path, sizeof(path), "/n%u", i);
        world_create(&w, path, "", 0);
    }
    for (unsigned i = 0; i < NODES; i++) {
        snprintf(path, sizeof(path), "/n%u", i);
        world_delete(&w, path, -1);
    }
    state_walk_start(w.s);
    while (state_walk_next(w.s, &image, 1 << 20))
        pieces++;
    CHECK(pieces > 1 && buf_size(&image) < 1 << 20, "%u pieces, %zu bytes", pieces, buf_size(&image));
    struct state *loaded = world_load(buf_slice(&image), SIZE_MAX);
    REQUIRE(loaded != NULL);
    world_check_same(w.s, loaded);
    state_free(loaded);
    world_deinit(&w);
    buf_deinit(&image);
}

TEST(state_walk, a_stopped_walk_leaves_nothing_behind)
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
    world_check_same(w.s, loaded);
    state_free(loaded);
    state_walk_start(w.s); /* and state_free ends one */
    work(&w, &r, 20);
    world_deinit(&w);
    buf_deinit(&image);
}

/* A loaded state goes on exactly like the one it was taken from. */
TEST(state_walk, loaded_state_behaves_the_same)
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
        loaded.reply = loaded.body = loaded.multi = (struct buf){0};
        loaded.s = world_load(buf_slice(&image), 777);
        REQUIRE(loaded.s != NULL);
        same = r;
        work(&w, &r, 500);
        work(&loaded, &same, 500);
        world_check_same(w.s, loaded.s);
        world_image(loaded.s, 1000, &again);
        world_deinit(&w);
        world_deinit(&loaded);
        buf_deinit(&image);
        buf_deinit(&again);
    }
}

/* Two replicas that applied the same entries write the same set of records. */
TEST(state_walk, same_entries_same_image)
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
