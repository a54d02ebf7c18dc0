/* net.c - links, their ups and downs, and the messages on them; see net.h. */
#include "sim/net.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "sim/ck_durable.h"
#include "sim/ck_lead.h"
#include "sim/mark.h"
#include "sim/mermaid.h"
#include "sim/sched.h"
#include "sim/script.h"
#include "sim/trace.h"

#define KEPT_MAX 64                /* copies for replays */
#define IN_FLIGHT_MAX (128u << 10) /* of a direction: the rest waits in the replica's buffer */

/* One direction of a link. */
struct direction {
    bool cut;
    bool damage; /* the next message */
    uint32_t clogs;
    struct list held;   /* struct flight: what arrived while it was clogged */
    bool lost;          /* TCP: something ran into a cut, nothing arrives on this link any more */
    uint64_t last_at;   /* TCP: arrival of the last message */
    uint64_t in_flight; /* bytes */
};

struct link_end {
    uint64_t told; /* number of the link that this end holds for up; 0: none */
};

struct kept {
    uint32_t from, to;
    struct buf frames;
};

struct net {
    struct rng rng;
    bool calm;
    uint64_t number;                 /* of the last link */
    uint64_t up[PEER_MAX][PEER_MAX]; /* number of the link that stands, 0 none; [low][high] */
    struct direction way[PEER_MAX][PEER_MAX];
    struct link_end end[PEER_MAX][PEER_MAX]; /* [whose][peer] */
    struct kept kept[KEPT_MAX];
};

struct flight {
    struct list held;
    uint32_t from, to;
    uint64_t link, life; /* life of the receiver when it was sent */
    bool up;             /* LINK events */
    struct buf frames;
};

struct net *net_new(struct sim *s)
{
    struct net *net = coord_alloc_zero(1, sizeof(*net));

    sim_rng(s, &net->rng, "net", 0);
    for (uint32_t a = 0; a < PEER_MAX; a++)
        for (uint32_t b = 0; b < PEER_MAX; b++)
            list_init(&net->way[a][b].held);
    return net;
}

static uint64_t *link_of(struct sim *s, uint32_t a, uint32_t b)
{
    return a < b ? &s->net->up[a - 1][b - 1] : &s->net->up[b - 1][a - 1];
}

static struct direction *way(struct sim *s, uint32_t from, uint32_t to)
{
    return &s->net->way[from - 1][to - 1];
}

static void flight_free(struct sim *s, void *arg)
{
    struct flight *f = arg;

    (void)s;
    buf_deinit(&f->frames);
    coord_free(f);
}

void net_free(struct sim *s)
{
    for (uint32_t a = 0; a < PEER_MAX; a++)
        for (uint32_t b = 0; b < PEER_MAX; b++)
            for (struct list *link; (link = list_pop_front(&s->net->way[a][b].held)) != NULL;)
                flight_free(s, LIST_ENTRY(link, struct flight, held));
    for (uint32_t i = 0; i < KEPT_MAX; i++)
        buf_deinit(&s->net->kept[i].frames);
    coord_free(s->net);
}

static struct flight *flight_new(struct sim *s, uint32_t from, uint32_t to, uint64_t link)
{
    struct flight *f = coord_alloc_zero(1, sizeof(*f));

    f->from = from;
    f->to = to;
    f->link = link;
    f->life = s->nodes[to - 1]->life;
    return f;
}

/* The end `to` learns that link f->link to `from` came up or broke: in the order of the links, never twice. */
static void tell(struct sim *s, uint32_t whose, uint32_t peer, uint64_t link, bool up)
{
    struct link_end *e = &s->net->end[whose - 1][peer - 1];
    struct node *n = s->nodes[whose - 1];

    if (up ? link <= e->told : link != e->told)
        return;
    if (n->alive) { /* what waits for the old link is not for the new one */
        buf_clear(&replica_peer_output(n->replica, peer)->urgent);
        buf_clear(&replica_peer_output(n->replica, peer)->bulk);
    }
    if (up && e->told != 0)
        node_link(s, n, peer, false);
    e->told = up ? link : 0;
    node_link(s, n, peer, up);
}

static void told_later(struct sim *s, void *arg)
{
    struct flight *f = arg;

    if (s->nodes[f->to - 1]->life == f->life && (!f->up || *link_of(s, f->from, f->to) == f->link))
        tell(s, f->to, f->from, f->link, f->up);
    flight_free(s, f);
}

static void tell_later(struct sim *s, uint32_t whose, uint32_t peer, uint64_t link, bool up, uint64_t delay)
{
    struct flight *f = flight_new(s, peer, whose, link);

    f->up = up;
    sched_at(s, s->now + delay, told_later, flight_free, f);
}

static uint64_t down_delay(struct sim *s)
{
    return !s->net->calm && chance(&s->net->rng, 150) ? rng_below(&s->net->rng, 1500) : rng_below(&s->net->rng, 4);
}

static void dial(struct sim *s, void *arg);

struct pair {
    uint32_t a, b;
};

static void pair_free(struct sim *s, void *arg)
{
    (void)s;
    coord_free(arg);
}

static void dial_later(struct sim *s, uint32_t a, uint32_t b, uint64_t delay)
{
    struct pair *p = coord_alloc(sizeof(*p));

    *p = (struct pair){a, b};
    sched_at(s, s->now + delay, dial, pair_free, p);
}

void net_break(struct sim *s, uint32_t a, uint32_t b)
{
    uint64_t *link = link_of(s, a, b);

    if (*link == 0)
        return;
    trace_line(s, *link, "link n%u-n%u broken", a, b);
    if (s->nodes[a - 1]->alive)
        tell_later(s, a, b, *link, false, down_delay(s));
    if (s->nodes[b - 1]->alive)
        tell_later(s, b, a, *link, false, down_delay(s));
    *link = 0;
    dial_later(s, a, b, rng_between(&s->net->rng, 1, 60));
}

static void dial(struct sim *s, void *arg)
{
    struct pair p = *(struct pair *)arg;
    uint64_t *link = link_of(s, p.a, p.b);

    coord_free(arg);
    if (*link != 0 || !s->nodes[p.a - 1]->alive || !s->nodes[p.b - 1]->alive)
        return; /* a process that starts dials by itself */
    if (way(s, p.a, p.b)->cut || way(s, p.b, p.a)->cut) {
        dial_later(s, p.a, p.b, rng_between(&s->net->rng, 20, 100));
        return;
    }
    *link = ++s->net->number;
    struct direction *there = way(s, p.a, p.b), *back = way(s, p.b, p.a);
    there->lost = back->lost = false;
    there->last_at = back->last_at = 0;
    there->in_flight = back->in_flight = 0;
    trace_line(s, *link, "link n%u-n%u number %llu", p.a, p.b, (unsigned long long)*link);
    tell_later(s, p.a, p.b, *link, true, rng_below(&s->net->rng, 4));
    tell_later(s, p.b, p.a, *link, true, rng_below(&s->net->rng, 4));
}

void net_process_started(struct sim *s, uint32_t id)
{
    for (uint32_t peer = 1; peer <= s->preset.nodes; peer++) {
        s->net->end[id - 1][peer - 1].told = 0;
        if (peer != id)
            dial_later(s, id, peer, rng_below(&s->net->rng, 20));
    }
}

void net_process_died(struct sim *s, uint32_t id)
{
    for (uint32_t peer = 1; peer <= s->preset.nodes; peer++)
        if (peer != id)
            net_break(s, id, peer);
}

/* Messages. */

static bool arrives(struct sim *s, const struct flight *f)
{
    struct link_end *e = &s->net->end[f->to - 1][f->from - 1];

    if (!s->nodes[f->to - 1]->alive)
        return false;
    if (s->nodes[f->to - 1]->life == f->life && *link_of(s, f->from, f->to) == f->link)
        tell(s, f->to, f->from, f->link, true); /* its HELLO came before it */
    if (e->told == f->link)
        return true;
    return e->told != 0 && s->preset.datagrams && !s->net->calm && chance(&s->net->rng, s->preset.stale);
}

static void arrive(struct sim *s, void *arg)
{
    struct flight *f = arg;
    struct direction *d = way(s, f->from, f->to);

    if (d->clogs > 0) {
        list_push_back(&d->held, &f->held);
        return;
    }
    if (*link_of(s, f->from, f->to) == f->link)
        d->in_flight -= buf_size(&f->frames);
    if (arrives(s, f))
        node_message(s, s->nodes[f->to - 1], f->from, buf_slice(&f->frames));
    else
        trace_line(s, 0, "n%u x n%u message of an old link", f->to, f->from);
    /* Room for what waits. */
    if (s->nodes[f->from - 1]->alive)
        net_take(s, s->nodes[f->from - 1]);
    flight_free(s, f);
}

static uint64_t delay(struct sim *s)
{
    struct rng *rng = &s->net->rng;

    if (s->preset.steady)
        return s->preset.delay_max_ms;
    if (!s->net->calm && chance(rng, 15))
        return rng_below(rng, s->preset.datagrams ? 1000 : 100);
    return rng_below(rng, 1 + s->preset.delay_max_ms);
}

static void launch(struct sim *s, uint32_t from, uint32_t to, uint64_t link, struct slice frames)
{
    struct direction *d = way(s, from, to);
    struct flight *f = flight_new(s, from, to, link);
    uint64_t at = s->now + delay(s);

    if (!s->preset.datagrams)
        at = d->last_at = at > d->last_at ? at : d->last_at;
    if (*link_of(s, from, to) == link)
        d->in_flight += frames.size;
    buf_append(&f->frames, frames.data, frames.size);
    sched_at(s, at, arrive, flight_free, f);
}

static void break_later(struct sim *s, void *arg)
{
    struct flight *f = arg;

    if (*link_of(s, f->from, f->to) == f->link)
        net_break(s, f->from, f->to);
    flight_free(s, f);
}

/* What a link makes of it: a frame before the damaged one may be whole, the message is not. True: it waits for more. */
static bool refuses(struct sim *s, uint32_t from, uint32_t to, struct slice in)
{
    struct slice body;
    size_t size;

    for (; in.size > 0; in = slice_make(in.data + size, in.size - size)) {
        if (peer_frame(in, &size, &body) != 0)
            return false;
        if (size == 0)
            return true;
    }
    sim_fail(s, "F19", "n%u takes a damaged message of n%u", to, from);
}

static void send_damaged(struct sim *s, uint32_t from, uint32_t to, uint64_t link, struct slice frames)
{
    uint8_t *copy = coord_memdup(frames.data, frames.size);
    struct direction *d = way(s, from, to);
    uint64_t at = rng_below(&s->net->rng, frames.size), bit = rng_below(&s->net->rng, 8);

    d->damage = false;
    copy[at] ^= (uint8_t)(1u << bit);
    bool waits = refuses(s, from, to, slice_make(copy, frames.size)); /* what follows is taken for the rest, and refused */
    trace_line(s, at, "n%u > n%u DAMAGED at %llu", from, to, (unsigned long long)at);
    mark(s, MARK_FRAME_REFUSED);
    d->lost = true;
    sched_at(s, s->now + rng_between(&s->net->rng, 1, waits ? 500 : 5), break_later, flight_free,
             flight_new(s, from, to, link));
    coord_free(copy);
}

/* Some are kept, to come again. */
static void keep(struct sim *s, uint32_t from, uint32_t to, struct slice frames)
{
    if (!chance(&s->net->rng, 20))
        return;
    struct kept *k = &s->net->kept[rng_below(&s->net->rng, KEPT_MAX)];
    k->from = from;
    k->to = to;
    buf_clear(&k->frames);
    buf_append(&k->frames, frames.data, frames.size);
}

void net_replay(struct sim *s, uint32_t count)
{
    for (; s->preset.datagrams && count > 0; count--) {
        const struct kept *k = &s->net->kept[rng_below(&s->net->rng, KEPT_MAX)];
        uint64_t link = k->from == 0 ? 0 : *link_of(s, k->from, k->to);
        if (link == 0)
            continue;
        trace_line(s, hash_bytes(buf_bytes(&k->frames), buf_size(&k->frames), 0), "n%u > n%u REPLAY of %zu bytes", k->from,
                   k->to, buf_size(&k->frames));
        mark(s, MARK_REPLAYED);
        launch(s, k->from, k->to, link, buf_slice(&k->frames));
    }
}

static void send(struct sim *s, const struct peer_msg *m, struct slice frames)
{
    uint32_t from = m->from, to = m->to;
    struct net *net = s->net;
    struct direction *d = way(s, from, to);
    uint64_t link = net->end[from - 1][to - 1].told;
    bool stands = *link_of(s, from, to) == link;

    trace_line(s, hash_bytes(frames.data, frames.size, from * 8 + to), "n%u > n%u %zu bytes%s", from, to, frames.size,
               !stands             ? " LOST"
               : d->cut || d->lost ? " CUT"
                                   : "");
    if (!stands)
        return;
    if (d->cut || d->lost) { /* a damaged stream carries nothing more either */
        mermaid_lost(s, m);
        if (!s->preset.datagrams && !d->lost) {
            d->lost = true;
            sched_at(s, s->now + rng_between(&net->rng, 100, 2500), break_later, flight_free, flight_new(s, from, to, link));
        }
        return;
    }
    if (script_takes(s, m, link, frames))
        return;
    if (d->damage) {
        send_damaged(s, from, to, link, frames);
        return;
    }
    if (s->preset.datagrams && !net->calm && !s->preset.steady)
        keep(s, from, to, frames);
    if (s->preset.datagrams && !net->calm && chance(&net->rng, s->preset.loss))
        return;
    launch(s, from, to, link, frames);
    if (s->preset.datagrams && !net->calm && chance(&net->rng, s->preset.twice))
        launch(s, from, to, link, frames);
}

bool net_release(struct sim *s, uint32_t from, uint32_t to, uint64_t link, struct slice frames)
{
    if (*link_of(s, from, to) != link)
        return false;
    launch(s, from, to, link, frames);
    return true;
}

/* Cuts one message (all its fragments) off the front; false: nothing whole is there. */
static bool take_message(struct sim *s, struct node *n, uint32_t peer, struct buf *out)
{
    struct slice in = buf_slice(out), body;
    unsigned flags = PEER_FLAG_MORE;
    struct peer_msg m;
    size_t size, total = 0;

    while (flags & PEER_FLAG_MORE) {
        if (peer_frame(slice_make(in.data + total, in.size - total), &size, &body) != 0 || (size == 0 && total > 0) ||
            (size > 0 && peer_decode(body, &m, &flags) != 0))
            sim_fail(s, "codec", "n%u has no whole frames for n%u", n->id, peer);
        if (size == 0)
            return false;
        total += size;
    }
    m.from = n->id;
    m.to = peer;
    ck_durable_leaves(s, n, &m);
    ck_lead_leaves(s, n, &m);
    mark_leaves(s, n, &m);
    send(s, &m, slice_make(in.data, total));
    buf_consume(out, total);
    return true;
}

void net_take(struct sim *s, struct node *n)
{
    for (uint32_t peer = 1; peer <= s->preset.nodes; peer++) {
        if (peer == n->id)
            continue;
        struct replica_peer_output *out = replica_peer_output(n->replica, peer);
        if (out == NULL)
            sim_fail(s, "contract", "n%u does not know its peer n%u", n->id, peer);
        if (s->net->end[n->id - 1][peer - 1].told == 0) {
            /* The link is down for us; the replica may not have heard yet. What it has is lost. */
            buf_clear(&out->urgent);
            buf_clear(&out->bulk);
            continue;
        }
        while (buf_size(&out->urgent) > 0 && take_message(s, n, peer, &out->urgent))
            ;
        if (out->corked)
            mark(s, MARK_CORKED);
        while (!out->corked && buf_size(&out->bulk) > 0 && way(s, n->id, peer)->in_flight < IN_FLIGHT_MAX &&
               take_message(s, n, peer, &out->bulk))
            ;
    }
}

/* Faults. */

void net_cut(struct sim *s, uint32_t from, uint32_t to, bool cut)
{
    if (from != to)
        way(s, from, to)->cut = cut;
}

void net_damage(struct sim *s, uint32_t from, uint32_t to)
{
    if (from != to)
        way(s, from, to)->damage = true;
}

void net_clog(struct sim *s, uint32_t from, uint32_t to, bool clog)
{
    struct direction *d = way(s, from, to);

    if (from == to || (!clog && d->clogs == 0))
        return;
    d->clogs = clog ? d->clogs + 1 : d->clogs - 1;
    for (struct list *link; d->clogs == 0 && (link = list_pop_front(&d->held)) != NULL;) {
        struct flight *f = LIST_ENTRY(link, struct flight, held);
        mark(s, MARK_UNCLOGGED);
        sched_at(s, s->now, arrive, flight_free, f);
    }
}

void net_heal(struct sim *s)
{
    trace_line(s, 0x4ea1, "net healed");
    for (uint32_t a = 1; a <= s->preset.nodes; a++)
        for (uint32_t b = 1; b <= s->preset.nodes; b++)
            way(s, a, b)->cut = false;
}

void net_calm(struct sim *s)
{
    net_heal(s);
    s->net->calm = true;
    for (uint32_t a = 1; a <= s->preset.nodes; a++)
        for (uint32_t b = 1; b <= s->preset.nodes; b++) {
            way(s, a, b)->damage = false;
            while (way(s, a, b)->clogs > 0)
                net_clog(s, a, b, false);
        }
    for (uint32_t a = 1; a <= s->preset.nodes; a++)
        for (uint32_t b = a + 1; b <= s->preset.nodes; b++)
            if (way(s, a, b)->lost || way(s, b, a)->lost)
                net_break(s, a, b);
}
