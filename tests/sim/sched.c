/* sched.c - a binary heap of events, ordered by (time, number); see sched.h. */
#include "sim/sched.h"

#include "base/alloc.h"

struct event {
    uint64_t at, number;
    sched_cb run, drop;
    void *arg;
};

struct sched {
    struct event *heap;
    size_t count, capacity;
    uint64_t made, happened;
};

struct sched *sched_new(void)
{
    return coord_alloc_zero(1, sizeof(struct sched));
}

void sched_free(struct sim *s)
{
    for (size_t i = 0; i < s->sched->count; i++)
        if (s->sched->heap[i].drop != NULL)
            s->sched->heap[i].drop(s, s->sched->heap[i].arg);
    coord_free(s->sched->heap);
    coord_free(s->sched);
}

static bool before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void swap(struct event *a, struct event *b)
{
    struct event saved = *a;

    *a = *b;
    *b = saved;
}

void sched_at(struct sim *s, uint64_t at, sched_cb run, sched_cb drop, void *arg)
{
    struct sched *q = s->sched;

    if (q->count == q->capacity) {
        q->capacity = q->capacity > 0 ? 2 * q->capacity : 256;
        q->heap = coord_realloc(q->heap, q->capacity * sizeof(*q->heap));
    }
    q->heap[q->count] = (struct event){at > s->now ? at : s->now, q->made++, run, drop, arg};
    for (size_t i = q->count++; i > 0 && before(&q->heap[i], &q->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&q->heap[i], &q->heap[(i - 1) / 2]);
}

static struct event take(struct sched *q)
{
    struct event first = q->heap[0];

    q->heap[0] = q->heap[--q->count];
    for (size_t i = 0;;) {
        size_t least = 2 * i + 1;
        if (least >= q->count)
            return first;
        if (least + 1 < q->count && before(&q->heap[least + 1], &q->heap[least]))
            least++;
        if (!before(&q->heap[least], &q->heap[i]))
            return first;
        swap(&q->heap[least], &q->heap[i]);
        i = least;
    }
}

bool sched_next(struct sim *s, uint64_t until)
{
    struct sched *q = s->sched;

    if (q->count == 0 || q->heap[0].at > until) {
        s->now = until;
        return false;
    }
    struct event e = take(q);
    s->now = e.at;
    q->happened++;
    e.run(s, e.arg);
    return true;
}

uint64_t sched_count(const struct sim *s)
{
    return s->sched->happened;
}
