/* host.h - coordd as a whole: one replica on real sockets, files, clocks and threads.
 *
 * The core is the calling thread. Its loop collects what is there to read (sockets, finished jobs, timer) into one batch of
 * events, makes one replica_step(), takes the jobs to their threads and sends all output. Two clocks are read once a turn.
 */
#ifndef COORD_HOST_HOST_H
#define COORD_HOST_HOST_H

#include "host/config.h"
#include "host/exit_code.h"

/* Serve until a signal says stop or something fails for good; the reason of a failure is in the log. */
enum exit_code host_run(const struct config *config);

#endif
