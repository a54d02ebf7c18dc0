/* watch_tree.c - `watch --recursive`: a line for each change of a node and of everything below it, by one watch that stays.
 *
 * Here each event is a change, and is printed as it comes. What happens while there is no connection is not told by any server,
 * so that a line on stderr says when there was such a time.
 */
#include "cli.h"

#include <stdlib.h>

#define LOOK_MS 200 /* at Ctrl-C, in interactive mode */
#define WAIT_MS 60000
#define TRIES_MAX 10

/* On the heap: in interactive mode events may come after the command has ended. */
struct tree_watch {
    bool once, printed;
    bool over; /* it is told no more: error says why */
    bool left; /* the command has ended: goes with its watch */
    int error;
};

static void on_event(struct coord_client *client, const struct coord_event *event, void *arg)
{
    struct tree_watch *w = arg;

    (void)client;
    if (event->type == COORD_EVENT_NOT_WATCHING) {
        w->over = true;
        w->error = event->error;
        if (w->left)
            free(w);
    } else if (!w->left && !(w->once && w->printed)) {
        printf("%s %s\n", coord_event_name(event->type), event->path);
        fflush(stdout);
        w->printed = true;
    }
}

static int set(struct cli *cli, const char *path, struct tree_watch *w)
{
    int rc = -COORD_E_CONNECTION_LOSS;

    for (int i = 0; i < TRIES_MAX && rc == -COORD_E_CONNECTION_LOSS; i++)
        rc = coord_add_watch(cli->client, path, COORD_WATCH_RECURSIVE, &(struct coord_watch){on_event, w});
    w->over = rc < 0;
    return rc;
}

static int follow(struct cli *cli, const char *path, struct tree_watch *w)
{
    bool away = false;
    int rc = 0;

    while (rc == 0 && !(w->once && w->printed) && !w->over && !cli_interrupted() && !ferror(stdout)) {
        bool connected = coord_client_state(cli->client) == COORD_STATE_CONNECTED;

        if (connected && away)
            fprintf(stderr, "connected again; what changed meanwhile is not shown\n");
        away = !connected;
        rc = coord_run(cli->client, cli->interactive ? LOOK_MS : WAIT_MS);
    }
    if (w->over)
        rc = w->error;
    return rc < 0 ? cli_fail_read(cli, "watch", path, rc) : CLI_DONE;
}

int cli_watch_tree(struct cli *cli, const char *path, bool once)
{
    struct tree_watch *w = calloc(1, sizeof(*w));
    int rc, code;

    if (w == NULL)
        return cli_fail_read(cli, "watch", path, -COORD_E_NO_MEMORY);
    w->once = once;
    rc = set(cli, path, w);
    if (rc < 0) {
        free(w);
        return cli_fail_read(cli, "watch", path, rc);
    }
    fprintf(stderr, "watching %s and all below\n", path);
    code = follow(cli, path, w);
    if (w->over) {
        free(w);
    } else {
        w->left = true;
        (void)coord_remove_watches(cli->client, path, COORD_WATCH_RECURSIVE); /* else it goes with the session */
    }
    return code;
}
