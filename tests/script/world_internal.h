/* world_internal.h - what the files of the test world share. */
#ifndef TESTS_SCRIPT_WORLD_INTERNAL_H
#define TESTS_SCRIPT_WORLD_INTERNAL_H

#include "oracle.h"
#include "world.h"

/* One step of a core, and all that follows from its `out`; payload: the entries that come with the event. */
void world_step(struct world *w, struct server *s, struct paxos_event *event, const struct items *payload);

void world_answer_barrier(struct world *w, struct server *s); /* if its round is confirmed */
void world_show_letter(struct world *w, const struct letter *l);
void world_show_persist(struct world *w, const struct server *s, const struct paxos_persist *persist);
void world_show_state(struct world *w, struct server *s); /* what of it has changed since it was last shown */

/* world_disk.c */
void disk_queue(struct world *w, struct server *s, const struct paxos_persist *persist, const struct items *payload);
void disk_forget(struct server *s); /* a crash: what was under way is gone */

/* world_net.c */
void net_send(struct world *w, struct server *s, struct letter *l);               /* takes it */
void net_wait(struct world *w, struct server *s, struct letter *l, uint64_t seq); /* until that persist is done */
void net_release(struct world *w, struct server *s, uint64_t seq);
struct letter *net_letter(const struct server *from, uint32_t to, const struct peer_msg *msg);

static inline char world_name(uint32_t id)
{
    return (char)('A' + id - 1);
}

#endif
