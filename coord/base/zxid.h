/* zxid.h - the number that orders everything: epoch << 32 | counter.
 *
 * An epoch has one leader at most, counters are contiguous within an epoch from 1, so zxids name log positions and never
 * repeat. 0 is "before everything". Pure, thread-safe.
 */
#ifndef COORD_BASE_ZXID_H
#define COORD_BASE_ZXID_H

#include <stdint.h>

#define ZXID_COUNTER_MAX UINT32_MAX

static inline uint64_t zxid_make(uint32_t epoch, uint32_t counter)
{
    return (uint64_t)epoch << 32 | counter;
}

static inline uint32_t zxid_epoch(uint64_t zxid)
{
    return (uint32_t)(zxid >> 32);
}

static inline uint32_t zxid_counter(uint64_t zxid)
{
    return (uint32_t)zxid;
}

/* For printf: "%" PRIu32 ".%" PRIu32, as in "3.17". */
#define ZXID_FMT "%u.%u"
#define ZXID_ARG(zxid) zxid_epoch(zxid), zxid_counter(zxid)

#endif
