/* test_client_error.c - the public header's codes are those of coord/base/error.h, by number and name. */
#include "coord/client.h"
#include "lib/runner.h"

#define CODE(name)                                                                                                             \
    {                                                                                                                          \
        COORD_E_##name, #name                                                                                                  \
    }

TEST(client_error, codes_have_their_names)
{
    static const struct {
        int code;
        const char *name;
    } rows[] = {
        CODE(SYSTEM),
        CODE(RUNTIME_INCONSISTENCY),
        CODE(DATA_INCONSISTENCY),
        CODE(CONNECTION_LOSS),
        CODE(MARSHALLING),
        CODE(UNIMPLEMENTED),
        CODE(OPERATION_TIMEOUT),
        CODE(BAD_ARGUMENTS),
        CODE(INVALID_STATE),
        CODE(NO_MEMORY),
        CODE(NO_NODE),
        CODE(NO_AUTH),
        CODE(BAD_VERSION),
        CODE(NODE_EXISTS),
        CODE(NOT_EMPTY),
        CODE(NO_CHILDREN_FOR_EPHEMERALS),
        CODE(SESSION_EXPIRED),
        CODE(INVALID_ACL),
        CODE(AUTH_FAILED),
        CODE(CLOSING),
        CODE(SESSION_MOVED),
        CODE(NOT_READ_ONLY),
        CODE(EPHEMERAL_ON_LOCAL_SESSION),
        CODE(NO_WATCHER),
        CODE(AUTH_REQUIRED),
        CODE(QUOTA_EXCEEDED),
        CODE(THROTTLED),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_EQ_STR(coord_error_name(-rows[i].code), rows[i].name);
        CHECK_EQ_STR(coord_error_name(rows[i].code), rows[i].name);
    }
    CHECK_EQ_STR(coord_error_text(-COORD_E_NO_NODE), "no such node");
    CHECK_EQ_STR(coord_event_name(COORD_EVENT_DATA_CHANGED), "NodeDataChanged");
    CHECK_EQ_STR(coord_event_name((enum coord_event_type)99), "NotWatching");
}
