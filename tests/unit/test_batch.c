/* test_batch.c - batches: what makes one, finding by zxid, borrowing. */
#include "base/rng.h"
#include "base/zxid.h"
#include "golden.h"
#include "lib/runner.h"
#include "wire/batch.h"
#include "wire/entry.h"

/* Appends an entry whose body is body_size bytes. */
static void add(struct buf *b, uint64_t zxid, size_t body_size)
{
    static const uint8_t body[1000] = {'b', 'o', 'd', 'y'};
    struct entry e = {.kind = ENTRY_REQUEST, .zxid = zxid, .body = {body, body_size}};

    entry_append(b, &e);
}

TEST(batch, names_its_entries)
{
    static const uint64_t zxids[] = {0x100000007, 0x100000008, 0x300000001, 0x300000002, 0x400000001};
    struct buf b = {0};
    struct batch *batch;

    for (uint32_t i = 0; i < COUNT(zxids); i++)
        add(&b, zxids[i], i * 3);
    golden_check("entry", "batch", buf_slice(&b));
    batch = batch_new(buf_slice(&b));
    REQUIRE(batch != NULL);
    CHECK_EQ_INT(batch->count, COUNT(zxids));
    CHECK_EQ_INT(batch->first, zxids[0]);
    CHECK_EQ_INT(batch->last, zxids[4]);
    CHECK_EQ_BYTES(batch->bytes, batch->size, buf_bytes(&b), buf_size(&b));
    CHECK(batch->bytes != buf_bytes(&b));
    for (uint32_t i = 0; i < COUNT(zxids); i++) {
        struct slice one = batch_slice(batch, i, i + 1);
        struct entry e;
        CHECK_EQ_INT(batch_find(batch, zxids[i]), i);
        CHECK_EQ_INT(entry_next(&one, &e), 0);
        CHECK_EQ_INT(e.zxid, zxids[i]);
        CHECK_EQ_INT(e.body.size, i * 3);
        CHECK_EQ_INT(one.size, 0);
    }
    CHECK_EQ_INT(batch_slice(batch, 0, batch->count).size, batch->size);
    CHECK_EQ_INT(batch_slice(batch, 2, 2).size, 0);
    batch_unref(batch);
    buf_deinit(&b);
}

TEST(batch, find_answers_count_for_what_it_lacks)
{
    static const uint64_t absent[] = {0, 0x100000006, 0x100000009, 0x200000001, 0x300000000, 0x300000002, UINT64_MAX};
    struct buf b = {0};
    struct batch *batch;

    add(&b, 0x100000007, 0);
    add(&b, 0x100000008, 0);
    add(&b, 0x300000001, 0);
    batch = batch_new(buf_slice(&b));
    for (size_t i = 0; i < COUNT(absent); i++)
        CHECK_EQ_INT(batch_find(batch, absent[i]), 3, "row %zu", i);
    batch_unref(batch);
    buf_deinit(&b);
}

TEST(batch, refuses_runs_out_of_order)
{
    static const struct {
        const char *claim;
        uint64_t first, second;
    } rows[] = {
        {"same zxid", 0x100000001, 0x100000001},
        {"falls", 0x100000002, 0x100000001},
        {"gap", 0x100000001, 0x100000003},
        {"epoch falls", 0x200000001, 0x100000002},
        {"epoch begins late", 0x100000001, 0x200000002},
        {"no zxid", 0, 1},
        {"counter 0", 0x100000001, 0x200000000},
        {"epoch 0", 0x000000001, 0x000000002},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf b = {0};
        add(&b, rows[i].first, 4);
        add(&b, rows[i].second, 4);
        CHECK(batch_new(buf_slice(&b)) == NULL, "%s", rows[i].claim);
        buf_deinit(&b);
    }
}

TEST(batch, refuses_empty_and_malformed_runs)
{
    struct buf b = {0};

    CHECK(batch_new(SLICE_NULL) == NULL);
    add(&b, 0x100000001, 4);
    add(&b, 0x100000002, 4);
    for (size_t size = 0; size < buf_size(&b); size++)
        if (size != buf_size(&b) / 2)
            CHECK(batch_new(slice_make(buf_bytes(&b), size)) == NULL, "cut at %zu", size);
    buf_bytes(&b)[buf_size(&b) / 2 + 5] = 0xff; /* the second's kind */
    CHECK(batch_new(buf_slice(&b)) == NULL);
    buf_deinit(&b);
}

TEST(batch, lives_until_the_last_borrower_gives_it_back)
{
    struct buf b = {0};
    struct batch *batch;

    add(&b, 0x100000001, 4);
    batch = batch_new(buf_slice(&b));
    CHECK(batch_ref(batch) == batch);
    CHECK_EQ_INT(batch->refs, 2);
    batch_unref(batch);
    CHECK_EQ_INT(batch->refs, 1);
    CHECK_EQ_INT(batch->first, 0x100000001);
    batch_unref(batch);
    batch_unref(NULL);
    buf_deinit(&b);
}

TEST(batch, random_runs_are_found_entry_by_entry)
{
    struct rng rng;
    struct buf b = {0};

    rng_init(&rng, 6);
    for (int round = 0; round < 200; round++) {
        uint64_t zxids[100], zxid = zxid_make(1, (uint32_t)rng_between(&rng, 1, 5));
        uint32_t count = (uint32_t)rng_between(&rng, 1, COUNT(zxids));
        struct batch *batch;

        buf_clear(&b);
        for (uint32_t i = 0; i < count; i++) {
            zxids[i] = zxid;
            add(&b, zxid, rng_below(&rng, 300));
            zxid = rng_below(&rng, 8) > 0 ? zxid + 1 : zxid_make(zxid_epoch(zxid) + (uint32_t)rng_between(&rng, 1, 2), 1);
        }
        batch = batch_new(buf_slice(&b));
        REQUIRE(batch != NULL && batch->count == count);
        for (uint32_t i = 0; i < count; i++)
            REQUIRE(batch_find(batch, zxids[i]) == i);
        batch_unref(batch);
    }
    buf_deinit(&b);
}
