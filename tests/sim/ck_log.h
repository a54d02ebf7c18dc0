/* ck_log.h - the one committed sequence, as the first server to apply each entry shows it; everybody must agree with it.
 *
 * I1 one entry per zxid, I2 every server applies the same sequence without a gap, I10 an applied entry is durable on a quorum
 * that accepted an epoch at or above its own, I11 what a client was told stays in it (ck_log_acknowledged finds it, and I1, I2
 * hold everybody to it), I12 a server applies only what its disk holds, I15 a server's digest at a zxid is that of a
 * state that was fed the sequence alone. Exactly once: each request of a client is taken at most once, in the order in which
 * its session sent them, none left out between two of one connection.
 */
#ifndef TESTS_SIM_CK_LOG_H
#define TESTS_SIM_CK_LOG_H

#include "sim/node.h"

struct committed {
    uint64_t zxid, hash, digest;
    uint32_t epoch; /* the highest that was established when it was first applied: at least the one that chose it */
    uint64_t session;
    uint64_t reply_hash; /* of the record that the client is to get */
    int32_t xid, err;
    bool skipped;
};

struct ck_log *ck_log_new(struct sim *s);
void ck_log_free(struct sim *s);

void ck_log_start(struct sim *s, struct node *n); /* a process starts from its snapshot */
void ck_log_step(struct sim *s, struct node *n);  /* after each of its steps */

/* A snapshot got its name (own or received) or the log was trimmed: I16. */
void ck_log_published(struct sim *s, struct node *n, uint64_t zxid);
void ck_log_trimmed(struct sim *s, struct node *n);

uint64_t ck_log_last(const struct sim *s);
uint64_t ck_log_count(const struct sim *s);
const struct committed *ck_log_find(const struct sim *s, uint64_t zxid); /* NULL: never applied by anybody */
const struct state *ck_log_state(const struct sim *s);                   /* the state at ck_log_last */

#endif
