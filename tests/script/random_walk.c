/* random_walk.c - P37: random schedules with loss, doubles, any order, crashes in the middle of persists, wipes within the
 * budget, snapshots, broken and one-way links, clocks that run apart. Every world ends healed: then there must be one leader
 * that stays, and all running servers hold what it holds. */
#include "random.h"

#include <stdio.h>
#include <string.h>

/* How often each thing happens, in a thousand; drawn per world, so that calm and wild ones both occur. */
struct weather {
    uint32_t deliver, disk, tick, submit, loss, twice, crash, start, link, cut, snapshot, wipe, barrier, hand_over;
    uint32_t tick_ms;
    bool trim; /* a long shape is cut by trimming, else by folding */
};

static uint32_t draw(struct world *w, uint32_t low, uint32_t high)
{
    return (uint32_t)rng_between(&w->rng, low, high);
}

static struct server *any_server(struct world *w)
{
    return &w->server[rng_below(&w->rng, w->count)];
}

static void deliver_one(struct world *w, const struct weather *weather)
{
    uint32_t n = draw(w, 0, 3) != 0 ? draw(w, 0, 5) : draw(w, 0, 400);
    struct letter *l;

    if (w->letter_count == 0)
        return;
    l = world_nth_letter(w, n % w->letter_count);
    if (draw(w, 0, 999) < weather->loss) {
        world_drop(w, l);
        return;
    }
    if (draw(w, 0, 999) < weather->twice)
        world_copy_letter(w, l);
    world_deliver(w, l);
}

static void submit_some(struct world *w)
{
    static const char *const values[] = {"a", "b", "c", "d", "e"};
    struct server *s = any_server(w);
    uint32_t from = draw(w, 0, 4);

    world_submit(w, s, values + from, draw(w, 1, 5 - from));
}

static void flip_link(struct world *w, bool silent)
{
    struct server *a = any_server(w), *b = any_server(w);

    if (a == b)
        return;
    if (silent)
        w->cut[a->id - 1][b->id - 1] = !w->cut[a->id - 1][b->id - 1];
    else
        world_link(w, a, b, !w->linked[a->id - 1][b->id - 1]);
}

static void wipe_one(struct world *w)
{
    struct server *s = any_server(w);
    uint32_t wiped = 0;

    for (uint32_t i = 0; i < w->count; i++)
        wiped += w->server[i].wiped;
    if (s->wiped || oracle_chosen(w) == 0 || wiped >= (w->count - 1) / 2)
        return;
    world_crash(w, s);
    world_wipe(w, s);
}

static void act(struct world *w, const struct weather *weather)
{
    uint32_t r = draw(w, 0, 999);
    struct server *s = any_server(w);

    if (r < weather->deliver) {
        deliver_one(w, weather);
    } else if ((r -= weather->deliver) < weather->disk) {
        for (uint32_t n = draw(w, 1, 6); n > 0 && world_disk_step(w, s); n--)
            ;
    } else if ((r -= weather->disk) < weather->tick) {
        for (uint32_t i = 0; i < w->count; i++)
            world_tick(w, &w->server[i], draw(w, 0, weather->tick_ms));
    } else if ((r -= weather->tick) < weather->submit) {
        submit_some(w);
    } else if ((r -= weather->submit) < weather->crash) {
        world_crash(w, s);
    } else if ((r -= weather->crash) < weather->start) {
        world_start(w, s);
    } else if ((r -= weather->start) < weather->link) {
        flip_link(w, false);
    } else if ((r -= weather->link) < weather->cut) {
        flip_link(w, true);
    } else if ((r -= weather->cut) < weather->snapshot) {
        world_snapshot(w, s, draw(w, 0, 1) == 0);
    } else if ((r -= weather->snapshot) < weather->wipe) {
        wipe_one(w);
    } else if ((r -= weather->wipe) < weather->barrier) {
        world_barrier(w, s);
    } else if ((r -= weather->barrier) < weather->hand_over) {
        world_hand_over(w, s);
    }
    while (w->letter_count > 600)
        world_drop(w, w->letters);
    for (uint32_t i = 0; i < w->count; i++)
        if (w->server[i].up && w->server[i].core.log.count > RUNS_MAX / 2)
            world_snapshot(w, &w->server[i], weather->trim);
}

static bool is_settled(struct world *w, void *context)
{
    struct server *leader = world_leader(w);

    (void)context;
    if (leader == NULL)
        return false;
    for (uint32_t i = 0; i < w->count; i++) {
        struct server *s = &w->server[i];
        if (s->up && (s->core.commit_zxid != runs_last(&leader->core.log) || s->core.leader != leader->id ||
                      s->core.accepted != leader->core.epoch))
            return false;
    }
    return true;
}

static void heal(struct world *w, struct walk_report *report)
{
    uint64_t now = 0;
    uint32_t epoch;

    for (uint32_t i = 0; i < w->count; i++)
        now = w->server[i].now_ms > now ? w->server[i].now_ms : now;
    for (uint32_t i = 0; i < w->count; i++)
        world_tick(w, &w->server[i], now - w->server[i].now_ms);
    memset(w->cut, 0, sizeof(w->cut));
    w->cramped = false;
    for (uint32_t i = 0; i < w->count; i++) {
        for (uint32_t k = 0; k < w->count; k++)
            world_link(w, &w->server[i], &w->server[k], true);
        world_start(w, &w->server[i]);
    }
    world_run(w, 2 * (uint64_t)w->options.election_max_ms, NULL, NULL); /* the clocks have jumped */
    if (!world_run(w, 18 * (uint64_t)w->options.election_max_ms, is_settled, NULL)) {
        world_broken(w, "not settled after 20 election time-outs");
        return;
    }
    epoch = world_leader(w)->core.epoch;
    world_run(w, 5 * (uint64_t)w->options.election_max_ms, NULL, NULL);
    if (world_leader(w) == NULL || (world_leader(w)->core.epoch != epoch && w->options.counter_max > 1000))
        world_broken(w, "the leader of a healed world did not stay");
    report->epochs += epoch;
    report->chosen += w->submitted;
    report->barriers += w->barriers_answered;
}

bool walk_world(uint64_t seed, uint64_t steps, struct walk_report *report, bool verbose)
{
    static struct world w;
    static const uint32_t sizes[] = {3, 3, 3, 5, 5, 1, 7, 3};
    struct weather weather;
    bool fine;

    world_init(&w, sizes[seed % 8], seed);
    w.show = verbose ? world_print : NULL;
    w.show_context = &w;
    w.cramped = draw(&w, 0, 2) == 0;
    if (draw(&w, 0, 3) == 0)
        w.options.counter_max = draw(&w, 3, 40);
    if (draw(&w, 0, 2) == 0) { /* quarrelsome: candidates come faster than they can win */
        w.options.heartbeat_ms = 20;
        w.options.election_min_ms = 60;
        w.options.election_max_ms = 150;
    }
    if (draw(&w, 0, 2) != 0)
        world_form_all(&w);
    weather = (struct weather){.deliver = draw(&w, 350, 550),
                               .disk = draw(&w, 100, 250),
                               .tick = draw(&w, 20, 120),
                               .submit = draw(&w, 5, 60),
                               .loss = draw(&w, 0, 1) * draw(&w, 0, 300),
                               .twice = draw(&w, 0, 1) * draw(&w, 0, 400),
                               .crash = draw(&w, 0, 1) * draw(&w, 0, 8),
                               .start = draw(&w, 3, 20),
                               .link = draw(&w, 0, 1) * draw(&w, 0, 10),
                               .cut = draw(&w, 0, 1) * draw(&w, 0, 5),
                               .snapshot = draw(&w, 0, 1) * draw(&w, 0, 10),
                               .wipe = draw(&w, 0, 1) * draw(&w, 0, 2),
                               .barrier = draw(&w, 0, 20),
                               .hand_over = draw(&w, 0, 1) * draw(&w, 0, 3),
                               .tick_ms = draw(&w, 0, 2) != 0 ? draw(&w, 1, 40) : draw(&w, 100, 400),
                               .trim = draw(&w, 0, 1) == 0};
    for (uint32_t i = 0; i < w.count; i++)
        world_start(&w, &w.server[i]);
    for (uint64_t i = 0; i < steps && w.broken[0] == '\0'; i++)
        act(&w, &weather);
    if (w.broken[0] == '\0')
        heal(&w, report);
    fine = w.broken[0] == '\0';
    for (uint32_t i = 0; !fine && verbose && i < w.count; i++)
        world_show_server(&w, &w.server[i]);
    if (!fine)
        printf("seed %llu, %u servers: %s\n", (unsigned long long)seed, w.count, w.broken);
    world_deinit(&w);
    return fine;
}
