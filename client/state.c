/* state.c - what a handle tells about itself, and the names of events. */
#include "handle.h"

enum coord_state coord_client_state(const struct coord_client *client)
{
    return client->session.state;
}

int64_t coord_client_session_id(const struct coord_client *client)
{
    return client->session.id;
}

const uint8_t *coord_client_password(const struct coord_client *client)
{
    return client->session.password;
}

uint32_t coord_client_timeout_ms(const struct coord_client *client)
{
    return client->session.timeout_ms;
}

int64_t coord_client_last_zxid(const struct coord_client *client)
{
    return client->session.last_zxid;
}

const char *coord_client_server(const struct coord_client *client)
{
    return client->servers.list[client->session.server].text;
}

const char *coord_client_problem(const struct coord_client *client)
{
    return client->session.problem;
}

const char *coord_event_name(enum coord_event_type type)
{
    switch (type) {
    case COORD_EVENT_CREATED:
        return "NodeCreated";
    case COORD_EVENT_DELETED:
        return "NodeDeleted";
    case COORD_EVENT_DATA_CHANGED:
        return "NodeDataChanged";
    case COORD_EVENT_CHILDREN_CHANGED:
        return "NodeChildrenChanged";
    case COORD_EVENT_NOT_WATCHING:
        break;
    }
    return "NotWatching";
}
