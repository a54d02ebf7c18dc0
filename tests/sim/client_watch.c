/* client_watch.c - a client's one-shot watches: C8, C9, C10; see client.h. */
#include "sim/ck_log.h"
#include "sim/ck_model.h"
#include "sim/client.h"
#include "sim/mark.h"
#include "sim/trace.h"
#include "sim/workload.h"

#include <stdio.h>

static struct client_watch *watch_find(struct client *c, const char *path, bool child)
{
    for (uint32_t i = 0; i < c->watch_count; i++)
        if (c->watch[i].child == child && strcmp(c->watch[i].path, path) == 0)
            return &c->watch[i];
    return NULL;
}

bool client_watch_room(const struct client *c)
{
    return c->watch_count + c->flight_count < CLIENT_WATCHES_MAX - 2;
}

void client_watch_set(struct sim *s, struct client *c, const char *path, bool child, bool exist, uint64_t zxid)
{
    struct client_watch *w = watch_find(c, path, child);

    if (w == NULL) {
        if (c->watch_count == CLIENT_WATCHES_MAX)
            sim_fail(s, "simulator", "c%u has too many watches", c->id);
        w = &c->watch[c->watch_count++];
    }
    *w = (struct client_watch){.child = child, .exist = exist, .zxid = zxid};
    snprintf(w->path, sizeof(w->path), "%s", path);
}

void client_watch_unheard(struct sim *s, struct client *c, uint64_t until)
{
    if (c->workload != WORKLOAD_ACL) /* all may read what the others watch */
        return;
    for (uint32_t i = 0; i < c->watch_count; i++) {
        const struct client_watch *w = &c->watch[i];
        struct ck_fired is = ck_model_fires(s, w->path, w->child, w->zxid, until);
        if (w->pending || is.zxid == 0 || ck_acl_permits(&is.acl, ZK_PERM_READ, c->who))
            continue;
        mark(s, MARK_WATCH_UNHEARD);
        c->watch[i--] = c->watch[--c->watch_count];
    }
}

/* One watch that the event takes away. True: there was one. */
static bool fired(struct sim *s, struct client *c, const char *path, bool child, const struct zk_reply_header *h,
                  const struct zk_watcher_event *e)
{
    struct client_watch *w = watch_find(c, path, child);

    if (w == NULL)
        return false;
    struct ck_fired is = ck_model_fires(s, path, child, w->zxid, ck_log_last(s));
    if (w->pending ? is.zxid == 0 : (is.zxid != (uint64_t)h->zxid || is.event != (enum zk_event)e->type))
        sim_fail(s, "C8", "c%u got event %d on %s at " ZXID_FMT ", should be %d at " ZXID_FMT "%s", c->id, e->type, path,
                 ZXID_ARG((uint64_t)h->zxid), (int)is.event, ZXID_ARG(is.zxid), w->pending ? " (pending)" : "");
    if (w->pending && h->zxid != -1)
        sim_fail(s, "C10", "c%u got event %d on %s with a zxid before setWatches was answered", c->id, e->type, path);
    if (w->pending)
        mark(s, MARK_WATCH_LATE);
    *w = c->watch[--c->watch_count];
    return true;
}

void client_watch_event(struct sim *s, struct client *c, const struct zk_reply_header *h, const struct zk_watcher_event *e)
{
    char path[CLIENT_PATH_MAX];
    bool any = false;

    snprintf(path, sizeof(path), "%.*s", SLICE_ARG(e->path));
    trace_line(s, (uint64_t)h->zxid, "c%u event %d on %s", c->id, e->type, path);
    if (e->state != ZK_STATE_SYNC_CONNECTED)
        sim_fail(s, "protocol", "c%u got an event with state %d", c->id, e->state);
    if (h->zxid != -1 && (uint64_t)h->zxid < c->event_zxid)
        sim_fail(s, "C8", "c%u got an event of " ZXID_FMT " behind one of " ZXID_FMT, c->id, ZXID_ARG((uint64_t)h->zxid),
                 ZXID_ARG(c->event_zxid));
    if (h->zxid != -1)
        c->event_zxid = (uint64_t)h->zxid;
    client_watch_unheard(s, c, h->zxid == -1 ? 0 : (uint64_t)h->zxid);
    if (e->type != ZK_EVENT_CHILDREN_CHANGED)
        any = fired(s, c, path, false, h, e);
    bool alone = any && h->zxid == -1; /* setWatches answers each of its lists alone */
    if ((e->type == ZK_EVENT_CHILDREN_CHANGED || e->type == ZK_EVENT_NODE_DELETED) && !alone)
        any = fired(s, c, path, true, h, e) || any;
    any = client_stream_event(s, c, path, h, e) || any;
    if (!any)
        sim_fail(s, "C8", "c%u got event %d on %s at " ZXID_FMT " and watches nothing there", c->id, e->type, path,
                 ZXID_ARG((uint64_t)h->zxid));
}

void client_watch_settled(struct sim *s, struct client *c)
{
    if (c->phase != CLIENT_CONNECTED)
        return;
    client_stream_shown(s, c, ck_log_last(s));
    client_watch_unheard(s, c, ck_log_last(s));
    for (uint32_t i = 0; i < c->watch_count; i++) {
        const struct client_watch *w = &c->watch[i];
        struct ck_fired is = ck_model_fires(s, w->path, w->child, w->zxid, ck_log_last(s));
        if (!w->pending && is.zxid != 0)
            sim_fail(s, "C8", "c%u was never told of event %d on %s at " ZXID_FMT, c->id, (int)is.event, w->path,
                     ZXID_ARG(is.zxid));
    }
}

void client_watch_lost(struct client *c)
{
    for (uint32_t i = 0; i < c->watch_count; i++)
        c->watch[i].pending = true;
    client_stream_lost(c);
}

static void append_paths(struct client *c, bool child, bool exist, struct buf *items, struct jute_vector *v)
{
    v->count = 0;
    for (uint32_t i = 0; i < c->watch_count; i++) {
        if (c->watch[i].child != child || c->watch[i].exist != exist)
            continue;
        jute_append(items, &jute_path_request, &(struct zk_path_request){slice_from_text(c->watch[i].path)});
        v->count++;
    }
    v->items = buf_slice(items);
}

void client_watch_request(struct client *c, struct buf *to)
{
    struct buf data = {0}, exist = {0}, child = {0}, persistent = {0}, recursive = {0};
    struct zk_set_watches2_request r = {.relative_zxid = (int64_t)c->watches_since};

    append_paths(c, false, false, &data, &r.data);
    append_paths(c, false, true, &exist, &r.exist);
    append_paths(c, true, false, &child, &r.child);
    for (uint32_t i = 0; i < CLIENT_STREAMS_MAX; i++) {
        const struct client_stream *w = &c->stream[i];
        if (!w->armed)
            continue;
        jute_append(w->recursive ? &recursive : &persistent, &jute_path_request,
                    &(struct zk_path_request){slice_from_text(w->path)});
        (w->recursive ? &r.recursive : &r.persistent)->count++;
    }
    r.persistent.items = buf_slice(&persistent);
    r.recursive.items = buf_slice(&recursive);
    if (client_stream_any(c)) {
        jute_append(to, &jute_set_watches2_request, &r);
    } else {
        jute_append(to, &jute_set_watches_request, &(struct zk_set_watches_request){r.relative_zxid, r.data, r.exist, r.child});
    }
    buf_deinit(&recursive);
    buf_deinit(&persistent);
    buf_deinit(&data);
    buf_deinit(&exist);
    buf_deinit(&child);
}

/* setWatches was answered at zxid: what had changed since was told before, the rest is armed. */
void client_watch_restored(struct sim *s, struct client *c, uint64_t zxid)
{
    for (uint32_t i = 0; i < c->watch_count; i++) {
        struct client_watch *w = &c->watch[i];
        struct ck_node node;
        if (!w->pending)
            continue;
        ck_model_at(s, w->path, zxid, &node);
        bool told = w->exist   ? node.exists
                    : w->child ? !node.exists || (uint64_t)node.stat.pzxid > c->watches_since
                               : !node.exists || (uint64_t)node.stat.mzxid > c->watches_since;
        if (told && node.exists && !ck_acl_permits(&node.acl, ZK_PERM_READ, c->who)) {
            c->watch[i--] = c->watch[--c->watch_count];
            continue;
        }
        if (told)
            sim_fail(s, "C10", "c%u: setWatches since " ZXID_FMT " was answered at " ZXID_FMT " without an event on %s", c->id,
                     ZXID_ARG(c->watches_since), ZXID_ARG(zxid), w->path);
        w->pending = false;
        w->zxid = zxid;
    }
    client_stream_restored(s, c, zxid);
}
