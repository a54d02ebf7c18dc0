/* options.c - coordbench's command line. */
#include "bench/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const op_names[] = {"get", "set", "create", "multi", "mixed"};

static const char usage_text[] =
    "usage: coordbench [OPTION]...\n"
    "Load servers that speak ZooKeeper's client protocol, and say what they did.\n"
    "  --servers HOST:PORT,...  connections are spread over them (127.0.0.1:2181)\n"
    "  --op get|set|create|multi|mixed  (get); a multi makes ten nodes\n"
    "  --connections N          (16)\n"
    "  --outstanding N          requests in flight on each connection (64)\n"
    "  --size BYTES             of each value (100)\n"
    "  --reads PERCENT          share of gets in mixed (90)\n"
    "  --keys N                 /coordbench/k000000 and so on (1000)\n"
    "  --warmup SECONDS         not measured (1)\n"
    "  --seconds N              measured (5)\n"
    "  --pid PID,...            server processes: their CPU time per operation is reported\n"
    "  --json                   one JSON object instead of text\n"
    "  --help                   print this\n"
    "Every reply's xid, zxid, error code and length is checked; anything unexpected ends the run with exit code 1.\n";

const char *bench_op_name(enum bench_op op)
{
    return op_names[op];
}

static void refuse(const char *option, const char *value)
{
    fprintf(stderr, "coordbench: --%s: cannot use \"%s\"; see coordbench --help\n", option, value);
    exit(2);
}

static uint32_t number(const char *option, const char *text, uint32_t least, uint32_t most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
        refuse(option, text);
    return (uint32_t)value;
}

static void add_server(struct bench_options *o, char *text)
{
    struct bench_server *server = &o->servers[o->server_count];
    char *colon = strrchr(text, ':');
    const char *host = text;

    if (o->server_count == BENCH_SERVERS_MAX || colon == NULL || strlen(colon + 1) >= sizeof(server->port))
        refuse("servers", text);
    *colon = '\0';
    if (*host == '[' && colon[-1] == ']') { /* IPv6 */
        host++;
        colon[-1] = '\0';
    }
    if (*host == '\0' || strlen(host) >= sizeof(server->host))
        refuse("servers", text);
    strcpy(server->host, host);
    strcpy(server->port, colon + 1);
    o->server_count++;
}

static void read_list(struct bench_options *o, const char *option, const char *list)
{
    char *copy = strdup(list), *rest = copy;

    if (copy == NULL)
        abort();
    for (char *item = strsep(&rest, ","); item != NULL; item = strsep(&rest, ",")) {
        if (strcmp(option, "servers") == 0)
            add_server(o, item);
        else if (o->pid_count < BENCH_SERVERS_MAX)
            o->pids[o->pid_count++] = (pid_t)number(option, item, 1, 1u << 30);
        else
            refuse(option, list);
    }
    free(copy);
}

static enum bench_op op_of(const char *name)
{
    for (uint32_t i = 0; i < sizeof(op_names) / sizeof(op_names[0]); i++)
        if (strcmp(name, op_names[i]) == 0)
            return (enum bench_op)i;
    refuse("op", name);
    return BENCH_GET;
}

void bench_options_read(struct bench_options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"servers", required_argument, NULL, 'S'},
        {"op", required_argument, NULL, 'o'},
        {"connections", required_argument, NULL, 'c'},
        {"outstanding", required_argument, NULL, 'w'},
        {"size", required_argument, NULL, 'b'},
        {"reads", required_argument, NULL, 'r'},
        {"keys", required_argument, NULL, 'k'},
        {"warmup", required_argument, NULL, 'u'},
        {"seconds", required_argument, NULL, 's'},
        {"pid", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int at;

    *o = (struct bench_options){.op = BENCH_GET,
                                .connections = 16,
                                .outstanding = 64,
                                .size = 100,
                                .reads = 90,
                                .keys = 1000,
                                .warmup_s = 1,
                                .seconds = 5};
    for (int c; (c = getopt_long(argc, argv, "", longs, &at)) != -1;) {
        const char *name = c == '?' ? "" : longs[at].name;
        switch (c) {
        case 'S':
        case 'p':
            read_list(o, name, optarg);
            break;
        case 'o':
            o->op = op_of(optarg);
            break;
        case 'c':
            o->connections = number(name, optarg, 1, 10000);
            break;
        case 'w':
            o->outstanding = number(name, optarg, 1, 10000);
            break;
        case 'b':
            o->size = number(name, optarg, 0, 1000000);
            break;
        case 'r':
            o->reads = number(name, optarg, 0, 100);
            break;
        case 'k':
            o->keys = number(name, optarg, 1, 1000000);
            break;
        case 'u':
            o->warmup_s = number(name, optarg, 0, 3600);
            break;
        case 's':
            o->seconds = number(name, optarg, 1, 3600);
            break;
        case 'j':
            o->json = true;
            break;
        case 'h':
            fputs(usage_text, stdout);
            exit(0);
        default:
            exit(2);
        }
    }
    if (optind != argc)
        refuse("help", argv[optind]);
    if (o->server_count == 0)
        read_list(o, "servers", "127.0.0.1:2181");
}
