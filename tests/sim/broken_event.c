/* broken_event.c - watch events and sessions as no correct service shows them; see broken.h. */
#include "base/bytes.h"
#include "sim/broken.h"
#include "sim/ck_log.h"
#include "sim/ck_session.h"

#define HEAD 16 /* xid, zxid, err; then type, state, path */

static bool is_event(const struct broken_point *p)
{
    return p->h.xid == ZK_XID_NOTIFICATION && p->size > HEAD + 12;
}

/* Not one that setWatches brings: it says nothing of when. */
static bool is_live_event(const struct broken_point *p)
{
    return is_event(p) && p->h.zxid != -1;
}

static bool event_behind(struct broken_point *p, bool apply)
{
    p->hold = apply;
    return is_event(p);
}

static bool event_missing(struct broken_point *p, bool apply)
{
    p->drop = apply;
    return is_event(p);
}

static bool event_twice(struct broken_point *p, bool apply)
{
    p->twice = apply;
    return is_event(p);
}

static bool event_of_another_type(struct broken_point *p, bool apply)
{
    if (!is_live_event(p))
        return false;
    if (apply) {
        uint32_t type = get_be32(p->bytes + HEAD);
        put_be32(p->bytes + HEAD, type == ZK_EVENT_NODE_DELETED ? ZK_EVENT_DATA_CHANGED : ZK_EVENT_NODE_DELETED);
    }
    return true;
}

static bool event_of_another_zxid(struct broken_point *p, bool apply)
{
    if (!is_live_event(p))
        return false;
    if (apply)
        put_be64(p->bytes + 4, (uint64_t)p->h.zxid + 1);
    return true;
}

static bool event_elsewhere(struct broken_point *p, bool apply)
{
    if (!is_event(p))
        return false;
    if (apply)
        p->bytes[p->size - 1] = '!';
    return true;
}

/* Answers to a connect request: no header, so none of the functions above takes them. Protocol version, time-out, session. */

static bool living_session_expired(struct broken_point *p, bool apply)
{
    struct state_session info;

    if (p->c->phase != CLIENT_CONNECTING || p->size < HEAD || p->c->session == 0 || get_be64(p->bytes + 8) == 0 ||
        !state_session(ck_log_state(p->s), p->c->session, &info))
        return false;
    if (apply)
        put_be64(p->bytes + 8, 0);
    return true;
}

static bool session_of_another(struct broken_point *p, bool apply)
{
    if (p->c->phase != CLIENT_CONNECTING || p->size < HEAD || get_be64(p->bytes + 8) == 0)
        return false;
    if (apply)
        put_be64(p->bytes + 8, get_be64(p->bytes + 8) ^ (ck_session_is_local(get_be64(p->bytes + 8)) ? 1ull << 55 : 1));
    return true;
}

/* The client asks for a session that one process alone knows, or knew. */
static bool asks_for_local(const struct broken_point *p)
{
    return p->c->phase == CLIENT_CONNECTING && p->size >= HEAD && ck_session_is_alone(p->s, p->c->session);
}

static bool local_session_expired(struct broken_point *p, bool apply)
{
    const struct client *c = p->c;

    if (!asks_for_local(p) || get_be64(p->bytes + 8) == 0 || c->closed || p->s->now - c->vouched_at >= c->least_ms / 2)
        return false; /* it may be so */
    if (apply)
        put_be64(p->bytes + 8, 0);
    return true;
}

static bool local_session_elsewhere(struct broken_point *p, bool apply)
{
    if (!asks_for_local(p) || get_be64(p->bytes + 8) != 0 || p->c->server == p->c->session >> 56)
        return false;
    if (apply)
        put_be64(p->bytes + 8, p->c->session);
    return true;
}

const struct broken_kind broken_events[] = {
    {"event behind a reply that shows its change", "C9 C10", event_behind, true},
    {"event missing", "C9 C10", event_missing, true},
    {"event twice", "C8", event_twice, false},
    {"event of another type", "C8 C9", event_of_another_type, false},
    {"event with another zxid", "C8 C9", event_of_another_zxid, false},
    {"event on a node not watched", "C8", event_elsewhere, false},
    {"session: expired, but it lives", "C12", living_session_expired, false},
    {"session: of another", "C12 local", session_of_another, false},
    {"local session: expired, but it lives", "C12 local", local_session_expired, false},
    {"local session: found by another server", "local", local_session_elsewhere, false},
    {NULL, NULL, NULL, false},
};
