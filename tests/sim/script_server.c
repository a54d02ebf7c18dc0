/* script_server.c - verbs of a script about the world, its servers, time, and the diagram. */
#include "sim/script_internal.h"

#include "sim/mermaid.h"
#include "sim/net.h"
#include "sim/sched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t option(struct sim *s, const char *key, uint64_t otherwise)
{
    const char *value = script_option(script_line(s), key);

    return value != NULL ? script_number(s, value) : otherwise;
}

uint64_t script_seed(const struct script *script)
{
    const char *value = script_option(&script->lines[0], "seed");

    return value != NULL ? strtoull(value, NULL, 10) : 1;
}

void script_preset(struct sim *s)
{
    const struct script_line *line = script_line(s);
    struct preset *p = &s->preset;
    uint64_t nodes = script_number(s, line->word[1]), clients = option(s, "clients", 0);
    uint64_t session = option(s, "session", 10000);

    if (nodes < 1 || nodes > PEER_MAX)
        script_wrong(s, "an ensemble has 1 to %d servers", PEER_MAX);
    if (clients > SIM_CLIENTS_MAX)
        script_wrong(s, "there are at most %d clients", SIM_CLIENTS_MAX);
    *p = (struct preset){
        .nodes = (uint32_t)nodes,
        .clients = (uint32_t)clients,
        .heartbeat_ms = 20,
        .election_min_ms = 100,
        .election_max_ms = 200,
        .session_min_ms = (uint32_t)session,
        .session_max_ms = (uint32_t)session,
        .counter_max = (uint32_t)option(s, "counter_max", UINT32_MAX - (1u << 20)),
        .snap_count = option(s, "snap", 1000),
        .segment_bytes = 16384,
        .segments_ahead = 1,
        .snap_retain = 2,
        .datagrams = true, /* a cut loses single messages, and breaks no link: `break` does */
        .delay_max_ms = (uint32_t)option(s, "delay", 1),
        .fault_gap_ms = 1,
        .image_check = 1,
        .value_max = 1000,
        .steady = true,
    };
}

/* It stands at the start of every script and was done by script_preset. */
static void cluster(struct sim *s)
{
    (void)s;
}

/* For each server that the line names; `all`: for all. */
static void each(struct sim *s, void (*act)(struct sim *s, struct node *n))
{
    const struct script_line *line = script_line(s);

    for (int i = 1; i < line->count; i++) {
        if (strcmp(line->word[i], "all") != 0) {
            act(s, script_node(s, line->word[i]));
            continue;
        }
        for (uint32_t k = 0; k < s->preset.nodes; k++)
            act(s, s->nodes[k]);
    }
}

static void start_one(struct sim *s, struct node *n)
{
    if (n->alive)
        script_fail(s, "n%u runs already", n->id);
    n->down_until = s->now;
    node_start(s, n);
}

static void must_run(struct sim *s, const struct node *n)
{
    if (!n->alive)
        script_fail(s, "n%u does not run", n->id);
}

static void crash_one(struct sim *s, struct node *n)
{
    must_run(s, n);
    node_crash(s, n, FAKE_FS_KEEP, NODE_DOWN);
}

static void power_one(struct sim *s, struct node *n)
{
    must_run(s, n);
    node_crash(s, n, FAKE_FS_LOSE, NODE_DOWN);
}

static void wipe_one(struct sim *s, struct node *n)
{
    must_run(s, n);
    node_wipe(s, n, NODE_DOWN);
}

static void stop_one(struct sim *s, struct node *n)
{
    must_run(s, n);
    node_hand_over(s, n);
}

static void pause_one(struct sim *s, struct node *n)
{
    must_run(s, n);
    node_pause(s, n, NODE_DOWN);
}

static void resume_one(struct sim *s, struct node *n)
{
    must_run(s, n);
    node_pause(s, n, 0);
}

static void start(struct sim *s)
{
    each(s, start_one);
}

static void crash(struct sim *s)
{
    each(s, crash_one);
}

static void power(struct sim *s)
{
    each(s, power_one);
}

static void wipe(struct sim *s)
{
    each(s, wipe_one);
}

static void stop(struct sim *s)
{
    each(s, stop_one);
}

static void pause_servers(struct sim *s)
{
    each(s, pause_one);
}

static void resume(struct sim *s)
{
    each(s, resume_one);
}

static void disk(struct sim *s)
{
    const struct script_line *line = script_line(s);
    bool held = script_flag(line, "hold");

    if (!held && !script_flag(line, "go"))
        script_wrong(s, "the disk can only `hold` or `go`");
    lane_hold(s, script_node(s, line->word[1]), held);
}

static void run(struct sim *s)
{
    uint64_t until = s->now + script_number(s, script_line(s)->word[1]);

    while (sched_next(s, until))
        ;
}

/* The diagram. */

static void draw(struct sim *s)
{
    struct script *script = s->options.script;
    const struct script_line *line = script_line(s);

    if (strcmp(line->word[1], "off") == 0) {
        script->drawing = false;
        return;
    }
    if (strcmp(line->word[1], "on") != 0)
        script_wrong(s, "the diagram is `on` or `off`");
    script->drawn = line->count > 2 ? script_types(s, 2) : 0;
    if (!script->drawing)
        mermaid_resume(s);
    script->drawing = true;
}

static void note(struct sim *s)
{
    const char *text = strstr(script_line(s)->text, "note") + 4;

    mermaid_caption(s, text + strspn(text, " \t"));
}

#define NAMES SCRIPT_WORDS_MAX
const struct verb script_verbs_server[] = {
    {"cluster", "N [clients=N] [session=MS] [delay=MS] [snap=ENTRIES] [counter_max=N] [seed=N]", "", 2, 8, cluster,
     "clients= session= delay= snap= counter_max= seed="},
    {"start", "n1...|all", "", 2, NAMES, start, NULL},
    {"crash", "n1...|all", "the process dies, what it wrote is on its disk; until `start`", 2, NAMES, crash, NULL},
    {"power", "n1...|all", "the same, and what was not synced is lost", 2, NAMES, power, NULL},
    {"wipe", "n1...|all", "the same, and the disk is emptied", 2, NAMES, wipe, NULL},
    {"stop", "n1...|all", "in order: the lead is handed over, then the process ends", 2, NAMES, stop, NULL},
    {"pause", "n1...|all", "the process stands still, until `resume`", 2, NAMES, pause_servers, NULL},
    {"resume", "n1...|all", "", 2, NAMES, resume, NULL},
    {"disk", "n1 hold|go", "hold: it does no more jobs, until `go`", 3, 3, disk, NULL},
    {"run", "MS", "so much time passes", 2, 2, run, NULL},
    {"draw", "on|off [TYPE...]", "the diagram; with messages of these types too", 2, NAMES, draw, NULL},
    {"note", "TEXT", "in the diagram", 2, NAMES, note, NULL},
    {NULL, NULL, NULL, 0, 0, NULL, NULL},
};
