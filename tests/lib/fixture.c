/* fixture.c - what tests borrow from the machine: directories, ports, time, a child process that may die. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/clock.h"
#include "lib/runner.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct tmpdir {
    struct tmpdir *next;
    pid_t owner; /* a forked child must not remove what its parent uses */
    char path[];
};

static struct tmpdir *tmpdirs;

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tmpdirs(void)
{
    struct tmpdir *next;

    for (struct tmpdir *dir = tmpdirs; dir != NULL; dir = next) {
        next = dir->next;
        if (dir->owner == getpid())
            nftw(dir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        coord_free(dir);
    }
    tmpdirs = NULL;
}

const char *test_tmpdir(void)
{
    const char *parent = getenv("TMPDIR");
    struct buf path = {0};
    struct tmpdir *dir;

    buf_printf(&path, "%s/coord-test-XXXXXX", parent == NULL ? "/tmp" : parent);
    buf_append(&path, "", 1);
    dir = coord_alloc(sizeof(*dir) + buf_size(&path));
    memcpy(dir->path, buf_bytes(&path), buf_size(&path));
    buf_deinit(&path);
    COORD_ASSERT(mkdtemp(dir->path) != NULL);
    if (tmpdirs == NULL)
        atexit(remove_tmpdirs);
    dir->next = tmpdirs;
    dir->owner = getpid();
    tmpdirs = dir;
    return dir->path;
}

static bool is_free(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound;

    COORD_ASSERT(fd >= 0);
    bound = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return bound;
}

uint16_t test_free_port(void)
{
    enum { LOW = 11000, HIGH = 31999 };
    static uint16_t next;

    if (next == 0) {
        entropy_fill(&next, sizeof(next));
        next = (uint16_t)(LOW + next % (HIGH - LOW));
    }
    for (int tries = 0; tries < HIGH - LOW; tries++) {
        next = next == HIGH ? LOW : (uint16_t)(next + 1);
        if (is_free(next))
            return next;
    }
    coord_assert_fail("a port is free", __FILE__, __LINE__);
}

unsigned test_time_scale(void)
{
    const char *text = getenv("COORD_TIME_SCALE");
    int scale = text == NULL ? 1 : atoi(text);

    return scale < 1 ? 1 : (unsigned)scale;
}

uint64_t test_deadline_ms(uint64_t ms)
{
    return clock_mono_ms() + ms * test_time_scale();
}

bool test_before(uint64_t deadline_ms)
{
    struct timespec pause = {.tv_nsec = 1000000};

    if (clock_mono_ms() >= deadline_ms)
        return false;
    nanosleep(&pause, NULL);
    return true;
}

bool test_aborts(void (*fn)(void))
{
    struct rlimit no_core = {0, 0};
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    COORD_ASSERT(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        COORD_ASSERT(freopen("/dev/null", "w", stderr) != NULL);
        fn();
        _exit(0);
    }
    COORD_ASSERT(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
