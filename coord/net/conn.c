/* conn.c - the bytes of one client connection, as drawn in clients.h. Core thread. */
#include "net/conn.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "wire/zk.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define TELNET_INTERRUPT 0xfff4fffdu /* what telnet sends for Ctrl-C: just close */

/* Nothing is read nor sent: only the end is waited for. libevent reports EV_CLOSED for an orderly end alone; a reset comes as
 * writable, and for ever when nobody waits for that. A socket is writable at once, so it must be the edge. */
#define ONLY_THE_END (EV_CLOSED | EV_WRITE | EV_ET)

static void on_ready(evutil_socket_t fd, short what, void *context);

static void want(struct conn *conn, short wants)
{
    if (wants == conn->wants)
        return;
    if (conn->wants != 0)
        event_del(&conn->event);
    conn->wants = wants;
    if (wants != 0) {
        event_assign(&conn->event, conn->clients->base, conn->fd, (short)(wants | EV_PERSIST), on_ready, conn);
        event_add(&conn->event, NULL);
    }
}

/* Reading is over or paused; the rest of the output may still have to be sent. */
static void want_end(struct conn *conn, bool writing)
{
    want(conn, writing ? EV_WRITE | EV_CLOSED : ONLY_THE_END);
}

static bool waits_to_send(const struct conn *conn)
{
    return (conn->wants & EV_WRITE) && conn->wants != ONLY_THE_END;
}

struct conn *conn_new(struct clients *c, int fd, uint64_t address_key, const struct net_address *from)
{
    struct replica_event *opened;
    struct conn *conn = coord_alloc_zero(1, sizeof(*conn));

    conn->clients = c;
    conn->fd = fd;
    conn->id = ++c->last_id;
    conn->address_key = address_key;
    list_init(&conn->link);
    list_init(&conn->warm);
    want(conn, EV_READ);
    net_address_host(from, conn->address);
    opened = inbox_add(c->inbox, REPLICA_CONN_OPEN);
    opened->conn = conn->id;
    opened->bytes = slice_from_text(conn->address); /* the connection outlives the turn: clients.gone */
    return conn;
}

void conn_free(struct conn *conn)
{
    list_remove(&conn->link);
    list_remove(&conn->warm);
    buf_deinit(&conn->in);
    buf_deinit(&conn->answer);
    coord_free(conn);
}

void conn_warm(struct conn *conn)
{
    conn->active_ms = conn->clients->now_ms;
    if (list_empty(&conn->warm))
        list_push_back(&conn->clients->warm, &conn->warm);
}

void conn_end(struct conn *conn)
{
    COORD_ASSERT(conn->state != CONN_GONE);
    inbox_add(conn->clients->inbox, REPLICA_CONN_CLOSED)->conn = conn->id;
    conn->io = NULL;
    want(conn, 0);
    conn->state = CONN_GONE;
    close(conn->fd);
    conn->fd = -1;
    clients_forget(conn);
    list_remove(&conn->link);
    list_push_back(&conn->clients->gone, &conn->link);
}

/* All was sent. Unread bytes would make the kernel reset the connection and the client lose the end: drop what is there. */
static void finish(struct conn *conn)
{
    uint8_t dropped[4096];

    shutdown(conn->fd, SHUT_WR);
    for (int i = 0; i < 16 && recv(conn->fd, dropped, sizeof(dropped), MSG_DONTWAIT) == (ssize_t)sizeof(dropped); i++)
        ;
    conn_end(conn);
}

/* Returns false when the connection ended: broken. */
static bool send_some(struct conn *conn, struct buf *from)
{
    ssize_t sent;

    if (buf_size(from) == 0)
        return true;
    do
        sent = send(conn->fd, buf_bytes(from), buf_size(from), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    conn_warm(conn);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        conn_end(conn);
        return false;
    }
    if (sent > 0)
        buf_consume(from, (size_t)sent);
    return true;
}

/* One piece a turn: what is written at once must not hold the others up. */
static void print_piece(struct conn *conn)
{
    struct clients *c = conn->clients;

    if (conn->word == NULL || c->pieces_left == 0 || buf_size(&conn->answer) > 0)
        return;
    c->pieces_left--;
    if (!c->options.word(c->options.context, conn->word, &conn->place, &conn->answer))
        conn->word = NULL;
}

static void continue_answer(struct conn *conn)
{
    print_piece(conn);
    if (!send_some(conn, &conn->answer))
        return;
    if (buf_size(&conn->answer) == 0 && conn->word == NULL)
        finish(conn);
    else
        want(conn, EV_WRITE);
}

/* The replica goes on counting it among the connections, as one without a session, but what it has for it is not sent. */
static void answer_word(struct conn *conn, const struct report_word *word)
{
    struct clients *c = conn->clients;

    if (report_word_allowed(word, c->options.four_letter_words))
        conn->word = word;
    else
        report_word_refused(&conn->answer, word);
    conn->io = NULL;
    conn->state = CONN_ANSWERING;
    conn_warm(conn);
    continue_answer(conn);
}

/* The first four bytes; true when they were no length, and the connection is answered or closed. */
static bool take_word(struct conn *conn, struct slice bytes)
{
    const struct report_word *word = report_word_find(bytes.data);

    if (word != NULL)
        answer_word(conn, word);
    else if (get_be32(bytes.data) == TELNET_INTERRUPT)
        conn_end(conn);
    return word != NULL || conn->state == CONN_GONE;
}

/* Whole frames at the front become events. Returns the bytes taken; the connection may have ended or be answering. */
static size_t take_frames(struct conn *conn, struct slice bytes)
{
    struct clients *c = conn->clients;
    size_t used = 0;

    while (bytes.size - used >= 4) {
        struct slice rest = slice_make(bytes.data + used, bytes.size - used);
        uint32_t max = conn->state == CONN_FIRST ? ZK_FIRST_FRAME_MAX : c->options.packet_max_bytes;
        uint32_t length = get_be32(rest.data); /* a negative one is above every limit */
        struct replica_event *event;
        if (conn->state == CONN_FIRST && take_word(conn, rest))
            break;
        if (length > max) {
            c->stats.bad_packets++;
            conn_end(conn);
            break;
        }
        if (rest.size - 4 < length)
            break;
        event = inbox_add(c->inbox, REPLICA_CONN_FRAME);
        event->conn = conn->id;
        event->bytes = slice_make(rest.data + 4, length);
        conn->state = CONN_OPEN;
        used += 4 + (size_t)length;
    }
    return used;
}

static void end_of_stream(struct conn *conn, ssize_t got)
{
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        conn_end(conn);
}

/* Nothing is kept from before: whole frames are taken where they are received. */
static void read_to_arena(struct conn *conn)
{
    struct inbox *inbox = conn->clients->inbox;
    size_t room, used;
    uint8_t *to = inbox_room(inbox, &room);
    ssize_t got;

    if (room == 0)
        return; /* still readable in the next turn */
    got = recv(conn->fd, to, room, 0);
    if (got <= 0) {
        end_of_stream(conn, got);
        return;
    }
    inbox_take(inbox, (size_t)got);
    used = take_frames(conn, slice_make(to, (size_t)got));
    if (conn->state <= CONN_OPEN && used < (size_t)got) {
        buf_append(&conn->in, to + used, (size_t)got - used);
        conn_warm(conn);
    }
}

static void read_to_buffer(struct conn *conn)
{
    ssize_t got = recv(conn->fd, buf_reserve(&conn->in, INBOX_READ_BYTES), INBOX_READ_BYTES, 0);

    if (got <= 0) {
        end_of_stream(conn, got);
        return;
    }
    buf_commit(&conn->in, (size_t)got);
    conn_warm(conn);
    conn->in_used = take_frames(conn, buf_slice(&conn->in));
    if (conn->in_used > 0 && conn->state <= CONN_OPEN)
        list_push_back(&conn->clients->touched, &conn->link);
}

/* Interests after output was sent as far as it goes. */
static void settle(struct conn *conn)
{
    const struct replica_conn_io *io = conn->io;
    short writing = buf_size(&io->output) > 0 ? EV_WRITE : 0;

    if (io->close && writing == 0)
        finish(conn);
    else if (io->close || (io->paused && !(conn->wants & EV_READ)))
        want_end(conn, writing != 0);
    else /* one paused just now is likely to go on soon: its read event is taken off only if it fires */
        want(conn, (short)(writing | EV_READ));
}

static void look_for_end(struct conn *conn)
{
    struct pollfd now = {.fd = conn->fd, .events = POLLRDHUP};

    if (poll(&now, 1, 0) > 0)
        conn_end(conn);
}

static void serve(struct conn *conn, short what)
{
    if (conn->state == CONN_ANSWERING) {
        continue_answer(conn);
        return;
    }
    if (conn->wants == ONLY_THE_END) {
        look_for_end(conn);
        return;
    }
    if (what & EV_WRITE) {
        if (!send_some(conn, &conn->io->output))
            return;
        settle(conn);
        if (conn->state == CONN_GONE)
            return;
        inbox_add(conn->clients->inbox, REPLICA_CONN_DRAINED)->conn = conn->id;
    }
    if ((what & EV_CLOSED) && !(conn->wants & EV_READ))
        conn_end(conn);
    else if ((what & EV_READ) && conn->io != NULL && (conn->io->paused || conn->io->close))
        want_end(conn, waits_to_send(conn));
    else if ((what & EV_READ) && buf_size(&conn->in) == 0)
        read_to_arena(conn);
    else if ((what & EV_READ) && conn->in_used == 0)
        read_to_buffer(conn);
}

/* When the turn is full the loop ends; what it has found ready stays so for the next. */
static void on_ready(evutil_socket_t fd, short what, void *context)
{
    struct conn *conn = context;
    struct clients *c = conn->clients;

    (void)fd;
    serve(conn, what);
    if (!inbox_count_read(c->inbox))
        event_base_loopbreak(c->base);
}

void conn_flush(struct conn *conn)
{
    bool full;

    if (conn->io == NULL && conn->state <= CONN_OPEN)
        conn->io = replica_conn_io(conn->clients->replica, conn->id);
    if (conn->io == NULL)
        return;
    full = buf_size(&conn->io->output) >= REPLICA_OUTPUT_BYTES;
    if (!waits_to_send(conn) && !send_some(conn, &conn->io->output))
        return;
    settle(conn);
    /* The kernel may take all of it at once: then no write event will tell the replica that its requests may go on. */
    if (full && conn->state != CONN_GONE && buf_size(&conn->io->output) < REPLICA_OUTPUT_BYTES)
        inbox_add(conn->clients->inbox, REPLICA_CONN_DRAINED)->conn = conn->id;
}
