/* world.c - steps of the whole world, with the reductions of world.h. */
#include "model/world.h"

#include "base/assert.h"

#include <string.h>

#define WORLD_SENT_MAX 512 /* by the answers of one pass; more come with the next */

void world_init(struct world *w, const struct scope *scope)
{
    memset(w, 0, sizeof(*w));
    w->scope = *scope;
    machine_init(&w->machine, scope->servers, scope->bug);
    net_init(&w->net, &w->machine);
    intern_init(&w->ghosts);
    rename_init(&w->rename, &w->machine, &w->net, &w->ghosts);
}

void world_deinit(struct world *w)
{
    rename_deinit(&w->rename);
    intern_deinit(&w->ghosts);
    net_deinit(&w->net);
    machine_deinit(&w->machine);
}

size_t world_bytes(const struct world *w)
{
    return intern_bytes(&w->net.sets) + intern_bytes(&w->ghosts) + intern_bytes(&w->machine.nodes) +
           intern_bytes(&w->machine.steps) + w->net.mark_room * sizeof(*w->net.mark) +
           (w->rename.sets.room + w->rename.nodes.room) * sizeof(*w->rename.sets.to);
}

void world_start(struct world *w, struct state *state)
{
    struct ghost ghost;

    memset(state, 0, sizeof(*state));
    for (uint32_t i = 0; i < w->scope.servers; i++)
        state->node[i] = machine_start(&w->machine, i);
    judge_start(&ghost, w->scope.servers);
    state->ghost = intern_add(&w->ghosts, &ghost, sizeof(ghost), NULL);
    state->set = net_add(&w->net, &state->ghost, 0);
}

static const struct summary *summary_of(const struct world *w, const struct state *state, uint32_t index)
{
    return &w->machine.summaries[state->node[index]];
}

static const struct ghost *ghost_of(const struct world *w, const struct state *state)
{
    return (const void *)w->ghosts.at[state->ghost];
}

/* REDUCE_DISKS. */
static bool waits_for_disk(const struct scope *o, const struct ghost *g, const struct summary *now)
{
    bool may_fall = g->crashes < o->crashes || g->wipes < o->wipes;

    return (now->write_count >= o->persists && now->role != PAXOS_LEADING) || (now->more_parts && !may_fall);
}

bool world_is_settled(const struct world *w, const struct state *state)
{
    for (uint32_t i = 0; i < w->scope.servers; i++)
        if (waits_for_disk(&w->scope, ghost_of(w, state), summary_of(w, state, i)))
            return false;
    return true;
}

/* Any first run is one of A's with other names: where names count, the first candidate is A. */
static bool may_campaign(const struct world *w, const struct state *state, uint32_t index)
{
    if ((w->scope.reduce & REDUCE_NAMES) != 0 || index == 0 || net_size(&w->net, state->set) > 0)
        return true;
    for (uint32_t i = 0; i < w->scope.servers; i++)
        if (summary_of(w, state, i)->epoch_min > 2)
            return true;
    return false;
}

static void put(struct action *actions, uint32_t *count, enum event_type type, uint32_t index, uint32_t argument)
{
    COORD_ASSERT(*count < WORLD_ACTIONS_MAX);
    actions[(*count)++] = (struct action){type, index, argument};
}

static void put_falls(const struct world *w, const struct ghost *g, struct action *actions, uint32_t *count, uint32_t index)
{
    if (g->crashes < w->scope.crashes)
        put(actions, count, EVENT_CRASH, index, 0);
    if (g->wipes < w->scope.wipes)
        put(actions, count, EVENT_WIPE, index, 0);
}

static bool may_deliver(struct world *w, const struct state *state, uint32_t message)
{
    const struct mail *m = net_mail(&w->net, message);

    return m->type == PEER_ACCEPTED || summary_of(w, state, m->to)->write_count < w->scope.persists;
}

uint32_t world_actions(struct world *w, const struct state *state, struct action *actions)
{
    const struct scope *o = &w->scope;
    const struct ghost *g = ghost_of(w, state);
    const uint32_t *message = net_messages(&w->net, state->set);
    uint32_t count = 0;

    for (uint32_t i = 0; i < o->servers && (o->reduce & REDUCE_DISKS) != 0; i++)
        if (waits_for_disk(o, g, summary_of(w, state, i))) {
            put(actions, &count, EVENT_DISK, i, 0);
            put_falls(w, g, actions, &count, i);
            return count;
        }
    for (uint32_t i = 0; i < o->servers; i++) {
        const struct summary *now = summary_of(w, state, i);
        bool room = now->write_count < o->persists;

        if (now->write_count > 0)
            put(actions, &count, EVENT_DISK, i, 0);
        if (room && now->epoch_min > 0 && may_campaign(w, state, i))
            for (uint32_t epoch = now->epoch_min; epoch <= o->epochs + 1; epoch++)
                put(actions, &count, EVENT_CAMPAIGN, i, epoch);
        if (room && now->can_submit && g->writes < o->writes)
            put(actions, &count, EVENT_SUBMIT, i, 0);
        if (room && now->can_nudge && o->nudges)
            put(actions, &count, EVENT_NUDGE, i, 0);
        put_falls(w, g, actions, &count, i);
    }
    for (uint32_t k = 0; k < net_size(&w->net, state->set); k++)
        if (may_deliver(w, state, message[k]))
            put(actions, &count, EVENT_DELIVER, net_mail(&w->net, message[k])->to, message[k]);
    return count;
}

/* What is in the network now that the servers are as `state` says, and these messages were sent. */
static uint32_t network_after(struct world *w, const struct state *state, const uint32_t *sent, uint32_t sent_count)
{
    const struct summary *all[MODEL_SERVERS_MAX];
    const struct ghost *g = ghost_of(w, state);
    struct net_view view = {
        .all = all, .may_crash = g->crashes < w->scope.crashes, .may_wipe = g->wipes < w->scope.wipes, .lean = w->scope.lean};

    for (uint32_t i = 0; i < w->scope.servers; i++)
        all[i] = summary_of(w, state, i);
    return net_next(&w->net, state->set, sent, sent_count, &view);
}

/* Adds what a delivery sends that changes nothing else and is not in the network yet. False: there is none of that. */
static bool answer(struct world *w, const struct state *state, uint32_t message, uint32_t *sent, uint32_t *sent_count)
{
    uint32_t index = net_mail(&w->net, message)->to, before = *sent_count;
    const struct effects *e;

    if (!may_deliver(w, state, message))
        return false;
    e = machine_step(&w->machine, state->node[index], EVENT_DELIVER, message);
    if (e->broken != NULL || e->node != state->node[index])
        return false;
    for (uint32_t i = 0; i < e->sent_count && *sent_count < WORLD_SENT_MAX; i++)
        if (!net_has(&w->net, state->set, e->sent[i]))
            sent[(*sent_count)++] = e->sent[i];
    return *sent_count > before;
}

/* REDUCE_ANSWERS: what only sends, until it sends nothing new. */
static void deliver_answers(struct world *w, struct state *state, struct passage *how)
{
    uint32_t sent[WORLD_SENT_MAX], sent_count, before;

    do {
        before = state->set;
        sent_count = 0;
        for (uint32_t k = 0; k < net_size(&w->net, before); k++) {
            uint32_t message = net_messages(&w->net, before)[k];

            if (how->answer_count == WORLD_ANSWERS_MAX || !answer(w, state, message, sent, &sent_count))
                continue;
            how->answer[how->answer_count++] = message;
        }
        if (sent_count > 0)
            state->set = network_after(w, state, sent, sent_count);
    } while (state->set != before);
}

static void give_names(struct world *w, struct state *state, struct passage *how)
{
    struct state old = *state;

    how->name = rename_choose(&w->rename, state->node, state->ghost, state->set);
    for (uint32_t i = 0; i < w->scope.servers; i++)
        state->node[w->rename.name[how->name][i]] = rename_node(&w->rename, old.node[i], how->name);
    state->ghost = rename_ghost(&w->rename, old.ghost, how->name);
    state->set = rename_set(&w->rename, old.set, how->name);
}

bool world_step(struct world *w, const struct state *state, const struct action *action, struct state *next,
                struct passage *how)
{
    const struct summary *all[MODEL_SERVERS_MAX], *before;
    const struct effects *e = machine_step(&w->machine, state->node[action->index], action->type, action->argument);
    struct ghost ghost = *ghost_of(w, state);

    how->broken = NULL;
    how->answer_count = how->name = 0;
    if (e->broken == NULL && e->node == state->node[action->index] && e->sent_count == 0)
        return false;
    *next = *state;
    next->node[action->index] = e->node;
    ghost.writes = (uint8_t)(ghost.writes + (action->type == EVENT_SUBMIT));
    ghost.crashes = (uint8_t)(ghost.crashes + (action->type == EVENT_CRASH));
    ghost.wipes = (uint8_t)(ghost.wipes + (action->type == EVENT_WIPE));
    before = summary_of(w, state, action->index);
    for (uint32_t i = 0; i < w->scope.servers; i++)
        all[i] = summary_of(w, next, i);
    how->broken = e->broken != NULL ? e->broken : judge_step(&ghost, w->scope.servers, all, before, all[action->index], e);
    if (how->broken != NULL)
        return true;
    next->ghost = intern_add(&w->ghosts, &ghost, sizeof(ghost), NULL);
    next->set = network_after(w, next, e->sent, e->sent_count);
    if ((w->scope.reduce & REDUCE_ANSWERS) != 0)
        deliver_answers(w, next, how);
    if ((w->scope.reduce & REDUCE_NAMES) != 0)
        give_names(w, next, how);
    return true;
}
