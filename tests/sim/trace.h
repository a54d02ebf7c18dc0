/* trace.h - the transcript: one line an event, the last ones kept, and a hash of everything that happened.
 *
 * The hash is always made. Text costs more than the run itself, so it is only made when options.text asks for it: a failed
 * seed is run again with it, which gives the same events.
 */
#ifndef TESTS_SIM_TRACE_H
#define TESTS_SIM_TRACE_H

#include "sim/sim.h"

struct trace *trace_new(void);
void trace_free(struct trace *t);

/* An event: `mix` goes into the hash, the text into the transcript. */
void trace_line(struct sim *s, uint64_t mix, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool trace_text(const struct sim *s); /* text is wanted: worth building */
uint64_t trace_hash(const struct sim *s);

/* Dumps the transcript kept so far to stderr; also called when the process is about to die of a signal. */
void trace_dump(void);

#endif
