/* local.c - local sessions: known to this server alone, and to no log (ZooKeeper's localSessionsEnabled). Off unless an
 * operator wants them.
 *
 * Such a session is a record in this server's memory: it is opened, kept alive, expired by this server's own clock, and closed,
 * without an entry. It reads, watches and writes like any other; its writes go through the log with attach number 0, which says
 * that no session of the state stands behind them (state/session.h), so followers know nothing of it and need not. It can own
 * no ephemeral node: asked for one it is refused, or (localSessionsUpgradingEnabled) an UPGRADE entry goes ahead of the create,
 * by which the state gets a session of the same id and password; then it is like any other.
 *
 * The order within a session holds over its connections too: while a write of an earlier one is under way, the next connection
 * opens only when a NOOP of this origin, numbered behind that write, is applied; and such a session neither ends nor expires
 * before. The same NOOP lets a connection wait for a leader.
 *
 * Ids have SESSION_LOCAL, which no id made by the log has. One is drawn only when this boot's ORIGIN entry is applied: then
 * whatever earlier boots of this server made global is in the state (their later entries are void), so it is seen when it is
 * taken there, and else the record is in this table.
 */
#include "replica/internal.h"

#define RANDOM_BYTES (8 + ZK_PASSWORD_BYTES)
#define SCAN_SESSIONS 4096   /* looked at in one go; the next goes on (liveness.c) */
#define SCAN_INTERVAL_MS 100 /* between two passes */

struct local_session {
    struct list link; /* of all */
    uint64_t id;
    uint8_t password[ZK_PASSWORD_BYTES];
    uint32_t timeout_ms;
    uint64_t heard_ms;
    uint64_t number; /* of its last write that was submitted; 0: none */
    bool upgrading;  /* its UPGRADE was submitted: the log decides from here on */
};

static struct local_session *find(const struct replica *r, uint64_t id)
{
    return map_get(&r->local.by_id, id);
}

uint64_t local_count(const struct replica *r)
{
    return r->local.by_id.count;
}

static void forget(struct replica *r, struct local_session *s)
{
    struct conn *c = conn_of_session(r, s->id);
    if (c != NULL)
        c->local = NULL;
    list_remove(&s->link);
    map_remove(&r->local.by_id, s->id);
    coord_free(s);
}

void local_deinit(struct replica *r)
{
    struct list *node;
    while ((node = list_pop_front(&r->local.all)) != NULL)
        coord_free(LIST_ENTRY(node, struct local_session, link));
    map_deinit(&r->local.by_id);
}

/* Whether writes of it are under way that a connection has sent which may be gone. */
static bool is_busy(const struct replica *r, const struct local_session *s)
{
    return !SEEDED(local_not_awaited) &&
           s->number > state_origin_number(r->state, replica_self(r), r->options.paxos.incarnation, r->options.paxos.boot);
}

static bool can_open(const struct replica *r)
{
    return replica_serving(r) &&
           state_origin_known(r->state, replica_self(r), r->options.paxos.incarnation, r->options.paxos.boot);
}

static void bind(struct replica *r, struct conn *c, struct local_session *s)
{
    conn_bind_session(r, c, s->id, 0);
    c->local = s;
    c->timeout_ms = s->timeout_ms;
    s->heard_ms = r->now.mono_ms;
}

static void open(struct replica *r, struct conn *c, struct local_session *s)
{
    s->timeout_ms = c->timeout_ms;
    bind(r, c, s);
    c->state = CONN_OPEN;
    connect_respond(r, c, s->timeout_ms, s->id, s->password);
    origin_ask(r); /* the leader is not told of it otherwise, and may hold back what its watches wait for */
    intake_opened(r, c);
}

uint64_t local_draw(struct replica *r, uint8_t password[ZK_PASSWORD_BYTES])
{
    uint8_t random[RANDOM_BYTES];
    uint64_t id;
    if (r->entropy_size < sizeof(random))
        return 0;
    r->entropy_size -= sizeof(random);
    memcpy(random, r->entropy + r->entropy_size, sizeof(random));
    memset(r->entropy + r->entropy_size, 0, sizeof(random));
    id = (uint64_t)replica_self(r) << 56 | SESSION_LOCAL | (get_le64(random) & (SESSION_LOCAL - 1));
    memcpy(password, random + 8, ZK_PASSWORD_BYTES);
    return conn_of_session(r, id) == NULL && find(r, id) == NULL && !state_session(r->state, id, NULL) ? id : 0;
}

/* A new one; the shell tops the entropy up before the next turn. */
static void open_new(struct replica *r, struct conn *c)
{
    uint8_t password[ZK_PASSWORD_BYTES];
    uint64_t id = local_draw(r, password);
    struct local_session *s;
    if (id == 0) {
        list_push_back(&r->local.thirsty, &c->thirsty_link);
        r->again = true;
        return;
    }
    s = coord_alloc_zero(1, sizeof(*s));
    s->id = id;
    memcpy(s->password, password, sizeof(password));
    list_push_back(&r->local.all, &s->link);
    map_put(&r->local.by_id, id, s);
    conn_answered(r, c, 0, ZK_OP_CREATE_SESSION, r->now.mono_ms);
    open(r, c, s);
}

void local_feed(struct replica *r)
{
    struct list waiting, *node;
    list_init(&waiting);
    while ((node = list_pop_front(&r->local.thirsty)) != NULL)
        list_push_back(&waiting, node);
    while ((node = list_pop_front(&waiting)) != NULL)
        open_new(r, LIST_ENTRY(node, struct conn, thirsty_link));
}

/* Behind all that this server has numbered so far. */
static void wait_turn(struct replica *r, struct conn *c)
{
    struct entry e = {.kind = ENTRY_NOOP};
    struct request *q = request_new(r, c, REQUEST_WRITE, 0, ZK_OP_CREATE_SESSION, entry_size(&e));
    origin_encode(r, q, &e);
    request_enqueue(r, c, q);
    origin_submit(r, q);
}

/* The latest connection has it. */
static void resume(struct replica *r, struct conn *c, struct local_session *s)
{
    struct conn *older = conn_of_session(r, s->id);
    if (older != NULL)
        conn_close(r, older);
    if (can_open(r) && !is_busy(r, s))
        open(r, c, s);
    else
        wait_turn(r, c);
}

bool local_connect(struct replica *r, struct conn *c, const struct zk_connect_request *m)
{
    struct local_session *s = find(r, (uint64_t)m->session_id);
    if (m->session_id != 0 && (s == NULL || s->upgrading))
        return false; /* the log knows: one of its own, one made global, or nothing */
    c->state = CONN_CONNECTING;
    c->timeout_ms = (uint32_t)connect_clamp(r, m->timeout);
    c->local_asked = (uint64_t)m->session_id;
    if (s == NULL) {
        if (can_open(r))
            open_new(r, c);
        else
            wait_turn(r, c);
        return true;
    }
    if (!slice_equal(m->password, slice_make(s->password, sizeof(s->password)))) {
        connect_refuse(r, c);
        return true;
    }
    resume(r, c, s);
    return true;
}

void local_done(struct replica *r, struct conn *c)
{
    struct local_session *s = find(r, c->local_asked);
    if (c->local_asked == 0)
        open_new(r, c);
    else if (s == NULL || s->upgrading)
        conn_close(r, c); /* meanwhile it ended, or became global: without an answer, so that the client asks again */
    else
        resume(r, c, s);
}

bool local_known(const struct replica *r, uint64_t id, struct state_session *session)
{
    const struct local_session *s = find(r, id);
    if (s == NULL || s->upgrading)
        return false;
    *session = (struct state_session){.id = id, .timeout_ms = s->timeout_ms};
    memcpy(session->password, s->password, sizeof(s->password));
    return true;
}

void local_read_only(struct replica *r, struct conn *c)
{
    c->local = find(r, c->session);
    if (c->local != NULL)
        c->local->heard_ms = r->now.mono_ms;
}

void local_heard(const struct replica *r, const struct conn *c)
{
    if (!SEEDED(local_not_heard))
        c->local->heard_ms = r->now.mono_ms;
}

void local_submitted(struct conn *c, const struct request *q)
{
    c->local->number = q->number;
    c->local->upgrading = c->local->upgrading || q->upgrade;
}

struct request *local_upgrade(struct replica *r, struct conn *c)
{
    struct entry e = {.kind = ENTRY_SESSION_UPGRADE,
                      .version = ENTRY_VERSION_LOCAL,
                      .session = c->session,
                      .op = (int32_t)c->timeout_ms,
                      .body = slice_make(c->local->password, ZK_PASSWORD_BYTES)};
    struct request *q = request_new(r, c, REQUEST_WRITE, 0, 0, entry_size(&e));
    origin_encode(r, q, &e);
    q->upgrade = true;
    c->attach = 1; /* what the state gives a new session: of all writes from here on */
    return q;
}

void local_upgraded(struct replica *r, uint64_t id)
{
    struct local_session *s = find(r, id);
    struct conn *c = conn_of_session(r, id);
    if (s != NULL)
        forget(r, s);
    if (SEEDED(upgrade_drops_watches) && c != NULL)
        watch_drop(r->watch, c->id);
    if (c != NULL && !c->read_only)
        liveness_touch(r, c); /* from here on the leader judges */
}

void local_end(struct replica *r, struct conn *c)
{
    forget(r, c->local);
}

/* Silent for its time-out by this server's clock, in which this server was awake. */
static bool is_late(const struct replica *r, const struct local_session *s)
{
    uint64_t from = s->heard_ms > r->woke_ms ? s->heard_ms : r->woke_ms;
    return r->now.mono_ms >= from + s->timeout_ms && !is_busy(r, s);
}

static void look(struct replica *r, struct local_session *s)
{
    if (s->upgrading) { /* its entry was applied, and it is here still: by a snapshot, or its id was taken */
        if (!is_busy(r, s))
            forget(r, s);
    } else if (is_late(r, s)) {
        struct conn *c = conn_of_session(r, s->id);
        r->stats.expired++;
        if (c != NULL)
            conn_close(r, c);
        forget(r, s);
    }
}

void local_expire(struct replica *r)
{
    struct local_part *l = &r->local;
    if (l->scan_left == 0) {
        if (r->now.mono_ms < l->scan_at_ms)
            return;
        l->scan_at_ms = r->now.mono_ms + SCAN_INTERVAL_MS;
        l->scan_left = l->by_id.count;
    }
    for (uint32_t i = 0; i < SCAN_SESSIONS && l->scan_left > 0; i++, l->scan_left--) {
        struct list *node = list_pop_front(&l->all);
        if (node == NULL) {
            l->scan_left = 0; /* they have ended meanwhile */
            return;
        }
        list_push_back(&l->all, node);
        look(r, LIST_ENTRY(node, struct local_session, link));
    }
}
