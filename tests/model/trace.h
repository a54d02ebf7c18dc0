/* trace.h - the way to a state, as text: one line an action, with what left and what the server is then. */
#ifndef TESTS_MODEL_TRACE_H
#define TESTS_MODEL_TRACE_H

#include "model/node.h"

uint32_t trace_action(enum event_type type, uint32_t index, uint32_t argument); /* in one number */

/* Replays the actions from the start on `m`, and prints them; what is broken at the end. */
void trace_show(struct machine *m, const uint32_t *actions, uint32_t count, const char *broken);

#endif
