/* test_replica_commit.c - COMMITs to servers without clients wait, and for nobody else. */
#include "unit/replica_fixture.h"

#include "lib/runner.h"

#include <string.h>

static struct group g;
static struct client a, b;

static uint32_t commits[4]; /* COMMITs to each server */

static bool commits_counted(struct peer_msg *m)
{
    if (m->type == PEER_COMMIT)
        commits[m->to]++;
    return false;
}

static uint64_t applied(uint32_t id)
{
    struct replica_stats stats;

    replica_stats(g.member[id - 1].r, &stats);
    return stats.applied;
}

TEST(replica_commit, a_server_without_clients_hears_of_commits_a_little_later)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), busy = leader % 3 + 1, quiet = busy % 3 + 1;
    client_open(&a, &g, leader);
    client_open(&b, &g, busy);
    CHECK(client_connect(&a, 40000));
    CHECK(client_connect(&b, 40000));
    group_pass(&g, 200); /* heartbeats have told who is quiet */
    memset(commits, 0, sizeof(commits));
    g.lost = commits_counted;
    client_create(&a, 1, "/x", "v", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    CHECK_EQ_INT(applied(busy), applied(leader));
    CHECK_EQ_INT(applied(quiet), applied(leader) - 1);
    CHECK_EQ_INT(commits[busy], 1);
    CHECK_EQ_INT(commits[quiet], 0);
    group_pass(&g, 3);                  /* cork.c holds nothing back */
    client_create(&a, 2, "/y", "v", 0); /* its ACCEPT says what the COMMIT would have said */
    group_settle(&g);
    CHECK_EQ_INT(applied(quiet), applied(leader) - 1);
    CHECK_EQ_INT(commits[quiet], 0);
    group_pass(&g, 5);
    CHECK_EQ_INT(applied(quiet), applied(leader));
    CHECK_EQ_INT(commits[quiet], 1);
    g.lost = NULL;
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_commit, a_commit_that_waits_leaves_when_a_client_of_the_server_writes)
{
    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), quiet = leader % 3 + 1;
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    group_pass(&g, 200);
    client_create(&a, 1, "/x", "v", 0);
    group_settle(&g);
    CHECK_EQ_INT(applied(quiet), applied(leader) - 1);
    client_open(&b, &g, quiet);
    CHECK(client_connect(&b, 40000)); /* no time passes */
    client_get(&b, 1, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0");
    CHECK_EQ_INT(applied(quiet), applied(leader));
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_commit, a_commit_that_waits_leaves_when_a_session_comes_that_has_seen_it)
{
    struct reply reply;

    group_begin(&g, 3);
    uint32_t leader = group_leader(&g), quiet = leader % 3 + 1;
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    group_pass(&g, 200);
    client_create(&a, 1, "/x", "v", 0);
    group_settle(&g);
    CHECK(client_reply(&a, &reply));
    CHECK_EQ_INT(applied(quiet), applied(leader) - 1);
    client_open(&b, &g, quiet);
    CHECK(client_resume(&b, &a, reply.zxid)); /* no time passes */
    client_get(&b, 1, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0");
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}
