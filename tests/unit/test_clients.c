/* test_clients.c - client connections over loopback, with a replica that gives every frame back ("echo"). */
#include "base/bytes.h"
#include "base/clock.h"
#include "lib/fake_replica.h"
#include "lib/runner.h"
#include "net/clients.h"
#include "wire/zk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WAIT_MS = 5000 };

struct server {
    struct event_base *base;
    struct inbox inbox;
    struct fake_replica replica;
    struct clients *clients;
    uint16_t port;
    unsigned opened, closed, frames, drained;
    unsigned pieces_of_turn, pieces_of_turn_max;
    unsigned unknown_askers;        /* pieces printed when the first connection was not known as one that asks */
    bool silent;                    /* frames are counted, not given back */
    char address[NET_ADDRESS_TEXT]; /* of the last that came, as the replica was told it */
};

/* conf comes in CONF_PIECES pieces, of which the one in the middle is empty. */
enum { CONF_PIECES = 9 };

static bool print_word(void *context, const struct report_word *word, struct report_place *place, struct buf *to)
{
    struct server *s = context;
    char address[NET_ADDRESS_TEXT];
    bool asks = false;

    s->pieces_of_turn++;
    s->unknown_askers += !clients_find(s->clients, 1, address, &asks) || !asks || s->closed > 0;
    if (strcmp(word->name, "conf") != 0) {
        buf_printf(to, "[%s]", word->name);
        return false;
    }
    if (place->at != CONF_PIECES / 2)
        buf_printf(to, "%u", (unsigned)place->at);
    return ++place->at < CONF_PIECES;
}

/* False: there is no such address here. */
static bool start_at(struct server *s, const char *host, uint64_t address_max, uint64_t connections_max)
{
    const struct clients_options options = {.connections_max = connections_max,
                                            .address_connections_max = address_max,
                                            .packet_max_bytes = ZK_MAX_BUFFER_DEFAULT,
                                            .four_letter_words = "ruok,stat,conf",
                                            .word = print_word,
                                            .context = s};
    struct net_address address;
    int fd;

    REQUIRE(net_address_numeric(host, 0, &address));
    if (net_listen(&address, 0, 16, &fd) != 0)
        return false;
    *s = (struct server){.base = event_base_new()};
    inbox_init(&s->inbox);
    s->port = net_listen_port(fd);
    s->clients = clients_new(s->base, &s->inbox, fake_replica_use(&s->replica), &options);
    clients_listen(s->clients, fd);
    return true;
}

static void start(struct server *s, uint64_t address_max, uint64_t connections_max)
{
    REQUIRE(start_at(s, "127.0.0.1", address_max, connections_max));
}

static void stop(struct server *s)
{
    clients_free(s->clients);
    inbox_deinit(&s->inbox);
    fake_replica_deinit(&s->replica);
    event_base_free(s->base);
}

static void echo(struct server *s, const struct replica_event *event)
{
    struct fake_conn *c = fake_replica_find(&s->replica, event->conn);
    uint8_t length[4];

    s->frames++;
    if (s->silent)
        return;
    put_be32(length, (uint32_t)event->bytes.size);
    buf_append(&c->io.output, length, 4);
    buf_append(&c->io.output, event->bytes.data, event->bytes.size);
    c->dirty = true;
}

/* One turn of the loop, as the host makes it. */
static void turn(struct server *s)
{
    s->pieces_of_turn = 0;
    event_base_loop(s->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    if (s->pieces_of_turn > s->pieces_of_turn_max)
        s->pieces_of_turn_max = s->pieces_of_turn;
    for (uint32_t i = 0; i < s->inbox.count; i++) {
        const struct replica_event *event = &s->inbox.events[i];
        if (event->type == REPLICA_CONN_OPEN) {
            fake_replica_open(&s->replica, event->conn);
            snprintf(s->address, sizeof(s->address), "%.*s", (int)event->bytes.size, (const char *)event->bytes.data);
            s->opened++;
        } else if (event->type == REPLICA_CONN_CLOSED) {
            fake_replica_close(&s->replica, event->conn);
            s->closed++;
        } else if (event->type == REPLICA_CONN_DRAINED) {
            s->drained++;
        } else if (event->type == REPLICA_CONN_FRAME) {
            echo(s, event);
        }
    }
    inbox_clear(&s->inbox);
    clients_after_step(s->clients, clock_mono_ms());
}

static int connect_to(const struct server *s)
{
    struct net_address address;
    int fd;

    net_address_numeric("127.0.0.1", s->port, &address);
    fd = net_connect(&address);
    REQUIRE(fd >= 0);
    return fd;
}

static void send_all(struct server *s, int fd, const void *bytes, size_t size)
{
    const char *from = bytes;
    uint64_t deadline = test_deadline_ms(WAIT_MS);

    while (size > 0) {
        ssize_t sent = send(fd, from, size, MSG_NOSIGNAL);
        if (sent > 0) {
            from += sent;
            size -= (size_t)sent;
        }
        turn(s);
        REQUIRE(sent > 0 || test_before(deadline));
    }
}

/* Receives size bytes while the server turns; fewer when the stream ends before. */
static size_t receive(struct server *s, int fd, void *to, size_t size)
{
    uint64_t deadline = test_deadline_ms(WAIT_MS);
    size_t got = 0;

    while (got < size) {
        ssize_t now = recv(fd, (char *)to + got, size - got, MSG_DONTWAIT);
        if (now == 0 || (now < 0 && errno != EAGAIN && errno != EINTR))
            break;
        if (now > 0)
            got += (size_t)now;
        turn(s);
        REQUIRE(now > 0 || test_before(deadline));
    }
    return got;
}

/* Whether the server closes the connection (after at most some bytes). */
static bool ends(struct server *s, int fd)
{
    char rest[64];

    return receive(s, fd, rest, sizeof(rest)) < sizeof(rest);
}

static size_t frame(uint8_t *to, size_t length, uint8_t fill)
{
    put_be32(to, (uint32_t)length);
    memset(to + 4, fill, length);
    return 4 + length;
}

TEST(clients, frames_come_whole_however_they_are_cut)
{
    struct server s;
    uint8_t sent[64], got[64];
    size_t size = frame(sent, 5, 'a');
    int fd;

    start(&s, 0, 10);
    fd = connect_to(&s);
    size += frame(sent + size, 0, 0);
    size += frame(sent + size, 9, 'b');
    for (size_t i = 0; i < size; i++)
        send_all(&s, fd, sent + i, 1);
    CHECK_EQ_INT(receive(&s, fd, got, size), size);
    CHECK_EQ_BYTES(got, size, sent, size);
    CHECK_EQ_INT(s.frames, 3);
    send_all(&s, fd, sent, size);
    send_all(&s, fd, sent, size);
    CHECK_EQ_INT(receive(&s, fd, got, size), size);
    CHECK_EQ_INT(receive(&s, fd, got, size), size);
    CHECK_EQ_BYTES(got, size, sent, size);
    close(fd);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.closed == 0 && test_before(d);)
        turn(&s);
    CHECK_EQ_INT(s.closed, 1);
    stop(&s);
}

TEST(clients, lengths_are_judged_at_their_limits)
{
    static const struct {
        uint32_t first, second; /* second 0: none */
        bool refused;
    } rows[] = {{1024, 0, false},
                {1025, 0, true},
                {0x80000000, 0, true},
                {0xffffffff, 0, true},
                {10, ZK_MAX_BUFFER_DEFAULT, false},
                {10, ZK_MAX_BUFFER_DEFAULT + 1, true},
                {10, 0xfffffffe, true}};
    uint8_t *bytes = malloc(8 + 10 + ZK_MAX_BUFFER_DEFAULT + 8), *got = malloc(8 + 10 + ZK_MAX_BUFFER_DEFAULT + 8);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server s;
        struct clients_stats stats;
        size_t size = rows[i].first <= 1024 ? frame(bytes, rows[i].first, 'x') : 4;
        int fd;
        if (size == 4)
            put_be32(bytes, rows[i].first);
        if (rows[i].second != 0 && !rows[i].refused)
            size += frame(bytes + size, rows[i].second, 'y');
        else if (rows[i].second != 0)
            put_be32(bytes + size, rows[i].second), size += 4;
        start(&s, 0, 10);
        fd = connect_to(&s);
        send_all(&s, fd, bytes, size);
        if (rows[i].refused)
            CHECK(ends(&s, fd), "row %zu", i);
        else
            CHECK(receive(&s, fd, got, size) == size && memcmp(got, bytes, size) == 0, "row %zu", i);
        clients_stats(s.clients, &stats);
        CHECK_EQ_INT(stats.bad_packets, rows[i].refused, "row %zu", i);
        CHECK_EQ_INT(stats.open, !rows[i].refused, "row %zu", i);
        close(fd);
        stop(&s);
    }
    free(bytes);
    free(got);
}

TEST(clients, four_letter_words_are_answered_and_the_connection_ends)
{
    static const struct {
        const char *sent, *answer;
    } rows[] = {{"ruok", "[ruok]"},
                {"stat\n", "[stat]"},
                {"conf", "01235678"},
                {"srvr", "srvr is not executed because it is not in the whitelist.\n"},
                {"wchp", "wchp is not executed because it is not in the whitelist.\n"},
                {"\xff\xf4\xff\xfd\x06", ""},
                {"GET / HTTP/1.0\r\n", ""}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server s;
        char got[128] = "";
        int fd;
        start(&s, 0, 10);
        fd = connect_to(&s);
        send_all(&s, fd, rows[i].sent, strlen(rows[i].sent));
        receive(&s, fd, got, sizeof(got) - 1);
        CHECK_EQ_STR(got, rows[i].answer, "row %zu", i);
        CHECK_EQ_INT(s.opened, 1, "row %zu", i);
        CHECK_EQ_INT(s.unknown_askers, 0, "row %zu: the asker is no connection while its answer is printed", i);
        for (uint64_t d = test_deadline_ms(WAIT_MS); s.closed == 0 && test_before(d);)
            turn(&s);
        CHECK_EQ_INT(s.closed, 1, "row %zu", i);
        CHECK_EQ_INT(s.frames, 0, "row %zu", i);
        close(fd);
        stop(&s);
    }
}

TEST(clients, many_who_ask_for_words_share_what_a_turn_prints)
{
    enum { ASKERS = 3 * CLIENTS_PIECES };
    struct server s;
    int fd[ASKERS];

    start(&s, 0, ASKERS);
    for (int i = 0; i < ASKERS; i++)
        fd[i] = connect_to(&s);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.opened < ASKERS && test_before(d);)
        turn(&s);
    for (int i = 0; i < ASKERS; i++)
        REQUIRE(send(fd[i], "conf", 4, MSG_NOSIGNAL) == 4);
    for (int i = 0; i < ASKERS; i++) {
        char got[32] = "";
        receive(&s, fd[i], got, sizeof(got) - 1);
        CHECK_EQ_STR(got, "01235678", "asker %d", i);
        close(fd[i]);
    }
    CHECK_EQ_INT(s.pieces_of_turn_max, CLIENTS_PIECES);
    stop(&s);
}

TEST(clients, a_word_behind_the_first_frame_is_a_length)
{
    struct server s;
    uint8_t bytes[16];
    size_t size = frame(bytes, 2, 'x');
    int fd;

    start(&s, 0, 10);
    fd = connect_to(&s);
    memcpy(bytes + size, "ruok", 4);
    send_all(&s, fd, bytes, size + 4);
    CHECK(ends(&s, fd));
    close(fd);
    stop(&s);
}

TEST(clients, output_larger_than_the_socket_arrives_whole_and_is_told)
{
    enum { BIG = 16 << 20 };
    struct server s;
    uint8_t bytes[16], *got = malloc(BIG);
    int fd;

    start(&s, 0, 10);
    s.silent = true;
    fd = connect_to(&s);
    send_all(&s, fd, bytes, frame(bytes, 4, 'x'));
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.frames == 0 && test_before(d);)
        turn(&s);
    memset(buf_reserve(&s.replica.conns[0].io.output, BIG), 'z', BIG);
    buf_commit(&s.replica.conns[0].io.output, BIG);
    s.replica.conns[0].dirty = true;
    CHECK_EQ_INT(receive(&s, fd, got, BIG), BIG);
    for (size_t i = 0; i < BIG; i += 4096)
        CHECK(got[i] == 'z', "at %zu", i);
    CHECK(s.drained > 0);
    close(fd);
    stop(&s);
    free(got);
}

/* Where the kernel has room for all of it there is no write event, but the replica waits to be told (REPLICA_OUTPUT_BYTES). */
TEST(clients, output_at_the_limit_is_told_also_when_it_leaves_at_once)
{
    enum { LIMIT = REPLICA_OUTPUT_BYTES, ROOM = 4 * LIMIT };
    struct server s;
    uint8_t bytes[16], *got = malloc(LIMIT);
    int fd, room = ROOM;

    start(&s, 0, 10);
    s.silent = true;
    fd = connect_to(&s);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)); /* as root; else some of it waits, and that is told */
    send_all(&s, fd, bytes, frame(bytes, 4, 'x'));
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.frames == 0 && test_before(d);)
        turn(&s);
    memset(buf_reserve(&s.replica.conns[0].io.output, LIMIT), 'z', LIMIT);
    buf_commit(&s.replica.conns[0].io.output, LIMIT);
    s.replica.conns[0].dirty = true;
    CHECK_EQ_INT(receive(&s, fd, got, LIMIT), LIMIT);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.drained == 0 && test_before(d);)
        turn(&s);
    CHECK(s.drained > 0);
    close(fd);
    stop(&s);
    free(got);
}

TEST(clients, a_connection_to_be_closed_sends_all_first)
{
    enum { BIG = 4 << 20 };
    struct server s;
    uint8_t bytes[64], *got = malloc(BIG + 1);
    int fd;

    start(&s, 0, 10);
    s.silent = true;
    fd = connect_to(&s);
    send_all(&s, fd, bytes, frame(bytes, 4, 'x'));
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.frames == 0 && test_before(d);)
        turn(&s);
    memset(buf_reserve(&s.replica.conns[0].io.output, BIG), 'z', BIG);
    buf_commit(&s.replica.conns[0].io.output, BIG);
    s.replica.conns[0].io.close = true;
    s.replica.conns[0].dirty = true;
    turn(&s);
    send_all(&s, fd, bytes, frame(bytes, 40, 'y')); /* never read: the end must arrive all the same */
    CHECK_EQ_INT(receive(&s, fd, got, BIG + 1), BIG);
    CHECK_EQ_INT(s.frames, 1);
    CHECK_EQ_INT(s.closed, 1);
    close(fd);
    stop(&s);
    free(got);
}

TEST(clients, a_paused_connection_is_not_read_until_it_goes_on)
{
    struct server s;
    uint8_t bytes[64], got[64];
    size_t size = frame(bytes, 8, 'x');
    int fd;

    start(&s, 0, 10);
    fd = connect_to(&s);
    send_all(&s, fd, bytes, size);
    CHECK_EQ_INT(receive(&s, fd, got, size), size);
    s.replica.conns[0].io.paused = true;
    s.replica.conns[0].dirty = true;
    turn(&s);
    send_all(&s, fd, bytes, size);
    for (int i = 0; i < 20; i++)
        turn(&s);
    CHECK_EQ_INT(s.frames, 1);
    s.replica.conns[0].io.paused = false;
    s.replica.conns[0].dirty = true;
    CHECK_EQ_INT(receive(&s, fd, got, size), size);
    CHECK_EQ_INT(s.frames, 2);
    /* The end of a paused one is noticed. */
    s.replica.conns[0].io.paused = true;
    s.replica.conns[0].dirty = true;
    send_all(&s, fd, bytes, size);
    close(fd);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.closed == 0 && test_before(d);)
        turn(&s);
    CHECK_EQ_INT(s.closed, 1);
    CHECK_EQ_INT(s.frames, 2);
    stop(&s);
}

/* libevent does not say EV_CLOSED of a reset: nobody heard of it, and epoll gave it again and again. */
TEST(clients, the_reset_of_a_paused_connection_is_noticed)
{
    struct linger reset = {.l_onoff = 1};
    struct server s;
    uint8_t bytes[64], got[64];
    size_t size = frame(bytes, 8, 'x');
    int fd;

    start(&s, 0, 10);
    fd = connect_to(&s);
    send_all(&s, fd, bytes, size);
    CHECK_EQ_INT(receive(&s, fd, got, size), size);
    s.replica.conns[0].io.paused = true;
    s.replica.conns[0].dirty = true;
    send_all(&s, fd, bytes, size);
    for (int i = 0; i < 20; i++) /* until only its end is waited for */
        turn(&s);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.closed == 0 && test_before(d);)
        turn(&s);
    CHECK_EQ_INT(s.closed, 1);
    stop(&s);
}

TEST(clients, more_than_a_turn_serves_are_all_served)
{
    enum { MANY = INBOX_READS_MAX + 100 };
    struct rlimit limit;
    struct server s;
    uint8_t bytes[16], got[16];
    size_t size = frame(bytes, 4, 'x');
    int fds[MANY];

    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    start(&s, 0, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        fds[i] = connect_to(&s);
        if (i % 8 == 0)
            turn(&s);
    }
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.opened < MANY && test_before(d);)
        turn(&s);
    for (unsigned i = 0; i < MANY; i++)
        REQUIRE(send(fds[i], bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
    turn(&s);
    CHECK(s.frames <= INBOX_READS_MAX);
    for (unsigned i = 0; i < MANY; i++) {
        CHECK_EQ_INT(receive(&s, fds[i], got, size), size, "connection %u", i);
        close(fds[i]);
    }
    CHECK_EQ_INT(s.frames, MANY);
    stop(&s);
}

TEST(clients, connections_of_one_address_are_limited)
{
    struct server s;
    struct clients_stats stats;
    uint8_t bytes[16], got[16];
    size_t size = frame(bytes, 4, 'x');
    int a, b, c;

    start(&s, 2, 10);
    a = connect_to(&s);
    b = connect_to(&s);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.opened < 2 && test_before(d);)
        turn(&s);
    c = connect_to(&s);
    CHECK(ends(&s, c));
    clients_stats(s.clients, &stats);
    CHECK_EQ_INT(stats.rejected, 1);
    close(c);
    close(b);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.closed == 0 && test_before(d);)
        turn(&s);
    c = connect_to(&s);
    send_all(&s, c, bytes, size);
    CHECK_EQ_INT(receive(&s, c, got, size), size);
    close(a);
    close(c);
    stop(&s);
}

TEST(clients, connections_in_all_are_limited)
{
    struct server s;
    struct clients_stats stats;
    int a, b;

    start(&s, 0, 1);
    a = connect_to(&s);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.opened < 1 && test_before(d);)
        turn(&s);
    b = connect_to(&s);
    CHECK(ends(&s, b));
    close(b);
    close(a);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.closed == 0 && test_before(d);)
        turn(&s);
    b = connect_to(&s);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.opened < 2 && test_before(d);)
        turn(&s);
    clients_stats(s.clients, &stats);
    CHECK_EQ_INT(s.opened, 2);
    CHECK_EQ_INT(stats.rejected, 1);
    close(b);
    stop(&s);
}

/* ACLs of the scheme ip see it so. */
static bool machine_has_ipv6(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

TEST(clients, over_an_ipv6_listener_an_ipv4_client_comes_by_its_own_address)
{
    struct server s;
    int fd;

    if (!machine_has_ipv6()) {
        printf("left out: this machine has no IPv6\n");
        return;
    }
    REQUIRE(start_at(&s, "::", 0, 10));
    fd = connect_to(&s);
    for (uint64_t d = test_deadline_ms(WAIT_MS); s.opened < 1 && test_before(d);)
        turn(&s);
    CHECK_EQ_STR(s.address, "127.0.0.1");
    close(fd);
    stop(&s);
}
