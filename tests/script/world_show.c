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
