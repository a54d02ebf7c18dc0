/* lists.c - the words that list connections, sessions and watches: stat, cons, dump, wchs, wchc, wchp. Pure.
 *
 * The long ones come in pieces. wchc and wchp come in one, and stop at REPORT_WATCHES_MAX.
 */
#include "report/words.h"
#include "wire/zk.h"

#include <string.h>

/* ---- connections ---- */

/* How ZooKeeper's cons names the last operation. */
static const char *op_name(int32_t op)
{
    static const struct {
        int32_t op;
        const char *name;
    } names[] = {
        {ZK_OP_CREATE_SESSION, "SESS"},
        {ZK_OP_PING, "PING"},
        {ZK_OP_CREATE, "CREA"},
        {ZK_OP_CREATE2, "CREA"},
        {ZK_OP_CREATE_CONTAINER, "CREA"},
        {ZK_OP_CREATE_TTL, "CREA"},
        {ZK_OP_DELETE, "DELE"},
        {ZK_OP_EXISTS, "EXIS"},
        {ZK_OP_GET_DATA, "GETD"},
        {ZK_OP_SET_DATA, "SETD"},
        {ZK_OP_GET_ACL, "GETA"},
        {ZK_OP_SET_ACL, "SETA"},
        {ZK_OP_GET_CHILDREN, "GETC"},
        {ZK_OP_GET_CHILDREN2, "GETC"},
        {ZK_OP_SYNC, "SYNC"},
        {ZK_OP_CHECK, "CHEC"},
        {ZK_OP_MULTI, "MULT"},
        {ZK_OP_MULTI_READ, "MLTR"},
        {ZK_OP_RECONFIG, "RECO"},
        {ZK_OP_SET_WATCHES, "SETW"},
        {ZK_OP_SET_WATCHES2, "STW2"},
        {ZK_OP_ADD_WATCH, "ADDW"},
        {ZK_OP_CHECK_WATCHES, "CHKW"},
        {ZK_OP_REMOVE_WATCHES, "REMW"},
        {ZK_OP_GET_EPHEMERALS, "GETE"},
        {ZK_OP_GET_ALL_CHILDREN_NUMBER, "GETACN"},
        {ZK_OP_WHO_AM_I, "HOMI"},
        {ZK_OP_CLOSE_SESSION, "CLOS"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].op == op)
            return names[i].name;
    return "NA";
}

/* In brackets what the server waits for on the connection: 1, something to read. The word of one that asks a word is its only
 * packet, and nothing more is read from it. */
static void print_begin(struct buf *to, const struct status_client *c)
{
    buf_printf(to, " /%s[%d](queued=%llu,recved=%llu,sent=%llu", c->address, c->asks ? 0 : 1, (unsigned long long)c->queued,
               (unsigned long long)(c->asks ? 1 : c->received), (unsigned long long)c->sent);
}

static void print_brief(struct buf *to, const struct status_client *c)
{
    print_begin(to, c);
    buf_printf(to, ")\n");
}

static void print_full(struct buf *to, const struct status_client *c)
{
    print_begin(to, c);
    if (c->session != 0)
        buf_printf(to,
                   ",sid=0x%llx,lop=%s,est=%llu,to=%llu,lcxid=0x%x,lzxid=0x%llx,lresp=%llu,llat=%llu,minlat=%llu,avglat=%llu,"
                   "maxlat=%llu",
                   (unsigned long long)c->session, op_name(c->last_op), (unsigned long long)c->since_wall_ms,
                   (unsigned long long)c->timeout_ms, (unsigned)c->last_xid, (unsigned long long)c->last_zxid,
                   (unsigned long long)c->answered_ms, (unsigned long long)c->latency_last_ms,
                   (unsigned long long)c->latency_min_ms,
                   (unsigned long long)(c->latency_count == 0 ? 0 : c->latency_total_ms / c->latency_count),
                   (unsigned long long)c->latency_max_ms);
    buf_printf(to, ")\n");
}

static void print_session_of(struct buf *to, const struct status_client *c)
{
    buf_printf(to, "\tip: /%s sessionId: 0x%llx\n", c->address, (unsigned long long)c->session);
}

static bool piece_full(const struct buf *to, size_t start, uint32_t *looks)
{
    return buf_size(to) - start >= REPORT_PIECE_BYTES || ++*looks >= REPORT_PIECE_LOOKS;
}

/* True: the piece is full. */
static bool print_clients(struct buf *to, const struct status *s, struct report_place *place,
                          void (*print)(struct buf *to, const struct status_client *c))
{
    const struct status_lists *l = &s->lists;
    struct status_client client;
    size_t start = buf_size(to);
    uint32_t looks = 0;

    while (l->next_client != NULL && l->next_client(l->context, &place->at, &client)) {
        print(to, &client);
        if (piece_full(to, start, &looks))
            return true;
    }
    return false;
}

bool report_stat(struct buf *to, const struct status *s, struct report_place *place)
{
    if (place->part++ == 0) {
        if (report_not_serving(to, s))
            return false;
        buf_printf(to, "Zookeeper version: %s\nClients:\n", s->version);
    }
    if (print_clients(to, s, place, print_brief))
        return true;
    buf_printf(to, "\n");
    report_summary(to, s);
    return false;
}

bool report_cons(struct buf *to, const struct status *s, struct report_place *place)
{
    if (place->part++ == 0 && report_not_serving(to, s))
        return false;
    if (print_clients(to, s, place, print_full))
        return true;
    buf_printf(to, "\n");
    return false;
}

/* ---- dump ---- */

static bool print_sessions(struct buf *to, const struct status *s, struct report_place *place)
{
    const struct status_lists *l = &s->lists;
    struct status_session session;
    size_t start = buf_size(to);
    uint32_t looks = 0;

    while (l->next_session != NULL && l->next_session(l->context, &place->at, &session)) {
        buf_printf(to, "0x%llx\t%ums\n", (unsigned long long)session.id, session.timeout_ms);
        if (piece_full(to, start, &looks))
            return true;
    }
    return false;
}

/* place->item is above 0 while the nodes of session place->at are not all printed. */
static bool print_owned(struct buf *to, const struct status *s, struct report_place *place, size_t start, uint32_t *looks)
{
    const struct status_lists *l = &s->lists;

    for (;;) {
        size_t before = buf_size(to);

        buf_printf(to, "\t");
        if (!l->next_ephemeral(l->context, place->at, &place->item, to)) {
            buf_truncate(to, before);
            place->item = 0;
            return false;
        }
        buf_printf(to, "\n");
        if (piece_full(to, start, looks))
            return true;
    }
}

static bool print_ephemerals(struct buf *to, const struct status *s, struct report_place *place)
{
    const struct status_lists *l = &s->lists;
    struct status_session session;
    size_t start = buf_size(to);
    uint32_t looks = 0;

    if (l->next_session == NULL || l->next_ephemeral == NULL)
        return false;
    if (place->item > 0 && print_owned(to, s, place, start, &looks))
        return true;
    while (l->next_session(l->context, &place->at, &session)) {
        if (session.ephemerals > 0) {
            buf_printf(to, "0x%llx:\n", (unsigned long long)session.id);
            if (print_owned(to, s, place, start, &looks))
                return true;
        }
        if (piece_full(to, start, &looks))
            return true;
    }
    return false;
}

static bool print_connections(struct buf *to, const struct status *s, struct report_place *place)
{
    return print_clients(to, s, place, print_session_of);
}

/* As a follower of ZooKeeper's prints it: when a session ends is known to the leader alone. */
bool report_dump(struct buf *to, const struct status *s, struct report_place *place)
{
    static bool (*const parts[])(struct buf *, const struct status *,
                                 struct report_place *) = {print_sessions, print_ephemerals, print_connections};
    bool fresh = place->at == 0 && place->item == 0;

    if (place->part == 0 && fresh) {
        if (report_not_serving(to, s))
            return false;
        buf_printf(to, "SessionTracker dump:\nGlobal Sessions(%llu):\n", (unsigned long long)s->sessions);
    } else if (place->part == 1 && fresh) {
        buf_printf(to, "ephemeral nodes dump:\nSessions with Ephemerals (%llu):\n", (unsigned long long)s->owners);
    } else if (fresh) {
        buf_printf(to, "Connections dump:\nConnections(%llu):\n", (unsigned long long)s->connections);
    }
    if (!parts[place->part](to, s, place))
        *place = (struct report_place){.part = place->part + 1};
    return place->part < sizeof(parts) / sizeof(parts[0]);
}

/* ---- watches ---- */

void report_wchs(struct buf *to, const struct status *s)
{
    if (!report_not_serving(to, s))
        buf_printf(to, "%llu connections watching %llu paths\nTotal watches:%llu\n", (unsigned long long)s->watchers,
                   (unsigned long long)s->watched_paths, (unsigned long long)s->watches);
}

/* The group that is being printed; paths are borrowed for the time of the walk, in which nothing changes. */
struct group {
    struct buf *to;
    uint64_t session;
    struct slice path;
};

static void append(struct buf *to, struct slice text)
{
    buf_append(to, text.data, text.size);
    buf_append(to, "\n", 1);
}

static void print_of_session(void *context, uint64_t session, struct slice path)
{
    struct group *g = context;

    if (session != g->session)
        buf_printf(g->to, "0x%llx\n", (unsigned long long)session);
    g->session = session;
    buf_append(g->to, "\t", 1);
    append(g->to, path);
}

static void print_of_path(void *context, uint64_t session, struct slice path)
{
    struct group *g = context;

    if (g->path.data != path.data)
        append(g->to, path);
    g->path = path;
    buf_printf(g->to, "\t0x%llx\n", (unsigned long long)session);
}

static void print_watches(struct buf *to, const struct status *s, bool by_session)
{
    const struct status_lists *l = &s->lists;
    struct group g = {.to = to};

    if (report_not_serving(to, s))
        return;
    if (l->watches != NULL &&
        !l->watches(l->context, by_session, REPORT_WATCHES_MAX, by_session ? print_of_session : print_of_path, &g))
        buf_printf(to, "... there are more: %llu watches in all\n", (unsigned long long)s->watches);
    buf_printf(to, "\n");
}

void report_wchc(struct buf *to, const struct status *s)
{
    print_watches(to, s, true);
}

void report_wchp(struct buf *to, const struct status *s)
{
    print_watches(to, s, false);
}
