/* rename.c - servers under other names: rename.h. Each renaming is computed once. */
#include "model/rename.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <string.h>

static const uint8_t orders[RENAME_NAMES_MAX][RENAME_SERVERS_MAX] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1},
                                                                     {2, 1, 0}, {1, 2, 0}, {2, 0, 1}};
static const uint32_t order_count[RENAME_SERVERS_MAX + 1] = {1, 1, 2, 6};

void rename_init(struct rename *r, struct machine *machine, struct net *net, struct intern *ghosts)
{
    memset(r, 0, sizeof(*r));
    r->machine = machine;
    r->net = net;
    r->ghosts = ghosts;
    r->servers = machine->servers;
    r->name_count = r->servers <= RENAME_SERVERS_MAX ? order_count[r->servers] : 1;
    for (uint32_t k = 0; k < r->name_count; k++)
        for (uint32_t i = 0; i < r->servers; i++)
            r->name[k][i] = i < RENAME_SERVERS_MAX ? orders[k][i] : (uint8_t)i;
}

void rename_deinit(struct rename *r)
{
    coord_free(r->nodes.to);
    coord_free(r->messages.to);
    coord_free(r->sets.to);
    coord_free(r->of_ghosts.to);
}

static uint32_t *entry(struct rename_table *t, uint32_t number, uint32_t name)
{
    if (number >= t->room) {
        uint32_t room = number + number / 2 + 1024;
        t->to = coord_realloc(t->to, room * sizeof(*t->to));
        memset(t->to + t->room, 0, (room - t->room) * sizeof(*t->to));
        t->room = room;
    }
    return &t->to[number][name];
}

static uint32_t new_id(const uint8_t *name, uint32_t id)
{
    return id == 0 ? 0 : name[id - 1] + 1u; /* 0: nobody */
}

static void rename_core(struct paxos *p, const uint8_t *name)
{
    struct paxos_peer peer[PEER_MAX];

    p->options.self = new_id(name, p->options.self);
    p->self = name[p->self];
    p->promised.server = new_id(name, p->promised.server);
    p->leader = new_id(name, p->leader);
    p->adopt_from = new_id(name, p->adopt_from);
    memcpy(peer, p->peer, sizeof(peer));
    for (uint32_t i = 0; i < p->options.voter_count; i++) {
        p->peer[name[i]] = peer[i];
        p->peer[name[i]].id = name[i] + 1u;
    }
}

uint32_t rename_message(struct rename *r, uint32_t message, uint32_t name)
{
    struct peer_msg m;
    uint32_t number = *entry(&r->messages, message, name);

    if (name == 0)
        return message;
    if (number == 0) {
        machine_message(r->machine, message, &m);
        m.from = new_id(r->name[name], m.from);
        m.to = new_id(r->name[name], m.to);
        number = machine_add_message(r->machine, &m) + 1;
        *entry(&r->messages, message, name) = number;
    }
    return number - 1;
}

uint32_t rename_node(struct rename *r, uint32_t node, uint32_t name)
{
    static struct node n;
    const uint8_t *of = r->name[name];
    uint32_t number = *entry(&r->nodes, node, name);

    if (name == 0)
        return node;
    if (number == 0) {
        machine_node(r->machine, node, &n);
        rename_core(&n.core, of);
        n.disk.promised.server = new_id(of, n.disk.promised.server);
        for (uint32_t i = 0; i < n.write_count; i++)
            n.write[i].promised.server = new_id(of, n.write[i].promised.server);
        for (uint32_t i = 0; i < n.waiting_count; i++)
            n.waiting[i].message = rename_message(r, (uint32_t)n.waiting[i].message, name);
        number = machine_add_node(r->machine, &n) + 1;
        *entry(&r->nodes, node, name) = number;
    }
    return number - 1;
}

uint32_t rename_set(struct rename *r, uint32_t set, uint32_t name)
{
    uint32_t renamed[NET_SET_MAX], count = net_size(r->net, set), number = *entry(&r->sets, set, name);

    if (name == 0)
        return set;
    if (number == 0) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t message = rename_message(r, net_messages(r->net, set)[i], name), at = i;
            for (; at > 0 && renamed[at - 1] > message; at--)
                renamed[at] = renamed[at - 1];
            renamed[at] = message;
        }
        number = net_add(r->net, renamed, count) + 1;
        *entry(&r->sets, set, name) = number;
    }
    return number - 1;
}

uint32_t rename_ghost(struct rename *r, uint32_t ghost, uint32_t name)
{
    const uint8_t *of = r->name[name];
    uint32_t number = *entry(&r->of_ghosts, ghost, name);
    struct ghost from, to;

    if (name == 0)
        return ghost;
    if (number == 0) {
        memcpy(&from, r->ghosts->at[ghost], sizeof(from));
        to = from;
        for (uint32_t e = 0; e < MODEL_EPOCHS_MAX; e++) {
            for (uint32_t i = 0; i < r->servers; i++)
                to.vote[e][of[i]] = from.vote[e][i];
            to.winner[e] = (uint8_t)new_id(of, from.winner[e]);
        }
        number = intern_add(r->ghosts, &to, sizeof(to), NULL) + 1;
        *entry(&r->of_ghosts, ghost, name) = number;
    }
    return number - 1;
}

/* A number for a server whatever its name and those of the others are. */
static uint32_t anonymous(struct rename *r, uint32_t node, uint32_t index)
{
    uint32_t least = UINT32_MAX;

    for (uint32_t k = 0; k < r->name_count; k++)
        if (r->name[k][index] == 0) {
            uint32_t number = rename_node(r, node, k);
            least = number < least ? number : least;
        }
    return least;
}

static bool rises(const struct rename *r, const uint32_t *key, uint32_t name)
{
    for (uint32_t i = 0; i < r->servers; i++)
        for (uint32_t k = 0; k < r->servers; k++)
            if (r->name[name][i] < r->name[name][k] && key[i] > key[k])
                return false;
    return true;
}

uint32_t rename_choose(struct rename *r, const uint32_t *node, uint32_t ghost, uint32_t set)
{
    uint32_t key[MODEL_SERVERS_MAX] = {0}, best[MODEL_SERVERS_MAX + 2] = {0}, this[MODEL_SERVERS_MAX + 2] = {0};
    uint32_t chosen = UINT32_MAX, many = 0;

    for (uint32_t i = 0; i < r->servers && r->name_count > 1; i++)
        key[i] = anonymous(r, node[i], i);
    for (uint32_t k = 0; k < r->name_count && r->name_count > 1; k++)
        many += rises(r, key, k);
    for (uint32_t k = 0; k < r->name_count; k++) {
        if (r->name_count > 1 && !rises(r, key, k))
            continue;
        if (many <= 1)
            return k;
        for (uint32_t i = 0; i < r->servers; i++)
            this[r->name[k][i]] = rename_node(r, node[i], k);
        this[r->servers] = rename_ghost(r, ghost, k);
        this[r->servers + 1] = rename_set(r, set, k);
        for (uint32_t i = 0; i < r->servers + 2; i++) {
            if (chosen != UINT32_MAX && this[i] > best[i])
                break;
            if (chosen == UINT32_MAX || this[i] < best[i]) {
                memcpy(best, this, sizeof(best));
                chosen = k;
                break;
            }
        }
    }
    return chosen;
}

static bool same_step(struct rename *r, const uint32_t *key, uint32_t name)
{
    uint32_t argument = key[1] == EVENT_DELIVER ? rename_message(r, key[2], name) : key[2];
    struct effects plain = *machine_step(r->machine, key[0], (enum event_type)key[1], key[2]);
    struct effects other = *machine_step(r->machine, rename_node(r, key[0], name), (enum event_type)key[1], argument);
    uint32_t found = 0;

    if (plain.broken != other.broken || plain.won != other.won || plain.cut_epoch != other.cut_epoch ||
        plain.sent_count != other.sent_count)
        return false;
    if (plain.broken == NULL && rename_node(r, plain.node, name) != other.node)
        return false;
    for (uint32_t i = 0; i < plain.sent_count; i++)
        for (uint32_t k = 0; k < other.sent_count; k++)
            found += rename_message(r, plain.sent[i], name) == other.sent[k];
    return found == plain.sent_count;
}

bool rename_check(struct rename *r, uint64_t *steps)
{
    uint32_t count = r->machine->steps.count;

    *steps = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 1; k < r->name_count; k++) {
            uint32_t key[3];
            memcpy(key, r->machine->steps.at[i], sizeof(key));
            if (!same_step(r, key, k))
                return false;
            ++*steps;
        }
    return true;
}
