/* node.h - one server of the explored world: the real core, its disk, and what is on its way to the disk.
 *
 * A server is a number: node_step() takes one and an event and gives another, with the messages that left. The core is
 * deterministic, so each pair is computed once. Time is taken away: every step happens at the same moment, a time-out fires
 * when the explorer says so (EVENT_CAMPAIGN, EVENT_NUDGE), and what only measures time, counts attempts or decides who goes
 * first (deadlines, random numbers, rounds of heartbeats, probes) is set to one value after each step: canon.c.
 *
 * A persist reaches the disk part by part, EVENT_DISK each: promised, cut, every entry, accepted; the core hears of it with
 * the last part, and what waited for it leaves. A crash between any two keeps what the disk has, and the next process starts
 * from that at once (one that stays down is one that hears nothing).
 *
 * Broken here, without looking at other servers: an assertion or paxos_check() of the core, a vote that leaves before the disk
 * implies it, a gap in a log, accepted above promised, promised that falls, a cut of what was applied.
 */
#ifndef TESTS_MODEL_NODE_H
#define TESTS_MODEL_NODE_H

#include "model/intern.h"
#include "model/shape.h"
#include "paxos/paxos.h"

#define MODEL_SERVERS_MAX 5
#define MODEL_NOW_MS 1000000 /* when everything happens */
#define MODEL_WRITES_MAX 4
#define MODEL_WAITING_MAX 24
#define MODEL_SENT_MAX 64
#define MODEL_FORMED 1 /* the incarnation of all servers that FORM names */

enum event_type { EVENT_DELIVER, EVENT_CAMPAIGN, EVENT_SUBMIT, EVENT_NUDGE, EVENT_DISK, EVENT_CRASH, EVENT_WIPE };

struct disk {
    struct paxos_promised promised;
    uint64_t incarnation;
    uint32_t accepted, boot;
    struct shape log;
};

/* What is left to do of a persist. */
struct write {
    uint64_t seq, cut_after, append_last;
    struct paxos_promised promised;
    uint32_t accepted;
    bool set_promised, cut, set_accepted;
    struct shape target; /* the log after it */
};

struct waiting {
    uint64_t seq, message;
};

struct node {
    struct paxos core;
    struct disk disk;
    uint32_t write_count, waiting_count;
    struct write write[MODEL_WRITES_MAX];
    struct waiting waiting[MODEL_WAITING_MAX];
};

/* What the explorer and the invariants need to know of a server, by its number. */
struct summary {
    uint32_t index;       /* 0.. */
    uint32_t role, epoch; /* epoch: being prepared or led; 0 otherwise */
    uint32_t promised, accepted, boot;
    uint32_t promised_in_memory;
    bool counts; /* its disk is the one that FORM names */
    bool can_submit, can_nudge;
    uint32_t write_count;
    bool more_parts;    /* of the persist that is being written; the next is not its last */
    uint32_t epoch_min; /* it may campaign from this one on; 0: no candidate */
    bool promised_by[MODEL_SERVERS_MAX], accepted_by[MODEL_SERVERS_MAX]; /* what it was answered, as a candidate or leader */
    uint64_t matched_by[MODEL_SERVERS_MAX];
    struct shape log;  /* of the disk */
    struct shape held; /* in memory */
    struct shape applied;
};

struct effects {
    uint32_t node;
    const char *broken; /* NULL: nothing */
    bool won;           /* it leads an epoch now that it did not lead before */
    uint32_t cut_epoch; /* the disk was cut, by this promised epoch; 0 no */
    uint32_t sent_count;
    uint32_t *sent; /* numbers of messages */
};

/* Faults planted on purpose, to see that they are found: bugs.h. */
enum bug {
    BUG_NONE,
    BUG_EARLY_PROMISE,
    BUG_OWN_VOTE,
    BUG_ACCEPTED_FIRST,
    BUG_FORGETFUL,
    BUG_NO_ADOPTION,
    BUG_NO_CUT,
    BUG_SAME_INCARNATION,
    BUG_COUNT
};

struct machine {
    uint32_t servers;
    enum bug bug;
    struct form form;
    struct intern nodes, messages, steps;
    struct summary *summaries;
    struct effects *effects;
    uint32_t summary_room, effects_room;
};

void machine_init(struct machine *m, uint32_t servers, enum bug bug);
void machine_deinit(struct machine *m);
uint32_t machine_start(struct machine *m, uint32_t index); /* FORM in the log, epoch 1 promised and accepted */
const struct effects *machine_step(struct machine *m, uint32_t node, enum event_type type, uint32_t argument);
const struct peer_msg *machine_message(const struct machine *m, uint32_t number, struct peer_msg *to);
void machine_node(const struct machine *m, uint32_t number, struct node *to);
uint32_t machine_add_message(struct machine *m, const struct peer_msg *msg);
uint32_t machine_add_node(struct machine *m, struct node *n); /* gives it its one form first */

/* canon.c */
void canon_node(struct node *n);
void canon_message(struct peer_msg *m);
bool canon_drops(const struct peer_msg *m); /* it matters for time only */
void canon_promised(struct paxos_promised *to, const struct paxos_promised *from);

/* node.c: one event; false: the disk or the core breaks a rule, and *broken says which. */
struct output {
    struct machine *machine;
    struct effects *effects;
    uint32_t sent[MODEL_SENT_MAX];
};
void node_start(struct machine *m, struct node *n, struct output *o);
void node_event(struct node *n, struct output *o, enum event_type type, uint32_t argument);

/* bugs.c */
const char *bug_name(enum bug bug); /* NULL behind the last */
const char *bug_rule(enum bug bug);
void bug_after_step(enum bug bug, struct node *n);
void bug_message(enum bug bug, struct peer_msg *m);
void bug_restart(enum bug bug, struct disk *disk);

#endif
