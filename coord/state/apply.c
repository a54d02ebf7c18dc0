/* apply.c - one log entry onto the state: whether it is taken at all (C18), and what each kind does. Pure. */
#include "base/assert.h"
#include "base/error.h"
#include "base/seeded.h"
#include "state/internal.h"

#include <string.h>

#define SESSION_ZXID_MASK ((UINT64_C(1) << 56) - 1)

/* C18: exactly once. Takes the origin's number, or tells that the entry is to be skipped. What the leader proposes for itself
 * has no origin and no number. */
static bool take_number(struct state *s, const struct entry *e)
{
    struct origin *origin;

    if (e->origin.server == 0)
        return true;
    if (!origin_is_next(&s->origins, &e->origin) && !SEEDED(rule_c18))
        return false;
    origin = origin_find(&s->origins, e->origin.server);
    s->digest -= digest_origin(origin);
    origin->number++;
    s->digest += digest_origin(origin);
    return true;
}

/* C15: the first entry of all; a second one would be another cluster's. */
static bool apply_form(struct state *s, const struct entry *e)
{
    struct form form;

    if (s->form_zxid != 0 || form_decode(e->body, &form) != 0)
        return false;
    s->form = form;
    s->form_zxid = e->zxid;
    s->digest += digest_form(s);
    return true;
}

/* All servers decide by the same, whatever their own files say. */
static bool apply_settings(struct state *s, const struct entry *e)
{
    uint32_t config = tree_find(&s->tree, SLICE_LITERAL(CONFIG_PATH));
    struct settings settings;

    if (settings_decode(e->body, &settings) != 0)
        return false;
    s->digest -= digest_settings(s);
    s->settings.enforce_quota = settings.enforce_quota;
    s->digest += digest_settings(s);
    if (config != NODE_NONE && !slice_equal(value_slice(tree_node(&s->tree, config)->value), settings.config))
        node_set_config(s, config, settings.config, e->zxid, e->wall_ms);
    return true;
}

/* C18: a new boot or incarnation starts at number 1; what an older one has under way is skipped from now on. */
static bool apply_origin(struct state *s, const struct entry *e)
{
    const struct origin *known = origin_find(&s->origins, e->origin.server);
    struct origin *origin;

    if (!origin_is_new(&s->origins, &e->origin))
        return false;
    if (known != NULL)
        s->digest -= digest_origin(known);
    origin = origin_obtain(&s->origins, e->origin.server);
    *origin = (struct origin){e->origin.server, e->origin.boot, e->origin.incarnation, 0};
    s->digest += digest_origin(origin);
    return true;
}

/* False when the id is in use. */
static bool session_begin(struct state *s, struct apply *a, uint64_t id, const uint8_t *password)
{
    const struct entry *e = a->entry;
    struct session *session = session_add(&s->sessions, id);

    if (session == NULL)
        return false;
    walk_session_born(s, session);
    memcpy(session->password, password, sizeof(session->password));
    session->timeout_ms = e->op > 0 ? (uint32_t)e->op : 0;
    session->attach = 1;
    session->server = e->origin.server;
    session_settle(s, session);
    a->session = session->id;
    a->attach = session->attach;
    return true;
}

static void apply_session_create(struct state *s, struct apply *a)
{
    const struct entry *e = a->entry;

    if (!session_begin(s, a, (uint64_t)e->origin.server << 56 | (e->zxid & SESSION_ZXID_MASK), e->random))
        a->err = -COORD_E_SYSTEM; /* after 2^23 epochs */
}

static void apply_session_attach(struct state *s, struct apply *a)
{
    const struct entry *e = a->entry;
    struct session *session = session_find(&s->sessions, e->session);

    if (session == NULL || !slice_equal(e->body, slice_make(session->password, sizeof(session->password)))) {
        a->err = -COORD_E_SESSION_EXPIRED;
        return;
    }
    session_touch(s, session);
    session->attach++;
    session->server = e->origin.server;
    if (e->op > 0)
        session->timeout_ms = (uint32_t)e->op;
    session_settle(s, session);
    a->session = session->id;
    a->attach = session->attach;
}

/* A session that its server kept to itself is one of all servers' from here on, as if it had been created so. */
static void apply_session_upgrade(struct state *s, struct apply *a)
{
    const struct entry *e = a->entry;
    bool sound = (e->session & SESSION_LOCAL) != 0 && e->body.size == ZK_PASSWORD_BYTES && e->op > 0;

    if (!sound || !session_begin(s, a, e->session, e->body.data))
        a->err = -COORD_E_SESSION_EXPIRED;
}

/* Void when the session attached anew after the leader judged it. */
static bool apply_session_expire(struct state *s, struct apply *a)
{
    struct session *session = session_find(&s->sessions, a->entry->session);

    if (session == NULL || (session->attach != a->entry->attach && !SEEDED(expiry_unchecked)))
        return false;
    a->session = session->id;
    a->attach = session->attach;
    a->session_closed = true;
    session_close(s, session, a->entry->zxid);
    return true;
}

/* Void when a child came, or new data, after the leader looked. */
static bool apply_reap(struct state *s, const struct entry *e)
{
    uint32_t index = tree_find(&s->tree, e->body);

    if (index == NODE_NONE || (!reap_due(s, index, e->cluster_ms) && !SEEDED(reap_unchecked)))
        return false;
    node_delete(s, index, e->zxid);
    return true;
}

struct session *apply_session(const struct state *s, const struct apply *a)
{
    return session_find(&s->sessions, a->entry->session);
}

bool apply_is_local(const struct apply *a)
{
    return a->entry->attach == 0 && (a->entry->session & SESSION_LOCAL) != 0;
}

static int check_session(const struct state *s, const struct apply *a)
{
    const struct session *session = apply_session(s, a);

    if (session == NULL && apply_is_local(a) && a->entry->op != ZK_OP_CLOSE_SESSION)
        return 0; /* its server vouches for it */
    if (session == NULL)
        return SEEDED(closed_session_writes) ? 0 : -COORD_E_SESSION_EXPIRED;
    return a->entry->attach < session->attach && !SEEDED(old_connection_writes) ? -COORD_E_SESSION_MOVED : 0;
}

static void apply_request(struct state *s, struct apply *a)
{
    const struct op_desc *op = op_find(a->entry->op);
    union op_request request;
    int decoded;

    if (op == NULL || (op->flags & OP_WRITE) == 0) {
        a->err = -COORD_E_UNIMPLEMENTED;
        return;
    }
    decoded = op_decode(op, a->entry->body, &request);
    if (decoded == 0 && op->precheck != NULL)
        a->err = op->precheck(&request);
    if (a->err == 0)
        a->err = check_session(s, a);
    if (a->err == 0)
        a->err = decoded;
    if (a->err == 0)
        op->apply(s, a, &request);
}

/* False: skipped. */
static bool apply_entry(struct state *s, struct apply *a)
{
    const struct entry *e = a->entry;

    switch (e->kind) { /* coverage: decoding refuses what is no kind */
    case ENTRY_FORM:
        return apply_form(s, e);
    case ENTRY_ORIGIN:
        return apply_origin(s, e);
    case ENTRY_SESSION_EXPIRE:
        return apply_session_expire(s, a);
    case ENTRY_REAP:
        return apply_reap(s, e);
    case ENTRY_SETTINGS:
        return apply_settings(s, e);
    case ENTRY_NOOP:
        return take_number(s, e);
    case ENTRY_REQUEST:
        if (!take_number(s, e))
            return false;
        apply_request(s, a);
        return true;
    case ENTRY_SESSION_CREATE:
        if (!take_number(s, e))
            return false;
        apply_session_create(s, a);
        return true;
    case ENTRY_SESSION_ATTACH:
        if (!take_number(s, e))
            return false;
        apply_session_attach(s, a);
        return true;
    case ENTRY_SESSION_UPGRADE:
        if (!take_number(s, e))
            return false;
        apply_session_upgrade(s, a);
        return true;
    case ENTRY_ADMIT:
    case ENTRY_CONFIG:
        break; /* consensus's own */
    }
    return false;
}

void state_apply(struct state *s, struct apply *a)
{
    COORD_ASSERT(a->entry->zxid > s->zxid);
    s->zxid = a->entry->zxid;
    s->wall_ms = a->entry->wall_ms;
    s->cluster_ms = a->entry->cluster_ms;
    a->err = 0;
    a->session = 0;
    a->attach = 0;
    a->session_closed = false;
    s->quota_excess.noted = false;
    s->quota_counted = 0;
    changes_start(s);
    a->skipped = !apply_entry(s, a);
    changes_finish(&s->changes);
    a->changes = s->changes.items;
    a->change_count = s->changes.count;
    a->counted = s->quota_counted;
    a->excess = s->quota_excess.noted ? &s->quota_excess : NULL;
}
