/* op.c - the table of operations, by opcode. Pure.
 *
 * Operations with work of the state's have files of their own. Here are those that the replica answers itself, and those known
 * but not built. check alone is refused like an unknown operation.
 */
#include "state/op.h"

#include "base/error.h"

#include <stddef.h>

enum { OPCODE_MIN = ZK_OP_CLOSE_SESSION };

/* What these tell is no node's: they ask nothing. */
static OP_DESC(op_sync, OP_PERM_NONE, .opcode = ZK_OP_SYNC, .name = "sync", .flags = OP_REPLICA, .request = &jute_path_request);
static OP_DESC(op_ping, OP_PERM_NONE, .opcode = ZK_OP_PING, .name = "ping", .flags = OP_REPLICA);
static OP_DESC(op_auth, OP_PERM_NONE, .opcode = ZK_OP_AUTH, .name = "auth", .flags = OP_REPLICA, .request = &jute_auth_packet);
static OP_DESC(op_set_watches, OP_PERM_NONE, .opcode = ZK_OP_SET_WATCHES, .name = "setWatches", .flags = OP_REPLICA,
               .request = &jute_set_watches_request);

static OP_DESC(op_set_watches2, OP_PERM_NONE, .opcode = ZK_OP_SET_WATCHES2, .name = "setWatches2", .flags = OP_REPLICA,
               .request = &jute_set_watches2_request);
/* Any path may be watched: who may not READ a node hears nothing of it. */
static OP_DESC(op_add_watch, OP_PERM_NONE, .opcode = ZK_OP_ADD_WATCH, .name = "addWatch", .flags = OP_REPLICA,
               .request = &jute_add_watch_request);
static OP_DESC(op_check_watches, OP_PERM_NONE, .opcode = ZK_OP_CHECK_WATCHES, .name = "checkWatches", .flags = OP_REPLICA,
               .request = &jute_watcher_type_request);
static OP_DESC(op_remove_watches, OP_PERM_NONE, .opcode = ZK_OP_REMOVE_WATCHES, .name = "removeWatches", .flags = OP_REPLICA,
               .request = &jute_watcher_type_request);

/* Membership is fixed. */
static OP_DESC(op_reconfig, OP_PERM_NONE, .opcode = ZK_OP_RECONFIG, .name = "reconfig", .flags = OP_REFUSED,
               .refusal = -COORD_E_RECONFIG_DISABLED, .request = &jute_reconfig_request);
static OP_DESC(op_sasl, OP_PERM_NONE, .opcode = ZK_OP_SASL, .name = "sasl", .flags = OP_REFUSED,
               .refusal = -COORD_E_UNIMPLEMENTED);

#define OP(code, desc) [code - OPCODE_MIN] = &OP_DECLARED(desc)

/* By the pointers of OP_DESC, so that nothing else can stand here. */
static const struct op_desc *const *const ops[] = {
    OP(ZK_OP_CREATE, op_create),
    OP(ZK_OP_CREATE2, op_create2),
    OP(ZK_OP_DELETE, op_delete),
    OP(ZK_OP_EXISTS, op_exists),
    OP(ZK_OP_GET_DATA, op_get_data),
    OP(ZK_OP_SET_DATA, op_set_data),
    OP(ZK_OP_GET_CHILDREN, op_get_children),
    OP(ZK_OP_GET_CHILDREN2, op_get_children2),
    OP(ZK_OP_GET_EPHEMERALS, op_get_ephemerals),
    OP(ZK_OP_GET_ALL_CHILDREN_NUMBER, op_get_all_children_number),
    OP(ZK_OP_CLOSE_SESSION, op_close_session),
    OP(ZK_OP_CHECK, op_check),
    OP(ZK_OP_MULTI, op_multi),
    OP(ZK_OP_MULTI_READ, op_multi_read),
    OP(ZK_OP_SYNC, op_sync),
    OP(ZK_OP_PING, op_ping),
    OP(ZK_OP_SET_WATCHES, op_set_watches),
    OP(ZK_OP_SET_WATCHES2, op_set_watches2),
    OP(ZK_OP_ADD_WATCH, op_add_watch),
    OP(ZK_OP_CHECK_WATCHES, op_check_watches),
    OP(ZK_OP_REMOVE_WATCHES, op_remove_watches),
    OP(ZK_OP_AUTH, op_auth),
    OP(ZK_OP_GET_ACL, op_get_acl),
    OP(ZK_OP_SET_ACL, op_set_acl),
    OP(ZK_OP_WHO_AM_I, op_who_am_i),
    OP(ZK_OP_RECONFIG, op_reconfig),
    OP(ZK_OP_CREATE_CONTAINER, op_create_container),
    OP(ZK_OP_CREATE_TTL, op_create_ttl),
    OP(ZK_OP_FILTERED_LIST, op_filtered_list),
    OP(ZK_OP_CHECK_NOT_EXISTS, op_check_not_exists),
    OP(ZK_OP_CREATE_IF_NOT_EXISTS, op_create_if_not_exists),
    OP(ZK_OP_REMOVE_RECURSIVE, op_remove_recursive),
    OP(ZK_OP_CHECK_STAT, op_check_stat),
    OP(ZK_OP_TRY_REMOVE, op_try_remove),
    OP(ZK_OP_FILTERED_LIST_WITH_DATA, op_filtered_list_with_data),
    OP(ZK_OP_LIST_RECURSIVE, op_list_recursive),
    OP(ZK_OP_SASL, op_sasl),
};

static const struct op_desc *find(int32_t opcode)
{
    const struct op_desc *const *declared = NULL;

    if (opcode == ZK_OP_LIST_PAGE)
        declared = &OP_DECLARED(op_list_page);
    else if (opcode >= OPCODE_MIN && opcode < (int32_t)(sizeof(ops) / sizeof(ops[0])) + OPCODE_MIN)
        declared = ops[opcode - OPCODE_MIN];
    return declared != NULL ? *declared : NULL;
}

const struct op_desc *op_find(int32_t opcode)
{
    const struct op_desc *op = find(opcode);

    return op != NULL && (op->flags & OP_NOT_ALONE) == 0 ? op : NULL;
}

const struct op_desc *op_find_inner(int32_t opcode)
{
    const struct op_desc *op = find(opcode);

    return op != NULL && (op->flags & OP_INNER) != 0 ? op : NULL;
}

int op_decode(const struct op_desc *op, struct slice body, union op_request *request)
{
    struct jute_cursor c = jute_cursor_make(body);

    if (op->decode != NULL)
        return op->decode(&c, request);
    return op->request != NULL ? jute_decode(&c, op->request, request) : 0;
}

bool op_looks(const struct op_desc *op, const union op_request *request)
{
    const struct zk_filtered_list_with_data_request *q = &request->filtered_list_with_data;

    if (op == &op_filtered_list)
        return request->filtered_list.kind != ZK_LIST_ALL;
    if (op == &op_filtered_list_with_data)
        return q->kind != ZK_LIST_ALL || q->with_stat || q->with_data;
    return op == &op_list_recursive || (op == &op_multi_read && request->multi.looks);
}

uint8_t op_entry_version(const struct op_desc *op, const union op_request *request)
{
    return op == &op_multi ? request->multi.entry_version : op->entry_version;
}

bool op_makes_ephemeral(const struct op_desc *op, const union op_request *request)
{
    int32_t mode = request->create.flags;

    if (op == &op_multi)
        return multi_makes_ephemeral(&request->multi);
    return op->request == &jute_create_request && op != &op_create_container &&
           (mode == ZK_EPHEMERAL || mode == ZK_EPHEMERAL_SEQUENTIAL);
}

size_t op_data_size(const struct op_desc *op, const union op_request *request)
{
    if (op->request == &jute_create_request)
        return request->create.data.size;
    if (op->request == &jute_create_ttl_request)
        return request->create_ttl.data.size;
    if (op->request == &jute_set_data_request)
        return request->set_data.data.size;
    return op == &op_multi ? request->multi.data_size_max : 0;
}
