/* cpu.h - CPU time that processes have used, from /proc. */
#ifndef TESTS_BENCH_CPU_H
#define TESTS_BENCH_CPU_H

#include <stdint.h>
#include <sys/types.h>

/* User and system time of all threads of these processes so far, in microseconds (to a clock tick, 10 ms); exits with 1 when
 * one of them is gone. */
uint64_t cpu_us_of(const pid_t *pids, uint32_t count);

#endif
