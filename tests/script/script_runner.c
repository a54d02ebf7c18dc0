/* script_runner.c - `script_runner [--rewrite] FILE...`: runs scripts (script.h) and compares their transcripts.
 *
 * A script fails when an expectation does, when the world finds an invariant broken, or when the transcript differs from what
 * stands below its rule. --rewrite puts the new transcript there instead, for review. Closes with `passed N failed M`.
 */
#include "script.h"

#include "lib/text_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb *const tables[] = {verbs_world, verbs_net, verbs_run, verbs_expect};

void script_say(struct script *s, const char *format, ...)
{
    char line[2000];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    buf_printf(&s->transcript, "%s\n", line);
}

void script_fail(struct script *s, const char *format, ...)
{
    char line[2000];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    buf_printf(&s->transcript, "FAILED: %s\n", line);
    s->failed = true;
}

struct server *script_server(struct script *s, const char *word)
{
    if (word != NULL && word[0] >= 'A' && word[1] == '\0' && (uint32_t)(word[0] - 'A') < s->world.count)
        return &s->world.server[word[0] - 'A'];
    script_fail(s, "%s is no server", word != NULL ? word : "nothing");
    return NULL;
}

bool script_arrow(struct script *s, const char *word, struct server **from, struct server **to)
{
    char a[2] = {0}, b[2] = {0};

    if (word != NULL && strlen(word) == 4 && word[1] == '-' && word[2] == '>') {
        a[0] = word[0];
        b[0] = word[3];
        *from = script_server(s, a);
        *to = script_server(s, b);
        return *from != NULL && *to != NULL;
    }
    script_fail(s, "%s is not of the form A->B", word != NULL ? word : "nothing");
    return false;
}

const char *script_option(struct script *s, const char *key)
{
    size_t size = strlen(key);

    for (int i = 1; i < s->word_count; i++)
        if (strncmp(s->word[i], key, size) == 0 && s->word[i][size] == '=')
            return s->word[i] + size + 1;
    return NULL;
}

uint64_t script_zxid(const char *text)
{
    char *end;
    uint64_t epoch = strtoull(text, &end, 10);

    return *end == '.' ? zxid_make((uint32_t)epoch, (uint32_t)strtoull(end + 1, NULL, 10)) : 0;
}

uint64_t script_number(struct script *s, const char *key, uint64_t otherwise)
{
    const char *text = script_option(s, key);

    if (text == NULL)
        return otherwise;
    return strchr(text, '.') != NULL ? script_zxid(text) : strtoull(text, NULL, 10);
}

enum peer_type script_type(const char *word)
{
    for (unsigned type = 1; type <= PEER_TYPE_MAX; type++)
        if (word != NULL && strcmp(word, peer_type_name((enum peer_type)type)) == 0)
            return (enum peer_type)type;
    return (enum peer_type)0;
}

static void run_line(struct script *s, char *line)
{
    char *comment = strchr(line, '#'), *state = NULL;

    if (comment != NULL)
        *comment = '\0';
    s->word_count = 0;
    for (char *word = strtok_r(line, " \t\n", &state); word != NULL && s->word_count < WORDS_MAX;
         word = strtok_r(NULL, " \t\n", &state))
        s->word[s->word_count++] = word;
    if (s->word_count == 0)
        return;
    buf_printf(&s->transcript, ">");
    for (int i = 0; i < s->word_count; i++)
        buf_printf(&s->transcript, " %s", s->word[i]);
    buf_printf(&s->transcript, "\n");
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const struct verb *verb = tables[t]; verb->name != NULL; verb++)
            if (strcmp(verb->name, s->word[0]) == 0) {
                if (!s->begun && strcmp(verb->name, "cluster") != 0)
                    script_fail(s, "there is no cluster yet");
                else
                    verb->run(s);
                return;
            }
    script_fail(s, "unknown verb");
}

static void show_difference(const char *path, const char *expected, const char *actual)
{
    int line = 1;

    while (*expected != '\0' && *expected == *actual) {
        line += *expected == '\n';
        expected++;
        actual++;
    }
    printf("%s: transcript line %d differs from here on:\n  expected %.*s\n  got      %.*s\n", path, line,
           (int)strcspn(expected, "\n"), expected, (int)strcspn(actual, "\n"), actual);
}

static bool run_script(const char *path, bool rewrite)
{
    static struct script s;
    struct buf text = {0};
    char *script, *rule, *state = NULL, *copy;
    const char *expected = "";
    bool fine;

    memset(&s, 0, sizeof(s));
    if (!text_file_read(path, &text)) {
        printf("%s: cannot be read\n", path);
        return false;
    }
    script = (char *)buf_bytes(&text);
    rule = strstr(script, "\n----\n");
    if (rule != NULL) {
        expected = rule + 6;
        rule[1] = '\0';
    }
    copy = strdup(script);
    for (char *line = strtok_r(copy, "\n", &state); line != NULL && !s.failed; line = strtok_r(NULL, "\n", &state)) {
        run_line(&s, line);
        s.failed = s.failed || s.world.broken[0] != '\0';
    }
    buf_append(&s.transcript, "", 1);
    fine = !s.failed;
    if (s.failed) {
        printf("%s: failed\n%s", path, (char *)buf_bytes(&s.transcript));
    } else if (rewrite) {
        FILE *file = fopen(path, "w");
        if (file != NULL) {
            fprintf(file, "%s----\n%s", script, (char *)buf_bytes(&s.transcript));
            fclose(file);
        }
        fine = file != NULL;
    } else if (strcmp(expected, (char *)buf_bytes(&s.transcript)) != 0) {
        show_difference(path, expected, (char *)buf_bytes(&s.transcript));
        fine = false;
    }
    free(copy);
    if (s.begun)
        world_deinit(&s.world);
    buf_deinit(&s.transcript);
    buf_deinit(&text);
    return fine;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    bool rewrite = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--rewrite") == 0)
            rewrite = true;
        else if (run_script(argv[i], rewrite))
            passed++;
        else
            failed++;
    }
    printf("passed %d failed %d\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
