/* random_graph.c - liveness under partial and one-way partitions (P27 to P30), and duels (P2). */
#include "random.h"

#include <stdio.h>
#include <string.h>

static bool has_link(uint32_t n, uint64_t graph, uint32_t from, uint32_t to)
{
    return from == to || (graph >> (from * n + to) & 1) != 0;
}

static bool is_connected(uint32_t n, uint64_t graph, uint32_t who)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < n; i++)
        count += has_link(n, graph, who, i) && has_link(n, graph, i, who);
    return count >= n / 2 + 1;
}

static bool led(struct world *w, void *context)
{
    (void)context;
    return world_leader(w) != NULL;
}

struct goal {
    uint32_t n;
    uint64_t graph;
    struct server *leader;
    uint32_t epoch;
};

/* An established leader that can work: the cut gives it a majority both ways, and it has got an entry chosen since. */
static bool works(struct world *w, void *context)
{
    static const char *const value[] = {"x"};
    struct goal *goal = context;

    for (uint32_t i = 0; i < w->count; i++) {
        struct server *s = &w->server[i];
        if (s->core.role != PAXOS_LEADING || !s->core.established || !is_connected(goal->n, goal->graph, i))
            continue;
        if (goal->leader == s && goal->epoch == s->core.epoch)
            return s->core.committed == runs_last(&s->core.log);
        if (world_submit(w, s, value, 1)) {
            goal->leader = s;
            goal->epoch = s->core.epoch;
            return false;
        }
    }
    return false;
}

static void apply(struct world *w, uint64_t graph, bool broken_links)
{
    for (uint32_t i = 0; i < w->count; i++)
        for (uint32_t k = 0; k < w->count; k++) {
            bool there = has_link(w->count, graph, i, k), back = has_link(w->count, graph, k, i);
            w->cut[i][k] = !there;
            if (broken_links && (!there || !back))
                world_link(w, &w->server[i], &w->server[k], false);
        }
}

static bool some_connected(uint32_t n, uint64_t graph)
{
    for (uint32_t i = 0; i < n; i++)
        if (is_connected(n, graph, i))
            return true;
    return false;
}

bool graph_world(uint32_t n, uint64_t graph, uint64_t seed, bool broken_links, bool verbose)
{
    static struct world w;
    static const char *const values[] = {"p", "q", "r"};
    struct goal goal = {n, graph, NULL, 0};
    uint64_t start;
    bool fine;

    if (!some_connected(n, graph))
        return true;
    world_init(&w, n, seed);
    w.show = verbose ? random_show : NULL;
    w.show_context = &w;
    world_form_all(&w);
    for (uint32_t i = 0; i < n; i++)
        world_start(&w, &w.server[i]);
    if (!world_run(&w, 5000, led, NULL))
        world_broken(&w, "no leader at the start");
    if (w.broken[0] == '\0') { /* one voter lags behind */
        struct server *lag = &w.server[rng_below(&w.rng, n)];
        for (uint32_t i = 0; i < n; i++)
            w.cut[i][lag->id - 1] = w.cut[lag->id - 1][i] = true;
        world_run(&w, 2000, NULL, NULL);
        if (world_leader(&w) != NULL)
            world_submit(&w, world_leader(&w), values, 3);
        world_run(&w, 200, NULL, NULL);
    }
    world_show(&w, "graph");
    apply(&w, graph, broken_links);
    start = w.server[0].now_ms;
    if (w.broken[0] == '\0' && !world_run(&w, 4 * (uint64_t)w.options.election_max_ms, works, &goal))
        world_broken(&w, "no working leader after 4 election time-outs");
    world_show(&w, "works after %llu ms", (unsigned long long)(w.server[0].now_ms - start));
    world_run(&w, 2000, NULL, NULL); /* one more change may be under way */
    goal.leader = NULL;
    if (w.broken[0] == '\0' && !world_run(&w, 1000, works, &goal))
        world_broken(&w, "no working leader 3 s later");
    world_run(&w, 6000, NULL, NULL);
    if (w.broken[0] == '\0' && (goal.leader->core.role != PAXOS_LEADING || goal.leader->core.epoch != goal.epoch))
        world_broken(&w, "the leader did not stay");
    fine = w.broken[0] == '\0';
    if (!fine)
        printf("%u servers, graph 0x%llx, %s links, seed %llu: %s\n", n, (unsigned long long)graph,
               broken_links ? "broken" : "silent", (unsigned long long)seed, w.broken);
    world_deinit(&w);
    return fine;
}

static void deliver_all(struct world *w, enum peer_type type, uint32_t from, uint32_t to)
{
    struct letter *l = w->letters;

    while (l != NULL) {
        struct letter *next = l->next;
        if (l->kind == LETTER_MESSAGE && l->msg.type == type && l->from == from && l->to == to)
            world_deliver(w, l);
        l = next;
    }
}

/* A and C are made to prepare in turn, each before the other has its promises; B promises both. */
static void preempt(struct world *w)
{
    for (uint32_t round = 0; round < 100 && w->broken[0] == '\0'; round++) {
        struct server *a = &w->server[round % 2 == 0 ? 0 : 2];
        uint32_t b = 2;

        world_clear(w);
        for (uint32_t tries = 0; tries < 50 && a->core.role != PAXOS_PREPARING; tries++) {
            world_tick(w, a, 100);
            world_disk_sync(w, a);
            deliver_all(w, PEER_PROBE, a->id, b);
            deliver_all(w, PEER_PROBE_ANSWER, b, a->id);
        }
        world_disk_sync(w, a);
        deliver_all(w, PEER_PREPARE, a->id, b);
        world_disk_sync(w, &w->server[1]);
        world_tick(w, &w->server[1], 60);
    }
}

bool duel_world(uint64_t seed, uint32_t *timeouts, bool verbose)
{
    static struct world w;
    uint64_t start;
    bool fine;

    world_init(&w, 3, seed);
    w.show = verbose ? random_show : NULL;
    w.show_context = &w;
    world_form_all(&w);
    for (uint32_t i = 0; i < 3; i++)
        world_start(&w, &w.server[i]);
    preempt(&w);
    if (world_leader(&w) != NULL)
        world_broken(&w, "a leader although every candidate was preempted");
    start = w.server[1].now_ms;
    if (w.broken[0] == '\0' && !world_run(&w, 10 * (uint64_t)w.options.election_max_ms, led, NULL))
        world_broken(&w, "no leader after 10 election time-outs of fair timers");
    *timeouts = (uint32_t)((w.server[1].now_ms - start) / w.options.election_max_ms);
    fine = w.broken[0] == '\0';
    if (!fine)
        printf("duel, seed %llu: %s\n", (unsigned long long)seed, w.broken);
    world_deinit(&w);
    return fine;
}
