/* cmd_sync.c - the barrier. It changes nothing, so it is done again when the connection breaks. */
#include "cli.h"

#include <getopt.h>

int cli_cmd_sync(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    const char *path;
    int rc, code;

    if (getopt_long(argc, argv, "", options, NULL) != -1 || argc - optind > 1)
        return cli_usage("sync");
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    path = argc - optind == 1 ? argv[optind] : "/";
    rc = coord_sync(cli->client, path);
    if (rc == -COORD_E_CONNECTION_LOSS)
        rc = coord_sync(cli->client, path);
    return rc < 0 ? cli_fail_read(cli, "sync", path, rc) : CLI_DONE;
}
