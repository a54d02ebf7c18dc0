/* space.c - breadth-first search over global states: space.h. */
#include "model/space.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "model/trace.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SET_MAX 512
#define CLOCK_EVERY 4096 /* states between two looks at the clock */

/* What decides whether a message can still matter. */
struct mail {
    uint8_t type, from, to; /* indices */
    bool says_accepted;     /* an ACCEPTED without a mismatch, of a server that has accepted the epoch */
    uint32_t epoch;
    uint64_t matched;
};

struct state {
    uint32_t node[MODEL_SERVERS_MAX], set, ghost;
};

struct space {
    const struct space_options *options;
    struct machine machine;
    struct intern states, sets, ghosts;
    struct mail *mail;
    uint32_t mail_count, mail_room;
    struct origin_of {
        uint32_t state, action;
    } * origin; /* of each state */
    uint32_t origin_room;
    uint64_t steps;
    const char *broken;
    uint32_t broken_state, broken_action;
    bool full;
};

static double now_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t epoch_of(const struct peer_msg *m)
{
    switch (m->type) {
    case PEER_PREPARE:
        return m->prepare.epoch;
    case PEER_PROMISE:
        return m->promise.epoch;
    case PEER_REFUSE:
        return m->refuse.epoch;
    case PEER_ACCEPT:
        return m->accept.epoch;
    case PEER_ACCEPTED:
        return m->accepted.epoch;
    case PEER_COMMIT:
        return m->commit.epoch;
    case PEER_HEARTBEAT:
        return m->heartbeat.epoch;
    case PEER_FETCH:
        return m->fetch.epoch;
    case PEER_ENTRIES:
        return m->entries.epoch;
    default:
        return 0;
    }
}

static const struct mail *mail_of(struct space *s, uint32_t number)
{
    while (s->mail_count <= number) {
        struct peer_msg m;

        if (s->mail_count == s->mail_room) {
            s->mail_room = s->mail_room == 0 ? 256 : 2 * s->mail_room;
            s->mail = coord_realloc(s->mail, s->mail_room * sizeof(*s->mail));
        }
        machine_message(&s->machine, s->mail_count, &m);
        s->mail[s->mail_count] = (struct mail){
            .type = (uint8_t)m.type, .from = (uint8_t)(m.from - 1), .to = (uint8_t)(m.to - 1), .epoch = epoch_of(&m)};
        if (m.type == PEER_ACCEPTED) {
            s->mail[s->mail_count].says_accepted = m.accepted.mismatch == 0 && m.accepted.accepted == m.accepted.epoch;
            s->mail[s->mail_count].matched = m.accepted.matched;
        }
        s->mail_count++;
    }
    return &s->mail[number];
}

/* Whether delivering it can still have an effect, now or later. A server that may yet be wiped may forget any promise. */
static bool matters(const struct mail *m, const struct summary *from, const struct summary *to, bool may_wipe)
{
    bool asks = from->epoch == m->epoch; /* still its candidate or leader; a process never resumes an epoch */

    switch ((enum peer_type)m->type) {
    case PEER_PROMISE:
        return to->role == PAXOS_PREPARING && to->epoch == m->epoch;
    case PEER_ENTRIES:
        return to->role == PAXOS_ADOPTING && to->epoch == m->epoch;
    case PEER_ACCEPTED:
    case PEER_REFUSE:
        return to->epoch == m->epoch;
    case PEER_FETCH:
        return asks && from->role == PAXOS_ADOPTING;
    case PEER_PREPARE:
        if (to->promised == m->epoch)
            return may_wipe || (asks && from->role == PAXOS_PREPARING);
        return may_wipe || asks || to->promised < m->epoch;
    case PEER_COMMIT:
        return may_wipe || to->promised <= m->epoch;
    default:
        return may_wipe || asks || to->promised <= m->epoch;
    }
}

/* What a lean exploration loses besides: space.h. */
static bool lean_loses(const struct mail *m, const struct summary *to)
{
    if (m->type == PEER_HEARTBEAT || m->type == PEER_REFUSE)
        return true;
    if (m->type == PEER_PROMISE)
        return to->promised_by[m->from];
    return m->type == PEER_ACCEPTED && m->says_accepted && to->accepted_by[m->from] && m->matched <= to->matched_by[m->from];
}

/* The set, what was sent added, what cannot matter any more taken out. */
static uint32_t next_set(struct space *s, uint32_t set, const struct effects *e, const struct summary *const all[],
                         bool may_wipe)
{
    const uint32_t *old = (const void *)s->sets.at[set];
    uint32_t old_count = s->sets.size[set] / (uint32_t)sizeof(uint32_t), count = 0, merged[SET_MAX];

    for (uint32_t k = 0; k < old_count + e->sent_count; k++) {
        uint32_t number = k < old_count ? old[k] : e->sent[k - old_count], at = count;
        const struct mail *m = mail_of(s, number);

        if (!matters(m, all[m->from], all[m->to], may_wipe) || (s->options->lean && lean_loses(m, all[m->to])))
            continue;
        while (at > 0 && merged[at - 1] > number)
            at--;
        if (at > 0 && merged[at - 1] == number)
            continue;
        COORD_ASSERT(count < SET_MAX);
        memmove(&merged[at + 1], &merged[at], (count - at) * sizeof(merged[0]));
        merged[at] = number;
        count++;
    }
    return intern_add(&s->sets, merged, count * sizeof(merged[0]), NULL);
}

static void add_state(struct space *s, const struct state *state, uint32_t from, uint32_t action)
{
    bool is_new;
    uint32_t number = intern_add(&s->states, state, sizeof(*state), &is_new);

    if (!is_new)
        return;
    if (number >= s->origin_room) {
        s->origin_room = s->origin_room == 0 ? 1u << 16 : 2 * s->origin_room;
        s->origin = coord_realloc(s->origin, s->origin_room * sizeof(*s->origin));
    }
    s->origin[number] = (struct origin_of){from, action};
    s->full = s->states.count >= s->options->states_max;
}

/* One action of one server in a state. */
static void act(struct space *s, uint32_t number, enum event_type type, uint32_t index, uint32_t argument)
{
    const struct effects *e;
    const struct summary *all[MODEL_SERVERS_MAX], *before;
    struct state next;
    struct ghost ghost;
    bool may_wipe;

    if (s->broken != NULL || s->full)
        return;
    memcpy(&next, s->states.at[number], sizeof(next));
    memcpy(&ghost, s->ghosts.at[next.ghost], sizeof(ghost));
    s->steps++;
    e = machine_step(&s->machine, next.node[index], type, argument);
    if (e->broken == NULL && e->node == next.node[index] && e->sent_count == 0)
        return;
    ghost.writes = (uint8_t)(ghost.writes + (type == EVENT_SUBMIT));
    ghost.crashes = (uint8_t)(ghost.crashes + (type == EVENT_CRASH));
    ghost.wipes = (uint8_t)(ghost.wipes + (type == EVENT_WIPE));
    before = &s->machine.summaries[next.node[index]];
    next.node[index] = e->node;
    for (uint32_t i = 0; i < s->options->servers; i++)
        all[i] = &s->machine.summaries[next.node[i]];
    s->broken = e->broken != NULL ? e->broken : judge_step(&ghost, s->options->servers, all, before, all[index], e);
    if (s->broken != NULL) {
        s->broken_state = number;
        s->broken_action = trace_action(type, index, argument);
        return;
    }
    may_wipe = ghost.wipes < s->options->wipes;
    next.set = next_set(s, next.set, e, all, may_wipe);
    next.ghost = intern_add(&s->ghosts, &ghost, sizeof(ghost), NULL);
    add_state(s, &next, number, trace_action(type, index, argument));
}

static bool nobody_has_campaigned(const struct space *s, const struct state *state)
{
    for (uint32_t i = 0; i < s->options->servers; i++)
        if (s->machine.summaries[state->node[i]].epoch_min > 2)
            return false;
    return s->sets.size[state->set] == 0;
}

static void expand(struct space *s, uint32_t number)
{
    const struct space_options *o = s->options;
    struct state state;
    struct ghost ghost;
    const uint32_t *set;
    bool first;

    memcpy(&state, s->states.at[number], sizeof(state));
    memcpy(&ghost, s->ghosts.at[state.ghost], sizeof(ghost));
    first = nobody_has_campaigned(s, &state);
    for (uint32_t i = 0; i < o->servers; i++) {
        struct summary now = s->machine.summaries[state.node[i]];
        bool room = now.write_count < o->persists;

        if (now.write_count > 0)
            act(s, number, EVENT_DISK, i, 0);
        if (room && now.epoch_min > 0 && (!first || i == 0))
            for (uint32_t epoch = now.epoch_min; epoch <= o->epochs + 1; epoch++)
                act(s, number, EVENT_CAMPAIGN, i, epoch);
        if (room && now.can_submit && ghost.writes < o->writes)
            act(s, number, EVENT_SUBMIT, i, 0);
        if (room && now.can_nudge && o->nudges)
            act(s, number, EVENT_NUDGE, i, 0);
        if (ghost.crashes < o->crashes)
            act(s, number, EVENT_CRASH, i, 0);
        if (ghost.wipes < o->wipes)
            act(s, number, EVENT_WIPE, i, 0);
    }
    set = (const void *)s->sets.at[state.set];
    for (uint32_t k = 0; k < s->sets.size[state.set] / sizeof(*set); k++) {
        struct mail m = *mail_of(s, set[k]);
        if (m.type == PEER_ACCEPTED || s->machine.summaries[state.node[m.to]].write_count < o->persists)
            act(s, number, EVENT_DELIVER, m.to, set[k]);
    }
}

static void start(struct space *s)
{
    struct state state;
    struct ghost ghost;

    memset(&state, 0, sizeof(state));
    for (uint32_t i = 0; i < s->options->servers; i++)
        state.node[i] = machine_start(&s->machine, i);
    judge_start(&ghost, s->options->servers);
    state.set = intern_add(&s->sets, &state, 0, NULL);
    state.ghost = intern_add(&s->ghosts, &ghost, sizeof(ghost), NULL);
    add_state(s, &state, 0, 0);
}

static void show(struct space *s)
{
    uint32_t count = 1, at = s->broken_state, *actions;

    for (; at != 0; at = s->origin[at].state)
        count++;
    actions = coord_alloc(count * sizeof(*actions));
    actions[count - 1] = s->broken_action;
    at = s->broken_state;
    for (uint32_t i = count - 1; i-- > 0; at = s->origin[at].state)
        actions[i] = s->origin[at].action;
    trace_show(&s->machine, actions, count, s->broken);
    coord_free(actions);
}

void space_explore(const struct space_options *options, struct space_result *r)
{
    struct space s = {.options = options};
    double began = now_seconds();
    uint32_t level_end = 1, at = 0;

    machine_init(&s.machine, options->servers, options->bug);
    intern_init(&s.states);
    intern_init(&s.sets);
    intern_init(&s.ghosts);
    memset(r, 0, sizeof(*r));
    start(&s);
    for (; at < s.states.count && s.broken == NULL && !s.full; at++) {
        if (at == level_end) {
            level_end = s.states.count;
            if (++r->depth >= options->depth_max)
                break;
        }
        if (at % CLOCK_EVERY == 0) {
            r->seconds = now_seconds() - began;
            if (options->progress)
                fprintf(stderr, "\rdepth %llu, %u states, %u to do, %.0f s ", (unsigned long long)r->depth, s.states.count,
                        s.states.count - at, r->seconds);
            if (r->seconds > options->seconds_max)
                break;
        }
        expand(&s, at);
    }
    if (options->progress)
        fprintf(stderr, "\n");
    r->end = s.broken != NULL ? SPACE_BROKEN : at == s.states.count ? SPACE_COMPLETE : SPACE_STOPPED;
    r->broken = s.broken;
    r->states = s.states.count;
    r->steps = s.steps;
    r->servers = s.machine.nodes.count;
    r->messages = s.machine.messages.count;
    r->server_steps = s.machine.steps.count;
    r->bytes = intern_bytes(&s.states) + intern_bytes(&s.sets) + intern_bytes(&s.ghosts) + intern_bytes(&s.machine.nodes) +
               intern_bytes(&s.machine.steps) + s.origin_room * sizeof(*s.origin);
    r->seconds = now_seconds() - began;
    if (s.broken != NULL)
        show(&s);
    machine_deinit(&s.machine);
    intern_deinit(&s.states);
    intern_deinit(&s.sets);
    intern_deinit(&s.ghosts);
    coord_free(s.mail);
    coord_free(s.origin);
}
