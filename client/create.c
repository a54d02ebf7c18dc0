/* create.c - see create.h. */
#include "create.h"

#include "acl_list.h"
#include "wire/zk.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/* One record serves both tables. */
static_assert(offsetof(struct zk_create_request, path) == offsetof(struct zk_create_ttl_request, path), "a prefix");
static_assert(offsetof(struct zk_create_request, data) == offsetof(struct zk_create_ttl_request, data), "a prefix");
static_assert(offsetof(struct zk_create_request, acl) == offsetof(struct zk_create_ttl_request, acl), "a prefix");
static_assert(offsetof(struct zk_create_request, flags) == offsetof(struct zk_create_ttl_request, flags), "a prefix");

static const struct coord_acl open_to_all = {COORD_PERM_ALL, "world", "anyone"};

bool value_slice(const void *data, size_t size, struct slice *value)
{
    *value = data != NULL ? slice_make(data, size) : SLICE_NULL;
    return data == NULL || size <= COORD_REQUEST_BYTES_MAX;
}

/* Whether there is such a mode, and the ttl is one that goes with it. */
static bool choose(struct create_request *c, const struct coord_create_options *how, bool stat)
{
    switch (how->mode) {
    case COORD_PERSISTENT:
    case COORD_EPHEMERAL:
    case COORD_PERSISTENT_SEQUENTIAL:
    case COORD_EPHEMERAL_SEQUENTIAL:
        c->opcode = stat ? ZK_OP_CREATE2 : ZK_OP_CREATE;
        break;
    case COORD_CONTAINER:
        c->opcode = ZK_OP_CREATE_CONTAINER;
        break;
    case COORD_PERSISTENT_TTL:
    case COORD_PERSISTENT_SEQUENTIAL_TTL:
        c->opcode = ZK_OP_CREATE_TTL;
        c->table = &jute_create_ttl_request;
        return how->ttl_ms >= 1 && how->ttl_ms <= COORD_TTL_MS_MAX;
    default:
        return false;
    }
    c->table = &jute_create_request;
    return how->ttl_ms == 0;
}

int create_request_init(struct create_request *c, const char *path, const void *data, size_t data_size,
                        const struct coord_create_options *how, bool stat)
{
    static const struct coord_create_options plain = {.mode = COORD_PERSISTENT};
    const struct coord_create_options *wanted = how != NULL ? how : &plain;
    const struct coord_acl *acl = wanted->acl_count > 0 ? wanted->acl : &open_to_all;

    *c = (struct create_request){.record = {.flags = (int32_t)wanted->mode, .ttl = wanted->ttl_ms}};
    if (path == NULL || !value_slice(data, data_size, &c->record.data) || !choose(c, wanted, stat))
        return -COORD_E_BAD_ARGUMENTS;
    c->record.path = slice_from_text(path);
    return acl_list_encode(acl, wanted->acl_count > 0 ? wanted->acl_count : 1, &c->record.acl, &c->acl);
}

void create_request_deinit(struct create_request *c)
{
    free(c->acl);
    c->acl = NULL;
}
