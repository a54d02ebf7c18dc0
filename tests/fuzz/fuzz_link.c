/* fuzz_link.c - the peer port at the level of bytes: streams through real sockets into link.c, link_hello.c and peers.c of
 * server 1, which has a secret. The input is a stranger, or server 2, that may know it; server 3 is connected and behaves.
 *
 * Commands: a byte of two bits stream and three bits what: raw bytes (u16 length, bytes); a frame with a length and a checksum
 * that hold around such bytes; a HELLO (a byte says which fields are wrong, and whether it says to be server 3); a proof (a
 * byte: right or wrong); a turn (u8: how many bytes of each stream arrive before it, 0: all); time (u8 times 32 ms); an end;
 * opened anew, dialled or accepted.
 *
 * Server 3 stays connected and each of its messages arrives; nobody is up without a right HELLO and proof; messages come
 * whole, from peers that are up; up and down alternate. */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "fuzz/fuzz.h"
#include "net/auth.h"
#include "net/peers_private.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS = 4, GOOD = STREAMS, SELF = 1, STRANGER = 2, STEADY = 3, FRAME_HEAD = 12 };

#define SECRET "the secret of three servers"
static const struct slice secret = {(const uint8_t *)SECRET, sizeof(SECRET) - 1};

struct stream {
    int fd;           /* -1: not open */
    bool dialled;     /* by server 1 */
    struct buf out;   /* what has not arrived yet */
    struct buf in;    /* what server 1 sent */
    struct buf hello; /* ours as it was sent last */
    uint32_t said;    /* whom that HELLO says to be */
    bool right;       /* that HELLO was right */
};

static struct {
    struct event_base *base;
    struct inbox inbox;
    struct replica_peer_output output[STEADY + 1];
    struct peers *peers;
    struct stream stream[STREAMS + 1];       /* the last one is server 3's */
    uint64_t now_ms, round, heard;           /* rounds of HEARTBEAT_ACKs that server 3 sent, and that came */
    bool up[STEADY + 1], proved[STEADY + 1]; /* by peer; proved: a right HELLO and a right proof were sent for it */
} net;

static struct replica_peer_output *output_of(void *context, uint32_t peer)
{
    (void)context;
    return &net.output[peer];
}

/* ---- what server 1 must make of it ---- */

static void linked(const struct replica_event *event)
{
    COORD_ASSERT(event->peer == STRANGER || event->peer == STEADY);
    COORD_ASSERT(event->up != net.up[event->peer]);
    COORD_ASSERT(!event->up || net.proved[event->peer]);
    COORD_ASSERT(event->up || event->peer != STEADY);
    net.up[event->peer] = event->up;
    if (!event->up) {
        buf_clear(&net.output[event->peer].urgent);
        buf_clear(&net.output[event->peer].bulk);
    }
}

static void heard(const struct peer_msg *m)
{
    COORD_ASSERT(m->from <= STEADY && net.up[m->from] && m->to == SELF);
    COORD_ASSERT(m->type != PEER_HELLO && m->type != PEER_HELLO_AUTH && m->payload.size <= PEER_PAYLOAD_MAX);
    if (m->from == STEADY)
        COORD_ASSERT(m->type == PEER_HEARTBEAT_ACK && m->heartbeat_ack.round == ++net.heard);
    else /* an answer to whatever came */
        peer_encode(&net.output[m->from].urgent, &(struct peer_msg){.type = PEER_COMMIT, .commit = {.epoch = 1}});
}

static void turn(void)
{
    event_base_loop(net.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    for (uint32_t i = 0; i < net.inbox.count; i++) {
        const struct replica_event *event = &net.inbox.events[i];
        if (event->type == REPLICA_LINK)
            linked(event);
        else
            heard(event->message);
    }
    inbox_clear(&net.inbox);
    peers_after_step(net.peers, net.now_ms);
    for (uint32_t i = 0; i < net.peers->peer_count; i++)
        net.peers->peer[i].dial_at_ms = UINT64_MAX; /* dials are the input's */
    peers_run(net.peers, net.now_ms);
}

/* ---- the other ends ---- */

static void close_stream(struct stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    buf_deinit(&s->out);
    buf_deinit(&s->in);
    buf_deinit(&s->hello);
}

static void open_stream(struct stream *s, uint32_t peer, bool dialled)
{
    struct peer *known = peers_find(net.peers, peer);
    static const char from[NET_ADDRESS_TEXT] = "a socket pair";
    int ends[2];

    close_stream(s);
    dialled = dialled && known->dial == NULL && known->up == NULL;
    if (net.peers->accepted_count == PEERS_ACCEPTED_MAX)
        turn(); /* those that were closed are seen */
    COORD_ASSERT(net.peers->accepted_count < PEERS_ACCEPTED_MAX);
    COORD_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    *s = (struct stream){.fd = ends[0], .dialled = dialled};
    if (dialled)
        known->dial = link_new(net.peers, ends[1], true, peer, from);
    else
        link_new(net.peers, ends[1], false, 0, from), net.peers->accepted_count++;
}

/* What server 1 has sent; its HELLO is the first frame. */
static struct slice their_hello(struct stream *s)
{
    size_t room = 1024;
    struct slice body;
    size_t size = 0;
    ssize_t got = s->fd < 0 ? 0 : recv(s->fd, buf_reserve(&s->in, room), room, 0);

    if (got > 0)
        buf_commit(&s->in, (size_t)got);
    if (peer_frame(buf_slice(&s->in), &size, &body) < 0)
        size = 0;
    return slice_make(buf_bytes(&s->in), size);
}

static void add_hello(struct stream *s, uint32_t wrong, uint32_t server)
{
    struct peer_msg m = {.type = PEER_HELLO};

    m.hello = (struct peer_hello){.version = wrong & 1 ? PEER_FORMAT_VERSION + 1 : PEER_FORMAT_VERSION,
                                  .server = wrong & 2 ? 9 : server,
                                  .to = wrong & 4 ? STEADY : SELF,
                                  .cluster = wrong & 8    ? 8
                                             : wrong & 16 ? 7
                                                          : 0,
                                  .incarnation = wrong & 32 ? 2 : 1,
                                  .boot = wrong >> 6,
                                  .nonce0 = wrong,
                                  .authenticate = wrong != 255};
    buf_clear(&s->hello);
    peer_encode(&s->hello, &m);
    buf_append(&s->out, buf_bytes(&s->hello), buf_size(&s->hello));
    s->said = server;
    s->right = (wrong & 15) == 0 && wrong != 255;
}

static void add_proof(struct stream *s, bool right)
{
    struct peer_msg m = {.type = PEER_HELLO_AUTH};
    struct slice theirs = their_hello(s);

    auth_prove(right ? secret : SLICE_LITERAL("another"), !s->dialled, buf_slice(&s->hello), theirs, &m.hello_auth);
    peer_encode(&s->out, &m);
    if (right && s->right && theirs.size > 0)
        net.proved[s->said] = true;
}

static void add_frame(struct stream *s, struct slice body)
{
    uint8_t head[FRAME_HEAD];

    put_le32(head, (uint32_t)body.size + FRAME_HEAD - 4);
    put_le64(head + 4, hash_bytes(body.data, body.size, PEER_FRAME_SEED));
    buf_append(&s->out, head, sizeof(head));
    buf_append(&s->out, body.data, body.size);
}

static void arrive(struct stream *s, size_t most)
{
    size_t size = most > 0 && most < buf_size(&s->out) ? most : buf_size(&s->out);
    ssize_t sent = s->fd < 0 || size == 0 ? 0 : send(s->fd, buf_bytes(&s->out), size, MSG_NOSIGNAL);

    if (sent > 0)
        buf_consume(&s->out, (size_t)sent);
}

/* Server 3 says something, and it is heard. */
static void steady_turn(size_t most)
{
    struct stream *s = &net.stream[GOOD];
    struct peer_msg m = {.type = PEER_HEARTBEAT_ACK};

    for (int i = 0; i < STREAMS; i++)
        arrive(&net.stream[i], most);
    m.heartbeat_ack.round = ++net.round;
    peer_encode(&s->out, &m);
    arrive(s, 0);
    turn();
    COORD_ASSERT(net.heard == net.round);
}

static void command(struct stream *s, uint32_t what, struct fuzz_in *in)
{
    uint32_t byte;

    if (s->fd < 0)
        open_stream(s, STRANGER, false);
    switch (what) {
    case 0: {
        struct slice raw = fuzz_take(in, fuzz_u16(in));
        buf_append(&s->out, raw.data, raw.size);
        break;
    }
    case 1:
        add_frame(s, fuzz_take(in, fuzz_u16(in)));
        break;
    case 2:
        byte = fuzz_u8(in);
        add_hello(s, byte, STRANGER);
        break;
    case 3:
        byte = fuzz_u8(in);
        if (byte < 128)
            add_proof(s, byte % 2 == 0 && s->said == STRANGER);
        else
            add_hello(s, byte & 15, STEADY), s->right = false; /* who it is not */
        break;
    case 4:
        steady_turn(fuzz_u8(in));
        break;
    case 5:
        net.now_ms += fuzz_u8(in) * 32;
        steady_turn(1);
        break;
    case 6:
        close_stream(s);
        break;
    default:
        open_stream(s, STRANGER, fuzz_u8(in) % 2 == 1);
        break;
    }
}

static void begin(void)
{
    struct peers_options options = {.self = SELF, .boot = 1, .incarnation = 11, .secret = secret, .server_count = 3, .seed = 1};
    struct stream *good = &net.stream[GOOD];

    for (uint32_t i = 0; i < 3; i++)
        options.servers[i] = (struct peers_server){i + 1, "0.0.0.0", 1};
    net.now_ms = net.round = net.heard = 0;
    memset(net.up, 0, sizeof(net.up));
    memset(net.proved, 0, sizeof(net.proved));
    net.peers = peers_new(net.base, &net.inbox, output_of, NULL, &options, 7);
    for (int i = 0; i <= STREAMS; i++)
        net.stream[i] = (struct stream){.fd = -1};
    open_stream(good, STEADY, false);
    add_hello(good, 0, STEADY);
    arrive(good, 0);
    turn();
    add_proof(good, true);
    arrive(good, 0);
    turn();
    COORD_ASSERT(net.up[STEADY]);
}

static void end(void)
{
    peers_free(net.peers);
    for (int i = 0; i <= STREAMS; i++)
        close_stream(&net.stream[i]);
    for (int i = 0; i <= STEADY; i++) {
        buf_deinit(&net.output[i].urgent);
        buf_deinit(&net.output[i].bulk);
    }
    inbox_clear(&net.inbox);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};

    if (net.base == NULL) {
        log_set_level(LOG_LEVEL_ERROR + 1);
        net.base = event_base_new();
        inbox_init(&net.inbox);
    }
    begin();
    while (in.left > 0) {
        uint32_t op = fuzz_u8(&in);
        command(&net.stream[op & 3], op >> 2 & 7, &in);
    }
    for (int i = 0; i < 8; i++)
        steady_turn(0);
    end();
    return 0;
}
