/* verbs_run.c - verbs that let time pass: letters arrive in order, disks work, timers fire. */
#include "script.h"

#include <stdlib.h>
#include <string.h>

static bool leads(struct world *w, void *context)
{
    const char *who = context;
    struct server *leader = world_leader(w);

    return leader != NULL && (who == NULL || leader->id == (uint32_t)(who[0] - 'A') + 1);
}

/* A leader, and every server that runs and has links both ways with it holds and knows chosen what it holds. */
static bool settled(struct world *w, void *context)
{
    struct server *leader = world_leader(w);

    (void)context;
    if (leader == NULL)
        return false;
    for (uint32_t i = 0; i < w->count; i++) {
        struct server *s = &w->server[i];
        uint32_t l = leader->id - 1;
        bool reached = s == leader || (w->linked[l][i] && !w->cut[l][i] && !w->cut[i][l]);

        if (s->up && reached && (s->core.commit_zxid != runs_last(&leader->core.log) || s->core.accepted != leader->core.epoch))
            return false;
    }
    return true;
}

static void verb_run(struct script *s)
{
    const char *until = script_option(s, "until");
    const char *last = s->word[s->word_count - 1];
    uint64_t ms = strchr(last, '=') == NULL ? strtoull(last, NULL, 10) : 20 * (uint64_t)s->world.options.election_max_ms;
    char *who = (char *)(uintptr_t)script_option(s, "who");
    uint64_t now = 0;
    bool (*done)(struct world * w, void *context) = NULL;

    if (until != NULL)
        done = strcmp(until, "leader") == 0 ? leads : settled;
    s->world.terse = true;
    for (uint32_t i = 0; i < s->world.count; i++)
        now = s->world.server[i].now_ms > now ? s->world.server[i].now_ms : now;
    for (uint32_t i = 0; i < s->world.count; i++)
        world_tick(&s->world, &s->world.server[i], now - s->world.server[i].now_ms);
    if (!world_run(&s->world, ms, done, who) && s->world.broken[0] == '\0')
        script_fail(s, "not reached");
    s->world.terse = false;
}

const struct verb verbs_run[] = {{"run", verb_run}, {NULL, NULL}};
