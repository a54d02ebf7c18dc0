/* test_state_quota.c - quotas: what is counted, what is refused, and by which settings. What
 * ZooKeeper answers to the same was observed of 3.8.0. */
#include "base/bytes.h"
#include "lib/runner.h"
#include "state/acl.h"
#include "state/image.h"
#include "state/internal.h"
#include "state/quota_text.h"
#include "state_fixture.h"

#include <stdio.h>

#define ERR(name) (-COORD_E_##name)
#define QUOTA "/zookeeper/quota"

/* As zkCli.sh does it; "" for `stats`: the server counts. */
static void set_quota(struct world *w, const char *path, const char *limits)
{
    char full[256];

    for (size_t size = 1; size <= strlen(path); size++)
        if (path[size] == '/' || path[size] == 0) {
            snprintf(full, sizeof(full), QUOTA "%.*s", (int)size, path);
            world_create(w, full, "", 0);
        }
    snprintf(full, sizeof(full), QUOTA "%s/zookeeper_limits", path);
    CHECK_EQ_INT(world_create(w, full, limits, 0), 0);
    snprintf(full, sizeof(full), QUOTA "%s/zookeeper_stats", path);
    CHECK_EQ_INT(world_create(w, full, "", 0), 0);
}

static const char *stats(struct world *w, const char *path)
{
    char full[256];

    snprintf(full, sizeof(full), QUOTA "%s/zookeeper_stats", path);
    return world_data(w, full);
}

TEST(state_quota, texts)
{
    static const struct {
        const char *text;
        bool good;
        int64_t count, bytes, bytes_hard, count_hard;
        const char *printed;
    } rows[] = {
        {"", true, -1, -1, -1, -1, "count=-1,bytes=-1"},
        {",;", true, -1, -1, -1, -1, "count=-1,bytes=-1"},
        {"count=5,bytes=-1", true, 5, -1, -1, -1, "count=5,bytes=-1"},
        {"count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=7", true, 5, -1, -1, 7,
         "count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=7"},
        {"countHardLimit=7", true, -1, -1, -1, 7, "count=-1,bytes=-1=;countHardLimit=7"},
        {"byteHardLimit=8,", true, -1, -1, 8, -1, "count=-1,bytes=-1=;byteHardLimit=8"},
        {"bytes=2,,;count=+1;;", true, 1, 2, -1, -1, "count=1,bytes=2"},
        {"count=1,count=2", true, 2, -1, -1, -1, "count=2,bytes=-1"},
        {"count==5", true, -1, -1, -1, -1, "count=-1,bytes=-1"},
        {"count=5=6=", true, 5, -1, -1, -1, "count=5,bytes=-1"},
        {"=5,foo=9,count=3", true, 3, -1, -1, -1, "count=3,bytes=-1"},
        {"count=9223372036854775807,bytes=-9223372036854775808", true, INT64_MAX, INT64_MIN, -1, -1,
         "count=9223372036854775807,bytes=-9223372036854775808"},
        {"count=9223372036854775808", false, 0, 0, 0, 0, NULL},
        {"count=-9223372036854775809", false, 0, 0, 0, 0, NULL},
        {"count=99999999999999999999", false, 0, 0, 0, 0, NULL},
        {"count", false, 0, 0, 0, 0, NULL},
        {"count=", false, 0, 0, 0, 0, NULL},
        {"count==", false, 0, 0, 0, 0, NULL},
        {"=", false, 0, 0, 0, 0, NULL},
        {"count=+", false, 0, 0, 0, 0, NULL},
        {"count=-", false, 0, 0, 0, 0, NULL},
        {"count= 5", false, 0, 0, 0, 0, NULL},
        {"count=5 ", false, 0, 0, 0, 0, NULL},
        {"count=5x", false, 0, 0, 0, 0, NULL},
        {",count=5", false, 0, 0, 0, 0, NULL},
        {"foo=bar,count=5", false, 0, 0, 0, 0, NULL},
        {"nonsense", false, 0, 0, 0, 0, NULL},
    };
    struct buf printed = {0}, longest = {0};
    struct quota_figures f;

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(quota_parse(slice_from_text(rows[i].text), &f) == rows[i].good, "row %zu", i);
        if (!rows[i].good)
            continue;
        CHECK(f.count == rows[i].count && f.bytes == rows[i].bytes && f.bytes_hard == rows[i].bytes_hard &&
                  f.count_hard == rows[i].count_hard,
              "row %zu", i);
        buf_clear(&printed);
        quota_print(&printed, &f);
        CHECK(slice_equal(buf_slice(&printed), slice_from_text(rows[i].printed)), "row %zu: %.*s", i,
              SLICE_ARG(buf_slice(&printed)));
    }
    CHECK(!quota_parse(SLICE_NULL, &f));
    while (buf_size(&longest) < QUOTA_TEXT_MAX)
        buf_append(&longest, ",", 1);
    CHECK(quota_parse(buf_slice(&longest), &f));
    buf_append(&longest, ",", 1);
    CHECK(!quota_parse(buf_slice(&longest), &f));
    f.count = INT64_MAX;
    quota_add(&f.count, 1);
    CHECK_EQ_INT(f.count, INT64_MIN);
    buf_deinit(&printed);
    buf_deinit(&longest);
}

TEST(state_quota, every_change_is_counted)
{
    struct world w;
    struct zk_stat before;
    uint64_t other, first;

    world_init(&w);
    first = w.session;
    CHECK_EQ_INT(world_create(&w, "/a", "12345", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/a/b", "678", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/a/n", NULL, 0), 0);
    CHECK_EQ_INT(world_create(&w, "/ab", "not of it", 0), 0);
    set_quota(&w, "/a", "count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=-1");
    CHECK_EQ_STR(world_changes(&w), "+/zookeeper/quota/a/zookeeper_stats");
    CHECK_EQ_STR(stats(&w, "/a"), "count=3,bytes=8");
    CHECK_EQ_INT(world_exists(&w, QUOTA "/a/zookeeper_stats"), 0);
    before = w.stat;
    CHECK_EQ_INT(before.data_length, 15);
    CHECK_EQ_INT(world_create(&w, "/a/c", "xx", 0), 0);
    CHECK_EQ_STR(world_changes(&w), "+/a/c");
    CHECK_EQ_STR(stats(&w, "/a"), "count=4,bytes=10");
    CHECK_EQ_INT(world_exists(&w, QUOTA "/a/zookeeper_stats"), 0);
    before.data_length = 16;
    CHECK(jute_equal(&jute_stat, &w.stat, &before)); /* no version, no zxid, no time */
    CHECK_EQ_INT(world_set(&w, "/a/c", "xxxx", -1), 0);
    CHECK_EQ_STR(stats(&w, "/a"), "count=4,bytes=12");
    CHECK_EQ_INT(world_set(&w, "/a/c", NULL, -1), 0);
    CHECK_EQ_STR(stats(&w, "/a"), "count=4,bytes=8");
    CHECK_EQ_INT(world_set(&w, "/a", NULL, -1), 0);
    CHECK_EQ_STR(stats(&w, "/a"), "count=4,bytes=3");
    CHECK_EQ_INT(world_set(&w, "/ab", "something else", -1), 0);
    CHECK_EQ_INT(world_delete(&w, "/a/c", -1), 0);
    CHECK_EQ_STR(stats(&w, "/a"), "count=3,bytes=3");
    other = world_session_create(&w);
    CHECK_EQ_INT(world_create(&w, "/a/e", "eph", ZK_EPHEMERAL), 0);
    CHECK_EQ_INT(world_create(&w, "/a/e-", "eph2", ZK_EPHEMERAL_SEQUENTIAL), 0);
    CHECK_EQ_STR(stats(&w, "/a"), "count=5,bytes=10");
    CHECK_EQ_INT(world_session_close(&w, other), 0);
    CHECK_EQ_STR(stats(&w, "/a"), "count=3,bytes=3");
    w.session = first;
    CHECK_EQ_INT(world_create_container(&w, "/a/box"), 0);
    CHECK_EQ_INT(world_create(&w, "/a/box/x", "1", 0), 0);
    CHECK_EQ_INT(world_delete(&w, "/a/box/x", -1), 0);
    CHECK_EQ_INT(world_create_ttl(&w, "/a/t", 5, 10), 0);
    CHECK_EQ_STR(stats(&w, "/a"), "count=5,bytes=3");
    CHECK(world_reap(&w, "/a/box"));
    w.late_ms += 100;
    CHECK(world_reap(&w, "/a/t"));
    CHECK_EQ_STR(stats(&w, "/a"), "count=3,bytes=3");
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

static void add_create(struct world *w, const char *path, const char *data)
{
    uint8_t space[ACL_WORLD_BYTES];
    struct zk_create_request q = {slice_from_text(path), slice_from_text(data), acl_world(ZK_PERM_ALL, space), 0};

    world_multi_add(w, ZK_OP_CREATE, &jute_create_request, &q);
}

static void add_delete(struct world *w, const char *path)
{
    struct zk_delete_request q = {slice_from_text(path), -1};

    world_multi_add(w, ZK_OP_DELETE, &jute_delete_request, &q);
}

TEST(state_quota, a_multi_counts_as_it_goes_and_takes_all_back)
{
    struct zk_set_data_request set = {SLICE_LITERAL("/m/0"), SLICE_LITERAL("four"), -1};
    struct world w;

    world_init(&w);
    world_settings(&w, true, "");
    CHECK_EQ_INT(world_create(&w, "/m", "1", 0), 0);
    set_quota(&w, "/m", "countHardLimit=3");
    for (int i = 0; i < 3; i++)
        add_create(&w, (const char *[]){"/m/0", "/m/1", "/m/2"}[i], "xx");
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:0 -1:0 -1:-125");
    CHECK_EQ_STR(stats(&w, "/m"), "count=1,bytes=1");
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    add_create(&w, "/m/0", "xx");
    add_create(&w, "/m/1", "");
    world_multi_add(&w, ZK_OP_SET_DATA, &jute_set_data_request, &set);
    add_delete(&w, "/m/1");
    add_create(&w, "/m/2", "z");
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "1:0=/m/0 1:0=/m/1 5:0=1 2:0 1:0=/m/2");
    CHECK_EQ_STR(stats(&w, "/m"), "count=3,bytes=6");
    add_delete(&w, "/m/0");
    add_delete(&w, QUOTA "/m/zookeeper_stats");
    add_create(&w, QUOTA "/m/zookeeper_stats", "");
    add_delete(&w, QUOTA "/m/zookeeper_limits");
    add_create(&w, "/m/9", "uncounted");
    add_delete(&w, "/none");
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:0 -1:0 -1:0 -1:0 -1:0 -1:-101");
    CHECK_EQ_STR(stats(&w, "/m"), "count=3,bytes=6");
    CHECK_EQ_INT(world_create(&w, "/m/9", "", 0), ERR(QUOTA_EXCEEDED));
    add_create(&w, "/w", "7"); /* a quota that comes with what it counts */
    add_create(&w, QUOTA "/w", "");
    add_create(&w, QUOTA "/w/zookeeper_limits", "countHardLimit=2");
    add_create(&w, QUOTA "/w/zookeeper_stats", "");
    add_create(&w, "/w/1", "22");
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(stats(&w, "/w"), "count=2,bytes=3");
    CHECK_EQ_INT(world_create(&w, "/w/2", "", 0), ERR(QUOTA_EXCEEDED));
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_quota, the_deepest_one_counts_alone)
{
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/x", "1", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/x/y", "22", 0), 0);
    set_quota(&w, "/x", "count=1");
    set_quota(&w, "/x/y", "count=1");
    CHECK_EQ_STR(stats(&w, "/x"), "count=2,bytes=3");
    CHECK_EQ_STR(stats(&w, "/x/y"), "count=1,bytes=2");
    CHECK_EQ_INT(world_create(&w, "/x/y/z", "333", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/x/w", "4444", 0), 0);
    CHECK_EQ_STR(stats(&w, "/x"), "count=3,bytes=7");
    CHECK_EQ_STR(stats(&w, "/x/y"), "count=2,bytes=5");
    CHECK_EQ_INT(world_delete(&w, QUOTA "/x/zookeeper_limits", -1), 0); /* the other one stays, this one is frozen */
    CHECK_EQ_INT(world_delete(&w, "/x/w", -1), 0);
    CHECK_EQ_INT(world_delete(&w, "/x/y/z", -1), 0);
    CHECK_EQ_STR(stats(&w, "/x"), "count=3,bytes=7");
    CHECK_EQ_STR(stats(&w, "/x/y"), "count=1,bytes=2");
    CHECK_EQ_INT(world_create(&w, QUOTA "/x/zookeeper_limits", "", 0), 0); /* and goes on from where it was */
    CHECK_EQ_INT(world_delete(&w, "/x/y", -1), 0);
    CHECK_EQ_STR(stats(&w, "/x/y"), "count=0,bytes=0");
    CHECK_EQ_INT(world_create(&w, "/x/v", "", 0), 0);
    CHECK_EQ_STR(stats(&w, "/x"), "count=4,bytes=7");
    CHECK_EQ_INT(world_delete(&w, QUOTA "/x/zookeeper_stats", -1), 0);
    CHECK_EQ_INT(world_create(&w, "/x/u", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/x/zookeeper_stats", "count=99,bytes=99", 0), 0); /* counted, whatever it says */
    CHECK_EQ_STR(stats(&w, "/x"), "count=3,bytes=1");
    world_deinit(&w);
}

TEST(state_quota, of_what_is_not_there_and_of_the_quotas_themselves)
{
    struct world w;

    world_init(&w);
    set_quota(&w, "/gone/far", "count=1");
    CHECK_EQ_STR(stats(&w, "/gone/far"), "count=0,bytes=0");
    CHECK_EQ_INT(world_create(&w, "/gone", "12", 0), 0);
    CHECK_EQ_STR(stats(&w, "/gone/far"), "count=0,bytes=0");
    CHECK_EQ_INT(world_create(&w, "/gone/far", "12", 0), 0);
    CHECK_EQ_STR(stats(&w, "/gone/far"), "count=1,bytes=2");
    CHECK_EQ_INT(world_create(&w, "/gone/farther", "12", 0), 0);
    CHECK_EQ_STR(stats(&w, "/gone/far"), "count=1,bytes=2");
    set_quota(&w, "/zookeeper", "count=1"); /* zookeeper, config, quota; 2 and 2; this one's 3 */
    CHECK_EQ_STR(stats(&w, "/zookeeper"), "count=10,bytes=29");
    CHECK_EQ_INT(world_delete(&w, QUOTA "/gone/far/zookeeper_limits", -1), 0);
    CHECK_EQ_STR(stats(&w, "/zookeeper"), "count=9,bytes=22");
    CHECK_EQ_INT(world_delete(&w, QUOTA "/zookeeper/zookeeper_limits", -1), 0);
    CHECK_EQ_INT(world_delete(&w, QUOTA "/zookeeper/zookeeper_stats", -1), 0);
    /* The root has none: ZooKeeper ends there. */
    CHECK_EQ_INT(world_create(&w, QUOTA "/zookeeper_limits", "countHardLimit=0", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/zookeeper_stats", "as it is", 0), 0);
    world_settings(&w, true, "");
    CHECK_EQ_INT(world_create(&w, "/more", "", 0), 0);
    CHECK_EQ_STR(world_data(&w, QUOTA "/zookeeper_stats"), "as it is");
    /* Names alone make no quota. */
    CHECK_EQ_INT(world_create(&w, "/more/zookeeper_limits", "countHardLimit=0", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/more/zookeeper_stats", "mine", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/zookeeper/quotas", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/zookeeper/quotas/zookeeper_stats", "mine", 0), 0);
    CHECK_EQ_STR(world_data(&w, "/more/zookeeper_stats"), "mine");
    CHECK_EQ_STR(world_data(&w, "/zookeeper/quotas/zookeeper_stats"), "mine");
    world_deinit(&w);
}

TEST(state_quota, a_count_takes_in_all_below)
{
    char path[64];
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/t", "r", 0), 0);
    for (int i = 0; i < 60; i++) {
        snprintf(path, sizeof(path), "/t/%d", i);
        CHECK_EQ_INT(world_create(&w, path, "ab", 0), 0);
        for (int k = 0; k < i % 4; k++) {
            snprintf(path, sizeof(path), "/t/%d/%d", i, k);
            CHECK_EQ_INT(world_create(&w, path, "c", k == 1 ? ZK_EPHEMERAL : 0), 0);
        }
    }
    CHECK_EQ_INT(world_create(&w, "/u", "outside", 0), 0);
    set_quota(&w, "/t", "");
    CHECK_EQ_STR(stats(&w, "/t"), "count=151,bytes=211");
    set_quota(&w, "/t/3", "");
    CHECK_EQ_STR(stats(&w, "/t/3"), "count=4,bytes=5");
    set_quota(&w, "/t/4", "");
    CHECK_EQ_STR(stats(&w, "/t/4"), "count=1,bytes=2");
    world_deinit(&w);
}

TEST(state_quota, stats_that_a_client_wrote)
{
    static const struct {
        const char *text, *then;
    } rows[] = {
        {"count=1,bytes=7,foo=9", "count=2,bytes=9"},
        {"", "count=0,bytes=1"},
        {"bytes=5=6;;,count=2", "count=3,bytes=7"},
        {"count=0,bytes=0=;byteHardLimit=4;countHardLimit=3", "count=1,bytes=2=;byteHardLimit=4;countHardLimit=3"},
        {"count=9223372036854775807,bytes=0", "count=-9223372036854775808,bytes=2"},
        {"nonsense", "nonsense"},
        {NULL, "<null>"},
    };
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/x", "", 0), 0);
    set_quota(&w, "/x", "countHardLimit=1000000");
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ_INT(world_set(&w, QUOTA "/x/zookeeper_stats", rows[i].text, -1), 0);
        CHECK_EQ_INT(world_create(&w, "/x/n", "zz", 0), 0);
        CHECK_EQ_STR(stats(&w, "/x"), rows[i].then, "row %zu", i);
        CHECK_EQ_INT(world_delete(&w, "/x/n", -1), 0);
    }
    world_settings(&w, true, ""); /* what cannot be judged is refused */
    CHECK_EQ_INT(world_create(&w, "/x/n", "zz", 0), ERR(MARSHALLING));
    CHECK_EQ_INT(world_set(&w, "/x", "", -1), 0); /* neither count nor bytes change */
    CHECK_EQ_INT(world_delete(&w, QUOTA "/x/zookeeper_stats", -1), 0);
    CHECK_EQ_INT(world_create(&w, "/x/n", "zz", 0), 0);
    CHECK_EQ_INT(world_set(&w, QUOTA "/x/zookeeper_limits", "nonsense", -1), 0);
    CHECK_EQ_INT(world_create(&w, "/x/o", "zz", 0), ERR(MARSHALLING));
    CHECK_EQ_INT(world_set(&w, "/x/n", "z", -1), ERR(MARSHALLING));
    CHECK_EQ_INT(world_set(&w, QUOTA "/x/zookeeper_limits", NULL, -1), 0);
    CHECK_EQ_INT(world_create(&w, "/x/o", "zz", 0), ERR(MARSHALLING));
    CHECK_EQ_INT(world_delete(&w, "/x/n", -1), 0);
    world_deinit(&w);
}

TEST(state_quota, limits)
{
    static const struct {
        const char *limits;
        int create_empty, create_two, shrink, same, grow; /* of 4 nodes with 10 bytes, one of them with 4 */
    } rows[] = {
        {"", 0, 0, 0, 0, 0},
        {"count=1,bytes=1", 0, 0, 0, 0, 0},
        {"countHardLimit=5", 0, 0, 0, 0, 0},
        {"countHardLimit=4", ERR(QUOTA_EXCEEDED), ERR(QUOTA_EXCEEDED), 0, 0, 0},
        {"countHardLimit=0", ERR(QUOTA_EXCEEDED), ERR(QUOTA_EXCEEDED), 0, 0, 0},
        {"count=0,countHardLimit=5", 0, 0, 0, 0, 0},
        {"count=99,countHardLimit=4", ERR(QUOTA_EXCEEDED), ERR(QUOTA_EXCEEDED), 0, 0, 0},
        {"byteHardLimit=12", 0, 0, 0, 0, 0},
        {"byteHardLimit=11", 0, ERR(QUOTA_EXCEEDED), 0, 0, 0},
        {"byteHardLimit=10", 0, ERR(QUOTA_EXCEEDED), 0, 0, ERR(QUOTA_EXCEEDED)},
        {"byteHardLimit=9", 0, ERR(QUOTA_EXCEEDED), 0, 0, ERR(QUOTA_EXCEEDED)},
        {"byteHardLimit=8", 0, ERR(QUOTA_EXCEEDED), ERR(QUOTA_EXCEEDED), 0, ERR(QUOTA_EXCEEDED)}, /* less is still too much */
        {"count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=-1", 0, 0, 0, 0, 0},
        {"byteHardLimit=-5,countHardLimit=-5,count=-7", 0, 0, 0, 0, 0},
    };
    struct world w;

    world_init(&w);
    for (size_t i = 0; i < COUNT(rows) * 2; i++) {
        bool on = i % 2 == 0;

        world_settings(&w, false, "");
        CHECK_EQ_INT(world_create(&w, "/q", "aaa", 0), 0);
        CHECK_EQ_INT(world_create(&w, "/q/b", "bbb", 0), 0);
        CHECK_EQ_INT(world_create(&w, "/q/c", "cccc", 0), 0);
        CHECK_EQ_INT(world_create(&w, "/q/d", NULL, 0), 0);
        set_quota(&w, "/q", rows[i / 2].limits);
        world_settings(&w, on, "");
        CHECK_EQ_INT(world_set(&w, "/q/c", "same", -1), on ? rows[i / 2].same : 0, "row %zu", i / 2);
        CHECK_EQ_INT(world_set(&w, "/q/c", "ccc", -1), on ? rows[i / 2].shrink : 0, "row %zu", i / 2);
        world_settings(&w, false, "");
        CHECK_EQ_INT(world_set(&w, "/q/c", "cccc", -1), 0);
        world_settings(&w, on, "");
        CHECK_EQ_INT(world_set(&w, "/q/c", "ccccc", -1), on ? rows[i / 2].grow : 0, "row %zu", i / 2);
        world_settings(&w, false, "");
        CHECK_EQ_INT(world_set(&w, "/q/c", "cccc", -1), 0);
        world_settings(&w, on, "");
        CHECK_EQ_INT(world_create(&w, "/q/d/n", "", 0), on ? rows[i / 2].create_empty : 0, "row %zu", i / 2);
        world_delete(&w, "/q/d/n", -1);
        CHECK_EQ_INT(world_create(&w, "/q/d/n-", "nn", ZK_EPHEMERAL_SEQUENTIAL), on ? rows[i / 2].create_two : 0, "row %zu",
                     i / 2);
        if (w.a.err == 0)
            CHECK_EQ_INT(world_delete(&w, "/q/d/n-0000000001", -1) == 0 || world_delete(&w, "/q/d/n-0000000000", -1) == 0, 1);
        for (const char *const *path = (const char *const[]){"/q/d", "/q/c", "/q/b", "/q", QUOTA "/q/zookeeper_limits",
                                                             QUOTA "/q/zookeeper_stats", NULL};
             *path != NULL; path++)
            CHECK_EQ_INT(world_delete(&w, *path, -1), 0, "row %zu %s", i / 2, *path);
    }
    world_deinit(&w);
}

TEST(state_quota, comes_behind_all_but_the_version)
{
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/q", "aaa", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/q/e", "", ZK_EPHEMERAL), 0);
    CHECK_EQ_INT(world_create_acl(&w, "/q/read", "", 0, ZK_PERM_READ), 0);
    set_quota(&w, "/q", "countHardLimit=1,byteHardLimit=1");
    world_settings(&w, true, "");
    CHECK_EQ_INT(world_create(&w, "/q/new", "", 0), ERR(QUOTA_EXCEEDED));
    CHECK_EQ_INT(world_create(&w, "/q/e", "", 0), ERR(NODE_EXISTS));
    CHECK_EQ_INT(world_create(&w, "/q/e/below", "", 0), ERR(NO_CHILDREN_FOR_EPHEMERALS));
    CHECK_EQ_INT(world_create(&w, "/q/read/below", "", 0), ERR(NO_AUTH));
    CHECK_EQ_INT(world_create(&w, "/q/none/below", "", 0), ERR(NO_NODE));
    CHECK_EQ_INT(world_create(&w, "/q/\1", "", 0), ERR(BAD_ARGUMENTS));
    CHECK_EQ_INT(world_create_container(&w, "/q/new"), ERR(QUOTA_EXCEEDED));
    CHECK_EQ_INT(world_create_ttl(&w, "/q/new", 5, 1), ERR(QUOTA_EXCEEDED));
    CHECK_EQ_INT(world_create(&w, "/q/new-", "", ZK_PERSISTENT_SEQUENTIAL), ERR(QUOTA_EXCEEDED));
    CHECK_EQ_INT(world_set(&w, "/q", "aaaa", 77), ERR(QUOTA_EXCEEDED));
    CHECK_EQ_INT(world_set(&w, "/q", "bbb", 77), ERR(BAD_VERSION));
    CHECK_EQ_INT(world_set(&w, "/q/read", "aaaa", -1), ERR(NO_AUTH));
    CHECK_EQ_INT(world_set(&w, "/q/none", "aaaa", -1), ERR(NO_NODE));
    CHECK_EQ_INT(world_set(&w, "/q/", "aaaa", -1), ERR(BAD_ARGUMENTS));
    w.auth = world_auth("super:"); /* for everybody */
    CHECK_EQ_INT(world_create(&w, "/q/new", "", 0), ERR(QUOTA_EXCEEDED));
    world_deinit(&w);
}

TEST(state_quota, what_passes_a_limit_is_told)
{
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/q", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/q/r", "", 0), 0);
    set_quota(&w, "/q/r", "count=1,bytes=3=;byteHardLimit=-1;countHardLimit=-1");
    CHECK_EQ_INT(world_create(&w, "/q/r/a", "1234", 0), 0);
    CHECK(w.a.excess == NULL); /* not enforced: not looked at */
    world_settings(&w, true, "");
    CHECK_EQ_INT(world_create(&w, "/q/r/b", "1", 0), 0);
    REQUIRE(w.a.excess != NULL);
    CHECK(w.a.excess->kind == QUOTA_COUNT && !w.a.excess->hard && slice_equal(w.a.excess->path, SLICE_LITERAL("/q/r")));
    CHECK_EQ_INT(w.a.excess->value, 3);
    CHECK_EQ_INT(w.a.excess->limit, 1);
    CHECK_EQ_INT(world_set(&w, "/q/r/b", "22", -1), 0);
    REQUIRE(w.a.excess != NULL);
    CHECK(w.a.excess->kind == QUOTA_BYTES && w.a.excess->value == 6 && w.a.excess->limit == 3);
    CHECK_EQ_INT(world_delete(&w, "/q/r/b", -1), 0);
    CHECK(w.a.excess == NULL);
    CHECK_EQ_INT(world_set(&w, QUOTA "/q/r/zookeeper_limits", "byteHardLimit=5", -1), 0);
    CHECK_EQ_INT(world_create(&w, "/q/r/c", "12", 0), ERR(QUOTA_EXCEEDED));
    REQUIRE(w.a.excess != NULL);
    CHECK(w.a.excess->kind == QUOTA_BYTES && w.a.excess->hard && w.a.excess->value == 6 && w.a.excess->limit == 5);
    world_deinit(&w);
}

TEST(state_quota, sums_by_the_first_component)
{
    struct state_quota q = {0};
    uint32_t looks = 1000;
    struct world w;

    world_init(&w);
    CHECK(!state_quota_next(w.s, &looks, &q));
    CHECK_EQ_INT(world_create(&w, "/x", "abc", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/x/a", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/empty", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/w", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/w/zookeeper_limits", "count=3", 0), 0);
    set_quota(&w, "/x", "count=5,bytes=20=;byteHardLimit=5;countHardLimit=2");
    set_quota(&w, "/x/a", "count=7");
    CHECK_EQ_INT(world_create(&w, QUOTA "/y", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/y/zookeeper_stats", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/z", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/z/zookeeper_limits", "nonsense", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/zz", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/zz/zookeeper_limits", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/zz/zookeeper_limits/x", "", 0), 0);
    REQUIRE(state_quota_next(w.s, &looks, &q));
    CHECK(slice_equal(q.space, SLICE_LITERAL("w")) && q.limited && !q.counted && q.count_limit == 3 && q.bytes_limit == -1);
    REQUIRE(state_quota_next(w.s, &looks, &q));
    CHECK(slice_equal(q.space, SLICE_LITERAL("x")) && q.limited && q.counted);
    CHECK(q.count_limit == 9 && q.bytes_limit == 4 && q.count == 3 && q.bytes == 3);
    REQUIRE(state_quota_next(w.s, &looks, &q));
    CHECK(slice_equal(q.space, SLICE_LITERAL("y")) && !q.limited && q.counted && q.count == 0 && q.bytes == 0);
    CHECK(!state_quota_next(w.s, &looks, &q));
    CHECK(looks > 0 && looks < 1000);
    for (uint32_t few = 0; few < 3; few++) {
        looks = few;
        q = (struct state_quota){0};
        CHECK(!state_quota_next(w.s, &looks, &q) && looks == 0, "%u", few);
    }
    world_deinit(&w);
}

TEST(state_quota, settings_are_part_of_the_state)
{
    static const char config[] = "server.1=a:2888:3888:participant\nversion=0";
    struct world w;
    uint64_t digest;

    world_init(&w);
    CHECK(!state_settings(w.s).enforce_quota && state_settings(w.s).config.size == 0);
    digest = state_digest(w.s);
    world_settings(&w, true, "");
    CHECK_EQ_STR(world_changes(&w), "");
    CHECK(state_settings(w.s).enforce_quota && state_digest(w.s) != digest);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_settings(&w, false, config);
    CHECK_EQ_STR(world_changes(&w), "=/zookeeper/config");
    CHECK_EQ_STR(world_data(&w, "/zookeeper/config"), config);
    CHECK_EQ_INT(world_exists(&w, "/zookeeper/config"), 0);
    CHECK_EQ_INT(w.stat.version, -1);
    CHECK(w.stat.mzxid == (int64_t)w.e.zxid && w.stat.mtime == w.e.wall_ms && w.stat.czxid == 0 && w.stat.aversion == -1);
    world_settings(&w, false, config);
    CHECK_EQ_STR(world_changes(&w), "");
    world_settings(&w, true, "");
    CHECK_EQ_STR(world_data(&w, "/zookeeper/config"), "");
    /* A body that this version does not know changes nothing. */
    digest = state_digest(w.s);
    for (unsigned at = 0; at < 8; at++) {
        uint8_t body[8] = {0};

        body[at] = at == 0 ? 2 : 1;
        w.e.body = slice_make(body, sizeof(body));
        CHECK_EQ_INT(world_apply(&w, ENTRY_SETTINGS), 0);
        CHECK(w.a.skipped && state_digest(w.s) == digest);
    }
    w.e.body = SLICE_LITERAL("\0\0\0\0\0\0\0");
    world_apply(&w, ENTRY_SETTINGS);
    CHECK(w.a.skipped);
    world_deinit(&w);
}

/* The image with a record put behind its header. */
static struct state *load_with(const struct buf *image, uint8_t type, const void *body, size_t size)
{
    size_t front = IMAGE_PREFIX_BYTES + 48;
    struct buf changed = {0};
    uint8_t prefix[IMAGE_PREFIX_BYTES];
    struct state *s;

    put_le32(prefix, (uint32_t)(1 + size));
    prefix[4] = type;
    buf_append(&changed, buf_bytes(image), front);
    buf_append(&changed, prefix, sizeof(prefix));
    buf_append(&changed, body, size);
    buf_append(&changed, buf_bytes(image) + front, buf_size(image) - front);
    s = world_load(buf_slice(&changed), 1000);
    buf_deinit(&changed);
    return s;
}

TEST(state_quota, an_image_holds_all_of_it)
{
    struct buf image = {0}, off = {0};
    struct state *loaded;
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/q", "", 0), 0);
    set_quota(&w, "/q", "countHardLimit=2");
    world_image(w.s, 1000, &off);
    CHECK_EQ_INT(state_settings(w.s).enforce_quota, 0);
    world_settings(&w, true, "lines");
    world_image(w.s, 1000, &image);
    loaded = world_load(buf_slice(&image), 7);
    REQUIRE(loaded != NULL);
    world_check_same(w.s, loaded);
    state_free(w.s);
    w.s = loaded;
    CHECK(state_settings(w.s).enforce_quota && slice_equal(state_settings(w.s).config, SLICE_LITERAL("lines")));
    CHECK_EQ_INT(world_create(&w, "/q/1", "a", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/q/2", "a", 0), ERR(QUOTA_EXCEEDED));
    CHECK_EQ_STR(stats(&w, "/q"), "count=2,bytes=1");
    /* Twice, with nothing on, with what is not known, or where the digest does not have it. */
    CHECK(load_with(&image, IMAGE_SETTINGS, "\1\0\0\0\0\0\0\0", 8) == NULL);
    CHECK(load_with(&off, IMAGE_SETTINGS, "\1\0\0\0\0\0\0\0", 8) == NULL);
    CHECK(load_with(&off, IMAGE_SETTINGS, "\0\0\0\0\0\0\0\0", 8) == NULL);
    CHECK(load_with(&off, IMAGE_SETTINGS, "\2\0\0\0\0\0\0\0", 8) == NULL);
    CHECK(load_with(&off, IMAGE_SETTINGS, "\1\0\0\0\0\0\0\0x", 9) == NULL);
    CHECK(load_with(&off, IMAGE_SETTINGS, "\1\0\0\0", 4) == NULL);
    world_deinit(&w);
    buf_deinit(&image);
    buf_deinit(&off);
}

/* A walk that is under way has the stats as they were at its start. */
TEST(state_quota, a_walk_has_the_stats_of_its_start)
{
    struct buf image = {0};
    struct state *loaded;
    struct world w;
    uint64_t digest;
    char path[32];

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/q", "", 0), 0);
    set_quota(&w, "/q", "");
    digest = state_digest(w.s);
    state_walk_start(w.s);
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof(path), "/q/%d", i);
        CHECK_EQ_INT(world_create(&w, path, "x", 0), 0);
    }
    while (state_walk_next(w.s, &image, 100))
        ;
    CHECK_EQ_STR(stats(&w, "/q"), "count=21,bytes=20");
    loaded = world_load(buf_slice(&image), 1000);
    REQUIRE(loaded != NULL);
    CHECK(state_digest(loaded) == digest);
    state_free(w.s);
    w.s = loaded;
    CHECK_EQ_STR(stats(&w, "/q"), "count=1,bytes=0");
    world_deinit(&w);
    buf_deinit(&image);
}

static void add_stats(struct world *w, bool create)
{
    static const struct slice path = SLICE_LITERAL(QUOTA "/q/zookeeper_stats");
    uint8_t space[ACL_WORLD_BYTES];

    if (create)
        world_multi_add(w, ZK_OP_CREATE, &jute_create_request,
                        &(struct zk_create_request){path, SLICE_LITERAL(""), acl_world(ZK_PERM_ALL, space), 0});
    else
        world_multi_add(w, ZK_OP_DELETE, &jute_delete_request, &(struct zk_delete_request){path, -1});
}

/* A multi of a megabyte must not count a large tree thousands of times: one tree of any size, more only as long as they are
 * small together. */
TEST(state_quota, an_entry_counts_so_much)
{
    struct world w;
    char path[32];

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/q", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, QUOTA "/q", "", 0), 0);
    for (unsigned nodes = 1; nodes <= QUOTA_COUNT_MAX; nodes++) {
        if (nodes == QUOTA_COUNT_MAX / 2 || nodes == QUOTA_COUNT_MAX / 2 + 1) {
            add_stats(&w, true);
            add_stats(&w, false);
            add_stats(&w, true);
            add_stats(&w, false);
            CHECK_EQ_INT(world_multi(&w), 0);
            CHECK_EQ_STR(world_results(&w), nodes == QUOTA_COUNT_MAX / 2 ? "1:0=/zookeeper/quota/q/zookeeper_stats 2:0 "
                                                                           "1:0=/zookeeper/quota/q/zookeeper_stats 2:0"
                                                                         : "-1:0 -1:0 -1:-8 -1:-2");
            CHECK(w.a.counted >= QUOTA_COUNT_MAX / 2);
        }
        snprintf(path, sizeof(path), "/q/%u", nodes);
        CHECK_EQ_INT(world_create(&w, path, "", 0), 0);
        CHECK_EQ_INT(w.a.counted, 0);
    }
    CHECK_EQ_INT(world_create(&w, QUOTA "/q/zookeeper_stats", "", 0), 0);
    CHECK_EQ_STR(stats(&w, "/q"), "count=65537,bytes=0");
    CHECK_EQ_INT(w.a.counted, QUOTA_COUNT_MAX + 1);
    world_deinit(&w);
}
