/* sim.h - one simulated world: servers, clients, network, disks and checkers in one thread, driven by one seed.
 *
 * Virtual time in ms; nothing reads a clock, nothing depends on the value of a pointer, and every random number comes from
 * a generator that sim_rng() derives from the seed and a label, so the same seed gives the same run, event by event.
 *
 * The parts know each other by their own narrow headers and find each other here:
 *
 *     sched    when something happens                 ck_log      I1 I2 I10 I11 I15, exactly once: the committed sequence
 *     trace    transcript, hash of the run, failing   ck_model    what the tree held at each zxid; C4 C6 C7 C13..C15
 *     net      links and messages between servers     ck_durable  I5 I6 I9 I12: what each disk must hold
 *     node     one server's process; lanes of jobs    ck_lead     I4 I7: leaders
 *     pipe     connections of clients                 fault       what goes wrong, and when
 *     client   sessions, requests, watches; C1 C2 C9  ck_session  C12 C13: sessions, also those of one server alone
 *     workload what the clients do
 *     script   a file in place of fault and workload
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "base/error.h"
#include "base/rng.h"
#include "base/zxid.h"
#include "wire/peer.h"

#include <stdbool.h>
#include <stdint.h>

struct sched;
struct trace;
struct net;
struct node;
struct pipes;
struct client;
struct fault;
struct ck_log;
struct ck_model;
struct ck_durable;
struct ck_lead;
struct ck_session;
struct writes;
struct broken;
struct script;

#define SIM_CLIENTS_MAX 8

/* How a run ended, in memory that outlives its process: written as it ends, also when an invariant is broken. */
struct sim_report {
    uint64_t hash;      /* of all that happened */
    char invariant[40]; /* the broken one; empty: none */
};

struct sim_options {
    uint64_t seed;
    uint32_t nodes;             /* 0: 1 to 7 by the seed */
    uint64_t ms;                /* length of the phase with faults; 0: by the preset */
    uint32_t workloads, faults; /* which, by bit (workload.h, fault.h); 0: as the seed has it */
    bool text;                  /* keep the transcript for a failure */
    bool verbose;               /* print it while it happens */
    bool mermaid;               /* print a sequence diagram */
    uint64_t *marks;            /* counters of mark.h; NULL: none */
    struct broken *broken;      /* break the history now and then; NULL: never */
    struct script *script;      /* says what happens (script.h); NULL: fault.h and workload.h do */
    struct sim_report *report;  /* NULL: nobody asks */
};

/* What a seed fixes for its whole run. */
struct preset {
    uint32_t nodes, clients;
    uint64_t fault_ms; /* how long things go wrong */
    uint32_t heartbeat_ms, election_min_ms, election_max_ms, session_min_ms, session_max_ms;
    uint32_t counter_max;
    uint64_t snap_count, segment_bytes;
    uint32_t segments_ahead, snap_retain;
    bool datagrams; /* messages between servers get lost, doubled and reordered one by one; else links are like TCP */
    uint32_t loss, twice, stale; /* per 1000 messages, datagrams only */
    uint32_t delay_max_ms;
    uint32_t reap_ms;      /* containers and TTL nodes are looked at so often */
    uint32_t fault_gap_ms; /* mean time between faults */
    uint32_t image_check;  /* one in so many batches is followed by a look at the disk's durable image */
    uint32_t value_max;
    bool steady;    /* scripts: nothing is late, jumps or restarts by chance, and each message takes delay_max_ms */
    uint32_t local; /* servers that keep new sessions to themselves, by bit of their ids */
    bool local_upgrading;
    uint32_t lost_max; /* disks that may be emptied or damaged beyond what heals: with a minority the run must end well */
};

struct sim {
    struct sim_options options;
    struct preset preset;
    uint64_t now;
    bool healed; /* faults are over: the liveness phase */
    bool quiet;  /* clients start nothing new */
    uint64_t quiet_since;
    uint64_t completed; /* the greatest zxid that any client was told of a write of its own */
    struct sched *sched;
    struct trace *trace;
    struct net *net;
    struct node *nodes[PEER_MAX]; /* by id - 1 */
    struct pipes *pipes;
    struct client *clients[SIM_CLIENTS_MAX];
    struct fault *fault;
    struct ck_log *log;
    struct ck_model *model;
    struct ck_durable *durable;
    struct ck_lead *lead;
    struct ck_session *sessions;
    struct writes *writes;
    uint64_t crashes;
};

/* What a run did, for its last line. */
struct sim_result {
    uint64_t hash, events, committed, replies, snapshots, installs, crashes, epoch;
};

/* Runs one seed to the end. A broken invariant does not return: sim_fail. */
void sim_run(const struct sim_options *options, struct sim_result *result);

/* An independent generator for one user. */
void sim_rng(const struct sim *s, struct rng *rng, const char *label, uint64_t index);

/* Prints seed, invariant and transcript, and ends the process with status 1. */
_Noreturn void sim_fail(struct sim *s, const char *invariant, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline bool chance(struct rng *rng, uint32_t per_thousand)
{
    return rng_below(rng, 1000) < per_thousand;
}

#endif
