/* mermaid.c - see mermaid.h. Text behind a colon must not hold `;` or `#`, which have a meaning in Mermaid, nor the word "end".
 */
#include "sim/mermaid.h"

#include "base/hash.h"
#include "base/map.h"
#include "sim/ck_durable.h"
#include "sim/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of the one run that is drawn. */
static struct {
    struct map lines; /* of a script: hash of each that was drawn */
    uint64_t chosen;
    uint64_t leads[PEER_MAX]; /* the life of the process that leads; 0: none */
    bool begun;
} diagram;

static bool drawn(const struct sim *s)
{
    return s->options.mermaid && !s->healed && (s->options.script == NULL || script_draws(s, 0));
}

/* A line of the diagram; of a script's each only once. */
static void line(const struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(const struct sim *s, const char *format, ...)
{
    char text[500];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (char *c = text; *c != '\0'; c++)
        if (*c == ';' || *c == '#' || *c == '\n')
            *c = ',';
    if (s->options.script != NULL && map_put(&diagram.lines, hash_bytes(text, strlen(text), 0), &diagram) != NULL)
        return;
    printf("    %s\n", text);
}

void mermaid_begin(const struct sim *s)
{
    uint32_t left = s->options.script != NULL && s->preset.clients > 1 ? 1 : s->preset.clients;

    if (!s->options.mermaid)
        return;
    map_deinit(&diagram.lines);
    memset(&diagram, 0, sizeof(diagram));
    puts("sequenceDiagram");
    for (uint32_t i = 0; i < left; i++)
        printf("    participant c%u as client %u\n", i, i);
    for (uint32_t id = 1; id <= s->preset.nodes; id++)
        printf("    participant n%u as server %u\n", id, id);
    for (uint32_t i = left; i < s->preset.clients; i++)
        printf("    participant c%u as client %u\n", i, i);
}

/* Messages. */

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

static void value_print(struct buf *text, struct slice data)
{
    if (data.size > 0)
        buf_printf(text, " = %.*s", (int)(data.size < 40 ? data.size : 40), (const char *)data.data);
}

static void request_print(struct buf *text, const struct entry *e)
{
    struct jute_cursor in = jute_cursor_make(e->body);
    struct zk_create_request create;
    struct zk_set_data_request set;
    struct zk_delete_request gone;

    buf_printf(text, "%s", request_name(e->op));
    if ((e->op == ZK_OP_CREATE || e->op == ZK_OP_CREATE2) && jute_decode(&in, &jute_create_request, &create) == 0) {
        buf_printf(text, " %.*s", SLICE_ARG(create.path));
        value_print(text, create.data);
    } else if (e->op == ZK_OP_SET_DATA && jute_decode(&in, &jute_set_data_request, &set) == 0) {
        buf_printf(text, " %.*s", SLICE_ARG(set.path));
        value_print(text, set.data);
    } else if (e->op == ZK_OP_DELETE && jute_decode(&in, &jute_delete_request, &gone) == 0) {
        buf_printf(text, " %.*s", SLICE_ARG(gone.path));
    }
}

static void entry_print(struct buf *text, const struct entry *e)
{
    switch (e->kind) {
    case ENTRY_FORM:
        buf_printf(text, "FORM");
        break;
    case ENTRY_ORIGIN:
        buf_printf(text, "new process of n%u", e->origin.server);
        break;
    case ENTRY_REQUEST:
        request_print(text, e);
        break;
    case ENTRY_SESSION_CREATE:
        buf_printf(text, "new session");
        break;
    case ENTRY_SESSION_ATTACH:
        buf_printf(text, "session is at n%u", e->origin.server);
        break;
    case ENTRY_SESSION_EXPIRE:
        buf_printf(text, "session expires");
        break;
    default:
        buf_printf(text, "nothing");
        break;
    }
}

/* "2.1 create /a = red, 2.2 new session", "2.1 to 2.7". */
static void entries_print(struct buf *text, struct slice payload, uint64_t first, uint32_t count)
{
    struct entry e;

    if (count > 2)
        buf_printf(text, ZXID_FMT " to " ZXID_FMT, ZXID_ARG(first), ZXID_ARG(first + (count - 1)));
    for (bool more = false; count <= 2 && entry_next(&payload, &e) == 0; more = true) {
        buf_printf(text, "%s" ZXID_FMT " ", more ? ", " : "", ZXID_ARG(e.zxid));
        entry_print(text, &e);
    }
}

static void forward_print(struct buf *text, struct slice payload)
{
    struct entry e;

    for (bool more = false; entry_next(&payload, &e) == 0; more = true) {
        buf_printf(text, more ? ", " : " ");
        entry_print(text, &e);
    }
}

static void accepted_print(struct buf *text, const struct peer_accepted *m)
{
    buf_printf(text, "ACCEPTED %u: ", m->epoch);
    if (m->mismatch)
        buf_printf(text, "no " ZXID_FMT ", my log goes to " ZXID_FMT, ZXID_ARG(m->prev), ZXID_ARG(runs_last(&m->log)));
    else if (m->accepted < m->epoch)
        buf_printf(text, "matched up to " ZXID_FMT ", not yet all of your history", ZXID_ARG(m->matched));
    else
        buf_printf(text, "matched up to " ZXID_FMT, ZXID_ARG(m->matched));
}

static void message_print(struct buf *text, const struct peer_msg *m)
{
    switch (m->type) {
    case PEER_PROBE:
        buf_printf(text, "PROBE, log up to " ZXID_FMT, ZXID_ARG(m->probe.last));
        break;
    case PEER_PROBE_ANSWER:
        buf_printf(text, m->probe_answer.granted ? "yes, I hear of no leader either" : "no, there is a leader");
        break;
    case PEER_PREPARE:
        buf_printf(text, "PREPARE %u", m->prepare.epoch);
        break;
    case PEER_PROMISE:
        buf_printf(text, "PROMISE %u, accepted %u, log up to " ZXID_FMT, m->promise.epoch, m->promise.accepted,
                   ZXID_ARG(runs_last(&m->promise.log)));
        break;
    case PEER_REFUSE:
        buf_printf(text, "REFUSE %u, I have promised %u", m->refuse.epoch, m->refuse.promised);
        break;
    case PEER_ACCEPT:
        buf_printf(text, "ACCEPT %u: ", m->accept.epoch);
        if (m->accept.count > 0)
            entries_print(text, m->payload, m->accept.first, m->accept.count);
        else
            buf_printf(text, "have you " ZXID_FMT "%s?", ZXID_ARG(m->accept.prev),
                       m->accept.prev == m->accept.history_end ? ", the last of my history" : "");
        break;
    case PEER_ACCEPTED:
        accepted_print(text, &m->accepted);
        break;
    case PEER_COMMIT:
        buf_printf(text, "COMMIT " ZXID_FMT, ZXID_ARG(m->commit.committed));
        break;
    case PEER_HEARTBEAT:
        buf_printf(text, "HEARTBEAT %u", m->heartbeat.epoch);
        break;
    case PEER_FETCH:
        buf_printf(text, "FETCH %u: what is behind " ZXID_FMT "?", m->fetch.epoch, ZXID_ARG(m->fetch.after));
        break;
    case PEER_ENTRIES:
        buf_printf(text, "ENTRIES %u: ", m->entries.epoch);
        entries_print(text, m->payload, m->entries.first, m->entries.count);
        break;
    case PEER_FORWARD:
        buf_printf(text, "FORWARD");
        forward_print(text, m->payload);
        break;
    case PEER_HANDOVER:
        buf_printf(text, "HANDOVER: lead on");
        break;
    case PEER_SYNC:
        buf_printf(text, "SYNC");
        break;
    case PEER_SYNC_ANSWER:
        buf_printf(text, "SYNC_ANSWER " ZXID_FMT, ZXID_ARG(m->sync_answer.zxid));
        break;
    default:
        peer_print(text, m);
        break;
    }
}

/* A heartbeat that will be refused shows who does not know yet. */
static bool wanted(const struct sim *s, const struct peer_msg *m)
{
    const struct node *to = s->nodes[m->to - 1];

    if (!drawn(s))
        return false;
    if (m->type == PEER_HEARTBEAT && s->options.script != NULL && to->alive &&
        m->heartbeat.epoch < replica_paxos(to->replica)->promised.epoch)
        return true;
    return s->options.script != NULL ? script_draws(s, m->type) : m->type != PEER_HEARTBEAT && m->type != PEER_HEARTBEAT_ACK;
}

static void arrow(const struct sim *s, const struct peer_msg *m, const char *shape)
{
    struct buf text = {0};

    message_print(&text, m);
    line(s, "n%u%sn%u: %.*s", m->from, shape, m->to, SLICE_ARG(buf_slice(&text)));
    buf_deinit(&text);
}

void mermaid_message(const struct sim *s, const struct peer_msg *m)
{
    if (wanted(s, m))
        arrow(s, m, "->>");
}

void mermaid_lost(const struct sim *s, const struct peer_msg *m)
{
    bool repeats = m->type == PEER_HEARTBEAT || (m->type == PEER_ACCEPT && m->accept.count == 0);

    if (s->options.script != NULL && wanted(s, m) && !repeats)
        arrow(s, m, "-x");
}

/* Clients. */

void mermaid_request(const struct sim *s, const struct client *c, const struct op *op, struct slice data)
{
    struct buf text = {0};

    if (!drawn(s))
        return;
    if (s->options.script == NULL)
        buf_printf(&text, "%d: ", op->xid);
    buf_printf(&text, "%s %s", request_name(op->opcode), op->path);
    value_print(&text, s->options.script != NULL ? data : SLICE_NULL);
    line(s, "c%u->>n%u: %.*s%s", c->id, c->server, SLICE_ARG(buf_slice(&text)), op->watch ? ", watch" : "");
    buf_deinit(&text);
}

void mermaid_reply(const struct sim *s, const struct client *c, const struct zk_reply_header *h, struct jute_cursor in)
{
    struct zk_get_data_response data;
    struct buf text = {0};

    if (!drawn(s) || h->xid == ZK_XID_PING)
        return;
    if (h->xid == ZK_XID_NOTIFICATION) {
        line(s, "n%u-)c%u: event", c->server, c->id);
        return;
    }
    if (s->options.script == NULL)
        buf_printf(&text, "%d: ", h->xid);
    buf_printf(&text, "%s", h->err == 0 ? "ok" : coord_error_name(h->err));
    if (s->options.script != NULL && h->err == 0 && !list_empty(&c->flight) &&
        LIST_ENTRY(c->flight.next, struct op, link)->opcode == ZK_OP_GET_DATA &&
        jute_decode(&in, &jute_get_data_response, &data) == 0)
        value_print(&text, data.data);
    line(s, "n%u-->>c%u: %.*s, at " ZXID_FMT, c->server, c->id, SLICE_ARG(buf_slice(&text)), ZXID_ARG((uint64_t)h->zxid));
    buf_deinit(&text);
}

/* Notes. */

void mermaid_note(const struct sim *s, uint32_t node, const char *format, ...)
{
    char text[300];
    va_list args;

    if (!drawn(s))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (s->options.script != NULL)
        line(s, "Note over n%u: %s", node, text);
    else
        line(s, "Note over n%u: %llu ms: %s", node, (unsigned long long)s->now, text);
}

void mermaid_caption(const struct sim *s, const char *text)
{
    if (drawn(s))
        line(s, "Note over n1,n%u: %s", s->preset.nodes, text);
}

void mermaid_durable(const struct sim *s, uint32_t node, const struct job *job)
{
    const struct paxos_persist *p = &job->persist;
    struct buf text = {0};
    uint64_t chosen;

    if (s->options.script == NULL || !s->options.mermaid)
        return;
    if (p->set_promised)
        buf_printf(&text, ", promised %u", p->promised.epoch);
    if (p->cut)
        buf_printf(&text, ", cut behind " ZXID_FMT, ZXID_ARG(p->cut_after));
    if (p->append_count > 0)
        buf_printf(&text, ", log up to " ZXID_FMT, ZXID_ARG(p->append_last));
    if (p->set_accepted)
        buf_printf(&text, ", accepted %u", p->accepted);
    mermaid_note(s, node, "on disk: %.*s", (int)buf_size(&text) - 2, (const char *)buf_bytes(&text) + 2);
    buf_deinit(&text);
    chosen = ck_durable_chosen(s);
    if (chosen == diagram.chosen)
        return;
    if (drawn(s))
        line(s, "Note over n1,n%u: %s" ZXID_FMT " is chosen", s->preset.nodes,
             zxid_counter(chosen) == 1 || chosen == diagram.chosen + 1 ? "" : "all up to ", ZXID_ARG(chosen));
    diagram.chosen = chosen;
}

void mermaid_step(const struct sim *s, const struct node *n)
{
    bool leads = replica_paxos(n->replica)->role == PAXOS_LEADING;

    if (!s->options.mermaid)
        return;
    if (diagram.leads[n->id - 1] == n->life && !leads)
        mermaid_note(s, n->id, "leads no more");
    diagram.leads[n->id - 1] = leads ? n->life : 0;
}

void mermaid_resume(const struct sim *s)
{
    if (s->options.mermaid && diagram.begun)
        line(s, "Note over n1,n%u: later", s->preset.nodes);
    diagram.begun = true;
}
