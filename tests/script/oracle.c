/* oracle.c - the invariants over all servers, kept incrementally: see oracle.h. */
#include "oracle.h"

#include "base/alloc.h"

#include <string.h>

#define EPOCHS_MAX 4096 /* of one world */

struct vote {
    uint64_t last[PEER_MAX]; /* by server: durable with promised = accepted = this epoch */
    uint32_t winner, winner_boot;
    uint64_t chosen;     /* the last entry that a quorum's votes in this epoch were the first to choose; 0 none */
    struct items issued; /* every entry ever proposed in this epoch, by counter */
};

struct oracle {
    struct items chosen; /* the one sequence, from the start */
    uint64_t known;
    uint32_t promised[PEER_MAX];
    struct vote epoch[EPOCHS_MAX];
};

struct oracle *oracle_new(void)
{
    return coord_alloc_zero(1, sizeof(struct oracle));
}

void oracle_free(struct oracle *o)
{
    if (o == NULL)
        return;
    items_deinit(&o->chosen);
    for (uint32_t i = 0; i < EPOCHS_MAX; i++)
        items_deinit(&o->epoch[i].issued);
    coord_free(o);
}

uint64_t oracle_chosen(const struct world *w)
{
    return items_last(&w->oracle->chosen);
}

uint64_t oracle_known(const struct world *w)
{
    return w->oracle->known;
}

static struct vote *of_epoch(struct world *w, uint32_t epoch)
{
    if (epoch >= EPOCHS_MAX) {
        world_broken(w, "epoch %u is more than the oracle keeps", epoch);
        return &w->oracle->epoch[0];
    }
    return &w->oracle->epoch[epoch];
}

static const struct item *find_issued(struct world *w, uint64_t zxid)
{
    const struct items *issued = &of_epoch(w, zxid_epoch(zxid))->issued;
    uint32_t counter = zxid_counter(zxid);

    return counter >= 1 && counter <= issued->count ? &issued->at[counter - 1] : NULL;
}

bool oracle_knows(struct world *w, uint64_t zxid)
{
    return find_issued(w, zxid) != NULL;
}

void oracle_issued(struct world *w, const struct item *one)
{
    struct vote *vote = of_epoch(w, zxid_epoch(one->zxid));

    if (zxid_counter(one->zxid) != vote->issued.count + 1)
        world_broken(w, "I3: zxid " ZXID_FMT " is issued twice or out of order", ZXID_ARG(one->zxid));
    items_add(&vote->issued, one);
}

void oracle_wiped(struct world *w, const struct server *s)
{
    w->oracle->promised[s->id - 1] = 0;
}

/* By the votes in the epoch that s accepts now. */
static void choose(struct world *w, const struct server *s, uint64_t zxid)
{
    struct items *chosen = &w->oracle->chosen;
    const struct items *log = &s->disk.log;
    uint64_t last = items_last(chosen);
    uint32_t from = log->count;

    if (zxid <= last) {
        if (items_find(chosen, zxid) == NULL)
            world_broken(w, "I1: " ZXID_FMT " is chosen beside the chosen sequence", ZXID_ARG(zxid));
        return;
    }
    if (last > log->floor && items_find(log, last) == NULL) {
        world_broken(w, "I1: " ZXID_FMT " is chosen without " ZXID_FMT " before it", ZXID_ARG(zxid), ZXID_ARG(last));
        return;
    }
    while (from > 0 && log->at[from - 1].zxid > last)
        from--;
    for (uint32_t i = from; i < log->count && log->at[i].zxid <= zxid; i++) {
        const struct item *one = &log->at[i];
        const struct item *issued;

        issued = find_issued(w, one->zxid);
        if (issued == NULL || strcmp(issued->value, one->value) != 0)
            world_broken(w, "I3: " ZXID_FMT " is chosen with another value", ZXID_ARG(one->zxid));
        items_add(chosen, one);
    }
    of_epoch(w, s->disk.accepted)->chosen = zxid;
}

/* What was chosen in an epoch before this one. One that wins late, by promises of long ago, need not hold what a later epoch
 * has chosen meanwhile, and no quorum will accept anything from it. */
static uint64_t chosen_before(struct world *w, uint32_t epoch)
{
    while (epoch > 0)
        if (of_epoch(w, --epoch)->chosen != 0)
            return of_epoch(w, epoch)->chosen;
    return 0;
}

void oracle_disk(struct world *w, const struct server *s)
{
    const struct disk *disk = &s->disk;
    uint32_t index = s->id - 1, reached = 0;
    struct vote *vote;

    if (disk->promised.epoch < w->oracle->promised[index])
        world_broken(w, "I5: %c promised %u after %u", 'A' + (int)index, disk->promised.epoch, w->oracle->promised[index]);
    w->oracle->promised[index] = disk->promised.epoch;
    if (disk->accepted > disk->promised.epoch)
        world_broken(w, "%c accepted %u, promised %u", 'A' + (int)index, disk->accepted, disk->promised.epoch);
    if (disk->accepted != disk->promised.epoch || disk->accepted == 0 || w->form.count == 0)
        return;
    vote = of_epoch(w, disk->accepted);
    for (uint32_t i = 0; i < w->form.count; i++)
        if (w->form.voter[i].id == s->id && w->form.voter[i].incarnation == disk->incarnation)
            vote->last[index] = items_last(&disk->log) > vote->last[index] ? items_last(&disk->log) : vote->last[index];
    if (vote->last[index] <= oracle_chosen(w))
        return;
    /* The quorum's value can only be one of the votes; this server's log shows the entries up to the smaller of both. */
    for (uint32_t k = 0; k < w->count; k++) {
        uint64_t zxid = vote->last[k] < vote->last[index] ? vote->last[k] : vote->last[index];

        reached = 0;
        for (uint32_t i = 0; i < w->count; i++)
            reached += zxid != 0 && vote->last[i] >= zxid;
        if (reached >= w->form.count / 2 + 1)
            choose(w, s, zxid);
    }
}

void oracle_sends(struct world *w, const struct server *s, const struct peer_msg *m)
{
    const struct disk *disk = &s->disk;
    char name = (char)('A' + s->id - 1);

    switch (m->type) {
    case PEER_PREPARE:
        if (disk->promised.epoch < m->prepare.epoch)
            world_broken(w, "I9: %c prepares %u before its own promise is durable", name, m->prepare.epoch);
        break;
    case PEER_PROMISE:
        if (disk->promised.epoch < m->promise.epoch)
            world_broken(w, "I9: %c's promise of %u is not durable", name, m->promise.epoch);
        if (disk->promised.epoch == m->promise.epoch && disk->accepted < m->promise.epoch &&
            (disk->accepted != m->promise.accepted || items_last(&disk->log) < runs_last(&m->promise.log)))
            world_broken(w, "I9: %c's promise of %u names a log that is not durable", name, m->promise.epoch);
        break;
    case PEER_ACCEPTED:
        if (disk->promised.epoch < m->accepted.epoch ||
            (disk->promised.epoch == m->accepted.epoch &&
             (disk->accepted < m->accepted.accepted ||
              (m->accepted.matched > disk->log.floor && items_find(&disk->log, m->accepted.matched) == NULL))))
            world_broken(w, "I9: %c's acknowledgement of " ZXID_FMT " in %u is not durable", name,
                         ZXID_ARG(m->accepted.matched), m->accepted.epoch);
        break;
    case PEER_REFUSE:
        if (disk->promised.epoch < m->refuse.promised)
            world_broken(w, "I9: %c refuses by a promise that is not durable", name);
        break;
    default:
        break;
    }
}

static void check_commit(struct world *w, const struct server *s, uint64_t before)
{
    const struct items *chosen = &w->oracle->chosen;
    const struct item *mine;

    if (s->core.commit_zxid < before)
        world_broken(w, "%c uncommits " ZXID_FMT, 'A' + (int)s->id - 1, ZXID_ARG(before));
    if (s->core.commit_zxid == before)
        return;
    if (items_find(chosen, s->core.commit_zxid) == NULL) {
        world_broken(w, "I10: %c commits " ZXID_FMT " which is not chosen", 'A' + (int)s->id - 1,
                     ZXID_ARG(s->core.commit_zxid));
        return;
    }
    for (uint32_t i = chosen->count; i > 0 && chosen->at[i - 1].zxid > before; i--) {
        const struct item *one = &chosen->at[i - 1];

        if (one->zxid > s->core.commit_zxid || one->zxid <= s->log.floor)
            continue;
        mine = items_find(&s->log, one->zxid);
        if (mine == NULL || strcmp(mine->value, one->value) != 0)
            world_broken(w, "I1: %c commits another entry at " ZXID_FMT, 'A' + (int)s->id - 1, ZXID_ARG(one->zxid));
    }
    if (s->core.commit_zxid > w->oracle->known)
        w->oracle->known = s->core.commit_zxid;
}

static void check_winner(struct world *w, const struct server *s)
{
    struct vote *vote = of_epoch(w, s->core.epoch);
    uint64_t last;

    if (s->core.role != PAXOS_LEADING || s->core.rolling)
        return;
    if (vote->winner == 0) {
        vote->winner = s->id;
        vote->winner_boot = s->core.options.boot;
        last = chosen_before(w, s->core.epoch);
        if (last > s->log.floor && items_find(&s->log, last) == NULL)
            world_broken(w, "I7: %c wins epoch %u without " ZXID_FMT, 'A' + (int)s->id - 1, s->core.epoch, ZXID_ARG(last));
    }
    if (vote->winner != s->id || vote->winner_boot != s->core.options.boot)
        world_broken(w, "I4: %c wins epoch %u, which %c had won", 'A' + (int)s->id - 1, s->core.epoch,
                     'A' + (int)vote->winner - 1);
}

void oracle_step(struct world *w, const struct server *s, uint64_t committed_before)
{
    const char *wrong = paxos_check(&s->core);

    if (wrong != NULL)
        world_broken(w, "%c: %s", 'A' + (int)s->id - 1, wrong);
    check_winner(w, s);
    check_commit(w, s, committed_before);
}
