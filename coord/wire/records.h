/* records.h - every record of the client protocol, as a list of its fields in wire order.
 *
 * One list makes the struct, and the table by which jute.h decodes, encodes, sizes, prints and compares it. Kinds of
 * fields: i32, i64, boolean, ustring and buffer (slices: data == NULL is the protocol's null), and vectors of ustring or of
 * acl. Decoded slices and vectors point into the frame: a vector is its count and the bytes of its items, walked by
 * jute_vector_next(), so decoding allocates nothing.
 */
#ifndef COORD_WIRE_RECORDS_H
#define COORD_WIRE_RECORDS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Items in wire form: count -1 is null. items covers exactly the items' bytes. */
struct jute_vector {
    int32_t count;
    struct slice items;
};

typedef int32_t jute_i32;
typedef int64_t jute_i64;
typedef bool jute_boolean;
typedef struct slice jute_ustring;
typedef struct slice jute_buffer;
typedef struct jute_vector jute_ustrings; /* vector<ustring> */
typedef struct jute_vector jute_acls;     /* vector<ACL> */

#define REC_REQUEST_HEADER(F) F(i32, xid) F(i32, type)
#define REC_REPLY_HEADER(F) F(i32, xid) F(i64, zxid) F(i32, err)
#define REC_CONNECT_REQUEST(F)                                                                                                 \
    F(i32, protocol_version) F(i64, last_zxid_seen) F(i32, timeout) F(i64, session_id) F(buffer, password)
#define REC_CONNECT_RESPONSE(F) F(i32, protocol_version) F(i32, timeout) F(i64, session_id) F(buffer, password)
#define REC_STAT(F)                                                                                                            \
    F(i64, czxid)                                                                                                              \
    F(i64, mzxid)                                                                                                              \
    F(i64, ctime)                                                                                                              \
    F(i64, mtime)                                                                                                              \
    F(i32, version)                                                                                                            \
    F(i32, cversion)                                                                                                           \
    F(i32, aversion) F(i64, ephemeral_owner) F(i32, data_length) F(i32, num_children) F(i64, pzxid)
#define REC_ACL(F) F(i32, perms) F(ustring, scheme) F(ustring, id)
#define REC_WATCHER_EVENT(F) F(i32, type) F(i32, state) F(ustring, path)

#define REC_CREATE_REQUEST(F) F(ustring, path) F(buffer, data) F(acls, acl) F(i32, flags)
#define REC_CREATE_TTL_REQUEST(F) F(ustring, path) F(buffer, data) F(acls, acl) F(i32, flags) F(i64, ttl)
#define REC_DELETE_REQUEST(F) F(ustring, path) F(i32, version)
#define REC_PATH_WATCH_REQUEST(F) F(ustring, path) F(boolean, watch) /* exists, getData, getChildren, getChildren2 */
#define REC_SET_DATA_REQUEST(F) F(ustring, path) F(buffer, data) F(i32, version)
#define REC_PATH_REQUEST(F) F(ustring, path) /* sync, getACL */
#define REC_SET_WATCHES_REQUEST(F) F(i64, relative_zxid) F(ustrings, data) F(ustrings, exist) F(ustrings, child)

#define REC_PATH_RESPONSE(F) F(ustring, path) /* create, sync */
#define REC_CREATE2_RESPONSE(F) F(ustring, path) REC_STAT(F)
#define REC_STAT_RESPONSE(F) REC_STAT(F) /* exists, setData */
#define REC_GET_DATA_RESPONSE(F) F(buffer, data) REC_STAT(F)
#define REC_CHILDREN_RESPONSE(F) F(ustrings, children)
#define REC_CHILDREN2_RESPONSE(F) F(ustrings, children) REC_STAT(F)

/* X(struct name, table name, list) */
#define JUTE_RECORDS(X)                                                                                                        \
    X(request_header, REC_REQUEST_HEADER)                                                                                      \
    X(reply_header, REC_REPLY_HEADER)                                                                                          \
    X(connect_request, REC_CONNECT_REQUEST)                                                                                    \
    X(connect_response, REC_CONNECT_RESPONSE)                                                                                  \
    X(stat, REC_STAT)                                                                                                          \
    X(acl, REC_ACL)                                                                                                            \
    X(watcher_event, REC_WATCHER_EVENT)                                                                                        \
    X(create_request, REC_CREATE_REQUEST)                                                                                      \
    X(create_ttl_request, REC_CREATE_TTL_REQUEST)                                                                              \
    X(delete_request, REC_DELETE_REQUEST)                                                                                      \
    X(path_watch_request, REC_PATH_WATCH_REQUEST)                                                                              \
    X(set_data_request, REC_SET_DATA_REQUEST)                                                                                  \
    X(path_request, REC_PATH_REQUEST)                                                                                          \
    X(set_watches_request, REC_SET_WATCHES_REQUEST)                                                                            \
    X(path_response, REC_PATH_RESPONSE)                                                                                        \
    X(create2_response, REC_CREATE2_RESPONSE)                                                                                  \
    X(get_data_response, REC_GET_DATA_RESPONSE)                                                                                \
    X(children_response, REC_CHILDREN_RESPONSE)                                                                                \
    X(children2_response, REC_CHILDREN2_RESPONSE)

/* struct zk_stat, struct zk_create_request, ... */
#define RECORD_FIELD(kind, name) jute_##kind name;
#define RECORD_STRUCT(name, LIST)                                                                                              \
    struct zk_##name {                                                                                                         \
        LIST(RECORD_FIELD)                                                                                                     \
    };
JUTE_RECORDS(RECORD_STRUCT)
#undef RECORD_STRUCT
#undef RECORD_FIELD

#endif
