/* link.c - sockets of libcoord. SIGPIPE is never raised: MSG_NOSIGNAL. */
#include "link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEND_PIECES_MAX 64

void link_init(struct link *l, struct event_base *base, link_cb cb, void *arg)
{
    *l = (struct link){.base = base, .cb = cb, .arg = arg, .fd = -1, .problem = ""};
}

static void drop_socket(struct link *l)
{
    if (l->reader != NULL)
        event_free(l->reader);
    if (l->writer != NULL)
        event_free(l->writer);
    if (l->fd >= 0)
        close(l->fd);
    l->reader = l->writer = NULL;
    l->fd = -1;
    l->connected = l->writing = false;
}

void link_close(struct link *l)
{
    drop_socket(l);
    if (l->addresses != NULL)
        freeaddrinfo(l->addresses);
    l->addresses = l->address = NULL;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct link *l = arg;

    (void)fd;
    (void)what;
    l->cb(l->arg, LINK_READABLE);
}

static int try_addresses(struct link *l);

/* The connection stands, failed, or has room again. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct link *l = arg;
    int error = 0;
    socklen_t size = sizeof(error);

    (void)what;
    l->writing = false;
    if (l->connected) {
        l->cb(l->arg, LINK_WRITABLE);
        return;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    if (error == 0 && event_add(l->reader, NULL) < 0)
        error = ENOMEM;
    if (error == 0) {
        l->connected = true;
        l->cb(l->arg, LINK_CONNECTED);
        return;
    }
    l->problem = strerror(error);
    if (try_addresses(l) < 0)
        l->cb(l->arg, LINK_FAILED);
}

/* Start on one address. 0 or an errno. */
static int start(struct link *l, const struct addrinfo *address)
{
    int on = 1;

    l->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return errno;
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* an optimisation: a failure costs time only */
    if (connect(l->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
        return errno;
    l->reader = event_new(l->base, l->fd, EV_READ | EV_PERSIST, on_readable, l);
    l->writer = event_new(l->base, l->fd, EV_WRITE, on_writable, l);
    if (l->reader == NULL || l->writer == NULL || event_add(l->writer, NULL) < 0)
        return ENOMEM;
    return 0;
}

/* Start on the next address that can be started on; -1: none is left. */
static int try_addresses(struct link *l)
{
    while (l->address != NULL) {
        const struct addrinfo *address = l->address;
        int error;

        drop_socket(l);
        l->address = address->ai_next;
        error = start(l, address);
        if (error == 0)
            return 0;
        l->problem = strerror(error);
    }
    drop_socket(l);
    return -1;
}

int link_dial(struct link *l, const struct server *server)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    int rc;

    link_close(l);
    rc = getaddrinfo(server->host, server->port, &hints, &l->addresses);
    if (rc == EAI_NONAME) { /* not numeric: this one may block */
        hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
        rc = getaddrinfo(server->host, server->port, &hints, &l->addresses);
    }
    if (rc != 0) {
        l->addresses = NULL;
        l->problem = gai_strerror(rc);
        return -1;
    }
    l->address = l->addresses;
    return try_addresses(l);
}

void link_send(struct link *l, const struct slice *pieces, size_t count, size_t *sent)
{
    struct iovec vector[SEND_PIECES_MAX];
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = count < SEND_PIECES_MAX ? count : SEND_PIECES_MAX};
    ssize_t rc;

    *sent = 0;
    if (!l->connected || l->writing)
        return;
    for (size_t i = 0; i < message.msg_iovlen; i++)
        vector[i] = (struct iovec){(void *)(uintptr_t)pieces[i].data, pieces[i].size};
    rc = sendmsg(l->fd, &message, MSG_NOSIGNAL);
    if (rc >= 0)
        *sent = (size_t)rc;
    else if (errno == EAGAIN || errno == EINTR)
        l->writing = event_add(l->writer, NULL) == 0;
}

ptrdiff_t link_receive(struct link *l, void *to, size_t size)
{
    ssize_t rc = recv(l->fd, to, size, 0);

    if (rc > 0)
        return rc;
    if (rc < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    l->problem = rc == 0 ? "the server closed the connection" : strerror(errno);
    return -1;
}
