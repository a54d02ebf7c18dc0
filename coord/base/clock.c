/* clock.c - the machine's clocks and its random generator. Impure. */
#include "base/clock.h"

#include "base/assert.h"

#include <errno.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

static struct timespec now_of(clockid_t which)
{
    struct timespec now;

    COORD_ASSERT(clock_gettime(which, &now) == 0);
    return now;
}

uint64_t clock_mono_us(void)
{
    struct timespec now = now_of(CLOCK_MONOTONIC);

    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_wall_ms(void)
{
    struct timespec now = now_of(CLOCK_REALTIME);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void entropy_fill(void *to, uint64_t size)
{
    uint8_t *at = to;

    while (size > 0) {
        ssize_t got = getrandom(at, (size_t)size, 0);
        COORD_ASSERT(got > 0 || errno == EINTR);
        if (got > 0) {
            at += got;
            size -= (uint64_t)got;
        }
    }
}
