/* node.h - one server of the simulated world: a disk that lives on, and a process that comes and goes.
 *
 * A process is what coordd makes of a data directory: store_open, JOB_LOAD, replica_new, then turns: events that came in are
 * given to replica_step() together, and its effects are carried away: jobs to the lanes (lane.c), frames to the network,
 * bytes to connections. A crash drops all of it and leaves what the fake disk says survives; the checkers hear of both.
 */
#ifndef TESTS_SIM_NODE_H
#define TESTS_SIM_NODE_H

#include "base/buf.h"
#include "base/list.h"
#include "lib/fake_fs.h"
#include "replica/replica.h"
#include "sim/sim.h"
#include "store/store.h"

/* Jobs of one kind of thread: waiting in order, then run together (WAL) or singly (SNAP), then given back after a while. */
struct lane {
    struct list waiting, done; /* struct job */
    bool busy;
};

/* What a process showed after its last step, for mark.c. */
struct mark_seen {
    enum paxos_role role;
    bool established;
    uint64_t staged_last;
    uint32_t epoch;
    uint64_t sync_id;   /* asked for, not yet answered; 0: none */
    uint64_t forwarded; /* the number of the last write sent to a leader, the first of each message counted */
};

struct node {
    uint32_t id;
    uint64_t life; /* counts the processes; events of an earlier one mean nothing */
    bool alive;
    struct rng rng;
    struct fake_fs *disk;
    struct store *store;
    struct replica *replica;
    struct list inbox; /* struct inbox, in order of arrival */
    uint64_t turn_at;  /* the next turn; UINT64_MAX: none is set */
    uint64_t paused_until;
    uint64_t mono_base, mono_since; /* the monotonic clock starts anywhere: mono_base at mono_since, */
    uint32_t rate;                  /* and runs at its own speed, per thousand */
    int64_t wall_offset;            /* wrong, and jumps */
    struct lane lane[2];            /* by enum job_lane */
    uint64_t slow_until;            /* the disk limps */
    bool disk_held;                 /* it does nothing at all; ends with the process */
    struct rot *rot;                /* bytes of its disk are flipped, and it has not started since; NULL: none */
    bool refused;                   /* to start, for good: its disk is damaged */
    uint64_t full_until;            /* no room on the disk */
    bool lost;                      /* its disk was emptied or is damaged */
    bool doomed;                    /* the disk will fail the process: its errors are ours */
    bool stopping;                  /* hands over, then stops */
    uint64_t down_until;            /* a process that died comes back then */
    uint64_t snapshots, installs;   /* written, received */
    struct mark_seen seen;
};

#define NODE_DOWN (1ull << 40) /* ms: until somebody starts it */

struct node *node_new(struct sim *s, uint32_t id);
void node_free(struct sim *s, struct node *n);

void node_start(struct sim *s, struct node *n); /* boot.c */

/* The process dies; the disk keeps what `mode` says. It starts again after down_ms. */
void node_crash(struct sim *s, struct node *n, enum fake_fs_crash mode, uint64_t down_ms);

/* The disk stops the process at its n-th change from now, and loses what was not synced as chance has it. */
void node_crash_at_write(struct sim *s, struct node *n, uint64_t nth);

/* The n-th call from now of a kind in `calls` fails with -code: unless it did without, the process must end by itself. */
void node_fail_disk(struct sim *s, struct node *n, unsigned calls, uint64_t nth, int code);

/* The disk has room for so many more bytes only, for so long. */
void node_fill_disk(struct sim *s, struct node *n, uint64_t bytes, uint64_t ms);

/* Whether the seed's budget allows that this disk is lost: it stays lost, as nothing repairs it or gives the vote back yet. */
bool node_may_lose(const struct sim *s, const struct node *n);

uint32_t node_lost(const struct sim *s);     /* how many disks are lost */
uint32_t node_voteless(const struct sim *s); /* how many servers have no vote any more: one emptied before FORM has it yet */

/* The process dies and its disk is emptied: it comes back as another incarnation, without a vote (C17). */
void node_wipe(struct sim *s, struct node *n, uint64_t down_ms);

void node_set_rate(struct sim *s, struct node *n, uint32_t per_thousand);
uint64_t node_mono_ms(const struct sim *s, const struct node *n);
void node_pause(struct sim *s, struct node *n, uint64_t ms); /* no turn before */
void node_hand_over(struct sim *s, struct node *n);          /* stop cleanly */

/* Things that arrive; ignored by a process that is not there. */
void node_link(struct sim *s, struct node *n, uint32_t peer, bool up);
void node_message(struct sim *s, struct node *n, uint32_t peer, struct slice frames);
void node_conn(struct sim *s, struct node *n, enum replica_event_type type, uint64_t conn, struct slice bytes);
void node_job(struct sim *s, struct node *n, struct job *job);

struct node *node_leader(struct sim *s); /* the established leader of the highest epoch; NULL: none */

/* The process ends because its disk failed. The machine mostly lives on, and shows what it never stored, or has dropped it. */
void node_disk_failed(struct sim *s, struct node *n);

/* After the process was started or stepped: the checkers look at it, its effects leave. It may be dead then. */
void node_effects(struct sim *s, struct node *n);

/* lane.c */
bool lane_fatal(const struct job *job); /* it failed in a way that its process must not outlive (job.h) */
void lane_init(struct node *n);
void lane_take(struct sim *s, struct node *n);            /* the replica's new jobs */
void lane_hold(struct sim *s, struct node *n, bool held); /* the disk does no more jobs, or goes on */
void lane_drop(struct node *n);                           /* the process is gone: free every job */

/* The process stopped by its disk. True: it is dead now, touch nothing of it. */
bool node_check_disk(struct sim *s, struct node *n);

#endif
