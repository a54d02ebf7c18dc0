/* trace.c - transcript ring and hash; see trace.h. */
#include "sim/trace.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "sim/broken.h"
#include "sim/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 200
#define LINE_BYTES 400

struct trace {
    uint64_t hash, count;
    char line[LINES][LINE_BYTES];
};

static struct trace *kept; /* the one that trace_dump shows */

struct trace *trace_new(void)
{
    kept = coord_alloc_zero(1, sizeof(struct trace));
    return kept;
}

void trace_free(struct trace *t)
{
    kept = NULL;
    coord_free(t);
}

bool trace_text(const struct sim *s)
{
    return s->options.text || s->options.verbose;
}

uint64_t trace_hash(const struct sim *s)
{
    return s->trace->hash;
}

void trace_line(struct sim *s, uint64_t mix, const char *format, ...)
{
    struct trace *t = s->trace;

    t->hash = hash_u64(mix ^ s->now << 40, t->hash);
    if (!trace_text(s))
        return;
    char *line = t->line[t->count++ % LINES];
    int size = snprintf(line, LINE_BYTES, "[%6llu] ", (unsigned long long)s->now);
    va_list args;
    va_start(args, format);
    vsnprintf(line + size, LINE_BYTES - (size_t)size, format, args);
    va_end(args);
    if (s->options.verbose)
        puts(line);
}

void trace_dump(void)
{
    if (kept == NULL)
        return;
    for (uint64_t i = kept->count > LINES ? kept->count - LINES : 0; i < kept->count; i++)
        fprintf(stderr, "%s\n", kept->line[i % LINES]);
}

void sim_fail(struct sim *s, const char *invariant, const char *format, ...)
{
    char why[600];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    broken_refused(s, invariant);
    if (s->options.report != NULL) {
        s->options.report->hash = s->trace->hash;
        snprintf(s->options.report->invariant, sizeof(s->options.report->invariant), "%s", invariant);
    }
    fflush(stdout);
    if (trace_text(s)) {
        if (!s->options.verbose)
            trace_dump();
        fprintf(stderr, "seed %llu at %llu ms: %s broken: %s\n", (unsigned long long)s->options.seed,
                (unsigned long long)s->now, invariant, why);
    }
    script_ended(s, false);
    _Exit(1);
}
