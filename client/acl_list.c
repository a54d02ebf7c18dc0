/* acl_list.c - see acl_list.h. */
#include "acl_list.h"

#include "wire/jute.h"

#include <stdlib.h>

static struct zk_acl item_of(const struct coord_acl *acl)
{
    return (struct zk_acl){acl->perms, slice_from_text(acl->scheme), slice_from_text(acl->id)};
}

int acl_list_encode(const struct coord_acl *acl, size_t count, struct jute_vector *to, uint8_t **owned)
{
    size_t size = 0;
    uint8_t *at;

    *owned = NULL;
    if (acl == NULL && count > 0)
        return -COORD_E_BAD_ARGUMENTS;
    for (size_t i = 0; i < count; i++) {
        if (acl[i].scheme == NULL || acl[i].id == NULL)
            return -COORD_E_BAD_ARGUMENTS;
        struct zk_acl item = item_of(&acl[i]);
        size += jute_size(&jute_acl, &item);
        if (size > COORD_REQUEST_BYTES_MAX)
            return -COORD_E_BAD_ARGUMENTS;
    }
    at = *owned = malloc(size > 0 ? size : 1);
    if (at == NULL)
        return -COORD_E_NO_MEMORY;
    *to = (struct jute_vector){(int32_t)count, slice_make(at, size)};
    for (size_t i = 0; i < count; i++) {
        struct zk_acl item = item_of(&acl[i]);
        at = jute_encode(at, &jute_acl, &item);
    }
    return 0;
}
