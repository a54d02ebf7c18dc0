/* ck_rules.c - what each operation does to the tree, whether it may, and what it answers, written down apart from coord/state:
 * C6, C7, C13, C14, C15; see ck_model.h.
 *
 * Paths are well-formed: the simulator's clients send no others.
 */
#include "sim/ck_rules.h"

#include "base/hash.h"
#include "sim/ck_log.h"
#include "sim/ck_session.h"
#include "sim/mark.h"
#include "sim/trace.h"

#include <inttypes.h>
#include <stdio.h>

void rule_put_path(struct deed *d, struct slice path)
{
    jute_append(&d->reply, &jute_path_response, &(struct zk_path_response){path});
}

static void put_stat(struct deed *d, const char *path)
{
    struct ck_node node;

    ck_model_at(d->s, path, d->e->zxid, &node);
    jute_append(&d->reply, &jute_stat, &node.stat);
}

bool rule_version_fits(int32_t asked, int32_t is)
{
    return asked == ZK_VERSION_ANY || asked == is;
}

bool rule_permits(const struct deed *d, const struct version *v, int perms)
{
    return ck_acl_permits(&v->acl, perms, d->who);
}

const struct version *rule_node(const struct deed *d, struct slice path, struct track **t)
{
    *t = track_find(d->s->model, path);
    return track_now(*t);
}

struct slice rule_parent(struct slice path)
{
    while (path.data[path.size - 1] != '/')
        path.size--;
    return slice_make(path.data, path.size > 1 ? path.size - 1 : 1);
}

/* The operations: each returns the error; without one it has changed the tree and answered. */

static bool mode_fits(int32_t opcode, const struct zk_create_ttl_request *q)
{
    if (opcode != ZK_OP_CREATE_TTL)
        return q->flags >= ZK_PERSISTENT && q->flags <= ZK_CONTAINER;
    return (q->flags == ZK_PERSISTENT_TTL || q->flags == ZK_PERSISTENT_SEQUENTIAL_TTL) && q->ttl > 0 && q->ttl <= ZK_TTL_MAX_MS;
}

int rule_create(struct deed *d, int32_t opcode, const struct zk_create_ttl_request *q)
{
    struct ck_model *m = d->s->model;
    bool container = opcode == ZK_OP_CREATE_CONTAINER;
    bool ephemeral = !container && (q->flags == ZK_EPHEMERAL || q->flags == ZK_EPHEMERAL_SEQUENTIAL);
    char path[256];
    struct track *t;
    struct version v = {.zxid = d->e->zxid,
                        .event = ZK_EVENT_NODE_CREATED,
                        .czxid = d->e->zxid,
                        .mzxid = d->e->zxid,
                        .ctime = d->e->wall_ms,
                        .mtime = d->e->wall_ms,
                        .since = d->e->cluster_ms,
                        .since_at = d->s->now,
                        .data_hash = ck_data_hash(q->data),
                        .size = (int32_t)q->data.size,
                        .owner = ephemeral ? d->e->session : 0,
                        .container = container,
                        .ttl = opcode == ZK_OP_CREATE_TTL ? q->ttl : 0};

    if (!mode_fits(opcode, q))
        return -COORD_E_BAD_ARGUMENTS;
    if (ephemeral && !ck_session_is_global(d->s, d->e->session))
        return -COORD_E_EPHEMERAL_ON_LOCAL_SESSION;
    if (!ck_acl_read(q->acl, d->who, false, &v.acl))
        return -COORD_E_INVALID_ACL;
    const struct version *parent = rule_node(d, rule_parent(q->path), &t);
    if (parent == NULL)
        return -COORD_E_NO_NODE;
    if (!rule_permits(d, parent, ZK_PERM_CREATE))
        return -COORD_E_NO_AUTH;
    if (q->flags == ZK_PERSISTENT_SEQUENTIAL || q->flags == ZK_EPHEMERAL_SEQUENTIAL || q->flags == ZK_PERSISTENT_SEQUENTIAL_TTL)
        snprintf(path, sizeof(path), "%.*s%010" PRIu32, SLICE_ARG(q->path), track_creates(t));
    else
        snprintf(path, sizeof(path), "%.*s", SLICE_ARG(q->path));
    bool of_ephemeral = parent->owner != 0;
    t = track_make(m, slice_from_text(path));
    if (track_now(t) != NULL)
        return -COORD_E_NODE_EXISTS;
    if (of_ephemeral)
        return -COORD_E_NO_CHILDREN_FOR_EPHEMERALS;
    int err = rule_quota_check(d, path, 1, v.size);
    if (err != 0)
        return err;
    rule_quota_read(&v, path, q->data);
    track_push(m, t, &v);
    rule_quota_created(d, t);
    rule_put_path(d, slice_from_text(path));
    if (opcode != ZK_OP_CREATE)
        put_stat(d, path);
    return 0;
}

void rule_push_deletion(struct deed *d, struct track *t)
{
    struct version v = *track_now(t);

    v.zxid = d->e->zxid;
    v.event = ZK_EVENT_NODE_DELETED;
    track_push(d->s->model, t, &v);
    rule_quota_deleted(d, t, v.size);
}

int rule_delete(struct deed *d, const struct zk_delete_request *q)
{
    struct track *t;
    const struct version *parent = rule_node(d, rule_parent(q->path), &t);

    if (parent == NULL)
        return -COORD_E_NO_NODE;
    if (!rule_permits(d, parent, ZK_PERM_DELETE))
        return -COORD_E_NO_AUTH;
    const struct version *v = rule_node(d, q->path, &t);
    if (v == NULL)
        return -COORD_E_NO_NODE;
    if (!rule_version_fits(q->version, v->version))
        return -COORD_E_BAD_VERSION;
    if (track_children(t) > 0)
        return -COORD_E_NOT_EMPTY;
    rule_push_deletion(d, t);
    return 0;
}

static int do_set_data(struct deed *d, const struct zk_set_data_request *q)
{
    struct track *t;
    const struct version *old = rule_node(d, q->path, &t);

    if (old == NULL)
        return -COORD_E_NO_NODE;
    if (!rule_permits(d, old, ZK_PERM_WRITE))
        return -COORD_E_NO_AUTH;
    int32_t before = old->size;
    int err = rule_quota_check(d, t->path, 0, (int64_t)q->data.size - before);
    if (err != 0)
        return err;
    if (!rule_version_fits(q->version, old->version))
        return -COORD_E_BAD_VERSION;
    struct version v = *old;
    v.zxid = v.mzxid = d->e->zxid;
    v.event = ZK_EVENT_DATA_CHANGED;
    v.data_hash = ck_data_hash(q->data);
    v.size = (int32_t)q->data.size;
    v.version++;
    v.mtime = d->e->wall_ms;
    v.since = d->e->cluster_ms;
    v.since_at = d->s->now;
    rule_quota_read(&v, t->path, q->data);
    track_push(d->s->model, t, &v);
    rule_quota_set(d, t, before);
    put_stat(d, t->path);
    return 0;
}

static int do_set_acl(struct deed *d, const struct zk_set_acl_request *q)
{
    struct ck_acl acl;
    struct track *t;
    const struct version *old = rule_node(d, q->path, &t);

    if (!ck_acl_read(q->acl, d->who, false, &acl))
        return -COORD_E_INVALID_ACL;
    if (old == NULL)
        return -COORD_E_NO_NODE;
    if (!rule_permits(d, old, ZK_PERM_ADMIN))
        return -COORD_E_NO_AUTH;
    if (!rule_version_fits(q->version, old->aversion))
        return -COORD_E_BAD_VERSION;
    struct version v = *old;
    v.zxid = d->e->zxid;
    v.event = 0;
    v.acl = acl;
    v.aversion++;
    track_push(d->s->model, t, &v);
    put_stat(d, t->path);
    return 0;
}

static int do_check(const struct deed *d, const struct zk_check_request *q)
{
    struct track *t;
    const struct version *v = rule_node(d, q->path, &t);

    if (v == NULL)
        return -COORD_E_NO_NODE;
    if (!rule_permits(d, v, ZK_PERM_READ))
        return -COORD_E_NO_AUTH;
    return rule_version_fits(q->version, v->version) ? 0 : -COORD_E_BAD_VERSION;
}

static int do_one(struct deed *d, int32_t opcode, const union op_request *q)
{
    switch (opcode) {
    case ZK_OP_CREATE:
    case ZK_OP_CREATE2:
    case ZK_OP_CREATE_CONTAINER:
        return rule_create(d, opcode,
                           &(struct zk_create_ttl_request){q->create.path, q->create.data, q->create.acl, q->create.flags, 0});
    case ZK_OP_CREATE_TTL:
        return rule_create(d, opcode, &q->create_ttl);
    case ZK_OP_DELETE:
        return rule_delete(d, &q->del);
    case ZK_OP_SET_DATA:
        return do_set_data(d, &q->set_data);
    case ZK_OP_SET_ACL:
        return do_set_acl(d, &q->set_acl);
    case ZK_OP_CHECK:
        return do_check(d, &q->check);
    default:
        return rule_keeper(d, opcode, q);
    }
}

/* Multis. */

static void put_header(struct deed *d, int32_t type, bool done, int err)
{
    jute_append(&d->reply, &jute_multi_header, &(struct zk_multi_header){type, done, err});
}

static int32_t result_type(int32_t opcode)
{
    return opcode == ZK_OP_CREATE_CONTAINER || opcode == ZK_OP_CREATE_TTL ? ZK_OP_CREATE2 : opcode;
}

static void do_multi(struct deed *d, const struct multi_request *m)
{
    struct jute_cursor c = jute_cursor_make(m->operations);
    size_t start = d->s->model->pushed_count;
    uint32_t count = 0, done = 0;
    struct zk_multi_header h;
    union op_request q;
    int err = 0;

    while (jute_decode(&c, &jute_multi_header, &h) == 0 && !h.done) {
        if (jute_decode(&c, op_find_inner(h.type)->request, &q) != 0)
            sim_fail(d->s, "I3", "entry " ZXID_FMT " holds no multi", ZXID_ARG(d->e->zxid));
        count++;
        if (err != 0)
            continue;
        put_header(d, result_type(h.type), false, 0);
        err = do_one(d, h.type, &q);
        done += err == 0;
    }
    if (err != 0) {
        mark(d->s, d->s->model->pushed_count > start ? MARK_MULTI_UNDONE : MARK_MULTI_REFUSED);
        track_pop(d->s->model, start);
        buf_clear(&d->reply);
        for (uint32_t i = 0; i < count; i++) {
            int told = i < done ? 0 : i == done ? err : -COORD_E_RUNTIME_INCONSISTENCY;
            put_header(d, -1, false, told);
            jute_append(&d->reply, &jute_error_response, &(struct zk_error_response){told});
        }
    } else if (count > 1) {
        mark(d->s, MARK_MULTI);
    }
    put_header(d, -1, true, -1);
}

/* Comparing. */

/* The changes that the entry reported are those that the model has made since. */
static void expect_changes(const struct deed *d, const struct apply *a, size_t start, const char *invariant)
{
    static const enum zk_event events[] = {[CHANGE_CREATED] = ZK_EVENT_NODE_CREATED,
                                           [CHANGE_DELETED] = ZK_EVENT_NODE_DELETED,
                                           [CHANGE_DATA] = ZK_EVENT_DATA_CHANGED};
    size_t count = d->s->model->change_count - start;

    for (uint32_t i = 0; i < a->change_count && i < count; i++) {
        const struct ck_change *want = &d->s->model->changes[start + i];
        if (want->event != events[a->changes[i].kind] || !slice_equal(a->changes[i].path, slice_from_text(want->path)))
            sim_fail(d->s, invariant, "entry " ZXID_FMT " changes %.*s (kind %d), should change %s (event %d)",
                     ZXID_ARG(d->e->zxid), SLICE_ARG(a->changes[i].path), (int)a->changes[i].kind, want->path,
                     (int)want->event);
    }
    if (a->change_count != count)
        sim_fail(d->s, invariant, "entry " ZXID_FMT " of op %d changes %u nodes, should change %zu", ZXID_ARG(d->e->zxid),
                 d->e->op, a->change_count, count);
}

static void request(struct deed *d, const struct apply *a)
{
    const struct op_desc *op = op_find(d->e->op);
    size_t start = d->s->model->change_count;
    union op_request q;
    int err = 0;

    if (op == NULL || op_decode(op, d->e->body, &q) != 0)
        sim_fail(d->s, "I3", "entry " ZXID_FMT " holds no request", ZXID_ARG(d->e->zxid));
    if (!ck_who(d->e->auth, &d->who))
        sim_fail(d->s, "C14", "entry " ZXID_FMT " has ids that no client proved", ZXID_ARG(d->e->zxid));
    if (d->e->op == ZK_OP_MULTI)
        do_multi(d, &q.multi);
    else
        err = do_one(d, d->e->op, &q);
    if (err == -COORD_E_NO_AUTH)
        mark(d->s, MARK_WRITE_DENIED);
    const char *invariant = d->e->op == ZK_OP_MULTI                                     ? "C6"
                            : (err == -COORD_E_NO_AUTH) != (a->err == -COORD_E_NO_AUTH) ? "C14"
                                                                                        : "C7";
    if (a->err != err)
        sim_fail(d->s, invariant, "op %d of " ZXID_FMT " gave %s, should give %s", d->e->op, ZXID_ARG(d->e->zxid),
                 coord_error_name(a->err), coord_error_name(err));
    expect_changes(d, a, start, invariant);
    if (err == 0 && !slice_equal(buf_slice(a->reply), buf_slice(&d->reply)))
        sim_fail(d->s, invariant, "op %d of " ZXID_FMT " answers other than it should", d->e->op, ZXID_ARG(d->e->zxid));
}

/* All its ephemeral nodes go, in whatever order, and nothing else. */
static void session_over(struct deed *d, const struct apply *a)
{
    size_t start = d->s->model->change_count;
    struct track *t;

    for (uint32_t i = 0; i < a->change_count; i++) {
        const struct version *v = rule_node(d, a->changes[i].path, &t);
        if (v == NULL || v->owner != a->session || a->changes[i].kind != CHANGE_DELETED)
            sim_fail(d->s, "C13", "the end of session %llx by " ZXID_FMT " changes %.*s, which is not its own",
                     (unsigned long long)a->session, ZXID_ARG(d->e->zxid), SLICE_ARG(a->changes[i].path));
        rule_push_deletion(d, t);
    }
    expect_changes(d, a, start, "C13");
    for (size_t at = 0; (t = map_next(&d->s->model->by_path, &at)) != NULL;)
        if (track_now(t) != NULL && track_now(t)->owner == a->session)
            sim_fail(d->s, "C13", "%s outlives its session %llx, ended by " ZXID_FMT, t->path, (unsigned long long)a->session,
                     ZXID_ARG(d->e->zxid));
}

/* Containers and TTL nodes. */

static bool due(const struct track *t, int64_t cluster_ms)
{
    const struct version *v = track_now(t);

    if (v == NULL || track_children(t) > 0)
        return false;
    return v->container ? track_creates(t) > 0 : v->ttl > 0 && cluster_ms - v->since > v->ttl;
}

/* The removal is void when the node was used again meanwhile. */
static void reap(struct deed *d, const struct apply *a)
{
    size_t start = d->s->model->change_count;
    struct track *t;

    rule_node(d, d->e->body, &t);
    if (due(t, d->e->cluster_ms) == a->skipped)
        sim_fail(d->s, "C15", "%.*s was %s by " ZXID_FMT, SLICE_ARG(d->e->body),
                 a->skipped ? "left though its time has come" : "removed before its time", ZXID_ARG(d->e->zxid));
    if (a->skipped) {
        mark(d->s, MARK_REAP_VOID);
        return;
    }
    mark(d->s, track_now(t)->container ? MARK_REAPED_CONTAINER : MARK_REAPED_TTL);
    rule_push_deletion(d, t);
    expect_changes(d, a, start, "C15");
}

/* Only where something is new; the text of /zookeeper/config is seen to change, the rest is not. */
static void settle(const struct deed *d, const struct apply *a)
{
    struct ck_model *m = d->s->model;
    struct settings now;

    if (settings_decode(d->e->body, &now) != 0 || a->skipped)
        sim_fail(d->s, "C7", "the settings of " ZXID_FMT " are void", ZXID_ARG(d->e->zxid));
    uint64_t text = now.config.size == 0 ? 0 : hash_bytes(now.config.data, now.config.size, 0);
    bool changed = text != m->config_hash;
    if (!changed && now.enforce_quota == m->enforce_quota)
        sim_fail(d->s, "C7", "the settings of " ZXID_FMT " are what held before", ZXID_ARG(d->e->zxid));
    if (a->change_count != changed || (changed && (a->changes[0].kind != CHANGE_DATA ||
                                                   !slice_equal(a->changes[0].path, SLICE_LITERAL("/zookeeper/config")))))
        sim_fail(d->s, "C7", "the settings of " ZXID_FMT " change other than their node", ZXID_ARG(d->e->zxid));
    m->config_hash = text;
    m->enforce_quota = now.enforce_quota;
    mark(d->s, MARK_SETTINGS);
}

void ck_model_settled(struct sim *s)
{
    const struct version *v;
    struct track *t;

    for (size_t at = 0; (t = map_next(&s->model->by_path, &at)) != NULL;) {
        if ((v = track_now(t)) == NULL || (!v->container && v->ttl == 0) || track_children(t) > 0)
            continue;
        uint64_t since = v->since_at > s->quiet_since ? v->since_at : s->quiet_since; /* clocks were slow before */
        if (track_children_at(t) > since) /* what was in it has gone by its own time to live, perhaps */
            since = track_children_at(t);
        bool lasts = v->container && track_creates(t) == 0;
        if (!lasts && s->now - since > (uint64_t)v->ttl + 3 * (uint64_t)s->preset.reap_ms)
            sim_fail(s, "C15", "%s is still there, %llu ms after it could go", t->path, (unsigned long long)(s->now - since));
    }
}

void ck_model_apply(struct sim *s, const struct entry *e, const struct apply *a)
{
    struct deed d = {.s = s, .e = e, .a = a, .start = s->model->change_count};

    /* Clocks run at most twice as fast as time does (fault.c). */
    if (e->cluster_ms < s->model->cluster_ms || e->cluster_ms > 2 * (int64_t)s->now)
        sim_fail(s, "C15", "entry " ZXID_FMT " is of cluster time %lld, behind %lld", ZXID_ARG(e->zxid),
                 (long long)e->cluster_ms, (long long)s->model->cluster_ms);
    s->model->cluster_ms = e->cluster_ms;
    s->model->pushed_count = 0;
    s->model->now = s->now;
    if (a->err != 0 && a->change_count > 0)
        sim_fail(s, "C5", "entry " ZXID_FMT " failed and has effects", ZXID_ARG(e->zxid));
    if (e->kind == ENTRY_REAP)
        reap(&d, a);
    else if (e->kind == ENTRY_SETTINGS)
        settle(&d, a);
    else if (a->skipped || a->err == -COORD_E_SESSION_EXPIRED || a->err == -COORD_E_SESSION_MOVED)
        expect_changes(&d, a, s->model->change_count, "C5");
    else if (a->session_closed)
        session_over(&d, a);
    else if (e->kind == ENTRY_REQUEST && e->op != ZK_OP_CLOSE_SESSION)
        request(&d, a);
    else
        expect_changes(&d, a, s->model->change_count, "C7");
    buf_deinit(&d.reply);
}
