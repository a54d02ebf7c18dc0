/* session_private.h - what session.c (from server to server) and session_frames.c (on one connection) have of each other. */
#ifndef CLIENT_SESSION_PRIVATE_H
#define CLIENT_SESSION_PRIVATE_H

#include "session.h"

/* session.c */
void session_healthy(struct session *s); /* this server answers: a later loss begins a fresh round */
void session_greeted(struct session *s, const struct zk_connect_response *response);
void session_asked(struct session *s); /* a packet was queued on this connection */
void session_end(struct session *s, enum coord_state state, int error);

/* session_frames.c */
void session_release(struct session *s);             /* what the last event lent */
void session_fire_all(struct session *s, int error); /* NOT_WATCHING for every watch */

#endif
