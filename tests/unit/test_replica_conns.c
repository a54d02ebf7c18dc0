/* test_replica_conns.c - what reports say of connections, requests and watches. */
#include "unit/replica_fixture.h"

#include "lib/runner.h"

static struct group g;
static struct client a, b;

TEST(replica_conns, each_connection_is_told_of)
{
    struct replica_conn_stats stats;
    uint64_t cursor = 0;
    uint32_t found = 0;
    group_begin(&g, 1);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    CHECK(client_connect(&a, 10000));
    client_plain(&a, 1, ZK_OP_PING);
    group_settle(&g);
    while (replica_conn_next(g.member[0].r, &cursor, &stats)) {
        found++;
        CHECK_EQ_INT(stats.session, stats.conn == a.conn ? a.session : 0);
        CHECK_EQ_INT(stats.received, stats.conn == a.conn ? 2 : 0);
        CHECK_EQ_INT(stats.sent, stats.conn == a.conn ? 2 : 0);
        CHECK_EQ_INT(stats.timeout_ms, stats.conn == a.conn ? 10000 : 0);
        CHECK_EQ_INT(stats.queued, 0);
    }
    CHECK_EQ_INT(found, 2);
    client_deinit(&a);
    client_deinit(&b);
    group_deinit(&g);
}

/* All connections by one walk, which changes nothing. */
static unsigned walk(const struct replica *r, uint64_t from)
{
    struct replica_conn_stats stats;
    unsigned found = 0;
    uint64_t at = from;
    while (replica_conn_next(r, &at, &stats)) {
        CHECK(stats.conn > from);
        CHECK_EQ_INT(stats.conn, at);
        from = at;
        found++;
    }
    return found;
}

TEST(replica_conns, connections_are_walked_in_order_while_they_come_and_go)
{
    enum { CLIENTS = 300 };
    static struct client c[CLIENTS];
    struct replica_conn_stats stats;
    uint64_t at = 0;
    group_begin(&g, 1);
    for (unsigned i = 0; i < CLIENTS; i++)
        client_open(&c[i], &g, 1);
    group_settle(&g);
    CHECK_EQ_INT(walk(g.member[0].r, 0), CLIENTS);
    CHECK_EQ_INT(walk(g.member[0].r, c[100].conn), CLIENTS - 101);
    for (unsigned i = 0; i < CLIENTS; i++)
        if (i % 7 != 0)
            replica_step(g.member[0].r, &(struct replica_event){.type = REPLICA_CONN_CLOSED, .conn = c[i].conn}, 1,
                         &(struct replica_now){g.now_ms, 0});
    CHECK_EQ_INT(walk(g.member[0].r, 0), CLIENTS / 7 + 1);
    /* Ids need not come in order. */
    replica_step(g.member[0].r, &(struct replica_event){.type = REPLICA_CONN_OPEN, .conn = c[8].conn}, 1,
                 &(struct replica_now){g.now_ms, 0});
    CHECK_EQ_INT(walk(g.member[0].r, 0), CLIENTS / 7 + 2);
    at = c[7].conn;
    CHECK(replica_conn_next(g.member[0].r, &at, &stats));
    CHECK_EQ_INT(stats.conn, c[8].conn);
    for (unsigned i = 0; i < CLIENTS; i++)
        client_deinit(&c[i]);
    group_deinit(&g);
}

TEST(replica_conns, figures_of_requests_are_kept_and_reset)
{
    struct client c;
    struct replica_conn_stats stats;
    struct replica_stats all;
    uint64_t at = 0;
    group_begin(&g, 1);
    client_open(&c, &g, 1);
    CHECK(client_connect(&c, 10000));
    client_create(&c, 1, "/a", "x", 0);
    group_settle(&g);
    client_get(&c, 2, "/a", true);
    client_get(&c, 3, "/none", false);
    client_plain(&c, -2, ZK_OP_PING);
    group_settle(&g);
    replica_stats(g.member[0].r, &all);
    CHECK_EQ_INT(all.latency.count, 5);
    CHECK_EQ_INT(all.read_latency->all.count, 2);
    CHECK_EQ_INT(all.write_latency->all.count, 1);
    CHECK_EQ_INT(all.connects, 1);
    CHECK(all.proposals >= 3 && all.bytes_received > 60 && all.bytes_sent > 60);
    REQUIRE(replica_conn_next(g.member[0].r, &at, &stats));
    CHECK_EQ_INT(stats.last_op, ZK_OP_PING);
    CHECK_EQ_INT(stats.last_xid, 3); /* the client's own */
    CHECK_EQ_INT(stats.last_zxid, all.applied);
    CHECK_EQ_INT(stats.latency_count, 5); /* with that of the session's creation */
    replica_reset_stats(g.member[0].r);
    replica_stats(g.member[0].r, &all);
    CHECK_EQ_INT(all.latency.count + all.read_latency->all.count + all.write_latency->all.count + all.packets_sent, 0);
    replica_reset_conns(g.member[0].r);
    at = 0;
    REQUIRE(replica_conn_next(g.member[0].r, &at, &stats));
    CHECK_EQ_INT(stats.received + stats.sent + stats.latency_count, 0);
    CHECK_EQ_INT(stats.last_op, 0);
    client_deinit(&c);
    group_deinit(&g);
}

static void note_watch(void *context, uint64_t session, struct slice path)
{
    buf_printf(context, "%llx:%.*s ", (unsigned long long)session, SLICE_ARG(path));
}

TEST(replica_conns, watches_are_listed_by_path_and_by_session)
{
    struct client c;
    struct buf text = {0}, expected = {0};
    group_begin(&g, 1);
    client_open(&c, &g, 1);
    CHECK(client_connect(&c, 10000));
    client_create(&c, 1, "/a", "x", 0);
    client_get(&c, 2, "/a", true);
    group_settle(&g);
    buf_printf(&expected, "%llx:/a ", (unsigned long long)c.session);
    for (int by_session = 0; by_session < 2; by_session++) {
        buf_clear(&text);
        CHECK(replica_watches(g.member[0].r, by_session, 10, note_watch, &text));
        CHECK_EQ_BYTES(buf_bytes(&text), buf_size(&text), buf_bytes(&expected), buf_size(&expected));
        CHECK(!replica_watches(g.member[0].r, by_session, 0, note_watch, &text));
    }
    buf_deinit(&text);
    buf_deinit(&expected);
    client_deinit(&c);
    group_deinit(&g);
}
