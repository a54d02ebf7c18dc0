/* loader.c - a state from an image. Pure.
 *
 * Records are taken as they come; nodes wait unlinked, their `parent` holding the image's index, until finish knows them all
 * and hangs them under their parents from the top down. Nothing in an image is trusted: each record is checked for itself, the
 * tree for its shape while it is linked, and the whole by the digest, which covers every field but zxid and times of the
 * header.
 */
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/seeded.h"
#include "state/image.h"
#include "state/internal.h"
#include "state/path.h"

#include <string.h>

struct state_loader {
    struct state *s;
    struct buf pending; /* the start of a record whose rest is to come */
    struct image_header header;
    struct image_trailer trailer;
    struct map nodes; /* image index -> index + 1 */
    uint8_t *link;    /* per node: enum link_state */
    uint32_t *climb;  /* the nodes on the way up, in link_node */
    bool started, root, formed, ended, failed;
};

_Static_assert(IMAGE_RECORD_MAX < NODE_NAME_MAX, "a name of an image fits a node");

enum link_state { LINK_NOT, LINK_CLIMBING, LINK_DONE };

struct state_loader *state_loader_new(void)
{
    struct state_loader *l = coord_alloc_zero(1, sizeof(*l));

    l->s = state_new_empty();
    return l;
}

void state_loader_free(struct state_loader *l)
{
    if (l == NULL)
        return;
    state_free(l->s);
    buf_deinit(&l->pending);
    map_deinit(&l->nodes);
    coord_free(l->link);
    coord_free(l->climb);
    coord_free(l);
}

static bool take_header(struct state_loader *l, struct slice body)
{
    if (!image_decode_header(body, &l->header))
        return false;
    l->started = true;
    l->s->zxid = l->header.zxid;
    l->s->wall_ms = l->header.wall_ms;
    l->s->cluster_ms = l->header.cluster_ms;
    return true;
}

static bool take_form(struct state_loader *l, struct slice body)
{
    if (l->formed || l->header.form_zxid == 0 || form_decode(body, &l->s->form) != 0)
        return false;
    l->s->form_zxid = l->header.form_zxid;
    l->formed = true;
    return true;
}

/* Only where something is on. */
static bool take_settings(struct state_loader *l, struct slice body)
{
    if (settings_flags(&l->s->settings) != 0 || settings_decode(body, &l->s->settings) != 0 ||
        settings_flags(&l->s->settings) == 0 || l->s->settings.config.size != 0)
        return false;
    l->s->settings.config = SLICE_NULL;
    return true;
}

static bool take_origin(struct state_loader *l, struct slice body)
{
    struct origin origin;

    if (!image_decode_origin(body, &origin) || origin_find(&l->s->origins, origin.server) != NULL)
        return false;
    if (SEEDED(origin_not_in_snapshot))
        origin.number = 0;
    *origin_obtain(&l->s->origins, origin.server) = origin;
    return true;
}

static bool take_session(struct state_loader *l, struct slice body)
{
    struct session read = {0}, *session;

    if (!image_decode_session(body, &read) || (session = session_add(&l->s->sessions, read.id)) == NULL)
        return false;
    memcpy(session->password, read.password, sizeof(session->password));
    session->timeout_ms = read.timeout_ms;
    session->attach = read.attach;
    session->server = read.server;
    return true;
}

static bool node_plausible(const struct state_loader *l, const struct image_node *n)
{
    int64_t ttl_ms;

    if (!acl_plausible(n->acl) || map_get(&l->nodes, n->index) != NULL)
        return false;
    if (n->index == NODE_ROOT || n->parent == NODE_NONE)
        return n->index == NODE_ROOT && n->parent == NODE_NONE && n->name.size == 0 && n->owner == 0 && n->since_ms == 0;
    if (reap_owner_decode(n->owner, &ttl_ms))
        return path_component_valid(n->name) && (ttl_ms > 0 || n->since_ms == 0);
    if (n->owner >> 63 != 0 || n->since_ms != 0) /* no session's id */
        return false;
    if (n->owner != 0 && (n->pzxid != n->czxid || n->creates != 0))
        return false;
    return path_component_valid(n->name);
}

static bool take_node(struct state_loader *l, struct slice body)
{
    struct image_node read;
    struct node *n;
    uint32_t index;
    int64_t ttl_ms;

    if (!image_decode_node(body, &read) || !node_plausible(l, &read))
        return false;
    if (read.index == NODE_ROOT) {
        index = NODE_ROOT;
        l->root = true;
    } else {
        index = tree_take(&l->s->tree, read.name);
    }
    map_put(&l->nodes, read.index, (void *)((uintptr_t)index + 1));
    n = tree_node(&l->s->tree, index);
    n->parent = read.parent;
    n->czxid = read.czxid;
    n->mzxid = read.mzxid;
    n->ctime = read.ctime;
    n->mtime = read.mtime;
    n->version = read.version;
    n->aversion = read.aversion;
    n->creates = read.creates;
    n->acl = acl_take(&l->s->acls, read.acl);
    node_fill(l->s, n, value_new(read.data));
    if (reap_owner_decode(read.owner, &ttl_ms)) {
        n->pzxid = read.pzxid;
        reap_add(l->s, index, ttl_ms, read.since_ms);
    } else if (read.owner != 0) {
        n->kind = NODE_EPHEMERAL;
        n->owner = read.owner;
    } else {
        n->pzxid = read.pzxid;
    }
    return true;
}

static bool take_record(struct state_loader *l, uint8_t type, struct slice body)
{
    if (l->ended || l->started == (type == IMAGE_HEADER))
        return false;
    switch (type) {
    case IMAGE_HEADER:
        return take_header(l, body);
    case IMAGE_FORM:
        return take_form(l, body);
    case IMAGE_SETTINGS:
        return take_settings(l, body);
    case IMAGE_ORIGIN:
        return take_origin(l, body);
    case IMAGE_SESSION:
        return take_session(l, body);
    case IMAGE_NODE:
        return take_node(l, body);
    case IMAGE_TRAILER:
        l->ended = true;
        return image_decode_trailer(body, &l->trailer);
    default:
        return false;
    }
}

/* Takes the whole records at the front of *piece. False on damage. */
static bool take_records(struct state_loader *l, struct slice *piece)
{
    while (piece->size >= IMAGE_PREFIX_BYTES) {
        uint32_t size = get_le32(piece->data);

        if (size < 1 || size > IMAGE_RECORD_MAX)
            return false;
        if (piece->size - 4 < size)
            return true;
        if (!take_record(l, piece->data[4], slice_make(piece->data + IMAGE_PREFIX_BYTES, size - 1)))
            return false;
        *piece = slice_make(piece->data + 4 + size, piece->size - 4 - size);
    }
    return true;
}

int state_loader_feed(struct state_loader *l, struct slice piece)
{
    if (l->failed)
        return -COORD_E_DAMAGED;
    if (buf_size(&l->pending) > 0) {
        struct slice all;

        buf_append(&l->pending, piece.data, piece.size);
        all = buf_slice(&l->pending);
        l->failed = !take_records(l, &all);
        buf_consume(&l->pending, buf_size(&l->pending) - all.size);
    } else {
        l->failed = !take_records(l, &piece);
        if (!l->failed)
            buf_append(&l->pending, piece.data, piece.size);
    }
    return l->failed ? -COORD_E_DAMAGED : 0;
}

/* Links the node and what is above it, from the top down. False when its line does not end at the root, or when the
 * place is taken. */
static bool link_node(struct state_loader *l, uint32_t index)
{
    struct tree *t = &l->s->tree;
    uint32_t depth = 0;

    while (l->link[index] != LINK_DONE) {
        uintptr_t parent = (uintptr_t)map_get(&l->nodes, tree_node(t, index)->parent);

        if (parent == 0 || l->link[index] == LINK_CLIMBING)
            return false;
        l->link[index] = LINK_CLIMBING;
        l->climb[depth++] = index;
        index = (uint32_t)(parent - 1);
    }
    while (depth > 0) {
        uint32_t parent = index;

        index = l->climb[--depth];
        if (tree_node(t, parent)->kind == NODE_EPHEMERAL || tree_child(t, parent, tree_name(tree_node(t, index))) != NODE_NONE)
            return false;
        tree_link(t, index, parent);
        l->link[index] = LINK_DONE;
    }
    return true;
}

static bool link_all(struct state_loader *l)
{
    const struct tree *t = &l->s->tree;

    l->link = coord_alloc_zero(t->nodes.used, sizeof(*l->link));
    l->climb = coord_alloc_zero(t->nodes.used, sizeof(*l->climb));
    l->link[NODE_ROOT] = LINK_DONE;
    for (uint32_t i = 1; i < t->nodes.used; i++)
        if (!link_node(l, i))
            return false;
    return true;
}

static bool hang_on_sessions(struct state *s, struct owned *owned, size_t count)
{
    owned_sort(owned, count);
    for (size_t i = 0; i < count; i++) {
        struct session *owner = session_find(&s->sessions, tree_node(&s->tree, owned[i].index)->owner);

        if (owner == NULL)
            return false;
        owned_append(s, owner, owned[i].index);
    }
    return true;
}

static bool link_owned(struct state *s)
{
    struct owned *owned = coord_alloc(s->tree.nodes.used * sizeof(*owned));
    size_t count = 0;
    bool good;

    for (uint32_t i = 0; i < s->tree.nodes.used; i++) {
        const struct node *n = tree_node(&s->tree, i);

        if (n->kind == NODE_EPHEMERAL)
            owned[count++] = (struct owned){n->czxid, n->path_hash, i};
    }
    good = hang_on_sessions(s, owned, count);
    coord_free(owned);
    return good;
}

static bool complete(const struct state_loader *l)
{
    return !l->failed && l->ended && buf_size(&l->pending) == 0 && l->root && l->formed == (l->header.form_zxid != 0) &&
           l->s->origins.count == l->header.origins && l->s->tree.count == l->trailer.nodes &&
           l->s->sessions.by_id.count == l->trailer.sessions;
}

int state_loader_finish(struct state_loader *l, struct state **s)
{
    if (!complete(l) || !link_all(l) || !link_owned(l->s) || state_digest_recompute(l->s) != l->trailer.digest) {
        l->failed = true;
        return -COORD_E_DAMAGED;
    }
    l->s->digest = l->trailer.digest;
    quota_init(l->s);
    *s = l->s;
    l->s = NULL;
    l->failed = true; /* it has given its state away */
    return 0;
}
