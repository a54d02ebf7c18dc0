/* bugs.c - rules taken away on purpose, at the border between the core and its caller or in the core's flat state, to see
 * that the explorer finds what each of them prevents. The core itself is not touched.
 */
#include "model/node.h"

#include "base/zxid.h"

#include <string.h>

static const struct {
    const char *name, *rule;
} bugs[BUG_COUNT] = {
    [BUG_NONE] = {"none", ""},
    [BUG_EARLY_PROMISE] = {"early-promise", "a vote leaves before it is durable (C1, C4)"},
    [BUG_OWN_VOTE] = {"own-vote", "a leader counts its own vote before its disk has it (C8)"},
    [BUG_ACCEPTED_FIRST] = {"accepted-first", "accepted reaches the disk before the log it vouches for (C3)"},
    [BUG_FORGETFUL] = {"forgetful", "a restarted server has forgotten what it promised (C1, C2)"},
    [BUG_NO_ADOPTION] = {"no-adoption", "a candidate leads with its own log, whatever was promised (C7)"},
    [BUG_NO_CUT] = {"no-cut", "a conflicting tail stays on the disk (C2, C3)"},
    [BUG_SAME_INCARNATION] = {"same-incarnation", "an emptied server votes as if it were the old one (C17)"},
};

const char *bug_name(enum bug bug)
{
    return bug < BUG_COUNT ? bugs[bug].name : NULL;
}

const char *bug_rule(enum bug bug)
{
    return bugs[bug].rule;
}

void bug_after_step(enum bug bug, struct node *n)
{
    struct paxos *p = &n->core;

    if (bug == BUG_OWN_VOTE && p->role == PAXOS_LEADING) {
        p->durable_last = runs_last(&p->log);
        p->durable_accepted = p->accepted;
        p->durable_promised = p->promised.epoch;
    }
}

void bug_message(enum bug bug, struct peer_msg *m)
{
    if (bug == BUG_NO_ADOPTION && m->type == PEER_PROMISE) {
        m->promise.accepted = 0;
        m->promise.committed = 0;
        memset(&m->promise.log, 0, sizeof(m->promise.log));
    }
}

void bug_restart(enum bug bug, struct disk *disk)
{
    uint32_t last = zxid_epoch(shape_last(&disk->log));

    if (bug != BUG_FORGETFUL)
        return;
    memset(&disk->promised, 0, sizeof(disk->promised));
    disk->promised.epoch = disk->accepted > last ? disk->accepted : last;
}
