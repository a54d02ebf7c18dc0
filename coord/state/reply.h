/* reply.h - the pieces that replies are made of, written straight into the reply's buffer. Internal to coord/state. Pure. */
#ifndef COORD_STATE_REPLY_H
#define COORD_STATE_REPLY_H

#include "base/buf.h"
#include "state/tree.h"

void reply_text(struct buf *to, struct slice text); /* ustring or buffer; null stays null */
void reply_stat(struct buf *to, const struct node *n);
void reply_children(struct buf *to, const struct tree *t, uint32_t index); /* vector of names, in their order */

/* A vector whose length is known at its end: put the count later, where the vector began. */
size_t reply_vector_start(struct buf *to);
void reply_vector_end(struct buf *to, size_t start, uint32_t count);

#endif
