/* commit.c - the leader's COMMITs to servers that nobody asks anything.
 *
 * A COMMIT makes a follower apply sooner; its clients see writes, and get their events, that much earlier. A server without
 * clients (its last HEARTBEAT_ACK said so, and no FORWARD came since) can do with what the next ACCEPT or heartbeat
 * says, and a lone write costs it one wake-up less. Held back for COMMIT_WAIT_MS at most, and no longer than until somebody
 * connects there: that is forwarded, or asked for with an empty FORWARD (a session that has seen more comes from elsewhere).
 * A COMMIT may be lost or late as any message may, so consensus does not know of this.
 */
#include "replica/internal.h"

enum { COMMIT_WAIT_MS = 5 };

static void let_go(struct peer_part *peer)
{
    struct peer_msg m = {.type = PEER_COMMIT, .to = peer->id, .commit = peer->commit};

    peer->commit_due_ms = 0;
    if (peer->up)
        message_put_bulk(peer, &m);
}

void commit_send(struct replica *r, struct peer_part *peer, const struct peer_msg *m)
{
    peer->commit = m->commit;
    if (!peer->quiet)
        let_go(peer);
    else if (peer->commit_due_ms == 0)
        peer->commit_due_ms = r->now.mono_ms + COMMIT_WAIT_MS;
}

void commit_told(struct peer_part *peer, uint64_t committed)
{
    if (peer->commit.committed <= committed)
        peer->commit_due_ms = 0;
}

void commit_loud(struct peer_part *peer)
{
    peer->quiet = false;
    if (peer->commit_due_ms != 0)
        let_go(peer);
}

void commit_run(struct replica *r)
{
    for (uint32_t i = 0; i < r->peer_count; i++) {
        struct peer_part *peer = &r->peers[i];

        if (peer->commit_due_ms == 0)
            continue;
        if (!peer->up || peer->commit.epoch != r->paxos.promised.epoch)
            peer->commit_due_ms = 0; /* another leader's business now */
        else if (r->now.mono_ms >= peer->commit_due_ms)
            let_go(peer);
    }
}

uint64_t commit_wake_at_ms(const struct replica *r)
{
    uint64_t wake = UINT64_MAX;

    for (uint32_t i = 0; i < r->peer_count; i++)
        if (r->peers[i].commit_due_ms != 0 && r->peers[i].commit_due_ms < wake)
            wake = r->peers[i].commit_due_ms;
    return wake;
}
