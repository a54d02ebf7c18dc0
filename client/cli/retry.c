/* retry.c - reads done again when a connection breaks under them: they change nothing, so that is safe.
 *
 * Each try waits for a server for the session time-out. The number of tries is limited, for an answer that always breaks the
 * connection.
 */
#include "cli.h"

#define TRIES_MAX 10

/* Whether a read that ended so is tried once more. */
static bool again(int rc, int *tries)
{
    return rc == -COORD_E_CONNECTION_LOSS && ++*tries < TRIES_MAX;
}

int cli_get(struct cli *cli, const char *path, void **data, size_t *size, struct coord_stat *stat)
{
    int rc, tries = 0;

    do
        rc = coord_get(cli->client, path, NULL, data, size, stat);
    while (again(rc, &tries));
    return rc;
}

int cli_stat(struct cli *cli, const char *path, struct coord_stat *stat)
{
    int rc, tries = 0;

    do
        rc = coord_exists(cli->client, path, NULL, stat);
    while (again(rc, &tries));
    return rc;
}

int cli_children(struct cli *cli, const char *path, char ***names, size_t *count)
{
    int rc, tries = 0;

    do
        rc = coord_children(cli->client, path, NULL, names, count, NULL);
    while (again(rc, &tries));
    return rc;
}

int cli_page(struct cli *cli, const char *path, const char *after, uint32_t count, struct cli_page *page)
{
    int rc, tries = 0;

    do
        rc = coord_children_page(cli->client, path, after, count, 0, &page->names, &page->count, &page->more, NULL);
    while (again(rc, &tries));
    return rc;
}

int cli_get_acl(struct cli *cli, const char *path, struct coord_acl **acl, size_t *count)
{
    int rc, tries = 0;

    do
        rc = coord_get_acl(cli->client, path, acl, count, NULL);
    while (again(rc, &tries));
    return rc;
}

int cli_count(struct cli *cli, const char *path, size_t *count)
{
    int rc, tries = 0;

    do
        rc = coord_count_below(cli->client, path, count);
    while (again(rc, &tries));
    return rc;
}

int cli_ephemerals(struct cli *cli, const char *prefix, char ***paths, size_t *count)
{
    int rc, tries = 0;

    do
        rc = coord_ephemerals(cli->client, prefix, paths, count);
    while (again(rc, &tries));
    return rc;
}

int cli_who_am_i(struct cli *cli, struct coord_acl **ids, size_t *count)
{
    int rc, tries = 0;

    do
        rc = coord_who_am_i(cli->client, ids, count);
    while (again(rc, &tries));
    return rc;
}
