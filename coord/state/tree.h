/* tree.h - where znodes are: slabs of fixed nodes, named by 32-bit index, found by (parent, name). Pure.
 *
 * A node is 120 bytes, its name inline up to 19, plus 4 bytes of a bucket; no path is stored. path_hash is chained from the
 * parent's and the name, so it identifies the path (to the digest and to the buckets) without anybody walking up.
 * An ephemeral node has no children, so what describes children holds its owner and its place in the owner's list.
 * How many nodes there are below a node is known without a walk: a side table has, for the few nodes with children's children,
 * the number of those; whoever comes or goes counts in what is above its parent. A change is reported with its path, which
 * takes the same walk to the root.
 * Index 0 is the root for good.
 * This file knows structure only: counters, stat fields, digest, sessions and the snapshot walk are its callers'.
 */
#ifndef COORD_STATE_TREE_H
#define COORD_STATE_TREE_H

#include "base/buckets.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/slabs.h"
#include "base/slice.h"
#include "state/value.h"

#include <stddef.h>
#include <stdint.h>

#define NODE_NONE SLABS_NONE
#define NODE_ROOT 0u
#define NODE_NAME_MAX (1u << 26) /* above what any packet holds */
#define NODE_HEIGHT_MASK 63u
enum { NODE_NAME_INLINE = 19 };

enum node_kind {
    NODE_FREE,
    NODE_PERSISTENT,
    NODE_EPHEMERAL,
    NODE_CONTAINER,
    NODE_TTL
}; /* all but an ephemeral as persistent */

/* What a lookup reads comes first, to lie in one or two cache lines. */
struct node {
    uint64_t path_hash;
    uint32_t chain; /* of the bucket */
    uint32_t parent;
    uint32_t name_size : 26, height : 6; /* below NODE_NAME_MAX; among the children of its parent */
    uint8_t kind;                        /* enum node_kind */
    uint8_t name[NODE_NAME_INLINE];      /* or, when longer, a pointer to an allocation */
    struct value *value;
    uint32_t acl;
    int32_t version;
    uint64_t czxid, mzxid;
    int64_t ctime, mtime;
    union {
        uint64_t pzxid; /* persistent */
        uint64_t owner; /* ephemeral; its pzxid is its czxid */
    };
    union {
        uint32_t children;   /* persistent: the top of a tree by left and right (children.h) */
        uint32_t owned_next; /* ephemeral: the owner's nodes are a ring by prev, a list by next */
    };
    union {
        uint32_t child_count;
        uint32_t owned_prev;
    };
    uint32_t creates; /* children ever created: the sequence suffix. 0 in an ephemeral */
    int32_t aversion;
    uint32_t left, right; /* siblings, by name */
};

struct tree {
    struct slabs nodes;
    uint32_t count; /* nodes, the root included */
    struct buckets buckets;
    uint64_t name_bytes; /* allocated for long names */
    uint64_t path_bytes; /* of the paths of all nodes but the root */
    struct map deep;     /* index -> number of nodes two and more levels below, where there are any; not of the root */
};

void tree_init(struct tree *t); /* with a root of zeros */
void tree_deinit(struct tree *t);

static inline struct node *tree_node(const struct tree *t, uint32_t index)
{
    return slabs_at(&t->nodes, index);
}

/* NODE_NONE when there is none. */
uint32_t tree_child(const struct tree *t, uint32_t parent, struct slice name);

/* Nodes below it, at any depth. */
uint32_t tree_below(const struct tree *t, uint32_t index);

/* The node of a path. "" and "/" are the root; anything not of the form "/a/b" is nowhere. */
uint32_t tree_find(const struct tree *t, struct slice path);

/* A persistent node of that name with everything else zero, not in the tree yet. */
uint32_t tree_take(struct tree *t, struct slice name);

/* Puts it under a parent; sets path_hash. The parent has no such child, and is no ephemeral. */
void tree_link(struct tree *t, uint32_t index, uint32_t parent);

/* Takes a node without children out of the tree; it keeps its content, and whose child it was. */
void tree_unlink(struct tree *t, uint32_t index);

/* Puts it back where it was: its parent is in the tree, and has no such child. */
void tree_relink(struct tree *t, uint32_t index);

/* Frees a node that is not in the tree, with its value. */
void tree_drop(struct tree *t, uint32_t index);

/* Both: unlink and drop. */
void tree_remove(struct tree *t, uint32_t index);

/* Valid while the node is. */
struct slice tree_name(const struct node *n);

void tree_append_path(const struct tree *t, uint32_t index, struct buf *to);

size_t tree_bytes(const struct tree *t); /* without values */

#endif
