/* path.c - walking up and down the tree. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static int make_node(struct cli *cli, const char *path)
{
    int rc = coord_create(cli->client, path, "", 0, COORD_PERSISTENT, NULL, NULL);

    if (rc == -COORD_E_CONNECTION_LOSS) /* made or not: to try again is safe, because one that exists is as good */
        rc = coord_create(cli->client, path, "", 0, COORD_PERSISTENT, NULL, NULL);
    return rc == -COORD_E_NODE_EXISTS ? 0 : rc;
}

int cli_make_parents(struct cli *cli, const char *what, const char *path)
{
    char *parent = strdup(path);
    int code = CLI_DONE;

    if (parent == NULL)
        return cli_fail_write(cli, what, path, -COORD_E_NO_MEMORY);
    for (char *slash = parent; code == CLI_DONE && *slash != '\0' && (slash = strchr(slash + 1, '/')) != NULL;) {
        int rc;

        *slash = '\0';
        rc = make_node(cli, parent);
        if (rc < 0)
            code = cli_fail_write(cli, what, parent, rc);
        *slash = '/';
    }
    free(parent);
    return code;
}

static char *join(const char *parent, const char *name)
{
    size_t parent_size = strcmp(parent, "/") == 0 ? 0 : strlen(parent), name_size = strlen(name);
    char *path = malloc(parent_size + name_size + 2);

    if (path == NULL)
        return NULL;
    memcpy(path, parent, parent_size);
    path[parent_size] = '/';
    memcpy(path + parent_size + 1, name, name_size + 1);
    return path;
}

/* Takes the path; false out of memory. */
static bool add(struct paths *paths, size_t *capacity, char *path)
{
    if (path != NULL && paths->count == *capacity) {
        size_t more = *capacity == 0 ? 64 : *capacity * 2;
        char **list = realloc(paths->list, more * sizeof(*list));
        if (list == NULL) {
            free(path);
            return false;
        }
        paths->list = list;
        *capacity = more;
    }
    if (path == NULL)
        return false;
    paths->list[paths->count++] = path;
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The list is its own queue: each path's children are appended until the end is reached. */
int cli_walk(struct cli *cli, const char *what, const char *path, struct paths *paths)
{
    size_t capacity = 0, gone = 0;
    int rc = 0;

    *paths = (struct paths){0};
    if (*path == '\0') /* an unset variable of a script; a server would take it for the root */
        return cli_fail_read(cli, what, path, -COORD_E_BAD_ARGUMENTS);
    if (!add(paths, &capacity, strdup(path)))
        return cli_fail_read(cli, what, path, -COORD_E_NO_MEMORY);
    for (size_t i = 0; i < paths->count; i++) {
        char **names = NULL;
        size_t count = 0;

        rc = cli_children(cli, paths->list[i], &names, &count);
        if (rc == -COORD_E_NO_NODE && i > 0) {
            paths->list[i][0] = '\0'; /* sorts to the front and is dropped there */
            gone++;
            continue;
        }
        for (size_t k = 0; rc == 0 && k < count; k++)
            if (!add(paths, &capacity, join(paths->list[i], names[k])))
                rc = -COORD_E_NO_MEMORY;
        free(names);
        if (rc < 0)
            return cli_fail_read(cli, what, paths->list[i], rc);
    }
    qsort(paths->list, paths->count, sizeof(*paths->list), compare);
    for (size_t i = 0; i < gone; i++)
        free(paths->list[i]);
    paths->count -= gone;
    memmove(paths->list, paths->list + gone, paths->count * sizeof(*paths->list));
    return CLI_DONE;
}

void paths_free(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->list[i]);
    free(paths->list);
    *paths = (struct paths){0};
}
