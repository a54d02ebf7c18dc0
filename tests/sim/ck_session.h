/* ck_session.h - all sessions that any client had or the log made: C12, C13, and what is told of those that one server keeps to
 * itself (local sessions).
 *
 * A table of its own, by the entries of the committed sequence and by what servers tell their clients. It judges each entry
 * that makes, attaches, upgrades or ends a session, and whether a request's session may write. A local session is its server's
 * process's alone: no entry makes it, attaches it or ends it, but one UPGRADE, and only behind a request for an ephemeral node.
 * Its client is told that it has expired by that process after a time-out without a word, else by another process only.
 */
#ifndef TESTS_SIM_CK_SESSION_H
#define TESTS_SIM_CK_SESSION_H

#include "sim/client.h"
#include "state/state.h"

struct ck_session *ck_session_new(void);
void ck_session_free(struct sim *s);

/* A committed entry that was not skipped, or an expiry, and what applying it gave. */
void ck_session_entry(struct sim *s, const struct entry *e, const struct apply *a);

/* The log has made it and not ended it yet. */
bool ck_session_is_global(const struct sim *s, uint64_t id);

bool ck_session_lived(const struct sim *s, uint64_t id, uint64_t zxid); /* the same at that zxid */

/* What its client is told on the connection that it has: it has a new session of this id, or the one that it asked for; that
 * one has expired. */
void ck_session_opened(struct sim *s, struct client *c, uint64_t id, const uint8_t password[ZK_PASSWORD_BYTES]);
void ck_session_expired(struct sim *s, struct client *c);

/* A request of it was sent. True: it must be refused without an entry, as it wants an ephemeral node. */
bool ck_session_refuses(struct sim *s, uint64_t id, int32_t opcode, struct slice body);

/* It was closed without an entry. False: so it cannot have been. */
bool ck_session_closed(struct sim *s, uint64_t id);

/* It became one of all servers' behind the answer that nobody knows it: it lasts until it expires, without a client. */
bool ck_session_is_orphan(const struct sim *s, uint64_t id);

/* A server keeps it to itself, or did, by its id; the log has never heard of it. */
bool ck_session_is_local(uint64_t id);
bool ck_session_is_alone(const struct sim *s, uint64_t id);

#endif
