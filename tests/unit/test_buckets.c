/* test_buckets.c - linear hashing: every item stays where its hash is looked for, after each split. */
#include "base/buckets.h"
#include "lib/runner.h"

#include "base/hash.h"

enum { ITEMS = 5000 };

static uint32_t chain[ITEMS];

static void hang(struct buckets *b, uint32_t item)
{
    uint32_t *head = buckets_head(b, hash_u64(item, 0));

    chain[item] = *head;
    *head = item;
}

static bool found(const struct buckets *b, uint32_t item)
{
    uint32_t at = *buckets_head(b, hash_u64(item, 0));

    while (at != BUCKETS_NONE && at != item)
        at = chain[at];
    return at == item;
}

TEST(buckets, items_are_found_through_all_splits)
{
    struct buckets b;
    uint32_t first;

    buckets_init(&b);
    first = b.count;
    for (uint32_t count = 1; count <= ITEMS; count++) {
        hang(&b, count - 1);
        while (count > b.count) {
            for (uint32_t at = buckets_split(&b), next; at != BUCKETS_NONE; at = next) {
                next = chain[at];
                hang(&b, at);
            }
        }
        CHECK(b.level <= b.count && b.count < 2 * b.level);
        for (uint32_t item = 0; item < count; item += 1 + count / 16)
            REQUIRE(found(&b, item), "item %u of %u", item, count);
    }
    CHECK(first < ITEMS && b.count == ITEMS);
    for (uint32_t item = 0; item < ITEMS; item++)
        CHECK(found(&b, item), "item %u", item);
    CHECK(buckets_bytes(&b) < ITEMS * 5);
    buckets_deinit(&b);
}

TEST(buckets, chains_stay_short)
{
    struct buckets b;
    uint32_t longest = 0;

    buckets_init(&b);
    while (b.count < 1000)
        buckets_split(&b);
    for (uint32_t item = 0; item < 1000; item++)
        hang(&b, item);
    for (uint32_t i = 0; i < b.count; i++) {
        uint32_t length = 0;

        for (uint32_t at = *buckets_at(&b, i); at != BUCKETS_NONE; at = chain[at])
            length++;
        longest = length > longest ? length : longest;
    }
    CHECK(longest < 12, "%u", longest);
    buckets_deinit(&b);
}
