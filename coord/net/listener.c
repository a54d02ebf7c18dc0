/* listener.c - accept4 in a loop. Core thread. */
#include "net/listener.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct listener {
    struct event *readable, *retry;
    int fd;
    bool asleep, exhausted; /* exhausted: the log has said so */
    listener_accept_cb cb;
    void *context;
};

static void fall_asleep(struct listener *l)
{
    const struct timeval wait = {.tv_usec = LISTENER_RETRY_MS * 1000};

    event_del(l->readable);
    event_add(l->retry, &wait);
    l->asleep = true;
}

/* Errors of the connection that was being accepted, not of the listener (accept(2)). */
static bool is_passing(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM || error == ENETDOWN ||
           error == EHOSTUNREACH || error == ENETUNREACH || error == ENOPROTOOPT || error == EHOSTDOWN || error == ENONET ||
           error == EOPNOTSUPP;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct listener *l = context;

    (void)what;
    for (int i = 0; i < LISTENER_BUDGET; i++) {
        struct net_address from = {.size = sizeof(from.storage)};
        int accepted = accept4(fd, (void *)&from.storage, &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            l->exhausted = false;
            if (!l->cb(l->context, accepted, &from)) {
                fall_asleep(l);
                return;
            }
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (!is_passing(errno)) { /* EMFILE, ENFILE, ENOBUFS, ENOMEM */
            if (!l->exhausted)
                LOG_WARN("net", "cannot_accept", "reason=%s", log_quoted(strerror(errno)));
            l->exhausted = true;
            fall_asleep(l);
            return;
        }
    }
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    listener_resume(context);
}

struct listener *listener_new(struct event_base *base, int fd, listener_accept_cb cb, void *context)
{
    struct listener *l = coord_alloc_zero(1, sizeof(*l));

    l->fd = fd;
    l->cb = cb;
    l->context = context;
    l->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, l);
    l->retry = evtimer_new(base, on_retry, l);
    COORD_ASSERT(l->readable != NULL && l->retry != NULL);
    event_add(l->readable, NULL);
    return l;
}

void listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    event_free(l->readable);
    event_free(l->retry);
    close(l->fd);
    coord_free(l);
}

void listener_resume(struct listener *l)
{
    if (l == NULL || !l->asleep)
        return;
    l->asleep = false;
    event_del(l->retry);
    event_add(l->readable, NULL);
}
