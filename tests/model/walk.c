/* walk.c - random walks: walk.h. */
#include "model/walk.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "model/trace.h"

#include <stdio.h>
#include <string.h>

#define TRIES_MAX 100 /* for an action that changes something */
#define KINDS (EVENT_WIPE + 1)

static const uint32_t weight[KINDS] = {[EVENT_DELIVER] = 24, [EVENT_CAMPAIGN] = 1, [EVENT_SUBMIT] = 4, [EVENT_NUDGE] = 2,
                                       [EVENT_DISK] = 12,    [EVENT_CRASH] = 1,    [EVENT_WIPE] = 1};

/* A kind of those that are possible, by weight, then one of it. */
static const struct action *choose(struct rng *rng, const struct action *action, uint32_t count)
{
    uint32_t of_kind[KINDS] = {0}, sum = 0, kind = 0;
    uint64_t at;

    for (uint32_t i = 0; i < count; i++)
        of_kind[action[i].type]++;
    for (uint32_t k = 0; k < KINDS; k++)
        sum += of_kind[k] > 0 ? weight[k] : 0;
    at = rng_below(rng, sum);
    while (of_kind[kind] == 0 || at >= weight[kind]) {
        at -= of_kind[kind] > 0 ? weight[kind] : 0;
        kind++;
    }
    at = rng_below(rng, of_kind[kind]);
    for (uint32_t i = 0;; i++)
        if ((uint32_t)action[i].type == kind && at-- == 0)
            return &action[i];
}

/* One walk; false: something is broken. */
static bool walk(struct world *w, const struct walk_options *options, struct rng *rng, struct space_result *r,
                 struct intern *states, uint32_t *way)
{
    static struct action action[WORLD_ACTIONS_MAX];
    static struct passage how;
    struct state state, next;
    uint32_t length = 0;

    world_start(w, &state);
    for (uint32_t tries = 0; length < options->steps_max && tries < TRIES_MAX; tries++) {
        uint32_t count = world_actions(w, &state, action);
        const struct action *one;

        if (count == 0)
            break;
        one = choose(rng, action, count);
        if (!world_step(w, &state, one, &next, &how))
            continue;
        r->steps++;
        way[length++] = trace_pack(one);
        if (how.broken != NULL) {
            space_finding(r, how.broken);
            trace_show(w, way, length);
            return false;
        }
        state = next;
        tries = 0;
        if (states->count < options->states_max)
            intern_add(states, &state, sizeof(state), NULL);
    }
    if (length > r->depth)
        r->depth = length;
    return true;
}

void walk_explore(struct world *w, const struct walk_options *options, struct space_result *r)
{
    double began = space_now();
    struct intern states;
    struct rng rng;
    uint32_t *way = coord_alloc(options->steps_max * sizeof(*way));
    uint64_t walks = 0;

    memset(r, 0, sizeof(*r));
    intern_init(&states);
    rng_init(&rng, options->seed);
    while (walks < options->walks_max && r->finding_count == 0 && states.count < options->states_max &&
           space_now() - began < options->seconds_max) {
        walk(w, options, &rng, r, &states, way);
        if (++walks % 256 == 0 && options->progress)
            fprintf(stderr, "\r%llu walks, %u states, %.0f s ", (unsigned long long)walks, states.count, space_now() - began);
    }
    if (options->progress)
        fprintf(stderr, "\n");
    r->end = r->finding_count > 0 ? SPACE_BROKEN : SPACE_STOPPED;
    r->states = r->places = states.count;
    r->servers = w->machine.nodes.count;
    r->messages = w->machine.messages.count;
    r->server_steps = w->machine.steps.count;
    r->bytes = intern_bytes(&states) + world_bytes(w);
    r->seconds = space_now() - began;
    intern_deinit(&states);
    coord_free(way);
}
