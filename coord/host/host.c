/* host.c - the loop of the core: collect, step, send. Core thread. */
#include "host/host.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/zxid.h"
#include "host/host_private.h"

#include <signal.h>
#include <string.h>

enum {
    STOP_WAIT_MS = 3000, /* for passing the lead on */
    SLEEP_MAX_MS = 1000, /* idle buffers are given back by a turn */
    LONE_SERVED_MAX = 2, /* the writer's own connection, which may read between its writes */
};

static const int stop_signals[2] = {SIGTERM, SIGINT};

static void end(struct host *h, enum exit_code code)
{
    if (!h->ended)
        h->exit_code = code;
    h->ended = true;
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    struct host *h = context;

    (void)fd;
    (void)what;
    h->armed_ms = 0;
}

static void on_done(evutil_socket_t fd, short what, void *context)
{
    struct host *h = context;

    (void)fd;
    (void)what;
    h->jobs_done = true;
}

/* The first asks for a clean stop, another one does not wait for it. */
static void on_signal(evutil_socket_t number, short what, void *context)
{
    struct host *h = context;

    (void)what;
    LOG_INFO("host", "stopping", "signal=%s", sigabbrev_np((int)number));
    if (h->stop_before_ms != 0) {
        end(h, EXIT_CODE_OK);
        return;
    }
    h->stop_before_ms = clock_mono_ms() + STOP_WAIT_MS;
    inbox_add(&h->inbox, REPLICA_HAND_OVER);
}

/* From the start on: one that comes before the loop is there waits for it, so that even then the end is an orderly one. */
static void hold_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    for (unsigned i = 0; i < 2; i++)
        sigaddset(&set, stop_signals[i]);
    sigprocmask(how, &set, NULL);
}

static void make_events(struct host *h)
{
    signal(SIGPIPE, SIG_IGN);
    h->wake = evtimer_new(h->base, on_wake, h);
    h->done = event_new(h->base, executor_fd(h->executor), EV_READ | EV_PERSIST, on_done, h);
    COORD_ASSERT(h->wake != NULL && h->done != NULL);
    event_add(h->done, NULL);
    for (unsigned i = 0; i < 2; i++) {
        h->signals[i] = evsignal_new(h->base, stop_signals[i], on_signal, h);
        COORD_ASSERT(h->signals[i] != NULL);
        event_add(h->signals[i], NULL);
    }
}

static void free_events(struct host *h)
{
    for (unsigned i = 0; i < 2; i++)
        event_free(h->signals[i]);
    event_free(h->done);
    event_free(h->wake);
}

static void count_append(struct host *h, uint64_t ms)
{
    struct status_summary *a = &h->appends;

    if (a->count++ == 0 || ms < a->min)
        a->min = ms;
    if (ms > a->max)
        a->max = ms;
    a->total += ms;
}

/* Finished jobs become events; one that failed for good ends the process before anything depends on it. */
static void give_back(struct host *h, struct list *done)
{
    struct list *node;

    while ((node = list_pop_front(done)) != NULL) {
        struct job *j = LIST_ENTRY(node, struct job, link);
        bool fatal = executor_job_fatal(j);
        if (fatal && !h->ended) {
            LOG_ERROR("host", "storage_failed", "job=%s zxid=" ZXID_FMT " error=%s reason=%s", job_type_name(j->type),
                      ZXID_ARG(j->zxid), coord_error_name(j->err), log_quoted(store_failure(h->store)));
            end(h, exit_code_of(j->err));
        } else if (j->err < 0 && !fatal &&
                   (j->type == JOB_SNAP_COMMIT || j->type == JOB_SNAP_RECEIVED || j->type == JOB_LOAD)) {
            LOG_WARN("host", "snapshot_given_up", "job=%s zxid=" ZXID_FMT " error=%s", job_type_name(j->type),
                     ZXID_ARG(j->zxid), coord_error_name(j->err));
        }
        if (j->took_us != 0)
            count_append(h, (j->took_us + 500) / 1000);
        inbox_add(&h->inbox, REPLICA_JOB_DONE)->job = j;
    }
}

static void collect_jobs(struct host *h)
{
    struct list done;

    h->jobs_done = false;
    list_init(&done);
    executor_take(h->executor, &done);
    give_back(h, &done);
}

/* All jobs of the turn go to their threads, but a lone append stays in `lone` until the turn's output has left. */
static void submit_jobs(struct host *h, struct list *lone)
{
    replica_take_jobs(h->replica, JOB_LANE_SNAP, lone);
    if (!list_empty(lone))
        executor_submit(h->executor, JOB_LANE_SNAP, lone);
    replica_take_jobs(h->replica, JOB_LANE_WAL, lone);
    if (list_empty(lone))
        return;
    if (!executor_is_lone(h->executor, lone, h->served > LONE_SERVED_MAX))
        executor_submit(h->executor, JOB_LANE_WAL, lone);
    h->served = 0;
}

static void run_lone(struct host *h, struct list *lone)
{
    if (list_empty(lone))
        return;
    if (executor_run_here(h->executor, lone))
        give_back(h, lone);
    else
        executor_submit(h->executor, JOB_LANE_WAL, lone);
}

static void top_up_entropy(struct host *h)
{
    uint8_t bytes[REPLICA_ENTROPY_BYTES];
    size_t wanted = replica_entropy_wanted(h->replica);

    if (wanted > sizeof(bytes))
        wanted = sizeof(bytes);
    if (wanted == 0)
        return;
    entropy_fill(bytes, wanted);
    replica_add_entropy(h->replica, bytes, wanted);
    explicit_bzero(bytes, wanted);
}

static void step(struct host *h)
{
    struct replica_now now = {clock_mono_ms(), clock_wall_ms()};
    uint64_t started_us = clock_mono_us(), took_us;
    struct list lone;

    list_init(&lone);
    top_up_entropy(h);
    replica_step(h->replica, h->inbox.events, h->inbox.count, &now);
    h->served += h->inbox.reads;
    inbox_clear(&h->inbox);
    submit_jobs(h, &lone);
    clients_after_step(h->clients, now.mono_ms);
    if (h->peers != NULL)
        peers_after_step(h->peers, now.mono_ms);
    run_lone(h, &lone);
    took_us = clock_mono_us() - started_us;
    if (took_us > h->turn_max_us)
        h->turn_max_us = took_us;
}

static void judge(struct host *h, uint64_t now_ms)
{
    const char *failure = replica_failed(h->replica);

    if (failure != NULL && !h->ended) {
        LOG_ERROR("host", "replica_failed", "reason=%s", log_quoted(failure));
        end(h, EXIT_CODE_REPLICA);
    }
    if (h->stop_before_ms != 0 && (replica_handed_over(h->replica) || now_ms >= h->stop_before_ms))
        end(h, EXIT_CODE_OK);
}

/* Sleep until something is to be read or the next moment that somebody waits for. */
static void wait(struct host *h, uint64_t now_ms)
{
    uint64_t next = replica_wake_at_ms(h->replica);
    uint64_t dial = h->peers == NULL ? UINT64_MAX : peers_run(h->peers, now_ms);

    if (dial < next)
        next = dial;
    if (h->stop_before_ms != 0 && h->stop_before_ms < next)
        next = h->stop_before_ms;
    if (next > now_ms + SLEEP_MAX_MS)
        next = now_ms + SLEEP_MAX_MS;
    if (h->inbox.count > 0 || next <= now_ms) {
        event_base_loop(h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        return;
    }
    if (h->armed_ms == 0 || next < h->armed_ms) { /* one that comes early makes an idle turn */
        const struct timeval after = {.tv_sec = (time_t)((next - now_ms) / 1000),
                                      .tv_usec = (suseconds_t)((next - now_ms) % 1000 * 1000)};
        event_add(h->wake, &after);
        h->armed_ms = next;
    }
    event_base_loop(h->base, EVLOOP_ONCE);
}

enum exit_code host_run(const struct config *config)
{
    struct host h;
    enum exit_code rc;
    bool skipped = false;

    hold_signals(SIG_BLOCK);
    rc = host_open(&h, config);
    if (rc != EXIT_CODE_OK) {
        host_close(&h);
        return rc;
    }
    make_events(&h);
    hold_signals(SIG_UNBLOCK);
    h.files_open = host_count_files();
    host_log_started(&h);
    step(&h);
    while (!h.ended) {
        skipped = !skipped && h.inbox.count > 0; /* a lone append is done: its answer first, but not twice in a row */
        if (!skipped)
            wait(&h, clock_mono_ms());
        if (h.jobs_done)
            collect_jobs(&h);
        if (h.ended)
            break;
        step(&h);
        host_watch(&h, clock_mono_ms());
        judge(&h, clock_mono_ms());
    }
    LOG_INFO("host", "stopped", "exit=%d", (int)h.exit_code);
    free_events(&h);
    rc = h.exit_code;
    host_close(&h);
    return rc;
}
