/* test_replica_wrong.c - what clients and peers say that makes no sense, or comes too late: from a server that is broken, was
 * lied to, or speaks of what is over. It is dropped, and nothing else changes. */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"
#include "wire/entry.h"
#include "wire/jute.h"

#include <string.h>

static struct group g;
static struct client a, b;
static uint32_t leader, follower, third;

static void begin(void)
{
    g.snap_count = g.counter_max = 0;
    group_init(&g, 3);
    leader = group_leader(&g);
    REQUIRE(leader != 0);
    follower = leader % 3 + 1;
    third = 6 - leader - follower;
    group_pass(&g, 200);
}

static uint64_t last_of(uint32_t id)
{
    return runs_last(&group_core(&g, id)->log);
}

/* Encoded entries of one epoch that change nothing, from a server that is none of the group. */
static struct slice noops(struct buf *to, uint64_t first, uint32_t count)
{
    buf_clear(to);
    for (uint32_t i = 0; i < count; i++)
        entry_append(to, &(struct entry){.kind = ENTRY_NOOP, .zxid = first + i, .origin = {99, 1, 99, 1 + i}});
    return buf_slice(to);
}

static struct peer_msg accept_of(uint32_t epoch, uint64_t prev, uint64_t first, uint32_t count, struct slice payload)
{
    return (struct peer_msg){
        .type = PEER_ACCEPT,
        .accept = {.epoch = epoch, .prev = prev, .first = first, .count = count, .history_end = prev},
        .payload = payload,
    };
}

/* ---- entries ---- */

TEST(replica_wrong, entries_that_are_not_what_the_message_says)
{
    static const struct {
        uint32_t first, count; /* the message's */
        uint32_t has, of;      /* the payload's: so many from that counter on */
        bool sound;
    } rows[] = {{1, 2, 2, 1, true},  {1, 2, 2, 2, false}, {1, 2, 3, 1, false},
                {1, 2, 1, 1, false}, {1, 2, 0, 1, false}, {1, 0, 1, 1, false}};
    struct buf bytes = {0};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        g.lies = true;
        uint32_t epoch = group_stats(&g, leader).epoch + 5;
        uint64_t last = last_of(follower), first = (uint64_t)epoch << 32 | rows[i].first;
        uint64_t bad = group_stats(&g, follower).bad_packets;
        struct slice payload = noops(&bytes, (uint64_t)epoch << 32 | rows[i].of, rows[i].has);
        group_say(&g, third, follower, accept_of(epoch, last, first, rows[i].count, payload));
        CHECK_EQ_INT(last_of(follower) == first + 1, rows[i].sound, "row %zu", i);
        CHECK_EQ_INT(group_core(&g, follower)->promised.epoch == epoch, rows[i].sound, "row %zu", i);
        CHECK_EQ_INT(group_stats(&g, follower).bad_packets - bad, !rows[i].sound && rows[i].count > 0, "row %zu", i);
        group_deinit(&g);
    }
    buf_deinit(&bytes);
}

TEST(replica_wrong, entries_of_two_epochs_are_no_accept)
{
    struct buf bytes = {0}, more = {0};

    begin();
    g.lies = true;
    uint32_t epoch = group_stats(&g, leader).epoch + 5;
    uint64_t last = last_of(follower), first = (uint64_t)epoch << 32 | 1;
    noops(&bytes, first, 1);
    struct slice second = noops(&more, (uint64_t)(epoch + 1) << 32 | 1, 1);
    buf_append(&bytes, second.data, second.size);
    group_say(&g, third, follower, accept_of(epoch, last, first, 2, buf_slice(&bytes)));
    CHECK_EQ_INT(last_of(follower), last);
    buf_deinit(&bytes);
    buf_deinit(&more);
    group_deinit(&g);
}

TEST(replica_wrong, c15_a_form_that_cannot_be_decoded_forms_nothing)
{
    struct buf bytes = {0};

    g.snap_count = g.counter_max = 0;
    group_init(&g, 3);
    g.lies = true;
    entry_append(&bytes, &(struct entry){.kind = ENTRY_FORM, .zxid = (uint64_t)5 << 32 | 1, .body = slice_from_text("form")});
    group_say(&g, 2, 1, accept_of(5, 0, (uint64_t)5 << 32 | 1, 1, buf_slice(&bytes)));
    CHECK(!group_core(&g, 1)->has_form);
    CHECK_EQ_INT(group_core(&g, 1)->accepted, 0);
    buf_deinit(&bytes);
    group_deinit(&g);
}

TEST(replica_wrong, entries_that_nobody_fetched)
{
    struct buf bytes = {0};

    begin();
    uint64_t last = last_of(follower), first = (uint64_t)9 << 32 | 1;
    struct peer_msg m = {.type = PEER_ENTRIES, .entries = {.epoch = 9, .prev = last, .first = first, .count = 2}};
    m.payload = noops(&bytes, first, 2);
    group_say(&g, third, follower, m);
    CHECK_EQ_INT(last_of(follower), last);
    m.payload = noops(&bytes, first, 1);
    group_say(&g, third, follower, m);
    CHECK_EQ_INT(group_stats(&g, follower).bad_packets, 1);
    buf_deinit(&bytes);
    group_deinit(&g);
}

/* C2: given three entries that came together, when another leader has the first of them only, then the others go. */
TEST(replica_wrong, c2_a_conflict_cuts_a_batch_in_its_middle)
{
    struct buf bytes = {0};

    begin();
    g.lies = true;
    uint32_t epoch = group_stats(&g, leader).epoch + 5;
    uint64_t first = (uint64_t)epoch << 32 | 1, other = (uint64_t)(epoch + 1) << 32 | 1;
    group_say(&g, third, follower, accept_of(epoch, last_of(follower), first, 3, noops(&bytes, first, 3)));
    REQUIRE(last_of(follower) == first + 2);
    group_say(&g, third, follower, accept_of(epoch + 1, first, other, 1, noops(&bytes, other, 1)));
    CHECK_EQ_INT(last_of(follower), other);
    struct peer_msg commit = {.type = PEER_COMMIT, .commit = {epoch + 1, other}};
    g.stuck = leader; /* what it hears of this would only confuse it */
    group_settle(&g);
    group_say(&g, third, follower, commit);
    CHECK_EQ_INT(group_stats(&g, follower).applied, other); /* without 2 and 3 of the epoch before */
    buf_deinit(&bytes);
    group_deinit(&g);
}

/* C18: a leader that proposes a number of this server which it never gave, or gave to another write. */
TEST(replica_wrong, c18_own_numbers_that_were_never_given)
{
    struct buf bytes = {0};

    for (int waiting = 0; waiting < 2; waiting++) {
        begin();
        g.lies = true;
        client_open(&a, &g, follower);
        CHECK(client_connect(&a, 10000));
        uint32_t epoch = group_stats(&g, leader).epoch + 5;
        uint64_t first = (uint64_t)epoch << 32 | 1, nodes = group_stats(&g, follower).state.nodes;
        g.stuck = leader;
        if (waiting)
            client_create(&a, 1, "/mine", "", 0);
        buf_clear(&bytes);
        entry_append(&bytes, &(struct entry){.kind = ENTRY_NOOP,
                                             .zxid = first,
                                             .origin = {follower, group_core(&g, follower)->options.boot,
                                                        group_core(&g, follower)->options.incarnation, 4711}});
        struct peer_msg m = accept_of(epoch, last_of(follower), first, 1, buf_slice(&bytes));
        m.accept.committed = first;
        group_say(&g, third, follower, m);
        group_settle(&g);
        CHECK_EQ_INT(group_stats(&g, follower).applied, first);
        CHECK_EQ_INT(group_stats(&g, follower).state.nodes, nodes);
        CHECK_EQ_STR(client_replies(&a), "");
        client_deinit(&a);
        group_deinit(&g);
    }
    buf_deinit(&bytes);
}

/* ---- forwards and syncs ---- */

/* C18: exactly the next number of a boot that the leader's log knows is admitted. */
TEST(replica_wrong, c18_forwards_that_are_not_admitted)
{
    struct buf bytes = {0};

    begin();
    uint64_t incarnation = group_core(&g, follower)->options.incarnation, committed = group_core(&g, leader)->committed;
    uint32_t boot = group_core(&g, follower)->options.boot;
    uint64_t number = state_origin_number(replica_state(g.member[leader - 1].r), follower, incarnation, boot) + 1;
    const struct {
        struct entry e;
        const char *what;
    } rows[] = {
        {{.kind = ENTRY_NOOP, .origin = {0, boot, incarnation, number}}, "of nobody"},
        {{.kind = ENTRY_NOOP, .origin = {128, boot, incarnation, number}}, "of a server that cannot be"},
        {{.kind = ENTRY_NOOP, .origin = {follower, boot, incarnation + 1, number}}, "of another incarnation"},
        {{.kind = ENTRY_NOOP, .origin = {follower, boot + 1, incarnation, number}}, "of a boot that is no origin yet"},
        {{.kind = ENTRY_NOOP, .origin = {follower, boot, incarnation, number + 1}}, "with a gap"},
        {{.kind = ENTRY_NOOP, .origin = {99, 1, 1, 1}}, "of an unknown server"},
        {{.kind = ENTRY_ORIGIN, .origin = {follower, boot, incarnation, 0}}, "the same boot again"},
        {{.kind = ENTRY_SESSION_EXPIRE, .origin = {follower, boot, incarnation, number}}, "what leaders alone propose"},
    };
    struct peer_msg m = {.type = PEER_FORWARD, .forward = {.epoch = group_stats(&g, leader).epoch, .count = 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_clear(&bytes);
        entry_append(&bytes, &rows[i].e);
        m.payload = buf_slice(&bytes);
        group_say(&g, follower, leader, m);
        CHECK_EQ_INT(last_of(leader), committed, "%s", rows[i].what);
    }
    m.payload = slice_from_text("no entry");
    group_say(&g, follower, leader, m);
    CHECK_EQ_INT(group_stats(&g, leader).bad_packets, 1);
    m.forward.epoch--;
    buf_clear(&bytes);
    entry_append(&bytes, &(struct entry){.kind = ENTRY_NOOP, .origin = {follower, boot, incarnation, number}});
    m.payload = buf_slice(&bytes);
    group_say(&g, follower, leader, m);
    CHECK_EQ_INT(last_of(leader), committed, "for a lead that is over");
    m.forward.epoch++;
    group_say(&g, follower, leader, m);
    CHECK_EQ_INT(last_of(leader), committed + 1, "the next number");
    buf_deinit(&bytes);
    group_deinit(&g);
}

TEST(replica_wrong, answers_to_syncs_that_were_not_asked)
{
    begin();
    client_open(&a, &g, follower);
    CHECK(client_connect(&a, 10000));
    g.stuck = leader;
    client_path(&a, 1, ZK_OP_SYNC, "/");
    group_settle(&g);
    group_say(&g, leader, follower, (struct peer_msg){.type = PEER_SYNC_ANSWER, .sync_answer = {1, UINT64_MAX, 0}});
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "");
    g.stuck = 0;
    group_pass(&g, 1000);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    client_deinit(&a);
    group_deinit(&g);
}

/* ---- peers ---- */

TEST(replica_wrong, strangers_are_nobody)
{
    begin();
    uint64_t last = last_of(follower);
    uint32_t promised = group_core(&g, follower)->promised.epoch;
    group_say(&g, 9, follower,
              (struct peer_msg){.type = PEER_PREPARE, .prepare = {.epoch = promised + 1, .incarnation = 1, .boot = 1}});
    CHECK_EQ_INT(group_core(&g, follower)->promised.epoch, promised);
    CHECK_EQ_INT(last_of(follower), last);
    CHECK(replica_peer_output(g.member[follower - 1].r, 9) == NULL);
    CHECK(replica_peer_output(g.member[follower - 1].r, follower) == NULL);
    group_link(&g, follower, 9, true);
    group_link(&g, follower, leader, true); /* told twice */
    CHECK_EQ_INT(group_stats(&g, follower).leader, leader);
    CHECK(group_stats(&g, follower).serving);
    group_deinit(&g);
}

/* C1: an epoch has one leader. What another says in it neither grants credit nor is compared with the own state. */
TEST(replica_wrong, c1_a_second_leader_of_the_own_epoch)
{
    begin();
    g.lies = g.may_fail = true;
    for (int i = 0; i < 30; i++) {
        group_say(&g, follower, leader,
                  (struct peer_msg){.type = PEER_HEARTBEAT,
                                    .heartbeat = {.epoch = group_stats(&g, leader).epoch,
                                                  .round = 1,
                                                  .applied = group_stats(&g, leader).applied,
                                                  .digest = 1,
                                                  .established = 1}});
        group_pass(&g, 50);
    }
    CHECK_EQ_INT(group_leader(&g), leader);
    CHECK(replica_failed(g.member[leader - 1].r) == NULL);
    group_deinit(&g);
}

static uint32_t liar;

static bool heartbeats_differ(struct peer_msg *m)
{
    if (m->type == PEER_HEARTBEAT && m->from == liar)
        m->heartbeat.digest ^= 1;
    return false;
}

/* Who differs from its leader stops only after ten heartbeats of that leader: another may be right. */
TEST(replica_wrong, a_difference_is_judged_anew_under_another_leader)
{
    begin();
    g.may_fail = true;
    liar = leader;
    g.lost = heartbeats_differ;
    group_pass(&g, 300);
    group_cut(&g, leader);
    group_cut(&g, follower); /* and nobody to ask for a while */
    group_pass(&g, 1000);
    group_heal(&g, follower);
    group_cut(&g, leader);
    group_pass(&g, 5000);
    uint32_t next = group_leader(&g);
    CHECK(next == follower || next == third);
    for (uint32_t id = 1; id <= 3; id++)
        CHECK(replica_failed(g.member[id - 1].r) == NULL, "server %u: %s", id, replica_failed(g.member[id - 1].r));
    group_deinit(&g);
}

/* ---- handing over ---- */

TEST(replica_wrong, a_hand_over_that_cannot_be_is_given_up)
{
    begin();
    CHECK(!replica_handed_over(g.member[leader - 1].r));
    group_cut(&g, leader);
    group_hand_over(&g, leader);
    CHECK(!replica_handed_over(g.member[leader - 1].r));
    group_pass(&g, 1000);
    CHECK(replica_handed_over(g.member[leader - 1].r)); /* C13: it has stepped down */
    group_deinit(&g);

    g.snap_count = g.counter_max = 0;
    group_init(&g, 1);
    CHECK_EQ_INT(group_leader(&g), 1);
    group_hand_over(&g, 1);
    CHECK(replica_handed_over(g.member[0].r)); /* there is nobody */
    group_deinit(&g);
}

static bool hand_overs(struct peer_msg *m)
{
    return m->type == PEER_HANDOVER;
}

TEST(replica_wrong, a_hand_over_that_nobody_takes_ends_by_itself)
{
    begin();
    g.lost = hand_overs;
    group_hand_over(&g, leader);
    group_hand_over(&g, leader); /* asked again: the time counts from the first */
    group_pass(&g, 1150);
    CHECK(!replica_handed_over(g.member[leader - 1].r));
    group_pass(&g, 100);
    CHECK(replica_handed_over(g.member[leader - 1].r));
    CHECK_EQ_INT(group_leader(&g), leader);
    group_deinit(&g);
}

/* ---- clients ---- */

TEST(replica_wrong, connect_requests_that_are_none)
{
    begin();
    client_open(&a, &g, follower);
    client_frame(&a, "what is this", 12);
    CHECK(client_closed(&a));
    CHECK_EQ_INT(group_stats(&g, follower).bad_packets, 1);
    client_plain(&a, 1, ZK_OP_PING); /* behind the end */
    client_drained(&a);
    client_deinit(&a);
    client_plain(&a, 1, ZK_OP_PING); /* of a connection that is forgotten */
    client_drained(&a);
    CHECK_EQ_INT(group_stats(&g, follower).bad_packets, 1);
    CHECK_EQ_INT(group_stats(&g, follower).connections, 0);
    group_deinit(&g);
}

TEST(replica_wrong, who_never_asks_to_connect_is_closed)
{
    begin();
    client_open(&a, &g, follower);
    group_pass(&g, 19900);
    CHECK(!client_closed(&a));
    group_pass(&g, 200);
    CHECK(client_closed(&a));
    client_deinit(&a);
    group_deinit(&g);
}

TEST(replica_wrong, an_empty_frame_behind_the_connect_request)
{
    begin();
    client_open(&a, &g, follower);
    client_open(&b, &g, follower);
    client_send_connect(&a, NULL, 0);
    client_send_connect(&b, NULL, 0);
    client_frame(&a, "", 0);
    client_drained(&a);
    client_plain(&b, 1, ZK_OP_PING);
    group_settle(&g);
    CHECK(client_closed(&a));
    CHECK(!client_closed(&b));
    CHECK_EQ_INT(group_stats(&g, follower).bad_packets, 1);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}
