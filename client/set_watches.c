/* set_watches.c - all paths are laid out once in wire form, kind after kind, and packets are cut out of that. Pure. */
#include "set_watches.h"

#include "base/bytes.h"
#include "wire/zk.h"

#include <stdlib.h>

/* Lay out all paths of one kind; returns the end. */
static uint8_t *put_kind(uint8_t *to, const struct watches *t, enum watch_kind kind)
{
    for (size_t i = 0; i < t->bucket_count; i++) {
        for (const struct watch *w = t->buckets[i]; w != NULL; w = w->next) {
            if (w->kind == kind) {
                put_be32(to, (uint32_t)w->path_size);
                memcpy(to + 4, w->path, w->path_size);
                to += 4 + w->path_size;
            }
        }
    }
    return to;
}

/* Cut up to *room bytes of items off the front of `all`, at least one if it is to have one whatever its size. */
static struct jute_vector cut(struct slice *all, size_t *room, bool at_least_one)
{
    struct jute_vector v = {0, slice_make(all->data, 0)};

    while (all->size > 0) {
        size_t item = 4 + get_be32(all->data);
        if (item > *room && !(at_least_one && v.count == 0))
            break;
        v.count++;
        v.items.size += item;
        all->data += item;
        all->size -= item;
        *room = item < *room ? *room - item : 0;
    }
    return v;
}

static struct request *next_packet(struct slice all[WATCH_KINDS], int64_t relative_zxid)
{
    struct zk_set_watches2_request record = {.relative_zxid = relative_zxid};
    struct zk_set_watches_request one_shot; /* what servers older than 3.6 know */
    size_t room = SET_WATCHES_BYTES_MAX;
    bool empty = true;
    jute_ustrings *vectors[WATCH_KINDS] = {&record.data, &record.exist, &record.child, &record.persistent, &record.recursive};

    for (int kind = 0; kind < WATCH_KINDS; kind++) {
        *vectors[kind] = cut(&all[kind], &room, empty);
        empty = empty && vectors[kind]->count == 0;
    }
    if (record.persistent.count + record.recursive.count > 0)
        return request_new(ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request, &record);
    one_shot = (struct zk_set_watches_request){relative_zxid, record.data, record.exist, record.child};
    return request_new(ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES, &jute_set_watches_request, &one_shot);
}

static bool something_left(const struct slice all[WATCH_KINDS])
{
    size_t left = 0;

    for (int kind = 0; kind < WATCH_KINDS; kind++)
        left += all[kind].size;
    return left > 0;
}

int set_watches_requests(const struct watches *t, int64_t relative_zxid, struct request_list *to)
{
    struct request_list packets = {0};
    struct slice all[WATCH_KINDS];
    uint8_t *layout, *end;
    int count = 0;

    if (t->key_count == 0)
        return 0;
    layout = end = malloc(t->wire_bytes);
    if (layout == NULL)
        return -COORD_E_NO_MEMORY;
    for (int kind = 0; kind < WATCH_KINDS; kind++) {
        uint8_t *start = end;
        end = put_kind(end, t, (enum watch_kind)kind);
        all[kind] = slice_make(start, (size_t)(end - start));
    }
    while (something_left(all)) {
        struct request *r = next_packet(all, relative_zxid);
        if (r == NULL) {
            while ((r = request_pop(&packets)) != NULL)
                request_free(r);
            free(layout);
            return -COORD_E_NO_MEMORY;
        }
        request_push(&packets, r);
        count++;
    }
    free(layout);
    request_append(to, &packets);
    return count;
}
