/* lane.c - when storage jobs run and when they come back: each lane in order, mostly fast, sometimes not; see node.h.
 *
 * A job takes effect on the fake disk at one moment (store_run), and its return reaches the process later: between the two the
 * process may die, with what it did not hear of already durable.
 */
#include "sim/ck_durable.h"
#include "sim/ck_log.h"
#include "sim/mark.h"
#include "sim/mermaid.h"
#include "sim/node.h"
#include "sim/sched.h"
#include "sim/trace.h"

#include "base/alloc.h"

struct turn_of_lane {
    struct node *n;
    uint64_t life;
    enum job_lane which;
    bool back; /* run already: give back */
};

void lane_init(struct node *n)
{
    for (int i = 0; i < 2; i++) {
        list_init(&n->lane[i].waiting);
        list_init(&n->lane[i].done);
    }
}

static void jobs_free(struct list *jobs)
{
    struct list *link;

    while ((link = list_pop_front(jobs)) != NULL)
        job_free(LIST_ENTRY(link, struct job, link));
}

void lane_drop(struct node *n)
{
    for (int i = 0; i < 2; i++) {
        jobs_free(&n->lane[i].waiting);
        jobs_free(&n->lane[i].done);
        n->lane[i].busy = false;
    }
}

static void lane_run(struct sim *s, void *arg);

static void lane_forget(struct sim *s, void *arg)
{
    (void)s;
    coord_free(arg);
}

static void lane_set(struct sim *s, struct node *n, enum job_lane which, bool back)
{
    if (n->disk_held) {
        n->lane[which].busy = false;
        return;
    }
    struct turn_of_lane *t = coord_alloc(sizeof(*t));
    uint64_t delay = rng_below(&n->rng, which == JOB_LANE_WAL ? 2 : 4);

    if (s->now < n->slow_until)
        delay += rng_between(&n->rng, 10, 200);
    else if (chance(&n->rng, 20))
        delay += rng_below(&n->rng, 40);
    if (s->preset.steady)
        delay = back ? 0 : 1;
    *t = (struct turn_of_lane){n, n->life, which, back};
    n->lane[which].busy = true;
    sched_at(s, s->now + delay, lane_run, lane_forget, t);
}

/* The jobs that run now: mostly all of the log's lane (they share a sync), one of the snapshots'. */
static void lane_pick(struct node *n, enum job_lane which, bool steady, struct list *picked)
{
    struct lane *lane = &n->lane[which];
    uint64_t most = which == JOB_LANE_WAL ? (steady || chance(&n->rng, 700) ? UINT64_MAX : rng_between(&n->rng, 1, 3)) : 1;

    list_init(picked);
    for (struct list *link; most-- > 0 && (link = list_pop_front(&lane->waiting)) != NULL;)
        list_push_back(picked, link);
}

static bool harmless(const struct job *job)
{
    switch (job->type) {
    case JOB_READ_LOG:
        return job->err == -COORD_E_TRIMMED || job->err == -COORD_E_NO_ENTRY;
    case JOB_SNAP_READ:
        return job->err == -COORD_E_TRIMMED;
    default:
        return false;
    }
}

bool lane_fatal(const struct job *job)
{
    bool room = job->err == -COORD_E_NO_SPACE,
         mine = job->type == JOB_SNAP_COMMIT || job->type == JOB_SNAP_CHUNK || job->type == JOB_SNAP_BEGIN,
         theirs = job->type == JOB_SNAP_RECEIVE || job->type == JOB_SNAP_RECEIVED;

    return job->err != 0 && !harmless(job) && !(room && (mine || theirs)) && job->type != JOB_SNAP_READ &&
           job->type != JOB_LOAD;
}

static void lane_run(struct sim *s, void *arg)
{
    struct turn_of_lane t = *(struct turn_of_lane *)arg;
    struct node *n = t.n;
    struct lane *lane = &n->lane[t.which];
    struct list picked;
    bool failed = false;

    coord_free(arg);
    if (n->life != t.life)
        return;
    if (t.back) {
        for (struct list *link; (link = list_pop_front(&lane->done)) != NULL;)
            node_job(s, n, LIST_ENTRY(link, struct job, link));
        lane->busy = false;
        if (!list_empty(&lane->waiting))
            lane_set(s, n, t.which, false);
        return;
    }
    if (n->disk_held) {
        lane->busy = false;
        return;
    }
    lane_pick(n, t.which, s->preset.steady, &picked);
    ck_durable_running(s, n, &picked);
    mark_running(s, n, &picked);
    if (t.which == JOB_LANE_WAL)
        store_run_wal(n->store, &picked);
    else
        store_run(n->store, LIST_ENTRY(picked.next, struct job, link));
    LIST_EACH(link, &picked)
    {
        struct job *job = LIST_ENTRY(link, struct job, link);
        trace_line(s, job->type + ((uint64_t)(uint32_t)job->err << 8), "n%u job %s zxid=" ZXID_FMT " ran err=%d", n->id,
                   job_type_name(job->type), ZXID_ARG(job->zxid), job->err);
        n->snapshots += job->type == JOB_SNAP_COMMIT && job->err == 0 ? 1 : 0;
        n->installs += job->type == JOB_INSTALL && job->err == 0 ? 1 : 0;
        mark_ran(s, job);
        if (job->err == 0)
            ck_durable_ran(s, n, job);
        if (job->err == 0 && (job->type == JOB_SNAP_COMMIT || job->type == JOB_SNAP_RECEIVED))
            ck_log_published(s, n, job->zxid);
        else if (job->err == 0 && job->type == JOB_TRIM)
            ck_log_trimmed(s, n);
        if (job->err == 0 && job->type == JOB_PERSIST)
            mermaid_durable(s, n->id, job);
        if (job->err == 0 || harmless(job))
            continue;
        failed = true;
        if (job->err == -COORD_E_NO_SPACE && s->now < n->full_until)
            mark(s, MARK_NO_ROOM);
        if (!n->doomed)
            sim_fail(s, "storage", "n%u job %s: %s: %s", n->id, job_type_name(job->type), coord_error_name(job->err),
                     store_failure(n->store) ? store_failure(n->store) : "");
    }
    list_append(&lane->done, &picked);
    if (node_check_disk(s, n))
        return;
    if (t.which == JOB_LANE_WAL && !failed) /* failed: the process is about to end */
        ck_durable_batch_ran(s, n);
    lane_set(s, n, t.which, true);
}

void lane_take(struct sim *s, struct node *n)
{
    for (int i = 0; i < 2; i++) {
        struct lane *lane = &n->lane[i];
        replica_take_jobs(n->replica, (enum job_lane)i, &lane->waiting);
        if (!lane->busy && !list_empty(&lane->waiting))
            lane_set(s, n, (enum job_lane)i, false);
    }
}

void lane_hold(struct sim *s, struct node *n, bool held)
{
    n->disk_held = held;
    trace_line(s, held, "n%u disk %s", n->id, held ? "held" : "goes on");
    if (n->alive)
        lane_take(s, n);
}
