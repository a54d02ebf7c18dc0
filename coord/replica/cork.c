/* cork.c - what a stream of small writes sends to followers that its quorum does not need.
 *
 * A quorum of voters chooses an entry; the others learn it for the day when one of those is gone. One of these others that has
 * no clients (commit.c) gets its bulk messages together, CORK_MS after the first at most: many small ACCEPTs arrive at once
 * there, and are synced once. To consensus that is a link a little slower than the others, no more, and what is urgent,
 * heartbeats first of all, goes its own way as ever. Whoever connects there ends it, being forwarded or asked for.
 *
 * Who is needed is judged anew in each turn, by the votes that count (C8, C17): a quorum of servers, this one among them, that
 * are sent each entry at once and go first. First goes who holds most of the log, so nobody is relied upon in the stead of a
 * quicker one. Who dies no longer counts in the turn that hears of it. For who is stopped or stalls, a write waits STALL_MS
 * (clocks tick in milliseconds: 2 to 3 of them); then all who have not acknowledged it are doubted for a while.
 */
#include "replica/internal.h"

enum {
    CORK_MS = 10,              /* how long the first waits; a fifth of the usual heartbeat */
    STREAM_MS = 3,             /* writes further apart than this are never held back */
    CORK_BYTES_MAX = 16 << 10, /* more leaves at once: a load, or a follower that catches up */
    STALL_MS = 2,
    DOUBT_MIN_MS = 10,
    DOUBT_MAX_MS = 40, /* one that stalls again and again costs 7 % of the time at most */
};

/* Whether a is relied upon rather than b. Ties go to who is sent all at once anyway: this server, and who has clients. */
static bool goes_first(const struct cork_voter *a, const struct cork_voter *b)
{
    if (a->vote != b->vote)
        return a->vote > b->vote;
    if (a->quiet != b->quiet)
        return !a->quiet;
    return a < b;
}

static bool is_needed(const struct replica *r, const struct cork_voter *v)
{
    uint32_t before = 0;

    for (uint32_t i = 0; i <= r->peer_count; i++) {
        const struct cork_voter *other = &r->cork.voter[i];
        before += other != v && other->vote != 0 && r->now.mono_ms >= other->doubted_until_ms && goes_first(other, v);
    }
    return before < paxos_quorum(&r->paxos);
}

/* Entries wait for it, not too many and not for too long, and more will come soon. */
static bool may_wait(const struct replica *r, const struct cork_voter *v, size_t waiting)
{
    if (!v->quiet || v->vote == 0 || v->vote == runs_last(&r->paxos.log) || waiting == 0 || waiting > CORK_BYTES_MAX)
        return false;
    return r->now.mono_ms < (v->corked ? v->since_ms + CORK_MS : v->last_ms + STREAM_MS);
}

static void look(struct replica *r)
{
    for (uint32_t i = 0; i < r->peer_count; i++) {
        r->cork.voter[i].quiet = r->peers[i].quiet;
        r->cork.voter[i].vote = paxos_current_vote(&r->paxos, r->peers[i].id);
    }
    r->cork.voter[r->peer_count].vote = paxos_current_vote(&r->paxos, replica_self(r));
}

/* Twice as long as the last time if that is not long ago, so that one who stalls again and again costs little. */
static void doubt(const struct replica *r, struct cork_voter *v)
{
    bool again = v->doubt_ms != 0 && r->now.mono_ms < v->doubted_until_ms + v->doubt_ms;

    v->doubt_ms = !again ? DOUBT_MIN_MS : v->doubt_ms < DOUBT_MAX_MS ? 2 * v->doubt_ms : DOUBT_MAX_MS;
    v->doubted_until_ms = r->now.mono_ms + v->doubt_ms;
}

/* Is what was proposed chosen in time? */
static void judge(struct replica *r)
{
    struct cork_part *c = &r->cork;

    if (r->paxos.committed >= c->zxid) {
        c->zxid = runs_last(&r->paxos.log);
        c->zxid_ms = r->now.mono_ms;
    }
    if (r->paxos.committed >= c->zxid || r->now.mono_ms < c->zxid_ms + STALL_MS)
        return;
    for (uint32_t i = 0; i <= r->peer_count; i++)
        if (!c->voter[i].corked && c->voter[i].vote < c->zxid)
            doubt(r, &c->voter[i]);
    c->zxid_ms = r->now.mono_ms; /* as much time for those who are relied upon now */
}

static void set(struct replica *r, struct peer_part *peer, struct cork_voter *v, bool corked)
{
    if (corked && !v->corked)
        v->since_ms = r->now.mono_ms;
    if (buf_size(&peer->output.bulk) > 0)
        v->last_ms = r->now.mono_ms;
    v->corked = peer->output.corked = corked;
}

void cork_run(struct replica *r)
{
    bool leads = r->lead.open, corked[PEER_MAX] = {false};
    struct cork_part *c = &r->cork;

    if (!leads && !c->leads)
        return;
    if (leads != c->leads)
        *c = (struct cork_part){.leads = leads};
    if (leads) {
        look(r);
        judge(r);
    }
    for (uint32_t i = 0; leads && i < r->peer_count; i++)
        corked[i] = may_wait(r, &c->voter[i], buf_size(&r->peers[i].output.bulk)) && !is_needed(r, &c->voter[i]);
    for (uint32_t i = 0; i < r->peer_count; i++)
        set(r, &r->peers[i], &c->voter[i], corked[i]);
}

uint64_t cork_wake_at_ms(const struct replica *r)
{
    const struct cork_part *c = &r->cork;
    uint64_t wake = UINT64_MAX;

    for (uint32_t i = 0; i < r->peer_count; i++)
        if (c->voter[i].corked && c->voter[i].since_ms + CORK_MS < wake)
            wake = c->voter[i].since_ms + CORK_MS;
    if (wake != UINT64_MAX && r->paxos.committed < c->zxid && c->zxid_ms + STALL_MS < wake)
        wake = c->zxid_ms + STALL_MS;
    return wake;
}
