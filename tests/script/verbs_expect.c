/* verbs_expect.c - verbs that state what must be so now. */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "1.1-3,2.1": the runs, "|" behind a floor. */
static void shape_text(const struct runs *log, char *text, size_t size)
{
    size_t at = 0;

    text[0] = '\0';
    if (log->floor != 0)
        at += (size_t)snprintf(text, size, ZXID_FMT "|", ZXID_ARG(log->floor));
    for (uint32_t i = 0; i < log->count && at < size; i++) {
        const struct run *run = &log->run[i];
        at += (size_t)snprintf(text + at, size - at, i > 0 ? ",%u.%u" : "%u.%u", run->epoch, run->first);
        if (run->last != run->first && at < size)
            at += (size_t)snprintf(text + at, size - at, "-%u", run->last);
    }
    if (text[0] == '\0')
        snprintf(text, size, "empty");
}

static void value_of(const struct server *one, const char *key, char *text, size_t size)
{
    const struct paxos *p = &one->core;
    struct runs shape;

    snprintf(text, size, "?");
    if (strcmp(key, "role") == 0)
        snprintf(text, size, "%s", paxos_role_name(p->role));
    else if (strcmp(key, "promised") == 0)
        snprintf(text, size, "%u", p->promised.epoch);
    else if (strcmp(key, "accepted") == 0)
        snprintf(text, size, "%u", p->accepted);
    else if (strcmp(key, "epoch") == 0)
        snprintf(text, size, "%u", p->epoch);
    else if (strcmp(key, "established") == 0)
        snprintf(text, size, "%d", p->established);
    else if (strcmp(key, "leader") == 0)
        snprintf(text, size, "%c", p->leader == 0 ? '-' : (char)('A' + p->leader - 1));
    else if (strcmp(key, "committed") == 0)
        snprintf(text, size, ZXID_FMT, ZXID_ARG(p->commit_zxid));
    else if (strcmp(key, "known") == 0) /* chosen, be it durable here or not */
        snprintf(text, size, ZXID_FMT, ZXID_ARG(p->committed));
    else if (strcmp(key, "voter") == 0)
        snprintf(text, size, "%d", paxos_is_voter(p));
    else if (strcmp(key, "matched") == 0)
        snprintf(text, size, ZXID_FMT, ZXID_ARG(p->matched));
    else if (strcmp(key, "log") == 0)
        shape_text(&p->log, text, size);
    else if (strcmp(key, "disk.promised") == 0)
        snprintf(text, size, "%u", one->disk.promised.epoch);
    else if (strcmp(key, "disk.accepted") == 0)
        snprintf(text, size, "%u", one->disk.accepted);
    else if (strcmp(key, "disk.log") == 0) {
        items_shape(&one->disk.log, 0, &shape);
        shape_text(&shape, text, size);
    }
}

static void expect_server(struct script *s, const struct server *one)
{
    for (int i = 2; i < s->word_count; i++) {
        char key[40], actual[300];
        const char *equal = strchr(s->word[i], '=');

        if (equal == NULL) {
            script_fail(s, "%s is not of the form key=value", s->word[i]);
            return;
        }
        snprintf(key, sizeof(key), "%.*s", (int)(equal - s->word[i]), s->word[i]);
        value_of(one, key, actual, sizeof(actual));
        if (strcmp(actual, equal + 1) != 0)
            script_fail(s, "%s is %s", key, actual);
    }
}

static void expect_letters(struct script *s, const struct server *from, const struct server *to)
{
    struct letter *l = s->world.letters;
    int next = 2;

    for (; l != NULL; l = l->next) {
        const char *name = l->kind == LETTER_MESSAGE ? peer_type_name(l->msg.type) : "snapshot";
        if (l->from != from->id || l->to != to->id)
            continue;
        if (next >= s->word_count || strcmp(name, s->word[next]) != 0) {
            script_fail(s, "there is a letter %s", name);
            return;
        }
        next++;
    }
    if (next < s->word_count && strcmp(s->word[next], "none") != 0)
        script_fail(s, "there is no letter %s", s->word[next]);
}

static void verb_expect(struct script *s)
{
    const char *leader = script_option(s, "leader"), *chosen = script_option(s, "chosen");
    struct server *from, *to;

    if (strlen(s->word[1]) == 1) {
        from = script_server(s, s->word[1]);
        if (from != NULL)
            expect_server(s, from);
    } else if (strstr(s->word[1], "->") != NULL) {
        if (script_arrow(s, s->word[1], &from, &to))
            expect_letters(s, from, to);
    } else if (leader != NULL) {
        from = world_leader(&s->world);
        if (strcmp(leader, "none") == 0 ? from != NULL : from == NULL || from->id != (uint32_t)(leader[0] - 'A') + 1)
            script_fail(s, "leader is %c", from != NULL ? (char)('A' + from->id - 1) : '-');
    } else if (chosen != NULL) {
        if (oracle_chosen(&s->world) != script_zxid(chosen))
            script_fail(s, "chosen is " ZXID_FMT, ZXID_ARG(oracle_chosen(&s->world)));
    } else {
        script_fail(s, "expect what?");
    }
}

const struct verb verbs_expect[] = {{"expect", verb_expect}, {NULL, NULL}};
