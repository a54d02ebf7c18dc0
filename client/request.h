/* request.h - one packet to the server, encoded when it was asked for, with whom to tell about its answer.
 *
 * A request owns its bytes and its watch. Lists of requests are singly linked and never allocate. Pure; memory that runs out
 * is an error, as everywhere in libcoord.
 */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include "coord/client.h"
#include "watches.h"
#include "wire/jute.h"

#define REQUEST_RECORD_AT 12 /* in the frame, behind length and header */

struct request {
    struct request *next;
    int32_t xid; /* 1 and up: of a caller; else a packet of the session's own */
    int32_t opcode;
    int error; /* once it failed without an answer */
    uint64_t deadline_ms;
    coord_reply_cb cb;
    void *arg;
    struct watch *watch; /* owned until the watch table has it; NULL: none */
    uint32_t results;    /* a multi: the operations in it, each of which has a result */
    size_t size;
    uint8_t frame[]; /* length, header, record */
};

/* Encode; table NULL: no record. Returns NULL out of memory, or when the frame would exceed COORD_REQUEST_BYTES_MAX. */
struct request *request_new(int32_t xid, int32_t opcode, const struct jute_record *table, const void *record);
/* One whose record is encoded already. */
struct request *request_new_bytes(int32_t xid, int32_t opcode, struct slice record);
/* The first packet of a connection, which has no header. NULL out of memory. */
struct request *request_new_connect(const struct zk_connect_request *record);
void request_set_xid(struct request *r, int32_t xid);
struct request *request_copy(const struct request *r); /* of its packet; NULL out of memory */
void request_free(struct request *r);                  /* with its watch; NULL is fine */

struct request_list {
    struct request *first, *last;
};
void request_push(struct request_list *list, struct request *r);
struct request *request_pop(struct request_list *list);                  /* NULL: empty */
void request_append(struct request_list *to, struct request_list *from); /* empties `from` */

#endif
