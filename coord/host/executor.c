/* executor.c - two threads between mailboxes, and the short way past them.
 *
 * The short way blocks the core for one sync. What keeps that harmless: the disk's last syncs were short, wherever they
 * ran; a long one bars the way for many times as long as it took; a core that is asked anything else hardly ever takes it.
 */
#include "host/executor.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mailbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum {
    LANES = 2,
    STACK_BYTES = 512 << 10,
    PREPARE_IDLE_MS = 20,
    PREPARE_EACH = 256,
    LONE_AFTER = 8,         /* so many appends were alone one after the other */
    LONE_BYTES_MAX = 16384, /* of an entry: more takes long to write */
    LONE_SYNC_US = 4000,    /* a sync that took longer is long */
    LONE_BAR = 20,          /* times its duration: long syncs hold up the core for 5 % of the time at most */
};

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
    atomic_int failed;            /* the first error that was fatal, 0: none */
    pthread_mutex_t wal_in_use;   /* lane WAL of the store, by whichever thread */
    atomic_uint_fast64_t slow_us; /* until then the disk is held to be slow */
    atomic_bool wal_rests;        /* its thread sleeps until a job comes: all segments are prepared */
    /* The core's own. */
    unsigned wal_under_way; /* jobs given to its thread that were not taken back yet: one that runs here would overtake them */
    unsigned lone;          /* appends that were alone, one after the other */
};

bool executor_job_fatal(const struct job *j)
{
    return j->err < 0 && !job_harmless(j->type, j->err);
}

/* The first failure is the one that is told. */
static void note_failure(struct executor *e, const struct job *j)
{
    if (executor_job_fatal(j))
        atomic_compare_exchange_strong(&e->failed, &(int){0}, j->err);
}

/* What was appended at once shared one sync. */
static void note_time(struct list *jobs, uint64_t took_us)
{
    LIST_EACH(node, jobs)
    {
        struct job *j = LIST_ENTRY(node, struct job, link);
        if (j->type != JOB_PERSIST)
            continue;
        j->took_us = took_us == 0 ? 1 : took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
        return;
    }
}

static void run_wal(struct executor *e, struct list *jobs)
{
    uint64_t started_us = clock_mono_us(), took_us;

    store_run_wal(e->store, jobs);
    took_us = clock_mono_us() - started_us;
    note_time(jobs, took_us);
    if (took_us > LONE_SYNC_US)
        atomic_store(&e->slow_us, started_us + took_us * LONE_BAR);
}

/* What follows a failure gets its error: whichever job comes back first names the true reason. */
static void run_all(struct lane *l, struct list *jobs)
{
    struct executor *e = l->executor;
    int failed = atomic_load(&e->failed);

    if (failed == 0 && l->lane == JOB_LANE_WAL) {
        pthread_mutex_lock(&e->wal_in_use);
        run_wal(e, jobs);
        pthread_mutex_unlock(&e->wal_in_use);
    }
    LIST_EACH(node, jobs)
    {
        struct job *j = LIST_ENTRY(node, struct job, link);
        if (l->lane == JOB_LANE_SNAP)
            failed = atomic_load(&e->failed);
        if (failed != 0)
            j->err = failed;
        else if (l->lane == JOB_LANE_SNAP)
            store_run(e->store, j);
        note_failure(e, j);
    }
}

static int prepare_piece(struct executor *e)
{
    int rc;

    pthread_mutex_lock(&e->wal_in_use);
    rc = store_prepare(e->store);
    pthread_mutex_unlock(&e->wal_in_use);
    return rc;
}

/* While it is idle the wal thread prepares segments, piece by piece until a job comes; a forming or electing server is not idle
 * for long enough, so no first job waits behind a piece. Under a load that never pauses one piece comes each PREPARE_EACH
 * turns. A failure comes with the next job. True when there are jobs now. */
static bool prepare(struct lane *l, struct list *jobs)
{
    bool overdue = ++l->turns % PREPARE_EACH == 0;
    int got = mailbox_wait_for(l->todo, jobs, overdue ? 0 : PREPARE_IDLE_MS);

    while (got == 0 && prepare_piece(l->executor) > 0 && !overdue)
        got = mailbox_wait_for(l->todo, jobs, 0);
    return got > 0;
}

static bool rest(struct lane *l, struct list *jobs)
{
    bool got;

    if (l->lane == JOB_LANE_WAL)
        atomic_store(&l->executor->wal_rests, true);
    got = mailbox_wait(l->todo, jobs) > 0;
    if (l->lane == JOB_LANE_WAL)
        atomic_store(&l->executor->wal_rests, false);
    return got;
}

static void *run_lane(void *context)
{
    struct lane *l = context;
    struct list jobs;

    list_init(&jobs);
    while ((l->lane == JOB_LANE_WAL && prepare(l, &jobs)) || rest(l, &jobs)) {
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
    COORD_ASSERT(pthread_mutex_init(&e->wal_in_use, NULL) == 0);
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
    pthread_mutex_destroy(&e->wal_in_use);
    coord_free(e);
}

void executor_submit(struct executor *e, enum job_lane lane, struct list *jobs)
{
    for (struct list *node = jobs->next; lane == JOB_LANE_WAL && node != jobs; node = node->next)
        e->wal_under_way++;
    COORD_ASSERT(mailbox_post_all(e->lanes[lane].todo, jobs));
}

static size_t piece_bytes(const struct job_piece *piece)
{
    return batch_slice(piece->batch, piece->from, piece->to).size;
}

static bool is_small_append(const struct job *j)
{
    const struct paxos_persist *p = &j->persist;
    const struct job_piece *piece = j->pieces;

    return !p->set_promised && !p->cut && !p->set_accepted && j->piece_count == 1 && piece->to - piece->from == 1 &&
           piece_bytes(piece) <= LONE_BYTES_MAX;
}

bool executor_is_lone(struct executor *e, const struct list *jobs, bool busy)
{
    const struct job *j = LIST_ENTRY(jobs->next, struct job, link);

    if (j->type != JOB_PERSIST)
        return false;
    if (busy || j->link.next != jobs || !is_small_append(j) || e->wal_under_way > 0)
        e->lone = 0;
    else if (e->lone < LONE_AFTER)
        e->lone++;
    return e->lone == LONE_AFTER && clock_mono_us() >= atomic_load(&e->slow_us);
}

/* Neither in the middle of an append nor never: a new segment is made by the thread, before it is needed. */
static bool may_append_here(struct executor *e, const struct job *j)
{
    if (atomic_load(&e->wal_rests) && !store_is_prepared(e->store))
        return false; /* the job wakes the thread, which prepares when it has run it */
    return store_has_room(e->store, piece_bytes(j->pieces));
}

bool executor_run_here(struct executor *e, struct list *jobs)
{
    struct job *j = LIST_ENTRY(jobs->next, struct job, link);
    bool here;

    if (atomic_load(&e->failed) != 0 || pthread_mutex_trylock(&e->wal_in_use) != 0)
        return false;
    here = may_append_here(e, j);
    if (here)
        run_wal(e, jobs);
    pthread_mutex_unlock(&e->wal_in_use);
    if (here)
        note_failure(e, j);
    return here;
}

int executor_fd(const struct executor *e)
{
    return mailbox_fd(e->done);
}

void executor_take(struct executor *e, struct list *done)
{
    struct list back;
    struct list *node;

    list_init(&back);
    mailbox_take(e->done, &back);
    while ((node = list_pop_front(&back)) != NULL) {
        if (job_lane(LIST_ENTRY(node, struct job, link)->type) == JOB_LANE_WAL)
            e->wal_under_way--;
        list_push_back(done, node);
    }
}
