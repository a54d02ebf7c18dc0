/* world.c - servers of the test world: start, crash, steps and what follows from them. */
#include "world_internal.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

void world_init(struct world *w, uint32_t count, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->count = count;
    rng_init(&w->rng, seed);
    w->oracle = oracle_new();
    w->letters_end = &w->letters;
    w->delay_ms = 1;
    w->options = (struct paxos_options){.voter_count = count,
                                        .heartbeat_ms = 50,
                                        .election_min_ms = 300,
                                        .election_max_ms = 600,
                                        .counter_max = UINT32_MAX - (1u << 20)};
    for (uint32_t i = 0; i < count; i++) {
        struct server *s = &w->server[i];

        w->options.voters[i] = s->id = i + 1;
        s->writes_end = &s->writes;
        s->now_ms = 1000;
        s->disk.incarnation = ++w->incarnations;
        for (uint32_t k = 0; k < count; k++)
            w->linked[i][k] = true;
    }
}

void world_deinit(struct world *w)
{
    world_clear(w);
    for (uint32_t i = 0; i < w->count; i++) {
        struct server *s = &w->server[i];
        disk_forget(s);
        items_deinit(&s->disk.log);
        items_deinit(&s->log);
        items_deinit(&s->staged);
    }
    oracle_free(w->oracle);
    coord_free(w->spare);
}

void world_form_all(struct world *w)
{
    world_form(w, (1u << w->count) - 1);
}

void world_form(struct world *w, uint32_t voters)
{
    struct item one = {zxid_make(1, 1), VALUE_FORM};

    w->form_zxid = one.zxid;
    w->form.cluster = 7;
    oracle_issued(w, &one);
    for (uint32_t i = 0; i < w->count; i++) {
        struct disk *disk = &w->server[i].disk;
        if ((voters & 1u << i) == 0)
            continue;
        w->form.voter[w->form.count++] = (struct form_voter){w->server[i].id, disk->incarnation};
        disk->promised = (struct paxos_promised){1, 1, 1, 1};
        disk->accepted = 1;
        items_add(&disk->log, &one);
    }
    for (uint32_t i = 0; i < w->count; i++)
        if ((voters & 1u << i) != 0)
            oracle_disk(w, &w->server[i]);
}

/* The FORM among the entries. One that was lost before it was chosen, and formed anew, is no FORM any more. */
static const struct form *form_among(const struct world *w, const struct items *payload, uint64_t *zxid)
{
    for (uint32_t i = 0; payload != NULL && i < payload->count; i++)
        if (strcmp(payload->at[i].value, VALUE_FORM) == 0) {
            *zxid = payload->at[i].zxid;
            if (*zxid == w->form_zxid)
                return &w->form;
        }
    return NULL;
}

static void link_event(struct world *w, struct server *s, uint32_t peer, bool up)
{
    struct paxos_event event = {.type = PAXOS_LINK, .peer = peer, .up = up};

    if (s->up)
        world_step(w, s, &event, NULL);
}

void world_start(struct world *w, struct server *s)
{
    static struct paxos_out out;
    struct paxos_recovered recovered = {.promised = s->disk.promised, .accepted = s->disk.accepted};
    struct paxos_options options = w->options;

    if (s->up)
        return;
    s->disk.boot++;
    options.self = s->id;
    options.boot = s->disk.boot;
    options.incarnation = s->disk.incarnation;
    options.seed = rng_next(&w->rng);
    items_clear(&s->log);
    items_clear(&s->staged);
    s->log.floor = s->disk.log.floor;
    items_copy(&s->log, &s->disk.log, 0, UINT64_MAX);
    items_shape(&s->log, s->disk.snapshot, &recovered.log);
    recovered.committed = s->disk.snapshot;
    if (w->form.count > 0 && (s->disk.snapshot >= w->form_zxid || items_find(&s->log, w->form_zxid) != NULL)) {
        recovered.has_form = true;
        recovered.form = w->form;
        recovered.form_zxid = w->form_zxid;
    }
    s->up = true;
    s->shown_commit = s->shown_epoch = 0;
    s->shown_role = PAXOS_FOLLOWER;
    s->barrier = false;
    paxos_init(&s->core, &options, &recovered, s->now_ms, &out);
    s->wake_ms = out.wake_at_ms;
    oracle_step(w, s, recovered.committed < s->core.commit_zxid ? recovered.committed : s->core.commit_zxid);
    for (uint32_t i = 0; i < w->count; i++) {
        struct server *other = &w->server[i];
        if (other != s && other->up && w->linked[s->id - 1][i]) {
            link_event(w, s, other->id, true);
            link_event(w, other, s->id, true);
        }
    }
}

void world_crash(struct world *w, struct server *s)
{
    if (!s->up)
        return;
    s->up = false;
    disk_forget(s);
    items_clear(&s->log);
    items_clear(&s->staged);
    for (uint32_t i = 0; i < w->count; i++)
        if (w->linked[s->id - 1][i])
            link_event(w, &w->server[i], s->id, false);
}

void world_wipe(struct world *w, struct server *s)
{
    uint32_t boot = s->disk.boot;

    items_deinit(&s->disk.log);
    memset(&s->disk, 0, sizeof(s->disk));
    s->disk.boot = boot;
    s->disk.incarnation = ++w->incarnations;
    s->wiped = true;
    oracle_wiped(w, s);
}

void world_link(struct world *w, struct server *a, struct server *b, bool up)
{
    if (a == b || w->linked[a->id - 1][b->id - 1] == up)
        return;
    w->linked[a->id - 1][b->id - 1] = w->linked[b->id - 1][a->id - 1] = up;
    if (a->up && b->up) {
        link_event(w, a, b->id, up);
        link_event(w, b, a->id, up);
    }
}

/* Entries for an ACCEPT or ENTRIES; now and then fewer than named, as a caller short of room would. */
static bool attach(struct world *w, struct server *s, struct letter *l, uint32_t *cut_off)
{
    uint32_t *count = l->msg.type == PEER_ACCEPT ? &l->msg.accept.count : &l->msg.entries.count;
    uint64_t first = l->msg.type == PEER_ACCEPT ? l->msg.accept.first : l->msg.entries.first;

    if (l->msg.type != PEER_ACCEPT && l->msg.type != PEER_ENTRIES)
        return true;
    if (l->msg.type == PEER_ACCEPT && (*cut_off & 1u << l->to) != 0)
        return false;
    if (w->cramped && *count > 0 && rng_below(&w->rng, 8) == 0) {
        *count = (uint32_t)rng_below(&w->rng, *count) + (l->msg.type == PEER_ENTRIES);
        if (l->msg.type == PEER_ACCEPT) {
            paxos_unsent(&s->core, l->to, first + *count);
            *cut_off |= 1u << l->to;
        }
    }
    if (*count > 0)
        items_copy(&l->items, &s->log, first, first + (*count - 1));
    if (l->items.count != *count)
        world_broken(w, "%c names entries that it does not hold", world_name(s->id));
    return true;
}

static void send_all(struct world *w, struct server *s, const struct paxos_out *out)
{
    uint32_t cut_off = 0;

    for (uint32_t i = 0; i < out->now_count; i++) {
        struct letter *l = net_letter(s, out->send_now[i].to, &out->send_now[i]);
        l->at_ms = s->now_ms + w->delay_ms;
        if (attach(w, s, l, &cut_off)) {
            net_send(w, s, l);
        } else {
            items_deinit(&l->items);
            coord_free(l);
        }
    }
    for (uint32_t i = 0; i < out->after_count; i++) {
        struct letter *l = net_letter(s, out->send_after_persist[i].to, &out->send_after_persist[i]);
        if (out->wait_seq == 0)
            net_send(w, s, l);
        else
            net_wait(w, s, l, out->wait_seq);
    }
    for (uint32_t i = 0; i < w->count; i++)
        if ((out->snapshot_to & 1u << i) != 0) {
            struct letter *l = net_letter(s, w->server[i].id, NULL);
            l->kind = LETTER_SNAPSHOT;
            l->snapshot_to = l->to;
            l->zxid = s->core.commit_zxid;
            if (l->zxid < s->core.log.floor)
                world_broken(w, "%c must send a snapshot that it cannot have", world_name(s->id));
            net_send(w, s, l);
        }
}

/* A sync's answer must cover all that anybody had committed when it was asked. */
void world_answer_barrier(struct world *w, struct server *s)
{
    if (!s->barrier)
        return;
    if (s->core.role != PAXOS_LEADING) {
        s->barrier = false;
    } else if (s->core.round_confirmed >= s->barrier_round) {
        if (s->barrier_zxid < s->barrier_must)
            world_broken(w, "%c answers a sync with " ZXID_FMT ", " ZXID_FMT " had been committed", world_name(s->id),
                         ZXID_ARG(s->barrier_zxid), ZXID_ARG(s->barrier_must));
        world_show(w, "%c answers sync at " ZXID_FMT, world_name(s->id), ZXID_ARG(s->barrier_zxid));
        s->barrier = false;
        w->barriers_answered++;
    }
}

static void submit_form(struct world *w, struct server *s)
{
    struct item one = {.value = VALUE_FORM};
    struct items payload = {0};
    struct paxos_event event = {.type = PAXOS_SUBMIT, .count = 1};
    uint32_t room;

    one.zxid = event.first = paxos_submit_zxid(&s->core, &room);
    if (oracle_chosen(w) != 0) /* until then a FORM is tentative, and may have been lost */
        world_broken(w, "C15: %c forms a second ensemble", world_name(s->id));
    paxos_form(&s->core, &w->form);
    w->form.cluster = 7;
    w->form_zxid = one.zxid;
    items_add(&payload, &one);
    oracle_issued(w, &one);
    world_step(w, s, &event, &payload);
    items_deinit(&payload);
}

void world_step(struct world *w, struct server *s, struct paxos_event *event, const struct items *payload)
{
    struct paxos_out *out = w->spare != NULL ? w->spare : coord_alloc(sizeof(*out)); /* large, and steps may nest */
    uint64_t committed = s->core.commit_zxid;

    w->spare = NULL;
    event->now_ms = s->now_ms;
    event->form = form_among(w, payload, &event->form_zxid);
    paxos_step(&s->core, event, out);
    s->wake_ms = out->wake_at_ms;
    if (out->drop_staged)
        items_clear(&s->staged);
    if (out->stage)
        items_copy(&s->staged, payload, out->stage_first, out->stage_last);
    if (out->persist.seq != 0)
        disk_queue(w, s, &out->persist, payload);
    world_show_state(w, s);
    send_all(w, s, out);
    oracle_step(w, s, committed);
    world_answer_barrier(w, s);
    if (out->want_form)
        submit_form(w, s);
    coord_free(w->spare);
    w->spare = out;
}

void world_tick(struct world *w, struct server *s, uint64_t ms)
{
    struct paxos_event event = {.type = PAXOS_TIMER};

    s->now_ms += ms;
    if (s->up && s->now_ms >= s->wake_ms && paxos_persist_room(&s->core)) {
        world_step(w, s, &event, NULL);
        if (s->wake_ms <= s->now_ms)
            world_broken(w, "%c wants to wake in the past", world_name(s->id));
    }
}

struct server *world_leader(struct world *w)
{
    struct server *leader = NULL;

    for (uint32_t i = 0; i < w->count; i++) {
        struct server *s = &w->server[i];
        if (s->up && s->core.role == PAXOS_LEADING && s->core.established &&
            (leader == NULL || s->core.epoch > leader->core.epoch))
            leader = s;
    }
    return leader;
}
