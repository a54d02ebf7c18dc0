/* inbox.h - the events of one turn, and the memory that they borrow from until the step is over.
 *
 * Everything read in a turn of the loop is collected here and goes into one replica_step(). Client bytes are received into the
 * arena, so that a connection which sends whole frames needs no input buffer of its own. Messages and joined payloads of
 * peers live here for the same time. Bounds, so that a turn stays short: INBOX_ARENA_BYTES and INBOX_READS_MAX connections,
 * after which sockets are left for the next turn; each link and connection is read once a turn. Core thread.
 */
#ifndef COORD_NET_INBOX_H
#define COORD_NET_INBOX_H

#include "replica/replica.h"

#define INBOX_ARENA_BYTES (1u << 20)
#define INBOX_READ_BYTES (64u << 10) /* the most that one connection gets of it in a turn */
#define INBOX_READS_MAX 512          /* connections served in a turn, each of which may need a write of its own */

struct inbox {
    struct replica_event *events;
    uint32_t count, capacity;
    uint8_t *arena;
    size_t arena_used;
    uint32_t reads;             /* connections served in this turn */
    struct peer_msg **messages; /* reused from turn to turn */
    uint32_t message_count, message_capacity;
    struct buf *kept;
    uint32_t kept_count, kept_capacity;
};

void inbox_init(struct inbox *in);
void inbox_deinit(struct inbox *in);
void inbox_clear(struct inbox *in); /* after the step */

/* A new event, zeroed but for its type; valid until the next call. */
struct replica_event *inbox_add(struct inbox *in, enum replica_event_type type);

/* Room in the arena: *size bytes, 0 when the turn has no more. inbox_take makes the first of them the event's. */
uint8_t *inbox_room(struct inbox *in, size_t *size);
void inbox_take(struct inbox *in, size_t size);

/* One more connection was served; false: the turn is full. */
bool inbox_count_read(struct inbox *in);

/* A message that lives until inbox_clear. */
struct peer_msg *inbox_message(struct inbox *in);

/* Takes the buffer's memory, which lives until inbox_clear; *b is empty then. */
void inbox_keep(struct inbox *in, struct buf *b);

#endif
