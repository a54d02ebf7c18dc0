/* tree.c - index and links of the nodes. Pure. */
#include "state/tree.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/hash.h"
#include "state/children.h"

#include <string.h>

#define ROOT_HASH UINT64_C(0x2f2f2f2f2f2f2f2f)

static uint64_t path_hash(const struct tree *t, uint32_t parent, struct slice name)
{
    return hash_bytes(name.data, name.size, tree_node(t, parent)->path_hash);
}

struct slice tree_name(const struct node *n)
{
    const uint8_t *text = n->name;

    if (n->name_size > NODE_NAME_INLINE)
        memcpy(&text, n->name, sizeof(text));
    return slice_make(text, n->name_size);
}

static void set_name(struct tree *t, struct node *n, struct slice name)
{
    COORD_ASSERT(name.size < NODE_NAME_MAX);
    n->name_size = (uint32_t)name.size & (NODE_NAME_MAX - 1);
    if (name.size > NODE_NAME_INLINE) {
        uint8_t *text = coord_memdup(name.data, name.size);

        memcpy(n->name, &text, sizeof(text));
        t->name_bytes += name.size;
    } else if (name.size > 0) {
        memcpy(n->name, name.data, name.size);
    }
}

static void free_content(struct tree *t, struct node *n)
{
    if (n->name_size > NODE_NAME_INLINE) {
        uint8_t *text;

        memcpy(&text, n->name, sizeof(text));
        coord_free(text);
        t->name_bytes -= n->name_size;
    }
    value_drop(n->value);
}

uint32_t tree_take(struct tree *t, struct slice name)
{
    uint32_t index = slabs_take(&t->nodes);
    struct node *n = tree_node(t, index);

    *n = (struct node){.kind = NODE_PERSISTENT, .children = NODE_NONE, .parent = NODE_NONE};
    set_name(t, n, name);
    t->count++;
    return index;
}

void tree_init(struct tree *t)
{
    *t = (struct tree){0};
    slabs_init(&t->nodes, sizeof(struct node));
    buckets_init(&t->buckets);
    COORD_ASSERT(tree_take(t, SLICE_NULL) == NODE_ROOT);
    tree_node(t, NODE_ROOT)->path_hash = ROOT_HASH;
}

void tree_deinit(struct tree *t)
{
    for (uint32_t i = 0; i < t->nodes.used; i++)
        if (tree_node(t, i)->kind != NODE_FREE)
            free_content(t, tree_node(t, i));
    slabs_deinit(&t->nodes);
    buckets_deinit(&t->buckets);
    map_deinit(&t->deep);
    *t = (struct tree){0};
}

static void index_chain(struct tree *t, uint32_t index)
{
    struct node *n = tree_node(t, index);
    uint32_t *head = buckets_head(&t->buckets, n->path_hash);

    n->chain = *head;
    *head = index;
}

/* The root is in no bucket. */
static void index_insert(struct tree *t, uint32_t index)
{
    index_chain(t, index);
    if (t->count > t->buckets.count)
        for (uint32_t at = buckets_split(&t->buckets), next; at != BUCKETS_NONE; at = next) {
            next = tree_node(t, at)->chain;
            index_chain(t, at);
        }
}

uint32_t tree_child(const struct tree *t, uint32_t parent, struct slice name)
{
    uint64_t hash = path_hash(t, parent, name);
    uint32_t at = *buckets_head(&t->buckets, hash);

    while (at != BUCKETS_NONE) {
        const struct node *n = tree_node(t, at);

        if (n->path_hash == hash && n->parent == parent && slice_equal(tree_name(n), name))
            return at;
        at = n->chain;
    }
    return NODE_NONE;
}

uint32_t tree_find(const struct tree *t, struct slice path)
{
    const uint8_t *at, *end;
    uint32_t node = NODE_ROOT;

    if (path.size == 0 || (path.size == 1 && path.data[0] == '/'))
        return NODE_ROOT;
    if (path.data[0] != '/')
        return NODE_NONE;
    at = path.data;
    end = path.data + path.size;
    while (at < end && node != NODE_NONE) {
        const uint8_t *name = at + 1;
        const uint8_t *slash = memchr(name, '/', (size_t)(end - name));

        at = slash != NULL ? slash : end;
        node = tree_child(t, node, slice_make(name, (size_t)(at - name)));
    }
    return node;
}

uint32_t tree_below(const struct tree *t, uint32_t index)
{
    const struct node *n = tree_node(t, index);

    if (index == NODE_ROOT)
        return t->count - 1;
    return n->kind == NODE_EPHEMERAL ? 0 : n->child_count + (uint32_t)(uintptr_t)map_get(&t->deep, index);
}

/* A node came (1) or went (-1) below this parent: what is above the parent, but for the root, has it in its count. */
static void count_above(struct tree *t, uint32_t parent, int by)
{
    if (parent == NODE_ROOT)
        return;
    for (uint32_t at = tree_node(t, parent)->parent; at != NODE_ROOT; at = tree_node(t, at)->parent) {
        uintptr_t count = (uintptr_t)map_get(&t->deep, at) + (uintptr_t)(intptr_t)by;

        if (count != 0)
            map_put(&t->deep, at, (void *)count);
        else
            map_remove(&t->deep, at);
    }
}

static size_t path_size(const struct tree *t, uint32_t index)
{
    size_t size = 0;

    for (uint32_t at = index; at != NODE_ROOT; at = tree_node(t, at)->parent)
        size += 1 + tree_node(t, at)->name_size;
    return size;
}

void tree_link(struct tree *t, uint32_t index, uint32_t parent)
{
    struct node *n = tree_node(t, index), *p = tree_node(t, parent);

    COORD_ASSERT(p->kind != NODE_EPHEMERAL);
    n->parent = parent;
    n->path_hash = path_hash(t, parent, tree_name(n));
    children_insert(t, parent, index);
    p->child_count++;
    count_above(t, parent, 1);
    t->path_bytes += path_size(t, index);
    index_insert(t, index);
}

void tree_unlink(struct tree *t, uint32_t index)
{
    struct node *n = tree_node(t, index);
    uint32_t *at = buckets_head(&t->buckets, n->path_hash);

    COORD_ASSERT(index != NODE_ROOT && (n->kind == NODE_EPHEMERAL || n->children == NODE_NONE));
    while (*at != index)
        at = &tree_node(t, *at)->chain;
    *at = n->chain;
    children_remove(t, n->parent, index);
    tree_node(t, n->parent)->child_count--;
    count_above(t, n->parent, -1);
    t->path_bytes -= path_size(t, index);
    t->count--;
}

void tree_relink(struct tree *t, uint32_t index)
{
    const struct node *n = tree_node(t, index);

    children_insert(t, n->parent, index);
    tree_node(t, n->parent)->child_count++;
    count_above(t, n->parent, 1);
    t->path_bytes += path_size(t, index);
    t->count++;
    index_insert(t, index);
}

void tree_drop(struct tree *t, uint32_t index)
{
    struct node *n = tree_node(t, index);

    free_content(t, n);
    n->kind = NODE_FREE;
    slabs_give(&t->nodes, index);
}

void tree_remove(struct tree *t, uint32_t index)
{
    tree_unlink(t, index);
    tree_drop(t, index);
}

void tree_append_path(const struct tree *t, uint32_t index, struct buf *to)
{
    size_t size = path_size(t, index);
    uint8_t *end;

    if (index == NODE_ROOT) {
        buf_append(to, "/", 1);
        return;
    }
    end = buf_reserve(to, size) + size;
    buf_commit(to, size);
    for (uint32_t at = index; at != NODE_ROOT; at = tree_node(t, at)->parent) {
        struct slice name = tree_name(tree_node(t, at));

        end -= name.size;
        memcpy(end, name.data, name.size);
        *--end = '/';
    }
}

size_t tree_bytes(const struct tree *t)
{
    return slabs_bytes(&t->nodes) + buckets_bytes(&t->buckets) + t->name_bytes + t->deep.capacity * sizeof(struct map_slot);
}
