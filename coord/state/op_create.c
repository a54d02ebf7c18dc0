/* op_create.c - create, create2, createContainer, createTTL, Keeper's createIfNotExists. CREATE on the parent. Pure.
 *
 * The order of the checks is what clients see as precedence of errors: mode, session, slash and NUL, ACL, parent,
 * permission, full path, existence, ephemeral parent, quota.
 */
#include "base/error.h"
#include "base/seeded.h"
#include "state/discovery.h"
#include "state/internal.h"
#include "state/path.h"
#include "state/reply.h"

#include <inttypes.h>

/* What the four operations ask for. */
struct wish {
    const struct zk_create_request *q;
    bool container;
    int64_t ttl_ms;
};

static bool is_ephemeral(int32_t mode)
{
    return mode == ZK_EPHEMERAL || mode == ZK_EPHEMERAL_SEQUENTIAL;
}

static bool is_sequential(int32_t mode)
{
    return mode == ZK_PERSISTENT_SEQUENTIAL || mode == ZK_EPHEMERAL_SEQUENTIAL || mode == ZK_PERSISTENT_SEQUENTIAL_TTL;
}

/* A container asked for by create or create2 is a plain node, and createContainer makes one whatever the mode, as there; TTL
 * modes come without their ttl here. */
static int create_precheck(const void *request)
{
    const struct zk_create_request *q = request;

    return q->flags < ZK_PERSISTENT || q->flags > ZK_CONTAINER ? -COORD_E_BAD_ARGUMENTS : 0;
}

/* The suffix is the number of creates under the parent before this one, printed as a signed int: ten digits, and on
 * from INT32_MAX to eleven characters with a minus. */
static void append_suffixed(struct buf *to, struct slice name, uint32_t creates)
{
    buf_append(to, name.data, name.size);
    buf_printf(to, "%010" PRId32, (int32_t)creates);
}

/* 0 when a node of this name may be made under the parent, which exists, so that its path is well-formed but for "/". */
static int check_place(const struct state *s, uint32_t parent, struct slice parent_path, struct slice name, struct slice path)
{
    if (path.size == 1 && name.size == 0)
        return -COORD_E_NODE_EXISTS; /* "/" */
    if (parent_path.size == 1 || !path_component_valid(name))
        return -COORD_E_BAD_ARGUMENTS;
    if (tree_child(&s->tree, parent, name) != NODE_NONE)
        return -COORD_E_NODE_EXISTS;
    if (tree_node(&s->tree, parent)->kind == NODE_EPHEMERAL)
        return -COORD_E_NO_CHILDREN_FOR_EPHEMERALS;
    return 0;
}

static int create_ttl_precheck(const void *request)
{
    const struct zk_create_ttl_request *q = request;
    bool timed = q->flags == ZK_PERSISTENT_TTL || q->flags == ZK_PERSISTENT_SEQUENTIAL_TTL;

    return timed && q->ttl > 0 && q->ttl <= ZK_TTL_MAX_MS ? 0 : -COORD_E_BAD_ARGUMENTS;
}

/* The new node's index in *index, or an error and no effect. */
static int create(struct state *s, const struct apply *a, const struct wish *wish, uint32_t *index)
{
    const struct zk_create_request *q = wish->q;
    struct node_creation c = {.data = q->data, .zxid = a->entry->zxid, .wall_ms = a->entry->wall_ms};
    struct buf suffixed = {0};
    struct slice parent_path;
    uint32_t parent;
    int rc;

    if (is_ephemeral(q->flags) && !wish->container && apply_session(s, a) == NULL && apply_is_local(a))
        return -COORD_E_EPHEMERAL_ON_LOCAL_SESSION;
    if (slice_is_null(q->path))
        return -COORD_E_MARSHALLING;
    if (!path_split(q->path, &parent_path, &c.name) || discovery_holds(s, q->path))
        return -COORD_E_BAD_ARGUMENTS;
    COORD_TRY(acl_fix(q->acl, a->entry->auth, &s->scratch, &c.acl));
    parent = tree_find(&s->tree, parent_path);
    if (parent == NODE_NONE)
        return -COORD_E_NO_NODE;
    if (!node_permits(s, parent, op_create.perm, a->entry->auth))
        return -COORD_E_NO_AUTH;
    if (is_sequential(q->flags)) {
        append_suffixed(&suffixed, c.name, tree_node(&s->tree, parent)->creates);
        c.name = buf_slice(&suffixed);
    }
    rc = check_place(s, parent, parent_path, c.name, q->path);
    if (rc == 0)
        rc = quota_check(s, parent_path, c.name, 1, (int64_t)q->data.size);
    if (rc == 0)
        rc = quota_countable(s, parent_path, c.name);
    if (rc == 0) {
        c.owner = is_ephemeral(q->flags) && !wish->container ? apply_session(s, a) : NULL;
        if (SEEDED(upgrade_owner_lost) && (a->entry->session & SESSION_LOCAL) != 0)
            c.owner = NULL;
        c.container = wish->container;
        c.ttl_ms = wish->ttl_ms;
        *index = node_create(s, parent, &c);
    }
    buf_deinit(&suffixed);
    return rc;
}

static void create_apply(struct state *s, struct apply *a, const void *request)
{
    uint32_t index;

    a->err = create(s, a, &(struct wish){.q = request}, &index);
    if (a->err == 0)
        reply_text(a->reply, changes_last_path(&s->changes));
}

/* With the stat, as all but create. */
static void create_more(struct state *s, struct apply *a, const struct wish *wish)
{
    uint32_t index;

    a->err = create(s, a, wish, &index);
    if (a->err == 0) {
        reply_text(a->reply, changes_last_path(&s->changes));
        reply_stat(a->reply, tree_node(&s->tree, index));
    }
}

static void create2_apply(struct state *s, struct apply *a, const void *request)
{
    create_more(s, a, &(struct wish){.q = request});
}

static void create_container_apply(struct state *s, struct apply *a, const void *request)
{
    create_more(s, a, &(struct wish){.q = request, .container = true});
}

static void create_ttl_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_create_ttl_request *q = request;
    struct zk_create_request plain = {q->path, q->data, q->acl, q->flags};

    create_more(s, a, &(struct wish){.q = &plain, .ttl_ms = q->ttl});
}

/* A sequential node never exists. */
static int create_if_not_exists_precheck(const void *request)
{
    const struct zk_create_request *q = request;

    return is_sequential(q->flags) ? -COORD_E_BAD_ARGUMENTS : create_precheck(q);
}

static void create_if_not_exists_apply(struct state *s, struct apply *a, const void *request)
{
    const struct zk_create_request *q = request;

    create_apply(s, a, q);
    if (a->err == -COORD_E_NODE_EXISTS) {
        a->err = 0;
        reply_text(a->reply, q->path);
    }
}

OP_DESC(op_create_if_not_exists, ZK_PERM_CREATE, .opcode = ZK_OP_CREATE_IF_NOT_EXISTS, .name = "createIfNotExists",
        .flags = OP_WRITE | OP_INNER, .entry_version = 2, .result_type = ZK_OP_CREATE_IF_NOT_EXISTS,
        .request = &jute_create_request, .precheck = create_if_not_exists_precheck, .apply = create_if_not_exists_apply);

OP_DESC(op_create, ZK_PERM_CREATE, .opcode = ZK_OP_CREATE, .name = "create", .flags = OP_WRITE | OP_INNER,
        .result_type = ZK_OP_CREATE, .request = &jute_create_request, .precheck = create_precheck, .apply = create_apply);

OP_DESC(op_create2, ZK_PERM_CREATE, .opcode = ZK_OP_CREATE2, .name = "create2", .flags = OP_WRITE | OP_INNER,
        .result_type = ZK_OP_CREATE2, .request = &jute_create_request, .precheck = create_precheck, .apply = create2_apply);

OP_DESC(op_create_container, ZK_PERM_CREATE, .opcode = ZK_OP_CREATE_CONTAINER, .name = "createContainer",
        .flags = OP_WRITE | OP_INNER, .result_type = ZK_OP_CREATE2, .request = &jute_create_request,
        .precheck = create_precheck, .apply = create_container_apply);

OP_DESC(op_create_ttl, ZK_PERM_CREATE, .opcode = ZK_OP_CREATE_TTL, .name = "createTTL", .flags = OP_WRITE | OP_INNER,
        .result_type = ZK_OP_CREATE2, .request = &jute_create_ttl_request, .precheck = create_ttl_precheck,
        .apply = create_ttl_apply);
