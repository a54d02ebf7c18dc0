/* verbs_net.c - verbs about letters and links. */
#include "script.h"

#include <stdlib.h>
#include <string.h>

/* Whether a letter is what the verb's second argument names: a message type, `snapshot` (also the word that it was installed),
 * or nothing in particular. */
static bool is_meant(const struct script *s, const struct letter *l)
{
    const char *name = s->word_count > 2 ? s->word[2] : "all";

    if (strcmp(name, "all") == 0)
        return true;
    return strcmp(name, "snapshot") == 0 ? l->kind != LETTER_MESSAGE
                                         : l->kind == LETTER_MESSAGE && l->msg.type == script_type(name);
}

static struct letter *find(struct script *s, uint32_t from, uint32_t to)
{
    for (struct letter *l = s->world.letters; l != NULL; l = l->next)
        if (l->from == from && l->to == to && is_meant(s, l))
            return l;
    return NULL;
}

static bool wants_all(const struct script *s)
{
    return strcmp(s->word[s->word_count - 1], "all") == 0;
}

static void verb_deliver(struct script *s)
{
    struct server *from, *to;
    struct letter *l, *last = NULL;

    if (!script_arrow(s, s->word[1], &from, &to))
        return;
    for (l = s->world.letters; l != NULL; l = l->next)
        last = l;
    if (find(s, from->id, to->id) == NULL)
        script_fail(s, "there is no such letter");
    while ((l = find(s, from->id, to->id)) != NULL) {
        bool was_last = l == last; /* those sent meanwhile are not meant */
        world_deliver(&s->world, l);
        if (!wants_all(s) || was_last)
            return;
    }
}

static void verb_drop(struct script *s)
{
    struct server *from, *to;
    struct letter *l, *last = NULL;
    bool was_last = false;

    if (strcmp(s->word[1], "all") == 0) {
        world_clear(&s->world);
        return;
    }
    if (!script_arrow(s, s->word[1], &from, &to))
        return;
    for (l = s->world.letters; l != NULL; l = l->next)
        last = l;
    while (!was_last && (l = find(s, from->id, to->id)) != NULL) {
        was_last = l == last; /* a lost snapshot is queued again, as the word that it failed */
        world_drop(&s->world, l);
    }
}

static void verb_dup(struct script *s)
{
    struct server *from, *to;
    struct letter *l;

    if (!script_arrow(s, s->word[1], &from, &to))
        return;
    l = find(s, from->id, to->id);
    if (l == NULL)
        script_fail(s, "there is no such letter");
    else
        world_copy_letter(&s->world, l);
}

static void verb_hold(struct script *s)
{
    struct server *from, *to;

    if (!script_arrow(s, s->word[1], &from, &to))
        return;
    for (struct letter *l = s->world.letters; l != NULL; l = l->next)
        if (l->from == from->id && l->to == to->id && is_meant(s, l))
            l->held = true;
}

static void verb_release(struct script *s)
{
    for (struct letter *l = s->world.letters; l != NULL; l = l->next)
        l->held = false;
}

static void verb_cut(struct script *s)
{
    struct server *from, *to;

    for (int i = 1; i < s->word_count; i++) {
        if (strlen(s->word[i]) == 1) {
            from = script_server(s, s->word[i]);
            for (uint32_t k = 0; from != NULL && k < s->world.count; k++)
                s->world.cut[from->id - 1][k] = s->world.cut[k][from->id - 1] = true;
        } else if (script_arrow(s, s->word[i], &from, &to)) {
            s->world.cut[from->id - 1][to->id - 1] = true;
        }
    }
}

static void verb_heal(struct script *s)
{
    memset(s->world.cut, 0, sizeof(s->world.cut));
}

static void verb_link(struct script *s)
{
    char a[2] = {s->word[1][0], 0}, b[2] = {strlen(s->word[1]) == 3 ? s->word[1][2] : '?', 0};
    struct server *from = script_server(s, a), *to = script_server(s, b);

    if (from != NULL && to != NULL)
        world_link(&s->world, from, to, s->word_count > 2 && strcmp(s->word[2], "up") == 0);
}

/* A message out of the blue, from a server's earlier life or another's error. */
static void verb_forge(struct script *s)
{
    struct letter l = {0};
    struct server *from, *to;

    l.msg.type = script_type(s->word[1]);
    if (!script_arrow(s, s->word[2], &from, &to))
        return;
    l.from = l.msg.from = from->id;
    l.to = l.msg.to = to->id;
    if (l.msg.type == PEER_PREPARE) {
        l.msg.prepare.epoch = (uint32_t)script_number(s, "epoch", 0);
        l.msg.prepare.incarnation = script_number(s, "incarnation", from->disk.incarnation);
        l.msg.prepare.boot = (uint32_t)script_number(s, "boot", from->disk.boot);
        l.msg.prepare.forming = (uint32_t)script_number(s, "forming", 0);
    } else if (l.msg.type == PEER_ACCEPT) {
        l.msg.accept.epoch = (uint32_t)script_number(s, "epoch", 0);
        l.msg.accept.prev = script_number(s, "prev", 0);
        l.msg.accept.committed = script_number(s, "committed", 0);
        l.msg.accept.history_end = script_number(s, "history_end", 0);
    } else if (l.msg.type == PEER_HEARTBEAT) {
        l.msg.heartbeat.epoch = (uint32_t)script_number(s, "epoch", 0);
        l.msg.heartbeat.committed = script_number(s, "committed", 0);
    } else if (l.msg.type == PEER_FETCH) {
        l.msg.fetch.epoch = (uint32_t)script_number(s, "epoch", 0);
        l.msg.fetch.incarnation = script_number(s, "incarnation", to->disk.incarnation);
        l.msg.fetch.after = script_number(s, "after", 0);
    } else {
        script_fail(s, "cannot forge this");
        return;
    }
    world_deliver(&s->world, world_copy_letter(&s->world, &l));
}

const struct verb verbs_net[] = {
    {"deliver", verb_deliver}, {"drop", verb_drop}, {"dup", verb_dup},   {"hold", verb_hold},   {"release", verb_release},
    {"cut", verb_cut},         {"heal", verb_heal}, {"link", verb_link}, {"forge", verb_forge}, {NULL, NULL},
};
