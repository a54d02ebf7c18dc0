/* results.h - a multi's results as a block of the caller's own. Pure. */
#ifndef CLIENT_RESULTS_H
#define CLIENT_RESULTS_H

#include "coord/client.h"

/* *copy: count results and all that they point to, to be freed at once; values have a NUL byte behind them. NULL: out of
 * memory. */
struct coord_result *results_copy(const struct coord_result *results, size_t count);

#endif
