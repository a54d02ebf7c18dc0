/* ck_model.c - histories of nodes by zxid; see ck_model.h. */
#include "sim/ck_model.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/map.h"
#include "sim/trace.h"

#include <string.h>

/* One change of a node. */
struct version {
    uint64_t zxid, czxid, data_hash, owner;
    enum zk_event event; /* CREATED, DELETED or DATA_CHANGED */
    int32_t version, size;
};

struct track {
    char *path;
    struct track *parent;
    uint64_t listed; /* the last listing that names it */
    struct version *versions;
    size_t count, capacity;
    struct track **children; /* every node that ever was one, in order of first creation */
    size_t child_count, child_capacity;
    uint64_t *child_changes; /* zxids of their creations and deletions */
    size_t change_count, change_capacity;
};

struct ck_model {
    struct map by_path; /* struct track by hash of the path */
    struct track *root;
    uint64_t listings; /* looked at so far */
    struct ck_change *changes;
    size_t change_count, change_capacity;
};

#define GROW(array, count, capacity)                                                                                           \
    do {                                                                                                                       \
        if ((count) == (capacity)) {                                                                                           \
            (capacity) = (capacity) > 0 ? 2 * (capacity) : 8;                                                                  \
            (array) = coord_realloc((array), (capacity) * sizeof(*(array)));                                                   \
        }                                                                                                                      \
    } while (0)

static struct track *track_get(const struct ck_model *m, struct slice path)
{
    return map_get(&m->by_path, hash_bytes(path.data, path.size, 7));
}

static struct track *track_make(struct ck_model *m, struct slice path)
{
    struct track *t = track_get(m, path);

    if (t != NULL)
        return t;
    t = coord_alloc_zero(1, sizeof(*t));
    t->path = coord_alloc(path.size + 1);
    memcpy(t->path, path.data, path.size);
    t->path[path.size] = 0;
    map_put(&m->by_path, hash_bytes(path.data, path.size, 7), t);
    if (path.size > 1) {
        size_t size = path.size;
        while (path.data[size - 1] != '/')
            size--;
        t->parent = track_make(m, slice_make(path.data, size > 1 ? size - 1 : 1));
        GROW(t->parent->children, t->parent->child_count, t->parent->child_capacity);
        t->parent->children[t->parent->child_count++] = t;
    }
    return t;
}

struct ck_model *ck_model_new(void)
{
    struct ck_model *m = coord_alloc_zero(1, sizeof(*m));

    m->root = track_make(m, SLICE_LITERAL("/"));
    return m;
}

void ck_model_free(struct sim *s)
{
    struct track *t;

    for (size_t at = 0; (t = map_next(&s->model->by_path, &at)) != NULL;) {
        coord_free(t->path);
        coord_free(t->versions);
        coord_free(t->children);
        coord_free(t->child_changes);
        coord_free(t);
    }
    map_deinit(&s->model->by_path);
    coord_free(s->model->changes);
    coord_free(s->model);
}

uint64_t ck_data_hash(struct slice data)
{
    return slice_is_null(data) ? 1 : hash_bytes(data.data, data.size, 3);
}

static size_t versions_until(const struct track *t, uint64_t zxid) /* how many stand at or below */
{
    size_t low = 0, high = t != NULL ? t->count : 0;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->versions[middle].zxid <= zxid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct version *version_at(const struct track *t, uint64_t zxid) /* NULL: never existed until then */
{
    size_t count = versions_until(t, zxid);

    return count > 0 ? &t->versions[count - 1] : NULL;
}

static bool alive(const struct track *t, uint64_t zxid)
{
    const struct version *v = version_at(t, zxid);

    return v != NULL && v->event != ZK_EVENT_NODE_DELETED;
}

void ck_model_at(const struct sim *s, const char *path, uint64_t zxid, struct ck_node *node)
{
    const struct track *t = track_get(s->model, slice_from_text(path));
    const struct version *v = version_at(t, zxid);

    *node = (struct ck_node){.exists = alive(t, zxid)};
    if (!node->exists)
        return;
    node->data_hash = v->data_hash;
    node->stat = (struct zk_stat){.czxid = (int64_t)v->czxid,
                                  .mzxid = (int64_t)v->zxid,
                                  .version = v->version,
                                  .ephemeral_owner = (int64_t)v->owner,
                                  .data_length = v->size,
                                  .pzxid = (int64_t)v->czxid};
    for (size_t i = 0; i < t->child_count; i++)
        node->stat.num_children += alive(t->children[i], zxid) ? 1 : 0;
    for (size_t i = 0; i < t->change_count && t->child_changes[i] <= zxid; i++) {
        if (t->child_changes[i] > v->czxid) {
            node->stat.cversion++;
            node->stat.pzxid = (int64_t)t->child_changes[i];
        }
    }
}

bool ck_model_children(const struct sim *s, const char *path, uint64_t zxid, const struct jute_vector *names)
{
    const struct track *t = track_get(s->model, slice_from_text(path));
    struct jute_cursor c = jute_cursor_make(names->items);
    uint64_t listing = ++s->model->listings;
    int32_t count = 0;
    struct slice name;

    for (size_t i = 0; t != NULL && i < t->child_count; i++)
        count += alive(t->children[i], zxid) ? 1 : 0;
    if (names->count != count)
        return false;
    while (jute_next_ustring(&c, &name)) {
        char full[256];
        int size = snprintf(full, sizeof(full), "%s/%.*s", path[1] != 0 ? path : "", SLICE_ARG(name));
        struct track *child = track_get(s->model, slice_make(full, (size_t)size));
        if (!alive(child, zxid) || child->listed == listing) /* none twice */
            return false;
        child->listed = listing;
    }
    return true;
}

/* Changes. */

static void child_changed(struct track *parent, uint64_t zxid)
{
    GROW(parent->child_changes, parent->change_count, parent->change_capacity);
    parent->child_changes[parent->change_count++] = zxid;
}

static bool is_ephemeral(int32_t flags)
{
    return flags == ZK_EPHEMERAL || flags == ZK_EPHEMERAL_SEQUENTIAL;
}

static void change(struct sim *s, const struct entry *e, const struct change *c, const union op_request *request)
{
    struct track *t = track_make(s->model, c->path);
    const struct version *old = version_at(t, e->zxid);
    bool was = old != NULL && old->event != ZK_EVENT_NODE_DELETED;
    struct version v = {.zxid = e->zxid};

    if (was == (c->kind == CHANGE_CREATED))
        sim_fail(s, "C7", "%s changes by " ZXID_FMT " in a way that it cannot: kind %d", t->path, ZXID_ARG(e->zxid),
                 (int)c->kind);
    if (c->kind == CHANGE_CREATED) {
        struct slice data = request->create.data;
        v.event = ZK_EVENT_NODE_CREATED;
        v.czxid = e->zxid;
        v.data_hash = ck_data_hash(data);
        v.size = (int32_t)data.size;
        v.owner = is_ephemeral(request->create.flags) ? e->session : 0;
        if (t->parent == NULL || (t->parent->parent != NULL && !alive(t->parent, e->zxid)))
            sim_fail(s, "C7", "%s was created by " ZXID_FMT " without a parent", t->path, ZXID_ARG(e->zxid));
    } else if (c->kind == CHANGE_DATA) {
        v = *old;
        v.zxid = e->zxid;
        v.event = ZK_EVENT_DATA_CHANGED;
        v.data_hash = ck_data_hash(request->set_data.data);
        v.size = (int32_t)request->set_data.data.size;
        v.version = old->version + 1;
        if (request->set_data.version != ZK_VERSION_ANY && request->set_data.version != old->version)
            sim_fail(s, "C7", "%s: set for version %d took effect on version %d", t->path, request->set_data.version,
                     old->version);
    } else {
        v.event = ZK_EVENT_NODE_DELETED;
        for (size_t i = 0; i < t->child_count; i++)
            if (alive(t->children[i], e->zxid))
                sim_fail(s, "C7", "%s was deleted by " ZXID_FMT " with children", t->path, ZXID_ARG(e->zxid));
    }
    GROW(t->versions, t->count, t->capacity);
    t->versions[t->count++] = v;
    GROW(s->model->changes, s->model->change_count, s->model->change_capacity);
    s->model->changes[s->model->change_count++] = (struct ck_change){e->zxid, t->path};
    if (c->kind != CHANGE_DATA && t->parent != NULL)
        child_changed(t->parent, e->zxid);
}

/* What an error says about the tree before the entry. */
static void refused(struct sim *s, const struct entry *e, int err, const union op_request *request)
{
    struct slice path = e->op == ZK_OP_SET_DATA ? request->set_data.path
                        : e->op == ZK_OP_DELETE ? request->del.path
                                                : request->create.path;
    const struct track *t = track_get(s->model, path);
    const struct version *v = version_at(t, e->zxid);
    bool exists = alive(t, e->zxid), right = true;

    if (err == -COORD_E_NODE_EXISTS)
        right = exists;
    else if (err == -COORD_E_NO_NODE)
        right = (e->op != ZK_OP_SET_DATA && e->op != ZK_OP_DELETE) || !exists;
    else if (err == -COORD_E_BAD_VERSION)
        right = exists && (e->op == ZK_OP_SET_DATA ? request->set_data.version : request->del.version) != v->version;
    else if (err != -COORD_E_SESSION_EXPIRED && err != -COORD_E_SESSION_MOVED && err != -COORD_E_NOT_EMPTY)
        right = false;
    if (!right)
        sim_fail(s, "C7", "op %d of " ZXID_FMT " on %.*s failed with %s", e->op, ZXID_ARG(e->zxid), SLICE_ARG(path),
                 coord_error_name(err));
}

static void session_ended(struct sim *s, uint64_t session, uint64_t zxid)
{
    struct track *t;

    for (size_t at = 0; (t = map_next(&s->model->by_path, &at)) != NULL;)
        if (alive(t, zxid) && version_at(t, zxid)->owner == session)
            sim_fail(s, "C13", "%s outlives its session %llx, ended by " ZXID_FMT, t->path, (unsigned long long)session,
                     ZXID_ARG(zxid));
}

void ck_model_apply(struct sim *s, const struct entry *e, const struct apply *a)
{
    union op_request request = {0};
    bool with_body = e->kind == ENTRY_REQUEST && e->op != ZK_OP_CLOSE_SESSION;

    if (with_body) {
        struct jute_cursor c = jute_cursor_make(e->body);
        if (op_find(e->op) == NULL || jute_decode(&c, op_find(e->op)->request, &request) != 0)
            sim_fail(s, "I3", "entry " ZXID_FMT " holds no request", ZXID_ARG(e->zxid));
    }
    if (a->err != 0 && a->change_count > 0)
        sim_fail(s, "C5", "entry " ZXID_FMT " failed and has effects", ZXID_ARG(e->zxid));
    if (a->err != 0 && with_body)
        refused(s, e, a->err, &request);
    for (uint32_t i = 0; i < a->change_count; i++)
        change(s, e, &a->changes[i], &request);
    if (a->session_closed)
        session_ended(s, a->session, e->zxid);
}

/* Watches. */

uint64_t ck_model_fires(const struct sim *s, const char *path, bool child, uint64_t after, uint64_t until, enum zk_event *event)
{
    const struct track *t = track_get(s->model, slice_from_text(path));
    uint64_t best = 0;

    for (size_t i = versions_until(t, after); t != NULL && i < t->count && t->versions[i].zxid <= until; i++) {
        const struct version *v = &t->versions[i];
        if (!child || v->event == ZK_EVENT_NODE_DELETED) {
            best = v->zxid;
            *event = v->event;
            break;
        }
    }
    uint64_t first = 0;
    for (size_t i = child && t != NULL ? t->change_count : 0; i > 0 && t->child_changes[i - 1] > after; i--)
        first = t->child_changes[i - 1];
    if (first != 0 && first <= until && (best == 0 || first < best)) {
        best = first;
        *event = ZK_EVENT_CHILDREN_CHANGED;
    }
    return best;
}

bool ck_model_happened(const struct sim *s, const char *path, enum zk_event event, uint64_t zxid)
{
    const struct track *t = track_get(s->model, slice_from_text(path));

    if (event != ZK_EVENT_CHILDREN_CHANGED) {
        const struct version *v = version_at(t, zxid);
        return v != NULL && v->zxid == zxid && v->event == event;
    }
    for (size_t i = 0; t != NULL && i < t->change_count; i++)
        if (t->child_changes[i] == zxid)
            return true;
    return false;
}

const struct ck_change *ck_model_change(const struct sim *s, size_t index)
{
    return index < s->model->change_count ? &s->model->changes[index] : NULL;
}

size_t ck_model_changes_until(const struct sim *s, uint64_t zxid)
{
    size_t count = s->model->change_count;

    while (count > 0 && s->model->changes[count - 1].zxid > zxid)
        count--;
    return count;
}
