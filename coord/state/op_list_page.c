/* op_list_page.c - listPage, our own: the names of children in pieces, so that a node with millions of them can be listed. READ
 * on the node. Pure.
 *
 * A page has the first names behind `after`, in order: up to `count` of them, of `bytes` bytes together in the reply, but one
 * at least; 0 or less, or more than the server gives, is as much as it gives. Each page is of its own moment, and costs the
 * same for any number of children. A child that is there from the first page to the last is named once.
 */
#include "state/children.h"
#include "state/internal.h"
#include "state/reply.h"

static uint32_t at_most(int32_t asked, uint32_t most)
{
    return asked <= 0 || (uint32_t)asked > most ? most : (uint32_t)asked;
}

static void list_page_read(const struct state *s, struct read *r, const void *request)
{
    const struct zk_list_page_request *q = request;
    uint32_t count_max = at_most(q->count, LIST_PAGE_COUNT_MAX), bytes_max = at_most(q->bytes, LIST_PAGE_BYTES_MAX);
    uint32_t index = read_node(s, r, q->path), child, count = 0;
    struct children_walk w;
    size_t start, bytes = 0;

    if (index == NODE_NONE)
        return;
    start = reply_vector_start(r->reply);
    w = children_after(&s->tree, index, q->after);
    while ((child = children_next(&w)) != NODE_NONE) {
        struct slice name = tree_name(tree_node(&s->tree, child));

        bytes += 4 + name.size;
        if (count == count_max || (count > 0 && bytes > bytes_max))
            break;
        reply_text(r->reply, name);
        count++;
    }
    reply_vector_end(r->reply, start, count);
    read_stat(s, r, index);
    *(uint8_t *)buf_reserve(r->reply, 1) = child != NODE_NONE;
    buf_commit(r->reply, 1);
}

OP_DESC(op_list_page, ZK_PERM_READ, .opcode = ZK_OP_LIST_PAGE, .name = "listPage", .flags = OP_READ,
        .request = &jute_list_page_request, .read = list_page_read);
