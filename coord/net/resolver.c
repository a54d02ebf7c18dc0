/* resolver.c - one thread between two mailboxes. */
#include "net/resolver.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/mailbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { WAITING_MAX = 64, STACK_BYTES = 512 << 10, STOP_WAIT_MS = 200 };

struct resolver {
    struct mailbox *questions, *answers;
    struct list taken; /* answers that the asker has not seen */
    pthread_t thread;
    bool started;
};

static void drop_all(struct list *all)
{
    struct list *node;

    while ((node = list_pop_front(all)) != NULL)
        coord_free(LIST_ENTRY(node, struct resolve, link));
}

static void *run(void *context)
{
    struct resolver *r = context;
    struct list todo;
    struct list *node;

    list_init(&todo);
    while (mailbox_wait(r->questions, &todo) > 0) {
        while ((node = list_pop_front(&todo)) != NULL) {
            struct resolve *one = LIST_ENTRY(node, struct resolve, link);
            one->err = net_address_resolve(one->host, one->port, &one->address);
            if (!mailbox_post(r->answers, &one->link)) {
                coord_free(one); /* stopping */
                drop_all(&todo);
            }
        }
    }
    return NULL;
}

struct resolver *resolver_new(void)
{
    struct resolver *r = coord_alloc_zero(1, sizeof(*r));

    r->questions = mailbox_new(WAITING_MAX);
    r->answers = mailbox_new(WAITING_MAX);
    list_init(&r->taken);
    return r;
}

void resolver_free(struct resolver *r)
{
    struct timespec until;
    struct list left;

    mailbox_close(r->questions);
    mailbox_close(r->answers);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += STOP_WAIT_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    /* Waiting for a name server: what the thread uses stays, the process is about to end. */
    if (r->started && pthread_timedjoin_np(r->thread, NULL, &until) != 0)
        return;
    list_init(&left);
    mailbox_take(r->questions, &left);
    mailbox_take(r->answers, &left);
    drop_all(&left);
    drop_all(&r->taken);
    mailbox_free(r->questions);
    mailbox_free(r->answers);
    coord_free(r);
}

void resolver_ask(struct resolver *r, uint32_t tag, const char *host, uint16_t port)
{
    struct resolve *one = coord_alloc_zero(1, sizeof(*one));
    pthread_attr_t attributes;

    if (!r->started) {
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        COORD_ASSERT(pthread_create(&r->thread, &attributes, run, r) == 0);
        pthread_attr_destroy(&attributes);
        r->started = true;
    }
    *one = (struct resolve){.tag = tag, .port = port};
    snprintf(one->host, sizeof(one->host), "%s", host);
    COORD_ASSERT(mailbox_post(r->questions, &one->link)); /* one question a peer is out at most */
}

int resolver_fd(const struct resolver *r)
{
    return mailbox_fd(r->answers);
}

struct resolve *resolver_answer(struct resolver *r)
{
    struct list *node;

    if (list_empty(&r->taken))
        mailbox_take(r->answers, &r->taken);
    node = list_pop_front(&r->taken);
    return node == NULL ? NULL : LIST_ENTRY(node, struct resolve, link);
}
