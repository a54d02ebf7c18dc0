/* test_paxos_check.c - paxos_check() finds each invariant that is broken, and names it: all tests of the core lean on it. */
#include "lib/runner.h"
#include "unit/paxos_fixture.h"

#include <string.h>

static struct core c;

static const struct core_disk three = {.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}};

static void follower(void)
{
    core_start(&c, three);
    core_deliver(&c, 2, MSG(ACCEPT, accept, .epoch = 5, .prev = Z(1, 3), .committed = Z(1, 2), .history_end = Z(1, 3)));
}

/* Two persists are under way: 5.1, then 5.2. */
static void writing_follower(void)
{
    follower();
    for (uint32_t i = 0; i < 2; i++)
        core_deliver(&c, 2,
                     MSG(ACCEPT, accept, .epoch = 5, .prev = i == 0 ? Z(1, 3) : Z(5, 1), .first = Z(5, 1 + i), .count = 1,
                         .history_end = Z(1, 3)));
    REQUIRE(c.p.flight_count == 2);
}

static void leader(void)
{
    core_start(&c, three);
    core_lead(&c);
}

static void established(void)
{
    leader();
    core_ack(&c, 2, Z(1, 3));
    REQUIRE(c.p.established);
}

static void rolling(void)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}, .counter_max = 1});
    core_lead(&c);
    core_submit(&c, 1);
    core_persisted(&c);
    core_ack(&c, 2, Z(6, 1));
    REQUIRE(c.p.rolling);
}

static void adopting(void)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 5, (struct core_disk){.run = {{1, 1, 9}}});
    REQUIRE(c.p.role == PAXOS_ADOPTING);
}

static void empty(void)
{
    core_start(&c, (struct core_disk){.promised = 1, .promised_to = 2, .empty = true});
}

/* Given a sound state, when one thing in it changes, then the check says which rule that breaks. */
#define BREAK(given, change, expected)                                                                                         \
    do {                                                                                                                       \
        given();                                                                                                               \
        CHECK_EQ_STR(paxos_check(&c.p) == NULL ? "sound" : paxos_check(&c.p), "sound", #given);                                \
        change;                                                                                                                \
        CHECK_EQ_STR(paxos_check(&c.p), expected, #given ", " #change);                                                        \
    } while (0)

TEST(paxos_check, log)
{
    BREAK(follower, c.p.log.run[0].first = 2, "run does not begin where its epoch goes on");
    BREAK(follower, c.p.promised.epoch = 0, "the log holds an epoch above promised");
    BREAK(follower, c.p.accepted = 6, "accepted above promised");
    BREAK(follower, runs_fold(&c.p.log, Z(1, 3)), "the floor is not chosen");
    BREAK(follower, c.p.committed = Z(1, 4), "committed is not in the log");
    BREAK(follower, c.p.committed = Z(0, 9), "committed is not in the log");
    BREAK(follower, c.p.matched = Z(1, 4), "matched is not in the log");
    BREAK(follower, c.p.matched = Z(0, 9), "matched is not in the log");
    BREAK(empty, c.p.accepted = 1, "accepted a history without FORM (C15)");
    BREAK(follower, c.p.form.count = 0, "FORM is not in the log");
    BREAK(follower, c.p.form_zxid = Z(0, 9), "FORM is not in the log");
    BREAK(follower, c.p.form_zxid = Z(2, 1), "FORM is not in the log");
}

TEST(paxos_check, c5_commit)
{
    BREAK(follower, c.p.commit_zxid = Z(1, 3), "applied what is not chosen or not durable (C5)");
    BREAK(writing_follower, (c.p.committed = Z(5, 1), c.p.commit_zxid = Z(5, 1)),
          "applied what is not chosen or not durable (C5)");
}

TEST(paxos_check, durability)
{
    BREAK(follower, c.p.durable_promised = 6, "more is durable than was issued");
    BREAK(follower, c.p.durable_accepted = 6, "more is durable than was issued");
    BREAK(follower, c.p.durable_last = Z(1, 4), "durable_last is not in the log");
    BREAK(writing_follower, c.p.durable_last = Z(2, 1), "durable_last is not in the log");
    BREAK(writing_follower, c.p.flight_count = 1, "persists in flight do not add up");
    BREAK(writing_follower, c.p.flight[1].seq = c.p.flight[0].seq, "persists are out of order");
    BREAK(writing_follower, c.p.flight[1].last = Z(5, 3), "a persist in flight is beyond the log");
}

TEST(paxos_check, c6_proposer)
{
    const char *to_itself = "a proposer has not promised to itself (C6)";

    BREAK(leader, c.p.epoch = 5, to_itself);
    BREAK(leader, c.p.promised.server = 2, to_itself);
    BREAK(leader, c.p.promised.boot = 4, to_itself);
    BREAK(leader, c.p.promised.incarnation = 12, to_itself);
    BREAK(leader, c.p.form.voter[0].incarnation = 12, "a candidate that is no voter (C17)");
}

TEST(paxos_check, c7_adopting)
{
    BREAK(adopting, c.p.adopt_from = 0, "adopting from nobody");
    BREAK(leader, c.p.adopt_from = 2, "adopting from nobody");
    BREAK(leader, c.p.staged_last = Z(1, 3), "staged entries outside of a candidacy (C7)");
}

TEST(paxos_check, c8_lead)
{
    BREAK(established, c.p.role = PAXOS_FOLLOWER, "established without a lead");
    BREAK(follower, c.p.leader = 1, "follows itself");
    BREAK(leader, c.p.accepted = c.p.durable_accepted = 5, "a leader has not accepted its own epoch");
    BREAK(leader, c.p.history_end = Z(1, 4), "established before its history is chosen (C8)");
    BREAK(established, c.p.committed = Z(1, 2), "applied what is not chosen or not durable (C5)");
    BREAK(established, c.p.committed = c.p.commit_zxid = Z(1, 2), "established before its history is chosen (C8)");
    BREAK(leader, c.p.round_confirmed = c.p.round_sent + 1, "a round is confirmed that was not sent");
    BREAK(leader, c.p.peer[1].matched = Z(6, 1), "a follower is ahead of its leader");
    BREAK(leader, c.p.peer[2].next_prev = Z(6, 1), "a follower is ahead of its leader");
}

TEST(paxos_check, c9_rolling)
{
    BREAK(rolling, (c.p.role = PAXOS_PREPARING, c.p.established = false), "rolling without a lead (C9)");
    BREAK(rolling, c.p.committed = c.p.commit_zxid = Z(1, 3), "rolling with entries that are not chosen (C9)");
}
