/* watches.c - what clients wait for: their requests about watches, and the events.
 *
 * An event's frame is encoded once and copied to all that hear it. A setWatches may name millions of paths: it looks at some
 * in each turn, and pauses while its client does not read the events, so neither the turn nor the output grows with it. Until
 * it is answered, the writes behind it are not numbered: nothing then has to run ahead of its place.
 */
#include "replica/internal.h"

#include <stddef.h>

#define LISTS 5 /* of setWatches2; setWatches has the first three */

/* Both packets are read into the one struct. */
_Static_assert(offsetof(struct zk_set_watches_request, child) == offsetof(struct zk_set_watches2_request, child),
               "setWatches is the front of setWatches2");

struct arming {
    union op_request lists; /* borrows the request's bytes */
    unsigned list;
    struct jute_cursor at; /* behind the last path that was looked at */
};

/* ---- events ---- */

static struct slice event_frame(struct replica *r, enum zk_event type, struct slice path, int64_t zxid)
{
    struct zk_reply_header header = {.xid = ZK_XID_NOTIFICATION, .zxid = zxid};
    struct zk_watcher_event event = {.type = (int32_t)type, .state = ZK_STATE_SYNC_CONNECTED, .path = path};
    size_t size = jute_size(&jute_reply_header, &header) + jute_size(&jute_watcher_event, &event);
    uint8_t *to;
    buf_clear(&r->event);
    to = buf_reserve(&r->event, 4 + size);
    put_be32(to, (uint32_t)size);
    jute_encode(jute_encode(to + 4, &jute_reply_header, &header), &jute_watcher_event, &event);
    buf_commit(&r->event, 4 + size);
    return buf_slice(&r->event);
}

static void tell(struct replica *r, struct conn *c, struct slice frame)
{
    if (!list_empty(&c->drowned_link))
        return;
    if (SEEDED(watch_lost_when_slow) && buf_size(&c->io.output) > 0)
        return;
    conn_put(r, c, frame);
    r->stats.watches_fired++;
    if (buf_size(&c->io.output) > REPLICA_OUTPUT_EVENTS_BYTES)
        list_push_back(&r->drowned, &c->drowned_link); /* it does not read, and its events wait without bound */
}

static void fire(struct replica *r, const struct change *change, int64_t zxid)
{
    uint32_t count;
    const struct watch_notification *n = watch_fire(r->watch, change, 1, &count);
    struct slice frame = SLICE_NULL;
    uint32_t alike = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct conn *c = map_get(&r->conns, n[i].watcher);
        uint32_t acl = n[i].event == ZK_EVENT_CHILDREN_CHANGED ? change->parent_acl : change->acl;
        COORD_ASSERT(c != NULL && c->state == CONN_OPEN); /* else its watches were dropped */
        if (i == 0 || n[i].event != n[i - 1].event)
            frame = event_frame(r, n[i].event, n[i].path, zxid);
        if (state_may_hear(r->state, acl, buf_slice(&c->auth)) || SEEDED(event_unfiltered))
            tell(r, c, frame);
        alike++;
        if (i + 1 == count || n[i + 1].event != n[i].event) {
            figure_add(&r->stats.watches_of[n[i].event - ZK_EVENT_NODE_CREATED], alike);
            alike = 0;
        }
    }
    r->apply.turn.changes += 1 + count;
    /* Not before: closing drops watches. */
    struct list *node;
    while ((node = list_pop_front(&r->drowned)) != NULL)
        conn_close(r, LIST_ENTRY(node, struct conn, drowned_link));
}

/* Change by change, so that what waits to be told is bounded by those who watch one. */
void watches_fire(struct replica *r, const struct apply *a)
{
    for (uint32_t i = 0; i < a->change_count; i++)
        fire(r, &a->changes[i], (int64_t)a->entry->zxid);
}

/* ---- setWatches, setWatches2 ---- */

static const struct jute_vector *list_of(const struct arming *a, unsigned list)
{
    const struct zk_set_watches2_request *m = &a->lists.set_watches2;
    const struct jute_vector *const all[LISTS] = {&m->data, &m->exist, &m->child, &m->persistent, &m->recursive};
    return all[list];
}

bool watches_decode(struct request *q)
{
    const struct op_desc *op = op_find(q->op);
    struct jute_cursor cursor = jute_cursor_make(slice_make(q->bytes, q->size));
    struct arming *a = coord_alloc_zero(1, sizeof(*a));
    int rc = jute_decode(&cursor, op->request, &a->lists);
    q->arming = a;
    for (unsigned list = 0; list < LISTS; list++)
        if (list_of(a, list)->count < 0)
            rc = -COORD_E_MARSHALLING; /* as there */
    a->at = jute_cursor_make(list_of(a, 0)->items);
    return rc == 0;
}

/* A watch that was missed while the client was away fires now, the others are armed again. */
static void set_one_shot(struct replica *r, struct conn *c, const struct arming *a, struct slice path)
{
    static const enum watch_kind kinds[] = {WATCH_DATA, WATCH_DATA, WATCH_CHILD};
    bool exist = a->list == 1, child = a->list == 2;
    uint64_t since = (uint64_t)a->lists.set_watches2.relative_zxid;
    enum zk_event event = 0;
    struct zk_stat stat;
    bool present = state_stat(r->state, path, &stat);
    if (exist && present)
        event = ZK_EVENT_NODE_CREATED;
    else if (!exist && !present)
        event = ZK_EVENT_NODE_DELETED;
    else if (present && !SEEDED(watch_missed_on_return) && (int64_t)(child ? stat.pzxid : stat.mzxid) > (int64_t)since)
        event = child ? ZK_EVENT_CHILDREN_CHANGED : ZK_EVENT_DATA_CHANGED;
    if (event == 0)
        watch_add(r->watch, kinds[a->list], path, c->id);
    else if (state_may_read(r->state, path, buf_slice(&c->auth))) /* a missing node: true */
        tell(r, c, event_frame(r, event, path, -1));              /* -1 as in ZooKeeper */
}

bool watches_set(struct replica *r, struct conn *c, struct request *q)
{
    struct arming *a = q->arming;
    for (;;) {
        struct slice path;
        if (buf_size(&c->io.output) >= REPLICA_OUTPUT_BYTES)
            return false; /* goes on when the client has read */
        if (r->arming_left <= 0) {
            if (list_empty(&c->arming_link))
                list_push_back(&r->arming, &c->arming_link);
            return false;
        }
        if (!jute_next_ustring(&a->at, &path)) {
            if (++a->list == LISTS)
                return true;
            a->at = jute_cursor_make(list_of(a, a->list)->items);
            continue;
        }
        r->arming_left -= 1 + (int64_t)(path.size / WATCHES_TURN_PIECE);
        if (a->list < 3)
            set_one_shot(r, c, a, path);
        else
            watch_add(r->watch, a->list == 3 ? WATCH_PERSISTENT : WATCH_RECURSIVE, path, c->id);
    }
}

void watches_run(struct replica *r)
{
    struct list *node;
    while (r->arming_left > 0 && (node = list_pop_front(&r->arming)) != NULL)
        request_run(r, LIST_ENTRY(node, struct conn, arming_link));
    if (!list_empty(&r->arming))
        r->again = true;
}

/* ---- addWatch, checkWatches, removeWatches ---- */

static int add_watch(struct replica *r, const struct conn *c, const struct zk_add_watch_request *m)
{
    if (slice_is_null(m->path) || (m->mode != ZK_ADD_WATCH_PERSISTENT && m->mode != ZK_ADD_WATCH_RECURSIVE))
        return -COORD_E_MARSHALLING;
    watch_add(r->watch, m->mode == ZK_ADD_WATCH_PERSISTENT ? WATCH_PERSISTENT : WATCH_RECURSIVE, m->path, c->id);
    return 0;
}

/* 0: there is one of the type, and it was removed if asked to. */
static int find_watches(struct replica *r, const struct conn *c, const struct zk_watcher_type_request *m, bool remove)
{
    static const struct {
        int32_t type;
        enum watch_kind kind;
    } types[] = {
        {ZK_WATCHER_CHILDREN, WATCH_CHILD},
        {ZK_WATCHER_DATA, WATCH_DATA},
        {ZK_WATCHER_PERSISTENT, WATCH_PERSISTENT},
        {ZK_WATCHER_RECURSIVE, WATCH_RECURSIVE},
    };
    bool found = false;
    if (m->type < ZK_WATCHER_CHILDREN || m->type > ZK_WATCHER_RECURSIVE)
        return -COORD_E_MARSHALLING;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && !slice_is_null(m->path); i++)
        if (m->type == types[i].type || m->type == ZK_WATCHER_ANY)
            found |= remove ? watch_remove(r->watch, types[i].kind, m->path, c->id)
                            : watch_has(r->watch, types[i].kind, m->path, c->id);
    return found ? 0 : -COORD_E_NO_WATCHER;
}

void watches_request(struct replica *r, struct conn *c, const struct request *q, const union op_request *m)
{
    static const uint8_t no_error[4]; /* addWatch answers with an ErrorResponse, and clients wait for it */
    struct slice record = SLICE_NULL;
    int err;
    if (q->op == ZK_OP_ADD_WATCH) {
        err = add_watch(r, c, &m->add_watch);
        record = slice_make(no_error, sizeof(no_error));
    } else {
        err = find_watches(r, c, &m->watcher_type, q->op == ZK_OP_REMOVE_WATCHES);
    }
    conn_reply(r, c, q->xid, (int64_t)r->apply.applied, err, record);
}
