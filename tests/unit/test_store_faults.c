/* test_store_faults.c - every call to the disk fails once, in a server's making, start and life: what the user is told, that
 * nothing goes on after it, and that the next start has all that was acknowledged. */
#include "lib/runner.h"
#include "unit/fault_sweep.h"
#include "unit/world.h"

#include "base/error.h"
#include "base/zxid.h"

#include <string.h>

/* A spare file that cannot be looked at is done without; an unfinished one that cannot be removed is left for the next start; a
 * promise file has a twin. */
#define MAY_PASS (FAKE_FS_OPEN | FAKE_FS_SIZE | FAKE_FS_READ | FAKE_FS_REMOVE)

static bool reads_back(struct world *w, uint64_t zxid)
{
    struct buf got = {0};

    w->err = kit_read(w->store, zxid, zxid, &got);
    buf_deinit(&got);
    return w->err == 0;
}

static bool finish(struct world *w)
{
    w->err = store_finish(w->store);
    return w->err == 0;
}

/* Every kind of job; false: one of them failed. */
static bool life(struct world *w)
{
    return world_promise(w) && world_append(w, false, 3, 100) && world_accepted(w) && world_prepare(w) &&
           world_append(w, false, 5, 300) && world_mark(w) && world_append(w, false, 6, 500) && world_prepare(w) &&
           world_cut(w, zxid_make(1, 9)) && world_append(w, true, 4, 600) && reads_back(w, zxid_make(1, 2)) &&
           world_append(w, false, 1, 9000) && world_snapshot(w, zxid_make(1, 2)) && world_append(w, false, 8, 700) &&
           world_snapshot(w, zxid_make(2, 9)) && world_prepare(w) && world_append(w, false, 9, 600) &&
           world_snapshot(w, zxid_make(2, 12)) && reads_back(w, zxid_make(2, 20)) && world_install(w, zxid_make(7, 7)) &&
           world_append(w, false, 2, 100) && world_prepare(w) && finish(w);
}

/* A job that failed: it says which file and why, and its lane is over. A full disk ends a snapshot only. */
static void check_told(struct world *w, int code, uint64_t at)
{
    const char *text = store_failure(w->store);
    uint64_t changes = fake_fs_calls(w->fake, FAKE_FS_CHANGES);

    CHECK_EQ_INT(w->err, -code, "call %lu", at);
    if (text[0] == '\0') {
        CHECK_EQ_INT(code, COORD_E_NO_SPACE, "call %lu", at);
        CHECK(world_append(w, false, 1, 10), "call %lu", at);
        return;
    }
    CHECK(strncmp(text, "d/", 2) == 0 || strncmp(text, "d:", 2) == 0, "call %lu: %s", at, text);
    CHECK(strstr(text, coord_error_text(code)) != NULL, "call %lu: %s", at, text);
    if (strstr(text, "snapshot.") == NULL || strstr(text, ".lz4: ") == NULL) { /* that was no file of lane SNAP */
        CHECK_EQ_INT(kit_append(w->store, zxid_make(99, 1), 1, 10, 1), -code, "call %lu", at);
        CHECK_EQ_INT(kit_mark(w->store), -code, "call %lu", at);
        CHECK_EQ_INT(store_prepare(w->store), -code, "call %lu", at);
        CHECK_EQ_INT(store_finish(w->store), -code, "call %lu", at);
        CHECK_EQ_INT(fake_fs_calls(w->fake, FAKE_FS_CHANGES), changes, "call %lu", at);
        CHECK_EQ_STR(store_failure(w->store), text, "call %lu", at);
    }
}

TEST(store_faults, a_life_ends_at_any_call_and_loses_nothing)
{
    struct sweep s = {.may_pass = MAY_PASS};

    while (sweep_next(&s)) {
        struct world *w = world_new();
        struct rng r;
        bool stopped;

        sweep_arm(&s, w->fake);
        bool ended = !life(w);
        sweep_told(&s, ended);
        if (ended)
            check_told(w, s.code, s.at);
        rng_init(&r, s.at);
        world_crash(w, &r, s.at % 3 == 0 ? FAKE_FS_LOSE : s.at % 3 == 1 ? FAKE_FS_KEEP : FAKE_FS_RANDOM);
        const char *why = world_start(w, &stopped);
        REQUIRE(why == NULL, "call %lu: %s", s.at, why);
        world_free(w);
    }
    CHECK(s.told > 400, "%u", s.told);
}

/* What a crash leaves: segments being made, a last batch that nobody vouches for, spares, half a snapshot, a rotten promise
 * file. */
static struct world *crashed_world(void)
{
    struct world *w = world_new();
    struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = zxid_make(1, 20)};

    REQUIRE(w != NULL);
    CHECK(world_promise(w) && world_accepted(w));
    for (int i = 0; i < 12; i++)
        CHECK(world_append(w, false, 2, 500) && world_prepare(w));
    CHECK(world_snapshot(w, zxid_make(1, 9)) && world_snapshot(w, zxid_make(1, 15)) && world_snapshot(w, zxid_make(1, 19)));
    CHECK(world_prepare(w) && world_append(w, false, 1, 400));
    store_run(w->store, &begin);
    CHECK_EQ_INT(begin.err, 0);
    world_crash(w, NULL, FAKE_FS_KEEP);
    world_put(w, "segment.tmp", SLICE_LITERAL("half"));
    world_put(w, "spare.00000077", SLICE_LITERAL("of another size"));
    fake_fs_flip(w->fake, KIT_DIR "/promise.1", 60, 1);
    return w;
}

TEST(store_faults, a_start_fails_at_any_call_and_can_be_repeated)
{
    struct sweep s = {.may_pass = MAY_PASS};

    while (sweep_next(&s)) {
        struct world *w = crashed_world();
        const char *text, *why;
        bool stopped;

        sweep_arm(&s, w->fake);
        int rc = world_open(w, &text);
        sweep_told(&s, rc != 0);
        if (rc != 0) {
            CHECK_EQ_INT(rc, -s.code, "call %lu: %s", s.at, text);
            CHECK(strncmp(text, "d", 1) == 0 && strstr(text, coord_error_text(s.code)) != NULL, "call %lu: %s", s.at, text);
            CHECK(strstr(text, "empty") == NULL && strstr(text, "backup") == NULL, "call %lu: %s", s.at, text);
        }
        world_crash(w, NULL, s.at % 2 == 0 ? FAKE_FS_LOSE : FAKE_FS_KEEP);
        why = world_start(w, &stopped);
        REQUIRE(why == NULL, "call %lu: %s", s.at, why);
        world_free(w);
    }
    CHECK(s.told > 60, "%u", s.told);
}

/* With a log directory of its own: made by a first start that fails anywhere; whatever is there then, a second one completes.
 */
TEST(store_faults, a_directory_is_made_at_the_second_try)
{
    struct sweep sweep = {.may_pass = MAY_PASS};

    while (sweep_next(&sweep)) {
        struct fake_fs *f = fake_fs_new();
        struct store_options options = kit_options();
        struct store_recovered r;
        struct store *s, *other;
        const char *text;
        int rc;

        options.log_dir = "l";
        sweep_arm(&sweep, f);
        rc = store_open(fake_fs_fs(f), &options, &s, &r, &text);
        sweep_told(&sweep, rc != 0);
        if (rc != 0) {
            CHECK_EQ_INT(rc, -sweep.code, "call %lu: %s", sweep.at, text);
            CHECK(strchr("dl", text[0]) != NULL && strstr(text, coord_error_text(sweep.code)) != NULL, "call %lu: %s", sweep.at,
                  text);
            fake_fs_crash(f, NULL, FAKE_FS_KEEP);
            REQUIRE(store_open(fake_fs_fs(f), &options, &s, &r, &text) == 0, "call %lu: %s", sweep.at, text);
        }
        CHECK(r.incarnation == 77 && runs_empty(&r.paxos.log), "call %lu", sweep.at);
        options.data_dir = "d2"; /* two servers, one log directory */
        CHECK_EQ_INT(store_open(fake_fs_fs(f), &options, &other, &r, &text), -COORD_E_LOCKED);
        CHECK_EQ_STR(text, "l/log-lock: another coordd uses this directory");
        CHECK_EQ_INT(kit_append(s, zxid_make(1, 1), 1, 10, 1), 0);
        store_close(s);
        fake_fs_free(f);
    }
    CHECK(sweep.told > 50, "%u", sweep.told);
}

/* A --bootstrap that failed has formed the ensemble or not; a second one forms it, or says that it is formed. */
TEST(store_faults, bootstrap_fails_at_any_call)
{
    struct sweep sweep = {.may_pass = MAY_PASS};
    unsigned formed = 0;

    while (sweep_next(&sweep)) {
        struct form form = {.cluster = 0xabc, .count = 1, .voter = {{.id = 1}}};
        struct store_options options = kit_options();
        struct fake_fs *f = fake_fs_new();
        struct store_recovered r;
        struct store *s;
        const char *text;
        int rc;

        sweep_arm(&sweep, f);
        rc = store_bootstrap(fake_fs_fs(f), &options, &form, &text);
        sweep_told(&sweep, rc != 0);
        if (rc != 0) {
            CHECK_EQ_INT(rc, -sweep.code, "call %lu: %s", sweep.at, text);
            CHECK(strncmp(text, "d", 1) == 0 && strstr(text, coord_error_text(sweep.code)) != NULL, "call %lu: %s", sweep.at,
                  text);
            fake_fs_crash(f, NULL, FAKE_FS_KEEP);
            rc = store_bootstrap(fake_fs_fs(f), &options, &form, &text);
            CHECK(rc == 0 || rc == -COORD_E_EXISTS, "call %lu: %s", sweep.at, text);
            CHECK(rc == 0 || strstr(text, "holds entries already") != NULL, "call %lu: %s", sweep.at, text);
            formed += rc != 0;
        }
        REQUIRE(store_open(fake_fs_fs(f), &options, &s, &r, &text) == 0, "call %lu: %s", sweep.at, text);
        CHECK(r.paxos.has_form && r.paxos.form.cluster == 0xabc && r.paxos.form.voter[0].incarnation == 77, "call %lu",
              sweep.at);
        store_close(s);
        fake_fs_free(f);
    }
    CHECK(sweep.told > 80 && formed > 0, "%u, %u formed", sweep.told, formed);
}
