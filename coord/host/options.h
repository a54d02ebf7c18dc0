/* options.h - the command line of coordd. */
#ifndef COORD_HOST_OPTIONS_H
#define COORD_HOST_OPTIONS_H

#include "host/config.h"

enum options_action {
    OPTIONS_SERVE,
    OPTIONS_CHECK,     /* --check-config */
    OPTIONS_BOOTSTRAP, /* --bootstrap */
    OPTIONS_EXIT,      /* --help, --version: done */
    OPTIONS_USAGE,     /* wrong: stderr says why */
    OPTIONS_CONFIG,    /* the configuration is wrong: its problems say why */
};

/* Reads the command line and the file that it names into *c, which it initialises; the caller deinits it. */
enum options_action options_read(struct config *c, int argc, char **argv);

#endif
