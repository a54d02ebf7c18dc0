/* fuzz_conn.c - the client port at the level of bytes: four connections through real sockets into clients.c and conn.c, behind
 * which a replica gives every frame back.
 *
 * Commands: a byte of two bits connection and three bits what: send (u16 length, bytes; the first to a connection opens it), a
 * turn of the loop, receive (u8 times 64 bytes), time passes (u8 times 64 ms), the replica pauses the connection or lets it go
 * on, the replica closes it, the client closes it, or its sending half.
 *
 * Whatever the pieces were: what comes back is what an own reading of the stream expects, at the end all of it, unless somebody
 * closed; the replica sees only whole frames, between OPEN and CLOSED; and when all clients have gone nothing is left. */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
#include "fuzz/fuzz.h"
#include "lib/fake_replica.h"
#include "net/clients.h"
#include "wire/zk.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS = 4, OPENING_MAX = 8, PACKET_MAX = 3000, SOCKET_BYTES = 4608, QUIET_TURNS = 3, TURNS_MAX = 10000 };

struct peer_end {
    int fd;           /* -1: not open */
    uint64_t id;      /* the server's number for it; 0: it has not been accepted yet */
    struct buf sent;  /* by the client; what the socket took */
    struct buf got;   /* by the client */
    bool may_lose;    /* somebody closed: what comes back may end early */
    bool half_closed; /* the client sends nothing more */
};

static struct {
    struct event_base *base;
    struct inbox inbox;
    struct sockaddr_un name;
    socklen_t name_size;
    int listening;
    struct fake_replica replica;
    struct clients *clients;
    struct peer_end end[CONNECTIONS];
    uint32_t opening[OPENING_MAX], opening_count; /* not accepted yet, in order; also those that left meanwhile */
    uint64_t now_ms, idle_ms;                     /* idle: since the connections last got on */
} net;

static void set_up(void)
{
    log_set_level(LOG_LEVEL_ERROR + 1);
    net.base = event_base_new();
    inbox_init(&net.inbox);
    net.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    net.name.sun_family = AF_UNIX;
    COORD_ASSERT(bind(net.listening, (void *)&net.name, sizeof(net.name.sun_family)) == 0); /* a name of the kernel's choice */
    COORD_ASSERT(listen(net.listening, 64) == 0);
    net.name_size = sizeof(net.name);
    COORD_ASSERT(getsockname(net.listening, (void *)&net.name, &net.name_size) == 0);
}

static bool print_word(void *context, const struct report_word *word, struct report_place *place, struct buf *to)
{
    (void)context;
    for (int i = 0; i < 100; i++)
        buf_printf(to, "[%s]", word->name);
    return ++place->at < 3;
}

/* ---- what must come back ---- */

static void expect_word(struct buf *expected, const struct report_word *word)
{
    struct report_place place = {0};

    if (strcmp(word->name, "ruok") == 0 || strcmp(word->name, "stat") == 0)
        while (print_word(NULL, word, &place, expected))
            ;
    else
        report_word_refused(expected, word);
}

/* The stream read as a whole, by the rules of clients.h. *bad: it has a length that closes the connection, replies or not. */
static void expect(struct slice stream, struct buf *expected, bool *bad)
{
    bool first = true;

    *bad = false;
    while (stream.size >= 4) {
        uint32_t length = get_be32(stream.data);
        const struct report_word *word = first ? report_word_find(stream.data) : NULL;
        if (word != NULL)
            expect_word(expected, word);
        *bad = word == NULL && length > (first ? ZK_FIRST_FRAME_MAX : PACKET_MAX);
        if (word != NULL || *bad || stream.size - 4 < length)
            return;
        buf_append(expected, stream.data, 4 + (size_t)length);
        stream = slice_make(stream.data + 4 + length, stream.size - 4 - length);
        first = false;
    }
}

static void compare(struct peer_end *e, bool whole)
{
    struct buf expected = {0};
    bool bad;

    expect(buf_slice(&e->sent), &expected, &bad);
    COORD_ASSERT(buf_size(&e->got) <= buf_size(&expected));
    COORD_ASSERT(buf_size(&e->got) == 0 || memcmp(buf_bytes(&e->got), buf_bytes(&expected), buf_size(&e->got)) == 0);
    COORD_ASSERT(!whole || bad || e->may_lose || buf_size(&e->got) == buf_size(&expected));
    buf_deinit(&expected);
}

/* ---- the server's side ---- */

static void opened(uint64_t id)
{
    struct peer_end *e = &net.end[net.opening[0]];

    COORD_ASSERT(net.opening_count > 0);
    memmove(net.opening, net.opening + 1, --net.opening_count * sizeof(net.opening[0]));
    e->id = id;
    fake_replica_open(&net.replica, id);
}

static void frame(const struct replica_event *event)
{
    struct fake_conn *c = fake_replica_find(&net.replica, event->conn);
    uint8_t length[4];

    COORD_ASSERT(c != NULL && event->bytes.size <= PACKET_MAX);
    put_be32(length, (uint32_t)event->bytes.size);
    buf_append(&c->io.output, length, 4);
    buf_append(&c->io.output, event->bytes.data, event->bytes.size);
    c->dirty = true;
}

static void turn(void)
{
    event_base_loop(net.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    for (uint32_t i = 0; i < net.inbox.count; i++) {
        const struct replica_event *event = &net.inbox.events[i];
        if (event->type == REPLICA_CONN_OPEN)
            opened(event->conn);
        else if (event->type == REPLICA_CONN_FRAME)
            frame(event);
        else
            COORD_ASSERT(fake_replica_find(&net.replica, event->conn) != NULL);
        if (event->type == REPLICA_CONN_CLOSED)
            fake_replica_close(&net.replica, event->conn);
    }
    inbox_clear(&net.inbox);
    clients_after_step(net.clients, net.now_ms);
}

static struct fake_conn *served(const struct peer_end *e)
{
    return e->id == 0 ? NULL : fake_replica_find(&net.replica, e->id);
}

/* ---- the clients' side ---- */

static void open_end(uint32_t i)
{
    struct peer_end *e = &net.end[i];
    int room = SOCKET_BYTES; /* so that buffers fill */

    buf_deinit(&e->sent); /* of the connection before */
    buf_deinit(&e->got);
    *e = (struct peer_end){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    setsockopt(e->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    COORD_ASSERT(connect(e->fd, (void *)&net.name, net.name_size) == 0);
    net.opening[net.opening_count++] = i;
    if (i % 2 == 1 || net.opening_count == OPENING_MAX)
        turn();
}

static void send_piece(uint32_t i, struct slice piece)
{
    struct peer_end *e = &net.end[i];
    ssize_t sent;

    if (e->fd < 0)
        open_end(i);
    if (e->half_closed || piece.size == 0)
        return;
    sent = send(e->fd, piece.data, piece.size, MSG_NOSIGNAL);
    if (sent > 0)
        buf_append(&e->sent, piece.data, (size_t)sent);
}

static bool receive(struct peer_end *e, size_t size)
{
    ssize_t got = e->fd < 0 || size == 0 ? 0 : recv(e->fd, buf_reserve(&e->got, size), size, 0);

    if (got > 0) {
        buf_commit(&e->got, (size_t)got);
        net.idle_ms = 0;
        compare(e, false);
    }
    return got > 0;
}

static void close_end(struct peer_end *e)
{
    if (e->fd >= 0)
        close(e->fd);
    e->fd = -1;
    e->may_lose = true;
}

/* So long without getting on, an end that is wanted or an answer may be cut short (CONN_STUCK_MS). */
static void pass(uint32_t ms)
{
    net.now_ms += ms;
    net.idle_ms += ms;
    for (int i = 0; i < CONNECTIONS && net.idle_ms >= 10000; i++)
        net.end[i].may_lose = true;
    turn();
}

static void command(uint32_t i, uint32_t what, struct fuzz_in *in)
{
    struct peer_end *e = &net.end[i];
    struct fake_conn *c = served(e);

    switch (what) {
    case 0:
        send_piece(i, fuzz_take(in, fuzz_u16(in) % 8192));
        break;
    case 1:
        turn();
        break;
    case 2:
        receive(e, fuzz_u8(in) * 64);
        break;
    case 3:
        pass(fuzz_u8(in) * 64);
        break;
    case 4:
        if (c != NULL)
            c->io.paused = !c->io.paused, c->dirty = true;
        break;
    case 5:
        if (c != NULL)
            c->io.close = c->dirty = e->may_lose = true;
        break;
    case 6:
        if (e->fd >= 0)
            close_end(e);
        break;
    default:
        if (e->fd >= 0)
            shutdown(e->fd, SHUT_WR);
        e->half_closed = e->may_lose = true; /* the server closes at the end of the stream, sent or not */
        break;
    }
}

/* Nothing is paused and all is received: until nothing moves. */
static void settle(void)
{
    int quiet = 0;

    for (int n = 0; quiet < QUIET_TURNS; n++) {
        bool moved = false;
        COORD_ASSERT(n < TURNS_MAX);
        turn();
        for (int i = 0; i < CONNECTIONS; i++) {
            struct fake_conn *c = served(&net.end[i]);
            if (c != NULL && c->io.paused)
                c->io.paused = false, c->dirty = moved = true;
            moved |= receive(&net.end[i], 4096);
        }
        quiet = moved ? 0 : quiet + 1;
    }
}

static void begin(void)
{
    const struct clients_options options = {.connections_max = FAKE_CONNS,
                                            .address_connections_max = 0,
                                            .packet_max_bytes = PACKET_MAX,
                                            .four_letter_words = "ruok,stat",
                                            .word = print_word,
                                            .seed = 1};

    net.now_ms = net.idle_ms = 0;
    net.opening_count = 0;
    net.clients = clients_new(net.base, &net.inbox, fake_replica_use(&net.replica), &options);
    clients_listen(net.clients, dup(net.listening));
    for (int i = 0; i < CONNECTIONS; i++)
        net.end[i] = (struct peer_end){.fd = -1};
}

static void end(void)
{
    struct clients_stats stats;

    for (int i = 0; i < CONNECTIONS; i++) {
        compare(&net.end[i], true);
        close_end(&net.end[i]);
        buf_deinit(&net.end[i].sent);
        buf_deinit(&net.end[i].got);
    }
    settle();
    clients_stats(net.clients, &stats);
    COORD_ASSERT(stats.open == 0 && stats.rejected == 0);
    for (int i = 0; i < FAKE_CONNS; i++)
        COORD_ASSERT(net.replica.conns[i].id == 0);
    clients_free(net.clients);
    inbox_clear(&net.inbox);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};

    if (net.base == NULL)
        set_up();
    begin();
    while (in.left > 0) {
        uint32_t op = fuzz_u8(&in);
        command(op & 3, op >> 2 & 7, &in);
    }
    settle();
    end();
    return 0;
}
