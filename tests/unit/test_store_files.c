/* test_store_files.c - files that are missing, old, swapped or of another server; manifest and promise files that rot. */
#include "lib/runner.h"
#include "unit/world.h"

#include "base/error.h"
#include "base/zxid.h"
#include "store/manifest.h"
#include "wal/promise.h"
#include "wal/segment.h"

#include <stdio.h>
#include <string.h>

TEST(store_files, missing_files)
{
    static const struct {
        const char *name;
        int rc;
    } rows[] = {{"manifest", -COORD_E_MISSING},
                {"log.00000001", -COORD_E_MISSING},
                {"log.00000002", -COORD_E_MISSING},
                {"log.00000003", -COORD_E_MISSING},
                {"snapshot.0000000100000003.lz4", -COORD_E_MISSING},
                {"promise.0", 0},
                {"promise.1", 0},
                {"lock", 0}};
    struct world *w = world_some_log();
    bool stopped;

    REQUIRE(world_start(w, &stopped) == NULL);
    CHECK(world_snapshot(w, zxid_make(1, 3)));
    world_crash(w, NULL, FAKE_FS_LOSE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world *c = world_clone(w);
        char path[64];
        const char *text;
        world_path(path, rows[i].name);
        CHECK_EQ_INT(fs_remove(world_fs(c), path), 0, "%s", rows[i].name);
        CHECK_EQ_INT(world_open(c, &text), rows[i].rc, "%s: %s", rows[i].name, text);
        CHECK(rows[i].rc == 0 || strstr(text, rows[i].name) != NULL, "%s: %s", rows[i].name, text);
        world_free(c);
    }
    fs_remove(world_fs(w), KIT_DIR "/promise.0");
    fs_remove(world_fs(w), KIT_DIR "/promise.1");
    const char *text;
    CHECK_EQ_INT(world_open(w, &text), -COORD_E_MISSING);
    world_free(w);
}

/* Three files at the end of the log vanish at once: only what was written about them elsewhere tells. */
TEST(store_files, missing_end_of_the_log)
{
    struct world *w = world_new();
    const char *text;

    REQUIRE(w != NULL);
    for (int i = 0; i < 12; i++) {
        CHECK(world_append(w, false, 2, 600));
        CHECK(world_prepare(w) && world_prepare(w) && world_prepare(w));
    }
    world_crash(w, NULL, FAKE_FS_LOSE);
    for (uint32_t sequence = 4; sequence < 10; sequence++) {
        char name[SEGMENT_NAME_BYTES], path[64];
        segment_name(name, sequence);
        world_path(path, name);
        (void)fs_remove(world_fs(w), path);
    }
    CHECK_EQ_INT(world_open(w, &text), -COORD_E_MISSING, "%s", text);
    world_free(w);
}

/* The last segment alone: idleness and an orderly stop are remembered outside of it. */
TEST(store_files, missing_last_segment)
{
    for (int how = 0; how < 2; how++) {
        struct world *w = world_new();
        const char *text;

        REQUIRE(w != NULL);
        CHECK(world_append(w, false, 2, 600) && world_append(w, false, 2, 3000) && world_append(w, false, 1, 100));
        CHECK(how == 0 ? world_mark(w) : store_finish(w->store) == 0);
        world_crash(w, NULL, FAKE_FS_LOSE);
        CHECK_EQ_INT(fs_remove(world_fs(w), KIT_DIR "/log.00000002"), 0);
        (void)fs_remove(world_fs(w), KIT_DIR "/log.00000003");
        CHECK_EQ_INT(world_open(w, &text), -COORD_E_MISSING, "%d: %s", how, text);
        world_free(w);
    }
}

/* No crash makes a segment shorter than it was when it got its name. */
TEST(store_files, cut_files)
{
    struct world *w = world_some_log();

    for (uint32_t sequence = 1; sequence <= 3; sequence++) {
        char name[SEGMENT_NAME_BYTES];
        const char *text;
        segment_name(name, sequence);
        struct buf b = world_content(w, name);
        const size_t sizes[] = {0, 20, SEGMENT_HEADER_BYTES, buf_size(&b) / 2, buf_size(&b) - 1};
        for (size_t i = 0; i < COUNT(sizes); i++) {
            struct world *c = world_clone(w);
            world_put(c, name, slice_make(buf_bytes(&b), sizes[i]));
            CHECK_EQ_INT(world_open(c, &text), -COORD_E_DAMAGED, "%s cut to %zu bytes: %s", name, sizes[i], text);
            CHECK(strstr(text, name) != NULL, "%s", text);
            world_free(c);
        }
        buf_deinit(&b);
    }
    world_free(w);
}

TEST(store_files, segments_that_changed_places)
{
    struct world *w = world_some_log();
    struct buf two = world_content(w, "log.00000002"), three = world_content(w, "log.00000003");
    const char *text;

    struct world *c = world_clone(w);
    world_put(c, "log.00000002", buf_slice(&three));
    world_put(c, "log.00000003", buf_slice(&two));
    CHECK_EQ_INT(world_open(c, &text), -COORD_E_DAMAGED, "%s", text);
    world_free(c);
    c = world_clone(w);
    world_put(c, "log.00000003", buf_slice(&two));
    CHECK_EQ_INT(world_open(c, &text), -COORD_E_DAMAGED, "%s", text);
    world_free(c);
    /* A stretch of one segment over the same place of another: a misdirected write. */
    c = world_clone(w);
    memcpy(buf_bytes(&two) + 1024, buf_bytes(&three) + 1024, 512);
    world_put(c, "log.00000002", buf_slice(&two));
    CHECK_EQ_INT(world_open(c, &text), -COORD_E_DAMAGED, "%s", text);
    world_free(c);
    buf_deinit(&two);
    buf_deinit(&three);
    world_free(w);
}

TEST(store_files, files_of_another_server)
{
    static const char *const names[] = {"log.00000001", "log.00000002", "promise.0"};
    struct store_options options = kit_options();
    struct world *w = world_some_log(), *other = world_new();
    struct store_recovered r;
    const char *text;

    /* Same id, another incarnation: the disk of an earlier life of this server. */
    store_close(other->store);
    fake_fs_free(other->fake);
    other->fake = fake_fs_new();
    options.fresh_incarnation = 78;
    REQUIRE(store_open(world_fs(other), &options, &other->store, &r, &text) == 0);
    for (uint32_t i = 0; i < 5; i++)
        CHECK_EQ_INT(kit_append(other->store, zxid_make(1, 1 + 2 * i), 2, 600, 1), 0);
    for (uint32_t epoch = 1; epoch < 9; epoch++)
        CHECK_EQ_INT(kit_promise(other->store, epoch), 0);
    world_crash(other, NULL, FAKE_FS_LOSE);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct world *c = world_clone(w);
        struct buf b = world_content(other, names[i]);
        world_put(c, names[i], buf_slice(&b));
        CHECK_EQ_INT(world_open(c, &text), -COORD_E_FOREIGN, "%s: %s", names[i], text);
        buf_deinit(&b);
        world_free(c);
    }
    options = kit_options();
    options.server = 2;
    CHECK_EQ_INT(store_open(world_fs(w), &options, &w->store, &r, &text), -COORD_E_FOREIGN);
    CHECK(strstr(text, "server 1") != NULL, "%s", text);
    w->store = NULL;
    world_free(other);
    world_free(w);
}

/* The manifest, the promise files and the log were taken from different times or places: each for itself is whole. */
TEST(store_files, files_that_do_not_fit_each_other)
{
    enum {
        AS_IT_WAS,
        BEYOND,
        BETWEEN,
        BELOW,
        PROMISE_OF_ANOTHER,
        PROMISE_OF_ANOTHER_CLUSTER,
        SNAPSHOT_RENAMED,
        SNAPSHOT_FOREIGN,
        ROWS
    };
    static const struct {
        int rc;
        const char *text;
    } rows[ROWS] = {
        [AS_IT_WAS] = {0, ""},
        [BEYOND] = {-COORD_E_DAMAGED, "does not fit the snapshot of 5.1"},
        [BETWEEN] = {-COORD_E_DAMAGED, "does not fit the snapshot of 2.99"},
        [BELOW] = {-COORD_E_DAMAGED, "does not fit the snapshot of 3.2"},
        [PROMISE_OF_ANOTHER] = {-COORD_E_FOREIGN, "belongs to another server"},
        [PROMISE_OF_ANOTHER_CLUSTER] = {-COORD_E_FOREIGN, "incarnation or cluster than the manifest"},
        [SNAPSHOT_RENAMED] = {-COORD_E_DAMAGED, "snapshot.0000000300000002.lz4: file is damaged"},
        [SNAPSHOT_FOREIGN] = {-COORD_E_FOREIGN, "snapshot.0000000300000002.lz4: belongs to another cluster"},
    };
    static const uint64_t others[] = {0x100000005, 0x200000063, 0x500000001};

    for (int row = 0; row < ROWS; row++) {
        struct world *w = world_some_log();
        struct manifest m;
        struct promise p;
        struct buf why = {0};
        uint32_t bad;
        const char *text;
        bool stopped;

        REQUIRE(world_start(w, &stopped) == NULL);
        CHECK(world_snapshot(w, zxid_make(3, 1)) && world_snapshot(w, zxid_make(3, 2)));
        for (size_t i = 0; i < COUNT(others); i++)
            CHECK_EQ_INT(kit_snapshot(w->store, others[i]), 0);
        if (row == SNAPSHOT_FOREIGN) {
            struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = zxid_make(3, 2), .cluster = 8};
            struct job commit = {.type = JOB_SNAP_COMMIT, .zxid = zxid_make(3, 2)};
            store_run(w->store, &begin);
            store_run(w->store, &commit);
            CHECK(begin.err == 0 && commit.err == 0);
        }
        world_crash(w, NULL, FAKE_FS_LOSE);
        REQUIRE(manifest_read(world_fs(w), KIT_DIR, &m) == 0 && promise_read(world_fs(w), KIT_DIR, &p, &bad, &why) == 0);
        REQUIRE(m.base > others[0] && m.cluster == 9);
        if (row == BEYOND)
            m.snapshot[1] = others[2];
        if (row == BETWEEN) {
            m.snapshot[0] = others[1];
            m.snapshot_count = 1;
        }
        if (row == BELOW)
            m.snapshot[0] = others[0];
        p.server = row == PROMISE_OF_ANOTHER ? 2 : 1;
        p.cluster = row == PROMISE_OF_ANOTHER_CLUSTER ? 8 : 9;
        CHECK(manifest_write(world_fs(w), KIT_DIR, &m) == 0 && promise_write(world_fs(w), KIT_DIR, &p) == 0);
        if (row == SNAPSHOT_RENAMED)
            CHECK_EQ_INT(
                fs_rename(world_fs(w), KIT_DIR "/snapshot.0000000500000001.lz4", KIT_DIR "/snapshot.0000000300000002.lz4"), 0);
        CHECK_EQ_INT(world_open(w, &text), rows[row].rc, "row %d: %s", row, text);
        CHECK(strstr(text, rows[row].text) != NULL, "row %d: %s", row, text);
        buf_deinit(&why);
        world_free(w);
    }
}

/* A lone server has no peer to get the entries from: it is told so. */
TEST(store_files, advice_after_damage)
{
    struct world *w = world_some_log();

    fake_fs_flip(w->fake, KIT_DIR "/log.00000001", 20, 1);
    for (int lone = 0; lone < 2; lone++) {
        struct store_options options = kit_options();
        struct store_recovered r;
        const char *text;

        options.lone = lone;
        CHECK_EQ_INT(store_open(world_fs(w), &options, &w->store, &r, &text), -COORD_E_DAMAGED);
        w->store = NULL;
        CHECK(strstr(text, lone ? "restore a backup" : "takes part again without a vote") != NULL, "%s", text);
    }
    world_free(w);
}

/* Larger segments than a start can read into memory are not made. */
TEST(store_files, largest_segment)
{
    enum { LARGEST = 64 << 20 };
    static const uint64_t asked[] = {LARGEST, LARGEST + 1, UINT64_C(1) << 40};

    for (size_t i = 0; i < COUNT(asked); i++) {
        struct store_options options = kit_options();
        struct store_recovered r;
        struct fs_file *file;
        struct store *s;
        const char *text;
        char path[300];

        options.data_dir = options.log_dir = test_tmpdir();
        options.segment_bytes = asked[i];
        REQUIRE(store_open(fs_posix(), &options, &s, &r, &text) == 0, "%s", text);
        snprintf(path, sizeof(path), "%s/log.00000001", options.log_dir);
        REQUIRE(fs_open(fs_posix(), path, FS_READ, &file) == 0);
        CHECK_EQ_INT(fs_size(fs_posix(), file), LARGEST, "row %zu", i);
        fs_close(fs_posix(), file);
        store_close(s);
    }
}

TEST(store_files, directories_that_are_refused)
{
    struct fake_fs *f = fake_fs_new();
    struct fs *fs = fake_fs_fs(f);
    struct store_options options = kit_options();
    struct store_recovered r;
    struct store *s;
    struct fs_file *file;
    const char *text;

    fs_make_dir(fs, KIT_DIR);
    REQUIRE(fs_open(fs, KIT_DIR "/version-2", FS_CREATE | FS_WRITE, &file) == 0); /* the listing only tells names */
    fs_close(fs, file);
    CHECK_EQ_INT(store_open(fs, &options, &s, &r, &text), -COORD_E_FORMAT);
    CHECK(strstr(text, "ZooKeeper") != NULL && strstr(text, "empty") != NULL, "%s", text);
    fs_remove(fs, KIT_DIR "/version-2");
    REQUIRE(store_open(fs, &options, &s, &r, &text) == 0);
    struct store *second;
    CHECK_EQ_INT(store_open(fs, &options, &second, &r, &text), -COORD_E_LOCKED);
    CHECK(strstr(text, KIT_DIR) != NULL, "%s", text);
    store_close(s);
    fake_fs_free(f);
}

static void flip_all(struct world *w, const char *name, size_t size, int expected)
{
    char path[64];

    world_path(path, name);
    for (size_t at = 0; at < size; at++) {
        struct world *c = world_clone(w);
        const char *text;
        fake_fs_flip(c->fake, path, at, (uint8_t)(1u << at % 8));
        CHECK_EQ_INT(world_open(c, &text), expected, "%s offset %zu: %s", name, at, text);
        if (c->store != NULL)
            CHECK_EQ_INT(c->recovered.paxos.promised.epoch, w->settled.promised);
        world_free(c);
    }
}

TEST(store_files, every_byte_of_manifest_and_promise)
{
    struct world *w = world_some_log();
    struct buf manifest = world_content(w, "manifest");

    flip_all(w, "manifest", buf_size(&manifest), -COORD_E_DAMAGED);
    flip_all(w, "promise.0", PROMISE_BYTES, 0);
    flip_all(w, "promise.1", PROMISE_BYTES, 0);
    fake_fs_flip(w->fake, KIT_DIR "/promise.0", 60, 1);
    flip_all(w, "promise.1", PROMISE_BYTES, -COORD_E_DAMAGED);
    buf_deinit(&manifest);
    world_free(w);
}

/* A twin that rots is whole again after the next start, and the good one was never at risk. */
TEST(store_files, rotten_promise_is_healed)
{
    for (uint64_t at = 0; at < 12; at++) {
        for (int which = 0; which < 2; which++) {
            struct world *w = world_some_log();
            struct rng r;
            bool stopped;
            rng_init(&r, at);
            fake_fs_flip(w->fake, which == 0 ? KIT_DIR "/promise.0" : KIT_DIR "/promise.1", 60, 1);
            if (at > 0)
                fake_fs_stop(w->fake, FAKE_FS_CHANGES, at);
            const char *why = world_start(w, &stopped);
            CHECK(why == NULL || stopped, "%s", why);
            world_crash(w, &r, FAKE_FS_RANDOM);
            why = world_start(w, &stopped);
            REQUIRE(why == NULL, "at %lu: %s", at, why);
            world_crash(w, NULL, FAKE_FS_LOSE);
            fake_fs_flip(w->fake, which == 0 ? KIT_DIR "/promise.1" : KIT_DIR "/promise.0", 60, 1);
            why = world_start(w, &stopped);
            CHECK(why == NULL, "at %lu: %s", at, why);
            world_free(w);
        }
    }
}

TEST(store_files, older_promise_files_are_noticed)
{
    struct world *w = world_some_log();
    struct buf zero = world_content(w, "promise.0"), one = world_content(w, "promise.1");
    const char *text;
    bool stopped;

    REQUIRE(world_start(w, &stopped) == NULL);
    CHECK(world_append(w, false, 1, 20));
    world_crash(w, NULL, FAKE_FS_LOSE);
    world_put(w, "promise.0", buf_slice(&zero));
    world_put(w, "promise.1", buf_slice(&one));
    CHECK_EQ_INT(world_open(w, &text), -COORD_E_DAMAGED);
    CHECK(strstr(text, "boot") != NULL, "%s", text);
    buf_deinit(&zero);
    buf_deinit(&one);
    world_free(w);
}
