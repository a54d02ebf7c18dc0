/* paxos_fixture.c - see paxos_fixture.h. */
#include "unit/paxos_fixture.h"

#include "lib/runner.h"

#include <string.h>

struct form core_form(uint32_t voters)
{
    struct form form = {.cluster = 9, .count = voters};

    for (uint32_t i = 0; i < voters; i++)
        form.voter[i] = (struct form_voter){i + 1, 11 + i};
    return form;
}

struct runs core_runs(const struct core_disk *disk)
{
    struct runs log = {.floor = disk->floor};

    while (log.count < COUNT(disk->run) && disk->run[log.count].epoch != 0) {
        log.run[log.count] = disk->run[log.count];
        log.count++;
    }
    return log;
}

void core_start(struct core *c, struct core_disk disk)
{
    struct paxos_options options = {.self = 1,
                                    .boot = 5,
                                    .incarnation = disk.incarnation != 0 ? disk.incarnation : 11,
                                    .voter_count = disk.voters != 0 ? disk.voters : 3,
                                    .heartbeat_ms = 50,
                                    .election_min_ms = 300,
                                    .election_max_ms = 600,
                                    .counter_max = disk.counter_max != 0 ? disk.counter_max : UINT32_MAX - (1u << 20),
                                    .seed = 1};
    struct paxos_recovered recovered = {.promised = {disk.promised, disk.promised_to, 0, 0},
                                        .accepted = disk.accepted,
                                        .committed = disk.floor,
                                        .log = core_runs(&disk)};

    for (uint32_t i = 0; i < options.voter_count; i++)
        options.voters[i] = i + 1;
    if (!disk.empty) {
        recovered.has_form = true;
        recovered.form_zxid = Z(1, 1);
        recovered.form = core_form(disk.form_voters != 0 ? disk.form_voters : options.voter_count);
    }
    c->now_ms = 1000;
    paxos_init(&c->p, &options, &recovered, c->now_ms, &c->out);
    for (uint32_t i = 2; i <= options.voter_count; i++)
        core_link(c, i, true);
}

void core_step(struct core *c, struct paxos_event event)
{
    const char *broken;

    event.now_ms = c->now_ms;
    paxos_step(&c->p, &event, &c->out);
    broken = paxos_check(&c->p);
    CHECK(broken == NULL, "%s", broken);
}

void core_entries(struct core *c, uint32_t from, struct peer_msg m, const struct form *form, uint64_t form_zxid)
{
    m.from = from;
    m.to = c->p.options.self;
    core_step(c, (struct paxos_event){.type = PAXOS_MESSAGE, .message = &m, .form = form, .form_zxid = form_zxid});
}

void core_deliver(struct core *c, uint32_t from, struct peer_msg m)
{
    core_entries(c, from, m, NULL, 0);
}

void core_persisted(struct core *c)
{
    core_step(c, (struct paxos_event){.type = PAXOS_PERSISTED, .seq = c->p.seq_issued});
}

void core_at(struct core *c, uint64_t now_ms)
{
    c->now_ms = now_ms;
    core_step(c, (struct paxos_event){.type = PAXOS_TIMER});
}

void core_link(struct core *c, uint32_t peer, bool up)
{
    core_step(c, (struct paxos_event){.type = PAXOS_LINK, .peer = peer, .up = up});
}

void core_submit(struct core *c, uint32_t count)
{
    uint32_t room;
    uint64_t first = paxos_submit_zxid(&c->p, &room);

    REQUIRE(first != 0 && room >= count);
    core_step(c, (struct paxos_event){.type = PAXOS_SUBMIT, .first = first, .count = count});
}

void core_prepare(struct core *c)
{
    if (c->p.role == PAXOS_FOLLOWER)
        core_at(c, c->p.deadline_ms);
    for (uint32_t i = 2; i <= c->p.options.voter_count && c->p.role == PAXOS_PROBING; i++)
        core_deliver(c, i,
                     MSG(PROBE_ANSWER, probe_answer, .granted = 1, .incarnation = 10 + i, .attempt = c->p.attempt,
                         .log_empty = !c->p.has_form));
    REQUIRE(c->p.role == PAXOS_PREPARING);
    core_persisted(c);
}

void core_promise(struct core *c, uint32_t from, uint32_t accepted, struct core_disk log)
{
    core_deliver(c, from,
                 MSG(PROMISE, promise, .epoch = c->p.epoch, .incarnation = 10 + from, .boot = 1, .accepted = accepted,
                     .committed = log.floor, .log = core_runs(&log)));
}

void core_lead(struct core *c)
{
    struct peer_msg m;

    core_prepare(c);
    m = MSG(PROMISE, promise, .epoch = c->p.epoch, .incarnation = 12, .boot = 1, .accepted = c->p.accepted, .log = c->p.log);
    core_deliver(c, 2, m);
    REQUIRE(c->p.role == PAXOS_LEADING);
    core_persisted(c);
}

void core_ack(struct core *c, uint32_t from, uint64_t matched)
{
    core_deliver(c, from,
                 MSG(ACCEPTED, accepted, .epoch = c->p.epoch, .incarnation = 10 + from, .boot = 1, .accepted = c->p.epoch,
                     .matched = matched, .prev = matched));
}

bool core_out_is(const struct core *c, uint32_t now, uint32_t after, bool persist)
{
    const struct paxos_out *out = &c->out;

    bool same = CHECK_EQ_INT(out->now_count, now);

    same = CHECK_EQ_INT(out->after_count, after) && same;
    same = CHECK((out->persist.seq != 0) == persist) && same;
    same = CHECK((out->wait_seq != 0) == (after > 0 && c->p.seq_done < c->p.seq_issued)) && same;
    same = CHECK(!out->stage && !out->drop_staged && out->snapshot_to == 0 && out->snapshot_from == 0) && same;
    return CHECK(!out->want_form) && same;
}

const struct peer_msg *core_sent(const struct core *c, enum peer_type type, uint32_t to)
{
    for (uint32_t i = 0; i < c->out.now_count; i++)
        if (c->out.send_now[i].type == type && c->out.send_now[i].to == to)
            return &c->out.send_now[i];
    for (uint32_t i = 0; i < c->out.after_count; i++)
        if (c->out.send_after_persist[i].type == type && c->out.send_after_persist[i].to == to)
            return &c->out.send_after_persist[i];
    return NULL;
}
