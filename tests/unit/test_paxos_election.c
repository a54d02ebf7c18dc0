/* test_paxos_election.c - time-outs, pre-vote, back-off: C13 and C14. */
#include "lib/runner.h"
#include "unit/paxos_fixture.h"

static struct core c;

#define PROBE(n, ...) MSG(PROBE, probe, .epoch = (n), .attempt = 7, __VA_ARGS__)

static const struct core_disk behind_leader = {.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}};

static void heartbeat(uint32_t epoch, uint32_t from)
{
    core_deliver(&c, from, MSG(HEARTBEAT, heartbeat, .epoch = epoch, .round = 1, .established = 1));
}

TEST(paxos_election, c13_probes_before_it_prepares)
{
    core_start(&c, behind_leader);
    core_at(&c, c.p.deadline_ms);
    CHECK(core_out_is(&c, 2, 0, false));
    CHECK(core_sent(&c, PEER_PROBE, 2) != NULL && core_sent(&c, PEER_PROBE, 3) != NULL);
    CHECK_EQ_INT(c.p.promised.epoch, 5);
    core_deliver(&c, 3, MSG(PROBE_ANSWER, probe_answer, .granted = 0, .incarnation = 13, .attempt = c.p.attempt));
    CHECK(core_out_is(&c, 0, 0, false));
    core_deliver(&c, 3, MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 13, .attempt = c.p.attempt - 1));
    CHECK(core_out_is(&c, 0, 0, false)); /* of an older attempt */
    core_deliver(&c, 3, MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 13, .attempt = c.p.attempt));
    CHECK(core_out_is(&c, 0, 2, true));
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
}

TEST(paxos_election, c13_probe_is_denied_while_a_leader_is_heard)
{
    core_start(&c, behind_leader);
    heartbeat(5, 2);
    core_deliver(&c, 3, PROBE(5, .last = Z(1, 3)));
    CHECK(core_out_is(&c, 1, 0, false));
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE_ANSWER, 3)->probe_answer.granted, 0);
}

TEST(paxos_election, c13_denied_probe_is_answered_again_when_the_leader_is_lost)
{
    const struct peer_msg *m;

    core_start(&c, behind_leader);
    heartbeat(5, 2);
    core_deliver(&c, 3, PROBE(5, .last = Z(1, 3)));
    CHECK_EQ_INT(c.out.wake_at_ms, 1300);
    core_at(&c, 1299);
    CHECK(core_out_is(&c, 0, 0, false));
    core_at(&c, 1300);
    m = core_sent(&c, PEER_PROBE_ANSWER, 3);
    REQUIRE(m != NULL);
    CHECK_EQ_INT(m->probe_answer.granted, 1);
    CHECK_EQ_INT(m->probe_answer.attempt, 7);
}

TEST(paxos_election, c13_broken_link_of_the_leader_grants_at_once_and_probes_soon)
{
    core_start(&c, behind_leader);
    heartbeat(5, 2);
    core_deliver(&c, 3, PROBE(5));
    core_link(&c, 2, false);
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE_ANSWER, 3)->probe_answer.granted, 1);
    CHECK(c.out.wake_at_ms <= c.now_ms + 15);
    core_at(&c, c.out.wake_at_ms);
    CHECK(core_sent(&c, PEER_PROBE, 3) != NULL);
    CHECK(core_sent(&c, PEER_PROBE, 2) == NULL);
}

TEST(paxos_election, c13_the_leaders_own_probe_is_granted)
{
    core_start(&c, behind_leader);
    heartbeat(5, 2);
    core_deliver(&c, 2, PROBE(4)); /* sent before it led */
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE_ANSWER, 2)->probe_answer.granted, 0);
    core_deliver(&c, 2, PROBE(5));
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE_ANSWER, 2)->probe_answer.granted, 1);
    CHECK_EQ_INT(c.p.leader, 0);
}

TEST(paxos_election, who_grants_a_better_probe_yields_once)
{
    uint64_t deadline;

    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}});
    deadline = c.p.deadline_ms;
    core_deliver(&c, 2, PROBE(5, .last = Z(1, 2)));
    CHECK_EQ_INT(c.p.deadline_ms, deadline); /* it is behind: it is granted, but not waited for */
    core_deliver(&c, 2, PROBE(5, .last = Z(1, 4)));
    CHECK(c.p.deadline_ms >= c.now_ms + 100);
    deadline = c.p.deadline_ms;
    c.now_ms += 90;
    core_deliver(&c, 2, PROBE(5, .last = Z(1, 4)));
    CHECK_EQ_INT(c.p.deadline_ms, deadline);
}

TEST(paxos_election, who_is_behind_lets_the_other_go_first_once)
{
    core_start(&c, behind_leader);
    core_at(&c, c.p.deadline_ms);
    core_deliver(&c, 3,
                 MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 13, .attempt = c.p.attempt, .last = Z(1, 9)));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.out.wake_at_ms, c.now_ms + 25);
    core_at(&c, c.out.wake_at_ms);
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
}

TEST(paxos_election, c17_who_is_no_voter_neither_probes_nor_grants)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}, .incarnation = 99});
    core_at(&c, c.p.deadline_ms);
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    core_deliver(&c, 2, PROBE(5));
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE_ANSWER, 2)->probe_answer.granted, 0);
}

/* Its promise would not count either: with it alone an epoch would be prepared in vain, again and again. */
TEST(paxos_election, c17_a_grant_of_another_incarnation_does_not_count)
{
    core_start(&c, behind_leader);
    core_at(&c, c.p.deadline_ms);
    core_deliver(&c, 3, MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 99, .attempt = c.p.attempt));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.role, PAXOS_PROBING);
    core_deliver(&c, 2, MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 12, .attempt = c.p.attempt));
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
}

TEST(paxos_election, c14_refused_leader_steps_down_and_waits)
{
    core_start(&c, behind_leader);
    core_lead(&c);
    core_deliver(&c, 3, MSG(REFUSE, refuse, .epoch = c.p.epoch, .promised = c.p.epoch + 3, .of_type = PEER_ACCEPT));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK(c.out.wake_at_ms > c.now_ms);
    core_prepare(&c);
    CHECK_EQ_INT(c.p.epoch, 10); /* C6: above the epoch in the refusal */
}

TEST(paxos_election, c14_refusals_back_off)
{
    uint64_t longest = 0;

    core_start(&c, behind_leader);
    for (int i = 0; i < 40; i++) {
        core_prepare(&c);
        core_deliver(&c, 2, MSG(REFUSE, refuse, .epoch = c.p.epoch, .promised = c.p.epoch + 1, .of_type = PEER_PREPARE));
        REQUIRE(c.p.role == PAXOS_FOLLOWER);
        if (i == 0)
            CHECK(c.p.deadline_ms - c.now_ms <= 50);
        longest = c.p.deadline_ms - c.now_ms > longest ? c.p.deadline_ms - c.now_ms : longest;
    }
    CHECK(longest > 300 && longest <= 600);
}

TEST(paxos_election, c14_a_leader_never_prepares)
{
    core_start(&c, behind_leader);
    core_lead(&c);
    core_deliver(&c, 3, PROBE(9));
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE_ANSWER, 3)->probe_answer.granted, 0);
    core_deliver(&c, 3, MSG(REFUSE, refuse, .epoch = c.p.epoch, .promised = c.p.epoch, .of_type = PEER_PREPARE));
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
    CHECK_EQ_INT(c.p.epoch, 6);
}

TEST(paxos_election, hand_over_prepares_without_a_probe)
{
    core_start(&c, behind_leader);
    heartbeat(5, 2);
    core_deliver(&c, 3, MSG(HANDOVER, handover, .epoch = 5, .last = Z(1, 3)));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER); /* not its leader */
    core_deliver(&c, 2, MSG(HANDOVER, handover, .epoch = 5, .last = Z(1, 3)));
    CHECK(core_out_is(&c, 0, 2, true));
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
}

TEST(paxos_election, c1_a_higher_prepare_ends_a_candidacy)
{
    core_start(&c, behind_leader);
    core_prepare(&c);
    core_deliver(&c, 3, MSG(PREPARE, prepare, .epoch = 8, .incarnation = 13, .boot = 1));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK(core_sent(&c, PEER_PROMISE, 3) != NULL);
    core_promise(&c, 2, 5, behind_leader); /* for the candidacy that is over */
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
}

TEST(paxos_election, c17_hand_over_to_who_may_not_lead_is_dropped)
{
    const struct core_disk rows[] = {
        {.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}, .incarnation = 99},
        {.promised = 5, .promised_to = 2, .empty = true},
        behind_leader, /* of another epoch */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, rows[i]);
        heartbeat(5, 2);
        core_deliver(&c, 2, MSG(HANDOVER, handover, .epoch = i == 2 ? 4 : 5, .last = Z(1, 3)));
        CHECK(core_out_is(&c, 0, 0, false), "row %zu", i);
        CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER, "row %zu", i);
    }
}
