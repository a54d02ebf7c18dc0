/* test_store_crash.c - whatever call the crash comes at: what was acknowledged is there, nothing cut comes back. */
#include "lib/runner.h"
#include "unit/world.h"

#include "base/error.h"
#include "base/zxid.h"

/* Every kind of operation, each at least once in an interesting place; false: the disk stopped. */
static bool scenario(struct world *w)
{
    struct rng r;

    rng_init(&r, 3);
    return world_promise(w) && world_append(w, false, 3, 100) && world_accepted(w) && world_prepare(w) &&
           world_append(w, false, 5, 300) && world_prepare(w) && world_append(w, false, 6, 500) && world_mark(w) &&
           world_cut(w, zxid_make(1, 9)) && world_append(w, true, 4, 600) && world_append(w, false, 1, 9000) &&
           world_append(w, false, 3, 50) && world_promise(w) && world_snapshot(w, zxid_make(1, 2)) &&
           world_append(w, false, 8, 700) && world_cut(w, zxid_make(2, 10)) && world_snapshot(w, zxid_make(2, 9)) &&
           world_group(w, &r) && world_prepare(w) && world_group(w, &r) && world_prepare(w) &&
           world_snapshot(w, zxid_make(2, 10)) && world_append(w, false, 9, 600) && world_mark(w) &&
           world_install(w, zxid_make(7, 7)) && world_append(w, false, 2, 100) && world_prepare(w) &&
           world_append(w, true, 9, 400) && world_accepted(w) && world_mark(w);
}

static unsigned states;

/* After the crash: starts, also when it crashes again on the way, and goes on. */
static void recover_and_go_on(struct world *w, uint64_t at, uint64_t seed, uint64_t nested)
{
    struct rng r;
    bool stopped;
    const char *why;

    rng_init(&r, seed * 1000003 + at);
    states++;
    if (nested > 0) {
        fake_fs_stop(w->fake, FAKE_FS_CHANGES, nested);
        why = world_start(w, &stopped);
        CHECK(why == NULL || stopped, "call %lu seed %lu nested %lu: %s", at, seed, nested, why);
        world_crash(w, &r, FAKE_FS_RANDOM);
    }
    why = world_start(w, &stopped);
    REQUIRE(why == NULL, "call %lu seed %lu nested %lu: %s", at, seed, nested, why);
    world_crash(w, NULL, FAKE_FS_LOSE); /* what a start has shown is durable */
    why = world_start(w, &stopped);
    REQUIRE(why == NULL, "call %lu seed %lu nested %lu, second start: %s", at, seed, nested, why);
    CHECK(world_append(w, true, 2, 150) && world_append(w, false, 3, 350));
    fake_fs_stop(w->fake, FAKE_FS_SYNC, 1);
    (void)world_append(w, false, 3, 150);
    world_crash(w, &r, FAKE_FS_RANDOM);
    why = world_start(w, &stopped);
    REQUIRE(why == NULL, "call %lu seed %lu nested %lu, after going on: %s", at, seed, nested, why);
}

static void crash_at(uint64_t at, uint64_t seeds, bool *ended)
{
    struct world *w = world_new();

    REQUIRE(w != NULL);
    fake_fs_stop(w->fake, FAKE_FS_CHANGES, at);
    *ended = scenario(w);
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct world *c = world_clone(w);
        struct rng r;
        enum fake_fs_crash mode = seed == 0 ? FAKE_FS_LOSE : seed == 1 ? FAKE_FS_KEEP : FAKE_FS_RANDOM;
        rng_init(&r, seed * 7919 + at);
        world_crash(c, &r, mode);
        recover_and_go_on(c, at, seed, seed < 2 ? 0 : 1 + rng_below(&r, 14));
        world_free(c);
    }
    world_free(w);
}

TEST(store_crash, at_every_call_of_a_scenario)
{
    bool ended = false;
    uint64_t at;

    for (at = 1; !ended; at++)
        crash_at(at, 8, &ended);
    CHECK(states >= 500, "%u states of %lu calls", states, at);
}

TEST(store_crash, in_the_making_of_the_directory)
{
    for (uint64_t at = 1; at < 60; at++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct store_options options = kit_options();
            struct fake_fs *f = fake_fs_new();
            struct store_recovered r;
            struct store *s;
            struct rng rng;
            const char *text;
            rng_init(&rng, seed + at * 10);
            fake_fs_stop(f, FAKE_FS_CHANGES, at);
            if (store_open(fake_fs_fs(f), &options, &s, &r, &text) == 0)
                store_close(s);
            fake_fs_crash(f, &rng, seed == 0 ? FAKE_FS_KEEP : FAKE_FS_RANDOM);
            REQUIRE(store_open(fake_fs_fs(f), &options, &s, &r, &text) == 0, "call %lu seed %lu: %s", at, seed, text);
            CHECK(runs_empty(&r.paxos.log) && r.incarnation == 77);
            store_close(s);
            fake_fs_free(f);
        }
    }
}

/* The process dies, starts, and the power fails on the way: what the first one wrote was readable, but not durable yet. */
static void died_then_power_loss(bool (*operation)(struct world *w))
{
    bool done = false, started = false;

    for (uint64_t at = 1; !done; at++) {
        for (uint64_t nested = 1; nested == 1 || !started; nested++) {
            for (uint64_t seed = 0; seed < 20; seed++) {
                struct world *w = world_new();
                struct rng r;
                bool stopped;
                rng_init(&r, at * 1000 + nested * 10 + seed);
                REQUIRE(w != NULL && world_promise(w));
                for (int i = 0; i < 12; i++)
                    CHECK(world_append(w, false, 2, 500));
                CHECK(world_snapshot(w, zxid_make(1, 9)));
                fake_fs_stop(w->fake, FAKE_FS_CHANGES, at);
                done = operation(w);
                world_crash(w, NULL, FAKE_FS_KEEP);
                fake_fs_stop(w->fake, FAKE_FS_CHANGES, nested);
                const char *why = world_start(w, &stopped);
                started = why == NULL;
                CHECK(why == NULL || stopped, "call %lu nested %lu: %s", at, nested, why);
                world_crash(w, &r, FAKE_FS_RANDOM);
                why = world_start(w, &stopped);
                REQUIRE(why == NULL, "call %lu nested %lu seed %lu: %s", at, nested, seed, why);
                world_free(w);
            }
        }
    }
}

static bool trim(struct world *w)
{
    return world_snapshot(w, zxid_make(1, 20));
}

TEST(store_crash, of_the_process_then_of_the_machine)
{
    died_then_power_loss(trim);
    died_then_power_loss(world_promise);
}

/* A life ends by a crash at a random call, or by a call that fails. */
static void arm(struct world *w, struct rng *r)
{
    static const int codes[] = {COORD_E_IO, COORD_E_NO_SPACE};
    uint64_t at = 1 + rng_below(r, 120);

    if (rng_below(r, 3) != 0)
        fake_fs_stop(w->fake, FAKE_FS_CHANGES, at);
    else
        fake_fs_fail(w->fake, FAKE_FS_CHANGES, at, codes[rng_below(r, 2)]);
}

/* Lives of random operations on one disk. */
static void random_lives(uint64_t seed, unsigned lives)
{
    struct world *w = world_new();
    struct rng r;

    rng_init(&r, seed);
    REQUIRE(w != NULL);
    for (unsigned life = 0; life < lives; life++) {
        bool stopped, alive = true;
        const char *why;
        arm(w, &r);
        for (unsigned i = 0; i < 60 && alive; i++)
            alive = world_random(w, &r);
        world_crash(w, &r, rng_below(&r, 4) == 0 ? FAKE_FS_KEEP : FAKE_FS_RANDOM);
        if (rng_below(&r, 2) == 0)
            fake_fs_stop(w->fake, FAKE_FS_CHANGES, 1 + rng_below(&r, 20));
        while ((why = world_start(w, &stopped)) != NULL && stopped)
            world_crash(w, &r, FAKE_FS_RANDOM);
        REQUIRE(why == NULL, "seed %lu life %u: %s", seed, life, why);
    }
    world_free(w);
}

TEST(store_crash, lives_of_random_operations)
{
    for (uint64_t seed = 1; seed <= 150; seed++)
        random_lives(seed, 12);
}

/* A sync that fails may leave in memory what never reaches the disk: after the process has died of it, a start that shows
 * such entries must have stored them. */
TEST(store_crash, a_failed_sync_leaves_nothing_that_only_seems_durable)
{
    for (uint64_t at = 1; at < 8; at++) {
        struct world *w = world_new();
        bool stopped;
        const char *why;
        REQUIRE(w != NULL);
        CHECK(world_append(w, false, 3, 100));
        fake_fs_fail(w->fake, FAKE_FS_SYNC, at, COORD_E_IO);
        while (world_append(w, false, 3, 100) && world_promise(w))
            ;
        CHECK(store_failure(w->store)[0] != '\0');
        world_crash(w, NULL, FAKE_FS_KEEP);
        why = world_start(w, &stopped);
        REQUIRE(why == NULL, "sync %lu: %s", at, why);
        world_crash(w, NULL, FAKE_FS_LOSE);
        why = world_start(w, &stopped);
        REQUIRE(why == NULL, "sync %lu, after power loss: %s", at, why);
        world_free(w);
    }
}
