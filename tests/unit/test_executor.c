/* test_executor.c - storage jobs on their threads: all come back, in order; after a failure nothing more is run. */
#include "host/executor.h"

#include "base/error.h"
#include "lib/fake_fs.h"
#include "lib/runner.h"
#include "state/state.h"

#include <poll.h>

enum { WAIT_MS = 10000 };

static struct store *open_store(struct fake_fs *f)
{
    const struct store_options options = {.data_dir = "d",
                                          .log_dir = "d",
                                          .server = 1,
                                          .segment_bytes = 64 << 10,
                                          .segments_ahead = 2,
                                          .snap_retain = 2,
                                          .fresh_incarnation = 7};
    struct store_recovered recovered;
    struct store *s;
    const char *text;

    REQUIRE(store_open(fake_fs_fs(f), &options, &s, &recovered, &text) == 0);
    return s;
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
                {JOB_SNAP_RECEIVED, -COORD_E_NO_SPACE, true},
                {JOB_LOAD, -COORD_E_DAMAGED, true}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct job j = {.type = rows[i].type, .err = rows[i].err};
        CHECK(executor_job_fatal(&j) == rows[i].fatal, "row %zu", i);
    }
}
