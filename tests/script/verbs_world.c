/* verbs_world.c - verbs that make a world, its disks and clocks, and act on servers. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(void *context, const char *line)
{
    struct script *s = context;
    uint64_t now = 0;

    for (uint32_t i = 0; i < s->world.count; i++)
        now = s->world.server[i].now_ms > now ? s->world.server[i].now_ms : now;
    script_say(s, "[%5llu] %s", (unsigned long long)(now - 1000), line);
}

/* voters=AB: the servers of FORM; all without it. */
static uint32_t voters_of(struct script *s)
{
    const char *names = script_option(s, "voters");
    uint32_t voters = 0;

    if (names == NULL)
        return (1u << s->world.count) - 1;
    for (; *names != '\0'; names++) {
        char name[2] = {*names, '\0'};
        const struct server *one = script_server(s, name);
        voters |= one != NULL ? 1u << (one->id - 1) : 0;
    }
    return voters;
}

static void verb_cluster(struct script *s)
{
    if (s->begun)
        world_deinit(&s->world);
    world_init(&s->world, (uint32_t)atoi(s->word_count > 1 ? s->word[1] : "3"), 1);
    s->world.options.counter_max = (uint32_t)script_number(s, "counter_max", s->world.options.counter_max);
    s->world.show = show;
    s->world.show_context = s;
    s->begun = true;
    if (s->word_count > 2 && strcmp(s->word[2], "formed") == 0)
        world_form(&s->world, voters_of(s));
}

static void add_entries(struct script *s, struct server *one, const char *word)
{
    uint64_t first = script_zxid(word), last = first;
    const char *to = strchr(word, '-');

    if (to != NULL)
        last = script_zxid(to + 1);
    for (uint64_t zxid = first; zxid <= last; zxid++) {
        struct item item = {.zxid = zxid};
        snprintf(item.value, sizeof(item.value), ZXID_FMT, ZXID_ARG(zxid));
        items_add(&one->disk.log, &item);
        if (!oracle_knows(&s->world, zxid))
            oracle_issued(&s->world, &item);
    }
}

static void verb_log(struct script *s)
{
    struct server *one = script_server(s, s->word[1]);

    if (one == NULL)
        return;
    for (int i = 2; i < s->word_count; i++)
        if (strchr(s->word[i], '=') == NULL)
            add_entries(s, one, s->word[i]);
    one->disk.accepted = (uint32_t)script_number(s, "accepted", one->disk.accepted);
    if (script_option(s, "promised") != NULL)
        one->disk.promised = (struct paxos_promised){(uint32_t)script_number(s, "promised", 0), 0, 0, 0};
    one->disk.snapshot = script_number(s, "snapshot", 0);
    items_trim(&one->disk.log, one->disk.snapshot);
    oracle_disk(&s->world, one);
}

/* For every server that the verb names, all when it names none. */
static void each(struct script *s, void (*act)(struct world *w, struct server *one))
{
    if (s->word_count == 1)
        for (uint32_t i = 0; i < s->world.count; i++)
            act(&s->world, &s->world.server[i]);
    for (int i = 1; i < s->word_count; i++) {
        struct server *one = script_server(s, s->word[i]);
        if (one != NULL)
            act(&s->world, one);
    }
}

static void verb_start(struct script *s)
{
    each(s, world_start);
}

static void verb_crash(struct script *s)
{
    each(s, world_crash);
}

static void verb_wipe(struct script *s)
{
    each(s, world_wipe);
}

static void verb_tick(struct script *s)
{
    uint64_t ms = strtoull(s->word[s->word_count - 1], NULL, 10);

    s->word_count--;
    for (uint32_t i = 0; i < s->world.count; i++)
        for (int k = 1; k < s->word_count; k++)
            if (s->word[k][0] == (char)('A' + i) || strcmp(s->word[k], "all") == 0)
                world_tick(&s->world, &s->world.server[i], ms);
}

/* Its time-out passes now, and the answers to its probe are forged, so that nothing else moves. */
static void verb_campaign(struct script *s)
{
    struct server *one = script_server(s, s->word[1]);
    bool blind = s->word_count > 2 && strcmp(s->word[2], "blind") == 0;

    if (one == NULL)
        return;
    one->core.deadline_ms = one->wake_ms = one->now_ms;
    world_tick(&s->world, one, 0);
    for (struct letter *l = s->world.letters, *next; l != NULL; l = next) {
        next = l->next;
        if (l->from == one->id && l->msg.type == PEER_PROBE)
            world_drop(&s->world, l);
    }
    s->world.terse = true;
    for (uint32_t i = 0; i < s->world.count && one->core.role == PAXOS_PROBING; i++) {
        struct letter l = {.from = i + 1, .to = one->id};
        l.msg.type = PEER_PROBE_ANSWER;
        l.msg.from = l.from;
        l.msg.probe_answer.granted = l.msg.probe_answer.log_empty = 1;
        l.msg.probe_answer.incarnation = s->world.server[i].disk.incarnation;
        l.msg.probe_answer.attempt = one->core.attempt;
        l.msg.probe_answer.promised = blind ? 0 : s->world.server[i].disk.promised.epoch;
        if (l.from != l.to && s->world.server[i].up)
            world_deliver(&s->world, world_copy_letter(&s->world, &l));
    }
    s->world.terse = false;
    if (one->core.role != PAXOS_PREPARING)
        script_fail(s, "%s is %s", s->word[1], paxos_role_name(one->core.role));
}

static void verb_submit(struct script *s)
{
    struct server *one = script_server(s, s->word[1]);

    if (one != NULL && !world_submit(&s->world, one, (const char *const *)&s->word[2], (uint32_t)(s->word_count - 2)))
        script_say(s, "%s takes nothing now", s->word[1]);
}

static void verb_barrier(struct script *s)
{
    struct server *one = script_server(s, s->word[1]);

    if (one != NULL && !world_barrier(&s->world, one))
        script_say(s, "%s answers no syncs now", s->word[1]);
}

static void verb_handover(struct script *s)
{
    each(s, world_hand_over);
}

static void verb_snapshot(struct script *s)
{
    struct server *one = script_server(s, s->word[1]);

    if (one != NULL)
        world_snapshot(&s->world, one, s->word_count > 2 && strcmp(s->word[2], "trim") == 0);
}

static void verb_sync(struct script *s)
{
    struct server *one = script_server(s, s->word[1]);

    if (one == NULL)
        return;
    if (s->word_count == 2)
        world_disk_sync(&s->world, one);
    for (int n = s->word_count > 2 ? atoi(s->word[2]) : 0; n > 0; n--)
        if (!world_disk_step(&s->world, one))
            script_fail(s, "nothing is left to sync");
}

static void verb_disk(struct script *s)
{
    struct server *one = script_server(s, s->word[1]);

    if (one != NULL)
        one->disk_held = s->word_count > 2 && strcmp(s->word[2], "hold") == 0;
}

const struct verb verbs_world[] = {
    {"cluster", verb_cluster},   {"log", verb_log},
    {"start", verb_start},       {"crash", verb_crash},
    {"wipe", verb_wipe},         {"tick", verb_tick},
    {"campaign", verb_campaign}, {"submit", verb_submit},
    {"barrier", verb_barrier},   {"handover", verb_handover},
    {"snapshot", verb_snapshot}, {"sync", verb_sync},
    {"disk", verb_disk},         {NULL, NULL},
};
