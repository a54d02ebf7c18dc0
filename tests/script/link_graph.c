/* link_graph.c - see link_graph.h. */
#include "link_graph.h"

#include "oracle.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

struct trial {
    const struct graph_case *c;
    struct world *world;
    uint64_t cut_ms;
    uint32_t epoch;  /* the highest that was led so far */
    uint32_t leader; /* who works, and in which epoch; 0: nobody yet */
    uint32_t working;
    struct graph_report *report;
};

uint64_t graph_undirected(uint32_t n, uint64_t pairs)
{
    uint64_t links = 0;

    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = i + 1; k < n; k++, pairs >>= 1)
            if ((pairs & 1) != 0)
                links |= 1ull << (i * n + k) | 1ull << (k * n + i);
    return links;
}

uint64_t graph_directed(uint32_t n, uint64_t bits)
{
    uint64_t links = 0;

    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < n; k++)
            if (i != k) {
                links |= (bits & 1) << (i * n + k);
                bits >>= 1;
            }
    return links;
}

static bool has_link(const struct graph_case *c, uint32_t from, uint32_t to)
{
    return from == to || (c->links >> (from * c->n + to) & 1) != 0;
}

static bool has_majority(const struct graph_case *c, uint32_t who)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < c->n; i++)
        count += has_link(c, who, i) && has_link(c, i, who);
    return count >= c->n / 2 + 1;
}

static bool is_judged(const struct graph_case *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (has_majority(c, i))
            return true;
    return false;
}

/* What the core would do without a rule, brought about from outside: all that it hears grants its probe, or answers its
 * heartbeats. */
static void sabotage(struct trial *trial)
{
    struct world *w = trial->world;

    for (uint32_t i = 0; i < w->count; i++) {
        struct server *s = &w->server[i];
        if (trial->c->without == GRAPH_WITHOUT_CHECK_QUORUM)
            for (uint32_t k = 0; k < w->count; k++)
                s->core.peer[k].heard_at_ms = s->now_ms;
        if (trial->c->without == GRAPH_WITHOUT_PRE_VOTE)
            for (uint32_t k = 0; k < w->count && s->core.role == PAXOS_PROBING; k++) {
                struct letter l = {.from = k + 1, .to = s->id};
                l.msg.type = PEER_PROBE_ANSWER;
                l.msg.from = l.from;
                l.msg.probe_answer.granted = 1;
                l.msg.probe_answer.incarnation = w->server[k].disk.incarnation;
                l.msg.probe_answer.attempt = s->core.attempt;
                if (k != i)
                    world_deliver(w, world_copy_letter(w, &l));
            }
    }
}

static bool led(struct world *w, void *context)
{
    (void)context;
    return world_leader(w) != NULL;
}

/* After every moment at which something happened: count the leaders. */
static void watch(struct trial *trial)
{
    struct world *w = trial->world;

    for (uint32_t i = 0; i < w->count; i++) {
        const struct server *s = &w->server[i];
        if (s->core.role != PAXOS_LEADING || s->core.epoch <= trial->epoch)
            continue;
        trial->epoch = s->core.epoch;
        trial->report->changes++;
        trial->report->last_ms = (uint32_t)(s->now_ms - trial->cut_ms);
    }
    if (trial->c->without != GRAPH_ALL_RULES)
        sabotage(trial);
}

static bool works(struct world *w, void *context)
{
    static const char *const value[] = {"x"};
    struct trial *trial = context;

    watch(trial);
    for (uint32_t i = 0; i < w->count; i++) {
        struct server *s = &w->server[i];
        if (s->core.role != PAXOS_LEADING || !s->core.established || !has_majority(trial->c, i))
            continue;
        if (trial->leader == s->id && trial->working == s->core.epoch)
            return s->core.committed == runs_last(&s->core.log);
        if (world_submit(w, s, value, 1)) {
            trial->leader = s->id;
            trial->working = s->core.epoch;
            return false;
        }
    }
    return false;
}

static bool only_watch(struct world *w, void *context)
{
    (void)w;
    watch(context);
    return false;
}

static void set_links(struct world *w, const struct graph_case *c)
{
    for (uint32_t i = 0; i < w->count; i++)
        for (uint32_t k = 0; k < w->count; k++) {
            bool there = has_link(c, i, k), back = has_link(c, k, i);
            w->cut[i][k] = !there;
            if (c->broken && (!there || !back))
                world_link(w, &w->server[i], &w->server[k], false);
        }
}

/* As long as the one that is cut off takes to notice it, so that it probes when it is back. */
static void leave_behind(struct world *w, struct server *lag)
{
    static const char *const values[] = {"p", "q", "r"};

    for (uint32_t i = 0; i < w->count; i++)
        w->cut[i][lag->id - 1] = w->cut[lag->id - 1][i] = true;
    world_run(w, 2000, NULL, NULL);
    if (world_leader(w) == NULL || !world_submit(w, world_leader(w), values, 3))
        world_broken(w, "no leader without %c", 'A' + (int)lag->id - 1);
    world_run(w, 200, NULL, NULL);
}

static void begin(struct world *w, const struct graph_case *c, bool verbose)
{
    world_init(w, c->n, c->seed);
    w->show = verbose ? world_print : NULL;
    w->show_context = w;
    world_form_all(w);
    for (uint32_t i = 0; i < c->n; i++)
        world_start(w, &w->server[i]);
    if (c->leader != 0) {
        struct server *first = &w->server[c->leader - 1];
        first->core.deadline_ms = first->wake_ms = first->now_ms;
        world_tick(w, first, 0);
    }
    if (!world_run(w, 5000, led, NULL) || (c->leader != 0 && world_leader(w)->id != c->leader))
        world_broken(w, "not the leader that was wanted");
    world_run(w, 200, NULL, NULL); /* the others know it */
    if (c->behind != 0 && w->broken[0] == '\0')
        leave_behind(w, &w->server[c->behind - 1]);
}

static void judge(struct trial *trial)
{
    struct world *w = trial->world;
    uint64_t timeout = w->options.election_max_ms;
    const struct server *leader;

    if (!world_run(w, GRAPH_TIMEOUTS_MAX * timeout, works, trial)) {
        world_broken(w, "no working leader after %d election time-outs", GRAPH_TIMEOUTS_MAX);
        return;
    }
    leader = &w->server[trial->leader - 1];
    trial->report->working_ms = (uint32_t)(leader->now_ms - trial->cut_ms);
    world_show(w, "%c works after %u ms", 'A' + (int)trial->leader - 1, trial->report->working_ms);
    world_run(w, trial->c->timeouts * timeout, only_watch, trial);
    if (leader->core.role != PAXOS_LEADING || leader->core.epoch != trial->working)
        world_broken(w, "the leader did not stay (%u changes, the last after %u ms)", trial->report->changes,
                     trial->report->last_ms);
}

bool graph_world(const struct graph_case *c, struct graph_report *report, bool verbose)
{
    static struct world w;
    struct trial trial = {.c = c, .world = &w, .report = report};
    bool fine;

    *report = (struct graph_report){.judged = is_judged(c)};
    if (!report->judged)
        return true;
    begin(&w, c, verbose);
    world_show(&w, "only the links of the graph");
    set_links(&w, c);
    trial.cut_ms = w.server[0].now_ms;
    for (uint32_t i = 0; i < c->n; i++)
        if (w.server[i].core.role == PAXOS_LEADING && w.server[i].core.epoch > trial.epoch)
            trial.epoch = w.server[i].core.epoch;
    if (w.broken[0] == '\0')
        judge(&trial);
    fine = w.broken[0] == '\0';
    if (!fine)
        printf("%u servers, links 0x%llx (%s), led by %u, behind %u, seed %llu: %s\n", c->n, (unsigned long long)c->links,
               c->broken ? "broken" : "silent", c->leader, c->behind, (unsigned long long)c->seed, w.broken);
    world_deinit(&w);
    return fine;
}
