/* change.h - what an apply reports about the tree, for the watch table: what changed where, in order. */
#ifndef COORD_WIRE_CHANGE_H
#define COORD_WIRE_CHANGE_H

#include "base/slice.h"

#include <stdint.h>

enum change_kind { CHANGE_CREATED, CHANGE_DELETED, CHANGE_DATA };

/* A create or delete implies a change of the parent's children: the watch table derives the parent from the path. */
struct change {
    enum change_kind kind;
    struct slice path;        /* valid until the next apply */
    uint32_t acl, parent_acl; /* the lists of the node and of its parent at that moment, for state_may_hear() */
};

#endif
