/* cpu.c - utime and stime of /proc/PID/stat. */
#include "bench/cpu.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t ticks_of(pid_t pid)
{
    uint64_t user, system;
    char path[64], text[1024];
    const char *behind_name;
    size_t size = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file != NULL) {
        size = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    text[size] = '\0';
    /* Fields 14 and 15, counted behind the name, which may hold blanks and brackets. */
    behind_name = strrchr(text, ')');
    if (behind_name == NULL ||
        sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &user, &system) != 2) {
        fprintf(stderr, "coordbench: process %d is gone\n", (int)pid);
        exit(1);
    }
    return user + system;
}

uint64_t cpu_us_of(const pid_t *pids, uint32_t count)
{
    uint64_t ticks = 0;

    for (uint32_t i = 0; i < count; i++)
        ticks += ticks_of(pids[i]);
    return ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}
