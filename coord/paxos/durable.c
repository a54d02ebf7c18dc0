/* durable.c - the durable steps of a server: what must reach the disk, and what of it has.
 *
 * Every change of promised, accepted or the log goes through here, changes the state in memory and enters the one persist of
 * the step. Its parts are done in the order promised, cut, append, accepted, so that a crash between any two leaves a legal
 * state: no entry of an epoch without its promise, no `accepted` without the history it vouches for (C3).
 *
 * durable_last speaks of the log as it is now: a cut lowers it, and every persist in flight, at once.
 */
#include "paxos/internal.h"

static struct paxos_persist *open_persist(struct paxos *p, struct paxos_out *out)
{
    if (out->persist.seq == 0) {
        COORD_ASSERT(p->flight_count < PAXOS_FLIGHTS);
        out->persist.seq = ++p->seq_issued;
    }
    return &out->persist;
}

void durable_promise(struct paxos *p, struct paxos_out *out, struct paxos_promised promised)
{
    struct paxos_persist *persist = open_persist(p, out);

    COORD_ASSERT(promised.epoch >= p->promised.epoch);
    persist->set_promised = !SEEDED(promise_not_stored);
    persist->promised = promised;
    p->promised = promised;
    acceptor_new_epoch(p);
}

bool durable_may_cut(const struct paxos *p, uint64_t after)
{
    return after >= p->committed; /* the floor is not above that */
}

void durable_cut(struct paxos *p, struct paxos_out *out, uint64_t after)
{
    struct paxos_persist *persist = open_persist(p, out);

    COORD_ASSERT(!persist->cut && persist->append_count == 0);
    COORD_ASSERT(durable_may_cut(p, after));
    persist->cut = true;
    persist->cut_after = after;
    runs_cut_after(&p->log, after);
    if (p->form_zxid > after) { /* it was tentative (C15) */
        p->has_form = false;
        p->form_zxid = 0;
        memset(&p->form, 0, sizeof(p->form));
    }
    for (uint32_t i = 0; i < p->flight_count; i++)
        if (p->flight[i].last > after)
            p->flight[i].last = after;
    if (p->durable_last > after)
        p->durable_last = after;
}

void durable_append(struct paxos *p, struct paxos_out *out, uint64_t first, uint32_t count, enum paxos_source source)
{
    struct paxos_persist *persist = open_persist(p, out);

    COORD_ASSERT(persist->append_count == 0 || persist->append_source == source);
    if (persist->append_count == 0)
        persist->append_first = first;
    persist->append_count += count;
    persist->append_last = first + (count - 1);
    persist->append_source = source;
    runs_append(&p->log, first, count);
}

void durable_form(struct paxos *p, uint64_t first, uint64_t last, const struct paxos_event *event)
{
    if (event->form == NULL || event->form_zxid < first || event->form_zxid > last)
        return;
    p->has_form = true;
    p->form_zxid = event->form_zxid;
    p->form = *event->form;
}

void durable_accept(struct paxos *p, struct paxos_out *out, uint32_t epoch)
{
    struct paxos_persist *persist = open_persist(p, out);

    COORD_ASSERT(epoch > p->accepted && epoch <= p->promised.epoch);
    persist->set_accepted = true;
    persist->accepted = epoch;
    p->accepted = epoch;
}

void durable_close(struct paxos *p, const struct paxos_out *out)
{
    if (out->persist.seq != 0)
        p->flight[p->flight_count++] =
            (struct paxos_flight){out->persist.seq, runs_last(&p->log), p->promised.epoch, p->accepted};
}

void durable_done(struct paxos *p, uint64_t seq)
{
    uint32_t done = 0;

    COORD_ASSERT(seq <= p->seq_issued);
    while (done < p->flight_count && p->flight[done].seq <= seq) {
        p->durable_last = p->flight[done].last;
        p->durable_promised = p->flight[done].promised;
        p->durable_accepted = p->flight[done].accepted;
        done++;
    }
    p->flight_count -= done;
    memmove(&p->flight[0], &p->flight[done], p->flight_count * sizeof(p->flight[0]));
    if (seq > p->seq_done)
        p->seq_done = seq;
}

void durable_reset(struct paxos *p, uint64_t zxid)
{
    runs_reset(&p->log, zxid);
    for (uint32_t i = 0; i < p->flight_count; i++)
        p->flight[i].last = zxid;
    p->durable_last = zxid;
}

/* C5, and the fold: a chosen and durable prefix may lose its shape, which keeps shapes short. */
void durable_commit(struct paxos *p, struct paxos_out *out)
{
    uint64_t zxid = p->committed < p->durable_last || SEEDED(apply_before_durable) ? p->committed : p->durable_last;

    if (zxid > p->commit_zxid)
        p->commit_zxid = zxid;
    out->commit_zxid = p->commit_zxid;
    p->form_chosen = p->has_form && p->committed >= p->form_zxid;
    while (p->log.count > PAXOS_SHAPE_KEEP) {
        uint64_t last = zxid_make(p->log.run[0].epoch, p->log.run[0].last);
        if (last > p->commit_zxid)
            break;
        runs_fold(&p->log, last);
    }
}
