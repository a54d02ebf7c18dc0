/* mailbox.c - a list under a mutex; the receiver sleeps on an eventfd (a loop) or on a condition (a thread without one).
 * Impure.
 *
 * Whoever posts into an empty mailbox wakes, after the lock is released: a receiver that runs at once must not find it taken.
 * So a wake-up may come late and find nothing, but each message that found the mailbox empty is followed by one.
 */
#include "base/mailbox.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t arrived; /* for mailbox_wait */
    struct list waiting;
    size_t count, limit;
    int fd; /* -1: nobody has asked for it */
    bool closed;
};

struct mailbox *mailbox_new(size_t limit)
{
    struct mailbox *m = coord_alloc_zero(1, sizeof(*m));
    pthread_condattr_t monotonic;

    COORD_ASSERT(limit >= 1);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    COORD_ASSERT(pthread_mutex_init(&m->lock, NULL) == 0);
    COORD_ASSERT(pthread_cond_init(&m->arrived, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    list_init(&m->waiting);
    m->limit = limit;
    m->fd = -1;
    return m;
}

void mailbox_free(struct mailbox *m)
{
    COORD_ASSERT(m->count == 0);
    if (m->fd >= 0)
        close(m->fd);
    pthread_cond_destroy(&m->arrived);
    pthread_mutex_destroy(&m->lock);
    coord_free(m);
}

static void make_readable(int fd)
{
    uint64_t one = 1;

    while (write(fd, &one, sizeof(one)) < 0)
        COORD_ASSERT(errno == EINTR);
}

/* fd was read under the lock, which is released now. */
static void wake(struct mailbox *m, int fd)
{
    if (fd >= 0)
        make_readable(fd);
    pthread_cond_signal(&m->arrived); /* no system call when nobody waits */
}

static bool post(struct mailbox *m, struct list *nodes, size_t count)
{
    bool taken, first;
    int fd;

    pthread_mutex_lock(&m->lock);
    taken = !m->closed && count <= m->limit - m->count;
    first = taken && m->count == 0;
    if (taken) {
        list_append(&m->waiting, nodes);
        m->count += count;
    }
    fd = m->fd;
    pthread_mutex_unlock(&m->lock);
    if (first)
        wake(m, fd);
    return taken;
}

bool mailbox_post(struct mailbox *m, struct list *node)
{
    struct list one;

    list_init(&one);
    list_push_back(&one, node);
    return post(m, &one, 1);
}

bool mailbox_post_all(struct mailbox *m, struct list *nodes)
{
    size_t count = 0;

    for (struct list *node = nodes->next; node != nodes; node = node->next)
        count++;
    return count == 0 || post(m, nodes, count);
}

/* Under the lock. Moves everything, so that an eventfd cleared here never hides a message posted meanwhile. */
static size_t take(struct mailbox *m, struct list *to)
{
    size_t count = m->count;
    uint64_t ignored;

    if (m->fd >= 0 && read(m->fd, &ignored, sizeof(ignored)) < 0)
        COORD_ASSERT(errno == EAGAIN || errno == EINTR);
    m->count = 0;
    list_append(to, &m->waiting);
    return count;
}

size_t mailbox_take(struct mailbox *m, struct list *to)
{
    size_t count;

    pthread_mutex_lock(&m->lock);
    count = take(m, to);
    pthread_mutex_unlock(&m->lock);
    return count;
}

size_t mailbox_wait(struct mailbox *m, struct list *to)
{
    size_t count;

    pthread_mutex_lock(&m->lock);
    while (m->count == 0 && !m->closed)
        pthread_cond_wait(&m->arrived, &m->lock);
    count = take(m, to);
    pthread_mutex_unlock(&m->lock);
    return count;
}

int mailbox_wait_for(struct mailbox *m, struct list *to, uint32_t timeout_ms)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&m->lock);
    while (m->count == 0 && !m->closed && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&m->arrived, &m->lock, &until);
    rc = m->count > 0 ? 1 : m->closed ? -1 : 0;
    take(m, to);
    pthread_mutex_unlock(&m->lock);
    return rc;
}

void mailbox_close(struct mailbox *m)
{
    bool first;
    int fd;

    pthread_mutex_lock(&m->lock);
    first = !m->closed;
    m->closed = true;
    fd = m->fd;
    pthread_mutex_unlock(&m->lock);
    if (first)
        wake(m, fd);
}

int mailbox_fd(struct mailbox *m)
{
    int fd;

    pthread_mutex_lock(&m->lock);
    if (m->fd < 0) {
        m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        COORD_ASSERT(m->fd >= 0);
        if (m->count > 0 || m->closed)
            make_readable(m->fd);
    }
    fd = m->fd;
    pthread_mutex_unlock(&m->lock);
    return fd;
}
