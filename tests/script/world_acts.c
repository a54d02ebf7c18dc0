/* world_acts.c - what the callers of the cores do in the test world: submit, sync, hand over, take snapshots. */
#include "world_internal.h"

#include <stdio.h>

bool world_submit(struct world *w, struct server *s, const char *const *values, uint32_t count)
{
    struct paxos_event event = {.type = PAXOS_SUBMIT, .count = count};
    struct items payload = {0};
    uint32_t room = 0;

    if (!s->up || !paxos_persist_room(&s->core) || (event.first = paxos_submit_zxid(&s->core, &room)) == 0 || room < count ||
        !s->core.has_form)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct item one = {.zxid = event.first + i};
        snprintf(one.value, sizeof(one.value), "%s", values[i]);
        items_add(&payload, &one);
        oracle_issued(w, &one);
    }
    w->submitted += count;
    world_step(w, s, &event, &payload);
    items_deinit(&payload);
    return true;
}

bool world_barrier(struct world *w, struct server *s)
{
    struct paxos_event event = {.type = PAXOS_BARRIER};

    if (!s->up || s->barrier || s->core.role != PAXOS_LEADING || !s->core.established)
        return false;
    s->barrier_must = oracle_known(w);
    s->barrier_zxid = s->core.committed;
    world_step(w, s, &event, NULL);
    s->barrier_round = paxos_barrier_round(&s->core);
    s->barrier = true;
    world_answer_barrier(w, s);
    return true;
}

void world_hand_over(struct world *w, struct server *s)
{
    struct paxos_event event = {.type = PAXOS_HAND_OVER};

    if (s->up)
        world_step(w, s, &event, NULL);
}

void world_snapshot(struct world *w, struct server *s, bool trim)
{
    struct paxos_event event = {.type = PAXOS_TRIMMED, .zxid = s->core.commit_zxid};

    if (!s->up || s->core.commit_zxid <= s->disk.snapshot)
        return;
    s->disk.snapshot = s->core.commit_zxid;
    if (!trim)
        return;
    items_trim(&s->disk.log, s->disk.snapshot);
    items_trim(&s->log, s->disk.snapshot);
    world_step(w, s, &event, NULL);
}
