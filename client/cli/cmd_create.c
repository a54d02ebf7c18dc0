/* cmd_create.c - make a node. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>

int cli_cmd_create(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    bool ephemeral = false, sequential = false, parents = false;
    const char *path;
    char *created;
    void *data = NULL;
    size_t size;
    int rc, code;

    for (int c; (c = getopt_long(argc, argv, "esp", options, NULL)) != -1;) {
        if (c == '?')
            return cli_usage("create");
        ephemeral = ephemeral || c == 'e';
        sequential = sequential || c == 's';
        parents = parents || c == 'p';
    }
    if (argc - optind != 1 && argc - optind != 2)
        return cli_usage("create");
    path = argv[optind];
    code = cli_value(cli, argc - optind == 2 ? argv[optind + 1] : "", &data, &size);
    if (code == CLI_DONE)
        code = cli_connect(cli);
    if (code == CLI_DONE && parents)
        code = cli_make_parents(cli, "create", path);
    if (code != CLI_DONE) {
        free(data);
        return code;
    }
    rc = coord_create(cli->client, path, data, size,
                      (enum coord_create_mode)((ephemeral ? COORD_EPHEMERAL : COORD_PERSISTENT) |
                                               (sequential ? COORD_PERSISTENT_SEQUENTIAL : COORD_PERSISTENT)),
                      &created, NULL);
    free(data);
    if (rc < 0) {
        code = cli_fail_write(cli, "create", path, rc);
        cli_hint_size(rc, size);
        return code;
    }
    printf("%s\n", created);
    free(created);
    return CLI_DONE;
}
