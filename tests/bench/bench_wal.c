/* bench_wal.c - how fast the write-ahead log is on a real directory: group commits of batches, through store_run_wal().
 *
 *     bench_wal [-d DIR] [-s SECONDS] [-b BATCHES] [-n ENTRIES] [-z BYTES]
 *
 * Each round queues BATCHES persist jobs (1) of ENTRIES entries (100) of BYTES body (200), runs them with one sync, and lets
 * the store prepare segments as an idle lane would; every 100 rounds a snapshot's trim gives segments back. Prints one line of
 * JSON: commits, entries and bytes per second, and the percentiles of a round. The directory is made under DIR (.) and removed.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/zxid.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_MAX 1000000
#define TRIM_ROUNDS 100

struct bench_settings {
    const char *dir;
    unsigned seconds, batches, entries, bytes;
};

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static struct batch *make_batch(uint64_t first, unsigned count, unsigned bytes)
{
    static uint8_t body[1 << 20];
    struct buf encoded = {0};
    struct batch *b;

    for (unsigned i = 0; i < count; i++) {
        struct entry e = {.kind = ENTRY_REQUEST, .zxid = first + i, .body = slice_make(body, bytes)};
        entry_append(&encoded, &e);
    }
    b = batch_new(buf_slice(&encoded));
    buf_deinit(&encoded);
    return b;
}

static void must(int rc, const struct store *s)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench_wal: %s\n", store_failure(s));
    exit(1);
}

/* The time that the disk took, in us. */
static uint32_t run_round(struct store *s, const struct bench_settings *o, uint64_t *zxid)
{
    struct list jobs;
    struct list *node;
    uint64_t begin;

    list_init(&jobs);
    for (unsigned i = 0; i < o->batches; i++) {
        struct job *j = job_new(JOB_PERSIST);
        j->pieces = coord_alloc(sizeof(j->pieces[0]));
        j->pieces[0] = (struct job_piece){make_batch(*zxid + 1, o->entries, o->bytes), 0, o->entries};
        j->piece_count = 1;
        *zxid += o->entries;
        list_push_back(&jobs, &j->link);
    }
    begin = clock_mono_us();
    store_run_wal(s, &jobs);
    begin = clock_mono_us() - begin;
    while ((node = list_pop_front(&jobs)) != NULL) {
        struct job *j = LIST_ENTRY(node, struct job, link);
        must(j->err, s);
        job_free(j);
    }
    return (uint32_t)begin;
}

static void trim(struct store *s, uint64_t zxid)
{
    static const enum job_type types[] = {JOB_SNAP_BEGIN, JOB_SNAP_COMMIT, JOB_TRIM};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct job j = {.type = types[i], .zxid = zxid, .cluster = 1};
        store_run(s, &j);
        must(j.err, s);
    }
}

static void measure(struct store *s, const struct bench_settings *o)
{
    uint32_t *took = coord_alloc(ROUNDS_MAX * sizeof(took[0]));
    uint64_t zxid = zxid_make(1, 0), busy = 0, end = clock_mono_us() + o->seconds * (uint64_t)1000000;
    size_t rounds = 0;
    double seconds, entries;

    while (rounds < ROUNDS_MAX && clock_mono_us() < end) {
        took[rounds] = run_round(s, o, &zxid);
        busy += took[rounds++];
        must(store_prepare(s), s);
        if (rounds % TRIM_ROUNDS == 0)
            trim(s, zxid);
    }
    seconds = (double)busy / 1e6;
    entries = (double)zxid_counter(zxid);
    qsort(took, rounds, sizeof(took[0]), compare);
    printf("{\"batches\": %u, \"entries\": %u, \"bytes\": %u, \"commits_per_s\": %.0f, \"entries_per_s\": %.0f, "
           "\"mb_per_s\": %.1f, \"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u}\n",
           o->batches, o->entries, o->bytes, (double)rounds / seconds, entries / seconds,
           entries * (o->bytes + ENTRY_HEADER_BYTES) / seconds / 1e6, took[rounds / 2], took[rounds * 99 / 100],
           took[rounds - 1]);
    coord_free(took);
}

static void remove_name(void *context, const char *name)
{
    char path[5000];

    snprintf(path, sizeof(path), "%s/%s", (const char *)context, name);
    fs_posix()->ops->remove(fs_posix(), path);
}

int main(int argc, char **argv)
{
    struct bench_settings o = {".", 3, 1, 100, 200};
    struct store_options options = {.server = 1, .segment_bytes = 16 << 20, .segments_ahead = 2, .snap_retain = 2};
    struct store_recovered r;
    struct store *s;
    const char *text;
    char dir[4096];
    int option;

    while ((option = getopt(argc, argv, "d:s:b:n:z:")) != -1) {
        unsigned number = (unsigned)strtoul(optarg, NULL, 10);
        if (option == 'd')
            o.dir = optarg;
        else if (option == 's' && number > 0)
            o.seconds = number;
        else if (option == 'b' && number > 0)
            o.batches = number;
        else if (option == 'n' && number > 0)
            o.entries = number;
        else if (option == 'z' && number <= 1 << 20)
            o.bytes = number;
        else
            return 2;
    }
    snprintf(dir, sizeof(dir), "%s/bench_wal.XXXXXX", o.dir);
    if (mkdtemp(dir) == NULL) {
        perror(dir);
        return 1;
    }
    options.data_dir = options.log_dir = dir;
    if (store_open(fs_posix(), &options, &s, &r, &text) < 0) {
        fprintf(stderr, "bench_wal: %s\n", text);
        return 1;
    }
    while (store_prepare(s) == 1)
        ;
    measure(s, &o);
    store_close(s);
    fs_list(fs_posix(), dir, remove_name, dir);
    rmdir(dir);
    return 0;
}
