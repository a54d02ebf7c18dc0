/* test_paxos_acceptor.c - the acceptor's rules, C1 to C5, C7's fetch and C13's heartbeat, one step each. */
#include "lib/runner.h"
#include "unit/paxos_fixture.h"

static struct core c;

#define PREPARE(n, ...) MSG(PREPARE, prepare, .epoch = (n), .incarnation = 12, .boot = 1, __VA_ARGS__)
#define ACCEPT(n, ...) MSG(ACCEPT, accept, .epoch = (n), __VA_ARGS__)

TEST(paxos_acceptor, c1_refuses_lower_epoch_after_promise)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 3, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, PREPARE(4));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK_EQ_INT(c.out.send_after_persist[0].type, PEER_REFUSE);
    CHECK_EQ_INT(c.out.send_after_persist[0].refuse.promised, 5);
    CHECK_EQ_INT(c.p.promised.epoch, 5);
}

TEST(paxos_acceptor, c1_promise_waits_for_its_persist)
{
    const struct peer_msg *m;

    core_start(&c, (struct core_disk){.promised = 2, .accepted = 2, .run = {{1, 1, 3}, {2, 1, 1}}});
    core_deliver(&c, 2, PREPARE(4));
    CHECK(core_out_is(&c, 0, 1, true));
    CHECK_EQ_INT(c.out.wait_seq, c.out.persist.seq);
    CHECK(c.out.persist.set_promised && !c.out.persist.cut && c.out.persist.append_count == 0 && !c.out.persist.set_accepted);
    CHECK_EQ_INT(c.out.persist.promised.epoch, 4);
    CHECK_EQ_INT(c.out.persist.promised.server, 2);
    m = core_sent(&c, PEER_PROMISE, 2);
    REQUIRE(m != NULL);
    CHECK_EQ_INT(m->promise.accepted, 2);
    CHECK_EQ_INT(m->promise.incarnation, 11);
    CHECK_EQ_INT(m->promise.boot, 5);
    CHECK_EQ_INT(runs_last(&m->promise.log), Z(2, 1));
}

TEST(paxos_acceptor, c1_same_candidate_is_answered_again)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, PREPARE(4));
    core_persisted(&c);
    core_deliver(&c, 2, PREPARE(4));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK_EQ_INT(c.out.send_after_persist[0].type, PEER_PROMISE);
}

TEST(paxos_acceptor, c1_equal_epoch_is_refused_to_any_other_process)
{
    static const struct {
        uint32_t server, boot;
        uint64_t incarnation;
    } rows[] = {{3, 1, 13}, {2, 2, 12}, {2, 1, 99}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}});
        core_deliver(&c, 2, PREPARE(4));
        core_persisted(&c);
        core_deliver(&c, rows[i].server,
                     MSG(PREPARE, prepare, .epoch = 4, .incarnation = rows[i].incarnation, .boot = rows[i].boot));
        CHECK(core_sent(&c, PEER_REFUSE, rows[i].server) != NULL, "row %zu", i);
        CHECK(core_out_is(&c, 0, 1, false), "row %zu", i);
    }
}

TEST(paxos_acceptor, c1_an_epoch_raised_by_its_leader_is_promised_to_no_process)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(4, .prev = Z(1, 3), .history_end = Z(1, 3)));
    core_persisted(&c);
    core_deliver(&c, 2, PREPARE(4));
    CHECK(core_sent(&c, PEER_REFUSE, 2) != NULL);
}

TEST(paxos_acceptor, c17_candidate_that_form_does_not_name_is_refused)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, MSG(PREPARE, prepare, .epoch = 4, .incarnation = 99, .boot = 1));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK(core_sent(&c, PEER_REFUSE, 2) != NULL);
}

TEST(paxos_acceptor, c2_refuses_lower_epoch)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 3, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(4, .prev = Z(1, 3), .first = Z(4, 1), .count = 1, .history_end = Z(1, 3)));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK(core_sent(&c, PEER_REFUSE, 2) != NULL);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(1, 3));
}

TEST(paxos_acceptor, c2_higher_epoch_is_promised_in_the_same_persist)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(4, .prev = Z(1, 3), .first = Z(4, 1), .count = 2, .history_end = Z(1, 3)));
    CHECK(core_out_is(&c, 0, 1, true));
    CHECK(c.out.persist.set_promised && c.out.persist.promised.epoch == 4);
    CHECK_EQ_INT(c.out.persist.append_first, Z(4, 1));
    CHECK_EQ_INT(c.out.persist.append_last, Z(4, 2));
    CHECK(c.out.persist.set_accepted && c.out.persist.accepted == 4);
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPTED, 2)->accepted.matched, Z(4, 2));
}

TEST(paxos_acceptor, c2_unknown_prev_is_answered_with_the_shape)
{
    const struct peer_msg *m;

    core_start(&c, (struct core_disk){.promised = 4, .promised_to = 2, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(4, .prev = Z(3, 7), .first = Z(4, 1), .count = 1, .history_end = Z(3, 7)));
    CHECK(core_out_is(&c, 0, 1, false));
    m = core_sent(&c, PEER_ACCEPTED, 2);
    REQUIRE(m != NULL);
    CHECK_EQ_INT(m->accepted.mismatch, 1);
    CHECK_EQ_INT(m->accepted.prev, Z(3, 7));
    CHECK_EQ_INT(runs_last(&m->accepted.log), Z(1, 3));
    CHECK_EQ_INT(m->accepted.matched, 0);
}

TEST(paxos_acceptor, c2_keeps_what_it_holds_cuts_conflicts_appends_the_rest)
{
    static const struct {
        uint64_t prev, first;
        uint32_t count;
        bool cut;
        uint64_t cut_after, append_first, append_last;
    } rows[] = {
        {Z(1, 3), Z(2, 1), 2, true, Z(1, 3), Z(2, 1), Z(2, 2)}, /* the log goes on with 3.1 */
        {Z(1, 1), Z(1, 2), 1, false, 0, 0, 0},                  /* held: what is behind stays */
        {Z(1, 2), Z(1, 3), 2, true, Z(1, 3), Z(1, 4), Z(1, 4)}, /* half of it is held */
        {Z(3, 2), Z(3, 3), 1, false, 0, Z(3, 3), Z(3, 3)},      /* at the end */
        {Z(3, 1), Z(3, 2), 2, false, 0, Z(3, 3), Z(3, 3)},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 1, .run = {{1, 1, 3}, {3, 1, 2}}});
        core_deliver(&c, 2,
                     ACCEPT(5, .prev = rows[i].prev, .first = rows[i].first, .count = rows[i].count, .history_end = Z(4, 9)));
        CHECK_EQ_INT(c.out.persist.cut, rows[i].cut, "row %zu", i);
        CHECK_EQ_INT(c.out.persist.cut_after, rows[i].cut_after, "row %zu", i);
        CHECK_EQ_INT(c.out.persist.append_first, rows[i].append_first, "row %zu", i);
        CHECK_EQ_INT(c.out.persist.append_last, rows[i].append_last, "row %zu", i);
        CHECK(!c.out.persist.set_accepted, "row %zu", i);
        CHECK_EQ_INT(core_sent(&c, PEER_ACCEPTED, 2)->accepted.matched, rows[i].first + rows[i].count - 1, "row %zu", i);
    }
}

TEST(paxos_acceptor, c2_what_makes_no_sense_is_dropped)
{
    const struct peer_msg rows[] = {
        ACCEPT(0, .prev = 0),
        ACCEPT(5, .prev = Z(1, 3), .first = Z(1, 5), .count = 1, .history_end = Z(1, 9)), /* a gap */
        ACCEPT(5, .prev = Z(1, 3), .first = Z(2, 2), .count = 1, .history_end = Z(2, 9)), /* an epoch begins with 1 */
        ACCEPT(5, .prev = Z(1, 3), .first = Z(6, 1), .count = 1, .history_end = Z(1, 3)), /* above its own epoch */
        ACCEPT(5, .prev = Z(1, 3), .first = Z(2, 1), .count = 1, .history_end = Z(1, 3)), /* behind history_end, not its own */
        ACCEPT(5, .prev = Z(1, 3), .history_end = Z(6, 1)),
        ACCEPT(5, .prev = Z(1, 3), .first = Z(1, 2), .count = 1, .history_end = Z(1, 9)),          /* before its prev */
        ACCEPT(5, .prev = Z(1, 3), .first = Z(1, 4), .count = UINT32_MAX, .history_end = Z(4, 1)), /* no overflow */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 1, .run = {{1, 1, 3}}});
        core_deliver(&c, 2, rows[i]);
        CHECK(c.out.persist.seq == 0 && c.out.after_count == (i == 0), "row %zu", i); /* epoch 0 is refused */
    }
}

TEST(paxos_acceptor, c2_never_cuts_what_is_chosen)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .committed = Z(1, 3), .history_end = Z(1, 3)));
    core_persisted(&c);
    CHECK_EQ_INT(c.out.commit_zxid, Z(1, 3));
    core_deliver(&c, 3, ACCEPT(6, .prev = Z(1, 1), .first = Z(2, 1), .count = 1, .history_end = Z(2, 1)));
    CHECK(!c.out.persist.cut && c.out.persist.append_count == 0);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(1, 3));
}

TEST(paxos_acceptor, c3_drops_the_tail_and_then_accepts)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}, {3, 1, 2}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .history_end = Z(1, 3)));
    CHECK(core_out_is(&c, 0, 1, true));
    CHECK(c.out.persist.cut && c.out.persist.cut_after == Z(1, 3));
    CHECK(c.out.persist.set_accepted && c.out.persist.accepted == 5);
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPTED, 2)->accepted.accepted, 5);
}

TEST(paxos_acceptor, c3_does_not_accept_before_it_holds_history_end)
{
    /* The log is longer than history_end, but does not hold it. */
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}, {3, 1, 2}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .history_end = Z(2, 1)));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK_EQ_INT(c.p.accepted, 3);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(3, 2));
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .first = Z(2, 1), .count = 1, .history_end = Z(2, 1)));
    CHECK(c.out.persist.cut && c.out.persist.set_accepted);
    CHECK_EQ_INT(runs_last(&c.p.log), Z(2, 1));
}

TEST(paxos_acceptor, c15_a_history_without_form_is_not_accepted)
{
    core_start(&c, (struct core_disk){.promised = 1, .empty = true});
    core_deliver(&c, 2, ACCEPT(2));
    CHECK_EQ_INT(c.p.promised.epoch, 2);
    CHECK_EQ_INT(c.p.accepted, 0);
    CHECK(!c.out.persist.set_accepted);
}

TEST(paxos_acceptor, c4_matched_is_not_the_end_of_the_log)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}, {3, 1, 2}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 1), .first = Z(1, 2), .count = 1, .history_end = Z(4, 1)));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPTED, 2)->accepted.matched, Z(1, 2));
}

TEST(paxos_acceptor, c5_applies_only_what_this_epoch_has_matched)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}, {3, 1, 2}}});
    core_deliver(&c, 2, MSG(HEARTBEAT, heartbeat, .epoch = 5, .committed = Z(4, 7), .round = 1));
    CHECK_EQ_INT(c.out.commit_zxid, 0);
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 2), .committed = Z(4, 7), .history_end = Z(4, 7)));
    CHECK_EQ_INT(c.out.commit_zxid, Z(1, 2));
    core_deliver(&c, 3, MSG(HEARTBEAT, heartbeat, .epoch = 6, .committed = Z(5, 7), .round = 1));
    CHECK_EQ_INT(c.out.commit_zxid, Z(1, 2)); /* nothing is matched in 6, and commits never fall */
}

TEST(paxos_acceptor, c5_applies_only_what_is_durable)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .first = Z(5, 1), .count = 2, .committed = Z(5, 2), .history_end = Z(1, 3)));
    CHECK_EQ_INT(c.out.commit_zxid, Z(1, 3));
    core_persisted(&c);
    CHECK_EQ_INT(c.out.commit_zxid, Z(5, 2));
}

TEST(paxos_acceptor, c7_fetch_is_served_to_the_promised_candidate_only)
{
    static const struct {
        uint32_t from, epoch;
        uint64_t incarnation;
        enum peer_type answer; /* 0: none */
    } rows[] = {
        {2, 4, 11, PEER_ENTRIES}, {3, 4, 11, 0}, {2, 4, 99, 0}, {2, 3, 11, PEER_REFUSE}, {2, 5, 11, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .run = {{1, 1, 700}}});
        core_deliver(&c, 2, PREPARE(4));
        core_persisted(&c);
        core_deliver(&c, rows[i].from,
                     MSG(FETCH, fetch, .epoch = rows[i].epoch, .incarnation = rows[i].incarnation, .after = Z(1, 100)));
        CHECK_EQ_INT(c.out.now_count + c.out.after_count, rows[i].answer != 0, "row %zu", i);
        CHECK(rows[i].answer == 0 || core_sent(&c, rows[i].answer, rows[i].from) != NULL, "row %zu", i);
        if (rows[i].answer == PEER_ENTRIES) {
            CHECK_EQ_INT(c.out.send_now[0].entries.first, Z(1, 101));
            CHECK_EQ_INT(c.out.send_now[0].entries.count, PAXOS_ACCEPT_ENTRIES);
            CHECK_EQ_INT(c.out.send_now[0].entries.last, Z(1, 700));
        }
    }
}

TEST(paxos_acceptor, c7_fetch_below_the_floor_is_answered_by_a_snapshot)
{
    core_start(&c, (struct core_disk){.promised = 1, .accepted = 1, .floor = Z(1, 50), .run = {{1, 51, 60}}});
    core_deliver(&c, 2, PREPARE(4));
    core_persisted(&c);
    core_deliver(&c, 2, MSG(FETCH, fetch, .epoch = 4, .incarnation = 11, .after = Z(1, 10)));
    CHECK_EQ_INT(c.out.snapshot_to, 1u << 1);
    CHECK_EQ_INT(c.out.now_count, 0);
}

TEST(paxos_acceptor, c13_heartbeat_below_promised_is_refused_and_no_live_leader)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 3, .accepted = 1, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, MSG(HEARTBEAT, heartbeat, .epoch = 4, .round = 1));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK(core_sent(&c, PEER_REFUSE, 2) != NULL);
    CHECK_EQ_INT(c.p.leader, 0);
}

TEST(paxos_acceptor, heartbeat_is_answered_by_its_number)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, MSG(HEARTBEAT, heartbeat, .epoch = 5, .round = 77, .established = 1));
    CHECK(core_out_is(&c, 1, 0, false));
    CHECK_EQ_INT(core_sent(&c, PEER_HEARTBEAT_ACK, 2)->heartbeat_ack.round, 77);
    CHECK_EQ_INT(c.p.leader, 2);
    CHECK(c.p.leader_established);
}

TEST(paxos_acceptor, snapshot_is_wanted_only_beyond_all_that_the_log_vouches_for)
{
    static const struct {
        uint64_t zxid;
        bool wanted;
    } rows[] = {{Z(1, 2), false}, {Z(3, 2), false}, {Z(3, 3), true}, {Z(2, 1), true},
                {Z(4, 1), true},  {Z(6, 1), false}, {0, false}};

    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}, {3, 1, 2}}});
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_EQ_INT(paxos_snapshot_wanted(&c.p, rows[i].zxid), rows[i].wanted, "row %zu", i);
}

TEST(paxos_acceptor, installed_snapshot_replaces_the_log)
{
    struct form form = core_form(3);

    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 1, .run = {{1, 1, 3}}});
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_INSTALLED, .zxid = Z(4, 9), .form = &form, .form_zxid = Z(1, 1)});
    CHECK(core_out_is(&c, 0, 0, false));
    CHECK_EQ_INT(c.out.commit_zxid, Z(4, 9));
    CHECK_EQ_INT(runs_last(&c.p.log), Z(4, 9));
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(4, 9), .history_end = Z(4, 9)));
    CHECK(c.out.persist.set_accepted);
}

TEST(paxos_acceptor, c17_a_snapshot_that_names_another_incarnation_ends_a_candidacy)
{
    struct form form = core_form(3);

    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .empty = true, .incarnation = 99});
    core_prepare(&c);
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_INSTALLED, .zxid = Z(4, 9), .form = &form, .form_zxid = Z(1, 1)});
    CHECK_EQ_INT(c.p.role, PAXOS_FOLLOWER);
    CHECK(!paxos_is_voter(&c.p));
}

TEST(paxos_acceptor, a_leader_wants_no_snapshot)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}});
    CHECK(paxos_snapshot_wanted(&c.p, Z(5, 1)));
    core_lead(&c);
    CHECK(!paxos_snapshot_wanted(&c.p, Z(5, 1)));
}

TEST(paxos_acceptor, long_shapes_are_folded_below_what_is_durable_and_chosen)
{
    core_start(&c, (struct core_disk){.promised = 1, .promised_to = 2, .accepted = 1, .run = {{1, 1, 1}}});
    for (uint32_t n = 2; n < 200; n++) {
        core_deliver(
            &c, 2,
            ACCEPT(n, .prev = Z(n - 1, 1), .first = Z(n, 1), .count = 1, .committed = Z(n - 1, 1), .history_end = Z(n - 1, 1)));
        REQUIRE(runs_last(&c.p.log) == Z(n, 1), "epoch %u", n);
        core_persisted(&c);
    }
    CHECK_EQ_INT(c.p.log.count, RUNS_MAX * 3 / 4);
    CHECK_EQ_INT(c.out.commit_zxid, Z(198, 1));
}

/* Given a snapshot that arrived while a write was under way, when that write is done, then what is durable is the snapshot. */
TEST(paxos_acceptor, installed_snapshot_outlasts_a_write_that_was_under_way)
{
    struct form form = core_form(3);

    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 5, .run = {{1, 1, 3}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 3), .first = Z(5, 1), .count = 2, .history_end = Z(1, 3)));
    REQUIRE(c.p.flight_count == 1);
    core_step(&c, (struct paxos_event){.type = PAXOS_SNAPSHOT_INSTALLED, .zxid = Z(5, 9), .form = &form, .form_zxid = Z(1, 1)});
    CHECK_EQ_INT(c.out.commit_zxid, Z(5, 9));
    core_persisted(&c);
    CHECK_EQ_INT(c.p.durable_last, Z(5, 9));
    CHECK_EQ_INT(runs_last(&c.p.log), Z(5, 9));
}

/* Given two writes under way, when a leader of a higher epoch cuts between them, then only the later one loses its entries. */
TEST(paxos_acceptor, a_cut_shortens_the_writes_under_way_behind_it)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 3, .run = {{1, 1, 3}, {3, 1, 2}}});
    for (uint32_t i = 1; i <= 2; i++)
        core_deliver(&c, 2,
                     ACCEPT(5, .prev = i == 1 ? Z(3, 2) : Z(4, 1), .first = Z(4, i), .count = 1, .history_end = Z(4, 9)));
    core_deliver(&c, 3, ACCEPT(6, .prev = Z(4, 1), .history_end = Z(4, 1)));
    CHECK(c.out.persist.cut && c.out.persist.cut_after == Z(4, 1));
    core_step(&c, (struct paxos_event){.type = PAXOS_PERSISTED, .seq = 1});
    CHECK_EQ_INT(c.p.durable_last, Z(4, 1));
    core_step(&c, (struct paxos_event){.type = PAXOS_PERSISTED, .seq = 2});
    CHECK_EQ_INT(c.p.durable_last, Z(4, 1));
    CHECK_EQ_INT(c.p.accepted, 6);
}

/* Given a FORM that no quorum may have, when another forming leader won, then its FORM takes the place. */
TEST(paxos_acceptor, c15_a_tentative_form_is_replaced)
{
    struct form old = core_form(3), new = core_form(3);

    new.cluster = 10;
    core_start(&c, (struct core_disk){.promised = 1, .promised_to = 2, .empty = true});
    core_entries(&c, 2, ACCEPT(1, .first = Z(1, 1), .count = 1, .history_end = Z(1, 1)), &old, Z(1, 1));
    CHECK(c.p.has_form && c.p.form.cluster == 9);
    core_entries(&c, 3, ACCEPT(2, .first = Z(2, 1), .count = 1, .history_end = Z(2, 1)), &new, Z(2, 1));
    CHECK(c.out.persist.cut && c.out.persist.cut_after == 0);
    CHECK(c.p.has_form && c.p.form.cluster == 10);
    CHECK_EQ_INT(c.p.form_zxid, Z(2, 1));
    core_deliver(&c, 2, ACCEPT(3)); /* a history without FORM is none */
    CHECK(!c.out.persist.cut && c.p.has_form && c.p.accepted == 2);
}

TEST(paxos_acceptor, c2_an_entry_below_the_floor_counts_as_held)
{
    core_start(&c, (struct core_disk){.promised = 5, .promised_to = 2, .accepted = 2, .floor = Z(2, 5), .run = {{2, 6, 7}}});
    core_deliver(&c, 2, ACCEPT(5, .prev = Z(1, 2), .first = Z(1, 3), .count = 1, .history_end = Z(2, 7)));
    CHECK(core_out_is(&c, 0, 1, false));
    CHECK_EQ_INT(core_sent(&c, PEER_ACCEPTED, 2)->accepted.matched, Z(1, 3));
    CHECK_EQ_INT(c.p.accepted, 2); /* C3: history_end itself is not matched yet */
}

TEST(paxos_acceptor, c15_a_form_that_is_held_stays_when_it_is_sent_again)
{
    struct form form = core_form(3), other = core_form(3);

    other.cluster = 10;
    core_start(&c, (struct core_disk){.promised = 1, .promised_to = 2, .empty = true});
    core_entries(&c, 2, ACCEPT(1, .first = Z(1, 1), .count = 1, .history_end = Z(1, 1)), &form, Z(1, 1));
    core_entries(&c, 2, ACCEPT(1, .first = Z(1, 1), .count = 3, .history_end = Z(1, 1)), &other, Z(1, 1));
    CHECK_EQ_INT(c.out.persist.append_first, Z(1, 2));
    CHECK_EQ_INT(runs_last(&c.p.log), Z(1, 3));
    CHECK(c.p.form.cluster == 9 && c.p.form_zxid == Z(1, 1));
}
