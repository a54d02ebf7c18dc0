/* mailbox.c - a list under a mutex, and an eventfd that is readable while messages wait or the mailbox is closed. Impure. */
#include "base/mailbox.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    struct list waiting;
    size_t count, limit;
    int fd;
    bool closed;
};

struct mailbox *mailbox_new(size_t limit)
{
    struct mailbox *m = coord_alloc_zero(1, sizeof(*m));

    COORD_ASSERT(limit >= 1);
    COORD_ASSERT(pthread_mutex_init(&m->lock, NULL) == 0);
    list_init(&m->waiting);
    m->limit = limit;
    m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    COORD_ASSERT(m->fd >= 0);
    return m;
}

void mailbox_free(struct mailbox *m)
{
    COORD_ASSERT(m->count == 0);
    close(m->fd);
    pthread_mutex_destroy(&m->lock);
    coord_free(m);
}

/* The counter cannot overflow: it is written once per emptiness and once at the close. */
static void wake(struct mailbox *m)
{
    uint64_t one = 1;

    while (write(m->fd, &one, sizeof(one)) < 0)
        COORD_ASSERT(errno == EINTR);
}

bool mailbox_post(struct mailbox *m, struct list *node)
{
    bool taken;

    pthread_mutex_lock(&m->lock);
    taken = !m->closed && m->count < m->limit;
    if (taken) {
        list_push_back(&m->waiting, node);
        if (m->count++ == 0)
            wake(m);
    }
    pthread_mutex_unlock(&m->lock);
    return taken;
}

/* Moves everything under the lock, so that an eventfd cleared here never hides a message posted meanwhile. */
static size_t take(struct mailbox *m, struct list *to, bool *closed)
{
    uint64_t ignored;
    size_t count;

    pthread_mutex_lock(&m->lock);
    if (read(m->fd, &ignored, sizeof(ignored)) < 0)
        COORD_ASSERT(errno == EAGAIN || errno == EINTR);
    count = m->count;
    m->count = 0;
    list_append(to, &m->waiting);
    *closed = m->closed;
    pthread_mutex_unlock(&m->lock);
    return count;
}

size_t mailbox_take(struct mailbox *m, struct list *to)
{
    bool closed;

    return take(m, to, &closed);
}

size_t mailbox_wait(struct mailbox *m, struct list *to)
{
    struct pollfd readable = {.fd = m->fd, .events = POLLIN};
    bool closed;

    for (;;) {
        size_t count = take(m, to, &closed);
        if (count > 0 || closed)
            return count;
        if (poll(&readable, 1, -1) < 0)
            COORD_ASSERT(errno == EINTR);
    }
}

void mailbox_close(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    if (!m->closed) {
        m->closed = true;
        wake(m);
    }
    pthread_mutex_unlock(&m->lock);
}

int mailbox_fd(const struct mailbox *m)
{
    return m->fd;
}
