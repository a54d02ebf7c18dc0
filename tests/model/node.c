/* node.c - one server and one event: what the caller of paxos_step() must do, as node.h says. */
#include "model/node.h"

#include "base/assert.h"
#include "base/zxid.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAMPAIGN_STEPS_MAX 8

static jmp_buf assertion_jump;
static bool assertion_is_finding; /* while an event runs */
static const char *assertion_text;

/* In the place of base/assert.c: the explorer goes on, and shows how it came to this. */
_Noreturn void coord_assert_fail(const char *expression, const char *file, int line)
{
    assertion_text = expression;
    if (assertion_is_finding)
        longjmp(assertion_jump, 1);
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    abort();
}

static void breaks(struct output *o, const char *what)
{
    if (o->effects->broken == NULL)
        o->effects->broken = what;
}

static bool log_holds(const struct node *n, const struct runs *log)
{
    struct shape shape;

    return shape_from_runs(&shape, log) && shape_holds(&n->disk.log, shape_last(&shape));
}

/* Nothing leaves that the disk does not imply. */
static void check_leaves(const struct node *n, struct output *o, const struct peer_msg *m)
{
    const struct disk *d = &n->disk;

    switch (m->type) {
    case PEER_PREPARE:
        if (d->promised.epoch < m->prepare.epoch)
            breaks(o, "a PREPARE leaves before the own promise is durable (C6)");
        break;
    case PEER_PROMISE:
        if (d->promised.epoch < m->promise.epoch)
            breaks(o, "a PROMISE leaves before it is durable (C1)");
        if (d->promised.epoch == m->promise.epoch && d->accepted < m->promise.epoch &&
            (d->accepted != m->promise.accepted || !log_holds(n, &m->promise.log)))
            breaks(o, "a PROMISE names a log that is not durable (C1)");
        break;
    case PEER_ACCEPTED:
        if (d->promised.epoch < m->accepted.epoch ||
            (d->promised.epoch == m->accepted.epoch &&
             (d->accepted < m->accepted.accepted || !shape_holds(&d->log, m->accepted.matched))))
            breaks(o, "an ACCEPTED leaves before it is durable (C4)");
        break;
    case PEER_REFUSE:
        if (d->promised.epoch < m->refuse.promised)
            breaks(o, "a REFUSE names a promise that is not durable");
        break;
    default:
        break;
    }
}

static void leave(const struct node *n, struct output *o, const struct peer_msg *message)
{
    struct peer_msg m = *message;
    uint32_t number;

    check_leaves(n, o, &m);
    bug_message(o->machine->bug, &m);
    number = machine_add_message(o->machine, &m);
    for (uint32_t i = 0; i < o->effects->sent_count; i++)
        if (o->sent[i] == number)
            return;
    COORD_ASSERT(o->effects->sent_count < MODEL_SENT_MAX);
    o->sent[o->effects->sent_count++] = number;
}

static void wait_for(struct node *n, struct output *o, uint64_t seq, const struct peer_msg *m)
{
    uint32_t number = machine_add_message(o->machine, m);

    for (uint32_t i = 0; i < n->waiting_count; i++)
        if (n->waiting[i].message == number)
            return; /* it leaves sooner, and the network doubles it */
    COORD_ASSERT(n->waiting_count < MODEL_WAITING_MAX);
    n->waiting[n->waiting_count++] = (struct waiting){seq, number};
}

static void queue_write(struct node *n, struct output *o, const struct paxos_persist *p)
{
    struct write *w;

    COORD_ASSERT(n->write_count < MODEL_WRITES_MAX);
    w = &n->write[n->write_count++];
    memset(w, 0, sizeof(*w));
    w->seq = p->seq;
    w->set_promised = p->set_promised;
    if (p->set_promised)
        canon_promised(&w->promised, &p->promised);
    w->cut = p->cut;
    w->cut_after = p->cut ? p->cut_after : 0;
    w->append_last = p->append_count > 0 ? p->append_last : 0;
    w->set_accepted = p->set_accepted;
    w->accepted = p->set_accepted ? p->accepted : 0;
    if (!shape_from_runs(&w->target, &n->core.log))
        breaks(o, "a log that a server cannot have here");
    if (p->cut && p->cut_after < n->core.commit_zxid)
        breaks(o, "an applied entry is cut (C2)");
}

static void step(struct node *n, struct output *o, struct paxos_event *event)
{
    static struct paxos_out out;
    const char *wrong;

    event->now_ms = MODEL_NOW_MS;
    paxos_step(&n->core, event, &out);
    bug_after_step(o->machine->bug, n);
    if (out.persist.seq != 0)
        queue_write(n, o, &out.persist);
    for (uint32_t i = 0; i < out.now_count; i++) {
        canon_message(&out.send_now[i]);
        if (!canon_drops(&out.send_now[i]))
            leave(n, o, &out.send_now[i]);
    }
    for (uint32_t i = 0; i < out.after_count; i++) {
        struct peer_msg *m = &out.send_after_persist[i];
        canon_message(m);
        if (canon_drops(m))
            continue;
        if (out.wait_seq == 0 || o->machine->bug == BUG_EARLY_PROMISE)
            leave(n, o, m);
        else
            wait_for(n, o, out.wait_seq, m);
    }
    wrong = paxos_check(&n->core);
    if (wrong != NULL)
        breaks(o, wrong);
}

void node_start(struct machine *m, struct node *n, struct output *o)
{
    static struct paxos_out out;
    struct paxos_options options = {.self = n->core.options.self,
                                    .boot = n->disk.boot,
                                    .incarnation = n->disk.incarnation,
                                    .voter_count = m->servers,
                                    .heartbeat_ms = 50,
                                    .election_min_ms = 300,
                                    .election_max_ms = 600,
                                    .counter_max = UINT32_MAX - (1u << 20),
                                    .seed = 1};
    struct paxos_recovered recovered;
    struct disk disk = n->disk;

    for (uint32_t i = 0; i < m->servers; i++)
        options.voters[i] = i + 1;
    memset(&recovered, 0, sizeof(recovered));
    canon_promised(&recovered.promised, &disk.promised);
    recovered.accepted = disk.accepted;
    shape_to_runs(&disk.log, &recovered.log);
    recovered.has_form = shape_holds(&disk.log, zxid_make(1, 1));
    if (recovered.has_form) {
        recovered.form_zxid = zxid_make(1, 1);
        memcpy(&recovered.form, &m->form, sizeof(m->form));
    }
    memset(n, 0, sizeof(*n));
    n->disk = disk;
    canon_promised(&n->disk.promised, &disk.promised);
    paxos_init(&n->core, &options, &recovered, MODEL_NOW_MS, &out);
    for (uint32_t i = 0; i < m->servers; i++) {
        struct paxos_event event = {.type = PAXOS_LINK, .peer = i + 1, .up = true};
        if (i + 1 != options.self)
            step(n, o, &event);
    }
}

/* A time-out passes, whatever the server is doing, and a quorum grants its probe: it prepares `epoch`. */
static void campaign(struct node *n, struct output *o, uint32_t epoch)
{
    struct paxos *p = &n->core;

    for (uint32_t i = 0; i < CAMPAIGN_STEPS_MAX && (p->role != PAXOS_PREPARING || p->epoch != epoch); i++) {
        struct paxos_event timer = {.type = PAXOS_TIMER};

        p->epoch_seen = epoch - 1;
        p->deadline_ms = p->heartbeat_at_ms = MODEL_NOW_MS;
        p->leader_heard_ms = 0;
        for (uint32_t k = 0; k < p->options.voter_count; k++)
            p->peer[k].heard_at_ms = 0;
        step(n, o, &timer);
        for (uint32_t k = 0; k < p->options.voter_count && p->role == PAXOS_PROBING; k++) {
            struct peer_msg answer = {.type = PEER_PROBE_ANSWER, .from = k + 1, .to = p->options.self};
            struct paxos_event event = {.type = PAXOS_MESSAGE, .message = &answer};
            answer.probe_answer.granted = 1;
            answer.probe_answer.incarnation = o->machine->form.voter[k].incarnation;
            answer.probe_answer.attempt = p->attempt;
            step(n, o, &event);
        }
    }
    if (p->role != PAXOS_PREPARING || p->epoch != epoch)
        breaks(o, "a server cannot become a candidate");
}

/* A leader's heartbeat is due, and its followers have been silent: it asks anew where the logs match. */
static void nudge(struct node *n, struct output *o)
{
    struct paxos_event timer = {.type = PAXOS_TIMER};

    n->core.heartbeat_at_ms = MODEL_NOW_MS;
    for (uint32_t i = 0; i < n->core.options.voter_count; i++)
        n->core.peer[i].sent_at_ms = 0;
    step(n, o, &timer);
}

static void deliver(struct node *n, struct output *o, uint32_t number)
{
    uint64_t form_zxid = zxid_make(1, 1);
    struct peer_msg m;
    struct paxos_event event = {.type = PAXOS_MESSAGE, .message = &m};

    machine_message(o->machine, number, &m);
    if ((m.type == PEER_ACCEPT && m.accept.count > 0 && m.accept.first == form_zxid) ||
        (m.type == PEER_ENTRIES && m.entries.count > 0 && m.entries.first == form_zxid)) {
        event.form = &o->machine->form;
        event.form_zxid = form_zxid;
    }
    step(n, o, &event);
}

static void submit(struct node *n, struct output *o)
{
    uint32_t room;
    struct paxos_event event = {.type = PAXOS_SUBMIT, .count = 1};

    event.first = paxos_submit_zxid(&n->core, &room);
    step(n, o, &event);
}

/* The next part of the oldest persist; its order is the rule. */
static bool write_part(struct node *n, struct output *o, struct write *w)
{
    struct disk *d = &n->disk;

    if (w->set_promised) {
        if (w->promised.epoch < d->promised.epoch)
            breaks(o, "promised falls (C1)");
        d->promised = w->promised;
        w->set_promised = false;
        memset(&w->promised, 0, sizeof(w->promised));
    } else if (w->set_accepted && ((!w->cut && w->append_last == 0) || o->machine->bug == BUG_ACCEPTED_FIRST)) {
        d->accepted = w->accepted;
        w->set_accepted = false;
        w->accepted = 0;
    } else if (w->cut) {
        o->effects->cut_epoch = d->promised.epoch;
        if (o->machine->bug != BUG_NO_CUT)
            d->log = shape_up_to(&d->log, w->cut_after);
        w->cut = false;
        w->cut_after = 0;
    } else if (w->append_last != 0) {
        uint64_t next = shape_next(&w->target, &d->log);
        if (next == 0 || !shape_append(&d->log, next))
            breaks(o, "a log has a gap, or its zxids do not rise (C2)");
        if (next == 0 || next == w->append_last)
            w->append_last = 0;
    }
    if (d->accepted > d->promised.epoch)
        breaks(o, "accepted above promised on the disk (C3)");
    return !w->set_promised && !w->cut && w->append_last == 0 && !w->set_accepted;
}

static void disk(struct node *n, struct output *o)
{
    struct paxos_event event = {.type = PAXOS_PERSISTED, .seq = n->write[0].seq};
    uint32_t kept = 0;

    if (!write_part(n, o, &n->write[0]))
        return;
    memmove(&n->write[0], &n->write[1], (MODEL_WRITES_MAX - 1) * sizeof(n->write[0]));
    n->write_count--;
    for (uint32_t i = 0; i < n->waiting_count; i++) {
        struct peer_msg m;
        if (n->waiting[i].seq <= event.seq)
            leave(n, o, machine_message(o->machine, (uint32_t)n->waiting[i].message, &m));
        else
            n->waiting[kept++] = n->waiting[i];
    }
    n->waiting_count = kept;
    step(n, o, &event);
}

static void run_event(struct node *n, struct output *o, enum event_type type, uint32_t argument)
{
    switch (type) {
    case EVENT_DELIVER:
        deliver(n, o, argument);
        break;
    case EVENT_CAMPAIGN:
        campaign(n, o, argument);
        break;
    case EVENT_SUBMIT:
        submit(n, o);
        break;
    case EVENT_NUDGE:
        nudge(n, o);
        break;
    case EVENT_DISK:
        disk(n, o);
        break;
    case EVENT_CRASH:
        n->disk.boot++;
        bug_restart(o->machine->bug, &n->disk);
        node_start(o->machine, n, o);
        break;
    case EVENT_WIPE: {
        uint64_t incarnation = o->machine->bug == BUG_SAME_INCARNATION ? MODEL_FORMED : n->disk.incarnation + 1;
        memset(&n->disk, 0, sizeof(n->disk));
        n->disk.incarnation = incarnation;
        n->disk.boot = 1;
        node_start(o->machine, n, o);
        break;
    }
    }
}

void node_event(struct node *n, struct output *o, enum event_type type, uint32_t argument)
{
    assertion_is_finding = true;
    if (setjmp(assertion_jump) == 0)
        run_event(n, o, type, argument);
    else
        breaks(o, assertion_text);
    assertion_is_finding = false;
}
