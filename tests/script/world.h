/* world.h - several consensus cores on a network, disks and clocks that the test holds in its hands.
 *
 * The world plays the caller of paxos_step(): it keeps the entries (a zxid and a short text each), executes persists part by
 * part in their order, holds back what waits for them, and queues messages as letters which a script or a random walk
 * delivers, drops and doubles. A crash keeps exactly what the disk holds at that moment, also in the middle of a persist.
 * After every step it asks paxos_check() and the oracle (oracle.h); the first thing found broken stands in `broken`.
 */
#ifndef TESTS_SCRIPT_WORLD_H
#define TESTS_SCRIPT_WORLD_H

#include "base/rng.h"
#include "base/zxid.h"
#include "paxos/paxos.h"

#include <stdbool.h>
#include <stdint.h>

#define VALUE_MAX 12
#define VALUE_FORM "FORM"

struct item {
    uint64_t zxid;
    char value[VALUE_MAX];
};

/* A log, or the payload of a message. */
struct items {
    struct item *at;
    uint32_t count, room;
    uint64_t floor; /* of a log: nothing at or below it is kept */
};

void items_deinit(struct items *s);
void items_clear(struct items *s);
void items_add(struct items *s, const struct item *one);
void items_copy(struct items *to, const struct items *from, uint64_t first, uint64_t last); /* adds what lies between */
void items_cut_after(struct items *s, uint64_t zxid);
void items_trim(struct items *s, uint64_t zxid);
uint64_t items_last(const struct items *s);
const struct item *items_find(const struct items *s, uint64_t zxid);            /* NULL: not there */
void items_shape(const struct items *s, uint64_t snapshot, struct runs *shape); /* folded at the snapshot if it is long */

enum letter_kind { LETTER_MESSAGE, LETTER_SNAPSHOT, LETTER_INSTALLED };

struct letter {
    enum letter_kind kind;
    uint32_t from, to; /* server ids, 1 is A */
    uint64_t at_ms;    /* when a run delivers it */
    uint64_t zxid;     /* of a snapshot */
    uint32_t snapshot_to;
    bool held;
    struct peer_msg msg;
    struct items items;
    struct letter *next;
};

struct disk {
    struct paxos_promised promised;
    uint32_t accepted, boot;
    uint64_t incarnation, snapshot;
    struct items log;
};

/* A persist on its way to the disk; `part` of its parts are done: promised, cut, each entry, accepted. */
struct disk_write {
    struct paxos_persist persist;
    struct items items;
    uint32_t part;
    uint64_t at_ms;
    struct disk_write *next;
};

struct server {
    uint32_t id;
    bool up, disk_held, wiped;
    uint64_t now_ms, wake_ms;
    struct paxos core;
    struct disk disk;
    struct items log, staged; /* in memory */
    struct disk_write *writes, **writes_end;
    struct waiting {
        uint64_t seq;
        struct letter *letter;
        struct waiting *next;
    } * waiting;
    /* A barrier under way: what its answer must cover. */
    bool barrier;
    uint64_t barrier_round, barrier_zxid, barrier_must;
    /* What was last shown of it. */
    enum paxos_role shown_role;
    uint32_t shown_epoch;
    uint64_t shown_commit;
    bool shown_established;
};

struct oracle;

struct world {
    uint32_t count;
    struct server server[PEER_MAX];
    struct letter *letters, **letters_end;
    uint32_t letter_count;
    bool linked[PEER_MAX][PEER_MAX]; /* the link as both ends know it */
    bool cut[PEER_MAX][PEER_MAX];    /* silently lost in this direction */
    struct paxos_options options;
    struct rng rng;
    bool cramped; /* now and then attach fewer entries than asked for */
    uint64_t form_zxid;
    struct form form;
    uint64_t submitted, incarnations, barriers_answered;
    uint32_t delay_ms; /* of a letter in a run */
    struct oracle *oracle;
    struct paxos_out *spare; /* for the next step */
    char broken[200];
    bool terse;                                    /* tell only what becomes of servers: no letters, no persists */
    void (*show)(void *context, const char *line); /* NULL: nothing is told */
    void *show_context;
};

void world_init(struct world *w, uint32_t count, uint64_t seed);
void world_deinit(struct world *w);
/* Before the start: the disks of these servers, bit 0 is A, hold FORM, 1.1, with epoch 1 promised and accepted; it names them
 * as the voters. */
void world_form(struct world *w, uint32_t voters);
void world_form_all(struct world *w);
void world_broken(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_show(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

void world_print(void *world, const char *line); /* a `show` for programs: to standard output, context is the world */

void world_show_server(struct world *w, const struct server *s); /* all that matters of it, in a line */

void world_start(struct world *w, struct server *s); /* from its disk; links to running servers come up */
void world_crash(struct world *w, struct server *s);
void world_wipe(struct world *w, struct server *s); /* while it is down */
void world_link(struct world *w, struct server *a, struct server *b, bool up);

void world_tick(struct world *w, struct server *s, uint64_t ms); /* its clock goes on, and its timer fires if it is due */
bool world_submit(struct world *w, struct server *s, const char *const *values, uint32_t count);
bool world_barrier(struct world *w, struct server *s);
void world_hand_over(struct world *w, struct server *s);
void world_snapshot(struct world *w, struct server *s, bool trim); /* of all that it has applied */

bool world_disk_step(struct world *w, struct server *s); /* one part of the oldest persist; false: nothing to do */
void world_disk_sync(struct world *w, struct server *s);

void world_deliver(struct world *w, struct letter *l); /* takes it out of the queue and frees it */
struct letter *world_copy_letter(struct world *w, const struct letter *l);
void world_drop(struct world *w, struct letter *l);
void world_clear(struct world *w); /* drops all letters, and forgets snapshots under way */
struct letter *world_nth_letter(struct world *w, uint32_t n);

/* Let time pass in all servers: letters arrive after delay_ms in order, disks take 1 ms. Stops early when done() says so. */
bool world_run(struct world *w, uint64_t ms, bool (*done)(struct world *w, void *context), void *context);
struct server *world_leader(struct world *w); /* the established one of the highest epoch; NULL */

#endif
