/* op_check.c - what stands in a multi as a condition and changes nothing: check (the version of a node), and Keeper's
 * checkNotExists and checkStat, which may come alone too, at their place in the order of writes. READ on the node. Pure. */
#include "base/error.h"
#include "state/discovery.h"
#include "state/internal.h"
#include "state/path.h"

/* The node, with the version asked for, or NODE_NONE and a->err. */
static uint32_t check(const struct state *s, struct apply *a, int perm, struct slice path, int32_t version)
{
    uint32_t index = NODE_NONE;

    if (!path_valid(path) || discovery_holds(s, path))
        a->err = -COORD_E_BAD_ARGUMENTS;
    else if ((index = tree_find(&s->tree, path)) == NODE_NONE)
        a->err = -COORD_E_NO_NODE;
    else if (!node_permits(s, index, perm, a->entry->auth))
        a->err = -COORD_E_NO_AUTH;
    else if (!version_fits(version, tree_node(&s->tree, index)->version))
        a->err = -COORD_E_BAD_VERSION;
    return a->err == 0 ? index : NODE_NONE;
}

static void check_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_check_request *q = request;

    check(s, a, op_check.perm, q->path, q->version);
}

/* With a version: no node of this version. */
static void check_not_exists_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_check_request *q = request;

    if (check(s, a, op_check_not_exists.perm, q->path, q->version) != NODE_NONE)
        a->err = -COORD_E_NODE_EXISTS;
    else if (a->err == -COORD_E_NO_NODE || a->err == -COORD_E_BAD_VERSION)
        a->err = 0;
}

/* -1 fits any. */
static bool same(int64_t wanted, int64_t is)
{
    return wanted == -1 || wanted == is;
}

static bool stat_fits(const struct zk_check_stat_request *q, const struct zk_stat *is)
{
    return same(q->czxid, is->czxid) && same(q->mzxid, is->mzxid) && same(q->ctime, is->ctime) && same(q->mtime, is->mtime) &&
           same(q->version, is->version) && same(q->cversion, is->cversion) && same(q->aversion, is->aversion) &&
           same(q->ephemeral_owner, is->ephemeral_owner) && same(q->data_length, is->data_length) &&
           same(q->num_children, is->num_children) && same(q->pzxid, is->pzxid);
}

static void check_stat_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_check_stat_request *q = request;
    uint32_t index = check(s, a, op_check_stat.perm, q->path, q->expected);
    struct zk_stat stat;

    if (index == NODE_NONE)
        return;
    node_stat(tree_node(&s->tree, index), &stat);
    if (!stat_fits(q, &stat))
        a->err = -COORD_E_BAD_VERSION;
}

OP_DESC(op_check, ZK_PERM_READ, .opcode = ZK_OP_CHECK, .name = "check", .flags = OP_WRITE | OP_INNER | OP_NOT_ALONE,
        .result_type = ZK_OP_CHECK, .request = &jute_check_request, .apply = check_apply);

OP_DESC(op_check_not_exists, ZK_PERM_READ, .opcode = ZK_OP_CHECK_NOT_EXISTS, .name = "checkNotExists",
        .flags = OP_WRITE | OP_INNER, .entry_version = 2, .result_type = ZK_OP_CHECK_NOT_EXISTS, .request = &jute_check_request,
        .apply = check_not_exists_apply);

OP_DESC(op_check_stat, ZK_PERM_READ, .opcode = ZK_OP_CHECK_STAT, .name = "checkStat", .flags = OP_WRITE | OP_INNER,
        .entry_version = 2, .result_type = ZK_OP_CHECK_STAT, .request = &jute_check_stat_request, .apply = check_stat_apply);
