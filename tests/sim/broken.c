/* broken.c - choosing where to break a history, and counting what became of it; see broken.h. */
#include "sim/broken.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define KINDS_MAX 64
#define FRAME_MAX 65536
#define PATHS 24
#define CPU_SECONDS_MAX 60
#define SEEDS_SHARE 8 /* a run gives at most the eighth part of all */
#define NOTHING_BROKEN 3

struct answer {
    char path[CLIENT_PATH_MAX];
    struct buf body; /* of the last read of it */
};

struct broken {
    const struct broken_kind *kind[KINDS_MAX];
    uint64_t done[KINDS_MAX], refused[KINDS_MAX];
    char by[KINDS_MAX][40]; /* the invariants that did */
    uint32_t kinds;
    uint64_t wanted, total, here; /* here: of this run */
    struct rng rng;
    struct answer answer[PATHS];
    /* In the child: */
    const struct broken_kind *chosen;
    const struct client *client;
    struct buf held; /* frames, each behind its size */
    int report;
};

static void add_kinds(struct broken *b, const struct broken_kind *kind)
{
    for (; kind->name != NULL; kind++)
        b->kind[b->kinds++] = kind;
}

struct broken *broken_new(uint64_t wanted)
{
    struct broken *b = coord_alloc_zero(1, sizeof(*b));

    add_kinds(b, broken_replies);
    add_kinds(b, broken_events);
    add_kinds(b, broken_multis);
    b->wanted = wanted;
    return b;
}

void broken_report(struct broken *b, uint64_t *passed, uint64_t *failed)
{
    printf("%-44s %7s %7s  %s\n", "history with", "broken", "refused", "by");
    for (uint32_t i = 0; i < b->kinds; i++) {
        printf("%-44s %7" PRIu64 " %7" PRIu64 "  %s%s\n", b->kind[i]->name, b->done[i], b->refused[i], b->by[i],
               b->done[i] == 0 || b->refused[i] < b->done[i] ? "   FAILED" : "");
        *passed += b->refused[i];
        *failed += b->done[i] - b->refused[i] + (b->done[i] == 0 ? 1 : 0);
    }
    if (!broken_enough(b))
        ++*failed;
    for (uint32_t i = 0; i < PATHS; i++)
        buf_deinit(&b->answer[i].body);
    coord_free(b);
}

/* As many as asked for, and of each kind one at least. */
bool broken_enough(const struct broken *b)
{
    for (uint32_t i = 0; i < b->kinds; i++)
        if (b->done[i] == 0)
            return false;
    return b->total >= b->wanted;
}

void broken_seed(struct broken *b, uint64_t seed)
{
    rng_init(&b->rng, seed);
    b->here = 0;
    for (uint32_t i = 0; i < PATHS; i++) {
        b->answer[i].path[0] = 0;
        buf_clear(&b->answer[i].body);
    }
}

/* The child's verdict. */

void broken_refused(struct sim *s, const char *invariant)
{
    struct broken *b = s->options.broken;

    if (b == NULL)
        return;
    if (b->chosen == NULL) {
        printf("seed %" PRIu64 ": the good history breaks %s\n", s->options.seed, invariant);
        return;
    }
    if (write(b->report, invariant, strlen(invariant)) < 0)
        _exit(2);
    _exit(1);
}

void broken_run_ended(struct sim *s)
{
    if (s->options.broken != NULL && s->options.broken->chosen != NULL)
        _exit(0);
}

void broken_conn_over(struct sim *s, struct client *c)
{
    struct broken *b = s->options.broken;

    if (b != NULL && b->chosen != NULL && b->chosen->late && b->client == c)
        _exit(NOTHING_BROKEN);
}

static bool has_word(const char *words, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = words; (at = strstr(at, word)) != NULL; at += size)
        if ((at == words || at[-1] == ' ') && (at[size] == 0 || at[size] == ' '))
            return true;
    return false;
}

static void count(struct broken *b, uint32_t i, int status, const char *invariant, const struct sim *s)
{
    char *by = b->by[i];

    if (WIFEXITED(status) && WEXITSTATUS(status) == NOTHING_BROKEN)
        return;
    b->done[i]++;
    b->total++;
    b->here++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && has_word(b->kind[i]->refusals, invariant)) {
        b->refused[i]++;
        if (!has_word(by, invariant))
            snprintf(by + strlen(by), sizeof(b->by[i]) - strlen(by), "%s%s", by[0] ? " " : "", invariant);
        return;
    }
    printf("seed %" PRIu64 " at %" PRIu64 " ms: %s: status %#x %s\n", s->options.seed, s->now, b->kind[i]->name,
           (unsigned)status, invariant[0] ? invariant : "not refused");
}

/* True in the child. */
static bool split(struct broken *b, const struct sim *s, uint32_t i)
{
    char invariant[32] = "";
    int ends[2], status = 0;
    pid_t pid;

    fflush(stdout);
    if (pipe(ends) != 0 || (pid = fork()) < 0) {
        perror("coordsim");
        _exit(2);
    }
    if (pid == 0) {
        struct itimerval limit = {.it_value.tv_sec = CPU_SECONDS_MAX};
        setitimer(ITIMER_PROF, &limit, NULL);
        close(ends[0]);
        b->report = ends[1];
        b->chosen = b->kind[i];
        return true;
    }
    close(ends[1]);
    if (read(ends[0], invariant, sizeof(invariant) - 1) < 0)
        invariant[0] = 0;
    close(ends[0]);
    waitpid(pid, &status, 0);
    count(b, i, status, invariant, s);
    return false;
}

/* Of the kinds that are possible here, the one that was tried least. True: this is the broken history now. */
static bool choose(struct broken *b, struct broken_point *p)
{
    uint32_t best = KINDS_MAX;

    if (b->chosen != NULL || broken_enough(b))
        return false;
    for (uint32_t i = 0; i < b->kinds; i++)
        if ((best == KINDS_MAX || b->done[i] < b->done[best]) && b->kind[i]->try(p, false))
            best = i;
    bool full = b->total >= b->wanted || b->here >= b->wanted / SEEDS_SHARE + 1;
    if (best != KINDS_MAX && b->done[best] > 0 && full)
        return false;
    /* Frequent kinds leave room for rare ones, and are spread over the run. */
    if (best == KINDS_MAX || b->done[best] > 2 * b->wanted / b->kinds || (b->done[best] > 3 && !chance(&b->rng, 150)))
        return false;
    if (!split(b, p->s, best))
        return false;
    b->client = p->c;
    b->chosen->try(p, true);
    return true;
}

/* Hooks. */

static struct answer *answer_of(struct broken *b, const char *path)
{
    for (uint32_t i = 0; i < PATHS; i++)
        if (b->answer[i].path[0] == 0 || strcmp(b->answer[i].path, path) == 0)
            return &b->answer[i];
    return NULL;
}

/* Reads whose answer before this one may be given once more. */
static bool comes_again(const struct op *op)
{
    return op->opcode == ZK_OP_GET_DATA || (op->opcode == ZK_OP_MULTI_READ && strcmp(op->path, "/m") == 0);
}

static struct op *first_in_flight(struct client *c)
{
    return list_empty(&c->flight) ? NULL : LIST_ENTRY(c->flight.next, struct op, link);
}

static void release(struct sim *s, struct client *c)
{
    struct buf held = s->options.broken->held;

    s->options.broken->held = (struct buf){0};
    client_frame(s, c->id, c->conn, buf_slice(&held));
    buf_deinit(&held);
}

bool broken_frame(struct sim *s, struct client *c, struct slice *frame)
{
    static uint8_t copy[FRAME_MAX];
    struct broken *b = s->options.broken;
    struct broken_point p = {.s = s, .c = c, .bytes = copy, .size = frame->size};
    struct jute_cursor in = jute_cursor_make(*frame);

    if (b == NULL || frame->size > FRAME_MAX)
        return true;
    if (b->chosen != NULL) {
        if (buf_size(&b->held) > 0 && b->client == c && jute_decode(&in, &jute_reply_header, &p.h) == 0 &&
            p.h.xid != ZK_XID_NOTIFICATION) {
            struct buf held = b->held;
            b->held = (struct buf){0};
            client_frame(s, c->id, c->conn, *frame);
            b->held = held;
            release(s, c);
            return false;
        }
        return true;
    }
    memcpy(copy, frame->data, frame->size);
    if (c->phase != CLIENT_CONNECTING) {
        if (jute_decode(&in, &jute_reply_header, &p.h) != 0)
            return true;
        p.op = p.h.xid > 0 ? first_in_flight(c) : NULL;
        if (p.op != NULL && p.op->xid != p.h.xid)
            return true;
    }
    struct answer *a = p.op != NULL && p.h.err == 0 && comes_again(p.op) ? answer_of(b, p.op->path) : NULL;
    if (a != NULL)
        p.stale = buf_slice(&a->body);
    bool chosen = choose(b, &p);
    if (!chosen && a != NULL) {
        snprintf(a->path, sizeof(a->path), "%s", p.op->path);
        buf_clear(&a->body);
        buf_append(&a->body, frame->data, frame->size);
    }
    if (!chosen)
        return true;
    *frame = slice_make(p.bytes, p.size);
    if (p.hold)
        buf_append(&b->held, p.bytes, p.size);
    if (p.twice)
        client_frame(s, c->id, c->conn, *frame);
    return !p.hold && !p.drop;
}

bool broken_entry(struct sim *s, const struct entry **e, int err)
{
    struct broken *b = s->options.broken;
    struct broken_point p = {.s = s, .entry = *e, .err = err};

    if (b == NULL || b->chosen != NULL || err != 0)
        return true;
    for (uint32_t i = 0; i < s->preset.clients; i++)
        if (s->clients[i]->session == (*e)->session && s->clients[i]->phase == CLIENT_CONNECTED)
            p.c = s->clients[i];
    if (p.c == NULL || !choose(b, &p))
        return true;
    *e = p.entry;
    if (p.twice)
        client_committed(s, p.entry, err);
    return !p.drop;
}

void broken_sent(struct sim *s, struct client *c, const struct op *op)
{
    static uint8_t bytes[64];
    struct broken *b = s->options.broken;
    struct op sent = *op;
    struct broken_point p = {.s = s, .c = c, .op = &sent, .bytes = bytes};

    if (b != NULL && b->chosen == NULL && choose(b, &p))
        client_frame(s, c->id, c->conn, slice_make(p.bytes, p.size));
}
