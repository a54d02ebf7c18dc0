/* world_net.c - letters of the test world, and runs in which time passes by itself. */
#include "world_internal.h"

#include "base/alloc.h"

#include <string.h>

struct letter *net_letter(const struct server *from, uint32_t to, const struct peer_msg *msg)
{
    struct letter *l = coord_alloc_zero(1, sizeof(*l));

    l->from = from->id;
    l->to = to;
    if (msg != NULL)
        l->msg = *msg;
    return l;
}

static void queue(struct world *w, struct letter *l)
{
    l->next = NULL;
    *w->letters_end = l;
    w->letters_end = &l->next;
    w->letter_count++;
}

/* A message is just gone; of a snapshot the sender learns, as a caller's transfer would tell it in time. */
static void lose(struct world *w, struct letter *l)
{
    if (l->kind == LETTER_MESSAGE) {
        items_deinit(&l->items);
        coord_free(l);
        return;
    }
    if (l->kind == LETTER_SNAPSHOT)
        l->to = l->from;
    l->kind = LETTER_INSTALLED;
    l->from = l->snapshot_to;
    l->zxid = 0;
    queue(w, l);
}

void net_send(struct world *w, struct server *s, struct letter *l)
{
    if (l->kind == LETTER_MESSAGE)
        oracle_sends(w, s, &l->msg);
    l->at_ms = s->now_ms + w->delay_ms;
    if (w->cut[l->from - 1][l->to - 1] || !w->linked[l->from - 1][l->to - 1])
        lose(w, l);
    else
        queue(w, l);
}

void net_wait(struct world *w, struct server *s, struct letter *l, uint64_t seq)
{
    struct waiting **end = &s->waiting;
    struct waiting *one = coord_alloc_zero(1, sizeof(*one));

    (void)w;
    one->seq = seq;
    one->letter = l;
    while (*end != NULL)
        end = &(*end)->next;
    *end = one;
}

void net_release(struct world *w, struct server *s, uint64_t seq)
{
    while (s->waiting != NULL && s->waiting->seq <= seq) {
        struct waiting *one = s->waiting;
        s->waiting = one->next;
        net_send(w, s, one->letter);
        coord_free(one);
    }
}

static void take(struct world *w, struct letter *l)
{
    struct letter **at = &w->letters;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    if (l->next == NULL)
        w->letters_end = at;
    w->letter_count--;
}

void world_drop(struct world *w, struct letter *l)
{
    take(w, l);
    lose(w, l);
}

void world_clear(struct world *w)
{
    while (w->letters != NULL) {
        w->letters->kind = LETTER_MESSAGE;
        world_drop(w, w->letters);
    }
}

struct letter *world_copy_letter(struct world *w, const struct letter *l)
{
    struct letter *copy = coord_memdup(l, sizeof(*l));

    memset(&copy->items, 0, sizeof(copy->items));
    items_copy(&copy->items, &l->items, 0, UINT64_MAX);
    queue(w, copy);
    return copy;
}

struct letter *world_nth_letter(struct world *w, uint32_t n)
{
    struct letter *l = w->letters;

    while (l != NULL && n-- > 0)
        l = l->next;
    return l;
}

static void install(struct world *w, struct server *s, const struct letter *l)
{
    struct letter *answer;
    struct paxos_event event = {.type = PAXOS_SNAPSHOT_INSTALLED, .zxid = l->zxid};
    struct items form = {0};
    struct item one = {w->form_zxid, VALUE_FORM};

    world_disk_sync(w, s);
    answer = net_letter(s, l->from, NULL);
    answer->kind = LETTER_INSTALLED;
    answer->snapshot_to = s->id;
    if (paxos_snapshot_wanted(&s->core, l->zxid)) {
        items_clear(&s->disk.log);
        items_clear(&s->log);
        s->disk.log.floor = s->log.floor = s->disk.snapshot = l->zxid;
        oracle_disk(w, s);
        items_add(&form, &one);
        answer->zxid = l->zxid;
        world_step(w, s, &event, &form);
        items_deinit(&form);
    }
    net_send(w, s, answer);
}

void world_deliver(struct world *w, struct letter *l)
{
    struct server *s = &w->server[l->to - 1];
    struct paxos_event event = {.type = PAXOS_MESSAGE, .message = &l->msg};

    take(w, l);
    world_show_letter(w, l);
    if (s->up && paxos_persist_room(&s->core)) {
        if (l->kind == LETTER_MESSAGE) {
            world_step(w, s, &event, &l->items);
        } else if (l->kind == LETTER_SNAPSHOT) {
            install(w, s, l);
        } else {
            event = (struct paxos_event){.type = PAXOS_SNAPSHOT_SENT, .peer = l->from, .zxid = l->zxid};
            world_step(w, s, &event, NULL);
        }
    }
    items_deinit(&l->items);
    coord_free(l);
}

static struct letter *due_letter(struct world *w)
{
    for (struct letter *l = w->letters; l != NULL; l = l->next)
        if (!l->held && l->at_ms <= w->server[l->to - 1].now_ms)
            return l;
    return NULL;
}

static void sooner(uint64_t *wait, uint64_t at, uint64_t now)
{
    uint64_t ms = at > now ? at - now : 1;

    if (ms < *wait)
        *wait = ms;
}

/* How long nothing happens by itself: until the next letter, disk or timer that is due, and at most so long. */
static uint64_t quiet_ms(const struct world *w, uint64_t wait)
{
    for (uint32_t i = 0; i < w->count; i++) {
        const struct server *s = &w->server[i];
        if (s->up)
            sooner(&wait, s->wake_ms, s->now_ms);
        if (!s->disk_held && s->writes != NULL)
            sooner(&wait, s->writes->at_ms, s->now_ms);
    }
    for (const struct letter *l = w->letters; l != NULL; l = l->next)
        if (!l->held)
            sooner(&wait, l->at_ms, w->server[l->to - 1].now_ms);
    return wait;
}

bool world_run(struct world *w, uint64_t ms, bool (*done)(struct world *w, void *context), void *context)
{
    for (uint64_t passed = 0, quiet; passed <= ms; passed += quiet) {
        struct letter *l;

        for (uint32_t i = 0; i < w->count; i++) {
            struct server *s = &w->server[i];
            while (!s->disk_held && s->writes != NULL && s->writes->at_ms <= s->now_ms)
                world_disk_step(w, s);
        }
        while ((l = due_letter(w)) != NULL)
            world_deliver(w, l);
        if (w->broken[0] != '\0')
            return false;
        if (done != NULL && done(w, context))
            return true;
        quiet = quiet_ms(w, ms + 1 - passed);
        for (uint32_t i = 0; i < w->count; i++)
            world_tick(w, &w->server[i], quiet);
    }
    return done == NULL;
}
