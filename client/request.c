/* request.c - encoding of packets, and lists of them. Pure. */
#include "request.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 8

/* A frame of so many bytes behind the length, left to the caller. */
static struct request *frame_new(size_t body)
{
    struct request *r;

    if (body > COORD_REQUEST_BYTES_MAX)
        return NULL;
    r = malloc(sizeof(*r) + 4 + body);
    if (r == NULL)
        return NULL;
    *r = (struct request){.size = 4 + body};
    put_be32(r->frame, (uint32_t)body);
    return r;
}

static struct request *with_header(int32_t xid, int32_t opcode, size_t record_size)
{
    struct request *r = frame_new(HEADER_BYTES + record_size);

    if (r == NULL)
        return NULL;
    r->opcode = opcode;
    put_be32(r->frame + 8, (uint32_t)opcode);
    request_set_xid(r, xid);
    return r;
}

struct request *request_new(int32_t xid, int32_t opcode, const struct jute_record *table, const void *record)
{
    struct request *r = with_header(xid, opcode, table != NULL ? jute_size(table, record) : 0);

    if (r != NULL && table != NULL)
        jute_encode(r->frame + REQUEST_RECORD_AT, table, record);
    return r;
}

struct request *request_new_bytes(int32_t xid, int32_t opcode, struct slice record)
{
    struct request *r = with_header(xid, opcode, record.size);

    if (r != NULL)
        memcpy(r->frame + REQUEST_RECORD_AT, record.data, record.size);
    return r;
}

struct request *request_new_connect(const struct zk_connect_request *record)
{
    struct request *r = frame_new(jute_size(&jute_connect_request, record));

    if (r != NULL)
        jute_encode(r->frame + 4, &jute_connect_request, record);
    return r;
}

void request_set_xid(struct request *r, int32_t xid)
{
    r->xid = xid;
    put_be32(r->frame + 4, (uint32_t)xid);
}

struct request *request_copy(const struct request *r)
{
    struct request *copy = malloc(sizeof(*copy) + r->size);

    if (copy == NULL)
        return NULL;
    *copy = (struct request){.xid = r->xid, .opcode = r->opcode, .size = r->size};
    memcpy(copy->frame, r->frame, r->size);
    return copy;
}

void request_free(struct request *r)
{
    if (r != NULL)
        watch_free(r->watch);
    free(r);
}

void request_push(struct request_list *list, struct request *r)
{
    r->next = NULL;
    if (list->first == NULL)
        list->first = r;
    else
        list->last->next = r;
    list->last = r;
}

struct request *request_pop(struct request_list *list)
{
    struct request *r = list->first;

    if (r != NULL)
        list->first = r->next;
    return r;
}

void request_append(struct request_list *to, struct request_list *from)
{
    if (from->first == NULL)
        return;
    if (to->first == NULL)
        to->first = from->first;
    else
        to->last->next = from->first;
    to->last = from->last;
    from->first = NULL;
}
