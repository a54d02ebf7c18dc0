/* mailbox.h - a bounded queue between threads whose messages change owner.
 *
 * Any thread posts, one thread receives. An event loop sleeps on the mailbox's eventfd, which is readable when messages wait;
 * a thread without a loop uses mailbox_wait. Receiving takes all that wait in one go, so a burst costs one wake-up. Impure.
 */
#ifndef COORD_BASE_MAILBOX_H
#define COORD_BASE_MAILBOX_H

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;

struct mailbox *mailbox_new(size_t limit); /* limit: the most messages that wait at once, >= 1 */
void mailbox_free(struct mailbox *m);      /* must be empty, and nobody posts any more */

/* Posts the node; false when the mailbox is full or closed, the node is the caller's still. */
bool mailbox_post(struct mailbox *m, struct list *node);

/* Posts all nodes of the list, which is empty then; or none, and false, when they do not all fit or it is closed. The receiver
 * gets them in one go. */
bool mailbox_post_all(struct mailbox *m, struct list *nodes);

/* Moves all that wait to the end of `to` in the order of posting; returns how many. Never blocks; clears the eventfd, which
 * may become readable once more without a message. */
size_t mailbox_take(struct mailbox *m, struct list *to);

/* As mailbox_take, but blocks until there is at least one message or the mailbox is closed (then 0). */
size_t mailbox_wait(struct mailbox *m, struct list *to);

/* As mailbox_wait, but for so long at most. 1: there are messages; 0: the time is over; -1: closed, and nothing is left. */
int mailbox_wait_for(struct mailbox *m, struct list *to, uint32_t timeout_ms);

void mailbox_close(struct mailbox *m); /* refuses posts from now on and wakes the receiver */
int mailbox_fd(struct mailbox *m);     /* the eventfd, made by the first call; owned by the mailbox */

#endif
