/* test_replica_cut_fails.c - P19 at the replica: an old leader has to drop what only it holds, and its disk fails at it. It
 * must say nothing that depends on the cut, give up, and leave the others to themselves. */
#include "unit/replica_fixture.h"

#include "base/zxid.h"
#include "lib/runner.h"

static struct group g;
static struct client a, b;
static uint32_t old, acknowledged;

/* What the old leader acknowledges to the new one. */
static bool watch_answers(struct peer_msg *m)
{
    if (m->type == PEER_ACCEPTED && m->from == old && m->accepted.mismatch == 0)
        acknowledged++;
    return false;
}

TEST(replica_cut_fails, acknowledges_nothing_and_gives_up)
{
    g = (struct group){0};
    group_init(&g, 3);
    old = group_leader(&g);
    REQUIRE(old != 0);
    uint32_t other = old % 3 + 1;
    client_open(&a, &g, old);
    REQUIRE(client_connect(&a, 20000));
    client_open(&b, &g, other);
    REQUIRE(client_connect(&b, 20000));
    group_pass(&g, 100);
    group_cut(&g, old);
    client_create(&a, 1, "/alone", "v", 0);
    group_settle(&g);
    uint64_t alone = runs_last(&replica_paxos(g.member[old - 1].r)->log);
    CHECK(replica_paxos(g.member[old - 1].r)->durable_last == alone); /* there is something to cut */
    client_create(&b, 1, "/b", "v", 0);
    group_pass(&g, 3000);
    CHECK_EQ_STR(client_replies(&b), "1:0");
    g.member[old - 1].log.cut_fails = true;
    g.may_fail = true;
    g.lost = watch_answers;
    acknowledged = 0;
    group_heal(&g, old);
    for (int i = 0; i < 40 && replica_failed(g.member[old - 1].r) == NULL; i++)
        group_pass(&g, 50);
    CHECK(replica_failed(g.member[old - 1].r) != NULL);
    group_pass(&g, 500);
    CHECK_EQ_INT(acknowledged, 0);
    CHECK(replica_paxos(g.member[old - 1].r)->durable_last <= alone);
    group_cut(&g, old); /* the process ends */
    client_create(&b, 2, "/c", "v", 0);
    group_pass(&g, 1000);
    CHECK_EQ_STR(client_replies(&b), "2:0");
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}
