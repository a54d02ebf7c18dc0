/* inbox.c - arrays that grow to the largest turn so far. Core thread. */
#include "net/inbox.h"

#include "base/alloc.h"
#include "base/assert.h"

/* Room for one more of `count` elements. */
static void *grown(void *array, uint32_t count, uint32_t *capacity, size_t element)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    return coord_realloc(array, *capacity * element);
}

void inbox_init(struct inbox *in)
{
    *in = (struct inbox){0};
    in->arena = coord_alloc(INBOX_ARENA_BYTES);
}

void inbox_deinit(struct inbox *in)
{
    inbox_clear(in);
    for (uint32_t i = 0; i < in->message_capacity; i++)
        coord_free(in->messages[i]);
    coord_free(in->messages);
    coord_free(in->kept);
    coord_free(in->events);
    coord_free(in->arena);
    *in = (struct inbox){0};
}

void inbox_clear(struct inbox *in)
{
    for (uint32_t i = 0; i < in->kept_count; i++)
        buf_deinit(&in->kept[i]);
    in->count = in->message_count = in->kept_count = 0;
    in->arena_used = 0;
    in->reads = 0;
}

struct replica_event *inbox_add(struct inbox *in, enum replica_event_type type)
{
    struct replica_event *event;

    in->events = grown(in->events, in->count, &in->capacity, sizeof(*event));
    event = &in->events[in->count++];
    *event = (struct replica_event){.type = type};
    return event;
}

uint8_t *inbox_room(struct inbox *in, size_t *size)
{
    *size = INBOX_ARENA_BYTES - in->arena_used;
    if (*size > INBOX_READ_BYTES)
        *size = INBOX_READ_BYTES;
    return in->arena + in->arena_used;
}

void inbox_take(struct inbox *in, size_t size)
{
    COORD_ASSERT(size <= INBOX_ARENA_BYTES - in->arena_used);
    in->arena_used += size;
}

bool inbox_count_read(struct inbox *in)
{
    return ++in->reads < INBOX_READS_MAX && in->arena_used < INBOX_ARENA_BYTES;
}

struct peer_msg *inbox_message(struct inbox *in)
{
    uint32_t before = in->message_capacity;

    in->messages = grown(in->messages, in->message_count, &in->message_capacity, sizeof(*in->messages));
    for (uint32_t i = before; i < in->message_capacity; i++)
        in->messages[i] = NULL;
    if (in->messages[in->message_count] == NULL)
        in->messages[in->message_count] = coord_alloc(sizeof(struct peer_msg));
    return in->messages[in->message_count++];
}

void inbox_keep(struct inbox *in, struct buf *b)
{
    in->kept = grown(in->kept, in->kept_count, &in->kept_capacity, sizeof(*in->kept));
    in->kept[in->kept_count++] = *b;
    *b = (struct buf){0};
}
