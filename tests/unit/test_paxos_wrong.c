/* test_paxos_wrong.c - messages that say what cannot be, or come when they mean nothing: from a server that is broken, was lied
 * to, or speaks to a process that is no more. They are dropped, and what is chosen, promised and staged stays. */
#include "lib/runner.h"
#include "unit/paxos_fixture.h"

#include <string.h>

static struct core c;

#define ACCEPT(n, ...) MSG(ACCEPT, accept, .epoch = (n), __VA_ARGS__)
#define REFUSE(n, ...) MSG(REFUSE, refuse, .epoch = (n), __VA_ARGS__)

static const struct core_disk three = {.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}};
static const struct core_disk two_epochs = {.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}, {3, 1, 2}}};

/* All of a core but what a step may always change. */
static void expect_nothing(const struct core *before, const char *what)
{
    CHECK(core_out_is(&c, 0, 0, false), "%s", what);
    CHECK_EQ_INT(c.p.role, before->p.role, "%s", what);
    CHECK_EQ_INT(c.p.leader, before->p.leader, "%s", what);
    CHECK_EQ_INT(c.p.promised.epoch, before->p.promised.epoch, "%s", what);
    CHECK_EQ_INT(c.p.accepted, before->p.accepted, "%s", what);
    CHECK_EQ_INT(c.p.matched, before->p.matched, "%s", what);
    CHECK_EQ_INT(c.p.committed, before->p.committed, "%s", what);
    CHECK_EQ_INT(c.p.staged_last, before->p.staged_last, "%s", what);
    CHECK_EQ_BYTES(&c.p.log, sizeof(c.p.log), &before->p.log, sizeof(c.p.log), "%s", what);
    CHECK_EQ_BYTES(&c.p.peer, sizeof(c.p.peer), &before->p.peer, sizeof(c.p.peer), "%s", what);
}

static void dropped(uint32_t from, struct peer_msg m, const char *what)
{
    static struct core before;

    before = c;
    core_deliver(&c, from, m);
    expect_nothing(&before, what);
}

TEST(paxos_wrong, senders_that_are_not_configured)
{
    core_start(&c, three);
    dropped(9, ACCEPT(6, .prev = Z(1, 3), .history_end = Z(1, 3)), "of a stranger");
    dropped(1, ACCEPT(6, .prev = Z(1, 3), .history_end = Z(1, 3)), "of itself");
    dropped(2, (struct peer_msg){.type = PEER_FORWARD}, "not for consensus");
}

TEST(paxos_wrong, links_of_strangers_and_links_told_twice)
{
    static struct core before;

    core_start(&c, three);
    core_deliver(&c, 2, MSG(HEARTBEAT, heartbeat, .epoch = 5, .round = 1));
    before = c;
    core_link(&c, 9, false);
    expect_nothing(&before, "a stranger's link");
    core_link(&c, 2, true);
    expect_nothing(&before, "a link that is up already");
}

TEST(paxos_wrong, persisted_twice)
{
    static struct core before;

    core_start(&c, three);
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .first = Z(5, 1), .count = 1, .history_end = Z(1, 3)));
    core_persisted(&c);
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(5, 1), .first = Z(5, 2), .count = 1, .history_end = Z(1, 3)));
    core_persisted(&c);
    before = c;
    core_step(&c, (struct paxos_event){.type = PAXOS_PERSISTED, .seq = 1});
    expect_nothing(&before, "an older one");
    CHECK_EQ_INT(c.p.seq_done, 2);
    CHECK_EQ_INT(c.p.durable_last, Z(5, 2));
}

TEST(paxos_wrong, epoch_zero_leads_nobody)
{
    core_start(&c, (struct core_disk){.empty = true});
    dropped(2, ACCEPT(0), "ACCEPT");
    dropped(2, MSG(HEARTBEAT, heartbeat, .epoch = 0, .round = 1), "HEARTBEAT");
}

TEST(paxos_wrong, c1_who_has_won_an_epoch_follows_nobody_in_it)
{
    core_start(&c, three);
    core_lead(&c);
    dropped(2, ACCEPT(6, .prev = Z(1, 3), .history_end = Z(1, 3)), "leader, ACCEPT");
    dropped(2, MSG(HEARTBEAT, heartbeat, .epoch = 6, .round = 1), "leader, HEARTBEAT");
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 5, (struct core_disk){.run = {{1, 1, 9}}});
    REQUIRE(c.p.role == PAXOS_ADOPTING);
    dropped(2, ACCEPT(6, .prev = Z(1, 3), .history_end = Z(1, 3)), "adopting, ACCEPT");
    dropped(3, MSG(HEARTBEAT, heartbeat, .epoch = 6, .round = 1), "adopting, HEARTBEAT");
}

TEST(paxos_wrong, c1_who_has_won_an_epoch_follows_the_leader_of_a_higher_one)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 5, (struct core_disk){.run = {{1, 1, 9}}});
    REQUIRE(c.p.role == PAXOS_ADOPTING);
    core_deliver(&c, 3, MSG(HEARTBEAT, heartbeat, .epoch = 7, .round = 1));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK_EQ_INT(c.p.leader, 3);
    CHECK_EQ_INT(c.out.persist.promised.epoch, 7);
}

TEST(paxos_wrong, c2_entries_that_cannot_follow)
{
    static const struct {
        struct peer_msg m;
        const char *what;
    } rows[] = {
        {ACCEPT(5, .prev = Z(6, 1), .history_end = Z(1, 3)), "behind an entry above its own epoch"},
        {ACCEPT(5, .prev = Z(3, 2), .first = Z(1, 4), .count = 1, .history_end = Z(4, 1)), "of an epoch below that of prev"},
        {ACCEPT(5, .prev = Z(1, 3), .first = Z(5, 1), .count = 1, .history_end = Z(4, 1)),
         "its own, with a gap in the history"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, two_epochs);
        dropped(2, rows[i].m, rows[i].what);
    }
}

TEST(paxos_wrong, c2_the_same_zxid_behind_another_predecessor)
{
    core_start(&c, two_epochs);
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 2), .first = Z(3, 1), .count = 2, .history_end = Z(3, 2)));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.matched, 0);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(3, 2));
}

TEST(paxos_wrong, c2_an_epoch_that_parts_below_the_floor)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .floor = Z(2, 5), .run = {{2, 6, 7}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .first = Z(3, 1), .count = 1, .history_end = Z(3, 1)));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(runs_last(&c.p.log), Z(2, 7));
    CHECK_EQ_INT(c.p.log.floor, Z(2, 5));
}

TEST(paxos_wrong, c3_a_history_that_ends_before_what_is_chosen)
{
    core_start(&c, two_epochs);
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(3, 2), .committed = Z(3, 1), .history_end = Z(3, 2)));
    REQUIRE(c.p.committed == Z(3, 1));
    core_deliver(&c, 3, ACCEPT(6, .prev = Z(1, 3), .history_end = Z(1, 3)));
    CHECK(!c.out.persist.cut && !c.out.persist.set_accepted);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(3, 2));
    CHECK_EQ_INT(c.p.accepted, 5);
}

TEST(paxos_wrong, c5_committed_that_is_no_entry)
{
    core_start(&c, two_epochs);
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(3, 2), .committed = Z(2, 7), .history_end = Z(3, 2)));
    CHECK_EQ_INT(c.p.matched, Z(3, 2));
    CHECK_EQ_INT(c.p.committed, 0);
    core_deliver(&c, 2, MSG(COMMIT, commit, .epoch = 5, .committed = Z(3, 1)));
    CHECK_EQ_INT(c.p.committed, Z(3, 1));
}

TEST(paxos_wrong, c7_fetches_that_are_not_served)
{
    core_start(&c, two_epochs);
    core_deliver(&c, 2, MSG(PREPARE, prepare, .epoch = 6, .incarnation = 12, .boot = 1));
    core_persisted(&c);
    dropped(2, MSG(FETCH, fetch, .epoch = 6, .incarnation = 11, .after = Z(2, 1)), "behind what is not in the log");
    dropped(2, MSG(FETCH, fetch, .epoch = 6, .incarnation = 11, .after = Z(3, 2)), "behind the end");
    core_start(&c, two_epochs);
    core_deliver(&c, 2, ACCEPT(6, .prev = Z(3, 2), .history_end = Z(3, 2)));
    core_persisted(&c);
    dropped(2, MSG(FETCH, fetch, .epoch = 6, .incarnation = 11, .after = Z(1, 3)), "in an epoch promised to no process");
}

TEST(paxos_wrong, c7_promises_that_cannot_be)
{
    struct peer_msg m;

    core_start(&c, three);
    core_prepare(&c);
    m = MSG(PROMISE, promise, .epoch = 6, .incarnation = 12, .boot = 1, .accepted = 5, .log = c.p.log);
    m.promise.log.run[0].last = 0;
    dropped(2, m, "a shape that is none");
    core_deliver(
        &c, 2,
        MSG(PROMISE, promise, .epoch = 6, .incarnation = 12, .boot = 1, .accepted = 5, .committed = Z(4, 9), .log = c.p.log));
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
    CHECK_EQ_INT(c.p.committed, 0); /* what it says is chosen is not in the history that won */
}

/* Given what is chosen here, when a history is to be adopted that lacks it, then the candidate gives up and cuts nothing. */
TEST(paxos_wrong, c7_a_greater_history_without_what_is_chosen)
{
    static const struct {
        struct core_disk log;
        bool staged;
    } rows[] = {
        {{.run = {{1, 1, 2}}}, false},           /* nothing to fetch */
        {{.run = {{1, 1, 2}, {4, 1, 1}}}, true}, /* something, which the other calls chosen */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, three);
        core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .committed = Z(1, 3), .history_end = Z(1, 3)));
        core_prepare(&c);
        core_promise(&c, 2, 9, rows[i].log);
        if (rows[i].staged) {
            CHECK_EQ_INT(c.p.role, PAXOS_ADOPTING, "row %zu", i);
            core_deliver(&c, 2,
                         MSG(ENTRIES, entries, .epoch = c.p.epoch, .prev = Z(1, 2), .first = Z(4, 1), .count = 1,
                             .committed = Z(4, 1), .last = Z(4, 1)));
        }
        CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER, "row %zu", i);
        CHECK(c.out.persist.seq == 0 && !c.out.stage, "row %zu", i);
        CHECK_EQ_INT(runs_last(&c.p.log), Z(1, 3), "row %zu", i);
        CHECK_EQ_INT(c.p.staged_last, 0, "row %zu", i);
    }
}

TEST(paxos_wrong, c15_a_greater_history_without_form)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 9, (struct core_disk){.empty = true});
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK(c.out.persist.seq == 0 && c.p.has_form);
}

/* The shape is at its limit, all of it the other's too; a snapshot or a leader with a shorter shape has to help. */
TEST(paxos_wrong, c7_a_history_whose_shape_does_not_fit)
{
    struct runs theirs = {.floor = Z(10, 1)};

    core_start(&c, (struct core_disk){.promised = 1, .promised_to = 2, .accepted = 1, .run = {{1, 1, 1}}});
    for (uint32_t n = 2; n <= RUNS_MAX; n++)
        core_deliver(&c, 2, ACCEPT(n, .prev = Z(n - 1, 1), .first = Z(n, 1), .count = 1, .history_end = Z(n - 1, 1)));
    core_persisted(&c);
    CHECK_EQ_INT(c.p.log.count, RUNS_MAX);
    core_deliver(
        &c, 2,
        ACCEPT(RUNS_MAX + 1, .prev = Z(RUNS_MAX, 1), .first = Z(RUNS_MAX + 1, 1), .count = 1, .history_end = Z(RUNS_MAX, 1)));
    CHECK_EQ_INT(runs_last(&c.p.log), Z(RUNS_MAX, 1)); /* nor does what its leader sends */
    CHECK(core_sent(&c, PEER_ACCEPTED, 2) == NULL);
    core_persisted(&c);
    core_prepare(&c);
    for (uint32_t n = 11; n <= RUNS_MAX + 1; n++)
        runs_append(&theirs, Z(n, 1), 1);
    core_deliver(&c, 2,
                 MSG(PROMISE, promise, .epoch = c.p.epoch, .incarnation = 12, .boot = 1, .accepted = RUNS_MAX + 1,
                     .committed = Z(10, 1), .log = theirs));
    REQUIRE(c.p.role == PAXOS_ADOPTING);
    core_deliver(&c, 2,
                 MSG(ENTRIES, entries, .epoch = c.p.epoch, .prev = Z(RUNS_MAX, 1), .first = Z(RUNS_MAX + 1, 1), .count = 1,
                     .committed = Z(RUNS_MAX + 1, 1), .last = Z(RUNS_MAX + 1, 1)));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK_EQ_INT(c.out.persist.append_count, 0);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(RUNS_MAX, 1));
}

TEST(paxos_wrong, c7_entries_that_were_not_asked_for)
{
    static const struct {
        uint32_t from, epoch;
        uint64_t prev, first;
        uint32_t count;
        const char *what;
    } rows[] = {
        {3, 6, Z(1, 3), Z(4, 1), 2, "from another server"}, {2, 5, Z(1, 3), Z(4, 1), 2, "of another candidacy"},
        {2, 6, Z(1, 2), Z(1, 3), 1, "which are held"},      {2, 6, Z(1, 3), Z(4, 1), 0, "none"},
        {2, 6, Z(1, 3), Z(4, 2), 1, "with a gap"},          {2, 6, Z(1, 3), Z(4, 1), 4, "more than it has"},
    };

    core_start(&c, three);
    dropped(2, MSG(ENTRIES, entries, .epoch = 5, .prev = Z(1, 3), .first = Z(4, 1), .count = 1), "to a follower");
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.run = {{1, 1, 3}, {4, 1, 3}}});
    REQUIRE(c.p.role == PAXOS_ADOPTING);
    for (size_t i = 0; i < COUNT(rows); i++)
        dropped(rows[i].from,
                MSG(ENTRIES, entries, .epoch = rows[i].epoch, .prev = rows[i].prev, .first = rows[i].first,
                    .count = rows[i].count, .last = Z(4, 3)),
                rows[i].what);
}

TEST(paxos_wrong, c7_entries_while_a_snapshot_is_awaited)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.floor = Z(4, 8), .run = {{4, 9, 9}}});
    REQUIRE(c.out.snapshot_from == 2 && core_sent(&c, PEER_FETCH, 2)->fetch.after == 0);
    core_deliver(
        &c, 2,
        MSG(ENTRIES, entries, .epoch = 6, .prev = 0, .first = Z(4, 9), .count = 1, .committed = Z(4, 9), .last = Z(4, 9)));
    CHECK_EQ_INT(c.out.snapshot_from, 2);
    CHECK(!c.out.stage && c.out.persist.seq == 0 && c.out.now_count == 0);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(1, 3));
}

TEST(paxos_wrong, c8_acknowledgements_that_cannot_be)
{
    struct peer_msg m = MSG(ACCEPTED, accepted, .epoch = 6, .incarnation = 12, .boot = 1, .accepted = 6, .prev = Z(1, 3));

    core_start(&c, three);
    core_lead(&c);
    m.accepted.matched = Z(6, 1);
    dropped(2, m, "beyond the leader's log");
    m.accepted.matched = Z(0, 9);
    dropped(2, m, "no entry");
    m.accepted.matched = Z(1, 3);
    m.accepted.log = (struct runs){.count = 1, .run = {{1, 2, 1}}};
    dropped(2, m, "a shape that is none");
}

TEST(paxos_wrong, c9_a_longer_log_than_that_of_a_leader_that_rolls_over)
{
    struct runs theirs;

    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}, .counter_max = 1});
    core_lead(&c);
    core_submit(&c, 1);
    core_persisted(&c);
    core_ack(&c, 2, Z(6, 1));
    core_persisted(&c);
    REQUIRE(c.p.rolling && c.p.epoch == 7);
    theirs = c.p.log;
    theirs.run[1].last = 2; /* nobody proposed 6.2 */
    core_deliver(&c, 2, MSG(PROMISE, promise, .epoch = 7, .incarnation = 12, .accepted = 6, .log = theirs));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(6, 1));
}

TEST(paxos_wrong, c13_answers_to_heartbeats_that_were_not_sent)
{
    struct peer_msg ack = MSG(HEARTBEAT_ACK, heartbeat_ack, .epoch = 6, .incarnation = 12);

    core_start(&c, three);
    core_lead(&c);
    ack.heartbeat_ack.round = c.p.round_sent + 1;
    dropped(2, ack, "a round to come");
    CHECK_EQ_INT(c.p.round_confirmed, 0);
    ack.heartbeat_ack.round = c.p.round_sent;
    ack.heartbeat_ack.epoch = 5;
    dropped(2, ack, "of another epoch");
    CHECK_EQ_INT(c.p.round_confirmed, 0);
}

TEST(paxos_wrong, c14_refusals_that_mean_another_request)
{
    core_start(&c, three);
    dropped(2, REFUSE(4, .promised = 5, .of_type = PEER_PREPARE), "to a follower");
    core_prepare(&c);
    dropped(2, REFUSE(9, .promised = 12, .of_type = PEER_PREPARE), "of an epoch that it has not reached");
    dropped(2, REFUSE(6, .promised = 6, .of_type = PEER_HEARTBEAT), "not of its PREPARE");
    dropped(2, REFUSE(5, .promised = 6, .of_type = PEER_PREPARE), "of an earlier candidacy");
}

TEST(paxos_wrong, form_that_is_not_among_the_entries)
{
    struct form form = core_form(3);

    core_start(&c, (struct core_disk){.promised = 1, .empty = true});
    core_entries(&c, 2, ACCEPT(1, .first = Z(1, 1), .count = 2, .history_end = Z(1, 1)), &form, Z(1, 3));
    CHECK(!c.p.has_form);
    CHECK_EQ_INT(c.p.accepted, 0);
}

/* Entries are either of the history, or behind its end; nothing that is matched to the leader's log is cut for its sake. */
TEST(paxos_wrong, c3_own_entries_that_do_not_follow_the_history)
{
    core_start(&c, two_epochs);
    dropped(2, ACCEPT(5, .prev = Z(1, 3), .first = Z(5, 1), .count = 1, .history_end = Z(1, 1)),
            "behind more than the history");
}

TEST(paxos_wrong, c3_a_history_end_that_moved_back)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .first = Z(5, 1), .count = 1, .history_end = Z(5, 9)));
    core_persisted(&c);
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(5, 1), .first = Z(5, 2), .count = 1, .history_end = Z(1, 2)));
    CHECK(!c.out.persist.cut && !c.out.persist.set_accepted);
    CHECK_EQ_INT(c.p.matched, Z(5, 2));
    CHECK_EQ_INT(runs_last(&c.p.log), Z(5, 2));
}
