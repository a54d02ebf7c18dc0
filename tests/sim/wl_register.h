/* wl_register.h - what the clients do: a few keys that all of them set, read, watch, delete and make anew, conditional sets,
 * sync and read, ephemeral and sequential nodes, sessions that are closed or left to expire. Every value is unique.
 */
#ifndef TESTS_SIM_WL_REGISTER_H
#define TESTS_SIM_WL_REGISTER_H

#include "sim/client.h"

/* Some requests. */
void wl_register_request(struct sim *s, struct client *c);

#endif
