/* test_store_jobs.c - jobs: what shares a sync, what goes from server to server, what fails and how. */
#include "lib/fake_fs.h"
#include "lib/runner.h"
#include "unit/world.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/zxid.h"
#include "store/manifest.h"

#include <string.h>

static struct job *persist(uint64_t zxid)
{
    struct job *j = job_new(JOB_PERSIST);

    j->pieces = coord_alloc(sizeof(j->pieces[0]));
    j->pieces[0] = (struct job_piece){kit_batch(zxid, 1, 50, 1), 0, 1};
    j->piece_count = 1;
    return j;
}

static void free_all(struct list *jobs)
{
    struct list *node;

    while ((node = list_pop_front(jobs)) != NULL)
        job_free(LIST_ENTRY(node, struct job, link));
}

TEST(store_jobs, neighbouring_persists_share_write_and_sync)
{
    struct world *w = world_new();
    struct list jobs;
    uint64_t writes = fake_fs_calls(w->fake, FAKE_FS_WRITE), syncs = fake_fs_calls(w->fake, FAKE_FS_SYNC);

    list_init(&jobs);
    for (uint32_t i = 0; i < 20; i++)
        list_push_back(&jobs, &persist(zxid_make(1, 1 + i))->link);
    store_run_wal(w->store, &jobs);
    LIST_EACH(node, &jobs)
    CHECK_EQ_INT(LIST_ENTRY(node, struct job, link)->err, 0);
    CHECK_EQ_INT(fake_fs_calls(w->fake, FAKE_FS_WRITE) - writes, 1);
    CHECK_EQ_INT(fake_fs_calls(w->fake, FAKE_FS_SYNC) - syncs, 1);
    free_all(&jobs);
    world_free(w);
}

/* In the order of the list: a read sees what was persisted before it, and nothing that comes after. */
TEST(store_jobs, others_among_persists_run_in_their_place)
{
    static const struct {
        enum job_type type;
        int err;
    } rows[] = {{JOB_READ_LOG, -COORD_E_NO_ENTRY},
                {JOB_PERSIST, 0},
                {JOB_PERSIST, 0},
                {JOB_READ_LOG, 0},
                {JOB_MARK, 0},
                {JOB_PERSIST, 0}};
    struct world *w = world_new();
    struct list jobs;
    uint32_t next = 1;
    size_t i = 0;

    list_init(&jobs);
    for (size_t k = 0; k < COUNT(rows); k++) {
        struct job *j = rows[k].type == JOB_PERSIST ? persist(zxid_make(1, next++)) : job_new(rows[k].type);
        if (j->type == JOB_READ_LOG)
            *j = (struct job){.type = JOB_READ_LOG, .zxid = zxid_make(1, 1), .last = UINT64_MAX, .max_bytes = 10000};
        list_push_back(&jobs, &j->link);
    }
    store_run_wal(w->store, &jobs);
    LIST_EACH(node, &jobs)
    {
        struct job *j = LIST_ENTRY(node, struct job, link);
        CHECK_EQ_INT(j->err, rows[i].err, "job %zu", i);
        CHECK(j->type != JOB_READ_LOG || buf_size(&j->bytes) == (i == 0 ? 0 : 2 * (ENTRY_HEADER_BYTES + 50)), "job %zu", i);
        i++;
    }
    free_all(&jobs);
    world_free(w);
}

/* The promise files vouch for the end of the log already: an orderly stop writes nothing. */
TEST(store_jobs, finishing_twice_writes_once)
{
    struct world *w = world_new();
    uint64_t changes;

    CHECK(world_append(w, false, 1, 10));
    changes = fake_fs_calls(w->fake, FAKE_FS_CHANGES);
    CHECK_EQ_INT(store_finish(w->store), 0);
    CHECK(fake_fs_calls(w->fake, FAKE_FS_CHANGES) > changes);
    changes = fake_fs_calls(w->fake, FAKE_FS_CHANGES);
    CHECK_EQ_INT(store_finish(w->store), 0);
    CHECK_EQ_INT(fake_fs_calls(w->fake, FAKE_FS_CHANGES), changes);
    world_free(w);
}

TEST(store_jobs, failure_takes_down_all_that_shared_the_sync_and_all_later)
{
    struct world *w = world_new();
    struct list jobs;
    uint64_t trimmed;

    list_init(&jobs);
    for (uint32_t i = 0; i < 5; i++)
        list_push_back(&jobs, &persist(zxid_make(1, 1 + i))->link);
    fake_fs_fail(w->fake, FAKE_FS_SYNC, 1, COORD_E_IO);
    CHECK_EQ_STR(store_failure(w->store), "");
    store_run_wal(w->store, &jobs);
    LIST_EACH(node, &jobs)
    CHECK_EQ_INT(LIST_ENTRY(node, struct job, link)->err, -COORD_E_IO);
    CHECK(strstr(store_failure(w->store), "d/log.00000001: sync") != NULL, "%s", store_failure(w->store));
    uint64_t changes = fake_fs_calls(w->fake, FAKE_FS_CHANGES);
    CHECK_EQ_INT(kit_append(w->store, zxid_make(1, 6), 1, 10, 1), -COORD_E_IO);
    CHECK_EQ_INT(kit_trim(w->store, 1, &trimmed), -COORD_E_IO);
    CHECK_EQ_INT(store_prepare(w->store), -COORD_E_IO);
    CHECK_EQ_INT(fake_fs_calls(w->fake, FAKE_FS_CHANGES), changes);
    free_all(&jobs);
    world_free(w);
}

/* The whole file of one store, piece by piece, into another; then it becomes the base there. */
TEST(store_jobs, snapshot_goes_to_another_server)
{
    struct world *from = world_new(), *to = world_new();
    uint64_t offset = 0, size = 1, zxid = zxid_make(1, 4);
    bool stopped;

    CHECK(world_append(from, false, 6, 100) && world_snapshot(from, zxid) && world_append(to, false, 2, 100));
    while (offset < size) {
        struct job read = {.type = JOB_SNAP_READ, .zxid = zxid, .offset = offset, .max_bytes = 200};
        struct job receive = {.type = JOB_SNAP_RECEIVE, .zxid = zxid, .offset = offset};
        store_run(from->store, &read);
        REQUIRE(read.err == 0 && buf_size(&read.bytes) > 0);
        size = receive.size = read.size;
        receive.bytes = read.bytes;
        store_run(to->store, &receive);
        CHECK_EQ_INT(receive.err, 0);
        offset += buf_size(&receive.bytes);
        buf_deinit(&receive.bytes);
    }
    struct job received = {.type = JOB_SNAP_RECEIVED, .zxid = zxid}, again = received;
    store_run(to->store, &received);
    CHECK(received.err == 0 && received.size == size);
    store_run(to->store, &again);
    CHECK_EQ_INT(again.err, -COORD_E_DAMAGED); /* nothing came */
    CHECK_EQ_INT(kit_install(to->store, zxid), 0);
    CHECK_EQ_INT(kit_append(to->store, zxid_make(1, 5), 2, 100, 9), 0);
    store_close(to->store);
    to->settled = (struct world_facts){.snapshot = zxid, .log = {.base = zxid}};
    kit_model_append(&to->settled.log, zxid_make(1, 5), 2, 100, 9);
    const char *why = world_start(to, &stopped);
    CHECK(why == NULL, "%s", why);
    CHECK_EQ_INT(to->recovered.cluster, 9);
    CHECK(to->recovered.paxos.committed == zxid && to->recovered.paxos.log.floor == zxid);
    struct job gone = {.type = JOB_SNAP_READ, .zxid = 99};
    store_run(to->store, &gone);
    CHECK_EQ_INT(gone.err, -COORD_E_TRIMMED);
    struct job unordered = {.type = JOB_SNAP_RECEIVE, .zxid = zxid, .offset = 10};
    store_run(to->store, &unordered);
    CHECK_EQ_INT(unordered.err, -COORD_E_INVALID);
    world_free(from);
    world_free(to);
}

TEST(store_jobs, another_cluster_is_refused)
{
    struct world *w = world_new();
    struct job j = {.type = JOB_PERSIST, .cluster = 8};

    CHECK(world_append(w, false, 6, 100));
    store_run(w->store, &j);
    CHECK_EQ_INT(j.err, 0);                    /* tentative: may change */
    CHECK(world_snapshot(w, zxid_make(1, 4))); /* of cluster 9: that is for good */
    store_run(w->store, &j);
    CHECK_EQ_INT(j.err, -COORD_E_FOREIGN);
    world_free(w);
}

/* A full disk ends a snapshot, not the server. */
TEST(store_jobs, no_space_for_a_snapshot_is_harmless)
{
    for (uint64_t at = 1; at <= 4; at++) {
        struct world *w = world_new();
        CHECK(world_append(w, false, 6, 100));
        fake_fs_fail(w->fake, FAKE_FS_CREATE | FAKE_FS_WRITE | FAKE_FS_SYNC, at, COORD_E_NO_SPACE);
        int rc = kit_snapshot(w->store, zxid_make(1, 3));
        CHECK_EQ_INT(rc, -COORD_E_NO_SPACE, "call %lu", at);
        CHECK_EQ_STR(store_failure(w->store), "");
        CHECK(kit_snapshot(w->store, zxid_make(1, 4)) == 0 && world_append(w, false, 1, 10));
        world_free(w);
    }
}

TEST(store_jobs, an_aborted_snapshot_leaves_nothing)
{
    struct world *w = world_new();
    struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = 5}, abort_job = {.type = JOB_SNAP_ABORT};
    struct fs_file *file;

    store_run(w->store, &begin);
    CHECK_EQ_INT(fs_open(fake_fs_fs(w->fake), KIT_DIR "/snapshot.tmp", FS_READ, &file), 0);
    fs_close(fake_fs_fs(w->fake), file);
    store_run(w->store, &abort_job);
    CHECK(begin.err == 0 && abort_job.err == 0);
    CHECK_EQ_INT(fs_open(fake_fs_fs(w->fake), KIT_DIR "/snapshot.tmp", FS_READ, &file), -COORD_E_NO_ENTRY);
    world_free(w);
}

/* The log goes back to the oldest snapshot kept, and is whole while there is one only. */
TEST(store_jobs, trim_keeps_what_the_oldest_snapshot_needs)
{
    struct world *w = world_new();
    static const struct {
        uint32_t snapshot, oldest;
    } rows[] = {{20, 0}, {40, 20}, {60, 40}, {80, 60}};
    bool stopped;

    for (uint32_t i = 0; i < 50; i++)
        CHECK(world_append(w, false, 2, 300));
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(world_snapshot(w, zxid_make(1, rows[i].snapshot)));
        CHECK(w->trimmed <= zxid_make(1, rows[i].oldest), "row %zu: " ZXID_FMT, i, ZXID_ARG(w->trimmed));
        CHECK(i == 0 || w->trimmed + 14 > zxid_make(1, rows[i].oldest), "row %zu: " ZXID_FMT, i, ZXID_ARG(w->trimmed));
    }
    world_crash(w, NULL, FAKE_FS_LOSE);
    const char *why = world_start(w, &stopped);
    CHECK(why == NULL, "%s", why);
    struct buf got = {0};
    CHECK_EQ_INT(kit_read(w->store, zxid_make(1, 30), zxid_make(1, 99), &got), -COORD_E_TRIMMED);
    buf_deinit(&got);
    world_free(w);
}

TEST(store_jobs, preallocation_on_a_full_disk_fails_the_start)
{
    struct fake_fs *f = fake_fs_new();
    struct store_options options = kit_options();
    struct store_recovered r;
    struct store *s;
    const char *text;

    fake_fs_set_capacity(f, 2048);
    CHECK_EQ_INT(store_open(fake_fs_fs(f), &options, &s, &r, &text), -COORD_E_NO_SPACE);
    CHECK(strstr(text, "preallocate") != NULL, "%s", text);
    fake_fs_set_capacity(f, 1 << 20);
    CHECK_EQ_INT(store_open(fake_fs_fs(f), &options, &s, &r, &text), 0, "%s", text);
    store_close(s);
    fake_fs_free(f);
}

/* The manifest knows a cluster: whatever became of its log, this directory forms no other. */
TEST(store_jobs, bootstrap_is_refused_where_a_cluster_is_known)
{
    struct world *w = world_new();
    struct store_options options = kit_options();
    struct form form = {.cluster = 0xabc, .count = 1, .voter = {{.id = 1}}};
    struct manifest m;
    const char *text;

    world_crash(w, NULL, FAKE_FS_LOSE);
    REQUIRE(manifest_read(world_fs(w), KIT_DIR, &m) == 0);
    m.cluster = 9;
    CHECK_EQ_INT(manifest_write(world_fs(w), KIT_DIR, &m), 0);
    CHECK_EQ_INT(store_bootstrap(world_fs(w), &options, &form, &text), -COORD_E_EXISTS);
    world_free(w);
}

TEST(store_jobs, bootstrap_forms_once)
{
    struct fake_fs *f = fake_fs_new();
    struct store_options options = kit_options();
    struct form form = {.cluster = 0xabc, .count = 2, .voter = {{.id = 1}, {.id = 2, .incarnation = 5}}};
    struct store_recovered r;
    struct store *s;
    const char *text;

    CHECK_EQ_INT(store_bootstrap(fake_fs_fs(f), &options, &form, &text), 0, "%s", text);
    CHECK_EQ_INT(store_bootstrap(fake_fs_fs(f), &options, &form, &text), -COORD_E_EXISTS);
    REQUIRE(store_open(fake_fs_fs(f), &options, &s, &r, &text) == 0);
    CHECK(r.paxos.has_form && r.paxos.form_zxid == zxid_make(1, 1) && r.paxos.form.cluster == 0xabc);
    CHECK(r.paxos.form.voter[0].incarnation == 77 && r.paxos.form.voter[1].incarnation == 5);
    CHECK(r.paxos.accepted == 1 && r.paxos.promised.epoch == 1 && r.paxos.promised.incarnation == 77);
    CHECK_EQ_INT(runs_last(&r.paxos.log), zxid_make(1, 1));
    store_close(s);
    fake_fs_free(f);
}
