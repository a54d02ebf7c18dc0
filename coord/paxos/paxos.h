/* paxos.h - consensus: simplified Multi-Paxos (docs/consensus.md), one server's part, as a bare state machine.
 *
 * Pure: no clock, no randomness of its own, no allocation, no payloads. `struct paxos` is one flat block without pointers: a
 * copy is a memcpy and a hash is of its bytes. Time comes in every event; entries are named by zxid, their bytes are kept by
 * the caller. One door: paxos_step() takes one event and fills one paxos_out.
 *
 * The one rule above all: no message leaves that depends on state which is not durable. It is structural: whatever promises
 * durability is in out->send_after_persist only, and every message there waits for all persists up to and including
 * out->wait_seq. Messages are idempotent and may be lost, doubled and reordered.
 *
 * A log's shape is at most RUNS_MAX runs long: chosen runs beyond three quarters of that are folded into log.floor, and what
 * lies below the floor is brought to others by snapshots only. The caller takes a snapshot before that many elections pass.
 *
 * Words: C1..C19 are the rules of docs/consensus.md. `committed` is the highest zxid known chosen; `matched` the last zxid
 * known to be in the log of the leader of `promised` (C4); `history_end` the end of the history that the leader chose in
 * phase 1.
 */
#ifndef COORD_PAXOS_PAXOS_H
#define COORD_PAXOS_PAXOS_H

#include "base/rng.h"
#include "wire/entry.h"
#include "wire/peer.h"
#include "wire/runs.h"

#include <stdbool.h>
#include <stdint.h>

#define PAXOS_SEND_MAX 32
#define PAXOS_WINDOW_ENTRIES 1024 /* unacknowledged entries per follower */
#define PAXOS_ACCEPT_ENTRIES 512  /* most entries that one ACCEPT or ENTRIES names */

/* To whom an epoch was promised (C1): a process, not a server, so a restarted candidate never resumes its epoch (C6). */
struct paxos_promised {
    uint32_t epoch, server, boot;
    uint64_t incarnation;
};

struct paxos_options {
    uint32_t self;
    uint32_t boot;
    uint64_t incarnation;
    uint32_t voter_count;                      /* 1, 3, 5 or 7 */
    uint32_t voters[PEER_MAX];                 /* configured ids, rising; self is one of them */
    uint32_t heartbeat_ms;                     /* 50 */
    uint32_t election_min_ms, election_max_ms; /* 300, 600 */
    uint32_t counter_max; /* the leader goes on to the next epoch at this counter (C9); UINT32_MAX - 2^20, less in tests */
    uint64_t seed;
};

/* What the disk held at the start. */
struct paxos_recovered {
    struct paxos_promised promised;
    uint32_t accepted;
    uint64_t committed; /* of the snapshot loaded: known chosen; in the log */
    struct runs log;    /* floor: what was trimmed, or the snapshot; at or below `committed` */
    bool has_form;      /* it stands in the log or in the snapshot */
    uint64_t form_zxid;
    struct form form;
};

enum paxos_role { PAXOS_FOLLOWER, PAXOS_PROBING, PAXOS_PREPARING, PAXOS_ADOPTING, PAXOS_LEADING };

enum paxos_event_type {
    PAXOS_LINK,          /* peer, up: the link to a peer came up or broke */
    PAXOS_MESSAGE,       /* message; form if its payload holds a FORM entry */
    PAXOS_SUBMIT,        /* first, count: the leader's new entries, stamped from paxos_submit_zxid() on; form if one is FORM */
    PAXOS_PERSISTED,     /* seq: this persist and all before it are durable */
    PAXOS_BARRIER,       /* a sync arrived: a round sent from now on is wanted (leader); see paxos_barrier_round() */
    PAXOS_TRIMMED,       /* zxid: the log holds nothing at or below it any more */
    PAXOS_SNAPSHOT_SENT, /* peer, zxid: it has installed our snapshot; zxid 0: the transfer failed */
    PAXOS_SNAPSHOT_INSTALLED, /* zxid: own log and state were replaced by a snapshot, durably; form as it stands in it. See
                                 paxos_snapshot_wanted() */
    PAXOS_SNAPSHOT_REFUSED,   /* one that came cannot be kept here: a candidate that waits for it lets others try */
    PAXOS_HAND_OVER,          /* pass the lead to the most current follower */
    PAXOS_TIMER,              /* wake_at_ms came */
};

struct paxos_event {
    enum paxos_event_type type;
    uint64_t now_ms;
    uint32_t peer;
    bool up;
    const struct peer_msg *message; /* its payload is not looked at */
    const struct form *form;        /* NULL: none */
    uint64_t form_zxid;
    uint64_t first, zxid, seq;
    uint32_t count;
};

enum paxos_source { PAXOS_FROM_EVENT, PAXOS_FROM_STAGED };

/* One durable step. Done strictly in this order, so that a crash between any two leaves a legal state:
 * 1 promised, 2 cut, 3 append, 4 accepted. Persists are executed in the order of their seq. */
struct paxos_persist {
    uint64_t seq; /* 0: nothing to persist; else the last seq + 1 */
    bool set_promised;
    struct paxos_promised promised;
    bool cut;
    uint64_t cut_after; /* drop every entry behind it */
    uint32_t append_count;
    uint64_t append_first, append_last; /* held by the event's payload or submit, or by the staged entries; may span epochs */
    enum paxos_source append_source;
    bool set_accepted;
    uint32_t accepted;
};

struct paxos_out {
    struct paxos_persist persist;
    uint32_t now_count, after_count;
    struct peer_msg send_now[PAXOS_SEND_MAX]; /* may leave at once. ACCEPT and ENTRIES: the caller attaches entries
                                                 first..first+count-1 (one epoch), fewer if it must: paxos_unsent() */
    struct peer_msg send_after_persist[PAXOS_SEND_MAX];
    uint64_t wait_seq; /* what send_after_persist waits for; 0: all is durable, send at once */
    bool stage;        /* before the persist: keep the event's entries stage_first..stage_last (a history being adopted) */
    uint64_t stage_first, stage_last;
    bool drop_staged;     /* before `stage` */
    uint64_t commit_zxid; /* apply up to here: chosen, matched and durable here (C5) */
    /* Bit i: voters[i] needs a snapshot at or above log.floor; set once per need, again when its FETCH is repeated. */
    uint32_t snapshot_to;
    uint32_t snapshot_from; /* a candidate: the server whose snapshot it waits for, 0 none; its FETCH asked for it */
    bool want_form;         /* leader of a forming ensemble: SUBMIT a FORM now (paxos_form) */
    uint64_t wake_at_ms;
};

/* How the leader feeds one follower: PROBE asks where the logs match, STREAM sends behind next_prev, SNAPSHOT waits for one. */
enum paxos_progress { PROGRESS_PROBE, PROGRESS_STREAM, PROGRESS_SNAPSHOT };

/* What is known of one configured server. */
struct paxos_peer {
    uint32_t id;
    bool link_up;
    uint64_t incarnation; /* of its last PROMISE or ACCEPTED */
    /* Candidate: C7, C13, C15. */
    bool probe_granted, probe_answered, probe_log_empty, promised_to_us, refused;
    uint64_t probe_last;
    uint32_t promise_accepted;
    uint64_t promise_committed;
    struct runs promise_log;
    /* Somebody whose probe we denied (C13). */
    bool denied;
    uint64_t denied_attempt;
    /* Leader. */
    enum paxos_progress progress;
    bool paused;         /* PROBE: it is out; STREAM: nothing more before an answer or the next heartbeat (paxos_unsent) */
    bool greeted;        /* STREAM: at least one ACCEPT has left, be it an empty one */
    bool accepted_epoch; /* its ACCEPTED said accepted = our epoch */
    uint64_t matched;    /* durable there (C4) */
    uint64_t next_prev;  /* STREAM: all up to here was sent; PROBE: the place asked about */
    uint64_t sent_at_ms; /* when it last acknowledged, or the first of what is under way was sent */
    uint64_t round_acked, heard_at_ms; /* C13: heard counts answers to our own heartbeats only */
};

#define PAXOS_FLIGHTS 256

/* What becomes durable with one persist. */
struct paxos_flight {
    uint64_t seq, last;
    uint32_t promised, accepted;
};

struct paxos {
    struct paxos_options options;
    struct rng rng;
    uint64_t now_ms;
    uint32_t self; /* own index in options.voters and peer */

    /* Acceptor: what is durable once persist seq_issued is. */
    struct paxos_promised promised;
    uint32_t accepted;
    struct runs log;
    bool has_form, form_chosen;
    uint64_t form_zxid;
    struct form form;

    /* Persists in flight, oldest first. */
    uint64_t seq_issued, seq_done;
    uint64_t durable_last; /* the own log as it is now is durable up to here */
    uint32_t durable_promised, durable_accepted;
    uint32_t flight_count;
    struct paxos_flight flight[PAXOS_FLIGHTS]; /* the caller keeps fewer persists under way: paxos_persist_room() */

    /* Follower of promised.epoch. accepted == promised.epoch says that the own log covers history_end. */
    uint64_t matched;          /* C4, within promised.epoch; durable or under way */
    uint64_t leader_committed; /* as told by the leader of promised.epoch */
    uint64_t committed;        /* known chosen and in the own log */
    uint64_t commit_zxid;      /* what `out` last gave: committed and durable here (C5) */
    uint32_t leader;           /* id of the live leader, itself included; 0 unknown */
    uint64_t leader_heard_ms;
    bool leader_established; /* as its last heartbeat said */

    /* Proposer. */
    enum paxos_role role;
    uint32_t epoch;       /* being prepared or led */
    uint32_t epoch_seen;  /* the highest in any message (C6) */
    uint64_t deadline_ms; /* follower: election time-out; probing: next attempt; preparing, adopting: give up */
    uint64_t resend_ms;   /* probing, preparing: ask those again that did not answer; adopting: FETCH again */
    uint64_t prepare_ms;  /* probing: granted, but somebody better goes first until then; 0 none */
    uint64_t grace_ms;    /* whom we promised is not disturbed until then (C13) */
    uint64_t attempt;
    uint32_t backoff; /* candidacies that failed in a row */
    bool yielded;     /* the election time-out was put off once for another candidate */
    bool rival;       /* while probing: somebody better probes too */
    bool deferred;    /* this attempt has waited for somebody better once */
    bool forming;     /* C15 */
    bool rolling;     /* C9: preparing the next epoch while leading */
    bool established; /* C8 */
    bool adopt_snapshot;
    uint32_t adopt_from;  /* server whose history is being fetched, 0 none */
    uint64_t adopt_base;  /* own log up to here is in that history */
    uint64_t staged_last; /* the caller holds staged entries from behind adopt_base to here; 0 none */
    uint64_t history_end; /* leader: of its epoch; follower: as the leader of promised.epoch said */
    uint64_t heartbeat_at_ms;
    uint64_t round_sent, round_wanted, round_confirmed; /* heartbeats are numbered over the life of the process */
    uint64_t round_barrier;                             /* the last round that a barrier had sent */
    struct paxos_peer peer[PEER_MAX];                   /* by index in options.voters; self's entry is used for its own vote */
};

/* Start from what the disk held. Nothing leaves; `out` carries the first wake-up. */
void paxos_init(struct paxos *p, const struct paxos_options *options, const struct paxos_recovered *recovered, uint64_t now_ms,
                struct paxos_out *out);

/* Advance by one event. The caller then must, in this order: 1 queue out->persist; 2 send out->send_now at any time;
 * 3 send out->send_after_persist once persist wait_seq is done; 4 apply up to out->commit_zxid; 5 arm wake_at_ms.
 * `out` is overwritten whole. Never allocates, never fails; a message that makes no sense is dropped. */
void paxos_step(struct paxos *p, const struct paxos_event *event, struct paxos_out *out);

/* The zxid that the next submitted entry must have; 0 when this server may not propose now: it does not lead, is about to go on
 * to the next epoch, or the log's shape is full (RUNS_MAX) until its history is chosen. How many may be submitted: *room. */
uint64_t paxos_submit_zxid(const struct paxos *p, uint32_t *room);

/* The caller could attach only the entries before first_unsent to an ACCEPT for this peer, and sends no later ACCEPT of this
 * step to it: sending goes on from there when it acknowledges, or at the next heartbeat. ENTRIES need no such call: what is
 * missing is fetched again. */
void paxos_unsent(struct paxos *p, uint32_t peer, uint64_t first_unsent);

/* Barrier round that answers syncs which arrive now: they may be answered when out.. p->round_confirmed >= it, at p->committed
 * of the moment the round was asked for. Valid on an established leader, directly after the PAXOS_BARRIER step. */
uint64_t paxos_barrier_round(const struct paxos *p);

/* Leader: up to which zxid the vote of a voter, this server included, counts towards what is chosen (C8, C17). 0 when it does
 * not count, or when new entries are not sent to that voter as they come. */
uint64_t paxos_current_vote(const struct paxos *p, uint32_t id);

/* FORM's content for a forming leader (want_form): all promisers with their incarnations; cluster is the caller's. */
void paxos_form(const struct paxos *p, struct form *form);

bool paxos_persist_room(const struct paxos *p); /* false: wait for a PERSISTED before any further event that may persist */
/* Whether a snapshot at zxid may replace the own log: it lies beyond all that this server holds and vouches for, in no epoch
 * that it has not promised, and this server does not lead. Ask before installing; from then until PAXOS_SNAPSHOT_INSTALLED no
 * event that may persist is given. */
bool paxos_snapshot_wanted(const struct paxos *p, uint64_t zxid);

bool paxos_is_voter(const struct paxos *p); /* false: this incarnation is not in FORM; takes part without a vote (C17) */
uint32_t paxos_quorum(const struct paxos *p);
const char *paxos_role_name(enum paxos_role role);

/* Invariants over the whole struct: NULL, or what is broken. Called after each step in tests and the simulator. */
const char *paxos_check(const struct paxos *p);

#endif
