/* fault_net.c - what links do over a while: clogging one after the other, flapping; see fault.h. */
#include "base/alloc.h"
#include "sim/fault.h"
#include "sim/mark.h"
#include "sim/net.h"
#include "sim/sched.h"
#include "sim/trace.h"

/* Of one server: all its links in both directions. */
struct clog {
    uint32_t id;
    bool clog;
};

static void clog_free(struct sim *s, void *arg)
{
    (void)s;
    coord_free(arg);
}

static void clog_now(struct sim *s, void *arg)
{
    struct clog c = *(struct clog *)arg;

    coord_free(arg);
    if (s->healed)
        return;
    trace_line(s, c.id, "n%u %s", c.id, c.clog ? "CLOGS" : "is free");
    for (uint32_t peer = 1; peer <= s->preset.nodes; peer++) {
        net_clog(s, c.id, peer, c.clog);
        net_clog(s, peer, c.id, c.clog);
    }
}

static void clog_at(struct sim *s, uint64_t at, uint32_t id, bool clog)
{
    struct clog *c = coord_alloc(sizeof(*c));

    *c = (struct clog){id, clog};
    sched_at(s, at, clog_now, clog_free, c);
}

static void shuffle(struct rng *rng, uint32_t *ids, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)rng_below(rng, i), id = ids[i - 1];
        ids[i - 1] = ids[other];
        ids[other] = id;
    }
}

void fault_clog(struct sim *s, struct rng *rng)
{
    uint32_t ids[PEER_MAX], count = 1 + (uint32_t)rng_below(rng, s->preset.nodes);
    uint64_t at = s->now;

    for (uint32_t i = 0; i < s->preset.nodes; i++)
        ids[i] = i + 1;
    shuffle(rng, ids, s->preset.nodes);
    for (uint32_t i = 0; i < count; i++) {
        clog_at(s, at, ids[i], true);
        at += rng_below(rng, 400);
    }
    shuffle(rng, ids, count);
    for (uint32_t i = 0; i < count; i++) {
        at += rng_below(rng, 600);
        clog_at(s, at, ids[i], false);
    }
}

struct flap {
    uint32_t id, peer; /* peer 0: all */
    uint64_t period, until;
    bool breaks; /* the connections break, else messages vanish */
    bool down;
};

static void flap_now(struct sim *s, void *arg)
{
    struct flap *f = arg;

    if (s->healed) {
        coord_free(f);
        return;
    }
    f->down = !f->down && s->now < f->until;
    for (uint32_t peer = 1; peer <= s->preset.nodes; peer++) {
        if (peer == f->id || (f->peer != 0 && f->peer != peer))
            continue;
        if (f->breaks && f->down)
            net_break(s, f->id, peer);
        net_cut(s, f->id, peer, f->down);
        net_cut(s, peer, f->id, f->down);
    }
    mark(s, MARK_FLAPPED);
    if (!f->down && s->now >= f->until)
        coord_free(f);
    else
        sched_at(s, s->now + f->period, flap_now, clog_free, f);
}

void fault_flap(struct sim *s, struct rng *rng, uint32_t id)
{
    struct flap *f = coord_alloc_zero(1, sizeof(*f));

    f->id = id;
    f->peer = (uint32_t)rng_below(rng, s->preset.nodes + 1);
    f->period = rng_between(rng, 10, 500);
    f->until = s->now + rng_between(rng, 100, 4000);
    f->breaks = chance(rng, 500);
    trace_line(s, f->period, "n%u FLAPS every %llu ms", id, (unsigned long long)f->period);
    flap_now(s, f);
}
