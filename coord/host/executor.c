/* executor.c - two threads between mailboxes. */
#include "host/executor.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/mailbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { LANES = 2, STACK_BYTES = 512 << 10, PREPARE_IDLE_MS = 20, PREPARE_EACH = 256 };

struct lane {
    struct executor *executor;
    enum job_lane lane;
    struct mailbox *todo;
    pthread_t thread;
    unsigned turns; /* of the thread */
};

struct executor {
    struct store *store;
    struct lane lanes[LANES];
    struct mailbox *done;
    atomic_int failed; /* the first error that was fatal, 0: none */
};

bool executor_job_fatal(const struct job *j)
{
    if (j->err >= 0)
        return false;
    switch (j->type) {
    case JOB_READ_LOG:
        return j->err != -COORD_E_TRIMMED && j->err != -COORD_E_NO_ENTRY;
    case JOB_SNAP_COMMIT:
        return j->err != -COORD_E_NO_SPACE;
    case JOB_SNAP_READ:
        return j->err != -COORD_E_TRIMMED;
    case JOB_SNAP_RECEIVED:
        return j->err != -COORD_E_DAMAGED;
    default:
        return true;
    }
}

/* What follows a failure gets its error: whichever job comes back first names the true reason. */
static void run_all(struct lane *l, struct list *jobs)
{
    struct executor *e = l->executor;
    int failed = atomic_load(&e->failed);

    if (failed == 0 && l->lane == JOB_LANE_WAL)
        store_run_wal(e->store, jobs);
    LIST_EACH(node, jobs)
    {
        struct job *j = LIST_ENTRY(node, struct job, link);
        if (l->lane == JOB_LANE_SNAP)
            failed = atomic_load(&e->failed);
        if (failed != 0)
            j->err = failed;
        else if (l->lane == JOB_LANE_SNAP)
            store_run(e->store, j);
        if (executor_job_fatal(j))
            atomic_compare_exchange_strong(&e->failed, &(int){0}, j->err);
    }
}

/* While it is idle the wal thread prepares segments, piece by piece until a job comes; a forming or electing server is not idle
 * for long enough, so no first job waits behind a piece. Under a load that never pauses one piece comes each PREPARE_EACH
 * turns. A failure comes with the next job. True when there are jobs now. */
static bool prepare(struct lane *l, struct list *jobs)
{
    bool overdue = ++l->turns % PREPARE_EACH == 0;
    int got = mailbox_wait_for(l->todo, jobs, overdue ? 0 : PREPARE_IDLE_MS);

    while (got == 0 && store_prepare(l->executor->store) > 0 && !overdue)
        got = mailbox_wait_for(l->todo, jobs, 0);
    return got > 0;
}

static void *run_lane(void *context)
{
    struct lane *l = context;
    struct list jobs;

    list_init(&jobs);
    while ((l->lane == JOB_LANE_WAL && prepare(l, &jobs)) || mailbox_wait(l->todo, &jobs) > 0) {
        run_all(l, &jobs);
        COORD_ASSERT(mailbox_post_all(l->executor->done, &jobs));
    }
    if (l->lane == JOB_LANE_WAL && !atomic_load(&l->executor->failed))
        (void)store_finish(l->executor->store); /* a failure costs nothing that was acknowledged; the next start judges */
    return NULL;
}

struct executor *executor_start(struct store *store)
{
    static const char names[LANES][8] = {[JOB_LANE_WAL] = "wal", [JOB_LANE_SNAP] = "snap"};
    struct executor *e = coord_alloc_zero(1, sizeof(*e));
    pthread_attr_t attributes;
    sigset_t all, before;

    e->store = store;
    e->done = mailbox_new(LANES * EXECUTOR_JOBS_MAX);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all); /* signals are the core's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < LANES; i++) {
        e->lanes[i] = (struct lane){.executor = e, .lane = (enum job_lane)i, .todo = mailbox_new(EXECUTOR_JOBS_MAX)};
        COORD_ASSERT(pthread_create(&e->lanes[i].thread, &attributes, run_lane, &e->lanes[i]) == 0);
        pthread_setname_np(e->lanes[i].thread, names[i]);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return e;
}

void executor_stop(struct executor *e)
{
    struct list left;
    struct list *node;

    if (e == NULL)
        return;
    for (unsigned i = 0; i < LANES; i++)
        mailbox_close(e->lanes[i].todo);
    for (unsigned i = 0; i < LANES; i++)
        pthread_join(e->lanes[i].thread, NULL);
    list_init(&left);
    mailbox_take(e->done, &left);
    while ((node = list_pop_front(&left)) != NULL)
        job_free(LIST_ENTRY(node, struct job, link));
    for (unsigned i = 0; i < LANES; i++)
        mailbox_free(e->lanes[i].todo);
    mailbox_free(e->done);
    coord_free(e);
}

void executor_submit(struct executor *e, enum job_lane lane, struct list *jobs)
{
    COORD_ASSERT(mailbox_post_all(e->lanes[lane].todo, jobs));
}

int executor_fd(const struct executor *e)
{
    return mailbox_fd(e->done);
}

void executor_take(struct executor *e, struct list *done)
{
    mailbox_take(e->done, done);
}
