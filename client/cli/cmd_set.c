/* cmd_set.c - change a value, or bring the node into being with it. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>

/* The node was missing. Somebody else may make it meanwhile: then there is one to set. */
static int create_or_set(struct cli *cli, const char *path, const void *data, size_t size)
{
    int rc, code = cli_make_parents(cli, "set", path);

    if (code != CLI_DONE)
        return code;
    rc = coord_create(cli->client, path, data, size, COORD_PERSISTENT, NULL, NULL);
    if (rc == -COORD_E_NODE_EXISTS)
        rc = coord_set(cli->client, path, data, size, COORD_VERSION_ANY, NULL);
    return rc < 0 ? cli_fail_write(cli, "set", path, rc) : CLI_DONE;
}

int cli_cmd_set(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"create", no_argument, NULL, 'c'}, {0}};
    int32_t version = COORD_VERSION_ANY;
    bool create = false, versioned = false;
    const char *path;
    void *data = NULL;
    size_t size;
    int rc, code;

    for (int c; (c = getopt_long(argc, argv, "v:", options, NULL)) != -1;) {
        if (c == '?' || (c == 'v' && !cli_parse_version(optarg, &version)))
            return cli_usage("set");
        create = create || c == 'c';
        versioned = versioned || c == 'v';
    }
    if (argc - optind != 2 || (create && versioned))
        return cli_usage("set");
    path = argv[optind];
    code = cli_value(cli, argv[optind + 1], &data, &size);
    if (code == CLI_DONE)
        code = cli_connect(cli);
    if (code != CLI_DONE) {
        free(data);
        return code;
    }
    rc = coord_set(cli->client, path, data, size, version, NULL);
    if (rc == -COORD_E_NO_NODE && create)
        code = create_or_set(cli, path, data, size);
    else if (rc < 0)
        code = cli_fail_write(cli, "set", path, rc);
    cli_hint_size(rc, size);
    free(data);
    return code;
}
