/* session.h - the replicated facts of the sessions: by id, and in the order of their ids. Pure.
 *
 * Lookup is by hash. The order comes from one row per top byte of the id (the server that created it), in which ids rise with
 * time, so that a new one nearly always goes to the end; a closed one leaves a gap that is squeezed out later. Liveness is no
 * replicated fact and not here.
 */
#ifndef COORD_STATE_SESSION_H
#define COORD_STATE_SESSION_H

#include "base/map.h"
#include "wire/zk.h"

#include <stddef.h>
#include <stdint.h>

/* In the id of a session that one server keeps to itself. No id made by the log has it: there it is one of an epoch that nobody
 * reaches. One that became global by an UPGRADE keeps it. */
#define SESSION_LOCAL (UINT64_C(1) << 55)

struct session {
    uint64_t id;
    uint8_t password[ZK_PASSWORD_BYTES];
    uint32_t timeout_ms;
    uint32_t attach; /* 1 when created */
    uint32_t server;
    uint32_t first_owned; /* ephemeral nodes in the order of creation; NODE_NONE: none */
    uint32_t owned_count;
    uint32_t walk; /* serial of the snapshot walk that has it, or must not have it */
};

enum { SESSION_ROWS = 256 };

struct session_row {
    struct session_place {
        uint64_t id;
        struct session *session; /* NULL: gone */
    } * places;
    size_t count, capacity, gaps;
};

struct session_table {
    struct map by_id;
    struct session_row rows[SESSION_ROWS];
};

void session_table_deinit(struct session_table *t);
struct session *session_find(const struct session_table *t, uint64_t id);

/* A new session of zeros; NULL when the id is 0 or taken. */
struct session *session_add(struct session_table *t, uint64_t id);

/* Frees it; it owns no nodes any more. */
void session_remove(struct session_table *t, struct session *s);

/* The session with the least id above `id`; NULL at the end. */
struct session *session_after(const struct session_table *t, uint64_t id);

size_t session_table_bytes(const struct session_table *t);

#endif
