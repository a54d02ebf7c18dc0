/* op_acl.c - getACL: READ or ADMIN on the node; setACL: ADMIN on it; whoAmI. Pure.
 *
 * Who may not ADMIN sees `user:x` in place of a digest, so that nobody can try passwords on its hash.
 */
#include "base/bytes.h"
#include "base/error.h"
#include "state/discovery.h"
#include "state/internal.h"
#include "state/path.h"
#include "state/reply.h"

/* "user:x" for "user:hash". */
static void append_hidden(struct buf *to, struct zk_acl item)
{
    const uint8_t *colon = memchr(item.id.data, ':', item.id.size); /* acl_fix has seen it */
    struct buf hidden = {0};

    buf_append(&hidden, item.id.data, (size_t)(colon - item.id.data) + 1);
    buf_append(&hidden, "x", 1);
    item.id = buf_slice(&hidden);
    jute_append(to, &jute_acl, &item);
    buf_deinit(&hidden);
}

static void reply_list(struct buf *to, const struct acl *acl, bool whole)
{
    struct jute_cursor c = jute_cursor_make(slice_make(acl->items, acl->size));
    struct zk_acl item;

    put_be32(buf_reserve(to, 4), acl->count);
    buf_commit(to, 4);
    while (jute_next_acl(&c, &item)) {
        if (!whole && slice_equal(item.scheme, SLICE_LITERAL("digest")))
            append_hidden(to, item);
        else
            jute_append(to, &jute_acl, &item);
    }
}

static void get_acl_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_path_request *q = request;
    uint32_t index = read_node(s, r, q->path);
    const struct node *n;

    if (index == NODE_NONE)
        return;
    n = tree_node(&s->tree, index);
    reply_list(r->reply, acl_get(&s->acls, n->acl), node_permits(s, index, op_set_acl.perm, r->auth));
    read_stat(s, r, index);
}

/* Path, list, node, permission, version, in this order. */
static int set_acl(struct state *s, const struct apply *a, const struct zk_set_acl_request *q, uint32_t *index)
{
    struct jute_vector list;

    if (!path_valid(q->path) || discovery_holds(s, q->path))
        return -COORD_E_BAD_ARGUMENTS;
    COORD_TRY(acl_fix(q->acl, a->entry->auth, &s->scratch, &list));
    *index = tree_find(&s->tree, q->path);
    if (*index == NODE_NONE)
        return -COORD_E_NO_NODE;
    if (!node_permits(s, *index, op_set_acl.perm, a->entry->auth))
        return -COORD_E_NO_AUTH;
    if (!version_fits(q->version, tree_node(&s->tree, *index)->aversion))
        return -COORD_E_BAD_VERSION;
    node_set_acl(s, *index, list);
    return 0;
}

static void set_acl_apply(struct state *s, struct apply *a, const void *request)
{
    uint32_t index;

    a->err = set_acl(s, a, request, &index);
    if (a->err == 0)
        reply_stat(a->reply, tree_node(&s->tree, index));
}

/* Scheme and user of each id; of a digest the part before the hash. */
static void who_am_i_read(const struct state *s, struct read *r, const void *request)
{
    struct slice auth = r->auth, id;
    size_t at = buf_size(r->reply);
    uint32_t count = 0;

    (void)s;
    (void)request; /* header only */
    put_be32(buf_reserve(r->reply, 4), 0);
    buf_commit(r->reply, 4);
    for (; entry_next_auth(&auth, &id); count++) {
        struct zk_client_info info;

        info.scheme = acl_scheme(id, &info.user);
        if (slice_equal(info.scheme, SLICE_LITERAL("digest")))
            info.user = acl_scheme(info.user, &(struct slice){0});
        jute_append(r->reply, &jute_client_info, &info);
    }
    put_be32(buf_bytes(r->reply) + at, count);
}

OP_DESC(op_get_acl, ZK_PERM_READ | ZK_PERM_ADMIN, .opcode = ZK_OP_GET_ACL, .name = "getACL", .flags = OP_READ,
        .request = &jute_path_request, .read = get_acl_read);

OP_DESC(op_set_acl, ZK_PERM_ADMIN, .opcode = ZK_OP_SET_ACL, .name = "setACL", .flags = OP_WRITE,
        .request = &jute_set_acl_request, .apply = set_acl_apply);

/* It tells what the client itself has proven. */
OP_DESC(op_who_am_i, OP_PERM_NONE, .opcode = ZK_OP_WHO_AM_I, .name = "whoAmI", .flags = OP_READ, .read = who_am_i_read);
