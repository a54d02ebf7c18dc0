/* fuzz_port.c - the client port as a whole: any operation of the descriptor table, on four connections of one server or three,
 * with a fifth client that stands by.
 *
 * The first byte: how many servers. Then commands: a byte of two bits connection and four bits what (enum command); requests
 * are drawn from pools (port_draw.h), or are any bytes, or are cut short. Which frames come whole is net/conn.c's business:
 * fuzz_conn.
 *
 * On each connection every request has one reply, in the order of the requests, until it is closed; zxids never fall. A write's
 * reply is that of its entry in the log, a read's is what the state holds at the zxid that it names, for the ids that the
 * connection has proven (port_shadow.h). The bystander has every answer at once, hears of no change, and keeps its session and
 * its nodes, which give rights to nobody else. All servers hold the state of the log. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/sha1.h"
#include "fuzz/port_draw.h"
#include "fuzz/port_shadow.h"

#include <string.h>

enum { CONNECTIONS = 4, BY = CONNECTIONS, ALL = CONNECTIONS + 1 };
enum { PROOF_MAX = 100 }; /* longer ones may not fit any more: nobody knows then what the connection may do */

enum command {
    REQUEST, /* REQUEST to REQUEST_LAST: an operation's number in the table, its arguments */
    REQUEST_LAST = 6,
    BYTES,   /* u8 length, and a frame of them */
    CUT,     /* a request, and u8: how much of its body is there, in 256ths */
    CONNECT, /* u8: to which server; the connection before it is closed */
    MOVE,    /* u8: which connection's session it takes over, to which server, and what is wrong with it */
    CLOSE,
    SETTLE,
    PASS,     /* u8 times 8 ms */
    HOLD,     /* the disks stop, or go on */
    SNAPSHOT, /* of the shadow, while it goes on */
};

struct asked {
    struct list link;
    int32_t xid, type;
    size_t auth_size; /* of what its connection had proven */
    struct buf body;
};

struct end {
    struct client client;
    bool open, greeted; /* greeted: the connect request was answered */
    bool unknown;       /* what it has proven */
    bool wrong;         /* it came with a password that is not its session's */
    struct list asked;
    struct buf auth;
    int64_t zxid; /* of the last reply */
    bool waiting; /* a reply was taken from the connection, and not looked at yet: */
    struct reply reply;
    struct buf record;
};

static struct {
    struct group g;
    struct shadow shadow;
    struct end end[ALL];
    int32_t xid;
} port;

/* ---- what a connection has proven ---- */

static void prove(struct end *e, const char *scheme, struct slice id)
{
    struct slice all = buf_slice(&e->auth), one;
    struct buf text = {0};

    buf_printf(&text, "%s:", scheme);
    buf_append(&text, id.data, id.size);
    while (entry_next_auth(&all, &one))
        if (slice_equal(one, buf_slice(&text)))
            goto known;
    put_le16(buf_reserve(&e->auth, 2), (uint16_t)buf_size(&text));
    buf_commit(&e->auth, 2);
    buf_append(&e->auth, buf_bytes(&text), buf_size(&text));
known:
    buf_deinit(&text);
}

static void prove_packet(struct end *e, const struct zk_auth_packet *m)
{
    const uint8_t *colon = m->auth.size > 0 ? memchr(m->auth.data, ':', m->auth.size) : NULL;
    uint8_t hash[SHA1_BYTES];
    struct buf id = {0};

    if (!slice_equal(m->scheme, SLICE_LITERAL("digest")) || slice_is_null(m->auth))
        return;
    if (m->auth.size > PROOF_MAX) {
        e->unknown = true;
        return;
    }
    sha1(m->auth, hash);
    if (m->auth.size > 0)
        buf_append(&id, m->auth.data, colon != NULL ? (size_t)(colon - m->auth.data) : m->auth.size);
    buf_append(&id, ":", 1);
    base64_append(&id, slice_make(hash, sizeof(hash)));
    prove(e, "digest", buf_slice(&id));
    buf_deinit(&id);
}

/* ---- opening, closing ---- */

static void forget(struct end *e)
{
    for (struct list *link; (link = list_pop_front(&e->asked)) != NULL;) {
        struct asked *a = LIST_ENTRY(link, struct asked, link);
        buf_deinit(&a->body);
        coord_free(a);
    }
    buf_clear(&e->auth);
    e->waiting = e->open = e->greeted = e->unknown = e->wrong = false;
}

static void close_end(struct end *e)
{
    if (e->open)
        client_deinit(&e->client);
    forget(e);
}

static void open_end(struct end *e, uint32_t server)
{
    bool has_address = e == &port.end[1];

    close_end(e);
    client_open_from(&e->client, &port.g, server % port.g.count + 1, has_address ? "10.0.0.7" : "");
    e->open = true;
    e->zxid = 0;
    if (has_address)
        prove(e, "ip", SLICE_LITERAL("10.0.0.7"));
}

static void connect_end(struct end *e, uint32_t server)
{
    open_end(e, server);
    client_send_connect(&e->client, NULL, 0);
}

/* The session of another connection, or its own of before; sometimes with a wrong password, or ahead of the server. */
static void move_end(struct end *e, uint32_t how)
{
    struct client earlier = port.end[how % CONNECTIONS].client;

    open_end(e, how >> 2);
    if ((how >> 4 & 3) == 3) {
        earlier.password[how & 15] ^= 1;
        e->wrong = earlier.session != 0;
    }
    client_send_connect(&e->client, &earlier, (how >> 6) == 3 ? INT64_C(1) << 50 : 0);
}

/* ---- asking ---- */

static void ask(struct end *e, uint8_t *frame, size_t size)
{
    struct jute_cursor c = jute_cursor_make(slice_make(frame, size));
    struct zk_request_header h;
    union op_request q;

    if (!e->open)
        connect_end(e, 0);
    const struct replica_conn_io *io = replica_conn_io(port.g.member[e->client.server - 1].r, e->client.conn);
    if (io == NULL || io->close || io->paused)
        return; /* nothing is read from it now */
    if (jute_decode(&c, &jute_request_header, &h) == 0) {
        struct asked *a = coord_alloc_zero(1, sizeof(*a));
        if (h.xid == ZK_XID_NOTIFICATION) /* its answer looked like an event */
            put_be32(frame, (uint32_t)(h.xid = ++port.xid));
        *a = (struct asked){.xid = h.type == ZK_OP_PING ? ZK_XID_PING : h.xid, .type = h.type};
        buf_append(&a->body, c.at, (size_t)(c.end - c.at));
        if (h.type == ZK_OP_AUTH && op_decode(op_find(h.type), buf_slice(&a->body), &q) == 0)
            prove_packet(e, &q.auth);
        a->auth_size = buf_size(&e->auth);
        list_push_back(&e->asked, &a->link);
    }
    client_frame(&e->client, frame, size);
}

static void ask_record(struct end *e, int32_t type, const struct jute_record *table, const void *record)
{
    struct buf b = {0};

    jute_append(&b, &jute_request_header, &(struct zk_request_header){++port.xid, type});
    if (table != NULL)
        jute_append(&b, table, record);
    ask(e, buf_bytes(&b), buf_size(&b));
    buf_deinit(&b);
}

static void ask_drawn(struct end *e, struct fuzz_in *in, bool cut)
{
    struct buf body = {0}, b = {0};
    const struct op_desc *op = port_draw(in, &body);

    if (cut)
        buf_truncate(&body, buf_size(&body) * fuzz_u8(in) / 256);
    jute_append(&b, &jute_request_header, &(struct zk_request_header){++port.xid, op->opcode});
    if (buf_size(&body) > 0)
        buf_append(&b, buf_bytes(&body), buf_size(&body));
    ask(e, buf_bytes(&b), buf_size(&b));
    buf_deinit(&body);
    buf_deinit(&b);
}

static void ask_bytes(struct end *e, struct slice bytes)
{
    struct buf b = {0};

    if (bytes.size > 0)
        buf_append(&b, bytes.data, bytes.size);
    else
        buf_reserve(&b, 1);
    ask(e, buf_bytes(&b), buf_size(&b));
    buf_deinit(&b);
}

/* ---- answers ---- */

static void check_read(struct end *e, const struct asked *a, const struct op_desc *op)
{
    union op_request q;
    struct buf record = {0};
    struct read read = {.auth = slice_make(buf_bytes(&e->auth), a->auth_size), .session = e->client.session, .reply = &record};

    COORD_ASSERT(op_decode(op, buf_slice(&a->body), &q) == 0);
    state_read(port.shadow.state, op, &q, &read);
    COORD_ASSERT(read.err == e->reply.err);
    COORD_ASSERT(read.err != 0 || slice_equal(buf_slice(&record), buf_slice(&e->record)));
    buf_deinit(&record);
}

static void check_write(const struct end *e, const struct asked *a)
{
    if ((uint64_t)e->reply.zxid < state_zxid(port.shadow.state))
        return; /* its server is behind another */
    COORD_ASSERT(port.shadow.session == e->client.session && port.shadow.xid == a->xid && port.shadow.err == e->reply.err);
    COORD_ASSERT(e->reply.err != 0 || slice_equal(buf_slice(&port.shadow.reply), buf_slice(&e->record)));
}

static void check_reply(struct end *e, const struct asked *a)
{
    const struct op_desc *op = op_find(a->type);
    uint64_t zxid = (uint64_t)e->reply.zxid;
    union op_request q;

    COORD_ASSERT(a->xid == e->reply.xid);
    COORD_ASSERT(e->reply.err == 0 || buf_size(&e->record) == 0);
    if (op == NULL) {
        COORD_ASSERT(e->reply.err == -COORD_E_UNIMPLEMENTED && e->reply.zxid == -1);
        return;
    }
    if (op_decode(op, buf_slice(&a->body), &q) != 0) {
        COORD_ASSERT(e->reply.err == -COORD_E_MARSHALLING && a->type != ZK_OP_AUTH); /* that closes without a word */
        return;
    }
    if (op->flags & OP_REFUSED)
        COORD_ASSERT(e->reply.err == op->refusal);
    else if (op->flags & OP_WRITE)
        check_write(e, a);
    else if ((op->flags & OP_READ) && zxid == state_zxid(port.shadow.state) && !e->unknown)
        check_read(e, a, op);
}

static void greet(struct end *e)
{
    const uint8_t *record = buf_bytes(&e->record);

    COORD_ASSERT(buf_size(&e->record) >= 4 + 16 && get_be32(record) == 16);
    e->greeted = true;
    e->client.session = (uint64_t)e->reply.zxid << 32 | (uint32_t)e->reply.err;
    memcpy(e->client.password, record + 4, 16);
    COORD_ASSERT(!e->wrong || e->client.session == 0);
}

/* Who hears of a node may read it; the bystander hears of none. */
static void check_event(const struct end *e)
{
    struct jute_cursor c = jute_cursor_make(buf_slice(&e->record));
    struct zk_watcher_event event;

    COORD_ASSERT(e != &port.end[BY]);
    COORD_ASSERT(jute_decode(&c, &jute_watcher_event, &event) == 0 && event.state == ZK_STATE_SYNC_CONNECTED);
    COORD_ASSERT(event.type >= ZK_EVENT_NODE_CREATED && event.type <= ZK_EVENT_CHILDREN_CHANGED);
    if (e->reply.zxid <= 0)
        return;
    shadow_feed(&port.shadow, &port.g, e->client.server, (uint64_t)e->reply.zxid);
    if (state_zxid(port.shadow.state) == (uint64_t)e->reply.zxid && !port.shadow.multi && !e->unknown &&
        event.type != ZK_EVENT_NODE_DELETED)
        COORD_ASSERT(state_may_read(port.shadow.state, event.path, buf_slice(&e->auth)));
}

static void handle(struct end *e)
{
    struct list *link;

    e->waiting = false;
    if (!e->greeted) {
        greet(e);
        return;
    }
    if (e->reply.xid == ZK_XID_NOTIFICATION) {
        check_event(e);
        return;
    }
    if (e->reply.zxid > 0) {
        COORD_ASSERT(e->reply.zxid >= e->zxid);
        e->zxid = e->reply.zxid;
        shadow_feed(&port.shadow, &port.g, e->client.server, (uint64_t)e->zxid);
    }
    link = list_pop_front(&e->asked);
    COORD_ASSERT(link != NULL);
    struct asked *a = LIST_ENTRY(link, struct asked, link);
    check_reply(e, a);
    buf_deinit(&a->body);
    coord_free(a);
}

static bool take(struct end *e)
{
    if (!e->open || e->waiting)
        return e->waiting;
    e->waiting = client_reply(&e->client, &e->reply);
    if (!e->waiting)
        return false;
    buf_clear(&e->record);
    if (e->reply.record.size > 0)
        buf_append(&e->record, e->reply.record.data, e->reply.record.size);
    return true;
}

/* All that has come, on all connections in the order of the zxids: each is looked at when the shadow is there. */
static void drain(void)
{
    for (struct end *next = port.end; next != NULL;) {
        next = NULL;
        for (struct end *e = port.end; e < port.end + ALL; e++)
            if (take(e) && (next == NULL || !e->greeted || (next->greeted && e->reply.zxid < next->reply.zxid)))
                next = e;
        if (next != NULL)
            handle(next);
    }
    for (struct end *e = port.end; e < port.end + CONNECTIONS; e++)
        if (e->open && client_closed(&e->client))
            close_end(e);
}

/* ---- the bystander ---- */

static const struct zk_acl by_acl = {ZK_PERM_ALL, {(const uint8_t *)"auth", 4}, {(const uint8_t *)"", 0}};

static void by_create(const char *path, int32_t flags)
{
    struct buf items = {0};

    jute_append(&items, &jute_acl, &by_acl);
    ask_record(&port.end[BY], ZK_OP_CREATE, &jute_create_request,
               &(struct zk_create_request){slice_from_text(path), SLICE_LITERAL("mine"), {1, buf_slice(&items)}, flags});
    buf_deinit(&items);
}

static void by_answered(void)
{
    drain();
    COORD_ASSERT(port.end[BY].open && !client_closed(&port.end[BY].client) && list_empty(&port.end[BY].asked));
    COORD_ASSERT(port.end[BY].reply.err == 0);
}

static void by_begins(void)
{
    struct end *by = &port.end[BY];
    struct zk_auth_packet packet = {0, SLICE_LITERAL("digest"), SLICE_LITERAL(PORT_BY_PROOF)};

    open_end(by, 0);
    client_send_connect(&by->client, NULL, 0);
    group_settle(&port.g);
    drain();
    ask_record(by, ZK_OP_AUTH, &jute_auth_packet, &packet);
    by_create("/by", ZK_PERSISTENT);
    by_create("/by/d", ZK_PERSISTENT);
    by_create("/by/e", ZK_EPHEMERAL);
    ask_record(by, ZK_OP_ADD_WATCH, &jute_add_watch_request,
               &(struct zk_add_watch_request){SLICE_LITERAL("/by"), ZK_ADD_WATCH_RECURSIVE});
    ask_record(by, ZK_OP_ADD_WATCH, &jute_add_watch_request,
               &(struct zk_add_watch_request){SLICE_LITERAL("/by"), ZK_ADD_WATCH_PERSISTENT});
    group_settle(&port.g);
    by_answered();
}

/* Reads need no disk: the answers are there at once. */
static void by_stands(void)
{
    struct end *by = &port.end[BY];
    static const char *const paths[] = {"/by", "/by/d", "/by/e"};
    struct zk_get_data_response got;

    for (int i = 0; i < 3; i++) {
        ask_record(by, ZK_OP_GET_CHILDREN2, &jute_path_watch_request,
                   &(struct zk_path_watch_request){slice_from_text(paths[i]), true});
        ask_record(by, ZK_OP_GET_DATA, &jute_path_watch_request,
                   &(struct zk_path_watch_request){slice_from_text(paths[i]), true});
        by_answered();
        struct jute_cursor c = jute_cursor_make(buf_slice(&by->record));
        COORD_ASSERT(jute_decode(&c, &jute_get_data_response, &got) == 0 && slice_equal(got.data, SLICE_LITERAL("mine")));
        COORD_ASSERT(got.version == 0 && got.aversion == 0 && got.num_children == (i == 0 ? 2 : 0) &&
                     got.cversion == got.num_children && got.mzxid == got.czxid);
        COORD_ASSERT(got.ephemeral_owner == (i == 2 ? (int64_t)by->client.session : 0));
    }
    ask_record(by, ZK_OP_PING, NULL, NULL);
    by_answered();
}

/* ---- the run ---- */

static void command(struct end *e, enum command what, struct fuzz_in *in)
{
    switch (what) {
    case BYTES:
        ask_bytes(e, fuzz_take(in, fuzz_u8(in)));
        break;
    case CUT:
        ask_drawn(e, in, true);
        break;
    case CONNECT:
        connect_end(e, fuzz_u8(in));
        break;
    case MOVE:
        move_end(e, fuzz_u8(in));
        break;
    case CLOSE:
        close_end(e);
        break;
    case SETTLE:
        group_settle(&port.g);
        drain();
        break;
    case PASS:
        group_pass(&port.g, (uint64_t)fuzz_u8(in) * 8);
        by_stands();
        break;
    case HOLD:
        if (port.g.hold_persists)
            group_release(&port.g);
        else
            port.g.hold_persists = port.g.count == 1; /* leaders of others would fall */
        break;
    case SNAPSHOT:
        shadow_walk(&port.shadow);
        break;
    default:
        ask_drawn(e, in, false);
        break;
    }
}

/* Everything comes to rest: nothing is left unanswered, and all hold the same. */
static void come_to_rest(void)
{
    group_release(&port.g);
    group_pass(&port.g, 200);
    drain();
    by_stands();
    for (struct end *e = port.end; e < port.end + CONNECTIONS; e++)
        COORD_ASSERT(!e->open || !e->greeted || list_empty(&e->asked));
    for (uint32_t i = 0; i < port.g.count; i++) {
        const struct state *state = replica_state(port.g.member[i].r);
        shadow_feed(&port.shadow, &port.g, i + 1, state_zxid(state));
        COORD_ASSERT(state_digest(state) == state_digest_recompute(state));
        COORD_ASSERT(state_zxid(state) != state_zxid(port.shadow.state) ||
                     state_digest(state) == state_digest(port.shadow.state));
    }
    shadow_walk(&port.shadow);
    shadow_walk_end(&port.shadow);
}

/* Who knows the bystander's password, or proves more than the pools do, may do anything. */
static bool stolen(const uint8_t *data, size_t size)
{
    return size > 0 && (memmem(data, size, port.end[BY].client.password, 16) != NULL ||
                        memmem(data, size, PORT_BY_PROOF, strlen(PORT_BY_PROOF)) != NULL ||
                        memmem(data, size, PORT_SUPER_PROOF, strlen(PORT_SUPER_PROOF)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};

    port.xid = 0;
    group_init(&port.g, fuzz_u8(&in) % 4 == 3 ? 3 : 1);
    COORD_ASSERT(group_leader(&port.g) != 0);
    shadow_init(&port.shadow);
    for (struct end *e = port.end; e < port.end + ALL; e++) {
        *e = (struct end){.open = false};
        list_init(&e->asked);
    }
    by_begins();
    if (stolen(data, size))
        in.left = 0;
    while (in.left > 0) {
        uint32_t op = fuzz_u8(&in);
        command(&port.end[op & 3], (enum command)(op >> 2 & 15), &in);
    }
    come_to_rest();
    for (struct end *e = port.end; e < port.end + ALL; e++) {
        close_end(e);
        buf_deinit(&e->auth);
        buf_deinit(&e->record);
    }
    shadow_deinit(&port.shadow);
    group_deinit(&port.g);
    return 0;
}
