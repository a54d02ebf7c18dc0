/* machine.c - servers, messages and steps by number; each step of each server is computed once. */
#include "model/node.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/zxid.h"

#include <string.h>

void machine_init(struct machine *m, uint32_t servers, enum bug bug)
{
    memset(m, 0, sizeof(*m));
    m->servers = servers;
    m->bug = bug;
    m->form.cluster = 1;
    m->form.count = servers;
    for (uint32_t i = 0; i < servers; i++) {
        m->form.voter[i].id = i + 1;
        m->form.voter[i].incarnation = MODEL_FORMED;
    }
    intern_init(&m->nodes);
    intern_init(&m->messages);
    intern_init(&m->steps);
}

void machine_deinit(struct machine *m)
{
    for (uint32_t i = 0; i < m->steps.count; i++)
        coord_free(m->effects[i].sent);
    coord_free(m->effects);
    coord_free(m->summaries);
    intern_deinit(&m->nodes);
    intern_deinit(&m->messages);
    intern_deinit(&m->steps);
}

void machine_node(const struct machine *m, uint32_t number, struct node *to)
{
    unpack_zeros(to, sizeof(*to), m->nodes.at[number], m->nodes.size[number]);
}

const struct peer_msg *machine_message(const struct machine *m, uint32_t number, struct peer_msg *to)
{
    unpack_zeros(to, sizeof(*to), m->messages.at[number], m->messages.size[number]);
    return to;
}

uint32_t machine_add_message(struct machine *m, const struct peer_msg *msg)
{
    uint8_t packed[2 * sizeof(*msg) + 8];

    return intern_add(&m->messages, packed, pack_zeros(packed, msg, sizeof(*msg)), NULL);
}

static bool has_more_parts(const struct node *n)
{
    const struct write *w = &n->write[0];
    uint32_t parts = (uint32_t)w->set_promised + w->cut + w->set_accepted;

    if (n->write_count == 0)
        return false;
    if (w->append_last != 0)
        parts += shape_next(&w->target, &n->disk.log) == w->append_last ? 1 : 2;
    return parts > 1;
}

static void summarize(struct machine *m, uint32_t number, const struct node *n)
{
    const struct paxos *p = &n->core;
    uint64_t last = runs_last(&p->log);
    uint32_t room;
    struct summary *s;

    if (number >= m->summary_room) {
        m->summary_room = m->summary_room == 0 ? 1024 : 2 * m->summary_room;
        m->summaries = coord_realloc(m->summaries, m->summary_room * sizeof(*m->summaries));
    }
    s = &m->summaries[number];
    memset(s, 0, sizeof(*s));
    s->index = p->self;
    s->role = p->role;
    s->epoch = p->role == PAXOS_FOLLOWER ? 0 : p->epoch;
    s->promised = n->disk.promised.epoch;
    s->promised_in_memory = p->promised.epoch;
    s->accepted = n->disk.accepted;
    s->boot = n->disk.boot;
    s->counts = n->disk.incarnation == MODEL_FORMED;
    s->can_submit = p->role == PAXOS_LEADING && paxos_submit_zxid(p, &room) != 0;
    s->can_nudge = p->role == PAXOS_LEADING;
    s->write_count = n->write_count;
    s->more_parts = has_more_parts(n);
    s->log = n->disk.log;
    (void)shape_from_runs(&s->held, &p->log);
    s->applied = shape_up_to(&s->held, p->commit_zxid);
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        s->promised_by[i] = p->role == PAXOS_PREPARING && p->peer[i].promised_to_us;
        s->accepted_by[i] = p->role == PAXOS_LEADING && p->peer[i].accepted_epoch;
        s->matched_by[i] = p->role == PAXOS_LEADING ? p->peer[i].matched : 0;
    }
    if (paxos_is_voter(p))
        s->epoch_min = (p->promised.epoch > zxid_epoch(last) ? p->promised.epoch : zxid_epoch(last)) + 1;
}

uint32_t machine_add_node(struct machine *m, struct node *n)
{
    static uint8_t packed[2 * sizeof(*n) + 8];
    uint32_t number;
    bool is_new;

    canon_node(n);
    number = intern_add(&m->nodes, packed, pack_zeros(packed, n, sizeof(*n)), &is_new);
    if (is_new)
        summarize(m, number, n);
    return number;
}

uint32_t machine_start(struct machine *m, uint32_t index)
{
    static struct node n;
    struct effects effects = {.broken = NULL};
    struct output output = {.machine = m, .effects = &effects};

    memset(&n, 0, sizeof(n));
    n.core.options.self = index + 1;
    n.disk.promised.epoch = 1;
    n.disk.incarnation = MODEL_FORMED;
    n.disk.accepted = 1;
    n.disk.boot = 1;
    n.disk.log.count[1] = 1;
    node_start(m, &n, &output);
    return machine_add_node(m, &n);
}

static void compute(struct machine *m, uint32_t node, enum event_type type, uint32_t argument, struct effects *e)
{
    static struct node n;
    struct output output = {.machine = m, .effects = e};
    enum paxos_role role;
    uint32_t epoch;

    memset(e, 0, sizeof(*e));
    machine_node(m, node, &n);
    role = n.core.role;
    epoch = n.core.epoch;
    node_event(&n, &output, type, argument);
    e->won = n.core.role == PAXOS_LEADING && (role != PAXOS_LEADING || epoch != n.core.epoch);
    e->node = e->broken == NULL ? machine_add_node(m, &n) : node;
    if (e->sent_count > 0)
        e->sent = coord_memdup(output.sent, e->sent_count * sizeof(output.sent[0]));
}

const struct effects *machine_step(struct machine *m, uint32_t node, enum event_type type, uint32_t argument)
{
    uint32_t key[3] = {node, type, argument}, number;
    bool is_new;

    number = intern_add(&m->steps, key, sizeof(key), &is_new);
    if (is_new) {
        struct effects effects;
        compute(m, node, type, argument, &effects);
        if (number >= m->effects_room) {
            m->effects_room = m->effects_room == 0 ? 1024 : 2 * m->effects_room;
            m->effects = coord_realloc(m->effects, m->effects_room * sizeof(*m->effects));
        }
        m->effects[number] = effects;
    }
    return &m->effects[number];
}
