/* records.h - every record of the client protocol, as a list of its fields in wire order.
 *
 * One list makes the struct, and the table by which jute.h decodes, encodes, sizes, prints and compares it. Kinds of
 * fields: i32, i64, u8, boolean, ustring and buffer (slices: data == NULL is the protocol's null), and vectors of ustring or of
 * acl. Decoded slices and vectors point into the frame: a vector is its count and the bytes of its items, walked by
 * jute_next_ustring() and jute_next_acl(), so decoding allocates nothing.
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
typedef uint8_t jute_u8;
typedef bool jute_boolean;
typedef struct slice jute_ustring;
typedef struct slice jute_buffer;
typedef struct jute_vector jute_ustrings; /* vector<ustring> */
typedef struct jute_vector jute_acls;     /* vector<ACL> */

/* F(S, kind, name): S is the struct that the list belongs to. */
#define REC_REQUEST_HEADER(F, S) F(S, i32, xid) F(S, i32, type)
#define REC_REPLY_HEADER(F, S) F(S, i32, xid) F(S, i64, zxid) F(S, i32, err)
#define REC_CONNECT_REQUEST(F, S)                                                                                              \
    F(S, i32, protocol_version) F(S, i64, last_zxid_seen) F(S, i32, timeout) F(S, i64, session_id) F(S, buffer, password)
#define REC_CONNECT_RESPONSE(F, S) F(S, i32, protocol_version) F(S, i32, timeout) F(S, i64, session_id) F(S, buffer, password)
#define REC_STAT(F, S) /* the reply of exists and setData */                                                                   \
    F(S, i64, czxid)                                                                                                           \
    F(S, i64, mzxid)                                                                                                           \
    F(S, i64, ctime)                                                                                                           \
    F(S, i64, mtime)                                                                                                           \
    F(S, i32, version)                                                                                                         \
    F(S, i32, cversion)                                                                                                        \
    F(S, i32, aversion) F(S, i64, ephemeral_owner) F(S, i32, data_length) F(S, i32, num_children) F(S, i64, pzxid)
#define REC_ACL(F, S) F(S, i32, perms) F(S, ustring, scheme) F(S, ustring, id)
#define REC_WATCHER_EVENT(F, S) F(S, i32, type) F(S, i32, state) F(S, ustring, path)

#define REC_CREATE_REQUEST(F, S) F(S, ustring, path) F(S, buffer, data) F(S, acls, acl) F(S, i32, flags)
#define REC_CREATE_TTL_REQUEST(F, S) F(S, ustring, path) F(S, buffer, data) F(S, acls, acl) F(S, i32, flags) F(S, i64, ttl)
#define REC_DELETE_REQUEST(F, S) F(S, ustring, path) F(S, i32, version)
#define REC_PATH_WATCH_REQUEST(F, S) F(S, ustring, path) F(S, boolean, watch) /* exists, getData, getChildren, getChildren2 */
#define REC_SET_DATA_REQUEST(F, S) F(S, ustring, path) F(S, buffer, data) F(S, i32, version)
#define REC_SET_ACL_REQUEST(F, S) F(S, ustring, path) F(S, acls, acl) F(S, i32, version)
#define REC_AUTH_PACKET(F, S) F(S, i32, type) F(S, ustring, scheme) F(S, buffer, auth)
#define REC_PATH_REQUEST(F, S) F(S, ustring, path) /* sync, getACL, getEphemerals, getAllChildrenNumber */
#define REC_SET_WATCHES_REQUEST(F, S) F(S, i64, relative_zxid) F(S, ustrings, data) F(S, ustrings, exist) F(S, ustrings, child)
#define REC_SET_WATCHES2_REQUEST(F, S) REC_SET_WATCHES_REQUEST(F, S) F(S, ustrings, persistent) F(S, ustrings, recursive)
#define REC_ADD_WATCH_REQUEST(F, S) F(S, ustring, path) F(S, i32, mode)
#define REC_WATCHER_TYPE_REQUEST(F, S) F(S, ustring, path) F(S, i32, type) /* checkWatches, removeWatches */

#define REC_CHECK_REQUEST(F, S) F(S, ustring, path) F(S, i32, version)
#define REC_RECONFIG_REQUEST(F, S) F(S, ustring, joining) F(S, ustring, leaving) F(S, ustring, members) F(S, i64, config_id)
#define REC_FILTERED_LIST_REQUEST(F, S) REC_PATH_WATCH_REQUEST(F, S) F(S, u8, kind)
#define REC_FILTERED_LIST_WITH_DATA_REQUEST(F, S)                                                                              \
    REC_FILTERED_LIST_REQUEST(F, S) F(S, boolean, with_stat) F(S, boolean, with_data)
#define REC_LIMIT_REQUEST(F, S) F(S, ustring, path) F(S, i32, limit) /* removeRecursive, listRecursive: unsigned */
#define REC_CHECK_STAT_REQUEST(F, S) F(S, ustring, path) F(S, i32, expected) REC_STAT(F, S)
#define REC_LIST_PAGE_REQUEST(F, S) F(S, ustring, path) F(S, ustring, after) F(S, i32, count) F(S, i32, bytes)
#define REC_MULTI_HEADER(F, S)                                                                                                 \
    F(S, i32, type) F(S, boolean, done) F(S, i32, err) /* before each operation and result, and last */

#define REC_ERROR_RESPONSE(F, S) F(S, i32, err) /* in a multi's results; addWatch */
#define REC_GET_ACL_RESPONSE(F, S) F(S, acls, acl) REC_STAT(F, S)
#define REC_CLIENT_INFO(F, S) F(S, ustring, scheme) F(S, ustring, user) /* whoAmI answers a vector of them */
#define REC_PATH_RESPONSE(F, S) F(S, ustring, path)                     /* create, sync */
#define REC_CREATE2_RESPONSE(F, S) F(S, ustring, path) REC_STAT(F, S)
#define REC_GET_DATA_RESPONSE(F, S) F(S, buffer, data) REC_STAT(F, S)
#define REC_CHILDREN_RESPONSE(F, S) F(S, ustrings, children) /* getChildren, getEphemerals */
#define REC_CHILDREN2_RESPONSE(F, S) F(S, ustrings, children) REC_STAT(F, S)
#define REC_LIST_PAGE_RESPONSE(F, S) REC_CHILDREN2_RESPONSE(F, S) F(S, boolean, more)
#define REC_COUNT_RESPONSE(F, S) F(S, i32, count) /* getAllChildrenNumber */

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
    X(check_request, REC_CHECK_REQUEST)                                                                                        \
    X(multi_header, REC_MULTI_HEADER)                                                                                          \
    X(error_response, REC_ERROR_RESPONSE)                                                                                      \
    X(set_watches2_request, REC_SET_WATCHES2_REQUEST)                                                                          \
    X(add_watch_request, REC_ADD_WATCH_REQUEST)                                                                                \
    X(watcher_type_request, REC_WATCHER_TYPE_REQUEST)                                                                          \
    X(set_acl_request, REC_SET_ACL_REQUEST)                                                                                    \
    X(auth_packet, REC_AUTH_PACKET)                                                                                            \
    X(get_acl_response, REC_GET_ACL_RESPONSE)                                                                                  \
    X(client_info, REC_CLIENT_INFO)                                                                                            \
    X(path_response, REC_PATH_RESPONSE)                                                                                        \
    X(create2_response, REC_CREATE2_RESPONSE)                                                                                  \
    X(get_data_response, REC_GET_DATA_RESPONSE)                                                                                \
    X(children_response, REC_CHILDREN_RESPONSE)                                                                                \
    X(children2_response, REC_CHILDREN2_RESPONSE)                                                                              \
    X(count_response, REC_COUNT_RESPONSE)                                                                                      \
    X(filtered_list_request, REC_FILTERED_LIST_REQUEST)                                                                        \
    X(filtered_list_with_data_request, REC_FILTERED_LIST_WITH_DATA_REQUEST)                                                    \
    X(limit_request, REC_LIMIT_REQUEST)                                                                                        \
    X(check_stat_request, REC_CHECK_STAT_REQUEST)                                                                              \
    X(list_page_request, REC_LIST_PAGE_REQUEST)                                                                                \
    X(list_page_response, REC_LIST_PAGE_RESPONSE)                                                                              \
    X(reconfig_request, REC_RECONFIG_REQUEST)

/* struct zk_stat, struct zk_create_request, ... */
#define RECORD_FIELD(S, kind, name) jute_##kind name;
#define RECORD_STRUCT(name, LIST)                                                                                              \
    struct zk_##name {                                                                                                         \
        LIST(RECORD_FIELD, zk_##name)                                                                                          \
    };
JUTE_RECORDS(RECORD_STRUCT)
#undef RECORD_STRUCT
#undef RECORD_FIELD

#endif
