/* test_paxos_leader.c - phase 2: C8, C9, check-quorum (C13), followers' progress, barriers. */
#include "lib/runner.h"
#include "unit/paxos_fixture.h"

static struct core c;

static const struct core_disk three = {.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}};

static void mismatch(uint32_t from, uint64_t prev, struct core_disk log)
{
    core_deliver(&c, from,
                 MSG(ACCEPTED, accepted, .epoch = c.p.epoch, .incarnation = 10 + from, .boot = 1, .mismatch = 1, .prev = prev,
                     .committed = log.floor, .log = core_runs(&log)));
}

TEST(paxos_leader, c8_counts_itself_only_when_its_disk_has_it)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_submit(&c, 1);
    CHECK_EQ_INT(c.out.persist.append_first, Z(6, 1));
    CHECK(core_sent(&c, PEER_ACCEPT, 2) != NULL); /* sent in parallel with the own write */
    core_ack(&c, 2, Z(6, 1));
    CHECK_EQ_INT(c.p.committed, Z(1, 3));
    core_persisted(&c);
    CHECK_EQ_INT(c.p.committed, Z(6, 1));
    CHECK_EQ_INT(c.out.commit_zxid, Z(6, 1));
}

TEST(paxos_leader, c8_two_followers_choose_before_the_leaders_own_disk)
{
    core_start(&c, three);
    core_lead(&c);
    core_submit(&c, 1);
    core_ack(&c, 2, Z(6, 1));
    core_ack(&c, 3, Z(6, 1));
    CHECK_EQ_INT(c.p.committed, Z(6, 1));
    CHECK_EQ_INT(c.out.commit_zxid, Z(1, 3)); /* C5: it applies what is on its disk */
}

TEST(paxos_leader, c8_counts_only_who_has_accepted_this_epoch)
{
    core_start(&c, three);
    core_lead(&c);
    core_submit(&c, 1);
    core_persisted(&c);
    core_deliver(&c, 2, MSG(ACCEPTED, accepted, .epoch = 6, .incarnation = 12, .accepted = 5, .matched = Z(6, 1)));
    CHECK_EQ_INT(c.p.committed, 0);
    core_deliver(&c, 2, MSG(ACCEPTED, accepted, .epoch = 5, .incarnation = 12, .accepted = 5, .matched = Z(6, 1)));
    CHECK_EQ_INT(c.p.committed, 0); /* of another epoch */
    core_deliver(&c, 2, MSG(ACCEPTED, accepted, .epoch = 6, .incarnation = 99, .accepted = 6, .matched = Z(6, 1)));
    CHECK_EQ_INT(c.p.committed, 0); /* C17: another disk */
    core_ack(&c, 2, Z(6, 1));
    CHECK_EQ_INT(c.p.committed, Z(6, 1));
}

TEST(paxos_leader, c8_is_established_when_the_history_is_chosen)
{
    uint32_t room;

    core_start(&c, three);
    core_lead(&c);
    CHECK(!c.p.established);
    CHECK_EQ_INT(paxos_submit_zxid(&c.p, &room), Z(6, 1)); /* it may propose behind an unchosen history */
    core_submit(&c, 1);
    core_persisted(&c);
    core_ack(&c, 2, Z(1, 3));
    CHECK(c.p.established);
    CHECK_EQ_INT(c.p.committed, Z(1, 3));
    CHECK_EQ_INT(core_sent(&c, PEER_HEARTBEAT, 3)->heartbeat.established, 1); /* told at once */
}

TEST(paxos_leader, followers_learn_promptly_what_is_chosen)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_submit(&c, 1);
    core_persisted(&c);
    core_ack(&c, 2, Z(6, 1));
    CHECK(core_out_is(&c, 1, 0, false));
    CHECK_EQ_INT(core_sent(&c, PEER_COMMIT, 2)->commit.committed, Z(6, 1));
}

TEST(paxos_leader, c9_goes_on_to_the_next_epoch_without_giving_up_the_lead)
{
    uint32_t room;

    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}, .counter_max = 4});
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    paxos_submit_zxid(&c.p, &room);
    CHECK_EQ_INT(room, 4);
    core_submit(&c, 4);
    CHECK_EQ_INT(paxos_submit_zxid(&c.p, &room), 0);
    core_persisted(&c);
    CHECK(!c.p.rolling); /* not while something is unchosen */
    core_ack(&c, 2, Z(6, 4));
    CHECK(c.p.rolling && c.out.persist.set_promised);
    CHECK_EQ_INT(core_sent(&c, PEER_PREPARE, 2)->prepare.epoch, 7);
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
    core_persisted(&c);
    core_deliver(&c, 2, MSG(PROMISE, promise, .epoch = 7, .incarnation = 12, .accepted = 6, .log = c.p.log));
    CHECK(c.p.role == PAXOS_LEADING && c.p.established && !c.p.rolling);
    CHECK_EQ_INT(paxos_submit_zxid(&c.p, &room), Z(7, 1));
}

TEST(paxos_leader, c13_steps_down_when_no_quorum_answers_its_heartbeats)
{
    core_start(&c, three);
    core_lead(&c);
    for (uint64_t t = 0; t < 400; t += 50) {
        core_at(&c, c.now_ms + 50);
        core_ack(&c, 2, Z(1, 3)); /* hearing from them in any other way does not count */
        CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
        core_deliver(
            &c, 3,
            MSG(HEARTBEAT_ACK, heartbeat_ack, .epoch = 6, .incarnation = 13, .round = 1)); /* an old number counts once */
    }
    core_at(&c, c.now_ms + 100);
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
}

TEST(paxos_leader, c13_stays_while_a_quorum_answers)
{
    core_start(&c, three);
    core_lead(&c);
    for (uint64_t t = 0; t < 3000; t += 50) {
        core_at(&c, c.now_ms + 50);
        core_deliver(&c, 3, MSG(HEARTBEAT_ACK, heartbeat_ack, .epoch = 6, .incarnation = 13, .round = c.p.round_sent));
    }
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
}

TEST(paxos_leader, match_is_found_with_one_answer)
{
    const struct peer_msg *m;

    core_start(&c,
               (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}, {2, 1, 9}, {5, 1, 2}}});
    core_lead(&c); /* 3 has not promised: it was asked about our last entry */
    CHECK_EQ_INT(c.p.peer[2].progress, PROGRESS_PROBE);
    mismatch(3, Z(5, 2), (struct core_disk){.run = {{1, 1, 3}, {2, 1, 4}, {4, 1, 7}}});
    m = core_sent(&c, PEER_ACCEPT, 3);
    REQUIRE(m != NULL);
    CHECK_EQ_INT(m->accept.prev, Z(2, 4));
    CHECK_EQ_INT(m->accept.first, Z(2, 5));
    CHECK_EQ_INT(m->accept.count, 5);
    CHECK_EQ_INT(c.out.now_count, 2); /* and the run of epoch 5 */
}

TEST(paxos_leader, follower_below_the_floor_needs_a_snapshot_once)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .floor = Z(2, 5), .run = {{2, 6, 9}}});
    core_lead(&c);
    mismatch(3, Z(2, 9), (struct core_disk){.run = {{1, 1, 3}}});
    CHECK_EQ_INT(c.out.snapshot_to, 1u << 2);
    core_at(&c, c.now_ms + 50);
    CHECK_EQ_INT(c.out.snapshot_to, 0);
    CHECK(core_sent(&c, PEER_ACCEPT, 3) == NULL);
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_SENT, .peer = 3, .zxid = Z(2, 7)});
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 3)->accept.prev, Z(2, 7));
}

TEST(paxos_leader, silence_for_two_heartbeats_is_probed_and_resends_nothing_that_arrived)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_submit(&c, 3);
    core_at(&c, c.now_ms + 50);
    CHECK(core_sent(&c, PEER_ACCEPT, 2) == NULL);
    core_at(&c, c.now_ms + 50);
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.prev, Z(1, 3));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.count, 0);
    core_ack(&c, 2, Z(6, 2));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.first, Z(6, 3));
}

TEST(paxos_leader, window_bounds_what_is_unacknowledged)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_submit(&c, 512);
    core_submit(&c, 512);
    CHECK(core_sent(&c, PEER_ACCEPT, 2) != NULL);
    core_submit(&c, 512);
    CHECK(core_sent(&c, PEER_ACCEPT, 2) == NULL);
    core_ack(&c, 2, Z(6, 512));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.first, Z(6, 1025));
}

TEST(paxos_leader, what_could_not_be_attached_waits_for_an_answer_or_a_heartbeat)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_submit(&c, 8);
    paxos_unsent(&c.p, 2, Z(6, 5));
    core_submit(&c, 1);
    CHECK(core_sent(&c, PEER_ACCEPT, 2) == NULL);
    core_ack(&c, 2, Z(6, 4));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.first, Z(6, 5));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.count, 5);
    paxos_unsent(&c.p, 2, Z(6, 5));
    core_at(&c, c.p.heartbeat_at_ms);
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.first, Z(6, 5));
}

TEST(paxos_leader, link_that_comes_back_is_probed_from_what_is_known)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_submit(&c, 3);
    core_ack(&c, 2, Z(6, 2));
    core_link(&c, 2, false);
    core_link(&c, 2, true);
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.prev, Z(6, 2));
}

TEST(paxos_leader, hands_over_to_the_most_current_follower)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_ack(&c, 3, Z(1, 3));
    core_submit(&c, 2);
    core_ack(&c, 3, Z(6, 2));
    core_step(&c, (struct paxos_event){.type = PAXOS_HAND_OVER});
    CHECK(core_out_is(&c, 1, 0, false));
    CHECK(core_sent(&c, PEER_HANDOVER, 3) != NULL);
}

static void acknowledge_round(uint64_t round)
{
    core_deliver(&c, 2, MSG(HEARTBEAT_ACK, heartbeat_ack, .epoch = c.p.epoch, .incarnation = 12, .round = round));
}

TEST(paxos_leader, barrier_waits_for_a_round_sent_after_it)
{
    uint64_t first, second;

    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    acknowledge_round(c.p.round_sent);
    core_step(&c, (struct paxos_event){.type = PAXOS_BARRIER});
    first = paxos_barrier_round(&c.p);
    CHECK(core_sent(&c, PEER_HEARTBEAT, 2) != NULL && core_sent(&c, PEER_HEARTBEAT, 2)->heartbeat.round == first);
    CHECK(c.p.round_confirmed < first);
    core_step(&c, (struct paxos_event){.type = PAXOS_BARRIER}); /* while that round is out */
    second = paxos_barrier_round(&c.p);
    CHECK_EQ_INT(second, first + 1);
    CHECK(core_out_is(&c, 0, 0, false));
    acknowledge_round(first);
    CHECK_EQ_INT(c.p.round_confirmed, first);
    CHECK(core_sent(&c, PEER_HEARTBEAT, 2) != NULL && core_sent(&c, PEER_HEARTBEAT, 2)->heartbeat.round == second);
    acknowledge_round(second);
    CHECK_EQ_INT(c.p.round_confirmed, second);
}

TEST(paxos_leader, c17_answer_of_another_incarnation_confirms_no_round)
{
    core_start(&c, three);
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_step(&c, (struct paxos_event){.type = PAXOS_BARRIER});
    core_deliver(&c, 2, MSG(HEARTBEAT_ACK, heartbeat_ack, .epoch = 6, .incarnation = 99, .round = c.p.round_sent));
    CHECK_EQ_INT(c.p.round_confirmed, 0);
}

TEST(paxos_leader, barrier_of_a_lone_server_is_confirmed_at_once)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 1}}, .voters = 1});
    core_at(&c, c.out.wake_at_ms);
    core_persisted(&c);
    core_persisted(&c);
    REQUIRE(c.p.established);
    core_step(&c, (struct paxos_event){.type = PAXOS_BARRIER});
    CHECK(c.p.round_confirmed >= paxos_barrier_round(&c.p));
}

TEST(paxos_leader, barrier_needs_an_established_leader)
{
    core_start(&c, three);
    core_lead(&c);
    core_step(&c, (struct paxos_event){.type = PAXOS_BARRIER});
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.round_wanted, 0);
}

TEST(paxos_leader, persists_in_flight_are_bounded)
{
    core_start(&c, three);
    core_lead(&c);
    while (paxos_persist_room(&c.p))
        core_submit(&c, 1);
    CHECK_EQ_INT(c.p.flight_count, PAXOS_FLIGHTS);
    core_persisted(&c);
    CHECK(paxos_persist_room(&c.p));
}

TEST(paxos_leader, barrier_of_a_follower_asks_for_no_round)
{
    core_start(&c, three);
    core_step(&c, (struct paxos_event){.type = PAXOS_BARRIER});
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.round_wanted, 0);
}

TEST(paxos_leader, c9_waits_for_room_for_its_promise)
{
    core_start(&c, (struct core_disk){
                       .promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}, .counter_max = PAXOS_FLIGHTS});
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    while (paxos_persist_room(&c.p))
        core_submit(&c, 1);
    core_ack(&c, 2, Z(6, PAXOS_FLIGHTS));
    core_ack(&c, 3, Z(6, PAXOS_FLIGHTS));
    CHECK_EQ_INT(c.p.committed, Z(6, PAXOS_FLIGHTS)); /* chosen by the others; the own disk is far behind */
    CHECK(!c.p.rolling);
    core_persisted(&c);
    CHECK(c.p.rolling);
    CHECK_EQ_INT(c.out.persist.promised.epoch, 7);
}

static void roll(void)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}, .counter_max = 1});
    core_lead(&c);
    core_submit(&c, 1);
    core_persisted(&c);
    core_ack(&c, 2, Z(6, 1));
    REQUIRE(c.p.rolling && c.p.epoch == 7);
}

TEST(paxos_leader, c9_a_leader_that_rolls_over_follows_who_won_that_epoch)
{
    roll();
    core_deliver(&c, 3, MSG(ACCEPT, accept, .epoch = 7, .prev = Z(6, 1), .history_end = Z(6, 1)));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK_EQ_INT(c.p.leader, 3);
    CHECK(!c.p.established && !c.p.rolling);
    CHECK(core_sent(&c, PEER_ACCEPTED, 3) != NULL);
}

TEST(paxos_leader, only_who_leads_for_sure_hands_over)
{
    core_start(&c, three);
    core_step(&c, (struct paxos_event){.type = PAXOS_HAND_OVER});
    CHECK(core_out_is(&c, 0, 0, false));
    roll();
    core_step(&c, (struct paxos_event){.type = PAXOS_HAND_OVER});
    CHECK(core_sent(&c, PEER_HANDOVER, 2) == NULL && core_sent(&c, PEER_HANDOVER, 3) == NULL);
}

/* C13, C15: without FORM every configured server is one of the quorum that a leader must hear. */
TEST(paxos_leader, c15_a_forming_leader_steps_down_when_one_is_silent)
{
    for (uint32_t silent = 0; silent < 2; silent++) {
        core_start(&c, (struct core_disk){.empty = true});
        core_prepare(&c);
        core_promise(&c, 2, 0, (struct core_disk){.empty = true});
        core_promise(&c, 3, 0, (struct core_disk){.empty = true});
        REQUIRE(c.p.role == PAXOS_LEADING && !c.p.has_form);
        for (uint64_t t = 0; t < 1000; t += 50) {
            core_at(&c, c.now_ms + 50);
            for (uint32_t from = 2; from + silent <= 3; from++)
                core_deliver(
                    &c, from,
                    MSG(HEARTBEAT_ACK, heartbeat_ack, .epoch = c.p.epoch, .incarnation = 10 + from, .round = c.p.round_sent));
        }
        CHECK_EQ_INT(c.p.role == PAXOS_LEADING, silent == 0);
        CHECK_EQ_INT(c.p.round_confirmed, 0); /* there is no quorum to speak of yet */
    }
}

TEST(paxos_leader, unsent_concerns_a_leaders_streams_only)
{
    core_start(&c, three);
    paxos_unsent(&c.p, 2, Z(1, 2));
    CHECK(!c.p.peer[1].paused);
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .floor = Z(1, 2), .run = {{1, 3, 3}}});
    core_lead(&c);
    core_ack(&c, 2, Z(1, 3));
    core_submit(&c, 2);
    paxos_unsent(&c.p, 9, Z(6, 1));
    paxos_unsent(&c.p, 3, Z(6, 1)); /* it is being probed */
    CHECK_EQ_INT(c.p.peer[2].next_prev, Z(1, 3));
    paxos_unsent(&c.p, 2, Z(1, 2)); /* below what the log shows: a probe will find that out */
    paxos_unsent(&c.p, 2, Z(6, 3)); /* not sent yet */
    CHECK(!c.p.peer[1].paused);
    CHECK_EQ_INT(c.p.peer[1].next_prev, Z(6, 2));
    paxos_unsent(&c.p, 2, Z(6, 1));
    CHECK(c.p.peer[1].paused);
    CHECK_EQ_INT(c.p.peer[1].next_prev, Z(1, 3));
}

TEST(paxos_leader, current_votes_are_those_that_count_and_go_on)
{
    core_start(&c, three);
    core_persisted(&c);
    CHECK_EQ_INT(paxos_current_vote(&c.p, 1), 0); /* it does not lead */
    core_lead(&c);
    CHECK_EQ_INT(paxos_current_vote(&c.p, 1), Z(1, 3));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 2), 0); /* not heard in this epoch */
    CHECK_EQ_INT(paxos_current_vote(&c.p, 4), 0); /* nobody */
    core_ack(&c, 2, Z(1, 3));
    core_ack(&c, 3, Z(1, 3));
    core_submit(&c, 1);
    CHECK_EQ_INT(paxos_current_vote(&c.p, 1), Z(1, 3)); /* not on its disk yet */
    core_persisted(&c);
    core_ack(&c, 2, Z(6, 1));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 1), Z(6, 1));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 2), Z(6, 1));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 3), Z(1, 3));
    paxos_unsent(&c.p, 3, Z(6, 1));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 3), 0); /* it waits for an answer */
    core_ack(&c, 3, Z(6, 1));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 3), Z(6, 1));
    core_link(&c, 3, false);
    CHECK_EQ_INT(paxos_current_vote(&c.p, 3), 0);
    core_link(&c, 3, true);
    CHECK_EQ_INT(paxos_current_vote(&c.p, 3), 0); /* asked where its log matches */
    core_ack(&c, 3, Z(6, 1));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 3), Z(6, 1));
    core_deliver(&c, 3, MSG(ACCEPTED, accepted, .epoch = 6, .incarnation = 99, .accepted = 6, .matched = Z(6, 1)));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 3), 0); /* C17: another disk */
    core_deliver(&c, 2, MSG(REFUSE, refuse, .epoch = 6, .promised = 8, .of_type = PEER_ACCEPT));
    CHECK_EQ_INT(paxos_current_vote(&c.p, 1), 0); /* C14: it leads no more */
}

TEST(paxos_leader, after_a_snapshot_it_goes_on_where_both_are)
{
    static const struct {
        uint32_t peer;
        uint64_t zxid, asked;
    } rows[] = {{3, Z(2, 7), Z(2, 7)},
                {3, 0, Z(2, 9)} /* it failed */,
                {3, Z(2, 4), Z(2, 9)} /* trimmed meanwhile */,
                {3, Z(3, 1), Z(2, 9)} /* no entry */,
                {9, Z(2, 7), 0},
                {2, Z(2, 7), 0} /* it needed none */};

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c,
                   (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .floor = Z(2, 5), .run = {{2, 6, 9}}});
        core_lead(&c);
        mismatch(3, Z(2, 9), (struct core_disk){.run = {{1, 1, 3}}});
        REQUIRE(c.p.peer[2].progress == PROGRESS_SNAPSHOT);
        core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_SENT, .peer = rows[i].peer, .zxid = rows[i].zxid});
        CHECK(core_sent(&c, PEER_ACCEPT, 2) == NULL, "row %zu", i);
        CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 3) != NULL, rows[i].asked != 0, "row %zu", i);
        if (core_sent(&c, PEER_ACCEPT, 3) != NULL)
            CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 3)->accept.prev, rows[i].asked, "row %zu", i);
    }
}

/* Given a follower that receives a stream, when it has lost all that the leader still shows, then a probe finds that out. */
TEST(paxos_leader, a_mismatch_below_the_floor_is_probed_and_needs_a_snapshot)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .floor = Z(2, 5), .run = {{2, 6, 9}}});
    core_lead(&c);
    core_submit(&c, 1);
    REQUIRE(c.p.peer[1].progress == PROGRESS_STREAM);
    mismatch(2, Z(2, 9), (struct core_disk){.run = {{1, 1, 3}}});
    CHECK_EQ_INT(c.out.snapshot_to, 0);
    REQUIRE(core_sent(&c, PEER_ACCEPT, 2) != NULL);
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.prev, Z(6, 1));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.count, 0);
    mismatch(2, Z(6, 1), (struct core_disk){.run = {{1, 1, 3}}});
    CHECK_EQ_INT(c.out.snapshot_to, 1u << 1);
}
