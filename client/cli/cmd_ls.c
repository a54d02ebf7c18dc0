/* cmd_ls.c - list children, or all paths from a node down. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

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

int cli_cmd_ls(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    bool recursive = false;
    char **names;
    size_t count;
    int rc, code;

    for (int c; (c = getopt_long(argc, argv, "R", options, NULL)) != -1; recursive = true)
        if (c == '?')
            return cli_usage("ls");
    if (argc - optind != 1)
        return cli_usage("ls");
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    if (recursive)
        return list_tree(cli, argv[optind]);
    rc = cli_children(cli, argv[optind], &names, &count);
    if (rc < 0)
        return cli_fail_read(cli, "ls", argv[optind], rc);
    qsort(names, count, sizeof(*names), compare);
    for (size_t i = 0; i < count; i++)
        puts(names[i]);
    free(names);
    return CLI_DONE;
}
