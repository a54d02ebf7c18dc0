/* state_model.c - the naive state machine. Paths in it have no NUL, so C strings do. */
#include "state_model.h"

#include "base/assert.h"
#include "base/error.h"
#include "wire/jute.h"
#include "wire/zk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct model_node *add(struct model *m, const char *path, struct model_acl acl)
{
    for (unsigned i = 0; i < MODEL_NODES; i++)
        if (m->nodes[i].path[0] == 0) {
            m->nodes[i] = (struct model_node){.acl = acl};
            snprintf(m->nodes[i].path, MODEL_PATH, "%s", path);
            return &m->nodes[i];
        }
    COORD_ASSERT(false);
    return NULL;
}

void model_init(struct model *m)
{
    memset(m, 0, sizeof(*m));
    add(m, "/", (struct model_acl){.world = ZK_PERM_ALL});
    add(m, "/zookeeper", (struct model_acl){.world = ZK_PERM_ALL});
    add(m, "/zookeeper/quota", (struct model_acl){.world = ZK_PERM_ALL});
    add(m, "/zookeeper/config", (struct model_acl){.world = ZK_PERM_READ})->stat.aversion = -1;
}

struct model_node *model_find(struct model *m, struct slice path)
{
    for (unsigned i = 0; i < MODEL_NODES; i++)
        if (m->nodes[i].path[0] != 0 && slice_equal(slice_from_text(m->nodes[i].path), path))
            return &m->nodes[i];
    return path.size == 0 ? &m->nodes[0] : NULL;
}

static bool is_child(const char *path, const char *of)
{
    size_t size = strcmp(of, "/") == 0 ? 0 : strlen(of);

    return strncmp(path, of, size) == 0 && path[size] == '/' && path[size + 1] != 0 && strchr(path + size + 1, '/') == NULL;
}

static int32_t children(const struct model *m, const struct model_node *n)
{
    int32_t count = 0;

    for (unsigned i = 0; i < MODEL_NODES; i++)
        count += is_child(m->nodes[i].path, n->path);
    return count;
}

void model_stat(const struct model *m, const struct model_node *n, struct zk_stat *stat)
{
    *stat = n->stat;
    stat->num_children = children(m, n);
    stat->cversion = 2 * (int32_t)n->creates - stat->num_children;
    stat->data_length = (int32_t)n->data_size;
}

static void set_data(struct model_node *n, struct slice data)
{
    COORD_ASSERT(data.size <= MODEL_DATA);
    n->data_null = data.data == NULL;
    n->data_size = data.size;
    if (data.size > 0)
        memcpy(n->data, data.data, data.size);
}

/* ---- quotas ---- */

enum { COUNT_SOFT, BYTES_SOFT, BYTES_HARD, COUNT_HARD, FIGURES };
static const char *const figure_names[FIGURES] = {"count", "bytes", "byteHardLimit", "countHardLimit"};

struct figures {
    bool readable, given[FIGURES];
    int64_t of[FIGURES];
};

static struct figures read_figures(const struct model_node *n)
{
    struct figures f = {!n->data_null && memchr(n->data, 0, n->data_size) == NULL, {0}, {-1, -1, -1, -1}};
    char text[MODEL_DATA + 1], *at = text, *end;

    snprintf(text, sizeof(text), "%.*s", (int)n->data_size, n->data);
    for (size_t size = strlen(text); size > 0 && strchr(",;", text[size - 1]) != NULL; size--)
        text[size - 1] = 0;
    while (f.readable && *at != 0) {
        char *value, *pair = at;

        at += strcspn(at, ",;");
        end = at;
        at += strspn(at, ",;");
        *end = 0;
        value = strchr(pair, '=');
        if (value == NULL) {
            f.readable = false;
            break;
        }
        *value++ = 0;
        long long number = strtoll(value, &end, 10);
        if (*value == '=')
            f.readable = value[strspn(value, "=")] != 0;
        else
            f.readable = *value != 0 && strchr(" \t\n\v\f\r", *value) == NULL && end != value && (*end == 0 || *end == '=');
        for (int i = 0; i < FIGURES; i++)
            if (strcmp(pair, figure_names[i]) == 0) {
                f.of[i] = *value == '=' ? -1 : number;
                f.given[i] = true;
            }
    }
    return f;
}

static struct model_node *quota_node(struct model *m, const char *path, size_t size, const char *name)
{
    char full[2 * MODEL_PATH];

    snprintf(full, sizeof(full), "/zookeeper/quota%.*s/%s", (int)size, path, name);
    return model_find(m, slice_from_text(full));
}

/* How much of the path is the one that has the quota; 0: none. */
static size_t quota_of(struct model *m, const char *path)
{
    for (size_t size = strlen(path); size > 1; size--)
        if ((path[size] == 0 || path[size] == '/') && quota_node(m, path, size, "zookeeper_limits") != NULL)
            return size;
    return 0;
}

static void write_figures(struct model_node *n, const struct figures *f)
{
    int used = snprintf(n->data, sizeof(n->data), "count=%" PRId64 ",bytes=%" PRId64 "%s", f->of[COUNT_SOFT], f->of[BYTES_SOFT],
                        f->given[BYTES_HARD] || f->given[COUNT_HARD] ? "=" : "");

    for (int i = BYTES_HARD; i < FIGURES; i++)
        if (f->given[i])
            used += snprintf(n->data + used, sizeof(n->data) - (size_t)used, ";%s=%" PRId64, figure_names[i], f->of[i]);
    n->data_size = (size_t)used;
    n->data_null = false;
}

static void moved(struct model *m, const char *path, int64_t count, int64_t bytes)
{
    size_t size = quota_of(m, path);
    struct model_node *stats = size > 0 ? quota_node(m, path, size, "zookeeper_stats") : NULL;
    struct figures f;

    if (stats == NULL || !(f = read_figures(stats)).readable)
        return;
    f.of[COUNT_SOFT] += count;
    f.of[BYTES_SOFT] += bytes;
    write_figures(stats, &f);
    m->counted++;
}

static void created(struct model *m, struct model_node *n)
{
    struct figures f = {.readable = true};
    size_t size = strlen(n->path), tail = strlen("/zookeeper_stats"), front = strlen("/zookeeper/quota");
    char top[MODEL_PATH];

    if (size <= front + tail || strcmp(n->path + size - tail, "/zookeeper_stats") != 0 ||
        strncmp(n->path, "/zookeeper/quota/", front + 1) != 0) {
        moved(m, n->path, 1, (int64_t)n->data_size);
        return;
    }
    snprintf(top, sizeof(top), "%.*s", (int)(size - tail - front), n->path + front);
    for (unsigned i = 0; i < MODEL_NODES; i++) {
        const char *path = m->nodes[i].path;

        if (path[0] == 0 || strncmp(path, top, strlen(top)) != 0 || (path[strlen(top)] != 0 && path[strlen(top)] != '/'))
            continue;
        f.of[COUNT_SOFT]++;
        f.of[BYTES_SOFT] += (int64_t)m->nodes[i].data_size;
    }
    moved(m, n->path, 1, (int64_t)n->data_size);
    write_figures(n, &f);
}

/* What a create or setData would add. */
static int may_add(struct model *m, const char *path, int64_t count, int64_t bytes)
{
    size_t size = m->enforce ? quota_of(m, path) : 0;
    struct model_node *stats = size > 0 ? quota_node(m, path, size, "zookeeper_stats") : NULL;
    struct figures limits, now;
    bool over;

    if (size == 0)
        return 0;
    limits = read_figures(quota_node(m, path, size, "zookeeper_limits"));
    if (!limits.readable)
        return -COORD_E_MARSHALLING;
    if ((count == 0 || (limits.of[COUNT_SOFT] < 0 && limits.of[COUNT_HARD] < 0)) &&
        (bytes == 0 || (limits.of[BYTES_SOFT] < 0 && limits.of[BYTES_HARD] < 0)))
        return 0;
    if (stats == NULL)
        return 0;
    now = read_figures(stats);
    if (!now.readable)
        return -COORD_E_MARSHALLING;
    over = (count != 0 && limits.of[COUNT_HARD] >= 0 && now.of[COUNT_SOFT] + count > limits.of[COUNT_HARD]) ||
           (bytes != 0 && limits.of[BYTES_HARD] >= 0 && now.of[BYTES_SOFT] + bytes > limits.of[BYTES_HARD]);
    m->refused += over;
    return over ? -COORD_E_QUOTA_EXCEEDED : 0;
}

/* The test's paths are ASCII, or hold one of two bad byte sequences. */
static bool well_formed(const char *path)
{
    if (path[0] != '/' || strstr(path, "//") != NULL || strpbrk(path, "\1\x7f\xff\xf0") != NULL)
        return false;
    if (path[1] != 0 && path[strlen(path) - 1] == '/')
        return false;
    for (const char *at = path; at != NULL; at = strchr(at + 1, '/')) {
        size_t size = strcspn(at + 1, "/");

        if ((size == 1 && at[1] == '.') || (size == 2 && at[1] == '.' && at[2] == '.'))
            return false;
    }
    return true;
}

static bool has_nul(struct slice path)
{
    return path.size > 0 && memchr(path.data, 0, path.size) != NULL;
}

/* The parent by its literal path; also ROOT's two names. */
static struct model_node *parent_of(struct model *m, struct slice path)
{
    while (path.size > 0 && path.data[path.size - 1] != '/')
        path.size--;
    path.size--;
    return model_find(m, path);
}

/* What `auth` stands for, which only who has proven an id may say; a list without entries is none. */
static bool acl_good(const struct model *m, struct model_acl *acl)
{
    if (acl->own != 0 && (m->who & MODEL_ME) == 0)
        return false;
    acl->me |= acl->own;
    acl->own = 0;
    return acl->world != 0 || acl->me != 0 || acl->net != 0;
}

bool model_permits(const struct model *m, const struct model_node *n, int perms)
{
    int given = n->acl.world;

    if (m->who & MODEL_ME)
        given |= n->acl.me;
    if (m->who & MODEL_NET)
        given |= n->acl.net;
    return (m->who & MODEL_SUPER) != 0 || (given & perms) != 0;
}

static bool is_path(struct slice path)
{
    char full[MODEL_PATH];

    snprintf(full, sizeof(full), "%.*s", SLICE_ARG(path));
    return !has_nul(path) && well_formed(full);
}

/* The node that setData and check are about; its whole path is judged first. */
static int find_permitted(struct model *m, struct slice path, int perm, struct model_node **n)
{
    *n = model_find(m, path);
    if (!is_path(path))
        return -COORD_E_BAD_ARGUMENTS;
    if (*n == NULL)
        return -COORD_E_NO_NODE;
    return model_permits(m, *n, perm) ? 0 : -COORD_E_NO_AUTH;
}

int model_set_acl(struct model *m, struct slice path, struct model_acl acl, int32_t version)
{
    struct model_node *n = model_find(m, path);

    if (!is_path(path))
        return -COORD_E_BAD_ARGUMENTS;
    if (!acl_good(m, &acl))
        return -COORD_E_INVALID_ACL;
    if (n == NULL)
        return -COORD_E_NO_NODE;
    if (!model_permits(m, n, ZK_PERM_ADMIN))
        return -COORD_E_NO_AUTH;
    if (version != -1 && version != n->stat.aversion)
        return -COORD_E_BAD_VERSION;
    n->acl = acl;
    n->stat.aversion++;
    return 0;
}

int model_create(struct model *m, struct slice path, struct slice data, struct model_acl acl, int32_t mode, uint64_t session,
                 int64_t zxid, int64_t wall_ms, struct model_node **made)
{
    bool ephemeral = mode == 1 || mode == 3;
    struct model_node *parent, *n;
    char full[MODEL_PATH + 16];

    if (mode < 0 || mode > 4)
        return -COORD_E_BAD_ARGUMENTS;
    if (path.size == 0 || has_nul(path) || memchr(path.data, '/', path.size) == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    if (!acl_good(m, &acl))
        return -COORD_E_INVALID_ACL;
    parent = parent_of(m, path);
    if (parent == NULL)
        return -COORD_E_NO_NODE;
    if (!model_permits(m, parent, ZK_PERM_CREATE))
        return -COORD_E_NO_AUTH;
    snprintf(full, sizeof(full), "%.*s", SLICE_ARG(path));
    if (mode == 2 || mode == 3)
        snprintf(full, sizeof(full), "%.*s%010d", SLICE_ARG(path), (int)parent->creates);
    if (!well_formed(full))
        return -COORD_E_BAD_ARGUMENTS;
    if (model_find(m, slice_from_text(full)) != NULL)
        return -COORD_E_NODE_EXISTS;
    if (parent->stat.ephemeral_owner != 0)
        return -COORD_E_NO_CHILDREN_FOR_EPHEMERALS;
    COORD_TRY(may_add(m, full, 1, (int64_t)data.size));
    n = add(m, full, acl);
    set_data(n, data);
    n->stat = (struct zk_stat){.czxid = zxid,
                               .mzxid = zxid,
                               .pzxid = zxid,
                               .ctime = wall_ms,
                               .mtime = wall_ms,
                               .ephemeral_owner = ephemeral ? (int64_t)session : 0};
    parent->creates++;
    parent->stat.pzxid = zxid;
    created(m, n);
    *made = n;
    return 0;
}

static void gone(struct model *m, struct model_node *n)
{
    char path[MODEL_PATH];

    memcpy(path, n->path, sizeof(path));
    n->path[0] = 0;
    moved(m, path, -1, -(int64_t)n->data_size);
}

static void removed(struct model *m, struct model_node *n, int64_t zxid)
{
    parent_of(m, slice_from_text(n->path))->stat.pzxid = zxid;
    gone(m, n);
}

/* True: it was removed. */
bool model_reap(struct model *m, struct slice path, int64_t zxid, int64_t cluster_ms)
{
    struct model_node *n = model_find(m, path);

    if (n == NULL || children(m, n) > 0)
        return false;
    if (!(n->container && n->creates > 0) && !(n->ttl > 0 && cluster_ms - n->since > n->ttl))
        return false;
    removed(m, n, zxid);
    return true;
}

int model_delete(struct model *m, struct slice path, int32_t version, int64_t zxid)
{
    struct model_node *parent, *n;

    if (path.size == 0 || has_nul(path) || memchr(path.data, '/', path.size) == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    n = model_find(m, path);
    if (n != NULL && n < &m->nodes[4])
        return -COORD_E_BAD_ARGUMENTS;
    parent = parent_of(m, path);
    if (parent == NULL)
        return -COORD_E_NO_NODE;
    if (!model_permits(m, parent, ZK_PERM_DELETE))
        return -COORD_E_NO_AUTH;
    if (n == NULL)
        return -COORD_E_NO_NODE;
    if (version != -1 && version != n->stat.version)
        return -COORD_E_BAD_VERSION;
    if (children(m, n) > 0)
        return -COORD_E_NOT_EMPTY;
    removed(m, n, zxid);
    return 0;
}

int model_set(struct model *m, struct slice path, struct slice data, int32_t version, int64_t zxid, int64_t wall_ms)
{
    struct model_node *n;

    int64_t more;

    COORD_TRY(find_permitted(m, path, ZK_PERM_WRITE, &n));
    more = (int64_t)data.size - (int64_t)n->data_size;
    COORD_TRY(may_add(m, n->path, 0, more));
    if (version != -1 && version != n->stat.version)
        return -COORD_E_BAD_VERSION;
    set_data(n, data);
    moved(m, n->path, 0, more);
    n->since = zxid; /* the test's cluster_ms is the zxid */
    n->stat.version++;
    n->stat.mzxid = zxid;
    n->stat.mtime = wall_ms;
    return 0;
}

void model_settings(struct model *m, bool enforce, struct slice config, int64_t zxid, int64_t wall_ms)
{
    struct model_node *n = model_find(m, SLICE_LITERAL("/zookeeper/config"));
    int64_t more = (int64_t)config.size - (int64_t)n->data_size;

    m->enforce = enforce;
    if (slice_equal(config, slice_make(n->data, n->data_size)))
        return;
    set_data(n, config);
    n->stat.version = -1;
    n->stat.mzxid = zxid;
    n->stat.mtime = wall_ms;
    moved(m, n->path, 0, more);
}

int model_check(struct model *m, struct slice path, int32_t version)
{
    struct model_node *n;

    COORD_TRY(find_permitted(m, path, ZK_PERM_READ, &n));
    return version != -1 && version != n->stat.version ? -COORD_E_BAD_VERSION : 0;
}

int model_check_not_exists(struct model *m, struct slice path, int32_t version)
{
    struct model_node *n;
    int rc = find_permitted(m, path, ZK_PERM_READ, &n);

    if (rc == -COORD_E_NO_NODE || (rc == 0 && version != -1 && version != n->stat.version))
        return 0;
    return rc == 0 ? -COORD_E_NODE_EXISTS : rc;
}

int model_check_stat(struct model *m, struct slice path, int32_t version, const struct zk_stat *wanted)
{
    struct model_node *n;
    struct zk_stat is, filled = *wanted;

    COORD_TRY(model_check(m, path, version));
    n = model_find(m, path);
    model_stat(m, n, &is);
#define FILL(field) filled.field = filled.field == -1 ? is.field : filled.field
    FILL(czxid), FILL(mzxid), FILL(ctime), FILL(mtime), FILL(version), FILL(cversion), FILL(aversion), FILL(ephemeral_owner);
    FILL(data_length), FILL(num_children), FILL(pzxid);
#undef FILL
    return jute_equal(&jute_stat, &filled, &is) ? 0 : -COORD_E_BAD_VERSION;
}

int model_try_remove(struct model *m, struct slice path, int32_t version, int64_t zxid)
{
    int rc = is_path(path) ? model_delete(m, path, version, zxid) : -COORD_E_BAD_ARGUMENTS;

    return rc == -COORD_E_NO_NODE || rc == -COORD_E_BAD_VERSION || rc == -COORD_E_NOT_EMPTY ? 0 : rc;
}

static bool is_below(const struct model_node *n, const struct model_node *above)
{
    size_t size = strlen(above->path);

    return size == 1 ? n->path[0] != 0 && n->path[1] != 0 : strncmp(n->path, above->path, size) == 0 && n->path[size] == '/';
}

unsigned model_below(const struct model *m, const struct model_node *above)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MODEL_NODES; i++)
        count += is_below(&m->nodes[i], above);
    return count;
}

int model_remove_recursive(struct model *m, struct slice path, uint32_t limit, int64_t zxid)
{
    struct model_node *n = model_find(m, path), *parent;

    if (!is_path(path) || (n != NULL && n < &m->nodes[4]))
        return -COORD_E_BAD_ARGUMENTS;
    parent = parent_of(m, path);
    if (parent != NULL && !model_permits(m, parent, ZK_PERM_DELETE))
        return -COORD_E_NO_AUTH;
    if (n == NULL)
        return 0;
    if (model_below(m, n) + 1 > limit)
        return -COORD_E_NOT_EMPTY;
    for (unsigned i = 0; i < MODEL_NODES; i++)
        if ((&m->nodes[i] == n || is_below(&m->nodes[i], n)) && !model_permits(m, &m->nodes[i], ZK_PERM_DELETE))
            return -COORD_E_NO_AUTH;
    for (unsigned i = 0; i < MODEL_NODES; i++)
        if (is_below(&m->nodes[i], n))
            gone(m, &m->nodes[i]);
    removed(m, n, zxid);
    return 0;
}

int model_read(struct model *m, struct slice path, bool exists, struct model_node **found)
{
    struct model_node *n = model_find(m, path);

    if (exists && has_nul(path))
        return -COORD_E_BAD_ARGUMENTS;
    if (n == NULL)
        return -COORD_E_NO_NODE;
    if (!model_permits(m, n, ZK_PERM_READ))
        return -COORD_E_NO_AUTH;
    *found = n;
    return 0;
}

void model_close(struct model *m, uint64_t session, int64_t zxid)
{
    for (unsigned i = 0; i < MODEL_NODES; i++)
        if (m->nodes[i].path[0] != 0 && m->nodes[i].stat.ephemeral_owner == (int64_t)session)
            removed(m, &m->nodes[i], zxid);
    for (unsigned i = 0; i < MODEL_SESSIONS; i++)
        if (m->sessions[i] == session)
            m->sessions[i] = 0;
}
