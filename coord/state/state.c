/* state.c - making a state, and what it tells about itself. Pure. */
#include "base/alloc.h"
#include "state/discovery.h"
#include "state/internal.h"

struct state *state_new_empty(void)
{
    struct state *s = coord_alloc_zero(1, sizeof(*s));

    tree_init(&s->tree);
    s->quotas = NODE_NONE;
    s->grants = coord_alloc_zero(1, sizeof(*s->grants));
    return s;
}

/* The first tree was there before all creates: no zxids, no times, not counted (docs/compat.md). */
static uint32_t first_node(struct state *s, uint32_t parent, struct slice name, int perms)
{
    uint8_t space[ACL_WORLD_BYTES];
    uint32_t index = parent == NODE_NONE ? NODE_ROOT : tree_take(&s->tree, name);
    struct node *n = tree_node(&s->tree, index);

    n->acl = acl_take(&s->acls, acl_world(perms, space));
    node_fill(s, n, value_new(slice_make("", 0)));
    if (parent != NODE_NONE)
        tree_link(&s->tree, index, parent);
    return index;
}

struct state *state_new(void)
{
    struct state *s = state_new_empty();
    uint32_t zookeeper, config;

    first_node(s, NODE_NONE, SLICE_NULL, ZK_PERM_ALL);
    zookeeper = first_node(s, NODE_ROOT, SLICE_LITERAL("zookeeper"), ZK_PERM_ALL);
    first_node(s, zookeeper, SLICE_LITERAL("quota"), ZK_PERM_ALL);
    config = first_node(s, zookeeper, SLICE_LITERAL("config"), ZK_PERM_READ);
    tree_node(&s->tree, config)->aversion = -1; /* there its list is set once more at the start, for version -1 */
    quota_init(s);
    s->digest = state_digest_recompute(s);
    return s;
}

void state_free(struct state *s)
{
    if (s == NULL)
        return;
    state_walk_stop(s);
    tree_deinit(&s->tree);
    acl_table_deinit(&s->acls);
    session_table_deinit(&s->sessions);
    origin_table_deinit(&s->origins);
    coord_free(s->grants);
    reap_deinit(s);
    buf_deinit(&s->scratch);
    buf_deinit(&s->quota_path);
    coord_free(s->undo.steps);
    coord_free(s->changes.items);
    buf_deinit(&s->changes.paths);
    coord_free(s);
}

uint64_t state_zxid(const struct state *s)
{
    return s->zxid;
}

uint64_t state_digest(const struct state *s)
{
    return s->digest;
}

bool grants_start(const struct state *s)
{
    bool was_on = s->grants->on;

    s->grants->on = true;
    return !was_on;
}

void grants_end(const struct state *s)
{
    s->grants->on = false;
    map_deinit(&s->grants->by_list);
}

bool node_permits(const struct state *s, uint32_t index, int perms, struct slice auth)
{
    const struct acl *acl = acl_get(&s->acls, tree_node(&s->tree, index)->acl);
    uintptr_t known;

    if (!s->grants->on || (acl->perms & perms) != 0)
        return acl_permits(acl, perms, auth);
    known = (uintptr_t)map_get(&s->grants->by_list, acl->id);
    if (known == 0) {
        known = GRANTS_KNOWN | (uintptr_t)(acl_grants(acl, auth) & ZK_PERM_ALL);
        map_put(&s->grants->by_list, acl->id, (void *)known);
    }
    return (known & (uintptr_t)perms) != 0;
}

void node_stat(const struct node *n, struct zk_stat *stat)
{
    bool ephemeral = n->kind == NODE_EPHEMERAL;
    uint32_t children = ephemeral ? 0 : n->child_count;

    *stat = (struct zk_stat){
        .czxid = (int64_t)n->czxid,
        .mzxid = (int64_t)n->mzxid,
        .ctime = n->ctime,
        .mtime = n->mtime,
        .version = n->version,
        .cversion = (int32_t)(2 * n->creates - children), /* creates + deletes */
        .aversion = n->aversion,
        .ephemeral_owner = ephemeral ? (int64_t)n->owner : 0,
        .data_length = (int32_t)value_size(n->value),
        .num_children = (int32_t)children,
        .pzxid = (int64_t)(ephemeral ? n->czxid : n->pzxid),
    };
}

bool state_stat(const struct state *s, struct slice path, struct zk_stat *stat)
{
    uint32_t index = tree_find(&s->tree, path);

    if (index == NODE_NONE)
        index = discovery_find(s, path, NULL);
    if (index == NODE_NONE)
        return false;
    if (stat != NULL)
        node_stat(tree_node(&s->tree, index), stat);
    return true;
}

bool state_may_read(const struct state *s, struct slice path, struct slice auth)
{
    uint32_t index = tree_find(&s->tree, path);

    if (index == NODE_NONE)
        index = discovery_find(s, path, NULL);
    return index == NODE_NONE || node_permits(s, index, ZK_PERM_READ, auth);
}

bool state_may_hear(const struct state *s, uint32_t acl, struct slice auth)
{
    return acl_permits(acl_get(&s->acls, acl), ZK_PERM_READ, auth);
}

static void session_tell(const struct session *session, struct state_session *info)
{
    *info = (struct state_session){.id = session->id,
                                   .timeout_ms = session->timeout_ms,
                                   .attach = session->attach,
                                   .server = session->server,
                                   .ephemeral_count = session->owned_count};
    memcpy(info->password, session->password, sizeof(info->password));
}

bool state_session(const struct state *s, uint64_t id, struct state_session *info)
{
    const struct session *session = session_find(&s->sessions, id);

    if (session != NULL && info != NULL)
        session_tell(session, info);
    return session != NULL;
}

bool state_session_next(const struct state *s, uint64_t *cursor, struct state_session *info)
{
    const struct session *session = session_after(&s->sessions, *cursor);

    if (session == NULL)
        return false;
    *cursor = session->id;
    session_tell(session, info);
    return true;
}

bool state_origin(const struct state *s, uint32_t server, uint64_t *incarnation, uint32_t *boot, uint64_t *number)
{
    const struct origin *o = origin_find(&s->origins, server);

    if (o == NULL)
        return false;
    *incarnation = o->incarnation;
    *boot = o->boot;
    *number = o->number;
    return true;
}

static const struct origin *origin_boot(const struct state *s, uint32_t server, uint64_t incarnation, uint32_t boot)
{
    const struct origin *o = origin_find(&s->origins, server);

    return o != NULL && o->incarnation == incarnation && o->boot == boot ? o : NULL;
}

bool state_origin_known(const struct state *s, uint32_t server, uint64_t incarnation, uint32_t boot)
{
    return origin_boot(s, server, incarnation, boot) != NULL;
}

uint64_t state_origin_number(const struct state *s, uint32_t server, uint64_t incarnation, uint32_t boot)
{
    const struct origin *o = origin_boot(s, server, incarnation, boot);

    return o != NULL ? o->number : 0;
}

struct settings state_settings(const struct state *s)
{
    uint32_t config = tree_find(&s->tree, SLICE_LITERAL(CONFIG_PATH));

    return (struct settings){s->settings.enforce_quota,
                             config == NODE_NONE ? SLICE_NULL : value_slice(tree_node(&s->tree, config)->value)};
}

const struct form *state_form(const struct state *s, uint64_t *form_zxid)
{
    if (form_zxid != NULL)
        *form_zxid = s->form_zxid;
    return s->form_zxid != 0 ? &s->form : NULL;
}

void state_counts(const struct state *s, struct state_counts *c)
{
    *c = (struct state_counts){
        .nodes = s->tree.count,
        .ephemerals = s->ephemerals,
        .owners = s->owners,
        .sessions = s->sessions.by_id.count,
        .data_bytes = s->data_bytes,
        .path_bytes = 1 + s->tree.path_bytes,
        .memory_bytes = sizeof(*s) + tree_bytes(&s->tree) + s->value_memory + acl_table_bytes(&s->acls) +
                        session_table_bytes(&s->sessions) + s->origins.capacity * sizeof(struct origin) +
                        s->changes.paths.capacity + s->changes.capacity * sizeof(struct change) +
                        s->reaps.capacity * sizeof(struct map_slot) + s->reaps.count * sizeof(struct reap) +
                        s->undo.capacity * sizeof(struct undo_step) + state_walk_backlog(s),
        .wall_ms = s->wall_ms,
        .cluster_ms = s->cluster_ms,
    };
}
