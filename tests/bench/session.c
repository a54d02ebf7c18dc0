/* session.c - one connection of coordbench. */
#include "bench/session.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "wire/jute.h"
#include "wire/zk.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SESSION_TIMEOUT_MS 30000
#define READ_BYTES 65536
#define REPLY_HEADER_BYTES 16
#define SETUP_WINDOW 64
#define CALL_TIMEOUT_S 30

__attribute__((noreturn, format(printf, 2, 3))) static void fail(const struct bench_session *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "coordbench: %s:%s: ", s->server->host, s->server->port);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static int dial(const struct bench_session *s)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *a;
    struct timeval timeout = {.tv_sec = CALL_TIMEOUT_S};
    int fd = -1, one = 1, rc = getaddrinfo(s->server->host, s->server->port, &hints, &found);

    if (rc != 0)
        fail(s, "%s", gai_strerror(rc));
    for (a = found; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        rc = errno;
        if (fd >= 0)
            close(fd);
    }
    freeaddrinfo(found);
    if (a == NULL)
        fail(s, "%s", strerror(rc));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    return fd;
}

/* Appends what has come to `in`; false when the socket is empty. */
static bool receive(struct bench_session *s)
{
    ssize_t got = read(s->fd, buf_reserve(&s->in, READ_BYTES), READ_BYTES);

    if (got > 0)
        buf_commit(&s->in, (size_t)got);
    else if (got == 0)
        fail(s, "connection closed by the server");
    else if (errno != EAGAIN && errno != EINTR)
        fail(s, "%s", strerror(errno));
    return got > 0;
}

/* The next whole frame at the front of `in`, without its length; a null slice when it is not there yet. */
static struct slice frame(struct bench_session *s)
{
    size_t have = buf_size(&s->in), size;

    if (have < 4)
        return SLICE_NULL;
    size = get_be32(buf_bytes(&s->in));
    if (size > (1u << 30))
        fail(s, "frame of %zu bytes", size);
    return have - 4 < size ? SLICE_NULL : slice_make(buf_bytes(&s->in) + 4, size);
}

/* Blocking: send all of `out`, wait for one frame, which is valid until the next call. The caller consumes it. */
static struct slice call(struct bench_session *s)
{
    struct slice reply;

    while (buf_size(&s->out) > 0)
        bench_session_flush(s);
    while (reply = frame(s), slice_is_null(reply))
        if (!receive(s))
            fail(s, "no answer within %d s", CALL_TIMEOUT_S);
    return reply;
}

/* Blocking: the error code of the reply to the request in `out` or sent before. */
static int32_t call_error(struct bench_session *s)
{
    struct slice reply = call(s);
    int32_t error;

    if (reply.size < REPLY_HEADER_BYTES)
        fail(s, "reply of %zu bytes", reply.size);
    error = (int32_t)get_be32(reply.data + 12);
    buf_consume(&s->in, reply.size + 4);
    return error;
}

static void call_ok(struct bench_session *s, const char *what)
{
    int32_t error = call_error(s);

    if (error != 0)
        fail(s, "%s: error %d", what, error);
}

static int32_t take_xid(int32_t *xid)
{
    int32_t taken = *xid;

    *xid = taken == INT32_MAX ? 1 : taken + 1;
    return taken;
}

static void append_request(struct buf *b, const struct bench_frames *f, uint32_t key, int32_t xid)
{
    uint8_t *to = buf_reserve(b, f->frame_size);

    memcpy(to, bench_frame(f, key), f->frame_size);
    put_be32(to + BENCH_XID_OFFSET, (uint32_t)xid);
    buf_commit(b, f->frame_size);
}

void bench_session_open(struct bench_session *s, const struct bench_options *o, const struct bench_requests *r, uint32_t number)
{
    struct zk_connect_response response;
    struct jute_cursor cursor;
    struct slice reply;

    *s = (struct bench_session){
        .options = o, .requests = r, .server = &o->servers[number % o->server_count], .random = number + 1, .next_xid = 1};
    s->flights = coord_alloc_zero(o->outstanding, sizeof(s->flights[0]));
    s->fd = dial(s);
    bench_append_connect(&s->out, SESSION_TIMEOUT_MS);
    reply = call(s);
    cursor = jute_cursor_make(reply);
    if (jute_decode(&cursor, &jute_connect_response, &response) != 0 || response.session_id == 0)
        fail(s, "no session");
    buf_consume(&s->in, reply.size + 4);
}

static void make_node(struct bench_session *s, const char *path)
{
    int32_t error;

    bench_append_create(&s->out, take_xid(&s->next_xid), path);
    error = call_error(s);
    if (error != 0 && error != -COORD_E_NODE_EXISTS)
        fail(s, "create %s: error %d", path, error);
}

void bench_session_make_tree(struct bench_session *s)
{
    uint32_t keys = s->options->keys, sent = 0, answered = 0;

    make_node(s, "/coordbench");
    make_node(s, "/coordbench/new");
    /* Each key is created, which fails where an earlier run did so, and set, which gives it the size of this run. */
    while (answered < keys) {
        for (; sent < keys && sent - answered < SETUP_WINDOW; sent++) {
            append_request(&s->out, &s->requests->create_key, sent, take_xid(&s->next_xid));
            append_request(&s->out, &s->requests->set, sent, take_xid(&s->next_xid));
        }
        call_error(s);
        call_ok(s, "set");
        answered++;
    }
}

void bench_session_sync(struct bench_session *s)
{
    bench_append_sync(&s->out, take_xid(&s->next_xid));
    call_ok(s, "sync");
    s->expected_xid = s->next_xid;
    if (fcntl(s->fd, F_SETFL, O_NONBLOCK) != 0)
        fail(s, "%s", strerror(errno));
}

static void check_reply(struct bench_session *s, const uint8_t *reply, size_t size, const struct bench_flight *flight)
{
    int32_t xid, error;
    uint64_t zxid;

    if (size < REPLY_HEADER_BYTES)
        fail(s, "reply of %zu bytes", size);
    xid = (int32_t)get_be32(reply);
    zxid = get_be64(reply + 4);
    error = (int32_t)get_be32(reply + 12);
    if (s->in_flight == 0 || xid != s->expected_xid)
        fail(s, "reply to xid %d, expected %d", xid, s->expected_xid);
    if (error != 0)
        fail(s, "xid %d: error %d", xid, error);
    if (size != flight->reply_size)
        fail(s, "xid %d: reply of %zu bytes, expected %u", xid, size, flight->reply_size);
    if (zxid < s->last_zxid)
        fail(s, "xid %d: zxid 0x%llx is behind 0x%llx", xid, (unsigned long long)zxid, (unsigned long long)s->last_zxid);
    s->last_zxid = zxid;
}

bool bench_session_read(struct bench_session *s, uint64_t now_ns, struct histogram *h)
{
    struct slice reply;

    if (!receive(s))
        return false;
    while (reply = frame(s), !slice_is_null(reply)) {
        struct bench_flight *flight = &s->flights[(uint32_t)s->expected_xid % s->options->outstanding];

        check_reply(s, reply.data, reply.size, flight);
        histogram_add(h, now_ns - flight->sent_ns);
        take_xid(&s->expected_xid);
        s->in_flight--;
        buf_consume(&s->in, reply.size + 4);
    }
    return true;
}

static uint32_t draw(struct bench_session *s)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(s->random >> 33);
}

static const struct bench_frames *draw_frames(struct bench_session *s)
{
    const struct bench_requests *r = s->requests;

    switch (s->options->op) {
    case BENCH_SET:
        return &r->set;
    case BENCH_CREATE:
        return &r->create;
    case BENCH_MULTI:
        return &r->multi;
    case BENCH_MIXED:
        return draw(s) % 100 < s->options->reads ? &r->get : &r->set;
    default:
        return &r->get;
    }
}

bool bench_session_flush(struct bench_session *s)
{
    ssize_t sent = write(s->fd, buf_bytes(&s->out), buf_size(&s->out));

    if (sent >= 0)
        buf_consume(&s->out, (size_t)sent);
    else if (errno != EAGAIN && errno != EINTR)
        fail(s, "%s", strerror(errno));
    return buf_size(&s->out) > 0;
}

bool bench_session_fill(struct bench_session *s, uint64_t now_ns)
{
    uint32_t window = s->options->outstanding;

    if (s->in_flight == window)
        return buf_size(&s->out) > 0;
    for (; s->in_flight < window; s->in_flight++) {
        const struct bench_frames *frames = draw_frames(s);
        int32_t xid = take_xid(&s->next_xid);

        s->flights[(uint32_t)xid % window] = (struct bench_flight){now_ns, frames->reply_size};
        append_request(&s->out, frames, draw(s), xid);
    }
    return bench_session_flush(s);
}

void bench_session_close(struct bench_session *s)
{
    fcntl(s->fd, F_SETFL, 0);
    bench_append_close(&s->out, take_xid(&s->next_xid));
    call_ok(s, "closeSession");
    close(s->fd);
    buf_deinit(&s->in);
    buf_deinit(&s->out);
    coord_free(s->flights);
}
