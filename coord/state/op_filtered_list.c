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

static bool may_read_all(const struct state *s, uint32_t parent, int perm, struct slice auth)
{
    struct children_walk w = children_after(&s->tree, parent, SLICE_NULL);
    bool alone = grants_start(s), may = true;
    uint32_t child;

    while (may && (child = children_next(&w)) != NODE_NONE)
        may = node_permits(s, child, perm, auth);
    if (alone)
        grants_end(s);
    return may;
}

enum part { PART_NAME, PART_STAT, PART_DATA };

static void reply_part(const struct state *s, struct read *r, uint32_t parent, uint8_t kind, enum part part)
{
    struct children_walk w = children_after(&s->tree, parent, SLICE_NULL);
    size_t start = reply_vector_start(r->reply), bytes = buf_size(r->reply);
    uint32_t child, count = 0;

    while ((child = children_next(&w)) != NODE_NONE && (part == PART_NAME || buf_size(r->reply) - bytes <= LIST_BYTES_MAX)) {
        const struct node *n = tree_node(&s->tree, child);

        if (!wanted(n, kind))
            continue;
        count++;
        if (part == PART_NAME)
            reply_text(r->reply, tree_name(n));
        else if (part == PART_STAT)
            reply_stat(r->reply, n);
        else
            reply_text(r->reply, value_slice(n->value));
    }
    reply_vector_end(r->reply, start, count);
}

/* The names and the Stat of the node, which is NODE_NONE after an error. */
static uint32_t list(const struct state *s, struct read *r, const struct zk_filtered_list_request *q, bool told_more)
{
    uint32_t index;

    if (q->kind > ZK_LIST_EPHEMERAL) {
        r->err = -COORD_E_BAD_ARGUMENTS;
        return NODE_NONE;
    }
    index = read_node(s, r, q->path);
    if (index == NODE_NONE)
        return NODE_NONE;
    if ((told_more || q->kind != ZK_LIST_ALL) && !may_read_all(s, index, r->perm, r->auth)) {
        r->err = -COORD_E_NO_AUTH;
        return NODE_NONE;
    }
    reply_part(s, r, index, q->kind, PART_NAME);
    read_stat(s, r, index);
    read_watch(r, &(struct zk_path_watch_request){q->path, q->watch}, READ_WATCH_CHILD);
    return index;
}

static void filtered_list_read(const struct state *s, struct read *r, const void *request)
{
    list(s, r, request, false);
}

/* What was not asked for is a vector of none. */
static void filtered_list_with_data_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_filtered_list_with_data_request *q = request;
    struct zk_filtered_list_request plain = {q->path, q->watch, q->kind};
    size_t start = buf_size(r->reply);
    uint32_t index = list(s, r, &plain, q->with_stat || q->with_data);

    if (index == NODE_NONE)
        return;
    if (q->with_stat)
        reply_part(s, r, index, q->kind, PART_STAT);
    else
        reply_vector_end(r->reply, reply_vector_start(r->reply), 0);
    if (q->with_data)
        reply_part(s, r, index, q->kind, PART_DATA);
    else
        reply_vector_end(r->reply, reply_vector_start(r->reply), 0);
    if (buf_size(r->reply) - start > LIST_BYTES_MAX) {
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
