/* reap.c - containers and TTL nodes: which nodes they are, and when their time has come. Pure.
 *
 * What they have beyond a plain node stands in a side table, so that a plain node pays nothing. Time is cluster_ms, which no
 * wall clock moves: a TTL runs from the last create or setData of the node.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "state/internal.h"

#define OWNER_CONTAINER (UINT64_C(1) << 63)
#define OWNER_TTL (UINT64_C(0xff) << 56)

void reap_add(struct state *s, uint32_t index, int64_t ttl_ms, int64_t since_ms)
{
    struct reap *one = coord_alloc(sizeof(*one));

    *one = (struct reap){index, ttl_ms, ttl_ms == 0 ? 0 : since_ms};
    tree_node(&s->tree, index)->kind = ttl_ms == 0 ? NODE_CONTAINER : NODE_TTL;
    COORD_ASSERT(map_put(&s->reaps, index, one) == NULL);
}

struct reap *reap_find(const struct state *s, uint32_t index)
{
    uint8_t kind = tree_node(&s->tree, index)->kind;

    return kind == NODE_CONTAINER || kind == NODE_TTL ? map_get(&s->reaps, index) : NULL;
}

void reap_remove(struct state *s, uint32_t index)
{
    if (reap_find(s, index) != NULL)
        coord_free(map_remove(&s->reaps, index));
}

void reap_deinit(struct state *s)
{
    size_t at = 0;
    void *one;

    while ((one = map_next(&s->reaps, &at)) != NULL)
        coord_free(one);
    map_deinit(&s->reaps);
}

uint64_t reap_owner(const struct state *s, uint32_t index)
{
    const struct node *n = tree_node(&s->tree, index);
    const struct reap *one = reap_find(s, index);

    if (one == NULL)
        return n->kind == NODE_EPHEMERAL ? n->owner : 0;
    return one->ttl_ms == 0 ? OWNER_CONTAINER : OWNER_TTL | (uint64_t)one->ttl_ms;
}

bool reap_owner_decode(uint64_t owner, int64_t *ttl_ms)
{
    *ttl_ms = 0;
    if (owner >> 56 == 0xff) {
        *ttl_ms = (int64_t)(owner & ~OWNER_TTL);
        return *ttl_ms > 0 && *ttl_ms <= ZK_TTL_MAX_MS;
    }
    return owner == OWNER_CONTAINER;
}

bool reap_due(const struct state *s, uint32_t index, int64_t cluster_ms)
{
    const struct node *n = tree_node(&s->tree, index);
    const struct reap *one = reap_find(s, index);

    if (one == NULL || n->child_count > 0)
        return false;
    return one->ttl_ms == 0 ? n->creates > 0 : cluster_ms - one->since_ms > one->ttl_ms;
}

bool state_reap_next(const struct state *s, size_t *cursor, uint32_t *looks, int64_t cluster_ms, struct buf *path)
{
    const struct reap *one;

    while (*looks > 0) {
        --*looks;
        if ((one = map_next(&s->reaps, cursor)) == NULL) {
            *cursor = 0;
            return false;
        }
        if (!reap_due(s, one->index, cluster_ms))
            continue;
        buf_clear(path);
        tree_append_path(&s->tree, one->index, path);
        return true;
    }
    return false;
}
