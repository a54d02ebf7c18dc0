/* test_store_snapshots.c - jobs of lane SNAP, and those of lane WAL that name snapshots: what comes from peers or from the disk
 * may be anything; a full disk costs a snapshot, an error of the disk the lane. */
#include "lib/runner.h"
#include "unit/fault_sweep.h"
#include "unit/world.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/zxid.h"
#include "snapshot/snapshot.h"
#include "state/state.h"

#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 100 };

static bool has_file(struct world *w, const char *name)
{
    struct fs_file *file;
    char path[64];

    world_path(path, name);
    if (fs_open(world_fs(w), path, FS_READ, &file) != 0)
        return false;
    fs_close(world_fs(w), file);
    return true;
}

/* The file of a snapshot as a peer would send it. */
static struct buf peers_file(uint64_t zxid)
{
    struct world *w = world_new();
    char name[SNAPSHOT_NAME_BYTES];

    REQUIRE(w != NULL && kit_snapshot(w->store, zxid) == 0);
    snapshot_name(name, zxid);
    struct buf file = world_content(w, name);
    world_free(w);
    return file;
}

/* All pieces, then RECEIVED: its result, or that of the first piece that failed. */
static int receive(struct world *w, uint64_t zxid, struct slice file)
{
    struct job end = {.type = JOB_SNAP_RECEIVED, .zxid = zxid};

    for (size_t at = 0; at < file.size; at += PIECE_BYTES) {
        struct job j = {.type = JOB_SNAP_RECEIVE, .zxid = zxid, .offset = at, .size = file.size};
        buf_append(&j.bytes, file.data + at, file.size - at < PIECE_BYTES ? file.size - at : PIECE_BYTES);
        store_run(w->store, &j);
        buf_deinit(&j.bytes);
        if (j.err != 0)
            return j.err;
    }
    store_run(w->store, &end);
    return end.err;
}

TEST(store_snapshots, receiving_fails_at_any_call)
{
    const uint64_t zxid = zxid_make(1, 4);
    struct buf file = peers_file(zxid);
    struct sweep s = {0};

    while (sweep_next(&s)) {
        struct world *w = world_new();
        int rc;

        sweep_arm(&s, w->fake);
        rc = receive(w, zxid, buf_slice(&file));
        sweep_told(&s, rc != 0);
        CHECK(rc == 0 || rc == -s.code, "call %lu: %d", s.at, rc);
        if (rc == -COORD_E_NO_SPACE) { /* told at the end; the next one may fit */
            CHECK_EQ_STR(store_failure(w->store), "", "call %lu", s.at);
            CHECK_EQ_INT(receive(w, zxid, buf_slice(&file)), 0, "call %lu", s.at);
        } else if (rc != 0) {
            CHECK_EQ_STR(store_failure(w->store), "d/snapshot.0000000100000004.lz4: receive: input/output error");
            CHECK_EQ_INT(kit_snapshot(w->store, zxid), -COORD_E_IO, "call %lu", s.at);
            CHECK_EQ_INT(kit_append(w->store, zxid_make(1, 1), 1, 10, 1), 0, "call %lu", s.at); /* the other lane */
        }
        world_free(w);
    }
    CHECK(s.told > 20, "%u", s.told);
    buf_deinit(&file);
}

TEST(store_snapshots, what_a_peer_sends_may_be_anything)
{
    enum { FOREIGN, VERSION, ROTTEN, OTHER_ZXID, SHORT, GOOD, ROWS };
    static const int expected[ROWS] = {
        [FOREIGN] = -COORD_E_FOREIGN,    [VERSION] = -COORD_E_DAMAGED, [ROTTEN] = -COORD_E_DAMAGED,
        [OTHER_ZXID] = -COORD_E_DAMAGED, [SHORT] = -COORD_E_DAMAGED,   [GOOD] = 0};
    const uint64_t zxid = zxid_make(1, 4);
    struct buf file = peers_file(zxid);
    struct world *w = world_new();
    struct snapshot_meta meta;

    CHECK(world_append(w, false, 6, 100) && world_snapshot(w, zxid_make(1, 2))); /* of cluster 9, for good */
    REQUIRE(snapshot_head_decode(buf_slice(&file), &meta) == 0);
    for (int row = 0; row < ROWS; row++) {
        struct snapshot_meta m = meta;
        uint8_t *head = buf_bytes(&file);

        m.cluster = row == FOREIGN ? 8 : 9;
        snapshot_head_encode(head, &m);
        if (row == VERSION) {
            put_le32(head + 16, 2);
            put_le64(head + 64, hash_bytes(head + 8, 56, 0x434f4f5244534e50u));
        }
        head[SNAPSHOT_HEAD_BYTES + 50] ^= row == ROTTEN;
        CHECK_EQ_INT(receive(w, row == OTHER_ZXID ? zxid + 1 : zxid, slice_make(head, buf_size(&file) - (row == SHORT))),
                     expected[row], "row %d", row);
        head[SNAPSHOT_HEAD_BYTES + 50] ^= row == ROTTEN;
        CHECK(has_file(w, "snapshot.0000000100000004.lz4") == (row == GOOD) && !has_file(w, "snapshot.in.tmp"), "row %d", row);
    }
    CHECK_EQ_STR(store_failure(w->store), "");
    world_free(w);
    buf_deinit(&file);
}

/* The sender died in the middle; another one begins from the start. */
TEST(store_snapshots, a_transfer_may_begin_anew)
{
    const uint64_t zxid = zxid_make(1, 4);
    struct buf file = peers_file(zxid);
    struct world *w = world_new();
    struct job first = {.type = JOB_SNAP_RECEIVE, .zxid = zxid_make(1, 3), .size = 5000};

    buf_append(&first.bytes, "of another snapshot", 19);
    store_run(w->store, &first);
    CHECK_EQ_INT(first.err, 0);
    CHECK_EQ_INT(receive(w, zxid, buf_slice(&file)), 0);
    CHECK(has_file(w, "snapshot.0000000100000004.lz4"));
    buf_deinit(&first.bytes);
    buf_deinit(&file);
    world_free(w);
}

/* Nothing half done stays, whatever was under way when the server stops. */
TEST(store_snapshots, an_orderly_stop_leaves_no_unfinished_file)
{
    struct world *w = world_new();
    struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = zxid_make(1, 4)},
               again = {.type = JOB_SNAP_BEGIN, .zxid = zxid_make(1, 5)};
    struct job receive_first = {.type = JOB_SNAP_RECEIVE, .zxid = zxid_make(1, 3), .size = 5000};

    store_run(w->store, &begin);
    store_run(w->store, &again); /* the one before is given up */
    buf_append(&receive_first.bytes, "piece", 5);
    store_run(w->store, &receive_first);
    CHECK(begin.err == 0 && again.err == 0 && receive_first.err == 0);
    CHECK(has_file(w, "snapshot.tmp") && has_file(w, "snapshot.in.tmp"));
    store_close(w->store);
    w->store = NULL;
    CHECK(!has_file(w, "snapshot.tmp") && !has_file(w, "snapshot.in.tmp"));
    buf_deinit(&receive_first.bytes);
    world_free(w);
}

/* Sending changes nothing, so an error ends nothing: the peer asks again. */
TEST(store_snapshots, sending_that_fails_is_told_and_the_lane_goes_on)
{
    const uint64_t zxid = zxid_make(1, 4);
    struct world *w = world_new();

    CHECK_EQ_INT(kit_snapshot(w->store, zxid), 0);
    for (uint64_t at = 1; at <= 4; at++) {
        struct job j = {.type = JOB_SNAP_READ, .zxid = zxid};

        fake_fs_fail(w->fake, FAKE_FS_OPEN | FAKE_FS_SIZE | FAKE_FS_READ, at, COORD_E_IO);
        store_run(w->store, &j);
        CHECK_EQ_INT(j.err, at <= 3 ? -COORD_E_IO : 0, "call %lu", at);
        CHECK((buf_size(&j.bytes) > 0) == (at > 3) && (at <= 3 || buf_size(&j.bytes) == j.size), "call %lu", at);
        CHECK_EQ_STR(store_failure(w->store), "", "call %lu", at);
        buf_deinit(&j.bytes);
    }
    world_free(w);
}

/* A snapshot of the state `s`, said to be of zxid and digest. */
static void save(struct world *w, struct state *s, uint64_t zxid, uint64_t digest)
{
    struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = zxid, .cluster = 9, .digest = digest};
    struct job chunk = {.type = JOB_SNAP_CHUNK, .zxid = zxid}, commit = {.type = JOB_SNAP_COMMIT, .zxid = zxid};

    store_run(w->store, &begin);
    state_walk_start(s);
    while (state_walk_next(s, &chunk.bytes, 1 << 20))
        ;
    store_run(w->store, &chunk);
    store_run(w->store, &commit);
    CHECK(begin.err == 0 && chunk.err == 0 && commit.err == 0);
    buf_deinit(&chunk.bytes);
}

static int load(struct world *w, uint64_t zxid)
{
    struct job *j = job_new(JOB_LOAD);
    int rc;

    j->zxid = zxid;
    store_run(w->store, j);
    rc = j->err;
    CHECK((j->state != NULL) == (rc == 0));
    job_free(j); /* its state too */
    return rc;
}

/* What is loaded is what the head says, or it is refused, with the file's name. Others can be loaded afterwards. */
TEST(store_snapshots, a_load_is_checked_against_the_head)
{
    struct world *w = world_new();
    struct state *s = state_new();
    struct entry e = {.kind = ENTRY_NOOP, .zxid = zxid_make(1, 1)};
    struct buf reply = {0};
    struct apply a = {.entry = &e, .reply = &reply};

    state_apply(s, &a);
    save(w, s, zxid_make(1, 1), state_digest(s));
    save(w, s, zxid_make(1, 2), state_digest(s));     /* of another zxid */
    save(w, s, zxid_make(1, 3), state_digest(s) + 1); /* another digest */
    e.zxid = zxid_make(1, 4);
    state_apply(s, &a);
    save(w, s, zxid_make(1, 4), state_digest(s) + 1);
    CHECK_EQ_INT(kit_snapshot(w->store, zxid_make(1, 5)), 0); /* no image at all */
    CHECK_EQ_INT(load(w, zxid_make(1, 1)), 0);
    CHECK_EQ_STR(store_failure(w->store), "");
    CHECK_EQ_INT(load(w, zxid_make(1, 5)), -COORD_E_DAMAGED);
    CHECK_EQ_STR(store_failure(w->store), "d/snapshot.0000000100000005.lz4: load: file is damaged");
    CHECK_EQ_INT(load(w, zxid_make(1, 2)), -COORD_E_DAMAGED);
    CHECK_EQ_INT(load(w, zxid_make(1, 3)), -COORD_E_DAMAGED);
    CHECK_EQ_INT(load(w, zxid_make(1, 4)), -COORD_E_DAMAGED);
    CHECK_EQ_INT(load(w, zxid_make(1, 6)), -COORD_E_MISSING);
    fake_fs_flip(w->fake, KIT_DIR "/snapshot.0000000100000001.lz4", SNAPSHOT_HEAD_BYTES + 30, 1);
    CHECK_EQ_INT(load(w, zxid_make(1, 1)), -COORD_E_DAMAGED);
    fake_fs_flip(w->fake, KIT_DIR "/snapshot.0000000100000001.lz4", SNAPSHOT_HEAD_BYTES + 30, 1);
    CHECK_EQ_STR(store_failure(w->store), "d/snapshot.0000000100000005.lz4: load: file is damaged"); /* the first one */
    CHECK_EQ_INT(load(w, zxid_make(1, 1)), 0);
    buf_deinit(&reply);
    state_free(s);
    world_free(w);
}

/* What TRIM or INSTALL is asked to name must be there, be of that zxid, and of this cluster. */
TEST(store_snapshots, only_a_snapshot_of_this_log_is_named)
{
    enum { ABSENT, RENAMED, FOREIGN, ROWS };
    static const int expected[ROWS] = {-COORD_E_MISSING, -COORD_E_DAMAGED, -COORD_E_FOREIGN};
    const uint64_t zxid = zxid_make(1, 5);

    for (int row = 0; row < ROWS; row++)
        for (int install = 0; install < 2; install++) {
            struct world *w = world_new();
            uint64_t trimmed;
            bool stopped;

            CHECK(world_append(w, false, 8, 100) && world_snapshot(w, zxid_make(1, 2))); /* of cluster 9, for good */
            if (row == RENAMED) {
                CHECK_EQ_INT(kit_snapshot(w->store, zxid_make(1, 4)), 0);
                CHECK_EQ_INT(
                    fs_rename(world_fs(w), KIT_DIR "/snapshot.0000000100000004.lz4", KIT_DIR "/snapshot.0000000100000005.lz4"),
                    0);
            }
            if (row == FOREIGN) {
                struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = zxid, .cluster = 8};
                struct job commit = {.type = JOB_SNAP_COMMIT, .zxid = zxid};
                store_run(w->store, &begin);
                store_run(w->store, &commit);
                CHECK(begin.err == 0 && commit.err == 0);
            }
            CHECK_EQ_INT(install ? kit_install(w->store, zxid) : kit_trim(w->store, zxid, &trimmed), expected[row], "row %d",
                         row);
            CHECK(strstr(store_failure(w->store), row == FOREIGN ? "of cluster 0000000000000009, not 0000000000000008"
                                                                 : "snapshot.0000000100000005.lz4") != NULL,
                  "row %d: %s", row, store_failure(w->store));
            world_crash(w, NULL, FAKE_FS_LOSE);
            const char *why = world_start(w, &stopped);
            CHECK(why == NULL, "row %d: %s", row, why);
            world_free(w);
        }
}

/* A snapshot that the manifest named until now and that is gone already is no reason to fail; one that is named already may
 * become the base. */
TEST(store_snapshots, old_ones_go_whether_there_or_not)
{
    struct world *w = world_new();
    bool stopped;

    CHECK(world_append(w, false, 8, 100) && world_snapshot(w, zxid_make(1, 2)) && world_snapshot(w, zxid_make(1, 3)));
    CHECK_EQ_INT(fs_remove(world_fs(w), KIT_DIR "/snapshot.0000000100000002.lz4"), 0);
    CHECK(world_snapshot(w, zxid_make(1, 4)));
    CHECK(!has_file(w, "snapshot.0000000100000002.lz4") && has_file(w, "snapshot.0000000100000003.lz4"));
    CHECK(world_install(w, zxid_make(1, 4)));
    CHECK(!has_file(w, "snapshot.0000000100000003.lz4") && has_file(w, "snapshot.0000000100000004.lz4"));
    world_crash(w, NULL, FAKE_FS_LOSE);
    const char *why = world_start(w, &stopped);
    CHECK(why == NULL && w->recovered.snapshot_zxid == zxid_make(1, 4), "%s", why);
    world_free(w);
}
