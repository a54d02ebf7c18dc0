/* executor.h - who runs storage jobs: the threads `wal` (lane WAL) and `snap` (lane SNAP), or the core's own for a lone append.
 *
 * Jobs go to a lane's mailbox in their order and come back by one mailbox of the core. The wal thread takes all that waits at
 * once, so that everything queued meanwhile shares one sync. After a job failed for good (executor_job_fatal) no other is run:
 * what follows comes back with that job's error. Bounds: EXECUTOR_JOBS_MAX a lane; the replica keeps fewer under way.
 */
#ifndef COORD_HOST_EXECUTOR_H
#define COORD_HOST_EXECUTOR_H

#include "store/store.h"

#include <stdbool.h>

#define EXECUTOR_JOBS_MAX 8192

struct executor;

struct executor *executor_start(struct store *store);
void executor_stop(struct executor *e); /* runs what is queued; what comes back is freed */

void executor_submit(struct executor *e, enum job_lane lane, struct list *jobs); /* moves all */

/* A lone append: one small entry, alone in its turn and in the lane, as were those before it, on a disk whose syncs are short.
 * Nothing is there that the core could work on meanwhile, and two hand-overs between threads cost more than the sync does.
 *
 * executor_is_lone: whether what would be submitted to lane WAL next is one; asked once for each submission. `busy`: the core
 * has more to do than this, so that others would wait for the sync. If it is one, the caller does whatever else it has to do
 * (sends) and then calls executor_run_here, which runs it on the calling thread and leaves it in the list with its result.
 * False: the wal thread is busy after all, nothing was done, and it is to be submitted. */
bool executor_is_lone(struct executor *e, const struct list *jobs, bool busy);
bool executor_run_here(struct executor *e, struct list *jobs);

int executor_fd(const struct executor *e);                 /* readable when jobs are done */
void executor_take(struct executor *e, struct list *done); /* moves those that are done */

/* Whether the error of a finished job ends the process (job.h names the harmless ones). */
bool executor_job_fatal(const struct job *j);

#endif
