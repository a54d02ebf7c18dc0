/* world_disk.c - disks of the test world: persists are executed part by part, in order. */
#include "world_internal.h"

#include "base/alloc.h"

#include <string.h>

void disk_queue(struct world *w, struct server *s, const struct paxos_persist *persist, const struct items *payload)
{
    struct disk_write *write = coord_alloc_zero(1, sizeof(*write));

    world_show_persist(w, s, persist);
    write->persist = *persist;
    write->at_ms = s->now_ms + 1;
    if (persist->cut)
        items_cut_after(&s->log, persist->cut_after);
    if (persist->append_count > 0) {
        const struct items *source = persist->append_source == PAXOS_FROM_STAGED ? &s->staged : payload;
        items_copy(&write->items, source, persist->append_first, persist->append_last);
        items_copy(&s->log, source, persist->append_first, persist->append_last);
        if (write->items.count != persist->append_count)
            world_broken(w, "%c appends %u entries, was given %u", world_name(s->id), persist->append_count,
                         write->items.count);
    }
    *s->writes_end = write;
    s->writes_end = &write->next;
}

static void pop(struct server *s)
{
    struct disk_write *write = s->writes;

    s->writes = write->next;
    if (s->writes == NULL)
        s->writes_end = &s->writes;
    items_deinit(&write->items);
    coord_free(write);
}

void disk_forget(struct server *s)
{
    while (s->writes != NULL)
        pop(s);
    while (s->waiting != NULL) {
        struct waiting *one = s->waiting;
        s->waiting = one->next;
        items_deinit(&one->letter->items);
        coord_free(one->letter);
        coord_free(one);
    }
}

bool world_disk_step(struct world *w, struct server *s)
{
    struct disk_write *write = s->writes;
    uint32_t part;
    struct paxos_event event = {.type = PAXOS_PERSISTED};

    if (!s->up || write == NULL)
        return false;
    part = write->part++;
    if (part == 0) {
        if (write->persist.set_promised)
            s->disk.promised = write->persist.promised;
    } else if (part == 1) {
        if (write->persist.cut)
            items_cut_after(&s->disk.log, write->persist.cut_after);
    } else if (part - 2 < write->items.count) {
        items_add(&s->disk.log, &write->items.at[part - 2]);
    } else {
        if (write->persist.set_accepted)
            s->disk.accepted = write->persist.accepted;
        event.seq = write->persist.seq;
        pop(s);
    }
    oracle_disk(w, s);
    if (event.seq != 0) {
        net_release(w, s, event.seq);
        world_step(w, s, &event, NULL);
    }
    return true;
}

void world_disk_sync(struct world *w, struct server *s)
{
    while (world_disk_step(w, s))
        ;
}
