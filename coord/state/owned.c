/* owned.c - which ephemeral nodes a session has, for reports. Pure. */
#include "state/internal.h"

bool state_owned_next(const struct state *s, uint64_t id, uint64_t *at, struct buf *path)
{
    const struct session *owner = session_find(&s->sessions, id);
    uint32_t index;

    if (owner == NULL)
        return false;
    if (*at == 0) {
        index = owner->first_owned;
    } else {
        const struct node *last = tree_node(&s->tree, (uint32_t)(*at - 1));

        if (last->kind != NODE_EPHEMERAL || last->owner != id)
            return false;
        index = last->owned_next;
    }
    if (index == NODE_NONE)
        return false;
    *at = (uint64_t)index + 1;
    tree_append_path(&s->tree, index, path);
    return true;
}
