/* async_acl.c - the calls about rights: proving an id, and the lists of nodes. */
#include "handle.h"

#include "acl_list.h"
#include "base/clock.h"
#include "wire/zk.h"

#include <stdlib.h>

int coord_add_auth(struct coord_client *client, const char *scheme, const void *proof, size_t proof_size)
{
    struct zk_auth_packet record = {.type = 0};
    struct request *r;
    int rc;

    if (scheme == NULL || (proof == NULL && proof_size > 0) || proof_size > COORD_REQUEST_BYTES_MAX)
        return -COORD_E_BAD_ARGUMENTS;
    record.scheme = slice_from_text(scheme);
    record.auth = slice_make(proof != NULL ? proof : "", proof_size);
    r = request_new(ZK_XID_AUTH, ZK_OP_AUTH, &jute_auth_packet, &record);
    if (r == NULL)
        return -COORD_E_NO_MEMORY;
    rc = client->freed ? -COORD_E_CLOSING : session_prove(&client->session, r, clock_mono_ms());
    if (rc < 0)
        request_free(r);
    else
        client_wake(client);
    return rc;
}

int coord_get_acl_async(struct coord_client *client, const char *path, coord_reply_cb cb, void *arg)
{
    return client_submit_path(client, ZK_OP_GET_ACL, path, cb, arg);
}

int coord_set_acl_async(struct coord_client *client, const char *path, const struct coord_acl *acl, size_t acl_count,
                        int32_t version, coord_reply_cb cb, void *arg)
{
    struct zk_set_acl_request record = {.version = version};
    uint8_t *items;
    int rc;

    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    rc = acl_list_encode(acl, acl_count, &record.acl, &items);
    if (rc < 0)
        return rc;
    record.path = slice_from_text(path);
    rc = client_submit(client, ZK_OP_SET_ACL, &jute_set_acl_request, &record, &(struct client_caller){.cb = cb, .arg = arg});
    free(items);
    return rc;
}
