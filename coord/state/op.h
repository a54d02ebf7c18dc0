/* op.h - the table of operations: what each one is, in one place (PROTOCOL section 4).
 *
 * One file per operation (op_create.c, ...) holds its descriptor; op.c lists them. An operation declares its permission in its
 * descriptor. Pure.
 */
#ifndef COORD_STATE_OP_H
#define COORD_STATE_OP_H

#include "wire/jute.h"
#include "wire/zk.h"

enum op_flags {
    OP_READ = 1,    /* runs on this server's state, at the head of the session's queue */
    OP_WRITE = 2,   /* goes through the log */
    OP_REPLICA = 4, /* the replica answers it itself: ping, sync, setWatches */
    OP_UNBUILT = 8, /* known, not built yet: -6, the connection stays */
};

struct state;
struct apply;
struct read;

struct op_desc {
    int32_t opcode;
    const char *name; /* "setData", as ZooKeeper's documents write it */
    unsigned flags;
    int perm;                             /* enum zk_perm asked of the node the descriptor's file names; 0: none, a decision */
    const struct jute_record *request;    /* NULL: no body */
    int (*precheck)(const void *request); /* OP_WRITE, may be NULL: what is refused before the session is looked at */
    void (*apply)(struct state *s, struct apply *a, const void *request);     /* OP_WRITE */
    void (*read)(const struct state *s, struct read *r, const void *request); /* OP_READ */
};

/* NULL: unknown operation, or one that cannot come alone (check) or from a client (createSession, deleteContainer). */
const struct op_desc *op_find(int32_t opcode);

/* The descriptors, in the file of their operation. */
extern const struct op_desc op_create, op_create2, op_delete, op_exists, op_get_data, op_set_data, op_get_children,
    op_get_children2, op_close_session;

/* Space for any decoded request. */
union op_request {
    struct zk_create_request create;
    struct zk_create_ttl_request create_ttl;
    struct zk_delete_request del;
    struct zk_path_watch_request path_watch;
    struct zk_set_data_request set_data;
    struct zk_path_request path;
    struct zk_set_watches_request set_watches;
};

#endif
