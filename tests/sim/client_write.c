/* client_write.c - what became of each write: exactly once, in order, as its client was told (C4, C5, I11); see client.h. */
#include "base/alloc.h"
#include "base/hash.h"
#include "base/map.h"
#include "sim/broken.h"
#include "sim/ck_acl.h"
#include "sim/ck_log.h"
#include "sim/ck_session.h"
#include "sim/client.h"
#include "sim/mark.h"
#include "sim/trace.h"

/* The last write of a session that took effect. */
struct taken {
    int32_t xid;
};

struct writes {
    struct map by_request; /* struct op, by session and xid */
    struct map taken;      /* struct taken, by session */
};

static uint64_t key(uint64_t session, int32_t xid)
{
    return hash_u64(session, (uint64_t)(uint32_t)xid);
}

static struct writes *writes_of(struct sim *s)
{
    if (s->writes == NULL)
        s->writes = coord_alloc_zero(1, sizeof(struct writes));
    return s->writes;
}

void client_write_free_all(struct sim *s)
{
    struct writes *w = writes_of(s);
    void *value;

    for (size_t at = 0; (value = map_next(&w->by_request, &at)) != NULL;) {
        const struct op *op = value;
        if (!op->answered && !op->refused)
            mark(s, op->committed ? MARK_FOUND_LATER : MARK_NEVER);
        client_op_free(value);
    }
    for (size_t at = 0; (value = map_next(&w->taken, &at)) != NULL;)
        coord_free(value);
    map_deinit(&w->by_request);
    map_deinit(&w->taken);
    coord_free(w);
    s->writes = NULL;
}

void client_write_sent(struct sim *s, struct client *c, struct op *op)
{
    op->write = true;
    op->before = c->last_write;
    c->last_write = op;
    map_put(&writes_of(s)->by_request, key(op->session, op->xid), op);
}

/* The session was given to a later connection than the one that sent it. */
static bool is_stale(const struct sim *s, const struct op *op)
{
    for (uint32_t i = 0; i < s->preset.clients; i++) {
        const struct client *c = s->clients[i];
        bool connected = c->phase == CLIENT_CONNECTED || c->phase == CLIENT_CLOSING;
        if (connected && c->session == op->session && c->conn != op->conn)
            return true;
    }
    return false;
}

void client_committed(struct sim *s, const struct entry *e, int err)
{
    struct writes *w = writes_of(s);

    if (!broken_entry(s, &e, err))
        return;
    struct op *op = map_get(&w->by_request, key(e->session, e->xid));

    if (op == NULL || op->opcode != e->op || op->body_hash != hash_bytes(e->body.data, e->body.size, 0))
        sim_fail(s, "I3", "entry " ZXID_FMT " (session %llx, xid %d) is no client's request", ZXID_ARG(e->zxid),
                 (unsigned long long)e->session, e->xid);
    uint32_t who;
    if (!ck_who(e->auth, &who) || who != op->who)
        sim_fail(s, "C14", "entry " ZXID_FMT " is of other users than its client proved", ZXID_ARG(e->zxid));
    if (op->committed || op->refused)
        sim_fail(s, "C5", "xid %d of session %llx is in the log twice, again as " ZXID_FMT, e->xid,
                 (unsigned long long)e->session, ZXID_ARG(e->zxid));
    if (err == -COORD_E_SESSION_MOVED)
        mark(s, MARK_SESSION_MOVED);
    if (err == -COORD_E_SESSION_MOVED || err == -COORD_E_SESSION_EXPIRED) {
        op->refused = true;
        return;
    }
    op->committed = true;
    if (is_stale(s, op))
        sim_fail(s, "C1", "xid %d of session %llx took effect as " ZXID_FMT " though a later connection has the session",
                 e->xid, (unsigned long long)e->session, ZXID_ARG(e->zxid));
    if (op->before != NULL && !op->before->committed)
        sim_fail(s, "C1", "xid %d of session %llx took effect as " ZXID_FMT " without xid %d, sent before it", e->xid,
                 (unsigned long long)e->session, ZXID_ARG(e->zxid), op->before->xid);
    struct taken *t = map_get(&w->taken, e->session);
    if (t == NULL) {
        t = coord_alloc_zero(1, sizeof(*t));
        map_put(&w->taken, e->session, t);
    }
    if (e->xid <= t->xid)
        sim_fail(s, "C1", "xid %d of session %llx took effect after xid %d", e->xid, (unsigned long long)e->session, t->xid);
    t->xid = e->xid;
}

bool client_write_answered(struct sim *s, struct client *c, struct op *op, const struct zk_reply_header *h)
{
    uint64_t zxid = (uint64_t)h->zxid;
    const struct committed *entry = ck_log_find(s, zxid);

    op->answered = true;
    if (h->err == -COORD_E_SESSION_EXPIRED && !op->committed)
        return true;
    if (op->opcode == ZK_OP_CLOSE_SESSION && h->err == 0 && !op->committed && ck_session_closed(s, op->session))
        return false;
    if (entry == NULL || entry->session != op->session || entry->xid != op->xid || entry->skipped)
        sim_fail(s, "I11", "c%u xid %d was acknowledged as " ZXID_FMT ", which is not in the log as such", c->id, op->xid,
                 ZXID_ARG(zxid));
    if (entry->err != h->err)
        sim_fail(s, "C5", "c%u xid %d: told %d, the log gives %d", c->id, op->xid, h->err, entry->err);
    if (zxid <= op->lower)
        sim_fail(s, "C4", "c%u xid %d took effect as " ZXID_FMT ", but " ZXID_FMT " was complete before it was sent", c->id,
                 op->xid, ZXID_ARG(zxid), ZXID_ARG(op->lower));
    if (zxid > s->completed)
        s->completed = zxid;
    return true;
}
