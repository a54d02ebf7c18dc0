/* cmd_get.c - print a value. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>

int cli_cmd_get(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"raw", no_argument, NULL, 'r'}, {"stat", no_argument, NULL, 's'}, {0}};
    bool raw = false, with_stat = false;
    struct coord_stat stat;
    void *data;
    size_t size;
    int rc, code;

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?')
            return cli_usage("get");
        raw = raw || c == 'r';
        with_stat = with_stat || c == 's';
    }
    if (argc - optind != 1 || (raw && with_stat))
        return cli_usage("get");
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    rc = cli_get(cli, argv[optind], &data, &size, &stat);
    if (rc < 0)
        return cli_fail_read(cli, "get", argv[optind], rc);
    fwrite(data, 1, size, stdout);
    free(data);
    if (!raw)
        putchar('\n');
    if (with_stat)
        cli_print_stat(&stat);
    return CLI_DONE;
}
