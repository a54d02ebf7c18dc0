/* test_executor.c - storage jobs on their threads: all come back, in order; after a failure nothing more is run. A lone append
 * runs on the caller's thread, and nothing else does. */
#include "host/executor.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/zxid.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"
#include "state/state.h"
#include "unit/store_kit.h"

#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

enum { WAIT_MS = 10000, SLOW_US = 20000 };

#define ZXID(i) (1ull << 32 | (i))

/* With no segments ahead the wal thread does nothing of its own accord. */
static struct store *open_with(struct fake_fs *f, uint32_t segments_ahead, struct store_recovered *recovered)
{
    const struct store_options options = {.data_dir = "d",
                                          .log_dir = "d",
                                          .server = 1,
                                          .segment_bytes = 64 << 10,
                                          .segments_ahead = segments_ahead,
                                          .snap_retain = 2,
                                          .fresh_incarnation = 7};
    struct store *s;
    const char *text;

    REQUIRE(store_open(fake_fs_fs(f), &options, &s, recovered, &text) == 0);
    return s;
}

static struct store *open_store(struct fake_fs *f)
{
    struct store_recovered recovered;

    return open_with(f, 2, &recovered);
}

static struct job *append_job(uint64_t first, uint32_t count, size_t size)
{
    struct job *j = job_new(JOB_PERSIST);

    j->persist = (struct paxos_persist){.seq = first};
    j->pieces = coord_alloc(sizeof(*j->pieces));
    j->pieces[0] = (struct job_piece){kit_batch(first, count, size, 0), 0, count};
    j->piece_count = 1;
    return j;
}

static struct job *promise_job(uint32_t epoch)
{
    struct job *j = job_new(JOB_PERSIST);

    j->persist = (struct paxos_persist){
        .seq = epoch, .set_promised = true, .promised = {.epoch = epoch, .server = 1, .boot = 1, .incarnation = 7}};
    return j;
}

static void submit(struct executor *e, enum job_lane lane, struct job *j)
{
    struct list one;

    list_init(&one);
    list_push_back(&one, &j->link);
    executor_submit(e, lane, &one);
    CHECK(list_empty(&one));
}

/* The next count finished jobs, in the order in which they came back. */
static void take(struct executor *e, struct list *done, unsigned count)
{
    struct pollfd readable = {.fd = executor_fd(e), .events = POLLIN};
    uint64_t deadline = test_deadline_ms(WAIT_MS);
    unsigned got;

    do {
        poll(&readable, 1, 10);
        executor_take(e, done);
        got = 0;
        LIST_EACH(node, done)
        got++;
    } while (got < count && test_before(deadline));
    REQUIRE(got == count, "%u of %u", got, count);
}

static void free_all(struct list *done)
{
    struct list *node;

    while ((node = list_pop_front(done)) != NULL)
        job_free(LIST_ENTRY(node, struct job, link));
}

TEST(executor, jobs_come_back_in_the_order_of_their_lane)
{
    struct fake_fs *f = fake_fs_new();
    struct store *s = open_store(f);
    struct executor *e = executor_start(s);
    struct list done;
    uint64_t last = 0;

    list_init(&done);
    for (uint32_t i = 1; i <= 200; i++)
        submit(e, JOB_LANE_WAL, promise_job(i));
    take(e, &done, 200);
    LIST_EACH(node, &done)
    {
        struct job *j = LIST_ENTRY(node, struct job, link);
        CHECK_EQ_INT(j->err, 0);
        CHECK_EQ_INT(j->persist.seq, last + 1);
        last = j->persist.seq;
    }
    free_all(&done);
    submit(e, JOB_LANE_SNAP, job_new(JOB_LOAD));
    take(e, &done, 1);
    CHECK(LIST_ENTRY(done.next, struct job, link)->state != NULL);
    free_all(&done);
    executor_stop(e);
    store_close(s);
    fake_fs_free(f);
}

TEST(executor, what_is_queued_at_the_stop_is_run_and_given_back)
{
    struct fake_fs *f = fake_fs_new();
    struct store *s = open_store(f);
    struct executor *e = executor_start(s);

    for (uint32_t i = 1; i <= 50; i++)
        submit(e, JOB_LANE_WAL, promise_job(i));
    executor_stop(e); /* the sanitizers would see what is lost */
    store_close(s);
    fake_fs_free(f);
}

TEST(executor, after_a_failure_nothing_is_run_and_all_name_its_reason)
{
    struct fake_fs *f = fake_fs_new();
    struct store *s = open_store(f);
    struct executor *e = executor_start(s);
    struct list done;

    list_init(&done);
    fake_fs_fail(f, FAKE_FS_WRITE, 1, COORD_E_NO_SPACE);
    submit(e, JOB_LANE_WAL, promise_job(1));
    take(e, &done, 1);
    CHECK_EQ_INT(LIST_ENTRY(done.next, struct job, link)->err, -COORD_E_NO_SPACE);
    CHECK(executor_job_fatal(LIST_ENTRY(done.next, struct job, link)));
    free_all(&done);
    submit(e, JOB_LANE_WAL, promise_job(2));
    submit(e, JOB_LANE_SNAP, job_new(JOB_LOAD));
    take(e, &done, 2);
    LIST_EACH(node, &done)
    CHECK_EQ_INT(LIST_ENTRY(node, struct job, link)->err, -COORD_E_NO_SPACE);
    free_all(&done);
    executor_stop(e);
    store_close(s);
    fake_fs_free(f);
}

/* What the host does with the jobs of a turn. True: they ran here. Either way they are done, without an error, when it returns.
 */
static bool turn(struct executor *e, struct job *first, struct job *second)
{
    struct list jobs;
    bool here;

    list_init(&jobs);
    list_push_back(&jobs, &first->link);
    if (second != NULL)
        list_push_back(&jobs, &second->link);
    here = executor_is_lone(e, &jobs, false) && executor_run_here(e, &jobs);
    if (!here) {
        executor_submit(e, JOB_LANE_WAL, &jobs);
        take(e, &jobs, second == NULL ? 1 : 2);
    }
    LIST_EACH(node, &jobs)
    CHECK_EQ_INT(LIST_ENTRY(node, struct job, link)->err, 0);
    free_all(&jobs);
    return here;
}

/* Entries [from, from + count), one a turn; how many ran here. */
static unsigned lone_turns(struct executor *e, uint64_t from, unsigned count)
{
    unsigned here = 0;

    for (unsigned i = 0; i < count; i++)
        here += turn(e, append_job(from + i, 1, 100), NULL);
    return here;
}

/* Appends entries from *next on until the executor holds the next one to be lone: that one is in `jobs`, not run yet. */
static struct job *until_lone(struct executor *e, struct list *jobs, uint64_t *next)
{
    uint64_t deadline = test_deadline_ms(WAIT_MS);

    list_init(jobs);
    while (test_before(deadline)) {
        struct job *j = append_job((*next)++, 1, 100);
        list_push_back(jobs, &j->link);
        if (executor_is_lone(e, jobs, false))
            return j;
        executor_submit(e, JOB_LANE_WAL, jobs);
        take(e, jobs, 1);
        free_all(jobs);
    }
    REQUIRE(false, "never lone");
    return NULL;
}

/* The thread may be about its segments just now. */
static void run_here(struct executor *e, struct list *jobs)
{
    uint64_t deadline = test_deadline_ms(WAIT_MS);

    while (!executor_run_here(e, jobs))
        REQUIRE(test_before(deadline));
}

TEST(executor, a_lone_append_runs_here_and_is_durable_like_the_others)
{
    enum { ENTRIES = 3000 }; /* dozens of segments */
    struct fake_fs *f = fake_fs_new();
    struct store *s = open_store(f);
    struct executor *e = executor_start(s);
    struct store_recovered recovered;
    unsigned here;

    CHECK_EQ_INT(lone_turns(e, ZXID(1), 7), 0); /* it takes some to believe it */
    here = lone_turns(e, ZXID(8), ENTRIES - 7);
    CHECK(here > 0);
    CHECK(here < ENTRIES - 7); /* the thread gets its turn to make segments */
    executor_stop(e);
    fake_fs_crash(f, NULL, FAKE_FS_LOSE);
    store_close(s);
    s = open_with(f, 2, &recovered);
    CHECK_EQ_INT(runs_last(&recovered.paxos.log), ZXID(ENTRIES));
    store_close(s);
    fake_fs_free(f);
}

TEST(executor, more_than_one_at_once_is_for_the_thread)
{
    struct fake_fs *f = fake_fs_new();
    struct store *s = open_store(f);
    struct executor *e = executor_start(s);
    uint64_t next = 1;

    lone_turns(e, ZXID(next), 20);
    next += 20;
    CHECK(!turn(e, append_job(ZXID(next), 1, 100), append_job(ZXID(next + 1), 1, 100)));
    next += 2;
    CHECK_EQ_INT(lone_turns(e, ZXID(next), 7), 0);
    next += 7;
    lone_turns(e, ZXID(next), 20);
    next += 20;
    CHECK(!turn(e, append_job(ZXID(next), 2, 100), NULL));
    next += 2;
    CHECK_EQ_INT(lone_turns(e, ZXID(next), 7), 0);
    next += 7;
    CHECK(!turn(e, append_job(ZXID(next), 1, 20000), NULL)); /* too large */
    next++;
    lone_turns(e, ZXID(next), 20);
    next += 20;
    CHECK(!turn(e, promise_job(3), NULL));
    CHECK_EQ_INT(lone_turns(e, ZXID(next), 7), 0);
    executor_stop(e);
    store_close(s);
    fake_fs_free(f);
}

TEST(executor, a_core_that_is_busy_gives_it_to_the_thread)
{
    struct fake_fs *f = fake_fs_new();
    struct store_recovered recovered;
    struct store *s = open_with(f, 0, &recovered);
    struct executor *e = executor_start(s);
    uint64_t next = ZXID(1);
    struct list jobs;
    struct job *j = until_lone(e, &jobs, &next);

    run_here(e, &jobs);
    free_all(&jobs);
    j = append_job(next, 1, 100);
    list_push_back(&jobs, &j->link);
    CHECK(!executor_is_lone(e, &jobs, true));
    executor_submit(e, JOB_LANE_WAL, &jobs);
    take(e, &jobs, 1);
    free_all(&jobs);
    CHECK_EQ_INT(lone_turns(e, next + 1, 7), 0); /* nor the next few */
    CHECK_EQ_INT(lone_turns(e, next + 8, 1), 1);
    executor_stop(e);
    store_close(s);
    fake_fs_free(f);
}

/* The thread has done it, nobody has taken it back: what runs here now would come back first. */
TEST(executor, nothing_here_overtakes_what_the_thread_has_done)
{
    struct fake_fs *f = fake_fs_new();
    struct store_recovered recovered;
    struct store *s = open_with(f, 0, &recovered);
    struct executor *e = executor_start(s);
    struct pollfd readable = {.fd = executor_fd(e), .events = POLLIN};
    uint64_t next = ZXID(1);
    struct list jobs;
    struct job *j = until_lone(e, &jobs, &next);

    executor_submit(e, JOB_LANE_WAL, &jobs); /* as if the thread had been about its segments */
    REQUIRE(poll(&readable, 1, WAIT_MS) == 1);
    j = append_job(next, 1, 100);
    list_push_back(&jobs, &j->link);
    CHECK(!executor_is_lone(e, &jobs, false));
    executor_submit(e, JOB_LANE_WAL, &jobs);
    take(e, &jobs, 2);
    CHECK(LIST_ENTRY(jobs.prev, struct job, link) == j);
    free_all(&jobs);
    executor_stop(e);
    store_close(s);
    fake_fs_free(f);
}

TEST(executor, a_failure_here_is_the_end_of_the_lane)
{
    struct fake_fs *f = fake_fs_new();
    struct store_recovered recovered;
    struct store *s = open_with(f, 0, &recovered);
    struct executor *e = executor_start(s);
    uint64_t next = ZXID(1);
    struct list jobs;
    struct job *j = until_lone(e, &jobs, &next);

    fake_fs_fail(f, FAKE_FS_SYNC, 1, COORD_E_IO);
    run_here(e, &jobs);
    CHECK_EQ_INT(j->err, -COORD_E_IO);
    CHECK(executor_job_fatal(j));
    free_all(&jobs);
    j = append_job(next, 1, 100);
    list_push_back(&jobs, &j->link);
    CHECK(!executor_run_here(e, &jobs));
    executor_submit(e, JOB_LANE_WAL, &jobs);
    take(e, &jobs, 1);
    CHECK_EQ_INT(j->err, -COORD_E_IO);
    free_all(&jobs);
    executor_stop(e);
    store_close(s);
    fake_fs_free(f);
}

static const struct fs_ops *real_ops;
static atomic_bool disk_is_slow;

static int slow_sync(struct fs *fs, struct fs_file *file)
{
    if (atomic_load(&disk_is_slow))
        usleep(SLOW_US);
    return real_ops->sync(fs, file);
}

TEST(executor, on_a_disk_that_was_slow_nothing_runs_here)
{
    struct fake_fs *f = fake_fs_new();
    struct store_recovered recovered;
    struct store *s = open_with(f, 0, &recovered);
    struct fs_ops slow = *fake_fs_fs(f)->ops;
    struct executor *e;
    uint64_t next = ZXID(1);
    struct list jobs;

    real_ops = fake_fs_fs(f)->ops;
    slow.sync = slow_sync;
    fake_fs_fs(f)->ops = &slow;
    e = executor_start(s);
    (void)until_lone(e, &jobs, &next);
    atomic_store(&disk_is_slow, true);
    run_here(e, &jobs); /* nobody knows yet */
    atomic_store(&disk_is_slow, false);
    free_all(&jobs);
    CHECK_EQ_INT(lone_turns(e, next, 3), 0);
    atomic_store(&disk_is_slow, true);
    CHECK_EQ_INT(lone_turns(e, next + 3, 12), 0); /* the thread's syncs tell as well */
    executor_stop(e);
    fake_fs_fs(f)->ops = real_ops;
    store_close(s);
    fake_fs_free(f);
}

TEST(executor, which_errors_end_the_process)
{
    static const struct {
        enum job_type type;
        int err;
        bool fatal;
    } rows[] = {{JOB_PERSIST, 0, false},
                {JOB_PERSIST, -COORD_E_IO, true},
                {JOB_READ_LOG, -COORD_E_TRIMMED, false},
                {JOB_READ_LOG, -COORD_E_NO_ENTRY, false},
                {JOB_READ_LOG, -COORD_E_DAMAGED, true},
                {JOB_SNAP_COMMIT, -COORD_E_NO_SPACE, false},
                {JOB_SNAP_COMMIT, -COORD_E_IO, true},
                {JOB_SNAP_READ, -COORD_E_TRIMMED, false},
                {JOB_SNAP_RECEIVED, -COORD_E_DAMAGED, false},
                {JOB_SNAP_RECEIVED, -COORD_E_NO_SPACE, false},
                {JOB_SNAP_RECEIVED, -COORD_E_FOREIGN, false},
                {JOB_SNAP_RECEIVED, -COORD_E_IO, true},
                {JOB_SNAP_RECEIVE, -COORD_E_NO_SPACE, false},
                {JOB_SNAP_RECEIVE, -COORD_E_IO, true},
                {JOB_INSTALL, -COORD_E_NO_SPACE, true},
                {JOB_LOAD, -COORD_E_DAMAGED, false},
                {JOB_LOAD, -COORD_E_IO, true},
                {JOB_LOAD, -COORD_E_MISSING, true}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job j = {.type = rows[i].type, .err = rows[i].err};
        CHECK(executor_job_fatal(&j) == rows[i].fatal, "row %zu", i);
    }
}
