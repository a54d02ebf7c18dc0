/* op.h - the table of operations: what each one is, in one place.
 *
 * One file per operation (op_create.c, ...) holds its descriptor; op.c lists them. An operation declares its permission in its
 * descriptor. Pure.
 */
#ifndef COORD_STATE_OP_H
#define COORD_STATE_OP_H

#include "wire/jute.h"
#include "wire/zk.h"

enum op_flags {
    OP_READ = 1,       /* runs on this server's state, at the head of the session's queue */
    OP_WRITE = 2,      /* goes through the log */
    OP_REPLICA = 4,    /* the replica answers it itself: ping, sync, auth, what is about watches */
    OP_REFUSED = 8,    /* known, and answered with the error `refusal`; the connection stays */
    OP_INNER = 16,     /* may stand in a multi if it is a write, in a multiRead if it is a read */
    OP_NOT_ALONE = 32, /* nowhere else: check */
};

/* Every descriptor is made by this: without its permission it does not compile. The permission (enum zk_perm) is what the
 * operation asks of the node that its file names, by this very field; OP_PERM_NONE is a decision, said beside it. The table
 * takes a descriptor by the pointer that stands beside it, which is made here alone: one written by hand does not build.
 * tools/check-descriptors tries. */
#define OP_DESC(symbol, permission, ...)                                                                                       \
    const struct op_desc symbol = {__VA_ARGS__, .perm = OP_PERM_DECLARED(permission)}, *const OP_DECLARED(symbol) = &(symbol)
#define OP_DECLARED(symbol) symbol##_declared
#define OP_EXTERN(symbol) extern const struct op_desc symbol, *const OP_DECLARED(symbol)
#define OP_PERM_NONE (-1)
#define OP_PERM_DECLARED(permission)                                                                                           \
    ((permission) + 0 * (int)sizeof(struct {                                                                                   \
                        _Static_assert((permission) == OP_PERM_NONE || ((permission) > 0 && (permission) <= ZK_PERM_ALL),      \
                                       "no permission");                                                                       \
                        char any;                                                                                              \
                    }))

struct state;
struct apply;
struct read;

struct op_desc {
    int32_t opcode;
    const char *name; /* "setData", as ZooKeeper's documents write it */
    unsigned flags;
    int perm;                                            /* given to OP_DESC */
    int refusal;                                         /* OP_REFUSED */
    uint8_t entry_version;                               /* OP_WRITE: of its entries; 0: 1 */
    int32_t result_type;                                 /* OP_INNER: as which operation its result shows there */
    const struct jute_record *request;                   /* NULL: no body, or one that decode knows */
    int (*decode)(struct jute_cursor *c, void *request); /* a body that is no record; 0 or -COORD_E_MARSHALLING */
    int (*precheck)(const void *request); /* OP_WRITE, may be NULL: what is refused before the session is looked at */
    void (*apply)(struct state *s, struct apply *a, const void *request);     /* OP_WRITE */
    void (*read)(const struct state *s, struct read *r, const void *request); /* OP_READ */
};

/* NULL: unknown operation, or one that cannot come alone (check) or from a client (createSession, deleteContainer). */
const struct op_desc *op_find(int32_t opcode);

/* One that may stand in a multi or multiRead; NULL: none such. */
const struct op_desc *op_find_inner(int32_t opcode);

union op_request;

/* Decodes a request's body; 0 or -COORD_E_MARSHALLING. What is decoded borrows from it. */
int op_decode(const struct op_desc *op, struct slice body, union op_request *request);

/* True for a read that may look at far more than its reply shows: struct read has how much it was. */
bool op_looks(const struct op_desc *op, const union op_request *request);

/* The version of the entry that a write becomes; of a multi the newest of its operations. */
uint8_t op_entry_version(const struct op_desc *op, const union op_request *request);

/* Bytes of the node data that a request writes, in a multi of the largest. */
size_t op_data_size(const struct op_desc *op, const union op_request *request);

/* Whether it asks for an ephemeral node, a multi in any of its operations. */
bool op_makes_ephemeral(const struct op_desc *op, const union op_request *request);

/* The descriptors, in the file of their operation. */
OP_EXTERN(op_check);
OP_EXTERN(op_check_not_exists);
OP_EXTERN(op_check_stat);
OP_EXTERN(op_close_session);
OP_EXTERN(op_create);
OP_EXTERN(op_create2);
OP_EXTERN(op_create_container);
OP_EXTERN(op_create_if_not_exists);
OP_EXTERN(op_create_ttl);
OP_EXTERN(op_delete);
OP_EXTERN(op_exists);
OP_EXTERN(op_filtered_list);
OP_EXTERN(op_filtered_list_with_data);
OP_EXTERN(op_get_acl);
OP_EXTERN(op_get_all_children_number);
OP_EXTERN(op_get_children);
OP_EXTERN(op_get_children2);
OP_EXTERN(op_get_data);
OP_EXTERN(op_get_ephemerals);
OP_EXTERN(op_list_page);
OP_EXTERN(op_list_recursive);
OP_EXTERN(op_multi);
OP_EXTERN(op_multi_read);
OP_EXTERN(op_remove_recursive);
OP_EXTERN(op_set_acl);
OP_EXTERN(op_set_data);
OP_EXTERN(op_try_remove);
OP_EXTERN(op_who_am_i);

/* The operations of a multi or multiRead: checked when decoded, walked again by whoever runs them. */
struct multi_request {
    uint32_t count;
    bool looks;              /* op_looks() of one of them */
    uint8_t entry_version;   /* op_entry_version() of the newest */
    size_t data_size_max;    /* op_data_size() of the largest */
    struct slice operations; /* each with its header; the last header says that it was the last */
};

/* True when an operation of this type is among them; one that asks for an ephemeral node. */
bool multi_holds(const struct multi_request *m, int32_t type);
bool multi_makes_ephemeral(const struct multi_request *m);

/* Above what fits into a packet of the default jute.maxbuffer; with a larger one it bounds how long an entry takes. */
enum { MULTI_COUNT_MAX = 1 << 16 };
/* Of a multiRead's results together: a small request must not ask for gigabytes, nor for hours. A look at a child counts as so
 * many bytes. */
#define MULTI_READ_BYTES_MAX (16u << 20)
#define MULTI_READ_LOOK_BYTES 64
/* Of a list with data, or of a whole subtree. */
#define LIST_BYTES_MAX (16u << 20)
/* Changes of an entry behind a removeRecursive, and nodes that a listRecursive looks at: what one turn has time for. */
enum { REMOVE_RECURSIVE_MAX = 4096, LIST_RECURSIVE_MAX = 1 << 16 };
/* Of the paths that such an entry's changes are reported with. */
#define REMOVE_RECURSIVE_BYTES_MAX (1u << 20)
/* Of one page, whatever is asked for; a longer name comes alone. */
enum { LIST_PAGE_COUNT_MAX = 10000, LIST_PAGE_BYTES_MAX = 1 << 20 };

/* Space for any decoded request. */
union op_request {
    struct zk_create_request create;
    struct zk_create_ttl_request create_ttl;
    struct zk_reconfig_request reconfig;
    struct zk_delete_request del;
    struct zk_path_watch_request path_watch;
    struct zk_set_data_request set_data;
    struct zk_path_request path;
    struct zk_set_watches_request set_watches;
    struct zk_check_request check;
    struct zk_set_acl_request set_acl;
    struct zk_auth_packet auth;
    struct multi_request multi;
    struct zk_set_watches2_request set_watches2;
    struct zk_add_watch_request add_watch;
    struct zk_watcher_type_request watcher_type;
    struct zk_filtered_list_request filtered_list;
    struct zk_filtered_list_with_data_request filtered_list_with_data;
    struct zk_limit_request limit;
    struct zk_check_stat_request check_stat;
    struct zk_list_page_request list_page;
};

#endif
