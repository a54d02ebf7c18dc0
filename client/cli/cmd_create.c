/* cmd_create.c - make a node. */
#include "cli.h"

#include <stdlib.h>

static int create(struct cli *cli, const struct new_node *node, const void *data, size_t size)
{
    char *created;
    int rc, code = cli_connect(cli);

    if (code == CLI_DONE && node->parents)
        code = cli_make_parents(cli, "create", node->path);
    if (code != CLI_DONE)
        return code;
    rc = coord_create_with(cli->client, node->path, data, size, &node->how, &created, NULL);
    if (rc < 0) {
        code = cli_fail_write(cli, "create", node->path, rc);
        cli_hint_size(rc, size);
        return code;
    }
    printf("%s\n", created);
    free(created);
    return CLI_DONE;
}

int cli_cmd_create(struct cli *cli, int argc, char **argv)
{
    struct new_node node;
    void *data = NULL;
    size_t size;
    int code;

    if (!cli_parse_new_node(argc, argv, &node))
        return cli_usage("create");
    code = cli_value(cli, node.value, &data, &size);
    if (code == CLI_DONE)
        code = create(cli, &node, data, size);
    free(data);
    cli_new_node_free(&node);
    return code;
}
