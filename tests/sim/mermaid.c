/* mermaid.c - see mermaid.h. */
#include "sim/mermaid.h"

#include <stdarg.h>
#include <stdio.h>

static bool drawn(const struct sim *s)
{
    return s->options.mermaid && !s->healed;
}

void mermaid_begin(const struct sim *s)
{
    if (!s->options.mermaid)
        return;
    puts("sequenceDiagram");
    for (uint32_t i = 0; i < s->preset.clients; i++)
        printf("    participant c%u as client %u\n", i, i);
    for (uint32_t id = 1; id <= s->preset.nodes; id++)
        printf("    participant n%u as server %u\n", id, id);
}

void mermaid_message(const struct sim *s, const struct peer_msg *m)
{
    struct buf text = {0};

    if (!drawn(s) || m->type == PEER_HEARTBEAT || m->type == PEER_HEARTBEAT_ACK)
        return;
    peer_print(&text, m);
    printf("    n%u->>n%u: %.*s\n", m->from, m->to, SLICE_ARG(buf_slice(&text)));
    buf_deinit(&text);
}

static const char *request_name(int32_t opcode)
{
    switch (opcode) {
    case ZK_OP_CREATE:
    case ZK_OP_CREATE2:
        return "create";
    case ZK_OP_DELETE:
        return "delete";
    case ZK_OP_SET_DATA:
        return "set";
    case ZK_OP_GET_DATA:
        return "get";
    case ZK_OP_EXISTS:
        return "exists";
    case ZK_OP_SYNC:
        return "sync";
    case ZK_OP_CLOSE_SESSION:
        return "close session";
    default:
        return "children";
    }
}

void mermaid_request(const struct sim *s, const struct client *c, const struct op *op)
{
    if (drawn(s))
        printf("    c%u->>n%u: %d: %s %s%s\n", c->id, c->server, op->xid, request_name(op->opcode), op->path,
               op->watch ? ", watch" : "");
}

void mermaid_reply(const struct sim *s, const struct client *c, const struct zk_reply_header *h)
{
    if (!drawn(s) || h->xid == ZK_XID_PING)
        return;
    if (h->xid == ZK_XID_NOTIFICATION)
        printf("    n%u-)c%u: event\n", c->server, c->id);
    else
        printf("    n%u-->>c%u: %d: %s at " ZXID_FMT "\n", c->server, c->id, h->xid,
               h->err == 0 ? "ok" : coord_error_name(h->err), ZXID_ARG((uint64_t)h->zxid));
}

void mermaid_note(const struct sim *s, uint32_t node, const char *format, ...)
{
    va_list args;

    if (!drawn(s))
        return;
    printf("    Note over n%u: %llu ms: ", node, (unsigned long long)s->now);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}
