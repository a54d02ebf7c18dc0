/* op_filtered_list.c - Keeper's lists of children: of one kind, with their Stats, with their data. READ on the node, and on
 * each child where more than its name is told: its kind, which is part of its Stat, its Stat, its data. Pure.
 *
 * The watch is a child watch: it hears of children that come and go, not of their data.
 */
#include "base/error.h"
#include "state/children.h"
#include "state/internal.h"
#include "state/reply.h"

static bool wanted(const struct node *n, uint8_t kind)
{
    return kind == ZK_LIST_ALL || (n->kind == NODE_EPHEMERAL) == (kind == ZK_LIST_EPHEMERAL);
}

static bool may_read_all(const struct state *s, struct read *r, uint32_t parent)
{
    struct children_walk w = children_after(&s->tree, parent, SLICE_NULL);
    bool alone = grants_start(s), may = true;
    uint32_t child;

    for (; may && (child = children_next(&w)) != NODE_NONE; r->looks++)
        may = node_permits(s, child, r->perm, r->auth);
    if (alone)
        grants_end(s);
    return may;
}

enum part { PART_NAME, PART_STAT, PART_DATA };

struct listing {
    const struct state *s;
    struct read *r;
    uint32_t parent;
    uint8_t kind;
    size_t end; /* of the reply: nothing is added behind it, and the caller sees that it was passed */
};

static void reply_part(const struct listing *l, enum part part)
{
    struct children_walk w = children_after(&l->s->tree, l->parent, SLICE_NULL);
    size_t start = reply_vector_start(l->r->reply);
    uint32_t child, count = 0;

    while (buf_size(l->r->reply) <= l->end && (child = children_next(&w)) != NODE_NONE) {
        const struct node *n = tree_node(&l->s->tree, child);

        if (!wanted(n, l->kind)) {
            l->r->looks++;
            continue;
        }
        count++;
        if (part == PART_NAME)
            reply_text(l->r->reply, tree_name(n));
        else if (part == PART_STAT)
            reply_stat(l->r->reply, n);
        else
            reply_text(l->r->reply, value_slice(n->value));
    }
    reply_vector_end(l->r->reply, start, count);
}

/* The names and the Stat of the node. False: refused. */
static bool list(struct listing *l, const struct zk_filtered_list_request *q, bool told_more)
{
    struct read *r = l->r;

    if (q->kind > ZK_LIST_EPHEMERAL) {
        r->err = -COORD_E_BAD_ARGUMENTS;
        return false;
    }
    l->kind = q->kind;
    l->parent = read_node(l->s, r, q->path);
    if (l->parent == NODE_NONE)
        return false;
    if ((told_more || q->kind != ZK_LIST_ALL) && !may_read_all(l->s, r, l->parent)) {
        r->err = -COORD_E_NO_AUTH;
        return false;
    }
    reply_part(l, PART_NAME);
    read_stat(l->s, r, l->parent);
    read_watch(r, &(struct zk_path_watch_request){q->path, q->watch}, READ_WATCH_CHILD);
    return true;
}

static void filtered_list_read(const struct state *s, struct read *r, const void *request)
{
    list(&(struct listing){.s = s, .r = r, .end = SIZE_MAX}, request, false);
}

/* What was not asked for is a vector of none. */
static void reply_part_if(const struct listing *l, enum part part, bool asked)
{
    if (asked)
        reply_part(l, part);
    else
        reply_vector_end(l->r->reply, reply_vector_start(l->r->reply), 0);
}

static void filtered_list_with_data_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_filtered_list_with_data_request *q = request;
    size_t start = buf_size(r->reply);
    struct listing l = {.s = s, .r = r, .end = start + LIST_BYTES_MAX};

    if (!list(&l, &(struct zk_filtered_list_request){q->path, q->watch, q->kind}, q->with_stat || q->with_data))
        return;
    reply_part_if(&l, PART_STAT, q->with_stat);
    reply_part_if(&l, PART_DATA, q->with_data);
    if (buf_size(r->reply) > l.end) {
        buf_truncate(r->reply, start);
        r->watch = READ_WATCH_NONE;
        r->err = -COORD_E_BAD_ARGUMENTS;
    }
}

OP_DESC(op_filtered_list, ZK_PERM_READ, .opcode = ZK_OP_FILTERED_LIST, .name = "filteredList", .flags = OP_READ | OP_INNER,
        .result_type = ZK_OP_GET_CHILDREN2, .request = &jute_filtered_list_request, .read = filtered_list_read);

OP_DESC(op_filtered_list_with_data, ZK_PERM_READ, .opcode = ZK_OP_FILTERED_LIST_WITH_DATA,
        .name = "filteredListWithStatsAndData", .flags = OP_READ | OP_INNER, .result_type = ZK_OP_FILTERED_LIST_WITH_DATA,
        .request = &jute_filtered_list_with_data_request, .read = filtered_list_with_data_read);
