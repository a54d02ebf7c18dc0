/* crash_walk.c - see crash_walk.h. */
#include "unit/crash_walk.h"

#include "base/error.h"
#include "base/hash.h"
#include "host/exit_code.h"
#include "unit/world.h"

#include <stdio.h>
#include <string.h>

enum { PATTERNS = 4, EARLIER_MAX = 80, SEEN_SLOTS = 1 << 17, FULL_TRIES = 6, ROOM_MAX = 40000, NESTED_EVERY = 8 };

static struct {
    uint64_t seed;
    unsigned operations;
    struct world *base; /* the disk before the workload; its store is not open */
    struct rng chance;  /* of what crashes leave; the workload has its own */
    struct crash_counts *counts;
    uint64_t seen[SEEN_SLOTS]; /* hashes of states, 0: free */
    uint64_t seen_count;
    char place[200], wrong[1500];
} walk;

static const char *wrong(const char *why)
{
    snprintf(walk.wrong, sizeof(walk.wrong), "%s: %s", walk.place, why);
    return walk.wrong;
}

static void at(const char *what, uint64_t call, unsigned pattern, uint64_t nested)
{
    snprintf(walk.place, sizeof(walk.place), "seed %llu operations %u, %s %llu, pattern %u, nested %llu",
             (unsigned long long)walk.seed, walk.operations, what, (unsigned long long)call, pattern,
             (unsigned long long)nested);
}

/* ---- states that differ ---- */

struct summing {
    struct fs *fs;
    uint64_t hash, bytes;
};

/* In no order, as names come. */
static void add_file(void *context, const char *name)
{
    struct summing *s = context;
    struct buf content = {0};
    char path[64];

    world_path(path, name);
    if (fs_read_file(s->fs, path, &content, 1u << 24) == 0) {
        s->hash += hash_bytes(buf_bytes(&content), buf_size(&content), hash_bytes(name, strlen(name), 1));
        s->bytes += buf_size(&content);
    }
    buf_deinit(&content);
}

static struct summing sum(struct world *w)
{
    struct summing s = {world_fs(w), 1, 0};

    (void)fs_list(s.fs, KIT_DIR, add_file, &s);
    return s;
}

static uint64_t hash_model(const struct world *w)
{
    const struct kit_model *m = &w->settled.log;
    uint64_t key[] = {w->settled.promised,
                      w->settled.accepted,
                      w->settled.snapshot,
                      m->count,
                      m->base,
                      m->count > 0 ? m->zxid[m->count - 1] : 0,
                      m->count > 0 ? m->salt[m->count - 1] : 0,
                      w->open_count,
                      w->salt,
                      w->boot};

    return hash_bytes(key, sizeof(key), 2);
}

/* Whether this state of the workload is new. */
static bool count_state(uint64_t hash, bool nested)
{
    size_t slot = hash >> 1 & (SEEN_SLOTS - 1);

    hash |= 1;
    walk.counts->crashes++;
    while (walk.seen[slot] != 0 && walk.seen[slot] != hash)
        slot = (slot + 1) & (SEEN_SLOTS - 1);
    if (walk.seen[slot] == hash)
        return false;
    if (walk.seen_count < SEEN_SLOTS / 2) {
        walk.seen[slot] = hash;
        walk.seen_count++;
    }
    walk.counts->states++;
    walk.counts->nested += nested;
    return true;
}

/* ---- the workload ---- */

static bool play(struct world *w, struct rng *r, unsigned operations)
{
    for (unsigned i = 0; i < operations; i++)
        if (!world_random(w, r))
            return false;
    return true;
}

/* The start, then the operations; false: something ended it. */
static bool life(struct world *w)
{
    struct rng r;
    bool stopped;

    rng_init(&r, walk.seed * 2 + 1);
    return world_start(w, &stopped) == NULL && play(w, &r, walk.operations);
}

static enum fake_fs_crash mode_of(unsigned pattern)
{
    return pattern == 0 ? FAKE_FS_LOSE : pattern == 1 ? FAKE_FS_KEEP : FAKE_FS_RANDOM;
}

/* NULL: that state was seen. */
static struct world *crashed_copy(struct world *w, unsigned pattern, bool nested)
{
    struct world *c = world_clone(w);
    uint64_t hash;

    world_crash(c, &walk.chance, mode_of(pattern));
    hash = sum(c).hash * 31 + hash_model(c);
    if (mode_of(pattern) == FAKE_FS_KEEP)
        hash = hash_bytes(walk.place, strlen(walk.place), hash);
    if (count_state(hash, nested))
        return c;
    world_free(c);
    return NULL;
}

/* ---- recoveries ---- */

/* A start that must succeed, and what it showed must be durable. Takes w, which may be NULL. */
static const char *recovers(struct world *w)
{
    const char *why;
    bool stopped;

    if (w == NULL)
        return NULL;
    why = world_start(w, &stopped);
    if (why == NULL) {
        world_crash(w, NULL, FAKE_FS_LOSE);
        why = world_start(w, &stopped);
    }
    if (why == NULL && !(world_append(w, false, 1, 60) && world_promise(w)))
        why = "does not go on";
    world_free(w);
    return why == NULL ? NULL : wrong(why);
}

/* The recovery of this disk crashes at each of its calls. */
static const char *recovers_at_every_call(struct world *disk, const char *what, uint64_t call, unsigned pattern)
{
    const char *why = NULL;
    bool stopped = true;

    for (uint64_t nested = 1; stopped && why == NULL; nested++) {
        struct world *w = world_clone(disk);
        at(what, call, pattern, nested);
        fake_fs_stop(w->fake, FAKE_FS_CHANGES, nested);
        why = world_start(w, &stopped);
        if (stopped)
            why = recovers(crashed_copy(w, (unsigned)rng_below(&walk.chance, PATTERNS), true));
        else if (why != NULL)
            why = wrong(why);
        world_free(w);
    }
    return why;
}

static const char *every_end(struct world *w, const char *what, uint64_t call, bool nested)
{
    const char *why = NULL;

    for (unsigned pattern = 0; pattern < PATTERNS && why == NULL; pattern++) {
        struct world *disk;
        at(what, call, pattern, 0);
        disk = crashed_copy(w, pattern, false);
        if (disk == NULL)
            continue;
        why = recovers(world_clone(disk));
        if (why == NULL && nested)
            why = recovers_at_every_call(disk, what, call, pattern);
        world_free(disk);
    }
    return why;
}

static const char *crash_everywhere(void)
{
    const char *why = NULL;
    bool ended = false;

    for (uint64_t call = 1; !ended && why == NULL; call++) {
        struct world *w = world_clone(walk.base);
        at("crash at call", call, 0, 0);
        fake_fs_stop(w->fake, FAKE_FS_CHANGES, call);
        ended = life(w);
        if (!ended && !fake_fs_stopped(w->fake))
            why = wrong("ends by itself");
        walk.counts->calls++;
        if (why == NULL)
            why = every_end(w, "crash at call", call, true);
        world_free(w);
    }
    return why;
}

/* ---- errors ---- */

/* The lane that failed does nothing more and says the same again. */
static bool stays_failed(struct world *w)
{
    struct job j = {.type = JOB_SNAP_ABORT};
    uint64_t changes = fake_fs_calls(w->fake, FAKE_FS_CHANGES);

    store_run(w->store, &j);
    return (j.err == w->err || kit_promise(w->store, UINT32_MAX) == w->err) &&
           fake_fs_calls(w->fake, FAKE_FS_CHANGES) == changes;
}

/* The life, in which a call fails with `code` or the disk gets full: NULL when what did not succeed ended the process as it
 * must. Of harmless failures, a snapshot that finds no room, the life goes on. */
static const char *life_with_errors(struct world *w, int code, bool *ended)
{
    enum exit_code exit = code == COORD_E_IO ? EXIT_CODE_IO : EXIT_CODE_NO_SPACE;
    struct rng r;
    bool stopped;

    rng_init(&r, walk.seed * 2 + 1);
    *ended = true;
    if (world_start(w, &stopped) != NULL)
        return w->store == NULL && exit_code_of(w->err) == exit ? NULL : "a start does not end with the code of its error";
    for (unsigned i = 0; i < walk.operations; i++) {
        if (world_random(w, &r))
            continue;
        if (store_failure(w->store)[0] != '\0') {
            if (exit_code_of(w->err) != exit)
                return "ends with another code than that of the error";
            return stays_failed(w) ? NULL : "goes on behind a failure";
        }
        if (w->err != -COORD_E_NO_SPACE || w->open_count > 0)
            return "an operation fails and the process goes on";
    }
    *ended = false;
    return NULL;
}

/* The n-th call of these kinds fails. *came: there is such a call. */
static const char *error_at(unsigned kinds, uint64_t call, int code, bool *came)
{
    const char *why, *what = code == COORD_E_IO ? "EIO at call" : "ENOSPC at call";
    struct world *w = world_clone(walk.base);
    bool ended;

    at(what, call, 0, 0);
    fake_fs_fail(w->fake, kinds, call, code);
    why = life_with_errors(w, code, &ended);
    *came = fake_fs_failed(w->fake);
    walk.counts->errors += *came;
    walk.counts->ended += *came && ended;
    why = why != NULL ? wrong(why) : every_end(w, what, call, call % NESTED_EVERY == 0);
    world_free(w);
    return why;
}

static const char *error_everywhere(unsigned kinds, int code)
{
    const char *why = NULL;
    bool came = true;

    for (uint64_t call = 1; came && why == NULL; call++)
        why = error_at(kinds, call, code, &came);
    return why;
}

/* The disk has room for so many bytes more, also at the next start, which may end for that reason; then there is room again. */
static const char *full_after(uint64_t room)
{
    struct world *w = world_clone(walk.base);
    uint64_t capacity = sum(w).bytes + room;
    const char *why;
    bool ended, stopped;

    at("full after bytes", room, 0, 0);
    fake_fs_set_capacity(w->fake, capacity);
    why = life_with_errors(w, COORD_E_NO_SPACE, &ended);
    walk.counts->full += ended;
    if (why != NULL)
        why = wrong(why);
    for (unsigned pattern = 0; pattern < PATTERNS && why == NULL; pattern++) {
        struct world *disk = crashed_copy(w, pattern, false);
        if (disk == NULL)
            continue;
        why = world_start(disk, &stopped);
        if (why != NULL && disk->store == NULL && disk->err == -COORD_E_NO_SPACE)
            why = NULL;
        why = why != NULL ? wrong(why) : NULL;
        fake_fs_set_capacity(disk->fake, UINT64_MAX);
        if (why == NULL)
            why = recovers(crashed_copy(disk, pattern, true));
        world_free(disk);
    }
    world_free(w);
    return why;
}

static const char *full_somewhere(void)
{
    const char *why = NULL;

    for (unsigned i = 0; i < FULL_TRIES && why == NULL; i++)
        why = full_after(rng_below(&walk.chance, ROOM_MAX));
    return why;
}

/* ---- all of a workload ---- */

/* A disk with a history. */
static const char *make_base(void)
{
    struct rng r;

    at("earlier life", 0, 0, 0);
    rng_init(&r, walk.seed);
    walk.base = world_new();
    if (walk.base == NULL || !play(walk.base, &r, (unsigned)rng_below(&r, EARLIER_MAX)))
        return wrong("does not work at all");
    world_crash(walk.base, &r, mode_of((unsigned)rng_below(&r, PATTERNS)));
    return NULL;
}

const char *crash_walk(uint64_t seed, unsigned operations, struct crash_counts *counts)
{
    const char *why;

    walk.seed = seed;
    walk.operations = operations;
    walk.counts = counts;
    memset(walk.seen, 0, sizeof(walk.seen));
    walk.seen_count = 0;
    rng_init(&walk.chance, ~seed);
    counts->workloads++;
    why = make_base();
    if (why == NULL)
        why = crash_everywhere();
    if (why == NULL)
        why = error_everywhere(FAKE_FS_ANY, COORD_E_IO);
    if (why == NULL)
        why = error_everywhere(FAKE_FS_CHANGES, COORD_E_NO_SPACE);
    if (why == NULL)
        why = full_somewhere();
    if (walk.base != NULL)
        world_free(walk.base);
    walk.base = NULL;
    return why;
}

const char *crash_walk_place(void)
{
    return walk.place;
}
