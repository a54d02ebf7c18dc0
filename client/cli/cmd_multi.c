/* cmd_multi.c - several operations, all or none: each an argument, or a line of stdin, in the words of the commands. */
#include "cli.h"
#include "words.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct operation {
    char *text;  /* as it was given */
    char *words; /* cut; verb and path point into it */
    const char *verb, *path;
};

struct script {
    struct operation *list;
    size_t count, capacity, value_bytes; /* of the largest value */
    struct coord_multi *multi;
};

static int add_create(struct cli *cli, struct script *s, struct operation *o, int argc, char **argv)
{
    struct new_node node;
    void *data = NULL;
    size_t size;
    int rc;

    if (!cli_parse_new_node(argc, argv, &node) || node.parents) {
        fprintf(stderr, "coordcli: multi: create PATH [VALUE|@FILE] [-e] [-s] [--container | --ttl MS] [--acl LIST]\n");
        return -COORD_E_INVALID_STATE;
    }
    o->path = node.path;
    rc = cli_value(cli, node.value, &data, &size) == CLI_DONE ? 0 : -COORD_E_INVALID_STATE;
    if (rc == 0)
        rc = coord_multi_create(s->multi, node.path, data, size, &node.how);
    if (rc == 0 && size > s->value_bytes)
        s->value_bytes = size;
    free(data);
    cli_new_node_free(&node);
    return rc;
}

static int add_set(struct cli *cli, struct script *s, const char *path, const char *value, int32_t version)
{
    void *data = NULL;
    size_t size;
    int rc = cli_value(cli, value, &data, &size) == CLI_DONE ? 0 : -COORD_E_INVALID_STATE;

    if (rc == 0)
        rc = coord_multi_set(s->multi, path, data, size, version);
    if (rc == 0 && size > s->value_bytes)
        s->value_bytes = size;
    free(data);
    return rc;
}

/* set, delete, check: a path, a value where there is one, -v. */
static int add_versioned(struct cli *cli, struct script *s, struct operation *o, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    bool set = strcmp(argv[0], "set") == 0;
    int32_t version = COORD_VERSION_ANY;

    optind = 0;
    for (int c; (c = getopt_long(argc, argv, "v:", options, NULL)) != -1;)
        if (c != 'v' || !cli_parse_version(optarg, &version))
            return -COORD_E_INVALID_STATE;
    if (argc - optind != 1 + set) {
        fprintf(stderr, "coordcli: multi: %s PATH%s [-v VERSION]\n", argv[0], set ? " VALUE|@FILE" : "");
        return -COORD_E_INVALID_STATE;
    }
    o->path = argv[optind];
    if (set)
        return add_set(cli, s, o->path, argv[optind + 1], version);
    if (strcmp(argv[0], "delete") == 0)
        return coord_multi_delete(s->multi, o->path, version);
    return coord_multi_check(s->multi, o->path, version);
}

static int add_words(struct cli *cli, struct script *s, struct operation *o, int argc, char **argv)
{
    o->verb = argv[0];
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "-") == 0) {
            fprintf(stderr, "coordcli: multi: a value does not come from stdin here; use @FILE\n");
            return -COORD_E_INVALID_STATE;
        }
    if (strcmp(argv[0], "create") == 0)
        return add_create(cli, s, o, argc, argv);
    if (strcmp(argv[0], "set") == 0 || strcmp(argv[0], "delete") == 0 || strcmp(argv[0], "check") == 0)
        return add_versioned(cli, s, o, argc, argv);
    fprintf(stderr, "coordcli: multi: %s is none of create, set, delete and check\n", argv[0]);
    return -COORD_E_INVALID_STATE;
}

static struct operation *next_operation(struct script *s, const char *text)
{
    struct operation *o;

    if (s->count == s->capacity) {
        size_t more = s->capacity == 0 ? 16 : s->capacity * 2;
        struct operation *list = realloc(s->list, more * sizeof(*list));
        if (list == NULL)
            return NULL;
        s->list = list;
        s->capacity = more;
    }
    o = &s->list[s->count++];
    *o = (struct operation){.text = strdup(text), .words = strdup(text)};
    return o->text != NULL && o->words != NULL ? o : NULL;
}

/* Take one operation; an empty line or a comment is none. Returns an exit code and has said what was wrong. */
static int add(struct cli *cli, struct script *s, const char *text)
{
    char *words[WORDS_MAX + 1];
    struct operation *o = next_operation(s, text);
    int count, rc;

    if (o == NULL) {
        fprintf(stderr, "coordcli: multi: out of memory\n");
        return CLI_REFUSED;
    }
    count = words_split(o->words, words);
    if (count == 0 || (count > 0 && words[0][0] == '#')) {
        s->count--;
        free(o->text);
        free(o->words);
        return CLI_DONE;
    }
    if (count < 0) {
        fprintf(stderr, "coordcli: multi: %s: %s\n", text, count == -1 ? "a quote is not closed" : "too many words");
        return CLI_USAGE;
    }
    rc = add_words(cli, s, o, count, words);
    if (rc == -COORD_E_INVALID_STATE) /* said above */
        return CLI_USAGE;
    if (rc < 0)
        fprintf(stderr, "coordcli: multi: operation %zu, %s: %s\n", s->count, text, coord_error_text(rc));
    return rc < 0 ? CLI_USAGE : CLI_DONE;
}

static int add_lines(struct cli *cli, struct script *s)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    int code = CLI_DONE;

    while (code == CLI_DONE && (size = getline(&line, &capacity, stdin)) > 0) {
        if (line[size - 1] == '\n')
            line[size - 1] = '\0';
        code = add(cli, s, line);
    }
    free(line);
    if (code == CLI_DONE && ferror(stdin)) {
        fprintf(stderr, "coordcli: multi: stdin cannot be read\n");
        code = CLI_REFUSED;
    }
    return code;
}

static int fail(struct cli *cli, const struct script *s, const struct coord_result *results, int error)
{
    char what[32];
    int code;

    for (size_t i = 0; results != NULL && i < s->count; i++)
        if (results[i].error == error) {
            fprintf(stderr, "coordcli: multi: operation %zu, %s: %s; nothing was done\n", i + 1, s->list[i].text,
                    coord_error_text(error));
            return CLI_REFUSED;
        }
    snprintf(what, sizeof(what), "of %zu operations", s->count);
    code = cli_fail_write(cli, "multi", what, error);
    cli_hint_size(error, s->value_bytes);
    return code;
}

static int commit(struct cli *cli, const struct script *s)
{
    struct coord_result *results;
    int rc, code = cli_connect(cli);

    if (code != CLI_DONE)
        return code;
    rc = coord_multi(cli->client, s->multi, &results, NULL);
    if (rc < 0)
        code = fail(cli, s, results, rc);
    else
        for (size_t i = 0; i < s->count; i++)
            printf("%s %s\n", s->list[i].verb, results[i].path != NULL ? results[i].path : s->list[i].path);
    free(results);
    return code;
}

static void script_free(struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].text);
        free(s->list[i].words);
    }
    free(s->list);
    coord_multi_free(s->multi);
}

int cli_cmd_multi(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    struct script s = {0};
    int first, code = CLI_DONE;

    if (getopt_long(argc, argv, "+", options, NULL) != -1 || (argc == optind && cli->interactive))
        return cli_usage("multi");
    first = optind;
    if (coord_multi_new(&s.multi) < 0) {
        fprintf(stderr, "coordcli: multi: out of memory\n");
        return CLI_REFUSED;
    }
    for (int i = first; code == CLI_DONE && i < argc; i++)
        code = add(cli, &s, argv[i]);
    if (argc == first)
        code = add_lines(cli, &s);
    if (code == CLI_DONE)
        code = commit(cli, &s);
    script_free(&s);
    return code;
}
