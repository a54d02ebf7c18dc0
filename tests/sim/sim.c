/* sim.c - one run: the preset from the seed, the phase with faults, then the phase in which all must come right; see sim.h. */
#include "sim/sim.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "sim/broken.h"
#include "sim/ck_durable.h"
#include "sim/ck_lead.h"
#include "sim/ck_log.h"
#include "sim/ck_model.h"
#include "sim/ck_session.h"
#include "sim/client.h"
#include "sim/fault.h"
#include "sim/mermaid.h"
#include "sim/net.h"
#include "sim/node.h"
#include "sim/pipe.h"
#include "sim/sched.h"
#include "sim/script.h"
#include "sim/trace.h"

void sim_rng(const struct sim *s, struct rng *rng, const char *label, uint64_t index)
{
    rng_init(rng, hash_u64(index, hash_bytes(label, strlen(label), s->options.seed)));
}

static uint32_t minority(const struct preset *p)
{
    return (p->nodes - 1) / 2;
}

/* The budget of lost disks, and with it the verdict: up to a minority the run must end well, beyond it must only be safe. One
 * disk stays as it is: when all are empty, nobody can tell the ensemble from a new one. */
static void lost_draw(struct preset *p, struct rng *rng)
{
    uint64_t dice = rng_below(rng, 100);

    if (dice < 55)
        p->lost_max = (uint32_t)rng_between(rng, minority(p) > 0 ? 1 : 0, minority(p));
    else if (dice < 60 && p->nodes > 1)
        p->lost_max = (uint32_t)rng_between(rng, minority(p) + 1, p->nodes - 1);
}

/* Sessions that servers keep to themselves: in a quarter of the seeds, mostly on all servers. One server alone has none. */
static void local_draw(const struct sim *s, struct preset *p)
{
    struct rng rng;

    sim_rng(s, &rng, "local", 0);
    bool on = chance(&rng, 250), some = chance(&rng, 200);
    uint32_t which = (uint32_t)rng_next(&rng);
    p->local_upgrading = chance(&rng, 850);
    p->local = p->nodes > 1 && on ? some ? which : UINT32_MAX : 0;
}

static void preset_draw(struct sim *s)
{
    static const uint8_t servers[] = {1, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 6, 7}; /* mostly what people run */
    struct preset *p = &s->preset;
    struct rng rng;

    sim_rng(s, &rng, "preset", 0); /* one number a statement: the order within an initializer is the compiler's */
    *p = (struct preset){
        .heartbeat_ms = 20,
        .election_min_ms = 100,
        .election_max_ms = 200,
        .session_min_ms = 600,
        .session_max_ms = 3000,
        .counter_max = UINT32_MAX - (1u << 20),
        .snap_retain = 2,
        .stale = 200,
        .image_check = 40,
    };
    p->fault_ms = rng_between(&rng, 20000, 60000);
    p->nodes = servers[rng_below(&rng, sizeof(servers))];
    p->clients = (uint32_t)rng_between(&rng, 2, 5);
    if (chance(&rng, 300))
        p->counter_max = (uint32_t)rng_between(&rng, 20, 200);
    p->snap_count = rng_between(&rng, 30, 150);
    p->segment_bytes = 4096 * rng_between(&rng, 1, 4);
    p->segments_ahead = (uint32_t)rng_between(&rng, 1, 2);
    p->datagrams = chance(&rng, 500);
    p->loss = (uint32_t)rng_below(&rng, chance(&rng, 500) ? 20 : 150);
    p->twice = (uint32_t)rng_below(&rng, 150);
    p->delay_max_ms = (uint32_t)rng_between(&rng, 1, chance(&rng, 200) ? 15 : 4);
    p->fault_gap_ms = (uint32_t)rng_between(&rng, 60, chance(&rng, 300) ? 300 : 2000);
    p->value_max = (uint32_t)rng_between(&rng, 1000, 30000);
    p->reap_ms = (uint32_t)rng_between(&rng, 50, 300);
    if (s->options.nodes != 0)
        p->nodes = s->options.nodes;
    lost_draw(p, &rng);
    local_draw(s, p);
    if (s->options.ms != 0)
        p->fault_ms = s->options.ms;
    if (s->options.script != NULL)
        script_preset(s);
}

static void run_until(struct sim *s, uint64_t until)
{
    while (sched_next(s, until))
        ;
}

/* Why the world is not at rest: NULL when there is one leader, everybody has applied the same, and no client waits. */
static const char *restless(struct sim *s)
{
    static char why[160];
    struct node *leader = node_leader(s);

    if (leader == NULL)
        return "there is no leader";
    for (uint32_t i = 0; i < s->preset.clients; i++) {
        const struct client *c = s->clients[i];
        if (c->phase != CLIENT_CONNECTED || c->flight_count > 0) {
            snprintf(why, sizeof(why), "c%u is in phase %d with %u requests in flight", c->id, (int)c->phase, c->flight_count);
            return why;
        }
    }
    for (uint32_t i = 0; i < s->preset.nodes; i++) {
        const struct node *n = s->nodes[i];
        if (n->refused)
            continue;
        if (!n->alive || state_zxid(replica_state(n->replica)) != ck_log_last(s)) {
            snprintf(why, sizeof(why), "n%u has applied " ZXID_FMT " of " ZXID_FMT, n->id,
                     ZXID_ARG(n->alive ? state_zxid(replica_state(n->replica)) : 0), ZXID_ARG(ck_log_last(s)));
            return why;
        }
    }
    return NULL;
}

/* A majority of the disks is lost: no leader can be, and the others hold what they have. */
static void stay_safe(struct sim *s)
{
    run_until(s, s->now + 30 * (uint64_t)s->preset.election_max_ms);
    const struct node *leader = node_leader(s);
    if (leader != NULL && node_voteless(s) > minority(&s->preset))
        sim_fail(s, "C17", "n%u leads, and %u of %u servers have no vote", leader->id, node_voteless(s), s->preset.nodes);
}

/* Digests are compared at each step already: equal zxids are equal states. */
static void come_right(struct sim *s)
{
    uint64_t timeout = s->preset.election_max_ms, deadline = s->now + 20 * timeout;
    const char *why;

    run_until(s, s->now + 10 * timeout);
    s->quiet = true;
    while ((why = restless(s)) != NULL && s->now < deadline)
        run_until(s, s->now + 5);
    if (why != NULL)
        sim_fail(s, "liveness", "%llu ms after the last fault %s", (unsigned long long)(20 * timeout), why);
    uint32_t epoch = ck_lead_epoch(s);
    s->quiet_since = s->now;
    run_until(s, s->now + 10 * timeout);
    for (uint32_t i = 0; i < s->preset.clients; i++)
        client_watch_settled(s, s->clients[i]);
    ck_model_settled(s);
    if (ck_lead_epoch(s) != epoch && s->preset.counter_max > 1000)
        sim_fail(s, "liveness", "epoch %u was followed by %u without any fault", epoch, ck_lead_epoch(s));
}

static void begin(struct sim *s)
{
    preset_draw(s);
    s->sched = sched_new();
    s->trace = trace_new();
    s->net = net_new(s);
    s->pipes = pipes_new(s);
    s->log = ck_log_new(s);
    s->model = ck_model_new();
    s->durable = ck_durable_new(s);
    s->lead = ck_lead_new();
    s->sessions = ck_session_new();
    trace_line(s, s->options.seed, "seed %llu: %u servers, %u clients, %s, fault gap %u ms, snap_count %llu, segments of %llu",
               (unsigned long long)s->options.seed, s->preset.nodes, s->preset.clients,
               s->preset.datagrams ? "datagrams" : "streams", s->preset.fault_gap_ms, (unsigned long long)s->preset.snap_count,
               (unsigned long long)s->preset.segment_bytes);
    mermaid_begin(s);
    for (uint32_t i = 0; i < s->preset.nodes; i++)
        s->nodes[i] = node_new(s, i + 1);
    for (uint32_t i = 0; i < s->preset.nodes && s->options.script == NULL; i++)
        node_start(s, s->nodes[i]);
    for (uint32_t i = 0; i < s->preset.clients; i++)
        s->clients[i] = client_new(s, i);
    s->fault = fault_new(s);
}

static void end(struct sim *s)
{
    sched_free(s);
    for (uint32_t i = 0; i < s->preset.clients; i++)
        client_free(s, s->clients[i]);
    client_write_free_all(s);
    for (uint32_t i = 0; i < s->preset.nodes; i++)
        node_free(s, s->nodes[i]);
    fault_free(s);
    ck_session_free(s);
    ck_lead_free(s);
    ck_durable_free(s);
    ck_model_free(s);
    ck_log_free(s);
    pipes_free(s);
    net_free(s);
    trace_free(s->trace);
}

void sim_run(const struct sim_options *options, struct sim_result *result)
{
    struct sim s = {.options = *options};

    begin(&s);
    if (s.options.script != NULL)
        script_run(&s);
    else
        run_until(&s, s.preset.fault_ms);
    fault_end(&s);
    if (node_lost(&s) <= minority(&s.preset))
        come_right(&s);
    else
        stay_safe(&s);
    broken_run_ended(&s);
    script_ended(&s, true);
    *result = (struct sim_result){.hash = trace_hash(&s),
                                  .events = sched_count(&s),
                                  .committed = ck_log_count(&s),
                                  .crashes = s.crashes,
                                  .epoch = ck_lead_epoch(&s)};
    if (options->report != NULL)
        options->report->hash = result->hash;
    for (uint32_t i = 0; i < s.preset.clients; i++)
        result->replies += s.clients[i]->replies;
    for (uint32_t i = 0; i < s.preset.nodes; i++) {
        result->snapshots += s.nodes[i]->snapshots;
        result->installs += s.nodes[i]->installs;
    }
    end(&s);
}
