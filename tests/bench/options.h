/* options.h - what coordbench is asked to do: the command line. */
#ifndef TESTS_BENCH_OPTIONS_H
#define TESTS_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_SERVERS_MAX 16
#define BENCH_ADDRESS_BYTES 272

enum bench_op { BENCH_GET, BENCH_SET, BENCH_CREATE, BENCH_MULTI, BENCH_MIXED };

#define BENCH_MULTI_CREATES 10 /* in one multi */

struct bench_server {
    char host[BENCH_ADDRESS_BYTES];
    char port[8];
};

struct bench_options {
    struct bench_server servers[BENCH_SERVERS_MAX];
    uint32_t server_count;
    pid_t pids[BENCH_SERVERS_MAX]; /* processes whose CPU time is reported */
    uint32_t pid_count;
    enum bench_op op;
    uint32_t connections;
    uint32_t outstanding; /* requests in flight per connection */
    uint32_t size;        /* bytes of a value */
    uint32_t reads;       /* percent of gets in mixed */
    uint32_t keys;
    uint32_t warmup_s, seconds;
    bool json;
};

const char *bench_op_name(enum bench_op op);

/* Read the command line; prints a message and exits with 2 when it is wrong, and with 0 for --help. */
void bench_options_read(struct bench_options *o, int argc, char **argv);

#endif
