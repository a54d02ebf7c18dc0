/* reply.h - an answer's record in the form that the public header shows it. Pure. */
#ifndef CLIENT_REPLY_H
#define CLIENT_REPLY_H

#include "coord/client.h"
#include "wire/jute.h"

struct reply {
    struct coord_reply shown;
    struct coord_stat stat;
    void *block; /* holds the path, the names, the list or the results */
};

/* Decode the record that answers this operation. The value stays in the input, the rest is in *reply, which does not move
 * until reply_release(). Sets shown.error: 0, -COORD_E_MARSHALLING or -COORD_E_NO_MEMORY, then the rest is empty; of a multi
 * that failed also the error of the operation that made it fail, and then the results are there. */
void reply_decode(struct reply *reply, int32_t opcode, struct jute_cursor *c);
void reply_release(struct reply *reply);

/* For reply.c: multi and multiRead. Sets shown.error, the results and the block; 0 or MARSHALLING, NO_MEMORY. */
int reply_decode_multi(struct reply *reply, int32_t opcode, struct jute_cursor *c);
struct coord_stat reply_stat(const struct zk_stat *from);

#endif
