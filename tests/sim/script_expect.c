/* script_expect.c - what a script says must be so: at once (expect), or within a time (wait). */
#include "sim/script_internal.h"

#include "sim/ck_durable.h"
#include "sim/ck_log.h"
#include "sim/sched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void zxid_text(char *text, size_t size, uint64_t zxid)
{
    snprintf(text, size, ZXID_FMT, ZXID_ARG(zxid));
}

static void yes_or_no(char *text, size_t size, bool yes)
{
    snprintf(text, size, "%s", yes ? "yes" : "no");
}

/* "1.1-3,2.1": the runs, "|" behind a floor. */
static void shape_text(char *text, size_t size, const struct runs *log)
{
    int at = log->floor != 0 ? snprintf(text, size, ZXID_FMT "|", ZXID_ARG(log->floor)) : snprintf(text, size, "%s", "");

    for (uint32_t i = 0; i < log->count && (size_t)at < size; i++) {
        const struct run *run = &log->run[i];
        at += snprintf(text + at, size - (size_t)at, i > 0 ? ",%u.%u" : "%u.%u", run->epoch, run->first);
        if (run->last != run->first && (size_t)at < size)
            at += snprintf(text + at, size - (size_t)at, "-%u", run->last);
    }
}

/* Each gives the text of a value; false: there is no such key. */

static bool world_value(struct sim *s, const char *key, char *text, size_t size)
{
    const struct node *leader = node_leader(s);

    if (strcmp(key, "leader") == 0 && leader == NULL)
        snprintf(text, size, "none");
    else if (strcmp(key, "leader") == 0)
        snprintf(text, size, "n%u", leader->id);
    else if (strcmp(key, "chosen") == 0)
        zxid_text(text, size, ck_durable_chosen(s));
    else if (strcmp(key, "committed") == 0)
        zxid_text(text, size, ck_log_last(s));
    else
        return false;
    return true;
}

static bool disk_value(struct sim *s, const struct node *n, const char *key, char *text, size_t size)
{
    if (strcmp(key, "up") == 0)
        yes_or_no(text, size, n->alive);
    else if (strcmp(key, "disk.promised") == 0)
        snprintf(text, size, "%u", ck_durable_promised(s, n->id));
    else if (strcmp(key, "disk.accepted") == 0)
        snprintf(text, size, "%u", ck_durable_accepted(s, n->id));
    else if (strcmp(key, "disk.last") == 0)
        zxid_text(text, size, ck_durable_last(s, n->id));
    else
        return false;
    return true;
}

/* Of a process; one that is down has no such value, whatever the key. */
static bool process_value(const struct node *n, const char *key, char *text, size_t size)
{
    const struct paxos *p = n->alive ? replica_paxos(n->replica) : NULL;

    if (p == NULL)
        snprintf(text, size, "unknown, it is down");
    else if (strcmp(key, "role") == 0)
        snprintf(text, size, "%s", paxos_role_name(p->role));
    else if (strcmp(key, "established") == 0)
        yes_or_no(text, size, p->established);
    else if (strcmp(key, "leader") == 0)
        snprintf(text, size, p->leader != 0 ? "n%u" : "none", p->leader);
    else if (strcmp(key, "promised") == 0)
        snprintf(text, size, "%u", p->promised.epoch);
    else if (strcmp(key, "accepted") == 0)
        snprintf(text, size, "%u", p->accepted);
    else if (strcmp(key, "log.last") == 0)
        zxid_text(text, size, runs_last(&p->log));
    else if (strcmp(key, "log") == 0)
        shape_text(text, size, &p->log);
    else if (strcmp(key, "voter") == 0)
        yes_or_no(text, size, paxos_is_voter(p));
    else if (strcmp(key, "applied") == 0)
        zxid_text(text, size, state_zxid(replica_state(n->replica)));
    else if (strcmp(key, "knows_chosen") == 0)
        zxid_text(text, size, p->committed);
    else
        return false;
    return true;
}

static bool client_value(struct sim *s, const struct client *c, const char *key, char *text, size_t size)
{
    const struct script_heard *heard = &s->options.script->heard[c->id];

    if (strcmp(key, "connected") == 0)
        yes_or_no(text, size, c->phase == CLIENT_CONNECTED);
    else if (strcmp(key, "pending") == 0)
        snprintf(text, size, "%u", c->flight_count);
    else if (strcmp(key, "answer") == 0)
        snprintf(text, size, "%s", !heard->any ? "none" : heard->err == 0 ? "ok" : coord_error_name(heard->err));
    else if (strcmp(key, "value") == 0)
        snprintf(text, size, "%s", heard->value);
    else if (strcmp(key, "version") == 0)
        snprintf(text, size, "%d", heard->version);
    else if (strcmp(key, "children") == 0)
        snprintf(text, size, "%u", heard->children);
    else if (strcmp(key, "path") == 0)
        snprintf(text, size, "%s", heard->path);
    else if (strcmp(key, "zxid") == 0)
        zxid_text(text, size, heard->zxid);
    else if (strcmp(key, "event") == 0)
        snprintf(text, size, "%s", heard->event);
    else if (strcmp(key, "events") == 0)
        snprintf(text, size, "%u", heard->events);
    else
        return false;
    return true;
}

/* held=TYPE: the way of this word has one that is kept back. */
static uint32_t held_type, held_count;

static void count_held(struct sim *s, uint32_t from, uint32_t to)
{
    LIST_EACH(link, &s->options.script->held)
    {
        const struct script_held *held = LIST_ENTRY(link, struct script_held, link);
        held_count += held->from == from && held->to == to && (uint32_t)held->type == held_type;
    }
}

static bool is_held(struct sim *s, const char *way, const char *type)
{
    held_count = 0;
    for (held_type = 1; held_type <= PEER_TYPE_MAX; held_type++)
        if (strcmp(peer_type_name((enum peer_type)held_type), type) == 0)
            break;
    if (held_type > PEER_TYPE_MAX)
        script_wrong(s, "%s is no type of message", type);
    script_ways(s, way, count_held);
    return held_count > 0;
}

/* Conditions. */

static char why[400];

static bool met(struct sim *s, const char *subject, const char *key, const char *wanted, char *text, size_t size)
{
    char last[32];
    bool known;

    if (subject == NULL)
        known = world_value(s, key, text, size);
    else if (subject[0] == 'c')
        known = client_value(s, script_client(s, subject), key, text, size);
    else
        known =
            disk_value(s, script_node(s, subject), key, text, size) || process_value(script_node(s, subject), key, text, size);
    if (!known)
        script_wrong(s, "%s%s has no %s", subject != NULL ? "" : "the world", subject != NULL ? subject : "", key);
    zxid_text(last, sizeof(last), ck_log_last(s)); /* the last entry that anybody has applied */
    if (subject == NULL && strcmp(key, "leader") == 0 && strcmp(wanted, "any") == 0)
        return strcmp(text, "none") != 0;
    return strcmp(text, strcmp(wanted, "last") == 0 ? last : wanted) == 0;
}

/* One word key=value about a subject; false leaves the reason in `why`. */
static bool holds(struct sim *s, const char *subject, const char *word)
{
    char key[40], text[300] = "";
    const char *equal = strchr(word, '=');

    if ((size_t)(equal - word) >= sizeof(key))
        script_wrong(s, "%s is no condition", word);
    snprintf(key, sizeof(key), "%.*s", (int)(equal - word), word);
    if (subject != NULL && strchr("n*", subject[0]) != NULL && strcmp(key, "held") == 0) {
        snprintf(why, sizeof(why), "no %s is held on %s", equal + 1, subject);
        return is_held(s, subject, equal + 1);
    }
    if (subject != NULL && strcmp(subject, "all") == 0) {
        for (uint32_t id = 1; id <= s->preset.nodes; id++) {
            char one[16];
            snprintf(one, sizeof(one), "n%u", id);
            if (!holds(s, one, word))
                return false;
        }
        return true;
    }
    if (met(s, subject, key, equal + 1, text, sizeof(text)))
        return true;
    snprintf(why, sizeof(why), "%s%s%s is %s", subject != NULL ? subject : "", subject != NULL ? " " : "", key,
             text[0] != '\0' ? text : "empty");
    return false;
}

/* NULL: all that the words say is so. */
static const char *unmet(struct sim *s, int count)
{
    const struct script_line *line = script_line(s);
    const char *subject = NULL;
    bool any = false;

    for (int i = 1; i < count; i++) {
        if (strchr(line->word[i], '=') == NULL) {
            subject = line->word[i];
            continue;
        }
        any = true;
        if (!holds(s, subject, line->word[i]))
            return why;
    }
    if (!any)
        script_wrong(s, "a condition is of the form key=value");
    return NULL;
}

static void expect(struct sim *s)
{
    const char *reason = unmet(s, script_line(s)->count);

    if (reason != NULL)
        script_fail(s, "%s", reason);
}

static void wait_for(struct sim *s)
{
    const struct script_line *line = script_line(s);
    const char *reason;

    if (strcmp(line->word[line->count - 2], "within") != 0)
        script_wrong(s, "how long at most? `within MS`");
    uint64_t ms = script_number(s, line->word[line->count - 1]), deadline = s->now + ms;
    while ((reason = unmet(s, line->count - 2)) != NULL && s->now < deadline)
        sched_next(s, deadline);
    if (reason != NULL)
        script_fail(s, "after %llu ms %s", (unsigned long long)ms, reason);
}

#define NAMES SCRIPT_WORDS_MAX
const struct verb script_verbs_expect[] = {
    {"wait", "CONDITION... within MS", "", 4, NAMES, wait_for, NULL},
    {"expect", "CONDITION...",
     "where a CONDITION is\n"
     "        leader=n1|any|none  chosen=ZXID  committed=ZXID\n"
     "        n1|all up= role= established= leader= promised= accepted= log.last= log= voter= applied= knows_chosen=\n"
     "               disk.promised= disk.accepted= disk.last=\n"
     "        c0 connected= pending= answer=ok|none|ERROR value= version= children= path= zxid= event= events=\n"
     "        WAY held=TYPE\n"
     "    and a ZXID may be `last`, the last that any server has applied",
     2, NAMES, expect, NULL},
    {NULL, NULL, NULL, 0, 0, NULL, NULL},
};
