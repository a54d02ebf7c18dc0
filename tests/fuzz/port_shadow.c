/* port_shadow.c - see port_shadow.h. */
#include "fuzz/port_shadow.h"

#include "base/assert.h"
#include "base/error.h"

#define PIECE_BYTES 200

void shadow_init(struct shadow *s)
{
    *s = (struct shadow){.state = state_new()};
}

void shadow_deinit(struct shadow *s)
{
    shadow_walk_end(s);
    state_free(s->state);
    buf_deinit(&s->reply);
}

/* ---- what an entry may say ---- */

/* Of the node that a single operation is about. */
struct before {
    bool known; /* the operation is one of these */
    bool exists;
    struct zk_stat stat;
    struct slice path;
    int32_t op, version, flags;
};

static void look_before(const struct shadow *s, const struct entry *e, struct before *b)
{
    const struct op_desc *op = op_find(e->op);
    union op_request q;

    *b = (struct before){.op = e->op, .version = ZK_VERSION_ANY};
    if (e->kind != ENTRY_REQUEST || op == NULL || op_decode(op, e->body, &q) != 0)
        return;
    b->known = true;
    if (op->request == &jute_create_request) {
        b->path = q.create.path;
        b->flags = q.create.flags;
    } else if (e->op == ZK_OP_DELETE) {
        b->path = q.del.path;
        b->version = q.del.version;
    } else if (e->op == ZK_OP_SET_DATA) {
        b->path = q.set_data.path;
        b->version = q.set_data.version;
    } else if (e->op == ZK_OP_SET_ACL) {
        b->path = q.set_acl.path;
        b->version = q.set_acl.version;
    } else {
        b->known = false;
    }
    b->known = b->known && !slice_is_null(b->path);
    b->exists = b->known && state_stat(s->state, b->path, &b->stat);
}

static bool version_differs(const struct before *b)
{
    return b->version != ZK_VERSION_ANY && b->version != (b->op == ZK_OP_SET_ACL ? b->stat.aversion : b->stat.version);
}

static void judge_error(const struct before *b, const struct apply *a)
{
    bool made = b->op != ZK_OP_DELETE && b->op != ZK_OP_SET_DATA && b->op != ZK_OP_SET_ACL;

    COORD_ASSERT(a->change_count == 0 && !a->session_closed);
    if (!b->known)
        return;
    if (a->err == -COORD_E_NO_NODE)
        COORD_ASSERT(made || !b->exists || b->path.size == 0);
    else if (a->err == -COORD_E_BAD_VERSION)
        COORD_ASSERT(!made && b->exists && version_differs(b));
    else if (a->err == -COORD_E_NOT_EMPTY)
        COORD_ASSERT(b->op == ZK_OP_DELETE && b->exists && !version_differs(b) && b->stat.num_children > 0);
    else if (a->err == -COORD_E_NODE_EXISTS)
        COORD_ASSERT(made && (b->exists || (b->flags & ZK_PERSISTENT_SEQUENTIAL) != 0));
}

/* The results begin with the header of an error: nothing was done. */
static void judge_multi(const struct shadow *s, const struct apply *a)
{
    struct jute_cursor c = jute_cursor_make(buf_slice(&s->reply));
    struct zk_multi_header h;

    COORD_ASSERT(jute_decode(&c, &jute_multi_header, &h) == 0);
    if (h.done || h.type != -1)
        return;
    COORD_ASSERT(a->change_count == 0);
    COORD_ASSERT(state_digest(s->state) == state_digest_recompute(s->state));
}

static void judge_success(const struct shadow *s, const struct before *b, const struct apply *a)
{
    int64_t zxid = (int64_t)a->entry->zxid;
    struct zk_stat now = {0};
    bool exists = state_stat(s->state, b->path, &now);

    if (b->op == ZK_OP_DELETE)
        COORD_ASSERT(b->exists && !version_differs(b) && b->stat.num_children == 0 && !exists);
    else if (b->op == ZK_OP_SET_DATA)
        COORD_ASSERT(b->exists && !version_differs(b) && now.version == b->stat.version + 1 && now.mzxid == zxid &&
                     now.aversion == b->stat.aversion && now.pzxid == b->stat.pzxid);
    else if (b->op == ZK_OP_SET_ACL)
        COORD_ASSERT(b->exists && !version_differs(b) && now.aversion == b->stat.aversion + 1 &&
                     now.version == b->stat.version);
    else if ((b->op == ZK_OP_CREATE || b->op == ZK_OP_CREATE2) && (b->flags & ZK_PERSISTENT_SEQUENTIAL) == 0)
        COORD_ASSERT(!b->exists && exists && now.czxid == zxid && now.version == 0);
}

/* ---- snapshots ---- */

static void walk_on(struct shadow *s, size_t bytes)
{
    struct buf piece = {0};
    bool more = true;

    while (s->loader != NULL && more) {
        more = state_walk_next(s->state, &piece, bytes);
        COORD_ASSERT(state_loader_feed(s->loader, buf_slice(&piece)) == 0);
        buf_clear(&piece);
        if (more && bytes == PIECE_BYTES)
            break;
        if (more)
            continue;
        struct state *loaded = NULL;
        COORD_ASSERT(state_loader_finish(s->loader, &loaded) == 0);
        COORD_ASSERT(state_digest(loaded) == s->walk_digest && state_digest_recompute(loaded) == s->walk_digest);
        state_free(loaded);
        state_loader_free(s->loader);
        s->loader = NULL;
    }
    buf_deinit(&piece);
}

void shadow_walk(struct shadow *s)
{
    if (s->loader != NULL)
        return;
    state_walk_start(s->state);
    s->walk_digest = state_digest(s->state);
    s->loader = state_loader_new();
}

void shadow_walk_end(struct shadow *s)
{
    walk_on(s, 1 << 16);
}

/* ---- the log ---- */

static void feed(struct shadow *s, const struct entry *e)
{
    struct apply a = {.entry = e, .reply = &s->reply};
    struct before before;

    look_before(s, e, &before);
    buf_clear(&s->reply);
    state_apply(s->state, &a);
    s->session = e->session;
    s->xid = e->xid;
    s->err = a.err;
    s->multi = e->kind == ENTRY_REQUEST && e->op == ZK_OP_MULTI;
    if (!a.skipped && a.err != 0)
        judge_error(&before, &a);
    else if (!a.skipped && before.known)
        judge_success(s, &before, &a);
    if (!a.skipped && a.err == 0 && s->multi)
        judge_multi(s, &a);
    walk_on(s, PIECE_BYTES);
}

void shadow_feed(struct shadow *s, const struct group *g, uint32_t server, uint64_t zxid)
{
    struct slice rest = buf_slice(&g->member[server - 1].log.entries);
    struct entry e;

    while (state_zxid(s->state) < zxid && entry_next(&rest, &e) == 0)
        if (e.zxid > state_zxid(s->state) && e.zxid <= zxid)
            feed(s, &e);
    COORD_ASSERT(state_zxid(s->state) >= zxid);
}
