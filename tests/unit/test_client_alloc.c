/* test_client_alloc.c - every allocation of the pure part fails once: nothing crashes, leaks or is told twice or never. */
#include "client_world.h"
#include "lib/runner.h"

#include <stdio.h>

struct owed {
    unsigned replies, watches;
};

static void count(struct owed *owed, int rc, bool watch)
{
    CHECK(rc == 0 || rc == -COORD_E_NO_MEMORY);
    if (rc == 0) {
        owed->replies++;
        owed->watches += watch;
    }
}

/* Answer what was sent, whatever of it could be queued: the xids are those of the session. */
static void answer(struct world *w, const char *err, const char *record)
{
    char frame[512];

    world_output(w);
    if (w->s.sent.first == NULL)
        return;
    snprintf(frame, sizeof(frame),
             "%08x"
             "0000000000000009"
             "%s%s",
             (unsigned)w->s.sent.first->xid, err, record);
    world_frame(w, frame);
    world_events(w);
}

static void greet(struct world *w)
{
    for (int tries = 0; tries < 20 && w->s.phase != SESSION_UP; tries++) {
        session_connected(&w->s, w->now_ms);
        world_output(w);
        world_frame(w, GREETING);
        world_events(w);
        world_pass(w, 100);
    }
}

/* One of everything. False: the session could not even be made. */
static bool scenario(struct world *w, struct owed *owed)
{
    int rc = world_init(w, 2);

    *owed = (struct owed){0};
    if (rc < 0) {
        CHECK_EQ_INT(rc, -COORD_E_NO_MEMORY);
        return false;
    }
    greet(w);
    count(owed, world_get(w, "/a", "get", "data"), true);
    answer(w, NO_ERROR,
           "00000001"
           "61" STAT);
    count(owed, world_exists(w, "/b", "exists", "exist"), true);
    answer(w, NO_NODE, "");
    count(owed, world_add_watch(w, "/r", true, "add", "recursive"), true); /* hears nothing here */
    answer(w, NO_ERROR, "00000000");
    count(owed, world_add_watch(w, "/p", false, "add", "persistent"), true);
    answer(w, NO_ERROR, "00000000");
    count(owed, world_remove(w, "/p", COORD_WATCH_PERSISTENT, "remove"), false);
    answer(w, NO_ERROR, "");
    for (int i = 0; i < 40; i++) { /* enough for the table to grow */
        char path[16];
        snprintf(path, sizeof(path), "/%d", i);
        count(owed, world_children(w, path, "ls", "child"), true);
        answer(w, NO_ERROR,
               "00000002"
               "00000001"
               "61"
               "00000001"
               "62");
    }
    count(owed, world_multi(w, 30, "multi"), false); /* enough for the builder to grow */
    answer(w, NO_ERROR,
           "ffffffff01"
           "ffffffff");
    (void)world_prove(w, "a"); /* out of memory is an answer, and nothing is told */
    session_lost(&w->s, "reset", w->now_ms);
    greet(w); /* sets the watches anew */
    world_output(w);
    world_frame(w, HEADER("ffffffff", "000000000000000a", NO_ERROR) "00000003"
                                                                    "00000003"
                                                                    "00000002"
                                                                    "2f61");
    world_events(w);
    count(owed, world_get(w, "/c", "open", "open"), true);
    session_abandon(&w->s);
    world_events(w);
    return true;
}

TEST(alloc, each_failure_is_survived)
{
    unsigned n = 0;
    bool failed = true;

    for (n = 1; failed && n < 10000; n++) {
        struct world w;
        struct owed owed;
        bool made;

        alloc_fail_at(n);
        made = scenario(&w, &owed);
        failed = alloc_failed();
        alloc_fail_at(0);
        if (!made)
            continue;
        CHECK_EQ_INT(w.told_replies, owed.replies, "allocation %u", n);
        CHECK_EQ_INT(w.told_watches, owed.watches, "allocation %u", n);
        world_deinit(&w);
    }
    CHECK(!failed);
    CHECK(n > 100); /* it did try them */
}
