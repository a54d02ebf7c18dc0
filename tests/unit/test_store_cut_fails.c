/* test_store_cut_fails.c - P19 at the store: a log that must be cut for another leader's entries, and a disk that fails at it.
 */
#include "lib/fake_fs.h"
#include "lib/runner.h"
#include "unit/store_kit.h"

#include "base/error.h"
#include "base/zxid.h"

#define Z(epoch, counter) zxid_make((epoch), (counter))

static struct store *reopen(struct fake_fs *f, struct store_recovered *r)
{
    struct store_options options = kit_options();
    struct store *s = NULL;
    const char *text;

    int rc = store_open(fake_fs_fs(f), &options, &s, r, &text);
    REQUIRE(rc == 0, "%s", text);
    return s;
}

/* What an ACCEPT of epoch 2 asks for: drop all behind 1.3, append 2.1, then accepted = 2. */
static int take_over(struct store *s)
{
    struct job_piece piece = {kit_batch(Z(2, 1), 1, 300, 2), 0, 1};
    struct job j = {.type = JOB_PERSIST,
                    .persist = {.set_promised = true,
                                .promised = {.epoch = 2, .server = 2, .boot = 1, .incarnation = 4},
                                .cut = true,
                                .cut_after = Z(1, 3),
                                .append_count = 1,
                                .append_first = Z(2, 1),
                                .append_last = Z(2, 1),
                                .set_accepted = true,
                                .accepted = 2},
                    .pieces = &piece,
                    .piece_count = 1};

    store_run(s, &j);
    batch_unref(piece.batch);
    return j.err;
}

/* Whole, cut, or cut and continued: in this order, and accepted last. */
static void check_log(const struct store_recovered *r, uint64_t at)
{
    const struct runs *log = &r->paxos.log;
    uint64_t last = runs_last(log);

    CHECK(last == Z(1, 6) || last == Z(1, 3) || last == Z(2, 1), "call %lu: ends at " ZXID_FMT, at, ZXID_ARG(last));
    CHECK(last != Z(2, 1) || !runs_hold(log, Z(1, 4)), "call %lu: 2.1 behind what should be cut", at);
    CHECK(last == Z(2, 1) || r->paxos.accepted == 1, "call %lu: accepted without the history", at);
    CHECK(last == Z(1, 6) || r->paxos.promised.epoch == 2, "call %lu: cut before the promise", at);
}

TEST(store_cut_fails, is_told_stops_the_store_and_leaves_a_legal_log)
{
    uint64_t at = 1;

    for (bool failed = true; failed; at++) {
        struct store_recovered r;
        struct fake_fs *f = fake_fs_new();
        struct store *s = reopen(f, &r);
        struct rng rng;
        uint64_t changes;

        rng_init(&rng, at);
        CHECK(kit_promise(s, 1) == 0 && kit_append(s, Z(1, 1), 6, 300, 1) == 0 && kit_accepted(s, 1) == 0);
        changes = fake_fs_calls(f, FAKE_FS_CHANGES);
        fake_fs_fail(f, FAKE_FS_CHANGES, at, COORD_E_IO);
        failed = take_over(s) != 0;
        CHECK_EQ_INT(failed, fake_fs_calls(f, FAKE_FS_CHANGES) - changes >= at, "call %lu", at);
        changes = fake_fs_calls(f, FAKE_FS_CHANGES);
        CHECK(!failed || (kit_append(s, Z(2, 2), 1, 300, 2) != 0 && kit_promise(s, 3) != 0), "call %lu: it goes on", at);
        CHECK(!failed || fake_fs_calls(f, FAKE_FS_CHANGES) == changes, "call %lu: it writes after a failure", at);
        CHECK(!failed || store_failure(s)[0] != '\0', "call %lu: nothing says why", at);
        for (int mode = 0; failed && mode < 3; mode++) {
            struct fake_fs *disk = fake_fs_clone(f);
            fake_fs_crash(disk, &rng, mode == 0 ? FAKE_FS_LOSE : mode == 1 ? FAKE_FS_KEEP : FAKE_FS_RANDOM);
            struct store *again = reopen(disk, &r);
            check_log(&r, at);
            CHECK(take_over(again) == 0 || runs_last(&r.paxos.log) == Z(2, 1), "call %lu: it cannot be done again", at);
            store_close(again);
            fake_fs_free(disk);
        }
        store_close(s);
        fake_fs_free(f);
    }
    CHECK(at > 4, "only %lu calls were there to fail", at);
}
