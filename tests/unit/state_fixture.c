/* state_fixture.c - the small world of the state's tests. */
#include "state_fixture.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "lib/runner.h"
#include "state/acl.h"

#include <stdio.h>
#include <stdlib.h>

void world_init(struct world *w)
{
    *w = (struct world){.s = state_new()};
    world_apply(w, ENTRY_ORIGIN);
    world_session_create(w);
}

void world_deinit(struct world *w)
{
    state_free(w->s);
    buf_deinit(&w->reply);
    buf_deinit(&w->body);
    buf_deinit(&w->multi);
}

int world_apply(struct world *w, enum entry_kind kind)
{
    w->e.kind = kind;
    w->e.zxid = state_zxid(w->s) + 1;
    w->e.wall_ms = WORLD_WALL_MS + (int64_t)w->e.zxid;
    w->e.cluster_ms = (int64_t)w->e.zxid + w->late_ms;
    w->e.origin = (struct origin){WORLD_SERVER, WORLD_BOOT, WORLD_INCARNATION, 0};
    if (kind == ENTRY_SESSION_EXPIRE || kind == ENTRY_FORM || kind == ENTRY_REAP || kind == ENTRY_SETTINGS)
        w->e.origin = (struct origin){0};
    else if (kind != ENTRY_ORIGIN)
        w->e.origin.number = ++w->number;
    buf_clear(&w->reply);
    w->a = (struct apply){.entry = &w->e, .reply = &w->reply};
    state_apply(w->s, &w->a);
    COORD_ASSERT(w->a.err == 0 || (buf_size(&w->reply) == 0 && w->a.change_count == 0));
    return w->a.err;
}

int world_request(struct world *w, int32_t op, const struct jute_record *table, const void *record)
{
    buf_clear(&w->body);
    if (table != NULL)
        jute_append(&w->body, table, record);
    w->e.session = w->session;
    w->e.attach = w->attach;
    w->e.auth = w->auth;
    w->e.op = op;
    w->e.body = buf_slice(&w->body);
    return world_apply(w, ENTRY_REQUEST);
}

uint64_t world_session_create(struct world *w)
{
    w->e.session = 0;
    w->e.op = WORLD_TIMEOUT_MS;
    w->e.body = SLICE_NULL;
    for (unsigned i = 0; i < sizeof(w->e.random); i++)
        w->e.random[i] = (uint8_t)(state_zxid(w->s) + i);
    world_apply(w, ENTRY_SESSION_CREATE);
    w->session = w->a.session;
    w->attach = w->a.attach;
    return w->session;
}

int world_session_close(struct world *w, uint64_t session)
{
    uint64_t asks = w->session;
    int rc;

    w->session = session;
    rc = world_request(w, ZK_OP_CLOSE_SESSION, NULL, NULL);
    w->session = asks;
    return rc;
}

void world_multi_add(struct world *w, int32_t type, const struct jute_record *table, const void *record)
{
    jute_append(&w->multi, &jute_multi_header, &(struct zk_multi_header){type, false, -1});
    jute_append(&w->multi, table, record);
}

static void multi_end(struct world *w)
{
    jute_append(&w->multi, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
    buf_clear(&w->body);
    buf_append(&w->body, buf_bytes(&w->multi), buf_size(&w->multi));
    buf_clear(&w->multi);
}

int world_multi(struct world *w)
{
    multi_end(w);
    w->e.session = w->session;
    w->e.attach = w->attach;
    w->e.auth = w->auth;
    w->e.op = ZK_OP_MULTI;
    w->e.body = buf_slice(&w->body);
    return world_apply(w, ENTRY_REQUEST);
}

int world_multi_read(struct world *w)
{
    const struct op_desc *op = op_find(ZK_OP_MULTI_READ);
    union op_request request;
    int rc;

    multi_end(w);
    buf_clear(&w->reply);
    rc = op_decode(op, buf_slice(&w->body), &request);
    if (rc != 0)
        return rc;
    w->r = (struct read){.auth = w->auth, .reply = &w->reply};
    state_read(w->s, op, &request, &w->r);
    COORD_ASSERT(w->r.err == 0 || buf_size(&w->reply) == 0);
    return w->r.err;
}

static void print_result(struct buf *to, struct jute_cursor *c, const struct zk_multi_header *h)
{
    union {
        struct zk_path_response path;
        struct zk_create2_response create2;
        struct zk_stat stat;
        struct zk_get_data_response data;
        struct zk_children_response children;
        struct zk_children2_response children2;
        struct zk_error_response error;
    } r;
    bool good = true;

    buf_printf(to, "%s%d:%d", buf_size(to) > 0 ? " " : "", h->type, h->err);
    switch (h->type) {
    case ZK_OP_CREATE:
    case ZK_OP_CREATE_IF_NOT_EXISTS:
        good = jute_decode(c, &jute_path_response, &r) == 0;
        buf_printf(to, "=%.*s", SLICE_ARG(r.path.path));
        break;
    case ZK_OP_CREATE2:
        good = jute_decode(c, &jute_create2_response, &r) == 0;
        buf_printf(to, "=%.*s", SLICE_ARG(r.create2.path));
        break;
    case ZK_OP_SET_DATA:
    case ZK_OP_EXISTS:
        good = jute_decode(c, &jute_stat, &r) == 0;
        buf_printf(to, "=%d", r.stat.version);
        break;
    case ZK_OP_GET_DATA:
        good = jute_decode(c, &jute_get_data_response, &r) == 0;
        buf_printf(to, "=%.*s", SLICE_ARG(r.data.data));
        break;
    case ZK_OP_GET_CHILDREN:
        good = jute_decode(c, &jute_children_response, &r) == 0;
        buf_printf(to, "=%d", r.children.children.count);
        break;
    case ZK_OP_GET_CHILDREN2: /* filteredList too */
        good = jute_decode(c, &jute_children2_response, &r) == 0;
        buf_printf(to, "=%d", r.children2.children.count);
        break;
    case -1:
        good = jute_decode(c, &jute_error_response, &r) == 0 && r.error.err == h->err;
        break;
    default:
        good = h->type == ZK_OP_DELETE || h->type == ZK_OP_CHECK ||
               (h->type >= ZK_OP_CHECK_NOT_EXISTS && h->type <= ZK_OP_TRY_REMOVE);
    }
    CHECK(good, "%.*s", (int)buf_size(to), buf_bytes(to));
}

const char *world_results(struct world *w)
{
    static char text[4096];
    struct jute_cursor c = jute_cursor_make(buf_slice(&w->reply));
    struct zk_multi_header h = {0};
    struct buf to = {0};

    while (jute_decode(&c, &jute_multi_header, &h) == 0 && !h.done)
        print_result(&to, &c, &h);
    CHECK(h.done && h.type == -1 && h.err == -1 && c.at == c.end);
    snprintf(text, sizeof(text), "%.*s", (int)buf_size(&to), buf_bytes(&to));
    buf_deinit(&to);
    return text;
}

static struct slice text(const char *t)
{
    return t == NULL ? SLICE_NULL : slice_from_text(t);
}

static void take_stat(struct world *w, size_t offset)
{
    struct slice all = buf_slice(&w->reply);
    struct jute_cursor c = jute_cursor_make(slice_make(all.data + offset, all.size - offset));

    COORD_ASSERT(jute_decode(&c, &jute_stat, &w->stat) == 0 && c.at == c.end);
}

int world_create_acl(struct world *w, const char *path, const char *data, int32_t mode, int32_t perms)
{
    uint8_t space[ACL_WORLD_BYTES];
    struct zk_create_request q = {text(path), text(data), acl_world(perms, space), mode};
    int rc = world_request(w, ZK_OP_CREATE2, &jute_create_request, &q);

    if (rc == 0)
        take_stat(w, buf_size(&w->reply) - ZK_STAT_BYTES);
    return rc;
}

struct slice world_auth(const char *ids)
{
    static uint8_t space[4096];
    size_t used = 0;

    while (*ids != 0) {
        size_t size = strcspn(ids, " ");

        space[used++] = (uint8_t)size;
        space[used++] = 0;
        memcpy(space + used, ids, size);
        used += size;
        ids += size + (ids[size] == ' ');
    }
    return slice_make(space, used);
}

struct jute_vector world_acl(const char *from)
{
    static struct buf list;
    int32_t count = 0;

    buf_clear(&list);
    buf_reserve(&list, 1);
    for (; *from != 0; count++) {
        char *end;
        struct zk_acl item = {.perms = (int32_t)strtol(from, &end, 10)};
        size_t scheme = strcspn(++end, ":"), id = strcspn(end + scheme + 1, " ");

        item.scheme = slice_make(end, scheme);
        item.id = slice_make(end + scheme + 1, id);
        jute_append(&list, &jute_acl, &item);
        from = end + scheme + 1 + id;
        from += *from == ' ';
    }
    return (struct jute_vector){count, buf_slice(&list)};
}

const char *world_acl_text(struct jute_vector list)
{
    static char joined[8192];
    struct jute_cursor c = jute_cursor_make(list.items);
    struct zk_acl item;
    int32_t count = 0;

    joined[0] = 0;
    for (; jute_next_acl(&c, &item); count++) {
        size_t used = strlen(joined);

        snprintf(joined + used, sizeof(joined) - used, "%s%d:%.*s:%.*s", count == 0 ? "" : " ", item.perms,
                 SLICE_ARG(item.scheme), SLICE_ARG(item.id));
    }
    CHECK_EQ_INT(count, list.count);
    return joined;
}

int world_create_container(struct world *w, const char *path)
{
    uint8_t space[ACL_WORLD_BYTES];
    struct zk_create_request q = {text(path), SLICE_NULL, acl_world(ZK_PERM_ALL, space), ZK_CONTAINER};

    return world_request(w, ZK_OP_CREATE_CONTAINER, &jute_create_request, &q);
}

int world_create_ttl(struct world *w, const char *path, int32_t mode, int64_t ttl)
{
    uint8_t space[ACL_WORLD_BYTES];
    struct zk_create_ttl_request q = {text(path), SLICE_NULL, acl_world(ZK_PERM_ALL, space), mode, ttl};

    return world_request(w, ZK_OP_CREATE_TTL, &jute_create_ttl_request, &q);
}

bool world_reap(struct world *w, const char *path)
{
    w->e.body = text(path);
    CHECK_EQ_INT(world_apply(w, ENTRY_REAP), 0);
    return !w->a.skipped;
}

void world_settings(struct world *w, bool enforce_quota, const char *config)
{
    struct settings settings = {enforce_quota, text(config)};
    struct buf body = {0};

    settings_append(&body, &settings);
    w->e.body = buf_slice(&body);
    CHECK_EQ_INT(world_apply(w, ENTRY_SETTINGS), 0);
    CHECK(!w->a.skipped);
    buf_deinit(&body);
}

int world_create_list(struct world *w, const char *path, const char *acl)
{
    struct zk_create_request q = {text(path), SLICE_NULL, world_acl(acl), 0};

    return world_request(w, ZK_OP_CREATE, &jute_create_request, &q);
}

int world_set_acl(struct world *w, const char *path, const char *acl, int32_t version)
{
    struct zk_set_acl_request q = {text(path), world_acl(acl), version};
    int rc = world_request(w, ZK_OP_SET_ACL, &jute_set_acl_request, &q);

    if (rc == 0)
        take_stat(w, 0);
    return rc;
}

const char *world_get_acl(struct world *w, const char *path)
{
    struct zk_get_acl_response g;
    struct jute_cursor c;
    int rc = world_read(w, ZK_OP_GET_ACL, text(path), false);

    if (rc != 0)
        return coord_error_name(rc);
    c = jute_cursor_make(buf_slice(&w->reply));
    COORD_ASSERT(jute_decode(&c, &jute_get_acl_response, &g) == 0 && c.at == c.end);
    take_stat(w, buf_size(&w->reply) - ZK_STAT_BYTES);
    return world_acl_text(g.acl);
}

int world_create(struct world *w, const char *path, const char *data, int32_t mode)
{
    return world_create_acl(w, path, data, mode, ZK_PERM_ALL);
}

int world_delete(struct world *w, const char *path, int32_t version)
{
    struct zk_delete_request q = {text(path), version};

    return world_request(w, ZK_OP_DELETE, &jute_delete_request, &q);
}

int world_set(struct world *w, const char *path, const char *data, int32_t version)
{
    struct zk_set_data_request q = {text(path), text(data), version};
    int rc = world_request(w, ZK_OP_SET_DATA, &jute_set_data_request, &q);

    if (rc == 0)
        take_stat(w, 0);
    return rc;
}

int world_read(struct world *w, int32_t op, struct slice path, bool watch)
{
    struct zk_path_watch_request q = {path, watch};
    struct zk_path_request alone = {path};
    const struct op_desc *desc = op_find(op);

    buf_clear(&w->reply);
    w->r = (struct read){.auth = w->auth, .session = w->session, .reply = &w->reply};
    state_read(w->s, desc, desc->request == &jute_path_request ? (const void *)&alone : &q, &w->r);
    COORD_ASSERT(w->r.err == 0 || buf_size(&w->reply) == 0);
    return w->r.err;
}

int world_exists(struct world *w, const char *path)
{
    int rc = world_read(w, ZK_OP_EXISTS, text(path), false);

    if (rc == 0)
        take_stat(w, 0);
    return rc;
}

static const char *keep(struct slice s)
{
    static char kept[4096];

    snprintf(kept, sizeof(kept), "%.*s", SLICE_ARG(s));
    return kept;
}

const char *world_path(struct world *w)
{
    struct jute_cursor c = jute_cursor_make(buf_slice(&w->reply));
    struct zk_path_response p;

    return jute_decode(&c, &jute_path_response, &p) == 0 ? keep(p.path) : "<none>";
}

const char *world_data(struct world *w, const char *path)
{
    struct zk_get_data_response g;
    struct jute_cursor c;
    int rc = world_read(w, ZK_OP_GET_DATA, text(path), false);

    if (rc != 0)
        return coord_error_name(rc);
    c = jute_cursor_make(buf_slice(&w->reply));
    COORD_ASSERT(jute_decode(&c, &jute_get_data_response, &g) == 0 && c.at == c.end);
    return slice_is_null(g.data) ? "<null>" : keep(g.data);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *world_children(struct world *w, const char *path)
{
    static char joined[4096];
    struct zk_children2_response g;
    struct jute_cursor c;
    struct slice name;
    char *names[256];
    unsigned count = 0;
    int rc = world_read(w, ZK_OP_GET_CHILDREN2, text(path), false);

    if (rc != 0)
        return coord_error_name(rc);
    c = jute_cursor_make(buf_slice(&w->reply));
    COORD_ASSERT(jute_decode(&c, &jute_children2_response, &g) == 0 && c.at == c.end);
    c = jute_cursor_make(g.children.items);
    while (jute_next_ustring(&c, &name)) {
        COORD_ASSERT(count < 256);
        names[count++] = coord_strdup(keep(name));
    }
    COORD_ASSERT((int32_t)count == g.children.count && (int32_t)count == g.num_children);
    qsort(names, count, sizeof(names[0]), compare_texts);
    joined[0] = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(joined);

        snprintf(joined + used, sizeof(joined) - used, "%s%s", i == 0 ? "" : " ", names[i]);
        coord_free(names[i]);
    }
    return joined;
}

const char *world_changes(struct world *w)
{
    static const char sign[] = {[CHANGE_CREATED] = '+', [CHANGE_DELETED] = '-', [CHANGE_DATA] = '='};
    static char joined[4096];

    joined[0] = 0;
    for (uint32_t i = 0; i < w->a.change_count; i++) {
        size_t used = strlen(joined);

        snprintf(joined + used, sizeof(joined) - used, "%s%c%.*s", i == 0 ? "" : " ", sign[w->a.changes[i].kind],
                 SLICE_ARG(w->a.changes[i].path));
    }
    return joined;
}

void world_image(struct state *s, size_t about_bytes, struct buf *to)
{
    state_walk_start(s);
    while (state_walk_next(s, to, about_bytes))
        ;
}

struct state *world_load(struct slice image, size_t piece)
{
    struct state_loader *l = state_loader_new();
    struct state *s = NULL;
    int rc = 0;

    while (rc == 0 && image.size > 0) {
        size_t size = image.size < piece ? image.size : piece;

        rc = state_loader_feed(l, slice_make(image.data, size));
        image = slice_make(image.data + size, image.size - size);
    }
    if (rc == 0)
        rc = state_loader_finish(l, &s);
    COORD_ASSERT((rc == 0) == (s != NULL) && (rc == 0 || rc == -COORD_E_DAMAGED));
    state_loader_free(l);
    return s;
}

void world_check_same(struct state *a, struct state *b)
{
    struct state_counts x, y;
    struct state_session p, q;
    uint64_t at = 0, bt = 0, owners = 0;

    CHECK_EQ_INT(state_zxid(b), state_zxid(a));
    CHECK(state_digest(a) == state_digest(b));
    CHECK(state_digest_recompute(b) == state_digest(b));
    state_counts(a, &x);
    state_counts(b, &y);
    CHECK_EQ_INT(y.nodes, x.nodes);
    CHECK_EQ_INT(y.ephemerals, x.ephemerals);
    CHECK_EQ_INT(y.owners, x.owners);
    CHECK_EQ_INT(y.sessions, x.sessions);
    CHECK_EQ_INT(y.data_bytes, x.data_bytes);
    CHECK_EQ_INT(y.path_bytes, x.path_bytes);
    CHECK_EQ_INT(y.wall_ms, x.wall_ms);
    CHECK_EQ_INT(y.cluster_ms, x.cluster_ms);
    while (state_session_next(a, &at, &p)) {
        REQUIRE(state_session_next(b, &bt, &q));
        CHECK(memcmp(&p, &q, sizeof(p)) == 0);
        owners += p.ephemeral_count > 0;
    }
    CHECK_EQ_INT(x.owners, owners);
}
