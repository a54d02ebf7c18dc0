/* async.c - the asynchronous calls: each encodes one request and queues it. */
#include "handle.h"

#include "base/clock.h"
#include "create.h"
#include "wire/zk.h"

#include <string.h>

/* Takes the request, which may be NULL: out of memory. */
static int submit(struct coord_client *client, struct request *r, const struct client_caller *caller)
{
    int rc;

    if (r == NULL)
        return -COORD_E_NO_MEMORY;
    r->cb = caller->cb;
    r->arg = caller->arg;
    if (caller->watch != NULL) {
        r->watch = watch_new(caller->path, caller->watch);
        if (r->watch == NULL) {
            request_free(r);
            return -COORD_E_NO_MEMORY;
        }
        r->watch->kind = caller->kind;
    }
    rc = client->freed ? -COORD_E_CLOSING : session_submit(&client->session, r, clock_mono_ms());
    if (rc < 0)
        request_free(r);
    else
        client_wake(client);
    return rc;
}

int client_submit(struct coord_client *client, int32_t opcode, const struct jute_record *table, const void *record,
                  const struct client_caller *caller)
{
    return submit(client, request_new(0, opcode, table, record), caller);
}

int client_submit_bytes(struct coord_client *client, int32_t opcode, struct slice record, uint32_t results,
                        const struct client_caller *caller)
{
    struct request *r = request_new_bytes(0, opcode, record);

    if (r != NULL)
        r->results = results;
    return submit(client, r, caller);
}

int client_submit_path(struct coord_client *client, int32_t opcode, const char *path, coord_reply_cb cb, void *arg)
{
    struct zk_path_request record;

    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    return client_submit(client, opcode, &jute_path_request, &record, &(struct client_caller){.cb = cb, .arg = arg});
}

int coord_create_async(struct coord_client *client, const char *path, const void *data, size_t data_size,
                       enum coord_create_mode mode, bool stat, coord_reply_cb cb, void *arg)
{
    return coord_create_with_async(client, path, data, data_size, &(struct coord_create_options){.mode = mode}, stat, cb, arg);
}

int coord_delete_async(struct coord_client *client, const char *path, int32_t version, coord_reply_cb cb, void *arg)
{
    struct zk_delete_request record = {.version = version};

    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    return client_submit(client, ZK_OP_DELETE, &jute_delete_request, &record, &(struct client_caller){.cb = cb, .arg = arg});
}

static int submit_read(struct coord_client *client, int32_t opcode, const struct client_caller *caller)
{
    struct zk_path_watch_request record = {.watch = caller->watch != NULL};

    if (caller->path == NULL || (caller->watch != NULL && caller->watch->cb == NULL))
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(caller->path);
    return client_submit(client, opcode, &jute_path_watch_request, &record, caller);
}

int coord_exists_async(struct coord_client *client, const char *path, const struct coord_watch *watch, coord_reply_cb cb,
                       void *arg)
{
    return submit_read(client, ZK_OP_EXISTS, &(struct client_caller){.cb = cb, .arg = arg, .watch = watch, .path = path});
}

int coord_get_async(struct coord_client *client, const char *path, const struct coord_watch *watch, coord_reply_cb cb,
                    void *arg)
{
    return submit_read(client, ZK_OP_GET_DATA, &(struct client_caller){.cb = cb, .arg = arg, .watch = watch, .path = path});
}

int coord_children_async(struct coord_client *client, const char *path, bool stat, const struct coord_watch *watch,
                         coord_reply_cb cb, void *arg)
{
    return submit_read(client, stat ? ZK_OP_GET_CHILDREN2 : ZK_OP_GET_CHILDREN,
                       &(struct client_caller){.cb = cb, .arg = arg, .watch = watch, .path = path});
}

static int32_t limit(uint32_t wanted)
{
    return wanted > INT32_MAX ? INT32_MAX : (int32_t)wanted;
}

int coord_children_page_async(struct coord_client *client, const char *path, const char *after, uint32_t count, uint32_t bytes,
                              coord_reply_cb cb, void *arg)
{
    struct zk_list_page_request record = {.count = limit(count), .bytes = limit(bytes)};

    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    if (after != NULL)
        record.after = slice_from_text(after);
    return client_submit(client, ZK_OP_LIST_PAGE, &jute_list_page_request, &record,
                         &(struct client_caller){.cb = cb, .arg = arg});
}

int coord_set_async(struct coord_client *client, const char *path, const void *data, size_t data_size, int32_t version,
                    coord_reply_cb cb, void *arg)
{
    struct zk_set_data_request record = {.version = version};

    if (path == NULL || !value_slice(data, data_size, &record.data))
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    return client_submit(client, ZK_OP_SET_DATA, &jute_set_data_request, &record,
                         &(struct client_caller){.cb = cb, .arg = arg});
}

int coord_sync_async(struct coord_client *client, const char *path, coord_reply_cb cb, void *arg)
{
    return client_submit_path(client, ZK_OP_SYNC, path, cb, arg);
}

int coord_close_async(struct coord_client *client, coord_reply_cb cb, void *arg)
{
    return client_submit(client, ZK_OP_CLOSE_SESSION, NULL, NULL, &(struct client_caller){.cb = cb, .arg = arg});
}
