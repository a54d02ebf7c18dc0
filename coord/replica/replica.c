/* replica.c - the one door: a turn from its events to its effects. See replica.h. */
#include "replica/internal.h"

#include <string.h>

#define MARK_IDLE_MS 50 /* an empty record vouches for the last batch after this */

void replica_fail(struct replica *r, const char *why)
{
    if (r->failed == NULL)
        r->failed = why;
}

/* An entry that is there was readable for all when it was made. */
static uint8_t first_versions(const struct replica_options *options, const struct state *state)
{
    const struct settings settings = state_settings(state);

    if (options->paxos.voter_count == 1)
        return ENTRY_VERSION_MAX;
    return settings_flags(&settings) != 0 || settings.config.size > 0 ? ENTRY_VERSION_SETTINGS : 1;
}

struct replica *replica_new(const struct replica_options *options, const struct paxos_recovered *recovered, struct state *state,
                            uint64_t now_ms)
{
    struct replica *r = coord_alloc_zero(1, sizeof(*r));
    r->options = *options;
    if (r->options.reap_interval_ms == 0)
        r->options.reap_interval_ms = 60000;
    if (r->options.reap_per_minute == 0)
        r->options.reap_per_minute = 10000;
    r->now.mono_ms = now_ms;
    r->state = state;
    r->watch = watch_table_new();
    r->cluster = options->cluster;
    r->transfer_next = 1;
    r->check_at_ms = now_ms + CHECK_INTERVAL_MS;
    r->leaderless_since_ms = now_ms;
    replica_reset_stats(r);
    list_init(&r->dirty);
    list_init(&r->touched);
    list_init(&r->drowned);
    list_init(&r->throttled_conns);
    list_init(&r->arming);
    list_init(&r->looking);
    list_init(&r->local.all);
    list_init(&r->local.thirsty);
    r->awake_ms = now_ms;
    list_init(&r->jobs[JOB_LANE_WAL]);
    list_init(&r->jobs[JOB_LANE_SNAP]);
    list_init(&r->sync.waiting);
    list_init(&r->sync.lagging);
    r->sync.next_id = (uint64_t)options->paxos.boot << 32 | 1; /* no answer to an earlier process is taken for one to this */
    r->apply.applied = r->apply.commit = state_zxid(state);
    r->apply.boot_log = recovered->log;
    r->take.durable_zxid = options->snapshot_zxid;
    r->entry_version = first_versions(options, state);
    r->take.entries = runs_count_after(&recovered->log, r->apply.applied);
    for (uint32_t i = 0; i < options->paxos.voter_count; i++)
        if (options->paxos.voters[i] != options->paxos.self)
            r->peers[r->peer_count++].id = options->paxos.voters[i];

    struct paxos_recovered start = *recovered;
    if (!start.has_form) {
        const struct form *form = state_form(state, &start.form_zxid);
        if (form != NULL) {
            start.has_form = true;
            start.form = *form;
        }
    }
    if (start.has_form)
        r->cluster = start.form.cluster;
    paxos_init(&r->paxos, &options->paxos, &start, now_ms, &r->out);
    r->paxos_wake_ms = r->out.wake_at_ms;
    origin_init(r);
    return r;
}

void replica_free(struct replica *r)
{
    size_t at = 0;
    struct conn *c;
    conn_close_all(r);
    while ((c = map_next(&r->conns, &at)) != NULL)
        conn_delete(c);
    coord_free(r->conn_row.places);
    map_deinit(&r->conns);
    map_deinit(&r->sessions);
    local_deinit(r);
    struct list *node;
    while ((node = list_pop_front(&r->origin.pending)) != NULL)
        coord_free(LIST_ENTRY(node, struct request, pending_link));
    for (int lane = 0; lane < 2; lane++)
        while ((node = list_pop_front(&r->jobs[lane])) != NULL)
            job_free(LIST_ENTRY(node, struct job, link));
    if (r->apply.replay != NULL)
        job_free(r->apply.replay);
    if (r->receive.state != NULL) /* its INSTALL is under way, or failed */
        state_free(r->receive.state);
    for (uint32_t i = 0; i < r->peer_count; i++) {
        buf_deinit(&r->peers[i].output.urgent);
        buf_deinit(&r->peers[i].output.bulk);
    }
    log_deinit(r);
    map_deinit(&r->lead.heard);
    buf_deinit(&r->lead.queue);
    coord_free(r->sync.barriers);
    coord_free(r->held);
    buf_deinit(&r->scratch);
    buf_deinit(&r->quota_path);
    for (uint32_t i = 0; i < r->refusals_count; i++)
        buf_deinit(&r->refusals[i].space);
    buf_deinit(&r->reply);
    buf_deinit(&r->event);
    watch_table_free(r->watch);
    state_free(r->state);
    coord_free(r);
}

static void job_done(struct replica *r, struct job *j)
{
    switch (j->type) {
    case JOB_PERSIST:
        if (j->err < 0)
            replica_fail(r, "the write-ahead log failed");
        else {
            COORD_ASSERT(j->persist.seq > r->persisted_seq); /* jobs of a lane come back in their order */
            r->persisted_seq = j->persist.seq;
        }
        r->mark_at_ms = r->now.mono_ms + MARK_IDLE_MS;
        job_free(j);
        return;
    case JOB_MARK:
        if (j->err < 0)
            replica_fail(r, "the write-ahead log failed");
        job_free(j);
        return;
    case JOB_READ_LOG:
        if (j->peer != 0)
            drive_read_done(r, j);
        else
            apply_read_done(r, j);
        return;
    case JOB_SNAP_BEGIN:
    case JOB_SNAP_CHUNK:
    case JOB_SNAP_COMMIT:
    case JOB_SNAP_ABORT:
    case JOB_TRIM:
        snap_take_done(r, j);
        return;
    case JOB_SNAP_READ:
        snap_send_read_done(r, j);
        return;
    case JOB_SNAP_RECEIVE:
    case JOB_SNAP_RECEIVED:
    case JOB_LOAD:
    case JOB_INSTALL:
        snap_receive_done(r, j);
        return;
    }
    COORD_ASSERT(false && "a job of no known type");
}

/* Persists that came back together are told to paxos in one step. */
static void flush_persisted(struct replica *r)
{
    if (r->persisted_seq == 0 || r->failed != NULL || r->receive.installing)
        return;
    uint64_t seq = r->persisted_seq;
    r->persisted_seq = 0;
    drive_persisted(r, seq);
}

static void handle(struct replica *r, const struct replica_event *ev)
{
    if (ev->type != REPLICA_JOB_DONE || ev->job->type != JOB_PERSIST)
        flush_persisted(r);
    switch (ev->type) {
    case REPLICA_CONN_OPEN:
        conn_open(r, ev->conn, ev->bytes);
        break;
    case REPLICA_CONN_FRAME:
        conn_frame(r, ev->conn, ev->bytes);
        break;
    case REPLICA_CONN_CLOSED:
        conn_closed(r, ev->conn);
        break;
    case REPLICA_CONN_DRAINED:
        conn_drained(r, ev->conn);
        break;
    case REPLICA_LINK:
        message_link(r, ev->peer, ev->up);
        break;
    case REPLICA_MESSAGE:
        message_receive(r, ev->message);
        break;
    case REPLICA_JOB_DONE:
        job_done(r, ev->job);
        break;
    case REPLICA_HAND_OVER:
        if (r->hand_over_ms == 0) {
            r->hand_over_ms = r->now.mono_ms;
            drive_event(r, &(struct paxos_event){.type = PAXOS_HAND_OVER}, NULL);
        }
        break;
    }
}

static void watch_the_lead(struct replica *r)
{
    uint32_t after_ms = r->options.read_only_after_ms;
    if (replica_serving(r)) {
        if (r->leaderless_since_ms != 0)
            figure_add(&r->stats.unavailable, r->now.mono_ms - r->leaderless_since_ms);
        r->leaderless_since_ms = 0;
    } else if (r->leaderless_since_ms == 0)
        r->leaderless_since_ms = r->now.mono_ms;
    if (r->read_only && r->leaderless_since_ms == 0)
        read_only_end(r);
    else if (!r->read_only && after_ms != 0 && r->leaderless_since_ms != 0 &&
             r->now.mono_ms >= r->leaderless_since_ms + after_ms)
        read_only_begin(r);
}

static void periodic(struct replica *r)
{
    if (r->now.mono_ms < r->check_at_ms)
        return;
    r->check_at_ms = r->now.mono_ms + CHECK_INTERVAL_MS;
    liveness_run(r);
    apply_judge(r);
    connect_caught_up(r);
    if (!list_empty(&r->origin.pending) &&
        r->now.mono_ms >= r->origin.progress_ms + 10 * (uint64_t)r->options.paxos.heartbeat_ms)
        origin_resend(r);
    snap_receive_run(r);
}

void replica_step(struct replica *r, const struct replica_event *events, uint32_t n, const struct replica_now *now)
{
    COORD_ASSERT(now->mono_ms >= r->now.mono_ms);
    r->now = *now;
    r->again = false;
    r->arming_left = WATCHES_TURN_PATHS;
    r->looks_left = REQUEST_TURN_LOOKS;
    request_run_looking(r);
    local_feed(r);
    for (uint32_t i = 0; i < n; i++)
        handle(r, &events[i]);
    flush_persisted(r);
    if (r->failed != NULL)
        return;
    if (r->now.mono_ms >= r->paxos_wake_ms && !r->receive.installing)
        drive_event(r, &(struct paxos_event){.type = PAXOS_TIMER}, NULL);
    apply_run(r);
    watches_run(r);
    lead_update(r);
    origin_feed(r); /* there may be room by what was applied, or a newer version that all read */
    watch_the_lead(r);
    periodic(r);
    origin_pump(r);
    sync_pump(r);
    lead_flush(r);
    sync_confirm(r);
    commit_run(r);
    snap_take_run(r);
    snap_send_run(r);
    if (r->mark_at_ms != 0 && r->now.mono_ms >= r->mark_at_ms) {
        r->mark_at_ms = 0;
        drive_job(r, job_new(JOB_MARK));
    }
    cork_run(r);
    log_shrink(r);
    r->again = watch_sweep(r->watch, WATCHES_TURN_DROPS) || r->again || !list_empty(&r->looking);
}

void replica_take_jobs(struct replica *r, enum job_lane lane, struct list *to)
{
    struct list *node;
    while ((node = list_pop_front(&r->jobs[lane])) != NULL)
        list_push_back(to, node);
}

uint64_t replica_wake_at_ms(const struct replica *r)
{
    if (r->again)
        return r->now.mono_ms;
    uint64_t wake = r->paxos_wake_ms < r->check_at_ms && !r->receive.installing ? r->paxos_wake_ms : r->check_at_ms;
    if (r->mark_at_ms != 0 && r->mark_at_ms < wake)
        wake = r->mark_at_ms;
    if (commit_wake_at_ms(r) < wake)
        wake = commit_wake_at_ms(r);
    if (cork_wake_at_ms(r) < wake)
        wake = cork_wake_at_ms(r);
    return wake;
}

size_t replica_entropy_wanted(const struct replica *r)
{
    return REPLICA_ENTROPY_BYTES - r->entropy_size;
}

void replica_add_entropy(struct replica *r, const uint8_t *bytes, size_t size)
{
    COORD_ASSERT(size <= replica_entropy_wanted(r));
    memcpy(r->entropy + r->entropy_size, bytes, size);
    r->entropy_size += size;
}

const char *replica_failed(const struct replica *r)
{
    return r->failed;
}

/* Connections whose next write waited for it are run as those that waited for credit are. */
void replica_versions(struct replica *r, uint8_t entry_version)
{
    struct conn *c;
    size_t at = 0;

    if (entry_version <= r->entry_version)
        return;
    r->entry_version = entry_version;
    while ((c = map_next(&r->conns, &at)) != NULL)
        if (c->state == CONN_OPEN && c->unsubmitted > 0 && list_empty(&c->starved_link))
            list_push_back(&r->origin.starved, &c->starved_link);
}

bool replica_serving(const struct replica *r)
{
    return replica_leads(r) ? r->lead.open : r->paxos.leader != 0 && r->paxos.leader_established;
}

bool replica_handed_over(const struct replica *r)
{
    return r->hand_over_ms != 0 && (!replica_leads(r) || r->peer_count == 0 ||
                                    r->now.mono_ms >= r->hand_over_ms + 2 * (uint64_t)r->options.paxos.election_max_ms);
}

const struct paxos *replica_paxos(const struct replica *r)
{
    return &r->paxos;
}

const struct state *replica_state(const struct replica *r)
{
    return r->state;
}

uint32_t replica_held_messages(const struct replica *r)
{
    return r->held_count;
}
