/* random_duel.c - P2: two candidates that preempt each other, then fair timers. */
#include "random.h"

#include <stdio.h>

static bool led(struct world *w, void *context)
{
    (void)context;
    return world_leader(w) != NULL;
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
    w.show = verbose ? world_print : NULL;
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
