/* world_show.c - what the test world tells: transcript lines, changes of a server's state, the first thing found broken. */
#include "world_internal.h"

#include <stdarg.h>
#include <stdio.h>

void world_broken(struct world *w, const char *format, ...)
{
    va_list args;

    if (w->broken[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(w->broken, sizeof(w->broken), format, args);
    va_end(args);
    world_show(w, "BROKEN: %s", w->broken);
}

void world_show(struct world *w, const char *format, ...)
{
    char line[2000];
    va_list args;

    if (w->show == NULL)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    w->show(w->show_context, line);
}

void world_print(void *context, const char *line)
{
    const struct world *w = context;

    printf("[%6llu] %s\n", (unsigned long long)w->server[0].now_ms, line);
}

void world_show_state(struct world *w, struct server *s)
{
    const struct paxos *p = &s->core;

    if (s->shown_role != p->role || (p->role != PAXOS_FOLLOWER && p->role != PAXOS_PROBING && s->shown_epoch != p->epoch) ||
        s->shown_established != p->established) {
        if (p->role == PAXOS_FOLLOWER || p->role == PAXOS_PROBING)
            world_show(w, "%c %s", world_name(s->id), paxos_role_name(p->role));
        else
            world_show(w, "%c %s %u%s", world_name(s->id), paxos_role_name(p->role), p->epoch,
                       p->established ? " established" : "");
        s->shown_role = p->role;
        s->shown_epoch = p->epoch;
        s->shown_established = p->established;
    }
    if (s->shown_commit != p->commit_zxid)
        world_show(w, "%c committed " ZXID_FMT, world_name(s->id), ZXID_ARG(p->commit_zxid));
    s->shown_commit = p->commit_zxid;
}

void world_show_server(struct world *w, const struct server *s)
{
    const struct paxos *p = &s->core;
    char shape[400];
    int at = snprintf(shape, sizeof(shape), "%s" ZXID_FMT "|", s->up ? "" : "down ", ZXID_ARG(p->log.floor));

    for (uint32_t i = 0; i < p->log.count && at < (int)sizeof(shape) - 20; i++)
        at += snprintf(shape + at, sizeof(shape) - (size_t)at, " %u.%u-%u", p->log.run[i].epoch, p->log.run[i].first,
                       p->log.run[i].last);
    world_show(
        w, "%c %s epoch=%u promised=%u/%u accepted=%u committed=" ZXID_FMT " matched=" ZXID_FMT " voter=%d flights=%u log=%s",
        world_name(s->id), paxos_role_name(p->role), p->epoch, p->promised.epoch, p->promised.server, p->accepted,
        ZXID_ARG(p->committed), ZXID_ARG(p->matched), paxos_is_voter(p), p->flight_count, shape);
}

static int show_runs(char *text, int size, const struct runs *log)
{
    int at = snprintf(text, (size_t)size, "[");

    if (log->floor != 0)
        at += snprintf(text + at, (size_t)(size - at), ZXID_FMT "| ", ZXID_ARG(log->floor));
    for (uint32_t i = 0; i < log->count && at < size - 40; i++)
        at += snprintf(text + at, (size_t)(size - at), "%s%u.%u-%u", i > 0 ? " " : "", log->run[i].epoch, log->run[i].first,
                       log->run[i].last);
    return at + snprintf(text + at, (size_t)(size - at), "]");
}

static int show_entries(char *text, int size, const struct items *items)
{
    int at = 0;

    for (uint32_t i = 0; i < items->count && at < size - 60; i++)
        at += snprintf(text + at, (size_t)(size - at), " " ZXID_FMT "=%s", ZXID_ARG(items->at[i].zxid), items->at[i].value);
    return at;
}

/* Only the fields that say something, so that a transcript can be read. */
void world_show_letter(struct world *w, const struct letter *l)
{
    const struct peer_msg *m = &l->msg;
    char text[1500], log[600];
    int size = (int)sizeof(text), at = 0;

    if (w->terse || w->show == NULL)
        return;
    if (l->kind != LETTER_MESSAGE) {
        world_show(w, "%c->%c snapshot %s " ZXID_FMT, world_name(l->from), world_name(l->to),
                   l->kind == LETTER_SNAPSHOT ? "of" : "installed", ZXID_ARG(l->zxid));
        return;
    }
    at = snprintf(text, (size_t)size, "%c->%c %s", world_name(l->from), world_name(l->to), peer_type_name(m->type));
    switch (m->type) {
    case PEER_PROBE_ANSWER:
        snprintf(text + at, (size_t)(size - at), " granted=%u", m->probe_answer.granted);
        break;
    case PEER_PREPARE:
        snprintf(text + at, (size_t)(size - at), " epoch=%u%s", m->prepare.epoch, m->prepare.forming ? " forming" : "");
        break;
    case PEER_PROMISE:
        show_runs(log, sizeof(log), &m->promise.log);
        snprintf(text + at, (size_t)(size - at), " epoch=%u accepted=%u committed=" ZXID_FMT " log=%s", m->promise.epoch,
                 m->promise.accepted, ZXID_ARG(m->promise.committed), log);
        break;
    case PEER_REFUSE:
        snprintf(text + at, (size_t)(size - at), " epoch=%u promised=%u", m->refuse.epoch, m->refuse.promised);
        break;
    case PEER_ACCEPT:
        at +=
            snprintf(text + at, (size_t)(size - at), " epoch=%u prev=" ZXID_FMT " committed=" ZXID_FMT " history_end=" ZXID_FMT,
                     m->accept.epoch, ZXID_ARG(m->accept.prev), ZXID_ARG(m->accept.committed), ZXID_ARG(m->accept.history_end));
        show_entries(text + at, size - at, &l->items);
        break;
    case PEER_ACCEPTED:
        at += snprintf(text + at, (size_t)(size - at), " epoch=%u accepted=%u matched=" ZXID_FMT, m->accepted.epoch,
                       m->accepted.accepted, ZXID_ARG(m->accepted.matched));
        if (m->accepted.mismatch != 0) {
            show_runs(log, sizeof(log), &m->accepted.log);
            snprintf(text + at, (size_t)(size - at), " mismatch at " ZXID_FMT " log=%s", ZXID_ARG(m->accepted.prev), log);
        }
        break;
    case PEER_COMMIT:
        snprintf(text + at, (size_t)(size - at), " epoch=%u committed=" ZXID_FMT, m->commit.epoch,
                 ZXID_ARG(m->commit.committed));
        break;
    case PEER_HEARTBEAT:
        snprintf(text + at, (size_t)(size - at), " epoch=%u round=%u committed=" ZXID_FMT "%s", m->heartbeat.epoch,
                 (unsigned)m->heartbeat.round, ZXID_ARG(m->heartbeat.committed),
                 m->heartbeat.established ? " established" : "");
        break;
    case PEER_HEARTBEAT_ACK:
        snprintf(text + at, (size_t)(size - at), " epoch=%u round=%u", m->heartbeat_ack.epoch,
                 (unsigned)m->heartbeat_ack.round);
        break;
    case PEER_FETCH:
        snprintf(text + at, (size_t)(size - at), " epoch=%u after=" ZXID_FMT, m->fetch.epoch, ZXID_ARG(m->fetch.after));
        break;
    case PEER_ENTRIES:
        at += snprintf(text + at, (size_t)(size - at), " epoch=%u prev=" ZXID_FMT " committed=" ZXID_FMT, m->entries.epoch,
                       ZXID_ARG(m->entries.prev), ZXID_ARG(m->entries.committed));
        show_entries(text + at, size - at, &l->items);
        break;
    default:
        break;
    }
    world_show(w, "%s", text);
}

void world_show_persist(struct world *w, const struct server *s, const struct paxos_persist *persist)
{
    char text[300];
    int size = (int)sizeof(text), at = snprintf(text, (size_t)size, "%c persists", world_name(s->id));

    if (w->terse)
        return;
    if (persist->set_promised)
        at += snprintf(text + at, (size_t)(size - at), " promised=%u", persist->promised.epoch);
    if (persist->cut)
        at += snprintf(text + at, (size_t)(size - at), " cut_after=" ZXID_FMT, ZXID_ARG(persist->cut_after));
    if (persist->append_count > 0)
        at += snprintf(text + at, (size_t)(size - at), " append " ZXID_FMT ".." ZXID_FMT, ZXID_ARG(persist->append_first),
                       ZXID_ARG(persist->append_last));
    if (persist->set_accepted)
        snprintf(text + at, (size_t)(size - at), " accepted=%u", persist->accepted);
    world_show(w, "%s", text);
}
