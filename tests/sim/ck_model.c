/* ck_model.c - histories of nodes by zxid; see ck_model.h. */
#include "sim/ck_model.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "sim/ck_track.h"

#include <string.h>

#define GROW(array, count, capacity)                                                                                           \
    do {                                                                                                                       \
        if ((count) == (capacity)) {                                                                                           \
            (capacity) = (capacity) > 0 ? 2 * (capacity) : 8;                                                                  \
            (array) = coord_realloc((array), (capacity) * sizeof(*(array)));                                                   \
        }                                                                                                                      \
    } while (0)

struct track *track_find(const struct ck_model *m, struct slice path)
{
    return map_get(&m->by_path, hash_bytes(path.data, path.size, 7));
}

struct track *track_make(struct ck_model *m, struct slice path)
{
    struct track *t = track_find(m, path);

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

/* It is there from the first, and nobody's creation. */
static struct track *track_first(struct ck_model *m, struct slice path)
{
    struct track *t = track_make(m, path);

    GROW(t->versions, t->count, t->capacity);
    t->versions[t->count++] = (struct version){.acl = CK_ACL_OPEN, .event = ZK_EVENT_NODE_CREATED};
    return t;
}

struct ck_model *ck_model_new(void)
{
    struct ck_model *m = coord_alloc_zero(1, sizeof(*m));

    m->root = track_first(m, SLICE_LITERAL("/"));
    track_first(m, SLICE_LITERAL("/zookeeper"));
    m->quotas = track_first(m, SLICE_LITERAL("/zookeeper/quota"));
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
    coord_free(s->model->pushed);
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

/* How many changes of its children stand at or below a zxid, or an order. */
static size_t child_changes_until(const struct track *t, uint64_t limit, bool by_order)
{
    size_t low = 0, high = t->change_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct child_change *c = &t->child_changes[middle];
        if ((by_order ? c->order : c->zxid) <= limit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct version *version_at(const struct track *t, uint64_t zxid) /* NULL: it did not exist then */
{
    size_t count = versions_until(t, zxid);

    return count > 0 && t->versions[count - 1].event != ZK_EVENT_NODE_DELETED ? &t->versions[count - 1] : NULL;
}

const struct version *track_now(const struct track *t)
{
    return version_at(t, UINT64_MAX);
}

uint32_t track_creates(const struct track *t)
{
    const struct child_change *last = t->change_count > 0 ? &t->child_changes[t->change_count - 1] : NULL;

    return last != NULL && last->order > track_now(t)->born ? last->creates : 0;
}

static int32_t children_at(const struct track *t, const struct version *v, uint64_t zxid, struct zk_stat *stat)
{
    size_t count = child_changes_until(t, zxid, false), before = child_changes_until(t, v->born, true);
    const struct child_change *last = count > before ? &t->child_changes[count - 1] : NULL;
    int32_t changes = last != NULL ? (int32_t)(count - before) : 0;

    if (stat != NULL && last != NULL) {
        stat->cversion = changes;
        stat->pzxid = (int64_t)last->zxid;
    }
    return last != NULL ? 2 * (int32_t)last->creates - changes : 0;
}

uint64_t track_children_at(const struct track *t)
{
    return t->change_count > 0 ? t->child_changes[t->change_count - 1].at : 0;
}

int32_t track_children(const struct track *t)
{
    return children_at(t, track_now(t), UINT64_MAX, NULL);
}

void ck_model_at(const struct sim *s, const char *path, uint64_t zxid, struct ck_node *node)
{
    const struct track *t = track_find(s->model, slice_from_text(path));
    const struct version *v = version_at(t, zxid);

    *node = (struct ck_node){.exists = v != NULL};
    if (v == NULL)
        return;
    node->data_hash = v->data_hash;
    node->acl = v->acl;
    node->stat = (struct zk_stat){.czxid = (int64_t)v->czxid,
                                  .mzxid = (int64_t)v->mzxid,
                                  .ctime = v->ctime,
                                  .mtime = v->mtime,
                                  .version = v->version,
                                  .aversion = v->aversion,
                                  .ephemeral_owner = (int64_t)v->owner,
                                  .data_length = v->size,
                                  .pzxid = (int64_t)v->czxid};
    node->stat.num_children = children_at(t, v, zxid, &node->stat);
}

/* The node is on the list for the first time. */
static bool list_once(struct track *t, uint64_t listing)
{
    bool first = t->listed != listing;

    t->listed = listing;
    return first;
}

bool ck_model_children(const struct sim *s, const char *path, uint64_t zxid, const struct jute_vector *names)
{
    const struct track *t = track_find(s->model, slice_from_text(path));
    struct jute_cursor c = jute_cursor_make(names->items);
    uint64_t listing = ++s->model->listings;
    int32_t count = 0;
    struct slice name;

    for (size_t i = 0; t != NULL && i < t->child_count; i++)
        count += version_at(t->children[i], zxid) != NULL;
    if (names->count != count)
        return false;
    while (jute_next_ustring(&c, &name)) {
        char full[256];
        int size = snprintf(full, sizeof(full), "%s/%.*s", path[1] != 0 ? path : "", SLICE_ARG(name));
        struct track *child = track_find(s->model, slice_make(full, (size_t)size));
        if (version_at(child, zxid) == NULL || !list_once(child, listing))
            return false;
    }
    return true;
}

bool ck_model_ephemerals(const struct sim *s, uint64_t session, uint64_t zxid, const struct jute_vector *paths)
{
    struct jute_cursor c = jute_cursor_make(paths->items);
    uint64_t listing = ++s->model->listings;
    const struct version *v;
    struct slice path;
    struct track *t;
    int32_t count = 0;

    for (size_t at = 0; (t = map_next(&s->model->by_path, &at)) != NULL;)
        count += (v = version_at(t, zxid)) != NULL && v->owner == session;
    while (jute_next_ustring(&c, &path)) {
        t = track_find(s->model, path);
        v = version_at(t, zxid);
        if (v == NULL || v->owner != session || !list_once(t, listing))
            return false;
    }
    return paths->count == count;
}

static int32_t descendants(const struct track *t, uint64_t zxid)
{
    int32_t count = 0;

    for (size_t i = 0; i < t->child_count; i++)
        if (version_at(t->children[i], zxid) != NULL)
            count += 1 + descendants(t->children[i], zxid);
    return count;
}

int32_t ck_model_descendants(const struct sim *s, const char *path, uint64_t zxid)
{
    const struct track *t = track_find(s->model, slice_from_text(path));

    return t != NULL ? descendants(t, zxid) : 0;
}

/* Changes. */

static void child_changed(const struct ck_model *m, struct track *parent, const struct version *v)
{
    struct child_change c = {.zxid = v->zxid, .order = v->order, .at = m->now, .creates = track_creates(parent)};

    c.creates += v->event == ZK_EVENT_NODE_CREATED;
    GROW(parent->child_changes, parent->change_count, parent->change_capacity);
    parent->child_changes[parent->change_count++] = c;
}

void track_push(struct ck_model *m, struct track *t, const struct version *v)
{
    const struct version *parent = track_now(t->parent);

    GROW(m->pushed, m->pushed_count, m->pushed_capacity);
    m->pushed[m->pushed_count++] = t;
    GROW(t->versions, t->count, t->capacity);
    struct version *to = &t->versions[t->count++];
    *to = *v;
    to->order = ++m->order;
    if (v->event == ZK_EVENT_NODE_CREATED)
        to->born = to->order;
    if (v->event == 0)
        return;
    GROW(m->changes, m->change_count, m->change_capacity);
    m->changes[m->change_count++] =
        (struct ck_change){.zxid = v->zxid, .event = v->event, .path = t->path, .acl = v->acl, .parent_acl = parent->acl};
    if (v->event != ZK_EVENT_DATA_CHANGED)
        child_changed(m, t->parent, to);
}

void track_pop(struct ck_model *m, size_t count)
{
    while (m->pushed_count > count) {
        struct track *t = m->pushed[--m->pushed_count];
        enum zk_event event = t->versions[--t->count].event;
        m->change_count -= event != 0;
        if (event == ZK_EVENT_NODE_CREATED || event == ZK_EVENT_NODE_DELETED)
            t->parent->change_count--;
    }
}

/* Watches. */

struct ck_fired ck_model_fires(const struct sim *s, const char *path, bool child, uint64_t after, uint64_t until)
{
    const struct track *t = track_find(s->model, slice_from_text(path));
    struct ck_fired fired = {.zxid = 0};
    uint64_t order = UINT64_MAX;

    if (t == NULL)
        return fired;
    for (size_t i = versions_until(t, after); i < t->count && t->versions[i].zxid <= until; i++) {
        const struct version *v = &t->versions[i];
        if (v->event == 0 || (child && v->event != ZK_EVENT_NODE_DELETED))
            continue;
        fired = (struct ck_fired){v->zxid, v->event, v->acl};
        order = v->order;
        break;
    }
    size_t first = child ? child_changes_until(t, after, false) : t->change_count;
    if (first == t->change_count || t->child_changes[first].zxid > until || t->child_changes[first].order > order)
        return fired;
    uint64_t zxid = t->child_changes[first].zxid;
    return (struct ck_fired){zxid, ZK_EVENT_CHILDREN_CHANGED, t->versions[versions_until(t, zxid) - 1].acl};
}

bool ck_model_happened(const struct sim *s, const char *path, enum zk_event event, uint64_t zxid)
{
    const struct track *t = track_find(s->model, slice_from_text(path));

    if (t == NULL || zxid == 0)
        return false;
    if (event == ZK_EVENT_CHILDREN_CHANGED) {
        size_t count = child_changes_until(t, zxid, false);
        return count > 0 && t->child_changes[count - 1].zxid == zxid;
    }
    for (size_t i = versions_until(t, zxid); i > 0 && t->versions[i - 1].zxid == zxid; i--)
        if (t->versions[i - 1].event == event)
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
