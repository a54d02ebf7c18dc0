/* options.c - getopt, and what comes after it: the file, the options on top, the final check. Main thread. */
#include <config.h>

#include "base/alloc.h"
#include "base/error.h"
#include "host/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_DATA_DIR = 256,
    OPT_CLIENT_PORT,
    OPT_ID,
    OPT_CHECK,
    OPT_BOOTSTRAP,
    OPT_VERSION,
    OPT_HELP,
    OPT_HELP_KEYS,
    OPT_HELP_COMPAT
};

static const struct option long_options[] = {
    {"data-dir", required_argument, NULL, OPT_DATA_DIR},
    {"client-port", required_argument, NULL, OPT_CLIENT_PORT},
    {"id", required_argument, NULL, OPT_ID},
    {"check-config", no_argument, NULL, OPT_CHECK},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {"help-keys", no_argument, NULL, OPT_HELP_KEYS},
    {"help-compat", no_argument, NULL, OPT_HELP_COMPAT},
    {"bootstrap", no_argument, NULL, OPT_BOOTSTRAP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "Usage: coordd [OPTIONS] [FILE]\n"
    "Serve ZooKeeper's client protocol. FILE is in the syntax of ZooKeeper's zoo.cfg; without one this is a durable single\n"
    "server on 127.0.0.1:2181 with its data in ./coord-data.\n"
    "\n"
    "  --data-dir DIR      directory of the data, instead of dataDir\n"
    "  --client-port PORT  port for clients, instead of clientPort; 0 takes a free one\n"
    "  --id N              which server this is, instead of the file myid\n"
    "  --check-config      read FILE, say what is wrong with it, and exit\n"
    "  --bootstrap         form an ensemble of those servers of FILE that are there, and exit; once in its life\n"
    "  --version           print the version\n"
    "  --help              print this text\n"
    "  --help-keys         print the keys of FILE as the manual page has them\n"
    "  --help-compat       print them, and ZooKeeper's without effect here, as docs/compat.md has them\n"
    "\n"
    "Exit codes: 0 stopped, 2 usage, 3 configuration, 4 address in use, 5 data damaged, 6 foreign data, 7 data in use,\n"
    "8 disk full, 9 input/output error, 10 replica failed, 11 bootstrap refused.\n"
    "\n"
    "Keys of FILE:\n";

static void print_help(void)
{
    struct buf keys = {0};

    config_help_text(&keys);
    fputs(usage, stdout);
    fwrite(buf_bytes(&keys), 1, buf_size(&keys), stdout);
    buf_deinit(&keys);
}

static void print_keys(void (*print)(struct buf *to))
{
    struct buf keys = {0};

    print(&keys);
    fwrite(buf_bytes(&keys), 1, buf_size(&keys), stdout);
    buf_deinit(&keys);
}

/* What the options say beside the file. */
struct given {
    const char *data_dir, *client_port, *id;
    enum options_action action;
};

static enum options_action parse(struct given *g, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case OPT_DATA_DIR:
            g->data_dir = optarg;
            break;
        case OPT_CLIENT_PORT:
            g->client_port = optarg;
            break;
        case OPT_ID:
            g->id = optarg;
            break;
        case OPT_CHECK:
            g->action = OPTIONS_CHECK;
            break;
        case OPT_BOOTSTRAP:
            g->action = OPTIONS_BOOTSTRAP;
            break;
        case OPT_VERSION:
            puts("coordd " PACKAGE_VERSION);
            return OPTIONS_EXIT;
        case OPT_HELP:
            print_help();
            return OPTIONS_EXIT;
        case OPT_HELP_KEYS:
            print_keys(config_help_roff);
            return OPTIONS_EXIT;
        case OPT_HELP_COMPAT:
            print_keys(config_help_compat);
            return OPTIONS_EXIT;
        default:
            return OPTIONS_USAGE;
        }
    }
    if (argc - optind > 1) {
        fprintf(stderr, "coordd: one FILE at most\n");
        return OPTIONS_USAGE;
    }
    if (g->action == OPTIONS_BOOTSTRAP && argc == optind) {
        fprintf(stderr, "coordd: --bootstrap needs a FILE\n");
        return OPTIONS_USAGE;
    }
    return g->action;
}

static bool apply(struct config *c, const struct given *g)
{
    const char *reason = NULL;

    if (g->data_dir != NULL && (reason = config_set(c, config_key_find("dataDir"), g->data_dir)) != NULL)
        fprintf(stderr, "coordd: --data-dir %s\n", reason);
    else if (g->client_port != NULL && (reason = config_set(c, config_key_find("clientPort"), g->client_port)) != NULL)
        fprintf(stderr, "coordd: --client-port %s\n", reason);
    if (reason != NULL)
        return false;
    if (g->id != NULL) {
        char *end;
        unsigned long id = strtoul(g->id, &end, 10);
        if (g->id[0] < '0' || g->id[0] > '9' || *end != '\0' || id < 1 || id > CONFIG_ID_MAX) {
            fprintf(stderr, "coordd: --id is not between 1 and %d\n", CONFIG_ID_MAX);
            return false;
        }
        c->id = (uint32_t)id;
    }
    return true;
}

enum options_action options_read(struct config *c, int argc, char **argv)
{
    struct given g = {.action = OPTIONS_SERVE};
    enum options_action action;

    config_init(c);
    action = parse(&g, argc, argv);
    if (action == OPTIONS_EXIT || action == OPTIONS_USAGE)
        return action;
    if (optind < argc)
        config_read(c, argv[optind]);
    else
        config_set(c, config_key_find("clientPortAddress"), "127.0.0.1");
    if (!apply(c, &g))
        return OPTIONS_USAGE;
    c->client_port_given = g.client_port != NULL;
    if (config_finish(c) < 0)
        return OPTIONS_CONFIG;
    return action;
}
