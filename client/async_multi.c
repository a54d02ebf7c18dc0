/* async_multi.c - the asynchronous calls that send several operations at once, or a create with all its options. */
#include "handle.h"

#include "create.h"
#include "multi.h"
#include "wire/zk.h"

int coord_create_with_async(struct coord_client *client, const char *path, const void *data, size_t data_size,
                            const struct coord_create_options *how, bool stat, coord_reply_cb cb, void *arg)
{
    struct create_request c;
    int rc = create_request_init(&c, path, data, data_size, how, stat);

    if (rc < 0)
        return rc;
    rc = client_submit(client, c.opcode, c.table, &c.record, &(struct client_caller){.cb = cb, .arg = arg});
    create_request_deinit(&c);
    return rc;
}

int coord_multi_async(struct coord_client *client, const struct coord_multi *multi, coord_reply_cb cb, void *arg)
{
    if (multi == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    return client_submit_bytes(client, multi->reads ? ZK_OP_MULTI_READ : ZK_OP_MULTI, slice_make(multi->bytes, multi->size),
                               multi->count, &(struct client_caller){.cb = cb, .arg = arg});
}

int coord_who_am_i_async(struct coord_client *client, coord_reply_cb cb, void *arg)
{
    return client_submit(client, ZK_OP_WHO_AM_I, NULL, NULL, &(struct client_caller){.cb = cb, .arg = arg});
}
