/* test_slabs.c - items by index: dense, never moved, used again. */
#include "base/slabs.h"
#include "lib/runner.h"

#include <string.h>

struct item {
    uint32_t number;
    uint8_t rest[49];
};

static struct item *item(const struct slabs *s, uint32_t index)
{
    return slabs_at(s, index);
}

TEST(slabs, items_stay_where_they_are)
{
    enum { ITEMS = 5 * SLABS_ITEMS + 1 };
    struct slabs s;
    struct item *first;

    slabs_init(&s, sizeof(struct item));
    CHECK_EQ_INT(slabs_bytes(&s), 0);
    for (uint32_t i = 0; i < ITEMS; i++) {
        CHECK(slabs_take(&s) == i);
        memset(item(&s, i), (int)(i & 0xff), sizeof(struct item));
        item(&s, i)->number = i;
    }
    first = item(&s, 0);
    CHECK(slabs_take(&s) == ITEMS && item(&s, 0) == first);
    for (uint32_t i = 0; i < ITEMS; i++)
        CHECK(item(&s, i)->number == i && item(&s, i)->rest[0] == (i & 0xff) && item(&s, i)->rest[48] == (i & 0xff), "%u", i);
    CHECK(slabs_bytes(&s) >= 6 * SLABS_ITEMS * sizeof(struct item) && slabs_bytes(&s) < 7 * SLABS_ITEMS * sizeof(struct item));
    slabs_deinit(&s);
}

TEST(slabs, the_last_given_is_the_first_taken)
{
    struct slabs s;

    slabs_init(&s, sizeof(struct item));
    for (uint32_t i = 0; i < 10; i++)
        slabs_take(&s);
    slabs_give(&s, 3);
    slabs_give(&s, 9);
    slabs_give(&s, 0);
    CHECK_EQ_INT(slabs_take(&s), 0);
    CHECK_EQ_INT(slabs_take(&s), 9);
    slabs_give(&s, 0);
    CHECK_EQ_INT(slabs_take(&s), 0);
    CHECK_EQ_INT(slabs_take(&s), 3);
    CHECK_EQ_INT(slabs_take(&s), 10);
    CHECK_EQ_INT(s.used, 11);
    slabs_deinit(&s);
}
