/* test_peers.c - links between servers over loopback: who stays, who is refused, what arrives. */
#include "base/bytes.h"
#include "base/clock.h"
#include "lib/runner.h"
#include "net/auth.h"
#include "net/peers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 10000, SERVERS = 3 };

struct server {
    struct inbox inbox;
    struct replica_peer_output outputs[SERVERS + 1]; /* by peer id */
    struct peers *peers;
    struct peers_options options;
    uint64_t cluster;
    unsigned ups[SERVERS + 1], downs[SERVERS + 1]; /* by peer id */
    bool up[SERVERS + 1];
    struct buf heard; /* messages as text, and payloads' sizes */
    struct buf payload;
};

struct net {
    struct event_base *base;
    struct server servers[SERVERS]; /* ids from 1 */
    uint16_t ports[SERVERS];
    uint64_t later_ms; /* how far the clock was put forward */
};

static struct replica_peer_output *output_of(void *context, uint32_t peer)
{
    struct server *s = context;

    return &s->outputs[peer];
}

static void start_as(struct net *n, unsigned i, uint32_t id, uint64_t incarnation, const char *secret, uint32_t boot)
{
    struct server *s = &n->servers[i];
    struct net_address address;
    int fd;

    s->options = (struct peers_options){.self = id,
                                        .boot = boot,
                                        .incarnation = incarnation,
                                        .secret = slice_from_text(secret),
                                        .server_count = SERVERS,
                                        .seed = i + 1};
    for (unsigned j = 0; j < SERVERS; j++)
        s->options.servers[j] = (struct peers_server){j + 1, "127.0.0.1", n->ports[j]};
    inbox_init(&s->inbox);
    s->peers = peers_new(n->base, &s->inbox, output_of, s, &s->options, s->cluster);
    REQUIRE(net_address_numeric("127.0.0.1", n->ports[i], &address));
    REQUIRE(net_listen(&address, 0, 16, &fd) == 0);
    peers_listen(s->peers, fd);
}

static void start_server(struct net *n, unsigned i, const char *secret, uint32_t boot)
{
    start_as(n, i, i + 1, 100 + i, secret, boot);
}

static void stop_server(struct net *n, unsigned i)
{
    struct server *s = &n->servers[i];

    if (s->peers == NULL)
        return;
    peers_free(s->peers);
    s->peers = NULL;
    inbox_deinit(&s->inbox);
    memset(s->up, 0, sizeof(s->up));
}

static void start(struct net *n)
{
    *n = (struct net){.base = event_base_new()};
    for (unsigned i = 0; i < SERVERS; i++)
        n->ports[i] = test_free_port();
}

static void stop(struct net *n)
{
    for (unsigned i = 0; i < SERVERS; i++) {
        stop_server(n, i);
        for (unsigned j = 1; j <= SERVERS; j++) {
            buf_deinit(&n->servers[i].outputs[j].urgent);
            buf_deinit(&n->servers[i].outputs[j].bulk);
        }
        buf_deinit(&n->servers[i].heard);
        buf_deinit(&n->servers[i].payload);
    }
    event_base_free(n->base);
}

static void take_event(struct server *s, const struct replica_event *event)
{
    if (event->type == REPLICA_LINK) {
        CHECK(event->up != s->up[event->peer]); /* never up twice, never down twice */
        s->up[event->peer] = event->up;
        (event->up ? s->ups : s->downs)[event->peer]++;
        if (!event->up) {
            buf_clear(&s->outputs[event->peer].urgent);
            buf_clear(&s->outputs[event->peer].bulk);
        }
    } else if (event->type == REPLICA_MESSAGE) {
        CHECK(s->up[event->message->from]);
        peer_print(&s->heard, event->message);
        buf_printf(&s->heard, " from=%u to=%u\n", event->message->from, event->message->to);
        buf_append(&s->payload, event->message->payload.data, event->message->payload.size);
    }
}

static void turn(struct net *n)
{
    event_base_loop(n->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    for (unsigned i = 0; i < SERVERS; i++) {
        struct server *s = &n->servers[i];
        if (s->peers == NULL)
            continue;
        for (uint32_t j = 0; j < s->inbox.count; j++)
            take_event(s, &s->inbox.events[j]);
        inbox_clear(&s->inbox);
        peers_after_step(s->peers, clock_mono_ms() + n->later_ms);
        peers_run(s->peers, clock_mono_ms() + n->later_ms);
    }
}

static bool both_up(const struct net *n, unsigned a, unsigned b)
{
    return n->servers[a - 1].up[b] && n->servers[b - 1].up[a];
}

static bool wait_up(struct net *n, unsigned a, unsigned b)
{
    for (uint64_t d = test_deadline_ms(WAIT_MS); !both_up(n, a, b) && test_before(d);)
        turn(n);
    return both_up(n, a, b);
}

static bool hears(const struct server *s, const char *text)
{
    return buf_size(&s->heard) > 0 && memmem(buf_bytes(&s->heard), buf_size(&s->heard), text, strlen(text)) != NULL;
}

static void turns(struct net *n, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        turn(n);
        test_before(UINT64_MAX); /* a millisecond */
    }
}

TEST(peers, three_servers_link_once_and_stay_linked)
{
    struct net n;

    start(&n);
    for (unsigned i = 0; i < SERVERS; i++)
        start_server(&n, i, "", 1);
    CHECK(wait_up(&n, 1, 2) && wait_up(&n, 1, 3) && wait_up(&n, 2, 3));
    turns(&n, 100);
    for (unsigned i = 0; i < SERVERS; i++)
        for (unsigned j = 1; j <= SERVERS; j++) {
            CHECK_EQ_INT(n.servers[i].ups[j], j != i + 1, "%u to %u", i + 1, j);
            CHECK_EQ_INT(n.servers[i].downs[j], 0, "%u to %u", i + 1, j);
        }
    stop(&n);
}

TEST(peers, either_side_alone_can_dial)
{
    struct net n;
    uint16_t real;

    for (unsigned listener = 0; listener < 2; listener++) {
        start(&n);
        real = n.ports[1 - listener];
        n.ports[1 - listener] = test_free_port(); /* the listener's idea of the other's port: nobody is there */
        start_server(&n, listener, "", 1);
        n.ports[1 - listener] = real;
        start_server(&n, 1 - listener, "", 1);
        CHECK(wait_up(&n, 1, 2), "listener %u", listener);
        stop(&n);
    }
}

TEST(peers, messages_arrive_also_in_fragments_and_urgent_ones_overtake)
{
    enum { BIG = 20 << 20 };
    struct peer_msg bulk = {.type = PEER_SNAPSHOT, .snapshot = {.transfer = 7, .size = BIG}};
    struct peer_msg urgent = {.type = PEER_COMMIT, .commit = {.epoch = 3, .committed = 9}};
    struct net n;
    uint8_t *payload = malloc(BIG);
    const uint8_t *commit, *snapshot;

    start(&n);
    for (unsigned i = 0; i < 2; i++)
        start_server(&n, i, "", 1);
    REQUIRE(wait_up(&n, 1, 2));
    for (size_t i = 0; i < BIG; i++)
        payload[i] = (uint8_t)(i * 7 + i / 1000);
    bulk.payload = slice_make(payload, BIG);
    peer_encode(&n.servers[0].outputs[2].bulk, &bulk);
    turn(&n);
    turn(&n);
    peer_encode(&n.servers[0].outputs[2].urgent, &urgent);
    for (uint64_t d = test_deadline_ms(WAIT_MS); !hears(&n.servers[1], "snapshot") && test_before(d);)
        turn(&n);
    REQUIRE(hears(&n.servers[1], "commit epoch=3") && hears(&n.servers[1], " from=1 to=2\n"));
    commit = memmem(buf_bytes(&n.servers[1].heard), buf_size(&n.servers[1].heard), "commit", 6);
    snapshot = memmem(buf_bytes(&n.servers[1].heard), buf_size(&n.servers[1].heard), "snapshot", 8);
    CHECK(commit < snapshot);
    CHECK_EQ_INT(buf_size(&n.servers[1].payload), BIG);
    CHECK(memcmp(buf_bytes(&n.servers[1].payload), payload, BIG) == 0);
    stop(&n);
    free(payload);
}

TEST(peers, corked_bulk_waits_and_what_is_urgent_does_not)
{
    struct peer_msg urgent = {.type = PEER_COMMIT, .commit = {.epoch = 3, .committed = 9}};
    struct peer_msg bulk = {.type = PEER_SNAPSHOT, .snapshot = {.transfer = 7, .size = 1}};
    struct net n;

    start(&n);
    for (unsigned i = 0; i < 2; i++)
        start_server(&n, i, "", 1);
    REQUIRE(wait_up(&n, 1, 2));
    struct replica_peer_output *out = &n.servers[0].outputs[2];
    out->corked = true;
    peer_encode(&out->bulk, &bulk);
    turns(&n, 20);
    peer_encode(&out->urgent, &urgent);
    for (uint64_t d = test_deadline_ms(WAIT_MS); !hears(&n.servers[1], "commit epoch=3") && test_before(d);)
        turn(&n);
    turns(&n, 20);
    CHECK(hears(&n.servers[1], "commit epoch=3") && !hears(&n.servers[1], "snapshot"));
    out->corked = false;
    for (uint64_t d = test_deadline_ms(WAIT_MS); !hears(&n.servers[1], "snapshot") && test_before(d);)
        turn(&n);
    CHECK(hears(&n.servers[1], "snapshot"));
    stop(&n);
}

TEST(peers, a_bulk_frame_that_has_begun_ends_though_the_rest_is_corked)
{
    enum { BIG = 16 << 20 };
    struct peer_msg urgent = {.type = PEER_COMMIT, .commit = {.epoch = 3, .committed = 9}};
    struct peer_msg bulk = {.type = PEER_SNAPSHOT, .snapshot = {.transfer = 7, .size = BIG}};
    struct net n;
    uint8_t *payload = calloc(1, BIG);

    start(&n);
    for (unsigned i = 0; i < 2; i++)
        start_server(&n, i, "", 1);
    REQUIRE(wait_up(&n, 1, 2));
    struct replica_peer_output *out = &n.servers[0].outputs[2];
    bulk.payload = slice_make(payload, BIG);
    peer_encode(&out->bulk, &bulk);
    turn(&n); /* as much as the socket takes */
    size_t left = buf_size(&out->bulk);
    REQUIRE(left > 1 << 20);
    out->corked = true;
    peer_encode(&out->urgent, &urgent);
    for (uint64_t d = test_deadline_ms(WAIT_MS); !hears(&n.servers[1], "commit epoch=3") && test_before(d);)
        turn(&n);
    turns(&n, 20);
    CHECK(hears(&n.servers[1], "commit epoch=3"));
    CHECK(buf_size(&out->bulk) > left - (512 << 10)); /* one frame has at most 256 KiB */
    out->corked = false;
    for (uint64_t d = test_deadline_ms(WAIT_MS); !hears(&n.servers[1], "snapshot") && test_before(d);)
        turn(&n);
    CHECK_EQ_INT(buf_size(&n.servers[1].payload), BIG);
    stop(&n);
    free(payload);
}

TEST(peers, a_restarted_peer_is_down_then_up)
{
    struct net n;

    start(&n);
    for (unsigned i = 0; i < 2; i++)
        start_server(&n, i, "s3cret", 1);
    REQUIRE(wait_up(&n, 1, 2));
    for (unsigned round = 0; round < 2; round++) {
        stop_server(&n, round);
        start_server(&n, round, "s3cret", 2);
        /* The other's old link may not have been seen to break yet. */
        for (uint64_t d = test_deadline_ms(WAIT_MS); n.servers[1 - round].downs[round + 1] == 0 && test_before(d);)
            turn(&n);
        CHECK(wait_up(&n, 1, 2));
        CHECK_EQ_INT(n.servers[1 - round].downs[round + 1], 1);
    }
    stop(&n);
}

TEST(peers, a_second_process_with_the_same_id_is_refused_while_the_first_is_there)
{
    static const struct {
        uint64_t incarnation;
        uint32_t boot;
    } seconds[] = {{777, 9}, {101, 4}};

    for (size_t i = 0; i < COUNT(seconds); i++) {
        struct net n;
        struct peers_stats stats;
        start(&n);
        start_server(&n, 0, "k", 5);
        start_server(&n, 1, "k", 5);
        REQUIRE(wait_up(&n, 1, 2));
        start_as(&n, 2, 2, seconds[i].incarnation, "k", seconds[i].boot);
        uint64_t deadline = test_deadline_ms(WAIT_MS);
        do {
            turn(&n);
            peers_stats(n.servers[0].peers, &stats);
        } while (stats.auth_failures < 3 && test_before(deadline));
        CHECK(stats.auth_failures >= 3 && both_up(&n, 1, 2));
        CHECK_EQ_INT(n.servers[0].downs[2], 0);
        stop_server(&n, 1);
        for (deadline = test_deadline_ms(WAIT_MS); n.servers[0].ups[2] < 2 && test_before(deadline);)
            turn(&n);
        CHECK(n.servers[0].up[2] && n.servers[2].up[1]);
        stop(&n);
    }
}

TEST(peers, who_does_not_belong_is_refused_and_counted)
{
    static const struct {
        const char *secrets[2];
        uint64_t clusters[2];
        bool linked;
    } rows[] = {{{"", ""}, {0, 0}, true},   {{"", ""}, {0, 5}, true},   {{"", ""}, {5, 5}, true},
                {{"", ""}, {5, 6}, false},  {{"k", "k"}, {5, 0}, true}, {{"k", "l"}, {0, 0}, false},
                {{"k", ""}, {0, 0}, false}, {{"", "k"}, {0, 0}, false}, {{"k", "k "}, {0, 0}, false}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net n;
        struct peers_stats a, b;
        start(&n);
        for (unsigned j = 0; j < 2; j++) {
            n.servers[j].cluster = rows[i].clusters[j];
            start_server(&n, j, rows[i].secrets[j], 1);
        }
        if (rows[i].linked) {
            CHECK(wait_up(&n, 1, 2), "row %zu", i);
        } else {
            do {
                turn(&n);
                peers_stats(n.servers[0].peers, &a);
                peers_stats(n.servers[1].peers, &b);
            } while (a.auth_failures + b.auth_failures < 3 && test_before(test_deadline_ms(WAIT_MS)));
            CHECK_EQ_INT(n.servers[0].ups[2] + n.servers[1].ups[1], 0, "row %zu", i);
        }
        stop(&n);
    }
}

TEST(peers, a_cluster_learned_later_closes_a_foreign_link)
{
    struct net n;

    start(&n);
    n.servers[0].cluster = 5;
    for (unsigned i = 0; i < 2; i++)
        start_server(&n, i, "", 1);
    REQUIRE(wait_up(&n, 1, 2));
    peers_set_cluster(n.servers[1].peers, 6);
    for (uint64_t d = test_deadline_ms(WAIT_MS); n.servers[1].downs[1] == 0 && test_before(d);)
        turn(&n);
    CHECK_EQ_INT(n.servers[1].downs[1], 1);
    turns(&n, 50);
    CHECK(!n.servers[1].up[1]);
    stop(&n);
}

static int raw_connect(uint16_t port)
{
    struct net_address address;

    net_address_numeric("127.0.0.1", port, &address);
    return net_connect(&address);
}

TEST(peers, strangers_bytes_close_their_stream_and_nothing_else)
{
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {{"GET / HTTP/1.0\r\n\r\n", 18}, {"\xff\xff\xff\xff", 4}, {"\0\0\0\0", 4}, {"\x10\0\0\0aaaaaaaaaaaaaaaa", 20}};
    struct peer_msg out_of_place = {.type = PEER_COMMIT};
    struct net n;
    struct buf frame = {0};

    start(&n);
    for (unsigned i = 0; i < 2; i++)
        start_server(&n, i, "", 1);
    REQUIRE(wait_up(&n, 1, 2));
    peer_encode(&frame, &out_of_place);
    for (size_t i = 0; i <= COUNT(rows); i++) {
        struct peers_stats before, after;
        char rest[16];
        int fd = raw_connect(n.ports[0]);
        ssize_t got = -1;
        bool sent = false;
        peers_stats(n.servers[0].peers, &before);
        for (uint64_t d = test_deadline_ms(WAIT_MS); got < 0 && test_before(d);) {
            if (!sent && i < COUNT(rows))
                sent = send(fd, rows[i].bytes, rows[i].size, MSG_NOSIGNAL) > 0;
            else if (!sent)
                sent = send(fd, buf_bytes(&frame), buf_size(&frame), MSG_NOSIGNAL) > 0;
            turn(&n);
            got = recv(fd, rest, sizeof(rest), MSG_DONTWAIT);
            peers_stats(n.servers[0].peers, &after);
            if (after.bad_frames > before.bad_frames)
                break;
        }
        CHECK_EQ_INT(after.bad_frames, before.bad_frames + 1, "row %zu", i);
        close(fd);
    }
    CHECK(both_up(&n, 1, 2));
    CHECK_EQ_INT(n.servers[0].downs[2], 0);
    buf_deinit(&frame);
    stop(&n);
}

TEST(peers, a_frame_that_does_not_end_closes_its_link)
{
    static const uint8_t begin[] = {0x00, 0x10, 0, 0, 1, 2, 3}; /* 4096 bytes are to come */
    struct peers_stats stats;
    struct net n;

    start(&n);
    for (unsigned i = 0; i < 2; i++)
        start_server(&n, i, "", 1);
    REQUIRE(wait_up(&n, 1, 2));
    n.later_ms = 2 * PEERS_FRAME_MS; /* a link that is idle stays */
    turns(&n, 20);
    CHECK(both_up(&n, 1, 2));
    buf_append(&n.servers[0].outputs[2].urgent, begin, sizeof(begin));
    turns(&n, 20);
    CHECK(both_up(&n, 1, 2));
    n.later_ms += PEERS_FRAME_MS;
    for (uint64_t d = test_deadline_ms(WAIT_MS); n.servers[1].downs[1] == 0 && test_before(d);)
        turn(&n);
    CHECK_EQ_INT(n.servers[1].downs[1], 1);
    peers_stats(n.servers[1].peers, &stats);
    CHECK_EQ_INT(stats.bad_frames, 1);
    CHECK(wait_up(&n, 1, 2)); /* and is made anew */
    stop(&n);
}

TEST(peers, proofs_depend_on_secret_role_and_both_hellos)
{
    struct slice a = SLICE_LITERAL("hello a"), b = SLICE_LITERAL("hello b"), c = SLICE_LITERAL("hello c");
    struct peer_hello_auth one, other;

    auth_prove(SLICE_LITERAL("k"), true, a, b, &one);
    auth_prove(SLICE_LITERAL("k"), true, a, b, &other);
    CHECK(auth_equal(&one, &other));
    auth_prove(SLICE_LITERAL("l"), true, a, b, &other);
    CHECK(!auth_equal(&one, &other));
    auth_prove(SLICE_LITERAL("k"), false, a, b, &other);
    CHECK(!auth_equal(&one, &other));
    auth_prove(SLICE_LITERAL("k"), true, b, a, &other);
    CHECK(!auth_equal(&one, &other));
    auth_prove(SLICE_LITERAL("k"), true, a, c, &other);
    CHECK(!auth_equal(&one, &other));
    auth_prove(SLICE_LITERAL(""), true, a, c, &other);
    CHECK_EQ_INT(other.mac0 | other.mac1 | other.mac2 | other.mac3, 0);
}
