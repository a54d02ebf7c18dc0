/* judge.c - the invariants over all servers: judge.h. */
#include "model/judge.h"

#include "base/assert.h"
#include "base/zxid.h"

#include <string.h>

#define CODE_COUNTER_BITS 4 /* a zxid in a byte, in the same order */

static uint8_t encode(uint64_t zxid)
{
    COORD_ASSERT(zxid_counter(zxid) < 1u << CODE_COUNTER_BITS);
    return (uint8_t)(zxid_epoch(zxid) << CODE_COUNTER_BITS | zxid_counter(zxid));
}

static uint64_t decode(uint8_t code)
{
    return zxid_make(code >> CODE_COUNTER_BITS, code & ((1u << CODE_COUNTER_BITS) - 1));
}

void judge_start(struct ghost *g, uint32_t servers)
{
    memset(g, 0, sizeof(*g));
    g->chosen.count[1] = 1;
    for (uint32_t i = 0; i < servers; i++)
        g->vote[1][i] = encode(zxid_make(1, 1));
}

/* The last zxid that a quorum has accepted in this epoch. */
static uint64_t chosen_in(const struct ghost *g, uint32_t servers, uint32_t epoch)
{
    uint8_t best = 0;

    for (uint32_t i = 0; i < servers; i++) {
        uint32_t reached = 0;
        for (uint32_t k = 0; k < servers; k++)
            reached += g->vote[epoch][k] >= g->vote[epoch][i];
        if (reached >= servers / 2 + 1 && g->vote[epoch][i] > best)
            best = g->vote[epoch][i];
    }
    return decode(best);
}

static struct shape chosen_below(const struct ghost *g, uint32_t servers, uint32_t epoch)
{
    uint64_t last = 0;

    for (uint32_t e = 1; e < epoch; e++) {
        uint64_t zxid = chosen_in(g, servers, e);
        last = zxid > last ? zxid : last;
    }
    return shape_up_to(&g->chosen, last);
}

/* C3: the history is there, and nothing else but the leader's own. */
static bool covers(const struct shape *log, const struct shape *history, uint32_t epoch)
{
    struct shape behind = *log;

    if (!shape_is_prefix(history, log))
        return false;
    for (uint32_t e = 1; e < MODEL_EPOCHS_MAX; e++)
        behind.count[e] = (uint8_t)(behind.count[e] - history->count[e]);
    behind.count[epoch] = 0;
    return shape_last(&behind) == 0;
}

static const char *judge_vote(struct ghost *g, uint32_t servers, const struct summary *now)
{
    uint32_t epoch = now->accepted;
    uint64_t zxid;
    struct shape part;

    if (!now->counts || epoch == 0 || epoch != now->promised)
        return NULL;
    if (g->winner[epoch] != 0 && !covers(&now->log, &g->history[epoch], epoch))
        return "accepted: a server has accepted an epoch, but not its history";
    if (encode(shape_last(&now->log)) <= g->vote[epoch][now->index])
        return NULL;
    g->vote[epoch][now->index] = encode(shape_last(&now->log));
    zxid = chosen_in(g, servers, epoch);
    if (zxid == 0)
        return NULL;
    if (!shape_holds(&now->log, zxid))
        return NULL; /* chosen by the others, and judged with their votes */
    part = shape_up_to(&now->log, zxid);
    if (!shape_is_prefix(&part, &g->chosen) && !shape_is_prefix(&g->chosen, &part))
        return "agreement: two sequences are chosen";
    if (zxid > shape_last(&g->chosen))
        g->chosen = part;
    for (uint32_t e = epoch + 1; e < MODEL_EPOCHS_MAX; e++)
        if (g->winner[e] != 0 && !shape_is_prefix(&part, &g->history[e]))
            return "leader completeness: a later leader's history lacks what is chosen now";
    return NULL;
}

static const char *judge_win(struct ghost *g, uint32_t servers, const struct summary *now)
{
    struct shape must = chosen_below(g, servers, now->epoch);

    if (g->winner[now->epoch] != 0)
        return "one winner: an epoch is won twice";
    g->winner[now->epoch] = (uint8_t)(now->index + 1);
    g->history[now->epoch] = now->held;
    return shape_is_prefix(&must, &now->held) ? NULL : "leader completeness: a leader's history lacks what was chosen";
}

/* How many entries of the sequence the log starts with. */
static uint32_t common(const struct shape *sequence, const struct shape *log)
{
    uint32_t count = 0;

    for (uint32_t e = 1; e < MODEL_EPOCHS_MAX; e++) {
        uint8_t a = sequence->count[e], b = log->count[e];
        count += a < b ? a : b;
        if (a != b)
            break;
    }
    return count;
}

static const char *judge_cut(const struct ghost *g, uint32_t servers, const struct summary *before, const struct summary *now,
                             uint32_t epoch)
{
    struct shape must = chosen_below(g, servers, epoch);

    return common(&must, &now->log) < common(&must, &before->log) ? "cuts: a chosen entry is cut by a later leader" : NULL;
}

static bool logs_match(const struct shape *a, const struct shape *b)
{
    bool differ = false;

    for (uint32_t e = 1; e < MODEL_EPOCHS_MAX; e++) {
        if (differ && a->count[e] > 0 && b->count[e] > 0)
            return false;
        differ = differ || a->count[e] != b->count[e];
    }
    return true;
}

/* What can make no difference any more is set to one value, so that states which differ in nothing else are one. A vote for
 * less than its epoch has chosen counts as one for that. In an epoch that no disk can accept any more (all have promised a
 * higher one, and an emptied one does not count) nothing else will be chosen: votes for more are as good as none. */
static void judge_forget(struct ghost *g, uint32_t servers, const struct summary *const all[])
{
    for (uint32_t e = 1; e < MODEL_EPOCHS_MAX; e++) {
        uint8_t chosen = encode(chosen_in(g, servers, e));
        bool closed = true;

        for (uint32_t i = 0; i < servers; i++)
            closed = closed && (!all[i]->counts || all[i]->promised > e);
        for (uint32_t i = 0; i < servers; i++)
            if (g->vote[e][i] < chosen || closed)
                g->vote[e][i] = chosen;
    }
}

const char *judge_step(struct ghost *g, uint32_t servers, const struct summary *const all[], const struct summary *before,
                       const struct summary *now, const struct effects *effects)
{
    const char *broken = judge_vote(g, servers, now);

    if (broken == NULL && effects->won)
        broken = judge_win(g, servers, now);
    if (broken == NULL && effects->cut_epoch != 0)
        broken = judge_cut(g, servers, before, now, effects->cut_epoch);
    for (uint32_t i = 0; i < servers && broken == NULL; i++)
        if (!logs_match(&now->log, &all[i]->log))
            broken = "log matching: the same zxid stands behind different entries";
    if (broken == NULL && !shape_is_prefix(&now->applied, &g->chosen))
        broken = "applied: a server applies what is not chosen";
    if (broken == NULL)
        judge_forget(g, servers, all);
    return broken;
}
