/* snap_take.c - own snapshots: the state's walk, in chunks, to the snapshot lane; then the log behind it may be trimmed. */
#include "replica/internal.h"

#define CHUNK_BYTES (256u << 10)
#define CHUNKS_AT_ONCE 4
#define RETRY_HEARTBEATS 200 /* after one that found no space */

static void begin(struct replica *r)
{
    struct snap_take *t = &r->take;
    COORD_ASSERT(r->cluster != 0); /* the first entry applied is FORM (C15) */
    t->state = SNAP_WALKING;
    t->zxid = r->apply.applied;
    t->begun_ms = r->now.mono_ms;
    t->entries = 0;
    t->asked = false;
    state_walk_start(r->state);
    struct job *j = job_new(JOB_SNAP_BEGIN);
    j->zxid = t->zxid;
    j->digest = state_digest(r->state);
    j->cluster = r->cluster;
    t->jobs++;
    drive_job(r, j);
}

static void walk(struct replica *r)
{
    struct snap_take *t = &r->take;
    while (t->state == SNAP_WALKING && t->jobs < CHUNKS_AT_ONCE) {
        struct job *j = job_new(JOB_SNAP_CHUNK);
        j->zxid = t->zxid;
        bool more = state_walk_next(r->state, &j->bytes, CHUNK_BYTES);
        t->jobs++;
        drive_job(r, j);
        if (more) {
            if (t->jobs < CHUNKS_AT_ONCE)
                r->again = true; /* one chunk a turn */
            return;
        }
        state_walk_stop(r->state);
        t->state = SNAP_COMMITTING;
        j = job_new(JOB_SNAP_COMMIT);
        j->zxid = t->zxid;
        t->jobs++;
        drive_job(r, j);
    }
}

void snap_take_run(struct replica *r)
{
    struct snap_take *t = &r->take;
    /* Below the floor of the log's shape others are brought along by snapshots only (paxos.h). */
    bool due =
        t->entries >= r->options.snap_count || t->durable_zxid < r->paxos.log.floor || (t->asked && t->durable_zxid == 0);
    if (t->state == SNAP_IDLE && due && r->now.mono_ms >= t->not_before_ms && t->jobs == 0 && !snap_receive_busy(r) &&
        r->apply.applied > t->durable_zxid)
        begin(r);
    walk(r);
}

void snap_take_abort(struct replica *r)
{
    struct snap_take *t = &r->take;
    if (t->state == SNAP_WALKING) {
        state_walk_stop(r->state);
        struct job *j = job_new(JOB_SNAP_ABORT);
        j->zxid = t->zxid;
        t->jobs++;
        drive_job(r, j);
        t->state = SNAP_IDLE;
    }
}

static void trim(struct replica *r, uint64_t zxid)
{
    struct job *j = job_new(JOB_TRIM);
    j->zxid = zxid;
    drive_job(r, j);
}

void snap_take_done(struct replica *r, struct job *j)
{
    struct snap_take *t = &r->take;
    if (j->type == JOB_TRIM) {
        if (j->err < 0)
            replica_fail(r, "the log cannot be trimmed");
        else
            drive_event(r, &(struct paxos_event){.type = PAXOS_TRIMMED, .zxid = j->trimmed}, NULL);
        job_free(j);
        return;
    }
    t->jobs--;
    if (j->err < 0 && !job_harmless(j->type, j->err)) {
        replica_fail(r, "a snapshot cannot be written");
    } else if (j->err < 0) {
        snap_take_abort(r); /* no space: the log just grows */
        t->state = SNAP_IDLE;
        t->entries += r->options.snap_count; /* still due */
        t->not_before_ms = r->now.mono_ms + RETRY_HEARTBEATS * (uint64_t)r->options.paxos.heartbeat_ms;
    } else if (j->type == JOB_SNAP_COMMIT) {
        t->state = SNAP_IDLE;
        t->durable_zxid = j->zxid;
        r->stats.snapshots_taken++;
        figure_add(&r->stats.snapshot_time, r->now.mono_ms - t->begun_ms);
        trim(r, j->zxid);
    }
    job_free(j);
}
