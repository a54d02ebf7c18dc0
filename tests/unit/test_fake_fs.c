/* test_fake_fs.c - the fake file system keeps the promises of fs.h, and breaks everything that they leave open. */
#include "base/buf.h"
#include "base/error.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"

#include <string.h>

static int put(struct fake_fs *f, const char *path, uint64_t offset, const char *text, bool sync)
{
    struct fs *fs = fake_fs_fs(f);
    struct fs_file *file;
    int rc;

    COORD_TRY(fs_open(fs, path, FS_WRITE | FS_CREATE, &file));
    rc = fs_write(fs, file, offset, text, strlen(text));
    if (rc == 0 && sync)
        rc = fs_sync(fs, file);
    fs_close(fs, file);
    return rc;
}

/* The content as text, with '.' for zero bytes; "-" when the file is not there. Valid until the next call. */
static const char *content(struct fake_fs *f, const char *path)
{
    static struct buf text;

    buf_clear(&text);
    if (fs_read_file(fake_fs_fs(f), path, &text, 1000) < 0) {
        buf_append(&text, "-", 2);
        return (const char *)buf_bytes(&text);
    }
    for (size_t i = 0; i < buf_size(&text); i++)
        if (buf_bytes(&text)[i] == 0)
            buf_bytes(&text)[i] = '.';
    buf_append(&text, "", 1);
    return (const char *)buf_bytes(&text);
}

static struct fake_fs *with_dir(void)
{
    struct fake_fs *f = fake_fs_new();

    CHECK_EQ_INT(fs_make_dir(fake_fs_fs(f), "d/e"), 0);
    return f;
}

TEST(fake_fs, power_loss_keeps_what_was_synced_and_loses_the_rest)
{
    struct fake_fs *f = with_dir();
    struct fs *fs = fake_fs_fs(f);

    put(f, "d/a", 0, "synced", true);
    put(f, "d/nameless", 0, "synced", true);
    fs_rename(fs, "d/a", "d/b");
    CHECK_EQ_INT(fs_sync_dir(fs, "d"), 0);
    put(f, "d/b", 0, "SYN", false);
    put(f, "d/late", 0, "synced", true); /* its name is not */
    fs_remove(fs, "d/nameless");
    fake_fs_crash(f, NULL, FAKE_FS_LOSE);
    CHECK_EQ_STR(content(f, "d/a"), "-");
    CHECK_EQ_STR(content(f, "d/b"), "synced");
    CHECK_EQ_STR(content(f, "d/late"), "-");
    CHECK_EQ_STR(content(f, "d/nameless"), "synced"); /* the removal was lost */
    fake_fs_free(f);
}

TEST(fake_fs, killed_process_leaves_all_but_durable_it_is_not)
{
    struct fake_fs *f = with_dir();

    put(f, "d/a", 0, "abc", false);
    fake_fs_crash(f, NULL, FAKE_FS_KEEP);
    CHECK_EQ_STR(content(f, "d/a"), "abc");
    fake_fs_crash(f, NULL, FAKE_FS_LOSE);
    CHECK_EQ_STR(content(f, "d/a"), "-");
    fake_fs_free(f);
}

/* Over many seeds every outcome of two unsynced writes occurs: each kept, lost or torn, independent of the other. */
TEST(fake_fs, random_power_loss_reaches_every_outcome)
{
    static const char *const wanted[] = {"........", "aaaa....", "....bbbb", "aaaabbbb", "aa......",
                                         "....bb..", "......bb", "",         "aaaa"};
    bool seen[COUNT(wanted)] = {false};

    for (uint64_t seed = 0; seed < 600; seed++) {
        struct fake_fs *f = with_dir();
        struct rng r;
        put(f, "d/a", 0, "", false);
        fs_sync_dir(fake_fs_fs(f), "d");
        put(f, "d/a", 0, "aaaa", false);
        put(f, "d/a", 4, "bbbb", false);
        rng_init(&r, seed);
        fake_fs_crash(f, &r, FAKE_FS_RANDOM);
        for (size_t i = 0; i < COUNT(wanted); i++)
            seen[i] |= strcmp(content(f, "d/a"), wanted[i]) == 0;
        fake_fs_free(f);
    }
    for (size_t i = 0; i < COUNT(wanted); i++)
        CHECK(seen[i], "\"%s\"", wanted[i]);
}

TEST(fake_fs, random_power_loss_of_names_is_independent)
{
    bool seen[4] = {false};

    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fake_fs *f = with_dir();
        struct rng r;
        put(f, "d/a", 0, "a", true);
        put(f, "d/b", 0, "b", true);
        rng_init(&r, seed);
        fake_fs_crash(f, &r, FAKE_FS_RANDOM);
        seen[(strcmp(content(f, "d/a"), "a") == 0) + 2 * (strcmp(content(f, "d/b"), "b") == 0)] = true;
        fake_fs_free(f);
    }
    for (size_t i = 0; i < COUNT(seen); i++)
        CHECK(seen[i], "outcome %zu", i);
}

TEST(fake_fs, same_seed_gives_the_same_disk)
{
    char first[64];

    for (int run = 0; run < 2; run++) {
        struct fake_fs *f = with_dir();
        struct rng r;
        put(f, "d/a", 0, "0123456789012345678901234567890", false);
        put(f, "d/a", 7, "abcdefghijklmnop", false);
        fs_sync_dir(fake_fs_fs(f), "d");
        rng_init(&r, 99);
        fake_fs_crash(f, &r, FAKE_FS_RANDOM);
        if (run == 0)
            strcpy(first, content(f, "d/a"));
        else
            CHECK_EQ_STR(content(f, "d/a"), first);
        fake_fs_free(f);
    }
}

TEST(fake_fs, atomic_file_is_old_or_new_at_every_crash_point)
{
    struct fake_fs *base = with_dir();
    uint64_t changes;
    int rc = -1;

    CHECK_EQ_INT(fs_write_file_atomic(fake_fs_fs(base), "d", "a", SLICE_LITERAL("old")), 0);
    for (changes = 1; rc < 0 && changes < 20; changes++) {
        for (uint64_t seed = 0; seed < 30; seed++) {
            struct fake_fs *f = fake_fs_clone(base);
            struct rng r;
            const char *left;
            rng_init(&r, seed);
            fake_fs_stop(f, FAKE_FS_CHANGES, changes);
            rc = fs_write_file_atomic(fake_fs_fs(f), "d", "a", SLICE_LITERAL("new!"));
            CHECK(rc == (fake_fs_stopped(f) ? -COORD_E_STOPPED : 0), "change %d", (int)changes);
            fake_fs_crash(f, &r, FAKE_FS_RANDOM);
            left = content(f, "d/a");
            CHECK(strcmp(left, "new!") == 0 || (rc < 0 && strcmp(left, "old") == 0), "change %d left %s", (int)changes, left);
            fake_fs_free(f);
        }
    }
    CHECK_EQ_INT(changes, 8); /* create, truncate, write, sync, rename, sync_dir were each stopped; then it went through */
    fake_fs_free(base);
}

TEST(fake_fs, stop_kills_every_call_and_every_open_file)
{
    struct fake_fs *f = with_dir();
    struct fs *fs = fake_fs_fs(f);
    struct fs_file *file, *lock;

    REQUIRE(fs_open(fs, "d/a", FS_READ | FS_WRITE | FS_CREATE, &file) == 0);
    REQUIRE(fs_lock(fs, "d/lock", &lock) == 0);
    fake_fs_stop(f, FAKE_FS_WRITE, 2);
    CHECK_EQ_INT(fs_write(fs, file, 0, "a", 1), 0);
    CHECK_EQ_INT(fs_sync(fs, file), 0);
    CHECK_EQ_INT(fs_write(fs, file, 0, "b", 1), -COORD_E_STOPPED);
    CHECK_EQ_INT(fs_size(fs, file), -COORD_E_STOPPED);
    CHECK_EQ_INT(fs_remove(fs, "d/a"), -COORD_E_STOPPED);
    fake_fs_crash(f, NULL, FAKE_FS_KEEP);
    CHECK_EQ_INT(fs_size(fs, file), -COORD_E_STOPPED); /* a file of the life before */
    CHECK_EQ_STR(content(f, "d/a"), "a");
    fs_close(fs, lock);
    REQUIRE(fs_lock(fs, "d/lock", &lock) == 0);
    fs_close(fs, lock);
    fs_close(fs, file);
    fake_fs_free(f);
}

TEST(fake_fs, failed_calls)
{
    struct fake_fs *f = with_dir();
    struct fs *fs = fake_fs_fs(f);
    uint64_t before = fake_fs_calls(f, FAKE_FS_WRITE | FAKE_FS_SYNC);

    put(f, "d/a", 0, "abcd", true);
    fs_sync_dir(fs, "d");
    fake_fs_fail(f, FAKE_FS_WRITE, 2, COORD_E_IO);
    CHECK_EQ_INT(put(f, "d/a", 0, "ABCD", true), 0);
    CHECK_EQ_INT(put(f, "d/a", 0, "wxyz", true), -COORD_E_IO);
    CHECK_EQ_STR(content(f, "d/a"), "wxCD"); /* half of it */
    CHECK_EQ_INT(put(f, "d/a", 0, "1234", true), 0);
    fake_fs_fail(f, FAKE_FS_SYNC, 1, COORD_E_IO);
    CHECK_EQ_INT(put(f, "d/a", 0, "5678", true), -COORD_E_IO);
    CHECK_EQ_INT(put(f, "d/a", 4, "!", true), 0); /* succeeds, and yet 5678 is lost */
    CHECK_EQ_STR(content(f, "d/a"), "5678!");
    fake_fs_crash(f, NULL, FAKE_FS_LOSE);
    CHECK_EQ_STR(content(f, "d/a"), "1234!");
    CHECK_EQ_INT(fake_fs_calls(f, FAKE_FS_WRITE | FAKE_FS_SYNC) - before, 11);
    fake_fs_free(f);
}

TEST(fake_fs, capacity_bounds_growth_only)
{
    struct fake_fs *f = with_dir();
    struct fs *fs = fake_fs_fs(f);
    struct fs_file *file;

    put(f, "d/a", 0, "12345678", true);
    fake_fs_set_capacity(f, 10);
    CHECK_EQ_INT(put(f, "d/b", 0, "abc", false), -COORD_E_NO_SPACE);
    CHECK_EQ_INT(put(f, "d/b", 0, "ab", false), 0);
    CHECK_EQ_INT(put(f, "d/a", 4, "____", true), 0);
    REQUIRE(fs_open(fs, "d/a", FS_WRITE, &file) == 0);
    CHECK_EQ_INT(fs_allocate(fs, file, 9), -COORD_E_NO_SPACE);
    CHECK_EQ_INT(fs_truncate(fs, file, 2), 0);
    CHECK_EQ_INT(fs_allocate(fs, file, 8), 0);
    fs_close(fs, file);
    fake_fs_free(f);
}

TEST(fake_fs, flip_survives_power_loss_and_clones_part_ways)
{
    struct fake_fs *f = with_dir(), *copy;

    put(f, "d/a", 0, "abc", true);
    fs_sync_dir(fake_fs_fs(f), "d");
    put(f, "d/b", 0, "pending", false);
    copy = fake_fs_clone(f);
    fake_fs_flip(f, "d/a", 1, 'b' ^ 'X');
    fake_fs_crash(f, NULL, FAKE_FS_LOSE);
    CHECK_EQ_STR(content(f, "d/a"), "aXc");
    CHECK_EQ_STR(content(f, "d/b"), "-");
    CHECK_EQ_STR(content(copy, "d/a"), "abc");
    CHECK_EQ_STR(content(copy, "d/b"), "pending");
    fake_fs_crash(copy, NULL, FAKE_FS_LOSE); /* what was pending is pending in the copy too */
    CHECK_EQ_STR(content(copy, "d/b"), "-");
    fake_fs_free(f);
    fake_fs_free(copy);
}

/* After a failed sync: readable while the machine lives and the system keeps it, gone when it does not, never durable. */
TEST(fake_fs, failed_sync_is_seen_until_it_is_evicted)
{
    enum fake_fs_crash modes[] = {FAKE_FS_KEEP, FAKE_FS_EVICT, FAKE_FS_LOSE};

    for (int i = 0; i < 3; i++) {
        struct fake_fs *f = with_dir();
        put(f, "d/a", 0, "old", true);
        fs_sync_dir(fake_fs_fs(f), "d");
        put(f, "d/b", 0, "kept", false); /* no sync of it failed */
        fake_fs_fail(f, FAKE_FS_SYNC, 1, COORD_E_IO);
        put(f, "d/a", 0, "new", true);
        CHECK_EQ_STR(content(f, "d/a"), "new");
        CHECK(!fake_fs_armed(f));
        fake_fs_crash(f, NULL, modes[i]);
        CHECK_EQ_STR(content(f, "d/a"), modes[i] == FAKE_FS_KEEP ? "new" : "old");
        if (modes[i] == FAKE_FS_EVICT)
            CHECK_EQ_STR(content(f, "d/b"), "kept");
        put(f, "d/a", 3, "er", true); /* a sync that succeeds makes durable what was written since, no more */
        fake_fs_crash(f, NULL, FAKE_FS_LOSE);
        CHECK_EQ_STR(content(f, "d/a"), "older");
        fake_fs_free(f);
    }
}

/* With chance a failed sync may have stored all of a write, nothing of it, or a part. */
TEST(fake_fs, failed_sync_by_chance)
{
    bool all = false, none = false, part = false;

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct fake_fs *f = with_dir();
        put(f, "d/a", 0, "....", true);
        fs_sync_dir(fake_fs_fs(f), "d");
        fake_fs_sync_by_chance(f, seed);
        fake_fs_fail(f, FAKE_FS_SYNC, 1, COORD_E_IO);
        put(f, "d/a", 0, "abcd", true);
        CHECK_EQ_STR(content(f, "d/a"), "abcd");
        fake_fs_crash(f, NULL, FAKE_FS_LOSE);
        const char *left = content(f, "d/a");
        all = all || strcmp(left, "abcd") == 0;
        none = none || strcmp(left, "....") == 0;
        part = part || (strcmp(left, "abcd") != 0 && strcmp(left, "....") != 0);
        fake_fs_free(f);
    }
    CHECK(all && none && part);
}
