/* test_runs.c - log shapes against a model that keeps every zxid, and runs_match against all small worlds.
 *
 * A world is a tree of entries (each epoch grows from some entry of an older one), two logs that are paths in it, and a chosen
 * path; floors lie on the chosen path. The match is certain when it holds in every world that shows the same shapes.
 */
#include "base/rng.h"
#include "base/zxid.h"
#include "lib/runner.h"
#include "wire/runs.h"

#include <stdlib.h>
#include <string.h>

#define Z(epoch, counter) ((uint64_t)(epoch) << 32 | (uint64_t)(counter)) /* constant, unlike zxid_make() */

static struct runs make(uint64_t floor, uint32_t count, const struct run *run)
{
    struct runs r = {.floor = floor, .count = count};

    if (count > 0)
        memcpy(r.run, run, count * sizeof(run[0]));
    return r;
}

#define RUNS(floor, ...)                                                                                                       \
    make(floor, COUNT(((const struct run[]){__VA_ARGS__})), (const struct run[]){__VA_ARGS__}) /* of {epoch, first, last} */

TEST(runs, empty_holds_only_zero)
{
    struct runs r = {0};

    CHECK(runs_empty(&r) && runs_invalid(&r) == NULL);
    CHECK_EQ_INT(runs_last(&r), 0);
    CHECK(runs_hold(&r, 0) && !runs_hold(&r, Z(1, 1)));
    CHECK_EQ_INT(runs_next(&r, 0), 0);
    CHECK_EQ_INT(runs_count_after(&r, 0), 0);
    runs_reset(&r, Z(3, 7));
    CHECK(!runs_empty(&r) && runs_hold(&r, Z(3, 7)) && runs_hold(&r, Z(1, 9)) && !runs_hold(&r, Z(3, 8)));
}

TEST(runs, append_needs_the_next_counter_or_a_new_epoch_from_one)
{
    struct runs logs[] = {make(0, 0, NULL), make(Z(2, 5), 0, NULL), RUNS(Z(2, 5), {2, 6, 9}), RUNS(0, {1, 1, UINT32_MAX})};
    static const struct {
        size_t log;
        uint64_t zxid;
        bool can;
    } rows[] = {
        {0, Z(1, 1), true},  {0, Z(7, 1), true},  {0, Z(1, 2), false},  {0, Z(0, 1), false},    {0, 0, false},
        {1, Z(2, 6), true},  {1, Z(2, 5), false}, {1, Z(2, 7), false},  {1, Z(3, 1), true},     {1, Z(1, 1), false},
        {2, Z(2, 10), true}, {2, Z(2, 9), false}, {2, Z(2, 11), false}, {2, Z(3, 1), true},     {2, Z(3, 2), false},
        {3, Z(2, 0), false}, {3, Z(2, 1), true},  {3, Z(1, 0), false},  {3, UINT64_MAX, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_EQ_INT(runs_can_append(&logs[rows[i].log], rows[i].zxid), rows[i].can, "row %zu", i);
}

TEST(runs, no_run_is_free_when_full_but_the_last_grows)
{
    struct runs r = {0};

    for (uint32_t epoch = 1; epoch <= RUNS_MAX; epoch++)
        runs_append(&r, Z(epoch, 1), 2);
    CHECK(runs_invalid(&r) == NULL);
    CHECK(!runs_can_append(&r, Z(RUNS_MAX + 1, 1)));
    CHECK(runs_can_append(&r, Z(RUNS_MAX, 3)));
    runs_fold(&r, Z(1, 2)); /* what a full log does */
    CHECK(runs_can_append(&r, Z(RUNS_MAX + 1, 1)));
    CHECK_EQ_INT(r.count, RUNS_MAX - 1);
}

static void append_with_gap(void)
{
    struct runs r = {0};
    runs_append(&r, Z(1, 2), 1);
}

static void append_past_the_last_counter(void)
{
    struct runs r = {0};
    runs_append(&r, Z(1, 1), UINT32_MAX);
    runs_append(&r, Z(1, UINT32_MAX), 1);
}

static void cut_below_floor(void)
{
    struct runs r = {.floor = Z(1, 5)};
    runs_cut_after(&r, Z(1, 4));
}

static void fold_what_is_not_held(void)
{
    struct runs r = RUNS(0, {1, 1, 3}, {2, 1, 1});
    runs_fold(&r, Z(1, 4));
}

TEST(runs, misuse_asserts)
{
    CHECK(test_aborts(append_with_gap));
    CHECK(test_aborts(append_past_the_last_counter));
    CHECK(test_aborts(cut_below_floor));
    CHECK(test_aborts(fold_what_is_not_held));
}

TEST(runs, span_ends_at_the_run_or_the_limit)
{
    struct runs r = RUNS(Z(1, 2), {1, 3, 9}, {4, 1, UINT32_MAX});

    CHECK_EQ_INT(runs_span(&r, Z(1, 3), 100), 9);
    CHECK_EQ_INT(runs_span(&r, Z(1, 3), 7), 9);
    CHECK_EQ_INT(runs_span(&r, Z(1, 3), 6), 8);
    CHECK_EQ_INT(runs_span(&r, Z(1, 9), 1), 9);
    CHECK_EQ_INT(runs_span(&r, Z(4, 1), UINT32_MAX), UINT32_MAX);
    CHECK_EQ_INT(runs_span(&r, Z(4, UINT32_MAX), UINT32_MAX), UINT32_MAX);
}

TEST(runs, invalid_names_each_broken_invariant)
{
    struct runs rows[] = {
        RUNS(0, {0, 1, 1}),            /* epoch 0 */
        RUNS(0, {1, 2, 3}),            /* begins late */
        RUNS(0, {1, 1, 0}),            /* ends before it begins */
        RUNS(0, {2, 1, 1}, {2, 2, 3}), /* same epoch twice */
        RUNS(0, {2, 1, 1}, {1, 1, 3}), /* epochs fall */
        RUNS(Z(2, 5), {2, 5, 6}),      /* overlaps the floor */
        RUNS(Z(2, 5), {2, 7, 8}),      /* gap behind the floor */
        RUNS(Z(2, 5), {1, 1, 8}),      /* below the floor */
        RUNS(Z(2, 5), {2, 6, 8}, {2, 9, 9}),
        RUNS(Z(2, UINT32_MAX), {2, 0, 1}), /* counter overflow */
        make(Z(0, 5), 0, NULL),
        make(Z(5, 0), 0, NULL),
        {.count = RUNS_MAX + 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK(runs_invalid(&rows[i]) != NULL, "row %zu", i);
}

/* The model: every zxid behind the floor, in order. */
#define MODEL_MAX 400

struct model {
    uint64_t floor;
    uint32_t count;
    uint64_t zxid[MODEL_MAX];
};

static bool model_holds(const struct model *m, uint64_t zxid)
{
    if (zxid <= m->floor)
        return true;
    for (uint32_t i = 0; i < m->count; i++)
        if (m->zxid[i] == zxid)
            return true;
    return false;
}

static uint64_t model_last(const struct model *m)
{
    return m->count > 0 ? m->zxid[m->count - 1] : m->floor;
}

static void model_fold(struct model *m, uint64_t zxid)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < m->count; i++)
        if (m->zxid[i] > zxid)
            m->zxid[kept++] = m->zxid[i];
    m->count = kept;
    m->floor = zxid > m->floor ? zxid : m->floor;
}

static void check_against_model(const struct runs *r, const struct model *m, struct rng *rng)
{
    uint64_t zxid = Z(rng_between(rng, zxid_epoch(m->floor), zxid_epoch(model_last(m)) + 1), rng_below(rng, 12));
    uint64_t next = 0, behind = 0;

    REQUIRE(runs_invalid(r) == NULL);
    REQUIRE(runs_last(r) == model_last(m));
    REQUIRE(runs_hold(r, zxid) == model_holds(m, zxid));
    if (zxid < m->floor)
        return;
    for (uint32_t i = m->count; i > 0 && m->zxid[i - 1] > zxid; i--, behind++)
        next = m->zxid[i - 1];
    REQUIRE(runs_next(r, zxid) == next);
    REQUIRE(runs_count_after(r, zxid) == behind);
    if (next != 0) {
        uint32_t limit = (uint32_t)rng_between(rng, 1, 8), last = zxid_counter(next);
        while (last - zxid_counter(next) + 1 < limit && model_holds(m, Z(zxid_epoch(next), last + 1)))
            last++;
        REQUIRE(runs_span(r, next, limit) == last);
    }
}

static void step_append(struct runs *r, struct model *m, struct rng *rng)
{
    uint64_t last = model_last(m);
    bool new_epoch = last == 0 || rng_below(rng, 3) == 0;
    uint64_t first = new_epoch ? Z(zxid_epoch(last) + (uint32_t)rng_between(rng, 1, 3), 1) : last + 1;
    uint32_t count = (uint32_t)rng_between(rng, 1, 4);

    if (m->count + count > MODEL_MAX || !runs_can_append(r, first))
        return;
    runs_append(r, first, count);
    for (uint32_t i = 0; i < count; i++)
        m->zxid[m->count++] = first + i;
}

static void step_cut(struct runs *r, struct model *m, struct rng *rng)
{
    uint64_t to = m->count > 0 && rng_below(rng, 4) > 0 ? m->zxid[rng_below(rng, m->count)] : model_last(m) + rng_below(rng, 2);

    if (rng_below(rng, 8) == 0)
        to = m->floor;
    runs_cut_after(r, to);
    while (m->count > 0 && m->zxid[m->count - 1] > to)
        m->count--;
}

TEST(runs, random_logs_agree_with_the_model)
{
    struct rng rng;
    struct runs r = {0};
    struct model m = {0};

    rng_init(&rng, 11);
    for (int i = 0; i < 100000; i++) {
        uint64_t what = rng_below(&rng, 100);
        if (what < 60) {
            step_append(&r, &m, &rng);
        } else if (what < 75) {
            step_cut(&r, &m, &rng);
        } else if (what < 80 && m.count > 0) {
            uint64_t zxid = m.zxid[rng_below(&rng, m.count)];
            runs_fold(&r, zxid);
            model_fold(&m, zxid);
        } else if (what == 99) {
            m.count = 0;
            m.floor = rng_below(&rng, 2) == 0 ? 0 : Z(rng_between(&rng, 1, 5), rng_between(&rng, 1, 5));
            runs_reset(&r, m.floor);
        }
        check_against_model(&r, &m, &rng);
    }
}

TEST(runs, equal_shapes_are_equal_bytes)
{
    struct runs a = {0}, b = {0};

    runs_append(&a, Z(1, 1), 5);
    runs_append(&a, Z(2, 1), 5);
    runs_append(&a, Z(3, 1), 1);
    runs_cut_after(&a, Z(2, 2));
    runs_fold(&a, Z(1, 5));
    runs_reset(&b, Z(1, 5));
    runs_append(&b, Z(2, 1), 2);
    CHECK_EQ_BYTES(&a, sizeof(a), &b, sizeof(b));
}

TEST(runs, match_by_the_rules_of_the_header)
{
    static const struct {
        const char *claim;
        uint64_t mine_floor, theirs_floor;
        struct run mine[3], theirs[3];
        uint64_t committed, match;
    } rows[] = {
        {"nothing", 0, 0, {{0}}, {{0}}, 0, 0},
        {"equal logs", 0, 0, {{1, 1, 4}, {2, 1, 3}}, {{1, 1, 4}, {2, 1, 3}}, 0, Z(2, 3)},
        {"one is a prefix", 0, 0, {{1, 1, 4}, {2, 1, 3}}, {{1, 1, 4}}, 0, Z(1, 4)},
        {"they part within an epoch", 0, 0, {{1, 1, 4}, {3, 1, 3}}, {{1, 1, 6}, {2, 1, 1}}, 0, Z(1, 4)},
        {"a later epoch in common", 0, 0, {{1, 1, 4}, {3, 1, 3}}, {{1, 1, 4}, {3, 1, 1}, {4, 1, 1}}, 0, Z(3, 1)},
        {"no common epoch", 0, 0, {{1, 1, 4}}, {{2, 1, 4}}, 0, 0},
        {"they hold my floor", Z(2, 3), 0, {{0}}, {{1, 1, 4}, {2, 1, 5}}, 0, Z(2, 3)},
        {"they end in my floor's epoch", Z(2, 3), 0, {{0}}, {{1, 1, 4}, {2, 1, 2}}, 0, Z(2, 2)},
        {"they end below my floor's epoch", Z(2, 3), 0, {{2, 4, 5}}, {{1, 1, 4}}, 0, 0},
        {"the same, with what they know committed", Z(2, 3), 0, {{2, 4, 5}}, {{1, 1, 4}}, Z(1, 2), Z(1, 2)},
        {"the same, committed is beyond their log", Z(2, 3), 0, {{2, 4, 5}}, {{1, 1, 4}}, Z(2, 1), 0},
        {"the same, committed is beyond it in its epoch", Z(2, 3), 0, {{2, 4, 5}}, {{1, 1, 4}}, Z(1, 6), Z(1, 4)},
        {"I end below their floor, I hold a committed one", 0, Z(2, 3), {{1, 1, 4}}, {{2, 4, 5}}, Z(1, 3), Z(1, 3)},
        {"their floor is below mine", Z(2, 3), Z(1, 2), {{2, 4, 5}}, {{1, 3, 4}}, 0, Z(1, 2)},
        {"I end below their floor", 0, Z(2, 3), {{1, 1, 4}}, {{2, 4, 5}}, Z(2, 5), 0},
        {"the same, my floor", Z(1, 2), Z(2, 3), {{1, 3, 4}}, {{2, 4, 5}}, Z(2, 5), Z(1, 2)},
        {"I hold their floor", 0, Z(2, 3), {{1, 1, 4}, {2, 1, 9}}, {{2, 4, 5}}, 0, Z(2, 5)},
        {"equal floors, then parted", Z(2, 3), Z(2, 3), {{3, 1, 1}}, {{4, 1, 1}}, Z(4, 1), Z(2, 3)},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct runs mine = {.floor = rows[i].mine_floor}, theirs = {.floor = rows[i].theirs_floor};
        for (; mine.count < 3 && rows[i].mine[mine.count].epoch != 0; mine.count++)
            mine.run[mine.count] = rows[i].mine[mine.count];
        for (; theirs.count < 3 && rows[i].theirs[theirs.count].epoch != 0; theirs.count++)
            theirs.run[theirs.count] = rows[i].theirs[theirs.count];
        CHECK(runs_invalid(&mine) == NULL && runs_invalid(&theirs) == NULL, "%s", rows[i].claim);
        CHECK(runs_match(&mine, &theirs, rows[i].committed) == rows[i].match, "%s", rows[i].claim);
    }
}

/* All small worlds: entries 0 (before everything) and {epoch, counter}, numbered so that order is zxid order. */
#define EPOCHS 3
#define COUNTERS 2
#define ENTRIES (1 + EPOCHS * COUNTERS)
#define SHAPES_MAX 256

struct world {
    int parent[ENTRIES];
};

static struct runs shapes[SHAPES_MAX];
static int shape_count;
static uint8_t certain[SHAPES_MAX][SHAPES_MAX][ENTRIES]; /* least match over the worlds, by mine, theirs, committed */

static uint64_t entry_zxid(int entry)
{
    return entry == 0 ? 0 : Z((uint32_t)((entry - 1) / COUNTERS + 1), (uint32_t)((entry - 1) % COUNTERS + 1));
}

static bool on_path(const struct world *w, int entry, int tip)
{
    while (tip > entry)
        tip = w->parent[tip];
    return tip == entry;
}

static int shape_of(const struct world *w, int tip, int floor)
{
    struct runs r = {0};

    for (int entry = 1; entry <= tip; entry++)
        if (on_path(w, entry, tip))
            runs_append(&r, entry_zxid(entry), 1);
    runs_fold(&r, entry_zxid(floor));
    for (int i = 0; i < shape_count; i++)
        if (memcmp(&shapes[i], &r, sizeof(r)) == 0)
            return i;
    REQUIRE(shape_count < SHAPES_MAX);
    shapes[shape_count] = r;
    return shape_count++;
}

static int common(const struct world *w, int a, int b)
{
    while (a != b)
        if (a > b)
            a = w->parent[a];
        else
            b = w->parent[b];
    return a;
}

static void note_pair(const struct world *w, int mine, int theirs, int chosen)
{
    uint8_t match = (uint8_t)common(w, mine, theirs);
    int mine_floor_max = common(w, mine, chosen), theirs_floor_max = common(w, theirs, chosen);

    for (int x = 0; x <= mine_floor_max; x++)
        for (int y = 0; on_path(w, x, chosen) && y <= theirs_floor_max; y++) {
            int a, b;
            if (!on_path(w, y, chosen))
                continue;
            a = shape_of(w, mine, x);
            b = shape_of(w, theirs, y);
            for (int committed = 0; committed <= chosen; committed++)
                if (on_path(w, committed, chosen) && match < certain[a][b][committed])
                    certain[a][b][committed] = match;
        }
}

static void note_world(const struct world *w)
{
    for (int mine = 0; mine < ENTRIES; mine++)
        for (int theirs = 0; theirs < ENTRIES; theirs++)
            for (int chosen = 0; chosen < ENTRIES; chosen++)
                note_pair(w, mine, theirs, chosen);
}

TEST(runs, match_is_all_that_is_certain_in_every_small_world)
{
    struct world w = {{0}};
    int checked = 0, loose = 0;

    memset(certain, 0xff, sizeof(certain));
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        for (int i = 1; i < COUNTERS; i++)
            w.parent[epoch * COUNTERS + i + 1] = epoch * COUNTERS + i;
    for (int second = 0; second <= COUNTERS; second++)
        for (int third = 0; third <= 2 * COUNTERS; third++) {
            w.parent[COUNTERS + 1] = second;
            w.parent[2 * COUNTERS + 1] = third;
            note_world(&w);
        }
    for (int a = 0; a < shape_count; a++)
        for (int b = 0; b < shape_count; b++)
            for (int committed = 0; committed < ENTRIES; committed++) {
                uint64_t match = runs_match(&shapes[a], &shapes[b], entry_zxid(committed));
                if (certain[a][b][committed] == 0xff)
                    continue;
                checked++;
                REQUIRE(match <= entry_zxid(certain[a][b][committed]), "claims too much: shapes %d %d", a, b);
                loose += match < entry_zxid(certain[a][b][committed]);
            }
    CHECK(checked > 1000);
    CHECK_EQ_INT(loose, 0);
}
