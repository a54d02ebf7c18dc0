/* broken.h - the checkers checked: histories broken on purpose, each of which must be refused.
 *
 * A seed runs as always. At chosen moments the process forks: the child alters what the checkers are about to see - a reply,
 * an event, a committed entry, the order or number of them - in a way that no correct service could show, and goes on with the
 * run; it must be refused, by an invariant that speaks of what was broken. The parent goes on with the good history. So each
 * broken history is that of a real run under faults, and differs from it in one thing.
 *
 * broken.c chooses, forks and counts; broken_reply.c, broken_event.c and broken_multi.c have the kinds.
 */
#ifndef TESTS_SIM_BROKEN_H
#define TESTS_SIM_BROKEN_H

#include "sim/client.h"

struct broken *broken_new(uint64_t wanted);

/* Prints a table: kind, how many, refused by what. Adds to passed and failed: histories refused and not, kinds never tried. */
void broken_report(struct broken *b, uint64_t *passed, uint64_t *failed);
bool broken_enough(const struct broken *b);
void broken_seed(struct broken *b, uint64_t seed); /* the next run begins; each gives some of the histories */

/* What the client does here is seen by the checkers next. False: it is not to be (any more). Nothing happens in a run that
 * breaks no histories. */
bool broken_frame(struct sim *s, struct client *c, struct slice *frame);
bool broken_entry(struct sim *s, const struct entry **e, int err);
void broken_sent(struct sim *s, struct client *c, const struct op *op);

void broken_conn_over(struct sim *s, struct client *c);    /* what was held back is lost with it: then nothing was broken */
void broken_refused(struct sim *s, const char *invariant); /* from sim_fail */
void broken_run_ended(struct sim *s);                      /* a broken one got to its end: it was not refused */

/* Between the files. One moment at which a history may be broken. */
struct broken_point {
    struct sim *s;
    struct client *c;
    struct zk_reply_header h;
    struct op *op;  /* a reply: the request that it is for; or the one sent */
    uint8_t *bytes; /* of the frame, to be altered in place */
    size_t size;
    const struct entry *entry;
    int err;
    struct slice stale; /* the reply before to a read of the same path */
    /* What a kind asks for. */
    bool hold;  /* deliver it behind the next reply */
    bool drop;  /* never */
    bool twice; /* and once more */
};

/* True: it can be broken in this way here; with apply set, it is. */
typedef bool (*broken_try)(struct broken_point *p, bool apply);

struct broken_kind {
    const char *name, *refusals; /* the invariants, any of which may refuse it */
    broken_try try;
    bool late; /* is only refused by what comes on the same connection later */
};

extern const struct broken_kind broken_replies[], broken_events[], broken_multis[]; /* the last has no name */

#endif
