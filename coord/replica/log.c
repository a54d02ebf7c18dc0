/* log.c - the entries in memory: not applied yet, not durable yet, and the last 16 MiB for followers, where there are any.
 *
 * A ring of slots by rising zxid; a slot is a piece of an immutable batch. What was on the disk at the start and is not here is
 * read by jobs (apply.c, drive.c). Jobs hold references of their own, so a slot may go before its write is done.
 */
#include "replica/internal.h"

static struct log_slot *slot_at(const struct replica *r, uint32_t i)
{
    return &r->log.slots[(r->log.head + i) % r->log.capacity];
}

static uint64_t slot_zxid(const struct log_slot *s, uint32_t entry)
{
    struct slice bytes = batch_slice(s->batch, entry, entry + 1);
    return get_le64(bytes.data + ENTRY_ZXID_OFFSET);
}

static size_t slot_bytes(const struct log_slot *s)
{
    return s->batch->offsets[s->to] - s->batch->offsets[s->from];
}

static void grow(struct log_part *log)
{
    uint32_t capacity = log->capacity == 0 ? 64 : 2 * log->capacity;
    struct log_slot *slots = coord_alloc(capacity * sizeof(*slots));
    for (uint32_t i = 0; i < log->count; i++)
        slots[i] = log->slots[(log->head + i) % log->capacity];
    coord_free(log->slots);
    log->slots = slots;
    log->capacity = capacity;
    log->head = 0;
}

void log_append(struct replica *r, struct batch *b, uint32_t from, uint32_t to)
{
    struct log_part *log = &r->log;
    COORD_ASSERT(from < to && to <= b->count);
    if (log->count == log->capacity)
        grow(log);
    struct log_slot s = {batch_ref(b), from, to};
    if (log->count > 0) {
        const struct log_slot *last = slot_at(r, log->count - 1);
        COORD_ASSERT(slot_zxid(last, last->to - 1) < slot_zxid(&s, from));
    }
    *slot_at(r, log->count++) = s;
    log->bytes += slot_bytes(&s);
}

void log_cut_after(struct replica *r, uint64_t zxid)
{
    struct log_part *log = &r->log;
    while (log->count > 0) {
        struct log_slot *s = slot_at(r, log->count - 1);
        if (slot_zxid(s, s->to - 1) <= zxid)
            return;
        log->bytes -= slot_bytes(s);
        while (s->to > s->from && slot_zxid(s, s->to - 1) > zxid)
            s->to--;
        if (s->to > s->from) {
            log->bytes += slot_bytes(s);
            return;
        }
        batch_unref(s->batch);
        log->count--;
    }
}

static void drop_front(struct replica *r)
{
    struct log_slot *s = slot_at(r, 0);
    r->log.bytes -= slot_bytes(s);
    batch_unref(s->batch);
    r->log.head = (r->log.head + 1) % r->log.capacity;
    r->log.count--;
}

void log_reset(struct replica *r)
{
    while (r->log.count > 0)
        drop_front(r);
}

void log_shrink(struct replica *r)
{
    size_t keep = r->options.paxos.voter_count > 1 ? REPLICA_CACHE_BYTES : 0; /* nobody follows a lone server */
    while (r->log.bytes > keep) {
        const struct log_slot *s = slot_at(r, 0);
        if (slot_zxid(s, s->to - 1) > r->apply.applied) /* C5: what is applied is durable */
            return;
        drop_front(r);
    }
}

void log_deinit(struct replica *r)
{
    log_reset(r);
    log_drop_staged(r);
    coord_free(r->log.slots);
    coord_free(r->log.staged);
}

/* The first slot whose last entry is at or above zxid; count when there is none. */
static uint32_t lower_bound(const struct replica *r, uint64_t zxid)
{
    uint32_t low = 0, high = r->log.count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct log_slot *s = slot_at(r, mid);
        if (slot_zxid(s, s->to - 1) < zxid)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool log_find(const struct replica *r, uint64_t zxid, struct log_slot *at)
{
    uint32_t i = lower_bound(r, zxid);
    if (i == r->log.count)
        return false;
    *at = *slot_at(r, i);
    uint32_t entry = batch_find(at->batch, zxid);
    if (entry < at->from || entry >= at->to)
        return false;
    at->from = entry;
    return true;
}

void log_first_after(const struct replica *r, uint64_t zxid, struct log_slot *at)
{
    uint32_t i = lower_bound(r, zxid + 1);
    COORD_ASSERT(i < r->log.count);
    *at = *slot_at(r, i);
    uint32_t entry = batch_find(at->batch, zxid);
    if (entry < at->batch->count && entry + 1 > at->from)
        at->from = entry + 1;
}

void log_stage(struct replica *r, struct batch *b, uint32_t from, uint32_t to)
{
    struct log_part *log = &r->log;
    if (log->staged_count == log->staged_capacity) {
        log->staged_capacity = log->staged_capacity == 0 ? 16 : 2 * log->staged_capacity;
        log->staged = coord_realloc(log->staged, log->staged_capacity * sizeof(*log->staged));
    }
    log->staged[log->staged_count++] = (struct log_slot){batch_ref(b), from, to};
}

void log_drop_staged(struct replica *r)
{
    for (uint32_t i = 0; i < r->log.staged_count; i++)
        batch_unref(r->log.staged[i].batch);
    r->log.staged_count = 0;
}
