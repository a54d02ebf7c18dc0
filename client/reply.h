/* reply.h - an answer's record in the form that the public header shows it. Pure. */
#ifndef CLIENT_REPLY_H
#define CLIENT_REPLY_H

#include "coord/client.h"
#include "wire/jute.h"

struct reply {
    struct coord_reply shown;
    struct coord_stat stat;
    void *block; /* holds the path or the names */
};

/* Decode the record that answers this operation. The value stays in the input, the rest is in *reply, which does not move
 * until reply_release(). Sets shown.error: 0, -COORD_E_MARSHALLING or -COORD_E_NO_MEMORY; then the rest is empty. */
void reply_decode(struct reply *reply, int32_t opcode, struct jute_cursor *c);
void reply_release(struct reply *reply);

#endif
