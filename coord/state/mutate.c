/* mutate.c - the changes of the tree: each keeps digest, counts, owners' lists, parents' stat and the walk in step, and is
 * reported for the watches. What may be changed is the operations' business. Pure. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/seeded.h"
#include "state/internal.h"

#include <string.h>

static void node_touch(struct state *s, uint32_t index)
{
    if (!SEEDED(fuzzy_snapshot))
        walk_node_touched(s, index);
    s->digest -= digest_node(s, index);
}

static void node_settle(struct state *s, uint32_t index)
{
    s->digest += digest_node(s, index);
}

void session_touch(struct state *s, struct session *session)
{
    walk_session_touched(s, session);
    s->digest -= digest_session(session);
}

void session_settle(struct state *s, struct session *session)
{
    s->digest += digest_session(session);
}

void changes_start(struct state *s)
{
    struct changes *c = &s->changes;

    for (uint32_t i = 0; i < c->count; i++) {
        acl_give(&s->acls, c->items[i].acl);
        acl_give(&s->acls, c->items[i].parent_acl);
    }
    buf_clear(&c->paths);
    c->count = 0;
}

/* The node's path, by its place in the buffer, which may move still. */
static void report(struct state *s, enum change_kind kind, uint32_t index)
{
    struct changes *c = &s->changes;
    size_t start = buf_size(&c->paths);
    uint32_t parent = index == NODE_ROOT ? NODE_ROOT : tree_node(&s->tree, index)->parent;
    uint32_t acl = tree_node(&s->tree, index)->acl, parent_acl = tree_node(&s->tree, parent)->acl;

    if (c->count == c->capacity) {
        c->capacity = c->capacity == 0 ? 8 : c->capacity * 2;
        c->items = coord_realloc(c->items, c->capacity * sizeof(*c->items));
    }
    tree_append_path(&s->tree, index, &c->paths);
    acl_hold(&s->acls, acl);
    acl_hold(&s->acls, parent_acl);
    c->items[c->count++] = (struct change){kind, slice_make(NULL, buf_size(&c->paths) - start), acl, parent_acl};
}

void changes_finish(struct changes *c)
{
    size_t at = 0;

    for (uint32_t i = 0; i < c->count; i++) {
        c->items[i].path.data = buf_bytes(&c->paths) + at;
        at += c->items[i].path.size;
    }
}

struct slice changes_last_path(const struct changes *c)
{
    size_t size = c->items[c->count - 1].path.size;

    return slice_make(buf_bytes(&c->paths) + buf_size(&c->paths) - size, size);
}

void node_fill(struct state *s, struct node *n, struct value *value)
{
    n->value = value;
    s->data_bytes += value_size(value);
    s->value_memory += value_memory(value);
}

/* The value that was there: the caller's, and not counted any more. */
static struct value *node_empty(struct state *s, struct node *n)
{
    struct value *value = n->value;

    s->data_bytes -= value_size(value);
    s->value_memory -= value_memory(value);
    n->value = NULL;
    return value;
}

void node_drop_content(struct state *s, uint32_t index)
{
    struct node *n = tree_node(&s->tree, index);

    reap_remove(s, index);
    acl_give(&s->acls, n->acl);
    value_drop(node_empty(s, n));
}

static void owned_more(struct state *s, struct session *owner)
{
    s->owners += owner->owned_count++ == 0;
    s->ephemerals++;
}

void owned_append(struct state *s, struct session *owner, uint32_t index)
{
    struct node *n = tree_node(&s->tree, index);

    n->kind = NODE_EPHEMERAL;
    n->owner = owner->id;
    n->owned_next = NODE_NONE;
    n->owned_prev = index;
    if (owner->first_owned == NODE_NONE) {
        owner->first_owned = index;
    } else {
        struct node *first = tree_node(&s->tree, owner->first_owned);

        n->owned_prev = first->owned_prev;
        tree_node(&s->tree, first->owned_prev)->owned_next = index;
        first->owned_prev = index;
    }
    owned_more(s, owner);
}

void owned_remove(struct state *s, uint32_t index)
{
    struct node *n = tree_node(&s->tree, index);
    struct session *owner = session_find(&s->sessions, n->owner);

    COORD_ASSERT(owner != NULL);
    if (n->owned_next != NODE_NONE)
        tree_node(&s->tree, n->owned_next)->owned_prev = n->owned_prev;
    else if (owner->first_owned != index)
        tree_node(&s->tree, owner->first_owned)->owned_prev = n->owned_prev;
    if (owner->first_owned == index)
        owner->first_owned = n->owned_next;
    else
        tree_node(&s->tree, n->owned_prev)->owned_next = n->owned_next;
    s->owners -= --owner->owned_count == 0;
    s->ephemerals--;
}

void owned_restore(struct state *s, uint32_t index)
{
    struct node *n = tree_node(&s->tree, index);
    struct session *owner = session_find(&s->sessions, n->owner);
    bool first;

    COORD_ASSERT(owner != NULL);
    first = owner->first_owned == n->owned_next; /* NODE_NONE: the only one */
    if (n->owned_next != NODE_NONE)
        tree_node(&s->tree, n->owned_next)->owned_prev = index;
    else if (!first)
        tree_node(&s->tree, owner->first_owned)->owned_prev = index;
    if (first)
        owner->first_owned = index;
    else
        tree_node(&s->tree, n->owned_prev)->owned_next = index;
    owned_more(s, owner);
}

uint32_t node_create(struct state *s, uint32_t parent, const struct node_creation *c)
{
    uint32_t index = tree_take(&s->tree, c->name);
    struct node *n = tree_node(&s->tree, index), *p = tree_node(&s->tree, parent);

    walk_node_born(s, index);
    n->czxid = n->mzxid = n->pzxid = c->zxid;
    n->ctime = n->mtime = c->wall_ms;
    n->acl = acl_take(&s->acls, c->acl);
    node_fill(s, n, value_new(c->data));
    if (c->owner != NULL)
        owned_append(s, c->owner, index);
    else if (c->container || c->ttl_ms != 0)
        reap_add(s, index, c->ttl_ms, s->cluster_ms);
    node_touch(s, parent);
    tree_link(&s->tree, index, parent);
    undo_note(s, (struct undo_step){.kind = UNDO_CREATE, .index = index, .zxid = p->pzxid});
    p->creates++;
    p->pzxid = c->zxid;
    node_settle(s, parent);
    node_settle(s, index);
    report(s, CHANGE_CREATED, index);
    quota_created(s, index, changes_last_path(&s->changes));
    return index;
}

void node_delete(struct state *s, uint32_t index, uint64_t zxid)
{
    struct node *n = tree_node(&s->tree, index);
    uint32_t parent = n->parent;
    int64_t bytes = value_size(n->value);

    report(s, CHANGE_DELETED, index);
    node_touch(s, index);
    if (n->kind == NODE_EPHEMERAL)
        owned_remove(s, index);
    node_touch(s, parent);
    undo_note(s, (struct undo_step){.kind = UNDO_DELETE, .index = index, .zxid = tree_node(&s->tree, parent)->pzxid});
    tree_unlink(&s->tree, index);
    if (!s->undo.on) {
        node_drop_content(s, index);
        tree_drop(&s->tree, index);
    }
    tree_node(&s->tree, parent)->pzxid = zxid;
    node_settle(s, parent);
    quota_moved(s, changes_last_path(&s->changes), -1, SEEDED(quota_delete_bytes) ? 0 : -bytes);
}

/* -1 means "any version" in requests, so no node ever has it. */
static int32_t next_version(int32_t version)
{
    return version == -2 ? 0 : (int32_t)((uint32_t)version + 1);
}

/* Within a touch: the old value is the undo's, or nobody's. */
static void replace_value(struct state *s, uint32_t index, struct slice data)
{
    struct node *n = tree_node(&s->tree, index);
    const struct reap *timed = reap_find(s, index);
    struct value *old = node_empty(s, n);

    if (s->undo.on)
        undo_note(s, (struct undo_step){.kind = UNDO_DATA,
                                        .index = index,
                                        .version = n->version,
                                        .zxid = n->mzxid,
                                        .mtime = n->mtime,
                                        .since_ms = timed != NULL ? timed->since_ms : 0,
                                        .value = old});
    else
        value_drop(old);
    node_fill(s, n, value_new(data));
}

static void set_data(struct state *s, uint32_t index, struct slice data, int32_t version, uint64_t zxid, int64_t wall_ms)
{
    struct node *n = tree_node(&s->tree, index);
    int64_t before = value_size(n->value);

    node_touch(s, index);
    replace_value(s, index, data);
    n->version = version;
    n->mzxid = zxid;
    n->mtime = wall_ms;
    if (n->kind == NODE_TTL && !SEEDED(ttl_from_creation))
        reap_find(s, index)->since_ms = s->cluster_ms;
    node_settle(s, index);
    report(s, CHANGE_DATA, index);
    quota_moved(s, changes_last_path(&s->changes), 0, value_size(n->value) - before);
}

void node_set_data(struct state *s, uint32_t index, struct slice data, uint64_t zxid, int64_t wall_ms)
{
    set_data(s, index, data, next_version(tree_node(&s->tree, index)->version), zxid, wall_ms);
}

void node_set_config(struct state *s, uint32_t index, struct slice data, uint64_t zxid, int64_t wall_ms)
{
    set_data(s, index, data, -1, zxid, wall_ms);
}

void node_set_text(struct state *s, uint32_t index, struct slice text)
{
    node_touch(s, index);
    replace_value(s, index, text);
    if (SEEDED(quota_raises_version))
        tree_node(&s->tree, index)->version++;
    node_settle(s, index);
}

void node_set_acl(struct state *s, uint32_t index, struct jute_vector list)
{
    struct node *n = tree_node(&s->tree, index);
    uint32_t old = n->acl;

    COORD_ASSERT(!s->undo.on);
    node_touch(s, index);
    n->acl = acl_take(&s->acls, list);
    acl_give(&s->acls, old);
    if (!SEEDED(set_acl_unversioned))
        n->aversion = next_version(n->aversion);
    node_settle(s, index);
}

static bool owned_before(const struct owned *x, const struct owned *y)
{
    return x->czxid != y->czxid ? x->czxid < y->czxid : x->path_hash < y->path_hash;
}

/* Merge sort, from runs of one upwards. */
void owned_sort(struct owned *items, size_t count)
{
    struct owned *to = coord_alloc(count * sizeof(*to));

    for (size_t run = 1; run < count; run *= 2) {
        for (size_t start = 0; start < count; start += 2 * run) {
            size_t middle = start + run < count ? start + run : count;
            size_t end = middle + run < count ? middle + run : count;
            size_t a = start, b = middle;

            for (size_t i = start; i < end; i++)
                to[i] = b == end || (a < middle && !owned_before(&items[b], &items[a])) ? items[a++] : items[b++];
        }
        memcpy(items, to, count * sizeof(*to));
    }
    coord_free(to);
}

void session_close(struct state *s, struct session *session, uint64_t zxid)
{
    size_t count = session->owned_count;
    struct owned *owned = count == 0 ? NULL : coord_alloc(count * sizeof(*owned));
    uint32_t at = session->first_owned;

    COORD_ASSERT(!s->undo.on);
    for (size_t i = 0; i < count; i++) {
        const struct node *n = tree_node(&s->tree, at);

        owned[i] = (struct owned){n->czxid, n->path_hash, at};
        at = n->owned_next;
    }
    if (count > 1)
        owned_sort(owned, count);
    for (size_t i = 0; i < count && !(SEEDED(ephemeral_survives) && i + 1 == count); i++)
        node_delete(s, owned[i].index, zxid);
    coord_free(owned);
    session_touch(s, session);
    session_remove(&s->sessions, session);
}
