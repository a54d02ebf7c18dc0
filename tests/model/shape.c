/* shape.c - logs as counts by epoch. */
#include "model/shape.h"

#include "base/zxid.h"

#include <string.h>

uint64_t shape_last(const struct shape *s)
{
    for (uint32_t e = MODEL_EPOCHS_MAX - 1; e > 0; e--)
        if (s->count[e] > 0)
            return zxid_make(e, s->count[e]);
    return 0;
}

bool shape_holds(const struct shape *s, uint64_t zxid)
{
    return zxid == 0 || (zxid_epoch(zxid) < MODEL_EPOCHS_MAX && zxid_counter(zxid) <= s->count[zxid_epoch(zxid)]);
}

struct shape shape_up_to(const struct shape *s, uint64_t zxid)
{
    struct shape part = *s;

    for (uint32_t e = 1; e < MODEL_EPOCHS_MAX; e++) {
        uint32_t most = e < zxid_epoch(zxid) ? UINT8_MAX : e > zxid_epoch(zxid) ? 0 : zxid_counter(zxid);
        if (part.count[e] > most)
            part.count[e] = (uint8_t)most;
    }
    return part;
}

bool shape_is_prefix(const struct shape *a, const struct shape *b)
{
    struct shape part = shape_up_to(b, shape_last(a));

    return memcmp(&part, a, sizeof(part)) == 0;
}

uint64_t shape_next(const struct shape *target, const struct shape *s)
{
    uint64_t last = shape_last(s);

    for (uint32_t e = zxid_epoch(last); e < MODEL_EPOCHS_MAX; e++)
        if (target->count[e] > s->count[e])
            return zxid_make(e, s->count[e] + 1u);
    return 0;
}

bool shape_append(struct shape *s, uint64_t zxid)
{
    uint32_t epoch = zxid_epoch(zxid);

    if (epoch == 0 || epoch >= MODEL_EPOCHS_MAX || zxid <= shape_last(s) || zxid_counter(zxid) != s->count[epoch] + 1u)
        return false;
    s->count[epoch]++;
    return true;
}

bool shape_from_runs(struct shape *s, const struct runs *r)
{
    memset(s, 0, sizeof(*s));
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->run[i].epoch >= MODEL_EPOCHS_MAX || r->run[i].last > UINT8_MAX)
            return false;
        s->count[r->run[i].epoch] = (uint8_t)r->run[i].last;
    }
    return r->floor == 0;
}

void shape_to_runs(const struct shape *s, struct runs *r)
{
    memset(r, 0, sizeof(*r));
    for (uint32_t e = 1; e < MODEL_EPOCHS_MAX; e++)
        if (s->count[e] > 0)
            runs_append(r, zxid_make(e, 1), s->count[e]);
}
