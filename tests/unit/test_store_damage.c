/* test_store_damage.c - files that rot, vanish, change places or come from elsewhere: named or cut, never served. */
#include "lib/runner.h"
#include "unit/world.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/zxid.h"
#include "wal/promise.h"
#include "wal/segment.h"

#include <stdio.h>
#include <string.h>

static struct fs *fs_of(struct world *w)
{
    return fake_fs_fs(w->fake);
}

static void path_of(char to[64], const char *name)
{
    snprintf(to, 64, "%s/%s", KIT_DIR, name);
}

static struct buf content_of(struct world *w, const char *name)
{
    struct buf b = {0};
    char path[64];

    path_of(path, name);
    CHECK_EQ_INT(fs_read_file(fs_of(w), path, &b, 1 << 20), 0, "%s", name);
    return b;
}

static void put_content(struct world *w, const char *name, struct slice content)
{
    struct fs_file *file;
    char path[64];

    path_of(path, name);
    REQUIRE(fs_open(fs_of(w), path, FS_WRITE | FS_CREATE, &file) == 0);
    CHECK(fs_truncate(fs_of(w), file, 0) == 0 && fs_write(fs_of(w), file, 0, content.data, content.size) == 0 &&
          fs_sync(fs_of(w), file) == 0);
    fs_close(fs_of(w), file);
}

static int open_rc(struct world *w, const char **text)
{
    struct store_options options = kit_options();
    int rc = store_open(fs_of(w), &options, &w->store, &w->recovered, text);

    if (rc != 0)
        w->store = NULL;
    return rc;
}

/* A log of three segments; its last record is vouched for by nobody. Closed. */
static struct world *some_log(void)
{
    struct world *w = world_new();

    REQUIRE(w != NULL);
    CHECK(world_promise(w) && world_accepted(w));
    for (int i = 0; i < 9; i++)
        CHECK(world_append(w, i == 5, 2, 400));
    CHECK(world_cut(w, zxid_make(2, 7)) && world_append(w, true, 2, 300) && world_append(w, false, 1, 50));
    world_crash(w, NULL, FAKE_FS_LOSE);
    return w;
}

struct place {
    uint32_t sequence;
    size_t from, to; /* offsets */
};

/* The records of the log, in order; returns how many. */
static size_t find_records(struct world *w, struct place *places, size_t room)
{
    size_t count = 0;

    for (uint32_t sequence = 1; sequence <= 3; sequence++) {
        char name[SEGMENT_NAME_BYTES];
        struct segment_header h;
        struct record r;
        segment_name(name, sequence);
        struct buf b = content_of(w, name);
        REQUIRE(segment_decode(buf_slice(&b), &h) == 0);
        for (size_t at = SEGMENT_HEADER_BYTES; at < buf_size(&b); at += record_size(r.body.size)) {
            struct slice rest = slice_make(buf_bytes(&b) + at, buf_size(&b) - at);
            if (record_decode(rest, position_make(sequence, at), segment_key(&h), &r) != RECORD_VALID)
                break;
            REQUIRE(count < room);
            places[count++] = (struct place){sequence, at, at + record_size(r.body.size)};
        }
        buf_deinit(&b);
    }
    return count;
}

/* The log without its last append: what is left when the torn last record is cut. */
static void forget_last_append(struct world *w, uint32_t entries)
{
    w->settled.log.count -= entries;
}

static void check_flip(struct world *w, uint32_t sequence, size_t offset, bool vouched)
{
    struct world *c = world_clone(w);
    char name[SEGMENT_NAME_BYTES], path[64];
    const char *text;

    segment_name(name, sequence);
    path_of(path, name);
    fake_fs_flip(c->fake, path, offset, (uint8_t)(1u << offset % 8));
    if (vouched) {
        CHECK_EQ_INT(open_rc(c, &text), -COORD_E_DAMAGED, "%s offset %zu", name, offset);
        CHECK(strstr(text, name) != NULL, "%s offset %zu: %s", name, offset, text);
    } else {
        bool stopped;
        forget_last_append(c, 1);
        const char *why = world_start(c, &stopped);
        CHECK(why == NULL, "%s offset %zu: %s", name, offset, why);
    }
    world_free(c);
}

TEST(store_damage, every_byte_of_every_record)
{
    struct world *w = some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));

    REQUIRE(count >= 12);
    for (size_t i = 0; i < count; i++)
        for (size_t at = places[i].from; at < places[i].to; at++)
            check_flip(w, places[i].sequence, at, i + 1 < count);
    for (uint32_t sequence = 1; sequence <= 3; sequence++)
        for (size_t at = 0; at < SEGMENT_HEADER_BYTES; at++)
            check_flip(w, sequence, at, true);
    world_free(w);
}

TEST(store_damage, the_text_says_where)
{
    struct world *w = some_log();
    struct place places[64];
    const char *text;
    char offset[40];

    find_records(w, places, COUNT(places));
    fake_fs_flip(w->fake, KIT_DIR "/log.00000001", places[2].from + 50, 1);
    CHECK_EQ_INT(open_rc(w, &text), -COORD_E_DAMAGED);
    snprintf(offset, sizeof(offset), "offset %zu behind entry 1.4", places[2].from);
    CHECK(strstr(text, "log.00000001") != NULL && strstr(text, offset) != NULL, "%s", text);
    world_free(w);
}

/* What is behind the last record, or between a segment's last record and its end, is nobody's. */
TEST(store_damage, unused_bytes_do_not_matter)
{
    struct world *w = some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));

    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || places[i + 1].sequence != places[i].sequence)
            for (size_t at = places[i].to; at < 4096; at += 13) {
                struct world *c = world_clone(w);
                char name[SEGMENT_NAME_BYTES], path[64];
                bool stopped;
                segment_name(name, places[i].sequence);
                path_of(path, name);
                fake_fs_flip(c->fake, path, at, 0xff);
                const char *why = world_start(c, &stopped);
                CHECK(why == NULL, "%s offset %zu: %s", name, at, why);
                world_free(c);
            }
    world_free(w);
}

/* The last append is 3 entries of one record; it ends at every byte of it. `old`: what stood there before. */
static void torn_tails(uint8_t old)
{
    struct world *w = some_log();
    struct place places[64];
    struct buf full;
    size_t count = find_records(w, places, COUNT(places));
    struct place last = places[count - 1];

    REQUIRE(last.sequence == 3);
    full = content_of(w, "log.00000003");
    forget_last_append(w, 1);
    for (size_t size = last.from; size < last.to; size++) {
        struct world *c = world_clone(w);
        struct buf torn = {0};
        bool stopped, same = true;
        buf_append(&torn, buf_bytes(&full), buf_size(&full));
        memset(buf_bytes(&torn) + size, old, last.to - size);
        for (size_t i = size; i < last.to; i++)
            same = same && buf_bytes(&full)[i] == old; /* padding */
        put_content(c, "log.00000003", buf_slice(&torn));
        if (!same) {
            const char *why = world_start(c, &stopped);
            CHECK(why == NULL, "size %zu: %s", size - last.from, why);
            CHECK(why != NULL || size < last.from + 24 || c->recovered.torn_bytes >= RECORD_HEADER_BYTES);
            CHECK(why != NULL || (world_append(c, true, 1, 60) && world_append(c, false, 1, 60)));
            world_crash(c, NULL, FAKE_FS_LOSE);
            why = world_start(c, &stopped);
            CHECK(why == NULL, "size %zu, then: %s", size - last.from, why);
        }
        buf_deinit(&torn);
        world_free(c);
    }
    buf_deinit(&full);
    world_free(w);
}

TEST(store_damage, torn_tail_at_every_byte)
{
    torn_tails(0);
    torn_tails(0xa5);
}

TEST(store_damage, promise_vouches_for_what_it_saw)
{
    struct world *w = some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));
    bool stopped;
    const char *text;

    REQUIRE(world_start(w, &stopped) == NULL); /* its promise files vouch for the last record too */
    world_crash(w, NULL, FAKE_FS_LOSE);
    fake_fs_flip(w->fake, KIT_DIR "/log.00000003", places[count - 1].from + 40, 4);
    CHECK_EQ_INT(open_rc(w, &text), -COORD_E_DAMAGED);
    world_free(w);
}

TEST(store_damage, mark_vouches_after_idleness)
{
    struct world *w = some_log();
    struct place places[64];
    size_t count = find_records(w, places, COUNT(places));
    bool stopped;
    const char *text;

    REQUIRE(world_start(w, &stopped) == NULL);
    CHECK(world_append(w, false, 1, 10) && world_mark(w));
    uint64_t writes = fake_fs_calls(w->fake, FAKE_FS_WRITE);
    CHECK(world_mark(w));
    CHECK_EQ_INT(fake_fs_calls(w->fake, FAKE_FS_WRITE), writes); /* nothing new to vouch for */
    world_crash(w, NULL, FAKE_FS_LOSE);
    fake_fs_flip(w->fake, KIT_DIR "/log.00000003", places[count - 1].to + 100, 4);
    CHECK_EQ_INT(open_rc(w, &text), -COORD_E_DAMAGED);
    world_free(w);
}

TEST(store_damage, missing_files)
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
    struct world *w = some_log();
    bool stopped;

    REQUIRE(world_start(w, &stopped) == NULL);
    CHECK(world_snapshot(w, zxid_make(1, 3)));
    world_crash(w, NULL, FAKE_FS_LOSE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world *c = world_clone(w);
        char path[64];
        const char *text;
        path_of(path, rows[i].name);
        CHECK_EQ_INT(fs_remove(fs_of(c), path), 0, "%s", rows[i].name);
        CHECK_EQ_INT(open_rc(c, &text), rows[i].rc, "%s: %s", rows[i].name, text);
        CHECK(rows[i].rc == 0 || strstr(text, rows[i].name) != NULL, "%s: %s", rows[i].name, text);
        world_free(c);
    }
    fs_remove(fs_of(w), KIT_DIR "/promise.0");
    fs_remove(fs_of(w), KIT_DIR "/promise.1");
    const char *text;
    CHECK_EQ_INT(open_rc(w, &text), -COORD_E_MISSING);
    world_free(w);
}

/* Three files at the end of the log vanish at once: only what was written about them elsewhere tells. */
TEST(store_damage, missing_end_of_the_log)
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
        path_of(path, name);
        (void)fs_remove(fs_of(w), path);
    }
    CHECK_EQ_INT(open_rc(w, &text), -COORD_E_MISSING, "%s", text);
    world_free(w);
}

TEST(store_damage, segments_that_changed_places)
{
    struct world *w = some_log();
    struct buf two = content_of(w, "log.00000002"), three = content_of(w, "log.00000003");
    const char *text;

    struct world *c = world_clone(w);
    put_content(c, "log.00000002", buf_slice(&three));
    put_content(c, "log.00000003", buf_slice(&two));
    CHECK_EQ_INT(open_rc(c, &text), -COORD_E_DAMAGED, "%s", text);
    world_free(c);
    c = world_clone(w);
    put_content(c, "log.00000003", buf_slice(&two));
    CHECK_EQ_INT(open_rc(c, &text), -COORD_E_DAMAGED, "%s", text);
    world_free(c);
    /* A stretch of one segment over the same place of another: a misdirected write. */
    c = world_clone(w);
    memcpy(buf_bytes(&two) + 1024, buf_bytes(&three) + 1024, 512);
    put_content(c, "log.00000002", buf_slice(&two));
    CHECK_EQ_INT(open_rc(c, &text), -COORD_E_DAMAGED, "%s", text);
    world_free(c);
    buf_deinit(&two);
    buf_deinit(&three);
    world_free(w);
}

TEST(store_damage, files_of_another_server)
{
    static const char *const names[] = {"log.00000001", "log.00000002", "promise.0"};
    struct store_options options = kit_options();
    struct world *w = some_log(), *other = world_new();
    struct store_recovered r;
    const char *text;

    /* Same id, another incarnation: the disk of an earlier life of this server. */
    store_close(other->store);
    fake_fs_free(other->fake);
    other->fake = fake_fs_new();
    options.fresh_incarnation = 78;
    REQUIRE(store_open(fs_of(other), &options, &other->store, &r, &text) == 0);
    for (uint32_t i = 0; i < 5; i++)
        CHECK_EQ_INT(kit_append(other->store, zxid_make(1, 1 + 2 * i), 2, 600, 1), 0);
    for (uint32_t epoch = 1; epoch < 9; epoch++)
        CHECK_EQ_INT(kit_promise(other->store, epoch), 0);
    world_crash(other, NULL, FAKE_FS_LOSE);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct world *c = world_clone(w);
        struct buf b = content_of(other, names[i]);
        put_content(c, names[i], buf_slice(&b));
        CHECK_EQ_INT(open_rc(c, &text), -COORD_E_FOREIGN, "%s: %s", names[i], text);
        buf_deinit(&b);
        world_free(c);
    }
    options = kit_options();
    options.server = 2;
    CHECK_EQ_INT(store_open(fs_of(w), &options, &w->store, &r, &text), -COORD_E_FOREIGN);
    CHECK(strstr(text, "server 1") != NULL, "%s", text);
    w->store = NULL;
    world_free(other);
    world_free(w);
}

TEST(store_damage, directories_that_are_refused)
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

    path_of(path, name);
    for (size_t at = 0; at < size; at++) {
        struct world *c = world_clone(w);
        const char *text;
        fake_fs_flip(c->fake, path, at, (uint8_t)(1u << at % 8));
        CHECK_EQ_INT(open_rc(c, &text), expected, "%s offset %zu: %s", name, at, text);
        if (c->store != NULL)
            CHECK_EQ_INT(c->recovered.paxos.promised.epoch, w->settled.promised);
        world_free(c);
    }
}

TEST(store_damage, every_byte_of_manifest_and_promise)
{
    struct world *w = some_log();
    struct buf manifest = content_of(w, "manifest");

    flip_all(w, "manifest", buf_size(&manifest), -COORD_E_DAMAGED);
    flip_all(w, "promise.0", PROMISE_BYTES, 0);
    flip_all(w, "promise.1", PROMISE_BYTES, 0);
    fake_fs_flip(w->fake, KIT_DIR "/promise.0", 60, 1);
    flip_all(w, "promise.1", PROMISE_BYTES, -COORD_E_DAMAGED);
    buf_deinit(&manifest);
    world_free(w);
}

/* A twin that rots is whole again after the next start, and the good one was never at risk. */
TEST(store_damage, rotten_promise_is_healed)
{
    for (uint64_t at = 0; at < 12; at++) {
        for (int which = 0; which < 2; which++) {
            struct world *w = some_log();
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

TEST(store_damage, older_promise_files_are_noticed)
{
    struct world *w = some_log();
    struct buf zero = content_of(w, "promise.0"), one = content_of(w, "promise.1");
    const char *text;
    bool stopped;

    REQUIRE(world_start(w, &stopped) == NULL);
    CHECK(world_append(w, false, 1, 20));
    world_crash(w, NULL, FAKE_FS_LOSE);
    put_content(w, "promise.0", buf_slice(&zero));
    put_content(w, "promise.1", buf_slice(&one));
    CHECK_EQ_INT(open_rc(w, &text), -COORD_E_DAMAGED);
    CHECK(strstr(text, "boot") != NULL, "%s", text);
    buf_deinit(&zero);
    buf_deinit(&one);
    world_free(w);
}
