/* children.h - the children of a node in the order of their names: an AVL tree in two links of each child. Pure.
 *
 * Names are compared byte by byte. So a list is sorted, the same on every replica whatever came and went before, and what
 * follows a name is found whether or not a node of that name is there still: pages of a list need no memory between them.
 * Finding, adding and removing take as many steps as the tree is deep, 1.44 times the logarithm to the base 2 at most.
 */
#ifndef COORD_STATE_CHILDREN_H
#define COORD_STATE_CHILDREN_H

#include "base/slice.h"
#include "state/tree.h"

#include <stdint.h>

enum { CHILDREN_DEPTH_MAX = 48 }; /* of 2^32 children */

/* The parent has no child of that name; its count is the caller's. */
void children_insert(struct tree *t, uint32_t parent, uint32_t index);
void children_remove(struct tree *t, uint32_t parent, uint32_t index);

/* A walk in order. It ends with the next change of the children. */
struct children_walk {
    const struct tree *tree;
    uint32_t depth;
    uint32_t above[CHILDREN_DEPTH_MAX]; /* still to come, each with what is right of it */
};

/* From the first child behind that name on; SLICE_NULL: from the first. An ephemeral node has no children. */
struct children_walk children_after(const struct tree *t, uint32_t parent, struct slice name);
uint32_t children_next(struct children_walk *w); /* NODE_NONE: that was the last */

#endif
