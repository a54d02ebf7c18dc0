/* ck_session.c - sessions, by the log and by what clients are told; see ck_session.h. */
#include "sim/ck_session.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "sim/mark.h"
#include "sim/pipe.h"
#include "sim/trace.h"

#define LOCAL_BIT (UINT64_C(1) << 55) /* of the ids that servers make for themselves: decisions.md, Sessions */

struct known {
    uint64_t id;
    uint64_t made, ended;                /* zxids; 0: not */
    uint64_t refused;                    /* zxid of the last entry that wanted to attach it and did not find it; 0: none */
    uint64_t life;                       /* of a local one: of the process that has it */
    uint32_t attach, home;               /* home: the server that made it */
    uint8_t password[ZK_PASSWORD_BYTES]; /* of one that the log made */
    bool wants;                          /* a request for an ephemeral node was sent */
    bool over;                           /* it ended at its home while it was local: nothing of it may follow */
};

struct ck_session {
    struct map by_id; /* struct known */
};

struct ck_session *ck_session_new(void)
{
    return coord_alloc_zero(1, sizeof(struct ck_session));
}

void ck_session_free(struct sim *s)
{
    void *value;

    for (size_t at = 0; (value = map_next(&s->sessions->by_id, &at)) != NULL;)
        coord_free(value);
    map_deinit(&s->sessions->by_id);
    coord_free(s->sessions);
}

static struct known *find(const struct sim *s, uint64_t id)
{
    return map_get(&s->sessions->by_id, id);
}

static struct known *add(struct sim *s, uint64_t id, uint32_t home)
{
    struct known *k = coord_alloc_zero(1, sizeof(*k));

    k->id = id;
    k->home = home;
    map_put(&s->sessions->by_id, id, k);
    return k;
}

static bool is_global(const struct known *k)
{
    return k != NULL && k->made != 0 && k->ended == 0;
}

bool ck_session_is_global(const struct sim *s, uint64_t id)
{
    return is_global(find(s, id));
}

bool ck_session_lived(const struct sim *s, uint64_t id, uint64_t zxid)
{
    const struct known *k = find(s, id);

    return k != NULL && k->made != 0 && k->made <= zxid && (k->ended == 0 || k->ended > zxid);
}

bool ck_session_is_local(uint64_t id)
{
    return (id & LOCAL_BIT) != 0;
}

bool ck_session_is_alone(const struct sim *s, uint64_t id)
{
    const struct known *k = find(s, id);

    return k != NULL && ck_session_is_local(id) && k->made == 0;
}

bool ck_session_is_orphan(const struct sim *s, uint64_t id)
{
    const struct known *k = find(s, id);

    return k != NULL && ck_session_is_local(id) && k->refused != 0 && k->refused < k->made;
}

static bool keeps_local(const struct sim *s, uint32_t server)
{
    return (s->preset.local >> server & 1) != 0;
}

/* Entries. */

static void expect(struct sim *s, const struct entry *e, int err, int want)
{
    if (err != want)
        sim_fail(s, "C12", "entry " ZXID_FMT " of session %llx gave %s, should give %s", ZXID_ARG(e->zxid),
                 (unsigned long long)e->session, coord_error_name(err), coord_error_name(want));
}

static void created(struct sim *s, const struct entry *e, const struct apply *a)
{
    expect(s, e, a->err, 0);
    if (keeps_local(s, e->origin.server))
        sim_fail(s, "local", "entry " ZXID_FMT " makes a session, which n%u should keep to itself", ZXID_ARG(e->zxid),
                 e->origin.server);
    if (find(s, a->session) != NULL || ck_session_is_local(a->session))
        sim_fail(s, "C12", "entry " ZXID_FMT " makes session %llx, an id that is taken", ZXID_ARG(e->zxid),
                 (unsigned long long)a->session);
    struct known *k = add(s, a->session, e->origin.server);
    k->made = e->zxid;
    k->attach = 1;
    memcpy(k->password, e->random, ZK_PASSWORD_BYTES);
}

static void attached(struct sim *s, const struct entry *e, const struct apply *a)
{
    struct known *k = find(s, e->session);

    expect(s, e, a->err, is_global(k) ? 0 : -COORD_E_SESSION_EXPIRED);
    if (is_global(k))
        k->attach++;
    else if (k != NULL)
        k->refused = e->zxid;
}

static void upgraded(struct sim *s, const struct entry *e, const struct apply *a)
{
    struct known *k = find(s, e->session);

    if (k == NULL || !ck_session_is_local(e->session) || k->home != e->origin.server)
        sim_fail(s, "local", "entry " ZXID_FMT " upgrades session %llx, which n%u does not have", ZXID_ARG(e->zxid),
                 (unsigned long long)e->session, e->origin.server);
    if (!k->wants || k->over)
        sim_fail(s, "local", "entry " ZXID_FMT " upgrades session %llx, which %s", ZXID_ARG(e->zxid),
                 (unsigned long long)e->session, k->over ? "is over" : "asked for no ephemeral node");
    if (k->made != 0)
        sim_fail(s, "local", "entry " ZXID_FMT " upgrades session %llx, as " ZXID_FMT " did already", ZXID_ARG(e->zxid),
                 (unsigned long long)e->session, ZXID_ARG(k->made));
    expect(s, e, a->err, 0);
    mark(s, MARK_UPGRADED);
    if (k->refused != 0)
        mark(s, MARK_UPGRADE_LATE);
    k->made = e->zxid;
    k->attach = 1;
}

static void expired(struct sim *s, const struct entry *e, const struct apply *a)
{
    struct known *k = find(s, e->session);

    if (a->skipped != (!is_global(k) || k->attach != e->attach))
        sim_fail(s, "C12", "the expiry " ZXID_FMT " of session %llx %s", ZXID_ARG(e->zxid), (unsigned long long)e->session,
                 a->skipped ? "is void" : "takes effect though it was attached anew, or is over");
    if (!a->skipped)
        k->ended = e->zxid;
}

/* Whether the session may write: what is wrong with the request itself is told before. */
static void requested(struct sim *s, const struct entry *e, const struct apply *a)
{
    struct known *k = find(s, e->session);
    bool alone = e->attach == 0 && ck_session_is_local(e->session);
    bool closes = e->op == ZK_OP_CLOSE_SESSION;
    int want = is_global(k) ? e->attach < k->attach ? -COORD_E_SESSION_MOVED : 0 : alone ? 0 : -COORD_E_SESSION_EXPIRED;

    if (alone && (k == NULL || closes || k->over || k->made != 0))
        sim_fail(s, "local",
                 "entry " ZXID_FMT " (op %d) is of session %llx as of one that its server keeps to itself, which it %s",
                 ZXID_ARG(e->zxid), e->op, (unsigned long long)e->session,
                 closes                      ? "closes"
                 : k != NULL && k->made != 0 ? "no longer is"
                                             : "is not");
    if (a->err != -COORD_E_BAD_ARGUMENTS &&
        (want != 0 || a->err == -COORD_E_SESSION_MOVED || a->err == -COORD_E_SESSION_EXPIRED))
        expect(s, e, a->err, want);
    if (closes && want == 0)
        k->ended = e->zxid;
}

void ck_session_entry(struct sim *s, const struct entry *e, const struct apply *a)
{
    if (e->kind == ENTRY_SESSION_EXPIRE)
        expired(s, e, a);
    else if (a->skipped)
        return;
    else if (e->kind == ENTRY_SESSION_CREATE)
        created(s, e, a);
    else if (e->kind == ENTRY_SESSION_ATTACH)
        attached(s, e, a);
    else if (e->kind == ENTRY_SESSION_UPGRADE)
        upgraded(s, e, a);
    else if (e->kind == ENTRY_REQUEST)
        requested(s, e, a);
    const struct known *k = a->session_closed ? find(s, a->session) : NULL;
    if (a->session_closed && (k == NULL || k->ended != e->zxid))
        sim_fail(s, "C12", "entry " ZXID_FMT " ends session %llx", ZXID_ARG(e->zxid), (unsigned long long)a->session);
}

/* What clients are told. */

void ck_session_opened(struct sim *s, struct client *c, uint64_t id, const uint8_t password[ZK_PASSWORD_BYTES])
{
    struct known *k = find(s, id);
    uint64_t life = pipe_life(s, c->conn);

    if (c->session == 0) {
        if (ck_session_is_local(id) != keeps_local(s, c->server))
            sim_fail(s, "local", "c%u got session %llx of n%u, which %s", c->id, (unsigned long long)id, c->server,
                     ck_session_is_local(id) ? "has no local ones" : "should keep it to itself");
        if (!ck_session_is_local(id)) { /* it may be over again by now */
            if (k == NULL || k->home != c->server || memcmp(k->password, password, ZK_PASSWORD_BYTES) != 0)
                sim_fail(s, "C12", "c%u got session %llx, which is not in the log", c->id, (unsigned long long)id);
            return;
        }
        if (k != NULL || id >> 56 != c->server)
            sim_fail(s, "C12", "c%u got session %llx of n%u, an id that is taken, or another server's", c->id,
                     (unsigned long long)id, c->server);
        add(s, id, c->server)->life = life;
        mark(s, MARK_LOCAL);
        return;
    }
    if (!ck_session_is_local(id) || k->made != 0)
        return;
    if (c->server != k->home || life != k->life || k->over)
        sim_fail(s, "local", "n%u knows session %llx, which %s", c->server, (unsigned long long)id,
                 k->over ? "is over" : "another process keeps to itself");
    mark(s, k->wants ? MARK_LOCAL_LOST_UPGRADE : MARK_LOCAL_RESUMED);
}

/* Clocks run at most twice as fast as time does (fault.c), and a process hears of a request no sooner than it was sent. */
static bool fell_silent(const struct sim *s, const struct client *c)
{
    return s->now - c->vouched_at >= c->least_ms / 2;
}

void ck_session_expired(struct sim *s, struct client *c)
{
    struct known *k = find(s, c->session);

    if (k == NULL)
        sim_fail(s, "C12", "c%u has session %llx, which nobody made", c->id, (unsigned long long)c->session);
    if (is_global(k) && !ck_session_is_orphan(s, k->id))
        sim_fail(s, "C12", "c%u is told that session %llx has expired, but it has not", c->id, (unsigned long long)c->session);
    if (k->made != 0)
        return;
    if (k->refused == 0)
        sim_fail(s, "local", "c%u is told that session %llx has expired, and the log was not asked", c->id,
                 (unsigned long long)c->session);
    if (c->server != k->home) {
        mark(s, MARK_LOCAL_ELSEWHERE);
        return; /* what is under way of it may take effect still */
    }
    k->over = true;
    if (pipe_life(s, c->conn) != k->life)
        mark(s, MARK_LOCAL_GONE);
    else if (!c->closed && !fell_silent(s, c))
        sim_fail(s, "C12", "c%u is told that session %llx has expired, which n%u keeps to itself and heard of %llu ms ago",
                 c->id, (unsigned long long)c->session, c->server, (unsigned long long)(s->now - c->vouched_at));
    else if (!c->closed)
        mark(s, MARK_LOCAL_EXPIRED);
}

static bool mode_is_ephemeral(int32_t flags)
{
    return flags == ZK_EPHEMERAL || flags == ZK_EPHEMERAL_SEQUENTIAL;
}

static bool wants_ephemeral(int32_t opcode, struct slice body)
{
    struct jute_cursor c = jute_cursor_make(body);
    struct zk_create_request q;
    struct zk_multi_header h;
    union op_request inner;

    if (opcode == ZK_OP_CREATE || opcode == ZK_OP_CREATE2 || opcode == ZK_OP_CREATE_IF_NOT_EXISTS)
        return jute_decode(&c, &jute_create_request, &q) == 0 && mode_is_ephemeral(q.flags);
    if (opcode != ZK_OP_MULTI)
        return false;
    while (jute_decode(&c, &jute_multi_header, &h) == 0 && !h.done) {
        const uint8_t *from = c.at;
        if (jute_decode(&c, op_find_inner(h.type)->request, &inner) != 0)
            return false;
        if (wants_ephemeral(h.type, slice_make(from, (size_t)(c.at - from))))
            return true;
    }
    return false;
}

bool ck_session_refuses(struct sim *s, uint64_t id, int32_t opcode, struct slice body)
{
    if (!ck_session_is_local(id) || !wants_ephemeral(opcode, body))
        return false;
    if (!s->preset.local_upgrading)
        return true;
    find(s, id)->wants = true;
    return false;
}

bool ck_session_closed(struct sim *s, uint64_t id)
{
    struct known *k = find(s, id);

    if (!ck_session_is_alone(s, id))
        return false;
    k->over = true;
    mark(s, MARK_LOCAL_CLOSED);
    return true;
}
