/* client_stream.c - a client's recursive watch on a whole tree: from where it was armed on, every change there is told, once,
 * in the order of the changes, and before any reply that shows it (C8, C9); see client.h. */
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

/* The next change that is to be told; NULL: none yet. */
static const struct ck_change *next_change(const struct sim *s, struct client *c)
{
    const struct ck_change *change;

    while ((change = ck_model_change(s, c->stream.next)) != NULL && !below(change->path, c->stream.path))
        c->stream.next++;
    return change;
}

void client_stream_set(struct sim *s, struct client *c, const char *path, uint64_t zxid)
{
    c->stream.armed = true;
    c->stream.next = ck_model_changes_until(s, zxid);
    snprintf(c->stream.path, sizeof(c->stream.path), "%s", path);
}

bool client_stream_event(struct sim *s, struct client *c, const char *path, const struct zk_reply_header *h,
                         const struct zk_watcher_event *e)
{
    const struct ck_change *next;
    uint64_t zxid = (uint64_t)h->zxid;

    if (!c->stream.armed || c->stream.pending || e->type == ZK_EVENT_CHILDREN_CHANGED || h->zxid == -1 ||
        !below(path, c->stream.path))
        return false;
    next = next_change(s, c);
    if (!ck_model_happened(s, path, (enum zk_event)e->type, zxid))
        sim_fail(s, "C8", "c%u got event %d on %s at " ZXID_FMT ", which did not happen", c->id, e->type, path, ZXID_ARG(zxid));
    if (next != NULL && next->zxid < zxid)
        sim_fail(s, "C9", "c%u got event %d on %s at " ZXID_FMT " and was not told of %s at " ZXID_FMT, c->id, e->type, path,
                 ZXID_ARG(zxid), next->path, ZXID_ARG(next->zxid));
    if (next == NULL || next->zxid != zxid || strcmp(next->path, path) != 0)
        sim_fail(s, "C8", "c%u got event %d on %s at " ZXID_FMT " once more or out of turn", c->id, e->type, path,
                 ZXID_ARG(zxid));
    c->stream.next++;
    mark(s, MARK_STREAM);
    return true;
}

void client_stream_shown(struct sim *s, struct client *c, uint64_t zxid)
{
    const struct ck_change *next = c->stream.armed && !c->stream.pending ? next_change(s, c) : NULL;

    if (next != NULL && next->zxid <= zxid)
        sim_fail(s, "C9", "c%u is answered at " ZXID_FMT " and its recursive watch was not told of %s at " ZXID_FMT, c->id,
                 ZXID_ARG(zxid), next->path, ZXID_ARG(next->zxid));
}

void client_stream_lost(struct client *c)
{
    c->stream.pending = c->stream.armed;
    c->stream.asked = c->stream.armed;
}

void client_stream_restored(struct sim *s, struct client *c, uint64_t zxid)
{
    if (!c->stream.pending)
        return;
    c->stream.pending = false;
    c->stream.next = ck_model_changes_until(s, zxid);
    mark(s, MARK_STREAM_MOVED);
}
