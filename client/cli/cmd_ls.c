/* cmd_ls.c - list children, whole or in pages, or all paths from a node down. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* From here on a list comes in pages by itself: an answer of any size holds up the server that makes it. */
#define WHOLE_MAX 10000

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_tree(struct cli *cli, const char *path)
{
    struct paths paths;
    int code = cli_walk(cli, "ls", path, &paths);

    for (size_t i = 0; code == CLI_DONE && i < paths.count; i++)
        puts(paths.list[i]);
    paths_free(&paths);
    return code;
}

static int list_whole(struct cli *cli, const char *path)
{
    char **names;
    size_t count;
    int rc = cli_children(cli, path, &names, &count);

    if (rc < 0)
        return cli_fail_read(cli, "ls", path, rc);
    qsort(names, count, sizeof(*names), compare);
    for (size_t i = 0; i < count; i++)
        puts(names[i]);
    free(names);
    return CLI_DONE;
}

/* Each page goes out as it comes; they are sorted. */
static int list_pages(struct cli *cli, const char *path, uint32_t size)
{
    struct cli_page page = {.more = true}, next;
    int rc = 0;

    while (page.more && !cli_interrupted()) {
        rc = cli_page(cli, path, page.count > 0 ? page.names[page.count - 1] : NULL, size, &next);
        if (rc < 0)
            break;
        free(page.names);
        page = next;
        page.more = page.more && page.count > 0;
        for (size_t i = 0; i < page.count; i++)
            puts(page.names[i]);
    }
    free(page.names);
    return rc < 0 ? cli_fail_read(cli, "ls", path, rc) : CLI_DONE;
}

/* A server that does not know pages would break the connection: it is asked first. */
static bool server_has_pages(struct cli *cli)
{
    char *operations, *rest, *word;
    void *value;
    bool has = false;

    if (cli_get(cli, COORD_OPERATIONS_PATH, &value, NULL, NULL) < 0)
        return false;
    operations = value;
    for (word = strtok_r(operations, " ", &rest); word != NULL && !has; word = strtok_r(NULL, " ", &rest))
        has = strcmp(word, "listPage") == 0;
    free(value);
    return has;
}

static bool is_huge(struct cli *cli, const char *path)
{
    struct coord_stat stat;

    return cli_stat(cli, path, &stat) == 0 && stat.num_children > WHOLE_MAX;
}

static bool parse_size(const char *text, uint32_t *size)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || text[0] == '-' || value == 0 || value > INT32_MAX) {
        fprintf(stderr, "coordcli: a page has 1 name at least, not \"%s\"\n", text);
        return false;
    }
    *size = (uint32_t)value;
    return true;
}

int cli_cmd_ls(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"page", required_argument, NULL, 'p'}, {0}};
    bool recursive = false;
    uint32_t size = 0;
    const char *path;
    int code;

    for (int c; (c = getopt_long(argc, argv, "R", options, NULL)) != -1;) {
        if (c == 'R')
            recursive = true;
        else if (c != 'p')
            return cli_usage("ls");
        else if (!parse_size(optarg, &size))
            return CLI_USAGE;
    }
    if (argc - optind != 1 || (recursive && size != 0))
        return cli_usage("ls");
    path = argv[optind];
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    if (recursive)
        return list_tree(cli, path);
    if ((size != 0 || is_huge(cli, path)) && server_has_pages(cli))
        return list_pages(cli, path, size);
    return list_whole(cli, path);
}
