/* net.c - sets of messages by number, and which messages can still matter: net.h. */
#include "model/net.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <string.h>

#define MARK_BITS 64

void net_init(struct net *n, const struct machine *machine)
{
    memset(n, 0, sizeof(*n));
    n->machine = machine;
    intern_init(&n->sets);
}

void net_deinit(struct net *n)
{
    intern_deinit(&n->sets);
    coord_free(n->mail);
    coord_free(n->mark);
}

static uint32_t epoch_of(const struct peer_msg *m)
{
    switch (m->type) {
    case PEER_PREPARE:
        return m->prepare.epoch;
    case PEER_PROMISE:
        return m->promise.epoch;
    case PEER_REFUSE:
        return m->refuse.epoch;
    case PEER_ACCEPT:
        return m->accept.epoch;
    case PEER_ACCEPTED:
        return m->accepted.epoch;
    case PEER_COMMIT:
        return m->commit.epoch;
    case PEER_HEARTBEAT:
        return m->heartbeat.epoch;
    case PEER_FETCH:
        return m->fetch.epoch;
    case PEER_ENTRIES:
        return m->entries.epoch;
    default:
        return 0;
    }
}

const struct mail *net_mail(struct net *n, uint32_t message)
{
    while (n->mail_count <= message) {
        struct peer_msg m;

        if (n->mail_count == n->mail_room) {
            n->mail_room = n->mail_room == 0 ? 256 : 2 * n->mail_room;
            n->mail = coord_realloc(n->mail, n->mail_room * sizeof(*n->mail));
        }
        machine_message(n->machine, n->mail_count, &m);
        n->mail[n->mail_count] = (struct mail){
            .type = (uint8_t)m.type, .from = (uint8_t)(m.from - 1), .to = (uint8_t)(m.to - 1), .epoch = epoch_of(&m)};
        if (m.type == PEER_ACCEPTED) {
            n->mail[n->mail_count].says_accepted = m.accepted.mismatch == 0 && m.accepted.accepted == m.accepted.epoch;
            n->mail[n->mail_count].matched = m.accepted.matched;
        }
        n->mail_count++;
    }
    return &n->mail[message];
}

uint32_t net_size(const struct net *n, uint32_t set)
{
    return n->sets.size[set] / (uint32_t)sizeof(uint32_t);
}

const uint32_t *net_messages(const struct net *n, uint32_t set)
{
    return (const void *)n->sets.at[set];
}

uint32_t net_add(struct net *n, const uint32_t *messages, uint32_t count)
{
    bool is_new;
    uint32_t set = intern_add(&n->sets, messages, count * sizeof(messages[0]), &is_new);

    if (!is_new)
        return set;
    if (set >= n->mark_room) {
        n->mark_room = n->mark_room == 0 ? 1024 : 2 * n->mark_room;
        n->mark = coord_realloc(n->mark, n->mark_room * sizeof(*n->mark));
    }
    n->mark[set] = 0;
    for (uint32_t i = 0; i < count; i++)
        n->mark[set] |= (uint64_t)1 << messages[i] % MARK_BITS;
    return set;
}

bool net_has(const struct net *n, uint32_t set, uint32_t message)
{
    const uint32_t *messages = net_messages(n, set);
    uint32_t low = 0, high = net_size(n, set);

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (messages[middle] < message)
            low = middle + 1;
        else
            high = middle;
    }
    return low < net_size(n, set) && messages[low] == message;
}

bool net_holds(const struct net *n, uint32_t set, uint32_t part)
{
    const uint32_t *of_set = net_messages(n, set), *of_part = net_messages(n, part);
    uint32_t size = net_size(n, set), wanted = net_size(n, part), found = 0;

    if (set == part)
        return true;
    if (wanted > size || (n->mark[part] & ~n->mark[set]) != 0)
        return false;
    for (uint32_t i = 0; i < size && found < wanted; i++)
        found += of_set[i] == of_part[found];
    return found == wanted;
}

uint32_t net_union(struct net *n, uint32_t a, uint32_t b)
{
    const uint32_t *of_a = net_messages(n, a), *of_b = net_messages(n, b);
    uint32_t size_a = net_size(n, a), size_b = net_size(n, b), i = 0, k = 0, count = 0, merged[NET_SET_MAX];

    while (i < size_a || k < size_b) {
        bool from_a = k == size_b || (i < size_a && of_a[i] <= of_b[k]), both = from_a && k < size_b && of_a[i] == of_b[k];

        COORD_ASSERT(count < NET_SET_MAX);
        merged[count++] = from_a ? of_a[i++] : of_b[k++];
        k += both;
    }
    return net_add(n, merged, count);
}

uint32_t net_elections(struct net *n, uint32_t set)
{
    uint32_t part[NET_SET_MAX], count = 0;

    for (uint32_t i = 0; i < net_size(n, set); i++) {
        uint32_t message = net_messages(n, set)[i], type = net_mail(n, message)->type;
        if (type != PEER_ACCEPT && type != PEER_ACCEPTED && type != PEER_COMMIT && type != PEER_HEARTBEAT)
            part[count++] = message;
    }
    return net_add(n, part, count);
}

/* Whether delivering it can still have an effect, now or later. A server that may yet be wiped may forget any promise, one that
 * may yet crash those that are not on its disk. */
static bool matters(const struct mail *m, const struct summary *from, const struct summary *to, const struct net_view *view)
{
    bool asks = from->epoch == m->epoch; /* still its candidate or leader; a process never resumes an epoch */
    bool may_wipe = view->may_wipe;
    uint32_t promised = view->may_crash || may_wipe ? to->promised : to->promised_in_memory;

    switch ((enum peer_type)m->type) {
    case PEER_PROMISE:
        return to->role == PAXOS_PREPARING && to->epoch == m->epoch;
    case PEER_ENTRIES:
        return to->role == PAXOS_ADOPTING && to->epoch == m->epoch;
    case PEER_ACCEPTED:
    case PEER_REFUSE:
        return to->epoch == m->epoch;
    case PEER_FETCH:
        return asks && from->role == PAXOS_ADOPTING;
    case PEER_PREPARE:
        if (promised == m->epoch)
            return may_wipe || (asks && from->role == PAXOS_PREPARING);
        return may_wipe || asks || promised < m->epoch;
    case PEER_COMMIT:
        return may_wipe || promised <= m->epoch;
    default:
        return may_wipe || asks || promised <= m->epoch;
    }
}

/* What a lean network loses besides: net.h. */
static bool lean_loses(const struct mail *m, const struct summary *to)
{
    if (m->type == PEER_HEARTBEAT || m->type == PEER_REFUSE)
        return true;
    if (m->type == PEER_PROMISE)
        return to->promised_by[m->from];
    return m->type == PEER_ACCEPTED && m->says_accepted && to->accepted_by[m->from] && m->matched <= to->matched_by[m->from];
}

uint32_t net_next(struct net *n, uint32_t set, const uint32_t *sent, uint32_t sent_count, const struct net_view *view)
{
    const uint32_t *old = net_messages(n, set);
    uint32_t old_count = net_size(n, set), count = 0, merged[NET_SET_MAX];

    for (uint32_t k = 0; k < old_count + sent_count; k++) {
        uint32_t number = k < old_count ? old[k] : sent[k - old_count], at = count;
        const struct mail *m = net_mail(n, number);

        if (!matters(m, view->all[m->from], view->all[m->to], view) || (view->lean && lean_loses(m, view->all[m->to])))
            continue;
        while (at > 0 && merged[at - 1] > number)
            at--;
        if (at > 0 && merged[at - 1] == number)
            continue;
        COORD_ASSERT(count < NET_SET_MAX);
        memmove(&merged[at + 1], &merged[at], (count - at) * sizeof(merged[0]));
        merged[at] = number;
        count++;
    }
    return net_add(n, merged, count);
}
