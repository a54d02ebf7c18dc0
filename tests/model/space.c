/* space.c - breadth-first search: space.h. */
#include "model/space.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "model/trace.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLOCK_EVERY 4096 /* states between two looks at the clock */
#define NONE UINT32_MAX

struct found {
    uint32_t place, set; /* set NONE: left out, another holds all of it */
    uint32_t origin, action;
    uint32_t next; /* of the same place */
};

struct space {
    const struct space_options *options;
    struct world *world;
    struct space_result *result;
    struct intern places, exact; /* exact: place and set, without REDUCE_FEWER */
    uint32_t *first;             /* state of each place, NONE: not used */
    uint32_t first_room;
    struct found *state;
    uint32_t count, room;
    uint32_t at; /* being explored; those before it are done */
    uint32_t left_out;
    uint64_t steps;
    bool full;
};

double space_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void space_finding(struct space_result *r, const char *broken)
{
    for (uint32_t i = 0; i < r->finding_count; i++)
        if (strcmp(r->finding[i], broken) == 0)
            return;
    COORD_ASSERT(r->finding_count < SPACE_FINDINGS_MAX);
    r->finding[r->finding_count++] = broken;
}

static struct state state_of(const struct space *s, uint32_t number)
{
    struct state state = {.set = s->state[number].set};

    memcpy(&state, s->places.at[s->state[number].place], offsetof(struct state, set));
    return state;
}

static uint32_t *first_of(struct space *s, uint32_t place)
{
    if (place >= s->first_room) {
        uint32_t room = place + place / 2 + 1024;
        s->first = coord_realloc(s->first, room * sizeof(*s->first));
        memset(s->first + s->first_room, 0xff, (room - s->first_room) * sizeof(*s->first));
        s->first_room = room;
    }
    return &s->first[place];
}

/* REDUCE_FEWER. False: a state of this place has all these messages. Those that have fewer are of no use any more. */
static bool is_more(struct space *s, uint32_t *first, uint32_t set)
{
    for (uint32_t *link = first; *link != NONE;) {
        struct found *other = &s->state[*link];

        if (net_holds(&s->world->net, other->set, set))
            return false;
        if (net_holds(&s->world->net, set, other->set)) {
            if (*link > s->at) {
                other->set = NONE;
                s->left_out++;
            }
            *link = other->next;
        } else {
            link = &other->next;
        }
    }
    return true;
}

/* MERGE. False: this place is yet to be explored, or has all these messages. Else *set has become that of the place. */
static bool is_merged(struct space *s, const uint32_t *first, uint32_t *set)
{
    if (*first == NONE)
        return true;
    if (net_holds(&s->world->net, s->state[*first].set, *set))
        return false;
    *set = net_union(&s->world->net, s->state[*first].set, *set);
    if (*first > s->at)
        s->state[*first].set = *set;
    return *first <= s->at;
}

static bool is_new(struct space *s, uint32_t place, uint32_t *more)
{
    uint32_t set = *more, key[2] = {place, set};
    bool is_new;

    if ((s->world->scope.reduce & MERGE) != 0)
        return is_merged(s, first_of(s, place), more);
    if ((s->world->scope.reduce & REDUCE_FEWER) != 0)
        return is_more(s, first_of(s, place), set);
    intern_add(&s->exact, key, sizeof(key), &is_new);
    return is_new;
}

static void add_state(struct space *s, const struct state *state, uint32_t origin, uint32_t action)
{
    bool merge = (s->world->scope.reduce & MERGE) != 0;
    struct state key = {.set = merge ? net_elections(&s->world->net, state->set) : 0};
    uint32_t place, set = state->set, *first;

    memcpy(&key, state, offsetof(struct state, set));
    place = intern_add(&s->places, &key, sizeof(key), NULL);
    if (!is_new(s, place, &set))
        return;
    if (s->count == s->room) {
        s->room = s->room == 0 ? 1u << 16 : 2 * s->room;
        s->state = coord_realloc(s->state, s->room * sizeof(*s->state));
    }
    first = first_of(s, place);
    s->state[s->count] = (struct found){.place = place, .set = set, .origin = origin, .action = action, .next = *first};
    *first = s->count++;
    s->full = s->count >= s->options->states_max;
}

/* The way to `last`, and one action more, which breaks something. */
static void show(struct space *s, uint32_t last, uint32_t action)
{
    uint32_t count = 1, *actions;

    if ((s->world->scope.reduce & MERGE) != 0) {
        printf("broken in a merged network (find the way without --merge): %s\n", s->result->finding[0]);
        return;
    }
    for (uint32_t at = last; at != 0; at = s->state[at].origin)
        count++;
    actions = coord_alloc(count * sizeof(*actions));
    actions[count - 1] = action;
    for (uint32_t i = count - 1, at = last; i-- > 0; at = s->state[at].origin)
        actions[i] = s->state[at].action;
    trace_show(s->world, actions, count);
    coord_free(actions);
}

static void note_settled(struct space *s, const struct state *state)
{
    struct rename *r = &s->world->rename;
    struct state same = *state;
    uint32_t none = net_add(&s->world->net, same.node, 0), name;

    if (!world_is_settled(s->world, state))
        return;
    name = rename_choose(r, state->node, state->ghost, none);
    for (uint32_t i = 0; i < s->world->scope.servers; i++)
        same.node[r->name[name][i]] = rename_node(r, state->node[i], name);
    same.ghost = rename_ghost(r, state->ghost, name);
    intern_add(s->options->settled, &same, offsetof(struct state, set), NULL);
}

static void explore_one(struct space *s)
{
    static struct action action[WORLD_ACTIONS_MAX];
    static struct passage how;
    struct state state = state_of(s, s->at), next;
    uint32_t count = world_actions(s->world, &state, action);

    if (s->options->settled != NULL)
        note_settled(s, &state);
    for (uint32_t i = 0; i < count && !s->full; i++) {
        uint32_t packed = trace_pack(&action[i]);

        s->steps++;
        if (!world_step(s->world, &state, &action[i], &next, &how))
            continue;
        if (how.broken == NULL) {
            add_state(s, &next, s->at, packed);
            continue;
        }
        space_finding(s->result, how.broken);
        if (!s->options->go_on) {
            show(s, s->at, packed);
            return;
        }
    }
}

/* False: the time is over. */
static bool look_at_clock(struct space *s, double began)
{
    struct space_result *r = s->result;

    r->seconds = space_now() - began;
    if (s->options->progress)
        fprintf(stderr, "\rdepth %llu, %u states, %u to do, %.0f s ", (unsigned long long)r->depth, s->count - s->left_out,
                s->count - s->at, r->seconds);
    return r->seconds <= s->options->seconds_max;
}

static void sum_up(struct space *s, bool broken)
{
    struct space_result *r = s->result;

    r->end = broken ? SPACE_BROKEN : s->at == s->count ? SPACE_COMPLETE : SPACE_STOPPED;
    r->states = s->count - s->left_out;
    r->places = s->places.count;
    r->steps = s->steps;
    r->servers = s->world->machine.nodes.count;
    r->messages = s->world->machine.messages.count;
    r->server_steps = s->world->machine.steps.count;
    r->bytes = intern_bytes(&s->places) + intern_bytes(&s->exact) + world_bytes(s->world) + s->first_room * sizeof(*s->first) +
               s->room * sizeof(*s->state);
}

void space_explore(struct world *w, const struct space_options *options, struct space_result *r)
{
    struct space s = {.options = options, .world = w, .result = r};
    double began = space_now();
    uint32_t level_end = 1;
    struct state start;

    memset(r, 0, sizeof(*r));
    intern_init(&s.places);
    intern_init(&s.exact);
    world_start(w, &start);
    add_state(&s, &start, 0, 0);
    for (; s.at < s.count && (r->finding_count == 0 || options->go_on) && !s.full; s.at++) {
        if (s.at == level_end) {
            level_end = s.count;
            if (++r->depth >= options->depth_max)
                break;
        }
        if (s.at % CLOCK_EVERY == 0 && !look_at_clock(&s, began))
            break;
        if (s.state[s.at].set != NONE)
            explore_one(&s);
    }
    if (options->progress)
        fprintf(stderr, "\n");
    sum_up(&s, r->finding_count > 0);
    r->seconds = space_now() - began;
    intern_deinit(&s.places);
    intern_deinit(&s.exact);
    coord_free(s.first);
    coord_free(s.state);
}
