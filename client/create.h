/* create.h - what a create asks for in wire form, alone or in a multi: the mode decides which operation it is. Pure. */
#ifndef CLIENT_CREATE_H
#define CLIENT_CREATE_H

#include "coord/client.h"
#include "wire/jute.h"

struct create_request {
    int32_t opcode;
    const struct jute_record *table; /* of the record; a plain create is the beginning of one with a ttl */
    struct zk_create_ttl_request record;
    uint8_t *acl; /* owned: create_request_deinit() */
};

/* how NULL: a persistent node, open to all. stat: the answer is to tell it; those of containers and TTL nodes always do. path
 * and data are borrowed. 0; BAD_ARGUMENTS (path NULL, no such mode, a ttl without its mode or out of range, data or list too
 * large) or NO_MEMORY, and then there is nothing to deinit. */
int create_request_init(struct create_request *c, const char *path, const void *data, size_t data_size,
                        const struct coord_create_options *how, bool stat);
void create_request_deinit(struct create_request *c);

/* A value as the protocol has it: NULL is null, whatever its size. False: larger than any request may be. */
bool value_slice(const void *data, size_t size, struct slice *value);

#endif
