/* main.c - coordsim: runs seeds, each in a process of its own, and shows the transcript of those that fail.
 *
 *     coordsim [--nodes N] [--ms T] [--workloads LIST] [--faults LIST] [--marks] [--verbose] [--here] --seed N | --seeds A..B
 *     coordsim [...] --minutes M [--seed FIRST]
 *     coordsim --broken-histories N
 *     coordsim [--verbose] [--mermaid] --script FILE
 *
 * One line a seed with what happened and a hash of the whole run, or with what it broke and the hash up to there; of several
 * the last line is `passed N failed M hash=...`, the hashes of all in one. A seed that fails (an invariant, an assertion, a
 * sanitizer, no end) is run once more, which gives the same events, now with the transcript.
 * --broken-histories breaks N histories of good runs, each of which must be refused (broken.h).
 * --marks counts rare situations over all seeds, each of which must have happened (mark.h).
 * --minutes runs seeds that nobody ran before, or those from FIRST on, for so long. --workloads and --faults take names, with
 * commas between them: only these (workload.h, fault.h). On a terminal stderr shows how far it is.
 * --mermaid prints the run of a seed as a Mermaid sequence diagram up to the end of its faults: for a short one (--ms).
 * --script runs what FILE says in place of faults and workloads that chance draws (script.h); the last line is the file, its
 * result and a hash of the run. It runs in this process.
 * --here runs a single seed in this process, for a debugger. Exit status 1 when a seed or a script failed, 2 for wrong usage.
 */
#include "base/hash.h"
#include "sim/broken.h"
#include "sim/fault.h"
#include "sim/mark.h"
#include "sim/script.h"
#include "sim/sim.h"
#include "sim/trace.h"
#include "sim/workload.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CPU_SECONDS_MAX 60  /* of one seed: then it hangs */
#define BROKEN_SEEDS_MAX 40 /* for all the histories that are to be broken */

static void dying(int sig)
{
    fprintf(stderr, "signal %d\n", sig);
    trace_dump();
    script_dying();
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
    if (options->script != NULL)
        return;
    printf("%sseed %" PRIu64 " ok hash=%016" PRIx64 " events=%" PRIu64 " committed=%" PRIu64 " replies=%" PRIu64
           " crashes=%" PRIu64 " epoch=%" PRIu64 " snapshots=%" PRIu64 " installs=%" PRIu64 "\n",
           options->mermaid ? "%% " : "", options->seed, r.hash, r.events, r.committed, r.replies, r.crashes, r.epoch,
           r.snapshots, r.installs);
    fflush(stdout);
}

static void cpu_limit(void)
{
    struct itimerval limit = {.it_value.tv_sec = CPU_SECONDS_MAX};

    setitimer(ITIMER_PROF, &limit, NULL);
}

/* True: it ended well. The second run of a failed seed speaks, the first does not. */
static bool run_child(const struct sim_options *options)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        cpu_limit();
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
    *options.report = (struct sim_report){.invariant = ""};
    if (run_child(&options))
        return true;
    struct sim_report first = *options.report;
    if (!options.text) {
        options.text = true;
        if (run_child(&options))
            fprintf(stderr, "seed %" PRIu64 ": failed once, then passed: it does not repeat\n", options.seed);
    }
    printf("seed %" PRIu64 " FAILED broken=%s hash=%016" PRIx64 "\n", options.seed,
           first.invariant[0] != 0 ? first.invariant : "none, it died", first.hash);
    return false;
}

/* What a file says, in this process. */
static int run_script(struct sim_options options, const char *path)
{
    options.script = script_load(path);
    if (options.script == NULL)
        return 2;
    options.seed = script_seed(options.script);
    options.text = true;
    cpu_limit();
    run_here(&options);
    script_free(options.script);
    return 0;
}

/* What the processes of all seeds share. */
static struct sim_report *report_new(void)
{
    void *memory = mmap(NULL, sizeof(struct sim_report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        perror("coordsim");
        exit(2);
    }
    return memory;
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
        struct sim_options one = options;
        if (options.workloads == 0 && options.seed % 2 == 1) /* rarer ones than chance gives */
            one.workloads = 1u << WORKLOAD_MULTI | 1u << WORKLOAD_ACL | 1u << WORKLOAD_REGISTER;
        broken_seed(options.broken, options.seed);
        sim_run(&one, &r);
    }
    broken_report(options.broken, &passed, &failed);
    printf("passed %" PRIu64 " failed %" PRIu64 "\n", passed, failed);
    return failed > 0 ? 1 : 0;
}

/* The bits of a comma-separated list of names; 0: one that is none. */
static uint32_t list_parse(const char *list, const char *const *names, uint32_t count)
{
    uint32_t bits = 0;

    while (*list != 0) {
        size_t size = strcspn(list, ",");
        uint32_t i = 0;
        while (i < count && (strlen(names[i]) != size || strncmp(names[i], list, size) != 0))
            i++;
        if (i == count)
            return 0;
        bits |= 1u << i;
        list += size;
        list += *list == ',' ? 1 : 0;
    }
    return bits;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* On a terminal: how far it is. */
static void progress(uint64_t done, uint64_t failed, double spent, double left)
{
    static double shown;

    if (!isatty(STDERR_FILENO) || spent - shown < 0.5)
        return;
    shown = spent;
    fprintf(stderr, "\r%" PRIu64 " seeds, %" PRIu64 " failed, %.1f a second, %.0f s left \033[K\r", done, failed,
            (double)done / spent, left);
}

static void print_names(FILE *to, const char *what, const char *const *names, uint32_t count)
{
    fprintf(to, "%s:", what);
    for (uint32_t i = 0; i < count; i++)
        fprintf(to, " %s", names[i]);
    fputc('\n', to);
}

static bool number(const char *text, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0;
}

static bool range(const char *text, uint64_t *first, uint64_t *last)
{
    int used = 0;

    return sscanf(text, "%" SCNu64 "..%" SCNu64 "%n", first, last, &used) == 2 && text[used] == 0 && *first <= *last;
}

static bool minutes_of(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && *end == 0 && *value > 0;
}

static void usage(FILE *to)
{
    fputs("usage: coordsim [--nodes N] [--ms T] [--workloads LIST] [--faults LIST] [--marks] [--verbose] [--here] [--mermaid]\n"
          "                --seed N | --seeds A..B | --minutes M [--seed FIRST] | --broken-histories N\n"
          "       coordsim [--verbose] [--mermaid] --script FILE     (without a FILE: the lines of a script)\n",
          to);
    print_names(to, "workloads", workload_names, WORKLOAD_COUNT);
    print_names(to, "faults", fault_names, FAULT_COUNT);
}

static int wrong(const char *option, const char *value)
{
    if (option != NULL)
        fprintf(stderr, "coordsim: wrong: %s%s%s\n", option, value == NULL ? "" : " ", value == NULL ? "" : value);
    usage(stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct sim_options options = {0};
    uint64_t first = 1, last = 0, broken = 0, nodes = 0, passed = 0, failed = 0, hash = 0;
    double minutes = 0, began = seconds();
    const char *script = NULL;
    bool here = false;

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return 0;
        }
        if (strcmp(argv[i], "--verbose") == 0) {
            options.verbose = true;
            continue;
        }
        if (strcmp(argv[i], "--marks") == 0) {
            options.marks = mark_counters_new();
            continue;
        }
        if (strcmp(argv[i], "--mermaid") == 0) {
            options.mermaid = here = true;
            continue;
        }
        if (strcmp(argv[i], "--here") == 0) {
            here = true;
            continue;
        }
        if (value == NULL && strcmp(argv[i], "--script") == 0) {
            script_usage();
            return 2;
        }
        if (value == NULL)
            return wrong(argv[i], NULL);
        if (strcmp(argv[i], "--seed") == 0 && number(value, &first))
            last = first;
        else if (strcmp(argv[i], "--seeds") == 0 && range(value, &first, &last))
            ;
        else if (strcmp(argv[i], "--minutes") == 0 && minutes_of(value, &minutes))
            ;
        else if (strcmp(argv[i], "--workloads") == 0 && (options.workloads = list_parse(value, workload_names, WORKLOAD_COUNT)))
            ;
        else if (strcmp(argv[i], "--faults") == 0 && (options.faults = list_parse(value, fault_names, FAULT_COUNT)))
            ;
        else if (strcmp(argv[i], "--broken-histories") == 0 && number(value, &broken) && broken > 0)
            ;
        else if (strcmp(argv[i], "--script") == 0)
            script = value;
        else if (strcmp(argv[i], "--nodes") == 0 && number(value, &nodes) && nodes >= 1 && nodes <= PEER_MAX)
            options.nodes = (uint32_t)nodes;
        else if (strcmp(argv[i], "--ms") == 0 && number(value, &options.ms))
            ;
        else
            return wrong(argv[i], value);
        i++;
    }
    if (script != NULL)
        return run_script(options, script);
    if (minutes > 0) {
        if (last == 0) /* others than in any run before */
            first = (uint64_t)time(NULL) * 1000000;
        last = UINT64_MAX - 1;
    }
    if (first > last && broken == 0)
        return wrong(NULL, NULL);
    if (broken > 0)
        return break_histories(options, broken, first);
    options.report = report_new();
    for (uint64_t seed = first; seed <= last; seed++) {
        double spent = seconds() - began;
        if (minutes > 0 && spent >= minutes * 60)
            break;
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
        hash = hash_u64(options.report->hash, hash);
        spent = seconds() - began;
        uint64_t done = seed - first + 1;
        progress(done, failed, spent, minutes > 0 ? minutes * 60 - spent : spent / (double)done * (double)(last - seed));
    }
    if (options.mermaid)
        return 0;
    if (options.marks != NULL)
        mark_report(options.marks, &passed, &failed);
    if (first != last || options.marks != NULL) /* of a single one the last line is its own */
        printf("passed %" PRIu64 " failed %" PRIu64 " hash=%016" PRIx64 "\n", passed, failed, hash);
    return failed > 0 ? 1 : 0;
}
