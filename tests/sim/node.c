/* node.c - starting, stepping and killing one server's process; see node.h. */
#include "sim/node.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "sim/ck_durable.h"
#include "sim/ck_lead.h"
#include "sim/ck_log.h"
#include "sim/mark.h"
#include "sim/mermaid.h"
#include "sim/net.h"
#include "sim/pipe.h"
#include "sim/rot.h"
#include "sim/sched.h"
#include "sim/trace.h"

#define TURN_EVENTS 64
#define WALL_START 1790000000000ll

struct inbox {
    struct list link;
    enum replica_event_type type;
    uint32_t peer;
    bool up;
    uint64_t conn;
    struct job *job;
    struct buf bytes, joined;
};

static struct fake_fs *disk_new(const struct sim *s, const struct node *n)
{
    struct fake_fs *disk = fake_fs_new();
    struct rng rng;

    sim_rng(s, &rng, "disk", n->life << 8 | n->id);
    fake_fs_sync_by_chance(disk, rng_next(&rng));
    return disk;
}

struct node *node_new(struct sim *s, uint32_t id)
{
    struct node *n = coord_alloc_zero(1, sizeof(*n));

    n->id = id;
    sim_rng(s, &n->rng, "node", id);
    n->disk = disk_new(s, n);
    list_init(&n->inbox);
    lane_init(n);
    n->turn_at = UINT64_MAX;
    n->mono_base = rng_below(&n->rng, 1u << 30);
    n->rate = 1000;
    n->wall_offset = (int64_t)rng_below(&n->rng, 10000) - 5000;
    return n;
}

uint64_t node_mono_ms(const struct sim *s, const struct node *n)
{
    return n->mono_base + (s->now - n->mono_since) * n->rate / 1000;
}

/* When its clock will show this. */
static uint64_t time_of(const struct node *n, uint64_t mono_ms)
{
    return mono_ms <= n->mono_base ? n->mono_since : n->mono_since + ((mono_ms - n->mono_base) * 1000 + n->rate - 1) / n->rate;
}

void node_set_rate(struct sim *s, struct node *n, uint32_t per_thousand)
{
    trace_line(s, per_thousand, "n%u CLOCK at %u/1000", n->id, per_thousand);
    n->mono_base = node_mono_ms(s, n);
    n->mono_since = s->now;
    n->rate = per_thousand;
}

static void inbox_clear(struct node *n)
{
    struct list *link;

    while ((link = list_pop_front(&n->inbox)) != NULL) {
        struct inbox *item = LIST_ENTRY(link, struct inbox, link);
        if (item->job != NULL)
            job_free(item->job);
        buf_deinit(&item->bytes);
        buf_deinit(&item->joined);
        coord_free(item);
    }
}

static void process_free(struct node *n)
{
    inbox_clear(n);
    lane_drop(n);
    if (n->replica != NULL)
        replica_free(n->replica);
    if (n->store != NULL)
        store_close(n->store);
    n->replica = NULL;
    n->store = NULL;
    n->alive = false;
    n->life++;
    n->turn_at = UINT64_MAX;
    n->paused_until = 0;
    n->stopping = n->doomed = n->disk_held = false;
    n->seen = (struct mark_seen){.role = PAXOS_FOLLOWER};
}

void node_free(struct sim *s, struct node *n)
{
    (void)s;
    process_free(n);
    rot_forget(n);
    fake_fs_free(n->disk);
    coord_free(n);
}

static void start_again(struct sim *s, void *arg)
{
    struct node *n = arg;

    if (!n->alive && s->now >= n->down_until)
        node_start(s, n);
}

static void mark_crash(const struct sim *s, const struct node *n)
{
    for (uint32_t peer = 1; n->replica != NULL && peer <= s->preset.nodes; peer++) {
        const struct replica_peer_output *out = replica_peer_output(n->replica, peer);
        if (out != NULL && out->corked)
            mark(s, MARK_CORKED_LOST);
    }
}

void node_crash(struct sim *s, struct node *n, enum fake_fs_crash mode, uint64_t down_ms)
{
    if (!n->alive)
        return;
    trace_line(s, 0xc0de + n->id, "n%u CRASH mode=%d down=%llu", n->id, (int)mode, (unsigned long long)down_ms);
    mermaid_note(s, n->id, "its process ends");
    s->crashes++;
    mark_crash(s, n);
    process_free(n);
    fake_fs_crash(n->disk, &n->rng, mode);
    net_process_died(s, n->id);
    pipe_process_died(s, n);
    n->down_until = s->now + down_ms;
    sched_at(s, n->down_until, start_again, NULL, n);
}

void node_crash_at_write(struct sim *s, struct node *n, uint64_t nth)
{
    trace_line(s, nth, "n%u will stop at write %llu", n->id, (unsigned long long)nth);
    n->doomed = true;
    fake_fs_stop(n->disk, FAKE_FS_CHANGES, nth);
}

void node_fail_disk(struct sim *s, struct node *n, unsigned calls, uint64_t nth, int code)
{
    trace_line(s, nth + calls, "n%u call %llu of kinds %#x will fail: %s", n->id, (unsigned long long)nth, calls,
               coord_error_name(-code));
    n->doomed = true;
    fake_fs_fail(n->disk, calls, nth, code);
}

static void room_again(struct sim *s, void *arg)
{
    struct node *n = arg;

    if (s->now >= n->full_until)
        fake_fs_set_capacity(n->disk, UINT64_MAX);
}

void node_fill_disk(struct sim *s, struct node *n, uint64_t bytes, uint64_t ms)
{
    trace_line(s, bytes, "n%u DISK FULL but for %llu bytes for %llu", n->id, (unsigned long long)bytes, (unsigned long long)ms);
    n->doomed = n->alive;
    n->full_until = s->now + ms;
    fake_fs_set_capacity(n->disk, fake_fs_used(n->disk) + bytes);
    sched_at(s, n->full_until, room_again, NULL, n);
}

void node_disk_failed(struct sim *s, struct node *n)
{
    uint64_t dice = rng_below(&n->rng, 10);
    enum fake_fs_crash mode = dice < 4 ? FAKE_FS_KEEP : dice < 6 ? FAKE_FS_EVICT : FAKE_FS_RANDOM;

    node_crash(s, n, mode, rng_between(&n->rng, 5, 1500));
}

void node_wipe(struct sim *s, struct node *n, uint64_t down_ms)
{
    trace_line(s, n->id, "n%u WIPED", n->id);
    node_crash(s, n, FAKE_FS_KEEP, down_ms);
    fake_fs_free(n->disk);
    n->disk = disk_new(s, n);
    n->lost = true;
    rot_forget(n);
    ck_durable_wiped(s, n);
}

bool node_may_lose(const struct sim *s, const struct node *n)
{
    return n->lost || node_lost(s) < s->preset.lost_max;
}

uint32_t node_lost(const struct sim *s)
{
    uint32_t lost = 0;

    for (uint32_t i = 0; i < s->preset.nodes; i++)
        lost += s->nodes[i]->lost ? 1 : 0;
    return lost;
}

uint32_t node_voteless(const struct sim *s)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < s->preset.nodes; i++)
        count += s->nodes[i]->refused || ck_durable_outvoted(s, s->nodes[i]->id) ? 1 : 0;
    return count;
}

bool node_check_disk(struct sim *s, struct node *n)
{
    if (!fake_fs_stopped(n->disk))
        return false;
    node_crash(s, n, FAKE_FS_RANDOM, rng_between(&n->rng, 5, 1500));
    return true;
}

/* Turns. */

struct turn {
    struct node *n;
    uint64_t life, at;
};

static void turn(struct sim *s, struct node *n);

static void turn_drop(struct sim *s, void *arg)
{
    (void)s;
    coord_free(arg);
}

static void turn_run(struct sim *s, void *arg)
{
    struct turn t = *(struct turn *)arg;

    coord_free(arg);
    if (t.n->life != t.life || t.n->turn_at != t.at)
        return;
    t.n->turn_at = UINT64_MAX;
    turn(s, t.n);
}

static void wake(struct sim *s, struct node *n, uint64_t at)
{
    if (at < n->paused_until)
        at = n->paused_until;
    if (at < s->now)
        at = s->now;
    if (at >= n->turn_at)
        return;
    struct turn *t = coord_alloc(sizeof(*t));
    *t = (struct turn){n, n->life, at};
    n->turn_at = at;
    sched_at(s, at, turn_run, turn_drop, t);
}

void node_pause(struct sim *s, struct node *n, uint64_t ms)
{
    trace_line(s, ms, "n%u PAUSE %llu", n->id, (unsigned long long)ms);
    n->paused_until = s->now + ms;
    n->turn_at = UINT64_MAX;
    wake(s, n, n->paused_until);
}

static struct inbox *inbox_add(struct sim *s, struct node *n, enum replica_event_type type)
{
    struct inbox *item = coord_alloc_zero(1, sizeof(*item));

    item->type = type;
    list_push_back(&n->inbox, &item->link);
    wake(s, n, s->now + (!s->preset.steady && chance(&n->rng, 100) ? rng_below(&n->rng, 3) : 0));
    return item;
}

void node_link(struct sim *s, struct node *n, uint32_t peer, bool up)
{
    if (!n->alive)
        return;
    struct inbox *item = inbox_add(s, n, REPLICA_LINK);
    item->peer = peer;
    item->up = up;
}

void node_message(struct sim *s, struct node *n, uint32_t peer, struct slice frames)
{
    if (!n->alive)
        return;
    struct inbox *item = inbox_add(s, n, REPLICA_MESSAGE);
    item->peer = peer;
    buf_append(&item->bytes, frames.data, frames.size);
}

void node_conn(struct sim *s, struct node *n, enum replica_event_type type, uint64_t conn, struct slice bytes)
{
    if (!n->alive)
        return;
    struct inbox *item = inbox_add(s, n, type);
    item->conn = conn;
    if (bytes.size > 0)
        buf_append(&item->bytes, bytes.data, bytes.size);
}

void node_job(struct sim *s, struct node *n, struct job *job)
{
    inbox_add(s, n, REPLICA_JOB_DONE)->job = job;
}

void node_hand_over(struct sim *s, struct node *n)
{
    if (!n->alive || n->stopping)
        return;
    n->stopping = true;
    inbox_add(s, n, REPLICA_HAND_OVER);
}

/* Joins the fragments as a link does. */
static void message_decode(struct sim *s, struct node *n, struct inbox *item, struct peer_msg *m)
{
    struct slice in = buf_slice(&item->bytes), body;
    unsigned flags = PEER_FLAG_MORE;
    bool joining = false;

    while (flags & PEER_FLAG_MORE) {
        size_t size;
        if (peer_frame(in, &size, &body) != 0 || size == 0 || peer_decode(body, m, &flags) != 0)
            sim_fail(s, "codec", "n%u cannot decode what n%u sent", n->id, item->peer);
        joining = joining || (flags & PEER_FLAG_MORE);
        if (joining)
            buf_append(&item->joined, m->payload.data, m->payload.size);
        in = slice_make(in.data + size, in.size - size);
    }
    if (joining)
        m->payload = buf_slice(&item->joined);
    m->from = item->peer;
    m->to = n->id;
    if (trace_text(s)) {
        struct buf text = {0};
        peer_print(&text, m);
        trace_line(s, 0, "n%u < n%u %.*s", n->id, item->peer, SLICE_ARG(buf_slice(&text)));
        buf_deinit(&text);
    } else {
        trace_line(s, 0, "%s", "");
    }
}

static void entropy_fill(struct node *n)
{
    for (size_t wanted = replica_entropy_wanted(n->replica); wanted > 0; wanted = replica_entropy_wanted(n->replica)) {
        uint64_t bytes = rng_next(&n->rng);
        replica_add_entropy(n->replica, (uint8_t *)&bytes, wanted < sizeof(bytes) ? wanted : sizeof(bytes));
    }
}

void node_effects(struct sim *s, struct node *n)
{
    const char *why = replica_failed(n->replica);

    if (why != NULL) {
        if (!n->doomed)
            sim_fail(s, "service", "n%u gives up: %s", n->id, why);
        mark(s, MARK_DISK_FAILED);
        node_disk_failed(s, n);
        return;
    }
    mark_step(s, n);
    mermaid_step(s, n);
    ck_log_step(s, n);
    ck_lead_step(s, n);
    lane_take(s, n);
    net_take(s, n);
    pipe_take(s, n);
    if (n->stopping && replica_handed_over(n->replica)) {
        node_crash(s, n, FAKE_FS_KEEP, s->preset.steady ? NODE_DOWN : rng_between(&n->rng, 5, 1500));
        return;
    }
    uint64_t at = replica_wake_at_ms(n->replica);
    if (at != UINT64_MAX)
        wake(s, n, time_of(n, at));
    if (!list_empty(&n->inbox))
        wake(s, n, s->now);
}

static void turn(struct sim *s, struct node *n)
{
    static struct peer_msg messages[TURN_EVENTS];
    struct replica_event events[TURN_EVENTS];
    struct list taken;
    uint32_t count = 0;

    list_init(&taken);
    for (struct list *link; count < TURN_EVENTS && (link = list_pop_front(&n->inbox)) != NULL; count++) {
        struct inbox *item = LIST_ENTRY(link, struct inbox, link);
        list_push_back(&taken, link);
        events[count] = (struct replica_event){.type = item->type,
                                               .up = item->up,
                                               .peer = item->peer,
                                               .conn = item->conn,
                                               .bytes = buf_slice(&item->bytes),
                                               .message = &messages[count],
                                               .job = item->job};
        if (item->type == REPLICA_MESSAGE) {
            message_decode(s, n, item, &messages[count]);
            mark_arrives(s, n, &messages[count]);
            mermaid_message(s, &messages[count]);
        } else if (item->type == REPLICA_JOB_DONE) {
            trace_line(s, item->job->type, "n%u job %s done err=%d", n->id, job_type_name(item->job->type), item->job->err);
        } else {
            trace_line(s, item->type + item->conn, "n%u event %d peer=%u up=%d conn=%llu", n->id, (int)item->type, item->peer,
                       item->up, (unsigned long long)item->conn);
        }
        item->job = NULL; /* the replica's from here on */
    }
    bool must_end = false;
    for (uint32_t i = 0; i < count; i++)
        must_end = must_end || (events[i].type == REPLICA_JOB_DONE && lane_fatal(events[i].job));
    struct replica_now now = {node_mono_ms(s, n), WALL_START + (int64_t)s->now + n->wall_offset};
    entropy_fill(n);
    replica_step(n->replica, events, count, &now);
    for (struct list *link; (link = list_pop_front(&taken)) != NULL;) {
        struct inbox *item = LIST_ENTRY(link, struct inbox, link);
        buf_deinit(&item->bytes);
        buf_deinit(&item->joined);
        coord_free(item);
    }
    if (must_end && replica_failed(n->replica) == NULL)
        sim_fail(s, "F3", "n%u goes on though its disk failed", n->id);
    node_effects(s, n);
}

struct node *node_leader(struct sim *s)
{
    struct node *leader = NULL;

    for (uint32_t i = 0; i < s->preset.nodes; i++) {
        struct node *n = s->nodes[i];
        if (n->alive && replica_paxos(n->replica)->role == PAXOS_LEADING && replica_paxos(n->replica)->established &&
            (leader == NULL || replica_paxos(n->replica)->promised.epoch > replica_paxos(leader->replica)->promised.epoch))
            leader = n;
    }
    return leader;
}
