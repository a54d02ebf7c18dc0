/* client_stream.c - a client's watches that stay, persistent (a node and its children) and recursive (a node and all below):
 * from where one was armed on, every change there is told, once, in the order of the changes, before any reply that shows it,
 * and never to who may not read the node (C8, C9, C11); see client.h. */
#include "sim/ck_log.h"
#include "sim/ck_model.h"
#include "sim/client.h"
#include "sim/mark.h"

#include <stdio.h>
#include <string.h>

static bool below(const char *path, const char *top)
{
    size_t size = strlen(top);

    return strncmp(path, top, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

static bool is_parent(const char *path, const char *child)
{
    const char *name = strrchr(child, '/');

    return (size_t)(name - child) == strlen(path) && strncmp(path, child, strlen(path)) == 0;
}

/* The event that a change is for the stream, whose list of rights decides; 0: none of its. */
static enum zk_event event_of(const struct client_stream *w, const struct ck_change *change, const struct ck_acl **acl)
{
    *acl = &change->acl;
    if (w->recursive ? below(change->path, w->path) : strcmp(change->path, w->path) == 0)
        return change->event;
    *acl = &change->parent_acl;
    if (!w->recursive && change->event != ZK_EVENT_DATA_CHANGED && is_parent(w->path, change->path))
        return ZK_EVENT_CHILDREN_CHANGED;
    return 0;
}

/* The next change that is to be told; NULL: none yet. */
static const struct ck_change *next_change(const struct sim *s, const struct client *c, struct client_stream *w,
                                           enum zk_event *event)
{
    const struct ck_change *change;
    const struct ck_acl *acl;

    for (; (change = ck_model_change(s, w->next)) != NULL; w->next++) {
        if ((*event = event_of(w, change, &acl)) == 0)
            continue;
        if (ck_acl_permits(acl, ZK_PERM_READ, c->who))
            return change;
        mark(s, MARK_STREAM_UNHEARD);
    }
    return NULL;
}

struct client_stream *client_stream_find(struct client *c, const char *path, bool recursive)
{
    for (uint32_t i = 0; i < CLIENT_STREAMS_MAX; i++)
        if (c->stream[i].asked && c->stream[i].recursive == recursive && strcmp(c->stream[i].path, path) == 0)
            return &c->stream[i];
    return NULL;
}

void client_stream_ask(struct sim *s, struct client *c, const char *path, bool recursive)
{
    struct client_stream *w = c->stream;

    if (client_stream_find(c, path, recursive) != NULL)
        return;
    while (w < c->stream + CLIENT_STREAMS_MAX && w->asked)
        w++;
    if (w == c->stream + CLIENT_STREAMS_MAX)
        return;
    *w = (struct client_stream){.asked = true, .recursive = recursive};
    snprintf(w->path, sizeof(w->path), "%s", path);
    client_request(s, c, ZK_OP_ADD_WATCH, path, SLICE_NULL, recursive ? ZK_ADD_WATCH_RECURSIVE : ZK_ADD_WATCH_PERSISTENT,
                   false);
}

void client_stream_set(struct sim *s, struct client *c, const char *path, bool recursive, uint64_t zxid)
{
    struct client_stream *w = client_stream_find(c, path, recursive);

    w->armed = true;
    w->next = ck_model_changes_until(s, zxid);
}

void client_stream_removed(struct sim *s, struct client *c, const struct op *op, int err)
{
    struct client_stream *w = client_stream_find(c, op->path, op->number == ZK_WATCHER_RECURSIVE);

    if ((err == 0) != (w != NULL && w->armed))
        sim_fail(s, "C8", "c%u xid %d: removeWatches on %s gave %d", c->id, op->xid, op->path, err);
    if (err != 0)
        return;
    mark(s, MARK_STREAM_ENDED);
    *w = (struct client_stream){.asked = false};
}

/* The event is one that the stream may have. */
static bool covers(const struct client_stream *w, const char *path, int32_t type)
{
    return w->recursive ? type != ZK_EVENT_CHILDREN_CHANGED && below(path, w->path) : strcmp(path, w->path) == 0;
}

/* A later change of the same zxid is this one: those before it were left out. */
static bool skipped(const struct sim *s, const struct client_stream *w, const char *path, uint64_t zxid, int32_t type)
{
    const struct ck_change *change;
    const struct ck_acl *acl;

    for (size_t i = w->next + 1; (change = ck_model_change(s, i)) != NULL && change->zxid == zxid; i++)
        if (event_of(w, change, &acl) == (enum zk_event)type &&
            (type == ZK_EVENT_CHILDREN_CHANGED || strcmp(change->path, path) == 0))
            return true;
    return false;
}

/* What the event tells happened, to a node that the client may not read. */
static bool hidden(const struct sim *s, const struct client *c, const struct client_stream *w, const char *path, uint64_t zxid,
                   int32_t type)
{
    const struct ck_change *change;
    const struct ck_acl *acl;

    for (size_t i = ck_model_changes_until(s, zxid - 1); (change = ck_model_change(s, i)) != NULL && change->zxid == zxid; i++)
        if (event_of(w, change, &acl) == (enum zk_event)type && strcmp(change->path, path) == 0)
            return !ck_acl_permits(acl, ZK_PERM_READ, c->who);
    return false;
}

static bool matches(const struct ck_change *next, enum zk_event event, const char *path, uint64_t zxid, int32_t type)
{
    return next != NULL && next->zxid == zxid && event == (enum zk_event)type &&
           (type == ZK_EVENT_CHILDREN_CHANGED || strcmp(next->path, path) == 0);
}

static void take(struct sim *s, struct client *c, struct client_stream *w, const char *path, uint64_t zxid, int32_t type)
{
    enum zk_event event = 0;
    const struct ck_change *next = next_change(s, c, w, &event);

    if (!ck_model_happened(s, path, (enum zk_event)type, zxid))
        sim_fail(s, "C8", "c%u got event %d on %s at " ZXID_FMT ", which did not happen", c->id, type, path, ZXID_ARG(zxid));
    bool right = matches(next, event, path, zxid, type);
    if (next != NULL && (next->zxid < zxid || (!right && next->zxid == zxid && skipped(s, w, path, zxid, type))))
        sim_fail(s, "C9", "c%u got event %d on %s at " ZXID_FMT " and was not told of %s at " ZXID_FMT, c->id, type, path,
                 ZXID_ARG(zxid), next->path, ZXID_ARG(next->zxid));
    if (!right)
        sim_fail(s, hidden(s, c, w, path, zxid, type) ? "C11" : "C8",
                 "c%u got event %d on %s at " ZXID_FMT " once more, out of turn, or may not read it", c->id, type, path,
                 ZXID_ARG(zxid));
    w->next++;
    mark(s, type == ZK_EVENT_CHILDREN_CHANGED ? MARK_STREAM_CHILDREN : MARK_STREAM);
}

bool client_stream_event(struct sim *s, struct client *c, const char *path, const struct zk_reply_header *h,
                         const struct zk_watcher_event *e)
{
    bool any = false;

    for (uint32_t i = 0; i < CLIENT_STREAMS_MAX && h->zxid != -1; i++) {
        struct client_stream *w = &c->stream[i];
        if (!w->armed || w->pending || !covers(w, path, e->type))
            continue;
        take(s, c, w, path, (uint64_t)h->zxid, e->type);
        any = true;
    }
    return any;
}

void client_stream_shown(struct sim *s, struct client *c, uint64_t zxid)
{
    enum zk_event event = 0;

    for (uint32_t i = 0; i < CLIENT_STREAMS_MAX; i++) {
        struct client_stream *w = &c->stream[i];
        const struct ck_change *next = w->armed && !w->pending ? next_change(s, c, w, &event) : NULL;
        if (next != NULL && next->zxid <= zxid)
            sim_fail(s, "C9", "c%u is answered at " ZXID_FMT " and its watch on %s was not told of %s at " ZXID_FMT, c->id,
                     ZXID_ARG(zxid), w->path, next->path, ZXID_ARG(next->zxid));
    }
}

bool client_stream_any(const struct client *c)
{
    for (uint32_t i = 0; i < CLIENT_STREAMS_MAX; i++)
        if (c->stream[i].armed)
            return true;
    return false;
}

void client_stream_lost(struct client *c)
{
    for (uint32_t i = 0; i < CLIENT_STREAMS_MAX; i++)
        c->stream[i].pending = c->stream[i].asked = c->stream[i].armed;
}

void client_stream_restored(struct sim *s, struct client *c, uint64_t zxid)
{
    for (uint32_t i = 0; i < CLIENT_STREAMS_MAX; i++) {
        struct client_stream *w = &c->stream[i];
        if (!w->pending)
            continue;
        w->pending = false;
        w->next = ck_model_changes_until(s, zxid);
        mark(s, MARK_STREAM_MOVED);
    }
}
