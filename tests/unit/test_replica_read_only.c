/* test_replica_read_only.c - a server without a quorum serves reads to who asked for it, and nothing else.
 */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"

#include <string.h>

enum { AFTER_MS = 1000 };

static struct group g;
static struct client a, b, c;

/* Three servers, of which the first is cut off and read-only; /x is there. */
static void begin_with(bool stale_entropy)
{
    g = (struct group){.read_only_after_ms = AFTER_MS, .stale_entropy = stale_entropy};
    group_init(&g, 3);
    REQUIRE(group_leader(&g) != 0);
    client_open(&a, &g, 1);
    client_open(&b, &g, 1);
    client_open(&c, &g, 1);
    REQUIRE(client_connect(&a, 10000));
    client_create(&a, 1, "/x", "v", 0);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&a), "1:0");
    group_cut(&g, 1);
}

static void begin(void)
{
    begin_with(false);
}

static void end(void)
{
    client_deinit(&a);
    client_deinit(&b);
    client_deinit(&c);
    group_deinit(&g);
}

static bool is_read_only(void)
{
    struct replica_stats stats;
    replica_stats(g.member[0].r, &stats);
    return stats.read_only;
}

static void wait_read_only(void)
{
    for (int i = 0; i < 100 && !is_read_only(); i++)
        group_pass(&g, 100);
    REQUIRE(is_read_only());
}

/* A connect request with the flag; settles. */
static void send_connect(struct client *client, uint64_t session, const uint8_t *password, int64_t zxid, bool flag)
{
    struct buf frame = {0};
    uint8_t byte = flag;
    jute_append(&frame, &jute_connect_request,
                &(struct zk_connect_request){0, zxid, 10000, (int64_t)session, slice_make(password, 16)});
    buf_append(&frame, &byte, 1);
    client_frame(client, buf_bytes(&frame), buf_size(&frame));
    buf_deinit(&frame);
    group_settle(&g);
}

static const uint8_t zeros[16];

/* The answer to it: true with its fields; false when there is none. */
struct answer {
    struct zk_connect_response m;
    uint8_t read_only;
    uint8_t password[16];
};
static bool take_answer(struct client *client, struct answer *answer)
{
    struct replica_conn_io *io = replica_conn_io(g.member[0].r, client->conn);
    if (io == NULL || buf_size(&io->output) < 4 + 37)
        return false;
    struct jute_cursor at = jute_cursor_make(slice_make(buf_bytes(&io->output) + 4, 37));
    REQUIRE(jute_decode(&at, &jute_connect_response, &answer->m) == 0);
    memcpy(answer->password, answer->m.password.data, 16);
    answer->read_only = *at.at;
    buf_consume(&io->output, 4 + 37);
    client->answered = true;
    return true;
}

TEST(replica_read_only, begins_after_its_time_and_ends_with_a_leader)
{
    struct answer answer;
    begin();
    group_pass(&g, 500);
    CHECK(!is_read_only());
    wait_read_only();
    send_connect(&b, 0, zeros, 0, true);
    REQUIRE(take_answer(&b, &answer));
    CHECK_EQ_INT(answer.read_only, 1);
    CHECK_EQ_INT(answer.m.timeout, 10000);
    CHECK(answer.m.session_id != 0);
    client_get(&b, 1, "/x", true);
    client_get(&b, 2, "/none", false);
    client_plain(&b, ZK_XID_PING, ZK_OP_PING);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:0 2:-101 -2:0");
    group_heal(&g, 1);
    REQUIRE(group_leader(&g) != 0);
    for (int i = 0; i < 100 && is_read_only(); i++)
        group_pass(&g, 100);
    CHECK(!is_read_only());
    CHECK(client_closed(&b));
    send_connect(&c, (uint64_t)answer.m.session_id, answer.password, 0, true);
    group_settle(&g);
    REQUIRE(take_answer(&c, &answer));
    CHECK_EQ_INT(answer.m.timeout, 0, "that session never was in the log");
    end();
}

TEST(replica_read_only, is_off_unless_asked_for)
{
    struct answer answer;
    begin();
    end();
    g.read_only_after_ms = 0;
    group_init(&g, 3);
    REQUIRE(group_leader(&g) != 0);
    group_cut(&g, 1);
    group_pass(&g, 20000);
    CHECK(!is_read_only());
    client_open(&b, &g, 1);
    send_connect(&b, 0, zeros, 0, true);
    CHECK(!take_answer(&b, &answer));
    client_deinit(&b);
    group_deinit(&g);
}

TEST(replica_read_only, refuses_all_but_reads)
{
    struct answer answer;
    begin();
    wait_read_only();
    send_connect(&b, 0, zeros, 0, true);
    REQUIRE(take_answer(&b, &answer));
    client_create(&b, 1, "/y", "", 0);
    client_set(&b, 2, "/x", "", -1);
    client_delete(&b, 3, "/x", -1);
    client_path(&b, 4, ZK_OP_SYNC, "/x");
    client_get(&b, 5, "/x", false);
    client_plain(&b, 6, ZK_OP_CLOSE_SESSION);
    client_get(&b, 7, "/x", false);
    group_settle(&g);
    CHECK_EQ_STR(client_replies(&b), "1:-119 2:-119 3:-119 4:-119 5:0 6:0");
    CHECK(client_closed(&b));
    end();
}

TEST(replica_read_only, a_session_of_the_log_is_served_under_its_own_id)
{
    struct answer answer;
    begin();
    wait_read_only();
    send_connect(&b, a.session, a.password, 0, true);
    REQUIRE(take_answer(&b, &answer));
    CHECK_EQ_INT(answer.m.session_id, a.session);
    CHECK_EQ_BYTES(answer.password, 16, a.password, 16);
    CHECK_EQ_INT(answer.read_only, 1);
    send_connect(&c, a.session, a.password, 0, true);
    REQUIRE(take_answer(&c, &answer));
    CHECK(client_closed(&b), "the later connection holds it");
    client_get(&c, 1, "/x", false);
    CHECK_EQ_STR(client_replies(&c), "1:0");
    end();
}

TEST(replica_read_only, who_is_not_served_is_closed_and_nobody_is_called_expired_without_cause)
{
    struct answer answer;
    uint8_t wrong[16] = {1};
    begin();
    wait_read_only();
    send_connect(&b, 0, zeros, 0, false);
    CHECK(!take_answer(&b, &answer) && client_closed(&b), "did not ask for it");
    client_deinit(&b);
    client_open(&b, &g, 1);
    send_connect(&b, UINT64_C(2) << 56 | 4711, zeros, 0, true);
    CHECK(!take_answer(&b, &answer) && client_closed(&b), "may have been made elsewhere");
    client_deinit(&b);
    client_open(&b, &g, 1);
    send_connect(&b, a.session, wrong, 0, true);
    CHECK(take_answer(&b, &answer) && answer.m.timeout == 0 && client_closed(&b), "wrong password");
    client_deinit(&b);
    client_open(&b, &g, 1);
    send_connect(&b, UINT64_C(1) << 56 | UINT64_C(1) << 55 | 4711, zeros, 0, true);
    CHECK(take_answer(&b, &answer) && answer.m.timeout == 0 && client_closed(&b), "of an earlier read-only time");
    client_deinit(&b);
    client_open(&b, &g, 1);
    send_connect(&b, 0, zeros, INT64_MAX, true);
    CHECK(!take_answer(&b, &answer) && !client_closed(&b), "it has seen more: this server may catch up");
    group_pass(&g, 5000);
    CHECK(!take_answer(&b, &answer) && client_closed(&b));
    end();
}

TEST(replica_read_only, connects_that_wait_come_again)
{
    begin();
    group_pass(&g, 300);
    send_connect(&b, 0, zeros, 0, true);
    CHECK(!client_closed(&b));
    wait_read_only();
    CHECK(client_closed(&b));
    end();
}

TEST(replica_read_only, a_silent_client_is_closed)
{
    struct answer answer;
    begin();
    wait_read_only();
    send_connect(&b, 0, zeros, 0, true);
    REQUIRE(take_answer(&b, &answer));
    for (int i = 0; i < 5; i++) {
        group_pass(&g, 9000);
        client_plain(&b, ZK_XID_PING, ZK_OP_PING);
        group_settle(&g);
        CHECK_EQ_STR(client_replies(&b), "-2:0");
    }
    group_pass(&g, 10500);
    CHECK(client_closed(&b));
    end();
}

TEST(replica_read_only, no_id_is_given_twice_nor_without_entropy)
{
    unsigned made = 0;
    begin_with(true);
    wait_read_only();
    for (unsigned i = 0; i < REPLICA_ENTROPY_BYTES / 24 + 1; i++) {
        struct zk_connect_request m = {0, 0, 10000, 0, slice_make(zeros, 16)};
        struct buf frame = {0};
        uint64_t id = 100000 + i;
        jute_append(&frame, &jute_connect_request, &m);
        buf_append(&frame, "\1", 1);
        struct replica_event events[] = {{.type = REPLICA_CONN_OPEN, .conn = id},
                                         {.type = REPLICA_CONN_FRAME, .conn = id, .bytes = buf_slice(&frame)}};
        replica_step(g.member[0].r, events, 2, &(struct replica_now){g.now_ms, 0}); /* nobody tops the entropy up */
        const struct replica_conn_io *io = replica_conn_io(g.member[0].r, id);
        REQUIRE(io != NULL);
        CHECK(io->close == (buf_size(&io->output) == 0));
        made += !io->close;
        buf_deinit(&frame);
    }
    CHECK_EQ_INT(made, 1);
    CHECK(replica_entropy_wanted(g.member[0].r) > REPLICA_ENTROPY_BYTES - 24);
    end();
}
