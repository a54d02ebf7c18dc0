/* test_mailbox.c - posting, limits, closing and the eventfd; then many threads at once (for the thread sanitizer too). */
#include "base/mailbox.h"
#include "lib/runner.h"

#include <poll.h>
#include <pthread.h>

struct message {
    struct list node;
    unsigned sender, number;
};

static bool readable(struct mailbox *m)
{
    struct pollfd fd = {.fd = mailbox_fd(m), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

TEST(mailbox, takes_all_in_order_and_clears_the_eventfd)
{
    struct mailbox *m = mailbox_new(3);
    struct message messages[4];
    struct list taken;

    list_init(&taken);
    CHECK(!readable(m));
    CHECK_EQ_INT(mailbox_take(m, &taken), 0);
    CHECK_EQ_INT(mailbox_wait_for(m, &taken, 1), 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK(mailbox_post(m, &messages[i].node) == (i < 3), "message %u", i);
    CHECK(readable(m));
    CHECK_EQ_INT(mailbox_take(m, &taken), 3);
    CHECK(!readable(m));
    CHECK(mailbox_post(m, &messages[3].node));
    CHECK_EQ_INT(mailbox_wait(m, &taken), 1);
    for (unsigned i = 0; i < 4; i++)
        CHECK(list_pop_front(&taken) == &messages[i].node, "message %u", i);
    mailbox_free(m);
}

TEST(mailbox, a_list_is_taken_whole_or_not_at_all)
{
    struct mailbox *m = mailbox_new(3);
    struct message messages[4];
    struct list posted, taken;

    list_init(&posted);
    list_init(&taken);
    CHECK(mailbox_post_all(m, &posted));
    CHECK(!readable(m));
    for (unsigned i = 0; i < 4; i++)
        list_push_back(&posted, &messages[i].node);
    CHECK(!mailbox_post_all(m, &posted));
    CHECK(list_pop_front(&posted) == &messages[0].node);
    CHECK(mailbox_post_all(m, &posted));
    CHECK(list_empty(&posted));
    CHECK(readable(m));
    CHECK_EQ_INT(mailbox_take(m, &taken), 3);
    for (unsigned i = 1; i < 4; i++)
        CHECK(list_pop_front(&taken) == &messages[i].node, "message %u", i);
    mailbox_free(m);
}

TEST(mailbox, close_refuses_posts_and_keeps_what_waits)
{
    struct mailbox *m = mailbox_new(3);
    struct message first, second;
    struct list taken;

    list_init(&taken);
    CHECK(mailbox_post(m, &first.node));
    mailbox_close(m);
    mailbox_close(m);
    CHECK(readable(m));
    CHECK(!mailbox_post(m, &second.node));
    CHECK_EQ_INT(mailbox_wait_for(m, &taken, 1000000000), 1);
    CHECK_EQ_INT(mailbox_wait_for(m, &taken, 1000000000), -1);
    CHECK_EQ_INT(mailbox_wait(m, &taken), 0);
    mailbox_free(m);
}

enum { SENDERS = 4, MESSAGES = 5000, LIMIT = 16 };

struct sender {
    struct mailbox *mailbox;
    struct message messages[MESSAGES];
    unsigned id;
};

static void *send_all(void *argument)
{
    struct sender *s = argument;

    for (unsigned i = 0; i < MESSAGES; i++) {
        s->messages[i].sender = s->id;
        s->messages[i].number = i;
        while (!mailbox_post(s->mailbox, &s->messages[i].node))
            sched_yield();
    }
    return NULL;
}

TEST(mailbox, many_senders_keep_their_own_order)
{
    static struct sender senders[SENDERS];
    struct mailbox *m = mailbox_new(LIMIT);
    pthread_t threads[SENDERS];
    unsigned next[SENDERS] = {0}, total = 0;

    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i].mailbox = m;
        senders[i].id = i;
        REQUIRE(pthread_create(&threads[i], NULL, send_all, &senders[i]) == 0);
    }
    while (total < SENDERS * MESSAGES) {
        struct list taken, *node;
        list_init(&taken);
        CHECK(mailbox_wait(m, &taken) <= LIMIT);
        while ((node = list_pop_front(&taken)) != NULL) {
            struct message *message = LIST_ENTRY(node, struct message, node);
            CHECK_EQ_INT(message->number, next[message->sender]);
            next[message->sender] = message->number + 1;
            total++;
        }
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    mailbox_free(m);
}

TEST(mailbox, eventfd_made_late_knows_what_waits)
{
    struct mailbox *m = mailbox_new(1), *closed = mailbox_new(1);
    struct message message;
    struct list taken;

    list_init(&taken);
    CHECK(mailbox_post(m, &message.node));
    CHECK(readable(m));
    CHECK_EQ_INT(mailbox_take(m, &taken), 1);
    CHECK(!readable(m));
    mailbox_close(closed);
    CHECK(readable(closed));
    mailbox_free(closed);
    mailbox_free(m);
}

static void *send_one_by_one(void *argument)
{
    struct sender *s = argument;

    for (unsigned i = 0; i < MESSAGES; i++)
        while (!mailbox_post(s->mailbox, &s->messages[i].node))
            sched_yield();
    return NULL;
}

/* A receiver that sleeps on the eventfd alone gets every message, whatever the wake-ups meet. */
TEST(mailbox, eventfd_never_sleeps_on_a_message)
{
    static struct sender sender;
    struct mailbox *m = mailbox_new(1);
    struct pollfd fd = {.fd = mailbox_fd(m), .events = POLLIN};
    unsigned total = 0;
    pthread_t thread;

    sender.mailbox = m;
    REQUIRE(pthread_create(&thread, NULL, send_one_by_one, &sender) == 0);
    while (total < MESSAGES) {
        struct list taken;
        list_init(&taken);
        REQUIRE(poll(&fd, 1, (int)(10000 * test_time_scale())) == 1);
        total += (unsigned)mailbox_take(m, &taken);
    }
    pthread_join(thread, NULL);
    mailbox_free(m);
}

static void *close_it(void *mailbox)
{
    mailbox_close(mailbox);
    return NULL;
}

TEST(mailbox, close_wakes_the_receiver)
{
    struct mailbox *m = mailbox_new(1);
    struct list taken;
    pthread_t closer;

    list_init(&taken);
    REQUIRE(pthread_create(&closer, NULL, close_it, m) == 0);
    CHECK_EQ_INT(mailbox_wait(m, &taken), 0);
    pthread_join(closer, NULL);
    mailbox_free(m);
}
