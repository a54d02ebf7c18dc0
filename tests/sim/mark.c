/* mark.c - coverage marks, seen and counted; see mark.h. */
#include "sim/mark.h"

#include "sim/ck_durable.h"
#include "wire/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static const char *const texts[] = {
#define MARK_TEXT(name, text) text,
    MARKS(MARK_TEXT)
#undef MARK_TEXT
};

uint64_t *mark_counters_new(void)
{
    void *memory = mmap(NULL, MARK_COUNT * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        perror("coordsim");
        exit(2);
    }
    return memory;
}

void mark_report(const uint64_t *counters, uint64_t *passed, uint64_t *failed)
{
    for (int i = 0; i < MARK_COUNT; i++) {
        printf("mark %-66s %10" PRIu64 "%s\n", texts[i], counters[i], counters[i] == 0 ? "   FAILED: it never happened" : "");
        *(counters[i] > 0 ? passed : failed) += 1;
    }
}

void mark(const struct sim *s, enum mark what)
{
    if (s->options.marks != NULL)
        s->options.marks[what]++;
}

void mark_step(const struct sim *s, struct node *n)
{
    const struct paxos *p = replica_paxos(n->replica);
    struct mark_seen *seen = &n->seen;
    struct replica_stats stats;

    if (s->options.marks == NULL)
        return;
    if (p->role == PAXOS_ADOPTING && seen->role != PAXOS_ADOPTING && p->adopt_from != 0)
        mark(s, p->adopt_snapshot ? MARK_ADOPTED_SNAPSHOT : MARK_ADOPTED);
    if (p->staged_last != 0 && seen->staged_last == 0)
        mark(s, MARK_STAGED);
    if ((seen->role == PAXOS_PREPARING || seen->role == PAXOS_ADOPTING) && p->role == PAXOS_FOLLOWER &&
        p->promised.epoch > seen->epoch)
        mark(s, MARK_PREEMPTED);
    if (seen->role == PAXOS_LEADING && seen->established && p->role != PAXOS_LEADING)
        mark(s, MARK_DEPOSED);
    if (seen->role == PAXOS_LEADING && p->role == PAXOS_LEADING && p->promised.epoch > seen->epoch)
        mark(s, MARK_ROLLED);
    if (replica_held_messages(n->replica) > 0)
        mark(s, MARK_HELD);
    replica_stats(n->replica, &stats);
    if (stats.pending_syncs > 1)
        mark(s, MARK_SYNCS_SHARED);
    seen->role = p->role;
    seen->established = p->established;
    seen->staged_last = p->staged_last;
    seen->epoch = p->role == PAXOS_LEADING ? p->promised.epoch : p->epoch;
}

/* Numbers of one process rise: what is not above the last was sent before. */
static void forward_leaves(const struct sim *s, struct node *n, struct slice payload)
{
    struct entry e;

    if (s->options.marks == NULL || entry_next(&payload, &e) != 0)
        return;
    if (e.origin.number <= n->seen.forwarded)
        mark(s, MARK_FORWARD_AGAIN);
    else
        n->seen.forwarded = e.origin.number;
}

void mark_leaves(const struct sim *s, struct node *n, const struct peer_msg *m)
{
    if (m->type == PEER_REFUSE)
        mark(s, MARK_REFUSED);
    else if (m->type == PEER_ACCEPTED && m->accepted.mismatch)
        mark(s, MARK_MISMATCHED);
    else if (m->type == PEER_HANDOVER)
        mark(s, MARK_HANDED_OVER);
    else if (m->type == PEER_FORWARD)
        forward_leaves(s, n, m->payload);
    if (m->type != PEER_SYNC)
        return;
    if (n->seen.sync_id != 0)
        mark(s, MARK_SYNC_AGAIN);
    n->seen.sync_id = m->sync.id;
}

void mark_arrives(const struct sim *s, struct node *n, const struct peer_msg *m)
{
    if (m->type == PEER_SYNC_ANSWER && m->sync_answer.id == n->seen.sync_id)
        n->seen.sync_id = 0;
    if (m->type == PEER_FORWARD && replica_paxos(n->replica)->role != PAXOS_LEADING)
        mark(s, MARK_FORWARD_LATE);
}

void mark_running(const struct sim *s, const struct node *n, const struct list *jobs)
{
    uint32_t persists = 0;

    LIST_EACH(link, jobs)
    {
        const struct job *job = LIST_ENTRY(link, struct job, link);
        if (job->type != JOB_PERSIST)
            continue;
        if (++persists == 2)
            mark(s, MARK_SHARED_SYNC);
        if (job->persist.cut && ck_durable_after(s, n->id, job->persist.cut_after) != NULL)
            mark(s, MARK_CUT);
    }
}

void mark_ran(const struct sim *s, const struct job *job)
{
    if (job->type == JOB_READ_LOG)
        mark(s, job->err == 0 ? MARK_READ_BACK : MARK_READ_TRIMMED);
    else if (job->type == JOB_INSTALL && job->err == 0)
        mark(s, MARK_INSTALLED);
}
