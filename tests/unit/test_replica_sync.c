/* test_replica_sync.c - sync is a barrier that a quorum confirms, in its own round; what a link lost is asked for again. */
#include "unit/replica_fixture.h"

#include "lib/runner.h"

static struct group g;
static struct client a, b;

TEST(replica_sync, sync_waits_for_a_quorum_and_reads_behind_it_are_fresh)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = group_other(&g, leader);
    client_open(&a, &g, leader);
    client_open(&b, &g, follower);
    CHECK(client_connect(&a, 10000) && client_connect(&b, 10000));
    client_create(&a, 1, "/x", "v", 0);
    client_path(&b, 1, ZK_OP_SYNC, "/x");
    client_get(&b, 2, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0 2:0");
    group_cut(&g, leader);
    client_path(&a, 2, ZK_OP_SYNC, "/x");
    group_pass(&g, 3000);
    CHECK_EQ_STR(client_replies(&a), "1:0"); /* deposed: it must never answer */
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

static bool answers_lost(struct peer_msg *m)
{
    return m->type == PEER_HEARTBEAT_ACK;
}

/* All answers are to the round before: what was asked since is not confirmed by them. */
static bool answers_late(struct peer_msg *m)
{
    if (m->type == PEER_HEARTBEAT_ACK)
        m->heartbeat_ack.round--;
    return false;
}

TEST(replica_sync, sync_is_confirmed_by_answers_to_its_own_round_only)
{
    group_begin(&g, 3);
    client_open(&a, &g, group_leader(&g));
    CHECK(client_connect(&a, 10000));
    group_pass(&g, 200);
    g.lost = answers_lost;
    group_pass(&g, 60); /* a round without answers: those that come now are to it, and new */
    g.lost = answers_late;
    client_path(&a, 1, ZK_OP_SYNC, "/");
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "");
    g.lost = NULL;
    group_pass(&g, 100); /* the next round comes after it, too */
    CHECK_EQ_STR(client_replies(&a), "1:0");
    client_deinit(&a);
    group_deinit(&g);
}

static bool forwards_and_syncs(struct peer_msg *m)
{
    return m->type == PEER_FORWARD || m->type == PEER_SYNC;
}

TEST(replica_sync, what_was_lost_with_a_link_is_sent_again_as_soon_as_it_is_back)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), follower = group_other(&g, leader);
    client_open(&a, &g, follower);
    CHECK(client_connect(&a, 10000));
    g.lost = forwards_and_syncs;
    client_create(&a, 1, "/x", "v", 0);
    client_path(&a, 2, ZK_OP_SYNC, "/x");
    group_settle(&g);
    g.lost = NULL;
    group_cut(&g, follower);
    group_heal(&g, follower);
    group_pass(&g, 150); /* the next heartbeat names the leader again */
    CHECK_EQ_STR(client_replies(&a), "1:0 2:0");
    client_deinit(&a);
    group_deinit(&g);
}
