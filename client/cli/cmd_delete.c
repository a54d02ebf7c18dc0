/* cmd_delete.c - delete a node, or a whole tree from its leaves up. */
#include "cli.h"

#include <getopt.h>

/* Not atomic: what is made below meanwhile makes it stop with "node has children". The version is that of the top. */
static int delete_tree(struct cli *cli, const char *path, int32_t version)
{
    struct paths paths;
    int code = cli_walk(cli, "delete", path, &paths);

    for (size_t i = paths.count; code == CLI_DONE && i-- > 0;) {
        int rc = coord_delete(cli->client, paths.list[i], i == 0 ? version : COORD_VERSION_ANY);
        if (rc < 0 && !(rc == -COORD_E_NO_NODE && i > 0))
            code = cli_fail_write(cli, "delete", paths.list[i], rc);
    }
    paths_free(&paths);
    return code;
}

int cli_cmd_delete(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    int32_t version = COORD_VERSION_ANY;
    bool recursive = false;
    int rc, code;

    for (int c; (c = getopt_long(argc, argv, "v:r", options, NULL)) != -1;) {
        if (c == '?' || (c == 'v' && !cli_parse_version(optarg, &version)))
            return cli_usage("delete");
        recursive = recursive || c == 'r';
    }
    if (argc - optind != 1)
        return cli_usage("delete");
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    if (recursive)
        return delete_tree(cli, argv[optind], version);
    rc = coord_delete(cli->client, argv[optind], version);
    return rc < 0 ? cli_fail_write(cli, "delete", argv[optind], rc) : CLI_DONE;
}
