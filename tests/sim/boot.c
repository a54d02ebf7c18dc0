/* boot.c - starting a server's process from its disk, in the order of coordd; see node.h. */
#include "sim/ck_durable.h"
#include "sim/ck_log.h"
#include "sim/fault.h"
#include "sim/mark.h"
#include "sim/mermaid.h"
#include "sim/net.h"
#include "sim/node.h"
#include "sim/rot.h"
#include "sim/trace.h"

static void paxos_options(struct sim *s, struct node *n, const struct store_recovered *recovered, struct paxos_options *o)
{
    const struct preset *p = &s->preset;

    *o = (struct paxos_options){.self = n->id,
                                .boot = recovered->boot,
                                .incarnation = recovered->incarnation,
                                .voter_count = p->nodes,
                                .heartbeat_ms = p->heartbeat_ms,
                                .election_min_ms = p->election_min_ms,
                                .election_max_ms = p->election_max_ms,
                                .counter_max = p->counter_max,
                                .seed = rng_next(&n->rng)};
    for (uint32_t i = 0; i < p->nodes; i++)
        o->voters[i] = i + 1;
}

/* NULL: the process ends; *refused: for good. */
static struct state *load(struct sim *s, struct node *n, uint64_t zxid, bool *refused)
{
    struct job *job = job_new(JOB_LOAD);
    struct state *state;

    job->zxid = zxid;
    store_run(n->store, job);
    *refused = job->err == -COORD_E_DAMAGED && rot_refused(s, n, job->err, store_failure(n->store));
    if (job->err != 0 && !*refused && !fake_fs_stopped(n->disk) && !n->doomed)
        sim_fail(s, "recovery", "n%u cannot load snapshot " ZXID_FMT ": %s", n->id, ZXID_ARG(zxid), coord_error_name(job->err));
    state = job->state;
    job->state = NULL;
    job_free(job);
    return state;
}

/* The process died in its recovery, or ended because its disk failed then. */
static void start_failed(struct sim *s, struct node *n)
{
    n->alive = true; /* so that it can crash */
    if (fake_fs_stopped(n->disk)) {
        mark(s, MARK_RECOVERY_CRASH);
        node_check_disk(s, n);
        return;
    }
    mark(s, MARK_RECOVERY_FAILED);
    node_disk_failed(s, n);
}

/* Things that go wrong while it starts: the process stops at any change of its disk, or a call of any kind fails. */
static void trouble(struct sim *s, struct node *n)
{
    bool torn = s->options.faults == 0 || s->options.faults & 1u << FAULT_TORN;
    bool disk = s->options.faults == 0 || s->options.faults & 1u << FAULT_DISK;

    n->doomed = s->now < n->full_until;
    if (s->healed || s->preset.steady || !chance(&n->rng, 80))
        return;
    bool fails = chance(&n->rng, 300), room = chance(&n->rng, 200);
    uint64_t nth = rng_between(&n->rng, 1, fails ? 60 : 20);
    if (disk && fails)
        node_fail_disk(s, n, FAKE_FS_ANY, nth, room ? COORD_E_NO_SPACE : COORD_E_IO);
    else if (torn)
        node_crash_at_write(s, n, nth);
}

/* What its file says: nothing, the same on all servers, or what differs, so that each leader writes its own. */
static struct settings settings(const struct sim *s, const struct node *n)
{
    uint64_t kind = s->preset.steady ? 0 : s->options.seed % 4;

    if (kind == 0)
        return (struct settings){false, SLICE_NULL};
    if (kind == 1)
        return (struct settings){true, SLICE_LITERAL("lines of all")};
    return (struct settings){n->id % 2 == 1, n->id % 3 == 1 ? SLICE_LITERAL("lines") : SLICE_LITERAL("other lines")};
}

void node_start(struct sim *s, struct node *n)
{
    const struct preset *p = &s->preset;
    struct store_options options = {.data_dir = "/data",
                                    .log_dir = s->options.seed % 2 ? "/data" : "/log",
                                    .server = n->id,
                                    .segment_bytes = p->segment_bytes,
                                    .segments_ahead = p->segments_ahead,
                                    .snap_retain = p->snap_retain,
                                    .fresh_incarnation = rng_next(&n->rng) | 1};
    struct store_recovered recovered;
    const char *text = NULL;

    if (n->refused)
        return;
    n->life++;
    if (fake_fs_stale(n->disk))
        mark(s, MARK_STALE_SEEN);
    trouble(s, n);
    int rc = store_open(fake_fs_fs(n->disk), &options, &n->store, &recovered, &text);
    if (rc != 0) {
        n->store = NULL;
        if (!fake_fs_stopped(n->disk) && rc == -COORD_E_DAMAGED && rot_refused(s, n, rc, text))
            return;
        if (!fake_fs_stopped(n->disk) && !n->doomed)
            sim_fail(s, "recovery", "n%u cannot open its store: %s: %s", n->id, coord_error_name(rc), text ? text : "");
        start_failed(s, n);
        return;
    }
    if (recovered.torn_bytes > 0)
        mark(s, MARK_TORN);
    bool refused;
    struct state *state = load(s, n, recovered.snapshot_zxid, &refused);
    if (refused) {
        store_close(n->store);
        n->store = NULL;
        return;
    }
    if (state == NULL || fake_fs_stopped(n->disk) || !ck_durable_start(s, n, &recovered)) {
        if (state != NULL)
            state_free(state);
        start_failed(s, n);
        return;
    }
    rot_started(s, n);
    trace_line(s, 0x57a7 + n->id, "n%u START boot=%u promised=%u accepted=%u snapshot=" ZXID_FMT " last=" ZXID_FMT, n->id,
               recovered.boot, recovered.paxos.promised.epoch, recovered.paxos.accepted, ZXID_ARG(recovered.snapshot_zxid),
               ZXID_ARG(runs_last(&recovered.paxos.log)));
    mermaid_note(s, n->id, "starts, last entry " ZXID_FMT, ZXID_ARG(runs_last(&recovered.paxos.log)));
    struct replica_options ro = {.session_min_ms = p->session_min_ms,
                                 .session_max_ms = p->session_max_ms,
                                 .snap_count = p->snap_count,
                                 .reap_interval_ms = p->reap_ms,
                                 .snapshot_zxid = recovered.snapshot_zxid,
                                 .cluster = recovered.cluster,
                                 .fresh_cluster = rng_next(&n->rng) | 1,
                                 .connect_timeout_ms = 20000,
                                 .local_sessions = (p->local >> n->id & 1) != 0,
                                 .local_upgrading = p->local_upgrading,
                                 .settings = settings(s, n)};
    paxos_options(s, n, &recovered, &ro.paxos);
    n->replica = replica_new(&ro, &recovered.paxos, state, node_mono_ms(s, n));
    n->alive = true;
    ck_log_start(s, n);
    net_process_started(s, n->id);
    node_effects(s, n);
}
