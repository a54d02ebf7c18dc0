/* test_replica_snap.c - snapshots from one server to another: what is lost, late, refused, of another transfer, or stored while
 * the world goes on. Each test ends with a server that has caught up, or says why it cannot. */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"
#include "wire/entry.h"

#include <string.h>

static struct group g;
static struct client a;
static uint32_t leader, away;
static uint32_t lost_count, lost_max;

/* A leader, and a server that is so far behind that it needs a snapshot, which is there: 60 values. Still cut off. */
static void leave_behind(size_t value_size)
{
    static char value[100001];
    g.snap_count = 20;
    g.counter_max = 0;
    group_init(&g, 3);
    leader = group_leader(&g);
    REQUIRE(leader != 0);
    away = leader % 3 + 1;
    client_open(&a, &g, leader);
    REQUIRE(client_connect(&a, 40000));
    group_pass(&g, 200);
    group_cut(&g, away);
    memset(value, 'v', sizeof(value));
    value[value_size] = '\0';
    for (int32_t i = 0; i < 60; i++) {
        client_create(&a, i + 1, "/s", value, ZK_PERSISTENT_SEQUENTIAL);
        group_settle(&g);
    }
    group_pass(&g, 1000);
    client_replies(&a);
    lost_count = 0;
}

static void end(void)
{
    client_deinit(&a);
    group_deinit(&g);
}

static void expect_caught_up(const char *what)
{
    CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 1, "%s", what);
    CHECK_EQ_INT(group_stats(&g, away).applied, group_stats(&g, leader).applied, "%s", what);
    CHECK(group_stats(&g, away).digest == group_stats(&g, leader).digest, "%s", what);
    CHECK_EQ_INT(group_stats(&g, leader).synced_followers, 2, "%s", what);
}

static struct {
    uint32_t id;
    enum job_type type;
    int err; /* of the first one; 0: all wait */
    uint32_t seen;
} chosen_job;

static enum job_fate judge(uint32_t id, struct job *j)
{
    if (id != chosen_job.id || j->type != chosen_job.type)
        return JOB_RUNS;
    chosen_job.seen++;
    j->err = chosen_job.seen == 1 ? chosen_job.err : 0;
    return chosen_job.err == 0 ? JOB_WAITS : chosen_job.seen == 1 ? JOB_FAILS : JOB_RUNS;
}

static void choose_job(uint32_t id, enum job_type type, int err)
{
    chosen_job.id = id;
    chosen_job.type = type;
    chosen_job.err = err;
    chosen_job.seen = 0;
    g.fate = judge;
}

TEST(replica_snap, server_away_for_long_gets_one)
{
    leave_behind(10);
    group_heal(&g, away);
    group_pass(&g, 5000);
    expect_caught_up("healed");
    end();
}

static bool first_last_word(struct peer_msg *m)
{
    return m->type == PEER_SNAPSHOT_ACK && m->snapshot_ack.refused == 2 && lost_count++ == 0; /* that it is installed */
}

TEST(replica_snap, a_lost_last_word_is_said_again)
{
    leave_behind(10);
    g.lost = first_last_word;
    group_heal(&g, away);
    group_pass(&g, 1000);
    client_set(&a, 500, "/s0000000000", "v", -1);
    group_pass(&g, 2000);
    CHECK(lost_count >= 2);
    expect_caught_up("said again");
    g.lost = NULL;
    end();
}

/* ---- storage that fails ---- */

TEST(replica_snap, what_cannot_be_stored_ends_the_server_or_is_sent_again)
{
    static const struct {
        enum job_type type;
        int err;
        const char *says; /* NULL: it is refused, and sent again */
    } rows[] = {
        {JOB_SNAP_RECEIVE, -COORD_E_IO, "a received snapshot cannot be stored"},
        {JOB_SNAP_RECEIVE, -COORD_E_NO_SPACE, NULL},
        {JOB_SNAP_RECEIVED, -COORD_E_DAMAGED, NULL},
        {JOB_SNAP_RECEIVED, -COORD_E_FOREIGN, NULL},
        {JOB_LOAD, -COORD_E_DAMAGED, NULL},
        {JOB_LOAD, -COORD_E_IO, "a received snapshot cannot be stored"},
        {JOB_INSTALL, -COORD_E_NO_SPACE, "a received snapshot cannot be installed"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        leave_behind(10);
        g.may_fail = rows[i].says != NULL;
        choose_job(away, rows[i].type, rows[i].err);
        group_heal(&g, away);
        group_pass(&g, 5000);
        CHECK(chosen_job.seen >= 1, "row %zu", i);
        if (rows[i].says == NULL) {
            expect_caught_up(job_type_name(rows[i].type));
        } else {
            const char *says = replica_failed(g.member[away - 1].r);
            CHECK_EQ_STR(says == NULL ? "none" : says, rows[i].says, "row %zu", i);
        }
        end();
    }
}

static enum job_fate refuse(uint32_t id, struct job *j)
{
    if (id != away || j->type != chosen_job.type || ++chosen_job.seen > 100)
        return JOB_RUNS;
    j->err = chosen_job.err;
    return JOB_FAILS;
}

static void refuse_each(enum job_type type, int err)
{
    choose_job(away, type, err);
    g.fate = refuse;
}

/* It is whole before it is refused: sent again at once it would keep disk and link busy for as long as the cause lasts. */
TEST(replica_snap, one_that_is_refused_comes_again_after_a_pause)
{
    static const struct {
        enum job_type type;
        int err;
    } rows[] = {{JOB_SNAP_RECEIVED, -COORD_E_NO_SPACE},
                {JOB_SNAP_RECEIVED, -COORD_E_DAMAGED},
                {JOB_SNAP_RECEIVED, -COORD_E_FOREIGN},
                {JOB_LOAD, -COORD_E_DAMAGED}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        leave_behind(10);
        refuse_each(rows[i].type, rows[i].err);
        group_heal(&g, away);
        group_pass(&g, 10000);
        CHECK(chosen_job.seen >= 3 && chosen_job.seen <= 5, "row %zu: %u", i, chosen_job.seen); /* 2 s apart, up to 1 s more */
        CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 0, "row %zu", i);
        g.fate = NULL;
        group_pass(&g, 5000);
        expect_caught_up("the cause is gone");
        end();
    }
}

/* They would wait for as long as the disk is full: nothing is applied here, so no session is ever made. */
TEST(replica_snap, clients_of_a_server_without_room_for_one_try_another)
{
    struct client came, comes, late;

    leave_behind(10);
    refuse_each(JOB_SNAP_RECEIVED, -COORD_E_NO_SPACE);
    client_open(&came, &g, away);
    client_open(&late, &g, away);
    group_heal(&g, away);
    client_send_connect(&came, NULL, 0);
    client_send_connect(&late, NULL, INT64_MAX);
    for (int i = 0; i < 2000 && chosen_job.seen == 0; i++)
        group_pass(&g, 1);
    REQUIRE(chosen_job.seen == 1);
    group_pass(&g, 20);
    CHECK(client_closed(&came) && client_closed(&late));
    client_open(&comes, &g, away);
    CHECK(!client_connect(&comes, 10000) && client_closed(&comes));
    client_deinit(&comes);
    g.fate = NULL;
    group_pass(&g, 5000);
    expect_caught_up("room again");
    client_open(&comes, &g, away);
    CHECK(client_connect(&comes, 10000));
    client_deinit(&comes);
    client_deinit(&came);
    client_deinit(&late);
    end();
}

static bool candidacy_of_the_other(struct peer_msg *m)
{
    return m->from != away && (m->type == PEER_PREPARE || m->type == PEER_PROBE);
}

/* Given a candidate far behind that has its promises but no room for the snapshot, and another server that lacks nothing: the
 * candidate stands back at once, not only after the time that a snapshot may take. */
TEST(replica_snap, a_candidate_without_room_for_one_keeps_nobody_waiting)
{
    leave_behind(10);
    uint32_t other = 6 - leader - away;
    refuse_each(JOB_SNAP_RECEIVED, -COORD_E_NO_SPACE);
    g.lost = candidacy_of_the_other;
    group_heal(&g, away);
    group_cut(&g, leader);
    for (int i = 0; i < 2000 && chosen_job.seen == 0; i++)
        group_pass(&g, 1);
    REQUIRE(chosen_job.seen == 1);
    CHECK(group_core(&g, other)->promised.server == away);
    g.lost = NULL;
    group_pass(&g, 3000);
    CHECK_EQ_INT(group_core(&g, other)->role, PAXOS_LEADING);
    CHECK_EQ_INT(group_core(&g, away)->role, PAXOS_FOLLOWER);
    end();
}

TEST(replica_snap, one_that_the_sender_cannot_read_any_more_is_sent_anew)
{
    leave_behind(10);
    choose_job(leader, JOB_SNAP_READ, -COORD_E_TRIMMED);
    group_heal(&g, away);
    group_pass(&g, 5000);
    CHECK(chosen_job.seen > 1);
    expect_caught_up("read");
    end();
}

/* C15: every history begins with FORM. A snapshot without it is no state of this service, whoever sends it. */
TEST(replica_snap, c15_one_without_form_is_refused)
{
    struct state *empty = state_new();
    struct buf image = {0};
    struct apply apply = {.entry = &(struct entry){.kind = ENTRY_NOOP, .zxid = (uint64_t)9 << 32 | 7, .origin = {99, 1, 1, 1}}};

    state_apply(empty, &apply);
    state_walk_start(empty);
    while (state_walk_next(empty, &image, 100000))
        ;
    state_walk_stop(empty);
    leave_behind(10);
    g.lies = true;
    uint64_t applied = group_stats(&g, away).applied;
    uint32_t epoch = group_core(&g, away)->promised.epoch + 20;
    group_say(&g, leader, away, (struct peer_msg){.type = PEER_HEARTBEAT, .heartbeat = {.epoch = epoch, .round = 1}});
    group_settle(&g);
    struct peer_msg m = {.type = PEER_SNAPSHOT,
                         .snapshot = {.epoch = epoch, .transfer = 5, .zxid = (uint64_t)9 << 32 | 7, .size = buf_size(&image)},
                         .payload = buf_slice(&image)};
    group_say(&g, leader, away, m);
    group_settle(&g);
    CHECK_EQ_INT(g.member[away - 1].log.image_zxid, m.snapshot.zxid); /* it did come so far */
    CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 0);
    CHECK_EQ_INT(group_stats(&g, away).applied, applied);
    CHECK(group_core(&g, away)->has_form);
    buf_deinit(&image);
    state_free(empty);
    end();
}

/* ---- messages that are lost or late ---- */

static bool some_pieces(struct peer_msg *m)
{
    return m->type == PEER_SNAPSHOT && m->snapshot.offset > 0 && lost_count < lost_max && ++lost_count > 0;
}

static bool some_acks(struct peer_msg *m)
{
    return m->type == PEER_SNAPSHOT_ACK && lost_count < lost_max && ++lost_count > 0;
}

TEST(replica_snap, lost_pieces_are_sent_again)
{
    leave_behind(100);
    lost_max = 10;
    g.lost = some_pieces;
    group_heal(&g, away);
    group_pass(&g, 900);
    CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 0);
    group_pass(&g, 2000);
    CHECK_EQ_INT(lost_count, 10);
    expect_caught_up("pieces");
    end();
}

/* All acknowledgements are lost: what is under way is bounded by a window, and sending stops. */
TEST(replica_snap, an_unacknowledged_window_is_bounded)
{
    leave_behind(50000); /* a snapshot of 3 MB */
    lost_max = UINT32_MAX;
    g.lost = some_acks;
    group_heal(&g, away);
    group_pass(&g, 500);
    size_t arrived = buf_size(&g.member[away - 1].log.receiving);
    CHECK(arrived > 1000000 && arrived < (1u << 20) + 2000, "%zu", arrived);
    g.lost = NULL;
    group_pass(&g, 3000);
    expect_caught_up("acknowledgements");
    end();
}

/* Given a transfer whose pieces stay away for so long that the receiver gives it up, when they come again, then it is begun
 * anew; the sender alone would go on for ever behind what was acknowledged once. */
TEST(replica_snap, a_transfer_that_the_receiver_gave_up_is_begun_anew)
{
    leave_behind(100);
    lost_max = UINT32_MAX;
    g.lost = some_pieces; /* the first one comes */
    group_heal(&g, away);
    group_pass(&g, 6000);
    CHECK(lost_count > 0);
    CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 0);
    g.lost = NULL;
    group_pass(&g, 3000);
    expect_caught_up("given up");
    end();
}

/* Given a follower that has installed a snapshot, when none of its answers arrives, then the leader gives up in the end, asks
 * where the logs match, and goes on from there. */
TEST(replica_snap, a_transfer_without_any_answer_is_given_up_by_the_sender)
{
    leave_behind(100);
    lost_max = UINT32_MAX;
    g.lost = some_acks;
    group_heal(&g, away);
    for (int i = 0; i < 29; i++) {
        group_pass(&g, 1000);
        client_plain(&a, ZK_XID_PING, ZK_OP_PING);
    }
    CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 1);
    CHECK_EQ_INT(group_stats(&g, leader).synced_followers, 1);
    group_pass(&g, 3000);
    CHECK(lost_count > 20); /* it was asked again all the time */
    expect_caught_up("no answer");
    end();
}

/* Given a read for a transfer that ended with its link, when it comes back during the next one, then it is void. */
TEST(replica_snap, a_read_of_an_earlier_transfer_is_void)
{
    for (int again = 0; again < 2; again++) {
        leave_behind(100);
        choose_job(leader, JOB_SNAP_READ, 0);
        group_heal(&g, away);
        group_pass(&g, 200);
        CHECK_EQ_INT(chosen_job.seen, 1);
        group_cut(&g, away);
        if (again) {
            group_heal(&g, away);
            group_pass(&g, 200);
            CHECK_EQ_INT(chosen_job.seen, 1); /* one at a time */
            group_release(&g);
        } else {
            group_release(&g);
            CHECK_EQ_INT(buf_size(&replica_peer_output(g.member[leader - 1].r, away)->bulk), 0);
            group_heal(&g, away);
        }
        group_pass(&g, 3000);
        expect_caught_up(again ? "during the next" : "after it");
        end();
    }
}

/* Given a sender that goes back to what was acknowledged, when an older acknowledgement arrives, then it goes on from there. */
TEST(replica_snap, a_late_acknowledgement_saves_what_would_be_sent_twice)
{
    leave_behind(1000);
    lost_max = UINT32_MAX;
    g.lost = some_acks;
    group_heal(&g, away);
    group_pass(&g, 500);
    uint64_t arrived = buf_size(&g.member[away - 1].log.receiving);
    choose_job(leader, JOB_SNAP_READ, 0);
    group_pass(&g, 1000); /* it starts again from 0, and this read waits */
    CHECK_EQ_INT(chosen_job.seen, 1);
    struct job *j = LIST_ENTRY(g.held_jobs[leader - 1].next, struct job, link);
    CHECK_EQ_INT(j->offset, 0);
    struct peer_msg ack = {.type = PEER_SNAPSHOT_ACK,
                           .snapshot_ack = {.epoch = group_core(&g, leader)->epoch, .transfer = j->tag + 1, .offset = arrived}};
    group_say(&g, away, leader, ack); /* of another transfer */
    ack.snapshot_ack.transfer--;
    ack.snapshot_ack.epoch--;
    group_say(&g, away, leader, ack); /* of another lead */
    ack.snapshot_ack.epoch++;
    group_say(&g, away, leader, ack);
    ack.snapshot_ack.offset = 10; /* older than the last */
    group_say(&g, away, leader, ack);
    g.lost = NULL;
    group_release(&g);
    group_pass(&g, 3000);
    expect_caught_up("late");
    end();
}

/* ---- pieces that are not of the transfer under way ---- */

TEST(replica_snap, pieces_that_make_no_sense_are_dropped)
{
    leave_behind(1000);
    choose_job(away, JOB_SNAP_RECEIVE, 0);
    group_heal(&g, away);
    group_pass(&g, 200);
    CHECK_EQ_INT(chosen_job.seen > 0, 1);
    uint32_t seen = chosen_job.seen, epoch = group_core(&g, away)->promised.epoch, third = 6 - leader - away;
    const struct job *first = LIST_ENTRY(g.held_jobs[away - 1].next, struct job, link);
    struct peer_snapshot now = {.epoch = epoch, .transfer = first->tag, .zxid = first->zxid, .size = first->size};
    struct peer_snapshot rows[] = {now, now, now, now, now, now};
    uint32_t from[] = {leader, leader, leader, third, leader, leader};
    rows[0].epoch--;
    rows[1].size = 0;
    rows[2].offset = now.size;
    rows[4].transfer += 7;
    rows[5].transfer += 7;
    rows[5].offset = 1000;
    for (size_t i = 0; i < COUNT(rows); i++) {
        group_say(&g, from[i], away,
                  (struct peer_msg){.type = PEER_SNAPSHOT, .snapshot = rows[i], .payload = slice_from_text("piece")});
        group_settle(&g);
        CHECK_EQ_INT(chosen_job.seen, seen, "row %zu", i);
    }
    group_release(&g);
    group_pass(&g, 3000);
    expect_caught_up("pieces");
    end();
}

TEST(replica_snap, pieces_wait_while_an_own_snapshot_is_taken)
{
    leave_behind(10);
    choose_job(away, JOB_SNAP_CHUNK, 0);
    for (int32_t i = 0; i < 2; i++) {
        group_restart(&g, away); /* it has its own log, and takes a snapshot of it when it has applied 20 */
        group_heal(&g, away);
    }
    group_pass(&g, 500);
    CHECK_EQ_INT(group_stats(&g, away).snapshot_running, chosen_job.seen > 0);
    group_release(&g);
    group_pass(&g, 5000);
    CHECK_EQ_INT(group_stats(&g, away).applied, group_stats(&g, leader).applied);
    end();
}

/* ---- while it is stored ---- */

/* Between the question whether a snapshot is wanted and its INSTALL nothing may move the log (paxos.h): the core hears
 * neither messages, nor links, nor the clock, nor disks. */
TEST(replica_snap, the_core_hears_nothing_while_one_is_installed)
{
    leave_behind(10);
    choose_job(away, JOB_INSTALL, 0);
    group_heal(&g, away);
    group_pass(&g, 500);
    CHECK_EQ_INT(chosen_job.seen, 1);
    uint64_t committed = group_core(&g, away)->committed, last = runs_last(&group_core(&g, away)->log);
    uint32_t third = 6 - leader - away;
    client_create(&a, 500, "/meanwhile", "", 0);
    group_link(&g, away, third, false);
    group_link(&g, third, away, false);
    group_pass(&g, 2000);
    CHECK_EQ_INT(group_core(&g, away)->committed, committed);
    CHECK_EQ_INT(runs_last(&group_core(&g, away)->log), last);
    CHECK(group_core(&g, away)->peer[third - 1].link_up);
    group_say(
        &g, leader, away, /* a piece behind the end: how far it is, is all there is to say */
        (struct peer_msg){.type = PEER_SNAPSHOT,
                          .snapshot = {.epoch = group_core(&g, away)->promised.epoch, .transfer = 99, .zxid = 1, .size = 1}});
    group_release(&g);
    CHECK(!group_core(&g, away)->peer[third - 1].link_up);
    group_pass(&g, 3000);
    CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 1);
    CHECK_EQ_INT(group_stats(&g, away).applied, group_stats(&g, leader).applied);
    CHECK(group_stats(&g, away).digest == group_stats(&g, leader).digest);
    end();
}

/* Given a snapshot that is loaded, when the log has come to hold its zxid from another leader, then installing it would drop
 * what this server has vouched for (C2). */
TEST(replica_snap, c2_one_that_the_log_has_overtaken_is_not_installed)
{
    struct buf bytes = {0};

    leave_behind(10);
    choose_job(away, JOB_LOAD, 0);
    group_heal(&g, away);
    group_pass(&g, 500);
    CHECK_EQ_INT(chosen_job.seen, 1);
    const struct job *load = LIST_ENTRY(g.held_jobs[away - 1].next, struct job, link);
    uint64_t last = runs_last(&group_core(&g, away)->log), zxid = load->zxid;
    uint32_t count = (uint32_t)(zxid - last);
    for (uint32_t i = 0; i < count; i++)
        entry_append(&bytes, &(struct entry){.kind = ENTRY_NOOP, .zxid = last + 1 + i, .origin = {99, 1, 1, 1}});
    struct peer_msg m = {
        .type = PEER_ACCEPT,
        .accept = {group_core(&g, away)->promised.epoch + 9, last, last + 1, count, 0, zxid},
        .payload = buf_slice(&bytes),
    };
    g.lies = true;
    group_say(&g, 6 - leader - away, away, m);
    CHECK_EQ_INT(runs_last(&group_core(&g, away)->log), zxid);
    g.stuck = leader;
    group_release(&g);
    CHECK_EQ_INT(group_stats(&g, away).snapshots_received, 0);
    CHECK_EQ_INT(runs_last(&group_core(&g, away)->log), zxid);
    CHECK_EQ_INT(group_core(&g, away)->log.floor < zxid, 1);
    buf_deinit(&bytes);
    end();
}

/* ---- when there is none yet ---- */

static enum job_fate no_snapshots(uint32_t id, struct job *j)
{
    (void)id;
    return j->type == JOB_SNAP_BEGIN || j->type == JOB_SNAP_CHUNK || j->type == JOB_SNAP_COMMIT ? JOB_WAITS : JOB_RUNS;
}

/* C9 in each few entries: the shape of the log grows until its chosen part is folded. What lies below is brought to others by
 * snapshots only (paxos.h), so one is due at once. */
TEST(replica_snap, a_folded_log_makes_a_snapshot_due)
{
    g.snap_count = 0;
    g.counter_max = 2;
    group_init(&g, 3);
    leader = group_leader(&g);
    away = leader % 3 + 1;
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    group_pass(&g, 200);
    group_cut(&g, away);
    g.fate = no_snapshots;
    for (int32_t i = 0; i < 150; i++) {
        client_create(&a, i + 1, "/s", "", ZK_PERSISTENT_SEQUENTIAL);
        group_pass(&g, 5);
    }
    group_pass(&g, 1000);
    CHECK(group_core(&g, leader)->log.floor > 0);
    CHECK_EQ_INT(group_stats(&g, leader).snapshots_taken, 0);
    group_heal(&g, away);
    group_pass(&g, 500);
    CHECK_EQ_INT(group_stats(&g, leader).followers, 2);
    CHECK_EQ_INT(group_stats(&g, leader).synced_followers, 1);
    group_cut(&g, away); /* it is wanted, and its link breaks before there is one */
    group_pass(&g, 100);
    group_heal(&g, away);
    group_pass(&g, 500);
    group_release(&g);
    group_pass(&g, 5000);
    CHECK(group_stats(&g, leader).snapshots_taken > 0);
    expect_caught_up("folded");
    end();
}

/* Given a transfer under way, when its leader goes on to the next epoch (C9), then it is begun again in that. */
TEST(replica_snap, c9_a_transfer_ends_with_its_epoch)
{
    g.snap_count = 20;
    g.counter_max = 70;
    group_init(&g, 3);
    leader = group_leader(&g);
    away = leader % 3 + 1;
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    group_pass(&g, 200);
    group_cut(&g, away);
    for (int32_t i = 0; i < 60; i++) {
        client_create(&a, i + 1, "/s", "", ZK_PERSISTENT_SEQUENTIAL);
        group_settle(&g);
    }
    group_pass(&g, 1000);
    choose_job(away, JOB_SNAP_RECEIVE, 0);
    group_heal(&g, away);
    group_pass(&g, 200);
    CHECK(chosen_job.seen > 0);
    uint32_t epoch = group_core(&g, leader)->epoch;
    for (int32_t i = 60; i < 90; i++) {
        client_create(&a, i + 1, "/s", "", ZK_PERSISTENT_SEQUENTIAL);
        group_pass(&g, 5);
    }
    CHECK_EQ_INT(group_core(&g, leader)->epoch, epoch + 1);
    group_release(&g);
    group_pass(&g, 8000);
    CHECK(group_stats(&g, away).snapshots_received > 0);
    CHECK_EQ_INT(group_stats(&g, away).applied, group_stats(&g, leader).applied);
    end();
}
