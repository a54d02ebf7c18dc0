/* zk.h - the numbers of ZooKeeper's client protocol: operations, special xids, modes, events. */
#ifndef COORD_WIRE_ZK_H
#define COORD_WIRE_ZK_H

#include <stdint.h>

enum zk_op {
    ZK_OP_NOTIFY = 0,
    ZK_OP_CREATE = 1,
    ZK_OP_DELETE = 2,
    ZK_OP_EXISTS = 3,
    ZK_OP_GET_DATA = 4,
    ZK_OP_SET_DATA = 5,
    ZK_OP_GET_ACL = 6,
    ZK_OP_SET_ACL = 7,
    ZK_OP_GET_CHILDREN = 8,
    ZK_OP_SYNC = 9,
    ZK_OP_PING = 11,
    ZK_OP_GET_CHILDREN2 = 12,
    ZK_OP_CHECK = 13,
    ZK_OP_MULTI = 14,
    ZK_OP_CREATE2 = 15,
    ZK_OP_RECONFIG = 16,
    ZK_OP_CHECK_WATCHES = 17,
    ZK_OP_REMOVE_WATCHES = 18,
    ZK_OP_CREATE_CONTAINER = 19,
    ZK_OP_DELETE_CONTAINER = 20,
    ZK_OP_CREATE_TTL = 21,
    ZK_OP_MULTI_READ = 22,
    ZK_OP_AUTH = 100,
    ZK_OP_SET_WATCHES = 101,
    ZK_OP_SASL = 102,
    ZK_OP_GET_EPHEMERALS = 103,
    ZK_OP_GET_ALL_CHILDREN_NUMBER = 104,
    ZK_OP_SET_WATCHES2 = 105,
    ZK_OP_ADD_WATCH = 106,
    ZK_OP_WHO_AM_I = 107,
    /* Of ClickHouse Keeper (docs/compat.md). */
    ZK_OP_FILTERED_LIST = 500,
    ZK_OP_CHECK_NOT_EXISTS = 501,
    ZK_OP_CREATE_IF_NOT_EXISTS = 502,
    ZK_OP_REMOVE_RECURSIVE = 503,
    ZK_OP_CHECK_STAT = 504,
    ZK_OP_TRY_REMOVE = 505,
    ZK_OP_FILTERED_LIST_WITH_DATA = 506,
    ZK_OP_LIST_RECURSIVE = 507,
    ZK_OP_LIST_PAGE = 70001, /* our own (docs/compat.md) */
    ZK_OP_CREATE_SESSION = -10,
    ZK_OP_CLOSE_SESSION = -11,
};

enum zk_xid { ZK_XID_NOTIFICATION = -1, ZK_XID_PING = -2, ZK_XID_AUTH = -4, ZK_XID_SET_WATCHES = -8 };

enum zk_create_mode {
    ZK_PERSISTENT = 0,
    ZK_EPHEMERAL = 1,
    ZK_PERSISTENT_SEQUENTIAL = 2,
    ZK_EPHEMERAL_SEQUENTIAL = 3,
    ZK_CONTAINER = 4,
    ZK_PERSISTENT_TTL = 5,
    ZK_PERSISTENT_SEQUENTIAL_TTL = 6,
};

enum zk_event {
    ZK_EVENT_NODE_CREATED = 1,
    ZK_EVENT_NODE_DELETED = 2,
    ZK_EVENT_DATA_CHANGED = 3,
    ZK_EVENT_CHILDREN_CHANGED = 4,
};

enum zk_add_watch_mode { ZK_ADD_WATCH_PERSISTENT = 0, ZK_ADD_WATCH_RECURSIVE = 1 };

/* Which children Keeper's lists name. */
enum zk_list_kind { ZK_LIST_ALL = 0, ZK_LIST_PERSISTENT = 1, ZK_LIST_EPHEMERAL = 2 };

/* Of checkWatches and removeWatches. */
enum zk_watcher_type {
    ZK_WATCHER_CHILDREN = 1,
    ZK_WATCHER_DATA = 2,
    ZK_WATCHER_ANY = 3,
    ZK_WATCHER_PERSISTENT = 4,
    ZK_WATCHER_RECURSIVE = 5,
};

enum zk_state { ZK_STATE_DISCONNECTED = 0, ZK_STATE_SYNC_CONNECTED = 3, ZK_STATE_EXPIRED = -112 };

enum zk_perm {
    ZK_PERM_READ = 1,
    ZK_PERM_WRITE = 2,
    ZK_PERM_CREATE = 4,
    ZK_PERM_DELETE = 8,
    ZK_PERM_ADMIN = 16,
    ZK_PERM_ALL = 31
};

#define ZK_PASSWORD_BYTES 16
#define ZK_MAX_BUFFER_DEFAULT 0xfffff /* jute.maxbuffer: largest frame from a client */
#define ZK_FIRST_FRAME_MAX 1024       /* the connect request */
#define ZK_VERSION_ANY (-1)
#define ZK_STAT_BYTES 68
#define ZK_TTL_MAX_MS ((INT64_C(1) << 40) - 1)

#endif
