/* bench_state.c - what one apply and one read cost, in nanoseconds of processor time, on one thread.
 *
 *     bench_state [NODES]      100000 nodes when not given
 *
 * Prints one line per figure: name, nanoseconds per operation. Not part of make check: figures decide nothing there.
 */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/rng.h"
#include "state/acl.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 1000000, VALUE_BYTES = 100, PATH_BYTES = 40, BATCH = 256 };

struct bench {
    struct state *s;
    struct entry e;
    struct apply a;
    struct buf reply, body;
    unsigned nodes;
    char (*paths)[PATH_BYTES];
    char batch[BATCH][PATH_BYTES];
    struct rng r;
};

/* Processor time: other work on the machine does not count. */
static uint64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void apply(struct bench *b, enum entry_kind kind)
{
    b->e.kind = kind;
    b->e.zxid++;
    b->e.wall_ms++;
    b->e.origin.number += kind != ENTRY_ORIGIN;
    buf_clear(&b->reply);
    b->a = (struct apply){.entry = &b->e, .reply = &b->reply};
    state_apply(b->s, &b->a);
    COORD_ASSERT(b->a.err == 0 && !b->a.skipped);
}

static void request(struct bench *b, int32_t op, const struct jute_record *table, const void *record)
{
    buf_clear(&b->body);
    jute_append(&b->body, table, record);
    b->e.op = op;
    b->e.body = buf_slice(&b->body);
    apply(b, ENTRY_REQUEST);
}

static void create(struct bench *b, const char *path)
{
    uint8_t space[ACL_WORLD_BYTES];
    struct zk_create_request q = {slice_from_text(path), SLICE_LITERAL("value"), acl_world(ZK_PERM_ALL, space), 0};

    request(b, ZK_OP_CREATE, &jute_create_request, &q);
}

/* Where a request comes from, its path is in the cache already: the figures are not about fetching it. */
static void prepare(struct bench *b)
{
    for (unsigned i = 0; i < BATCH; i++)
        memcpy(b->batch[i], b->paths[rng_below(&b->r, b->nodes)], PATH_BYTES);
}

static struct slice batch_path(const struct bench *b, unsigned i)
{
    return slice_from_text(b->batch[i % BATCH]);
}

static void report(const char *name, uint64_t start_us, unsigned count)
{
    printf("%-32s %8.1f ns\n", name, (double)(cpu_us() - start_us) * 1000 / count);
}

static void fill(struct bench *b)
{
    uint64_t start;

    create(b, "/service");
    start = cpu_us();
    for (unsigned i = 0; i < b->nodes; i++) {
        snprintf(b->paths[i], PATH_BYTES, "/service/member-%08u", i);
        create(b, b->paths[i]);
    }
    report("create", start, b->nodes);
}

static void writes(struct bench *b, const char *name)
{
    char value[VALUE_BYTES] = {0};
    uint64_t start = cpu_us();

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct zk_set_data_request q = {batch_path(b, i), slice_make(value, sizeof(value)), -1};

        request(b, ZK_OP_SET_DATA, &jute_set_data_request, &q);
        if (i % BATCH == BATCH - 1)
            prepare(b);
    }
    report(name, start, ROUNDS);
}

static void reads(struct bench *b, int32_t op, const char *name)
{
    uint64_t start = cpu_us();

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct zk_path_watch_request q = {batch_path(b, i), false};
        struct read r = {.reply = &b->reply};

        buf_clear(&b->reply);
        state_read(b->s, op_find(op), &q, &r);
        COORD_ASSERT(r.err == 0);
        if (i % BATCH == BATCH - 1)
            prepare(b);
    }
    report(name, start, ROUNDS);
}

/* All children in pages of 1,000, each behind the last name of the one before; and the longest one's time. */
static void pages(struct bench *b)
{
    uint64_t start = cpu_us(), longest = 0;
    char after[PATH_BYTES] = "";
    bool more = true;

    while (more) {
        struct zk_list_page_request q = {SLICE_LITERAL("/service"), slice_from_text(after), 1000, 0};
        struct read r = {.reply = &b->reply};
        uint64_t began = cpu_us(), took;
        struct zk_list_page_response g;
        struct jute_cursor c;
        struct slice name;

        buf_clear(&b->reply);
        state_read(b->s, op_find(ZK_OP_LIST_PAGE), &q, &r);
        took = cpu_us() - began;
        longest = took > longest ? took : longest;
        c = jute_cursor_make(buf_slice(&b->reply));
        COORD_ASSERT(r.err == 0 && jute_decode(&c, &jute_list_page_response, &g) == 0);
        more = g.more;
        c = jute_cursor_make(g.children.items);
        while (jute_next_ustring(&c, &name))
            snprintf(after, sizeof(after), "%.*s", SLICE_ARG(name));
    }
    report("listPage of 1,000, per name", start, b->nodes);
    printf("%-32s %8.3f ms\n", "longest such page", (double)longest / 1000);
}

/* As many paths as one answer names. */
static void list_recursive(struct bench *b)
{
    struct zk_limit_request q = {SLICE_LITERAL("/service"), LIST_RECURSIVE_MAX};
    struct read r = {.reply = &b->reply};
    uint64_t start = cpu_us();

    buf_clear(&b->reply);
    state_read(b->s, op_find(ZK_OP_LIST_RECURSIVE), &q, &r);
    COORD_ASSERT(r.err == 0);
    printf("%-32s %8.3f ms\n", "listRecursive, the largest", (double)(cpu_us() - start) / 1000);
}

/* As many nodes as one entry removes. */
static void remove_recursive(struct bench *b)
{
    struct zk_limit_request q = {SLICE_LITERAL("/gone"), REMOVE_RECURSIVE_MAX};
    char path[PATH_BYTES];
    uint64_t start;

    create(b, "/gone");
    for (unsigned i = 1; i < REMOVE_RECURSIVE_MAX; i++) {
        snprintf(path, sizeof(path), "/gone/member-%08u", i);
        create(b, path);
    }
    start = cpu_us();
    request(b, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request, &q);
    report("removeRecursive, per node", start, REMOVE_RECURSIVE_MAX);
    printf("%-32s %8.3f ms\n", "removeRecursive, the largest", (double)(cpu_us() - start) / 1000);
}

static void image(struct bench *b)
{
    struct state_loader *l = state_loader_new();
    struct state *loaded;
    struct buf whole = {0};
    uint64_t start = cpu_us();

    state_walk_start(b->s);
    while (state_walk_next(b->s, &whole, 1 << 16))
        ;
    report("walk, per node", start, b->nodes);
    start = cpu_us();
    COORD_ASSERT(state_loader_feed(l, buf_slice(&whole)) == 0 && state_loader_finish(l, &loaded) == 0);
    report("load, per node", start, b->nodes);
    state_free(loaded);
    state_loader_free(l);
    buf_deinit(&whole);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct state_counts c;

    b.s = state_new();
    b.nodes = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    COORD_ASSERT(b.nodes > 0);
    b.paths = coord_alloc_zero(b.nodes, PATH_BYTES);
    rng_init(&b.r, 1);
    b.e.origin = (struct origin){1, 1, 1, 0};
    apply(&b, ENTRY_ORIGIN);
    b.e.op = 4000;
    apply(&b, ENTRY_SESSION_CREATE);
    b.e.session = b.a.session;
    b.e.attach = b.a.attach;
    fill(&b);
    prepare(&b);
    writes(&b, "setData, 100 bytes");
    reads(&b, ZK_OP_GET_DATA, "getData, 100 bytes");
    reads(&b, ZK_OP_EXISTS, "exists");
    pages(&b);
    list_recursive(&b);
    remove_recursive(&b);
    state_walk_start(b.s);
    writes(&b, "setData under a walk");
    state_walk_stop(b.s);
    image(&b);
    state_counts(b.s, &c);
    printf("%-32s %8.1f bytes\n", "memory per node besides data", (double)(c.memory_bytes - c.data_bytes) / (double)c.nodes);
    state_free(b.s);
    buf_deinit(&b.reply);
    buf_deinit(&b.body);
    coord_free(b.paths);
    return 0;
}
