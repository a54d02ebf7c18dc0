/* cmd_session.c - whoami, ephemerals and count: what the server knows of this session, and of how much there is. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>

/* No options, and at most `max` arguments but at least `min`: connected. Returns an exit code. */
static int begin(struct cli *cli, int argc, char **argv, int min, int max)
{
    static const struct option options[] = {{0}};

    if (getopt_long(argc, argv, "", options, NULL) != -1 || argc - optind < min || argc - optind > max)
        return cli_usage(argv[0]);
    return cli_connect(cli);
}

int cli_cmd_count(struct cli *cli, int argc, char **argv)
{
    int rc, code = begin(cli, argc, argv, 1, 1);
    size_t count;

    if (code != CLI_DONE)
        return code;
    rc = cli_count(cli, argv[optind], &count);
    if (rc < 0)
        return cli_fail_read(cli, "count", argv[optind], rc);
    printf("%zu\n", count);
    return CLI_DONE;
}

int cli_cmd_ephemerals(struct cli *cli, int argc, char **argv)
{
    int rc, code = begin(cli, argc, argv, 0, 1);
    const char *prefix = argc - optind == 1 ? argv[optind] : "/";
    char **paths;
    size_t count;

    if (code != CLI_DONE)
        return code;
    rc = cli_ephemerals(cli, prefix, &paths, &count);
    if (rc < 0)
        return cli_fail_read(cli, "ephemerals", prefix, rc);
    for (size_t i = 0; i < count; i++)
        printf("%s\n", paths[i]);
    free(paths);
    return CLI_DONE;
}

int cli_cmd_whoami(struct cli *cli, int argc, char **argv)
{
    int rc, code = begin(cli, argc, argv, 0, 0);
    struct coord_acl *ids;
    size_t count;

    if (code != CLI_DONE)
        return code;
    rc = cli_who_am_i(cli, &ids, &count);
    if (rc < 0)
        return cli_fail_read(cli, "whoami", "", rc);
    for (size_t i = 0; i < count; i++)
        printf("%s:%s\n", ids[i].scheme, ids[i].id);
    free(ids);
    return CLI_DONE;
}
