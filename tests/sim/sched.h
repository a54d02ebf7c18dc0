/* sched.h - what happens when: events by virtual time, in the order they were made where times are equal. */
#ifndef TESTS_SIM_SCHED_H
#define TESTS_SIM_SCHED_H

#include "sim/sim.h"

typedef void (*sched_cb)(struct sim *s, void *arg);

struct sched *sched_new(void);
void sched_free(struct sim *s); /* drops what has not happened */

/* run(s, arg) at time `at` (now at the earliest); run owns arg then. drop(s, arg) instead when the world ends before; NULL:
 * arg belongs to somebody else. */
void sched_at(struct sim *s, uint64_t at, sched_cb run, sched_cb drop, void *arg);

/* Lets the next event happen, unless it lies behind `until`: then false, and the time is `until`. */
bool sched_next(struct sim *s, uint64_t until);

uint64_t sched_count(const struct sim *s); /* events so far */

#endif
