/* script.c - reads a script, runs it line by line, and says where it failed; see script.h. */
#include "sim/script_internal.h"

#include "base/alloc.h"
#include "lib/text_file.h"
#include "sim/fault.h"
#include "sim/mermaid.h"
#include "sim/sched.h"
#include "sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb *const tables[] = {script_verbs_server, script_verbs_net, script_verbs_client, script_verbs_expect};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static struct sim *running; /* for script_dying */

/* Reading. */

static const struct verb *verb_find(const char *name)
{
    for (size_t t = 0; t < TABLES; t++)
        for (const struct verb *verb = tables[t]; verb->name != NULL; verb++)
            if (strcmp(verb->name, name) == 0)
                return verb;
    return NULL;
}

void script_usage(void)
{
    fputs("a line of a script is one of\n", stderr);
    for (size_t t = 0; t < TABLES; t++)
        for (const struct verb *verb = tables[t]; verb->name != NULL; verb++)
            fprintf(stderr, "    %-8s %-*s%s%s\n", verb->name, verb->what[0] != '\0' ? 16 : 0, verb->words,
                    verb->what[0] != '\0' ? "  " : "", verb->what);
}

/* Words into the line; `#` at the start of a word begins a comment. Quotes have no meaning. */
static const char *line_split(struct script_line *line, char *text)
{
    char *state = NULL;

    for (char *word = strtok_r(text, " \t\r", &state); word != NULL && word[0] != '#'; word = strtok_r(NULL, " \t\r", &state)) {
        if (line->count == SCRIPT_WORDS_MAX)
            return "too many words";
        line->word[line->count++] = coord_strdup(word);
    }
    return NULL;
}

/* A list like "ephemeral version=" has the word. */
static bool is_extra(const char *extras, const char *word)
{
    size_t size = strcspn(word, "=");

    size += word[size] == '=' ? 1 : 0;
    for (const char *one = extras; *one != '\0'; one += strcspn(one, " "), one += *one == ' ' ? 1 : 0)
        if (strcspn(one, " ") == size && strncmp(one, word, size) == 0)
            return true;
    return false;
}

static const char *line_check(const struct script *script, struct script_line *line)
{
    bool first = script->count == 0;

    line->verb = verb_find(line->word[0]);
    if (line->verb == NULL)
        return "unknown verb";
    if (first != (strcmp(line->verb->name, "cluster") == 0))
        return first ? "the first line must be `cluster`" : "`cluster` may only be the first line";
    if (line->count < line->verb->least || line->count > line->verb->most)
        return "too few or too many words";
    for (int i = line->verb->least; line->verb->extras != NULL && i < line->count; i++)
        if (!is_extra(line->verb->extras, line->word[i]))
            return "the last words are not of this verb";
    return NULL;
}

static void line_free(struct script_line *line)
{
    for (int i = 0; i < line->count; i++)
        coord_free(line->word[i]);
    coord_free(line->text);
}

static bool line_add(struct script *script, char *text, uint32_t number)
{
    struct script_line line = {.number = number, .text = coord_strdup(text)};
    const char *problem = line_split(&line, text);

    if (problem == NULL && line.count > 0)
        problem = line_check(script, &line);
    if (problem != NULL) {
        fprintf(stderr, "%s:%u: %s: %s\n", script->path, number, problem, line.text);
        if (line.verb != NULL)
            fprintf(stderr, "usage: %s %s\n", line.verb->name, line.verb->words);
        else
            script_usage();
    }
    if (problem != NULL || line.count == 0) {
        line_free(&line);
        return problem == NULL;
    }
    script->lines = coord_realloc(script->lines, (script->count + 1) * sizeof(line));
    script->lines[script->count++] = line;
    return true;
}

struct script *script_load(const char *path)
{
    struct script *script = coord_alloc_zero(1, sizeof(*script));
    struct buf text = {0};
    uint32_t number = 0;
    bool well = text_file_read(path, &text);

    script->path = coord_strdup(path);
    list_init(&script->held);
    if (!well)
        fprintf(stderr, "%s: cannot be read\n", path);
    for (char *line = (char *)buf_bytes(&text), *next; well && line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        well = line_add(script, line, ++number);
    }
    if (well && script->count == 0) {
        fprintf(stderr, "%s: it has no lines\n", path);
        script_usage();
        well = false;
    }
    buf_deinit(&text);
    if (well)
        return script;
    script_free(script);
    return NULL;
}

void script_free(struct script *script)
{
    for (uint32_t i = 0; i < script->count; i++)
        line_free(&script->lines[i]);
    coord_free(script->lines);
    coord_free(script->path);
    coord_free(script);
}

/* Words. */

struct script_line *script_line(const struct sim *s)
{
    return &s->options.script->lines[s->options.script->at];
}

static uint64_t number_after(struct sim *s, const char *word, const char *what)
{
    char *end = NULL;
    uint64_t number = 0;

    if (word != NULL && word[0] >= '0' && word[0] <= '9')
        number = strtoull(word, &end, 10);
    if (end == NULL || *end != '\0')
        script_wrong(s, "%s is no %s", word, what);
    return number;
}

uint64_t script_number(struct sim *s, const char *word)
{
    return number_after(s, word, "number");
}

struct node *script_node(struct sim *s, const char *word)
{
    uint64_t id = word[0] == 'n' ? number_after(s, word + 1, "server") : 0;

    if (id < 1 || id > s->preset.nodes)
        script_wrong(s, "%s is none of the servers n1 to n%u", word, s->preset.nodes);
    return s->nodes[id - 1];
}

struct client *script_client(struct sim *s, const char *word)
{
    uint64_t id = word[0] == 'c' ? number_after(s, word + 1, "client") : SIM_CLIENTS_MAX;

    if (id >= s->preset.clients)
        script_wrong(s, "%s is none of the clients; `cluster` says how many there are", word);
    return s->clients[id];
}

uint32_t script_types(struct sim *s, int from)
{
    const struct script_line *line = script_line(s);
    uint32_t bits = 0;

    for (int i = from; i < line->count; i++) {
        uint32_t type = 1;
        while (type <= PEER_TYPE_MAX && strcmp(peer_type_name((enum peer_type)type), line->word[i]) != 0)
            type++;
        if (type > PEER_TYPE_MAX)
            script_wrong(s, "%s is no type of message", line->word[i]);
        bits |= 1u << type;
    }
    return bits != 0 ? bits : UINT32_MAX;
}

const char *script_option(const struct script_line *line, const char *key)
{
    size_t size = strlen(key);

    for (int i = 1; i < line->count; i++)
        if (strncmp(line->word[i], key, size) == 0 && line->word[i][size] == '=')
            return line->word[i] + size + 1;
    return NULL;
}

bool script_flag(const struct script_line *line, const char *flag)
{
    for (int i = 1; i < line->count; i++)
        if (strcmp(line->word[i], flag) == 0)
            return true;
    return false;
}

/* Running. */

static void where(const struct script *script)
{
    const struct script_line *line = &script->lines[script->at];

    fprintf(stderr, "%s:%u: %s\n", script->path, line->number, line->text);
}

void script_fail(struct sim *s, const char *format, ...)
{
    char why[600];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    fflush(stdout);
    if (!s->options.verbose)
        trace_dump();
    script_ended(s, false);
    fprintf(stderr, "%s\n", why);
    _Exit(1);
}

void script_wrong(struct sim *s, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    where(s->options.script);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nusage: %s %s\n", script_line(s)->verb->name, script_line(s)->verb->words);
    _Exit(2);
}

void script_ended(struct sim *s, bool well)
{
    const struct script *script = s->options.script;

    if (script == NULL)
        return;
    running = NULL;
    if (!well)
        where(script);
    printf("%s%s: %s", s->options.mermaid ? "%% " : "", script->path, well ? "ok" : "failed");
    if (!well)
        printf(" at line %u", script->lines[script->at].number);
    printf(", %llu ms, hash=%016" PRIx64 "\n", (unsigned long long)s->now, trace_hash(s));
    fflush(stdout);
}

void script_dying(void)
{
    if (running == NULL)
        return;
    script_ended(running, false);
    _Exit(1);
}

bool script_draws(const struct sim *s, enum peer_type type)
{
    const struct script *script = s->options.script;
    const uint32_t usual = 1u << PEER_PREPARE | 1u << PEER_PROMISE | 1u << PEER_REFUSE | 1u << PEER_ACCEPT |
                           1u << PEER_ACCEPTED | 1u << PEER_COMMIT | 1u << PEER_FETCH | 1u << PEER_ENTRIES |
                           1u << PEER_FORWARD | 1u << PEER_HANDOVER | 1u << PEER_SYNC | 1u << PEER_SYNC_ANSWER;

    return script->drawing && (type == 0 || ((usual | script->drawn) >> type & 1));
}

void script_run(struct sim *s)
{
    struct script *script = s->options.script;

    running = s;
    s->quiet = true;
    for (script->at = 1; script->at < script->count; script->at++) {
        const struct script_line *line = script_line(s);
        trace_line(s, line->number, "SCRIPT %s", line->text);
        line->verb->run(s);
    }
    script->at = script->count - 1;
    script->drawing = false;
    script_net_end(s);
    for (uint32_t i = 0; i < s->preset.nodes; i++)
        lane_hold(s, s->nodes[i], false);
    s->preset.fault_ms = s->now;
}
