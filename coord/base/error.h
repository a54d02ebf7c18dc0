/* error.h - every error code of coord, in one list.
 *
 * Functions return 0 or a negative code from this list. Three families never mix: a programmer's error is COORD_ASSERT;
 * a refused or failed operation is one of these codes; damage to disk or invariants stops the process. The first list has
 * ZooKeeper's own numbers, which go to clients as they are; the second, below -1000, is internal.
 */
#ifndef COORD_BASE_ERROR_H
#define COORD_BASE_ERROR_H

/* X(name, code, text): ZooKeeper's codes. */
#define COORD_ZK_ERRORS(X)                                                                                                     \
    X(SYSTEM, -1, "system error")                                                                                              \
    X(RUNTIME_INCONSISTENCY, -2, "runtime inconsistency")                                                                      \
    X(DATA_INCONSISTENCY, -3, "data inconsistency")                                                                            \
    X(CONNECTION_LOSS, -4, "connection lost")                                                                                  \
    X(MARSHALLING, -5, "request cannot be decoded")                                                                            \
    X(UNIMPLEMENTED, -6, "operation not implemented")                                                                          \
    X(OPERATION_TIMEOUT, -7, "operation timed out")                                                                            \
    X(BAD_ARGUMENTS, -8, "bad arguments")                                                                                      \
    X(INVALID_STATE, -9, "invalid state of the client handle")                                                                 \
    X(NO_MEMORY, -10, "out of memory")                                                                                         \
    X(UNKNOWN_SESSION, -12, "unknown session")                                                                                 \
    X(NEW_CONFIG_NO_QUORUM, -13, "no quorum of the new configuration")                                                         \
    X(RECONFIG_IN_PROGRESS, -14, "another reconfiguration is in progress")                                                     \
    X(NO_NODE, -101, "no such node")                                                                                           \
    X(NO_AUTH, -102, "not permitted by the node's ACL")                                                                        \
    X(BAD_VERSION, -103, "version does not match")                                                                             \
    X(NO_CHILDREN_FOR_EPHEMERALS, -108, "an ephemeral node cannot have children")                                              \
    X(NODE_EXISTS, -110, "node exists already")                                                                                \
    X(NOT_EMPTY, -111, "node has children")                                                                                    \
    X(SESSION_EXPIRED, -112, "session expired")                                                                                \
    X(INVALID_ACL, -114, "invalid ACL")                                                                                        \
    X(AUTH_FAILED, -115, "authentication failed")                                                                              \
    X(CLOSING, -116, "the client handle is closing")                                                                           \
    X(SESSION_MOVED, -118, "session moved to another server")                                                                  \
    X(NOT_READ_ONLY, -119, "write refused by a read-only server")                                                              \
    X(EPHEMERAL_ON_LOCAL_SESSION, -120, "a local session cannot have ephemeral nodes")                                         \
    X(NO_WATCHER, -121, "no such watcher")                                                                                     \
    X(RECONFIG_DISABLED, -123, "reconfiguration is disabled")                                                                  \
    X(AUTH_REQUIRED, -124, "the server serves only who has proven an id")                                                      \
    X(QUOTA_EXCEEDED, -125, "quota exceeded")                                                                                  \
    X(THROTTLED, -127, "request throttled")

/* X(name, code, text): internal codes, never sent to a client. */
#define COORD_OWN_ERRORS(X)                                                                                                    \
    X(IO, -1001, "input/output error")                                                                                         \
    X(NO_SPACE, -1002, "no space left on the device")                                                                          \
    X(NO_ENTRY, -1003, "no such file or directory")                                                                            \
    X(EXISTS, -1004, "file exists already")                                                                                    \
    X(DAMAGED, -1005, "file is damaged")                                                                                       \
    X(FOREIGN, -1006, "belongs to another cluster or server")                                                                  \
    X(FORMAT, -1007, "unknown format or version")                                                                              \
    X(LIMIT, -1008, "limit exceeded")                                                                                          \
    X(LOCKED, -1009, "in use by another process")                                                                              \
    X(MISSING, -1010, "a file that the manifest names is missing")                                                             \
    X(TRIMMED, -1011, "log entry was trimmed")                                                                                 \
    X(INVALID, -1012, "invalid value")                                                                                         \
    X(STOPPED, -1013, "stopped")                                                                                               \
    X(TRUNCATED, -1014, "input ends too early")                                                                                \
    X(RESOLVE, -1015, "name cannot be resolved")                                                                               \
    X(ADDRESS_IN_USE, -1016, "address in use")

enum coord_error {
    COORD_OK = 0,
#define COORD_ERROR_ENUM(name, code, text) COORD_E_##name = -(code), /* positive, so that returns read -COORD_E_IO */
    COORD_ZK_ERRORS(COORD_ERROR_ENUM) COORD_OWN_ERRORS(COORD_ERROR_ENUM)
#undef COORD_ERROR_ENUM
};

/* The text of a code of either sign; never NULL. Static storage. */
const char *coord_error_text(int code);

/* The name in the list, "NO_NODE"; "UNKNOWN" for a code that is not there. Static storage. */
const char *coord_error_name(int code);

/* Return a failure to the caller at once. The only control-flow macro of the project. */
#define COORD_TRY(call)                                                                                                        \
    do {                                                                                                                       \
        int coord_try_rc_ = (call);                                                                                            \
        if (coord_try_rc_ < 0)                                                                                                 \
            return coord_try_rc_;                                                                                              \
    } while (0)

#endif
