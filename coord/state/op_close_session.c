/* op_close_session.c - closeSession: the session ends, its ephemeral nodes with it, in this one entry. Pure. */
#include "state/internal.h"

static void close_session_apply(struct state *s, struct apply *a, const void *request)
{
    struct session *session = apply_session(s, a);

    (void)request; /* header only */
    a->session = session->id;
    a->attach = session->attach;
    a->session_closed = true;
    session_close(s, session, a->entry->zxid);
}

OP_DESC(op_close_session, OP_PERM_NONE, .opcode = ZK_OP_CLOSE_SESSION, .name = "closeSession", .flags = OP_WRITE,
        .apply = close_session_apply);
