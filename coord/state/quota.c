/* quota.c - quotas as ZooKeeper keeps them: in nodes of the tree, so that there is nothing else to store. Pure.
 *
 * What lies at PATH or below is under a quota when there is a node /zookeeper/quota PATH/zookeeper_limits; of several such
 * paths the deepest counts, alone. Its sibling zookeeper_stats holds, as text in its data, how many nodes there are and the
 * bytes of their data. It is counted from the tree when it is created, and moved by each change from then on; that is no event,
 * and of its Stat only the length follows. Where no quota is set, a change costs one look at /zookeeper/quota; where one is, a
 * walk down from there along the path that changed, as far as quotas lie that way.
 *
 * Limits are enforced only when the settings say so. Stats whose text is none of ours stay as they are, and where limits or
 * stats cannot be read, nothing is let through that they would have to judge.
 */
#include "base/error.h"
#include "base/seeded.h"
#include "state/children.h"
#include "state/internal.h"
#include "state/quota_text.h"

#include <string.h>

#define LIMITS SLICE_LITERAL("zookeeper_limits")
#define STATS SLICE_LITERAL("zookeeper_stats")
#define HOME SLICE_LITERAL("/zookeeper/quota")

void quota_init(struct state *s)
{
    s->quotas = tree_find(&s->tree, HOME);
}

static bool any(const struct state *s)
{
    return s->quotas != NODE_NONE && tree_node(&s->tree, s->quotas)->child_count > 0;
}

/* One name further below /zookeeper/quota. *found becomes the place when it has limits. */
static void descend(const struct state *s, struct slice name, uint32_t *at, uint32_t *found)
{
    if (*at != NODE_NONE)
        *at = tree_child(&s->tree, *at, name);
    if (*at != NODE_NONE && tree_child(&s->tree, *at, LIMITS) != NODE_NONE && !(SEEDED(quota_highest) && *found != NODE_NONE))
        *found = *at;
}

/* Where the quota of this path lies: the node that has zookeeper_limits. NODE_NONE: it is under none. The path has a further
 * component when `name` is not null. */
static uint32_t governing(const struct state *s, struct slice path, struct slice name)
{
    const uint8_t *at = path.data, *end = path.data + path.size;
    uint32_t place = s->quotas, found = NODE_NONE;

    while (at < end && place != NODE_NONE) {
        const uint8_t *from = at + 1;
        const uint8_t *slash = memchr(from, '/', (size_t)(end - from));

        at = slash != NULL ? slash : end;
        descend(s, slice_make(from, (size_t)(at - from)), &place, &found);
    }
    if (!slice_is_null(name))
        descend(s, name, &place, &found);
    return found;
}

/* The figures in the data of a node's child. False: there is no such child. */
static bool child_figures(const struct state *s, uint32_t place, struct slice name, struct quota_figures *f, bool *readable)
{
    uint32_t index = tree_child(&s->tree, place, name);

    if (index == NODE_NONE)
        return false;
    *readable = quota_parse(value_slice(tree_node(&s->tree, index)->value), f);
    return true;
}

void quota_moved(struct state *s, struct slice path, int64_t count, int64_t bytes)
{
    struct quota_figures f;
    struct buf text = {0};
    uint32_t place, stats;

    if (!any(s) || (place = governing(s, path, SLICE_NULL)) == NODE_NONE)
        return;
    stats = tree_child(&s->tree, place, STATS);
    if (stats == NODE_NONE || !quota_parse(value_slice(tree_node(&s->tree, stats)->value), &f))
        return;
    quota_add(&f.count, count);
    quota_add(&f.bytes, bytes);
    quota_print(&text, &f);
    node_set_text(s, stats, buf_slice(&text));
    buf_deinit(&text);
}

static void push(struct buf *wait, uint32_t index)
{
    if (index != NODE_NONE)
        buf_append(wait, &index, sizeof(index));
}

static void push_children(const struct state *s, struct buf *wait, uint32_t index)
{
    const struct node *n = tree_node(&s->tree, index);

    push(wait, n->kind == NODE_EPHEMERAL ? NODE_NONE : n->children);
}

/* One of those that wait, which are followed by what is below and beside them. NODE_NONE: there are no more. */
static uint32_t next_below(const struct state *s, struct buf *wait)
{
    uint32_t index;

    if (buf_size(wait) == 0)
        return NODE_NONE;
    memcpy(&index, buf_bytes(wait) + buf_size(wait) - sizeof(index), sizeof(index));
    buf_truncate(wait, buf_size(wait) - sizeof(index));
    push(wait, tree_node(&s->tree, index)->left);
    push(wait, tree_node(&s->tree, index)->right);
    push_children(s, wait, index);
    return index;
}

/* The node and all below it. */
static void count_tree(const struct state *s, uint32_t top, struct quota_figures *f)
{
    struct buf wait = {0};

    push_children(s, &wait, top);
    for (uint32_t at = top; at != NODE_NONE; at = next_below(s, &wait)) {
        f->count++;
        f->bytes += value_size(tree_node(&s->tree, at)->value);
    }
    buf_deinit(&wait);
}

/* What the path has behind /zookeeper/quota, from the slash on; null: it is not below it. */
static struct slice below_home(struct slice path)
{
    if (path.size <= HOME.size + 1 || memcmp(path.data, HOME.data, HOME.size) != 0 || path.data[HOME.size] != '/')
        return SLICE_NULL;
    return slice_make(path.data + HOME.size, path.size - HOME.size);
}

/* The path that the node of this path, a zookeeper_stats, is for; null: it is for none. */
static struct slice stats_of(struct slice path)
{
    struct slice below = below_home(path), end = SLICE_LITERAL("/zookeeper_stats");

    if (below.size <= end.size || memcmp(below.data + below.size - end.size, end.data, end.size) != 0)
        return SLICE_NULL;
    return slice_make(below.data, below.size - end.size);
}

int quota_countable(const struct state *s, struct slice parent, struct slice name)
{
    struct slice of = below_home(parent);
    uint32_t top;

    if (!any(s) || s->quota_counted == 0 || !slice_equal(name, STATS) || slice_is_null(of))
        return 0;
    top = tree_find(&s->tree, of);
    if (top == NODE_NONE || s->quota_counted + tree_below(&s->tree, top) < QUOTA_COUNT_MAX)
        return 0;
    return -COORD_E_BAD_ARGUMENTS;
}

void quota_created(struct state *s, uint32_t index, struct slice path)
{
    struct quota_figures f = QUOTA_ZERO;
    struct buf text = {0};
    struct slice of;
    uint32_t top;

    if (!any(s))
        return;
    of = stats_of(path);
    top = slice_is_null(of) ? NODE_NONE : tree_find(&s->tree, of);
    if (top != NODE_NONE)
        count_tree(s, top, &f);
    s->quota_counted += (uint64_t)f.count;
    quota_moved(s, path, 1, value_size(tree_node(&s->tree, index)->value));
    if (slice_is_null(of))
        return;
    quota_print(&text, &f);
    node_set_text(s, index, buf_slice(&text));
    buf_deinit(&text);
}

static int64_t hard_or_soft(int64_t hard, int64_t soft)
{
    return hard > -1 ? hard : soft;
}

/* True: the limit forbids it. A soft one is only noted. */
static bool exceeds(struct state *s, uint32_t place, enum quota_kind kind, int64_t value, int64_t soft, int64_t hard)
{
    struct quota_excess *excess = &s->quota_excess;
    int64_t limit = hard_or_soft(hard, soft);

    if (value <= limit)
        return false;
    if (!excess->noted) {
        buf_clear(&s->quota_path);
        tree_append_path(&s->tree, place, &s->quota_path);
        *excess = (struct quota_excess){true, hard > -1, kind, value, limit, SLICE_NULL};
        excess->path = slice_make(buf_bytes(&s->quota_path) + HOME.size, buf_size(&s->quota_path) - HOME.size);
    }
    return hard > -1 || SEEDED(quota_soft_is_hard);
}

int quota_check(struct state *s, struct slice path, struct slice name, int64_t count, int64_t bytes)
{
    struct quota_figures limits, stats;
    bool readable, counted, weighed;
    uint32_t place;

    if (!s->settings.enforce_quota || !any(s) || (place = governing(s, path, name)) == NODE_NONE)
        return 0;
    child_figures(s, place, LIMITS, &limits, &readable);
    if (!readable)
        return -COORD_E_MARSHALLING;
    counted = count != 0 && (limits.count > -1 || limits.count_hard > -1);
    weighed = bytes != 0 && !(SEEDED(quota_bytes_of_set) && count == 0) && (limits.bytes > -1 || limits.bytes_hard > -1);
    if ((!counted && !weighed) || !child_figures(s, place, STATS, &stats, &readable))
        return 0;
    if (!readable)
        return -COORD_E_MARSHALLING;
    quota_add(&stats.count, count);
    quota_add(&stats.bytes, bytes);
    if (counted && exceeds(s, place, QUOTA_COUNT, stats.count, limits.count, limits.count_hard))
        return -COORD_E_QUOTA_EXCEEDED;
    if (weighed && exceeds(s, place, QUOTA_BYTES, stats.bytes, limits.bytes, limits.bytes_hard))
        return -COORD_E_QUOTA_EXCEEDED;
    return 0;
}

/* A node below a first component: what it adds to that one's sums. */
static void add_node(const struct state *s, uint32_t index, struct state_quota *q)
{
    const struct node *n = tree_node(&s->tree, index);
    bool limits = slice_equal(tree_name(n), LIMITS);
    struct quota_figures f;

    if (!limits && !slice_equal(tree_name(n), STATS))
        return;
    if ((n->kind != NODE_EPHEMERAL && n->child_count > 0) || !quota_parse(value_slice(n->value), &f))
        return;
    if (limits) {
        q->limited = true;
        quota_add(&q->count_limit, hard_or_soft(f.count_hard, f.count));
        quota_add(&q->bytes_limit, hard_or_soft(f.bytes_hard, f.bytes));
    } else {
        q->counted = true;
        quota_add(&q->count, f.count);
        quota_add(&q->bytes, f.bytes);
    }
}

bool state_quota_next(const struct state *s, uint32_t *looks, struct state_quota *q)
{
    struct children_walk w;
    struct buf wait = {0};
    uint32_t space;

    if (!any(s))
        return false;
    w = children_after(&s->tree, s->quotas, q->space);
    *q = (struct state_quota){0};
    while (*looks > 0 && !q->limited && !q->counted && (space = children_next(&w)) != NODE_NONE) {
        q->space = tree_name(tree_node(&s->tree, space));
        push_children(s, &wait, space);
        for (uint32_t at = next_below(s, &wait); at != NODE_NONE && *looks > 0; at = next_below(s, &wait), --*looks)
            add_node(s, at, q);
        *looks -= *looks > 0;
    }
    buf_deinit(&wait);
    return *looks > 0 && (q->limited || q->counted);
}
