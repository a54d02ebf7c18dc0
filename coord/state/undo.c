/* undo.c - what a multi that fails takes back: a log of its changes, walked backwards. Pure.
 *
 * Each change is undone in the state that it left, so a deleted node finds its owner's list as it was. The digest and the
 * counts are not worked out again but those of the start. A multi that succeeds pays one step per change, and nothing is
 * copied.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/seeded.h"
#include "state/internal.h"

enum { STEPS_KEPT = 1024 }; /* memory of a larger multi is given back behind it */

void undo_start(struct state *s)
{
    struct undo *u = &s->undo;

    COORD_ASSERT(!u->on && s->changes.count == 0);
    u->on = true;
    u->digest = s->digest;
    u->ephemerals = s->ephemerals;
    u->data_bytes = s->data_bytes;
    u->value_memory = s->value_memory;
}

void undo_note(struct state *s, struct undo_step step)
{
    struct undo *u = &s->undo;

    if (!u->on)
        return;
    if (u->count == u->capacity) {
        u->capacity = u->capacity == 0 ? 64 : u->capacity * 2;
        u->steps = coord_realloc(u->steps, u->capacity * sizeof(*u->steps));
    }
    u->steps[u->count++] = step;
}

static void end(struct undo *u)
{
    u->on = false;
    u->count = 0;
    if (u->capacity > STEPS_KEPT) {
        coord_free(u->steps);
        u->steps = NULL;
        u->capacity = 0;
    }
}

static void back_create(struct state *s, const struct undo_step *step)
{
    struct node *n = tree_node(&s->tree, step->index), *p = tree_node(&s->tree, n->parent);

    if (n->kind == NODE_EPHEMERAL)
        owned_remove(s, step->index);
    node_drop_content(s, step->index);
    tree_remove(&s->tree, step->index);
    p->creates -= SEEDED(multi_number_used) ? 0 : 1;
    p->pzxid = step->zxid;
}

static void back_delete(struct state *s, const struct undo_step *step)
{
    struct node *n = tree_node(&s->tree, step->index);

    tree_relink(&s->tree, step->index);
    if (n->kind == NODE_EPHEMERAL)
        owned_restore(s, step->index);
    tree_node(&s->tree, n->parent)->pzxid = step->zxid;
}

static void back_data(struct state *s, const struct undo_step *step)
{
    struct node *n = tree_node(&s->tree, step->index);

    if (SEEDED(quota_multi_kept) && step->version == n->version) { /* no client's, then */
        value_drop(step->value);
        return;
    }
    value_drop(n->value);
    n->value = step->value;
    if (!SEEDED(multi_version_kept))
        n->version = step->version;
    n->mzxid = step->zxid;
    n->mtime = step->mtime;
    if (n->kind == NODE_TTL)
        reap_find(s, step->index)->since_ms = step->since_ms;
}

void undo_back(struct state *s)
{
    struct undo *u = &s->undo;

    while (u->count > 0 && !SEEDED(multi_half_done)) {
        const struct undo_step *step = &u->steps[--u->count];

        switch ((enum undo_kind)step->kind) { /* coverage: a step has one of these kinds */
        case UNDO_CREATE:
            back_create(s, step);
            break;
        case UNDO_DELETE:
            back_delete(s, step);
            break;
        case UNDO_DATA:
            back_data(s, step);
            break;
        }
    }
    if (SEEDED(multi_half_done)) {
        undo_keep(s);
        return;
    }
    s->digest = u->digest;
    s->ephemerals = u->ephemerals;
    s->data_bytes = u->data_bytes;
    s->value_memory = u->value_memory;
    changes_start(s);
    end(u);
}

void undo_keep(struct state *s)
{
    struct undo *u = &s->undo;

    for (uint32_t i = 0; i < u->count; i++) {
        const struct undo_step *step = &u->steps[i];

        if (step->kind == UNDO_DATA)
            value_drop(step->value);
        if (step->kind != UNDO_DELETE)
            continue;
        node_drop_content(s, step->index);
        tree_drop(&s->tree, step->index);
    }
    end(u);
}
