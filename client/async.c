/* async.c - the asynchronous calls: each encodes one request and queues it. */
#include "handle.h"

#include "base/clock.h"
#include "wire/zk.h"

#include <string.h>

/* world:anyone with all permissions, as one item of a vector of ACLs. */
static const uint8_t open_acl[] = {0,   0, 0, ZK_PERM_ALL, 0, 0,   0,   5,   'w', 'o', 'r', 'l',
                                   'd', 0, 0, 0,           6, 'a', 'n', 'y', 'o', 'n', 'e'};

int client_submit(struct coord_client *client, int32_t opcode, const struct jute_record *table, const void *record,
                  const struct client_caller *caller)
{
    struct request *r = request_new(0, opcode, table, record);
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

int client_submit_path(struct coord_client *client, int32_t opcode, const char *path, coord_reply_cb cb, void *arg)
{
    struct zk_path_request record;

    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    return client_submit(client, opcode, &jute_path_request, &record, &(struct client_caller){.cb = cb, .arg = arg});
}

/* A value: NULL is the null value, whatever its size. Too large for any server is refused before it is copied. */
static bool value_valid(const void *data, size_t size)
{
    return data == NULL || size <= COORD_REQUEST_BYTES_MAX;
}

int coord_create_async(struct coord_client *client, const char *path, const void *data, size_t data_size,
                       enum coord_create_mode mode, bool stat, coord_reply_cb cb, void *arg)
{
    struct zk_create_request record;

    if (path == NULL || !value_valid(data, data_size) || (int)mode < COORD_PERSISTENT || mode > COORD_EPHEMERAL_SEQUENTIAL)
        return -COORD_E_BAD_ARGUMENTS;
    record = (struct zk_create_request){.path = slice_from_text(path),
                                        .data = data != NULL ? slice_make(data, data_size) : SLICE_NULL,
                                        .acl = {1, slice_make(open_acl, sizeof(open_acl))},
                                        .flags = (int32_t)mode};
    return client_submit(client, stat ? ZK_OP_CREATE2 : ZK_OP_CREATE, &jute_create_request, &record,
                         &(struct client_caller){.cb = cb, .arg = arg});
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

int coord_set_async(struct coord_client *client, const char *path, const void *data, size_t data_size, int32_t version,
                    coord_reply_cb cb, void *arg)
{
    struct zk_set_data_request record = {.version = version};

    if (path == NULL || !value_valid(data, data_size))
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    record.data = data != NULL ? slice_make(data, data_size) : SLICE_NULL;
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
