/* script_net.c - verbs of a script about links between servers, and the messages on them. */
#include "sim/script_internal.h"

#include "base/alloc.h"
#include "sim/mermaid.h"
#include "sim/net.h"
#include "sim/trace.h"

#include <stdio.h>
#include <string.h>

/* Ways. */

/* The servers that a part of a word names, as bits from 1 on. */
static uint32_t side(struct sim *s, const char *text, size_t size)
{
    char word[16];

    if (size >= sizeof(word))
        script_wrong(s, "%s is no server", text);
    memcpy(word, text, size);
    word[size] = '\0';
    if (strcmp(word, "*") == 0)
        return (1u << (s->preset.nodes + 1)) - 2;
    return 1u << script_node(s, word)->id;
}

void script_ways(struct sim *s, const char *word, script_way each)
{
    const char *dash = strchr(word, '-');
    bool one_way = dash != NULL && dash[1] == '>';
    uint32_t from = side(s, word, dash != NULL ? (size_t)(dash - word) : strlen(word));
    const char *right = dash == NULL ? "*" : dash + (one_way ? 2 : 1);
    uint32_t to = side(s, right, strlen(right));

    for (uint32_t a = 1; a <= s->preset.nodes; a++)
        for (uint32_t b = 1; b <= s->preset.nodes; b++)
            if (a != b && ((from >> a & to >> b & 1) || (!one_way && (from >> b & to >> a & 1))))
                each(s, a, b);
}

static void each_way(struct sim *s, int from, script_way act)
{
    const struct script_line *line = script_line(s);

    for (int i = from; i < line->count; i++)
        script_ways(s, line->word[i], act);
}

/* Cuts. */

static void cut_one(struct sim *s, uint32_t from, uint32_t to)
{
    trace_line(s, from * 8 + to, "n%u -> n%u CUT", from, to);
    net_cut(s, from, to, true);
}

static void heal_one(struct sim *s, uint32_t from, uint32_t to)
{
    trace_line(s, from * 8 + to, "n%u -> n%u healed", from, to);
    net_cut(s, from, to, false);
}

static void break_one(struct sim *s, uint32_t from, uint32_t to)
{
    net_break(s, from, to);
}

static void cut(struct sim *s)
{
    each_way(s, 1, cut_one);
}

static void heal(struct sim *s)
{
    if (script_line(s)->count == 1)
        script_ways(s, "*", heal_one);
    each_way(s, 1, heal_one);
}

static void break_links(struct sim *s)
{
    each_way(s, 1, break_one);
}

/* Messages. */

static uint32_t types; /* of the line being done */

static void hold_one(struct sim *s, uint32_t from, uint32_t to)
{
    s->options.script->hold[from - 1][to - 1] |= types;
}

static void drop_one(struct sim *s, uint32_t from, uint32_t to)
{
    s->options.script->drop[from - 1][to - 1] |= types;
}

static void hold(struct sim *s)
{
    types = script_types(s, 2);
    script_ways(s, script_line(s)->word[1], hold_one);
}

static void drop(struct sim *s)
{
    types = script_types(s, 2);
    script_ways(s, script_line(s)->word[1], drop_one);
}

bool script_takes(struct sim *s, const struct peer_msg *m, uint64_t link, struct slice frames)
{
    struct script *script = s->options.script;

    if (script == NULL)
        return false;
    if (script->drop[m->from - 1][m->to - 1] >> m->type & 1) {
        trace_line(s, m->type, "n%u > n%u %s is dropped", m->from, m->to, peer_type_name(m->type));
        mermaid_lost(s, m);
        return true;
    }
    if ((script->hold[m->from - 1][m->to - 1] >> m->type & 1) == 0)
        return false;
    trace_line(s, m->type, "n%u > n%u %s is held", m->from, m->to, peer_type_name(m->type));
    struct script_held *held = coord_alloc_zero(1, sizeof(*held));
    held->from = m->from;
    held->to = m->to;
    held->type = m->type;
    held->number = link;
    buf_append(&held->frames, frames.data, frames.size);
    list_push_back(&script->held, &held->link);
    return true;
}

static void held_free(struct script_held *held)
{
    list_remove(&held->link);
    buf_deinit(&held->frames);
    coord_free(held);
}

static uint32_t found; /* messages that the line being done was about */

static void take_held(struct sim *s, uint32_t from, uint32_t to, bool lose)
{
    struct list *next;

    for (struct list *link = s->options.script->held.next; link != &s->options.script->held; link = next) {
        struct script_held *held = LIST_ENTRY(link, struct script_held, link);
        next = link->next;
        if (held->from != from || held->to != to || (types >> held->type & 1) == 0)
            continue;
        found++;
        if (!lose && !net_release(s, from, to, held->number, buf_slice(&held->frames)))
            script_fail(s, "the link on which n%u sent %s to n%u has broken", from, peer_type_name(held->type), to);
        held_free(held);
    }
}

static void deliver_one(struct sim *s, uint32_t from, uint32_t to)
{
    take_held(s, from, to, false);
}

static void lose_one(struct sim *s, uint32_t from, uint32_t to)
{
    take_held(s, from, to, true);
}

static void pass_one(struct sim *s, uint32_t from, uint32_t to)
{
    s->options.script->hold[from - 1][to - 1] = s->options.script->drop[from - 1][to - 1] = 0;
    take_held(s, from, to, false);
}

static void of_held(struct sim *s, script_way act)
{
    types = script_types(s, 2);
    found = 0;
    script_ways(s, script_line(s)->word[1], act);
    if (found == 0)
        script_fail(s, "no such message is held");
}

static void deliver(struct sim *s)
{
    of_held(s, deliver_one);
}

static void lose(struct sim *s)
{
    of_held(s, lose_one);
}

static void pass(struct sim *s)
{
    types = UINT32_MAX;
    each_way(s, 1, pass_one);
}

void script_net_end(struct sim *s)
{
    struct script *script = s->options.script;

    memset(script->hold, 0, sizeof(script->hold));
    memset(script->drop, 0, sizeof(script->drop));
    while (!list_empty(&script->held))
        held_free(LIST_ENTRY(script->held.next, struct script_held, link));
}

#define NAMES SCRIPT_WORDS_MAX
const struct verb script_verbs_net[] = {
    {"cut", "WAY...", "messages vanish. WAY: n1->n2, n1-n2 (both), n1 (all to and from it), *->n1, n1->*, *", 2, NAMES, cut,
     NULL},
    {"heal", "[WAY...]", "", 1, NAMES, heal, NULL},
    {"break", "WAY...", "the connection breaks at both ends, and is dialled again", 2, NAMES, break_links, NULL},
    {"drop", "WAY [TYPE...]", "from now on such messages are lost, until `pass`", 2, NAMES, drop, NULL},
    {"hold", "WAY [TYPE...]", "from now on such messages are kept back, until `pass`", 2, NAMES, hold, NULL},
    {"deliver", "WAY [TYPE...]", "what is kept back goes on its way now", 2, NAMES, deliver, NULL},
    {"lose", "WAY [TYPE...]", "what is kept back is lost", 2, NAMES, lose, NULL},
    {"pass", "WAY...", "an end to `drop` and `hold`; what is kept back goes on its way", 2, NAMES, pass, NULL},
    {NULL, NULL, NULL, 0, 0, NULL, NULL},
};
