/* test_state_model.c - random operations, good and bad, on the state and on a naive model: error, reply, and tree agree. */
#include "base/bytes.h"
#include "lib/runner.h"
#include "state_fixture.h"
#include "state_model.h"

#include "base/rng.h"

#include <stdio.h>

struct duel {
    struct world w;
    struct model m;
    struct model saved; /* before the multi under way */
    unsigned reaped;
    unsigned done, undone;     /* multis */
    unsigned subtrees;         /* removed, of more than a node */
    unsigned refused, counted; /* by quotas, over all seeds */
    struct rng r;
    unsigned step;
    char path[MODEL_PATH];
    struct slice at; /* the path to use */
};

static const char *const odd_paths[] = {
    "",
    "/",
    "//",
    "abc",
    "abc/d",
    "/zookeeper",
    "/zookeeper/config",
    "/zookeeper/quota",
    "/./a",
    "/..",
    "/a/..",
    "/a/.",
    "/.",
    "//a",
    "/a//b",
    "/a/b//",
    "/a/\1",
    "/a/\x7f",
    "/a/b/\xff",
    "/\xf0\x9f\x98\x80",
    "/a/",
    "/no/such",
    "/zookeeper/config/x",
};

static const char *const limit_texts[] = {
    "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3",
    "count=-1,bytes=-1=;byteHardLimit=60;countHardLimit=-1",
    "count=2,bytes=30",
    "countHardLimit=5;byteHardLimit=700",
    "count=4,bytes=9",
    "",
    "byteHardLimit=0",
    "count==1;bytes=7=9,,;",
    "count=",
    ",count=1",
    "count=1x",
    "nonsense",
};

/* Of a quota, or where one might be; plain nodes. */
static void pick_quota_path(struct duel *d)
{
    static const char *const homes[] = {"/a", "/a", "/a", "/b", "/b", "/a/b", "/zookeeper", ""};
    static const char *const ends[] = {"", "/zookeeper_limits", "/zookeeper_limits", "/zookeeper_stats", "/zookeeper_stats"};
    size_t used = (size_t)snprintf(d->path, sizeof(d->path), "/zookeeper/quota%s%s", homes[rng_below(&d->r, COUNT(homes))],
                                   ends[rng_below(&d->r, COUNT(ends))]);

    d->at = slice_make(d->path, used);
}

static bool of_quota(const struct duel *d)
{
    return d->at.size > 16 && memcmp(d->at.data, "/zookeeper/quota", 16) == 0;
}

static void pick_path(struct duel *d)
{
    static const char *const parts[] = {"a", "b", "c", "dd", "a-name-longer-than-inline"};
    unsigned depth = 1 + (unsigned)rng_below(&d->r, 3);
    size_t used = 0;

    if (rng_below(&d->r, 4) == 0) {
        pick_quota_path(d);
        return;
    }
    if (rng_below(&d->r, 8) == 0) {
        used = (size_t)snprintf(d->path, sizeof(d->path), "%s", odd_paths[rng_below(&d->r, COUNT(odd_paths))]);
    } else {
        while (depth-- > 0)
            used += (size_t)snprintf(d->path + used, sizeof(d->path) - used, "/%s",
                                     parts[rng_below(&d->r, depth == 0 ? COUNT(parts) : 4)]);
    }
    if (rng_below(&d->r, 60) == 0)
        d->path[used++] = 0; /* NUL within the path */
    d->at = slice_make(d->path, used);
}

/* An existing node rather often: sequential and deep ones would never be hit otherwise. */
static void pick_node(struct duel *d)
{
    const struct model_node *n = &d->m.nodes[rng_below(&d->r, MODEL_NODES)];

    pick_path(d);
    if (n->path[0] != 0) {
        snprintf(d->path, sizeof(d->path), "%s", n->path);
        d->at = slice_from_text(d->path);
    }
}

static struct slice pick_data(struct duel *d)
{
    static char data[MODEL_DATA];
    size_t size = rng_below(&d->r, 6) == 0 ? 500 + rng_below(&d->r, 200) : rng_below(&d->r, 20);

    if (of_quota(d) && rng_below(&d->r, 8) != 0)
        return slice_from_text(limit_texts[rng_below(&d->r, COUNT(limit_texts))]);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)rng_next(&d->r);
    return rng_below(&d->r, 10) == 0 ? SLICE_NULL : slice_make(data, size);
}

static int32_t pick_version(struct duel *d)
{
    const struct model_node *n = model_find(&d->m, d->at);

    if (rng_below(&d->r, 3) == 0)
        return -1;
    return n != NULL && rng_below(&d->r, 4) != 0 ? n->stat.version : (int32_t)rng_below(&d->r, 5) - 2;
}

static bool pick_session(struct duel *d)
{
    unsigned i = (unsigned)rng_below(&d->r, MODEL_SESSIONS);

    if (d->m.sessions[i] == 0 || rng_below(&d->r, 50) == 0) {
        if (d->m.sessions[i] == 0)
            d->m.sessions[i] = world_session_create(&d->w);
        else if (world_session_close(&d->w, d->m.sessions[i]) == 0)
            model_close(&d->m, d->m.sessions[i], (int64_t)d->w.e.zxid);
        return false;
    }
    d->w.session = d->m.sessions[i];
    d->w.attach = 1;
    return true;
}

/* A list, more often an open one; the same for the model. */
static struct jute_vector pick_acl(struct duel *d, struct model_acl *acl)
{
    static const int perms_of[] = {31, 31, 31, 31, 30, 1, 27, 23, 29, 15};
    char text[128];
    size_t used = 0;

    *acl = (struct model_acl){0};
    if (rng_below(&d->r, 10) != 0)
        acl->world = perms_of[rng_below(&d->r, COUNT(perms_of))];
    if (rng_below(&d->r, 6) == 0)
        acl->me = perms_of[rng_below(&d->r, COUNT(perms_of))];
    if (rng_below(&d->r, 6) == 0)
        acl->net = perms_of[rng_below(&d->r, COUNT(perms_of))];
    if (rng_below(&d->r, 12) == 0)
        acl->own = perms_of[rng_below(&d->r, COUNT(perms_of))];
    text[0] = 0;
    if (acl->net != 0)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d:ip:10.0.0.0/8", used > 0 ? " " : "", acl->net);
    if (acl->own != 0)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d:auth:", used > 0 ? " " : "", acl->own);
    if (acl->world != 0)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d:world:anyone", used > 0 ? " " : "", acl->world);
    if (acl->me != 0)
        snprintf(text + used, sizeof(text) - used, "%s%d:digest:me:hash", used > 0 ? " " : "", acl->me);
    return world_acl(text);
}

static void pick_who(struct duel *d)
{
    static const char *const ids[] = {
        "",       "digest:me:hash",        "ip:10.1.2.3",        "ip:10.1.2.3 digest:me:hash",
        "super:", "super: digest:me:hash", "super: ip:10.1.2.3", "digest:me:hash ip:10.0.0.0 super:"};

    d->m.who = rng_below(&d->r, 3) == 0 ? (unsigned)rng_below(&d->r, COUNT(ids)) : 0;
    d->w.auth = world_auth(ids[d->m.who]);
}

static bool stat_equal(struct slice encoded, const struct zk_stat *expected)
{
    struct jute_cursor c = jute_cursor_make(encoded);
    struct zk_stat stat;

    return jute_decode(&c, &jute_stat, &stat) == 0 && c.at == c.end && jute_equal(&jute_stat, &stat, expected);
}

static bool model_has_room(const struct duel *d, uint32_t wanted)
{
    uint32_t nodes = 0;

    for (unsigned i = 0; i < MODEL_NODES; i++)
        nodes += d->m.nodes[i].path[0] != 0;
    return nodes + wanted <= MODEL_NODES;
}

static void create(struct duel *d)
{
    struct model_acl acl;
    unsigned kind;
    int rc, expected;
    struct zk_create_request q = {.flags = (int32_t)rng_below(&d->r, 6)};
    struct model_node *made = NULL;
    struct zk_stat stat;

    if (!model_has_room(d, 1))
        return;
    pick_path(d);
    q.path = d->at;
    q.data = pick_data(d);
    q.acl = pick_acl(d, &acl);
    if (of_quota(d))
        q.flags = 0; /* the order in which a session's nodes go decides what is counted */
    kind = (unsigned)rng_below(&d->r, 6);
    if (kind == 0) {
        struct zk_create_ttl_request timed = {q.path, q.data, q.acl, rng_below(&d->r, 3) == 0 ? q.flags : 5,
                                              1 + (int64_t)rng_below(&d->r, 300)};

        rc = world_request(&d->w, ZK_OP_CREATE_TTL, &jute_create_ttl_request, &timed);
        expected = timed.flags != 5
                       ? -COORD_E_BAD_ARGUMENTS
                       : model_create(&d->m, q.path, q.data, acl, 0, d->w.session, (int64_t)d->w.e.zxid, d->w.e.wall_ms, &made);
        if (made != NULL)
            made->ttl = timed.ttl;
    } else {
        int32_t mode = kind == 1 && q.flags == 1 ? 0 : kind == 1 && q.flags == 3 ? 2 : q.flags;

        rc = world_request(&d->w, kind == 1 ? ZK_OP_CREATE_CONTAINER : ZK_OP_CREATE2, &jute_create_request, &q);
        expected = model_create(&d->m, q.path, q.data, acl, mode, d->w.session, (int64_t)d->w.e.zxid, d->w.e.wall_ms, &made);
        if (made != NULL)
            made->container = kind == 1;
    }
    REQUIRE(rc == expected, "step %u: %d", d->step, rc);
    if (made != NULL)
        made->since = (int64_t)d->w.e.zxid;
    if (rc != 0)
        return;
    model_stat(&d->m, made, &stat);
    CHECK_EQ_STR(world_path(&d->w), made->path, "step %u", d->step);
    CHECK(stat_equal(slice_make(buf_bytes(&d->w.reply) + 4 + strlen(made->path), ZK_STAT_BYTES), &stat), "step %u", d->step);
    CHECK(d->w.a.change_count == 1 && slice_equal(d->w.a.changes[0].path, slice_from_text(made->path)), "step %u", d->step);
}

static void remove_node(struct duel *d)
{
    struct zk_delete_request q;
    int rc;

    pick_node(d);
    q = (struct zk_delete_request){d->at, pick_version(d)};
    rc = world_request(&d->w, ZK_OP_DELETE, &jute_delete_request, &q);
    CHECK_EQ_INT(rc, model_delete(&d->m, q.path, q.version, (int64_t)d->w.e.zxid), "step %u", d->step);
    CHECK_EQ_INT(d->w.a.change_count, rc == 0, "step %u", d->step);
}

static void set(struct duel *d)
{
    struct zk_set_data_request q;
    struct zk_stat stat;
    int rc;

    pick_node(d);
    q = (struct zk_set_data_request){d->at, pick_data(d), pick_version(d)};
    rc = world_request(&d->w, ZK_OP_SET_DATA, &jute_set_data_request, &q);
    CHECK_EQ_INT(rc, model_set(&d->m, q.path, q.data, q.version, (int64_t)d->w.e.zxid, d->w.e.wall_ms), "step %u", d->step);
    if (rc != 0)
        return;
    model_stat(&d->m, model_find(&d->m, q.path), &stat);
    CHECK(stat_equal(buf_slice(&d->w.reply), &stat), "step %u", d->step);
}

/* A Stat of which some fields are as they are, and seldom one that is not. */
static void pick_stat(struct duel *d, struct zk_check_stat_request *q)
{
    const struct model_node *n = model_find(&d->m, d->at);
    struct zk_stat is = {.version = 3};

    if (n != NULL)
        model_stat(&d->m, n, &is);
#define PICK(field)                                                                                                            \
    do {                                                                                                                       \
        q->field = rng_below(&d->r, 2) == 0 ? -1 : is.field;                                                                   \
        if (rng_below(&d->r, 40) == 0)                                                                                         \
            q->field = is.field + 1;                                                                                           \
    } while (0)
    PICK(czxid);
    PICK(mzxid);
    PICK(ctime);
    PICK(mtime);
    PICK(version);
    PICK(cversion);
    PICK(aversion);
    PICK(ephemeral_owner);
    PICK(data_length);
    PICK(num_children);
    PICK(pzxid);
#undef PICK
}

/* One of Keeper's writes on the model; the request as it is to be encoded, and its error. */
union keeper_request {
    struct zk_check_request check;
    struct zk_delete_request del;
    struct zk_create_request create;
    struct zk_limit_request limit;
    struct zk_check_stat_request check_stat;
};

static int pick_keeper(struct duel *d, int64_t zxid, union keeper_request *q, const struct jute_record **table, int32_t *op)
{
    const struct model_node *n;
    struct model_node *made = NULL;
    struct model_acl acl;
    struct zk_stat wanted;
    unsigned below;
    int rc;

    pick_node(d);
    *op = ZK_OP_CHECK_NOT_EXISTS + (int32_t)rng_below(&d->r, 5);
    switch (*op) {
    case ZK_OP_CHECK_NOT_EXISTS:
        q->check = (struct zk_check_request){d->at, pick_version(d)};
        *table = &jute_check_request;
        return model_check_not_exists(&d->m, d->at, q->check.version);
    case ZK_OP_CREATE_IF_NOT_EXISTS:
        if (rng_below(&d->r, 2) == 0)
            pick_path(d);
        q->create = (struct zk_create_request){d->at, pick_data(d), pick_acl(d, &acl), rng_below(&d->r, 8) == 0 ? 3 : 0};
        *table = &jute_create_request;
        if (q->create.flags == 3)
            return -COORD_E_BAD_ARGUMENTS;
        rc = model_create(&d->m, d->at, q->create.data, acl, 0, d->w.session, zxid, WORLD_WALL_MS + zxid, &made);
        return rc == -COORD_E_NODE_EXISTS ? 0 : rc;
    case ZK_OP_REMOVE_RECURSIVE:
        n = model_find(&d->m, d->at);
        below = n == NULL ? 0 : model_below(&d->m, n);
        q->limit = (struct zk_limit_request){d->at, (int32_t)(below + rng_below(&d->r, 8))}; /* too low by one at times */
        if (rng_below(&d->r, 4) == 0)
            q->limit.limit = -1; /* the highest of all */
        *table = &jute_limit_request;
        rc = model_remove_recursive(&d->m, d->at, (uint32_t)q->limit.limit, zxid);
        d->subtrees += rc == 0 && below > 0;
        return rc;
    case ZK_OP_CHECK_STAT:
        q->check_stat = (struct zk_check_stat_request){.path = d->at, .expected = pick_version(d)};
        pick_stat(d, &q->check_stat);
        wanted = (struct zk_stat){
            q->check_stat.czxid,       q->check_stat.mzxid,        q->check_stat.ctime,    q->check_stat.mtime,
            q->check_stat.version,     q->check_stat.cversion,     q->check_stat.aversion, q->check_stat.ephemeral_owner,
            q->check_stat.data_length, q->check_stat.num_children, q->check_stat.pzxid};
        *table = &jute_check_stat_request;
        return model_check_stat(&d->m, d->at, q->check_stat.expected, &wanted);
    default:
        q->del = (struct zk_delete_request){d->at, pick_version(d)};
        *table = &jute_delete_request;
        return model_try_remove(&d->m, d->at, q->del.version, zxid);
    }
}

static void keeper(struct duel *d)
{
    const struct jute_record *table;
    union keeper_request q;
    int32_t op;
    int expected;

    if (!model_has_room(d, 1))
        return;
    expected = pick_keeper(d, (int64_t)state_zxid(d->w.s) + 1, &q, &table, &op);
    CHECK_EQ_INT(world_request(&d->w, op, table, &q), expected, "step %u, op %d", d->step, op);
    if (expected == 0 && op == ZK_OP_CREATE_IF_NOT_EXISTS)
        CHECK(slice_equal(slice_from_text(world_path(&d->w)), d->at), "step %u", d->step);
}

/* One operation, gathered for the state and done on the model; its error. Says in *text what its result is to be. */
static int gather(struct duel *d, int64_t zxid, struct buf *text)
{
    struct model_node *made = NULL;
    struct model_acl acl;
    int rc;

    switch (rng_below(&d->r, 8)) {
    case 6:
    case 7: {
        const struct jute_record *table;
        union keeper_request q;
        int32_t op;

        rc = pick_keeper(d, zxid, &q, &table, &op);
        world_multi_add(&d->w, op, table, &q);
        if (rc == 0)
            buf_printf(text, "%d:0", op);
        if (rc == 0 && op == ZK_OP_CREATE_IF_NOT_EXISTS)
            buf_printf(text, "=%.*s", SLICE_ARG(d->at));
        if (rc == 0)
            buf_printf(text, " ");
        return rc;
    }
    case 0:
    case 1:
    case 2: {
        int32_t type = rng_below(&d->r, 2) == 0 ? ZK_OP_CREATE : ZK_OP_CREATE2;
        struct zk_create_request q = {.flags = rng_below(&d->r, 3) == 0 ? (int32_t)rng_below(&d->r, 6) : 2};

        pick_path(d);
        q.path = d->at;
        q.data = pick_data(d);
        q.acl = pick_acl(d, &acl);
        if (of_quota(d))
            q.flags = 0;
        world_multi_add(&d->w, type, &jute_create_request, &q);
        rc = model_create(&d->m, q.path, q.data, acl, q.flags, d->w.session, zxid, WORLD_WALL_MS + zxid, &made);
        if (rc == 0)
            buf_printf(text, "%d:0=%s ", type, made->path);
        return rc;
    }
    case 3: {
        struct zk_delete_request q;

        pick_node(d);
        q = (struct zk_delete_request){d->at, pick_version(d)};
        world_multi_add(&d->w, ZK_OP_DELETE, &jute_delete_request, &q);
        rc = model_delete(&d->m, q.path, q.version, zxid);
        if (rc == 0)
            buf_printf(text, "2:0 ");
        return rc;
    }
    case 4: {
        struct zk_set_data_request q;

        pick_node(d);
        q = (struct zk_set_data_request){d->at, pick_data(d), pick_version(d)};
        world_multi_add(&d->w, ZK_OP_SET_DATA, &jute_set_data_request, &q);
        rc = model_set(&d->m, q.path, q.data, q.version, zxid, WORLD_WALL_MS + zxid);
        if (rc == 0)
            buf_printf(text, "5:0=%d ", model_find(&d->m, q.path)->stat.version);
        return rc;
    }
    default: {
        struct zk_check_request q;

        pick_node(d);
        q = (struct zk_check_request){d->at, pick_version(d)};
        world_multi_add(&d->w, ZK_OP_CHECK, &jute_check_request, &q);
        rc = model_check(&d->m, q.path, q.version);
        if (rc == 0)
            buf_printf(text, "13:0 ");
        return rc;
    }
    }
}

/* What the model did is thrown away when one failed; those behind it are not looked at. */
static void multi(struct duel *d)
{
    unsigned count = 1 + (unsigned)rng_below(&d->r, 5), failed = count;
    int64_t zxid = (int64_t)state_zxid(d->w.s) + 1;
    struct buf text = {0};
    int err = 0;

    if (!model_has_room(d, count))
        return;
    d->saved = d->m;
    for (unsigned i = 0; i < count; i++) {
        int rc = gather(d, zxid, &text);

        if (rc != 0 && err == 0) {
            err = rc;
            failed = i;
        }
    }
    if (err != 0) {
        d->m = d->saved;
        buf_clear(&text);
        for (unsigned i = 0; i < count; i++)
            buf_printf(&text, "-1:%d ", i < failed ? 0 : i == failed ? err : -2);
    }
    buf_truncate(&text, buf_size(&text) - 1);
    buf_append(&text, "", 1);
    CHECK_EQ_INT(world_multi(&d->w), 0, "step %u", d->step);
    CHECK_EQ_STR(world_results(&d->w), (const char *)buf_bytes(&text), "step %u", d->step);
    *(err == 0 ? &d->done : &d->undone) += 1;
    buf_deinit(&text);
}

static void set_acl(struct duel *d)
{
    struct zk_set_acl_request q;
    struct model_acl acl;
    struct zk_stat stat;
    int rc;

    pick_node(d);
    q = (struct zk_set_acl_request){d->at, pick_acl(d, &acl), -1};
    if (rng_below(&d->r, 2) == 0)
        q.version = (int32_t)rng_below(&d->r, 3);
    rc = world_request(&d->w, ZK_OP_SET_ACL, &jute_set_acl_request, &q);
    CHECK_EQ_INT(rc, model_set_acl(&d->m, q.path, acl, q.version), "step %u", d->step);
    if (rc != 0)
        return;
    model_stat(&d->m, model_find(&d->m, q.path), &stat);
    CHECK(stat_equal(buf_slice(&d->w.reply), &stat), "step %u", d->step);
}

/* Each entry is one that the model has; the hash is for those who may ADMIN. */
static void get_acl(struct duel *d)
{
    const char *text;
    struct model_node *n;
    char me[64] = "", net[64] = "", everybody[64] = "";

    pick_node(d);
    if (d->at.size == 0 || memchr(d->at.data, 0, d->at.size) != NULL)
        return;
    n = model_find(&d->m, d->at);
    d->path[d->at.size] = 0;
    text = world_get_acl(&d->w, d->path);
    if (n == NULL || !model_permits(&d->m, n, ZK_PERM_READ | ZK_PERM_ADMIN)) {
        CHECK_EQ_STR(text, n == NULL ? "NO_NODE" : "NO_AUTH", "step %u", d->step);
        return;
    }
    if (n->acl.me != 0)
        snprintf(me, sizeof(me), ":digest:me:%s", model_permits(&d->m, n, ZK_PERM_ADMIN) ? "hash" : "x");
    if (n->acl.net != 0)
        snprintf(net, sizeof(net), "%d:ip:10.0.0.0/8", n->acl.net);
    if (n->acl.world != 0)
        snprintf(everybody, sizeof(everybody), "%d:world:anyone", n->acl.world);
    CHECK(strstr(text, me) != NULL && strstr(text, net) != NULL && strstr(text, everybody) != NULL, "step %u: %s", d->step,
          text);
}

static void set_settings(struct duel *d)
{
    static const char *const configs[] = {"", "server.1=a:1:2:participant\nversion=0", "x"};
    const char *config = configs[rng_below(&d->r, COUNT(configs))];
    bool enforce = rng_below(&d->r, 4) != 0;

    world_settings(&d->w, enforce, config);
    model_settings(&d->m, enforce, slice_from_text(config), (int64_t)d->w.e.zxid, d->w.e.wall_ms);
    CHECK(state_settings(d->w.s).enforce_quota == enforce);
    CHECK(slice_equal(state_settings(d->w.s).config, slice_from_text(config)));
}

static void reap(struct duel *d)
{
    char path[MODEL_PATH];

    pick_node(d);
    if (d->at.size == 0 || memchr(d->at.data, 0, d->at.size) != NULL)
        return;
    snprintf(path, sizeof(path), "%.*s", SLICE_ARG(d->at));
    bool went = world_reap(&d->w, path);
    CHECK(went == model_reap(&d->m, d->at, (int64_t)d->w.e.zxid, d->w.e.cluster_ms), "step %u", d->step);
    CHECK_EQ_INT(d->w.a.change_count, went, "step %u", d->step);
    d->reaped += went;
}

static void get_data(struct duel *d, struct model_node *n)
{
    struct jute_cursor c = jute_cursor_make(buf_slice(&d->w.reply));
    struct zk_get_data_response g;
    struct zk_stat stat;

    REQUIRE(jute_decode(&c, &jute_get_data_response, &g) == 0);
    model_stat(&d->m, n, &stat);
    CHECK(slice_is_null(g.data) == n->data_null && slice_equal(g.data, slice_make(n->data, n->data_size)), "step %u", d->step);
    CHECK(stat_equal(slice_make(c.end - ZK_STAT_BYTES, ZK_STAT_BYTES), &stat), "step %u", d->step);
}

static void get_children(struct duel *d, struct model_node *n)
{
    struct jute_cursor c = jute_cursor_make(buf_slice(&d->w.reply));
    struct zk_children2_response g;
    struct zk_stat stat;
    struct slice name;
    struct buf path = {0};

    REQUIRE(jute_decode(&c, &jute_children2_response, &g) == 0);
    model_stat(&d->m, n, &stat);
    CHECK(stat_equal(slice_make(c.end - ZK_STAT_BYTES, ZK_STAT_BYTES), &stat), "step %u", d->step);
    CHECK_EQ_INT(g.children.count, stat.num_children, "step %u", d->step);
    c = jute_cursor_make(g.children.items);
    while (jute_next_ustring(&c, &name)) { /* as many as there are, each one there: the same set, as names are unique */
        buf_clear(&path);
        buf_printf(&path, "%s/%.*s", n->path[1] == 0 ? "" : n->path, SLICE_ARG(name));
        CHECK(model_find(&d->m, buf_slice(&path)) != NULL, "step %u", d->step);
    }
    buf_deinit(&path);
}

static void read_node(struct duel *d)
{
    static const int32_t ops[] = {ZK_OP_EXISTS, ZK_OP_GET_DATA, ZK_OP_GET_CHILDREN2};
    int32_t op = ops[rng_below(&d->r, COUNT(ops))];
    struct model_node *n = NULL;
    struct zk_stat stat;
    int rc;

    pick_node(d);
    rc = world_read(&d->w, op, d->at, true);
    CHECK_EQ_INT(rc, model_read(&d->m, d->at, op == ZK_OP_EXISTS, &n), "step %u", d->step);
    if (rc != 0 || n == NULL)
        return;
    if (op == ZK_OP_EXISTS) {
        model_stat(&d->m, n, &stat);
        CHECK(stat_equal(buf_slice(&d->w.reply), &stat), "step %u", d->step);
    } else if (op == ZK_OP_GET_DATA) {
        get_data(d, n);
    } else {
        get_children(d, n);
    }
}

/* Every node of the model is there with its stat, and there are no others. */
static void compare_all(struct duel *d)
{
    struct state_counts c;
    struct zk_stat stat, expected;
    uint64_t nodes = 0, bytes = 0, path_bytes = 0;

    for (unsigned i = 0; i < MODEL_NODES; i++) {
        const struct model_node *n = &d->m.nodes[i];

        if (n->path[0] == 0)
            continue;
        nodes++;
        bytes += n->data_size;
        path_bytes += strlen(n->path);
        REQUIRE(state_stat(d->w.s, slice_from_text(n->path), &stat), "%s", n->path);
        model_stat(&d->m, n, &expected);
        CHECK(jute_equal(&jute_stat, &stat, &expected), "%s", n->path);
        if (strstr(n->path, "/zookeeper_stats") != NULL && model_permits(&d->m, n, ZK_PERM_READ)) {
            REQUIRE(world_read(&d->w, ZK_OP_GET_DATA, slice_from_text(n->path), false) == 0);
            get_data(d, (struct model_node *)(uintptr_t)n);
        }
        REQUIRE(world_read(&d->w, ZK_OP_GET_ALL_CHILDREN_NUMBER, slice_from_text(n->path), false) == 0 ||
                !model_permits(&d->m, n, ZK_PERM_READ));
        if (d->w.r.err == 0)
            CHECK_EQ_INT(get_be32(buf_bytes(&d->w.reply)), model_below(&d->m, n), "%s", n->path);
    }
    state_counts(d->w.s, &c);
    CHECK_EQ_INT(c.nodes, nodes);
    CHECK_EQ_INT(c.data_bytes, bytes);
    CHECK_EQ_INT(c.path_bytes, path_bytes);
    CHECK(state_digest(d->w.s) == state_digest_recompute(d->w.s), "step %u", d->step);
}

TEST(state_model, random_operations_agree)
{
    static struct duel d;

    for (uint64_t seed = 1; seed <= 4; seed++) {
        rng_init(&d.r, seed);
        model_init(&d.m);
        world_init(&d.w);
        world_session_close(&d.w, d.w.session);
        for (d.step = 0; d.step < 10000; d.step++) {
            if (!pick_session(&d))
                continue;
            if (d.step < 20 || rng_below(&d.r, 200) == 0)
                set_settings(&d);
            pick_who(&d);
            switch (rng_below(&d.r, 16)) {
            case 0:
            case 1:
            case 2:
                create(&d);
                break;
            case 3:
            case 4:
                remove_node(&d);
                break;
            case 5:
                set(&d);
                break;
            case 8:
            case 9:
                multi(&d);
                break;
            case 10:
                set_acl(&d);
                break;
            case 11:
                get_acl(&d);
                break;
            case 12:
            case 13:
                reap(&d);
                break;
            case 14:
            case 15:
                keeper(&d);
                break;
            default:
                read_node(&d);
            }
            if (d.step % 100 == 0)
                compare_all(&d);
        }
        compare_all(&d);
        d.refused += d.m.refused;
        d.counted += d.m.counted;
        world_deinit(&d.w);
    }
    CHECK(d.refused > 10 && d.counted > 100, "%u refused, %u counted", d.refused, d.counted);
    CHECK(d.reaped > 30, "%u", d.reaped);
    CHECK(d.subtrees > 60, "%u", d.subtrees);
    CHECK(d.done > 300 && d.undone > 300, "%u done, %u undone", d.done, d.undone);
}
