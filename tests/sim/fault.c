/* fault.c - the adversary; see fault.h. */
#include "sim/fault.h"

#include "base/alloc.h"
#include "sim/client.h"
#include "sim/mark.h"
#include "sim/net.h"
#include "sim/node.h"
#include "sim/pipe.h"
#include "sim/rot.h"
#include "sim/sched.h"
#include "sim/trace.h"

struct fault {
    struct rng rng;
    uint64_t number; /* of the last cut of the network */
};

static void strike(struct sim *s, void *arg);

const char *const fault_names[FAULT_COUNT] = {"crash", "torn",  "power",  "wipe",  "disk",   "full",    "rot",
                                              "cut",   "break", "clog",   "flap",  "damage", "replay",  "slow",
                                              "pause", "clock", "vanish", "stall", "reader", "handover"};

struct fault *fault_new(struct sim *s)
{
    struct fault *f = coord_alloc_zero(1, sizeof(*f));

    sim_rng(s, &f->rng, "fault", 0);
    if (s->options.script == NULL)
        sched_at(s, rng_below(&f->rng, 2 * (uint64_t)s->preset.fault_gap_ms), strike, NULL, f);
    return f;
}

void fault_free(struct sim *s)
{
    coord_free(s->fault);
}

static struct node *any_node(struct sim *s)
{
    return s->nodes[rng_below(&s->fault->rng, s->preset.nodes)];
}

/* The leader more often than others: that is where it hurts. */
static struct node *some_node(struct sim *s)
{
    struct node *leader = chance(&s->fault->rng, 350) ? node_leader(s) : NULL;

    return leader != NULL ? leader : any_node(s);
}

static enum fake_fs_crash crash_mode(struct sim *s)
{
    uint64_t dice = rng_below(&s->fault->rng, 10);

    return dice < 6 ? FAKE_FS_RANDOM : dice < 8 ? FAKE_FS_LOSE : FAKE_FS_KEEP;
}

static uint64_t down_ms(struct sim *s)
{
    struct rng *rng = &s->fault->rng;

    return chance(rng, 200) ? rng_between(rng, 1000, 4000) : rng_between(rng, 5, 600);
}

/* Cuts. Each lasts until it is mended or the next one begins. */

static void mend(struct sim *s, void *arg)
{
    if ((uintptr_t)arg == s->fault->number)
        net_heal(s);
}

static void isolate(struct sim *s, uint32_t id, bool in, bool out)
{
    for (uint32_t peer = 1; peer <= s->preset.nodes; peer++) {
        if (in)
            net_cut(s, peer, id, true);
        if (out)
            net_cut(s, id, peer, true);
    }
}

static void cut_network(struct sim *s)
{
    struct rng *rng = &s->fault->rng;
    uint32_t nodes = s->preset.nodes, kind = (uint32_t)rng_below(rng, 5);
    uint32_t one = some_node(s)->id;

    net_heal(s);
    trace_line(s, kind, "CUT kind=%u n%u", kind, one);
    if (kind == 0) { /* one alone */
        isolate(s, one, true, true);
    } else if (kind == 1) { /* one way */
        bool in = chance(rng, 500);
        isolate(s, one, in, !in);
    } else if (kind == 2) { /* two camps */
        uint64_t camp = rng_next(rng);
        for (uint32_t a = 1; a <= nodes; a++)
            for (uint32_t b = 1; b <= nodes; b++)
                net_cut(s, a, b, (camp >> a & 1) != (camp >> b & 1));
    } else if (kind == 3) { /* any directions */
        for (uint32_t a = 1; a <= nodes; a++)
            for (uint32_t b = 1; b <= nodes; b++)
                net_cut(s, a, b, chance(rng, 350));
    } else { /* a chain, or a hub */
        for (uint32_t a = 1; a <= nodes; a++)
            for (uint32_t b = 1; b <= nodes; b++)
                net_cut(s, a, b, nodes > 3 && chance(rng, 500) ? a + 1 != b && b + 1 != a : a != one && b != one);
    }
    sched_at(s, s->now + rng_between(rng, 50, 2500), mend, NULL, (void *)(uintptr_t)++s->fault->number);
}

static void power_loss(struct sim *s)
{
    uint64_t ms = rng_between(&s->fault->rng, 5, 500);

    trace_line(s, ms, "POWER LOSS");
    for (uint32_t i = 0; i < s->preset.nodes; i++) {
        enum fake_fs_crash mode = chance(&s->fault->rng, 700) ? FAKE_FS_RANDOM : FAKE_FS_LOSE;
        node_crash(s, s->nodes[i], mode, ms + rng_below(&s->fault->rng, 300));
    }
}

/* Per hundred: up to which dice each kind comes. */
static enum fault_kind kind_draw(struct sim *s)
{
    static const uint8_t below[FAULT_COUNT] = {15, 25, 28, 29, 34, 35, 37, 50, 56, 59, 61, 64, 67, 74, 80, 83, 87, 91, 94, 100};
    enum fault_kind kind;

    do {
        uint64_t dice = rng_below(&s->fault->rng, 100);
        for (kind = 0; dice >= below[kind]; kind++)
            ;
    } while (s->options.faults != 0 && (s->options.faults >> kind & 1) == 0);
    return kind;
}

/* One of all kinds of calls, soon enough to come: those that happen rarely, one of the next few. */
static void fail_disk(struct sim *s, struct node *n)
{
    static const unsigned often[] = {FAKE_FS_WRITE, FAKE_FS_SYNC, FAKE_FS_WRITE | FAKE_FS_SYNC};
    static const unsigned rare[] = {FAKE_FS_OPEN,     FAKE_FS_CREATE, FAKE_FS_READ,   FAKE_FS_SIZE,     FAKE_FS_ALLOCATE,
                                    FAKE_FS_TRUNCATE, FAKE_FS_RENAME, FAKE_FS_REMOVE, FAKE_FS_SYNC_DIR, FAKE_FS_LIST};
    struct rng *rng = &s->fault->rng;
    bool is_rare = chance(rng, 500);
    unsigned calls = is_rare ? rare[rng_below(rng, sizeof(rare) / sizeof(rare[0]))] : often[rng_below(rng, 3)];
    uint64_t nth = rng_between(rng, 1, is_rare ? 4 : 40);
    int code = chance(rng, 600) ? COORD_E_IO : COORD_E_NO_SPACE;

    node_fail_disk(s, n, calls, nth, code);
}

static void strike_client(struct sim *s, enum fault_kind kind)
{
    struct rng *rng = &s->fault->rng;
    struct client *c = s->clients[rng_below(rng, s->preset.clients)];

    if (kind == FAULT_VANISH)
        client_vanish(s, c);
    else if (kind == FAULT_STALL)
        pipe_stall_client(s, c->id);
    else if (c->phase == CLIENT_CONNECTED)
        pipe_slow(s, c->conn, rng_below(rng, 400));
}

static void strike(struct sim *s, void *arg)
{
    struct rng *rng = &s->fault->rng;
    enum fault_kind kind = kind_draw(s);
    struct node *n = some_node(s);
    enum fake_fs_crash mode;

    if (s->healed)
        return;
    switch (kind) {
    case FAULT_CRASH:
        mode = crash_mode(s);
        node_crash(s, n, mode, down_ms(s));
        break;
    case FAULT_TORN:
        if (n->alive && !fake_fs_armed(n->disk))
            node_crash_at_write(s, n, rng_between(rng, 1, 25));
        break;
    case FAULT_POWER:
        power_loss(s);
        break;
    case FAULT_WIPE:
        if (n->refused || !node_may_lose(s, n))
            break;
        mark(s, MARK_WITHOUT_VOTE);
        node_wipe(s, n, down_ms(s));
        break;
    case FAULT_DISK:
        if (n->alive && !fake_fs_armed(n->disk))
            fail_disk(s, n);
        break;
    case FAULT_FULL:
        if (n->alive && !n->doomed) {
            uint64_t bytes = rng_below(rng, 40000);
            node_fill_disk(s, n, bytes, rng_between(rng, 50, 3000));
        }
        break;
    case FAULT_ROT:
        mode = crash_mode(s);
        node_crash(s, n, mode, down_ms(s));
        rot_strike(s, n, rng);
        break;
    case FAULT_CUT:
        cut_network(s);
        break;
    case FAULT_BREAK:
        net_break(s, n->id, 1 + n->id % s->preset.nodes);
        break;
    case FAULT_CLOG:
        fault_clog(s, rng);
        break;
    case FAULT_FLAP:
        fault_flap(s, rng, n->id);
        break;
    case FAULT_DAMAGE:
        net_damage(s, n->id, 1 + (uint32_t)rng_below(rng, s->preset.nodes));
        break;
    case FAULT_REPLAY:
        net_replay(s, (uint32_t)rng_between(rng, 1, 20));
        break;
    case FAULT_SLOW:
        trace_line(s, n->id, "n%u SLOW DISK", n->id);
        n->slow_until = s->now + rng_between(rng, 50, 1500);
        break;
    case FAULT_PAUSE:
        if (n->alive)
            node_pause(s, n, rng_between(rng, 5, 1500));
        break;
    case FAULT_CLOCK:
        n->wall_offset = (int64_t)rng_below(rng, 7200000) - 3600000;
        node_set_rate(s, n, (uint32_t)rng_between(rng, 300, 2000));
        break;
    case FAULT_VANISH:
    case FAULT_STALL:
    case FAULT_READER:
        strike_client(s, kind);
        break;
    default:
        node_hand_over(s, n);
        break;
    }
    sched_at(s, s->now + 1 + rng_below(rng, 2 * (uint64_t)s->preset.fault_gap_ms), strike, NULL, arg);
}

/* A crash to come. */
struct soon {
    struct node *node;
    uint64_t life;
    enum fake_fs_crash mode;
    uint64_t down_ms;
};

static void soon_drop(struct sim *s, void *arg)
{
    (void)s;
    coord_free(arg);
}

static void soon_crash(struct sim *s, void *arg)
{
    struct soon at = *(struct soon *)arg;

    coord_free(arg);
    if (!s->healed && at.node->life == at.life)
        node_crash(s, at.node, at.mode, at.down_ms);
}

void fault_crash_soon(struct sim *s, uint32_t id, struct rng *rng)
{
    struct soon *at = coord_alloc(sizeof(*at));
    uint64_t ms = rng_below(rng, 15);

    *at = (struct soon){.node = s->nodes[id - 1], .life = s->nodes[id - 1]->life, .mode = FAKE_FS_RANDOM};
    at->down_ms = rng_between(rng, 5, 600);
    if (s->options.faults == 0 || (s->options.faults >> FAULT_CRASH & 1) != 0)
        sched_at(s, s->now + ms, soon_crash, soon_drop, at);
    else
        coord_free(at);
}

void fault_end(struct sim *s)
{
    trace_line(s, 0xe4d, "FAULTS END");
    for (uint32_t i = 0; i < s->preset.clients; i++)
        s->clients[i]->next_at = s->now;
    s->healed = true;
    net_calm(s);
    for (uint32_t i = 0; i < s->preset.nodes; i++) {
        struct node *n = s->nodes[i];
        n->slow_until = n->full_until = 0;
        fake_fs_set_capacity(n->disk, UINT64_MAX);
        node_set_rate(s, n, 1000);
        if (n->doomed || n->stopping)
            node_crash(s, n, FAKE_FS_RANDOM, 5);
        if (n->alive)
            node_pause(s, n, 0);
        else
            n->down_until = s->now;
        if (!n->alive)
            node_start(s, n);
    }
}
