/* test_replica_jobs.c - storage jobs that fail, or come back when the server has other worries: what ends the server, what is
 * done again, what is void. And what a restarted server reads back from its disk. */
#include "unit/replica_fixture.h"

#include "base/error.h"
#include "lib/runner.h"

#include <string.h>

static struct group g;
static struct client a;

static uint32_t begin(uint32_t servers, uint64_t snap_count)
{
    g.snap_count = snap_count;
    g.counter_max = 0;
    group_init(&g, servers);
    uint32_t leader = group_leader(&g);
    REQUIRE(leader != 0);
    return leader;
}

static const char *failure_of(uint32_t id)
{
    return replica_failed(g.member[id - 1].r);
}

static uint64_t digest_of(uint32_t id)
{
    return state_digest(replica_state(g.member[id - 1].r));
}

static const char *value_of(size_t size)
{
    static char value[1200000];
    memset(value, 'v', sizeof(value));
    value[size] = '\0';
    return value;
}

/* Writes so many values, each known chosen before the next. */
static void write_values(int32_t count, size_t size)
{
    for (int32_t i = 0; i < count; i++) {
        client_create(&a, i + 1, "/s", value_of(size), ZK_PERSISTENT_SEQUENTIAL);
        group_settle(&g);
    }
    group_pass(&g, 200);
}

/* What the test makes of one job: the `when`-th of its kind at a server. */
static struct {
    uint32_t id;
    enum job_type type;
    uint32_t when, seen;
    int err; /* 0: it waits */
} chosen_job;

static void choose_job(uint32_t id, enum job_type type, uint32_t when, int err)
{
    chosen_job.id = id;
    chosen_job.type = type;
    chosen_job.when = when;
    chosen_job.seen = 0;
    chosen_job.err = err;
}

static enum job_fate judge(uint32_t id, struct job *j)
{
    if (id != chosen_job.id || j->type != chosen_job.type || ++chosen_job.seen != chosen_job.when)
        return JOB_RUNS;
    j->err = chosen_job.err;
    return chosen_job.err == 0 ? JOB_WAITS : JOB_FAILS;
}

/* Fail-stop: what cannot be written or trimmed ends the server, and names itself. */
TEST(replica_jobs, a_failed_write_ends_the_server)
{
    static const struct {
        enum job_type type;
        const char *says;
    } rows[] = {{JOB_PERSIST, "the write-ahead log failed"},       {JOB_MARK, "the write-ahead log failed"},
                {JOB_SNAP_BEGIN, "a snapshot cannot be written"},  {JOB_SNAP_CHUNK, "a snapshot cannot be written"},
                {JOB_SNAP_COMMIT, "a snapshot cannot be written"}, {JOB_TRIM, "the log cannot be trimmed"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(1, 10);
        g.may_fail = true;
        g.fate = judge;
        choose_job(1, rows[i].type, 1, -COORD_E_IO);
        client_open(&a, &g, 1);
        client_connect(&a, 40000);
        write_values(20, 10);
        CHECK_EQ_STR(failure_of(1) == NULL ? "none" : failure_of(1), rows[i].says, "row %zu", i);
        uint64_t applied = group_stats(&g, 1).applied;
        client_create(&a, 99, "/late", "", 0);
        group_pass(&g, 100);
        CHECK_EQ_INT(group_stats(&g, 1).applied, applied, "row %zu", i); /* it does nothing any more */
        client_deinit(&a);
        group_deinit(&g);
    }
}

TEST(replica_jobs, a_snapshot_without_space_is_given_up_wherever_it_is)
{
    static const enum job_type rows[] = {JOB_SNAP_BEGIN, JOB_SNAP_CHUNK, JOB_SNAP_COMMIT};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(1, 10);
        client_open(&a, &g, 1);
        client_connect(&a, 40000);
        g.fate = judge;
        choose_job(1, rows[i], 1, -COORD_E_NO_SPACE);
        write_values(12, 300000); /* several chunks: the walk goes on when the first comes back */
        CHECK_EQ_INT(group_stats(&g, 1).snapshots_taken, 0, "row %zu", i);
        CHECK(!group_stats(&g, 1).snapshot_running && !state_walking(replica_state(g.member[0].r)), "row %zu", i);
        group_pass(&g, 11000);
        CHECK_EQ_INT(group_stats(&g, 1).snapshots_taken, 1, "row %zu", i);
        client_deinit(&a);
        group_deinit(&g);
    }
}

TEST(replica_jobs, snapshot_that_found_no_space_is_not_tried_again_at_once)
{
    begin(1, 5);
    g.member[0].log.full_count = 2;
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    for (int32_t i = 0; i < 30; i++) {
        client_create(&a, i + 1, "/s", "v", ZK_PERSISTENT_SEQUENTIAL);
        group_settle(&g);
    }
    CHECK_EQ_INT(g.member[0].log.refused, 1);
    group_pass(&g, 11000);
    CHECK_EQ_INT(g.member[0].log.refused, 2);
    group_pass(&g, 11000);
    CHECK(g.member[0].log.image_zxid > 0); /* space came */
    client_deinit(&a);
    group_deinit(&g);
}

static enum job_fate chunks_wait(uint32_t id, struct job *j)
{
    (void)id;
    return j->type == JOB_SNAP_CHUNK || j->type == JOB_SNAP_BEGIN ? JOB_WAITS : JOB_RUNS;
}

TEST(replica_jobs, a_slow_snapshot_lane_is_given_few_chunks_at_once)
{
    begin(1, 10);
    client_open(&a, &g, 1);
    client_connect(&a, 40000);
    g.fate = chunks_wait;
    write_values(14, 300000);
    CHECK(group_stats(&g, 1).snapshot_running);
    uint32_t waiting = 0;
    LIST_EACH(node, &g.held_jobs[0])
    {
        waiting++;
    }
    CHECK_EQ_INT(waiting, 4);
    group_release(&g);
    CHECK_EQ_INT(group_stats(&g, 1).snapshots_taken, 1);
    client_deinit(&a);
    group_deinit(&g);
}

/* ---- a restart reads its log back ---- */

TEST(replica_jobs, a_restarted_server_applies_what_is_on_its_disk)
{
    for (int snapshot = 0; snapshot < 2; snapshot++) {
        begin(1, snapshot ? 30 : 0);
        client_open(&a, &g, 1);
        client_connect(&a, 40000);
        write_values(50, 10);
        uint64_t nodes = group_stats(&g, 1).state.nodes, applied = group_stats(&g, 1).applied;
        group_restart(&g, 1);
        CHECK_EQ_INT(group_stats(&g, 1).applied != 0, snapshot);
        CHECK_EQ_INT(group_leader(&g), 1);
        CHECK(group_stats(&g, 1).applied >= applied);
        CHECK_EQ_INT(group_stats(&g, 1).state.nodes, nodes);
        CHECK_EQ_INT(digest_of(1) == state_digest_recompute(replica_state(g.member[0].r)), 1);
        buf_deinit(&a.in);
        group_deinit(&g);
    }
}

TEST(replica_jobs, a_log_that_cannot_be_read_back)
{
    static const struct {
        int err;
        const char *says;
    } rows[] = {{-COORD_E_IO, "the log cannot be read"},
                {-COORD_E_DAMAGED, "the log cannot be read"},
                {-COORD_E_NO_ENTRY, NULL}, /* asked for again */
                {-COORD_E_TRIMMED, NULL}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(1, 0);
        client_open(&a, &g, 1);
        client_connect(&a, 40000);
        write_values(50, 10);
        uint64_t nodes = group_stats(&g, 1).state.nodes;
        g.may_fail = rows[i].says != NULL;
        g.fate = judge;
        choose_job(1, JOB_READ_LOG, 1, rows[i].err);
        group_restart(&g, 1);
        group_pass(&g, 1000);
        CHECK_EQ_STR(failure_of(1) == NULL ? "none" : failure_of(1), rows[i].says == NULL ? "none" : rows[i].says, "row %zu",
                     i);
        CHECK_EQ_INT(group_stats(&g, 1).state.nodes == nodes, rows[i].says == NULL, "row %zu", i);
        CHECK(chosen_job.seen >= 1);
        buf_deinit(&a.in);
        group_deinit(&g);
    }
}

static enum job_fate garbage(uint32_t id, struct job *j)
{
    (void)id;
    if (j->type != JOB_READ_LOG)
        return JOB_RUNS;
    buf_append(&j->bytes, "what is no entry", 16);
    return JOB_FAILS; /* with err 0 */
}

TEST(replica_jobs, an_entry_that_cannot_be_decoded_ends_the_server)
{
    begin(1, 0);
    client_open(&a, &g, 1);
    client_connect(&a, 40000);
    write_values(5, 10);
    g.may_fail = true;
    g.fate = garbage;
    group_restart(&g, 1);
    group_pass(&g, 1000);
    CHECK_EQ_STR(failure_of(1) == NULL ? "none" : failure_of(1), "the log holds an entry that cannot be decoded");
    CHECK_EQ_INT(group_stats(&g, 1).applied, 0);
    buf_deinit(&a.in);
    group_deinit(&g);
}

/* ---- entries for a follower that are no longer in memory ---- */

static const char *nobody = "nobody"; /* has failed */

static const char *failed_server(void)
{
    for (uint32_t id = 1; id <= g.count; id++)
        if (failure_of(id) != NULL)
            return failure_of(id);
    return nobody;
}

/* A follower is so far behind that its leader has to read its own log: 24 values of a million bytes. */
static uint32_t fall_behind(uint32_t leader)
{
    uint32_t away = group_other(&g, leader);
    client_open(&a, &g, leader);
    CHECK(client_connect(&a, 40000));
    group_pass(&g, 200);
    group_cut(&g, away);
    write_values(24, 1000000);
    return away;
}

TEST(replica_jobs, entries_for_a_follower_are_read_from_the_disk)
{
    static const struct {
        int err;
        const char *says;
    } rows[] = {
        {0, "nobody"}, {-COORD_E_TRIMMED, "nobody"}, {-COORD_E_NO_ENTRY, "nobody"}, {-COORD_E_IO, "the log cannot be read"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t leader = begin(3, 0), away = fall_behind(leader);
        g.may_fail = rows[i].says != nobody;
        g.fate = judge;
        choose_job(leader, JOB_READ_LOG, rows[i].err == 0 ? 0 : 2, rows[i].err);
        group_heal(&g, away);
        group_pass(&g, 2000);
        CHECK(chosen_job.seen >= 2, "row %zu: %u", i, chosen_job.seen);
        CHECK_EQ_STR(failed_server(), rows[i].says, "row %zu", i);
        if (rows[i].says == nobody)
            CHECK_EQ_INT(group_stats(&g, away).applied, group_stats(&g, leader).applied, "row %zu", i);
        client_deinit(&a);
        group_deinit(&g);
    }
}

/* Given a leader that reads entries for a follower, when it is deposed, or that follower's link breaks, then what was read is
 * void: nothing of it is sent (C2: it names an epoch that is not led any more). */
TEST(replica_jobs, entries_that_are_read_too_late_are_not_sent)
{
    for (int deposed = 0; deposed < 2; deposed++) {
        uint32_t leader = begin(3, 0), away = fall_behind(leader);
        g.fate = judge;
        choose_job(leader, JOB_READ_LOG, 1, 0);
        group_heal(&g, away);
        group_pass(&g, 100);
        CHECK(!list_empty(&g.held_jobs[leader - 1]));
        if (deposed)
            group_say(&g, group_other(&g, away), leader,
                      (struct peer_msg){.type = PEER_HEARTBEAT,
                                        .heartbeat = {.epoch = group_stats(&g, leader).epoch + 7, .round = 1}});
        else
            group_cut(&g, away);
        size_t before = buf_size(&replica_peer_output(g.member[leader - 1].r, away)->bulk);
        struct job *j = LIST_ENTRY(list_pop_front(&g.held_jobs[leader - 1]), struct job, link);
        list_push_back(&g.held_jobs[leader - 1], &j->link);
        g.stuck = away;
        g.fate = NULL;
        group_release(&g);
        CHECK(deposed || buf_size(&replica_peer_output(g.member[leader - 1].r, away)->bulk) == before);
        g.stuck = 0;
        if (!deposed)
            group_heal(&g, away);
        group_pass(&g, 4000);
        uint32_t now = group_leader(&g);
        CHECK(now != 0);
        group_pass(&g, 1000);
        CHECK_EQ_INT(group_stats(&g, away).applied, group_stats(&g, now).applied, "deposed=%d", deposed);
        CHECK(digest_of(away) == digest_of(now));
        client_deinit(&a);
        group_deinit(&g);
    }
}

static uint32_t modest; /* never a candidate */

static bool never_asks(struct peer_msg *m)
{
    return m->from == modest && (m->type == PEER_PROBE || m->type == PEER_PREPARE);
}

/* C7: a candidate that is behind fetches from a server whose entries are no longer in memory. */
TEST(replica_jobs, entries_for_a_candidate_are_read_from_the_disk)
{
    static const int rows[] = {0, -COORD_E_TRIMMED};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t leader = begin(3, 0), away = fall_behind(leader);
        modest = 6 - leader - away;
        g.lost = never_asks;
        g.fate = judge;
        choose_job(modest, JOB_READ_LOG, rows[i] == 0 ? 0 : 1, rows[i]);
        group_cut(&g, leader);
        group_heal(&g, away);
        group_cut(&g, leader);
        group_pass(&g, 5000);
        CHECK_EQ_INT(group_leader(&g), away);
        CHECK(chosen_job.seen > 1);
        CHECK_EQ_INT(group_stats(&g, away).applied, group_stats(&g, modest).applied, "row %zu", i);
        CHECK(digest_of(away) == digest_of(modest));
        client_deinit(&a);
        group_deinit(&g);
    }
}

TEST(replica_jobs, a_server_that_ends_frees_jobs_that_nobody_took)
{
    begin(1, 0);
    client_open(&a, &g, 1);
    CHECK(client_connect(&a, 40000));
    client_create(&a, 1, "/x", "", 0); /* its persist is queued, and not taken before the end: the sanitizer counts */
    client_deinit(&a);
    group_deinit(&g);
}
