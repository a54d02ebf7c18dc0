/* link.c - the bytes of a link: frames in, joined from fragments; frames out, urgent ones first. Core thread. */
#include "net/link.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/log.h"
#include "net/peers_private.h"
#include "wire/peer_table.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, HELLO_FRAME_MAX = 256, KEEP_BYTES = 256 << 10 };

static void on_ready(evutil_socket_t fd, short what, void *context);

static void arm(struct link *l, short wants)
{
    event_assign(&l->event, l->peers->base, l->fd, (short)(wants | EV_PERSIST), on_ready, l);
    event_add(&l->event, NULL);
}

static void want_writable(struct link *l, bool wanted)
{
    if (wanted == l->writable_wanted)
        return;
    l->writable_wanted = wanted;
    event_del(&l->event);
    arm(l, wanted ? EV_READ | EV_WRITE : EV_READ);
}

struct link *link_new(struct peers *p, int fd, bool dialled, uint32_t peer, const char *address)
{
    struct link *l = coord_alloc_zero(1, sizeof(*l));

    l->peers = p;
    l->fd = fd;
    l->dialled = dialled;
    l->peer = peer;
    l->state = dialled ? LINK_CONNECTING : LINK_HELLO;
    l->deadline_ms = p->now_ms + PEERS_HANDSHAKE_MS;
    memcpy(l->address, address, sizeof(l->address));
    net_set_peer(fd);
    arm(l, dialled ? EV_WRITE : EV_READ);
    list_push_back(&p->links, &l->all);
    return l;
}

void link_free(struct link *l)
{
    list_remove(&l->all);
    buf_deinit(&l->in);
    buf_deinit(&l->joined);
    buf_deinit(&l->mine_bytes);
    buf_deinit(&l->theirs_bytes);
    coord_free(l);
}

void link_end(struct link *l, const char *why)
{
    COORD_ASSERT(l->state != LINK_ENDED);
    if (why != NULL)
        LOG_INFO("net", l->state == LINK_UP ? "link_down" : "link_failed", "peer=%u address=%s reason=%s", l->peer, l->address,
                 log_quoted(why));
    event_del(&l->event);
    close(l->fd);
    l->fd = -1;
    list_remove(&l->all);
    list_push_back(&l->peers->ended, &l->all);
    peers_link_ended(l->peers, l);
    l->state = LINK_ENDED;
}

bool link_send_whole(struct link *l, const struct buf *bytes)
{
    ssize_t sent = send(l->fd, buf_bytes(bytes), buf_size(bytes), MSG_NOSIGNAL);

    if (sent == (ssize_t)buf_size(bytes))
        return true;
    link_end(l, sent < 0 ? strerror(errno) : "handshake_not_sent");
    return false;
}

static void bad_frame(struct link *l, const char *why)
{
    l->peers->stats.bad_frames++;
    link_end(l, why);
}

static void deliver(struct link *l, struct peer_msg *m)
{
    m->from = l->peer;
    m->to = l->peers->options.self;
    inbox_add(l->peers->inbox, REPLICA_MESSAGE)->message = m;
}

/* Whether m is a further fragment of the message being joined: fragments carry the same fields. */
static bool continues(const struct link *l, const struct peer_msg *m)
{
    return l->joining && m->type == l->first.type &&
           memcmp(peer_fields(m), peer_fields(&l->first), peer_table(m->type)->struct_size) == 0;
}

static void take_message(struct link *l, struct peer_msg *m, unsigned flags)
{
    bool more = (flags & PEER_FLAG_MORE) != 0, further = continues(l, m);

    if (m->type == PEER_HELLO || m->type == PEER_HELLO_AUTH) {
        bad_frame(l, "message_out_of_place");
    } else if (!more && !further) {
        deliver(l, m); /* an urgent one may stand between fragments */
    } else if (l->joining && !further) {
        bad_frame(l, "fragments_mixed");
    } else if (buf_size(&l->joined) + m->payload.size > PEER_PAYLOAD_MAX) {
        bad_frame(l, "message_too_long");
    } else {
        buf_append(&l->joined, m->payload.data, m->payload.size);
        l->first = *m;
        l->joining = more;
        if (more)
            return;
        m->payload = buf_slice(&l->joined);
        inbox_keep(l->peers->inbox, &l->joined);
        deliver(l, m);
    }
}

/* One whole frame at the front of `rest`: 0 when more bytes are needed or the link ended. */
static size_t take_frame(struct link *l, struct slice rest)
{
    struct slice body;
    size_t size;
    struct peer_msg *m;
    unsigned flags;

    /* A stranger gets no memory: what is not a HELLO's length is refused at once. */
    if (l->state != LINK_UP && rest.size >= 4 && get_le32(rest.data) > HELLO_FRAME_MAX) {
        bad_frame(l, "no_hello");
        return 0;
    }
    if (peer_frame(rest, &size, &body) < 0) {
        bad_frame(l, "damaged_frame");
        return 0;
    }
    if (size == 0)
        return 0;
    m = inbox_message(l->peers->inbox);
    if (peer_decode(body, m, &flags) < 0)
        bad_frame(l, "malformed_message");
    else if (l->state != LINK_UP)
        link_take_hello(l, m, slice_make(rest.data, size));
    else
        take_message(l, m, flags);
    return l->state == LINK_ENDED ? 0 : size;
}

/* A frame that has begun must end in time: a length that was damaged on the way would swallow heartbeats for many minutes. */
static void await_rest(struct link *l)
{
    if (buf_size(&l->in) == l->in_used)
        l->deadline_ms = UINT64_MAX;
    else if (l->in_used > 0 || l->deadline_ms == UINT64_MAX)
        l->deadline_ms = l->peers->now_ms + PEERS_FRAME_MS;
}

static void read_some(struct link *l)
{
    ssize_t got;

    if (l->in_used > 0)
        return;
    got = recv(l->fd, buf_reserve(&l->in, READ_BYTES), READ_BYTES, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got <= 0) {
        /* A dial that the other end gave up for its own is no news. */
        link_end(l, l->state == LINK_UP ? (got == 0 ? "closed_by_peer" : strerror(errno)) : NULL);
        return;
    }
    buf_commit(&l->in, (size_t)got);
    for (;;) {
        struct slice rest = slice_make(buf_bytes(&l->in) + l->in_used, buf_size(&l->in) - l->in_used);
        size_t used = take_frame(l, rest);
        if (used == 0)
            break;
        l->in_used += used;
    }
    if (l->state == LINK_UP)
        await_rest(l);
}

static void connected(struct link *l)
{
    int error = 0;
    socklen_t size = sizeof(error);

    getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        link_end(l, NULL);
        return;
    }
    l->state = LINK_HELLO;
    event_del(&l->event);
    arm(l, EV_READ);
    link_send_hello(l);
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    struct link *l = context;

    (void)fd;
    if (l->state == LINK_CONNECTING) {
        connected(l);
        return;
    }
    if (what & EV_WRITE) {
        want_writable(l, false);
        link_flush(l);
    }
    if ((what & EV_READ) && l->state != LINK_ENDED)
        read_some(l);
}

/* How much of the frame at whose begin `sent` bytes start is still to come after them. */
static size_t rest_of_frame(const struct buf *b, size_t at, size_t sent)
{
    while (sent > 0) {
        size_t frame = 4 + (size_t)get_le32(buf_bytes(b) + at);
        if (sent < frame)
            return frame - sent;
        at += frame;
        sent -= frame;
    }
    return 0;
}

static size_t taken(size_t *sent, size_t part)
{
    size_t now = *sent < part ? *sent : part;

    *sent -= now;
    return now;
}

/* In this order: the rest of a bulk frame begun, all that is urgent, the other bulk frames. */
void link_flush(struct link *l)
{
    struct replica_peer_output *out = l->peers->output(l->peers->context, l->peer);
    size_t head, bulk, sent, in_head, in_urgent, in_bulk;
    ssize_t rc;

    if (out == NULL || l->writable_wanted || buf_size(&out->urgent) + buf_size(&out->bulk) == 0)
        return;
    head = l->bulk_rest;
    bulk = out->corked ? 0 : buf_size(&out->bulk) - head;
    if (head + buf_size(&out->urgent) + bulk == 0)
        return;
    uint8_t *behind = head == 0 ? buf_bytes(&out->bulk) : buf_bytes(&out->bulk) + head; /* it may be NULL */
    struct iovec parts[3] = {{buf_bytes(&out->bulk), head}, {buf_bytes(&out->urgent), buf_size(&out->urgent)}, {behind, bulk}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    do
        rc = sendmsg(l->fd, &message, MSG_NOSIGNAL);
    while (rc < 0 && errno == EINTR);
    if (rc < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        link_end(l, strerror(errno));
        return;
    }
    sent = rc < 0 ? 0 : (size_t)rc;
    in_head = taken(&sent, head);
    in_urgent = taken(&sent, parts[1].iov_len);
    in_bulk = taken(&sent, bulk);
    l->bulk_rest = in_head < head ? head - in_head : rest_of_frame(&out->bulk, head, in_bulk);
    buf_consume(&out->urgent, in_urgent);
    buf_consume(&out->bulk, in_head + in_bulk);
    buf_shrink(&out->urgent, KEEP_BYTES);
    buf_shrink(&out->bulk, KEEP_BYTES);
    want_writable(l, buf_size(&out->urgent) + (out->corked ? l->bulk_rest : buf_size(&out->bulk)) > 0);
}

void link_after_step(struct link *l)
{
    buf_consume(&l->in, l->in_used);
    l->in_used = 0;
    buf_shrink(&l->in, KEEP_BYTES);
}
