/* rng.c - xoshiro256** 1.0 (Blackman, Vigna), seeded by splitmix64. Pure. */
#include "base/rng.h"

#include "base/assert.h"

static uint64_t rotate_left(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

void rng_init(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        r->s[i] = z ^ z >> 31;
    }
}

uint64_t rng_next(struct rng *r)
{
    uint64_t result = rotate_left(r->s[1] * 5, 7) * 9;
    uint64_t t = r->s[1] << 17;

    r->s[2] ^= r->s[0];
    r->s[3] ^= r->s[1];
    r->s[1] ^= r->s[2];
    r->s[0] ^= r->s[3];
    r->s[2] ^= t;
    r->s[3] = rotate_left(r->s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    uint64_t unfair, value;

    COORD_ASSERT(bound >= 1);
    unfair = (UINT64_MAX % bound + 1) % bound; /* values at the top that would favour the low results */
    do
        value = rng_next(r);
    while (value > UINT64_MAX - unfair);
    return value % bound;
}

uint64_t rng_between(struct rng *r, uint64_t low, uint64_t high)
{
    COORD_ASSERT(low <= high);
    if (low == 0 && high == UINT64_MAX)
        return rng_next(r);
    return low + rng_below(r, high - low + 1);
}
