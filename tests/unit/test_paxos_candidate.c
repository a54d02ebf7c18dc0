/* test_paxos_candidate.c - phase 1: C6, C7, C15, C16, C17. */
#include "lib/runner.h"
#include "unit/paxos_fixture.h"

#include <string.h>

static struct core c;

static const struct core_disk three = {.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}};

TEST(paxos_candidate, c6_prepare_waits_for_its_own_promise)
{
    core_start(&c, three);
    core_at(&c, c.p.deadline_ms);
    core_deliver(&c, 2, MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 12, .attempt = c.p.attempt));
    CHECK(core_out_is(&c, 0, 2, true));
    CHECK_EQ_INT(c.out.wait_seq, c.out.persist.seq);
    CHECK_EQ_INT(c.out.persist.promised.epoch, 6);
    CHECK_EQ_INT(c.out.persist.promised.server, 1);
    CHECK_EQ_INT(c.out.persist.promised.boot, 5);
    CHECK_EQ_INT(core_sent(&c, PEER_PREPARE, 3)->prepare.epoch, 6);
    core_promise(&c, 2, 5, three); /* cannot be, but must not win either: its own promise is not durable */
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
    core_persisted(&c);
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
}

TEST(paxos_candidate, c6_prepares_above_every_epoch_seen)
{
    static const struct {
        uint32_t promised, in_probe, in_log, epoch;
    } rows[] = {{5, 0, 3, 6}, {5, 9, 3, 10}, {5, 4, 5, 6}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(
            &c, (struct core_disk){
                    .promised = rows[i].promised, .promised_to = 2, .accepted = 1, .run = {{1, 1, 3}, {rows[i].in_log, 1, 1}}});
        core_deliver(&c, 3, MSG(PROBE, probe, .epoch = rows[i].in_probe));
        core_prepare(&c);
        CHECK_EQ_INT(c.p.epoch, rows[i].epoch, "row %zu", i);
    }
}

TEST(paxos_candidate, c6_a_restarted_process_does_not_resume_its_epoch)
{
    core_start(&c, (struct core_disk){.promised = 7, .promised_to = 1, .accepted = 5, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, MSG(PROMISE, promise, .epoch = 7, .incarnation = 12, .accepted = 5, .log = c.p.log));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    core_prepare(&c);
    CHECK_EQ_INT(c.p.epoch, 8);
}

TEST(paxos_candidate, c7_takes_the_greatest_history_by_accepted_then_last)
{
    static const struct {
        uint32_t accepted;
        struct core_disk log;
        enum paxos_role role;
    } rows[] = {
        {4, {.run = {{1, 1, 9}}}, PAXOS_LEADING}, /* longer, but of a lower accepted */
        {5, {.run = {{1, 1, 2}}}, PAXOS_LEADING},  {5, {.run = {{1, 1, 3}}}, PAXOS_LEADING},
        {5, {.run = {{1, 1, 4}}}, PAXOS_ADOPTING}, {6, {.run = {{1, 1, 2}, {4, 1, 1}}}, PAXOS_ADOPTING},
        {6, {.run = {{1, 1, 3}}}, PAXOS_LEADING}, /* of a higher accepted, but nothing is to be fetched */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, (struct core_disk){.promised = 6, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}});
        core_prepare(&c);
        core_promise(&c, 2, rows[i].accepted, rows[i].log);
        CHECK_EQ_INT(c.p.role, rows[i].role, "row %zu", i);
    }
}

TEST(paxos_candidate, c7_stages_what_is_not_known_chosen_and_wins_with_it)
{
    const struct peer_msg *m;

    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.run = {{1, 1, 2}, {4, 1, 1}, {6, 1, 2}}});
    CHECK_EQ_INT(c.p.role, PAXOS_ADOPTING);
    m = core_sent(&c, PEER_FETCH, 2);
    REQUIRE(m != NULL);
    CHECK_EQ_INT(m->fetch.after, Z(1, 2));
    CHECK_EQ_INT(m->fetch.incarnation, 12);
    CHECK(core_sent(&c, PEER_HEARTBEAT, 2) != NULL); /* whoever promised waits for us */
    core_deliver(&c, 2,
                 MSG(ENTRIES, entries, .epoch = c.p.epoch, .prev = Z(1, 2), .first = Z(4, 1), .count = 1, .committed = Z(1, 2),
                     .last = Z(6, 2)));
    CHECK(c.out.stage && c.out.drop_staged && c.out.persist.seq == 0);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(1, 3));
    CHECK_EQ_INT(core_sent(&c, PEER_FETCH, 2)->fetch.after, Z(4, 1));
    core_deliver(&c, 2,
                 MSG(ENTRIES, entries, .epoch = c.p.epoch, .prev = Z(4, 1), .first = Z(6, 1), .count = 2, .committed = Z(1, 2),
                     .last = Z(6, 2)));
    CHECK(c.out.stage && !c.out.drop_staged);
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
    CHECK(c.out.persist.cut && c.out.persist.cut_after == Z(1, 2));
    CHECK_EQ_INT(c.out.persist.append_source, PAXOS_FROM_STAGED);
    CHECK_EQ_INT(c.out.persist.append_first, Z(4, 1));
    CHECK_EQ_INT(c.out.persist.append_last, Z(6, 2));
    CHECK_EQ_INT(c.out.persist.append_count, 3);
    CHECK(c.out.persist.set_accepted && c.out.persist.accepted == c.p.epoch);
    CHECK_EQ_INT(c.p.history_end, Z(6, 2));
}

TEST(paxos_candidate, c7_what_is_known_chosen_goes_straight_to_the_log)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.run = {{1, 1, 2}, {4, 1, 3}}});
    core_deliver(&c, 2,
                 MSG(ENTRIES, entries, .epoch = c.p.epoch, .prev = Z(1, 2), .first = Z(4, 1), .count = 2, .committed = Z(4, 2),
                     .last = Z(4, 3)));
    CHECK(!c.out.stage && c.out.persist.cut && c.out.persist.append_source == PAXOS_FROM_EVENT);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(4, 2));
    CHECK(!c.out.persist.set_accepted); /* it vouches for nothing new before it wins */
    core_persisted(&c);
    CHECK_EQ_INT(c.out.commit_zxid, Z(4, 2));
}

TEST(paxos_candidate, c7_drops_what_it_fetched_when_it_promises_more)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.run = {{1, 1, 2}, {4, 1, 3}}});
    core_deliver(&c, 2,
                 MSG(ENTRIES, entries, .epoch = c.p.epoch, .prev = Z(1, 2), .first = Z(4, 1), .count = 1, .committed = 0,
                     .last = Z(4, 3)));
    CHECK(c.out.stage);
    core_deliver(&c, 3, MSG(PREPARE, prepare, .epoch = 9, .incarnation = 13, .boot = 1));
    CHECK(c.out.drop_staged && !c.out.stage);
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(1, 3));
}

TEST(paxos_candidate, c7_history_below_the_others_floor_needs_its_snapshot)
{
    struct form form = core_form(3);

    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.floor = Z(4, 8), .run = {{4, 9, 9}}});
    CHECK_EQ_INT(c.p.role, PAXOS_ADOPTING);
    CHECK_EQ_INT(c.out.snapshot_from, 2);
    CHECK(core_sent(&c, PEER_FETCH, 2) != NULL);
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_INSTALLED, .zxid = Z(4, 8), .form = &form, .form_zxid = Z(1, 1)});
    CHECK_EQ_INT(c.out.snapshot_from, 0);
    CHECK_EQ_INT(core_sent(&c, PEER_FETCH, 2)->fetch.after, Z(4, 8));
    core_deliver(&c, 2,
                 MSG(ENTRIES, entries, .epoch = c.p.epoch, .prev = Z(4, 8), .first = Z(4, 9), .count = 1, .committed = Z(4, 9),
                     .last = Z(4, 9)));
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(4, 9));
}

/* The others hear it and wait; one of them may have what this one finds no room for. */
TEST(paxos_candidate, c7_gives_up_when_the_snapshot_is_refused)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.run = {{1, 1, 3}, {4, 1, 3}}});
    REQUIRE(c.p.role == PAXOS_ADOPTING && c.out.snapshot_from == 0);
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_REFUSED}); /* another's: it waits for entries */
    CHECK_EQ_INT(c.p.role, PAXOS_ADOPTING);
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.floor = Z(4, 8), .run = {{4, 9, 9}}});
    REQUIRE(c.p.role == PAXOS_ADOPTING && c.out.snapshot_from == 2);
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_REFUSED});
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK_EQ_INT(c.p.leader, 0);
    CHECK_EQ_INT(c.out.snapshot_from, 0);
}

TEST(paxos_candidate, c7_gives_up_when_the_source_is_gone)
{
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.run = {{1, 1, 9}}});
    core_link(&c, 2, false);
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
}

TEST(paxos_candidate, c17_promise_of_another_incarnation_does_not_count)
{
    core_start(&c, three);
    core_prepare(&c);
    core_deliver(&c, 2, MSG(PROMISE, promise, .epoch = c.p.epoch, .incarnation = 99, .boot = 1));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
}

TEST(paxos_candidate, promise_of_another_epoch_does_not_count)
{
    core_start(&c, three);
    core_prepare(&c);
    core_deliver(&c, 2, MSG(PROMISE, promise, .epoch = c.p.epoch - 1, .incarnation = 12, .boot = 1, .log = c.p.log));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
}

TEST(paxos_candidate, prepare_is_repeated_to_who_has_not_answered)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}, .voters = 5});
    core_prepare(&c);
    core_promise(&c, 2, 1, (struct core_disk){.run = {{1, 1, 3}}});
    core_at(&c, c.now_ms + 50);
    CHECK(core_sent(&c, PEER_PREPARE, 2) == NULL);
    CHECK(core_sent(&c, PEER_PREPARE, 3) != NULL && core_sent(&c, PEER_PREPARE, 5) != NULL);
}

TEST(paxos_candidate, equal_epoch_ends_it_only_when_no_quorum_is_left)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}, .voters = 5});
    core_prepare(&c);
    for (uint32_t i = 2; i <= 4; i++) {
        CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
        core_deliver(&c, i, MSG(REFUSE, refuse, .epoch = c.p.epoch, .promised = c.p.epoch, .of_type = PEER_PREPARE));
    }
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
}

TEST(paxos_candidate, c15_forming_needs_the_promises_of_all)
{
    core_start(&c, (struct core_disk){.empty = true});
    core_prepare(&c);
    core_promise(&c, 2, 0, (struct core_disk){.empty = true});
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
    core_promise(&c, 3, 0, (struct core_disk){.empty = true});
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
    CHECK(c.out.want_form);
    CHECK(core_sent(&c, PEER_ACCEPT, 2) == NULL); /* nobody accepts this epoch without FORM */
}

TEST(paxos_candidate, c15_forming_probes_need_all_to_be_empty)
{
    core_start(&c, (struct core_disk){.empty = true});
    core_at(&c, c.p.deadline_ms);
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE, 2)->probe.forming, 1);
    core_deliver(&c, 2,
                 MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 12, .attempt = c.p.attempt, .log_empty = 1));
    core_deliver(&c, 3,
                 MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 13, .attempt = c.p.attempt, .log_empty = 0));
    CHECK_EQ_INT(c.p.role, PAXOS_PROBING);
}

TEST(paxos_candidate, c15_gives_up_when_a_promise_comes_with_a_log)
{
    core_start(&c, (struct core_disk){.empty = true});
    core_prepare(&c);
    core_promise(&c, 2, 1, (struct core_disk){.run = {{1, 1, 1}}});
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
}

TEST(paxos_candidate, c15_a_server_with_a_log_refuses_who_would_form)
{
    core_start(&c, three);
    core_deliver(&c, 2, MSG(PREPARE, prepare, .epoch = 9, .incarnation = 12, .boot = 1, .forming = 1));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK(core_sent(&c, PEER_REFUSE, 2) != NULL);
    core_deliver(&c, 2, MSG(PROBE, probe, .attempt = 3, .forming = 1));
    CHECK_EQ_INT(core_sent(&c, PEER_PROBE_ANSWER, 2)->probe_answer.granted, 0);
}

TEST(paxos_candidate, c15_form_is_the_end_of_the_history_and_comes_first)
{
    struct form form;
    uint32_t room;

    core_start(&c, (struct core_disk){.empty = true});
    core_prepare(&c);
    core_promise(&c, 2, 0, (struct core_disk){.empty = true});
    core_promise(&c, 3, 0, (struct core_disk){.empty = true});
    CHECK_EQ_INT(paxos_submit_zxid(&c.p, &room), Z(1, 1));
    CHECK_EQ_INT(room, 1);
    paxos_form(&c.p, &form);
    CHECK_EQ_INT(form.count, 3);
    CHECK(form.voter[0].incarnation == 11 && form.voter[1].incarnation == 12 && form.voter[2].incarnation == 13);
    core_step(&c,
              (struct paxos_event){.type = PAXOS_SUBMIT, .first = Z(1, 1), .count = 1, .form = &form, .form_zxid = Z(1, 1)});
    CHECK(c.out.persist.append_count == 1 && c.out.persist.set_accepted);
    CHECK(!c.out.want_form);
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPT, 2)->accept.history_end, Z(1, 1));
    core_persisted(&c);
    CHECK(!c.p.established);
    core_ack(&c, 3, Z(1, 1));
    CHECK(c.p.established && c.p.form_chosen);
}

TEST(paxos_candidate, c16_the_quorum_is_that_of_form)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 1}}, .voters = 5, .form_voters = 1});
    CHECK_EQ_INT(paxos_quorum(&c.p), 1);
    core_at(&c, c.p.deadline_ms);
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
    core_persisted(&c);
    CHECK_EQ_INT(c.p.role, PAXOS_LEADING);
    CHECK(core_sent(&c, PEER_ACCEPT, 4) != NULL); /* the others take part without a vote */
}

TEST(paxos_candidate, a_single_server_forms_alone)
{
    struct form form;

    core_start(&c, (struct core_disk){.empty = true, .voters = 1});
    core_at(&c, c.out.wake_at_ms);
    CHECK(core_out_is(&c, 0, 0, true));
    core_persisted(&c);
    CHECK(c.out.want_form);
    paxos_form(&c.p, &form);
    core_step(&c,
              (struct paxos_event){.type = PAXOS_SUBMIT, .first = Z(1, 1), .count = 1, .form = &form, .form_zxid = Z(1, 1)});
    core_persisted(&c);
    CHECK(c.p.established);
    CHECK_EQ_INT(c.out.commit_zxid, Z(1, 1));
}

/* P9: every pair of quorums shares a server; for an even number the quorum is half and one. */
TEST(paxos_candidate, quorums_overlap)
{
    static const struct {
        uint32_t voters, quorum;
    } rows[] = {{1, 1}, {2, 2}, {3, 2}, {4, 3}, {5, 3}, {6, 4}, {7, 4}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, (struct core_disk){
                           .promised = 1, .accepted = 1, .run = {{1, 1, 1}}, .voters = 7, .form_voters = rows[i].voters});
        CHECK_EQ_INT(paxos_quorum(&c.p), rows[i].quorum, "row %zu", i);
        for (uint32_t a = 0; a < 1u << rows[i].voters; a++)
            for (uint32_t b = 0; b < 1u << rows[i].voters; b++)
                if (__builtin_popcount(a) == (int)rows[i].quorum && __builtin_popcount(b) == (int)rows[i].quorum &&
                    (a & b) == 0)
                    CHECK(false, "%u and %u of %u voters", a, b, rows[i].voters);
    }
}

TEST(paxos_candidate, c6_nothing_is_prepared_when_no_epoch_is_left)
{
    core_start(&c, three);
    core_deliver(&c, 3, MSG(PROBE, probe, .epoch = UINT32_MAX));
    core_at(&c, c.p.deadline_ms);
    core_deliver(&c, 2, MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 12, .attempt = c.p.attempt));
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK_EQ_INT(c.p.promised.epoch, 5);
    CHECK_EQ_INT(c.out.wake_at_ms, c.now_ms + 600);
}

TEST(paxos_candidate, c16_refusals_of_servers_without_a_vote_end_nothing)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}, .voters = 5, .form_voters = 3});
    core_prepare(&c);
    for (uint32_t i = 4; i <= 5; i++)
        core_deliver(&c, i, MSG(REFUSE, refuse, .epoch = c.p.epoch, .promised = c.p.epoch, .of_type = PEER_PREPARE));
    core_deliver(&c, 2, MSG(REFUSE, refuse, .epoch = c.p.epoch, .promised = c.p.epoch, .of_type = PEER_PREPARE));
    CHECK_EQ_INT(c.p.role, PAXOS_PREPARING);
    core_deliver(&c, 3, MSG(REFUSE, refuse, .epoch = c.p.epoch, .promised = c.p.epoch, .of_type = PEER_PREPARE));
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
}

/* Given a candidate that waits for a snapshot, when that names another incarnation of it, then it may not win any more. */
TEST(paxos_candidate, c17_a_snapshot_without_this_incarnation_ends_an_adoption)
{
    struct form form = core_form(3);

    form.voter[0].incarnation = 99;
    core_start(&c, three);
    core_prepare(&c);
    core_promise(&c, 2, 6, (struct core_disk){.floor = Z(4, 8), .run = {{4, 9, 9}}});
    REQUIRE(c.p.role == PAXOS_ADOPTING);
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_INSTALLED, .zxid = Z(4, 8), .form = &form, .form_zxid = Z(1, 1)});
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK(core_sent(&c, PEER_FETCH, 2) == NULL);
}

/* C2's shapes are bounded: a leader whose history has as many epochs as fit begins no new one before they are chosen. */
TEST(paxos_candidate, a_leader_with_a_full_shape_waits_until_its_history_is_chosen)
{
    uint32_t room, n = 2;

    core_start(&c, (struct core_disk){.promised = 1, .promised_to = 2, .accepted = 1, .run = {{1, 1, 1}}});
    for (; n <= RUNS_MAX - 4; n++)
        core_deliver(
            &c, 2,
            MSG(ACCEPT, accept, .epoch = n, .prev = Z(n - 1, 1), .first = Z(n, 1), .count = 1, .history_end = Z(n - 1, 1)));
    core_persisted(&c);
    core_lead(&c);
    CHECK_EQ_INT(paxos_submit_zxid(&c.p, &room), 0);
    CHECK_EQ_INT(room, 0);
    core_ack(&c, 2, Z(n - 1, 1));
    CHECK(c.p.established);
    CHECK_EQ_INT(paxos_submit_zxid(&c.p, &room), Z(c.p.epoch, 1));
    CHECK_EQ_INT(c.p.log.count, RUNS_MAX * 3 / 4);
}
