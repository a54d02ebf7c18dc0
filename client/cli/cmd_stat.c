/* cmd_stat.c - print a node's stat. */
#include "cli.h"

#include <getopt.h>

int cli_cmd_stat(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    struct coord_stat stat;
    int rc, code;

    if (getopt_long(argc, argv, "", options, NULL) != -1 || argc - optind != 1)
        return cli_usage("stat");
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    rc = cli_stat(cli, argv[optind], &stat);
    if (rc < 0)
        return cli_fail_read(cli, "stat", argv[optind], rc);
    cli_print_stat(&stat);
    return CLI_DONE;
}
