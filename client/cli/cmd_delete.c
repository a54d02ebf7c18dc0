/* cmd_delete.c - delete a node, or a whole tree from its leaves up. */
#include "cli.h"

#include <getopt.h>
#include <string.h>

/* A path of the tree that no server deletes; NULL: none. */
static const char *find_permanent(const struct paths *paths)
{
    static const char *const permanent[] = {"/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"};

    for (size_t i = 0; i < paths->count; i++)
        for (size_t k = 0; k < sizeof(permanent) / sizeof(permanent[0]); k++)
            if (strcmp(paths->list[i], permanent[k]) == 0)
                return permanent[k];
    return NULL;
}

/* Not atomic: what is made below meanwhile makes it stop with "node has children". The version is that of the top. */
static int delete_tree(struct cli *cli, const char *path, int32_t version)
{
    struct paths paths;
    int code = cli_walk(cli, "delete", path, &paths);
    const char *permanent = code == CLI_DONE ? find_permanent(&paths) : NULL;

    if (permanent != NULL) { /* before anything else of the tree is gone */
        fprintf(stderr, "coordcli: delete %s: %s cannot be deleted; nothing was\n", path, permanent);
        code = CLI_REFUSED;
    }
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
