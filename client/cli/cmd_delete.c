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

/* Of paths in one request, together: fewer round trips, and well within what a server takes. */
enum { BATCH_COUNT = 256, BATCH_BYTES = 64 << 10 };

/* A tree under way: the paths behind `left` are gone. */
struct deletion {
    struct paths paths;
    int32_t version; /* of the top, the first path */
    size_t left;
};

static int32_t version_of(const struct deletion *d, size_t at)
{
    return at == 0 ? d->version : COORD_VERSION_ANY;
}

/* The first path of the batch that ends with the last one left. */
static size_t batch_first(const struct deletion *d)
{
    size_t at = d->left - 1, bytes = strlen(d->paths.list[at]);

    while (at > 0 && d->left - at < BATCH_COUNT && bytes + strlen(d->paths.list[at - 1]) <= BATCH_BYTES)
        bytes += strlen(d->paths.list[--at]);
    return at;
}

/* All of them, or none, and then the error. */
static int delete_together(const struct cli *cli, const struct deletion *d, size_t first)
{
    struct coord_multi *multi = NULL;
    int rc = coord_multi_new(&multi);

    for (size_t at = d->left; rc == 0 && at-- > first;)
        rc = coord_multi_delete(multi, d->paths.list[at], version_of(d, at));
    if (rc == 0)
        rc = coord_multi(cli->client, multi, NULL, NULL);
    coord_multi_free(multi);
    return rc;
}

/* The server refused them together: whoever is gone already is no matter, and the message is to name the one that does not go.
 */
static int delete_singly(const struct cli *cli, struct deletion *d, size_t first)
{
    for (; d->left > first; d->left--) {
        size_t at = d->left - 1;
        int rc = coord_delete(cli->client, d->paths.list[at], version_of(d, at));

        if (rc < 0 && !(rc == -COORD_E_NO_NODE && at > 0))
            return cli_fail_write(cli, "delete", d->paths.list[at], rc);
    }
    return CLI_DONE;
}

/* Whether a server has judged the request, so that nothing was done. */
static bool judged(int error)
{
    return error != -COORD_E_CONNECTION_LOSS && error != -COORD_E_OPERATION_TIMEOUT && error != -COORD_E_SESSION_EXPIRED &&
           error != -COORD_E_CLOSING;
}

/* Not atomic: what is made below meanwhile makes it stop with "node has children". */
static int delete_tree(struct cli *cli, const char *path, int32_t version)
{
    struct deletion d = {.version = version};
    int code = cli_walk(cli, "delete", path, &d.paths);
    const char *permanent = code == CLI_DONE ? find_permanent(&d.paths) : NULL;

    if (permanent != NULL) { /* before anything else of the tree is gone */
        fprintf(stderr, "coordcli: delete %s: %s cannot be deleted; nothing was\n", path, permanent);
        code = CLI_REFUSED;
    }
    d.left = d.paths.count;
    while (code == CLI_DONE && d.left > 0 && !cli_interrupted()) {
        size_t first = batch_first(&d);
        int rc = delete_together(cli, &d, first);

        if (rc == 0)
            d.left = first;
        else if (judged(rc))
            code = delete_singly(cli, &d, first);
        else
            code = cli_fail_write(cli, "delete", path, rc);
    }
    paths_free(&d.paths);
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
