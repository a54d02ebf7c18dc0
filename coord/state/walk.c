/* walk.c - the snapshot walk: an image of one zxid, taken in pieces while applies go on. Pure.
 *
 * The walk goes over the sessions by id, then over the node slots by index, up to those in use at its start. An object that
 * it has not reached is imaged just before its first change ("touched") into a queue, which leaves before the walk goes on;
 * the value of a node in the queue is shared, not copied. What is born after the start is not in the image: for nodes a bit per
 * slot says "imaged or born since", for sessions the serial of the walk does. So the start costs nothing that grows with
 * the tree but a zeroed bitmap, and no piece costs more than about_bytes and a bounded number of empty slots.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/list.h"
#include "state/image.h"
#include "state/internal.h"

#include <string.h>

enum { STEPS_MAX = 1 << 16 }; /* per piece: bounds a turn over empty slots */

struct walk_old {
    struct list link;
    struct value *value; /* shared; the data that ends the record */
    size_t size;
    uint8_t record[];
};

struct walk {
    struct buf front; /* header, form, settings, origins */
    struct list old;
    size_t backlog;
    uint64_t session_at; /* sessions up to this id are done */
    bool sessions_done;
    uint32_t node_at, node_limit; /* slots below node_at are done */
    uint8_t *skip;                /* bit per slot */
    struct image_trailer trailer;
    uint64_t nodes_left, sessions_left;
};

void state_walk_start(struct state *s)
{
    struct image_header header = {s->zxid, s->wall_ms, s->cluster_ms, s->form_zxid, s->origins.count};
    struct walk *w;

    COORD_ASSERT(s->walk == NULL);
    w = s->walk = coord_alloc_zero(1, sizeof(*w));
    s->walk_serial++;
    list_init(&w->old);
    w->node_limit = s->tree.nodes.used;
    w->skip = coord_alloc_zero(w->node_limit / 8 + 1, 1);
    w->trailer = (struct image_trailer){s->tree.count, s->sessions.by_id.count, s->digest};
    w->nodes_left = w->trailer.nodes;
    w->sessions_left = w->trailer.sessions;
    image_append_header(&w->front, &header);
    if (s->form_zxid != 0)
        image_append_form(&w->front, &s->form);
    if (settings_flags(&s->settings) != 0)
        image_append_settings(&w->front, &s->settings);
    for (uint32_t i = 0; i < s->origins.count; i++)
        image_append_origin(&w->front, &s->origins.items[i]);
}

static void pop_old(struct walk *w)
{
    struct walk_old *old = LIST_ENTRY(list_pop_front(&w->old), struct walk_old, link);

    w->backlog -= old->size + value_size(old->value);
    value_drop(old->value);
    coord_free(old);
}

void state_walk_stop(struct state *s)
{
    struct walk *w = s->walk;

    if (w == NULL)
        return;
    while (!list_empty(&w->old))
        pop_old(w);
    buf_deinit(&w->front);
    coord_free(w->skip);
    coord_free(w);
    s->walk = NULL;
}

bool state_walking(const struct state *s)
{
    return s->walk != NULL;
}

size_t state_walk_backlog(const struct state *s)
{
    return s->walk == NULL ? 0 : s->walk->backlog;
}

static void image_node(const struct state *s, uint32_t index, struct buf *to)
{
    const struct node *n = tree_node(&s->tree, index);
    const struct acl *acl = acl_get(&s->acls, n->acl);
    const struct reap *timed = reap_find(s, index);
    bool ephemeral = n->kind == NODE_EPHEMERAL;

    image_append_node(to, &(struct image_node){
                              .index = index,
                              .parent = n->parent,
                              .czxid = n->czxid,
                              .mzxid = n->mzxid,
                              .pzxid = ephemeral ? n->czxid : n->pzxid,
                              .ctime = n->ctime,
                              .mtime = n->mtime,
                              .owner = reap_owner(s, index),
                              .since_ms = timed != NULL ? timed->since_ms : 0,
                              .version = n->version,
                              .aversion = n->aversion,
                              .creates = n->creates,
                              .acl = {(int32_t)acl->count, slice_make(acl->items, acl->size)},
                              .name = tree_name(n),
                              .data = value_slice(n->value),
                          });
}

static void push_old(struct walk *w, struct buf *record, struct value *value)
{
    struct walk_old *old = coord_alloc(sizeof(*old) + buf_size(record));

    old->value = value_share(value);
    old->size = buf_size(record);
    memcpy(old->record, buf_bytes(record), old->size);
    list_push_back(&w->old, &old->link);
    w->backlog += old->size + value_size(value);
    buf_deinit(record);
}

/* Whether the slot is the walk's still: it was in use at the start or free, and nothing was done about it since. Says
 * so once. */
static bool claim_slot(struct walk *w, uint32_t index)
{
    uint8_t bit = (uint8_t)(1u << index % 8);

    if (w == NULL || index < w->node_at || index >= w->node_limit || (w->skip[index / 8] & bit) != 0)
        return false;
    w->skip[index / 8] |= bit;
    return true;
}

void walk_node_touched(struct state *s, uint32_t index)
{
    struct buf record = {0};

    if (!claim_slot(s->walk, index))
        return;
    image_node(s, index, &record);
    push_old(s->walk, &record, tree_node(&s->tree, index)->value);
    s->walk->nodes_left--;
}

void walk_node_born(struct state *s, uint32_t index)
{
    claim_slot(s->walk, index);
}

static bool claim_session(struct state *s, struct session *session)
{
    if (s->walk == NULL || s->walk->sessions_done || session->id <= s->walk->session_at || session->walk == s->walk_serial)
        return false;
    session->walk = s->walk_serial;
    return true;
}

void walk_session_touched(struct state *s, struct session *session)
{
    struct buf record = {0};

    if (!claim_session(s, session))
        return;
    image_append_session(&record, session);
    push_old(s->walk, &record, NULL);
    s->walk->sessions_left--;
}

void walk_session_born(struct state *s, struct session *session)
{
    claim_session(s, session);
}

static void walk_session(struct state *s, struct buf *to)
{
    struct walk *w = s->walk;
    const struct session *session = session_after(&s->sessions, w->session_at);

    if (session == NULL) {
        w->sessions_done = true;
        return;
    }
    w->session_at = session->id;
    if (session->walk != s->walk_serial) {
        image_append_session(to, session);
        w->sessions_left--;
    }
}

static void walk_node(struct state *s, struct buf *to)
{
    struct walk *w = s->walk;
    uint32_t index = w->node_at;

    if (tree_node(&s->tree, index)->kind != NODE_FREE && claim_slot(w, index)) {
        struct slice data = value_slice(tree_node(&s->tree, index)->value);

        image_node(s, index, to);
        buf_append(to, data.data, data.size);
        w->nodes_left--;
    }
    w->node_at++;
}

bool state_walk_next(struct state *s, struct buf *to, size_t about_bytes)
{
    struct walk *w = s->walk;
    size_t start = buf_size(to);

    COORD_ASSERT(w != NULL);
    for (unsigned steps = 0; steps < STEPS_MAX && buf_size(to) - start < about_bytes; steps++) {
        if (buf_size(&w->front) > 0) {
            buf_append(to, buf_bytes(&w->front), buf_size(&w->front));
            buf_clear(&w->front);
        } else if (!list_empty(&w->old)) {
            const struct walk_old *old = LIST_ENTRY(w->old.next, struct walk_old, link);

            buf_append(to, old->record, old->size);
            buf_append(to, value_slice(old->value).data, value_size(old->value));
            pop_old(w);
        } else if (!w->sessions_done) {
            walk_session(s, to);
        } else if (w->node_at < w->node_limit) {
            walk_node(s, to);
        } else {
            COORD_ASSERT(w->nodes_left == 0 && w->sessions_left == 0);
            image_append_trailer(to, &w->trailer);
            state_walk_stop(s);
            return false;
        }
    }
    return true;
}
