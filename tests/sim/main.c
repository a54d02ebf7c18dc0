/* main.c - coordsim: runs seeds, each in a process of its own, and shows the transcript of those that fail.
 *
 *     coordsim [--nodes N] [--ms T] [--marks] [--verbose] [--here] --seed N | --seeds A..B
 *     coordsim --broken-histories N
 *
 * One line a seed with what happened and a hash of the whole run; the last line is `passed N failed M`. A seed that fails (an
 * invariant, an assertion, a sanitizer, no end) is run once more, which gives the same events, now with the transcript.
 * --broken-histories breaks N histories of good runs, each of which must be refused (broken.h).
 * --marks counts rare situations over all seeds, each of which must have happened (mark.h).
 * --here runs a single seed in this process, for a debugger. Exit status 1 when a seed failed, 2 for wrong usage.
 */
#include "sim/broken.h"
#include "sim/mark.h"
#include "sim/sim.h"
#include "sim/trace.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPU_SECONDS_MAX 60  /* of one seed: then it hangs */
#define BROKEN_SEEDS_MAX 40 /* for all the histories that are to be broken */

static void dying(int sig)
{
    fprintf(stderr, "signal %d\n", sig);
    trace_dump();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void run_here(const struct sim_options *options)
{
    struct sim_result r;

    if (options->text) {
        signal(SIGABRT, dying);
        signal(SIGSEGV, dying);
        signal(SIGPROF, dying);
    }
    sim_run(options, &r);
    printf("seed %" PRIu64 " ok hash=%016" PRIx64 " events=%" PRIu64 " committed=%" PRIu64 " replies=%" PRIu64
           " crashes=%" PRIu64 " epoch=%" PRIu64 " snapshots=%" PRIu64 " installs=%" PRIu64 "\n",
           options->seed, r.hash, r.events, r.committed, r.replies, r.crashes, r.epoch, r.snapshots, r.installs);
    fflush(stdout);
}

/* True: it ended well. The second run of a failed seed speaks, the first does not. */
static bool run_child(const struct sim_options *options)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        struct itimerval limit = {.it_value.tv_sec = CPU_SECONDS_MAX};
        setitimer(ITIMER_PROF, &limit, NULL);
        if (!options->text && freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        run_here(options);
        exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_seed(struct sim_options options)
{
    options.text = options.verbose;
    if (run_child(&options))
        return true;
    if (!options.text) {
        options.text = true;
        if (run_child(&options))
            fprintf(stderr, "seed %" PRIu64 ": failed once, then passed: it does not repeat\n", options.seed);
    }
    printf("seed %" PRIu64 " FAILED\n", options.seed);
    return false;
}

/* Seeds from the first on, until enough histories were broken. */
static int break_histories(struct sim_options options, uint64_t wanted, uint64_t first)
{
    uint64_t passed = 0, failed = 0;
    struct sim_result r;

    options.broken = broken_new(wanted);
    if (!options.verbose && freopen("/dev/null", "w", stderr) == NULL)
        return 2;
    for (options.seed = first; !broken_enough(options.broken) && options.seed < first + BROKEN_SEEDS_MAX; options.seed++) {
        broken_seed(options.broken, options.seed);
        sim_run(&options, &r);
    }
    broken_report(options.broken, &passed, &failed);
    printf("passed %" PRIu64 " failed %" PRIu64 "\n", passed, failed);
    return failed > 0 ? 1 : 0;
}

static int usage(void)
{
    fputs(
        "usage: coordsim [--nodes N] [--ms T] [--marks] [--verbose] [--here] --seed N | --seeds A..B | --broken-histories N\n",
        stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct sim_options options = {0};
    uint64_t first = 1, last = 0, broken = 0, passed = 0, failed = 0;
    bool here = false;

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--verbose") == 0) {
            options.verbose = true;
            continue;
        }
        if (strcmp(argv[i], "--marks") == 0) {
            options.marks = mark_counters_new();
            continue;
        }
        if (strcmp(argv[i], "--here") == 0) {
            here = true;
            continue;
        }
        if (value == NULL)
            return usage();
        if (strcmp(argv[i], "--seed") == 0)
            first = last = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--seeds") == 0 && sscanf(value, "%" SCNu64 "..%" SCNu64, &first, &last) == 2)
            ;
        else if (strcmp(argv[i], "--broken-histories") == 0)
            broken = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--nodes") == 0)
            options.nodes = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--ms") == 0)
            options.ms = strtoull(value, NULL, 10);
        else
            return usage();
        i++;
    }
    if ((first > last && broken == 0) || options.nodes > PEER_MAX)
        return usage();
    if (broken > 0)
        return break_histories(options, broken, first);
    for (uint64_t seed = first; seed <= last; seed++) {
        options.seed = seed;
        if (here) {
            options.text = true;
            run_here(&options);
            passed++;
        } else if (run_seed(options)) {
            passed++;
        } else {
            failed++;
        }
    }
    if (options.marks != NULL)
        mark_report(options.marks, &passed, &failed);
    printf("passed %" PRIu64 " failed %" PRIu64 "\n", passed, failed);
    return failed > 0 ? 1 : 0;
}
