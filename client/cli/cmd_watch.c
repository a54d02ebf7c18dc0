/* cmd_watch.c - print a line for each change of a node, over and over.
 *
 * Watches fire once, and several changes may happen until they are set again. So an event is only the reason to look: what is
 * printed is the difference between the stat seen last and the one now. Nothing is printed that did not happen, and the last
 * state is never missed; changes of one kind that come closer together than a round trip show as one line.
 */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>

#define LOOK_MS 200 /* at Ctrl-C, in interactive mode */
#define WAIT_MS 60000

#define TRIES_MAX 10

/* On the heap: in interactive mode its watches may fire after the command has ended. */
struct watching {
    struct cli *cli;
    const char *path;
    bool once, printed;
    bool data_set, child_set; /* watches that have not fired */
    bool left;                /* the command has ended: goes with its last watch */
    bool known, there;        /* was looked at before; and was there then */
    struct coord_stat stat;
};

static void leave_if_idle(struct watching *w)
{
    if (w->left && !w->data_set && !w->child_set)
        free(w);
}

static void on_data(struct coord_client *client, const struct coord_event *event, void *arg)
{
    struct watching *w = arg;

    (void)client;
    (void)event;
    w->data_set = false;
    leave_if_idle(w);
}

static void on_child(struct coord_client *client, const struct coord_event *event, void *arg)
{
    struct watching *w = arg;

    (void)client;
    (void)event;
    w->child_set = false;
    leave_if_idle(w);
}

static void say(struct watching *w, enum coord_event_type type)
{
    if (w->once && w->printed)
        return;
    printf("%s %s\n", coord_event_name(type), w->path);
    fflush(stdout);
    w->printed = true;
}

/* Changes of one node in the order in which they happened. */
static void say_changes(struct watching *w, int64_t mzxid, int64_t pzxid, const struct coord_stat *now)
{
    if (now->mzxid != mzxid && now->mzxid < now->pzxid)
        say(w, COORD_EVENT_DATA_CHANGED);
    if (now->pzxid != pzxid)
        say(w, COORD_EVENT_CHILDREN_CHANGED);
    if (now->mzxid != mzxid && now->mzxid >= now->pzxid)
        say(w, COORD_EVENT_DATA_CHANGED);
}

/* now NULL: there is no node. */
static void compare(struct watching *w, const struct coord_stat *now)
{
    bool same_node = w->there && now != NULL && now->czxid == w->stat.czxid;

    if (w->known && w->there && !same_node)
        say(w, COORD_EVENT_DELETED);
    if (w->known && now != NULL && !same_node)
        say(w, COORD_EVENT_CREATED);
    if (w->known && now != NULL)
        say_changes(w, same_node ? w->stat.mzxid : now->czxid, same_node ? w->stat.pzxid : now->czxid, now);
    w->known = true;
    w->there = now != NULL;
    if (now != NULL)
        w->stat = *now;
}

/* Set what is not set, and print what changed. Returns 0 or the error. */
static int look(struct watching *w)
{
    struct coord_stat stat;
    int rc;

    if (!w->data_set) {
        w->data_set = true; /* unset by its callback, also if it never came about */
        rc = coord_exists(w->cli->client, w->path, &(struct coord_watch){on_data, w}, &stat);
        if (rc < 0 && rc != -COORD_E_NO_NODE)
            return rc;
        compare(w, rc == 0 ? &stat : NULL);
    }
    if (w->there && !w->child_set) {
        char **names;

        w->child_set = true;
        rc = coord_children(w->cli->client, w->path, &(struct coord_watch){on_child, w}, &names, NULL, &stat);
        if (rc == -COORD_E_NO_NODE)
            return 0; /* the data watch tells */
        if (rc < 0)
            return rc;
        free(names);
        compare(w, &stat);
    }
    return 0;
}

static bool passing(int error)
{
    return error == -COORD_E_CONNECTION_LOSS || error == -COORD_E_OPERATION_TIMEOUT;
}

static int watch(struct watching *w)
{
    int rc = -COORD_E_CONNECTION_LOSS;

    for (int i = 0; i < TRIES_MAX && rc == -COORD_E_CONNECTION_LOSS; i++)
        rc = look(w);
    if (rc < 0)
        return cli_fail_read(w->cli, "watch", w->path, rc);
    fprintf(stderr, "watching %s\n", w->path);
    while (!(w->once && w->printed) && !cli_interrupted() && !ferror(stdout)) {
        rc = 0;
        if (w->data_set && (w->child_set || !w->there))
            rc = coord_run(w->cli->client, w->cli->interactive ? LOOK_MS : WAIT_MS);
        if (rc == 0)
            rc = look(w);
        if (rc < 0 && !passing(rc))
            return cli_fail_read(w->cli, "watch", w->path, rc);
    }
    return CLI_DONE;
}

int cli_cmd_watch(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"once", no_argument, NULL, 'o'}, {"recursive", no_argument, NULL, 'r'}, {0}};
    struct watching *w;
    bool once = false, recursive = false;
    int code;

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?')
            return cli_usage("watch");
        *(c == 'o' ? &once : &recursive) = true;
    }
    if (argc - optind != 1)
        return cli_usage("watch");
    if (*argv[optind] != '/') /* never fires: events name the nodes by their whole paths */
        return cli_fail_read(cli, "watch", argv[optind], -COORD_E_BAD_ARGUMENTS);
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    if (recursive)
        return cli_watch_tree(cli, argv[optind], once);
    w = malloc(sizeof(*w));
    if (w == NULL)
        return cli_fail_read(cli, "watch", argv[optind], -COORD_E_NO_MEMORY);
    *w = (struct watching){.cli = cli, .path = argv[optind], .once = once};
    code = watch(w);
    w->left = true;
    leave_if_idle(w);
    return code;
}
