/* replica_fixture.c - see replica_fixture.h. */
#include "unit/replica_fixture.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/zxid.h"
#include "lib/runner.h"
#include "wire/jute.h"

#include <stdio.h>

/* ---- the stand-in for the store ---- */

static void cut_entries(struct fake_log *log, uint64_t after)
{
    struct slice rest = buf_slice(&log->entries);
    struct entry e;
    size_t keep = 0;
    while (entry_next(&rest, &e) == 0 && e.zxid <= after)
        keep = buf_size(&log->entries) - rest.size;
    buf_truncate(&log->entries, keep);
}

static void read_log(struct fake_log *log, struct job *j)
{
    struct slice rest = buf_slice(&log->entries);
    struct entry e;
    for (const uint8_t *start = rest.data; entry_next(&rest, &e) == 0; start = rest.data)
        if (e.zxid >= j->zxid && e.zxid <= j->last && buf_size(&j->bytes) < j->max_bytes)
            buf_append(&j->bytes, start, (size_t)(rest.data - start));
    if (buf_size(&j->bytes) == 0)
        j->err = -COORD_E_NO_ENTRY;
}

static void load(struct fake_log *log, struct job *j)
{
    struct state_loader *l = state_loader_new();
    int rc = state_loader_feed(l, buf_slice(&log->image));
    if (rc == 0)
        rc = state_loader_finish(l, &j->state);
    state_loader_free(l);
    j->err = rc;
}

static void move(struct buf *to, struct buf *from)
{
    buf_clear(to);
    buf_append(to, buf_bytes(from), buf_size(from));
    buf_clear(from);
}

static void execute(struct fake_log *log, struct job *j)
{
    switch (j->type) {
    case JOB_PERSIST:
        if (j->persist.cut && log->cut_fails) {
            j->err = -COORD_E_IO;
            break;
        }
        if (j->persist.set_promised)
            log->promised = j->persist.promised;
        if (j->persist.set_accepted)
            log->accepted = j->persist.accepted;
        if (j->persist.cut)
            cut_entries(log, j->persist.cut_after);
        for (uint32_t i = 0; i < j->piece_count; i++) {
            struct slice s = batch_slice(j->pieces[i].batch, j->pieces[i].from, j->pieces[i].to);
            buf_append(&log->entries, s.data, s.size);
        }
        break;
    case JOB_READ_LOG:
        read_log(log, j);
        break;
    case JOB_SNAP_BEGIN:
    case JOB_SNAP_ABORT:
        buf_clear(&log->writing);
        break;
    case JOB_SNAP_CHUNK:
        buf_append(&log->writing, buf_bytes(&j->bytes), buf_size(&j->bytes));
        break;
    case JOB_SNAP_COMMIT:
        if (log->refused < log->full_count) {
            log->refused++;
            j->err = -COORD_E_NO_SPACE;
            break;
        }
        move(&log->image, &log->writing);
        log->image_zxid = j->zxid;
        break;
    case JOB_SNAP_READ: {
        size_t left = buf_size(&log->image) - (size_t)j->offset;
        buf_append(&j->bytes, buf_bytes(&log->image) + j->offset, left < 1000 ? left : 1000);
        j->size = buf_size(&log->image);
        break;
    }
    case JOB_SNAP_RECEIVE:
        if (j->offset == 0)
            buf_clear(&log->receiving);
        buf_append(&log->receiving, buf_bytes(&j->bytes), buf_size(&j->bytes));
        break;
    case JOB_SNAP_RECEIVED:
        move(&log->image, &log->receiving);
        log->image_zxid = j->zxid;
        break;
    case JOB_LOAD:
        load(log, j);
        break;
    case JOB_INSTALL:
        buf_clear(&log->entries);
        break;
    case JOB_TRIM: {
        struct slice rest = buf_slice(&log->entries);
        struct entry e;
        size_t gone = 0;
        while (entry_next(&rest, &e) == 0 && e.zxid <= j->zxid)
            gone = buf_size(&log->entries) - rest.size;
        buf_consume(&log->entries, gone);
        j->trimmed = j->zxid;
        break;
    }
    case JOB_MARK:
        break;
    }
}

/* ---- turns ---- */

static void take(struct group *g, struct buf *out, struct buf *in)
{
    if (buf_size(out) == 0)
        return;
    buf_append(in, buf_bytes(out), buf_size(out));
    buf_clear(out);
    g->moving = true;
}

static void take_output(struct group *g, uint32_t from)
{
    for (uint32_t to = 0; to < g->count; to++) {
        struct replica_peer_output *out = to == from ? NULL : replica_peer_output(g->member[from].r, to + 1);
        if (out == NULL || to + 1 == g->stuck)
            continue;
        take(g, &out->urgent, &g->member[to].in[from]);
        if (!out->corked)
            take(g, &out->bulk, &g->member[to].in[from]);
    }
}

static void step(struct group *g, uint32_t i, const struct replica_event *ev)
{
    uint8_t entropy[REPLICA_ENTROPY_BYTES];
    struct replica_now now = {g->now_ms, 1700000000000 + (int64_t)g->now_ms};
    struct replica *r = g->member[i].r;
    size_t wanted = replica_entropy_wanted(r);
    for (size_t k = 0; k < wanted; k++)
        entropy[k] = g->stale_entropy ? 7 : (uint8_t)rng_next(&g->rng);
    replica_add_entropy(r, entropy, wanted);
    replica_step(r, ev, ev == NULL ? 0 : 1, &now);
    CHECK(paxos_check(replica_paxos(r)) == NULL, "%s", paxos_check(replica_paxos(r)));
    REQUIRE(g->may_fail || replica_failed(r) == NULL, "%s", replica_failed(r));
    g->member[i].unfinished += replica_wake_at_ms(r) <= g->now_ms;
    take_output(g, i); /* as the shell does, behind each step */
}

static bool run_jobs(struct group *g, uint32_t i)
{
    struct list jobs;
    struct list *node;
    bool any = false;
    list_init(&jobs);
    replica_take_jobs(g->member[i].r, JOB_LANE_WAL, &jobs);
    replica_take_jobs(g->member[i].r, JOB_LANE_SNAP, &jobs);
    while ((node = list_pop_front(&jobs)) != NULL) {
        struct job *j = LIST_ENTRY(node, struct job, link);
        enum job_fate fate = g->fate == NULL ? JOB_RUNS : g->fate(i + 1, j);
        if (fate == JOB_WAITS || (g->hold_persists && j->type == JOB_PERSIST)) {
            list_push_back(&g->held_jobs[i], &j->link);
            continue;
        }
        if (fate == JOB_RUNS)
            execute(&g->member[i].log, j);
        step(g, i, &(struct replica_event){.type = REPLICA_JOB_DONE, .job = j});
        any = true;
    }
    return any;
}

void group_release(struct group *g)
{
    g->hold_persists = false;
    g->fate = NULL;
    for (uint32_t i = 0; i < g->count; i++) {
        struct list *node;
        while ((node = list_pop_front(&g->held_jobs[i])) != NULL) {
            struct job *j = LIST_ENTRY(node, struct job, link);
            execute(&g->member[i].log, j);
            step(g, i, &(struct replica_event){.type = REPLICA_JOB_DONE, .job = j});
        }
    }
    group_settle(g);
}

void group_say(struct group *g, uint32_t from, uint32_t to, struct peer_msg m)
{
    m.from = from;
    m.to = to;
    step(g, to - 1, &(struct replica_event){.type = REPLICA_MESSAGE, .message = &m});
}

void group_link(struct group *g, uint32_t id, uint32_t peer, bool up)
{
    step(g, id - 1, &(struct replica_event){.type = REPLICA_LINK, .peer = peer, .up = up});
}

void group_hand_over(struct group *g, uint32_t id)
{
    step(g, id - 1, &(struct replica_event){.type = REPLICA_HAND_OVER});
    group_settle(g);
}

/* One message, of as many frames as it has. */
static void take_message(struct buf *in, struct peer_msg *m, struct buf *payload)
{
    unsigned flags = PEER_FLAG_MORE;
    while (flags == PEER_FLAG_MORE) {
        size_t size;
        struct slice body;
        REQUIRE(peer_frame(buf_slice(in), &size, &body) == 0 && size > 0);
        REQUIRE(peer_decode(body, m, &flags) == 0);
        if (m->payload.size > 0)
            buf_append(payload, m->payload.data, m->payload.size);
        buf_consume(in, size);
    }
}

static bool deliver(struct group *g, uint32_t to)
{
    bool any = false;
    for (uint32_t from = 0; from < g->count; from++) {
        struct buf *in = &g->member[to].in[from];
        while (buf_size(in) > 0) {
            struct peer_msg m;
            struct buf payload = {0};
            take_message(in, &m, &payload);
            m.from = from + 1;
            m.to = to + 1;
            const struct paxos *sender = replica_paxos(g->member[from].r);
            CHECK(g->lies || m.type != PEER_HEARTBEAT || !sender->rolling || m.heartbeat.epoch != sender->epoch,
                  "a heartbeat of epoch %u, which is not won", m.heartbeat.epoch);
            m.payload = buf_slice(&payload);
            if (g->lost == NULL || !g->lost(&m))
                step(g, to, &(struct replica_event){.type = REPLICA_MESSAGE, .message = &m});
            buf_deinit(&payload);
            any = true;
        }
    }
    return any;
}

void group_settle(struct group *g)
{
    do {
        g->moving = false;
        for (uint32_t i = 0; i < g->count; i++) {
            if (replica_wake_at_ms(g->member[i].r) <= g->now_ms)
                step(g, i, NULL);
            g->moving |= replica_wake_at_ms(g->member[i].r) <= g->now_ms && replica_failed(g->member[i].r) == NULL;
            g->moving |= run_jobs(g, i);
            take_output(g, i); /* one that was stuck is no longer */
            g->moving |= deliver(g, i);
        }
    } while (g->moving);
}

void group_pass(struct group *g, uint64_t ms)
{
    for (uint64_t end = g->now_ms + ms; g->now_ms < end;) {
        g->now_ms += end - g->now_ms < 5 ? end - g->now_ms : 5;
        group_settle(g);
    }
}

static void link_all(struct group *g, uint32_t i, bool up)
{
    for (uint32_t j = 0; j < g->count; j++) {
        if (j == i)
            continue;
        buf_clear(&g->member[i].in[j]);
        buf_clear(&g->member[j].in[i]);
        step(g, i, &(struct replica_event){.type = REPLICA_LINK, .peer = j + 1, .up = up});
        step(g, j, &(struct replica_event){.type = REPLICA_LINK, .peer = i + 1, .up = up});
    }
}

uint32_t group_other(const struct group *g, uint32_t id)
{
    return id % g->count + 1;
}

struct replica_stats group_stats(const struct group *g, uint32_t id)
{
    struct replica_stats stats;
    replica_stats(g->member[id - 1].r, &stats);
    return stats;
}

const struct paxos *group_core(const struct group *g, uint32_t id)
{
    return replica_paxos(g->member[id - 1].r);
}

void group_cut(struct group *g, uint32_t id)
{
    link_all(g, id - 1, false);
}

void group_heal(struct group *g, uint32_t id)
{
    link_all(g, id - 1, true);
}

/* With what is in the fake log. */
static void start(struct group *g, uint32_t i)
{
    const struct fake_log *log = &g->member[i].log;
    struct paxos_recovered recovered = {
        .promised = log->promised, .accepted = log->accepted, .committed = log->image_zxid, .log = {.floor = log->image_zxid}};
    struct state *state = state_new();
    struct slice rest = buf_slice(&log->entries);
    struct entry e;
    struct replica_options o = {.ttl_off = g->ttl_off,
                                .reap_per_minute = g->reap_per_minute,
                                .super_digest = "super:xQJmxLMiHGwaqBvst5y6rkB6HQs=", /* of super:admin */
                                .session_min_ms = 4000,
                                .session_max_ms = 40000,
                                .snap_count = g->snap_count == 0 ? 100000 : g->snap_count,
                                .fresh_cluster = 77,
                                .limits = g->limits,
                                .enforce_auth_schemes = g->enforce_auth_schemes,
                                .local_sessions = g->local_sessions,
                                .local_upgrading = g->local_upgrading,
                                .read_only_after_ms = g->read_only_after_ms,
                                .connect_timeout_ms = 20000,
                                .settings = g->settings[i]};
    if (log->image_zxid != 0) {
        struct job j = {.type = JOB_LOAD};
        state_free(state);
        load(&g->member[i].log, &j);
        REQUIRE(j.err == 0);
        state = j.state;
    }
    while (entry_next(&rest, &e) == 0) {
        if (e.zxid > recovered.log.floor)
            runs_append(&recovered.log, e.zxid, 1);
        if (e.kind == ENTRY_FORM) {
            recovered.has_form = form_decode(e.body, &recovered.form) == 0;
            recovered.form_zxid = e.zxid;
        }
    }
    o.snapshot_zxid = log->image_zxid;
    o.paxos = (struct paxos_options){.self = i + 1,
                                     .boot = ++g->member[i].starts,
                                     .incarnation = 100 * g->member[i].disk + i,
                                     .voter_count = g->count,
                                     .heartbeat_ms = g->election_min_ms == 0 ? 50 : g->election_min_ms / 3,
                                     .election_min_ms = g->election_min_ms == 0 ? 300 : g->election_min_ms,
                                     .election_max_ms = g->election_min_ms == 0 ? 600 : 2 * g->election_min_ms,
                                     .counter_max = g->counter_max == 0 ? UINT32_MAX - (1u << 20) : g->counter_max,
                                     .seed = i + 1};
    for (uint32_t v = 0; v < g->count; v++)
        o.paxos.voters[v] = v + 1;
    g->member[i].r = replica_new(&o, &recovered, state, g->now_ms);
}

void group_init(struct group *g, uint32_t count)
{
    struct settings settings[GROUP_MAX];

    memcpy(settings, g->settings, sizeof(settings));
    *g = (struct group){.count = count,
                        .now_ms = 1000,
                        .next_conn = 1,
                        .snap_count = g->snap_count,
                        .counter_max = g->counter_max,
                        .ttl_off = g->ttl_off,
                        .reap_per_minute = g->reap_per_minute,
                        .limits = g->limits,
                        .enforce_auth_schemes = g->enforce_auth_schemes,
                        .election_min_ms = g->election_min_ms,
                        .read_only_after_ms = g->read_only_after_ms,
                        .local_sessions = g->local_sessions,
                        .local_upgrading = g->local_upgrading,
                        .stale_entropy = g->stale_entropy,
                        .lies = g->lies};
    memcpy(g->settings, settings, sizeof(settings));
    rng_init(&g->rng, 1);
    for (uint32_t i = 0; i < count; i++) {
        list_init(&g->held_jobs[i]);
        g->member[i].disk = 1;
        start(g, i);
    }
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            if (i != j)
                step(g, i, &(struct replica_event){.type = REPLICA_LINK, .peer = j + 1, .up = true});
    group_settle(g);
}

void group_wipe(struct group *g, uint32_t id)
{
    struct member *m = &g->member[id - 1];
    replica_free(m->r);
    buf_clear(&m->log.entries);
    buf_clear(&m->log.image);
    m->log.image_zxid = 0;
    m->log.promised = (struct paxos_promised){0};
    m->log.accepted = 0;
    m->disk++; /* another incarnation: start() */
    start(g, id - 1);
}

void group_restart(struct group *g, uint32_t id)
{
    struct list *node;
    group_cut(g, id);
    while ((node = list_pop_front(&g->held_jobs[id - 1])) != NULL)
        job_free(LIST_ENTRY(node, struct job, link));
    replica_free(g->member[id - 1].r);
    start(g, id - 1);
}

void group_deinit(struct group *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        struct member *m = &g->member[i];
        struct list *node;
        while ((node = list_pop_front(&g->held_jobs[i])) != NULL)
            job_free(LIST_ENTRY(node, struct job, link));
        replica_free(m->r);
        buf_deinit(&m->log.entries);
        buf_deinit(&m->log.image);
        buf_deinit(&m->log.writing);
        buf_deinit(&m->log.receiving);
        for (uint32_t j = 0; j < GROUP_MAX; j++)
            buf_deinit(&m->in[j]);
    }
}

uint32_t group_leader(struct group *g)
{
    for (uint64_t end = g->now_ms + 20000; g->now_ms < end; group_pass(g, 5))
        for (uint32_t i = 0; i < g->count; i++) {
            struct replica_stats stats;
            replica_stats(g->member[i].r, &stats);
            if (stats.established)
                return i + 1;
        }
    return 0;
}

void group_begin(struct group *g, uint32_t count)
{
    g->snap_count = g->counter_max = 0;
    group_init(g, count);
    REQUIRE(group_leader(g) != 0);
}

/* ---- clients ---- */

static struct replica *server_of(const struct client *c)
{
    return c->g->member[c->server - 1].r;
}

void client_open(struct client *c, struct group *g, uint32_t server)
{
    client_open_from(c, g, server, "");
}

void client_open_from(struct client *c, struct group *g, uint32_t server, const char *address)
{
    *c = (struct client){.g = g, .server = server, .conn = g->next_conn++};
    step(g, server - 1, &(struct replica_event){.type = REPLICA_CONN_OPEN, .conn = c->conn, .bytes = slice_from_text(address)});
}

void client_deinit(struct client *c)
{
    step(c->g, c->server - 1, &(struct replica_event){.type = REPLICA_CONN_CLOSED, .conn = c->conn});
    buf_deinit(&c->in);
}

void client_drained(struct client *c)
{
    step(c->g, c->server - 1, &(struct replica_event){.type = REPLICA_CONN_DRAINED, .conn = c->conn});
}

void client_frame(struct client *c, const void *frame, size_t size)
{
    step(c->g, c->server - 1,
         &(struct replica_event){.type = REPLICA_CONN_FRAME, .conn = c->conn, .bytes = slice_make(frame, size)});
}

void client_request(struct client *c, int32_t xid, int32_t op, const struct jute_record *table, const void *record)
{
    struct buf b = {0};
    struct zk_request_header h = {.xid = xid, .type = op};
    jute_append(&b, &jute_request_header, &h);
    if (table != NULL)
        jute_append(&b, table, record);
    client_frame(c, buf_bytes(&b), buf_size(&b));
    buf_deinit(&b);
}

static void fetch(struct client *c)
{
    struct replica_conn_io *io = replica_conn_io(server_of(c), c->conn);
    if (io == NULL || buf_size(&io->output) == 0)
        return;
    buf_append(&c->in, buf_bytes(&io->output), buf_size(&io->output));
    buf_clear(&io->output);
    step(c->g, c->server - 1, &(struct replica_event){.type = REPLICA_CONN_DRAINED, .conn = c->conn});
}

static void send_connect(struct client *c, int64_t session, const uint8_t *password, uint32_t timeout_ms, int64_t last_zxid)
{
    struct zk_connect_request m = {.last_zxid_seen = last_zxid,
                                   .timeout = (int32_t)timeout_ms,
                                   .session_id = session,
                                   .password = slice_make(password, 16)};
    struct buf b = {0};
    jute_append(&b, &jute_connect_request, &m);
    client_frame(c, buf_bytes(&b), buf_size(&b));
    buf_deinit(&b);
}

/* The connect response, once, if it is there. */
static bool take_response(struct client *c)
{
    struct zk_connect_response answer;
    struct jute_cursor at = jute_cursor_make(buf_slice(&c->in));
    if (buf_size(&c->in) < 4)
        return false;
    at.at += 4;
    REQUIRE(jute_decode(&at, &jute_connect_response, &answer) == 0);
    c->session = (uint64_t)answer.session_id;
    memcpy(c->password, answer.password.data, 16);
    buf_consume(&c->in, 4 + get_be32(buf_bytes(&c->in)));
    c->answered = true;
    return c->session != 0;
}

void client_send_connect(struct client *c, const struct client *earlier, int64_t last_zxid)
{
    static const uint8_t none[16];
    send_connect(c, earlier == NULL ? 0 : (int64_t)earlier->session, earlier == NULL ? none : earlier->password, 4000,
                 last_zxid);
}

void client_take(struct client *c)
{
    fetch(c);
    if (!c->answered)
        take_response(c);
    if (c->answered)
        buf_clear(&c->in);
}

static bool connect_with(struct client *c, int64_t session, const uint8_t *password, uint32_t timeout_ms, int64_t last_zxid)
{
    send_connect(c, session, password, timeout_ms, last_zxid);
    group_settle(c->g);
    fetch(c);
    return take_response(c);
}

bool client_connect(struct client *c, uint32_t timeout_ms)
{
    static const uint8_t none[16];
    return connect_with(c, 0, none, timeout_ms, 0);
}

bool client_resume(struct client *c, const struct client *earlier, int64_t last_zxid)
{
    return connect_with(c, (int64_t)earlier->session, earlier->password, 4000, last_zxid);
}

void client_create(struct client *c, int32_t xid, const char *path, const char *data, int32_t flags)
{
    static const uint8_t world_anyone[] = {0,   0, 0, 31, 0, 0,   0,   5,   'w', 'o', 'r', 'l',
                                           'd', 0, 0, 0,  6, 'a', 'n', 'y', 'o', 'n', 'e'};
    struct zk_create_request m = {.path = slice_from_text(path),
                                  .data = slice_from_text(data),
                                  .acl = {1, slice_make(world_anyone, sizeof(world_anyone))},
                                  .flags = flags};
    client_request(c, xid, ZK_OP_CREATE, &jute_create_request, &m);
}

void client_set(struct client *c, int32_t xid, const char *path, const char *data, int32_t version)
{
    struct zk_set_data_request m = {.path = slice_from_text(path), .data = slice_from_text(data), .version = version};
    client_request(c, xid, ZK_OP_SET_DATA, &jute_set_data_request, &m);
}

void client_delete(struct client *c, int32_t xid, const char *path, int32_t version)
{
    struct zk_delete_request m = {.path = slice_from_text(path), .version = version};
    client_request(c, xid, ZK_OP_DELETE, &jute_delete_request, &m);
}

void client_get(struct client *c, int32_t xid, const char *path, bool watch)
{
    struct zk_path_watch_request m = {.path = slice_from_text(path), .watch = watch};
    client_request(c, xid, ZK_OP_GET_DATA, &jute_path_watch_request, &m);
}

void client_path(struct client *c, int32_t xid, int32_t op, const char *path)
{
    struct zk_path_request m = {.path = slice_from_text(path)};
    client_request(c, xid, op, &jute_path_request, &m);
}

void client_plain(struct client *c, int32_t xid, int32_t op)
{
    client_request(c, xid, op, NULL, NULL);
}

bool client_reply(struct client *c, struct reply *reply)
{
    static struct buf last;
    fetch(c);
    if (buf_size(&c->in) == 0)
        return false;
    size_t size = get_be32(buf_bytes(&c->in));
    REQUIRE(size >= 16 && buf_size(&c->in) >= 4 + size);
    buf_clear(&last);
    buf_append(&last, buf_bytes(&c->in) + 4, size);
    buf_consume(&c->in, 4 + size);
    const uint8_t *p = buf_bytes(&last);
    *reply = (struct reply){(int32_t)get_be32(p), (int32_t)get_be32(p + 12), (int64_t)get_be64(p + 4),
                            slice_make(p + 16, size - 16)};
    return true;
}

bool client_closed(const struct client *c)
{
    const struct replica_conn_io *io = replica_conn_io(server_of(c), c->conn);
    return io == NULL || io->close;
}

const char *client_replies(struct client *c)
{
    static char text[4096];
    size_t at = 0;
    struct reply reply;
    text[0] = '\0';
    while (client_reply(c, &reply)) {
        struct zk_watcher_event event;
        struct jute_cursor cursor = jute_cursor_make(reply.record);
        const char *gap = at == 0 ? "" : " ";
        if (reply.xid == ZK_XID_NOTIFICATION && jute_decode(&cursor, &jute_watcher_event, &event) == 0)
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%sevent:%d:%.*s", gap, event.type, SLICE_ARG(event.path));
        else
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%d:%d", gap, reply.xid, reply.err);
        REQUIRE(at < sizeof(text));
    }
    return text;
}
