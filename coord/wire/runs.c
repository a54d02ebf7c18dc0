/* runs.c - arithmetic on the shape of a log. At most RUNS_MAX runs, so plain loops from the end, where the work is. */
#include "wire/runs.h"

#include "base/assert.h"
#include "base/zxid.h"

#include <stddef.h>
#include <string.h>

static uint64_t run_first(const struct run *run)
{
    return zxid_make(run->epoch, run->first);
}

static uint64_t run_last(const struct run *run)
{
    return zxid_make(run->epoch, run->last);
}

/* Zero behind count: equal shapes are equal bytes. */
static void set_count(struct runs *r, uint32_t count)
{
    if (count < r->count)
        memset(&r->run[count], 0, (r->count - count) * sizeof(r->run[0]));
    r->count = count;
}

/* The first run that reaches behind zxid; r->count when there is none. */
static uint32_t run_behind(const struct runs *r, uint64_t zxid)
{
    uint32_t i = r->count;

    while (i > 0 && run_last(&r->run[i - 1]) > zxid)
        i--;
    return i;
}

uint64_t runs_last(const struct runs *r)
{
    return r->count > 0 ? run_last(&r->run[r->count - 1]) : r->floor;
}

bool runs_empty(const struct runs *r)
{
    return r->floor == 0 && r->count == 0;
}

bool runs_hold(const struct runs *r, uint64_t zxid)
{
    uint32_t i;

    if (zxid <= r->floor)
        return true;
    i = run_behind(r, zxid - 1); /* zxid > floor >= 0 */
    return i < r->count && run_first(&r->run[i]) <= zxid;
}

bool runs_can_append(const struct runs *r, uint64_t zxid)
{
    uint64_t last = runs_last(r);

    if (last != 0 && zxid_epoch(zxid) == zxid_epoch(last))
        return zxid == last + 1;
    return zxid_epoch(zxid) > zxid_epoch(last) && zxid_counter(zxid) == 1 && r->count < RUNS_MAX;
}

void runs_append(struct runs *r, uint64_t first, uint32_t count)
{
    uint32_t epoch = zxid_epoch(first), from = zxid_counter(first), last = from + (count - 1);

    COORD_ASSERT(count >= 1 && runs_can_append(r, first));
    COORD_ASSERT(last >= from);
    if (r->count > 0 && r->run[r->count - 1].epoch == epoch)
        r->run[r->count - 1].last = last;
    else
        r->run[r->count++] = (struct run){epoch, from, last};
}

void runs_cut_after(struct runs *r, uint64_t zxid)
{
    uint32_t i = run_behind(r, zxid);

    COORD_ASSERT(zxid >= r->floor);
    if (i < r->count && run_first(&r->run[i]) <= zxid)
        r->run[i++].last = zxid_counter(zxid);
    set_count(r, i);
}

void runs_fold(struct runs *r, uint64_t zxid)
{
    uint32_t i, count;

    COORD_ASSERT(zxid <= runs_last(r) && runs_hold(r, zxid));
    if (zxid <= r->floor)
        return;
    i = run_behind(r, zxid);
    if (i < r->count && run_first(&r->run[i]) <= zxid)
        r->run[i].first = zxid_counter(zxid) + 1;
    count = r->count - i;
    memmove(&r->run[0], &r->run[i], count * sizeof(r->run[0]));
    set_count(r, count);
    r->floor = zxid;
}

void runs_reset(struct runs *r, uint64_t floor)
{
    set_count(r, 0);
    r->floor = floor;
}

uint64_t runs_next(const struct runs *r, uint64_t zxid)
{
    uint32_t i = run_behind(r, zxid);

    COORD_ASSERT(zxid >= r->floor);
    if (i == r->count)
        return 0;
    return run_first(&r->run[i]) > zxid ? run_first(&r->run[i]) : zxid + 1;
}

uint64_t runs_count_after(const struct runs *r, uint64_t zxid)
{
    uint64_t count = 0;

    COORD_ASSERT(zxid >= r->floor);
    for (uint32_t i = run_behind(r, zxid); i < r->count; i++) {
        uint64_t before = run_first(&r->run[i]) > zxid ? run_first(&r->run[i]) - 1 : zxid;
        count += run_last(&r->run[i]) - before;
    }
    return count;
}

uint32_t runs_span(const struct runs *r, uint64_t first, uint32_t limit)
{
    uint32_t i = run_behind(r, first - 1), from = zxid_counter(first);

    COORD_ASSERT(limit >= 1 && first > r->floor && i < r->count && run_first(&r->run[i]) <= first);
    return r->run[i].last - from < limit ? r->run[i].last : from + (limit - 1);
}

/* The last counter of the epoch that the log shows in a run, 0 when none. */
static uint32_t shown_last(const struct runs *r, uint32_t epoch)
{
    for (uint32_t i = r->count; i > 0 && r->run[i - 1].epoch >= epoch; i--)
        if (r->run[i - 1].epoch == epoch)
            return r->run[i - 1].last;
    return 0;
}

/* How far the log goes, for certain, towards an entry that is known to be committed. */
static uint64_t reach(const struct runs *r, uint64_t committed)
{
    uint32_t shown;

    if (runs_hold(r, committed))
        return committed;
    shown = shown_last(r, zxid_epoch(committed));
    return shown > 0 ? zxid_make(zxid_epoch(committed), shown) : r->floor;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t runs_match(const struct runs *mine, const struct runs *theirs, uint64_t committed)
{
    const uint64_t known[] = {committed, mine->floor, theirs->floor};
    uint64_t match = 0;

    for (uint32_t i = mine->count; i > 0 && match == 0; i--) {
        const struct run *run = &mine->run[i - 1];
        uint32_t shown = shown_last(theirs, run->epoch);
        if (shown > 0)
            match = zxid_make(run->epoch, shown < run->last ? shown : run->last);
    }
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint64_t both = lesser(reach(mine, known[i]), reach(theirs, known[i]));
        match = both > match ? both : match;
    }
    return match;
}

const char *runs_invalid(const struct runs *r)
{
    uint32_t epoch = zxid_epoch(r->floor);

    if (r->count > RUNS_MAX)
        return "more runs than fit";
    if (r->floor != 0 && (epoch == 0 || zxid_counter(r->floor) == 0))
        return "floor is no zxid";
    for (uint32_t i = 0; i < r->count; i++) {
        const struct run *run = &r->run[i];
        bool behind_floor = i == 0 && r->floor != 0 && run->epoch == epoch;
        uint64_t first = behind_floor ? (uint64_t)zxid_counter(r->floor) + 1 : 1;

        if (!behind_floor && run->epoch <= epoch)
            return "epochs of runs do not rise";
        if (run->first != first)
            return "run does not begin where its epoch goes on";
        if (run->last < run->first)
            return "run ends before it begins";
        epoch = run->epoch;
    }
    return NULL;
}
