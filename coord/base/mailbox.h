/* mailbox.h - a bounded queue between threads whose messages change owner.
 *
 * Any thread posts, one thread receives. Each mailbox has an eventfd that becomes readable when messages wait, so that an
 * event loop can sleep on it; a thread without a loop uses mailbox_wait. Receiving takes all that wait in one go, so a
 * burst costs one wake-up. Impure.
 */
#ifndef COORD_BASE_MAILBOX_H
#define COORD_BASE_MAILBOX_H

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>

struct mailbox;

struct mailbox *mailbox_new(size_t limit); /* limit: the most messages that wait at once, >= 1 */
void mailbox_free(struct mailbox *m);      /* must be empty, and nobody posts any more */

/* Posts the node; false when the mailbox is full or closed, the node is the caller's still. */
bool mailbox_post(struct mailbox *m, struct list *node);

/* Moves all that wait to the end of `to` in the order of posting; returns how many. Never blocks; clears the eventfd. */
size_t mailbox_take(struct mailbox *m, struct list *to);

/* As mailbox_take, but blocks until there is at least one message or the mailbox is closed (then 0). */
size_t mailbox_wait(struct mailbox *m, struct list *to);

void mailbox_close(struct mailbox *m);   /* refuses posts from now on and wakes the receiver */
int mailbox_fd(const struct mailbox *m); /* the eventfd; owned by the mailbox */

#endif
