/* paxos.c - the one door: start, step, and the questions that a caller may ask. */
#include "paxos/internal.h"

const char *paxos_role_name(enum paxos_role role)
{
    static const char *const names[] = {"follower", "probing", "preparing", "adopting", "leading"};

    return names[role];
}

struct paxos_peer *peer_find(struct paxos *p, uint32_t id)
{
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        if (p->peer[i].id == id && i != p->self)
            return &p->peer[i];
    return NULL;
}

const struct form_voter *form_find(const struct paxos *p, uint32_t id)
{
    for (uint32_t i = 0; p->has_form && i < p->form.count; i++)
        if (p->form.voter[i].id == id)
            return &p->form.voter[i];
    return NULL;
}

bool voter_counts(const struct paxos *p, uint32_t id, uint64_t incarnation)
{
    const struct form_voter *voter = form_find(p, id);

    return voter != NULL && (voter->incarnation == incarnation || SEEDED(any_incarnation));
}

bool paxos_is_voter(const struct paxos *p)
{
    return voter_counts(p, p->options.self, p->options.incarnation);
}

uint32_t paxos_quorum(const struct paxos *p)
{
    return p->has_form ? p->form.count / 2 + (SEEDED(quorum_off_by_one) ? 0 : 1) : p->options.voter_count; /* C15 */
}

bool paxos_persist_room(const struct paxos *p)
{
    return p->flight_count < PAXOS_FLIGHTS;
}

bool paxos_snapshot_wanted(const struct paxos *p, uint64_t zxid)
{
    return p->role != PAXOS_LEADING && zxid_epoch(zxid) <= p->promised.epoch && zxid > p->committed &&
           !runs_hold(&p->log, zxid);
}

void paxos_form(const struct paxos *p, struct form *form)
{
    memset(form, 0, sizeof(*form));
    for (uint32_t i = 0; i < p->options.voter_count; i++)
        form->voter[form->count++] =
            (struct form_voter){p->peer[i].id, i == p->self ? p->options.incarnation : p->peer[i].incarnation};
}

uint64_t random_timeout(struct paxos *p)
{
    return rng_between(&p->rng, p->options.election_min_ms, p->options.election_max_ms);
}

static struct peer_msg *fill(const struct paxos *p, struct peer_msg *m, uint32_t to, enum peer_type type)
{
    memset(m, 0, sizeof(*m));
    m->type = type;
    m->from = p->options.self;
    m->to = to;
    return m;
}

struct peer_msg *send_now(struct paxos *p, struct paxos_out *out, uint32_t to, enum peer_type type)
{
    COORD_ASSERT(out->now_count < PAXOS_SEND_MAX);
    return fill(p, &out->send_now[out->now_count++], to, type);
}

struct peer_msg *send_after(struct paxos *p, struct paxos_out *out, uint32_t to, enum peer_type type)
{
    COORD_ASSERT(out->after_count < PAXOS_SEND_MAX);
    return fill(p, &out->send_after_persist[out->after_count++], to, type);
}

static void out_clear(struct paxos_out *out)
{
    memset(&out->persist, 0, sizeof(out->persist));
    out->now_count = out->after_count = 0;
    out->wait_seq = 0;
    out->stage = out->drop_staged = false;
    out->stage_first = out->stage_last = 0;
    out->snapshot_to = 0;
}

static void out_close(struct paxos *p, struct paxos_out *out)
{
    durable_close(p, out);
    durable_commit(p, out);
    if (out->after_count > 0 && p->seq_done < p->seq_issued)
        out->wait_seq = p->seq_issued;
    out->snapshot_from = p->adopt_snapshot ? p->adopt_from : 0;
    out->want_form = p->role == PAXOS_LEADING && !p->has_form;
    out->wake_at_ms = election_wake(p);
}

void paxos_init(struct paxos *p, const struct paxos_options *options, const struct paxos_recovered *recovered, uint64_t now_ms,
                struct paxos_out *out)
{
    memset(p, 0, sizeof(*p));
    p->options = *options;
    rng_init(&p->rng, options->seed);
    p->now_ms = now_ms;
    COORD_ASSERT(options->voter_count >= 1 && options->voter_count <= PEER_MAX);
    for (uint32_t i = 0; i < options->voter_count; i++) {
        p->peer[i].id = options->voters[i];
        if (options->voters[i] == options->self)
            p->self = i;
    }
    COORD_ASSERT(p->peer[p->self].id == options->self);
    COORD_ASSERT(recovered->committed >= recovered->log.floor && runs_hold(&recovered->log, recovered->committed));
    p->promised = recovered->promised;
    p->accepted = recovered->accepted;
    p->log = recovered->log;
    p->has_form = recovered->has_form;
    p->form_zxid = recovered->form_zxid;
    p->form = recovered->form;
    p->committed = recovered->committed;
    p->durable_last = runs_last(&p->log);
    p->durable_promised = p->promised.epoch;
    p->durable_accepted = p->accepted;
    p->role = PAXOS_FOLLOWER;
    p->deadline_ms = now_ms;
    if (options->voter_count > 1) /* let the links come up: a leader may be there */
        p->deadline_ms += rng_between(&p->rng, options->heartbeat_ms / 4, options->heartbeat_ms);
    out_clear(out);
    out_close(p, out);
}

static void see_epoch(struct paxos *p, uint32_t epoch)
{
    if (epoch > p->epoch_seen)
        p->epoch_seen = epoch;
}

static void message(struct paxos *p, struct paxos_out *out, const struct paxos_event *event)
{
    const struct peer_msg *m = event->message;

    if (peer_find(p, m->from) == NULL)
        return;
    switch (m->type) {
    case PEER_PROBE:
        see_epoch(p, m->probe.epoch);
        election_probe(p, out, m->from, &m->probe);
        break;
    case PEER_PROBE_ANSWER:
        see_epoch(p, m->probe_answer.promised);
        election_probe_answer(p, out, m->from, &m->probe_answer);
        break;
    case PEER_PREPARE:
        see_epoch(p, m->prepare.epoch);
        acceptor_prepare(p, out, m->from, &m->prepare);
        break;
    case PEER_PROMISE:
        candidate_promise(p, out, m->from, &m->promise);
        break;
    case PEER_REFUSE:
        see_epoch(p, m->refuse.promised);
        candidate_refuse(p, out, m->from, &m->refuse);
        break;
    case PEER_ACCEPT:
        see_epoch(p, m->accept.epoch);
        acceptor_accept(p, out, event);
        break;
    case PEER_ACCEPTED:
        leader_accepted(p, out, m->from, &m->accepted);
        break;
    case PEER_COMMIT:
        acceptor_commit(p, m->from, &m->commit);
        break;
    case PEER_HEARTBEAT:
        see_epoch(p, m->heartbeat.epoch);
        acceptor_heartbeat(p, out, m->from, &m->heartbeat);
        break;
    case PEER_HEARTBEAT_ACK:
        heartbeat_ack(p, m->from, &m->heartbeat_ack);
        break;
    case PEER_FETCH:
        acceptor_fetch(p, out, m->from, &m->fetch);
        break;
    case PEER_ENTRIES:
        adopt_entries(p, out, event);
        break;
    case PEER_HANDOVER:
        election_hand_over(p, out, m->from, &m->handover);
        break;
    default: /* the replica's own */
        break;
    }
}

static void link_changed(struct paxos *p, struct paxos_out *out, uint32_t id, bool up)
{
    struct paxos_peer *peer = peer_find(p, id);

    if (peer == NULL || peer->link_up == up)
        return;
    peer->link_up = up;
    election_link(p, out, peer);
    candidate_link(p, out, peer);
    if (p->role == PAXOS_LEADING)
        progress_probe(p, peer);
}

static void installed(struct paxos *p, struct paxos_out *out, const struct paxos_event *event)
{
    COORD_ASSERT(p->role != PAXOS_LEADING && event->zxid >= p->committed && event->form != NULL);
    durable_reset(p, event->zxid);
    p->committed = event->zxid;
    p->has_form = true;
    p->form_zxid = event->form_zxid;
    p->form = *event->form;
    if (p->role == PAXOS_ADOPTING && paxos_is_voter(p))
        adopt_installed(p, out, event->zxid);
    else /* another FORM, or the first: what was tried with the old state is void (C15, C17) */
        election_become_follower(p, out, random_timeout(p));
}

static void trimmed(struct paxos *p, uint64_t zxid)
{
    COORD_ASSERT(zxid <= p->committed);
    runs_fold(&p->log, zxid);
}

void paxos_step(struct paxos *p, const struct paxos_event *event, struct paxos_out *out)
{
    uint64_t committed = p->committed;
    struct paxos_peer *peer;

    out_clear(out);
    if (event->now_ms > p->now_ms)
        p->now_ms = event->now_ms;
    switch (event->type) {
    case PAXOS_LINK:
        link_changed(p, out, event->peer, event->up);
        break;
    case PAXOS_MESSAGE:
        message(p, out, event);
        break;
    case PAXOS_SUBMIT:
        leader_submit(p, out, event);
        break;
    case PAXOS_PERSISTED:
        durable_done(p, event->seq);
        candidate_evaluate(p, out);
        break;
    case PAXOS_BARRIER:
        heartbeat_barrier(p);
        break;
    case PAXOS_TRIMMED:
        trimmed(p, event->zxid);
        break;
    case PAXOS_SNAPSHOT_SENT:
        if ((peer = peer_find(p, event->peer)) != NULL)
            progress_snapshot_sent(p, peer, event->zxid);
        break;
    case PAXOS_SNAPSHOT_INSTALLED:
        installed(p, out, event);
        break;
    case PAXOS_SNAPSHOT_REFUSED:
        adopt_refused(p, out);
        break;
    case PAXOS_HAND_OVER:
        leader_hand_over(p, out);
        break;
    case PAXOS_TIMER:
        break;
    }
    election_tick(p, out);
    adopt_tick(p, out);
    leader_advance(p, out);
    heartbeat_tick(p, out);
    progress_pump(p, out, p->committed > committed);
    out_close(p, out);
}
