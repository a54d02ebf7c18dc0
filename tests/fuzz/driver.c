/* driver.c - main of a fuzz target without libFuzzer: replays inputs, then makes mutations of them.
 *
 *     fuzz_NAME [--runs N] [--seed S] FILE|DIRECTORY...
 *
 * Every file (of a directory: in the order of names) is given to the target once, then N mutations: a copy of one of them with
 * one to eight changes (bits, bytes, interesting integers, pieces inserted, dropped, doubled, taken from another file). The
 * same seed and files make the same mutations. An input that breaks the target, or takes more than 20 s, is left in
 * crash-fuzz_NAME in the working directory; replay it by naming the file. Single thread.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUTS_MAX 4096
#define INPUT_BYTES_MAX 16384u
#define INPUT_SECONDS_MAX 20u

static const char *target;
static struct buf inputs[INPUTS_MAX], current;
static size_t input_count;

/* ---- an input that breaks the target is kept; called by signal handlers and by the sanitizers' end ---- */

static void keep_current(void)
{
    char name[128] = "crash-";
    int file;

    strncat(name, target, sizeof(name) - 10);
    file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, buf_bytes(&current), buf_size(&current)) != (ssize_t)buf_size(&current))
        perror(name);
    fprintf(stderr, "the input of %zu bytes is in %s\n", buf_size(&current), name);
}

static void on_signal(int number)
{
    if (number == SIGALRM)
        fprintf(stderr, "more than %u s\n", INPUT_SECONDS_MAX);
    keep_current();
    signal(number, SIG_DFL);
    raise(number);
}

__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static void run_current(void)
{
    /* In memory of exactly its size, so that a sanitizer sees the first byte behind it. */
    size_t size = buf_size(&current);
    uint8_t *exact = coord_alloc(size == 0 ? 1 : size);

    if (size > 0)
        memcpy(exact, buf_bytes(&current), size);
    alarm(INPUT_SECONDS_MAX);
    LLVMFuzzerTestOneInput(exact, size);
    coord_free(exact);
}

/* ---- inputs ---- */

static void read_input(const char *path)
{
    if (input_count == INPUTS_MAX || fs_read_file(fs_posix(), path, &inputs[input_count], 1u << 20) < 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    input_count++;
}

static void read_inputs(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort);
    char file[4096];

    if (count < 0) {
        read_input(path);
        return;
    }
    for (int i = 0; i < count; i++) {
        snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            read_input(file);
        free(names[i]);
    }
    free(names);
}

/* ---- mutations ---- */

static size_t below(struct rng *r, size_t bound)
{
    return bound == 0 ? 0 : (size_t)rng_below(r, bound);
}

/* Replaces `gone` bytes at `at` by others. */
static void replace(size_t at, size_t gone, struct slice put)
{
    struct buf next = {0};
    struct slice now = buf_slice(&current);

    buf_append(&next, now.data, at);
    buf_append(&next, put.data, put.size);
    buf_append(&next, now.data + at + gone, now.size - at - gone);
    buf_deinit(&current);
    current = next;
}

static void put_integer(struct rng *r, uint8_t *at, size_t left)
{
    static const uint64_t interesting[] = {0,
                                           1,
                                           2,
                                           4,
                                           16,
                                           64,
                                           127,
                                           128,
                                           255,
                                           256,
                                           4096,
                                           32767,
                                           32768,
                                           65535,
                                           1u << 20,
                                           INT32_MAX,
                                           (uint64_t)INT32_MAX + 1,
                                           UINT32_MAX,
                                           INT64_MAX,
                                           UINT64_MAX};
    uint64_t value = interesting[below(r, sizeof(interesting) / sizeof(interesting[0]))];
    size_t width = (size_t)1 << below(r, 4);
    bool big = below(r, 2) == 0;

    if (below(r, 3) == 0)
        value += below(r, 17) - 8;
    for (size_t i = 0; i < width && i < left; i++)
        at[i] = (uint8_t)(value >> 8 * (big ? width - 1 - i : i));
}

static void mutate(struct rng *r)
{
    size_t size = buf_size(&current), at = below(r, size), piece = 1 + below(r, size - at < 64 ? size - at : 64);
    const struct buf *other = &inputs[below(r, input_count)];
    size_t from = below(r, buf_size(other)),
           length = below(r, (buf_size(other) - from < 256 ? buf_size(other) - from : 256) + 1);
    uint8_t random[16];

    piece = piece <= size - at ? piece : size - at;
    for (size_t i = 0; i < sizeof(random); i++)
        random[i] = (uint8_t)rng_next(r);
    switch (size == 0 ? 5 : below(r, 9)) {
    case 0:
        buf_bytes(&current)[at] ^= (uint8_t)(1u << below(r, 8));
        break;
    case 1:
        buf_bytes(&current)[at] = random[0];
        break;
    case 2:
        put_integer(r, buf_bytes(&current) + at, size - at);
        break;
    case 3:
        buf_bytes(&current)[at] = (uint8_t)(buf_bytes(&current)[at] + below(r, 17) - 8);
        break;
    case 4:
        replace(at, piece, SLICE_NULL);
        break;
    case 5:
        replace(at, 0, slice_make(random, 1 + below(r, sizeof(random))));
        break;
    case 6:
        replace(at, 0, slice_make(buf_bytes(&current) + at, piece));
        break;
    case 7:
        replace(at, below(r, 2) == 0 ? piece : 0, slice_make(buf_bytes(other) + from, length));
        break;
    default:
        replace(at, below(r, 8) == 0 ? size - at : 0, slice_make(buf_bytes(other) + from, length));
        break;
    }
    if (buf_size(&current) > INPUT_BYTES_MAX)
        buf_truncate(&current, INPUT_BYTES_MAX);
}

static void run_mutation(struct rng *r)
{
    const struct buf *base = &inputs[below(r, input_count)];

    buf_clear(&current);
    buf_append(&current, buf_bytes(base), buf_size(base));
    for (size_t n = 1 + below(r, 4) * below(r, 3); n > 0; n--)
        mutate(r);
    run_current();
}

static uint64_t number(const char *text)
{
    return text == NULL ? 0 : strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
    uint64_t runs = 0, seed = 1, begin = clock_mono_ms();
    struct rng r;

    target = strrchr(argv[0], '/') == NULL ? argv[0] : strrchr(argv[0], '/') + 1;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--runs") == 0)
            runs = number(argv[++i]);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = number(argv[++i]);
        else
            read_inputs(argv[i]);
    if (input_count == 0) {
        fprintf(stderr, "usage: %s [--runs N] [--seed S] FILE|DIRECTORY...\n", target);
        return 1;
    }
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(keep_current);
    signal(SIGABRT, on_signal);
    signal(SIGALRM, on_signal);
    for (size_t i = 0; i < input_count; i++) {
        buf_clear(&current);
        buf_append(&current, buf_bytes(&inputs[i]), buf_size(&inputs[i]));
        run_current();
    }
    rng_init(&r, seed);
    for (uint64_t i = 0; i < runs; i++)
        run_mutation(&r);
    alarm(0);
    printf("%-15s seed %llu: %zu inputs, %llu mutations, %.1f s\n", target, (unsigned long long)seed, input_count,
           (unsigned long long)runs, (double)(clock_mono_ms() - begin) / 1000);
    for (size_t i = 0; i < input_count; i++)
        buf_deinit(&inputs[i]);
    buf_deinit(&current);
    return 0;
}
