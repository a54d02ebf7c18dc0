/* bootstrap.h - coordd --bootstrap FILE: form an ensemble of those servers that are there (C16).
 *
 * Normally an ensemble forms by itself once all its configured servers meet with empty logs (C15). When some of them will not
 * come, this one-shot command, run once on one of the others while the rest of those present run as usual, decides: it
 * asks every configured server for BOOTSTRAP_WAIT_MS, names those that it leaves out, and writes a first log whose
 * FORM has the present ones as the only voters. It refuses when this server or any that can be reached holds entries, has
 * promised an epoch, belongs to a cluster, or does not answer. The command ends then; the server is started as usual.
 */
#ifndef COORD_HOST_BOOTSTRAP_H
#define COORD_HOST_BOOTSTRAP_H

#include "host/config.h"
#include "host/exit_code.h"

#define BOOTSTRAP_WAIT_MS 3000

/* Prints what it found and did to stdout. */
enum exit_code bootstrap_run(const struct config *c);

#endif
