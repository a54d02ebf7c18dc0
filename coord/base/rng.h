/* rng.h - deterministic random numbers (xoshiro256**); the state is the caller's, so pure code stays reproducible.
 *
 * Not for secrets: passwords and cluster ids are drawn from the system (clock.h) and passed in as arguments.
 */
#ifndef COORD_BASE_RNG_H
#define COORD_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound);                /* 0 .. bound-1, bound >= 1, without bias */
uint64_t rng_between(struct rng *r, uint64_t low, uint64_t high); /* low .. high, both included */

#endif
