/* test_store.c - the data directory as a whole: made, opened again, refused; jobs of both lanes. */
#include "lib/fake_fs.h"
#include "lib/runner.h"
#include "unit/store_kit.h"

#include "base/error.h"
#include "base/zxid.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define Z(epoch, counter) zxid_make((epoch), (counter))

static struct store *reopen(struct fs *fs, struct store *s, struct store_recovered *r)
{
    struct store_options options = kit_options();
    const char *text;

    if (s != NULL)
        store_close(s);
    REQUIRE(store_open(fs, &options, &s, r, &text) == 0, "%s", text);
    return s;
}

static int try_open(struct fs *fs, const struct store_options *options, const char **text)
{
    struct store_recovered r;
    struct store *s;
    int rc = store_open(fs, options, &s, &r, text);

    if (rc == 0)
        store_close(s);
    return rc;
}

TEST(store, fresh_directory_then_second_start)
{
    struct fake_fs *f = fake_fs_new();
    struct store_recovered r;
    struct store *s = reopen(fake_fs_fs(f), NULL, &r);

    CHECK(r.fresh && r.incarnation == 77 && r.boot == 1 && r.cluster == 0 && r.snapshot_zxid == 0);
    CHECK(runs_empty(&r.paxos.log) && !r.paxos.has_form && r.paxos.accepted == 0 && r.paxos.promised.epoch == 0);
    s = reopen(fake_fs_fs(f), s, &r);
    CHECK(!r.fresh && r.incarnation == 77 && r.boot == 2);
    store_close(s);
    fake_fs_free(f);
}

TEST(store, persisted_things_are_there_after_a_power_loss)
{
    struct fake_fs *f = fake_fs_new();
    struct store_recovered r;
    struct store *s = reopen(fake_fs_fs(f), NULL, &r);
    static struct kit_model m;

    m = (struct kit_model){0};
    CHECK_EQ_INT(kit_promise(s, 1), 0);
    for (uint32_t i = 0; i < 40; i++) {
        CHECK_EQ_INT(kit_append(s, Z(1, 1 + 5 * i), 5, 100, i), 0);
        kit_model_append(&m, Z(1, 1 + 5 * i), 5, 100, i);
    }
    CHECK_EQ_INT(kit_accepted(s, 1), 0);
    CHECK_EQ_INT(kit_cut(s, Z(1, 150)), 0);
    kit_model_cut(&m, Z(1, 150));
    CHECK_EQ_INT(kit_promise(s, 2), 0);
    CHECK_EQ_INT(kit_append(s, Z(2, 1), 3, 9000, 3), 0); /* each larger than a segment */
    kit_model_append(&m, Z(2, 1), 3, 9000, 3);
    CHECK_EQ_INT(kit_append(s, Z(2, 4), 7, 10, 4), 0);
    kit_model_append(&m, Z(2, 4), 7, 10, 4);
    fake_fs_crash(f, NULL, FAKE_FS_LOSE);
    s = reopen(fake_fs_fs(f), s, &r);
    CHECK(r.paxos.promised.epoch == 2 && r.paxos.promised.server == 2 && r.paxos.promised.incarnation == 4);
    CHECK_EQ_INT(r.paxos.accepted, 1);
    const char *why = kit_model_differs(&m, s, &r.paxos.log, 0);
    CHECK(why == NULL, "%s", why);
    store_close(s);
    fake_fs_free(f);
}

TEST(store, works_on_real_files)
{
    struct store_options options = kit_options();
    struct store_recovered r;
    struct store *s;
    const char *text;
    static struct kit_model m;
    uint64_t trimmed;

    m = (struct kit_model){0};
    options.data_dir = options.log_dir = test_tmpdir();
    options.segment_bytes = 1 << 20;
    REQUIRE(store_open(fs_posix(), &options, &s, &r, &text) == 0, "%s", text);
    for (uint32_t i = 0; i < 30; i++) {
        CHECK_EQ_INT(kit_append(s, Z(1, 1 + 100 * i), 100, 1000, i), 0);
        kit_model_append(&m, Z(1, 1 + 100 * i), 100, 1000, i);
        CHECK(store_prepare(s) >= 0);
    }
    CHECK_EQ_INT(kit_snapshot(s, Z(1, 1500)), 0);
    CHECK_EQ_INT(kit_trim(s, Z(1, 1500), &trimmed), 0);
    CHECK_EQ_INT(trimmed, 0);
    CHECK_EQ_INT(kit_snapshot(s, Z(1, 2900)), 0);
    CHECK_EQ_INT(kit_trim(s, Z(1, 2900), &trimmed), 0);
    CHECK(trimmed > Z(1, 10) && trimmed <= Z(1, 1500), "trimmed " ZXID_FMT, ZXID_ARG(trimmed));
    store_close(s);
    REQUIRE(store_open(fs_posix(), &options, &s, &r, &text) == 0, "%s", text);
    CHECK_EQ_INT(r.snapshot_zxid, Z(1, 2900));
    CHECK_EQ_INT(r.cluster, 9);
    const char *why = kit_model_differs(&m, s, &r.paxos.log, r.paxos.log.floor);
    CHECK(why == NULL, "%s", why);
    char command[200];
    snprintf(command, sizeof(command), "! command -v lz4 >/dev/null || lz4 -tq %s/snapshot.*.lz4 2>/dev/null",
             options.data_dir);
    CHECK_EQ_INT(system(command), 0);
    CHECK_EQ_INT(try_open(fs_posix(), &options, &text), -COORD_E_LOCKED);
    store_close(s);
}

TEST(store, state_goes_through_a_snapshot)
{
    struct fake_fs *f = fake_fs_new();
    struct store_recovered r;
    struct store *s = reopen(fake_fs_fs(f), NULL, &r);
    struct state *state = state_new();
    struct entry e = {.kind = ENTRY_FORM, .zxid = Z(1, 1)};
    struct form form = {.cluster = 9, .count = 1, .voter = {{.id = 1, .incarnation = 77}}};
    struct buf body = {0}, encoded = {0}, reply = {0};
    struct apply a = {.entry = &e, .reply = &reply};

    form_append(&body, &form);
    e.body = buf_slice(&body);
    state_apply(state, &a);
    CHECK_EQ_INT(kit_append(s, Z(1, 1), 1, 10, 0), 0);
    struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = Z(1, 1), .cluster = 9, .digest = state_digest(state)};
    struct job chunk = {.type = JOB_SNAP_CHUNK, .zxid = Z(1, 1)}, commit = {.type = JOB_SNAP_COMMIT, .zxid = Z(1, 1)};
    store_run(s, &begin);
    state_walk_start(state);
    for (bool more = true; more;) {
        more = state_walk_next(state, &chunk.bytes, 20);
        store_run(s, &chunk);
        CHECK_EQ_INT(chunk.err, 0);
        buf_clear(&chunk.bytes);
    }
    state_walk_stop(state);
    store_run(s, &commit);
    CHECK_EQ_INT(commit.err, 0);
    uint64_t trimmed;
    CHECK_EQ_INT(kit_trim(s, Z(1, 1), &trimmed), 0);
    s = reopen(fake_fs_fs(f), s, &r);
    CHECK_EQ_INT(r.snapshot_zxid, Z(1, 1));
    struct job load = {.type = JOB_LOAD, .zxid = Z(1, 1)}, first = {.type = JOB_LOAD};
    store_run(s, &load);
    REQUIRE(load.err == 0);
    CHECK(state_digest(load.state) == state_digest(state) && state_zxid(load.state) == Z(1, 1));
    store_run(s, &first);
    CHECK(first.err == 0 && state_zxid(first.state) == 0);
    struct job absent = {.type = JOB_LOAD, .zxid = Z(1, 2)};
    store_run(s, &absent);
    CHECK_EQ_INT(absent.err, -COORD_E_MISSING);
    CHECK(strstr(store_failure(s), "snapshot.0000000100000002.lz4") != NULL, "%s", store_failure(s));
    state_free(load.state);
    state_free(first.state);
    state_free(state);
    buf_deinit(&body);
    buf_deinit(&encoded);
    buf_deinit(&reply);
    buf_deinit(&chunk.bytes);
    store_close(s);
    fake_fs_free(f);
}
