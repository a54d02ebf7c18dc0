/* trace.h - the way to a state, as text: one line an action, with what left and what the server is then. */
#ifndef TESTS_MODEL_TRACE_H
#define TESTS_MODEL_TRACE_H

#include "model/world.h"

uint32_t trace_pack(const struct action *action); /* in one number */

/* Goes the way again from the start, with the names that the servers had there, and prints it; what is broken at the end. */
void trace_show(struct world *w, const uint32_t *actions, uint32_t count);

#endif
