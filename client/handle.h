/* handle.h - struct coord_client: a session, its connection and its event base. For the files that make the public calls. */
#ifndef CLIENT_HANDLE_H
#define CLIENT_HANDLE_H

#include "link.h"
#include "servers.h"
#include "session.h"

struct coord_client {
    struct session session;
    struct servers servers;
    struct link link;
    uint64_t link_attempt; /* of the session: the one that the link is for, 0 none */
    struct event_base *base;
    struct event *timer; /* the session's wake-up; made active by hand when a call left something to do */
    struct event *pause; /* of coord_run(); NULL unless the base is our own */
    bool base_is_own;
    bool in_callback;
    bool in_loop;       /* a blocking call runs the base, which must not be freed under it */
    bool freed;         /* coord_client_free() was called: tell the rest, then go */
    uint64_t callbacks; /* ever run */
    coord_state_cb state_cb;
    void *state_arg;
};

/* Whom to tell of an answer, and of what. */
struct client_caller {
    coord_reply_cb cb;
    void *arg;
    const struct coord_watch *watch; /* NULL: none */
    const char *path;                /* the watch's */
    enum watch_kind kind;            /* of a watch that stays */
};

/* Encode one request and queue it: 0 or the error of the public call. */
int client_submit(struct coord_client *client, int32_t opcode, const struct jute_record *table, const void *record,
                  const struct client_caller *caller);

/* The same of a record that is encoded already; results: of a multi, the operations in it. */
int client_submit_bytes(struct coord_client *client, int32_t opcode, struct slice record, uint32_t results,
                        const struct client_caller *caller);

/* One whose request is a path alone; NULL is refused. */
int client_submit_path(struct coord_client *client, int32_t opcode, const char *path, coord_reply_cb cb, void *arg);

/* Have the event loop come to this handle soon. */
void client_wake(struct coord_client *client);
/* Run the private base until something happened. False: the handle was freed by a callback, and is gone. */
bool client_loop(struct coord_client *client, bool wait);

#endif
