/* async_watches.c - the asynchronous calls about watches that stay, and about what a session has. */
#include "handle.h"

#include "wire/zk.h"

int coord_add_watch_async(struct coord_client *client, const char *path, enum coord_watch_type type,
                          const struct coord_watch *watch, coord_reply_cb cb, void *arg)
{
    struct zk_add_watch_request record = {.mode =
                                              type == COORD_WATCH_RECURSIVE ? ZK_ADD_WATCH_RECURSIVE : ZK_ADD_WATCH_PERSISTENT};

    if (path == NULL || watch == NULL || watch->cb == NULL || (type != COORD_WATCH_PERSISTENT && type != COORD_WATCH_RECURSIVE))
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    return client_submit(
        client, ZK_OP_ADD_WATCH, &jute_add_watch_request, &record,
        &(struct client_caller){cb, arg, watch, path, type == COORD_WATCH_RECURSIVE ? WATCH_RECURSIVE : WATCH_PERSISTENT});
}

static int of_type(struct coord_client *client, int32_t opcode, const char *path, enum coord_watch_type type, coord_reply_cb cb,
                   void *arg)
{
    struct zk_watcher_type_request record = {.type = (int32_t)type};

    if (path == NULL || (int)type < COORD_WATCH_CHILDREN || type > COORD_WATCH_RECURSIVE)
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    return client_submit(client, opcode, &jute_watcher_type_request, &record, &(struct client_caller){.cb = cb, .arg = arg});
}

int coord_check_watches_async(struct coord_client *client, const char *path, enum coord_watch_type type, coord_reply_cb cb,
                              void *arg)
{
    return of_type(client, ZK_OP_CHECK_WATCHES, path, type, cb, arg);
}

int coord_remove_watches_async(struct coord_client *client, const char *path, enum coord_watch_type type, coord_reply_cb cb,
                               void *arg)
{
    return of_type(client, ZK_OP_REMOVE_WATCHES, path, type, cb, arg);
}

int coord_ephemerals_async(struct coord_client *client, const char *prefix, coord_reply_cb cb, void *arg)
{
    return client_submit_path(client, ZK_OP_GET_EPHEMERALS, prefix, cb, arg);
}

int coord_count_below_async(struct coord_client *client, const char *path, coord_reply_cb cb, void *arg)
{
    return client_submit_path(client, ZK_OP_GET_ALL_CHILDREN_NUMBER, path, cb, arg);
}
