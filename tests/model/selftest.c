/* selftest.c - hand-made bad states: selftest.h. */
#include "model/selftest.h"

#include "model/judge.h"

#include <stdio.h>
#include <string.h>

/* Servers A, B and C: their disks before and after the step of `who`, and what was known before. */
struct bad_state {
    const char *name, *broken; /* broken: how the finding begins; NULL: all is well */
    uint32_t who;
    bool won;
    uint32_t cut_epoch;
    uint8_t log[3][MODEL_EPOCHS_MAX]; /* after */
    uint8_t log_before[MODEL_EPOCHS_MAX];
    uint8_t held[MODEL_EPOCHS_MAX], applied[MODEL_EPOCHS_MAX];
    uint32_t promised, accepted, epoch;
    bool foreign; /* not the disk that FORM names */
    uint8_t winner[MODEL_EPOCHS_MAX];
    uint8_t history[MODEL_EPOCHS_MAX][MODEL_EPOCHS_MAX];
    uint8_t vote[MODEL_EPOCHS_MAX][MODEL_SERVERS_MAX];
    uint8_t chosen[MODEL_EPOCHS_MAX];
};

#define SAME_LOGS .log = {{0, 1}, {0, 1}, {0, 1}}, .log_before = {0, 1}

static const struct bad_state cases[] = {
    {.name = "a quorum chooses 2.1",
     .who = 1,
     .log = {{0, 1, 1}, {0, 1, 1}, {0, 1}},
     .promised = 2,
     .accepted = 2,
     .winner = {[2] = 1},
     .history = {[2] = {0, 1}},
     .vote = {[2] = {0x21}},
     .chosen = {0, 1}},
    {.name = "two sequences",
     .broken = "agreement",
     .who = 1,
     .log = {{0, 1, 0, 1}, {0, 1, 0, 1}, {0, 1, 1}},
     .promised = 3,
     .accepted = 3,
     .vote = {[3] = {0x31}},
     .chosen = {0, 1, 1}},
    {.name = "a chosen entry is skipped",
     .broken = "agreement",
     .who = 1,
     .log = {{0, 1, 1}, {0, 1, 1}, {0, 2}},
     .promised = 2,
     .accepted = 2,
     .vote = {[2] = {0x21}},
     .chosen = {0, 2}},
    {.name = "accepted without the history",
     .broken = "accepted",
     .who = 1,
     .log = {{0, 2}, {0, 1}, {0, 1}},
     .promised = 2,
     .accepted = 2,
     .winner = {[2] = 1},
     .history = {[2] = {0, 2}},
     .chosen = {0, 1}},
    {.name = "accepted with a tail of its own",
     .broken = "accepted",
     .who = 1,
     .log = {{0, 1}, {0, 2}, {0, 1}},
     .promised = 2,
     .accepted = 2,
     .winner = {[2] = 1},
     .history = {[2] = {0, 1}},
     .chosen = {0, 1}},
    {.name = "an epoch is won", .who = 0, .won = true, .epoch = 2, SAME_LOGS, .held = {0, 1}, .chosen = {0, 1}},
    {.name = "an epoch is won twice",
     .broken = "one winner",
     .who = 0,
     .won = true,
     .epoch = 2,
     SAME_LOGS,
     .held = {0, 1},
     .winner = {[2] = 2},
     .history = {[2] = {0, 1}},
     .chosen = {0, 1}},
    {.name = "a history lacks what was chosen",
     .broken = "leader completeness",
     .who = 0,
     .won = true,
     .epoch = 3,
     SAME_LOGS,
     .held = {0, 1},
     .vote = {[2] = {0, 0x21, 0x21}},
     .chosen = {0, 1, 1}},
    {.name = "a late winner need not have what a later epoch chose",
     .who = 0,
     .won = true,
     .epoch = 2,
     SAME_LOGS,
     .held = {0, 1},
     .vote = {[3] = {0, 0x31, 0x31}},
     .chosen = {0, 1, 0, 1}},
    {.name = "chosen below an epoch that was won without it",
     .broken = "leader completeness",
     .who = 1,
     .log = {{0, 1, 1}, {0, 1, 1}, {0, 1}},
     .promised = 2,
     .accepted = 2,
     .winner = {[3] = 3},
     .history = {[3] = {0, 1}},
     .vote = {[2] = {0x21}},
     .chosen = {0, 1}},
    {.name = "the same zxid behind different entries",
     .broken = "log matching",
     .who = 0,
     .log = {{0, 1, 1, 1}, {0, 1, 0, 1}, {0, 1}},
     .log_before = {0, 1, 1},
     .promised = 3,
     .accepted = 2,
     .chosen = {0, 1}},
    {.name = "a chosen entry is cut by a later leader",
     .broken = "cuts",
     .who = 0,
     .cut_epoch = 3,
     .log = {{0, 1}, {0, 1}, {0, 1}},
     .log_before = {0, 1, 1},
     .promised = 3,
     .accepted = 2,
     .vote = {[2] = {0x21, 0x21}},
     .chosen = {0, 1, 1}},
    {.name = "applied what is not chosen",
     .broken = "applied",
     .who = 0,
     .log = {{0, 1, 1}, {0, 1}, {0, 1}},
     .promised = 2,
     .accepted = 2,
     .applied = {0, 1, 1},
     .chosen = {0, 1}},
    {.name = "the vote of another incarnation does not count",
     .who = 1,
     .log = {{0, 1, 1}, {0, 1, 1}, {0, 1}},
     .promised = 2,
     .accepted = 2,
     .foreign = true,
     .applied = {0, 1},
     .vote = {[2] = {0x21}},
     .chosen = {0, 1}},
};

static struct shape shape_of(const uint8_t count[MODEL_EPOCHS_MAX])
{
    struct shape s;

    memcpy(s.count, count, sizeof(s.count));
    return s;
}

static const char *judge_case(const struct bad_state *c)
{
    struct ghost g;
    struct summary all_of[3], before;
    const struct summary *all[3];
    struct effects effects = {.won = c->won, .cut_epoch = c->cut_epoch};

    memset(&g, 0, sizeof(g));
    memset(all_of, 0, sizeof(all_of));
    memcpy(g.vote, c->vote, sizeof(g.vote));
    memcpy(g.winner, c->winner, sizeof(g.winner));
    for (uint32_t e = 0; e < MODEL_EPOCHS_MAX; e++)
        g.history[e] = shape_of(c->history[e]);
    g.chosen = shape_of(c->chosen);
    for (uint32_t i = 0; i < 3; i++) {
        all_of[i].index = i;
        all_of[i].log = shape_of(c->log[i]);
        all[i] = &all_of[i];
    }
    before = all_of[c->who];
    before.log = shape_of(c->log_before);
    all_of[c->who].promised = c->promised;
    all_of[c->who].accepted = c->accepted;
    all_of[c->who].epoch = c->epoch;
    all_of[c->who].counts = !c->foreign;
    all_of[c->who].held = shape_of(c->held);
    all_of[c->who].applied = shape_of(c->applied);
    return judge_step(&g, 3, all, &before, all[c->who], &effects);
}

int selftest_run(void)
{
    uint32_t failed = 0, count = sizeof(cases) / sizeof(cases[0]);

    for (uint32_t i = 0; i < count; i++) {
        const struct bad_state *c = &cases[i];
        const char *found = judge_case(c);
        bool right = c->broken == NULL ? found == NULL : found != NULL && strncmp(found, c->broken, strlen(c->broken)) == 0;

        printf("%s: %s\n", c->name, right ? "ok" : found != NULL ? found : "not found");
        failed += !right;
    }
    printf("passed %u failed %u\n", count - failed, failed);
    return failed == 0 ? 0 : 1;
}
